"""The directory: vendors, whose papers hang on them, and people, who work.

Sources: Procore reference, Company Vendors, Project Vendors, Project People; Procore docs, using
sync actions. A person's id is the `party_id` of timecard entries (inferred: the reference only
says that people tell it).
"""

from typing import Any

from plumbline_sandbox.http import Answer, json_answer
from plumbline_sandbox.procore.call import Call, Endpoint
from plumbline_sandbox.procore.conventions import (
    filter_ids,
    list_v1,
    not_found,
    of_list,
    part,
    read_object,
)
from plumbline_sandbox.procore.directory import as_json, filtered
from plumbline_sandbox.procore.fields import Fields
from plumbline_sandbox.procore.records import Record, Shown, fresh
from plumbline_sandbox.procore.state import VENDOR, Actor, Procore, Row
from plumbline_sandbox.procore.syncing import UnsyncedError, synced

TEXTS = (
    "abbreviated_name",
    "trade_name",
    "address",
    "city",
    "state_code",
    "country_code",
    "zip",
    "business_phone",
    "email_address",
    "license_number",
    "notes",
    "website",
    "origin_id",
    "origin_data",
    "origin_code",
)
"""Fields that are plain text, besides the name."""

BLANK: Row = {
    **dict.fromkeys(TEXTS),
    "is_active": True,
    "prequalified": False,
    "union_member": False,
    "non_union_prevailing_wage": False,
    "parent_id": None,
    "trades": [],
}
"""A vendor of whom nothing is known but the name."""

FLAGS = ("is_active", "prequalified", "union_member", "non_union_prevailing_wage")
"""Fields that are true or false."""


