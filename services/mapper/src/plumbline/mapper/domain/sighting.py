"""Sightings: what Procore showed when a record was last read, and whether to look again.

A webhook may arrive before the change it tells of can be read. So a read that shows nothing
new since the hint is repeated after a while, twice, before the hint counts as served.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

WEBHOOK = "webhook "
"""How the cause of a mark begins that a webhook made."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One read of a record from Procore, and what came of it."""

    key: str
    connection: str
    content_hash: str | None
    """SHA-256 of what Procore showed; None where it showed no such record."""
    seen_at: datetime
    changed_at: datetime
    """When it was first seen as it is now."""
    causes: tuple[str, ...]
    """Why it was read: the marks known by then, newest last."""
    looks: int = 0
    """How often it was looked at again for one hint; 0 once the hint is served."""
    about: str | None = None
    """For a payment: the key of the owner invoice that it pays."""
    why: tuple[str, ...] = ()
    """What was made of it, in words."""


@dataclass(frozen=True, slots=True)
class Look:
    """A read compared with the one before."""

    before: Sighting | None
    causes: tuple[str, ...]
    content_hash: str | None
    at: datetime
    """When it began."""

    @property
    def changed_at(self) -> datetime:
        """When the record was first seen as it is now."""
        return self.at if self.before is None or self.changed else self.before.changed_at

    def until_settled(self, pause: timedelta) -> timedelta | None:
        """Return how long until the record has been as it is for a whole pause; None if it has been.

        Looks that come earlier for another reason do not count: they may be as early as the first one.
        """
        left = self.changed_at + pause - self.at
        return left if left > timedelta(0) else None

    @property
    def changed(self) -> bool:
        """Whether it shows something else than before, or is the first."""
        return self.before is None or self.before.content_hash != self.content_hash

    @property
    def awaits_news(self) -> bool:
        """Whether a hint announced a change that does not show yet."""
        return not self.changed and (self._hint_is_new or self.looks > 0)

    @property
    def looks(self) -> int:
        """How often it was looked at again for this hint so far."""
        return 0 if self.before is None or self._hint_is_new else self.before.looks

    def pause(self, pauses: Sequence[timedelta]) -> timedelta | None:
        """Return how long to wait before the next look, or None after the last one."""
        return pauses[self.looks] if self.looks < len(pauses) else None

    @property
    def _hint_is_new(self) -> bool:
        # Any of them: an older hint that is delivered once more may stand behind a new one.
        known = () if self.before is None else self.before.causes
        return any(cause.startswith(WEBHOOK) and cause not in known for cause in self.causes)
