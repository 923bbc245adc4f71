"""The edge: a batch of messages becomes stored marks, in one transaction, before Kafka forgets it.

A subscriber is one call of `subscribe` with the function that records. Delivery is at least
once: offsets are committed after the transaction, so `record` must be safe to repeat. A
message that cannot be read goes to `dead-letters.v1` in that same transaction; its
neighbours are not delayed.
"""

import asyncio
import base64
import re
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

import structlog
from aiokafka import ConsumerRecord
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage
from pydantic import ValidationError

from plumbline.common.clock import Clock
from plumbline.common.contracts.base import Contract
from plumbline.common.contracts.cloudevents import Outgoing, outgoing
from plumbline.common.contracts.operations import DeadLetter
from plumbline.common.contracts.topics import DEAD_LETTERS, Topic
from plumbline.common.database import Connection, Pool, transaction
from plumbline.common.errors import TransientError
from plumbline.common.metrics import INTAKE_FAILURES, MESSAGES_READ
from plumbline.common.outbox import put
from plumbline.common.settings import KafkaSettings

MAX_RECORDS = 500
"""Messages stored by one transaction at most."""

BATCH_WAIT_MS = 10
"""How long an empty poll rests: idle processor time against latency."""

PAUSE_FIRST_S = 0.5
"""Before a failed batch is read again: without a pause, redelivery is a hot loop."""

PAUSE_MAX_S = 30.0
"""The longest such pause; well under the broker's limit of five minutes between polls."""

DEAD_LETTERS_PER_HOUR = 1000
"""Beyond this the consumer stops: something is wrong with the sender or with us, not with messages."""

MAX_KEPT_BYTES = 384 * 1024
"""A dead letter keeps so much of a body; the whole stays where it came from, as long as its topic is kept."""

MAX_KEPT_HEADERS = 50
"""A dead letter keeps so many headers …"""

MAX_KEPT_TEXT = 1000
"""… and so many characters of a header, a key or an id."""

log = structlog.get_logger(__name__)

M = TypeVar("M", bound=Contract)


@dataclass(frozen=True, slots=True)
class Received(Generic[M]):
    """One readable message."""

    message: M
    event_id: str
    traceparent: str | None


Record = Callable[[Connection, Sequence[Received[M]]], Awaitable[None]]
"""Stores a batch inside the given transaction; called again with the same batch after a crash."""


class DeadLetterLimitError(TransientError):
    """Too many unreadable messages in an hour: consuming stops until somebody has looked."""


@dataclass(frozen=True, slots=True)
class Edge:
    """What every subscriber of one service shares."""

    service: str
    broker: KafkaBroker
    pool: Pool
    clock: Clock
    settings: KafkaSettings
    replica: str

    def subscribe(self, topic: Topic, model: type[M], record: Record[M]) -> None:
        """Record every message of a topic, in a consumer group named after the service."""
        group = f"{self.service}.{topic.name}"
        intake = _Intake(self, topic, model, record)
        subscriber = self.broker.subscriber(
            topic.name,
            group_id=group,
            group_instance_id=f"{group}-{self.replica}" if self.settings.static_membership else None,
            batch=True,
            max_records=MAX_RECORDS,
            batch_timeout_ms=BATCH_WAIT_MS,
            fetch_max_wait_ms=self.settings.fetch_max_wait_ms,
            session_timeout_ms=self.settings.session_timeout_ms,
            heartbeat_interval_ms=self.settings.heartbeat_interval_ms,
            auto_offset_reset="earliest",
            ack_policy=AckPolicy.NACK_ON_ERROR,
            no_reply=True,
            decoder=_undecoded,
        )

        async def on_batch(_: Any, message: KafkaMessage) -> None:
            await intake.take(message.raw_message)

        on_batch.__name__ = f"on_{topic.name.replace('.', '_').replace('-', '_')}"
        subscriber(on_batch)


async def _undecoded(message: Any) -> Any:
    # The default decoder parses the batch as a whole: one bad record would fail all.
    return [record.value for record in message.raw_message]


