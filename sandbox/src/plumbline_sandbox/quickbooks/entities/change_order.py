"""Change orders: work beyond a project's estimate. They owe nothing."""

from typing import ClassVar

from typing_extensions import override

from plumbline_sandbox.quickbooks import errors
from plumbline_sandbox.quickbooks.checks import Checks
from plumbline_sandbox.quickbooks.entities import sales_form
from plumbline_sandbox.quickbooks.entities.sales_form import Draft, SalesForm, form_family
from plumbline_sandbox.quickbooks.entities.transaction import listed
from plumbline_sandbox.quickbooks.errors import FaultError
from plumbline_sandbox.quickbooks.query.fields import Field
from plumbline_sandbox.quickbooks.realm import Realm
from plumbline_sandbox.quickbooks.store import text_of
from plumbline_sandbox.quickbooks.wire import Body

_STATUSES = frozenset({"Accepted", "Closed", "Pending", "Rejected", "Converted"})


class ChangeOrder(SalesForm):
    """Intuit, ChangeOrder, and its guide to project change orders, whose rules were tried by Intuit.

    It names a project and an estimate of that project, which it leaves alone; the form's link counts
    for all of its lines, whatever they say. Only plans with the construction pack have it.
    """

    family = form_family("ChangeOrder")
    needs = ("Line", "CustomerRef", "ProjectRef")
    writable: ClassVar[frozenset[str]] = sales_form.WRITABLE | frozenset({"TxnStatus", "LinkedTxn"})
    ignored: ClassVar[frozenset[str]] = sales_form.IGNORED
    fields: ClassVar = sales_form.FIELDS | {"TxnStatus": Field("TxnStatus")}

    @override
    def build(self, realm: Realm, wanted: Body, before: Body | None) -> Body:
        """Check the form, and put the estimate's link on every line."""
        if not realm.settings.construction_pack:
            raise FaultError(errors.not_in_plan(self.name))
        built = super().build(realm, wanted, before)
        sold = [{**line, "LinkedTxn": built["LinkedTxn"]} if "Id" in line else line for line in built["Line"]]
        return {**built, "Line": sold}

    @override
    def own(self, realm: Realm, checks: Checks, draft: Draft) -> Body:
        """Read the status and the estimate."""
        status = checks.choice("TxnStatus", _STATUSES) or "Pending"
        return {"TxnStatus": status, "LinkedTxn": _estimate(realm, checks, draft)}

    @override
    def settle(self, realm: Realm, before: Body | None, body: Body) -> Body:
        """Return nothing: a change order has no balance."""
        return {}


def _estimate(realm: Realm, checks: Checks, draft: Draft) -> list[Body]:
    """Return the one link, the form's own or else a line's; note 2020 without, 610, or 6000 for another project."""
    lines = draft.wanted.get("Line")
    inside = [line for line in lines if isinstance(line, dict)] if isinstance(lines, list) else []
    places = [draft.wanted, *inside]
    found = [link for place in places for link in listed(checks, "LinkedTxn", place.get("LinkedTxn", []))]
    if not found or found[0].get("TxnType") != "Estimate":
        checks.note(
            errors.missing("LinkedTxn with an Estimate reference is required for ChangeOrder", "LinkedTxn")
        )
        return []
    estimate_id = str(found[0].get("TxnId"))
    estimate = realm.get("Estimate", estimate_id)
    if estimate is None:
        checks.note(errors.not_found("LinkedTxn"))
    elif text_of(estimate, "ProjectRef") != text_of(draft.wanted, "ProjectRef"):
        checks.note(errors.business("The estimate is not one of the change order's project."))
    return [{"TxnId": estimate_id, "TxnType": "Estimate"}]
