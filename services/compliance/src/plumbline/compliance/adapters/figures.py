"""How many papers there are and what they wait for, read from the tables every half minute."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import get_args

from plumbline.common.clock import Clock
from plumbline.common.database import Pool, borrowed
from plumbline.common.metrics import PAPERS, TICKETS_UNANSWERED
from plumbline.common.repeating import repeat
from plumbline.compliance.adapters.documents import QUERIES
from plumbline.compliance.domain.on_file import State

EVERY_S = 30.0
"""Between two looks."""


class PaperFigures:
    """Keeps the gauges of papers."""

    def __init__(
        self, pool: Pool, *, connections: Sequence[str], clock: Clock, acknowledged_within: timedelta
    ) -> None:
        """Read through `pool`, of these connections; a desk is late after `acknowledged_within`."""
        self._pool = pool
        self._connections = connections
        self._clock = clock
        self._acknowledged_within = acknowledged_within

    async def run(self, stop: asyncio.Event) -> None:
        """Look until told to stop: a loop of the process."""
        await repeat("figures", self.look, every=timedelta(seconds=EVERY_S), stop=stop)

    async def look(self) -> None:
        """Read the figures once; what there is none of is shown as 0, so that alarms are asked from the start."""
        late_before = self._clock.now() - self._acknowledged_within
        async with borrowed(self._pool) as database:
            papers = await database.fetch(QUERIES["figures"])
            late = await database.fetch(QUERIES["unanswered"], late_before)
        for connection in self._connections:
            TICKETS_UNANSWERED.labels(connection).set(0)
            for state in get_args(State):
                PAPERS.labels(connection, state).set(0)
        for row in papers:
            PAPERS.labels(row["connection"], row["state"]).set(row["papers"])
        for row in late:
            TICKETS_UNANSWERED.labels(row["connection"]).set(row["tickets"])
