"""Short lists that forms refer to: classes, departments, terms and payment methods. None can be deleted."""

from calendar import monthrange
from datetime import date, timedelta
from typing import Any, ClassVar

from typing_extensions import override

from plumbline_sandbox.quickbooks import errors
from plumbline_sandbox.quickbooks.checks import Checks
from plumbline_sandbox.quickbooks.entities.base import Entity
from plumbline_sandbox.quickbooks.entities.tree import Tree, full_name
from plumbline_sandbox.quickbooks.errors import FaultError
from plumbline_sandbox.quickbooks.query.fields import Field
from plumbline_sandbox.quickbooks.realm import Realm
from plumbline_sandbox.quickbooks.store import Family
from plumbline_sandbox.quickbooks.wire import Body

_TREE_FIELDS = {
    "Name": Field("Name", sortable=True),
    "FullyQualifiedName": Field("FullyQualifiedName", sortable=True),
    "ParentRef": Field("ParentRef"),
    "Active": Field("Active", "flag", sortable=True),
}


class Class(Tree):
    """Intuit, Class: a segment of the business, on a transaction or on its lines."""

    family = Family("Class", "class", "classes", full_name, ("Name", "ParentRef"))
    writable: ClassVar[frozenset[str]] = frozenset({"Name", "ParentRef", "Active"})
    ignored: ClassVar[frozenset[str]] = frozenset({"FullyQualifiedName", "SubClass"})
    fields: ClassVar = _TREE_FIELDS
    lists_active_only = True
    marks_child = "SubClass"

    @override
    def build(self, realm: Realm, wanted: Body, before: Body | None) -> Body:
        """Check name and parent."""
        return {**wanted, **self.named(realm, Checks(wanted), before)}


class Department(Tree):
    """Intuit, Department: a location; `DepartmentRef` on a transaction."""

    family = Family("Department", "department", "departments", full_name, ("Name", "ParentRef"))
    writable: ClassVar[frozenset[str]] = frozenset({"Name", "ParentRef", "Active", "Address"})
    ignored: ClassVar[frozenset[str]] = frozenset({"FullyQualifiedName", "SubDepartment"})
    fields: ClassVar = _TREE_FIELDS
    lists_active_only = True
    marks_child = "SubDepartment"

    @override
    def build(self, realm: Realm, wanted: Body, before: Body | None) -> Body:
        """Check name and parent."""
        return {**wanted, **self.named(realm, Checks(wanted), before)}


class Term(Entity):
    """Intuit, Term: due some days later (STANDARD), or on a day of the month (DATE_DRIVEN)."""

    family = Family("Term", "term", "terms", lambda body: body["Name"], ("Name",))
    writable: ClassVar[frozenset[str]] = frozenset(
        {"Name", "Active", "DueDays", "DayOfMonthDue", "DueNextMonthDays"}
        | {"DiscountPercent", "DiscountDays", "DiscountDayOfMonth"}
    )
    ignored: ClassVar[frozenset[str]] = frozenset({"Type"})
    fields: ClassVar = {
        "Name": Field("Name", sortable=True),
        "Active": Field("Active", "flag", sortable=True),
    }
    lists_active_only = True

    @override
    def build(self, realm: Realm, wanted: Body, before: Body | None) -> Body:
        """Check the name and that it says when to pay; numbers may come as texts."""
        checks = Checks(wanted)
        if not checks.has("DayOfMonthDue"):
            checks.required("DueDays")
        limits = {"DueDays": 999, "DayOfMonthDue": 31, "DueNextMonthDays": 999}
        limits |= {"DiscountDays": 999, "DiscountDayOfMonth": 31}
        figures = {name: _whole(checks, name, most) for name, most in limits.items() if checks.has(name)}
        percent = checks.number("DiscountPercent") or 0
        named = _named(realm, checks, self.family, before, longest=31)
        kind = "STANDARD" if "DueDays" in figures else "DATE_DRIVEN"
        return {**wanted, **figures, "DiscountPercent": percent, "Type": kind, **named}


class PaymentMethod(Entity):
    """Intuit, PaymentMethod."""

    family = Family("PaymentMethod", "payment-method", "payment-methods", lambda b: b["Name"], ("Name",))
    writable: ClassVar[frozenset[str]] = frozenset({"Name", "Active", "Type"})
    fields: ClassVar = {
        "Name": Field("Name", sortable=True),
        "Active": Field("Active", "flag", sortable=True),
        "Type": Field("Type"),
    }
    lists_active_only = True

    @override
    def build(self, realm: Realm, wanted: Body, before: Body | None) -> Body:
        """Check name and type."""
        checks = Checks(wanted)
        kind = checks.choice("Type", frozenset({"CREDIT_CARD", "NON_CREDIT_CARD"})) or "NON_CREDIT_CARD"
        return {"Type": kind, **_named(realm, checks, self.family, before, longest=31)}


def due_date(term: Body | None, txn_date: date) -> date:
    """Return when a form of this date is to be paid; without terms, at once."""
    if term is None:
        return txn_date
    if "DueDays" in term:
        return txn_date + timedelta(days=int(term["DueDays"]))
    this_month = _day_of(txn_date, int(term["DayOfMonthDue"]))
    if (this_month - txn_date).days >= int(term.get("DueNextMonthDays", 0)):
        return this_month
    return _day_of(txn_date.replace(day=28) + timedelta(days=4), int(term["DayOfMonthDue"]))


def _day_of(month: date, day: int) -> date:
    return month.replace(day=min(day, monthrange(month.year, month.month)[1]))


def _whole(checks: Checks, name: str, most: int) -> int:
    number = checks.number(name)
    if number is not None and (number != int(number) or not 0 <= number <= most):
        checks.note(errors.bad_range(name, number))
    return int(number or 0)


def _named(realm: Realm, checks: Checks, family: Family, before: Body | None, *, longest: int) -> Body:
    """Read `Name` and `Active`, and end the checks.

    Raises:
        FaultError: with everything noted; 6240 for a name that is taken.
    """
    checks.required("Name")
    named: dict[str, Any] = {"Name": checks.text("Name", longest=longest) or ""}
    named["Active"] = checks.flag("Active") is not False
    checks.done()
    if holder := realm.registers[family.register].holder(named["Name"], but=before["Id"] if before else None):
        raise FaultError(errors.duplicate_name(holder[1]))
    return named
