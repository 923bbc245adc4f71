"""Payments: what came in, which invoices it pays, what is left over."""

from datetime import date
from decimal import Decimal
from typing import ClassVar

from typing_extensions import override

from plumbline_sandbox.quickbooks import errors, ledger, wire
from plumbline_sandbox.quickbooks.checks import Checks
from plumbline_sandbox.quickbooks.entities.applying import relink
from plumbline_sandbox.quickbooks.entities.base import named_references, voided_note
from plumbline_sandbox.quickbooks.entities.currency import at_home, form_currency
from plumbline_sandbox.quickbooks.entities.customer import family_of
from plumbline_sandbox.quickbooks.entities.deposit import is_deposited
from plumbline_sandbox.quickbooks.entities.sales_form import check_recipient, deposit_account
from plumbline_sandbox.quickbooks.entities.transaction import (
    Transaction,
    check_account,
    heading,
    listed,
    refuse_closed,
    take,
)
from plumbline_sandbox.quickbooks.errors import FaultError
from plumbline_sandbox.quickbooks.ledger import ZERO, Applied
from plumbline_sandbox.quickbooks.query.fields import Field
from plumbline_sandbox.quickbooks.realm import Call, Realm
from plumbline_sandbox.quickbooks.store import Family, text_of
from plumbline_sandbox.quickbooks.wire import Body

_PAYABLE = frozenset({"Invoice", "CreditMemo"})
"""What lines may link to here, of all that Intuit lists."""

_DEPOSITED = ("TotalAmt", "DepositToAccountRef", "CustomerRef")
"""What cannot change while the payment is in a deposit."""

_RECEIVABLE = frozenset({"Accounts Receivable"})
_REFERENCES = {"CustomerRef": "Customer", "PaymentMethodRef": "PaymentMethod"}


class Payment(Transaction):
    """Intuit, Payment. Lines link to invoices and credit memos; the rest is `UnappliedAmt`."""

    family = Family("Payment", "transaction", indexed=("CustomerRef", "PaymentRefNum"))
    writable: ClassVar[frozenset[str]] = frozenset(
        {"CustomerRef", "TotalAmt", "Line", "TxnDate", "PrivateNote", "PaymentMethodRef", "PaymentRefNum"}
        | {"DepositToAccountRef", "ARAccountRef", "CurrencyRef", "ExchangeRate", "ProcessPayment"}
        | {"CreditCardPayment", "TxnSource", "TransactionLocationType", "ProjectRef"}
    )
    ignored: ClassVar[frozenset[str]] = frozenset(
        {"UnappliedAmt", "LinkedTxn", "TxnStatus", "TaxExemptionRef", "HomeTotalAmt", "DeliveryInfo"}
    )
    fields: ClassVar = {
        "TotalAmt": Field("TotalAmt", "number"),
        "CustomerRef": Field("CustomerRef"),
        "PaymentMethodRef": Field("PaymentMethodRef"),
        "PaymentRefNum": Field("PaymentRefNum"),
        "TxnDate": Field("TxnDate", "day", sortable=True),
    }
    prints = True

    @override
    def build(self, realm: Realm, wanted: Body, before: Body | None) -> Body:
        """Check the form, and that nothing gets or gives more than it is open for."""
        checks = Checks(wanted)
        checks.required("TotalAmt", "CustomerRef")
        total = _total(checks)
        references = named_references(realm, checks, _REFERENCES)
        form = self._form(realm, checks, before)
        if receivable := check_account(realm, checks, "ARAccountRef", _RECEIVABLE):
            form["ARAccountRef"] = receivable
        customer = realm.get("Customer", text_of(references, "CustomerRef"))
        form |= form_currency(realm, checks, customer, date.fromisoformat(form["TxnDate"]))
        reader = _LineReader(realm, checks, customer)
        lines = [
            line for sent in listed(checks, "Line", wanted.get("Line", [])) for line in reader.read(sent)
        ]
        checks.done()
        applied = ledger.applications({"Line": lines})
        _check_amounts(realm, checks, applied, before)
        left = _left(checks, total, applied)
        checks.done()
        money = {"TotalAmt": total, "UnappliedAmt": left, "Line": lines}
        body = {**wanted, **references, **form, **money}
        if before and any(text_of(before, name) != text_of(body, name) for name in _DEPOSITED):
            self.refuse_dependents(realm, before)
        return {**body, **at_home(realm, body)}

    @override
    def committed(self, realm: Realm, before: Body | None, after: Body, call: Call) -> None:
        """Move the balances of what is linked; a link raises its SyncToken too."""
        relink(realm, after, ledger.applications(before), ledger.applications(after), call)

    @override
    def refuse_dependents(self, realm: Realm, before: Body) -> None:
        """Refuse to touch a payment that is in a deposit."""
        if is_deposited(before):
            raise FaultError(errors.deposited())

    @override
    def removed(self, realm: Realm, before: Body, call: Call) -> None:
        """Open again what the payment paid."""
        relink(realm, before, ledger.applications(before), {}, call)

    @override
    def void(self, realm: Realm, sent: Body, call: Call) -> Body:
        """Set the amounts to zero and drop the lines; what it paid is open again."""
        before = self.present(realm, sent)
        refuse_closed(realm, before)
        self.refuse_dependents(realm, before)
        nothing = {"TotalAmt": ZERO, "UnappliedAmt": ZERO, "Line": []}
        voided = {**before, **nothing, "PrivateNote": voided_note(before)}
        return self._save(realm, before, {**voided, **at_home(realm, voided)}, "voided", call)

    @override
    def send(self, realm: Realm, entity_id: str, call: Call) -> Body:
        """Mail a receipt to `sendTo`, or else to the customer's address (inferred)."""
        before = self.read(realm, entity_id)
        customer = realm.get("Customer", text_of(before, "CustomerRef")) or {}
        to = call.send_to or text_of(customer, "PrimaryEmailAddr") or ""
        check_recipient(realm, to)
        delivery = {"DeliveryType": "Email", "DeliveryTime": wire.stamp(realm.clock.now())}
        after = self._save(realm, before, {**before, "DeliveryInfo": delivery}, "sent", call)
        realm.mailed(self.name, after, to, call)
        return after

    @staticmethod
    def _form(realm: Realm, checks: Checks, before: Body | None) -> Body:
        checks.text("PaymentRefNum", longest=21)
        kept: Body = (
            {name: before[name] for name in ("LinkedTxn", "DeliveryInfo") if name in before} if before else {}
        )
        return {
            **heading(realm, checks, before),
            "ProcessPayment": checks.flag("ProcessPayment") or False,
            "DepositToAccountRef": {"value": deposit_account(realm, checks)},
            **kept,
        }


