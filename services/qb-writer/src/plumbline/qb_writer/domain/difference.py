"""A difference between what should be in QuickBooks and what is, as people read it. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType

from plumbline.common.contracts.drift import DriftCause
from plumbline.qb_writer.domain.documents import dollars

LINES_TOLD = 3
"""So many lines of a document are told of on either side; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing in which a record's document, or a document that no record owns, is not as it should be."""

    subject: str
    """The record's name, or `quickbooks/<entity>/<id>`."""
    code: str
    cause: DriftCause
    quickbooks_id: str | None
    off_cents: int
    """By how much QuickBooks says too much, or, below zero, too little."""
    stake_cents: int
    """The money that it touches."""
    sentence: str
    advice: str
    since: datetime
    """When it came about, as far as is known."""
    may_mend_itself: bool = field(default=True, compare=False)
    """Whether it may be a change under way: nobody was asked about it."""


ADVICE: Mapping[DriftCause, str] = MappingProxyType(
    {
        "person": "Bookkeeper: set it back in QuickBooks, or make the change at its source.",
        "untold": "Operator: `plumbline drift --repair` reads it anew; QuickBooks never told of the change, so see "
        "whether its webhooks arrive.",
        "unknown-outcome": "Nobody: whether QuickBooks took the write is not known, and is looked up by itself.",
        "not-written": "Operator: `plumbline trace` tells what its write waits for.",
        "payment-awaited": "Bookkeeper: enter the payment in QuickBooks, or correct the status at its source.",
    }
)
"""Who has to do what, by the cause; a parked record says it itself, a document that is not ours by its code."""

ADVICE_ON_STRAYS: Mapping[str, str] = MappingProxyType(
    {
        "duplicate": "Bookkeeper: void or delete one of the two, and keep the one that is paid.",
        "orphan": "Operator: `plumbline drift --repair` looks for it anew where its record is known; else the "
        "bookkeeper voids it, or takes our note out to keep it.",
        "extra": "Bookkeeper: void or delete it, or have it billed at its source and void this one then.",
    }
)
"""Who has to do what about a document that no record owns."""


def unreadable(
    subject: str, name: str, quickbooks_id: str | None, detail: str, *, since: datetime
) -> Difference:
    """Return what is to be told of a document that cannot be compared."""
    return Difference(
        subject=subject,
        code="unreadable",
        cause="person",
        quickbooks_id=quickbooks_id,
        off_cents=0,
        stake_cents=0,
        sentence=f"{name}: it cannot be compared, for QuickBooks holds it in a shape that we do not know ({detail}).",
        advice="Operator: report it; a new version of ours is needed.",
        since=since,
    )


def told(name: str, expected: object, found: object, *, called: str | None = None) -> str:
    """Say in words how a field differs; `called` is the name of what was found, if it has one."""
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        return _applied(expected, found)
    if isinstance(expected, list) and isinstance(found, list):
        return _listed(name, expected, found)
    name_of_found = f" ({called})" if called else ""
    return f"its {name} is {_value(found)}{name_of_found}, and should be {_value(expected)}"


def money_in(expected: object, found: object) -> tuple[int, int | None]:
    """Return by how much a field is off, and how much money it touches; None: all that the document comes to."""
    match expected, found:
        case int(), int():
            return found - expected, abs(found - expected)
        case Mapping(), Mapping():
            return 0, max(_more(expected, found), _more(found, expected))
        case list(), list():
            lost, gained = Counter(expected) - Counter(found), Counter(found) - Counter(expected)
            return 0, max(_in_lines(lost), _in_lines(gained))
        case _:
            return 0, None


def _value(value: object) -> str:
    match value:
        case None | "":
            return "empty"
        case int():
            return dollars(value)
        case date():
            return value.isoformat()
        case _:
            return f"“{value}”"


def _applied(expected: Mapping[tuple[str, str], int], found: Mapping[tuple[str, str], int]) -> str:
    parts = [
        f"{dollars(found.get(to, 0))} instead of {dollars(expected.get(to, 0))} to {to[0]} {to[1]}"
        for to in sorted({*expected, *found})
        if found.get(to, 0) != expected.get(to, 0)
    ]
    return f"it applies {', '.join(parts)}"


def _listed(name: str, expected: Sequence[tuple[object, ...]], found: Sequence[tuple[object, ...]]) -> str:
    lost, gained = Counter(expected) - Counter(found), Counter(found) - Counter(expected)
    if not lost and not gained:
        return f"its {name} stand in another order"
    # Amount and words say it, unless only what a line is booked on differs.
    told_by = 2 if {line[:2] for line in lost}.isdisjoint(line[:2] for line in gained) else None
    sides = ((gained, "too much"), (lost, "missing"))
    parts = [f"{_some(lines, told_by)} is {how}" for lines, how in sides if lines]
    return f"of its {name}, {' and '.join(parts)}"


def _some(lines: Counter[tuple[object, ...]], told_by: int | None) -> str:
    each = [_line(line[:told_by]) for line in lines.elements()]
    more = f" and {len(each) - LINES_TOLD} more" if len(each) > LINES_TOLD else ""
    return f"{', '.join(each[:LINES_TOLD])}{more}"


def _line(line: tuple[object, ...]) -> str:
    amount, *words = line
    said = " ".join(str(word) for word in words if word not in {None, "", False, True})
    return f"{_value(amount)}{f' ({said})' if said else ''}"


def _more(one: Mapping[tuple[str, str], int], other: Mapping[tuple[str, str], int]) -> int:
    return sum(max(0, amount - other.get(to, 0)) for to, amount in one.items())


def _in_lines(lines: Counter[tuple[object, ...]]) -> int:
    return sum(abs(line[0]) for line in lines.elements() if isinstance(line[0], int))
