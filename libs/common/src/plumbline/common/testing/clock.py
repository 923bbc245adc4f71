"""A clock that stands still until it is told otherwise."""

from datetime import UTC, datetime, timedelta

DAWN = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
"""When tests begin: a Monday morning."""


class FakeClock:
    """A `Clock` whose time passes only by `advance`."""

    def __init__(self, start: datetime = DAWN) -> None:
        """Start at an aware time."""
        self._now = start

    def now(self) -> datetime:
        """Return the present moment."""
        return self._now

    def advance(self, by: timedelta) -> datetime:
        """Let time pass, and return the new present."""
        self._now += by
        return self._now
