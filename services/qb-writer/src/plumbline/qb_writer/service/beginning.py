"""Going live: what would be written is shown first, and what was billed before is not billed again."""

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date, datetime

from plumbline.common.clock import Clock
from plumbline.common.connections import Connections
from plumbline.common.errors import PermanentError
from plumbline.qb_writer.domain.foretelling import Foretold, foretell
from plumbline.qb_writer.domain.holdings import Held
from plumbline.qb_writer.domain.kinds import AnyKind, kind_of
from plumbline.qb_writer.domain.records import Beginning, Record
from plumbline.qb_writer.ports import BooksUnreadError, Past
from plumbline.qb_writer.service.reading import key_of

Likeness = tuple[str | None, int | None]
"""A customer or vendor, and an amount in cents."""


class UnknownConnectionError(PermanentError):
    """No connection of that name is configured."""


class AlreadyLiveError(PermanentError):
    """The connection went live before, from another day on."""


class GoingLive:
    """Lets companies go live."""

    def __init__(self, *, connections: Connections, past: Past, clock: Clock) -> None:
        """Speak of configured connections, by what is known of their past."""
        self._connections = connections
        self._past = past
        self._clock = clock

    async def foretell(self, name: str, *, from_day: date) -> AsyncIterator[Foretold]:
        """Say of every record of a connection what going live from a day on would do; QuickBooks is not asked.

        Raises:
            UnknownConnectionError: permanent.
            BooksUnreadError: wait; not all is known yet.
        """
        realm, _ = await self._read(name)
        async for page in self._past.pages(name):
            by_kind: defaultdict[str, list[Record]] = defaultdict(list)
            for record in page:
                by_kind[record.desired.kind].append(record)
            for records in by_kind.values():
                for foretold in await self._page(realm, records, from_day):
                    yield foretold

    async def beginning(self, name: str) -> Beginning | None:
        """Return when a connection went live; None: it has not."""
        return await self._past.beginning(name)

    async def begin(self, name: str, *, from_day: date) -> int:
        """Let a connection go live from a day on; return how many records are looked at. May be repeated.

        Args:
            name: of the connection.
            from_day: documents of earlier days are linked or left, never made.

        Raises:
            UnknownConnectionError: permanent.
            AlreadyLiveError: permanent; it went live from another day on.
            BooksUnreadError: wait; not all is known yet.
        """
        realm, read_to = await self._read(name)
        known, now = await self._past.beginning(name), self._clock.now()
        if known is not None and known.from_day != from_day:
            raise AlreadyLiveError(
                f"{name} is live, from {known.from_day} on; that cannot be moved. Bill what is older in QuickBooks."
            )
        # The books are read once more before anything is made.
        return await self._past.begin(
            name, known or Beginning(from_day, now, read_to), reader=key_of(realm), now=now
        )

    async def _read(self, name: str) -> tuple[str, datetime]:
        """Return a connection's realm, and up to when its books have been read."""
        connection = self._connections.get(name)
        if connection is None:
            raise UnknownConnectionError(f"No connection is called {name}; connections.yaml has their names.")
        realm = connection.quickbooks.realm
        read_to = await self._past.read_to(realm)
        if read_to is None:
            raise BooksUnreadError(
                f"The books of {name} are being read for the first time. Try again in a minute; "
                f"`plumbline trace books/{realm}` tells of it."
            )
        return realm, read_to

    async def _page(self, realm: str, records: Sequence[Record], from_day: date) -> list[Foretold]:
        kind = kind_of(records[0].desired)
        numbers = {r.key: number.wanted for r in records if (number := kind.number(r.desired)) is not None}
        numbered = await self._past.numbered(realm, kind.entity, numbers.values())
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
    ) -> Mapping[Likeness, list[Held]]:
        wanted = {_likeness(kind, record) for record in records}
        parties = {party for party, _ in wanted if party is not None}
        totals_cents = {total for _, total in wanted if total is not None}
        found: defaultdict[Likeness, list[Held]] = defaultdict(list)
        for held in await self._past.alike(realm, kind.entity, parties, totals_cents):
            found[held.party, held.total_cents].append(held)
        return found


def _likeness(kind: AnyKind, record: Record) -> Likeness:
    party = kind.party(record.desired)
    return (party.quickbooks_id if party is not None else None), kind.stake_cents(record.desired)
