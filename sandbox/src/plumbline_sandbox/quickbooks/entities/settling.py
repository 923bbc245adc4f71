"""How bill payments and what they settle hang together: what a payment settles shows it as linked."""

from decimal import Decimal

from plumbline_sandbox.quickbooks import ledger, payables
from plumbline_sandbox.quickbooks.ledger import ZERO, Applied, Target
from plumbline_sandbox.quickbooks.payables import Open
from plumbline_sandbox.quickbooks.realm import Call, Realm
from plumbline_sandbox.quickbooks.store import text_of
from plumbline_sandbox.quickbooks.wire import Body


def payments_of(realm: Realm, body: Body) -> list[Body]:
    """Return the bill payments that a transaction is linked to, in order of application."""
    found = (realm.get("BillPayment", payment_id) for payment_id in payables.payments_of(body))
    return [payment for payment in found if payment is not None]


def relink(realm: Realm, payment: Body, old: Applied, new: Applied, call: Call) -> None:
    """Move everything whose part in a payment changes, or shows it wrongly; each gets a new SyncToken."""
    link = payables.link_to(payment)
    for target in {**old, **new}:
        before, after = old.get(target, ZERO), new.get(target, ZERO)
        body = realm.stores[target[0]].get(target[1])
        assert body is not None
        if before != after or (after and link not in body["LinkedTxn"]):
            changed = payables.relinked(body, link, before=before, after=after)
            realm.commit(target[0], changed, change="linked", call=call)


def cut(realm: Realm, payment: Body, target: Target, most: Decimal, call: Call) -> None:
    """Leave a payment at most so much of its part in a bill that has changed itself.

    Credits with nothing left to pay are given back.
    """

    def gives(to: Target) -> bool:
        return side(realm, to, text_of(payment, "VendorRef") or "") == "credit"

    left = {**payment, "Line": ledger.lines_with_at_most(payment, target, most, gives)}
    realm.commit("BillPayment", left, change="unlinked", call=call)
    old, new = (ledger.applications(body) for body in (payment, left))
    # The bill knows already.
    for applied in (old, new):
        applied.pop(target, None)
    relink(realm, payment, old, new, call)


def side(realm: Realm, target: Target, vendor_id: str) -> payables.Side:
    """Tell whether a payment pays a transaction or takes from it."""
    kind, txn_id = target
    if kind == "JournalEntry":
        return journal_part(realm, realm.get(kind, txn_id) or {"Line": []}, vendor_id).side
    return "owed" if kind == "Bill" else "credit"


def journal_part(realm: Realm, entry: Body, vendor_id: str) -> Open:
    """Return what a journal entry has for a vendor's payments, before any is applied."""
    return payables.open_part(ledger.journal_owed(entry, realm.account_type), vendor_id)
