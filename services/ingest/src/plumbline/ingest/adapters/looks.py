"""Looks at subscriptions, in PostgreSQL."""

from collections.abc import Sequence
from datetime import timedelta

from typing_extensions import override

from plumbline.common.contracts.cloudevents import Outgoing
from plumbline.common.database import Connection, Pool, borrowed, load_queries
from plumbline.common.outbox import put
from plumbline.common.reconciling.verdicts import Effect
from plumbline.ingest.domain.subscription import Subscription
from plumbline.ingest.ports import Looks

QUERIES = load_queries("plumbline.ingest")
"""The SQL of ingest."""

REMEMBERED = timedelta(days=90)
"""How long a recovered event is known as such; far longer than deliveries are searched back."""


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
    async def not_recovered(self, key: str, event_ids: Sequence[str]) -> set[str]:
        async with borrowed(self._pool) as connection:
            rows = await connection.fetch(QUERIES["not_recovered"], key, list(event_ids))
        return {row["event_id"] for row in rows}

    @override
    def keeping(self, found: Subscription, recovered: Sequence[Outgoing], report: Outgoing) -> Effect:
        event_ids = [message.headers["ce_id"] for message in recovered]

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
            await connection.execute(QUERIES["keep_recovered"], found.key, event_ids, found.looked_at)
            await connection.execute(QUERIES["forget_recovered"], found.key, found.looked_at - REMEMBERED)
            await put(connection, [*recovered, report])

        return keep
