"""How payments and forms hang together: what a payment pays shows it as linked."""

from decimal import Decimal

from plumbline_sandbox.quickbooks import ledger
from plumbline_sandbox.quickbooks.entities.currency import at_home
from plumbline_sandbox.quickbooks.ledger import ZERO, Applied, Target
from plumbline_sandbox.quickbooks.realm import Call, Realm
from plumbline_sandbox.quickbooks.wire import Body


def relink(realm: Realm, payment: Body, old: Applied, new: Applied, call: Call) -> None:
    """Move the balances of everything whose part in a payment changes; each gets a new SyncToken."""
    for target in {**old, **new}:
        before, after = old.get(target, ZERO), new.get(target, ZERO)
        if before != after:
            form = realm.stores[target[0]].get(target[1])
            assert form is not None
            changed = ledger.relinked(form, payment["Id"], before=before, after=after)
            realm.commit(target[0], {**changed, **at_home(realm, changed)}, change="linked", call=call)


def cut(realm: Realm, payment: Body, target: Target, most: Decimal, call: Call) -> None:
    """Leave a payment at most so much of its part in an invoice that has changed itself.

    Credits with nothing left to pay are given back to their credit memos.
    """
    left = ledger.with_at_most(payment, target, most)
    realm.commit("Payment", left, change="unlinked", call=call)
    old, new = (ledger.applications(body) for body in (payment, left))
    new[target] = old.get(target, ZERO)  # the invoice knows already
    relink(realm, payment, old, new, call)


def granted(realm: Realm, invoice: Body, most: Decimal) -> dict[str, Decimal]:
    """Return how much of each linked payment an invoice can keep; older payments keep theirs first."""
    kept: dict[str, Decimal] = {}
    for payment_id in ledger.linked_payments(invoice):
        mine = ledger.applications(realm.get("Payment", payment_id))["Invoice", invoice["Id"]]
        kept[payment_id] = min(mine, most - sum(kept.values(), ZERO))
    return kept
