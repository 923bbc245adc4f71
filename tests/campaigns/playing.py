"""Playing one case: a record's life, struck at every step, until nothing is left to do."""

import asyncio
import contextlib
import signal
from dataclasses import dataclass, field
from datetime import UTC, datetime

from plumbline.common.database import transaction
from plumbline.common.reconciling.store import resume
from tests.campaigns.books import Books, TroubleNotMetError
from tests.campaigns.cases import Case, End, Fate, Point, Retrier
from tests.campaigns.evidence import gather, unfinished, unpublished
from tests.campaigns.lives import Kafka, Life
from tests.campaigns.record import Record, Revision, Wish
from tests.campaigns.servers import ENDING_MAX_S, Pace, Place
from tests.campaigns.verdict import Row, judge

STRUCK_MAX_S = 60.0
"""How long a life may take to reach its point."""

REST_MAX_S = 90.0
"""How long a step may take to come to rest: I3, with room for a busy machine."""

STALL_MAX_S = 7.0
"""How long a life stalls that keeps others from the work: longer than its lease and the writer's patience."""

LOOK_S = 0.25
"""Between two looks at the tables while nothing is heard of the lives."""


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
            TroubleNotMetError: no request met the fate.
            TimeoutError: a step did not come to rest.
        """
        revisions = list(self.record.revisions)
        while revisions:
            overtaking = revisions[1] if self.case.is_overtaken and revisions[0].version == 1 else None
            trouble = self.case.trouble(revisions[0].step, deadline_s=self.pace.call_deadline_s)
            # A wish that is overtaken need not be written.
            async with self.books.trouble(self.realm, trouble, must_be_met=overtaking is None):
                await self._step(revisions[0], overtaking)
            revisions = revisions[2 if overtaking else 1 :]

    async def _step(self, revision: Revision, overtaking: Revision | None) -> None:
        """Ask for a revision, strike whoever works on it, and let another finish it."""
        victim = await self._before_the_strike(revision)
        if self.case.retrier is Retrier.FORGOTTEN:
            await self.books.switch(self.realm, requestid_ttl_s=0)
        if overtaking is not None:
            self.kafka.commands += self.record.commands(overtaking)
            victim.poll()
        if self.case.end is End.STALL:
            self._hand_over(victim)
            await self._until_done_by_another()
            victim.strike()
        else:
            victim.strike()
            if self.case.retrier is Retrier.OTHER:
                self._hand_over(victim)
        await self._until_at_rest(overtaking or revision)
        if self.case.retrier is Retrier.FORGOTTEN:
            await self.books.switch(self.realm, requestid_ttl_s=None)

    async def _before_the_strike(self, revision: Revision) -> Life:
        """Ask for a revision; return the life that works on it and has come to the point, where it stands still."""
        victim = await self._victim()
        self.kafka.commands += self.record.commands(revision)
        try:
            async with asyncio.timeout(STRUCK_MAX_S):
                while not await victim.comes_to(self.case.point, self.case.end):
                    victim = await self._victim()
        except TimeoutError as error:
            raise NotReachedError(f"{self.case.point} was never reached in step {revision.step}") from error
        return victim

    async def _victim(self) -> Life:
        """Return the life that is at work, or a new one. A token is read only once in a life."""
        alive = [life for life in self.place.lives if not life.ended.is_set()]
        if self.case.point is Point.TOKEN or len(alive) != 1:
            await self.place.end_lives()
            return self.place.live("a", self.kafka, log=self.log)
        return alive[0]

    def _hand_over(self, victim: Life) -> None:
        """Give the work to another replica, as a rolling deploy does."""
        if self.case.end in {End.EXCEPTION, End.CANCELLATION}:
            victim.send_signal(signal.SIGTERM)
        self.place.live("b" if victim.replica == "a" else "a", self.kafka, log=self.log)

    async def _until_done_by_another(self) -> None:
        """Wait until there is nothing to do but for the one that stalls, or for as long as it holds a lock."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STALL_MAX_S):
                while not (self.kafka.is_read and not await unfinished(self.place.pool)):
                    await self._news()

    async def _until_at_rest(self, revision: Revision) -> None:
        """Wait until a revision is told and nothing is left to do; whoever dies meanwhile is started again."""
        async with asyncio.timeout(REST_MAX_S):
            while not await self._is_at_rest(revision):
                if all(life.ended.is_set() for life in self.place.lives):
                    self.place.live(self.place.lives[-1].replica, self.kafka, log=self.log)
                await self._news()

    async def _news(self) -> None:
        """Wait until a life tells something, or for a while."""
        self.kafka.changed.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.kafka.changed.wait(), LOOK_S)

    async def _is_at_rest(self, revision: Revision) -> bool:
        # Asked before the tables are looked at: what was read or told by then shows in them.
        is_read = self.kafka.is_read
        is_told = all(self._is_told(wish) for wish in revision.wishes)
        left = await unfinished(self.place.pool)
        parked = [row["key"] for row in left if row["is_parked"]]
        if parked and self._awaits_a_person(left):
            await self._resume(parked)
            return False
        if len(parked) < len(left) or not is_read or await unpublished(self.place.pool):
            return False
        # What is parked against all expectation stays so: the verdict will say it.
        return is_told or bool(parked)

    def _is_told(self, wish: Wish) -> bool:
        results = self.kafka.results(self.record.key(wish.record))
        return any(result["version"] == wish.version for result in results)

    def _awaits_a_person(self, left: list[Row]) -> bool:
        """Say whether a person has to act, as after a final fault that was told to QuickBooks."""
        codes = {row["announced_code"] for row in left if row["is_parked"]}
        return self.case.fate is Fate.FAULT and codes == {"quickbooks-6210"}

    async def _resume(self, keys: list[str]) -> None:
        async with transaction(self.place.pool) as connection:
            await resume(connection, keys=keys, cause="operator", now=datetime.now(UTC))


async def play(case: Case, place: Place, books: Books, pace: Pace) -> list[str]:
    """Play a case and return what is wrong with its outcome."""
    company = await books.found(f"Case {case.number}", **case.switches)
    await place.clear()
    await place.admit(company)
    record = Record.of(company, str(case.number), case.course, case.rng("amounts"))
    game = Game(case, record, place, books, pace)
    findings: list[str] = []
    try:
        await game.play()
    except (NotReachedError, TroubleNotMetError) as error:
        findings.append(str(error))
    except TimeoutError:
        findings.append(f"not at rest after {REST_MAX_S:g} s")
    finally:
        await place.end_lives()
    if place.unheeded and not findings:
        findings.append(f"{place.unheeded} lives did not end within {ENDING_MAX_S:g} s after SIGTERM")
    evidence = await gather(place.pool, books, record, game.kafka.results)
    findings += judge(record, evidence, optional=frozenset({1}) if case.is_overtaken else frozenset())
    books.forget(company.realm)
    return findings
