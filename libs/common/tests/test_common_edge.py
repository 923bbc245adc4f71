"""The edge: stored before it is committed, the unreadable set aside, the rest not delayed."""

import base64
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import TypeAlias, cast

import pytest
import structlog
from aiokafka import ConsumerRecord
from faststream import AckPolicy
from faststream.kafka import KafkaBroker

from plumbline.common.contracts.cloudevents import outgoing
from plumbline.common.contracts.operations import DeadLetter
from plumbline.common.contracts.procore import ProcoreChanged
from plumbline.common.contracts.topics import PROCORE_EVENTS
from plumbline.common.database import Connection, DatabaseUnavailableError, Pool
from plumbline.common.edge import (
    DEAD_LETTERS_PER_HOUR,
    MAX_KEPT_BYTES,
    MAX_RECORDS,
    PAUSE_MAX_S,
    DeadLetterLimitError,
    Edge,
    Received,
)
from plumbline.common.outbox.box import MAX_BYTES
from plumbline.common.reconciling.marks import Mark
from plumbline.common.reconciling.store import mark
from plumbline.common.settings import KafkaSettings
from plumbline.common.testing.clock import DAWN, FakeClock
from plumbline.common.testing.database import keys_where, rows, service_pool, work_row
from plumbline.common.testing.figures import figure
from plumbline.common.testing.intake import FakeBroker, consumed, raw_record
from plumbline.common.testing.messages import procore_changed

TOPIC = PROCORE_EVENTS.name
PARENT = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
Item: TypeAlias = ConsumerRecord


class Leaky:
    """A pool that can be away."""

    def __init__(self, real: Pool) -> None:
        self.real = real
        self.away = False

    def acquire(self, *, timeout: float | None = None) -> AbstractAsyncContextManager[Connection]:
        if self.away:
            raise ConnectionRefusedError("the database was told to be away")
        return self.real.acquire(timeout=timeout)


class Intake:
    """A service's edge over a broker that only hands over."""

    def __init__(self, pool: Pool) -> None:
        self.pool = Leaky(pool)
        self.clock = FakeClock()
        self.broker = FakeBroker()
        self.received: list[Received[ProcoreChanged]] = []
        edge = Edge(
            service="mapper",
            broker=cast("KafkaBroker", self.broker),
            pool=self.pool,
            clock=self.clock,
            settings=KafkaSettings(bootstrap="nowhere:1"),
            replica="mapper-0",
        )
        edge.subscribe(PROCORE_EVENTS, ProcoreChanged, self.record)

    async def record(self, connection: Connection, batch: Sequence[Received[ProcoreChanged]]) -> None:
        self.received += batch
        marks = [
            Mark(r.message.resource_id, r.message.connection, r.event_id, traceparent=r.traceparent)
            for r in batch
        ]
        await mark(connection, marks, now=self.clock.now())

    async def take(self, *batch: Item) -> None:
        await self.broker.deliver(TOPIC, batch)

    async def letters(self) -> list[DeadLetter]:
        found = await rows(
            self.pool.real, "SELECT value FROM outbox WHERE topic = 'dead-letters.v1' ORDER BY id"
        )
        return [DeadLetter.model_validate_json(row["value"]) for row in found]


@pytest.fixture
async def intake(database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Intake]:
    monkeypatch.setattr("plumbline.common.edge.PAUSE_FIRST_S", 0.001)
    async with service_pool(database_url) as pool:
        yield Intake(pool)


def good(record: str, event_id: str = "e1", *, offset: int = 0) -> Item:
    message = procore_changed(event_id, resource_id=record)
    sent = outgoing(PROCORE_EVENTS, message.key, message, source="ingest", at=DAWN, event_id=event_id)
    return consumed(sent, offset=offset)


BROKEN = [b"", b"{", b"[]", b'"text"', b"\xff\xfe", b'{"event_id": "e"}', b"[" * 100_000, b"null"]


