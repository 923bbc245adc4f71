"""What stands in the topics, as their consumers can see it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from plumbline.common.contracts.ledger import LedgerResult
from plumbline.common.contracts.topics import LEDGER_RESULTS, Topic


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaAccess:
    """How a reader on this machine reaches Kafka."""

    bootstrap: str
    username: str | None = None
    """Enters by SCRAM-SHA-512; None where the broker asks for no name."""
    password: str = field(default="", repr=False)

    def client(self) -> dict[str, Any]:
        """Return what aiokafka's clients are told."""
        sasl = {
            "security_protocol": "SASL_PLAINTEXT",
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_plain_username": self.username,
            "sasl_plain_password": self.password,
        }
        return {"bootstrap_servers": self.bootstrap, **(sasl if self.username else {})}


READ_TIMEOUT_MS = 500
"""An empty read of this length means that the topic has been read."""


async def read_results(kafka: KafkaAccess) -> list[LedgerResult]:
    """Return every result on the topic, without joining a group."""
    return [LedgerResult.model_validate_json(value) for value in await read_topic(kafka, LEDGER_RESULTS)]


async def read_topic(kafka: KafkaAccess, topic: Topic) -> list[bytes]:
    """Return the value of every message on a topic, without joining a group."""
    async with _reading(kafka, topic, group=None) as consumer:
        await consumer.seek_to_beginning()
        found: list[bytes] = []
        while batches := await consumer.getmany(timeout_ms=READ_TIMEOUT_MS):
            found += [record.value or b"" for batch in batches.values() for record in batch]
        return found


async def committed_lag(kafka: KafkaAccess, topic: Topic, *, group: str) -> int:
    """Return how many messages of a topic a group has not committed, without joining it."""
    async with _reading(kafka, topic, group=group) as consumer:
        ends = await consumer.end_offsets(consumer.assignment())
        return sum([end - (await consumer.committed(place) or 0) for place, end in ends.items()])


@asynccontextmanager
async def _reading(kafka: KafkaAccess, topic: Topic, *, group: str | None) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(
        **kafka.client(),
        group_id=group,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        fetch_max_wait_ms=50,
    )
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic.name, n) for n in range(topic.partitions)])
        yield consumer
    finally:
        await consumer.stop()
