"""Purchases: expenses paid at once, in cash, by check or by card."""

from typing import ClassVar

from typing_extensions import override

from plumbline_sandbox.quickbooks import errors
from plumbline_sandbox.quickbooks.checks import Checks
from plumbline_sandbox.quickbooks.entities.base import check_reference, named_reference, named_references
from plumbline_sandbox.quickbooks.entities.expense_lines import ExpenseReader, taxed_total
from plumbline_sandbox.quickbooks.entities.lines import Lines
from plumbline_sandbox.quickbooks.entities.transaction import (
    Transaction,
    check_account,
    heading,
)
from plumbline_sandbox.quickbooks.ledger import ZERO
from plumbline_sandbox.quickbooks.query.fields import Field
from plumbline_sandbox.quickbooks.realm import Realm
from plumbline_sandbox.quickbooks.store import Family
from plumbline_sandbox.quickbooks.wire import Body

_ACCOUNTS = {
    "Cash": frozenset({"Bank"}),
    "Check": frozenset({"Bank"}),
    "CreditCard": frozenset({"Credit Card"}),
}
_REFERENCES = {"PaymentMethodRef": "PaymentMethod", "DepartmentRef": "Department"}
_PARTIES = frozenset({"Vendor", "Customer", "Employee"})
_PRINT_STATUSES = frozenset({"NotSet", "NeedToPrint", "PrintComplete"})


class Purchase(Transaction):
    """Intuit, Purchase. `Credit` makes a card purchase a refund; there is no void."""

    family = Family(
        "Purchase", "transaction", "purchases", lambda body: body.get("DocNumber"), ("DocNumber", "EntityRef")
    )
    writable: ClassVar[frozenset[str]] = frozenset(
        {"PaymentType", "AccountRef", "EntityRef", "Line", "DocNumber", "TxnDate", "PrivateNote", "Credit"}
        | {"PrintStatus", "PaymentMethodRef", "DepartmentRef", "CurrencyRef", "ExchangeRate", "TxnTaxDetail"}
        | {"GlobalTaxCalculation", "TransactionLocationType", "IncludeInAnnualTPAR", "CheckPayment"}
    )
    ignored: ClassVar[frozenset[str]] = frozenset(
        {"TotalAmt", "HomeTotalAmt", "RemitToAddr", "RecurDataRef", "PurchaseEx", "LinkedTxn", "TxnSource"}
    )
    fields: ClassVar = {
        "DocNumber": Field("DocNumber", sortable=True),
        "PaymentType": Field("PaymentType"),
        "AccountRef": Field("AccountRef"),
        "EntityRef": Field("EntityRef"),
        "Credit": Field("Credit", "flag"),
        "TxnDate": Field("TxnDate", "day", sortable=True),
        "TotalAmt": Field("TotalAmt", "number", sortable=True),
    }

    @override
    def build(self, realm: Realm, wanted: Body, before: Body | None) -> Body:
        """Check the form; the total is the sum of the lines."""
        checks = Checks(wanted)
        checks.required("PaymentType", "AccountRef", "Line")
        form = heading(realm, checks, before)
        kind = checks.choice("PaymentType", frozenset(_ACCOUNTS))
        account = check_account(realm, checks, "AccountRef", _ACCOUNTS[kind]) if kind else None
        reader = ExpenseReader(realm, checks, before)
        read = reader.read(wanted["Line"]) if "Line" in wanted else Lines([], ZERO)
        money = taxed_total(checks, wanted, read)
        references = named_references(realm, checks, _REFERENCES)
        form |= {**self._payee(realm, checks, wanted), **self._details(checks, kind)}
        checks.done()
        return {**wanted, **references, **form, **money, "AccountRef": account, "Line": read.body}

    @staticmethod
    def _payee(realm: Realm, checks: Checks, wanted: Body) -> Body:
        """Check EntityRef, a reference that tells its type; without one it means a vendor (inferred)."""
        sent = wanted.get("EntityRef")
        kind = sent.get("type", "Vendor") if isinstance(sent, dict) else "Vendor"
        if kind not in _PARTIES:
            checks.note(errors.bad_choice("EntityRef.type", kind))
            return {}
        payee_id = check_reference(realm, checks, "EntityRef", kind, "Names")
        if payee_id is None:
            return {}
        return {"EntityRef": {**named_reference(realm, kind, payee_id), "type": kind}}

    @staticmethod
    def _details(checks: Checks, kind: str | None) -> Body:
        credit = checks.flag("Credit")
        if credit and kind != "CreditCard":
            checks.note(errors.business("Only a credit card purchase can be a credit."))
        if kind == "CreditCard":
            return {"Credit": credit or False}
        status = checks.choice("PrintStatus", _PRINT_STATUSES) or "NotSet"
        return {"PrintStatus": status} if kind == "Check" else {}
