"""Sales receipts and refund receipts: forms that are paid the moment they are written."""

from typing import ClassVar

from typing_extensions import override

from plumbline_sandbox.quickbooks import errors
from plumbline_sandbox.quickbooks.checks import Checks
from plumbline_sandbox.quickbooks.entities import sales_form
from plumbline_sandbox.quickbooks.entities.base import named_reference
from plumbline_sandbox.quickbooks.entities.deposit import is_deposited
from plumbline_sandbox.quickbooks.entities.sales_form import (
    Draft,
    SalesForm,
    VoidableForm,
    deposit_account,
    form_family,
)
from plumbline_sandbox.quickbooks.errors import FaultError
from plumbline_sandbox.quickbooks.query.fields import Field
from plumbline_sandbox.quickbooks.realm import Realm
from plumbline_sandbox.quickbooks.store import text_of
from plumbline_sandbox.quickbooks.wire import Body

_FIELDS = {
    "Balance": Field("Balance", "number", sortable=True),
    "DepositToAccountRef": Field("DepositToAccountRef"),
    "PaymentMethodRef": Field("PaymentMethodRef"),
}


class SalesReceipt(VoidableForm):
    """Intuit, SalesReceipt. It needs no customer; its money goes to Undeposited Funds unless told."""

    family = form_family("SalesReceipt")
    needs = ("Line",)
    writable: ClassVar[frozenset[str]] = sales_form.WRITABLE | frozenset(
        {"DepositToAccountRef", "CreditCardPayment"}
    )
    ignored: ClassVar[frozenset[str]] = sales_form.IGNORED | frozenset({"LinkedTxn"})
    fields: ClassVar = sales_form.FIELDS | _FIELDS

    @override
    def own(self, realm: Realm, checks: Checks, draft: Draft) -> Body:
        """Read where the money goes; the link is the deposit's."""
        checks.text("PaymentRefNum", longest=21)
        account = named_reference(realm, "Account", deposit_account(realm, checks))
        return {"DepositToAccountRef": account, "LinkedTxn": (draft.before or {}).get("LinkedTxn", [])}

    @override
    def settle(self, realm: Realm, before: Body | None, body: Body) -> Body:
        """Refuse to change money that is in a deposit."""
        fixed = ("TotalAmt", "DepositToAccountRef")
        if before and any(text_of(before, name) != text_of(body, name) for name in fixed):
            self.refuse_void(before)
        return super().settle(realm, before, body)

    @override
    def refuse_void(self, before: Body) -> None:
        """Refuse what is in a deposit (Intuit, SalesReceipt, void: delete the deposit first)."""
        if is_deposited(before):
            raise FaultError(errors.deposited())

    @override
    def refuse_dependents(self, realm: Realm, before: Body) -> None:
        """Refuse what is in a deposit."""
        self.refuse_void(before)


class RefundReceipt(SalesForm):
    """Intuit, RefundReceipt. It must name the account the money comes from."""

    family = form_family("RefundReceipt")
    needs = ("Line", "DepositToAccountRef")
    writable: ClassVar[frozenset[str]] = sales_form.WRITABLE | frozenset(
        {"DepositToAccountRef", "PaymentType", "CheckPayment", "CreditCardPayment"}
    )
    ignored: ClassVar[frozenset[str]] = sales_form.IGNORED | frozenset({"LinkedTxn"})
    fields: ClassVar = sales_form.FIELDS | _FIELDS

    @override
    def own(self, realm: Realm, checks: Checks, draft: Draft) -> Body:
        """Read where the money comes from; a refund yet to be printed is numbered "To Print"."""
        checks.text("PaymentRefNum", longest=100)
        checks.choice("PaymentType", frozenset({"Cash", "Check", "CreditCard", "Other"}))
        printed = draft.wanted.get("PrintStatus", "NeedToPrint") != "NeedToPrint"
        return {
            "DepositToAccountRef": named_reference(realm, "Account", deposit_account(realm, checks)),
            **({} if printed else {"PaymentRefNum": "To Print"}),
        }
