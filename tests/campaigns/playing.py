"""Playing one case: a record's life, struck at every step, until nothing is left to do."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime

from plumbline.common.database import borrowed, transaction
from plumbline.common.reconciling.store import resume
from tests.campaigns.books import Books
from tests.campaigns.cases import Case, End, Fate, Retrier, Step
from tests.campaigns.lives import Kafka, Life
from tests.campaigns.record import Record, Revision
from tests.campaigns.servers import Pace, Place
from tests.campaigns.verdict import Evidence, Row, judge

STRUCK_MAX_S = 30.0
"""How long a life may take to reach its point."""

QUIET_MAX_S = 60.0
"""How long a step may take to come to rest: I3, with room for a busy machine."""

LOOK_S = 0.05
"""Between two looks at the tables."""

UNFINISHED = """
SELECT key, attempt, waiting_for, announced_reason, announced_code, parked_at IS NOT NULL AS is_parked
FROM work WHERE due_at IS NOT NULL OR leased_by IS NOT NULL OR parked_at IS NOT NULL ORDER BY key
"""


class NotReachedError(Exception):
    """A life did not come to its point: the case tested nothing."""


@dataclass(slots=True)
class Game:
    """A case while it is played."""

    case: Case
    record: Record
    place: Place
    books: Books
    pace: Pace
    kafka: Kafka = field(default_factory=Kafka)

    @property
    def realm(self) -> str:
        """The company of the case."""
        return self.record.company.realm

    @property
    def log(self) -> str:
        """The name of the log that all its lives write."""
        return f"case-{self.case.number}"

    async def play(self) -> None:
        """Live the record's life.

        Raises:
            NotReachedError: a life did not reach its point.
            TimeoutError: a step did not come to rest.
        """
        revisions = list(self.record.revisions)
        while revisions:
            overtaking = revisions[1] if self.case.is_overtaken and revisions[0].version == 1 else None
            async with AsyncExitStack() as stack:
                rule = self.case.fault(revisions[0].step, deadline_s=self.pace.call_deadline_s)
                await stack.enter_async_context(self.books.fault(self.realm, rule))
                await self._step(revisions[0], overtaking)
            revisions = revisions[2 if overtaking else 1 :]

    async def _step(self, revision: Revision, overtaking: Revision | None) -> None:
        """Ask for a revision, strike whoever works on it, and let another finish it."""
        self.kafka.commands += self.record.commands(revision)
        victim = self.place.live("a", self.kafka, log=self.log, point=self.case.point, end=self.case.end)
        await self._until_struck(victim, revision)
        if self.case.retrier is Retrier.FORGOTTEN:
            await self.books.switch(self.realm, requestid_ttl_s=0)
        if overtaking is not None:
            self.kafka.commands += self.record.commands(overtaking)
            victim.poll()
        victim.strike()
        if self.case.retrier is Retrier.OTHER:
            await self._hand_over(victim)
        await self._until_quiet()
        for life in self.place.lives:
            await life.stop()
        self.place.lives.clear()
        if self.case.retrier is Retrier.FORGOTTEN:
            await self.books.switch(self.realm, requestid_ttl_s=None)

    async def _until_struck(self, victim: Life, revision: Revision) -> None:
        waiting = [asyncio.create_task(event.wait()) for event in (victim.struck, victim.ended)]
        _, left = await asyncio.wait(waiting, timeout=STRUCK_MAX_S, return_when=asyncio.FIRST_COMPLETED)
        for task in left:
            task.cancel()
        if not victim.struck.is_set():
            raise NotReachedError(f"{self.case.point} was never reached in step {revision.step}")

    async def _hand_over(self, victim: Life) -> None:
        """Give the work to another replica, as a rolling deploy does."""
        if self.case.end in {End.EXCEPTION, End.CANCELLATION}:
            victim.send_signal(signal.SIGTERM)
        self.place.live("b", self.kafka, log=self.log)

    async def _until_quiet(self) -> None:
        """Wait until nothing is left to do; whoever dies meanwhile is started again."""
        async with asyncio.timeout(QUIET_MAX_S):
            while not await self._is_quiet():
                self._keep_alive()
                await asyncio.sleep(LOOK_S)

    def _keep_alive(self) -> None:
        if all(life.ended.is_set() for life in self.place.lives):
            replica = "b" if self.case.retrier is Retrier.OTHER else "a"
            self.place.live(replica, self.kafka, log=self.log)

    async def _is_quiet(self) -> bool:
        if not self.kafka.is_read:
            return False
        async with borrowed(self.place.pool) as connection:
            unfinished = await connection.fetch(UNFINISHED)
            unpublished = await connection.fetchval("SELECT count(*) FROM outbox")
        parked = [row["key"] for row in unfinished if row["is_parked"]]
        if parked and self._awaits_a_person(unfinished):
            await self._resume(parked)
            return False
        return len(parked) == len(unfinished) and not unpublished

    def _awaits_a_person(self, unfinished: list[Row]) -> bool:
        """Say whether a person has to act, as after a final fault that was told to QuickBooks."""
        codes = {row["announced_code"] for row in unfinished if row["is_parked"]}
        return self.case.fate is Fate.FAULT and codes == {"quickbooks-6210"}

    async def _resume(self, keys: list[str]) -> None:
        async with transaction(self.place.pool) as connection:
            await resume(connection, keys=keys, cause="operator", now=datetime.now(UTC))

    async def evidence(self) -> Evidence:
        """Gather what is left."""
        async with borrowed(self.place.pool) as connection:
            records = await connection.fetch("SELECT * FROM records")
            writes = await connection.fetch("SELECT key, number, request_id, fate FROM writes")
            unfinished = await connection.fetch(UNFINISHED)
            unpublished = await connection.fetchval("SELECT count(*) FROM outbox")
        return Evidence(
            journal=await self.books.journal(self.realm),
            invoices=await self.books.held(self.realm, "Invoice"),
            payments=await self.books.held(self.realm, "Payment"),
            records=records,
            writes=writes,
            unfinished=unfinished,
            unpublished=unpublished,
            results=self.kafka.results(self.record.key),
        )


async def play(case: Case, place: Place, books: Books, pace: Pace) -> list[str]:
    """Play a case and return what is wrong with its outcome."""
    company = await books.found(case.number, **case.switches)
    await place.clear()
    await place.admit(company)
    record = Record.of(company, str(case.number), case.steps, case.rng("amounts"))
    game = Game(case, record, place, books, pace)
    findings: list[str] = []
    try:
        await game.play()
    except (NotReachedError, TimeoutError) as error:
        findings.append(str(error) or f"not at rest after {QUIET_MAX_S:g} s")
    finally:
        for life in place.lives:
            await life.stop(signal.SIGKILL)
        place.lives.clear()
    findings += judge(record, await game.evidence(), overtaken=case.is_overtaken)
    books.forget(company.realm)
    return findings
