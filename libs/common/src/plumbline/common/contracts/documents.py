"""Messages about papers: received, decided, dispatched to a desk or held, and what is owed.

They name a paper by its keyed hash and never carry it, nor a tax number. A reader asks compliance for the paper.
"""

from datetime import date
from typing import Literal

from pydantic import Field

from plumbline.common.contracts.base import ConnectionName, Contract, Identifier, Moment, RecordKey

DocumentId = Identifier
"""HMAC-SHA-256 of a paper's bytes under its connection's key, in hex."""


class DocumentReceived(Contract):
    """`documents.received.v1`: a paper was stored; nobody has looked at it yet."""

    document: DocumentId
    connection: ConnectionName
    source: Literal["procore", "upload", "folder", "made"]
    source_record: RecordKey
    file_name: str
    company_id: Identifier | None = None
    project_id: Identifier | None = None
    vendor_id: Identifier | None = None
    payable: RecordKey | None = None
    at: Moment

    @property
    def key(self) -> str:
        """The Kafka key: the document."""
        return self.document


class Said(Contract):
    """What one rule says of a paper."""

    rule: Identifier
    outcome: Literal["pass", "warn", "review", "hold", "reject"]
    sentence: str


class DocumentDecided(Contract):
    """`documents.decided.v1`: what a paper is, what the rules say of it, and how far it is."""

    document: DocumentId
    connection: ConnectionName
    version: int = Field(ge=1)
    """Rises with each decision; a reader drops older ones."""
    kind: str | None
    state: Identifier
    tags: tuple[str, ...] = ()
    decisions: tuple[Said, ...] = ()
    rule_set: str
    """The hash of the rules."""
    inputs: str
    """The digest of the facts: the same rules and facts give the same decisions."""
    expires_on: date | None = None
    company_id: Identifier | None = None
    project_id: Identifier | None = None
    vendor_id: Identifier | None = None
    payable: RecordKey | None = None
    near_duplicate_of: DocumentId | None = None
    """An earlier paper of the same vendor and occasion that says nearly the same; it decides nothing."""
    withdrawn_at: Moment | None = None
    """When it was seen that Procore lists the paper no more; its state is `withdrawn` until it is listed again."""
    at: Moment

    @property
    def key(self) -> str:
        """The Kafka key: the document."""
        return self.document


class DispatchTicket(Contract):
    """`dispatch.<region>.v1`: a paper is ready for a trade's desk in a region."""

    ticket: Identifier
    """Document, rules and facts: the same ticket is the same errand, however often it is read."""
    document: DocumentId
    connection: ConnectionName
    company_id: Identifier
    project_id: Identifier
    kind: str
    region: str
    trade: str
    desk: str
    file_name: str
    tags: tuple[str, ...] = ()
    sentence: str
    replaces: Identifier | None = None
    """The ticket that this one takes the place of, when data or rules have changed."""
    withdrawn: bool = False
    """The paper belongs to this desk no more."""
    rule_set: str
    at: Moment

    @property
    def key(self) -> str:
        """The Kafka key: the project."""
        return self.project_id


class DispatchHeld(Contract):
    """`dispatch.held.v1`: a paper goes to no desk for now, and why."""

    document: DocumentId
    connection: ConnectionName
    project_id: Identifier | None
    kind: str | None
    code: Identifier
    """Stable: `no-region`, `checks`, `licence`, `needs-ahj`, …"""
    sentence: str
    rule_set: str
    at: Moment

    @property
    def key(self) -> str:
        """The Kafka key: the project, or the document of no project."""
        return self.project_id or self.document


class DispatchAcknowledged(Contract):
    """`dispatch.acknowledged.v1`: a desk has taken a ticket."""

    ticket: Identifier
    project_id: Identifier
    desk: str
    by: str
    """Who or what took it."""
    at: Moment

    @property
    def key(self) -> str:
        """The Kafka key: the project."""
        return self.project_id


class DocumentExpiring(Contract):
    """`documents.expiring.v1`: a paper runs out in so many days, or has; each of the days is told once."""

    document: DocumentId
    connection: ConnectionName
    kind: str
    vendor_id: Identifier | None = None
    project_id: Identifier | None = None
    expires_on: date
    days: Literal[30, 7, 0]
    """So many days before the last day on which it counts, or fewer where nobody looked in between."""
    sentence: str
    at: Moment

    @property
    def key(self) -> str:
        """The Kafka key: the document."""
        return self.document


class Requirement(Contract):
    """One paper that a payable needs."""

    code: Identifier
    """Stable: `lien-waiver`, `w9`, `certificate`, `licence`, `payroll`, …"""
    policy: Literal["warn", "block"]
    state: Literal["met", "missing", "wrong", "in_review", "expired", "overridden"]
    document: DocumentId | None = None
    by_whom: str
    due_on: date | None = None
    sentence: str


class PayableChanged(Contract):
    """`payables.v1`: what is owed, to whom, and what it waits for; all amounts in cents."""

    payable: RecordKey
    """`payable/<company>/<project>/requisition/<id>`."""
    connection: ConnectionName
    version: int = Field(ge=1)
    payee: str
    vendor_id: Identifier
    project_id: Identifier
    amount_cents: int
    retention_cents: int
    through_on: date | None
    state: Literal["draft", "held", "approved", "released", "paid", "void"]
    requirements: tuple[Requirement, ...] = ()
    sentence: str
    at: Moment

    @property
    def key(self) -> str:
        """The Kafka key: the payable."""
        return self.payable
