"""Certified payrolls, DOL WH-347: the head, the statement of compliance, a row for each worker."""

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from plumbline.compliance.domain.content import PaperContent
from plumbline.compliance.domain.papers import Worker
from plumbline.compliance.domain.reading import Read
from plumbline.compliance.domain.recognised import Place
from plumbline.compliance.domain.recognising.cells import plain
from plumbline.compliance.domain.recognising.gathering import (
    DISAGREEING,
    LABELLED,
    Ask,
    Gathered,
    gather,
    labels_of,
)
from plumbline.compliance.domain.recognising.marks import boxes, signer
from plumbline.compliance.domain.recognising.sheet import Sheet
from plumbline.compliance.domain.recognising.tables import DAYS, Table, Titles, tables
from plumbline.compliance.domain.recognising.values import (
    cents,
    day,
    is_blank,
    minutes,
    month,
    whole,
    written,
    yes,
)
from plumbline.compliance.domain.tax_numbers import social_security_numbers

HEAD: tuple[Ask[Any], ...] = (
    Ask(
        "wage_determination",
        (
            "wage determination",
            "wage determination no",
            "wage determination number",
            "wd number",
            "wd no",
            "wage decision",
        ),
        written,
    ),
    Ask("number", ("payroll no", "payroll number", "certified payroll no"), whole),
    Ask(
        "week_ends_on",
        ("week ending", "for week ending", "week ending date", "week ends", "week ends on"),
        day,
    ),
    Ask("is_final", ("final payroll", "final", "is final", "last payroll"), yes),
    Ask("paid_on", ("pay date", "date paid", "date of payment", "paid on", "payment date"), day),
    Ask(
        "programme",
        (
            "apprenticeship program",
            "apprenticeship programme",
            "registered program",
            "apprenticeship program name",
        ),
        written,
    ),
)

STATEMENT: tuple[Ask[Any], ...] = (
    Ask("signature", ("signature", "signed", "signed by", "authorized signature"), signer),
    Ask(
        "signer_title",
        ("title", "title of signatory", "signer title", "title of certifying official"),
        written,
    ),
    Ask("signed_on", ("date", "date signed", "signed on"), day),
)

COLUMNS: Titles = {
    "entry": ("no", "entry", "entry no", "worker entry no", "1a", "1a no", "1a entry no"),
    "name": (
        "name",
        "worker",
        "worker name",
        "employee",
        "name of worker",
        "1b name",
        "name and id",
        "name id",
        "1b worker",
    ),
    "identifier": ("id", "identifying number", "1e id", "last four"),
    "classification": (
        "classification",
        "work classification",
        "labor classification",
        "class",
        "3 classification",
        "trade",
    ),
    "kind": ("ot st", "o s", "st ot", "hours type"),
    "total": ("total hours", "total", "total hrs", "hours", "5 total hours"),
    "overtime": ("overtime hours", "ot hours", "ot", "overtime", "ot hrs"),
    "base": ("base rate", "rate", "hourly rate", "6a", "6a base rate", "rate of pay", "base"),
    "credit": ("fringe credit", "fringe credit hr", "hourly fringe credit"),
    "plans": (
        "6b",
        "6b fringe credit",
        "6b total fringe credit",
        "total fringe credit",
        "total fringe benefit credit",
    ),
    "fringe": ("fringe paid", "6c", "6c fringe paid", "in lieu of fringe", "cash fringe", "paid in lieu"),
    "gross": ("gross", "gross amount", "gross earned", "gross pay", "7 gross"),
    "all_work": (
        "all work",
        "gross all work",
        "gross for all work",
        "gross amount for all work",
        "gross earned all work",
        "total all work",
        "7b",
        "7b gross all work",
    ),
    "deductions": ("deductions", "total deductions", "8 deductions", "deduct"),
    "net": ("net", "net paid", "net wages", "net pay", "9 net"),
    "grade": ("j ra", "level", "apprentice", "j or ra", "2 j ra"),
    "programme": ("program", "programme", "apprenticeship program"),
}

_ENDS = (
    "statement of compliance",
    "totals",
    "total all",
    "remarks",
    "page",
    "i certify",
    "date",
    "signature",
)
NO_CREDIT = Read[int](value=None, confidence=LABELLED)

