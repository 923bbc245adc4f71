"""PostgreSQL from the wheel: fresh databases, kill -9, paths, accounts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from plumbline.stack.run_folder import run_folder
from plumbline.stack.servers.postgres import prepare_postgres
from plumbline.stack.supervisor import Supervisor


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def _tables(connection: asyncpg.Connection) -> int:
    return int(await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"))


@pytest.mark.parametrize("repeat", [1, 2])
async def test_each_test_gets_an_empty_database(connection: asyncpg.Connection, repeat: int) -> None:
    assert await _tables(connection) == 0
    await connection.execute("CREATE TABLE things (id int)")
    assert await _tables(connection) == 1


async def test_commits_are_synchronous_text_is_unicode_time_is_utc(connection: asyncpg.Connection) -> None:
    assert await connection.fetchval("SHOW synchronous_commit") == "on"
    assert await connection.fetchval("SELECT lower('ÜBER')") == "über"
    assert await connection.fetchval("SHOW timezone") == "UTC"


def test_test_without_a_loop_gets_a_database_too(database_url: str) -> None:
    assert "/test_" in database_url


async def test_killed_server_comes_back_with_what_was_committed() -> None:
    with run_folder() as folder:
        spaced = folder / "a path's ü"
        spaced.mkdir(mode=0o711)
        server = await prepare_postgres(spaced, folder)
        async with Supervisor(folder) as supervisor:
            await supervisor.start(server.spec())
            await _execute(server.url(), "CREATE TABLE kept (id int)")
            supervisor.kill("postgres")
            await supervisor.ready("postgres")
            await _execute(server.url(), "DROP TABLE kept")
            assert supervisor.restarts("postgres") == 1


async def test_prepared_cluster_is_taken_as_it_is() -> None:
    with run_folder() as folder:
        first = await prepare_postgres(folder, folder)
        made = (first.data / "PG_VERSION").stat().st_mtime_ns
        again = await prepare_postgres(folder, folder)
        assert (again.data / "PG_VERSION").stat().st_mtime_ns == made


async def test_half_made_cluster_is_made_again(tmp_path: Path) -> None:
    with run_folder() as folder:
        (folder / "data.new").mkdir()
        (folder / "data.new" / "PG_VERSION").write_text("half")
        server = await prepare_postgres(folder, tmp_path)
        assert (server.data / "PG_VERSION").read_text().strip() == "18"


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(statement)
    await connection.close()
