"""What waits in a service's tables, as figures: read every few seconds, whether anybody asks or not."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

import structlog

from plumbline.common.clock import Clock, pause
from plumbline.common.database import DatabaseUnavailableError, Pool, borrowed
from plumbline.common.metrics import (
    BACKLOG_READ_AT,
    CONNECTION_HELD,
    OUTBOX_OLDEST_SECONDS,
    OUTBOX_WAITING,
    PARKED_CENTS,
    PARKED_RECORDS,
    WORK_DUE,
    WORK_FAILING,
    WORK_LATE_SECONDS,
    WORK_UNFINISHED_SECONDS,
)
from plumbline.common.outbox.box import QUERIES as OUTBOX
from plumbline.common.reconciling.store import QUERIES as WORK

EVERY_S = 5.0
"""Between looks: three in each scrape of Prometheus."""

log = structlog.get_logger(__name__)


async def keep_looking(
    look: Callable[[], Awaitable[object]], stop: asyncio.Event, *, waiting: str = "measuring.waiting"
) -> None:
    """Look every few seconds until `stop` is set; a look that finds the database away is logged as `waiting`."""
    while not stop.is_set():
        try:
            await look()
        except DatabaseUnavailableError as error:
            log.warning(waiting, **error.log_fields())
        await pause(stop, EVERY_S)


class Backlog:
    """The figures of one service's work and outbox.

    While the database is away they stay as they were last, and the time of the last look tells it.
    """

    def __init__(self, *, service: str, pool: Pool, clock: Clock) -> None:
        """Read the tables of `pool`'s schema."""
        self._service = service
        self._pool = pool
        self._clock = clock

    async def run(self, stop: asyncio.Event) -> None:
        """Look until `stop` is set."""
        await keep_looking(self.look, stop)

    async def look(self) -> None:
        """Set every figure to what the tables say now.

        Raises:
            DatabaseUnavailableError: transient; no figure was changed.
        """
        now = self._clock.now()
        async with borrowed(self._pool) as connection:
            backlog = await connection.fetch(WORK["backlog"], now)
            parked = await connection.fetch(WORK["parked_totals"])
            outbox = await connection.fetchrow(OUTBOX["lag"])
        for row in backlog:
            self._tell_work(row, now)
        self._tell_parked(parked)
        if outbox is not None:
            OUTBOX_WAITING.labels(self._service).set(outbox["waiting"])
            OUTBOX_OLDEST_SECONDS.labels(self._service).set(outbox["oldest_s"])
        BACKLOG_READ_AT.labels(self._service).set(now.timestamp())

    def _tell_work(self, row: Mapping[str, Any], now: datetime) -> None:
        labels = self._service, row["connection"]
        WORK_DUE.labels(*labels).set(row["due"])
        WORK_FAILING.labels(*labels).set(row["failing"])
        WORK_LATE_SECONDS.labels(*labels).set(_age_s(row["due_since"], now))
        WORK_UNFINISHED_SECONDS.labels(*labels).set(_age_s(row["unserved_since"], now))
        CONNECTION_HELD.labels(*labels).set(row["held"])

    def _tell_parked(self, parked: list[Mapping[str, Any]]) -> None:
        for gauge in (PARKED_RECORDS, PARKED_CENTS):
            gauge.remove_by_labels({"service": self._service})  # what went on is in no row any more
        for row in parked:
            labels = self._service, row["connection"], row["code"]
            PARKED_RECORDS.labels(*labels).set(row["records"])
            PARKED_CENTS.labels(*labels).set(row["cents"])


def _age_s(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())
