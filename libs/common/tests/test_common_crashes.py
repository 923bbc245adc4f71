"""Death between any two steps: edge, mark, claim, handler, finish, outbox, relay.

The whole way of three records is walked once to count its steps, and then once for every step,
for both fates of the step (not sent; done, but the answer lost) and for both ends (the process
dies; only the connection does). Afterwards the same must be true as if nothing had happened.
"""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import groupby
from typing import cast

import pytest
import structlog
from faststream.kafka import KafkaBroker

from plumbline.common.contracts.cloudevents import Outgoing, outgoing
from plumbline.common.contracts.procore import ProcoreChanged
from plumbline.common.contracts.topics import LEDGER_COMMANDS, PROCORE_EVENTS
from plumbline.common.database import Connection, Pool, borrowed
from plumbline.common.edge import Edge, Received
from plumbline.common.errors import SuiteError, TransientError
from plumbline.common.listening import Bell
from plumbline.common.outbox import Relay, put
from plumbline.common.reconciling import loop
from plumbline.common.reconciling.loop import Claim, Reconciler
from plumbline.common.reconciling.marks import Mark
from plumbline.common.reconciling.store import WorkStore, mark
from plumbline.common.reconciling.verdicts import Done, Park, Verdict
from plumbline.common.settings import KafkaSettings
from plumbline.common.testing.clock import DAWN, FakeClock
from plumbline.common.testing.crashing import Doom, DoomedPool, Fate, KilledError
from plumbline.common.testing.database import expire_leases, rows, service_pool
from plumbline.common.testing.intake import FakeBroker, consumed, raw_record
from plumbline.common.testing.messages import ledger_command, procore_changed
from plumbline.common.testing.publishing import RecordingPublisher

RESTARTS = 10
"""More lives than any single death can need."""

TABLES = """
CREATE TABLE intents (key text, fence bigint, PRIMARY KEY (key, fence));
CREATE TABLE effects (key text PRIMARY KEY, version integer NOT NULL);
"""


def batch(*hints: tuple[str, str]) -> list[ProcoreChanged]:
    return [procore_changed(event_id, resource_id=record) for event_id, record in hints]


BATCHES = [
    batch(("e1", "A"), ("e2", "B"), ("e3", "parks")),
    batch(("e1", "A"), ("e4", "A"), ("e5", "A")),
]
"""The second brings one known event again and two new ones: one more piece of work on A."""


@dataclass
class Kafka:
    """What outlives every process: how far the group has read, and what was published."""

    taken: int = 0
    published: list[Outgoing] = field(default_factory=list)


@dataclass
class World:
    """What outlives every process: the database, Kafka, and the partner's books."""

    pool: Pool
    clock: FakeClock = field(default_factory=FakeClock)
    kafka: Kafka = field(default_factory=Kafka)
    books: set[str] = field(default_factory=set)


class Life:
    """One life of the service."""

    def __init__(self, world: World, doom: Doom) -> None:
        self.world, self.doom = world, doom
        self.pool = DoomedPool(world.pool, doom)
        self.publisher = RecordingPublisher(doom)
        self.broker = FakeBroker()
        edge = Edge(
            service="mapper",
            broker=cast("KafkaBroker", self.broker),
            pool=self.pool,
            clock=world.clock,
            settings=KafkaSettings(bootstrap="nowhere:1"),
            replica="r1",
        )
        edge.subscribe(PROCORE_EVENTS, ProcoreChanged, self.record)
        self.store = WorkStore(self.pool, replica="r1", lease=timedelta(hours=1), per_connection=8)
        self.reconciler = Reconciler(
            service="mapper",
            store=self.store,
            handler=self.make_true,
            clock=world.clock,
            bell=Bell(),
            concurrency=4,
        )
        self.relay = Relay(url="", schema="", publisher=self.publisher, bell=Bell())

    async def record(self, connection: Connection, batch: Sequence[Received[ProcoreChanged]]) -> None:
        marks = [
            Mark(r.message.resource_id, r.message.connection, r.event_id, r.message.occurred_at)
            for r in batch
        ]
        await mark(connection, marks, now=self.world.clock.now())

    async def make_true(self, claim: Claim) -> Verdict:
        async with claim.transaction() as connection:
            await connection.execute("INSERT INTO intents VALUES ($1, $2)", claim.key, claim.row.fence)
        await self.doom.step(
            f"partner {claim.key}", lambda: self.write_books(claim.key), error=TransientError()
        )
        if claim.key == "parks":
            return Park("missing", "Link it.", amount_cents=100)
        return Done(store=lambda connection: self.remember(connection, claim))

    async def write_books(self, key: str) -> None:
        self.world.books.add(key)

    async def remember(self, connection: Connection, claim: Claim) -> None:
        version = await connection.fetchval(
            "INSERT INTO effects AS e VALUES ($1, 1) "
            "ON CONFLICT (key) DO UPDATE SET version = e.version + 1 RETURNING version",
            claim.key,
        )
        message = ledger_command(version)
        await put(
            connection,
            [outgoing(LEDGER_COMMANDS, claim.key, message, source="mapper", at=self.world.clock.now())],
        )

    async def live(self) -> None:
        """Do all there is to do: consume, work, relay, batch after batch."""
        await self.started()
        for number, messages in enumerate(BATCHES):
            if number >= self.world.kafka.taken:
                await self.consume(messages)
                self.world.kafka.taken = number + 1
            await self.finish_all()

    async def started(self) -> None:
        await self.again(self.store.release_former_life)

    async def consume(self, messages: Sequence[ProcoreChanged]) -> None:
        sent = [
            outgoing(PROCORE_EVENTS, m.key, m, source="ingest", at=DAWN, event_id=m.event_id)
            for m in messages
        ]
        records = [consumed(message, offset=offset) for offset, message in enumerate(sent)]
        records.insert(1, raw_record(PROCORE_EVENTS.name, b"{", key=b"broken"))
        await self.again(lambda: self.broker.deliver(PROCORE_EVENTS.name, records))

    async def finish_all(self) -> None:
        while await rows(self.world.pool, "SELECT 1 FROM work WHERE due_at IS NOT NULL"):
            self.world.clock.advance(timedelta(minutes=10))
            await self.again(self.reconciler.work_off)
            if not self.doom.dead:
                await expire_leases(self.world.pool)  # of a claim whose answer was lost: time heals it
        await self.again(self.publish)

    async def publish(self) -> None:
        async with borrowed(self.pool) as connection:
            while await self.relay.relay_once(connection):
                pass

    async def again(self, action: Callable[[], Awaitable[object]]) -> None:
        """Do it once more when it fails, as the callers of these parts do."""
        try:
            await action()
        except SuiteError:
            await action()


