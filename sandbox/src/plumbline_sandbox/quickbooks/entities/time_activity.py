"""Time activities: hours that an employee or a vendor worked."""

import re
from datetime import datetime
from typing import ClassVar

from typing_extensions import override

from plumbline_sandbox.quickbooks import errors, wire
from plumbline_sandbox.quickbooks.checks import Checks
from plumbline_sandbox.quickbooks.entities.base import check_open_books, named_references
from plumbline_sandbox.quickbooks.entities.transaction import Transaction, check_party
from plumbline_sandbox.quickbooks.errors import FaultError
from plumbline_sandbox.quickbooks.query.fields import Field
from plumbline_sandbox.quickbooks.realm import Realm
from plumbline_sandbox.quickbooks.store import Family
from plumbline_sandbox.quickbooks.wire import Body

MOST_HOURS = 8760
"""Longest time of one activity, in whole hours (Intuit, TimeActivity)."""

_KINDS = {"Vendor": "VendorRef", "Employee": "EmployeeRef"}
_BILLABLE = frozenset({"Billable", "NotBillable"})
_SPAN = ("StartTime", "EndTime")
_REFERENCES = {
    "CustomerRef": "Customer",
    "ItemRef": "Item",
    "ClassRef": "Class",
    "DepartmentRef": "Department",
}
_TIME = re.compile(r"\d{2}:\d{2}(:\d{2})?([+-]\d{2}:\d{2}|Z)?")
"""A time of day, which the service puts on the activity's date."""


class TimeActivity(Transaction):
    """Intuit, TimeActivity: Hours and Minutes, or StartTime and EndTime."""

    family = Family("TimeActivity", "time-activity")
    writable: ClassVar[frozenset[str]] = frozenset(
        {"NameOf", "EmployeeRef", "VendorRef", "CustomerRef", "ItemRef", "TxnDate", "Hours", "Minutes"}
        | {"StartTime", "EndTime", "BreakHours", "BreakMinutes", "HourlyRate", "CostRate", "BillableStatus"}
        | {"Taxable", "Description", "ProjectRef", "ClassRef", "DepartmentRef", "PayrollItemRef"}
        | {"TransactionLocationType"}
    )
    ignored: ClassVar[frozenset[str]] = frozenset({"Seconds", "BreakSeconds", "TimeChargeId"})
    fields: ClassVar = {
        "TxnDate": Field("TxnDate", "day", sortable=True),
        "BillableStatus": Field("BillableStatus"),
        "ProjectRef": Field("ProjectRef"),
        "EmployeeRef": Field("EmployeeRef"),
        "VendorRef": Field("VendorRef"),
        "CustomerRef": Field("CustomerRef"),
    }

    @override
    def build(self, realm: Realm, wanted: Body, before: Body | None) -> Body:
        """Check who, when, how long, and for whom."""
        checks = Checks(wanted)
        day = (checks.day("TxnDate") or wire.today(realm.clock.now())).isoformat()
        check_open_books(realm, checks, day, (before or {}).get("TxnDate"))
        checks.text("Description", longest=4000)
        who = self._who(realm, checks)
        when = self._when(checks, wanted, day)
        billing = self._billing(realm, checks)
        taxable = checks.flag("Taxable")
        checks.done()
        body = {**wanted, **who, **when, **billing, "TxnDate": day, "Taxable": taxable or False}
        if before and before["BillableStatus"] == "HasBeenBilled":
            body |= {name: before[name] for name in ("BillableStatus", "LinkedTxn")}
        return body

    @override
    def refuse_dependents(self, realm: Realm, before: Body) -> None:
        """Refuse to delete time that an invoice bills (inferred)."""
        if before["BillableStatus"] == "HasBeenBilled":
            raise FaultError(errors.has_dependents("Unlink the linked transactions before deleting."))

    @staticmethod
    def _who(realm: Realm, checks: Checks) -> Body:
        checks.required("NameOf")
        kind = checks.choice("NameOf", frozenset(_KINDS))
        if kind is None:
            return {}
        name = _KINDS[kind]
        checks.required(name)
        return {name: check_party(realm, checks, name, kind)}

    @staticmethod
    def _when(checks: Checks, wanted: Body, day: str) -> Body:
        if "StartTime" in wanted or "EndTime" in wanted:
            checks.required("StartTime", "EndTime")
            return {name: _moment(checks, wanted[name], name, day) for name in _SPAN if name in wanted}
        if "Hours" not in wanted and "Minutes" not in wanted:
            checks.required("Hours")
        hours, minutes = (checks.number(name) or 0 for name in ("Hours", "Minutes"))
        for name, number, most in (("Hours", hours, MOST_HOURS), ("Minutes", minutes, 59)):
            if not 0 <= number <= most or number != int(number):
                checks.note(errors.bad_amount(name, number))
        return {"Hours": int(hours), "Minutes": int(minutes)}

    @staticmethod
    def _billing(realm: Realm, checks: Checks) -> Body:
        """HasBeenBilled comes from an invoice and cannot be set (Intuit, TimeActivity)."""
        status = checks.choice("BillableStatus", _BILLABLE) or "NotBillable"
        if status == "Billable":
            checks.required("CustomerRef", "HourlyRate")
        references = named_references(realm, checks, _REFERENCES)
        rate = checks.number("HourlyRate") or 0
        return {**references, "BillableStatus": status, "HourlyRate": rate}


def _moment(checks: Checks, value: object, name: str, day: str) -> str:
    """Return a time of day or a moment as the service shows it."""
    text = f"{day}T{value}" if isinstance(value, str) and _TIME.fullmatch(value) else str(value)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        checks.note(errors.bad_date_format(name, value))
        return ""
    return (moment if moment.tzinfo else moment.replace(tzinfo=wire.PACIFIC)).isoformat(timespec="seconds")
