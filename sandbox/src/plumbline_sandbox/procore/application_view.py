"""Owner invoices as JSON: the row of a list and the full document with g702 and g703.

The show answer has neither `created_at` nor `updated_at`; list rows have both (Procore
reference, Payment Applications).
"""

from decimal import Decimal
from typing import Any

from plumbline_sandbox.procore.conventions import day, moment, money
from plumbline_sandbox.procore.g702 import Application, Line, Summary, share, summarize
from plumbline_sandbox.procore.g702_view import US_DOLLARS, row_json, summary_json
from plumbline_sandbox.procore.records import Shown


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
    value = shown.value
    lines = value.lines_at(now_s)
    summary = summarize(lines)
    return {
        **_head(shown, contract, summary, paid),
        "g702": summary_json(summary, lines, start=value.period_start, end=value.period_end, tax=value.tax),
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


def _g703(line: Line, item_number: int) -> dict[str, Any]:
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
        "scheduled_quantity": None,
        "scheduled_unit_price": None,
        **row_json(line),
    }
