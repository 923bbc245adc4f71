"""Estimates: what work would cost. They owe nothing; an invoice that bills one closes it."""

from typing import ClassVar

from typing_extensions import override

from plumbline_sandbox.quickbooks import errors
from plumbline_sandbox.quickbooks.checks import Checks
from plumbline_sandbox.quickbooks.entities import sales_form
from plumbline_sandbox.quickbooks.entities.sales_form import Draft, SalesForm, form_family
from plumbline_sandbox.quickbooks.errors import FaultError
from plumbline_sandbox.quickbooks.query.fields import Field
from plumbline_sandbox.quickbooks.realm import Realm
from plumbline_sandbox.quickbooks.wire import Body

_STATUSES = frozenset({"Accepted", "Closed", "Pending", "Rejected", "Converted"})


class Estimate(SalesForm):
    """Intuit, Estimate."""

    family = form_family("Estimate")
    writable: ClassVar[frozenset[str]] = sales_form.WRITABLE | frozenset(
        {"TxnStatus", "AcceptedBy", "AcceptedDate", "ExpirationDate", "DueDate"}
    )
    ignored: ClassVar[frozenset[str]] = sales_form.IGNORED | frozenset({"LinkedTxn"})
    fields: ClassVar = sales_form.FIELDS | {
        "TxnStatus": Field("TxnStatus"),
        "DueDate": Field("DueDate", "day", sortable=True),
        "ExpirationDate": Field("ExpirationDate", "day", sortable=True),
    }

    @override
    def own(self, realm: Realm, checks: Checks, draft: Draft) -> Body:
        """Read status and dates; the links are those of the invoices."""
        for name in ("AcceptedDate", "ExpirationDate", "DueDate"):
            checks.day(name)
        links = (draft.before or {}).get("LinkedTxn", [])
        return {"TxnStatus": checks.choice("TxnStatus", _STATUSES) or "Pending", "LinkedTxn": links}

    @override
    def settle(self, realm: Realm, before: Body | None, body: Body) -> Body:
        """Return nothing: an estimate has no balance."""
        return {}

    @override
    def refuse_dependents(self, realm: Realm, before: Body) -> None:
        """Refuse to delete an estimate that an invoice bills (inferred)."""
        if before["LinkedTxn"]:
            raise FaultError(errors.has_dependents("Unlink the linked transactions before deleting."))
