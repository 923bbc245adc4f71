"""Invoices: due dates, deposits, links to payments and estimates, void."""

from collections.abc import Mapping
from decimal import Decimal
from typing import ClassVar

from typing_extensions import override

from plumbline_sandbox.quickbooks import errors, ledger
from plumbline_sandbox.quickbooks.checks import Checks
from plumbline_sandbox.quickbooks.entities import applying, sales_form
from plumbline_sandbox.quickbooks.entities.base import named_reference
from plumbline_sandbox.quickbooks.entities.company import preference
from plumbline_sandbox.quickbooks.entities.lists import due_date
from plumbline_sandbox.quickbooks.entities.sales_form import (
    Draft,
    VoidableForm,
    deposit_account,
    form_family,
)
from plumbline_sandbox.quickbooks.entities.transaction import listed, take
from plumbline_sandbox.quickbooks.errors import FaultError
from plumbline_sandbox.quickbooks.ledger import ZERO
from plumbline_sandbox.quickbooks.query.fields import Field
from plumbline_sandbox.quickbooks.realm import Call, Realm
from plumbline_sandbox.quickbooks.store import text_of
from plumbline_sandbox.quickbooks.wire import Body

BILLED = {
    "Estimate": ("TxnStatus", "Closed", "Pending"),
    "TimeActivity": ("BillableStatus", "HasBeenBilled", "Billable"),
}
"""What an invoice bills by a link (Intuit, Invoice, LinkedTxn): which property tells, when billed and when not.

Charges can be linked too; there are none here.
"""

MOST_LINKS = 10_000
"""Links of a transaction (Intuit, Invoice; the code of the refusal is inferred)."""


class Invoice(VoidableForm):
    """Intuit, Invoice."""

    family = form_family("Invoice")
    writable: ClassVar[frozenset[str]] = sales_form.WRITABLE | frozenset(
        {"DueDate", "Deposit", "DepositToAccountRef", "LinkedTxn", "TxnRetainageDetail"}
        | {"AllowOnlineACHPayment", "AllowOnlineCreditCardPayment"}
    )
    ignored: ClassVar[frozenset[str]] = sales_form.IGNORED | frozenset(
        {"InvoiceLink", "AllowOnlinePayment", "AllowIPNPayment", "EInvoiceStatus", "TxnApprovalInfo"}
        | {"invoiceStatus", "callToAction", "RemitToRef"}
    )
    fields: ClassVar = sales_form.FIELDS | {
        "SalesTermRef": Field("SalesTermRef"),
        "DueDate": Field("DueDate", "day", sortable=True),
        "Balance": Field("Balance", "number", sortable=True),
    }

    @override
    def find(self, realm: Realm, entity_id: str, asked: Mapping[str, str]) -> Body:
        """Return the invoice; with `include=invoiceLink` also the page where the customer can pay it."""
        body = self.read(realm, entity_id)
        if asked.get("include", "").lower() != "invoicelink":
            return body
        return {**body, "InvoiceLink": f"https://connect.intuit.com/portal/invoice/{realm.id}/{entity_id}"}

    @override
    def own(self, realm: Realm, checks: Checks, draft: Draft) -> Body:
        """Read due date, deposit, and the estimates and hours that are billed."""
        term = realm.get("Term", _term_id(realm, draft))
        due = checks.day("DueDate") or due_date(term, draft.day)
        return {
            **({"SalesTermRef": named_reference(realm, "Term", term["Id"])} if term else {}),
            "DueDate": due.isoformat(),
            **_deposit(realm, checks),
            **_retainage(checks),
            "LinkedTxn": _billed(realm, checks, draft),
        }

    @override
    def settle(self, realm: Realm, before: Body | None, body: Body) -> Body:
        """Return balance and links; what payments paid stays paid as far as the new total goes.

        Another customer unlinks all payments (reported for a move from a parent to its job).
        """
        billed = body["LinkedTxn"]
        if before is None or text_of(before, "CustomerRef") != text_of(body, "CustomerRef"):
            return {"LinkedTxn": billed, "Balance": ledger.balance(body, ZERO)}
        applied = max(min(ledger.paid(before), ledger.balance(body, ZERO)), ZERO)
        kept = applying.granted(realm, before, applied)
        payments = [link for link in before["LinkedTxn"] if kept.get(link["TxnId"])]
        return {"LinkedTxn": billed + payments, "Balance": ledger.balance(body, applied)}

    @override
    def committed(self, realm: Realm, before: Body | None, after: Body, call: Call) -> None:
        """Give back to payments what an update or a void took from them; close what is billed."""
        _bill(realm, before, after, call)
        kept: dict[str, Decimal] = {}
        if before is not None and ledger.linked_payments(after):
            kept = applying.granted(realm, before, ledger.paid(after))
        target = ("Invoice", after["Id"])
        for payment_id in ledger.linked_payments(before) if before else ():
            payment = realm.stores["Payment"].get(payment_id)
            assert payment is not None
            mine = kept.get(payment_id, ZERO)
            if mine != ledger.applications(payment)[target]:
                applying.cut(realm, payment, target, mine, call)

    @override
    def refuse_dependents(self, realm: Realm, before: Body) -> None:
        """Refuse to delete an invoice with payments."""
        if ledger.linked_payments(before):
            raise FaultError(errors.has_dependents("Unlink the linked transactions before deleting."))

    @override
    def removed(self, realm: Realm, before: Body, call: Call) -> None:
        """Open again what the invoice billed."""
        _bill(realm, before, None, call)


