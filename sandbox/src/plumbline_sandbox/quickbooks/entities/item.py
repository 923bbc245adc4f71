"""Items: what a line sells, and through its income account where the line is booked."""

from decimal import Decimal
from typing import ClassVar

from typing_extensions import override

from plumbline_sandbox.quickbooks import errors
from plumbline_sandbox.quickbooks.checks import Checks
from plumbline_sandbox.quickbooks.entities.base import check_reference, named_reference, named_references
from plumbline_sandbox.quickbooks.entities.transaction import listed, take
from plumbline_sandbox.quickbooks.entities.tree import Tree, full_name, level
from plumbline_sandbox.quickbooks.errors import FaultError
from plumbline_sandbox.quickbooks.query.fields import Field
from plumbline_sandbox.quickbooks.realm import Call, Realm
from plumbline_sandbox.quickbooks.store import Family
from plumbline_sandbox.quickbooks.wire import Body

TYPES = frozenset({"Service", "Inventory", "NonInventory", "Category", "Group"})
"""Item types; a Category only groups items and cannot be sold (Intuit, Item)."""

UNSOLD = frozenset({"Category", "Group"})
"""Item types that no line of its own sells: a bundle (Group) stands on group lines (inferred for it)."""

_REFERENCES = {
    "IncomeAccountRef": "Account",
    "ExpenseAccountRef": "Account",
    "AssetAccountRef": "Account",
    "ClassRef": "Class",
    "SalesTaxCodeRef": "TaxCode",
}


class Item(Tree):
    """Intuit, Item."""

    family = Family("Item", "item", "items", full_name, ("Name", "ParentRef"))
    writable: ClassVar[frozenset[str]] = frozenset(
        {"Name", "Type", "Description", "Active", "UnitPrice", "Sku", "Taxable", "IncomeAccountRef"}
        | {"ExpenseAccountRef", "AssetAccountRef", "PurchaseDesc", "PurchaseCost", "QtyOnHand"}
        | {"TrackQtyOnHand", "InvStartDate", "ParentRef", "ClassRef", "SalesTaxCodeRef", "PrintGroupedItems"}
        | {"SalesTaxIncluded", "PurchaseTaxCodeRef", "PurchaseTaxIncluded", "TaxClassificationRef"}
        | {"ItemGroupDetail"}
    )
    ignored: ClassVar[frozenset[str]] = frozenset(
        {"FullyQualifiedName", "Level", "ItemCategoryType", "SubItem"}
    )
    fields: ClassVar = {
        "Name": Field("Name", sortable=True),
        "FullyQualifiedName": Field("FullyQualifiedName", sortable=True),
        "Type": Field("Type", sortable=True),
        "Sku": Field("Sku"),
        "Active": Field("Active", "flag"),
        "UnitPrice": Field("UnitPrice", "number"),
    }
    lists_active_only = True
    marks_child = "SubItem"

    @override
    def build(self, realm: Realm, wanted: Body, before: Body | None) -> Body:
        """Check name, type and accounts."""
        checks = Checks(wanted)
        kind = checks.text("Type", longest=100) or "Service"
        if kind not in TYPES:
            checks.note(errors.bad_type("Type", kind))
        if kind not in UNSOLD:
            checks.required("IncomeAccountRef")
        references = named_references(realm, checks, _REFERENCES)
        unit_price = checks.number("UnitPrice") or Decimal(0)
        taxable = checks.flag("Taxable") or False
        bundled = _bundled(realm, checks, wanted) if kind == "Group" else {}
        named = self.named(realm, checks, before)
        figures = {"UnitPrice": unit_price, "Taxable": taxable}
        return {**wanted, "Type": kind, **figures, **references, **bundled, **named}

    @override
    def admit(self, realm: Realm, before: Body | None, built: Body, call: Call) -> None:
        """Refuse bundles over the API, which reads and queries them only (Intuit, Item; the code is inferred)."""
        if built["Type"] == "Group" and call.origin == "api":
            raise FaultError(errors.unsupported_operation("create or update of a bundle"))

    @override
    def place(self, parent: Body | None, name: str) -> Body:
        return {**super().place(parent, name), **({"Level": level(parent) + 1} if parent else {})}


def _bundled(realm: Realm, checks: Checks, wanted: Body) -> Body:
    """Return `ItemGroupDetail`: what a bundle stands for, each item with how many of it."""
    sent = wanted.get("ItemGroupDetail")
    if not isinstance(sent, dict):
        checks.note(
            errors.missing("ItemGroupDetail") if sent is None else errors.bad_property("ItemGroupDetail")
        )
        return {}
    parts = [
        _part(realm, checks, part) for part in listed(checks, "ItemGroupLine", sent.get("ItemGroupLine", []))
    ]
    return {"ItemGroupDetail": {"ItemGroupLine": parts}}


def _part(realm: Realm, checks: Checks, sent: Body) -> Body:
    inner = Checks(sent)
    inner.required("ItemRef", "Qty")
    quantity, item_id = inner.number("Qty"), check_reference(realm, inner, "ItemRef", "Item", "Items")
    item = realm.get("Item", item_id)
    if item and item["Type"] in UNSOLD:
        inner.note(errors.bad_reference("Items", str(item_id), "ItemRef"))
    take(checks, inner)
    if item is None or checks.troubles:
        return {}
    return {"Qty": quantity, "ItemRef": {**named_reference(realm, "Item", item["Id"]), "type": item["Type"]}}
