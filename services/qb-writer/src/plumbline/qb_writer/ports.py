"""What the writer needs of the world."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from plumbline.common.database import Connection
from plumbline.common.errors import WaitError
from plumbline.qb_writer.domain.comparison import Pair
from plumbline.qb_writer.domain.difference import Difference
from plumbline.qb_writer.domain.holdings import Held, Horizon
from plumbline.qb_writer.domain.kind import Party, Relations
from plumbline.qb_writer.domain.records import Beginning, Document, File, Record, Write
from plumbline.qb_writer.domain.reports import Tolerance
from plumbline.qb_writer.domain.strays import Stray
from plumbline.quickbooks.changes import Changes
from plumbline.quickbooks.replies import Reply


class Records(Protocol):
    """Keeps records and writes."""

    async def load(self, key: str) -> Record | None:
        """Return a record with its open write, or None if no command ever named it."""

    async def keep(self, connection: Connection, record: Record) -> None:
        """Store what was observed and told of a record; what is desired stays as it is."""

    async def keep_write(self, connection: Connection, write: Write) -> None:
        """Store a write as it is now: a new one, a further try, or its end.

        A write that has ended is never changed again; a second open write of one record is
        refused by the database.
        """

    async def allot_number(
        self,
        connection: Connection,
        record: Record,
        incarnation: int,
        *,
        space: str,
        candidates: Iterable[str],
    ) -> str:
        """Return the document number of an incarnation: unique in the realm's space, and the same once it is borne.

        Raises:
            NoNumberLeftError: needs a person.
        """


class BooksUnreadError(WaitError):
    """What the company's QuickBooks holds has not all been read yet."""


class Past(Protocol):
    """When companies went live, and what they had before."""

    async def beginning(self, connection: str) -> Beginning | None:
        """Return when a connection went live; None: it has not."""

    async def read_to(self, realm: str) -> datetime | None:
        """Return up to when the changes of a company's books have been read; None: not all of them were read yet."""

    async def numbered(self, realm: str, entity: str, numbers: Iterable[str]) -> Mapping[str, list[Held]]:
        """Return what QuickBooks holds under any of some numbers, by the numbers in lower case."""

    async def alike(
        self, realm: str, entity: str, parties: Iterable[str], totals_cents: Iterable[int]
    ) -> list[Held]:
        """Return what QuickBooks holds for any of some customers or vendors, of any of some amounts."""

    def pages(self, connection: str) -> AsyncIterator[Sequence[Record]]:
        """Return the records of a connection, some at a time."""

    async def begin(self, connection: str, beginning: Beginning, *, reader: str, now: datetime) -> int:
        """Let a connection go live, and make its records and the reader of its books due; return how many records.

        May be repeated: the first beginning stays.
        """


class Following(Protocol):
    """Lets others know how a record stands, inside the caller's transaction."""

    async def wake(
        self, connection: Connection, record: Record, *, moved: Iterable[str], now: datetime
    ) -> None:
        """Mark the records that wait for this one, and those whose documents' balances it has moved.

        Args:
            connection: the transaction.
            record: what was written.
            moved: QuickBooks' ids of the documents whose balances it has moved.
            now: the time.
        """

    async def tell(self, connection: Connection, record: Record, *, now: datetime) -> None:
        """Put the result of the record's version into the outbox."""


class Holdings(Protocol):
    """Knows what QuickBooks holds, ours or not, and how far it was read."""

    async def take(self, connection: Connection, documents: Sequence[Held], *, now: datetime) -> None:
        """Store what was read of one realm, and mark the records to whose documents it is news.

        Older than what is known changes nothing, and nothing comes after a deletion, in whatever order
        it is read. Doubled, it marks nothing again.
        """

    async def horizon(self, realm: str) -> Horizon:
        """Return how far a realm was read."""

    async def keep_horizon(self, connection: Connection, horizon: Horizon) -> None:
        """Store how far a realm was read, in the transaction that stores what was read."""

    async def unseen(self, realm: str, entity: str, *, since: datetime, limit: int) -> list[str]:
        """Return ids of documents that count as held, and that nobody has seen since, the oldest first."""

    async def database_time(self) -> datetime:
        """Return the time of the database's clock, by which documents are seen."""


