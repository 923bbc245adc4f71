"""Bill payments: a check or a card pays one or several bills, with what is used of vendor credits.

Corrected by a full update, the only one that Intuit documents for them; it also clears the line of a bill
that is unlinked. Voided by an update with `include=void`.
"""

from collections.abc import Iterable, Mapping

from plumbline.common.contracts.ledger import DesiredBillPayment, PaymentState
from plumbline.qb_writer.domain.documents import (
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
from plumbline.qb_writer.domain.kinds.settling import needs_of, shares_of
from plumbline.qb_writer.domain.plan import Aim, Needs
from plumbline.qb_writer.domain.records import Document, Observed
from plumbline.qb_writer.domain.soundness import adds_up, first, in_range, named_once
from plumbline.quickbooks.payables import BillPayment

LINKS = frozenset({"BillPaymentCheck", "BillPaymentCreditCard"})
"""What the links of a bill to its payments are called (Intuit, Bill)."""


def compose(wish: DesiredBillPayment, draft: Draft) -> Document:
    """Return the payment."""
    parts = shares_of([*wish.bills, *wish.credits], draft.relations)
    by_check = wish.pay_type == "check"
    return {
        "VendorRef": ref(wish.vendor_id),
        "TotalAmt": money(wish.total_cents),
        "TxnDate": day(wish.paid_on),
        "PayType": "Check" if by_check else "CreditCard",
        "CheckPayment": {"BankAccountRef": ref(wish.account_id)} if by_check else None,
        "CreditCardPayment": None if by_check else {"CCAccountRef": ref(wish.account_id)},
        "PrivateNote": draft.note,
        "Line": [payment_line(part) for part in parts],
        "DocNumber": wish.reference or None,
        **in_currency(wish.currency),
    }


def facts(held: BillPayment) -> Mapping[str, object]:
    """Return what we own of it."""
    return {
        "vendor": held.vendor_ref.value,
        "note": held.private_note,
        "date": held.txn_date,
        "manner": held.pay_type,
        "account": held.account_id,
        "reference": held.doc_number,
        "applications": shares(held.line),
        "total": cents(held.total_amt),
    }


def amounts(held: BillPayment) -> Amounts:
    """Return what was paid; all of it is applied."""
    return Amounts(cents(held.total_amt), 0)


def look_ups(sent: Document) -> Iterable[LookUp]:
    """Find it through what it pays, which does not lag; one that was unlinked, by its day."""
    for line in sent["Line"]:
        for link in line["LinkedTxn"]:
            yield Follow(link["TxnType"], link["TxnId"], LINKS)
    yield Find({"VendorRef": sent["VendorRef"]["value"], "TxnDate": sent["TxnDate"]})


def names(wish: DesiredBillPayment) -> list[str]:
    """Return the bills that it pays and the vendor credits that it uses."""
    return [application.record for application in (*wish.bills, *wish.credits)]


def needs(wish: DesiredBillPayment, observed: Observed, relations: Relations) -> Needs:
    """Say whether enough is open on what it pays and uses."""
    return needs_of([*wish.bills, *wish.credits], observed, relations)


def refusal(wish: DesiredBillPayment) -> Refusal | None:
    """Refuse a total that is not what goes to bills, less what credits pay."""
    bills = [application.amount_cents for application in wish.bills]
    credited = [-application.amount_cents for application in wish.credits]
    return first(
        in_range([*bills, *credited, wish.total_cents]),
        named_once([*wish.bills, *wish.credits]),
        adds_up([*bills, *credited], wish.total_cents, of="bills less the credits"),
    )


def party(wish: DesiredBillPayment) -> Party:
    """Return the vendor."""
    return Party("Vendor", wish.vendor_id, wish.currency)


def stake_cents(wish: DesiredBillPayment) -> int:
    """Return what is paid."""
    return wish.total_cents


def wish_in_words(wish: DesiredBillPayment) -> str:
    """Say what is paid."""
    return f"{wish.state.value}, {dollars(wish.total_cents)} over {len(wish.bills)} bills"


BILL_PAYMENT = Kind(
    name="bill-payment",
    entity="BillPayment",
    model=BillPayment,
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
    dated=lambda wish: wish.paid_on,
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
"""Bill payments."""
