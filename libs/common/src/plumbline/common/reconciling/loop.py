"""The loop: claims due rows and works them, many at once, until told to stop."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from plumbline.common.clock import Clock
from plumbline.common.contracts.cloudevents import outgoing
from plumbline.common.contracts.operations import RecordParked
from plumbline.common.contracts.topics import RECORDS_PARKED
from plumbline.common.database import Connection, DatabaseUnavailableError
from plumbline.common.errors import SuiteError
from plumbline.common.listening import Bell
from plumbline.common.metrics import WORK_FINISHED, WORK_SECONDS
from plumbline.common.outbox import put
from plumbline.common.reconciling.marks import Lane
from plumbline.common.reconciling.store import Claimed, LostLeaseError, WorkStore
from plumbline.common.reconciling.verdicts import Done, Park, Verdict, Wait, decide

POLL_S = 1.0
"""How long a missed notification may delay a row."""

PAUSE_S = 0.5
"""Between attempts while the database is away."""

TURNS = 5
"""So many claims make a round …"""

SHARES = {0: Lane.SWEEP, 2: Lane.REPAIR}
"""… in which these turns take one row of a lower lane first: none starves."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Claim:
    """A piece of work in hand: the row as claimed, and transactions under its fence."""

    row: Claimed
    store: WorkStore

    @property
    def key(self) -> str:
        """The record's key."""
        return self.row.key

    @property
    def connection(self) -> str:
        """The connection it belongs to."""
        return self.row.connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Store something before the work is finished, such as the intent of a call.

        Commits only while this claim holds the row, and renews its lease.

        Raises:
            LostLeaseError: transient; somebody else works on the row now. Stop.
        """
        async with self.store.fenced(self.row) as connection:
            yield connection


Handler = Callable[[Claim], Awaitable[Verdict]]
"""Makes one record true. What it raises is turned into a verdict by `decide`.

It may be run again after any of its steps: every step must be safe to repeat.
"""


class Reconciler:
    """Runs a handler over due rows: leased, fenced, fair across connections."""

    def __init__(
        self, *, service: str, store: WorkStore, handler: Handler, clock: Clock, bell: Bell, concurrency: int
    ) -> None:
        """Work the rows of `store` with `handler`, at most `concurrency` at once."""
        self._service = service
        self._store = store
        self._handler = handler
        self._clock = clock
        self._bell = bell
        self._concurrency = concurrency
        self._working: set[asyncio.Task[None]] = set()
        self._turn = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, then let what is in hand come to its end."""
        await self._until_database_answers(self._store.release_former_life)
        while not stop.is_set():
            now = self._clock.now()
            try:
                claims = await self._claim(now)
                idle_s = POLL_S if claims or self._is_full() else await self._idle_s(now)
            except DatabaseUnavailableError as error:
                log.warning("reconciler.waiting", **error.log_fields())
                claims, idle_s = [], PAUSE_S
            for claimed in claims:
                self._start(claimed)
            if not claims or self._is_full():
                await self._bell.wait(idle_s)
        await asyncio.gather(*self._working, return_exceptions=True)

    async def work_off(self) -> int:
        """Work everything that is due now, one after the other; return how many. For tests and tools."""
        count = 0
        while claims := await self._store.claim(1, now=self._clock.now()):
            await self._work(claims[0])
            count += 1
        return count

    async def _claim(self, now: datetime) -> list[Claimed]:
        if self._is_full():
            return []
        lane = SHARES.get(self._turn % TURNS)
        claims = [] if lane is None else await self._store.claim(1, now=now, lowest=lane)
        if not claims:
            claims = await self._store.claim(self._concurrency - len(self._working), now=now)
        self._turn += bool(claims)
        return claims

    def _is_full(self) -> bool:
        return len(self._working) >= self._concurrency

    async def _idle_s(self, now: datetime) -> float:
        due = await self._store.next_due(after=now)
        if due is None:
            return POLL_S
        return min(POLL_S, max(0.001, (due - self._clock.now()).total_seconds()))

    def _start(self, claimed: Claimed) -> None:
        task = asyncio.create_task(self._work(claimed), name=f"work {claimed.key}")
        self._working.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._working.discard(task)
        self._bell.ring()
        if not task.cancelled() and (error := task.exception()) is not None:
            # Not even a verdict could be written: the row is tried again when its lease runs out.
            log.error("work.broken", task=task.get_name(), exc_info=error)

    async def _work(self, claimed: Claimed) -> None:
        started = self._clock.now()
        try:
            verdict, error = await self._serve(claimed)
        except LostLeaseError as lost:
            log.warning("work.lost", **lost.log_fields())
            return
        self._tell(claimed, verdict, error, self._clock.now() - started)

    async def _serve(self, claimed: Claimed) -> tuple[Verdict, Exception | None]:
        try:
            verdict = await self._handler(Claim(claimed, self._store))
            await self._until_database_answers(lambda: self._finish(claimed, verdict))
        except LostLeaseError:
            raise
        except Exception as error:  # noqa: BLE001  the one place where any error becomes a verdict
            verdict = decide(error, claimed.attempt, chance=random.random())  # noqa: S311  jitter
            await self._until_database_answers(lambda: self._finish(claimed, verdict))
            return verdict, error
        return verdict, None

    async def _finish(self, claimed: Claimed, verdict: Verdict) -> None:
        now = self._clock.now()
        async with self._store.fenced(claimed) as connection:
            if isinstance(verdict, Done | Wait | Park) and verdict.store is not None:
                await verdict.store(connection)
            await self._announce(connection, claimed, verdict, now)
            await self._store.finish(connection, claimed, verdict, now=now)

    async def _announce(
        self, connection: Connection, claimed: Claimed, verdict: Verdict, now: datetime
    ) -> None:
        match verdict:
            case Park() if claimed.announced != (verdict.code, verdict.reason):
                notice = ("parked", verdict.code, verdict.reason, verdict.amount_cents, verdict.resumes_on)
            case Done() if claimed.announced is not None:
                notice = ("resumed", *claimed.announced, None, None)
            case _:
                return
        change, code, reason, cents, resumes_on = notice
        message = RecordParked(
            service=self._service,
            record=claimed.key,
            connection=claimed.connection,
            change="parked" if change == "parked" else "resumed",
            code=code,
            reason=reason,
            amount_cents=cents,
            resumes_on=resumes_on,
            at=now,
        )
        event = outgoing(
            RECORDS_PARKED,
            claimed.key,
            message,
            source=self._service,
            at=now,
            traceparent=claimed.traceparent,
        )
        await put(connection, [event])

    async def _until_database_answers(self, action: Callable[[], Awaitable[object]]) -> None:
        while True:
            try:
                await action()
            except DatabaseUnavailableError as error:
                log.warning("reconciler.waiting", **error.log_fields())
                await asyncio.sleep(PAUSE_S)
            else:
                return

    def _tell(self, claimed: Claimed, verdict: Verdict, error: Exception | None, took: timedelta) -> None:
        kind = type(verdict).__name__.lower()
        WORK_FINISHED.labels(self._service, kind).inc()
        WORK_SECONDS.labels(self._service).observe(took.total_seconds())
        log.info(
            "work",
            key=claimed.key,
            connection=claimed.connection,
            verdict=kind,
            why=getattr(verdict, "why", None) or getattr(verdict, "reason", None),
            attempt=claimed.attempt,
            duration_ms=round(took.total_seconds() * 1000),
            cause=claimed.causes[-1] if claimed.causes else None,
            exc_info=error if error is not None and not isinstance(error, SuiteError) else None,
        )
