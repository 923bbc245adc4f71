"""A payable: a subcontractor's invoice as it stands in Procore, in whole cents."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field

from plumbline.common.errors import NeedsHumanError, PermanentError
from plumbline.compliance.domain.reading import Fact
from plumbline.procore.subcontracting import BillingPeriodOfProject, Requisition, Vendor

PREFIX = "payable/"
"""How the keys of payables begin."""

APPROVED = frozenset({"approved", "approved_as_noted"})
"""Procore's statuses of what is to be paid; what waits for the owner is not yet."""

OPEN = frozenset({"draft", "under_review", "revise_and_resubmit", "pending_owner_approval"})
"""Procore's statuses of what is not approved (Procore reference, Requisitions)."""

MAX_DESCRIPTION_CHARS = 4000
"""QuickBooks' limit on a line's description (Intuit, Bill reference)."""


class NotAPayableError(PermanentError):
    """A key names no payable."""


class PayableUnreadableError(NeedsHumanError):
    """A subcontractor's invoice cannot be taken as it stands in Procore."""


@dataclass(frozen=True, slots=True)
class Target:
    """Which requisition a payable is."""

    company_id: str
    project_id: str
    requisition_id: str

    @classmethod
    def of(cls, key: str) -> Self:
        """Read `payable/<company>/<project>/requisition/<id>`.

        Raises:
            NotAPayableError: permanent.
        """
        match key.split("/"):
            case ["payable", str(company), str(project), "requisition", str(number)] if number.isdigit():
                return cls(company, project, number)
            case _:
                raise NotAPayableError(f"{key} names no payable")

    @property
    def key(self) -> str:
        """The payable's key."""
        return f"{PREFIX}{self.company_id}/{self.project_id}/requisition/{self.requisition_id}"

    @property
    def bill(self) -> str:
        """The ledger record of its bill."""
        return f"bill/{self.company_id}/{self.project_id}/{self.requisition_id}"


class BilledLine(Fact):
    """One line of what is billed, before retainage."""

    description: Annotated[str, Field(max_length=MAX_DESCRIPTION_CHARS)]
    amount_cents: int


class Billed(Fact):
    """What a subcontractor bills."""

    payable: str
    connection: str
    company_id: str
    project_id: str
    vendor_id: str
    commitment_id: str
    commitment_type: str
    contract: str
    """The contract's number and name: `SC-001 Plumbing`."""
    payee: str
    """The vendor's name in Procore's directory."""
    number: str
    status: str
    is_final: bool
    amount_cents: int
    """What is due now, after retainage."""
    retention_cents: int
    """All that is still held back on the commitment."""
    starts_on: date | None
    through_on: date | None
    """The last day that is billed."""
    billed_on: date | None
    due_on: date | None
    lines: tuple[BilledLine, ...]
    state: str | None = None
    """Where the work is, by the project's address in Procore: two capital letters."""
    trades: tuple[str, ...] = ()
    """What the vendor does, by Procore's directory."""
    trouble: str = ""
    """Why nobody knows how it stands in Procore now; nothing is paid on what cannot be seen."""
    is_withdrawn: bool = False
    """Whether it was deleted in Procore."""

    @property
    def is_approved(self) -> bool:
        """Whether Procore says that it is to be paid."""
        return self.status in APPROVED and not self.is_withdrawn

    @property
    def title(self) -> str:
        """What people call it."""
        return f"invoice {self.number} of {self.payee} on {self.contract}"


def cents(amount: Decimal) -> int:
    """Return an amount in cents.

    Raises:
        PayableUnreadableError: needs a person; the amount is finer than a cent.
    """
    scaled = amount * 100
    if scaled != scaled.to_integral_value():
        raise PayableUnreadableError(f"Procore says {amount}, which is no whole number of cents")
    return int(scaled)


