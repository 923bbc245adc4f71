"""One clock for all replicas of a service: their database's."""

import asyncio
import time
from datetime import datetime, timedelta

import structlog

from plumbline.common.clock import pause
from plumbline.common.database import DatabaseUnavailableError, Pool, borrowed

SET_EVERY_S = 60.0
"""How often the clock is set; between two settings it runs as evenly as the machine."""

log = structlog.get_logger(__name__)


class SharedClock:
    """A `Clock` that tells the database's time: no machine's time of day is read.

    Replicas whose machines disagree about the time agree by it, so that one may judge the deadlines that
    another has set. While the database is away it runs on.
    """

    def __init__(self, pool: Pool) -> None:
        """Tell the time of `pool`'s database, once it was set."""
        self._pool = pool
        self._set: tuple[datetime, float] | None = None

    def now(self) -> datetime:
        """Return the present moment; `set` must have been called."""
        assert self._set is not None
        told, at_s = self._set
        return told + timedelta(seconds=time.monotonic() - at_s)

    async def set(self) -> None:
        """Ask the database for the time. Raises `DatabaseUnavailableError`: transient."""
        async with borrowed(self._pool) as connection:
            asked_s = time.monotonic()
            told: datetime = await connection.fetchval("SELECT clock_timestamp()")
            # The answer is as old as half its way, give or take the other half.
            self._set = (told, (asked_s + time.monotonic()) / 2)

    async def run(self, stop: asyncio.Event) -> None:
        """Set the clock again and again until `stop` is set."""
        while not stop.is_set():
            await pause(stop, SET_EVERY_S)
            try:
                await self.set()
            except DatabaseUnavailableError as error:
                log.warning("clock.not-set", **error.log_fields())
