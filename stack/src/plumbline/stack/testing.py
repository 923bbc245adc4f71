"""Pytest fixtures that give tests real servers; the root `conftest.py` loads this plugin."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from typing import TypeVar
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest

from plumbline.stack.run_folder import run_folder
from plumbline.stack.servers.addresses import ServerAddresses
from plumbline.stack.servers.embedded import start_embedded_postgres, start_mock_kafka
from plumbline.stack.servers.real import describe, real_servers
from plumbline.stack.servers.s3 import S3Address, real_s3
from plumbline.stack.supervisor import Supervisor

T = TypeVar("T")

_TEMPLATE = "template0"  # never connected to, so that databases are made from it at any time


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Give the DSN of a superuser: `PLUMBLINE_TEST_POSTGRES_URL`, else of the wheel's server, started once."""
    given = os.environ.get("PLUMBLINE_TEST_POSTGRES_URL")
    if given is not None:
        yield given
        return
    with _opened(_embedded_postgres()) as url:
        yield url


@pytest.fixture
def database_url(postgres_url: str) -> Iterator[str]:
    """Give the DSN of a new, empty database that is dropped after the test, with whoever is still connected."""
    with _opened(new_database(postgres_url)) as url:
        yield url


@pytest.fixture(scope="session")
def mock_kafka() -> Iterator[str]:
    """Give the bootstrap address of a mock cluster, started once with the register's topics.

    It is shared: use group names of your own, and one live member per group. It is no Kafka broker.
    """
    with _opened(_mock_kafka()) as bootstrap:
        yield bootstrap


@pytest.fixture(scope="session")
def servers(request: pytest.FixtureRequest) -> Iterator[ServerAddresses]:
    """Give real Kafka, PostgreSQL and Vault: URLs given, else Docker, else native; prints which ran."""
    with _opened(_described_servers()) as (found, description):
        request.config.get_terminal_writer().line(f"\nservers {description}")
        yield found


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Address]:
    """Give a real S3-compatible store with one bucket: by URL, else a gateway built from its Go module."""
    with _opened(real_s3(os.environ)) as address:
        yield address


@contextlib.asynccontextmanager
async def new_database(server_url: str) -> AsyncIterator[str]:
    """Give the DSN of a new, empty database on a server, and drop it afterwards."""
    name = f"test_{uuid4().hex}"
    await _execute(server_url, f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
    try:
        yield urlsplit(server_url)._replace(path=f"/{name}").geturl()
    finally:
        await _execute(server_url, f"DROP DATABASE {name} WITH (FORCE)")


@contextlib.contextmanager
def _opened(opening: AbstractAsyncContextManager[T]) -> Iterator[T]:
    """Enter an async context from a test without a loop: on one of our own, never the thread's current loop."""
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        stack = contextlib.AsyncExitStack()
        try:
            yield runner.run(stack.enter_async_context(opening))
        finally:
            runner.run(stack.aclose())


@contextlib.asynccontextmanager
async def _embedded_postgres() -> AsyncIterator[str]:
    with run_folder() as folder:
        async with Supervisor(folder / "logs") as supervisor:
            yield await start_embedded_postgres(supervisor, folder)


@contextlib.asynccontextmanager
async def _described_servers() -> AsyncIterator[tuple[ServerAddresses, str]]:
    async with real_servers(os.environ) as found:
        yield found, await describe(found)


@contextlib.asynccontextmanager
async def _mock_kafka() -> AsyncIterator[str]:
    with run_folder() as folder:
        async with Supervisor(folder / "logs") as supervisor:
            yield await start_mock_kafka(supervisor)


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
