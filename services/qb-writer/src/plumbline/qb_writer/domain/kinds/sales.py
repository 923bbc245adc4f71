"""What invoices and credit memos have in common: they are written to a customer, and can be mailed."""

from collections.abc import Mapping

from plumbline.common.contracts.ledger import DesiredCreditMemo, DesiredInvoice
from plumbline.qb_writer.domain.documents import (
    cents,
    day,
    dollars,
    in_currency,
    money,
    ref,
    sales_line,
    sales_line_facts,
)
from plumbline.qb_writer.domain.kind import Amounts, Draft, Find, Number, Party, Refusal
from plumbline.qb_writer.domain.records import Document
from plumbline.qb_writer.domain.soundness import adds_up, first, in_range, not_negative
from plumbline.quickbooks.models import SalesForm

Form = DesiredInvoice | DesiredCreditMemo
"""What is written to a customer."""

UNCOMPARED = ("CustomerMemo",)
"""The message to the customer."""


def compose(wish: Form, draft: Draft) -> Document:
    """Return the form's customer, number, date, lines and tax."""
    return {
        "CustomerRef": ref(wish.customer_id),
        "DocNumber": draft.number,
        "TxnDate": day(wish.issued_on),
        "PrivateNote": draft.note,
        "Line": [sales_line(line) for line in wish.lines],
        "TxnTaxDetail": {"TotalTax": money(wish.tax_cents)},
        **({"CustomerMemo": {"value": wish.memo}} if wish.memo else {}),
        **in_currency(wish.currency),
    }


def facts(held: SalesForm) -> Mapping[str, object]:
    """Return what we own of a form; its message to the customer may be reworded by people."""
    return {
        "customer": held.customer_ref.value,
        "number": held.doc_number,
        "note": held.private_note,
        "date": held.txn_date,
        "lines": sales_line_facts(held.line),
        "total": cents(held.total_amt),
    }


def amounts(held: SalesForm) -> Amounts:
    """Return what it comes to, and what is still open of it."""
    return Amounts(cents(held.total_amt), cents(held.balance))


def look_ups(sent: Document) -> tuple[Find]:
    """Find it by our number, which carries its identity."""
    return (Find({"DocNumber": sent["DocNumber"]}),)


def number(wish: Form) -> Number:
    """Return its number: all sales forms share one space (reported: an invoice collided with a credit memo)."""
    return Number("sales", wish.number)


def party(wish: Form) -> Party:
    """Return the customer."""
    return Party("Customer", wish.customer_id, wish.currency)


def stake_cents(wish: Form) -> int:
    """Return its total."""
    return wish.total_cents


def wish_in_words(wish: Form) -> str:
    """Return state and total."""
    return f"{wish.state.value}, {dollars(wish.total_cents)}"


def refusal(wish: Form, *, instead: str) -> Refusal | None:
    """Refuse lines and a total that cannot be."""
    parts = [*(line.amount_cents for line in wish.lines), wish.tax_cents]
    return first(
        in_range([*parts, wish.total_cents]),
        adds_up(parts, wish.total_cents, of="lines and the tax"),
        not_negative(wish.total_cents, instead=instead),
    )
