"""The clock: the only place that reads the time of day."""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time: aware, UTC."""

    def now(self) -> datetime:
        """Return the present moment."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present moment."""
        return datetime.now(UTC)