@dataclass(frozen=True, slots=True)
class PartyFacts:
    """What QuickBooks knows of a customer or vendor."""

    email: str | None
    currency: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """Some documents of one entity, in the order of their last change."""

    documents: Sequence[Document]
    answered_at: datetime
    """By QuickBooks' clock."""
    after: datetime | None
    """Everything last changed up to then has been read; None: and there is nothing more."""


class Books(Protocol):
    """QuickBooks, as one realm, for work of one lane. Every call takes its turn under the realm's limits.

    What reads may also be told to wait because the month's reads are used up, or kept for more urgent work.
    """

    async def permit(self) -> None:
        """Wait for this realm's turn and for a live token, before a write is opened.

        Raises:
            WaitError: wait; the realm's turn is too far away, or there is no live token.
        """

    async def post(
        self, entity: str, write: Write, *, params: Mapping[str, str], content: bytes | None
    ) -> Reply:
        """Send a write's bytes under its request id. `permit` comes first.

        Args:
            entity: as in paths.
            write: what to send.
            params: which operation it is, where that is not told by the path.
            content: the file that goes with it.
        """

    async def read(self, entity: str, quickbooks_id: str) -> Document | None:
        """Read a document by id; None if QuickBooks has it no more."""

    async def find(self, entity: str, where: Mapping[str, str]) -> list[Document]:
        """Find documents by their properties. The index may lag behind a write."""

    async def party(self, party: Party) -> PartyFacts | None:
        """Return what is known of a customer or vendor; None if there is none."""


class Chronicle(Protocol):
    """What happened in a realm's books, by QuickBooks' clock. Every call takes its turn under the realm's limits."""

    async def changes(self, entities: Sequence[str], since: datetime) -> Changes | None:
        """Return what changed at a moment or later, deletions too; None: that is more than one answer holds."""

    async def page(self, entity: str, after: datetime | None, *, size: int) -> Page | None:
        """Return the next documents in the order of their last change; None: so many are more than one answer holds.

        Those deleted are not among them. There may be more than `size`, if one moment has more.
        """

    async def read(self, entity: str, quickbooks_id: str) -> Document | None:
        """Read a document by id, which never lags; None if QuickBooks has it no more."""


@dataclass(frozen=True, slots=True)
class Extent:
    """What is known of a realm's books."""

    complete_since: datetime | None
    """Since when every document is known; None: they are still being read."""
    beginning: Beginning | None
    """When its company went live; None: it is only observed, and nothing is written that could differ."""


@dataclass(frozen=True, slots=True)
class Roll:
    """Some records of a realm, and those that they refer to, as they stood at one moment."""

    pairs: Sequence[Pair]
    relations: Relations


@dataclass(frozen=True, slots=True)
class Comparison:
    """A comparison of a realm."""

    realm: str
    connection: str
    began_at: datetime


class Differences(Protocol):
    """Knows how records and documents stand, and keeps in what they differ."""

    async def extent(self, run: Comparison) -> Extent:
        """Return how much is known of a realm's books."""

    async def pairs(self, realm: str, beginning: Beginning, *, after: str, limit: int) -> Roll:
        """Return the records that come after one of that name."""

    async def strays(
        self, realm: str, *, after: tuple[str, str], begins_on: date, limit: int
    ) -> Sequence[Stray]:
        """Return the documents without a record that come after one, by entity and id."""

    async def keep(
        self,
        connection: Connection,
        run: Comparison,
        found: Sequence[Difference],
        *,
        unknown: Sequence[str],
        tolerance: Tolerance,
        now: datetime,
    ) -> None:
        """Store what was found of some subjects, and put what is news of it into the outbox.

        Args:
            connection: the transaction; its claim keeps others from comparing the same realm.
            run: the comparison under way.
            found: everything that was found of its subjects.
            unknown: subjects of which nothing is known; what is open of them stays so.
            tolerance: how long a change may be under way.
            now: the time.
        """

    async def close(self, connection: Connection, run: Comparison, *, limit: int, now: datetime) -> int:
        """Close some of what the comparison has not seen, put it into the outbox, and return how many."""

    async def ended(
        self,
        connection: Connection,
        run: Comparison,
        extent: Extent,
        *,
        counts: tuple[int, int],
        now: datetime,
    ) -> None:
        """Note that the comparison has come to its end, over so many records and documents."""


class Files(Protocol):
    """Holds files by their contents."""

    async def read(self, file: File) -> bytes:
        """Return exactly the bytes that were asked for.

        Raises:
            FileMissingError: needs a person; there are no such bytes.
        """
