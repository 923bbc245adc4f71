"""Customers, and sub-customers (jobs): one name space, five levels, balances that are reckoned."""

from decimal import Decimal
from typing import ClassVar

from typing_extensions import override

from plumbline_sandbox.quickbooks import errors
from plumbline_sandbox.quickbooks.checks import Checks
from plumbline_sandbox.quickbooks.entities.base import CURRENCY, named_references
from plumbline_sandbox.quickbooks.entities.names import NAME_PARTS, display_name, refuse_taken_name
from plumbline_sandbox.quickbooks.entities.tree import Tree, level
from plumbline_sandbox.quickbooks.errors import FaultError
from plumbline_sandbox.quickbooks.query.fields import Field
from plumbline_sandbox.quickbooks.realm import Realm
from plumbline_sandbox.quickbooks.store import Family
from plumbline_sandbox.quickbooks.wire import Body

_REFERENCES = {"SalesTermRef": "Term", "PaymentMethodRef": "PaymentMethod"}


class Customer(Tree):
    """Intuit, Customer. Names cannot be deleted, only made inactive."""

    family = Family(
        "Customer", "name", "names", lambda body: body["DisplayName"], ("DisplayName", "ParentRef")
    )
    writable: ClassVar[frozenset[str]] = frozenset(
        {*NAME_PARTS, "DisplayName", "CompanyName", "PrintOnCheckName", "Active", "Job", "ParentRef"}
        | {"BillWithParent", "PrimaryPhone", "AlternatePhone", "Mobile", "Fax", "PrimaryEmailAddr", "WebAddr"}
        | {"BillAddr", "ShipAddr", "Notes", "SalesTermRef", "PaymentMethodRef", "CurrencyRef", "Taxable"}
        | {"PreferredDeliveryMethod", "ResaleNum", "CustomerTypeRef", "DefaultTaxCodeRef", "ARAccountRef"}
    )
    ignored: ClassVar[frozenset[str]] = frozenset(
        {"FullyQualifiedName", "Level", "Balance", "BalanceWithJobs", "IsProject", "ClientEntityId"}
        | {
            "TaxExemptionReasonId",
            "PrimaryTaxIdentifier",
            "OpenBalanceDate",
            "OtherContactInfo",
            "V4IDPseudonym",
        }
    )
    fields: ClassVar = {
        "DisplayName": Field("DisplayName", sortable=True),
        "FullyQualifiedName": Field("FullyQualifiedName", sortable=True),
        "GivenName": Field("GivenName", sortable=True),
        "FamilyName": Field("FamilyName", sortable=True),
        "CompanyName": Field("CompanyName", sortable=True),
        "PrimaryEmailAddr": Field("PrimaryEmailAddr"),
        "ParentRef": Field("ParentRef"),
        "Active": Field("Active", "flag"),
        "Job": Field("Job", "flag"),
        "Balance": Field("Balance", "number", sortable=True),
    }
    lists_active_only = True
    own_name = "DisplayName"

    @override
    def render(self, realm: Realm, body: Body) -> Body:
        """Return the customer with its balances, own and with all its jobs."""
        own = realm.owed[body["Id"]]
        return {**body, "Balance": own, "BalanceWithJobs": own + self._owed_by_jobs(realm, body["Id"])}

    @override
    def build(self, realm: Realm, wanted: Body, before: Body | None) -> Body:
        """Check names and nesting; derive `FullyQualifiedName` and `Level`."""
        checks = Checks(wanted)
        name = display_name(checks)
        checks.email("PrimaryEmailAddr")
        active = checks.flag("Active") is not False
        parent = self.parent(realm, checks, before)
        references = named_references(realm, checks, _REFERENCES)
        checks.done()
        refuse_taken_name(realm, name, before)
        if before and before["Active"] and not active and realm.owed[before["Id"]]:
            raise FaultError(errors.owes())
        return {
            "Taxable": True,
            "BillWithParent": False,
            "PreferredDeliveryMethod": "None",
            "PrintOnCheckName": name,
            "CurrencyRef": CURRENCY,
            **wanted,
            **references,
            **self.place(parent, name),
            "DisplayName": name,
            "Job": parent is not None,
            "IsProject": False,
            "Active": active,
        }

    @override
    def parent(self, realm: Realm, checks: Checks, before: Body | None) -> Body | None:
        """Return the wanted parent, for which `Job` must be set too (6150)."""
        job = checks.flag("Job")
        if bool(job) != checks.has("ParentRef"):
            checks.note(errors.parent_needed())
            return None
        return super().parent(realm, checks, before)

    @override
    def place(self, parent: Body | None, name: str) -> Body:
        return {**super().place(parent, name), "Level": level(parent) + 1 if parent else 0}

    def _owed_by_jobs(self, realm: Realm, customer_id: str) -> Decimal:
        jobs = (job["Id"] for job in self.children(realm, customer_id))
        return sum((realm.owed[job] + self._owed_by_jobs(realm, job) for job in jobs), Decimal(0))


def family_of(realm: Realm, customer_id: str) -> list[str]:
    """Return the customer's id and those of all its parents, lowest first."""
    return _CUSTOMERS.line_of(realm, customer_id)


_CUSTOMERS = Customer()
