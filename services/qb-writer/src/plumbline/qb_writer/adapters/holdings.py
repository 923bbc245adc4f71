"""What QuickBooks is known to hold, in PostgreSQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from plumbline.common.database import Connection, Pool, borrowed, load_queries
from plumbline.common.reconciling.marks import Lane, Mark
from plumbline.common.reconciling.store import mark
from plumbline.qb_writer.domain.holdings import BY_ENTITY, Held, Horizon, Reading, newest

QUERIES = load_queries("plumbline.qb_writer")
"""The writer's SQL."""


async def store(connection: Connection, documents: Sequence[Held]) -> None:
    """Store documents, each of them once; none of them takes the place of a newer one."""
    there = [held for held in documents if not held.is_deleted]
    gone = [held for held in documents if held.is_deleted]
    if there:
        await connection.execute(
            QUERIES["hold"],
            [held.realm for held in there],
            [held.entity for held in there],
            [held.quickbooks_id for held in there],
            [held.sync_token for held in there],
            [held.number for held in there],
            [held.party for held in there],
            [held.note for held in there],
            [held.dated_on for held in there],
            [held.total_cents for held in there],
            [held.balance_cents for held in there],
            [held.changed_at for held in there],
            [held.body for held in there],
        )
    if gone:
        await connection.execute(
            QUERIES["hold_deleted"],
            [held.realm for held in gone],
            [held.entity for held in gone],
            [held.quickbooks_id for held in gone],
            [held.changed_at for held in gone],
        )


class HeldDocuments:
    """The documents that QuickBooks is known to hold, and how far each realm was read."""

    def __init__(self, pool: Pool) -> None:
        """Keep them in the schema of `pool`."""
        self._pool = pool

    async def take(self, connection: Connection, documents: Sequence[Held], *, now: datetime) -> None:
        """Store what was read of one realm, and mark the records to whose documents it is news."""
        documents = newest(documents)
        news = await connection.fetch(
            QUERIES["held_news"],
            [held.realm for held in documents],
            [BY_ENTITY[held.entity].name for held in documents],
            [held.quickbooks_id for held in documents],
            [held.sync_token for held in documents],
            [held.is_deleted for held in documents],
        )
        marks = [_hint(documents[row["place"]], row["key"], row["connection"]) for row in news]
        told_until = {row["key"]: documents[row["place"]].changed_at for row in news}
        due = await mark(connection, marks, now=now)
        await connection.execute(QUERIES["hear_until"], due, [told_until[key] for key in due])
        await store(connection, documents)

    async def horizon(self, realm: str) -> Horizon:
        """Return how far a realm was read."""
        async with borrowed(self._pool) as connection:
            row = await connection.fetchrow(QUERIES["horizon"], realm)
        return Horizon(realm) if row is None else _horizon(row)

    async def keep_horizon(self, connection: Connection, horizon: Horizon) -> None:
        """Store how far a realm was read, in the transaction that stores what was read."""
        reading = horizon.reading
        await connection.execute(
            QUERIES["keep_horizon"],
            horizon.realm,
            horizon.complete_since,
            horizon.watermark,
            list(reading.entities) if reading else [],
            reading.after if reading else None,
            reading.since if reading else None,
            reading.began_at if reading else None,
        )

    async def unseen(self, realm: str, entity: str, *, since: datetime, limit: int) -> list[str]:
        """Return ids of documents that count as held, and that nobody has seen since, the oldest first."""
        async with borrowed(self._pool) as connection:
            rows = await connection.fetch(QUERIES["unseen"], realm, entity, since, limit)
        return [row["quickbooks_id"] for row in rows]

    async def database_time(self) -> datetime:
        """Return the time of the database's clock, by which documents are seen."""
        async with borrowed(self._pool) as connection:
            now: datetime = await connection.fetchval(QUERIES["database_time"])
        return now


def as_held(row: Mapping[str, Any]) -> Held:
    """Return what a row of documents says."""
    return Held(
        realm=row["realm"],
        entity=row["entity"],
        quickbooks_id=row["quickbooks_id"],
        sync_token=row["sync_token"],
        number=row["number"],
        party=row["party"],
        note=row["note"],
        dated_on=row["dated_on"],
        total_cents=row["total_cents"],
        balance_cents=row["balance_cents"],
        is_deleted=row["is_deleted"],
        changed_at=row["changed_at"],
        body=row["body"],
    )


def _hint(held: Held, key: str, connection: str) -> Mark:
    return Mark(
        key=key,
        connection=connection,
        cause=f"quickbooks changed {held.entity} {held.quickbooks_id} {held.version}",
        deletion_seen=held.is_deleted,
        lane=Lane.REPAIR,
    )


def _horizon(row: Mapping[str, Any]) -> Horizon:
    reading = None
    if row["reading"]:
        reading = Reading(
            entities=tuple(row["reading"]),
            began_at=row["reading_began_at"],
            after=row["read_after"],
            since=row["reading_from"],
        )
    return Horizon(row["realm"], row["complete_since"], row["watermark"], reading)
