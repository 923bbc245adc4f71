"""A service's database for a test: migrated, and looked at from outside."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from plumbline.common.database import COMMON_MIGRATIONS, Pool, borrowed, migrate, open_pool, transaction
from plumbline.common.reconciling.marks import Mark
from plumbline.common.reconciling.store import mark
from plumbline.common.testing.clock import FakeClock

SCHEMA = "mapper"
"""The schema of the service that tests of the building blocks play."""


@asynccontextmanager
async def service_pool(
    url: str, *, schema: str = SCHEMA, packages: Sequence[str] = COMMON_MIGRATIONS
) -> AsyncIterator[Pool]:
    """Migrate a schema and open its pool."""
    await migrate(url, schema=schema, packages=packages)
    async with open_pool(url, schema=schema) as pool:
        yield pool


async def marked(pool: Pool, clock: FakeClock, *marks: Mark) -> list[str]:
    """Mark in a transaction of their own; return the keys that were news."""
    async with transaction(pool) as connection:
        return await mark(connection, marks, now=clock.now())


async def rows(pool: Pool, query: str, *args: object) -> list[Mapping[str, Any]]:
    """Return what a query finds."""
    async with borrowed(pool) as connection:
        return await connection.fetch(query, *args)


async def work_row(pool: Pool, key: str) -> Mapping[str, Any]:
    """Return one row of the work table, which must exist."""
    (row,) = await rows(pool, "SELECT * FROM work WHERE key = $1", key)
    return row


async def expire_leases(pool: Pool, *keys: str) -> None:
    """Let the leases of some rows, or of all, run out by the database's clock."""
    await rows(
        pool,
        "UPDATE work SET leased_until = clock_timestamp() - interval '1 second' "
        "WHERE leased_until IS NOT NULL AND ($1::text[] = '{}' OR key = ANY ($1::text[]))",
        list(keys),
    )


async def keys_where(pool: Pool, condition: str) -> list[str]:
    """Return the keys of the work table for which an SQL condition holds, in order."""
    return [row["key"] for row in await rows(pool, f"SELECT key FROM work WHERE {condition} ORDER BY key")]  # noqa: S608


async def idle(pool: Pool) -> bool:
    """Say whether nothing is due, neither now nor later."""
    return not await keys_where(pool, "due_at IS NOT NULL")
