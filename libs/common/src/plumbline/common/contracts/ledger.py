"""`ledger.commands.v1` and `ledger.results.v1`: what QuickBooks should look like, and does.

All amounts are integer cents, in the realm's currency unless one is named: no fraction of a cent, and
nothing that is no number, can be said in these messages.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from plumbline.common.contracts.base import ConnectionName, Contract, Identifier, Moment, RecordKey

RecordKind = Literal[
    "invoice", "credit-memo", "payment", "bill", "vendor-credit", "bill-payment", "attachment"
]
"""What a record is; the same word is its command's `kind`."""


def _added(default: Any) -> Any:
    """Return a field that came later: whoever does not use it sends the same bytes, of the same hash, as before."""
    return Field(default=default, exclude_if=lambda value: bool(value == default))


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
    DELETED = "deleted"
    """It must not be there at all; under the same condition."""


class CreditMemoState(StrEnum):
    """How far a credit memo should be; QuickBooks has no void for it."""

    OPEN = "open"
    SENT = "sent"
    DELETED = "deleted"
    """It must not be there; deleted if unsent and unused, else a person decides."""


class PayableState(StrEnum):
    """Whether a bill or a vendor credit should be there; QuickBooks has no void for either."""

    OPEN = "open"
    DELETED = "deleted"
    """It must not be there; deleted if no bill payment has touched it, else a person decides."""


class PaymentState(StrEnum):
    """Whether money moved."""

    RECORDED = "recorded"
    VOID = "void"
    """It counts no more; its amounts are zero, and what it paid is open again."""
    DELETED = "deleted"
    """It must not be there; what it paid is open again."""


class AttachmentState(StrEnum):
    """Whether a file should hang on its document."""

    ATTACHED = "attached"
    DELETED = "deleted"


Cents = Annotated[int, Field(ge=-(10**15), le=10**15)]
"""An amount in cents; wider than what QuickBooks takes, so that too large a one is refused with a reason."""

Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
"""An ISO 4217 code. Left out: the realm's only currency."""


class InvoiceLine(Contract):
    """One line of an invoice or credit memo.

    Retainage is expressed in lines. What is held back from an invoice is one more line of it, with a
    negative amount, on the item whose account is Retainage Receivable; work stays gross on its own lines.
    What is released is a line with a positive amount on that same item, on a later invoice. So the
    customer owes what is due now, and the account holds what is still to come.
    """

    description: str = Field(max_length=4000)
    amount_cents: Cents
    item_id: Identifier
    class_id: Identifier | None = None


class ExpenseLine(Contract):
    """One line of a bill or vendor credit, booked on an account or through an item.

    Retainage is the mirror of an invoice's: held back it is a negative line on the account Retainage
    Payable, released it is a positive line on that account, on a later bill.
    """

    description: str = Field(max_length=4000)
    amount_cents: Cents
    account_id: Identifier | None = None
    item_id: Identifier | None = None
    customer_id: Identifier | None = None
    """The project that it is a cost of."""
    class_id: Identifier | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.account_id is None) == (self.item_id is None):
            raise ValueError("an expense line names an account or an item, and not both")
        return self


class Application(Contract):
    """So much of a payment goes to one record; or so much of a credit is used by it."""

    record: RecordKey
    amount_cents: Cents = Field(gt=0)


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
    tax_cents: Cents = 0
    total_cents: Cents
    """Sum of the lines and the tax: a command that does not add up is refused."""
    currency: Currency | None = _added(None)


class DesiredCreditMemo(Contract):
    """A credit memo as QuickBooks should hold it: what a customer need not pay.

    Its amounts are what is credited, above zero. It is applied to an invoice by a payment that names both.
    """

    kind: Literal["credit-memo"] = "credit-memo"
    state: CreditMemoState
    number: Identifier
    """As with an invoice, and from the same numbers."""
    customer_id: Identifier
    issued_on: date
    memo: str = Field(default="", max_length=1000)
    lines: tuple[InvoiceLine, ...] = Field(min_length=1)
    tax_cents: Cents = 0
    total_cents: Cents
    currency: Currency | None = None