class Vendors:
    """The endpoints of vendors and people."""

    def __init__(self, procore: Procore) -> None:
        self._procore = procore

    def of_company(self, call: Call) -> Answer:
        """`GET /rest/v1.0/vendors?company_id=`: filters id, origin_id, updated_at, search."""
        company_id = call.company_id()
        return self._list(call, self._of_company(company_id))

    def of_project(self, call: Call) -> Answer:
        """`GET /rest/v1.0/projects/{p}/vendors`: those that were added to the project."""
        project = call.project(self._procore)
        members = self._procore.project_vendors.get(project.id, set())
        rows = [row for row in self._of_company(project.company_id) if row.id in members]
        return self._list(call, rows)

    def show(self, call: Call) -> Answer:
        """`GET /rest/v1.0/vendors/{id}?company_id=`."""
        company_id = call.company_id()
        shown = self._procore.vendors.shown(call.record_id())
        if shown is None or shown.company_id != company_id:
            raise not_found(call.path)
        return json_answer(200, as_json(shown))

    def create(self, call: Call) -> Answer:
        """`POST /rest/v1.0/vendors`: `{"company_id", "vendor": {"name"}}`."""
        body = read_object(call.request)
        company_id = call.company_id(body)
        record = self._add(company_id, part(body, "vendor", call.path), call.actor, call.path)
        return json_answer(201, as_json(fresh(record)), committed=True)

    def update(self, call: Call) -> Answer:
        """`PATCH /rest/v1.0/vendors/{id}`."""
        body = read_object(call.request)
        record = self._procore.vendors.truth(call.record_id())
        if record is None or record.company_id != call.company_id(body):
            raise not_found(call.path)
        self._change(record, part(body, "vendor", call.path), call.actor, call.path)
        return json_answer(200, as_json(fresh(record)), committed=True)

    def sync(self, call: Call) -> Answer:
        """`PATCH /rest/v1.0/vendors/sync`: always 200, with what was done and what was wrong.

        An id must exist; an origin_id that does not makes a new vendor.
        """
        body = read_object(call.request)
        company_id = call.company_id(body)
        return synced(call, body, lambda wish: self._synced(company_id, wish, call))

    def people(self, call: Call) -> Answer:
        """`GET /rest/v1.0/projects/{p}/people` and `/rest/v1.0/companies/{c}/people`."""
        in_project = "project" in call.params
        company_id = call.project(self._procore).company_id if in_project else call.company_id()
        vendors = filter_ids(call.request, "filters[vendor_id]")
        employees = call.request.query.get("filters[is_employee]")
        rows = [
            row
            for row in self._procore.people.shown_of_project(None)
            if row.company_id == company_id
            and (vendors is None or (row.value["vendor"] or {}).get("id") in vendors)
            and (employees is None or row.value["is_employee"] == (employees == "true"))
        ]
        page, headers = list_v1(call.request, rows)
        return of_list(call.path, [as_json(row) for row in page], headers)

    def _synced(self, company_id: int, wish: Row, call: Call) -> Row:
        if "id" in wish:
            record = self._procore.vendors.truth(Fields(call.path, wish).integer("id") or 0)
            if record is None or record.company_id != company_id:
                raise UnsyncedError({"id": ["not found"]})
        else:
            record = self._with_origin(company_id, wish.get("origin_id"))
        fields, row = self._filled(company_id, record, wish, call.path)
        if fields.complaints:
            raise UnsyncedError(fields.complaints)
        if record is None:
            return as_json(fresh(self._insert(company_id, row, call.actor)))
        self._replace(record, row, call.actor)
        return as_json(fresh(record))

    def _with_origin(self, company_id: int, origin_id: Any) -> Record[Row] | None:
        found = (
            row
            for row in self._procore.vendors.living()
            if row.company_id == company_id and row.value is not None and row.value["origin_id"] == origin_id
        )
        return None if origin_id is None else next(found, None)

    def _add(self, company_id: int, values: Row, actor: Actor, path: str) -> Record[Row]:
        fields, row = self._filled(company_id, None, values, path)
        fields.done()
        return self._insert(company_id, row, actor)

    def _change(self, record: Record[Row], values: Row, actor: Actor, path: str) -> None:
        fields, row = self._filled(record.company_id, record, values, path)
        fields.done()
        self._replace(record, row, actor)

    def _insert(self, company_id: int, row: Row, actor: Actor) -> Record[Row]:
        record = self._procore.vendors.insert(self._procore.new_id(), row, company_id=company_id)
        self._procore.created(VENDOR, record, actor, name=row["name"])
        return record

    def _replace(self, record: Record[Row], row: Row, actor: Actor) -> None:
        self._procore.vendors.change(record, row)
        self._procore.updated(VENDOR, record, actor, name=row["name"])

    def _filled(
        self, company_id: int, record: Record[Row] | None, values: Row, path: str
    ) -> tuple[Fields, Row]:
        before = BLANK if record is None or record.value is None else record.value
        fields = Fields(path, values)
        name = fields.text("name", before.get("name"))
        if not name:
            fields.complain("name", "can't be blank")
        row = {
            **before,
            **{field: fields.text(field, before[field]) for field in TEXTS},
            **{field: fields.flag(field, default=before[field]) for field in FLAGS},
            "parent_id": fields.integer("parent_id", before["parent_id"]),
            "name": name,
            "company": name,
        }
        owner = self._with_origin(company_id, row["origin_id"])
        if owner is not None and owner is not record:
            fields.complain("origin_id", "has already been taken")
        return fields, row

    def _of_company(self, company_id: int) -> list[Shown[Row]]:
        rows = self._procore.vendors.shown_of_project(None)
        return [row for row in rows if row.company_id == company_id]

    def _list(self, call: Call, rows: list[Shown[Row]]) -> Answer:
        search = call.request.query.get("filters[search]", "").lower()
        rows = [
            row
            for row in filtered(call, rows)
            if search in f"{row.value['name']} {row.value['notes']} {row.value['origin_code']}".lower()
        ]
        page, headers = list_v1(call.request, rows)
        return of_list(call.path, [as_json(row) for row in page], headers)


def endpoints(procore: Procore) -> list[Endpoint]:
    """Return the endpoints of vendors and people."""
    vendors = Vendors(procore)
    return [
        ("GET", "/rest/v1.0/vendors", vendors.of_company),
        ("POST", "/rest/v1.0/vendors", vendors.create),
        ("GET", "/rest/v1.0/vendors/{id}", vendors.show),
        ("PATCH", "/rest/v1.0/vendors/{id}", vendors.update),
        ("PATCH", "/rest/v1.0/vendors/sync", vendors.sync),
        ("GET", "/rest/v1.0/projects/{project}/vendors", vendors.of_project),
        ("GET", "/rest/v1.1/projects/{project}/vendors", vendors.of_project),
        ("GET", "/rest/v1.0/projects/{project}/people", vendors.people),
        ("GET", "/rest/v1.0/companies/{company}/people", vendors.people),
    ]
