"""Making and changing commitments, for every version of the API.

Sources: Procore reference, Work Order Contracts, Purchase Order Contracts; Procore docs, using sync
actions, working with financial tools (origin_id).
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from plumbline_sandbox.procore.commitment_kinds import ACCOUNTING_METHODS, BY_TYPE, SETTINGS, Kind
from plumbline_sandbox.procore.conventions import invalid, money
from plumbline_sandbox.procore.fields import Fields
from plumbline_sandbox.procore.records import Record, Shown
from plumbline_sandbox.procore.state import Actor, Procore, Row
from plumbline_sandbox.procore.syncing import UnsyncedError

FOREIGN = "belongs to another integration"
"""The complaint about an origin_id that another app has set (the wording is inferred)."""


class Place(NamedTuple):
    """Where a commitment is."""

    company_id: int
    project_id: int | None


class Commitments:
    """The rules of commitments; every method makes its change a fact."""

    def __init__(self, procore: Procore) -> None:
        self._procore = procore

    def create(self, kind: Kind, project: Shown[Row], values: Row, actor: Actor, path: str) -> Record[Row]:
        """Add a commitment; without a number it gets the next of its kind in the project.

        Raises:
            RefusedError: 422, a field is invalid.
        """
        fields, row = self._filled(kind, _place(project), None, values, path)
        fields.done()
        return self._insert(kind, project, row, actor)

    def update(self, record: Record[Row], values: Row, actor: Actor, path: str) -> None:
        """Change the fields that are named.

        Raises:
            RefusedError: 422, a field is invalid; 409, the origin_id is another integration's.
        """
        fields, row = self._filled(_kind(record), _place(record), record, values, path)
        fields.done()
        if _is_foreign(record, row, actor):
            raise invalid(path, {"base": [f"origin_id {FOREIGN}"]}, 409)
        self._replace(record, row, actor)

    def sync(self, kind: Kind, project: Shown[Row], wish: Row, actor: Actor, path: str) -> Record[Row]:
        """Do one row of a sync call: an id must exist, an origin_id that does not makes a commitment.

        Raises:
            UnsyncedError: The row is not taken.
        """
        record = self._synced(kind, project, Fields(path, wish))
        fields, row = self._filled(kind, _place(project), record, wish, path)
        if fields.complaints:
            raise UnsyncedError(fields.complaints)
        if record is None:
            return self._insert(kind, project, row, actor)
        if _is_foreign(record, row, actor):
            raise UnsyncedError({"origin_id": [FOREIGN]})
        self._replace(record, row, actor)
        return record

    def delete(self, record: Record[Row], actor: Actor, path: str) -> None:
        """Delete a commitment; what hangs on it stays, out of sight.

        Raises:
            RefusedError: 422, it has been invoiced (inferred).
        """
        kind = _kind(record)
        requisitions = self._procore.requisitions.living_of_project(record.project_id)
        if any(row.value and row.value.commitment_id == record.id for row in requisitions):
            raise invalid(path, {"base": ["cannot be deleted because it has requisitions"]})
        self._procore.commitments.change(record, None)
        self._procore.deleted(kind.family, record, actor)

    def _synced(self, kind: Kind, project: Shown[Row], fields: Fields) -> Record[Row] | None:
        if "id" not in fields:
            return self._with_origin(kind, project.company_id, fields.text("origin_id"))
        record = self._procore.commitments.truth(fields.integer("id") or 0)
        if record is None or record.project_id != project.id or _kind(record) is not kind:
            raise UnsyncedError({"id": ["not found"]})
        return record

    def _insert(self, kind: Kind, project: Shown[Row], row: Row, actor: Actor) -> Record[Row]:
        row |= {
            "created_by": {"id": actor.user.id, "login": actor.user.login, "name": actor.user.name},
            "origin_owner": row["origin_id"] and actor.client_id,
        }
        record = self._procore.commitments.insert(
            self._procore.new_id(), row, company_id=project.company_id, project_id=project.id
        )
        self._procore.created(kind.family, record, actor, **_facts(row))
        return record

    def _replace(self, record: Record[Row], row: Row, actor: Actor) -> None:
        if row["origin_id"] is not None and row["origin_owner"] is None:
            row["origin_owner"] = actor.client_id
        self._procore.commitments.change(record, row)
        self._procore.updated(_kind(record).family, record, actor, **_facts(row))

    def _filled(
        self, kind: Kind, place: Place, record: Record[Row] | None, values: Row, path: str
    ) -> tuple[Fields, Row]:
        before = kind.blank() if record is None or record.value is None else record.value
        fields = Fields(path, values)
        row = {
            **before,
            **{name: fields.text(name, before[name]) for name in (*kind.texts, "origin_id")},
            **{name: fields.iso_day(name, before[name]) for name in kind.days},
            **{name: fields.flag(name, default=before[name]) for name in SETTINGS},
            "status": fields.choice("status", kind.statuses, before["status"]),
            "accounting_method": fields.choice(
                "accounting_method", ACCOUNTING_METHODS, before["accounting_method"]
            ),
            "retainage_percent": money(
                fields.percent("retainage_percent", Decimal(before["retainage_percent"]))
            ),
            "vendor_id": fields.integer("vendor_id", before["vendor_id"]),
            "number": fields.text("number", before["number"]) or self._next_number(kind, place),
        }
        self._check(kind, place, record, fields, row)
        return fields, row

    def _check(self, kind: Kind, place: Place, record: Record[Row] | None, fields: Fields, row: Row) -> None:
        vendor = self._procore.vendors.truth(row["vendor_id"] or 0)
        if row["vendor_id"] is not None and (vendor is None or vendor.company_id != place.company_id):
            fields.complain("vendor_id", "is invalid")
        owner = self._with_origin(kind, place.company_id, row["origin_id"])
        if owner is not None and owner is not record:
            fields.complain("origin_id", "has already been taken")
        others = (other for other in self._of_kind(kind) if _place(other) == place and other is not record)
        if any(_value(other)["number"] == row["number"] for other in others):
            fields.complain("number", "has already been taken")
        if record is not None and row["accounting_method"] != _value(record)["accounting_method"]:
            lines = self._procore.commitment_lines.living_of_project(place.project_id)
            if any(line.value and line.value["holder_id"] == record.id for line in lines):
                fields.complain("accounting_method", "cannot be changed once there are line items")

    def _next_number(self, kind: Kind, place: Place) -> str:
        taken = {_value(row)["number"] for row in self._of_kind(kind) if _place(row) == place}
        number = len(taken) + 1
        while f"{kind.prefix}-{number:03d}" in taken:
            number += 1
        return f"{kind.prefix}-{number:03d}"

    def _with_origin(self, kind: Kind, company_id: int, origin_id: str | None) -> Record[Row] | None:
        """Return the commitment that has this origin_id: it is unique in a company, for each kind."""
        if origin_id is None:
            return None
        rows = (row for row in self._of_kind(kind) if row.company_id == company_id)
        return next((row for row in rows if _value(row)["origin_id"] == origin_id), None)

    def _of_kind(self, kind: Kind) -> Iterator[Record[Row]]:
        return (row for row in self._procore.commitments.living() if _value(row)["type"] == kind.type)


def _place(held: Shown[Row] | Record[Row]) -> Place:
    """Return where a commitment is, or is to be if this is a project."""
    return Place(held.company_id, held.id if held.project_id is None else held.project_id)


def _value(record: Record[Row]) -> Row:
    assert record.value is not None
    return record.value


def _kind(record: Record[Row]) -> Kind:
    return BY_TYPE[_value(record)["type"]]


def _is_foreign(record: Record[Row], row: Row, actor: Actor) -> bool:
    """Tell whether somebody else's origin_id would be changed: only one integration may own it."""
    before = _value(record)
    changed = before["origin_id"] is not None and row["origin_id"] != before["origin_id"]
    return changed and before["origin_owner"] not in {None, actor.client_id}


def _facts(row: Row) -> dict[str, Any]:
    return {"number": row["number"], "status": row["status"], "vendor": str(row["vendor_id"])}