def _place(item: "ConsumerRecord[bytes, bytes]") -> str:
    return f"{item.topic}/{item.partition}/{item.offset}"


def _headers(item: "ConsumerRecord[bytes, bytes]") -> dict[str, str]:
    return {_text(name.encode()): _text(value) for name, value in item.headers[:MAX_KEPT_HEADERS]}


def _text(value: bytes) -> str:
    """Return text that every row and header can carry: no control characters, and not too long."""
    return re.sub(r"[\x00-\x1f\x7f]", "\ufffd", value.decode("utf-8", "replace"))[:MAX_KEPT_TEXT]


class _Intake(Generic[M]):
    """Takes the batches of one topic, and paces itself when it cannot."""

    def __init__(self, edge: Edge, topic: Topic, model: type[M], record: Record[M]) -> None:
        self._edge = edge
        self._topic = topic
        self._model = model
        self._record = record
        self._failing = INTAKE_FAILURES.labels(edge.service, topic.name)
        self._failures = 0
        self._buried: deque[datetime] = deque(maxlen=DEAD_LETTERS_PER_HOUR)

    async def take(self, raw: Sequence["ConsumerRecord[bytes, bytes]"]) -> None:
        try:
            await self._store(raw)
        except Exception as error:  # whatever it is, the batch is read again, after a pause
            self._failures += 1
            self._failing.set(self._failures)
            pause_s = min(PAUSE_MAX_S, PAUSE_FIRST_S * (1 << min(self._failures, 10) - 1))
            log.warning("edge.waiting", topic=self._topic.name, pause_s=pause_s, error=str(error)[:300])
            await asyncio.sleep(pause_s)
            raise
        self._failures = 0
        self._failing.set(0)

    async def _store(self, raw: Sequence["ConsumerRecord[bytes, bytes]"]) -> None:
        readable: list[Received[M]] = []
        letters: list[Outgoing] = []
        for item in raw:
            try:
                readable.append(self._read(item))
            except ValidationError as error:
                letters.append(self._dead_letter(item, error))
        self._guard(len(letters))
        async with transaction(self._edge.pool) as connection:
            if readable:
                await self._record(connection, readable)
            await put(connection, letters)
        self._buried.extend(self._edge.clock.now() for _ in letters)
        self._count(len(readable), len(letters))

    def _read(self, item: "ConsumerRecord[bytes, bytes]") -> Received[M]:
        headers = _headers(item)
        return Received(
            message=self._model.model_validate_json(item.value or b""),
            event_id=headers.get("ce_id") or _place(item),
            traceparent=headers.get("traceparent") or None,
        )

    def _dead_letter(self, item: "ConsumerRecord[bytes, bytes]", error: ValidationError) -> Outgoing:
        now = self._edge.clock.now()
        problem = error.errors(include_input=False, include_url=False)[0]
        letter = DeadLetter(
            service=self._edge.service,
            reason="not-this-contract",
            detail=f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}",
            origin=item.topic,
            partition=item.partition,
            offset=item.offset,
            key=_text(item.key or b"") or None,
            headers=_headers(item),
            body_base64=base64.b64encode((item.value or b"")[:MAX_KEPT_BYTES]).decode(),
            at=now,
        )
        log.warning("edge.unreadable", topic=item.topic, offset=item.offset, detail=letter.detail)
        return outgoing(DEAD_LETTERS, letter.key or _place(item), letter, source=self._edge.service, at=now)

    def _guard(self, more: int) -> None:
        hour_ago = self._edge.clock.now() - timedelta(hours=1)
        recent = sum(1 for at in self._buried if at > hour_ago)
        if more and recent + more > DEAD_LETTERS_PER_HOUR:
            raise DeadLetterLimitError(topic=self._topic.name)

    def _count(self, readable: int, letters: int) -> None:
        service, topic = self._edge.service, self._topic.name
        MESSAGES_READ.labels(service, topic, "recorded").inc(readable)
        MESSAGES_READ.labels(service, topic, "dead-letter").inc(letters)
