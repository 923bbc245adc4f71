"""One employee's time in one workweek (29 CFR 516.2): what is said of the employee, days, punches, pay, edits."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from plumbline.compliance.domain.content import PaperContent
from plumbline.compliance.domain.recognising.cells import plain
from plumbline.compliance.domain.recognising.gathering import Ask, Gathered, gather, labels_of
from plumbline.compliance.domain.recognising.sheet import Sheet
from plumbline.compliance.domain.recognising.tables import DAYS, Table, Titles, tables
from plumbline.compliance.domain.recognising.values import (
    cents,
    clock,
    day,
    days_in,
    is_blank,
    minutes,
    time_of_day,
    written,
    yes,
)

ASKS: tuple[Ask[Any], ...] = (
    Ask("employee", ("employee", "employee name", "name", "worker", "name of employee"), written),
    Ask(
        "identifier",
        ("employee id", "employee no", "employee number", "identifier", "id", "badge", "badge no"),
        written,
    ),
    Ask("occupation", ("occupation", "job title", "classification", "position"), written),
    Ask("address", ("address", "home address", "residence"), written, wraps=True),
    Ask("is_under_19", ("under 19", "is under 19", "under age 19"), yes),
    Ask("born_on", ("date of birth", "date of birth if under 19", "birth date", "born on", "born"), day),
    Ask(
        "week_starts_on",
        (
            "week beginning",
            "workweek begins",
            "workweek begins on",
            "week starts",
            "week starts on",
            "workweek starting",
            "week of",
        ),
        day,
    ),
    Ask(
        "week_starts_at",
        (
            "workweek begins at",
            "begins at",
            "start of workweek",
            "workweek start time",
            "week starts at",
            "start time of workweek",
        ),
        clock,
    ),
    Ask("pay_basis", ("basis of pay", "pay basis", "paid by"), written),
    Ask("rate_cents", ("regular rate", "hourly rate", "regular hourly rate", "rate", "rate of pay"), cents),
    Ask(
        "straight_cents",
        (
            "straight time earnings",
            "straight time",
            "straight time pay",
            "regular earnings",
            "straighttime earnings",
        ),
        cents,
    ),
    Ask(
        "overtime_cents",
        ("overtime premium", "overtime pay", "overtime earnings", "premium pay for overtime"),
        cents,
    ),
    Ask("wages_cents", ("total wages", "gross wages", "wages paid", "total pay", "gross pay"), cents),
    Ask("paid_on", ("pay date", "paid on", "date of payment", "payment date"), day),
    Ask(
        "total_minutes",
        ("total hours", "hours this week", "total hours worked", "weekly total", "total for the week"),
        minutes,
    ),
    Ask(
        "overtime_minutes", ("overtime hours", "ot hours", "hours of overtime", "of which overtime"), minutes
    ),
)

AT_THE_FOOT = ("date", "signature")
"""Labels of those who sign: what stands beside "Employee" there is no name of one."""

ACROSS: Titles = {"label": ("day", "hours", "", "worked"), "total": ("total", "week", "total hours")}
DOWN: Titles = {
    "day": ("day", "date", "weekday", "day and date"),
    "in": ("in", "time in", "start", "clock in", "started"),
    "out": ("out", "time out", "end", "clock out", "stop", "ended"),
    "break": ("break", "lunch", "break min", "meal", "break minutes", "unpaid break"),
    "hours": ("hours", "hours worked", "total", "worked", "hrs", "daily total"),
}

_ENDS = ("total", "weekly total", "edits", "overtime", "pay", "signature", "employee signature", "of which")
_EDIT = re.compile(r"\b(?:edit|edited|correction|changed)\b", re.IGNORECASE)
_NO_EDITS = re.compile(r"\bedits?\b\s*:?\s*(?:none|no edits|0)\b", re.IGNORECASE)
_BY = re.compile(r"\bby\s+[A-Z]")
_WHY = re.compile(r"\b(?:because|reason:?|why:?|since)\s+\w+", re.IGNORECASE)


def timesheet(content: PaperContent) -> Gathered:
    """Return what a timesheet says."""
    sheet = Sheet.of(content, [*labels_of(ASKS), *AT_THE_FOOT])
    gathered = gather(content, sheet, ASKS)
    _take_days(gathered, sheet)
    edits = list(_edits(sheet))
    gathered.tell("unexplained_edits", sum(not one for one in edits), at="edits")
    return gathered


def _take_days(gathered: Gathered, sheet: Sheet) -> None:
    down = list(tables(sheet, DOWN, needs=("day", "hours"), ends=_ENDS))
    if len(down) == 1 and down[0].is_whole and len(down[0].rows) == 7:
        rows = down[0].rows
        hours = [_hours(row.get("hours", "")) for row in rows]
        if all(one is not None for one in hours):
            gathered.tell("days_minutes", tuple(hours), at="table of days")
        punched = [_punched(row) for row in rows]
        if {"in", "out"} <= set(down[0].columns) and all(one is not None for one in punched):
            gathered.tell("punched_minutes", sum(one or 0 for one in punched), at="punches")
        elif not {"in", "out"} & set(down[0].columns):
            gathered.tell("punched_minutes", None, at="punches")
        return
    across = list(tables(sheet, ACROSS, needs=DAYS, ends=_ENDS))
    if len(across) == 1 and across[0].is_whole and len(across[0].rows) == 1:
        _take_row(gathered, across[0])


def _take_row(gathered: Gathered, table: Table) -> None:
    hours = [_hours(table.rows[0][name]) for name in DAYS]
    if all(one is not None for one in hours):
        gathered.tell("days_minutes", tuple(hours), at="row of days")
        gathered.tell("punched_minutes", None, at="row of days")


def _hours(text: str) -> int | None:
    return 0 if is_blank(text) or text.strip().lower() == "off" else minutes(text)


def _punched(row: Mapping[str, str]) -> int | None:
    """Return the minutes between a day's punches, its break taken off; over midnight it is the next day."""
    begins, ends = row.get("in", ""), row.get("out", "")
    if is_blank(begins) and is_blank(ends):
        return 0
    start, end = time_of_day(begins), time_of_day(ends)
    rest = 0 if is_blank(row.get("break", "")) else _break(row["break"])
    if start is None or end is None or rest is None:
        return None
    return (end - start) % (24 * 60) - rest


def _break(text: str) -> int | None:
    found = re.fullmatch(r"(\d{1,3})\s*(?:m|min|minutes)?\.?", text.strip().lower())
    return int(found[1]) if found else minutes(text)


def _edits(sheet: Sheet) -> Iterator[bool]:
    """Give for each edit that is noted whether it says who made it, when and why."""
    for line in sheet.lines:
        if (
            not _EDIT.search(line.text)
            or _NO_EDITS.search(line.text)
            or plain(line.text) in {"edits", "edits and corrections"}
        ):
            continue
        yield bool(_BY.search(line.text) and days_in(line.text) and _WHY.search(line.text))
