"""Certified payrolls: one for each week that ends within what is billed."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from plumbline.compliance.domain.gate.findings import (
    RANK,
    Case,
    Finding,
    age,
    best,
    counts,
    due,
    stands,
    told_by,
)
from plumbline.compliance.domain.gate.payable import day
from plumbline.compliance.domain.gate.policy import Term
from plumbline.compliance.domain.on_file import PaperOnFile

PAYROLL = "payroll.wh347"
"""The kind of certified payrolls, those of weeks without work among them."""

USUAL_LAST_WEEKDAY = 5
"""Weeks end on Saturdays, as they do for most, unless the vendor's own payrolls end otherwise."""


def payroll(case: Case, term: Term) -> Finding:
    """Find the certified payroll of every week that ends within what is billed, of those without work too."""
    billed, due_on = case.billed, due(case.billed.through_on, term)
    if billed.starts_on is None or billed.through_on is None:
        told = "Procore says no billing period, so nobody knows for which weeks payroll is needed; complete it there."
        return Finding("in_review", told, due_on=due_on, is_ours=True)
    payrolls = [one for one in case.papers if one.kind == PAYROLL]
    weeks = _weeks(billed.starts_on, billed.through_on, payrolls)
    if not weeks:
        return Finding("met", "No week ends within what is billed, so no payroll belongs to it.")
    by_week = {week: _of_week(case, week, payrolls) for week in weeks}
    unmet = {week: one for week, one in by_week.items() if one.standing != "met"}
    if not unmet:
        return Finding(
            "met", f"Certified payroll of {_ending_weeks(weeks)} is on file.", by_week[weeks[-1]].paper
        )
    worst = max(unmet.values(), key=lambda one: RANK[one.standing])
    return replace(worst, sentence=" ".join(_told(case, unmet, payrolls, due_on)), due_on=due_on)


def _told(
    case: Case, unmet: Mapping[date, Finding], payrolls: Sequence[PaperOnFile], due_on: date | None
) -> Iterator[str]:
    """Say first which weeks nothing is there of, then what is wrong with what is there."""
    missing = [week for week, one in unmet.items() if one.paper is None]
    if missing:
        yield f"Certified payroll of {_ending_weeks(missing)} is missing{told_by(case, due_on)}."
        for paper in sorted(payrolls, key=age):
            if paper.week_ends_on is None and counts(paper):
                yield f"Nobody could read for certain which week {paper.file_name} is of; a person looks at it."
    for one in unmet.values():
        if one.paper is not None:
            yield one.sentence


def _weeks(starts_on: date, through_on: date, payrolls: Sequence[PaperOnFile]) -> list[date]:
    """Return the last days of the weeks that end within some days, by the weekday on which the vendor's weeks end."""
    seen = {one.week_ends_on for one in payrolls if one.week_ends_on and counts(one)}
    counted = Counter(day.weekday() for day in seen)
    last = max(counted, key=lambda weekday: (counted[weekday], weekday), default=USUAL_LAST_WEEKDAY)
    first = starts_on + timedelta(days=(last - starts_on.weekday()) % 7)
    return [first + timedelta(days=days) for days in range(0, (through_on - first).days + 1, 7)]


def _of_week(case: Case, week: date, payrolls: Sequence[PaperOnFile]) -> Finding:
    found = [stands(case, "payroll", one) for one in payrolls if one.week_ends_on == week]
    return best(case, "payroll", None, found)


def _ending_weeks(weeks: Sequence[date]) -> str:
    *others, last = (day(week) for week in weeks)
    return f"the weeks ending {', '.join(others)} and {last}" if others else f"the week ending {last}"
