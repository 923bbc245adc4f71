"""Projects: where they are (which decides who serves them), and whether they are active.

Sources: Procore reference, Projects. Every part of an address may be null; offices and regions
are what an administrator sets on purpose.
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
from plumbline_sandbox.procore.state import PROJECT, Actor, Procore, Row

TEXTS = (
    "name",
    "project_number",
    "address",
    "city",
    "state_code",
    "country_code",
    "zip",
    "county",
    "time_zone",
    "tz_name",
    "description",
    "phone",
    "accounting_project_number",
    "origin_id",
    "origin_data",
    "origin_code",
)
"""Fields that are plain text."""

BLANK: Row = {
    **dict.fromkeys(TEXTS),
    "active": True,
    "latitude": None,
    "longitude": None,
    "office": None,
    "project_region": None,
    "project_type": None,
    "project_stage": None,
    "program": None,
    "departments": [],
    "is_erp_integrated": False,
    "is_demo": False,
    "template": False,
}
"""A project of which nothing is known."""


class Projects:
    """The endpoints of projects."""

    def __init__(self, procore: Procore) -> None:
        self._procore = procore

    def list(self, call: Call) -> Answer:
        """`GET /rest/v1.0|v1.1/projects?company_id=`: only those the install permits."""
        company_id = call.company_id()
        query = call.request.query
        shown = self._procore.projects.shown_of_project(None)
        rows = [row for row in shown if row.company_id == company_id and call.sees(row)]
        rows = [row for row in filtered(call, rows) if _has_status(row, query)]
        for name in ("region", "office", "type"):
            wanted = filter_ids(call.request, f"filters[by_{name}]")
            field = name if name == "office" else f"project_{name}"
            rows = [row for row in rows if wanted is None or (row.value[field] or {}).get("id") in wanted]
        page, headers = list_v1(call.request, rows)
        return of_list(call.path, [self._json(row) for row in page], headers)

    def show(self, call: Call) -> Answer:
        """`GET /rest/v1.0/projects/{id}?company_id=`; 400 without the company."""
        return json_answer(200, self._json(self._found(call)))

    def create(self, call: Call) -> Answer:
        """`POST /rest/v1.0/projects`: `{"company_id", "project": {"name"}}`."""
        body = read_object(call.request)
        company_id = call.company_id(body)
        record = self.add(company_id, part(body, "project", call.path), call.actor, call.path)
        return json_answer(201, self._json(fresh(record)), committed=True)

    def update(self, call: Call) -> Answer:
        """`PATCH /rest/v1.0/projects/{id}`: `{"company_id", "project": {...}}`."""
        body = read_object(call.request)
        call.company_id(body)
        record = self._procore.projects.truth(self._found(call, body).id)
        assert record is not None
        self.change(record, part(body, "project", call.path), call.actor, call.path)
        return json_answer(200, self._json(fresh(record)), committed=True)

    def add(self, company_id: int, values: Row, actor: Actor, path: str) -> Record[Row]:
        """Start a project; service accounts with a list of projects do not see it.

        Raises:
            RefusedError: 422, a field is invalid.
        """
        row = _filled(BLANK, values, path)
        record = self._procore.projects.insert(self._procore.new_id(), row, company_id=company_id)
        self._procore.created(PROJECT, record, actor)
        return record

    def change(self, record: Record[Row], values: Row, actor: Actor, path: str) -> None:
        """Change the fields that are named.

        Raises:
            RefusedError: 422, a field is invalid.
        """
        assert record.value is not None
        self._procore.projects.change(record, _filled(record.value, values, path))
        self._procore.updated(PROJECT, record, actor)

    def _found(self, call: Call, body: Row | None = None) -> Shown[Row]:
        call.company_id(body)
        shown = self._procore.projects.shown(call.record_id())
        if shown is None or not call.sees(shown):
            raise not_found(call.path)
        return shown

    def _json(self, shown: Shown[Row]) -> dict[str, Any]:
        company = self._procore.companies[shown.company_id]
        return {**as_json(shown), "company": {"id": company.id, "name": company.name}}


def _filled(before: Row, values: Row, path: str) -> Row:
    fields = Fields(path, values)
    emptied = {name for name in TEXTS if name in values and values[name] is None}
    row = {
        **before,
        **{name: None if name in emptied else fields.text(name, before[name]) for name in TEXTS},
    }
    row["active"] = fields.flag("active", default=row["active"])
    if not row["name"]:
        fields.complain("name", "can't be blank")
    for name in ("state_code", "country_code"):
        if row[name] is not None and len(row[name]) != 2:
            fields.complain(name, "is invalid")
    fields.done()
    row["display_name"] = " ".join(filter(None, (row["project_number"], row["name"])))
    return row


def _has_status(row: Shown[Row], query: dict[str, str]) -> bool:
    wanted = query.get("filters[by_status]", "All").lower()
    return wanted == "all" or row.value["active"] == (wanted == "active")


def endpoints(procore: Procore) -> list[Endpoint]:
    """Return the endpoints of projects."""
    projects = Projects(procore)
    return [
        ("GET", "/rest/v1.0/projects", projects.list),
        ("GET", "/rest/v1.1/projects", projects.list),
        ("POST", "/rest/v1.0/projects", projects.create),
        ("GET", "/rest/v1.0/projects/{id}", projects.show),
        ("PATCH", "/rest/v1.0/projects/{id}", projects.update),
    ]