def billed(
    target: Target,
    *,
    connection: str,
    requisition: Requisition,
    vendor: Vendor | None,
    periods: Iterable[BillingPeriodOfProject],
    state: str | None,
) -> Billed:
    """Return what a requisition bills.

    Raises:
        PayableUnreadableError: needs a person; its lines do not add up, or it names no vendor, or has a status
            that nobody knows.
    """
    if vendor is None:
        raise PayableUnreadableError(
            "its commitment names no vendor that Procore shows to our account; see to it in Procore, then resume"
        )
    if requisition.status not in APPROVED | OPEN:
        raise PayableUnreadableError(f"its status {requisition.status!r} is unknown; it is never guessed")
    lines, due = _lines(requisition), cents(requisition.summary.current_payment_due)
    period = next((one for one in periods if one.id == requisition.period_id), None)
    return Billed(
        payable=target.key,
        connection=connection,
        company_id=target.company_id,
        project_id=target.project_id,
        vendor_id=str(vendor.id),
        commitment_id=str(requisition.commitment_id),
        commitment_type=requisition.commitment_type,
        contract=requisition.contract_name or f"commitment {requisition.commitment_id}",
        payee=vendor.name,
        number=requisition.invoice_number or str(requisition.number or requisition.id),
        status=requisition.status,
        is_final=requisition.final,
        amount_cents=due,
        retention_cents=cents(requisition.summary.total_retainage),
        starts_on=requisition.requisition_start or (period.start_date if period else None),
        through_on=requisition.requisition_end or (period.end_date if period else None),
        billed_on=requisition.billing_date,
        due_on=requisition.payment_date or (period.due_date if period else None),
        lines=lines,
        state=state,
        trades=tuple(trade.name for trade in vendor.trades),
    )


def foreseen(
    *,
    connection: str,
    company_id: str,
    project_id: str,
    vendor: Vendor,
    periods: Iterable[BillingPeriodOfProject],
    state: str | None,
    today: date,
) -> Billed:
    """Return a vendor's next invoice as far as it can be known: that of the period that ends next."""
    to_come = (one for one in periods if one.end_date >= today)
    period = min(to_come, key=lambda one: one.end_date, default=None)
    return Billed(
        payable=f"outlook/{connection}/{project_id}/{vendor.id}",
        connection=connection,
        company_id=company_id,
        project_id=project_id,
        vendor_id=str(vendor.id),
        commitment_id="",
        commitment_type="",
        contract="the next invoice",
        payee=vendor.name,
        number="",
        status="draft",
        is_final=False,
        amount_cents=0,
        retention_cents=0,
        starts_on=period.start_date if period else None,
        through_on=period.end_date if period else None,
        billed_on=None,
        due_on=period.due_date if period else None,
        lines=(),
        state=state,
        trades=tuple(trade.name for trade in vendor.trades),
    )


def _lines(requisition: Requisition) -> tuple[BilledLine, ...]:
    net = sum((item.net_amount for item in requisition.items), Decimal(0))
    due = requisition.summary.current_payment_due
    if net != due:
        raise PayableUnreadableError(
            f"its lines add up to {dollars(cents(net))}, but {dollars(cents(due))} is due; correct it in Procore"
        )
    return tuple(
        BilledLine(
            description=(item.description_of_work or f"Line {place}")[:MAX_DESCRIPTION_CHARS],
            amount_cents=cents(item.gross_amount),
        )
        for place, item in enumerate(requisition.items, 1)
        if item.gross_amount
    )


def dollars(amount_cents: int) -> str:
    """Return cents as people read them: `-$1,234.50`."""
    sign = "-" if amount_cents < 0 else ""
    return f"{sign}${abs(amount_cents) // 100:,}.{abs(amount_cents) % 100:02d}"


State = Literal["draft", "held", "approved", "released", "paid", "void"]
"""How far a payable is; see `judging`."""


def day(given: date) -> str:
    """Return a day as people in the States read it: `Dec 10, 2026`."""
    return f"{given:%b} {given.day}, {given.year}"