MOST_CREDIT_CENTS = 100_00
"""More than anybody's hourly credit: what is more is a week's."""

_EDITION = re.compile(r"\bRev(?:ised|\.)?:?\s*(?P<month>[A-Z][a-z]+\s+\d{4}|\d{1,2}/\d{2,4})")
_IS_FORM = re.compile(r"\bWH\s*-?\s*347\b|\bDepartment\s+of\s+Labor\b|\bOMB\s+No\b", re.IGNORECASE)
"""What is printed on the DOL's own form."""
_NOT_FORM = re.compile(r"\bWH-347\b[^.\n]{0,30}\bnot\s+the\s+form\s+itself\b", re.IGNORECASE)
_NO_WORK = re.compile(r"\bno work (?:was )?(?:performed|done|this week)\b", re.IGNORECASE)


def payroll(content: PaperContent) -> Gathered:
    """Return what a certified payroll says."""
    sheet = Sheet.of(content, labels_of((*HEAD, *STATEMENT)))
    gathered = gather(content, sheet.before("statement of compliance"), HEAD)
    signed = gather(content, sheet.after("statement of compliance"), STATEMENT)
    gathered.values |= signed.values
    gathered.places |= signed.places
    _sign(gathered, content)
    _end(gathered, content)
    editions = {month(one["month"]) for one in _EDITION.finditer(f"{content.text}\n{content.title}")} - {None}
    if len(editions) == 1:
        gathered.tell("edition_on", editions.pop(), at="Rev.")
    elif not editions and not _IS_FORM.search(_NOT_FORM.sub(" ", f"{content.text}\n{content.title}")):
        gathered.tell("edition_on", None, at="a payroll of its own form")
    everything = "\n".join([content.text, *(field.value for field in content.fields)])
    gathered.tell("social_security_numbers", social_security_numbers(everything))
    programme = gathered.values.pop("programme", None)
    gathered.places.pop("programme", None)
    rows = _workers(content, sheet, programme)
    if rows is not None:
        gathered.values["workers"] = rows
        for number, row in enumerate(rows):
            names = [name for name, value in row if value is not None]
            gathered.places |= {
                f"workers.{number}.{name}": Place(source="text", at="table") for name in names
            }
    return gathered


def _sign(gathered: Gathered, content: PaperContent) -> None:
    signature = gathered.values.pop("signature", None)
    gathered.places.pop("signature", None)
    if content.structure.is_signed:
        gathered.tell("signed", value=True, at="the file's digital signature")
    elif signature is not None:
        gathered.tell(
            "signed", value=signature.value is not None, confidence=signature.confidence, at="signature"
        )


def _end(gathered: Gathered, content: PaperContent) -> None:
    """A box "final" that is there and not ticked says that the payroll is not the last."""
    ticks = {box.is_ticked for box in boxes(content.text) if box.words.startswith("final")}
    if "is_final" not in gathered.values and len(ticks) == 1:
        gathered.tell("is_final", ticks.pop(), at="final")


def _workers(content: PaperContent, sheet: Sheet, programme: Read[str] | None) -> tuple[Worker, ...] | None:
    """Return every worker's row; None if one of them may have been missed."""
    found = list(
        tables(
            sheet.before("statement of compliance"),
            COLUMNS,
            needs=("name", "total", "gross", "net"),
            ends=_ENDS,
        )
    )
    if not found:
        return () if _NO_WORK.search(content.text) else None
    if not all(table.is_whole for table in found) or _NO_WORK.search(content.text):
        return None
    lines = [row for table in found for row in _people(table)]
    if not _is_in_order(lines):
        return None
    return tuple(_worker(row, programme) for row in lines)


def _people(table: Table) -> Iterator[Mapping[str, str]]:
    """Give one row for each worker, where overtime stands on a line of its own put together with straight time."""
    if "kind" not in table.columns:
        yield from table.rows
        return
    row: dict[str, str] | None = None
    for line in table.rows:
        is_overtime = plain(line.get("kind", "")) in {"o", "ot", "overtime"}
        if not is_overtime:
            if row is not None:
                yield row
            row = dict(line)
        elif row is not None:
            row |= {f"over_{name}": text for name, text in line.items()}
    if row is not None:
        yield row


