"""What the gate needs of the world."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from plumbline.common.contracts.documents import DocumentExpiring, PayableChanged
from plumbline.common.contracts.ledger import LedgerCommand
from plumbline.common.reconciling.marks import Mark
from plumbline.common.reconciling.verdicts import Effect
from plumbline.compliance.domain.gate.money import InBooks, Settlement
from plumbline.compliance.domain.gate.overrides import Override
from plumbline.compliance.domain.gate.payable import Billed, State
from plumbline.procore.subcontracting import BillingPeriodOfProject, Requisition, Vendor


class Subcontracts(Protocol):
    """Subcontractors' invoices in Procore, read anew at each call; vendors and periods may be some minutes old.

    Every method raises the named errors of Procore's client.
    """

    async def requisitions(self, connection: str, project_id: str) -> Sequence[Requisition]:
        """List the invoices of a project, without their lines."""

    async def requisition(self, connection: str, project_id: str, requisition_id: str) -> Requisition | None:
        """Read an invoice; None where Procore shows none: it is absent or invisible."""

    async def shows_commitment(self, connection: str, billed: Billed) -> bool:
        """Say whether Procore shows the commitment that an invoice belongs to."""

    async def vendor(self, connection: str, vendor_id: str) -> Vendor | None:
        """Read a company of the directory; None where Procore shows none."""

    async def billing_periods(self, connection: str, project_id: str) -> Sequence[BillingPeriodOfProject]:
        """List the billing periods of a project."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is stored about one payable."""

    billed: Billed
    said: PayableChanged
    owes_waiver: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What is stored around a payable, whether it was judged before or not."""

    overrides: Sequence[Override] = ()
    settlement: Settlement | None = None
    in_books: InBooks | None = None
    prior: Sequence[str] = ()
    """Numbers of other invoices of the commitment that were paid and owe a waiver."""
    open_invoices: int = 0
    """Other invoices of the commitment that are not paid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is to be stored of one judgement."""

    billed: Billed
    said: PayableChanged
    is_news: bool
    owes_waiver: bool
    escrowed: Sequence[str]
    """Documents that are held in escrow from now on."""
    frees: bool
    """Whether whatever is in escrow for it is set free."""
    marks: Sequence[Mark]
    at: datetime
    traceparent: str | None


class PayableBook(Protocol):
    """Keeps payables. Every method raises `DatabaseUnavailableError` (transient)."""

    async def known(self, payable: str) -> Known | None:
        """Return what is stored about a payable."""

    async def around(
        self, *, connection: str, vendor_id: str, payable: str = "", commitment_id: str = ""
    ) -> Around:
        """Return what is stored around a payable, or around a vendor who has not billed yet."""

    async def of_project(self, connection: str, project_id: str) -> Mapping[str, bool]:
        """Return every payable of a project that Procore showed, and whether it was lost since."""

    async def siblings(self, billed: Billed) -> Sequence[str]:
        """Return the other payables of a commitment that are not paid."""

    async def find(self, *, connection: str | None, state: State | None) -> Sequence[PayableChanged]:
        """Return payables as they were told last, the most money first."""

    async def versions(self, payable: str) -> Sequence[PayableChanged]:
        """Return everything that was told of a payable, oldest first."""

    def marking(self, marks: Sequence[Mark], *, at: datetime) -> Effect:
        """Return the effect that makes records due."""

    def keeping(self, kept: Kept) -> Effect:
        """Return the effect that stores a judgement and publishes it; it must run under the payable's fence."""


class Money(Protocol):
    """Keeps the bank's word and what people let pass. Every method raises `DatabaseUnavailableError` (transient)."""

    async def settle(self, connection: str, payable: str, told: Settlement) -> Settlement:
        """Keep a settlement if none is kept, and return the one that is; makes the payable due."""

    async def let_pass(self, given: Override) -> Sequence[str]:
        """Keep an override and return the payables that it concerns, which it makes due; safe to repeat."""

    async def withdraw(self, override_id: str, *, by: str) -> Sequence[str] | None:
        """End an override now and return the payables that it concerned; None if there is no such one in force."""

    async def overrides(self, connection: str | None) -> Sequence[Override]:
        """Return the overrides that were not withdrawn."""


class Bills(Protocol):
    """Keeps the commands about bills. Every method raises `DatabaseUnavailableError` (transient)."""

    async def published(self, payable: str, *, realm: str) -> LedgerCommand | None:
        """Return the newest command about a payable's bill."""

    def keeping(self, command: LedgerCommand, *, at: datetime, traceparent: str | None) -> Effect:
        """Return the effect that keeps a command and publishes it; it must run under the bill's fence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """A document that runs out."""

    kind: str
    file_name: str
    vendor_id: str | None
    project_id: str | None
    expires_on: date
    told: frozenset[int]
    """The warnings that were given of this end."""


class Endings(Protocol):
    """Papers that run out. Every method raises `DatabaseUnavailableError` (transient)."""

    async def ending(self, connection: str, document: str) -> Ending | None:
        """Return when a document runs out; None if it does not, or counts no more."""

    def warning(self, message: DocumentExpiring) -> Effect:
        """Return the effect that publishes a warning and remembers it."""
