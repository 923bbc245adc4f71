"""librdkafka's mock cluster as a process: what aiokafka may expect of it. It proves nothing about Kafka."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from plumbline.common.contracts.topics import TOPICS
from plumbline.stack.processes import ProcessDiedError
from plumbline.stack.servers.mock_kafka import mock_kafka_spec
from plumbline.stack.supervisor import Supervisor


async def test_register_is_there_with_its_partitions(mock_kafka: str) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=mock_kafka)
    await producer.start()
    try:
        for topic in TOPICS:
            assert len(await producer.partitions_for(topic.name)) == topic.partitions
    finally:
        await producer.stop()


async def test_group_reads_what_was_written(mock_kafka: str) -> None:
    topic = TOPICS[0].name
    value = uuid4().hex.encode()
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=mock_kafka,
        group_id=uuid4().hex,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=5,
    )
    producer = AIOKafkaProducer(bootstrap_servers=mock_kafka, acks="all", enable_idempotence=False)
    await producer.start()
    await consumer.start()
    try:
        await producer.send_and_wait(topic, value, key=b"key", headers=[("ce_id", b"1")])
        async for message in consumer:
            if message.value == value:
                assert message.headers == (("ce_id", b"1"),)
                break
    finally:
        await consumer.stop()
        await producer.stop()


async def test_cluster_stops_in_order_within_its_grace(tmp_path: Path) -> None:
    async with Supervisor(tmp_path) as supervisor:
        assert (await supervisor.start(mock_kafka_spec({"things": 3}))).startswith("127.0.0.1:")
        os.kill(supervisor.pid("kafka"), signal.SIGTERM)
        with pytest.raises(ProcessDiedError, match="kafka ended with status 0"):
            await supervisor.watch()
