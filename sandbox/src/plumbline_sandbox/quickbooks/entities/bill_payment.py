"""Bill payments: money by check or card, and credits, that settle bills."""

from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from typing_extensions import override

from plumbline_sandbox.quickbooks import errors, ledger
from plumbline_sandbox.quickbooks.checks import Checks
from plumbline_sandbox.quickbooks.entities.base import named_references, voided_note, without_nulls
from plumbline_sandbox.quickbooks.entities.bill import PAYABLE
from plumbline_sandbox.quickbooks.entities.currency import form_currency
from plumbline_sandbox.quickbooks.entities.settling import journal_part, payments_of, relink
from plumbline_sandbox.quickbooks.entities.transaction import (
    Transaction,
    check_account,
    heading,
    listed,
    refuse_closed,
    take,
)
from plumbline_sandbox.quickbooks.ledger import ZERO
from plumbline_sandbox.quickbooks.payables import Open
from plumbline_sandbox.quickbooks.query.fields import Field
from plumbline_sandbox.quickbooks.realm import Call, Realm
from plumbline_sandbox.quickbooks.store import Family, text_of
from plumbline_sandbox.quickbooks.wire import Body

_METHODS = {
    "Check": ("CheckPayment", "BankAccountRef", frozenset({"Bank"})),
    "CreditCard": ("CreditCardPayment", "CCAccountRef", frozenset({"Credit Card"})),
}
_LINKED = ("Bill", "VendorCredit", "JournalEntry")
_PRINT_STATUSES = frozenset({"NotSet", "NeedToPrint", "PrintComplete"})


