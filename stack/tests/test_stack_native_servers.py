"""Real Kafka and Vault, started as the native stack starts them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from plumbline.common.contracts.topics import TOPICS
from plumbline.provision.kafka import Broker, create_topics
from plumbline.stack.run_folder import run_folder
from plumbline.stack.servers.kafka import prepare_kafka
from plumbline.stack.servers.vault import prepare_vault
from plumbline.stack.supervisor import Supervisor

pytestmark = pytest.mark.connected


async def test_killed_kafka_comes_back_with_its_topics_and_messages(tmp_path: Path) -> None:
    topic = TOPICS[0]
    with run_folder() as folder:
        server = await prepare_kafka(folder, tmp_path)
        async with Supervisor(tmp_path) as supervisor:
            await supervisor.start(server.spec())
            for _ in range(2):
                await asyncio.to_thread(create_topics, Broker(bootstrap=server.bootstrap), TOPICS)
            await _produce(server.bootstrap, topic.name, b"kept")
            supervisor.kill("kafka")
            await supervisor.ready("kafka")
            assert await _first_value(server.bootstrap, topic.name) == b"kept"
            assert await _partitions(server.bootstrap) == {topic.name: topic.partitions for topic in TOPICS}


async def test_vault_keeps_a_secret_for_its_root_token(tmp_path: Path) -> None:
    with run_folder() as folder:
        server = await prepare_vault(folder, root_token="told")
        async with Supervisor(tmp_path) as supervisor:
            await supervisor.start(server.spec())
            async with httpx.AsyncClient(base_url=server.url, trust_env=False) as client:
                told = {"X-Vault-Token": "told"}
                await client.post("/v1/secret/data/thing", headers=told, json={"data": {"x": 1}})
                read = await client.get("/v1/secret/data/thing", headers=told)
                refused = await client.get("/v1/secret/data/thing", headers={"X-Vault-Token": "guessed"})
    assert read.json()["data"]["data"] == {"x": 1}
    assert refused.status_code == 403


async def _produce(bootstrap: str, topic: str, value: bytes) -> None:
    async with AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks="all", enable_idempotence=False
    ) as producer:
        await producer.send_and_wait(topic, value)


async def _first_value(bootstrap: str, topic: str) -> bytes | None:
    async with AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest") as consumer:
        value: bytes | None = (await consumer.getone()).value
        return value


async def _partitions(bootstrap: str) -> dict[str, int]:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        return {topic.name: len(await producer.partitions_for(topic.name)) for topic in TOPICS}
