"""A record of the books: what it should be, what it was seen to be, and the write under way."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from plumbline.common.contracts.ledger import DesiredInvoice, DesiredPayment


class Operation(StrEnum):
    """What a write does to its document."""

    CREATE = "create"
    UPDATE = "update"
    SEND = "send"
    VOID = "void"


class Fate(StrEnum):
    """What became of a write. Only an open one may still have an effect."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Write:
    """One change of one document, with the very bytes that are sent however often it is tried.

    `number` counts a record's writes from 1; it rises when a write is opened, never on a retry.
    `sent_at` is None while nothing can have reached QuickBooks.
    """

    key: str
    number: int
    incarnation: int
    operation: Operation
    request_id: str
    body: bytes
    content: str = ""
    """Hash of the document that a create or update brings about, its state left out."""
    document_id: str | None = None
    document_number: str | None = None
    send_to: str | None = None
    opened_at: datetime | None = None
    sent_at: datetime | None = None
    tries: int = 0
    fate: Fate = Fate.OPEN
    outcome: str = ""
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Observed:
    """What QuickBooks is known to hold; `fresh` if it was read in this piece of work.

    Amounts are cents. `applied` are the bytes of the last confirmed create or update: what the
    document would say if nobody else had touched it, and `edited` names the fields that say
    something else.
    """

    quickbooks_id: str | None = None
    sync_token: str | None = None
    number: str | None = None
    incarnation: int = 1
    applied: bytes | None = None
    applied_hash: str | None = None
    total_cents: int = 0
    balance_cents: int = 0
    mailed: bool = False
    voided: bool = False
    gone: bool = False
    edited: tuple[str, ...] = ()
    fresh: bool = False

    @property
    def exists(self) -> bool:
        """Whether there is a document that counts."""
        return self.quickbooks_id is not None and not self.voided

    @property
    def state(self) -> str:
        """The state in the brief's words, as far as QuickBooks shows it."""
        if self.quickbooks_id is None:
            return "absent"
        if self.voided:
            return "void"
        if self.balance_cents == 0 and self.total_cents != 0:
            return "paid"
        return "sent" if self.mailed else "open"


@dataclass(frozen=True, slots=True)
class Record:
    """Everything known of one record."""

    key: str
    realm: str
    name: str
    connection: str
    source: str
    version: int
    content_hash: str
    desired: DesiredInvoice | DesiredPayment
    needs: tuple[str, ...]
    why: tuple[str, ...]
    provider_time: datetime | None
    partner_ms: int
    received_at: datetime
    observed: Observed = Observed()
    writes: int = 0
    open_write: Write | None = None
    confirmed_at: datetime | None = None
    told: tuple[int, str] | None = None
    """Version and state of the last result that was published."""
    heard: int = 0
    """How often QuickBooks has told of a change to the document."""
    looked: int = 0
    """How many of these changes a look has taken in, and nothing was left to ask a person."""

    @property
    def must_look(self) -> bool:
        """Whether the document may have changed: QuickBooks says so, and it was not read since."""
        return self.heard > self.looked and self.observed.exists and not self.observed.fresh

    def seeing(self, observed: Observed) -> "Record":
        """Return the record with another observation."""
        return replace(self, observed=observed)
