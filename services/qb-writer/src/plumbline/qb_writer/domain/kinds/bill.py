"""Bills: we owe a vendor something, such as a subcontractor's invoice.

Corrected by a full update, the only one that Intuit documents for them. There is no void.
"""

from collections.abc import Mapping

from plumbline.common.contracts.ledger import DesiredBill
from plumbline.qb_writer.domain.documents import due
from plumbline.qb_writer.domain.kind import Correction, Draft, Kind
from plumbline.qb_writer.domain.kinds import purchases
from plumbline.qb_writer.domain.records import Document
from plumbline.quickbooks.payables import Bill


def compose(wish: DesiredBill, draft: Draft) -> Document:
    """Return the bill."""
    return {**purchases.compose(wish, draft), **due(wish.due_on)}


def facts(held: Bill) -> Mapping[str, object]:
    """Return what we own of it."""
    return {**purchases.facts(held), "due date": held.due_date}


BILL = Kind(
    name="bill",
    entity="Bill",
    model=Bill,
    aims=purchases.AIMS,
    correction=Correction.FULL,
    number=purchases.number,
    dated=lambda wish: wish.issued_on,
    party=purchases.party,
    stake_cents=purchases.stake_cents,
    wish=purchases.wish_in_words,
    compose=compose,
    facts=facts,
    amounts=purchases.amounts,
    look_ups=purchases.look_ups,
    refusal=purchases.refusal,
)
"""Bills."""
