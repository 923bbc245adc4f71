"""What customers, vendors and employees share: how a name is made, and the one space it must be unique in."""

from plumbline_sandbox.quickbooks import errors
from plumbline_sandbox.quickbooks.checks import Checks
from plumbline_sandbox.quickbooks.errors import FaultError
from plumbline_sandbox.quickbooks.realm import Realm
from plumbline_sandbox.quickbooks.wire import Body

NAME_PARTS = {"Title": 16, "GivenName": 100, "MiddleName": 100, "FamilyName": 100, "Suffix": 16}
"""The parts of a person's name in their order, and the longest of each (Intuit, Vendor)."""

_FORBIDDEN = (":", "\t", "\n")


def display_name(checks: Checks) -> str:
    """Return `DisplayName`, or one made of the name's parts; note what is wrong with it.

    Notes 6080 if there is no name at all, 2040 for a colon, tab or newline, 2050 for one too long.
    """
    parts = [checks.text(part, longest=longest) for part, longest in NAME_PARTS.items()]
    name = checks.text("DisplayName", longest=500) or " ".join(part for part in parts if part)
    if not name and not checks.troubles:
        checks.note(errors.no_name())
    if any(sign in name for sign in _FORBIDDEN):
        checks.note(errors.bad_string("DisplayName"))
    return name


def refuse_taken_name(realm: Realm, name: str, before: Body | None) -> None:
    """Refuse a name that another customer, vendor or employee has.

    Raises:
        FaultError: 6240.
    """
    holder = realm.registers["names"].holder(name, but=before["Id"] if before else None)
    if holder:
        raise FaultError(errors.duplicate_name(holder[1]))


def kept_secret(wanted: Body, before: Body | None, name: str, mask: str) -> Body:
    """Return a secret property as it is to be stored: one that comes back masked stays as it was."""
    if name not in wanted:
        return {}
    was = (before or {}).get(name)
    return {name: was if was is not None and wanted[name] == mask else wanted[name]}