class BillPayment(Transaction):
    """Intuit, BillPayment. A line takes an amount off a bill, or uses an amount of a credit."""

    family = Family(
        "BillPayment",
        "transaction",
        "bill-payments",
        lambda body: body.get("DocNumber"),
        ("DocNumber", "VendorRef"),
    )
    writable: ClassVar[frozenset[str]] = frozenset(
        {"VendorRef", "TotalAmt", "PayType", "CheckPayment", "CreditCardPayment", "Line", "DocNumber"}
        | {"TxnDate", "PrivateNote", "APAccountRef", "DepartmentRef", "CurrencyRef", "ExchangeRate"}
        | {"ProcessBillPayment", "TransactionLocationType"}
    )
    ignored: ClassVar[frozenset[str]] = frozenset({"HomeTotalAmt", "LinkedTxn"})
    fields: ClassVar = {
        "DocNumber": Field("DocNumber", sortable=True),
        "VendorRef": Field("VendorRef", sortable=True),
        "APAccountRef": Field("APAccountRef", sortable=True),
        "PayType": Field("PayType"),
        "TxnDate": Field("TxnDate", "day", sortable=True),
        "TotalAmt": Field("TotalAmt", "number", sortable=True),
    }

    @override
    def build(self, realm: Realm, wanted: Body, before: Body | None) -> Body:
        """Check the form, and that nothing gets or gives more than it is open for."""
        checks = Checks(wanted)
        checks.required("VendorRef", "TotalAmt", "PayType", "Line")
        form = heading(realm, checks, before)
        references = named_references(realm, checks, {"VendorRef": "Vendor", "DepartmentRef": "Department"})
        vendor = realm.get("Vendor", text_of(references, "VendorRef"))
        form |= form_currency(realm, checks, vendor, date.fromisoformat(form["TxnDate"]))
        total = checks.money("TotalAmt") or ZERO
        if total < 0:
            checks.note(errors.bad_amount("TotalAmt", total))
        paid_by = self._method(realm, checks, wanted)
        if account := check_account(realm, checks, "APAccountRef", PAYABLE):
            form["APAccountRef"] = account
        lines = self._lines(checks, wanted.get("Line", []))
        checks.done()
        body = without_nulls({**wanted, **references, **form, **paid_by, "TotalAmt": total, "Line": lines})
        self._check_amounts(realm, checks, body, before)
        checks.done()
        return body

    @override
    def committed(self, realm: Realm, before: Body | None, after: Body, call: Call) -> None:
        """Move the balances of what is linked; a link raises its SyncToken too."""
        relink(realm, after, ledger.applications(before), ledger.applications(after), call)

    @override
    def removed(self, realm: Realm, before: Body, call: Call) -> None:
        """Open the bills and credits again."""
        relink(realm, before, ledger.applications(before), {}, call)

    @override
    def void(self, realm: Realm, sent: Body, call: Call) -> Body:
        """Set the amounts to zero and drop the lines; bills and credits are open again."""
        before = self.present(realm, sent)
        refuse_closed(realm, before)
        voided = {**before, "TotalAmt": ZERO, "Line": [], "PrivateNote": voided_note(before)}
        return self._save(realm, before, voided, "voided", call)

    @staticmethod
    def _method(realm: Realm, checks: Checks, wanted: Body) -> Body:
        """Check the one of CheckPayment and CreditCardPayment that PayType names; the other goes."""
        kind = checks.choice("PayType", frozenset(_METHODS))
        if kind is None:
            return {}
        name, account, kinds = _METHODS[kind]
        sent = wanted.get(name)
        if not isinstance(sent, dict):
            checks.note(errors.missing(name) if sent is None else errors.bad_property(name))
            return {}
        inner = Checks(sent)
        inner.required(account)
        reference = check_account(realm, inner, account, kinds)
        inner.choice("PrintStatus", _PRINT_STATUSES)
        take(checks, inner)
        nothing = dict.fromkeys(method for method, *_ in _METHODS.values())
        return {**nothing, name: {"PrintStatus": "NotSet", **sent, account: reference}}

    @staticmethod
    def _lines(checks: Checks, sent: Any) -> list[Body]:
        """Return a line per link, as published clients put a bill and its credit into one line too.

        A line without a link only says that money is left over.
        """
        lines = []
        for line in listed(checks, "Line", sent):
            inner = Checks(line)
            inner.required("Amount")
            amount = inner.money("Amount") or ZERO
            links = listed(inner, "LinkedTxn", line.get("LinkedTxn", []))
            if amount < 0:
                inner.note(errors.bad_amount("Amount", amount))
            for link in links:
                linked = {"TxnId": str(link.get("TxnId")), "TxnType": str(link.get("TxnType"))}
                if linked["TxnType"] not in _LINKED:
                    inner.note(errors.cannot_link(linked["TxnId"]))
                if amount:
                    lines.append({"Amount": amount, "LinkedTxn": [linked]})
            take(checks, inner)
        return lines

    @staticmethod
    def _check_amounts(realm: Realm, checks: Checks, body: Body, before: Body | None) -> None:
        had = ledger.applications(before)
        left: Decimal = body["TotalAmt"]
        for (kind, txn_id), amount in ledger.applications(body).items():
            found = _open(realm, kind, txn_id, text_of(body, "VendorRef") or "")
            if isinstance(found, errors.Trouble):
                checks.note(found)
                continue
            most = found.amount + had.get((kind, txn_id), ZERO)
            if amount > most:
                text = f"The amount {amount} is more than the open balance {most} of {kind} {txn_id}."
                checks.note(errors.business(text))
            left += amount if found.side == "credit" else -amount
        if checks.troubles:
            return
        if left < 0:
            checks.note(errors.business("The amounts of the lines are more than the amount paid."))
        if left > body["TotalAmt"]:
            checks.note(errors.business("The credits of the lines are more than the bills they pay."))


def _open(realm: Realm, kind: str, txn_id: str, vendor_id: str) -> Open | errors.Trouble:
    """Return what a transaction has open for this vendor's payments, or why it cannot be linked."""
    body = realm.get(kind, txn_id)
    if body is None:
        return errors.not_found("LinkedTxn")
    if kind == "JournalEntry":
        return _open_entry(realm, body, vendor_id)
    if text_of(body, "VendorRef") != vendor_id:
        return errors.cannot_link(txn_id)
    return Open("owed" if kind == "Bill" else "credit", body["Balance"])


def _open_entry(realm: Realm, entry: Body, vendor_id: str) -> Open | errors.Trouble:
    """Return what payments have left of a journal entry's payable or credit for this vendor."""
    part = journal_part(realm, entry, vendor_id)
    if not part.amount:
        return errors.cannot_link(entry["Id"])
    target = ("JournalEntry", entry["Id"])
    payments = payments_of(realm, entry)
    taken = sum((ledger.applications(payment).get(target, ZERO) for payment in payments), ZERO)
    return Open(part.side, part.amount - taken)
