"""What QuickBooks was read to hold, and since when each company is written to, in PostgreSQL."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from plumbline.common.database import Pool, borrowed, transaction
from plumbline.common.reconciling.marks import Lane, Mark
from plumbline.common.reconciling.store import mark
from plumbline.qb_writer.adapters.ledger import QUERIES, as_record
from plumbline.qb_writer.domain.documents import decoded
from plumbline.qb_writer.domain.records import Beginning, Document, Record
from plumbline.qb_writer.ports import BooksUnreadError

READING_WAIT = timedelta(seconds=2)
"""Between looks whether a company's books have been read."""

GO_LIVE = "go-live"
"""The cause of the marks that a company's beginning makes."""

PAGE = 500
"""Records that are held in memory at once."""


class PostgresShelf:
    """Answers from the tables that the reading of the books fills."""

    def __init__(self, pool: Pool) -> None:
        """Look into the schema of `pool`."""
        self._pool = pool

    async def beginning(self, connection: str) -> Beginning | None:
        """Return when a connection went live; None: it has not."""
        async with borrowed(self._pool) as database:
            row = await database.fetchrow(QUERIES["beginning"], connection)
        return None if row is None else Beginning(row["from_day"], row["since"])

    async def horizon(self, realm: str) -> datetime | None:
        """Return up to when a company's changes have been read; None: not all that it held was read yet."""
        async with borrowed(self._pool) as database:
            read_to: datetime | None = await database.fetchval(QUERIES["horizon"], realm)
        return read_to

    async def numbered(self, realm: str, entity: str, number: str, *, since: datetime) -> list[Document]:
        """Return the documents of an entity that have a number, whatever the case of its letters.

        Raises:
            BooksUnreadError: wait; the company's books have not been read since `since`.
        """
        horizon = await self.horizon(realm)
        if horizon is None or horizon < since:
            raise BooksUnreadError(
                "its books are being read once more before anything is written", retry_after=READING_WAIT
            )
        return (await self.by_number(realm, entity, [number]))[number.lower()]

    async def by_number(
        self, realm: str, entity: str, numbers: Iterable[str]
    ) -> Mapping[str, list[Document]]:
        """Return the documents that have any of some numbers, by their numbers in lower case."""
        found: defaultdict[str, list[Document]] = defaultdict(list)
        async with borrowed(self._pool) as database:
            rows = await database.fetch(
                QUERIES["numbered"], realm, entity, [number.lower() for number in numbers]
            )
        for row in rows:
            document = decoded(row["body"])
            found[document["DocNumber"].lower()].append(document)
        return found

    async def alike(
        self, realm: str, entity: str, parties: Iterable[str], totals_cents: Iterable[int]
    ) -> list[Document]:
        """Return the documents for any of some customers or vendors, of any of some amounts."""
        async with borrowed(self._pool) as database:
            rows = await database.fetch(
                QUERIES["alike"], realm, entity, list(set(parties)), list(set(totals_cents))
            )
        return [decoded(row["body"]) for row in rows]

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

    async def begin(self, connection: str, beginning: Beginning, *, reader: str) -> int:
        """Let a connection go live, and mark its records and the reader of its books; return how many records.

        May be repeated: the first beginning stays. It is committed before anything is marked, so that whatever
        was looked at without it is looked at again.
        """
        async with transaction(self._pool) as database:
            await database.execute(QUERIES["begin"], connection, beginning.from_day, beginning.since)
        async with transaction(self._pool) as database:
            keys = [row["key"] for row in await database.fetch(QUERIES["keys_of_connection"], connection)]
            marks = [Mark(key, connection, GO_LIVE, lane=Lane.REPAIR) for key in keys]
            await mark(database, [*marks, Mark(reader, connection, GO_LIVE)], now=beginning.since)
        return len(keys)
