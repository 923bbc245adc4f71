"""The arithmetic of invoices, of owners' and subcontractors': schedule of values (G703), summary (G702).

Exact: `Decimal` with cents, retainage rounded half up per line. Tax stands beside the payment
due, not in it (inferred from the separate field `tax_applicable_to_this_payment`; Procore
documents no formula).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Protocol

CENT = Decimal("0.01")
ZERO = Decimal("0.00")


def percent_of(amount: Decimal, percent: Decimal) -> Decimal:
    """Return a percentage of an amount, rounded half up to the cent."""
    return (amount * percent / 100).quantize(CENT, ROUND_HALF_UP)


def share(part: Decimal, whole: Decimal) -> Decimal:
    """Return what percentage one amount is of another, with two decimals; zero of nothing."""
    return (part * 100 / whole).quantize(CENT, ROUND_HALF_UP) if whole else ZERO


class Billed(Protocol):
    """One row of a schedule of values as billed, whoever bills.

    What is retained of work is `work_retained` this period, `previously_retained` before; of
    materials it is `materials_retained` now, `previous_materials_retained` on the invoice before.
    """

    @property
    def added_from_source(self) -> str:
        """`contract` or `change_order`."""

    @property
    def scheduled_value(self) -> Decimal:
        """What the row is worth in the contract."""

    @property
    def previous_work(self) -> Decimal:
        """Work of earlier invoices."""

    @property
    def work_this_period(self) -> Decimal:
        """Work of this invoice."""

    @property
    def materials_stored(self) -> Decimal:
        """Materials that lie on the site now."""

    @property
    def previously_retained(self) -> Decimal:
        """Retainage on the work of earlier invoices that these did not release."""

    @property
    def work_retained(self) -> Decimal:
        """Retainage kept from this period's work."""

    @property
    def work_retainage_percent(self) -> Decimal:
        """What percentage of the work is kept."""

    @property
    def retainage_released(self) -> Decimal:
        """Retainage on work that this invoice releases."""

    @property
    def previous_materials_retained(self) -> Decimal:
        """Retainage on the materials of the invoice before."""

    @property
    def materials_retained(self) -> Decimal:
        """Retainage on the materials stored."""

    @property
    def materials_retainage_percent(self) -> Decimal:
        """What percentage of the materials is kept."""

    @property
    def billed_this_period(self) -> Decimal:
        """What this invoice asks for, retainage included."""


def completed_and_stored(row: Billed) -> Decimal:
    """Return work to date plus materials stored."""
    return row.previous_work + row.work_this_period + row.materials_stored


def work_currently_retained(row: Billed) -> Decimal:
    """Return the retainage on work, after what this invoice releases."""
    return row.previously_retained + row.work_retained - row.retainage_released


def payment_due(row: Billed) -> Decimal:
    """Return what is billed, less what more is retained of it, plus the retainage released."""
    more = row.work_retained + row.materials_retained - row.previous_materials_retained
    return row.billed_this_period - more + row.retainage_released


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the schedule of values as billed on one application.

    `source_id` is the line of the contract or of a change order it comes from, or a whole change
    order; `package_id` is the change order's package, if there is one. Readers do not see the row
    before `appears_at_s` (seconds since 1970): rows of a fresh change order come late.
    """

    id: int
    source_id: int
    added_from_source: str
    description_of_work: str
    flat_code: str
    scheduled_value: Decimal
    previous_work: Decimal
    work_this_period: Decimal
    materials_stored: Decimal
    retainage_percent: Decimal
    retainage_released: Decimal
    appears_at_s: float = 0.0
    package_id: int | None = None

    @property
    def work_retained(self) -> Decimal:
        """Retainage kept from this period's work."""
        return percent_of(self.work_this_period, self.retainage_percent)

    @property
    def materials_retained(self) -> Decimal:
        """Retainage kept from the materials stored."""
        return percent_of(self.materials_stored, self.retainage_percent)

    @property
    def previously_retained(self) -> Decimal:
        """Retainage kept from the work of earlier applications."""
        return percent_of(self.previous_work, self.retainage_percent)

    @property
    def previous_materials_retained(self) -> Decimal:
        """Materials of earlier applications count as work on this one: nothing."""
        return ZERO

    @property
    def work_retainage_percent(self) -> Decimal:
        """One percentage is kept of work and materials."""
        return self.retainage_percent

    @property
    def materials_retainage_percent(self) -> Decimal:
        """One percentage is kept of work and materials."""
        return self.retainage_percent

    @property
    def billed_this_period(self) -> Decimal:
        """What this application asks for, retainage included."""
        return self.work_this_period + self.materials_stored


@dataclass(frozen=True, slots=True)
class Application:
    """One owner invoice. `status_code` exists only in companies that speak the brief's dialect."""

    contract_id: int
    number: int
    invoice_number: str
    status: str
    status_code: int | None
    billing_date: date
    period_id: int | None
    period_start: date
    period_end: date
    tax: Decimal
    lines: tuple[Line, ...]
    origin_id: str | None = None
    origin_data: str | None = None

    def lines_at(self, now_s: float) -> tuple[Line, ...]:
        """Return the rows that have appeared by now."""
        return tuple(line for line in self.lines if line.appears_at_s <= now_s)


@dataclass(frozen=True, slots=True)
class Summary:
    """The sums over the rows of one invoice, each exact to the cent."""

    original_contract_sum: Decimal
    net_change: Decimal
    completed_and_stored: Decimal
    work_to_date: Decimal
    materials_stored: Decimal
    work_retainage: Decimal
    materials_retainage: Decimal
    billed_this_period: Decimal
    current_payment_due: Decimal

    @property
    def contract_sum(self) -> Decimal:
        """The contract sum to date, change orders included."""
        return self.original_contract_sum + self.net_change

    @property
    def total_retainage(self) -> Decimal:
        """Retainage on work and on materials."""
        return self.work_retainage + self.materials_retainage

    @property
    def earned_less_retainage(self) -> Decimal:
        """What is earned to date and not retained."""
        return self.completed_and_stored - self.total_retainage

    @property
    def previous_certificates(self) -> Decimal:
        """What earlier invoices have asked for."""
        return self.earned_less_retainage - self.current_payment_due


def total(amounts: Iterable[Decimal]) -> Decimal:
    """Return a sum that is `0.00` when there is nothing."""
    return sum(amounts, ZERO)


def summarize(lines: Iterable[Billed]) -> Summary:
    """Add up the rows."""
    rows = tuple(lines)
    return Summary(
        original_contract_sum=total(
            row.scheduled_value for row in rows if row.added_from_source == "contract"
        ),
        net_change=total(row.scheduled_value for row in rows if row.added_from_source == "change_order"),
        completed_and_stored=total(map(completed_and_stored, rows)),
        work_to_date=total(row.previous_work + row.work_this_period for row in rows),
        materials_stored=total(row.materials_stored for row in rows),
        work_retainage=total(map(work_currently_retained, rows)),
        materials_retainage=total(row.materials_retained for row in rows),
        billed_this_period=total(row.billed_this_period for row in rows),
        current_payment_due=total(map(payment_due, rows)),
    )
