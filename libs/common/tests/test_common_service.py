"""The parts of a service hang together: none ends while the others go on without it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest
from faststream.kafka import KafkaBroker
from pydantic import SecretStr
from starlette.applications import Starlette

from plumbline.common.clock import SystemClock
from plumbline.common.contracts.cloudevents import outgoing
from plumbline.common.contracts.topics import LEDGER_COMMANDS
from plumbline.common.database import Pool, transaction
from plumbline.common.edge import Edge
from plumbline.common.listening import Bell
from plumbline.common.outbox import put
from plumbline.common.process import Process
from plumbline.common.service import RecordService
from plumbline.common.settings import KafkaSettings, ServiceSettings
from plumbline.common.testing.clock import DAWN
from plumbline.common.testing.database import SCHEMA, service_pool
from plumbline.common.testing.messages import ledger_command

IN_TIME_S = 5.0


class BrokenBroker:
    """Publishing fails in a way that nobody has a name for."""

    async def publish(self, *_: Any, **__: Any) -> None:
        raise ZeroDivisionError


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with service_pool(database_url) as opened:
        yield opened


def service(pool: Pool, url: str, broker: object) -> RecordService:
    settings = ServiceSettings.model_construct(database_url=SecretStr(url), replica="r1")
    clock, kafka = SystemClock(), cast("KafkaBroker", broker)
    edge = Edge(SCHEMA, kafka, pool, clock, KafkaSettings(bootstrap="nowhere:1"), "r1")
    return RecordService(SCHEMA, settings, pool, kafka, edge, clock, Bell(), Bell())


async def test_relay_that_ends_by_itself_ends_the_service(pool: Pool, database_url: str) -> None:
    async with transaction(pool) as connection:
        await put(connection, [outgoing(LEDGER_COMMANDS, "k", ledger_command(), source="test", at=DAWN)])
    async with asyncio.timeout(IN_TIME_S):
        with pytest.raises(ZeroDivisionError):
            await service(pool, database_url, BrokenBroker())._relay(asyncio.Event())


async def test_relay_ends_when_the_service_is_told_to_stop(pool: Pool, database_url: str) -> None:
    stop = asyncio.Event()
    stop.set()
    async with asyncio.timeout(IN_TIME_S):
        await service(pool, database_url, BrokenBroker())._relay(stop)


class Broker:
    """Starts and stops, and remembers it."""

    def __init__(self) -> None:
        self.happened: list[str] = []

    async def start(self) -> None:
        self.happened.append("started")

    async def stop(self) -> None:
        self.happened.append("stopped")


async def breaking(_: asyncio.Event) -> None:
    raise ZeroDivisionError


async def test_loop_that_breaks_ends_the_process_and_its_kafka_in_order() -> None:
    broker = Broker()
    process = Process(ServiceSettings.model_construct(http_host="127.0.0.1", http_port=0, ready_fd=None))
    async with asyncio.timeout(IN_TIME_S):
        with pytest.raises(ZeroDivisionError):
            await process.run(app=Starlette(), broker=cast("KafkaBroker", broker), loops=[breaking])
    assert broker.happened == ["started", "stopped"]
