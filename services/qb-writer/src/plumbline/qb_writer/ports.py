"""What the writer needs of the world."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from plumbline.common.database import Connection
from plumbline.qb_writer.domain.records import Record, Write
from plumbline.quickbooks.models import Invoice, Payment
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
        self, connection: Connection, record: Record, incarnation: int, candidates: Iterable[str]
    ) -> str:
        """Return the document number of an incarnation: the same ever after, unique in the realm."""


class Following(Protocol):
    """Lets others know how a record stands, inside the caller's transaction."""

    async def wake(self, connection: Connection, record: Record, *, now: datetime) -> None:
        """Mark the records that wait for this one: the payments of an invoice, a payment's invoice."""

    async def tell(self, connection: Connection, record: Record, *, now: datetime) -> None:
        """Put the result of the record's version into the outbox."""


class Books(Protocol):
    """QuickBooks, as one realm. Every call takes its turn under the realm's limits."""

    async def permit(self) -> None:
        """Wait for this realm's turn and for a live token, before a write is opened.

        Raises:
            WaitError: wait; the realm's turn is too far away, or there is no live token.
        """

    async def post(self, entity: str, write: Write) -> Reply:
        """Send a write's bytes under its request id. `permit` comes first."""

    async def invoice(self, quickbooks_id: str) -> Invoice | None:
        """Read an invoice by id; None if QuickBooks has it no more."""

    async def payment(self, quickbooks_id: str) -> Payment | None:
        """Read a payment by id; None if QuickBooks has it no more."""

    async def invoices_numbered(self, number: str) -> list[Invoice]:
        """Find invoices by document number. The index may lag behind a create."""

    async def customer_email(self, customer_id: str) -> str | None:
        """Return the address that the customer's invoices are mailed to."""
