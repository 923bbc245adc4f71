"""Owner invoices as JSON: the row of a list and the full document with g702 and g703.

The show answer has neither `created_at` nor `updated_at`; list rows have both (Procore
reference, Payment Applications).
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from plumbline_sandbox.procore.conventions import day, moment, money
from plumbline_sandbox.procore.g702 import ZERO, Application, Line, Summary, share, summarize
from plumbline_sandbox.procore.records import Shown

US_DOLLARS = {"currency_iso_code": "USD", "currency_exchange_rate": "1", "base_currency_iso_code": "USD"}
"""The currency configuration of every contract of the sandbox."""


def list_row(
    shown: Shown[Application], contract: dict[str, Any], *, paid: Decimal, now_s: float
) -> dict[str, Any]:
    """Return an application as lists show it: no rows, but with its timestamps."""
    summary = summarize(shown.value.lines_at(now_s))
    row = _head(shown, contract, summary, paid)
    row["created_at"] = moment(shown.created_at)
    row["updated_at"] = moment(shown.updated_at)
    return row


def document(
    shown: Shown[Application], contract: dict[str, Any], *, paid: Decimal, now_s: float
) -> dict[str, Any]:
    """Return the full application with the rows that have appeared by now."""
    lines = shown.value.lines_at(now_s)
    summary = summarize(lines)
    return {
        **_head(shown, contract, summary, paid),
        "g702": _g702(shown.value, summary, lines),
        "g703": [_g703(line, number) for number, line in enumerate(lines, 1)],
    }


def _head(
    shown: Shown[Application], contract: dict[str, Any], summary: Summary, paid: Decimal
) -> dict[str, Any]:
    value = shown.value
    head = {
        "id": shown.id,
        "invoice_number": value.invoice_number,
        "number": value.number,
        "status": value.status,
        "billing_date": day(value.billing_date),
        "period_id": value.period_id,
        "period_start": day(value.period_start),
        "period_end": day(value.period_end),
        "billing_period": {"start_date": day(value.period_start), "end_date": day(value.period_end)},
        "contract": {"id": value.contract_id, "type": "PrimeContract", "title": contract["title"]},
        "formatted_contract_company": contract["vendor"]["name"],
        "percent_complete": money(share(summary.completed_and_stored, summary.contract_sum)),
        "total_amount_paid": money(paid),
        "total_amount_accrued_this_period": money(summary.billed_this_period),
        "description_type": "automatic",
        "origin_id": value.origin_id,
        "origin_data": value.origin_data,
        "currency_configuration": US_DOLLARS,
    }
    if value.status_code is not None:
        # The brief's dialect: no Procore schema has this key, so other companies lack it.
        head["status_code"] = value.status_code
    return head


def _g702(value: Application, summary: Summary, lines: Iterable[Line]) -> dict[str, str]:
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
        "tax_applicable_to_this_payment": money(value.tax),
        "balance_to_finish_including_retainage": money(summary.contract_sum - summary.earned_less_retainage),
        "formatted_period": f"{value.period_start:%m/%d/%y} to {value.period_end:%m/%d/%y}",
        **_change_order_totals(lines),
    }


def _change_order_totals(lines: Iterable[Line]) -> dict[str, str]:
    totals = {
        f"{sign}_{age}change_order_item_total": ZERO
        for sign in ("positive", "negative")
        for age in ("", "new_", "previous_")
    }
    for line in lines:
        if line.added_from_source != "change_order":
            continue
        sign = "positive" if line.scheduled_value >= 0 else "negative"
        age = "previous_" if line.previous_work else "new_"
        totals[f"{sign}_change_order_item_total"] += line.scheduled_value
        totals[f"{sign}_{age}change_order_item_total"] += line.scheduled_value
    return {name: money(amount) for name, amount in totals.items()}


def _g703(line: Line, item_number: int) -> dict[str, Any]:
    work_retained, materials_retained = line.work_retained, line.materials_retained
    done = line.completed_and_stored
    from_source_id = line.package_id or line.source_id
    is_whole = line.added_from_source == "change_order" and line.source_id == from_source_id
    return {
        "id": line.id,
        "type": "payment_application_line_item",
        "item_number": item_number,
        "origin_type": "ChangeOrderPackage" if is_whole else "LineItem",
        "origin_id": line.source_id,
        "added_from_source": line.added_from_source,
        "added_from_source_id": from_source_id,
        "description_of_work": line.description_of_work,
        "description_override": None,
        "cost_code": {},
        "wbs_code": {
            "id": line.source_id,
            "flat_code": line.flat_code,
            "description": line.description_of_work,
        },
        "scheduled_value": money(line.scheduled_value),
        "scheduled_quantity": None,
        "scheduled_unit_price": None,
        "work_completed_from_previous_application": money(line.previous_work),
        "work_completed_this_period": money(line.work_this_period),
        "materials_presently_stored": money(line.materials_stored),
        "total_completed_and_stored_to_date": money(done),
        "total_completed_and_stored_to_date_percent": money(share(done, line.scheduled_value)),
        "balance_to_finish": money(line.scheduled_value - done),
        **_retainage(
            "work_completed",
            previous=line.previously_retained,
            retained=work_retained,
            released=line.retainage_released,
            percent=line.retainage_percent,
        ),
        **_retainage(
            "materials_stored",
            previous=ZERO,
            retained=materials_retained,
            released=ZERO,
            percent=line.retainage_percent,
        ),
        "total_retainage_currently_retained": money(line.work_currently_retained + materials_retained),
        "total_retainage_from_previous_application": money(line.previously_retained),
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