@pytest.mark.parametrize("body", BROKEN, ids=lambda b: repr(b[:12]))
async def test_unreadable_message_is_set_aside_whole_and_its_neighbours_are_kept(
    intake: Intake, body: bytes
) -> None:
    bad = raw_record(TOPIC, body, key=b"some/key", headers=[("ce_id", b"e9")], offset=41, partition=2)
    await intake.take(good("A"), bad, good("B"))
    assert await keys_where(intake.pool.real, "true") == ["A", "B"]
    (letter,) = await intake.letters()
    assert (letter.service, letter.reason, letter.key) == ("mapper", "not-this-contract", "some/key")
    assert (letter.origin, letter.partition, letter.offset) == (TOPIC, 2, 41)
    assert base64.b64decode(letter.body_base64) == body
    assert letter.headers == {"ce_id": "e9"}


async def test_tombstone_and_missing_key_make_a_dead_letter_named_by_their_place(intake: Intake) -> None:
    await intake.take(raw_record(TOPIC, None, offset=7, partition=1))
    (row,) = await rows(intake.pool.real, "SELECT key FROM outbox")
    assert row["key"] == f"{TOPIC}/1/7"


async def test_batch_of_only_unreadable_messages_records_nothing(intake: Intake) -> None:
    await intake.take(raw_record(TOPIC, b"{", offset=1), raw_record(TOPIC, b"}", offset=2))
    assert intake.received == []
    assert [letter.offset for letter in await intake.letters()] == [1, 2]


@pytest.mark.parametrize("text", [b"a\x00b", b"a\x1fb", b"\xff", "Ä".encode(), b"x" * 2_000_000])
async def test_odd_text_in_key_and_headers_does_not_stop_the_topic(intake: Intake, text: bytes) -> None:
    message = good("A").value
    odd = [("ce_id", text), ("traceparent", text), ("x-" + text[:3].decode("latin-1"), text)]
    await intake.take(
        raw_record(TOPIC, message, key=text, headers=odd),
        raw_record(TOPIC, b"{", key=text, headers=odd),
        raw_record(TOPIC, message.replace(b'"7001"', b'"\\u0000"').replace(b'"A"', b'"\\u0000"'), key=text),
        good("B"),
    )
    assert await keys_where(intake.pool.real, "true") == ["A", "B"]
    assert len(await intake.letters()) == 2


async def test_huge_dead_letter_is_cut_to_what_kafka_takes(intake: Intake) -> None:
    headers = [(f"h{n}", b"\x01" * 5000) for n in range(200)]
    await intake.take(raw_record(TOPIC, b"x" * 1_000_000, headers=headers, offset=3))
    (letter,) = await intake.letters()
    assert base64.b64decode(letter.body_base64) == b"x" * MAX_KEPT_BYTES
    assert len(letter.model_dump_json()) < MAX_BYTES


async def test_event_id_and_trace_come_from_the_headers(intake: Intake) -> None:
    item = good("A", "e7")
    traced = raw_record(TOPIC, item.value, headers=[*item.headers, ("traceparent", PARENT)])
    await intake.take(traced)
    row = await work_row(intake.pool.real, "A")
    assert (row["causes"], row["traceparent"]) == (["e7"], PARENT.decode())


async def test_event_without_an_id_is_known_by_its_place(intake: Intake) -> None:
    await intake.take(raw_record(TOPIC, good("A").value, offset=5, partition=3))
    assert (await work_row(intake.pool.real, "A"))["causes"] == [f"{TOPIC}/3/5"]


async def test_batch_delivered_again_changes_nothing(intake: Intake) -> None:
    batch = [good("A", "e1"), good("B", "e2"), good("A", "e3")]
    await intake.take(*batch)
    before = await rows(intake.pool.real, "SELECT key, generation, causes, due_at FROM work ORDER BY key")
    await intake.take(*batch)
    assert (
        await rows(intake.pool.real, "SELECT key, generation, causes, due_at FROM work ORDER BY key")
        == before
    )


