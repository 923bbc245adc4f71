"""The register of topics: one table for code, documents and the brokers' set-up."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from plumbline.common.contracts.base import Contract
from plumbline.common.contracts.documents import (
    DispatchAcknowledged,
    DispatchHeld,
    DispatchTicket,
    DocumentDecided,
    DocumentExpiring,
    DocumentReceived,
    PayableChanged,
)
from plumbline.common.contracts.drift import LedgerDrift
from plumbline.common.contracts.ledger import LedgerCommand, LedgerResult
from plumbline.common.contracts.operations import (
    CredentialChanged,
    DeadLetter,
    RecordParked,
    RenewCredential,
    SecretsReport,
)
from plumbline.common.contracts.procore import ProcoreChanged
from plumbline.common.contracts.quickbooks import QuickBooksChanged

EVENT_RETENTION = timedelta(days=14)
"""Longer than any provider goes on retrying a webhook."""

COMMAND_RETENTION = timedelta(days=90)
"""A quarter: long enough to replay a closed accounting period."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic: its name, its one message model, its key, and who may touch it."""

    name: str
    model: type[Contract]
    key: str
    written_by: str
    """Services, or `any` of them; several with a comma."""
    read_by: str
    """Services, or `anyone`; several with a comma."""
    says: str
    retention: timedelta = EVENT_RETENTION
    partitions: int = 4

    @property
    def writers(self) -> frozenset[str]:
        """Who writes it."""
        return frozenset(self.written_by.split(", "))

    @property
    def readers(self) -> frozenset[str]:
        """Who reads it."""
        return frozenset(self.read_by.split(", "))

    @property
    def retention_ms(self) -> int:
        """Retention as Kafka's `retention.ms`."""
        return int(self.retention.total_seconds() * 1000)

    @property
    def event_type(self) -> str:
        """The CloudEvents type of its messages."""
        return f"plumbline.{self.name}"


PROCORE_EVENTS = Topic(
    "procore.events.v1",
    ProcoreChanged,
    "company/project/resource/id",
    "ingest",
    "mapper, compliance",
    "something changed in Procore (ids only)",
)
QUICKBOOKS_EVENTS = Topic(
    "quickbooks.events.v1",
    QuickBooksChanged,
    "realm/entity/id",
    "ingest",
    "qb-writer",
    "something changed in the books (ids only)",
)
LEDGER_COMMANDS = Topic(
    "ledger.commands.v1",
    LedgerCommand,
    "realm/record",
    "mapper, compliance",
    "qb-writer",
    "what QuickBooks should look like",
    COMMAND_RETENTION,
)
LEDGER_RESULTS = Topic(
    "ledger.results.v1",
    LedgerResult,
    "realm/record",
    "qb-writer",
    "anyone, compliance",
    "what was done in QuickBooks, with times",
    COMMAND_RETENTION,
)
LEDGER_DRIFT = Topic(
    "ledger.drift.v1",
    LedgerDrift,
    "realm/record",
    "qb-writer",
    "anyone",
    "where the books differ from what they should be: opened, changed, closed",
    COMMAND_RETENTION,
)
RECORDS_PARKED = Topic(
    "records.parked.v1", RecordParked, "record", "any", "anyone", "a record waits for a person, or goes on"
)
CREDENTIALS_COMMANDS = Topic(
    "credentials.commands.v1",
    RenewCredential,
    "provider/account",
    "any",
    "token-vault",
    "a partner refused this version",
    partitions=1,
)
CREDENTIALS_EVENTS = Topic(
    "credentials.events.v1",
    CredentialChanged,
    "provider/account",
    "token-vault",
    "anyone",
    "a credential was renewed or rotated, is due, ends soon, is uncertain, died or recovered",
    partitions=1,
)
CREDENTIALS_REPORTS = Topic(
    "credentials.reports.v1",
    SecretsReport,
    "reporter",
    "ingest",
    "token-vault",
    "which versions of webhook secrets a process accepts or shows",
    partitions=1,
)
DOCUMENTS_RECEIVED = Topic(
    "documents.received.v1", DocumentReceived, "document", "compliance", "anyone", "a paper was stored"
)
DOCUMENTS_DECIDED = Topic(
    "documents.decided.v1",
    DocumentDecided,
    "document",
    "compliance",
    "anyone",
    "what a paper is, and what the rules say of it",
    COMMAND_RETENTION,
)
DOCUMENTS_EXPIRING = Topic(
    "documents.expiring.v1",
    DocumentExpiring,
    "document",
    "compliance",
    "anyone",
    "a paper runs out soon, or has",
)
DISPATCH_HELD = Topic(
    "dispatch.held.v1", DispatchHeld, "project", "compliance", "anyone", "a paper goes to no desk for now"
)
DISPATCH_ACKNOWLEDGED = Topic(
    "dispatch.acknowledged.v1", DispatchAcknowledged, "project", "desks", "compliance", "a desk took a ticket"
)
PAYABLES = Topic(
    "payables.v1",
    PayableChanged,
    "payable",
    "compliance",
    "anyone",
    "what is owed, to whom, and what it waits for",
    COMMAND_RETENTION,
)
DEAD_LETTERS = Topic(
    "dead-letters.v1",
    DeadLetter,
    "original key",
    "any",
    "anyone",
    "a message that could not be read",
    partitions=1,
)

TOPICS: tuple[Topic, ...] = (
    PROCORE_EVENTS,
    QUICKBOOKS_EVENTS,
    LEDGER_COMMANDS,
    LEDGER_RESULTS,
    LEDGER_DRIFT,
    RECORDS_PARKED,
    CREDENTIALS_COMMANDS,
    CREDENTIALS_EVENTS,
    CREDENTIALS_REPORTS,
    DOCUMENTS_RECEIVED,
    DOCUMENTS_DECIDED,
    DOCUMENTS_EXPIRING,
    DISPATCH_HELD,
    DISPATCH_ACKNOWLEDGED,
    PAYABLES,
    DEAD_LETTERS,
)
"""Every topic with a name of its own; those of regions come from the routing file."""


def dispatch_topic(region: str) -> Topic:
    """Return the topic on which the desks of a region, such as `us-tx`, listen."""
    return Topic(
        f"dispatch.{region}.v1",
        DispatchTicket,
        "project",
        "compliance",
        "desks",
        f"papers for desks of {region}",
    )


def as_markdown(topics: Iterable[Topic] = TOPICS) -> str:
    """Return the register as the table that the documents show."""
    rows = [
        f"| `{t.name}` | {t.key} | {t.written_by} | {t.read_by} | {t.says} | {t.retention.days} days |"
        for t in topics
    ]
    return "\n".join(
        ["| topic | key | written by | read by | says | kept |", "|---|---|---|---|---|---|", *rows]
    )