def _term_id(realm: Realm, draft: Draft) -> str | None:
    """Return the terms: the form's own, or else the customer's, or else the company's."""
    default = preference(realm, "SalesFormsPrefs", "DefaultTerms") or {}
    own = text_of(draft.wanted, "SalesTermRef") or text_of(draft.customer or {}, "SalesTermRef")
    return own or default.get("value")


def _deposit(realm: Realm, checks: Checks) -> Body:
    """Return the deposit taken on the form, and where it goes if the form says so."""
    account_id = deposit_account(realm, checks) if checks.has("DepositToAccountRef") else None
    named = {"DepositToAccountRef": named_reference(realm, "Account", account_id)} if account_id else {}
    return {"Deposit": checks.money("Deposit") or ZERO, **named}


def _retainage(checks: Checks) -> Body:
    """Return what the form withholds; what is open of it is read-only (XSD of July 2026; no page tells more)."""
    sent = checks.value("TxnRetainageDetail")
    if sent is None:
        return {}
    if not isinstance(sent, dict):
        checks.note(errors.bad_property("TxnRetainageDetail"))
        return {}
    inner = Checks(sent)
    amount = inner.money("RetainageAmount")
    take(checks, inner)
    return {"TxnRetainageDetail": {} if amount is None else {"RetainageAmount": amount}}


def _billed(realm: Realm, checks: Checks, draft: Draft) -> list[Body]:
    """Return the links to what is billed; those to payments are the payments' own and not read here."""
    known = (draft.before or {}).get("LinkedTxn", [])
    sent = listed(checks, "LinkedTxn", draft.wanted.get("LinkedTxn", []))
    if len(sent) > MOST_LINKS:
        checks.note(errors.business(f"A transaction may have {MOST_LINKS} links at most."))
        return []
    links: list[Body] = []
    for one in sent:
        link = {"TxnId": str(one.get("TxnId")), "TxnType": str(one.get("TxnType"))}
        if link["TxnType"] == "Payment" or link in links:
            continue
        if link not in known:
            _check_billed(realm, checks, draft, link)
        links.append(link)
    return links


def _check_billed(realm: Realm, checks: Checks, draft: Draft, link: Body) -> None:
    """Note 620 for what no invoice bills or is another customer's, 610 for what does not exist."""
    kind, txn_id = link["TxnType"], link["TxnId"]
    found = realm.get(kind, txn_id) if kind in BILLED else None
    if kind not in BILLED:
        checks.note(errors.cannot_link(txn_id))
    elif found is None:
        checks.note(errors.not_found("LinkedTxn"))
    else:
        strange = text_of(found, "CustomerRef") != text_of(draft.wanted, "CustomerRef")
        if strange or found.get("BillableStatus", "Billable") != "Billable":
            checks.note(errors.cannot_link(txn_id))


def _bill(realm: Realm, before: Body | None, after: Body | None, call: Call) -> None:
    """Close what an invoice bills, and link estimates to it; open again what it gave up."""
    invoice_id = (after or before or {})["Id"]
    old, new = (
        [(link["TxnType"], link["TxnId"]) for link in (body or {}).get("LinkedTxn", ())]
        for body in (before, after)
    )
    for kind, txn_id in dict.fromkeys([*old, *new]):
        billed = realm.get(kind, txn_id) if kind in BILLED else None
        if billed is None or ((kind, txn_id) in old) == ((kind, txn_id) in new):
            continue
        links = [link for link in billed.get("LinkedTxn", ()) if link["TxnId"] != invoice_id]
        if (kind, txn_id) in new:
            links.append({"TxnId": invoice_id, "TxnType": "Invoice"})
        name, closed, open_ = BILLED[kind]
        changed = {**billed, "LinkedTxn": links, name: closed if links else open_}
        realm.commit(kind, changed, change="linked", call=call)
