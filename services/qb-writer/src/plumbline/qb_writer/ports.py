"""What the writer needs of the world."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from plumbline.common.database import Connection
from plumbline.qb_writer.domain.kind import Party
from plumbline.qb_writer.domain.records import Document, File, Record, Write
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
        """Return the document number of an incarnation: the same ever after, unique in the realm's space."""


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


@dataclass(frozen=True, slots=True)
class PartyFacts:
    """What QuickBooks knows of a customer or vendor."""

    email: str | None
    currency: str | None


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


class Files(Protocol):
    """Holds files by their contents."""

    async def read(self, file: File) -> bytes:
        """Return exactly the bytes that were asked for.

        Raises:
            FileMissingError: needs a person; there are no such bytes.
        """
