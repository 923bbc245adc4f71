"""What compliance tells the world, read as any other team reads it; and a desk, which reads what is sent to it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from plumbline.common.contracts.cloudevents import outgoing
from plumbline.common.contracts.documents import (
    DispatchAcknowledged,
    DispatchHeld,
    DispatchTicket,
    DocumentDecided,
    DocumentReceived,
    PayableChanged,
)
from plumbline.common.contracts.topics import (
    DISPATCH_ACKNOWLEDGED,
    DISPATCH_HELD,
    DOCUMENTS_DECIDED,
    DOCUMENTS_RECEIVED,
    PAYABLES,
    dispatch_topic,
)
from plumbline.stack.scenario.results import KafkaAccess

T = TypeVar("T")

SEEN_WITHIN_S = 90.0
"""How long what must come may take, though every server may be killed meanwhile."""

_LOOK_PAUSE_S = 0.05


@dataclass(slots=True)
class Seen:
    """What was read so far; of what has versions the newest, whatever the order of reading."""

    received: list[DocumentReceived] = field(default_factory=list)
    decided: dict[str, DocumentDecided] = field(default_factory=dict)
    payables: dict[str, PayableChanged] = field(default_factory=dict)
    held: list[DispatchHeld] = field(default_factory=list)
    states: dict[str, list[str]] = field(default_factory=dict)
    """Every state that a payable was told to be in, in order, without repetitions."""

    def take(self, topic: str, value: bytes) -> None:
        """Take one message."""
        if topic == DOCUMENTS_RECEIVED.name:
            self.received.append(DocumentReceived.model_validate_json(value))
        elif topic == DOCUMENTS_DECIDED.name:
            decided = DocumentDecided.model_validate_json(value)
            known = self.decided.get(decided.document)
            if known is None or decided.version >= known.version:
                self.decided[decided.document] = decided
        elif topic == PAYABLES.name:
            self._take_payable(PayableChanged.model_validate_json(value))
        else:
            self.held.append(DispatchHeld.model_validate_json(value))

    def of(self, project_id: str, mark: str) -> DocumentDecided | None:
        """Return what was decided about a paper of a project, which its file's name or the record it came with marks."""
        for one in self.received:
            if one.project_id == project_id and (
                one.file_name == mark or mark in one.source_record.split("/")
            ):
                return self.decided.get(one.document)
        return None

    def _take_payable(self, payable: PayableChanged) -> None:
        known = self.payables.get(payable.payable)
        if known is not None and payable.version <= known.version:
            return
        self.payables[payable.payable] = payable
        states = self.states.setdefault(payable.payable, [])
        if not states or states[-1] != payable.state:
            states.append(payable.state)


async def once(find: Callable[[], T | None], *, within_s: float = SEEN_WITHIN_S) -> T | None:
    """Return what is found as soon as it is; None if it does not come in time."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            while (found := find()) is None:  # noqa: ASYNC110  other processes tell
                await asyncio.sleep(_LOOK_PAUSE_S)
            return found
    return None


@asynccontextmanager
async def observing(kafka: KafkaAccess) -> AsyncIterator[Seen]:
    """Read what compliance tells of papers and payables, from the beginning, until the end of the context."""
    seen = Seen()
    topics = (DOCUMENTS_RECEIVED, DOCUMENTS_DECIDED, PAYABLES, DISPATCH_HELD)
    consumer = AIOKafkaConsumer(
        **kafka.client(), auto_offset_reset="earliest", enable_auto_commit=False, fetch_max_wait_ms=50
    )
    await consumer.start()
    try:
        consumer.assign([TopicPartition(t.name, n) for t in topics for n in range(t.partitions)])
        async with _running(_read(consumer, seen)):
            yield seen
    finally:
        await consumer.stop()


async def _read(consumer: AIOKafkaConsumer, seen: Seen) -> None:
    async for message in consumer:
        seen.take(message.topic, message.value or b"")


@dataclass(slots=True)
class Desk:
    """A trade's desk in a region: it takes each of its tickets once, and says so."""

    region: str
    desk: str
    by: str
    """Who sits there."""
    tickets: list[DispatchTicket] = field(default_factory=list)
    """In the order in which they came, repetitions left out."""

    def take(self, value: bytes) -> DispatchAcknowledged | None:
        """Take a message, and return what is said of it; None if it is not for this desk, or was taken before."""
        ticket = DispatchTicket.model_validate_json(value)
        if ticket.desk != self.desk or ticket.ticket in {known.ticket for known in self.tickets}:
            return None
        self.tickets.append(ticket)
        return DispatchAcknowledged(
            ticket=ticket.ticket,
            project_id=ticket.project_id,
            desk=self.desk,
            by=self.by,
            at=datetime.now(UTC),
        )


@asynccontextmanager
async def attended(kafka: KafkaAccess, desks: Sequence[Desk]) -> AsyncIterator[None]:
    """Let desks read the topics of their regions, each in a group of its own, and acknowledge, until the end of the context."""
    producer = AIOKafkaProducer(**kafka.client(), acks="all", enable_idempotence=False)
    await producer.start()
    try:
        async with contextlib.AsyncExitStack() as stack:
            for desk in desks:
                await stack.enter_async_context(_at(desk, kafka, producer))
            yield
    finally:
        await producer.stop()


@asynccontextmanager
async def _at(desk: Desk, kafka: KafkaAccess, producer: AIOKafkaProducer) -> AsyncIterator[None]:
    consumer = AIOKafkaConsumer(
        dispatch_topic(desk.region).name,
        **kafka.client(),
        group_id=f"desks.{desk.region}.{desk.desk}",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        fetch_max_wait_ms=50,
    )
    await consumer.start()
    try:
        async with _running(_work(desk, consumer, producer)):
            yield
    finally:
        await consumer.stop()


async def _work(desk: Desk, consumer: AIOKafkaConsumer, producer: AIOKafkaProducer) -> None:
    async for message in consumer:
        if said := desk.take(message.value or b""):
            sent = outgoing(DISPATCH_ACKNOWLEDGED, said.key, said, source="desks", at=said.at)
            headers = [(name, text.encode()) for name, text in sent.headers.items()]
            await producer.send_and_wait(sent.topic, sent.value, key=sent.key.encode(), headers=headers)
        await consumer.commit()


@asynccontextmanager
async def _running(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Let something go on until the end of the context; if it fails, so does the context."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(work)
        yield
        task.cancel()
