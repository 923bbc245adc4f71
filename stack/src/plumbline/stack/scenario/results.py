"""Latency as consumers of `ledger.results.v1` can measure it."""

from __future__ import annotations

from aiokafka import AIOKafkaConsumer, TopicPartition

from plumbline.common.contracts.ledger import LedgerResult
from plumbline.common.contracts.topics import LEDGER_RESULTS

READ_TIMEOUT_MS = 500
"""An empty read of this length means that the topic has been read."""


async def read_results(bootstrap: str) -> list[LedgerResult]:
    """Return every result on the topic, without joining a group."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
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
