"""A record of the books: what it should be, what it was seen to be, and the write under way."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Literal

from plumbline.common.contracts.ledger import Desired

Document = dict[str, Any]
"""A document of QuickBooks as JSON: as it is sent, or as it is held, with amounts as `Decimal`."""


class Operation(StrEnum):
    """What a write does to its document."""

    CREATE = "create"
    UPDATE = "update"
    SEND = "send"
    VOID = "void"
    DELETE = "delete"


class Fate(StrEnum):
    """What became of a write. Only an open one may still have an effect."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    ABANDONED = "abandoned"
    """Nobody can know whether it had its effect, and trying again could have it twice: a mail that was sent again."""


@dataclass(frozen=True, slots=True)
class File:
    """A file by its contents: whatever has this hash has these bytes."""

    sha256: str
    size_bytes: int


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
    file: File | None = None
    """What is uploaded with the body."""
    document_id: str | None = None
    document_number: str | None = None
    send_to: str | None = None
    mailed_before: str | None = None
    """Of a mail that is sent again: when QuickBooks says that the last one went out. Another time proves this one."""
    opened_at: datetime | None = None
    sent_at: datetime | None = None
    tries: int = 0
    fate: Fate = Fate.OPEN
    outcome: str = ""
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Observed:
    """What QuickBooks is known to hold; `fresh` if it was read in this piece of work.

    Amounts are cents; the balance is what is still open of the document. `applied` are the bytes of the
    last confirmed create or update: what the document would say if nobody else had touched it. What is
    below `fresh` is known only while it is set, and never stored.
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
    deleted: bool = False
    removed: Literal["voided", "deleted"] | None = None
    """How somebody else has ended it, and nobody took note of that as of what may be."""
    linked: bool = False
    """Whether people made it before the company went live: it is theirs, and never written."""
    fresh: bool = False
    document: Document | None = None
    """All that QuickBooks holds of it."""
    edited: tuple[str, ...] = ()
    """Fields of ours in which it says something else than we wrote."""
    sought: bool = False
    """Whether it was looked for by its marker, and not found."""

    @property
    def has_ended(self) -> bool:
        """Whether its end is known: whatever is written next is a new incarnation."""
        return self.voided or self.deleted

    @property
    def exists(self) -> bool:
        """Whether there is a document that counts."""
        return self.quickbooks_id is not None and not self.has_ended and self.removed is None

    @property
    def standing(self) -> bytes | None:
        """The bytes of our last write, while the document that it made counts."""
        return self.applied if self.exists else None

    @property
    def state(self) -> str:
        """The state in the brief's words, as far as QuickBooks shows it."""
        if self.quickbooks_id is None:
            return "absent"
        if self.has_ended or self.removed is not None:
            return "deleted" if self.deleted or self.removed == "deleted" else "void"
        if self.balance_cents == 0 and self.total_cents != 0:
            return "paid"
        return "sent" if self.mailed else "open"


@dataclass(frozen=True, slots=True)
class Beginning:
    """When a company went live, and from which day on its documents are written."""

    from_day: date
    since: datetime
    read_to: datetime | None
    """Up to when its books had been read then, by QuickBooks' clock; None: it never only observed."""


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
    desired: Desired
    needs: tuple[str, ...]
    """Names of the records that must be in QuickBooks first."""
    why: tuple[str, ...]
    provider_time: datetime | None
    partner_ms: int
    received_at: datetime
    known_since: datetime
    """When its first version came."""
    observed: Observed = Observed()
    writes: int = 0
    open_write: Write | None = None
    confirmed_at: datetime | None = None
    told: tuple[int, str] | None = None
    """Version and state of the last result that was published."""
    heard: int = 0
    """How often QuickBooks has told of a change to the document."""
    mails_asked: int = 0
    """How often a person has asked for another mail."""
    mails_done: int = 0
    """How many of these mails have been sent, or given up."""
    looked: int = 0
    """How many of these changes a look has taken in, and nothing was left to ask a person."""

    def seeing(self, observed: Observed) -> "Record":
        """Return the record with another observation."""
        return replace(self, observed=observed)
