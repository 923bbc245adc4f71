"""Items: what a line sells, and through its income account where the line is booked."""

from typing import ClassVar

from typing_extensions import override

from plumbline_sandbox.quickbooks import errors
from plumbline_sandbox.quickbooks.checks import Checks
from plumbline_sandbox.quickbooks.entities.base import named_references
from plumbline_sandbox.quickbooks.entities.tree import Tree, full_name, level
from plumbline_sandbox.quickbooks.query.fields import Field
from plumbline_sandbox.quickbooks.realm import Realm
from plumbline_sandbox.quickbooks.store import Family
from plumbline_sandbox.quickbooks.wire import Body

TYPES = frozenset({"Service", "Inventory", "NonInventory", "Category", "Group"})
"""Item types; a Category only groups items and cannot be sold (Intuit, Item)."""

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
        | {"TrackQtyOnHand", "InvStartDate", "ParentRef", "ClassRef", "SalesTaxCodeRef"}
        | {"SalesTaxIncluded", "PurchaseTaxCodeRef", "PurchaseTaxIncluded", "TaxClassificationRef"}
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
        kind = wanted.get("Type", "Service")
        if kind not in TYPES:
            checks.note(errors.bad_type("Type", kind))
        if kind != "Category":
            checks.required("IncomeAccountRef")
        references = named_references(realm, checks, _REFERENCES)
        unit_price = checks.number("UnitPrice")
        named = self.named(realm, checks, before)
        return {"Type": kind, "Taxable": False, "UnitPrice": unit_price or 0, **wanted, **references, **named}

    @override
    def place(self, parent: Body | None, name: str) -> Body:
        return {**super().place(parent, name), **({"Level": level(parent) + 1} if parent else {})}
