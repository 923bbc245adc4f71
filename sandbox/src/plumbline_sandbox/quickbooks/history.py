"""A company's past: what was billed and paid in the months before the sandbox started."""

from collections.abc import Mapping
from datetime import timedelta
from itertools import product

from plumbline_sandbox.quickbooks import wire
from plumbline_sandbox.quickbooks.entities.registry import ENTITIES
from plumbline_sandbox.quickbooks.realm import Call, Realm
from plumbline_sandbox.quickbooks.wire import Body

SEED = Call(origin="seed")
"""Everything that is there from the start was made by the seed."""

_BILLED_DAYS_AGO = (150, 120, 90)
_PAID_AFTER_DAYS = 25


def play(
    realm: Realm, customers: Mapping[str, str], items: Mapping[str, str], methods: Mapping[str, str]
) -> None:
    """Bill every customer three times and let it pay in full; the company numbers the invoices itself.

    Dates lie before the clock's present day, so that nothing here is ever open or overdue.
    """
    today = wire.today(realm.clock.now())
    for round_, (days_ago, (place, customer_id)) in enumerate(
        product(_BILLED_DAYS_AGO, enumerate(customers.values()))
    ):
        billed = today - timedelta(days=days_ago - place)
        amount = 12_000 + 1_750 * round_
        invoice_id = make(realm, "Invoice", _invoice(customer_id, items, amount, billed.isoformat()))
        paid = billed + timedelta(days=_PAID_AFTER_DAYS)
        payment = _payment(customer_id, invoice_id, amount, paid.isoformat())
        check = {"PaymentMethodRef": {"value": methods["Check"]}, "PaymentRefNum": str(5001 + round_)}
        make(realm, "Payment", {**payment, **check})


def make(realm: Realm, entity: str, body: Body) -> str:
    """Create one entity with the checks of the API; return its id."""
    return str(ENTITIES[entity.lower()].write(realm, body, SEED)["Id"])


def _invoice(customer_id: str, items: Mapping[str, str], amount: int, day: str) -> Body:
    detail = {"ItemRef": {"value": items["Services"]}, "Qty": 1, "UnitPrice": amount}
    line = {"DetailType": "SalesItemLineDetail", "Amount": amount, "SalesItemLineDetail": detail}
    return {"CustomerRef": {"value": customer_id}, "TxnDate": day, "Line": [line]}


def _payment(customer_id: str, invoice_id: str, amount: int, day: str) -> Body:
    link = {"TxnId": invoice_id, "TxnType": "Invoice"}
    return {
        "CustomerRef": {"value": customer_id},
        "TotalAmt": amount,
        "TxnDate": day,
        "Line": [{"Amount": amount, "LinkedTxn": [link]}],
    }
