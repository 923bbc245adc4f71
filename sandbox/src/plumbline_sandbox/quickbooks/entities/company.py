"""The two entities of which a company has exactly one: CompanyInfo and Preferences."""

from collections.abc import Mapping
from typing import Any, ClassVar

from typing_extensions import override

from plumbline_sandbox.quickbooks import errors
from plumbline_sandbox.quickbooks.entities.base import Entity
from plumbline_sandbox.quickbooks.errors import FaultError
from plumbline_sandbox.quickbooks.query.fields import Field
from plumbline_sandbox.quickbooks.realm import Call, Realm
from plumbline_sandbox.quickbooks.store import Family
from plumbline_sandbox.quickbooks.wire import Body

ONLY_ID = "1"
"""Id of both; the path of CompanyInfo names the realm instead (Intuit, CompanyInfo)."""


SWITCHED_BY_PEOPLE = frozenset({"CurrencyPrefs", "ReportPrefs"})
"""Groups of preferences that are read-only over the API (Intuit, Preferences, writable fields)."""


class Single(Entity):
    """An entity that exists once: it is seeded, read and updated, never created."""

    @override
    def read(self, realm: Realm, entity_id: str) -> Body:
        body = realm.get(self.name, ONLY_ID)
        if body is None or entity_id not in {ONLY_ID, realm.id}:
            raise FaultError(errors.not_found())
        return body

    @override
    def write(self, realm: Realm, sent: Body, call: Call) -> Body:
        if sent.get("Id") in (None, "") and realm.get(self.name, ONLY_ID) is not None:
            raise FaultError(errors.missing("Id"))
        return super().write(realm, sent, call)


class CompanyInfo(Single):
    """Intuit, CompanyInfo: legal name, address, country, start of the fiscal year."""

    family = Family("CompanyInfo", "company")
    writable: ClassVar[frozenset[str]] = frozenset(
        {"CompanyName", "LegalName", "CompanyAddr", "LegalAddr", "CustomerCommunicationAddr"}
        | {"CustomerCommunicationEmailAddr", "PrimaryPhone", "Email", "WebAddr", "FiscalYearStartMonth"}
        | {"Country", "SupportedLanguages", "CompanyStartDate", "EmployerId", "NameValue"}
    )
    fields: ClassVar = {"CompanyName": Field("CompanyName"), "Country": Field("Country")}

    @override
    def build(self, realm: Realm, wanted: Body, before: Body | None) -> Body:
        """Keep what is given."""
        return {"Country": "US", "SupportedLanguages": "en", "FiscalYearStartMonth": "January", **wanted}


class Preferences(Single):
    """Intuit, Preferences: groups of switches; a group that is sent replaces its own switches only."""

    family = Family("Preferences", "preferences")
    writable: ClassVar[frozenset[str]] = frozenset(
        {"AccountingInfoPrefs", "ProductAndServicesPrefs", "SalesFormsPrefs", "EmailMessagesPrefs"}
        | {"VendorAndPurchasesPrefs", "TimeTrackingPrefs", "TaxPrefs", "CurrencyPrefs", "ReportPrefs"}
        | {"OtherPrefs"}
    )
    fields: ClassVar = {}

    @override
    def find(self, realm: Realm, entity_id: str, asked: Mapping[str, str]) -> Body:
        """Return the preferences, which have no id in their path (Intuit, Preferences)."""
        return self.read(realm, entity_id or ONLY_ID)

    @override
    def write(self, realm: Realm, sent: Body, call: Call) -> Body:
        """Update; over the API only what Intuit lists as writable."""
        if call.origin == "api":
            sent = {name: group for name, group in sent.items() if name not in SWITCHED_BY_PEOPLE}
        return super().write(realm, sent, call)

    @override
    def build(self, realm: Realm, wanted: Body, before: Body | None) -> Body:
        """Lay the groups that were sent over those that are there."""
        groups: Body = {name: (before or {}).get(name, {}) for name in sorted(self.writable) if before}
        for name, group in wanted.items():
            if not isinstance(group, dict):
                raise FaultError(errors.bad_property(name))
            groups[name] = {**groups.get(name, {}), **group}
        return {name: group for name, group in groups.items() if group}


def preference(realm: Realm, group: str, name: str) -> Any:
    """Return one preference, or None if it was never set."""
    preferences: dict[str, Any] = realm.get("Preferences", ONLY_ID) or {}
    return preferences.get(group, {}).get(name)


TRACKED = {
    "ClassRef": ("AccountingInfoPrefs", "ClassTrackingPerTxn"),
    "DepartmentRef": ("AccountingInfoPrefs", "TrackDepartments"),
}
"""References of transactions that count only if a preference is on (Intuit, Class; Department)."""


def tracked(realm: Realm, body: Body) -> Body:
    """Return a transaction without those classes and locations that the company does not track.

    That they are ignored, and not refused, is inferred.
    """
    off = [name for name, where in TRACKED.items() if name in body and preference(realm, *where) is False]
    kept = {name: value for name, value in body.items() if name not in off} if off else body
    lines, wanted = kept.get("Line"), preference(realm, "AccountingInfoPrefs", "ClassTrackingPerTxnLine")
    if wanted is False and isinstance(lines, list):
        return {**kept, "Line": [_without_class(line) for line in lines]}
    return kept


def _without_class(line: Any) -> Any:
    if not isinstance(line, dict):
        return line
    return {
        name: {inner: v for inner, v in value.items() if inner != "ClassRef"}
        if isinstance(value, dict)
        else value
        for name, value in line.items()
    }


def numbers_are_given_by_people(realm: Realm) -> bool:
    """Tell whether `SalesFormsPrefs.CustomTxnNumbers` is on: then no number is filled in."""
    return preference(realm, "SalesFormsPrefs", "CustomTxnNumbers") is True
