"""Edge and publisher over the mock cluster, and a whole service that is killed for real."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import cast
from uuid import uuid4

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from faststream.kafka import KafkaBroker

from plumbline.common.clock import SystemClock
from plumbline.common.contracts.cloudevents import Outgoing, outgoing
from plumbline.common.contracts.ledger import LedgerCommand
from plumbline.common.contracts.operations import DeadLetter
from plumbline.common.contracts.procore import ProcoreChanged
from plumbline.common.contracts.topics import DEAD_LETTERS, LEDGER_COMMANDS, PROCORE_EVENTS
from plumbline.common.database import Connection, Pool
from plumbline.common.edge import Edge, Received
from plumbline.common.kafka import KafkaPublisher, KafkaWatch, PatientBroker
from plumbline.common.outbox.relay import PublishError
from plumbline.common.reconciling.marks import Mark
from plumbline.common.reconciling.store import mark
from plumbline.common.settings import KafkaSettings
from plumbline.common.testing.clock import DAWN, FakeClock
from plumbline.common.testing.database import keys_where, rows, service_pool
from plumbline.common.testing.messages import procore_changed
from plumbline.common.testing.waiting import eventually

TOPIC = PROCORE_EVENTS.name


def settings_of(bootstrap: str) -> KafkaSettings:
    """Return the settings of the embedded stack: the mock forgets its members quickly."""
    return KafkaSettings(
        bootstrap=bootstrap,
        session_timeout_ms=500,
        heartbeat_interval_ms=150,
        fetch_max_wait_ms=5,
        static_membership=False,
    )


def hint(record: str, event_id: str) -> Outgoing:
    message = procore_changed(event_id, resource_id=record)
    return outgoing(PROCORE_EVENTS, record, message, source="ingest", at=DAWN, event_id=event_id)


@contextlib.asynccontextmanager
async def producing(bootstrap: str) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=False)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def read_all(bootstrap: str, topic: str) -> list[tuple[str, bytes]]:
    """Return the key and value of everything on a topic, in order per partition."""
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest", enable_auto_commit=False
    )
    await consumer.start()
    try:
        ends = await consumer.end_offsets(consumer.assignment())
        found = []
        while any([await consumer.position(place) < end for place, end in ends.items()]):
            for batch in (await consumer.getmany(timeout_ms=100)).values():
                found += [((m.key or b"").decode(), m.value) for m in batch]
        return found
    finally:
        await consumer.stop()


@contextlib.asynccontextmanager
async def consuming(bootstrap: str, pool: Pool, batches: list[int]) -> AsyncIterator[None]:
    broker = PatientBroker(settings_of(bootstrap), client="test")

    async def record(connection: Connection, batch: Sequence[Received[ProcoreChanged]]) -> None:
        batches.append(len(batch))
        await mark(
            connection,
            [Mark(r.message.resource_id, "ohio", r.event_id) for r in batch],
            now=SystemClock().now(),
        )

    edge = Edge(
        service=f"test-{uuid4().hex}",
        broker=broker,
        pool=pool,
        clock=SystemClock(),
        settings=settings_of(bootstrap),
        replica="r1",
    )
    edge.subscribe(PROCORE_EVENTS, ProcoreChanged, record)
    await broker.start()
    try:
        yield
    finally:
        await broker.stop()


async def test_broken_headers_and_bodies_cost_no_neighbour_of_their_batch(
    mock_kafka: str, database_url: str
) -> None:
    run = uuid4().hex
    value = hint(f"null-{run}", "x").value
    odd = [
        (value, [("ce_id", None), ("other", b"fine")]),
        (value.replace(b"null-", b"undecodable-"), [("ce_id", b"\xff\xfe"), ("traceparent", b"\xff")]),
        (f'{{"broken": "{run}"'.encode(), [("ce_id", b"e3")]),
        (None, [("run", run.encode())]),
    ]
    async with producing(mock_kafka) as producer:
        for number, (body, headers) in enumerate(odd):
            for item in (
                hint(f"before-{number}-{run}", f"b{number}"),
                None,
                hint(f"after-{number}-{run}", "a"),
            ):
                sent_headers = headers if item is None else [(k, v.encode()) for k, v in item.headers.items()]
                await producer.send(
                    TOPIC, body if item is None else item.value, key=b"k", headers=sent_headers, partition=0
                )
        await producer.flush()
    wanted = {f"{side}-{n}-{run}" for side in ("before", "after") for n in range(4)}
    wanted |= {f"null-{run}", f"undecodable-{run}"}
    async with service_pool(database_url) as pool, consuming(mock_kafka, pool, []):
        await eventually(lambda: holds(pool, wanted))
        found = await rows(pool, "SELECT value FROM outbox WHERE topic = $1", DEAD_LETTERS.name)
    letters = [DeadLetter.model_validate_json(row["value"]) for row in found]
    assert len([letter for letter in letters if letter.headers.get("run") == run]) == 1
    assert len([letter for letter in letters if letter.headers.get("ce_id") == "e3"]) == 1


async def holds(pool: Pool, wanted: set[str]) -> bool:
    return wanted <= set(await keys_where(pool, "true"))


async def test_batch_comes_again_after_a_pause_when_the_database_was_away(
    mock_kafka: str, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plumbline.common.edge.PAUSE_FIRST_S", 0.05)
    key = f"patient-{uuid4().hex}"
    batches: list[int] = []
    async with service_pool(database_url) as pool:
        await rows(pool, "ALTER TABLE work RENAME TO work_away")
        async with consuming(mock_kafka, pool, batches), producing(mock_kafka) as producer:
            await producer.send_and_wait(TOPIC, hint(key, "e1").value, key=b"k")
            await eventually(lambda: came(batches, 1))
            await asyncio.sleep(0.5)
            await rows(pool, "ALTER TABLE work_away RENAME TO work")
            await eventually(lambda: holds(pool, {key}))
    assert 2 < len(batches) < 30  # without the pauses there are more than a thousand a second


async def came(batches: Sequence[int], times: int) -> bool:
    return len(batches) >= times


async def test_published_messages_arrive_in_order_with_their_headers(mock_kafka: str) -> None:
    key = uuid4().hex
    broker = PatientBroker(settings_of(mock_kafka), client="test")
    await broker.connect()
    try:
        await KafkaPublisher(broker).publish([hint(key, f"e{n}") for n in range(300)])
    finally:
        await broker.stop()
    values = [value for k, value in await read_all(mock_kafka, TOPIC) if k == key]
    assert [ProcoreChanged.model_validate_json(v).event_id for v in values] == [f"e{n}" for n in range(300)]


@pytest.mark.parametrize("connected", [True, False])
async def test_message_that_kafka_does_not_take_is_a_publish_error(
    mock_kafka: str, *, connected: bool
) -> None:
    broker = PatientBroker(settings_of(mock_kafka), client="test")
    if connected:
        await broker.connect()
    try:
        with pytest.raises(PublishError):
            await KafkaPublisher(broker).publish([Outgoing(TOPIC, "k", {}, b"x" * 2_000_000)])
    finally:
        await broker.stop()


class SilentBroker:
    """Takes every message and never acknowledges one."""

    async def publish(self, *_: object, **__: object) -> "asyncio.Future[None]":
        return asyncio.get_running_loop().create_future()


async def test_publisher_gives_up_on_a_silent_broker_after_its_own_timeout() -> None:
    publisher = KafkaPublisher(cast("KafkaBroker", SilentBroker()), timeout_s=0.01)
    async with asyncio.timeout(1.0):  # sooner than the default, so that it is not the default that ends it
        with pytest.raises(PublishError, match="TimeoutError"):
            await publisher.publish([hint("k", "e")])


class AnsweringBroker:
    """Answers pings, or is silent."""

    def __init__(self) -> None:
        self.answers = True
        self.asked = 0

    async def ping(self, timeout: float | None) -> bool:
        self.asked += 1
        await asyncio.sleep(0)
        return self.answers


PATIENCE = timedelta(milliseconds=40)


async def test_kafka_is_away_once_it_was_silent_for_too_long_and_back_with_its_first_answer() -> None:
    broker, clock, stop = AnsweringBroker(), FakeClock(), asyncio.Event()
    watch = KafkaWatch(cast("KafkaBroker", broker), clock=clock, patience=PATIENCE)

    async def asked_again() -> None:
        before = broker.asked
        await eventually(lambda: came([0] * broker.asked, before + 2))

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(watch.run(stop))
        await asked_again()
        broker.answers = False
        clock.advance(PATIENCE)
        await asked_again()
        assert watch.not_ready() is None
        clock.advance(timedelta(milliseconds=1))
        assert watch.not_ready() == f"Kafka has not answered since {DAWN:%Y-%m-%d %H:%M:%S} UTC"
        broker.answers = True
        await asked_again()
        assert watch.not_ready() is None
        stop.set()


# A whole service


class Small:
    """The small service as a process."""

    process: asyncio.subprocess.Process

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        self.environment, self.log = environment, log

    async def start(self) -> None:
        ready, write = os.pipe()
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                str(Path(__file__).with_name("common_small_service.py")),
                env={**os.environ, **self.environment, "PLUMBLINE_READY_FD": str(write)},
                pass_fds=[write],
                stderr=log,
            )
        os.close(write)
        said = await asyncio.to_thread(os.read, ready, 100)
        os.close(ready)
        assert said == b"ready\n", self.log.read_text()[-3000:]

    async def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return await self.process.wait()


@pytest.fixture
async def small(mock_kafka: str, database_url: str, tmp_path: Path) -> AsyncIterator[Small]:
    token = tmp_path / "token"
    token.write_text("operators-only\n")
    port = free_port()
    service = Small(
        {
            "PLUMBLINE_ENV": "test",
            "PLUMBLINE_REPLICA": "small-0",
            "PLUMBLINE_DATABASE_URL": database_url,
            "PLUMBLINE_CONFIG_DIR": str(tmp_path),
            "PLUMBLINE_OPERATOR_TOKEN_FILE": str(token),
            "PLUMBLINE_HTTP_PORT": str(port),
            **{
                f"PLUMBLINE_KAFKA_{name.upper()}": str(value)
                for name, value in settings_of(mock_kafka).model_dump(exclude_none=True).items()
            },
        },
        tmp_path / "log",
    )
    try:
        yield service
    finally:
        if service.process.returncode is None:
            await service.end(signal.SIGKILL)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


KILLS = 3


async def test_service_killed_again_and_again_serves_every_event_and_keeps_the_order(
    mock_kafka: str, database_url: str, small: Small
) -> None:
    run = uuid4().hex
    keys = [f"{run}-{n}" for n in range(8)]
    newest: dict[str, str] = {}
    async with service_pool(database_url, schema="small") as pool, producing(mock_kafka) as producer:
        await rows(pool, "CREATE TABLE intents (key text PRIMARY KEY, times integer NOT NULL DEFAULT 1)")
        await rows(pool, "CREATE TABLE effects (key text PRIMARY KEY, version integer NOT NULL DEFAULT 1)")
        for life in range(KILLS + 1):
            await small.start()
            for turn in range(12):
                for n, key in enumerate(keys):
                    newest[key] = f"{run}-{life}-{turn}-{n}"
                    sent = hint(key, newest[key])
                    headers = [(k, v.encode()) for k, v in sent.headers.items()]
                    await producer.send_and_wait(TOPIC, sent.value, key=key.encode(), headers=headers)
            await asyncio.sleep(0.05 * life)  # die at another place each time
            if life < KILLS:
                assert await small.end(signal.SIGKILL) == -signal.SIGKILL
        await eventually(lambda: served(pool, newest), within_s=60)
        assert await small.end(signal.SIGTERM) == 0
        versions = {r["key"]: r["version"] for r in await rows(pool, "SELECT * FROM effects")}
    published = await read_all(mock_kafka, LEDGER_COMMANDS.name)
    for key in keys:
        commands = [LedgerCommand.model_validate_json(value) for k, value in published if k == key]
        numbers = list(dict.fromkeys(c.version for c in commands))
        assert numbers == list(range(1, versions[key] + 1))
        assert commands[-1].why == (newest[key],)


async def served(pool: Pool, newest: Mapping[str, str]) -> bool:
    found = await rows(pool, "SELECT key, causes FROM work WHERE due_at IS NULL AND leased_by IS NULL")
    done = {row["key"]: row["causes"][-1] for row in found}
    return newest.items() <= done.items() and not await rows(pool, "SELECT 1 FROM outbox")


async def test_service_answers_for_its_health_and_its_records_until_it_is_told_to_stop(
    database_url: str, small: Small
) -> None:
    async with service_pool(database_url, schema="small"):
        await small.start()
    base = f"http://127.0.0.1:{small.environment['PLUMBLINE_HTTP_PORT']}"
    async with httpx.AsyncClient(base_url=base) as client:
        assert (await client.get("/health/ready")).status_code == 200
        assert 'plumbline_ready{service="small"} 1.0' in (await client.get("/metrics")).text
        assert (await client.get("/status")).status_code == 401
        client.headers["Authorization"] = "Bearer operators-only"
        assert (await client.get("/status")).status_code == 200
        assert (await client.get("/records/told")).json()["story"] == ["told was seen."]
    assert await small.end(signal.SIGTERM) == 0
