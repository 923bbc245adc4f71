"""What documents of every kind are made of: amounts, references, lines, and the bytes that are sent."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import simplejson

from plumbline.common.contracts.ledger import ExpenseLine, InvoiceLine
from plumbline.qb_writer.domain.records import Document
from plumbline.quickbooks import models, payables

SALES_LINE = "SalesItemLineDetail"
"""Lines that sell something; QuickBooks adds a subtotal of its own."""


def cents(amount: Decimal | None) -> int:
    """Return an amount as whole cents; QuickBooks keeps two decimals."""
    return int(((amount or Decimal(0)) * 100).to_integral_exact())


def money(amount_cents: int) -> Decimal:
    """Return cents as an amount with two decimals."""
    return Decimal(amount_cents).scaleb(-2)


def dollars(amount_cents: int) -> str:
    """Return cents as people read them."""
    return f"${money(amount_cents):,}"


def encoded(document: Document) -> bytes:
    """Return the one and only bytes of a document: keys sorted, decimals exact."""
    return simplejson.dumps(document, use_decimal=True, sort_keys=True, separators=(",", ":")).encode()


def decoded(body: bytes) -> Document:
    """Return what the bytes say, amounts as `Decimal`."""
    said: Document = simplejson.loads(body, use_decimal=True)
    return said


def ref(value: str | None) -> Document | None:
    """Return a reference to another object; None refers to nothing."""
    return None if value is None else {"value": value}


def day(value: date) -> str:
    """Return a date as QuickBooks writes it."""
    return value.isoformat()


def due(value: date | None) -> Document:
    """Return the day that something is due; where none is said, QuickBooks reckons it from the terms."""
    return {} if value is None else {"DueDate": day(value)}


def in_currency(currency: str | None) -> Document:
    """Return the currency of the amounts; where none is said, the company has but one."""
    return {} if currency is None else {"CurrencyRef": ref(currency)}


def without_nothing(document: Document) -> Document:
    """Return the properties that say something."""
    return {name: value for name, value in document.items() if value is not None}


def sales_line(line: InvoiceLine) -> Document:
    """Return a line that sells something, or that holds retainage back or releases it."""
    detail = without_nothing({"ItemRef": ref(line.item_id), "ClassRef": ref(line.class_id)})
    return {
        "DetailType": SALES_LINE,
        "Amount": money(line.amount_cents),
        "Description": line.description,
        SALES_LINE: detail,
    }


def sales_line_facts(lines: Iterable[models.InvoiceLine]) -> list[tuple[object, ...]]:
    """Return what we own of the lines that sell something."""
    own = [line for line in lines if line.detail_type == SALES_LINE]
    details = [line.sales_item_line_detail or models.SalesItemLineDetail() for line in own]
    return [
        (cents(line.amount), line.description or "", _id(detail.item_ref), _id(detail.class_ref))
        for line, detail in zip(own, details, strict=True)
    ]


def expense_line(line: ExpenseLine) -> Document:
    """Return a line that buys something, or that holds retainage back or releases it."""
    kind = "AccountBasedExpenseLineDetail" if line.account_id else "ItemBasedExpenseLineDetail"
    detail = without_nothing(
        {
            "AccountRef": ref(line.account_id),
            "ItemRef": ref(line.item_id),
            "CustomerRef": ref(line.customer_id),
            "ClassRef": ref(line.class_id),
        }
    )
    return {
        "DetailType": kind,
        "Amount": money(line.amount_cents),
        "Description": line.description,
        kind: detail,
    }


def expense_line_facts(lines: Iterable[payables.ExpenseLine]) -> list[tuple[object, ...]]:
    """Return what we own of the lines that buy something."""
    return [
        (cents(line.amount), line.description or "", *map(_id, _refs(line.detail)))
        for line in lines
        if line.detail_type != "DescriptionOnly"
    ]


def _refs(detail: payables.ExpenseDetail) -> tuple[models.Ref | None, ...]:
    return detail.account_ref, detail.item_ref, detail.customer_ref, detail.class_ref


def _id(reference: models.Ref | None) -> str | None:
    return None if reference is None else reference.value


@dataclass(frozen=True, slots=True)
class Share:
    """So much of a payment goes to one document, or so much of a credit is taken by it."""

    entity: str
    quickbooks_id: str
    amount_cents: int


def payment_line(share: Share) -> Document:
    """Return the line of a payment that says where a part of it goes."""
    link = {"TxnId": share.quickbooks_id, "TxnType": share.entity}
    return {"Amount": money(share.amount_cents), "LinkedTxn": [link]}


def shares(lines: Iterable[models.PaymentLine]) -> dict[tuple[str, str], int]:
    """Return how much goes to which document, in however many lines QuickBooks says it."""
    found: defaultdict[tuple[str, str], int] = defaultdict(int)
    for line in lines:
        for link in line.linked_txn:
            found[link.txn_type, link.txn_id] += cents(line.amount)
    return dict(found)


def linked_ids(body: bytes | None) -> frozenset[str]:
    """Return the ids of the documents that a payment's bytes link to."""
    lines: Iterable[dict[str, Any]] = decoded(body).get("Line", ()) if body else ()
    return frozenset(link["TxnId"] for line in lines for link in line.get("LinkedTxn", ()))


def total_cents(document: Document) -> int:
    """Return what a document to be sent comes to: its stated total, or its lines and its tax."""
    if "TotalAmt" in document:
        return cents(document["TotalAmt"])
    lines = sum(cents(line["Amount"]) for line in document.get("Line", ()))
    return lines + cents(document.get("TxnTaxDetail", {}).get("TotalTax"))
