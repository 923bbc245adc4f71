"""The clock: the only place that reads the time of day, and a pause that heeds the end."""

import asyncio
import contextlib
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


async def pause(stop: asyncio.Event, pause_s: float) -> None:
    """Wait until `stop` is set, `pause_s` seconds at most."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), pause_s)
