"""A company's past: how its books were opened, and what was billed, paid, banked and spent since."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import product

from plumbline_sandbox.quickbooks import chart, wire
from plumbline_sandbox.quickbooks.entities.registry import ENTITIES
from plumbline_sandbox.quickbooks.realm import Call, Realm
from plumbline_sandbox.quickbooks.wire import Body

SEED = Call(origin="seed")
"""Everything that is there from the start was made by the seed."""

_OPENED_DAYS_AGO = 200
_BILLED_DAYS_AGO = (150, 120, 90)
_PAID_AFTER_DAYS = 25
_BANKED_AFTER_DAYS = 2
_STILL_OPEN = 10, 18_400
"""Days ago and amount of the one invoice that nobody has paid yet; it is not due."""


@dataclass(frozen=True, slots=True)
class Lists:
    """Ids of the lists that a company's past refers to, by name."""

    accounts: Mapping[str, str]
    customers: Mapping[str, str]
    items: Mapping[str, str]
    payment_methods: Mapping[str, str]


def open_books(realm: Realm, lists: Lists) -> None:
    """Enter what stood on the accounts before, as one journal entry against Opening Balance Equity."""
    rest = {"Opening Balance Equity": -sum(chart.OPENING.values())}
    lines = [_posted(lists.accounts[name], amount) for name, amount in (chart.OPENING | rest).items()]
    day = wire.today(realm.clock.now()) - timedelta(days=_OPENED_DAYS_AGO)
    note = "Opening balances"
    make(realm, "JournalEntry", {"TxnDate": day.isoformat(), "PrivateNote": note, "Line": lines})


def play(realm: Realm, lists: Lists) -> None:
    """Bill every customer three times, let it pay in full and bank the money; spend what each month costs.

    The company numbers the invoices itself. Dates lie before the clock's present day, and nothing is
    overdue; one invoice is open.
    """
    today = wire.today(realm.clock.now())
    for round_, (days_ago, (place, customer_id)) in enumerate(
        product(_BILLED_DAYS_AGO, enumerate(lists.customers.values()))
    ):
        billed = today - timedelta(days=days_ago - place)
        amount = 12_000 + 1_750 * round_
        invoice_id = make(realm, "Invoice", _invoice(customer_id, lists.items, amount, billed.isoformat()))
        paid = billed + timedelta(days=_PAID_AFTER_DAYS)
        payment = _payment(customer_id, invoice_id, amount, paid.isoformat())
        reference = {"value": lists.payment_methods["Check"]}
        check = {"PaymentMethodRef": reference, "PaymentRefNum": str(5001 + round_)}
        payment_id = make(realm, "Payment", {**payment, **check})
        banked = (paid + timedelta(days=_BANKED_AFTER_DAYS)).isoformat()
        make(realm, "Deposit", _banked(lists.accounts["Checking"], payment_id, amount, banked))
    for days_ago in _BILLED_DAYS_AGO:
        _spend(realm, lists.accounts, (today - timedelta(days=days_ago)).isoformat())
    days_ago, amount = _STILL_OPEN
    first = next(iter(lists.customers.values()))
    open_since = (today - timedelta(days=days_ago)).isoformat()
    make(realm, "Invoice", _invoice(first, lists.items, amount, open_since))


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


def _banked(account_id: str, payment_id: str, amount: int, day: str) -> Body:
    link = {"TxnId": payment_id, "TxnType": "Payment"}
    line = {"Amount": amount, "LinkedTxn": [link]}
    return {"DepositToAccountRef": {"value": account_id}, "TxnDate": day, "Line": [line]}


def _spend(realm: Realm, accounts: Mapping[str, str], day: str) -> None:
    for kind, paid_from, spent_on, amount in chart.OVERHEAD:
        detail = {"AccountRef": {"value": accounts[spent_on]}}
        name = "AccountBasedExpenseLineDetail"
        line = {"DetailType": name, "Amount": amount, name: detail}
        source = {"value": accounts[paid_from]}
        make(realm, "Purchase", {"PaymentType": kind, "AccountRef": source, "TxnDate": day, "Line": [line]})


def _posted(account_id: str, amount: int) -> Body:
    side = {"PostingType": "Debit" if amount > 0 else "Credit", "AccountRef": {"value": account_id}}
    name = "JournalEntryLineDetail"
    return {"DetailType": name, "Amount": abs(amount), name: side}