async def outlive(world: World, doom: Doom) -> None:
    """Live until everything is done, under this doom and then under none."""
    for _ in range(RESTARTS):
        life = Life(world, doom)
        try:
            await life.live()
        except KilledError:
            doom = Doom.none()
        else:
            return
        finally:
            world.kafka.published += life.publisher.published
    pytest.fail(f"not finished after {RESTARTS} lives")


async def assert_all_is_as_if_nothing_had_happened(world: World) -> None:
    effects = await rows(world.pool, "SELECT key, version FROM effects ORDER BY key")
    assert [tuple(r.values()) for r in effects] == [("A", 2), ("B", 1)]
    assert versions_of(world, "A") == [1, 2]
    assert versions_of(world, "B") == [1]
    assert len({m.headers["ce_id"] for m in world.kafka.published if m.key == "parks"}) == 1
    assert "broken" in {m.key for m in world.kafka.published}
    assert world.books == {"A", "B", "parks"}
    assert await rows(world.pool, "SELECT id FROM outbox") == []
    left = await rows(world.pool, "SELECT key FROM work WHERE due_at IS NOT NULL OR leased_by IS NOT NULL")
    assert left == []
    parked = await rows(world.pool, "SELECT key FROM work WHERE parked_at IS NOT NULL")
    assert [r["key"] for r in parked] == ["parks"]
    causes = await rows(world.pool, "SELECT causes FROM work ORDER BY key")
    assert [r["causes"] for r in causes] == [["e1", "e1", "e4", "e5"], ["e2"], ["e3"]]


def versions_of(world: World, key: str) -> list[int]:
    """Return the versions published, without repetitions: at least once, and never back in order."""
    versions = [json.loads(m.value)["version"] for m in world.kafka.published if m.key == key]
    return [version for version, _ in groupby(versions)]


@pytest.fixture
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the waits for an absent database from half a second to a millisecond, and log nothing."""
    silent = structlog.wrap_logger(structlog.ReturnLogger(), [])
    monkeypatch.setattr(loop, "log", silent)
    monkeypatch.setattr("plumbline.common.edge.log", silent)
    monkeypatch.setattr(loop, "PAUSE_S", 0.001)
    monkeypatch.setattr("plumbline.common.edge.PAUSE_FIRST_S", 0.001)


async def fresh(pool: Pool) -> World:
    async with borrowed(pool) as connection:
        for table in ("work", "connections", "happenings", "outbox", "intents", "effects"):
            await connection.execute(f"DELETE FROM {table}")  # quicker than TRUNCATE on a few rows
    return World(pool)


@pytest.mark.usefixtures("_short_pauses")
@pytest.mark.parametrize("kills_process", [True, False], ids=["process dies", "connection dies"])
@pytest.mark.parametrize("fate", Fate)
async def test_death_at_any_step_changes_nothing_in_the_outcome(
    database_url: str, fate: Fate, *, kills_process: bool
) -> None:
    async with service_pool(database_url) as pool:
        async with borrowed(pool) as connection:
            await connection.execute(TABLES)
        counting = Doom.none()
        await live_through(await fresh(pool), counting)
        for at, step in enumerate(counting.names, start=1):
            try:
                await live_through(await fresh(pool), Doom(at, fate, kills_process=kills_process))
            except BaseException as error:
                error.add_note(f"died at step {at} of {counting.count}: {step}")
                raise


async def live_through(world: World, doom: Doom) -> None:
    await outlive(world, doom)
    await assert_all_is_as_if_nothing_had_happened(world)
