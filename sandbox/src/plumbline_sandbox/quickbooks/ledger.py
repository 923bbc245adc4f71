"""Arithmetic of receivables: what an invoice still owes, what a payment has left, who owes what.

Pure: everything here takes bodies and returns figures.
"""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from plumbline_sandbox.quickbooks.store import text_of
from plumbline_sandbox.quickbooks.wire import Body

ZERO = Decimal(0)
"""No money."""


@dataclass(frozen=True, slots=True)
class Owed:
    """What one transaction adds to a customer's open balance; a payment left over takes away."""

    customer_id: str
    amount: Decimal


def owed(entity: str, body: Body) -> Owed | None:
    """Return the part of a transaction in its customer's balance, or None if it has none."""
    if entity == "Invoice":
        return Owed(text_of(body, "CustomerRef") or "", body["Balance"])
    if entity == "Payment":
        return Owed(text_of(body, "CustomerRef") or "", -body["UnappliedAmt"])
    return None


def balance(invoice: Body, applied: Decimal) -> Decimal:
    """Return what is open on an invoice of which so much has been paid."""
    open_amount: Decimal = invoice["TotalAmt"] - invoice.get("Deposit", ZERO) - applied
    return open_amount


def paid(invoice: Body) -> Decimal:
    """Return how much payments have taken off this invoice."""
    return balance(invoice, ZERO) - Decimal(invoice["Balance"])


def applications(payment: Body | None) -> dict[str, Decimal]:
    """Return how much of a payment goes to which invoice, by invoice id."""
    amounts: defaultdict[str, Decimal] = defaultdict(Decimal)
    for line in (payment or {}).get("Line", ()):
        for link in line["LinkedTxn"]:
            amounts[link["TxnId"]] += line["Amount"]
    return dict(amounts)


def linked_payments(invoice: Body) -> list[str]:
    """Return the ids of the payments applied to this invoice, in order of application."""
    return [link["TxnId"] for link in invoice["LinkedTxn"] if link["TxnType"] == "Payment"]


def relinked(invoice: Body, payment_id: str, *, before: Decimal, after: Decimal) -> Body:
    """Return the invoice as it is when this payment's part in it changes."""
    others = [link for link in invoice["LinkedTxn"] if link["TxnId"] != payment_id]
    mine = [{"TxnId": payment_id, "TxnType": "Payment"}] if after else []
    return {**invoice, "Balance": invoice["Balance"] + before - after, "LinkedTxn": others + mine}


def with_at_most(payment: Body, invoice_id: str, most: Decimal) -> Body:
    """Return the payment with at most so much of it applied to this invoice."""
    lines = []
    left = most
    for line in payment["Line"]:
        if all(link["TxnId"] != invoice_id for link in line["LinkedTxn"]):
            lines.append(line)
            continue
        kept = min(line["Amount"], left)
        left -= kept
        if kept:
            lines.append({**line, "Amount": kept})
    used = sum((line["Amount"] for line in lines), ZERO)
    return {**payment, "Line": lines, "UnappliedAmt": payment["TotalAmt"] - used}
