"""`ledger.commands.v1` and `ledger.results.v1`: what QuickBooks should look like, and does.

All amounts are integer cents in the realm's currency.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from plumbline.common.contracts.base import ConnectionName, Contract, Identifier, Moment, RecordKey


class InvoiceState(StrEnum):
    """How far an invoice should be, in the brief's words."""

    OPEN = "open"
    """It exists, with a balance; nothing is mailed."""
    PENDING = "pending"
    """It exists; sending is held."""
    SENT = "sent"
    """It was mailed to the customer, once."""
    PAID = "paid"
    """Linked payments bring its balance to zero."""
    VOID = "void"
    """It must not count: voided if unsent and unpaid, else a person decides."""


class InvoiceLine(Contract):
    """One sales line; retainage held back is a line with a negative amount."""

    description: str = Field(max_length=4000)
    amount_cents: int
    item_id: Identifier
    class_id: Identifier | None = None


class DesiredInvoice(Contract):
    """An invoice as QuickBooks should hold it."""

    kind: Literal["invoice"] = "invoice"
    state: InvoiceState
    number: Identifier
    """The document number proposed by the connection's template; qb-writer allots the final one."""
    customer_id: Identifier
    issued_on: date
    due_on: date | None = None
    memo: str = Field(default="", max_length=1000)
    lines: tuple[InvoiceLine, ...] = Field(min_length=1)
    tax_cents: int = 0
    total_cents: int
    """Sum of the lines and the tax: a command that does not add up is refused."""


class DesiredPayment(Contract):
    """A payment of whatever is still open on one invoice, as QuickBooks should hold it."""

    kind: Literal["payment"] = "payment"
    invoice: RecordKey
    """The ledger record it pays."""
    customer_id: Identifier
    received_on: date
    deposit_account_id: Identifier
    reference: str = Field(default="", max_length=21)


Desired = Annotated[DesiredInvoice | DesiredPayment, Field(discriminator="kind")]


class LedgerCommand(Contract):
    """What one record of a realm should look like; the newest version counts, older ones are dropped."""

    realm: Identifier
    record: RecordKey
    """`invoice/<company>/<project>/<id>` or `payment/<company>/<project>/<id>`."""
    version: int = Field(ge=1)
    """Allotted by the owner of the record kind; rises by one with each change."""
    content_hash: Identifier
    """SHA-256 of `desired`; the same version with another hash is an alarm."""
    connection: ConnectionName
    source: RecordKey
    """The record it was made from, as the mapper calls it."""
    needs: tuple[RecordKey, ...] = ()
    """Ledger records that must be in QuickBooks first."""
    provider_time: Moment | None
    """The oldest change in Procore that this version serves; None for a resend."""
    partner_ms: int = 0
    """Partner time spent on the way so far."""
    desired: Desired
    why: tuple[str, ...] = ()
    """In words: which source fields, map row, links and policy made it so."""

    @property
    def key(self) -> str:
        """The Kafka key and qb-writer's record key: realm/record."""
        return f"{self.realm}/{self.record}"


class LedgerResult(Contract):
    """One record now is in QuickBooks as its newest version says, proven by an answer."""

    realm: Identifier
    record: RecordKey
    version: int
    connection: ConnectionName
    source: RecordKey
    kind: Literal["invoice", "payment"]
    state: str
    quickbooks_id: Identifier | None
    number: str | None
    total_cents: int
    balance_cents: int
    provider_time: Moment | None
    confirmed_at: Moment
    """When the answer came that proves it."""
    partner_ms: int
    """Partner calls and waits for their limits, on the whole way; the rest of the latency is ours."""

    @property
    def key(self) -> str:
        """The Kafka key: realm/record."""
        return f"{self.realm}/{self.record}"
