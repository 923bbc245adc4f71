"""QuickBooks documents: the bytes that are sent, and whether a document says what they said."""

from decimal import Decimal
from typing import Any

import simplejson

from plumbline.common.contracts.ledger import DesiredInvoice, DesiredPayment
from plumbline.quickbooks.models import Invoice, InvoiceLine, Payment

_SALES_LINE = "SalesItemLineDetail"


def cents(amount: Decimal | None) -> int:
    """Return an amount as whole cents; QuickBooks keeps two decimals."""
    return int(((amount or Decimal(0)) * 100).to_integral_exact())


def money(amount_cents: int) -> Decimal:
    """Return cents as an amount with two decimals."""
    return Decimal(amount_cents).scaleb(-2)


def encoded(document: dict[str, Any]) -> bytes:
    """Return the one and only bytes of a document: keys sorted, decimals exact."""
    return simplejson.dumps(document, use_decimal=True, sort_keys=True, separators=(",", ":")).encode()


def decoded(body: bytes) -> dict[str, Any]:
    """Return what the bytes say, amounts as `Decimal`."""
    said: dict[str, Any] = simplejson.loads(body, use_decimal=True)
    return said


def invoice_document(desired: DesiredInvoice, *, number: str, note: str) -> dict[str, Any]:
    """Return an invoice as it is created."""
    document: dict[str, Any] = {
        "CustomerRef": {"value": desired.customer_id},
        "DocNumber": number,
        "TxnDate": desired.issued_on.isoformat(),
        "PrivateNote": note,
        "Line": [
            _line(line.description, line.amount_cents, line.item_id, line.class_id) for line in desired.lines
        ],
        "TxnTaxDetail": {"TotalTax": money(desired.tax_cents)},
    }
    if desired.due_on is not None:
        document["DueDate"] = desired.due_on.isoformat()
    if desired.memo:
        document["CustomerMemo"] = {"value": desired.memo}
    return document


def _line(description: str, amount_cents: int, item_id: str, class_id: str | None) -> dict[str, Any]:
    detail: dict[str, Any] = {"ItemRef": {"value": item_id}}
    if class_id is not None:
        detail["ClassRef"] = {"value": class_id}
    return {
        "DetailType": _SALES_LINE,
        "Amount": money(amount_cents),
        "Description": description,
        _SALES_LINE: detail,
    }


def invoice_update(document: dict[str, Any], *, quickbooks_id: str, sync_token: str) -> dict[str, Any]:
    """Return a sparse update: what we own is set, what people added elsewhere stays.

    The lines are replaced as a whole: QuickBooks does so with every update that names them.
    """
    return {**document, "Id": quickbooks_id, "SyncToken": sync_token, "sparse": True}


def void_document(*, quickbooks_id: str, sync_token: str) -> dict[str, Any]:
    """Return what a void needs."""
    return {"Id": quickbooks_id, "SyncToken": sync_token}


def payment_document(
    desired: DesiredPayment, *, invoice_id: str, amount_cents: int, note: str
) -> dict[str, Any]:
    """Return a payment of one invoice as it is created."""
    document: dict[str, Any] = {
        "CustomerRef": {"value": desired.customer_id},
        "TotalAmt": money(amount_cents),
        "TxnDate": desired.received_on.isoformat(),
        "DepositToAccountRef": {"value": desired.deposit_account_id},
        "PrivateNote": note,
        "Line": [{"Amount": money(amount_cents), "LinkedTxn": [{"TxnId": invoice_id, "TxnType": "Invoice"}]}],
    }
    if desired.reference:
        document["PaymentRefNum"] = desired.reference
    return document


def total_cents(document: dict[str, Any]) -> int:
    """Return what the document comes to: its lines and its tax, or the payment's amount."""
    if "TotalAmt" in document:
        return cents(document["TotalAmt"])
    lines = sum(cents(line["Amount"]) for line in document["Line"])
    return lines + cents(document["TxnTaxDetail"]["TotalTax"])


def invoice_differences(sent: bytes, held: Invoice) -> tuple[str, ...]:
    """Name the fields we own in which QuickBooks holds something else than was sent."""
    document = decoded(sent)
    expected = {
        "customer": document["CustomerRef"]["value"],
        "number": document["DocNumber"],
        "note": document["PrivateNote"],
        "date": document["TxnDate"],
        "lines": [_expected_line(line) for line in document["Line"]],
        "total": total_cents(document),
    }
    found: dict[str, object] = {
        "customer": held.customer_ref.value,
        "number": held.doc_number,
        "note": held.private_note,
        "date": held.txn_date.isoformat() if held.txn_date else None,
        "lines": [_held_line(line) for line in held.line if line.detail_type == _SALES_LINE],
        "total": cents(held.total_amt),
    }
    if "DueDate" in document:
        expected["due date"] = document["DueDate"]
        found["due date"] = held.due_date.isoformat() if held.due_date else None
    return tuple(name for name, value in expected.items() if found[name] != value)


def _expected_line(line: dict[str, Any]) -> tuple[object, ...]:
    detail = line[_SALES_LINE]
    class_id = detail.get("ClassRef", {}).get("value")
    return cents(line["Amount"]), line["Description"], detail["ItemRef"]["value"], class_id


def _held_line(line: InvoiceLine) -> tuple[object, ...]:
    detail = line.sales_item_line_detail
    item = detail.item_ref.value if detail and detail.item_ref else None
    class_id = detail.class_ref.value if detail and detail.class_ref else None
    return cents(line.amount), line.description, item, class_id


def payment_differences(sent: bytes, held: Payment) -> tuple[str, ...]:
    """Name the fields we own in which QuickBooks holds something else than was sent."""
    document = decoded(sent)
    expected = (
        ("customer", document["CustomerRef"]["value"], held.customer_ref.value),
        ("note", document["PrivateNote"], held.private_note),
        ("total", total_cents(document), cents(held.total_amt)),
    )
    return tuple(name for name, wanted, found in expected if wanted != found)