class _LineReader:
    """Reads the lines of one payment and notes what is wrong with them."""

    def __init__(self, realm: Realm, checks: Checks, customer: Body | None) -> None:
        self._realm = realm
        self._checks = checks
        self._customer_id = (customer or {}).get("Id")

    def read(self, sent: Body) -> list[Body]:
        """Return a line per link: published clients put an invoice and its credit into one line too."""
        checks = Checks(sent)
        checks.required("Amount", "LinkedTxn")
        amount = checks.money("Amount") or ZERO
        if amount < 0:
            checks.note(errors.bad_amount("Amount", amount))
        links = listed(checks, "LinkedTxn", sent.get("LinkedTxn", []))
        if sent.get("LinkedTxn") == []:
            checks.note(errors.missing("LinkedTxn"))
        forms = [form for link in links if (form := self._form(checks, link)) is not None]
        take(self._checks, checks)
        return [_line(amount, kind, form) for kind, form in forms] if amount else []

    def _form(self, checks: Checks, link: Body) -> tuple[str, Body] | None:
        kind, txn_id = str(link.get("TxnType")), str(link.get("TxnId"))
        if kind not in _PAYABLE:
            checks.note(errors.cannot_link(txn_id))
            return None
        form = self._realm.get(kind, txn_id)
        if form is None:
            checks.note(errors.not_found("LinkedTxn"))
            return None
        if self._customer_id and self._customer_id not in family_of(
            self._realm, text_of(form, "CustomerRef") or ""
        ):
            # A parent pays for its jobs, never a stranger for another customer.
            checks.note(errors.cannot_link(txn_id))
        return kind, form


def _line(amount: Decimal, kind: str, form: Body) -> Body:
    link = {"TxnId": form["Id"], "TxnType": kind}
    return {"Amount": amount, "LinkedTxn": [link], "LineEx": _line_extras(form)}


def _total(checks: Checks) -> Decimal:
    total = checks.money("TotalAmt") or ZERO
    if total < 0:
        checks.note(errors.bad_amount("TotalAmt", total))
    return total


def _check_amounts(realm: Realm, checks: Checks, applied: Applied, before: Body | None) -> None:
    had = ledger.applications(before)
    for target, amount in applied.items():
        open_amount = (realm.get(*target) or {})["Balance"] + had.get(target, ZERO)
        if amount > open_amount:
            text = (
                f"The amount {amount} is more than the open balance {open_amount} of {target[0]} {target[1]}."
            )
            checks.note(errors.business(text))


def _left(checks: Checks, total: Decimal, applied: Applied) -> Decimal:
    """Return what is left of the money; note lines beyond it, and credits beyond what they pay (inferred)."""
    left = ledger.unapplied(total, applied)
    if left < 0:
        checks.note(errors.business("The amounts of the lines are more than the amount received."))
    if left > total:
        checks.note(errors.business("The credits of the lines are more than the invoices they pay."))
    return left


def _line_extras(form: Body) -> Body:
    """Return the name/value pairs that answers carry in payment lines, in their captured JSON form."""
    values = {"txnId": form["Id"], "txnOpenBalance": f"{form['Balance']:.2f}"}
    if "DocNumber" in form:
        values["txnReferenceNumber"] = form["DocNumber"]
    pairs = [
        {
            "name": "{http://schema.intuit.com/finance/v3}NameValue",
            "declaredType": "com.intuit.schema.finance.v3.NameValue",
            "scope": "javax.xml.bind.JAXBElement$GlobalScope",
            "value": {"Name": name, "Value": value},
            "nil": False,
            "globalScope": True,
            "typeSubstituted": False,
        }
        for name, value in values.items()
    ]
    return {"any": pairs}
