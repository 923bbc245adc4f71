"""Credit memos: a customer need not pay something. Payments apply them to invoices.

Corrected by a full update, the only one that Intuit documents for them. There is no void.
"""

from plumbline.common.contracts.ledger import CreditMemoState, DesiredCreditMemo
from plumbline.qb_writer.domain.documents import money
from plumbline.qb_writer.domain.kind import Correction, Draft, Kind, Refusal
from plumbline.qb_writer.domain.kinds import sales
from plumbline.qb_writer.domain.plan import Aim
from plumbline.qb_writer.domain.records import Document
from plumbline.quickbooks.models import CreditMemo


def compose(wish: DesiredCreditMemo, draft: Draft) -> Document:
    """Return the credit memo; its total overrules the one that was read, which a full update sends along."""
    return {**sales.compose(wish, draft), "TotalAmt": money(wish.total_cents)}


def refusal(wish: DesiredCreditMemo) -> Refusal | None:
    """Refuse what does not add up."""
    return sales.refusal(wish, instead="ask for an invoice")


CREDIT_MEMO = Kind(
    name="credit-memo",
    entity="CreditMemo",
    model=CreditMemo,
    aims={
        CreditMemoState.OPEN: Aim.HELD,
        CreditMemoState.SENT: Aim.SENT,
        CreditMemoState.DELETED: Aim.DELETED,
    },
    correction=Correction.FULL,
    number=sales.number,
    dated=lambda wish: wish.issued_on,
    party=sales.party,
    stake_cents=sales.stake_cents,
    wish=sales.wish_in_words,
    compose=compose,
    facts=sales.facts,
    uncompared=sales.UNCOMPARED,
    amounts=sales.amounts,
    look_ups=sales.look_ups,
    refusal=refusal,
)
"""Credit memos."""
