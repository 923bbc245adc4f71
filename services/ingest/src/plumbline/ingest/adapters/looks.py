"""Looks at subscriptions, in PostgreSQL."""

from typing_extensions import override

from plumbline.common.database import Connection, Pool, borrowed, load_queries
from plumbline.common.reconciling.verdicts import Effect
from plumbline.ingest.domain.subscription import Subscription
from plumbline.ingest.ports import Looks

QUERIES = load_queries("plumbline.ingest")
"""The SQL of ingest."""


class PostgresLooks(Looks):
    """Keeps looks in the schema of ingest."""

    def __init__(self, pool: Pool) -> None:
        """Keep them through `pool`."""
        self._pool = pool

    @override
    async def last(self, key: str) -> Subscription | None:
        async with borrowed(self._pool) as connection:
            row = await connection.fetchrow(QUERIES["last_look"], key)
        return Subscription(**{**row, "changes": tuple(row["changes"])}) if row else None

    @override
    def keeping(self, found: Subscription) -> Effect:
        async def keep(connection: Connection) -> None:
            await connection.execute(
                QUERIES["keep_look"],
                found.key,
                found.hook_id,
                found.payload_version,
                found.destination_url,
                found.looked_at,
                list(found.changes),
                found.changed_at,
            )

        return keep
