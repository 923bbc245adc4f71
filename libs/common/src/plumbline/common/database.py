"""PostgreSQL: the pool, named queries, migrations, and what its failures mean.

Every service has a schema of its own and sees no other. SQL stands in `sql/queries.sql`
beside the code that runs it, and in numbered `sql/migrations/*.sql`.
"""

import hashlib
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from importlib.resources import files
from typing import Any, Protocol

import asyncpg

from plumbline.common.errors import PermanentError, TransientError

STATEMENT_TIMEOUT_MS = 15_000
"""No statement of ours is meant to take a second; this ends one that hangs on a lock."""

IDLE_IN_TRANSACTION_TIMEOUT_MS = 30_000
"""No transaction is held open during a partner's call, so an idle one is a bug."""

ACQUIRE_TIMEOUT_S = 10.0
"""How long to wait for a free connection of the pool."""


class DatabaseUnavailableError(TransientError):
    """PostgreSQL does not answer; nothing is lost, work goes on when it does."""


class MigrationChangedError(PermanentError):
    """An applied migration differs from its file: migrations are never edited, only added."""


class Connection(Protocol):
    """What our code uses of a connection; asyncpg's own, a pooled one, or one that tests break."""

    async def execute(self, query: str, *args: object) -> str:
        """Run a statement and return its command tag."""

    async def fetch(self, query: str, *args: object) -> list[Mapping[str, Any]]:
        """Run a query and return all its rows."""

    async def fetchrow(self, query: str, *args: object) -> Mapping[str, Any] | None:
        """Run a query and return its first row."""

    async def fetchval(self, query: str, *args: object) -> Any:
        """Run a query and return the first column of its first row."""

    def transaction(self) -> AbstractAsyncContextManager[object]:
        """Open a transaction: commits at the end, rolls back on an exception."""


class Pool(Protocol):
    """What our code uses of a pool."""

    def acquire(self, *, timeout: float | None = None) -> AbstractAsyncContextManager[Connection]:
        """Borrow a connection."""


_UNAVAILABLE = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.exceptions.IdleInTransactionSessionTimeoutError,
    asyncpg.exceptions.InsufficientResourcesError,  # connections, disk, memory
    asyncpg.exceptions.LockNotAvailableError,
    asyncpg.exceptions.OperatorInterventionError,  # shutdown, start, cancelled by a timeout
    asyncpg.exceptions.ReadOnlySQLTransactionError,  # a standby, during a failover
    asyncpg.exceptions.TransactionRollbackError,  # deadlock, serialization
)


@contextmanager
def database_errors() -> Iterator[None]:
    """Translate the library's errors that mean "later" into `DatabaseUnavailableError`."""
    try:
        yield
    except _UNAVAILABLE as error:
        if isinstance(error, ValueError):  # asyncpg blames an argument of ours, not the server
            raise
        raise DatabaseUnavailableError(f"{type(error).__name__}: {error}") from error


@asynccontextmanager
async def open_pool(
    url: str, *, schema: str, max_size: int = 12, connection_class: type[Any] = asyncpg.Connection
) -> AsyncIterator[Pool]:
    """Open the pool of one service, with its schema as the only one in sight."""
    with database_errors():
        pool = await asyncpg.create_pool(
            url,
            min_size=1,
            max_size=max_size,
            connection_class=connection_class,
            timeout=10.0,
            command_timeout=30.0,
            server_settings={
                "search_path": schema,
                "application_name": schema,
                "statement_timeout": str(STATEMENT_TIMEOUT_MS),
                "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_TIMEOUT_MS),
                "timezone": "UTC",
            },
        )
    try:
        yield pool
    finally:
        pool.terminate()


@asynccontextmanager
async def transaction(pool: Pool) -> AsyncIterator[Connection]:
    """Run what is inside in one transaction.

    Raises:
        DatabaseUnavailableError: transient; whether the commit happened is unknown.
    """
    with database_errors():
        async with pool.acquire(timeout=ACQUIRE_TIMEOUT_S) as connection, connection.transaction():
            yield connection


@asynccontextmanager
async def borrowed(pool: Pool) -> AsyncIterator[Connection]:
    """Lend a connection outside a transaction: every statement commits by itself."""
    with database_errors():
        async with pool.acquire(timeout=ACQUIRE_TIMEOUT_S) as connection:
            yield connection


def load_queries(package: str) -> dict[str, str]:
    """Return the named queries of `sql/queries.sql` in a package.

    A query begins with a line `-- name: what_it_is_called`; the comment lines after it say
    what it does.
    """
    text = files(package).joinpath("sql/queries.sql").read_text(encoding="utf-8")
    parts = re.split(r"^-- name: (\w+)\s*$", text, flags=re.MULTILINE)
    return {name: body.strip() for name, body in zip(parts[1::2], parts[2::2], strict=True)}


COMMON_MIGRATIONS = ("plumbline.common.reconciling", "plumbline.common.outbox")
"""The packages whose tables every service has."""


async def migrate(url: str, *, schema: str, packages: Sequence[str]) -> list[str]:
    """Bring a service's schema up to date and return the names of what was applied.

    Safe to run at once from many places and again at any time: one runs, the others wait.
    Each file is applied in a transaction of its own.

    Args:
        url: a role that may create in the schema; services themselves run without that right.
        schema: the service's schema; made if it is absent, which takes the right to create schemas.
        packages: where `sql/migrations/NNNN_*.sql` are found, in the order to apply them.

    Raises:
        MigrationChangedError: permanent; a file was edited after it was applied.
        DatabaseUnavailableError: transient.
    """
    with database_errors():
        connection = await asyncpg.connect(url, timeout=10.0, server_settings={"search_path": schema})
        try:
            await connection.execute(
                "SELECT pg_advisory_lock(hashtext('plumbline migrations ' || $1))", schema
            )
            # An owner that may create in its schema may not make one, not even one that is there.
            if await connection.fetchval("SELECT to_regnamespace($1) IS NULL", schema):
                await connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
            await connection.execute(
                "CREATE TABLE IF NOT EXISTS migrations (package text, name text, sha256 text NOT NULL, "
                "applied_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (package, name))"
            )
            return [name for package in packages for name in await _apply(connection, package)]
        finally:
            await connection.close()


async def _apply(connection: Connection, package: str) -> list[str]:
    applied = {
        row["name"]: row["sha256"]
        for row in await connection.fetch("SELECT name, sha256 FROM migrations WHERE package = $1", package)
    }
    done = []
    for name, sql in _migrations(package):
        digest = hashlib.sha256(sql.encode()).hexdigest()
        if name in applied:
            if applied[name] != digest:
                raise MigrationChangedError(f"{package} {name} was edited after it was applied")
            continue
        async with connection.transaction():
            await connection.execute(sql)
            await connection.execute(
                "INSERT INTO migrations (package, name, sha256) VALUES ($1, $2, $3)", package, name, digest
            )
        done.append(f"{package}:{name}")
    return done


def _migrations(package: str) -> list[tuple[str, str]]:
    folder = files(package).joinpath("sql/migrations")
    found = [
        (item.name, item.read_text(encoding="utf-8"))
        for item in folder.iterdir()
        if item.name.endswith(".sql")
    ]
    return sorted(found)
