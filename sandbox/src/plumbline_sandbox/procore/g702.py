"""The arithmetic of an owner invoice: schedule of values (G703) and summary (G702).

Exact: `Decimal` with cents, retainage rounded half up per line. Tax stands beside the payment
due, not in it (inferred from the separate field `tax_applicable_to_this_payment`; Procore
documents no formula).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
ZERO = Decimal("0.00")


def percent_of(amount: Decimal, percent: Decimal) -> Decimal:
    """Return a percentage of an amount, rounded half up to the cent."""
    return (amount * percent / 100).quantize(CENT, ROUND_HALF_UP)


def share(part: Decimal, whole: Decimal) -> Decimal:
    """Return what percentage one amount is of another, with two decimals; zero of nothing."""
    return (part * 100 / whole).quantize(CENT, ROUND_HALF_UP) if whole else ZERO


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
    def work_currently_retained(self) -> Decimal:
        """Retainage on work, after what this application releases."""
        return self.previously_retained + self.work_retained - self.retainage_released

    @property
    def completed_and_stored(self) -> Decimal:
        """Work to date plus materials stored."""
        return self.previous_work + self.work_this_period + self.materials_stored


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
    """The sums over the rows of one application, each exact to the cent."""

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
        """What earlier applications have asked for."""
        return self.earned_less_retainage - self.current_payment_due


def total(amounts: Iterable[Decimal]) -> Decimal:
    """Return a sum that is `0.00` when there is nothing."""
    return sum(amounts, ZERO)


def summarize(lines: Iterable[Line]) -> Summary:
    """Add up the rows.

    Payment due = work and materials of this period, less what is retained of them, plus the
    retainage released.
    """
    rows = tuple(lines)
    billed = total(row.work_this_period + row.materials_stored for row in rows)
    retained = total(row.work_retained + row.materials_retained for row in rows)
    released = total(row.retainage_released for row in rows)
    return Summary(
        original_contract_sum=total(
            row.scheduled_value for row in rows if row.added_from_source == "contract"
        ),
        net_change=total(row.scheduled_value for row in rows if row.added_from_source == "change_order"),
        completed_and_stored=total(row.completed_and_stored for row in rows),
        work_to_date=total(row.previous_work + row.work_this_period for row in rows),
        materials_stored=total(row.materials_stored for row in rows),
        work_retainage=total(row.work_currently_retained for row in rows),
        materials_retainage=total(row.materials_retained for row in rows),
        billed_this_period=billed,
        current_payment_due=billed - retained + released,
    )
