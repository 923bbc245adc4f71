"""Credit memos: what a customer need not pay. Payments take from them."""

from typing import ClassVar

from typing_extensions import override

from plumbline_sandbox.quickbooks import errors, ledger
from plumbline_sandbox.quickbooks.checks import Checks
from plumbline_sandbox.quickbooks.entities import sales_form
from plumbline_sandbox.quickbooks.entities.sales_form import Draft, SalesForm, form_family
from plumbline_sandbox.quickbooks.errors import FaultError
from plumbline_sandbox.quickbooks.query.fields import Field
from plumbline_sandbox.quickbooks.realm import Realm
from plumbline_sandbox.quickbooks.store import text_of
from plumbline_sandbox.quickbooks.wire import Body


class CreditMemo(SalesForm):
    """Intuit, CreditMemo. There is no void (no client has one)."""

    family = form_family("CreditMemo")
    writable: ClassVar[frozenset[str]] = sales_form.WRITABLE | frozenset({"InvoiceRef"})
    ignored: ClassVar[frozenset[str]] = sales_form.IGNORED | frozenset({"RemainingCredit", "LinkedTxn"})
    fields: ClassVar = sales_form.FIELDS | {
        "SalesTermRef": Field("SalesTermRef"),
        "Balance": Field("Balance", "number", sortable=True),
    }

    @override
    def own(self, realm: Realm, checks: Checks, draft: Draft) -> Body:
        """Keep the links, which are those of the payments."""
        return {"LinkedTxn": (draft.before or {}).get("LinkedTxn", [])}

    @override
    def settle(self, realm: Realm, before: Body | None, body: Body) -> Body:
        """Return what is left of the credit; what payments took from it cannot be taken back (inferred)."""
        taken = before["TotalAmt"] - before["Balance"] if before else ledger.ZERO
        moved = before is not None and text_of(before, "CustomerRef") != text_of(body, "CustomerRef")
        if taken and (moved or taken > body["TotalAmt"]):
            raise FaultError(errors.business(f"{taken} of this credit is applied. Unapply it first."))
        left = body["TotalAmt"] - taken
        return {"Balance": left, "RemainingCredit": left}

    @override
    def refuse_dependents(self, realm: Realm, before: Body) -> None:
        """Refuse to delete a credit memo that is applied (inferred from invoices)."""
        if ledger.linked_payments(before):
            raise FaultError(errors.has_dependents("Unlink the linked transactions before deleting."))
