"""One employee's time in one workweek, with everything that 29 CFR 516.2(a) asks for."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator
from typing_extensions import override

from plumbline.compliance.domain.reading import Fact
from plumbline.compliance.domain.recognising.values import time_of_day
from plumbline.compliance.domain.templates.sheet import BLOCKS, Prose, Sheet, Words
from plumbline.compliance.domain.wages import OVERTIME_AFTER_MINUTES, earned_cents


class Punch(Fact):
    """In and out, as the clock has it."""

    started: Words
    """Time of day: `06:58`."""
    ended: Words
    minutes: int = Field(ge=0)
    """Between the two, breaks taken off."""
    project: Words = ""
    cost_code: Words = ""


class Day(Fact):
    """A workday: raw punches, and the minutes that are paid."""

    on: date
    punches: Annotated[tuple[Punch, ...], Field(max_length=12)] = ()
    minutes: int = Field(ge=0, le=24 * 60)

    def told(self) -> dict[str, Any]:
        """Add the minutes between the first and the last punch that were not worked; None if they are not known."""
        return self.model_dump(mode="json") | {"break_minutes": self._break_minutes()}

    def _break_minutes(self) -> int | None:
        if not self.punches:
            return None
        begins, ends = time_of_day(self.punches[0].started), time_of_day(self.punches[-1].ended)
        if begins is None or ends is None:
            return None
        rest = (ends - begins) % (24 * 60) - sum(punch.minutes for punch in self.punches)
        return rest if rest >= 0 else None


class Edit(Fact):
    """A change of a punch: who, when and why."""

    on: date
    by: Words
    changed: Words
    why: Prose


class Deduction(Fact):
    """Taken from wages, or added if negative."""

    what: Words
    cents: int


class TimesheetSheet(Sheet):
    """A week of one employee."""

    kind: ClassVar[str] = "timesheet"
    sections: ClassVar[frozenset[str]] = BLOCKS | {"punches", "edits", "deductions"}

    employee: Words
    identifier: Words
    """An employee number; never a Social Security number."""
    occupation: Words
    address: Words
    sex: Literal["F", "M", "X"] | None = None
    born_on: date | None = None
    """Of those under 19; without it the sheet says that the employee is older."""
    week_starts_on: date
    week_starts_at: Words = "00:00"
    days: Annotated[tuple[Day, ...], Field(min_length=7, max_length=7)]
    pay_basis: Words = "hourly"
    rate_cents: int = Field(gt=0)
    deductions: Annotated[tuple[Deduction, ...], Field(max_length=20)] = ()
    period: Words = ""
    paid_on: date | None = None
    edits: Annotated[tuple[Edit, ...], Field(max_length=60)] = ()

    @model_validator(mode="after")
    def _is_one_week(self) -> Self:
        expected = [self.week_starts_on + timedelta(days=number) for number in range(7)]
        if [day.on for day in self.days] != expected:
            raise ValueError("the days are not the seven of the workweek, in order")
        return self

    @override
    def told(self) -> dict[str, Any]:
        """Add hours, overtime beyond 40 hours of the week, and what is earned."""
        total = sum(day.minutes for day in self.days)
        overtime = max(0, total - OVERTIME_AFTER_MINUTES)
        straight = earned_cents(total, 0, self.rate_cents, 0)
        wages = earned_cents(total, overtime, self.rate_cents, 0)
        return super().told() | {
            "days": [day.told() for day in self.days],
            "is_under_19": self.born_on is not None and _is_under_19(self.born_on, self.week_starts_on),
            "total_minutes": total,
            "overtime_minutes": overtime,
            "punched_minutes": sum(punch.minutes for day in self.days for punch in day.punches),
            "straight_cents": straight,
            "premium_cents": wages - straight,
            "wages_cents": wages,
            "net_cents": wages - sum(deduction.cents for deduction in self.deductions),
        }

    @override
    def must_show(self) -> Sequence[str]:
        """Return what no template may leave out: 29 CFR 516.2(a)."""
        return (
            *super().must_show(),
            self.employee,
            self.identifier,
            self.occupation,
            self.address,
            self.week_starts_at,
        )


def _is_under_19(born_on: date, on: date) -> bool:
    birthday = (on.month, on.day) >= (born_on.month, born_on.day)
    return on.year - born_on.year - (not birthday) < 19
