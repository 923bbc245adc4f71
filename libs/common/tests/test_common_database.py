"""Migrations, named queries, and what PostgreSQL's failures mean."""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from plumbline.common.database import (
    COMMON_MIGRATIONS,
    DatabaseUnavailableError,
    MigrationChangedError,
    borrowed,
    database_errors,
    load_queries,
    migrate,
    open_pool,
    transaction,
)
from plumbline.common.testing.database import rows, service_pool


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give the `sql` folder of a package called `some_service`."""
    sql = tmp_path / "some_service" / "sql"
    (sql / "migrations").mkdir(parents=True)
    (sql.parent / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    yield sql
    sys.modules.pop("some_service", None)


def migration(package: Path, name: str, sql: str) -> None:
    (package / "migrations" / name).write_text(sql, encoding="utf-8")


async def test_migrating_twice_applies_each_file_once_and_in_order(database_url: str, package: Path) -> None:
    migration(package, "0002_more.sql", "ALTER TABLE things ADD COLUMN size integer;")
    migration(package, "0001_things.sql", "CREATE TABLE things (name text);")
    applied = await migrate(database_url, schema="mapper", packages=["some_service"])
    assert applied == ["some_service:0001_things.sql", "some_service:0002_more.sql"]
    assert await migrate(database_url, schema="mapper", packages=["some_service"]) == []
    migration(package, "0003_last.sql", "DROP TABLE things;")
    assert await migrate(database_url, schema="mapper", packages=["some_service"]) == [
        "some_service:0003_last.sql"
    ]


async def test_edited_migration_is_refused_and_nothing_after_it_applied(
    database_url: str, package: Path
) -> None:
    migration(package, "0001_things.sql", "CREATE TABLE things (name text);")
    await migrate(database_url, schema="mapper", packages=["some_service"])
    migration(package, "0001_things.sql", "CREATE TABLE things (name text, size integer);")
    migration(package, "0002_more.sql", "CREATE TABLE more ();")
    with pytest.raises(MigrationChangedError, match=r"0001_things\.sql was edited"):
        await migrate(database_url, schema="mapper", packages=["some_service"])
    async with open_pool(database_url, schema="mapper") as pool:
        assert await rows(pool, "SELECT 1 FROM pg_tables WHERE tablename = 'more'") == []


async def test_migration_that_fails_leaves_nothing_and_can_be_mended(
    database_url: str, package: Path
) -> None:
    migration(package, "0001_things.sql", "CREATE TABLE things (name text); SELECT 1 / 0;")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(database_url, schema="mapper", packages=["some_service"])
    migration(package, "0001_things.sql", "CREATE TABLE things (name text);")
    assert len(await migrate(database_url, schema="mapper", packages=["some_service"])) == 1


async def test_many_that_migrate_at_once_apply_each_file_once(database_url: str) -> None:
    applied = await asyncio.gather(
        *(migrate(database_url, schema="mapper", packages=COMMON_MIGRATIONS) for _ in range(6))
    )
    counts = sorted(len(names) for names in applied)
    assert counts[:-1] == [0] * 5
    assert counts[-1] > 1


async def test_services_see_only_their_own_schema(database_url: str) -> None:
    async with (
        service_pool(database_url, schema="mapper"),
        service_pool(database_url, schema="qb_writer") as b,
    ):
        assert [r["schema"] for r in await rows(b, "SELECT current_schema() AS schema")] == ["qb_writer"]
        assert await rows(b, "SELECT 1 FROM work") == []


def test_queries_are_found_by_name_with_their_sentence(package: Path) -> None:
    (package / "queries.sql").write_text(
        "-- Of a service.\n\n-- name: one\n-- Says one.\nSELECT 1\n\n-- name: both_2\nSELECT\n  '-- name: no'\n",
        encoding="utf-8",
    )
    assert load_queries("some_service") == {
        "one": "-- Says one.\nSELECT 1",
        "both_2": "SELECT\n  '-- name: no'",
    }


UNAVAILABLE = [
    ConnectionRefusedError("refused"),
    TimeoutError(),
    asyncpg.InterfaceError("connection is closed"),
    asyncpg.InternalClientError("got result for unknown protocol state"),
    asyncpg.ConnectionDoesNotExistError("gone"),
    asyncpg.exceptions.AdminShutdownError("57P01"),
    asyncpg.exceptions.CannotConnectNowError("starting"),
    asyncpg.exceptions.DeadlockDetectedError("40P01"),
    asyncpg.exceptions.QueryCanceledError("57014"),
    asyncpg.exceptions.TooManyConnectionsError("53300"),
    asyncpg.exceptions.IdleInTransactionSessionTimeoutError("25P03"),
    asyncpg.exceptions.LockNotAvailableError("55P03"),
    asyncpg.exceptions.ReadOnlySQLTransactionError("25006"),
    asyncpg.exceptions.DiskFullError("53100"),
]
BUGS = [
    asyncpg.UniqueViolationError("23505"),
    asyncpg.UndefinedTableError("42P01"),
    asyncpg.exceptions._base.DataError("invalid input for query argument $1"),
    ValueError("ours"),
]


def fail_with(error: Exception) -> None:
    with database_errors():
        raise error


@pytest.mark.parametrize("error", UNAVAILABLE, ids=lambda e: type(e).__name__)
def test_failure_that_passes_means_later(error: Exception) -> None:
    with pytest.raises(DatabaseUnavailableError, match=type(error).__name__):
        fail_with(error)


@pytest.mark.parametrize("error", BUGS, ids=lambda e: type(e).__name__)
def test_failure_that_is_our_fault_stays_what_it_is(error: Exception) -> None:
    with pytest.raises(type(error)) as seen:
        fail_with(error)
    assert seen.value is error


async def test_database_that_is_not_there_means_later(tmp_path: Path) -> None:
    url = f"postgresql://app@/app?host={tmp_path}"
    with pytest.raises(DatabaseUnavailableError):
        await migrate(url, schema="mapper", packages=[])


async def test_pool_lends_working_connections_after_all_were_cut(database_url: str) -> None:
    async with service_pool(database_url) as pool:
        with pytest.raises(DatabaseUnavailableError):
            async with borrowed(pool) as connection:
                await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        async with transaction(pool) as connection:
            assert await connection.fetchval("SELECT 1") == 1
