"""Items: what a line sells, and through its income account where the line is booked."""

from typing import ClassVar

from typing_extensions import override

from plumbline_sandbox.quickbooks import errors
from plumbline_sandbox.quickbooks.checks import Checks
from plumbline_sandbox.quickbooks.entities.base import Entity, check_reference, named_reference
from plumbline_sandbox.quickbooks.errors import FaultError
from plumbline_sandbox.quickbooks.query.fields import Field
from plumbline_sandbox.quickbooks.realm import Realm
from plumbline_sandbox.quickbooks.store import Family
from plumbline_sandbox.quickbooks.wire import Body

TYPES = frozenset({"Service", "Inventory", "NonInventory", "Category", "Group"})
"""Item types; a Category only groups items and cannot be sold (Intuit, Item)."""


class Item(Entity):
    """Intuit, Item."""

    family = Family("Item", "item", "items", lambda body: body["Name"], ("Name",))
    writable: ClassVar[frozenset[str]] = frozenset(
        {"Name", "Type", "Description", "Active", "UnitPrice", "Sku", "Taxable", "IncomeAccountRef"}
        | {"ExpenseAccountRef", "AssetAccountRef", "PurchaseDesc", "PurchaseCost", "QtyOnHand"}
        | {"TrackQtyOnHand", "InvStartDate", "SubItem", "ParentRef", "ClassRef", "SalesTaxCodeRef"}
        | {"SalesTaxIncluded", "PurchaseTaxCodeRef", "PurchaseTaxIncluded", "TaxClassificationRef"}
    )
    ignored: ClassVar[frozenset[str]] = frozenset({"FullyQualifiedName", "Level", "ItemCategoryType"})
    fields: ClassVar = {
        "Name": Field("Name", sortable=True),
        "FullyQualifiedName": Field("FullyQualifiedName", sortable=True),
        "Type": Field("Type", sortable=True),
        "Sku": Field("Sku"),
        "Active": Field("Active", "flag"),
        "UnitPrice": Field("UnitPrice", "number"),
    }
    lists_active_only = True

    @override
    def build(self, realm: Realm, wanted: Body, before: Body | None) -> Body:
        """Check name, type and accounts."""
        checks = Checks(wanted)
        checks.required("Name")
        name = checks.text("Name", longest=100) or ""
        if wanted.get("Type", "Service") not in TYPES:
            checks.note(errors.bad_type("Type", wanted["Type"]))
        references = self._accounts(realm, checks, wanted)
        unit_price = checks.number("UnitPrice")
        active = checks.flag("Active")
        checks.done()
        holder = realm.registers["items"].holder(name, but=before["Id"] if before else None)
        if holder:
            raise FaultError(errors.duplicate_name(holder[1]))
        return {
            "Type": "Service",
            "Taxable": False,
            "UnitPrice": unit_price or 0,
            **wanted,
            **references,
            "FullyQualifiedName": name,
            "Active": active is not False,
        }

    def _accounts(self, realm: Realm, checks: Checks, wanted: Body) -> Body:
        if wanted.get("Type") != "Category":
            checks.required("IncomeAccountRef")
        references = {}
        for name in ("IncomeAccountRef", "ExpenseAccountRef", "AssetAccountRef"):
            if account_id := check_reference(realm, checks, name, "Account", "Accounts"):
                references[name] = named_reference(realm, "Account", account_id)
        return references
