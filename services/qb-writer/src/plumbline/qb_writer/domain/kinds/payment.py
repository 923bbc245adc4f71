"""Payments received: over one or several invoices, with credits, or not applied at all.

Corrected by a full update: unlinking an invoice is a line that is left out, and only a full update clears
what it leaves out. Voided by an update with `include=void`.
"""

from collections.abc import Iterable, Iterator, Mapping

from plumbline.common.contracts.ledger import DesiredPayment, PaymentState
from plumbline.qb_writer.domain.documents import (
    Share,
    cents,
    day,
    dollars,
    in_currency,
    money,
    payment_line,
    ref,
    shares,
)
from plumbline.qb_writer.domain.kind import (
    VOIDED_AS_UPDATE,
    Amounts,
    Correction,
    Draft,
    Find,
    Follow,
    Kind,
    LookUp,
    Party,
    Refusal,
    Relations,
)
from plumbline.qb_writer.domain.kinds.settling import applied_in, needs_of, shares_of
from plumbline.qb_writer.domain.plan import Aim, Needs
from plumbline.qb_writer.domain.records import Document, Observed
from plumbline.qb_writer.domain.soundness import first, in_range, named_once
from plumbline.quickbooks.models import Payment


def compose(wish: DesiredPayment, draft: Draft) -> Document:
    """Return the payment."""
    parts = list(_shares(wish, draft.applied, draft.relations))
    total = wish.total_cents if wish.total_cents is not None else sum(part.amount_cents for part in parts)
    return {
        "CustomerRef": ref(wish.customer_id),
        "TotalAmt": money(total),
        "TxnDate": day(wish.received_on),
        "DepositToAccountRef": ref(wish.deposit_account_id),
        "PrivateNote": draft.note,
        "Line": [payment_line(part) for part in parts] or None,
        "PaymentRefNum": wish.reference or None,
        **in_currency(wish.currency),
    }


def _shares(wish: DesiredPayment, applied: Document, relations: Relations) -> Iterator[Share]:
    if wish.invoice is None:
        yield from shares_of([*wish.applied, *wish.credits], relations)
    else:
        related = relations[wish.invoice]
        invoice_id = related.observed.quickbooks_id or ""
        amount = applied_in(applied).get((related.entity, invoice_id), related.observed.balance_cents)
        yield Share(related.entity, invoice_id, amount)


def facts(held: Payment) -> Mapping[str, object]:
    """Return what we own of it."""
    return {
        "customer": held.customer_ref.value,
        "note": held.private_note,
        "date": held.txn_date,
        "account": held.deposit_to_account_ref and held.deposit_to_account_ref.value,
        "reference": held.payment_ref_num,
        "applications": shares(held.line),
        "total": cents(held.total_amt),
    }


def amounts(held: Payment) -> Amounts:
    """Return what came in, and what of it is applied to nothing."""
    return Amounts(cents(held.total_amt), cents(held.unapplied_amt))


def look_ups(sent: Document) -> Iterable[LookUp]:
    """Find it through what it pays, which does not lag; one that pays nothing, or was unlinked, by its day."""
    for line in sent.get("Line", ()):
        for link in line["LinkedTxn"]:
            yield Follow(link["TxnType"], link["TxnId"], frozenset({"Payment"}))
    yield Find({"CustomerRef": sent["CustomerRef"]["value"], "TxnDate": sent["TxnDate"]})


def names(wish: DesiredPayment) -> list[str]:
    """Return the invoices that it pays and the credit memos that it uses."""
    if wish.invoice is not None:
        return [wish.invoice]
    return [application.record for application in (*wish.applied, *wish.credits)]


def needs(wish: DesiredPayment, observed: Observed, relations: Relations) -> Needs:
    """Say whether enough is open on what it pays and uses."""
    if wish.invoice is None:
        return needs_of([*wish.applied, *wish.credits], observed, relations)
    invoice = relations[wish.invoice].observed
    if not invoice.fresh:
        return Needs.UNSEEN
    return Needs.MET if invoice.balance_cents or observed.exists else Needs.NOTHING_OPEN


def refusal(wish: DesiredPayment) -> Refusal | None:
    """Refuse to apply more than came in and is credited, and to credit more than is paid."""
    if wish.total_cents is None:
        return None
    applied = [application.amount_cents for application in wish.applied]
    credited = [application.amount_cents for application in wish.credits]
    return first(
        in_range([*applied, *credited, wish.total_cents]),
        named_once([*wish.applied, *wish.credits]),
        _spent(sum(applied), sum(credited), wish.total_cents),
    )


def _spent(applied: int, credited: int, total: int) -> Refusal | None:
    if credited <= applied <= total + credited:
        return None
    return Refusal(
        "total-does-not-add-up",
        f"{dollars(applied)} goes to invoices, of {dollars(total)} received and {dollars(credited)} credited; "
        "correct the amounts at their source",
    )


def wish_in_words(wish: DesiredPayment) -> str:
    """Say what is paid."""
    if wish.invoice is not None:
        return f"paying {wish.invoice}"
    return f"{wish.state.value}, {dollars(wish.total_cents or 0)} over {len(wish.applied)} invoices"


def party(wish: DesiredPayment) -> Party:
    """Return the customer."""
    return Party("Customer", wish.customer_id, wish.currency)


def stake_cents(wish: DesiredPayment) -> int | None:
    """Return what came in, if it is said."""
    return wish.total_cents


PAYMENT = Kind(
    name="payment",
    entity="Payment",
    model=Payment,
    aims={
        PaymentState.RECORDED: Aim.HELD,
        PaymentState.VOID: Aim.VOID,
        PaymentState.DELETED: Aim.DELETED,
    },
    correction=Correction.FULL,
    void=VOIDED_AS_UPDATE,
    is_guarded=False,
    is_made_by_people=True,
    title=lambda wish: wish.reference or None,
    dated=lambda wish: wish.received_on,
    party=party,
    stake_cents=stake_cents,
    wish=wish_in_words,
    compose=compose,
    facts=facts,
    amounts=amounts,
    look_ups=look_ups,
    names=names,
    needs=needs,
    refusal=refusal,
)
"""Payments received."""
