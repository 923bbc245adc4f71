"""Links, in PostgreSQL."""

import uuid
from collections.abc import Sequence

from typing_extensions import override

from plumbline.common.clock import Clock
from plumbline.common.database import Pool, borrowed, transaction
from plumbline.common.reconciling.marks import Mark
from plumbline.common.reconciling.store import mark
from plumbline.mapper.adapters.records import QUERIES
from plumbline.mapper.domain.links import Link, Links
from plumbline.mapper.ports import LinkBook


class PostgresLinks(LinkBook):
    """Keeps links in the mapper's schema."""

    def __init__(self, pool: Pool, clock: Clock) -> None:
        """Keep them through `pool`."""
        self._pool = pool
        self._clock = clock

    @override
    async def links(self, connection: str, sources: Sequence[str]) -> Links:
        async with borrowed(self._pool) as database:
            rows = await database.fetch(QUERIES["links"], connection, list(sources))
        return Links(connection, [Link(**row) for row in rows])

    @override
    async def all_links(self, connection: str) -> Sequence[Link]:
        async with borrowed(self._pool) as database:
            rows = await database.fetch(QUERIES["all_links"], connection)
        return [Link(**row) for row in rows]

    @override
    async def make(self, links: Sequence[Link]) -> None:
        # One row per thing, the last one given: a statement cannot touch a row twice.
        kept = {(link.connection, link.kind, link.source): link for link in links}.values()
        async with transaction(self._pool) as database:
            await database.execute(
                QUERIES["make_links"],
                [link.connection for link in kept],
                [str(link.kind) for link in kept],
                [link.source for link in kept],
                [link.quickbooks_id for link in kept],
                [link.name for link in kept],
            )

    @override
    async def wake(self, links: Sequence[Link]) -> Sequence[str]:
        cause = f"link {uuid.uuid4()}"
        connections = sorted({link.connection for link in links})
        async with transaction(self._pool) as database:
            rows = await database.fetch(QUERIES["waiting_for_links"], connections)
            marks = [
                Mark(row["key"], row["connection"], cause)
                for row in rows
                if row["in_work"] or any(link.may_serve(row["key"], row["resumes_on"]) for link in links)
            ]
            return await mark(database, marks, now=self._clock.now())
