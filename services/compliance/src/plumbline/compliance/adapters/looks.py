"""Looks through shelves, in PostgreSQL."""

from collections.abc import Iterable, Mapping

from typing_extensions import override

from plumbline.common.database import Connection, Pool, borrowed
from plumbline.common.reconciling.verdicts import Effect
from plumbline.compliance.adapters.documents import QUERIES
from plumbline.compliance.domain.looking import Look
from plumbline.compliance.ports.looking import Looks


class PostgresLooks(Looks):
    """Keeps looks in the schema of compliance."""

    def __init__(self, pool: Pool) -> None:
        """Keep them through `pool`."""
        self._pool = pool

    @override
    async def below(self, connection: str, prefix: str) -> Mapping[str, Look]:
        async with borrowed(self._pool) as database:
            rows = await database.fetch(QUERIES["looks"], connection, prefix)
        return {
            row["place"]: Look(
                version=row["version"],
                looked_at=row["looked_at"],
                changed_at=row["changed_at"],
                is_awaited=row["is_awaited"],
            )
            for row in rows
        }

    @override
    def keeping(self, connection: str, place: str, look: Look) -> Effect:
        async def keep(database: Connection) -> None:
            said = look.version, look.looked_at, look.changed_at, look.is_awaited
            await database.execute(QUERIES["keep_look"], connection, place, *said)

        return keep

    @override
    def forgetting(self, connection: str, places: Iterable[str]) -> Effect:
        gone = sorted(places)

        async def forget(database: Connection) -> None:
            if gone:
                await database.execute(QUERIES["forget_looks"], connection, gone)

        return forget
