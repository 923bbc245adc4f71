"""Lists whose entries nest: parents, full names, and the five levels they go down."""

from typing import ClassVar

from typing_extensions import override

from plumbline_sandbox.quickbooks import errors
from plumbline_sandbox.quickbooks.checks import Checks
from plumbline_sandbox.quickbooks.entities.base import CALLED, Entity, check_reference
from plumbline_sandbox.quickbooks.errors import FaultError
from plumbline_sandbox.quickbooks.realm import Call, Realm
from plumbline_sandbox.quickbooks.store import text_of
from plumbline_sandbox.quickbooks.wire import Body

LEVELS = 5
"""How deep names nest (Intuit, Customer, Class, Department, Account, Item: five levels)."""


class Tree(Entity):
    """A family whose entries may have a parent of the same family; its store indexes `ParentRef`.

    Names take no colon, so the full name tells the level.
    """

    own_name: ClassVar[str] = "Name"
    """The property from which `FullyQualifiedName` is made."""
    marks_child: ClassVar[str] = ""
    """The flag that tells whether an entry has a parent."""
    forbidden: ClassVar[str] = ":\t\n"
    """Signs that names do not take."""

    def parent(self, realm: Realm, checks: Checks, before: Body | None) -> Body | None:
        """Return the wanted parent; note 2500 for an unknown one or a circle, 610, and 6180 if too deep."""
        parent_id = check_reference(realm, checks, "ParentRef", self.name, CALLED.get(self.name, self.name))
        parent = realm.get(self.name, parent_id)
        if parent is None:
            return None
        if before and before["Id"] in self.line_of(realm, parent["Id"]):
            what = CALLED.get(self.name, self.name)
            checks.note(errors.bad_reference(what, parent["Id"], "ParentRef"))
            return None
        if level(parent) + 2 + (self._depth_below(realm, before["Id"]) if before else 0) > LEVELS:
            checks.note(errors.too_deep())
        return parent

    def named(self, realm: Realm, checks: Checks, before: Body | None) -> Body:
        """Read `Name`, `ParentRef` and `Active`, and end the checks; return what follows from them.

        Raises:
            FaultError: with everything noted; 6240 for a name that another entry of this parent has.
        """
        checks.required("Name")
        name = checks.text("Name", longest=100) or ""
        if any(sign in name for sign in self.forbidden):
            checks.note(errors.bad_string("Name"))
        parent = self.parent(realm, checks, before)
        active = checks.flag("Active") is not False
        checks.done()
        place = self.place(parent, name)
        register = realm.registers[self.family.register]
        if holder := register.holder(place["FullyQualifiedName"], but=before["Id"] if before else None):
            raise FaultError(errors.duplicate_name(holder[1]))
        return {**place, self.marks_child: parent is not None, "Active": active}

    def line_of(self, realm: Realm, entity_id: str) -> list[str]:
        """Return the entry's id and those of all its parents, lowest first."""
        line = [entity_id]
        while parent_id := text_of(realm.get(self.name, line[-1]) or {}, "ParentRef"):
            line.append(parent_id)
        return line

    def children(self, realm: Realm, entity_id: str) -> list[Body]:
        """Return the entries right below."""
        found = realm.stores[self.name].candidates("ParentRef", entity_id) or ()
        return [child for child in found if text_of(child, "ParentRef") == entity_id]

    @override
    def committed(self, realm: Realm, before: Body | None, after: Body, call: Call) -> None:
        """Carry a changed full name on to the entries below."""
        if before is None or before["FullyQualifiedName"] == after["FullyQualifiedName"]:
            return
        for child in self.children(realm, after["Id"]):
            self._save(realm, child, {**child, **self.place(after, child[self.own_name])}, "renamed", call)

    def place(self, parent: Body | None, name: str) -> Body:
        """Return the properties that tell where an entry of this name stands."""
        return {"FullyQualifiedName": f"{parent['FullyQualifiedName']}:{name}" if parent else name}

    def _depth_below(self, realm: Realm, entity_id: str) -> int:
        return max(
            (1 + self._depth_below(realm, c["Id"]) for c in self.children(realm, entity_id)), default=0
        )


def full_name(body: Body) -> str:
    """Return the unique key of an entry: names need to differ below one parent only."""
    return str(body["FullyQualifiedName"])


def level(body: Body) -> int:
    """Return how many parents an entry has."""
    return int(body["FullyQualifiedName"].count(":"))
