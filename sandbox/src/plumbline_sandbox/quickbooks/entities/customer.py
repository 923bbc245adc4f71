"""Customers, and sub-customers (jobs): one name space, five levels, balances that are reckoned."""

from decimal import Decimal
from typing import ClassVar

from typing_extensions import override

from plumbline_sandbox.quickbooks import errors
from plumbline_sandbox.quickbooks.checks import Checks
from plumbline_sandbox.quickbooks.entities.base import CURRENCY, Entity, check_reference
from plumbline_sandbox.quickbooks.errors import FaultError
from plumbline_sandbox.quickbooks.query.fields import Field
from plumbline_sandbox.quickbooks.realm import Call, Realm
from plumbline_sandbox.quickbooks.store import Family, text_of
from plumbline_sandbox.quickbooks.wire import Body

DEEPEST_LEVEL = 4
"""Level of the fifth customer in a chain; the topmost has 0."""

_NAME_PARTS = ("Title", "GivenName", "MiddleName", "FamilyName", "Suffix")
_FORBIDDEN = (":", "\t", "\n")


class Customer(Entity):
    """Intuit, Customer. Names cannot be deleted, only made inactive."""

    family = Family(
        "Customer", "name", "names", lambda body: body["DisplayName"], ("DisplayName", "ParentRef")
    )
    writable: ClassVar[frozenset[str]] = frozenset(
        {*_NAME_PARTS, "DisplayName", "CompanyName", "PrintOnCheckName", "Active", "Job", "ParentRef"}
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

    @override
    def render(self, realm: Realm, body: Body) -> Body:
        """Return the customer with its balances, own and with all its jobs."""
        own = realm.owed[body["Id"]]
        return {**body, "Balance": own, "BalanceWithJobs": own + self._owed_by_jobs(realm, body["Id"])}

    @override
    def build(self, realm: Realm, wanted: Body, before: Body | None) -> Body:
        """Check names and nesting; derive `FullyQualifiedName` and `Level`."""
        checks = Checks(wanted)
        name = self._display_name(checks, wanted)
        checks.email("PrimaryEmailAddr")
        active = checks.flag("Active")
        parent = self._parent(realm, checks, wanted, before)
        checks.done()
        self._check_unique(realm, name, before)
        return {
            "Taxable": True,
            "BillWithParent": False,
            "PreferredDeliveryMethod": "None",
            "PrintOnCheckName": name,
            "CurrencyRef": CURRENCY,
            **wanted,
            "DisplayName": name,
            "FullyQualifiedName": f"{parent['FullyQualifiedName']}:{name}" if parent else name,
            "Job": parent is not None,
            "Level": parent["Level"] + 1 if parent else 0,
            "IsProject": False,
            "Active": active is not False,
        }

    @override
    def committed(self, realm: Realm, before: Body | None, after: Body, call: Call) -> None:
        """Rename the jobs below when the full name changes."""
        if before is None or before["FullyQualifiedName"] == after["FullyQualifiedName"]:
            return
        for job in self._jobs(realm, after["Id"]):
            renamed = {**job, "FullyQualifiedName": f"{after['FullyQualifiedName']}:{job['DisplayName']}"}
            self._save(realm, job, renamed, "renamed", call)

    def _display_name(self, checks: Checks, wanted: Body) -> str:
        parts = [checks.text(part, longest=100) for part in _NAME_PARTS]
        name = checks.text("DisplayName", longest=500) or " ".join(part for part in parts if part)
        if not name and not checks.troubles:
            checks.note(errors.no_name())
        if any(sign in name for sign in _FORBIDDEN):
            checks.note(errors.bad_string("DisplayName"))
        return name

    def _parent(self, realm: Realm, checks: Checks, wanted: Body, before: Body | None) -> Body | None:
        job = checks.flag("Job")
        if bool(job) != ("ParentRef" in wanted):
            checks.note(errors.parent_needed())
            return None
        parent_id = check_reference(realm, checks, "ParentRef", "Customer", "Names")
        parent = realm.get("Customer", parent_id)
        if parent and before and before["Id"] in self._chain(realm, parent):
            checks.note(errors.bad_reference("Names", parent["Id"], "ParentRef"))
            return None
        if parent and parent["Level"] >= DEEPEST_LEVEL:
            checks.note(errors.too_deep())
        return parent

    def _check_unique(self, realm: Realm, name: str, before: Body | None) -> None:
        holder = realm.registers["names"].holder(name, but=before["Id"] if before else None)
        if holder:
            raise FaultError(errors.duplicate_name(holder[1]))

    def _jobs(self, realm: Realm, customer_id: str) -> list[Body]:
        found = realm.stores["Customer"].candidates("ParentRef", customer_id) or ()
        return [job for job in found if text_of(job, "ParentRef") == customer_id]

    def _owed_by_jobs(self, realm: Realm, customer_id: str) -> Decimal:
        jobs = (job["Id"] for job in self._jobs(realm, customer_id))
        return sum((realm.owed[job] + self._owed_by_jobs(realm, job) for job in jobs), Decimal(0))

    @staticmethod
    def _chain(realm: Realm, customer: Body) -> list[str]:
        return family_of(realm, customer["Id"])


def family_of(realm: Realm, customer_id: str) -> list[str]:
    """Return the customer's id and those of all its parents, lowest first."""
    chain = [customer_id]
    while parent_id := text_of(realm.get("Customer", chain[-1]) or {}, "ParentRef"):
        chain.append(parent_id)
    return chain
