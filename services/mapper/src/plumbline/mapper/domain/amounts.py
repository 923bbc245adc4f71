"""The money of an owner invoice: `Decimal` in, whole cents out, nothing rounded.

The payment due is read as: work of this period, plus materials presently stored, less
retainage kept this period, plus retainage released this period, without tax. Procore
documents no formula, so every invoice is checked against it before it is billed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from plumbline.mapper.domain.errors import FractionOfCentError, LinesDoNotAddUpError
from plumbline.procore.models import G703Row, PaymentApplication

CHANGE_ORDER = "change-order"
"""The item link of change-order rows that have no item of their own."""

RETAINAGE = "retainage"
"""The item link of retainage held back or released."""

DEFAULT = "default"
"""The item link of contract rows that have no item of their own."""

MAX_DESCRIPTION_CHARS = 4000
"""QuickBooks' limit on a line's description (Intuit, Invoice reference)."""


@dataclass(frozen=True, slots=True)
class BilledLine:
    """One line to bill; `items` are the item links to look for, the first one found counts."""

    description: str
    amount_cents: int
    items: tuple[str, ...]


def cents(amount: Decimal) -> int:
    """Return an amount in cents.

    Raises:
        FractionOfCentError: needs a person; the amount is finer than a cent.
    """
    scaled = amount * 100
    if scaled != scaled.to_integral_value():
        raise FractionOfCentError(f"Procore says {amount}, which is no whole number of cents")
    return int(scaled)


def dollars(amount_cents: int) -> str:
    """Return cents as people read them: `-$1,234.50`."""
    sign = "-" if amount_cents < 0 else ""
    return f"{sign}${abs(amount_cents) // 100:,}.{abs(amount_cents) % 100:02d}"


def tax_cents(invoice: PaymentApplication) -> int:
    """Return the tax of an owner invoice, which stands beside the payment due, not in it."""
    return cents(invoice.g702.tax_applicable_to_this_payment or Decimal(0))


def at_stake_cents(invoice: PaymentApplication) -> int:
    """Return about how much money waits while the invoice is parked, to the nearest cent."""
    total = invoice.g702.current_payment_due + (invoice.g702.tax_applicable_to_this_payment or 0)
    return int((total * 100).quantize(Decimal(1), ROUND_HALF_UP))


def billed_lines(invoice: PaymentApplication, *, retainage: Literal["line", "net"]) -> tuple[BilledLine, ...]:
    """Return the lines to bill; their sum is the payment due, to the cent.

    Rows without an amount are left out.

    Args:
        invoice: as Procore shows it.
        retainage: `line` bills rows gross and adds one line for all retainage, `net` takes each
            row's retainage off the row.

    Raises:
        LinesDoNotAddUpError: needs a person; may cure itself, for rows of a fresh change order
            appear up to 90 s after its approval.
        FractionOfCentError: needs a person.
    """
    if retainage == "net":
        lines = [_line(row, cents(_billed(row) - _held_back(row))) for row in invoice.g703]
    else:
        lines = [_line(row, cents(_billed(row))) for row in invoice.g703]
        lines.append(_retainage_line(cents(sum(map(_held_back, invoice.g703), Decimal(0)))))
    kept = tuple(line for line in lines if line.amount_cents)
    _check(kept, cents(invoice.g702.current_payment_due))
    return kept


def _billed(row: G703Row) -> Decimal:
    return row.work_completed_this_period + row.materials_presently_stored


def _held_back(row: G703Row) -> Decimal:
    return (
        row.work_completed_retainage_retained_this_period
        + row.materials_stored_retainage_retained_this_period
        - row.work_completed_retainage_released_this_period
        - row.materials_stored_retainage_released_this_period
    )


def _line(row: G703Row, amount_cents: int) -> BilledLine:
    code = row.wbs_code.flat_code if row.wbs_code else None
    kind = CHANGE_ORDER if row.added_from_source == "change_order" else DEFAULT
    description = row.description_override or row.description_of_work or code or f"Row {row.item_number}"
    items = (code, kind) if code else (kind,)
    return BilledLine(description[:MAX_DESCRIPTION_CHARS], amount_cents, items)


def _retainage_line(held_back_cents: int) -> BilledLine:
    description = "Retainage held back" if held_back_cents > 0 else "Retainage released"
    return BilledLine(description, -held_back_cents, (RETAINAGE,))


def _check(lines: Iterable[BilledLine], due_cents: int) -> None:
    total = sum(line.amount_cents for line in lines)
    if total != due_cents:
        raise LinesDoNotAddUpError(
            f"the schedule of values adds up to {dollars(total)}, but the payment due is {dollars(due_cents)}; "
            "correct the invoice in Procore"
        )
