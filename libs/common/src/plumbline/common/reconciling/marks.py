"""Marks: saying that a record is due."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum


class Lane(IntEnum):
    """How urgent a piece of work is; a share of the work is kept for the lowest."""

    LIVE = 0
    REPAIR = 1
    SWEEP = 2


@dataclass(frozen=True, slots=True)
class Mark:
    """One reason to look at one record.

    `cause` identifies the reason (an event id, a command's version, an operator's action):
    marking again with a known cause changes nothing, so a repeated delivery costs nothing.
    """

    key: str
    connection: str
    cause: str
    provider_time: datetime | None = None
    deletion_seen: bool = False
    lane: Lane = Lane.LIVE
    due_at: datetime | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class MergedMark:
    """All marks of one batch about one record."""

    mark: Mark
    causes: tuple[str, ...]


def merged(marks: Iterable[Mark]) -> list[MergedMark]:
    """Return one mark per key, in the order of keys: the order in which rows are locked."""
    found: dict[str, MergedMark] = {}
    for mark in marks:
        held = found.get(mark.key)
        found[mark.key] = MergedMark(mark, (mark.cause,)) if held is None else _merge(held, mark)
    return [found[key] for key in sorted(found)]


def _merge(held: MergedMark, mark: Mark) -> MergedMark:
    times = [t for t in (held.mark.provider_time, mark.provider_time) if t is not None]
    dues = [held.mark.due_at, mark.due_at]
    combined = replace(
        mark,
        provider_time=min(times, default=None),
        deletion_seen=held.mark.deletion_seen or mark.deletion_seen,
        lane=min(held.mark.lane, mark.lane),
        due_at=None if None in dues else min(d for d in dues if d is not None),
        traceparent=mark.traceparent or held.mark.traceparent,
    )
    causes = held.causes if mark.cause in held.causes else (*held.causes, mark.cause)
    return MergedMark(combined, causes[-20:])