async def test_nothing_of_a_batch_is_stored_if_its_recording_fails(intake: Intake) -> None:
    async def fail(connection: Connection, _: Sequence[Received[ProcoreChanged]]) -> None:
        await mark(connection, [Mark("A", "ohio", "e1")], now=DAWN)
        raise ZeroDivisionError

    Edge(
        service="mapper",
        broker=cast("KafkaBroker", intake.broker),
        pool=intake.pool,
        clock=intake.clock,
        settings=KafkaSettings(bootstrap="nowhere:1"),
        replica="mapper-0",
    ).subscribe(PROCORE_EVENTS, ProcoreChanged, fail)
    with pytest.raises(ZeroDivisionError):
        await intake.take(good("A"), raw_record(TOPIC, b"{"))
    assert await keys_where(intake.pool.real, "true") == []
    assert await intake.letters() == []


async def test_absent_database_is_met_with_longer_and_longer_pauses(
    intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plumbline.common.edge.PAUSE_MAX_S", 0.006)
    intake.pool.away = True
    with structlog.testing.capture_logs() as logs:
        for _ in range(5):
            with pytest.raises(DatabaseUnavailableError):
                await intake.take(good("A"))
        assert figure("intake_failures", service="mapper", topic=TOPIC) == 5
        intake.pool.away = False
        await intake.take(good("A"))
        assert figure("intake_failures", service="mapper", topic=TOPIC) == 0
        intake.pool.away = True
        with pytest.raises(DatabaseUnavailableError):
            await intake.take(good("B"))
    assert [line["pause_s"] for line in logs] == [0.001, 0.002, 0.004, 0.006, 0.006, 0.001]
    assert await keys_where(intake.pool.real, "true") == ["A"]


async def test_longest_pause_is_far_from_the_brokers_patience() -> None:
    assert PAUSE_MAX_S * 2 < 300


async def test_consumer_stops_at_the_limit_of_dead_letters_and_goes_on_an_hour_later(intake: Intake) -> None:
    bad = [raw_record(TOPIC, b"{", offset=n) for n in range(DEAD_LETTERS_PER_HOUR // 2)]
    with structlog.testing.capture_logs():
        await intake.take(*bad)
        await intake.take(*bad)
        await intake.take(good("A"))
        with pytest.raises(DeadLetterLimitError):
            await intake.take(good("B"), bad[0])
        assert await keys_where(intake.pool.real, "true") == ["A"]
        intake.clock.advance(timedelta(hours=1))
        await intake.take(good("B"), bad[0])
    assert await keys_where(intake.pool.real, "true") == ["A", "B"]
    assert len(await intake.letters()) == DEAD_LETTERS_PER_HOUR + 1


async def test_dead_letters_that_were_rolled_back_do_not_count(intake: Intake) -> None:
    bad = [raw_record(TOPIC, b"{", offset=n) for n in range(DEAD_LETTERS_PER_HOUR)]
    intake.pool.away = True
    with structlog.testing.capture_logs():
        for _ in range(3):
            with pytest.raises(DatabaseUnavailableError):
                await intake.take(*bad)
        intake.pool.away = False
        await intake.take(*bad)
    assert len(await intake.letters()) == DEAD_LETTERS_PER_HOUR


async def test_subscriber_says_everything_that_at_least_once_needs(intake: Intake) -> None:
    options = intake.broker.options[TOPIC]
    assert options["ack_policy"] is AckPolicy.NACK_ON_ERROR
    assert options["auto_offset_reset"] == "earliest"
    assert options["batch"] is True
    assert options["max_records"] == MAX_RECORDS <= 500  # what one transaction stores, and one process holds
    assert options["group_id"] == f"mapper.{TOPIC}"
    assert options["group_instance_id"] == f"mapper.{TOPIC}-mapper-0"


async def test_dead_letter_is_a_message_that_control_room_can_read(intake: Intake) -> None:
    await intake.take(raw_record(TOPIC, b'{"event_id": "e"}', key=b"k"))
    (row,) = await rows(intake.pool.real, "SELECT topic, headers, value FROM outbox")
    headers = dict(zip(row["headers"][::2], row["headers"][1::2], strict=True))
    assert (row["topic"], headers["ce_subject"]) == ("dead-letters.v1", "k")
    assert json.loads(row["value"])["detail"] == "connection: Field required"
