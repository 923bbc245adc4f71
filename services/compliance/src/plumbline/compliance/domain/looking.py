"""How often a place is looked at again of whose changes nobody tells: the longer nothing happened, the less often."""

import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta

QUIET_SHARE = 8
"""A place rests an eighth of the time since it changed last: what changes is seen late by an eighth of its own pace."""

ROUND_LONGEST = 4
"""A project rests at most so many times the shortest pause."""

AWAITED_LONGEST, QUIET_LONGEST = 4, 16
"""So does a shelf on which something is awaited, such as a signature; and one on which nothing is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a shelf was when it was looked through last."""

    version: str
    """What Procore's list said of it."""
    looked_at: datetime
    changed_at: datetime
    is_awaited: bool
    """Whether it lacks something that somebody is about to give."""


def rest(quiet: timedelta, *, shortest: timedelta, longest: int, quiet_share: int = QUIET_SHARE) -> timedelta:
    """Return how long to leave alone what was quiet for so long; `longest` is in times of the shortest rest."""
    return min(max(shortest, quiet / quiet_share), shortest * longest)


def is_due(place: str, version: str, look: Look | None, *, now: datetime, every: timedelta) -> bool:
    """Say whether a shelf has to be looked through: it is new, its version is another, or it has rested."""
    if look is None or look.version != version:
        return True
    longest = AWAITED_LONGEST if look.is_awaited else QUIET_LONGEST
    rested = rest(now - look.changed_at, shortest=every, longest=longest)
    return now - look.looked_at >= rested * _spread(place)


def _spread(place: str) -> float:
    """Return a half to one, by a place's name: what was first seen in one round shall not be due in one again."""
    return 0.5 + zlib.crc32(place.encode()) % 512 / 1024
