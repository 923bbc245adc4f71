"""Vendors: subcontractors and suppliers, with what is owed to them."""

from typing import ClassVar

from typing_extensions import override

from plumbline_sandbox.quickbooks import errors
from plumbline_sandbox.quickbooks.checks import Checks
from plumbline_sandbox.quickbooks.entities.base import CURRENCY, Entity, named_references
from plumbline_sandbox.quickbooks.entities.names import (
    NAME_PARTS,
    display_name,
    kept_secret,
    refuse_taken_name,
)
from plumbline_sandbox.quickbooks.errors import FaultError
from plumbline_sandbox.quickbooks.query.fields import Field
from plumbline_sandbox.quickbooks.realm import Realm
from plumbline_sandbox.quickbooks.store import Family
from plumbline_sandbox.quickbooks.wire import Body

_SHOWN_DIGITS = 4


class Vendor(Entity):
    """Intuit, Vendor. A vendor cannot be deleted, only made inactive."""

    family = Family("Vendor", "name", "names", lambda body: body["DisplayName"], ("DisplayName",))
    writable: ClassVar[frozenset[str]] = frozenset(
        {*NAME_PARTS, "DisplayName", "CompanyName", "PrintOnCheckName", "Active", "AcctNum", "Vendor1099"}
        | {"PrimaryPhone", "AlternatePhone", "Mobile", "Fax", "PrimaryEmailAddr", "WebAddr", "BillAddr"}
        | {"TermRef", "CurrencyRef", "TaxIdentifier", "CostRate", "BillRate", "APAccountRef", "Notes"}
        | {"VendorPaymentBankDetail", "T4AEligible", "T5018Eligible", "HasTPAR", "GSTIN", "BusinessNumber"}
        | {"TaxReportingBasis", "GSTRegistrationType", "OtherContactInfo"}
    )
    ignored: ClassVar[frozenset[str]] = frozenset({"Balance", "V4IDPseudonym", "Source", "OpenBalanceDate"})
    fields: ClassVar = {
        "DisplayName": Field("DisplayName", sortable=True),
        "GivenName": Field("GivenName", sortable=True),
        "MiddleName": Field("MiddleName", sortable=True),
        "FamilyName": Field("FamilyName", sortable=True),
        "Suffix": Field("Suffix", sortable=True),
        "CompanyName": Field("CompanyName", sortable=True),
        "PrintOnCheckName": Field("PrintOnCheckName", sortable=True),
        "PrimaryEmailAddr": Field("PrimaryEmailAddr"),
        "Vendor1099": Field("Vendor1099", "flag"),
        "Active": Field("Active", "flag"),
        "Balance": Field("Balance", "number", sortable=True),
    }
    lists_active_only = True

    @override
    def render(self, realm: Realm, body: Body) -> Body:
        """Return the vendor with its open balance; of the tax number only the end is shown."""
        shown = {**body, "Balance": realm.owed[body["Id"]]}
        if "TaxIdentifier" in body:
            shown["TaxIdentifier"] = _masked(body["TaxIdentifier"])
        return shown

    @override
    def build(self, realm: Realm, wanted: Body, before: Body | None) -> Body:
        """Check names, address and numbers."""
        checks = Checks(wanted)
        name = display_name(checks)
        checks.email("PrimaryEmailAddr")
        for text in ("CompanyName", "PrintOnCheckName", "AcctNum"):
            checks.text(text, longest=100)
        checks.text("TaxIdentifier", longest=20)
        active, reportable = checks.flag("Active") is not False, checks.flag("Vendor1099")
        references = named_references(realm, checks, {"TermRef": "Term"})
        checks.done()
        refuse_taken_name(realm, name, before)
        if before and before["Active"] and not active and realm.owed[before["Id"]]:
            raise FaultError(errors.owes())
        mask = _masked((before or {}).get("TaxIdentifier", ""))
        return {
            "PrintOnCheckName": name,
            "CurrencyRef": CURRENCY,
            **wanted,
            **references,
            **kept_secret(wanted, before, "TaxIdentifier", mask),
            "DisplayName": name,
            "Vendor1099": reportable or False,
            "Active": active,
        }


def _masked(number: str) -> str:
    return "X" * max(len(number) - _SHOWN_DIGITS, 0) + number[-_SHOWN_DIGITS:]
