"""The workweek of an employee over several projects: overtime is due on the sum of all work in it (29 CFR 778.103)."""

from collections.abc import Iterable

from plumbline.compliance.domain.names import folded
from plumbline.compliance.domain.papers import Timesheet
from plumbline.compliance.domain.reading import value_of


def with_work_elsewhere(sheet: Timesheet, others: Iterable[Timesheet]) -> Timesheet:
    """Return a timesheet with what its employee worked in the same week by others, those of other projects."""
    same = [one for one in others if _is_same(one, sheet)]
    return sheet.model_copy(
        update={
            "elsewhere_minutes": sum(value_of(one.total_minutes) or 0 for one in same),
            "elsewhere_overtime_minutes": sum(value_of(one.overtime_minutes) or 0 for one in same),
        }
    )


def _is_same(one: Timesheet, other: Timesheet) -> bool:
    """Say whether two timesheets are of one employee and week: one name, and no two numbers."""
    name, week = _named(one), value_of(one.week_starts_on)
    if not name or week is None or (name, week) != (_named(other), value_of(other.week_starts_on)):
        return False
    numbers = {value_of(one.identifier), value_of(other.identifier)} - {None, ""}
    return len(numbers) < 2


def _named(sheet: Timesheet) -> str:
    return folded(value_of(sheet.employee))
