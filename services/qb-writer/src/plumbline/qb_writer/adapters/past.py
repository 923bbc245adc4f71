"""When companies went live, and what they had before, in PostgreSQL."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime

from plumbline.common.database import Pool, borrowed, transaction
from plumbline.common.reconciling.marks import Lane, Mark
from plumbline.common.reconciling.store import mark
from plumbline.qb_writer.adapters.holdings import QUERIES, HeldDocuments, as_held
from plumbline.qb_writer.adapters.ledger import as_record
from plumbline.qb_writer.domain.holdings import Held
from plumbline.qb_writer.domain.records import Beginning, Record

GO_LIVE = "go-live"
"""The cause of the marks that a company's beginning makes."""

PAGE = 500
"""Records that are held in memory at once."""


class KnownPast:
    """Answers from the tables that the reading of the books fills."""

    def __init__(self, pool: Pool) -> None:
        """Look into the schema of `pool`."""
        self._pool = pool
        self._holdings = HeldDocuments(pool)
        self._known: dict[str, Beginning] = {}

    async def beginning(self, connection: str) -> Beginning | None:
        """Return when a connection went live; None: it has not. It is asked for with every piece of work, and stays."""
        if connection not in self._known:
            async with borrowed(self._pool) as database:
                row = await database.fetchrow(QUERIES["beginning"], connection)
            if row is None:
                return None
            self._known[connection] = Beginning(row["from_day"], row["since"], row["read_to"])
        return self._known[connection]

    async def read_to(self, realm: str) -> datetime | None:
        """Return up to when the changes of a company's books have been read; None: not all of them were read yet."""
        return (await self._holdings.horizon(realm)).read_to

    async def numbered(self, realm: str, entity: str, numbers: Iterable[str]) -> Mapping[str, list[Held]]:
        """Return what QuickBooks holds under any of some numbers, by the numbers in lower case."""
        wanted = [number.lower() for number in numbers]
        async with borrowed(self._pool) as database:
            rows = await database.fetch(QUERIES["numbered"], realm, entity, wanted)
        found: defaultdict[str, list[Held]] = defaultdict(list)
        for row in rows:
            found[row["number"].lower()].append(as_held(row))
        return found

    async def alike(
        self, realm: str, entity: str, parties: Iterable[str], totals_cents: Iterable[int]
    ) -> list[Held]:
        """Return what QuickBooks holds for any of some customers or vendors, of any of some amounts."""
        async with borrowed(self._pool) as database:
            rows = await database.fetch(QUERIES["alike"], realm, entity, list(parties), list(totals_cents))
        return [as_held(row) for row in rows]

    async def pages(self, connection: str) -> AsyncIterator[Sequence[Record]]:
        """Return the records of a connection, some at a time."""
        after = ""
        while True:
            async with borrowed(self._pool) as database:
                rows = await database.fetch(QUERIES["page_of_connection"], connection, after, PAGE)
            if not rows:
                return
            after = rows[-1]["key"]
            yield [as_record(row) for row in rows]

    async def begin(self, connection: str, beginning: Beginning, *, reader: str, now: datetime) -> int:
        """Let a connection go live, and make its records and the reader of its books due; return how many records.

        May be repeated: the first beginning stays. It is committed before anything is marked, so that whatever
        was looked at without it is looked at again.
        """
        async with transaction(self._pool) as database:
            await database.execute(
                QUERIES["begin"], connection, beginning.from_day, beginning.since, beginning.read_to
            )
        async with transaction(self._pool) as database:
            keys = [row["key"] for row in await database.fetch(QUERIES["keys_of_connection"], connection)]
            marks = [Mark(key, connection, GO_LIVE, lane=Lane.REPAIR) for key in keys]
            await mark(database, [*marks, Mark(reader, connection, f"{GO_LIVE} {connection}")], now=now)
        return len(keys)