def _is_in_order(rows: list[Mapping[str, str]]) -> bool:
    """Say whether rows that are numbered are numbered without a gap."""
    numbers = [_entry(row["entry"]) for row in rows if row.get("entry")]
    steps = [other - one for one, other in pairwise(numbers) if one is not None and other is not None]
    return not numbers or (numbers[0] == 1 and len(steps) == len(numbers) - 1 and set(steps) <= {0, 1})


def _entry(text: str) -> int | None:
    return whole(re.sub(r"[^0-9]", "", text))


def _worker(row: Mapping[str, str], programme: Read[str] | None) -> Worker:
    grade = plain(row.get("grade", ""))
    is_apprentice = True if "ra" in grade.split() or grade.startswith("appr") else False if grade else None
    own = _read(row, "programme", written)
    straight = _sum(row, "")
    over = _sum(row, "over_") if "over_kind" in row else (0,) * len(DAYS)
    total, overtime = _read(row, "total", minutes), _read(row, "overtime", minutes)
    if "kind" in row:
        total, overtime = _together(row)
    return Worker(
        entry=_read(row, "entry", _entry),
        identifier=_read(row, "identifier", written),
        name=_read(row, "name", written),
        classification=_read(row, "classification", written),
        days_minutes=_days(straight, over),
        total_minutes=total,
        overtime_minutes=overtime,
        base_cents=_read(row, "base", cents),
        **_credits(row),
        fringe_paid_cents=_read(row, "fringe", cents),
        gross_cents=_read(row, "gross", cents),
        all_work_cents=_read(row, "all_work" if "all_work" in row else "gross", cents),
        deductions_cents=_read(row, "deductions", cents),
        net_cents=_read(row, "net", cents),
        is_apprentice=None if is_apprentice is None else Read(value=is_apprentice, confidence=LABELLED),
        programme=own or programme or Read(value=None, confidence=LABELLED),
    )


def _credits(row: Mapping[str, str]) -> dict[str, Read[int] | None]:
    """Return the credit for plans by the hour or for the week: 6B is the week's, but some write the hour's there."""
    if "credit" in row or "plans" not in row:
        hourly = _read(row, "credit", cents)
        if hourly is None or hourly.value is None or hourly.value <= MOST_CREDIT_CENTS:
            return {"fringe_credit_cents": hourly}
        return {"fringe_credit_cents": NO_CREDIT, "fringe_plans_cents": hourly}
    weekly = _read(row, "plans", cents)
    if weekly is not None and 0 < (weekly.value or 0) <= MOST_CREDIT_CENTS:
        weekly = weekly.model_copy(update={"confidence": DISAGREEING})
    return {"fringe_credit_cents": NO_CREDIT, "fringe_plans_cents": weekly}


def _read(row: Mapping[str, str], name: str, read: Any) -> Any:
    text = row.get(name)
    if text is None:
        return None
    if is_blank(text):
        return Read(value=None, confidence=LABELLED)
    value = read(text)
    return None if value is None else Read(value=value, confidence=LABELLED)


def _sum(row: Mapping[str, str], prefix: str) -> tuple[int, ...] | None:
    """Return the minutes of the seven days; an empty cell is a day without work, no column is not known."""
    if f"{prefix}{DAYS[-1]}" not in row:
        return None
    told = [row[f"{prefix}{name}"] for name in DAYS]
    read = [0 if is_blank(text) else minutes(text) for text in told]
    return None if any(one is None for one in read) else tuple(one for one in read if one is not None)


def _days(straight: tuple[int, ...] | None, over: tuple[int, ...] | None) -> Read[tuple[int, ...]] | None:
    if straight is None or over is None:
        return None
    return Read(
        value=tuple(one + other for one, other in zip(straight, over, strict=True)), confidence=LABELLED
    )


def _together(row: Mapping[str, str]) -> tuple[Read[int] | None, Read[int] | None]:
    straight = minutes(row.get("total", ""))
    over = 0 if is_blank(row.get("over_total", "")) else minutes(row["over_total"])
    if straight is None or over is None:
        return None, None
    return Read(value=straight + over, confidence=LABELLED), Read(value=over, confidence=LABELLED)
