"""What bills and vendor credits have in common: a vendor, a number of the vendor's own, and expense lines."""

from collections.abc import Mapping

from plumbline.common.contracts.ledger import DesiredBill, DesiredVendorCredit, PayableState
from plumbline.qb_writer.domain.documents import (
    cents,
    day,
    dollars,
    expense_line,
    expense_line_facts,
    in_currency,
    money,
    ref,
)
from plumbline.qb_writer.domain.kind import Amounts, Draft, Find, Number, Party, Refusal
from plumbline.qb_writer.domain.plan import Aim
from plumbline.qb_writer.domain.records import Document
from plumbline.qb_writer.domain.soundness import adds_up, first, in_range, not_negative
from plumbline.quickbooks.payables import Bill, VendorCredit

Purchase = DesiredBill | DesiredVendorCredit
"""What a vendor has written to us."""

AIMS = {PayableState.OPEN: Aim.HELD, PayableState.DELETED: Aim.DELETED}
"""What their states aim at."""


def compose(wish: Purchase, draft: Draft) -> Document:
    """Return vendor, number, date, lines and total; the total overrules the one that was read."""
    return {
        "VendorRef": ref(wish.vendor_id),
        "DocNumber": draft.number,
        "TxnDate": day(wish.issued_on),
        "PrivateNote": draft.note,
        "Line": [expense_line(line) for line in wish.lines],
        "TotalAmt": money(wish.total_cents),
        **in_currency(wish.currency),
    }


def facts(held: Bill | VendorCredit) -> Mapping[str, object]:
    """Return what we own of it."""
    return {
        "vendor": held.vendor_ref.value,
        "number": held.doc_number,
        "note": held.private_note,
        "date": held.txn_date,
        "lines": expense_line_facts(held.line),
        "total": cents(held.total_amt),
    }


def amounts(held: Bill | VendorCredit) -> Amounts:
    """Return what it comes to, and what bill payments have left of it."""
    balance = held.total_amt if held.balance is None else held.balance
    return Amounts(cents(held.total_amt), cents(balance))


def look_ups(sent: Document) -> tuple[Find]:
    """Find it by its number; other vendors' documents of that number have other notes."""
    return (Find({"DocNumber": sent["DocNumber"]}),)


def number(wish: Purchase) -> Number:
    """Return its number: vendors number their own documents, each from 1."""
    return Number(f"{wish.kind} of {wish.vendor_id}", wish.number, per_party=True)


def party(wish: Purchase) -> Party:
    """Return the vendor."""
    return Party("Vendor", wish.vendor_id, wish.currency)


def stake_cents(wish: Purchase) -> int:
    """Return its total."""
    return wish.total_cents


def wish_in_words(wish: Purchase) -> str:
    """Return state and total."""
    return f"{wish.state.value}, {dollars(wish.total_cents)}"


def refusal(wish: Purchase) -> Refusal | None:
    """Refuse what does not add up."""
    parts = [line.amount_cents for line in wish.lines]
    instead = "ask for a vendor credit" if wish.kind == "bill" else "ask for a bill"
    return first(
        in_range([*parts, wish.total_cents]),
        adds_up(parts, wish.total_cents, of="lines"),
        not_negative(wish.total_cents, instead=instead),
    )
