"""Papers that run out: told 30, 7 and 0 days before, each once."""

from collections.abc import Collection
from datetime import date, timedelta
from typing import Literal

from plumbline.compliance.domain.gate.payable import day

Days = Literal[30, 7, 0]

WARNED: tuple[Days, ...] = (30, 7, 0)
"""So many days before its last day a paper is told of."""

PREFIX = "expiry/"
"""How the keys of papers that run out begin: `expiry/<connection>/<document>`."""


def passed(expires_on: date, *, today: date) -> tuple[Days, ...]:
    """Return the days of warning that have come, the nearest to the end last."""
    return tuple(days for days in WARNED if expires_on - timedelta(days=days) <= today)


def news(expires_on: date, told: Collection[int], *, today: date) -> Days | None:
    """Return the warning to give now: the nearest that has come; what was missed before it is not told any more."""
    come = passed(expires_on, today=today)
    return come[-1] if come and come[-1] not in told else None


def next_on(expires_on: date, *, today: date) -> date | None:
    """Return the day of the next warning."""
    days = (expires_on - timedelta(days=days) for days in WARNED)
    return min((one for one in days if one > today), default=None)


def sentence(called: str, file_name: str, expires_on: date, *, today: date) -> str:
    """Say when a paper runs out."""
    left = (expires_on - today).days
    if left < 0:
        return f"The {called} ({file_name}) ran out on {day(expires_on)}."
    if left == 0:
        return f"The {called} ({file_name}) runs out today."
    return f"The {called} ({file_name}) runs out on {day(expires_on)}, in {left} {'day' if left == 1 else 'days'}."
