"""Going live: what would be written is shown first, and what was billed before is not billed again."""

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date

from plumbline.common.clock import Clock
from plumbline.common.connections import ConnectionConfig, Connections
from plumbline.common.errors import PermanentError
from plumbline.qb_writer.domain.foretelling import Foretold, foretell
from plumbline.qb_writer.domain.kind import Party
from plumbline.qb_writer.domain.kinds import AnyKind, kind_of
from plumbline.qb_writer.domain.records import Beginning, Document, Record
from plumbline.qb_writer.ports import Archive, BooksUnreadError
from plumbline.quickbooks.answers import record_of

Likeness = tuple[str, int]
"""A customer or vendor, and an amount in cents."""


class UnknownConnectionError(PermanentError):
    """No connection of that name is configured."""


class AlreadyLiveError(PermanentError):
    """The connection went live before, from another day on."""


class Beginnings:
    """Lets companies go live."""

    def __init__(self, *, connections: Connections, archive: Archive, clock: Clock) -> None:
        """Speak of configured connections, by what `archive` knows of their books."""
        self._connections = connections
        self._archive = archive
        self._clock = clock

    async def foretell(self, name: str, *, from_day: date) -> AsyncIterator[Foretold]:
        """Say of every record of a connection what going live from a day on would do; nothing is asked of QuickBooks.

        Raises:
            UnknownConnectionError: permanent.
            BooksUnreadError: wait; not all is known yet.
        """
        connection = await self._read(name)
        async for page in self._archive.pages(name):
            by_kind: defaultdict[str, list[Record]] = defaultdict(list)
            for record in page:
                by_kind[record.desired.kind].append(record)
            for records in by_kind.values():
                for foretold in await self._page(connection.quickbooks.realm, records, from_day):
                    yield foretold

    async def beginning(self, name: str) -> Beginning | None:
        """Return when a connection went live; None: it has not."""
        return await self._archive.beginning(name)

    async def begin(self, name: str, *, from_day: date) -> int:
        """Let a connection go live from a day on; return how many records are looked at again. May be repeated.

        Args:
            name: of the connection.
            from_day: documents of earlier days are linked or left, never made.

        Raises:
            UnknownConnectionError: permanent.
            AlreadyLiveError: permanent; it went live from another day on.
            BooksUnreadError: wait; not all is known yet.
        """
        connection = await self._read(name)
        known = await self._archive.beginning(name)
        if known is not None and known.from_day != from_day:
            raise AlreadyLiveError(
                f"{name} is live from {known.from_day} on. What it is not written for stays as it is; a beginning "
                "cannot be moved."
            )
        beginning = known or Beginning(from_day, self._clock.now())
        # The books are read once more before anything is made.
        return await self._archive.begin(name, beginning, reader=f"books/{connection.quickbooks.realm}")

    async def _read(self, name: str) -> ConnectionConfig:
        connection = self._connections.get(name)
        if connection is None:
            raise UnknownConnectionError(f"No connection is called {name}; connections.yaml has their names.")
        if await self._archive.horizon(connection.quickbooks.realm) is None:
            raise BooksUnreadError(
                f"The books of {name} are being read for the first time. Try again in a minute; "
                f"`plumbline trace books/{connection.quickbooks.realm}` tells how far that is."
            )
        return connection

    async def _page(self, realm: str, records: Sequence[Record], from_day: date) -> list[Foretold]:
        kind = kind_of(records[0].desired)
        numbers = {r.key: number.wanted for r in records if (number := kind.number(r.desired)) is not None}
        numbered = await self._archive.by_number(realm, kind.entity, numbers.values()) if numbers else {}
        alike = await self._alike(realm, kind, records)
        return [
            foretell(
                record,
                from_day=from_day,
                numbered=numbered.get(numbers.get(record.key, "").lower(), ()),
                alike=alike.get(_likeness(kind, record), ()),
            )
            for record in records
        ]

    async def _alike(
        self, realm: str, kind: AnyKind, records: Sequence[Record]
    ) -> Mapping[Likeness, list[Document]]:
        wanted = {_likeness(kind, record) for record in records}
        found: defaultdict[Likeness, list[Document]] = defaultdict(list)
        parties, totals = zip(*wanted, strict=True)
        for document in await self._archive.alike(realm, kind.entity, parties, totals):
            held = record_of(kind.model, document)
            facts = kind.facts(held)
            party = facts.get("customer") or facts.get("vendor")
            found[str(party), kind.amounts(held).total_cents].append(document)
        return found


def _likeness(kind: AnyKind, record: Record) -> Likeness:
    party: Party | None = kind.party(record.desired)
    return (party.quickbooks_id if party is not None else "", kind.stake_cents(record.desired) or 0)
