"""Latency as consumers of `ledger.results.v1` can measure it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from plumbline.common.contracts.ledger import LedgerResult
from plumbline.common.contracts.topics import LEDGER_RESULTS


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
    consumer = AIOKafkaConsumer(
        **kafka.client(),
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        fetch_max_wait_ms=50,
    )
    await consumer.start()
    try:
        consumer.assign([TopicPartition(LEDGER_RESULTS.name, n) for n in range(LEDGER_RESULTS.partitions)])
        await consumer.seek_to_beginning()
        found: list[LedgerResult] = []
        while batches := await consumer.getmany(timeout_ms=READ_TIMEOUT_MS):
            records = [record for batch in batches.values() for record in batch]
            found += [LedgerResult.model_validate_json(record.value or b"") for record in records]
        return found
    finally:
        await consumer.stop()
