"""Arithmetic of payables: which bill payment settles what, and what it leaves open.

Pure: everything here takes bodies and returns figures or new bodies.

A payment settles bills with its own money (`TotalAmt`) and with the credits it names: what its lines
take off bills is at most its total and what its lines take off vendor credits (Intuit, BillPayment).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from plumbline_sandbox.quickbooks.ledger import ZERO, Owed, Target, applications
from plumbline_sandbox.quickbooks.wire import Body

PAYMENT_LINKS = {"Check": "BillPaymentCheck", "CreditCard": "BillPaymentCreditCard"}
"""`PayType` to the `TxnType` of the link that bills show (Intuit, Bill: BillPaymentCheck)."""

Side = Literal["owed", "credit"]
"""Whether a transaction is something to be paid, or something to pay with."""


@dataclass(frozen=True, slots=True)
class Open:
    """What a transaction still has to be paid, or still has to pay with."""

    side: Side
    amount: Decimal


def settled(body: Body) -> Decimal:
    """Return how much payments have taken off a bill or a vendor credit."""
    taken: Decimal = body["TotalAmt"] - body["Balance"]
    return taken


def payments_of(body: Body) -> list[str]:
    """Return the ids of the bill payments that a transaction is linked to, in order of application."""
    return [link["TxnId"] for link in body.get("LinkedTxn", ()) if is_payment_link(link)]


def is_payment_link(link: Body) -> bool:
    """Tell whether a link is to a bill payment."""
    return link["TxnType"] in PAYMENT_LINKS.values()


def link_to(payment: Body) -> Body:
    """Return the link that what it settles shows."""
    return {"TxnId": payment["Id"], "TxnType": PAYMENT_LINKS[payment["PayType"]]}


def relinked(target: Body, link: Body, *, before: Decimal, after: Decimal) -> Body:
    """Return a bill, vendor credit or journal entry as it is when a payment's part in it changes."""
    others = [other for other in target["LinkedTxn"] if other["TxnId"] != link["TxnId"]]
    changed = {**target, "LinkedTxn": others + ([link] if after else [])}
    if "Balance" in target:
        changed["Balance"] = target["Balance"] + before - after
    return changed


def granted(target: Target, payments: Iterable[Body], most: Decimal) -> dict[str, Decimal]:
    """Return how much of each payment a transaction can keep; older payments keep theirs first."""
    kept: dict[str, Decimal] = {}
    for payment in payments:
        mine = applications(payment).get(target, ZERO)
        kept[payment["Id"]] = max(min(mine, most - sum(kept.values(), ZERO)), ZERO)
    return kept


def open_part(owed_to_vendor: Iterable[Owed], vendor_id: str) -> Open:
    """Return what a journal entry has for a vendor's payments, before any is applied."""
    net = sum((part.amount for part in owed_to_vendor if part.name_id == vendor_id), ZERO)
    return Open("owed", net) if net >= 0 else Open("credit", -net)
