"""Invoices: a customer owes something.

Corrected by a sparse update, which Intuit documents for invoices: what bookkeepers add beside our fields
(terms, addresses, a message) stays as it is, and the lines are replaced as a whole all the same. Voided by an
operation of its own.
"""

from collections.abc import Mapping

from plumbline.common.contracts.ledger import DesiredInvoice, InvoiceState
from plumbline.qb_writer.domain.documents import due
from plumbline.qb_writer.domain.kind import (
    VOIDED_AS_OPERATION,
    Correction,
    Draft,
    Kind,
    Refusal,
)
from plumbline.qb_writer.domain.kinds import sales
from plumbline.qb_writer.domain.plan import Aim
from plumbline.qb_writer.domain.records import Document
from plumbline.quickbooks.models import Invoice


def compose(wish: DesiredInvoice, draft: Draft) -> Document:
    """Return the invoice."""
    return {**sales.compose(wish, draft), **due(wish.due_on)}


def facts(held: Invoice) -> Mapping[str, object]:
    """Return what we own of it."""
    return {**sales.facts(held), "due date": held.due_date}


def refusal(wish: DesiredInvoice) -> Refusal | None:
    """Refuse what does not add up."""
    return sales.refusal(wish, instead="ask for a credit memo")


INVOICE = Kind(
    name="invoice",
    entity="Invoice",
    model=Invoice,
    aims={
        InvoiceState.OPEN: Aim.HELD,
        InvoiceState.PENDING: Aim.HELD,
        InvoiceState.SENT: Aim.SENT,
        InvoiceState.PAID: Aim.PAID,
        InvoiceState.VOID: Aim.VOID,
        InvoiceState.DELETED: Aim.DELETED,
    },
    correction=Correction.SPARSE,
    void=VOIDED_AS_OPERATION,
    number=sales.number,
    dated=lambda wish: wish.issued_on,
    party=sales.party,
    stake_cents=sales.stake_cents,
    wish=sales.wish_in_words,
    compose=compose,
    facts=facts,
    uncompared=sales.UNCOMPARED,
    amounts=sales.amounts,
    look_ups=sales.look_ups,
    refusal=refusal,
)
"""Invoices."""
