"""Employees, of a company without QuickBooks Payroll."""

from typing import ClassVar

from typing_extensions import override

from plumbline_sandbox.quickbooks import errors
from plumbline_sandbox.quickbooks.checks import Checks
from plumbline_sandbox.quickbooks.entities.base import Entity
from plumbline_sandbox.quickbooks.entities.names import (
    NAME_PARTS,
    display_name,
    kept_secret,
    refuse_taken_name,
)
from plumbline_sandbox.quickbooks.query.fields import Field
from plumbline_sandbox.quickbooks.realm import Realm
from plumbline_sandbox.quickbooks.store import Family
from plumbline_sandbox.quickbooks.wire import Body

MASKED_SSN = "XXX-XX-XXXX"
"""What every answer shows of a social security number."""

_GENDERS = frozenset({"Male", "Female"})


class Employee(Entity):
    """Intuit, Employee. An employee cannot be deleted, only made inactive."""

    family = Family("Employee", "name", "names", lambda body: body["DisplayName"], ("DisplayName",))
    writable: ClassVar[frozenset[str]] = frozenset(
        {*NAME_PARTS, "DisplayName", "PrintOnCheckName", "Active", "PrimaryAddr", "PrimaryEmailAddr"}
        | {"PrimaryPhone", "Mobile", "SSN", "EmployeeNumber", "BillableTime", "BillRate", "CostRate"}
        | {"BirthDate", "Gender", "HiredDate", "ReleasedDate", "Organization"}
    )
    ignored: ClassVar[frozenset[str]] = frozenset({"V4IDPseudonym"})
    fields: ClassVar = {
        "DisplayName": Field("DisplayName", sortable=True),
        "GivenName": Field("GivenName", sortable=True),
        "MiddleName": Field("MiddleName", sortable=True),
        "FamilyName": Field("FamilyName", sortable=True),
        "Suffix": Field("Suffix", sortable=True),
        "PrintOnCheckName": Field("PrintOnCheckName", sortable=True),
        "Active": Field("Active", "flag"),
    }
    lists_active_only = True

    @override
    def render(self, realm: Realm, body: Body) -> Body:
        """Return the employee; a social security number is never shown."""
        return {**body, "SSN": MASKED_SSN} if "SSN" in body else body

    @override
    def build(self, realm: Realm, wanted: Body, before: Body | None) -> Body:
        """Check names, dates and rates."""
        checks = Checks(wanted)
        name = display_name(checks)
        if not checks.troubles and not ({"GivenName", "FamilyName"} & wanted.keys()):
            checks.note(errors.missing("GivenName"))
        billable = self._form(checks)
        active = checks.flag("Active")
        checks.done()
        refuse_taken_name(realm, name, before)
        return {
            "PrintOnCheckName": name,
            **wanted,
            **kept_secret(wanted, before, "SSN", MASKED_SSN),
            "DisplayName": name,
            "BillableTime": billable,
            "Active": active is not False,
        }

    @staticmethod
    def _form(checks: Checks) -> bool:
        checks.email("PrimaryEmailAddr")
        checks.text("EmployeeNumber", longest=100)
        checks.choice("Gender", _GENDERS)
        for day in ("BirthDate", "HiredDate", "ReleasedDate"):
            checks.day(day)
        for rate in ("BillRate", "CostRate"):
            checks.number(rate)
        return checks.flag("BillableTime") or False