class DesiredPayment(Contract):
    """A payment received, as QuickBooks should hold it.

    Either `invoice`: whatever is still open on that one invoice, read just before. Or `total_cents`, of which
    `applied` goes to invoices, `credits` of credit memos are used up first, and the rest stays unapplied.
    A version that names an invoice or a credit no more unlinks it.
    """

    kind: Literal["payment"] = "payment"
    state: PaymentState = _added(PaymentState.RECORDED)
    invoice: RecordKey | None = None
    """The ledger record it pays in full."""
    customer_id: Identifier
    received_on: date
    deposit_account_id: Identifier
    reference: str = Field(default="", max_length=21)
    total_cents: Annotated[Cents, Field(ge=0)] | None = _added(None)
    applied: tuple[Application, ...] = _added(())
    credits: tuple[Application, ...] = _added(())
    currency: Currency | None = _added(None)

    @model_validator(mode="after")
    def _one_manner(self) -> Self:
        if (self.invoice is None) == (self.total_cents is None):
            raise ValueError(
                "a payment names the one invoice that it pays in full, or its total, and not both"
            )
        if self.invoice is not None and (self.applied or self.credits):
            raise ValueError("a payment of whatever is open on one invoice applies nothing else")
        return self


class DesiredBill(Contract):
    """A vendor's bill, such as a subcontractor's invoice, as QuickBooks should hold it."""

    kind: Literal["bill"] = "bill"
    state: PayableState
    number: Identifier
    """The vendor's own number; unique among the bills of the vendor."""
    vendor_id: Identifier
    issued_on: date
    due_on: date | None = None
    lines: tuple[ExpenseLine, ...] = Field(min_length=1)
    total_cents: Cents
    currency: Currency | None = None


class DesiredVendorCredit(Contract):
    """What a vendor owes back, as QuickBooks should hold it; bill payments use it up. Amounts are above zero."""

    kind: Literal["vendor-credit"] = "vendor-credit"
    state: PayableState
    number: Identifier
    vendor_id: Identifier
    issued_on: date
    lines: tuple[ExpenseLine, ...] = Field(min_length=1)
    total_cents: Cents
    currency: Currency | None = None


class DesiredBillPayment(Contract):
    """A payment of bills, as QuickBooks should hold it.

    What goes to `bills` is `total_cents` and what is used of `credits`. A version that names a bill or a
    credit no more unlinks it.
    """

    kind: Literal["bill-payment"] = "bill-payment"
    state: PaymentState = PaymentState.RECORDED
    vendor_id: Identifier
    paid_on: date
    pay_type: Literal["check", "credit-card"]
    account_id: Identifier
    """The bank account of a check, or the account of the card."""
    reference: str = Field(default="", max_length=21)
    """The check's number."""
    total_cents: Cents = Field(ge=0)
    bills: tuple[Application, ...] = Field(min_length=1)
    credits: tuple[Application, ...] = ()
    currency: Currency | None = None


class DesiredAttachment(Contract):
    """A file on the document of another record. The message names the file, the writer fetches it.

    Another file under the same record replaces the first: QuickBooks cannot change the file of an attachment.
    """

    kind: Literal["attachment"] = "attachment"
    state: AttachmentState
    owner: RecordKey
    """The ledger record whose document it hangs on, such as an invoice or a bill."""
    file_name: str = Field(min_length=1, max_length=1000, pattern=r"^[^\x00-\x1f\x7f\"\\]+$")
    content_type: str = Field(max_length=100, pattern=r"^[\w.+-]+/[\w.+-]+$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    """Of the file's bytes; by it they are found in the store of files."""
    size_bytes: int = Field(gt=0)
    goes_with_mail: bool = False
    """Whether it is attached to the mail when its document is sent."""


Desired = Annotated[
    DesiredInvoice
    | DesiredCreditMemo
    | DesiredPayment
    | DesiredBill
    | DesiredVendorCredit
    | DesiredBillPayment
    | DesiredAttachment,
    Field(discriminator="kind"),
]


class LedgerCommand(Contract):
    """What one record of a realm should look like; the newest version counts, older ones are dropped."""

    realm: Identifier
    record: RecordKey
    """Its kind and whose it is: `invoice/<company>/<project>/<id>`, `credit-memo/…`, `bill-payment/…`."""
    version: int = Field(ge=1)
    """Allotted by the owner of the record kind; rises by one with each change."""
    content_hash: Identifier
    """SHA-256 of `desired`; the same version with another hash is an alarm."""
    connection: ConnectionName
    source: RecordKey
    """The record it was made from, as the mapper calls it."""
    needs: tuple[RecordKey, ...] = ()
    """Ledger records that must be in QuickBooks first, besides those that `desired` names."""
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
    kind: RecordKind
    state: str
    """`absent`, `open`, `sent`, `paid` (nothing of it is open), `void` or `deleted`, as QuickBooks shows it."""
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
