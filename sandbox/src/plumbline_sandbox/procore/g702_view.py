"""The amounts of an invoice as JSON: summary (G702) and rows (G703), for owners' and subcontractors' alike."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from plumbline_sandbox.procore.conventions import money
from plumbline_sandbox.procore.g702 import (
    ZERO,
    Billed,
    Summary,
    completed_and_stored,
    share,
    work_currently_retained,
)

US_DOLLARS = {"currency_iso_code": "USD", "currency_exchange_rate": "1", "base_currency_iso_code": "USD"}
"""The currency configuration of every contract of the sandbox."""


def summary_json(
    summary: Summary, rows: Iterable[Billed], *, start: date, end: date, tax: Decimal = ZERO
) -> dict[str, str]:
    """Return the summary of the rows of one period."""
    return {
        "original_contract_sum": money(summary.original_contract_sum),
        "net_change_by_change_orders": money(summary.net_change),
        "contract_sum_to_date": money(summary.contract_sum),
        "total_completed_and_stored_to_date": money(summary.completed_and_stored),
        "completed_work_retainage_percent": money(share(summary.work_retainage, summary.work_to_date)),
        "completed_work_retainage_amount": money(summary.work_retainage),
        "stored_materials_retainage_percent": money(
            share(summary.materials_retainage, summary.materials_stored)
        ),
        "stored_materials_retainage_amount": money(summary.materials_retainage),
        "total_retainage": money(summary.total_retainage),
        "total_earned_less_retainage": money(summary.earned_less_retainage),
        "less_previous_certificates_for_payment": money(summary.previous_certificates),
        "current_payment_due": money(summary.current_payment_due),
        "tax_applicable_to_this_payment": money(tax),
        "balance_to_finish_including_retainage": money(summary.contract_sum - summary.earned_less_retainage),
        "formatted_period": f"{start:%m/%d/%y} to {end:%m/%d/%y}",
        **_change_order_totals(rows),
    }


def _change_order_totals(rows: Iterable[Billed]) -> dict[str, str]:
    totals = {
        f"{sign}_{age}change_order_item_total": ZERO
        for sign in ("positive", "negative")
        for age in ("", "new_", "previous_")
    }
    for row in rows:
        if row.added_from_source != "change_order":
            continue
        sign = "positive" if row.scheduled_value >= 0 else "negative"
        age = "previous_" if row.previous_work else "new_"
        totals[f"{sign}_change_order_item_total"] += row.scheduled_value
        totals[f"{sign}_{age}change_order_item_total"] += row.scheduled_value
    return {name: money(amount) for name, amount in totals.items()}


def row_json(row: Billed) -> dict[str, str]:
    """Return the amounts of one row."""
    done = completed_and_stored(row)
    materials_before, materials_now = row.previous_materials_retained, row.materials_retained
    return {
        "scheduled_value": money(row.scheduled_value),
        "work_completed_from_previous_application": money(row.previous_work),
        "work_completed_this_period": money(row.work_this_period),
        "materials_presently_stored": money(row.materials_stored),
        "total_completed_and_stored_to_date": money(done),
        "total_completed_and_stored_to_date_percent": money(share(done, row.scheduled_value)),
        "balance_to_finish": money(row.scheduled_value - done),
        **_retainage(
            "work_completed",
            previous=row.previously_retained,
            retained=row.work_retained,
            released=row.retainage_released,
            percent=row.work_retainage_percent,
        ),
        **_retainage(
            "materials_stored",
            previous=materials_before,
            retained=max(materials_now - materials_before, ZERO),
            released=max(materials_before - materials_now, ZERO),
            percent=row.materials_retainage_percent,
        ),
        "total_retainage_currently_retained": money(work_currently_retained(row) + materials_now),
        "total_retainage_from_previous_application": money(row.previously_retained + materials_before),
    }


def _retainage(
    kind: str, *, previous: Decimal, retained: Decimal, released: Decimal, percent: Decimal
) -> dict[str, str]:
    return {
        f"{kind}_retainage_currently_retained": money(previous + retained - released),
        f"{kind}_retainage_from_previous_application": money(previous),
        f"{kind}_retainage_retained_this_period": money(retained),
        f"{kind}_retainage_released_this_period": money(released),
        f"{kind}_retainage_percent_this_period": money(percent),
    }
