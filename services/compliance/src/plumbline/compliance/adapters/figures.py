"""How many papers there are and what they wait for, read from the tables every half minute."""

import asyncio
from datetime import timedelta

import structlog

from plumbline.common.clock import Clock, pause
from plumbline.common.database import Pool, borrowed
from plumbline.common.errors import TransientError
from plumbline.common.metrics import PAPERS, TICKETS_UNANSWERED
from plumbline.compliance.adapters.documents import QUERIES

EVERY_S = 30.0
"""Between two looks."""

log = structlog.get_logger(__name__)


class PaperFigures:
    """Keeps the gauges of papers."""

    def __init__(self, pool: Pool, *, clock: Clock, acknowledged_within: timedelta) -> None:
        """Read through `pool`; a desk is late after `acknowledged_within`."""
        self._pool = pool
        self._clock = clock
        self._acknowledged_within = acknowledged_within

    async def run(self, stop: asyncio.Event) -> None:
        """Look until told to stop: a loop of the process."""
        while not stop.is_set():
            try:
                await self.look()
            except TransientError as error:
                log.warning("figures.waiting", **error.log_fields())
            await pause(stop, EVERY_S)

    async def look(self) -> None:
        """Read the figures once; what is there no more is shown no more."""
        late_before = self._clock.now() - self._acknowledged_within
        async with borrowed(self._pool) as database:
            papers = await database.fetch(QUERIES["figures"])
            late = await database.fetch(QUERIES["unanswered"], late_before)
        PAPERS.clear()
        for row in papers:
            PAPERS.labels(row["connection"], row["state"]).set(row["papers"])
        TICKETS_UNANSWERED.clear()
        for row in late:
            TICKETS_UNANSWERED.labels(row["connection"]).set(row["tickets"])
