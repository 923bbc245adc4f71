"""Users: those of a company's directory, and which of them are on a project.

Sources: Procore reference, Company Users, Company Inactive Users, Project Users; Procore docs,
working with user permissions, webhook fanout migration. Permission templates are left out: what is
written of them is ignored. That v1.0, v1.1 and v1.3 take and show the same is inferred.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from plumbline_sandbox.http import Answer, json_answer
from plumbline_sandbox.procore.call import Call, Endpoint
from plumbline_sandbox.procore.conventions import (
    filter_ids,
    invalid,
    list_v1,
    not_found,
    of_list,
    part,
    read_object,
)
from plumbline_sandbox.procore.directory import as_json, filtered
from plumbline_sandbox.procore.fields import Fields
from plumbline_sandbox.procore.records import Record, Shown, fresh
from plumbline_sandbox.procore.state import COMPANY_USER, PROJECT_USER, Actor, Procore, Row
from plumbline_sandbox.procore.syncing import UnsyncedError, synced

TEXTS = (
    "first_name",
    "last_name",
    "email_address",
    "job_title",
    "address",
    "city",
    "zip",
    "state_code",
    "country_code",
    "business_phone",
    "mobile_phone",
    "fax_number",
    "email_signature",
    "employee_id",
    "initials",
    "notes",
    "origin_id",
    "origin_data",
)
"""Fields that are plain text."""

BLANK: Row = {
    **dict.fromkeys(TEXTS),
    "business_phone_extension": None,
    "is_active": True,
    "is_employee": False,
    "is_insurance_manager": False,
    "avatar": None,
    "business_id": None,
    "last_login_at": None,
    "vendor": None,
    "work_classification_id": None,
}
"""A user of whom nothing is known."""

REQUIRED = ("email_address", "last_name")
"""What no user can do without."""


class Users:
    """The rules of users; every method makes its change a fact."""

    def __init__(self, procore: Procore) -> None:
        self._procore = procore

    def read(self, company_id: int, record: Record[Row] | None, values: Row, path: str) -> tuple[Fields, Row]:
        """Return what a user is to be, and what is wrong with it."""
        before = BLANK if record is None or record.value is None else record.value
        fields = Fields(path, values)
        row = {
            **before,
            **{name: fields.text(name, before[name]) for name in TEXTS},
            **{name: fields.flag(name, default=before[name]) for name in ("is_active", "is_employee")},
            "business_phone_extension": fields.integer(
                "business_phone_extension", before["business_phone_extension"]
            ),
            "vendor": self._vendor(company_id, fields, before),
        }
        for name in REQUIRED:
            if not row[name]:
                fields.complain(name, "can't be blank")
        for name in ("state_code", "country_code"):
            if row[name] is not None and len(row[name]) != 2:
                fields.complain(name, "is invalid")
        if self._other(company_id, record, "origin_id", row["origin_id"]):
            fields.complain("origin_id", "has already been taken")
        row["name"] = " ".join(filter(None, (row["first_name"], row["last_name"])))
        return fields, row

    def add(self, company_id: int, row: Row, actor: Actor) -> Record[Row]:
        """Store a new user."""
        record = self._procore.users[company_id].insert(self._procore.new_id(), row, company_id=company_id)
        self._procore.created(COMPANY_USER, record, actor)
        return record

    def change(self, record: Record[Row], row: Row, actor: Actor) -> None:
        """Store a change: one event of the company, however many projects the user is on."""
        self._procore.users[record.company_id].change(record, row)
        self._procore.updated(COMPANY_USER, record, actor)

    def join(self, record: Record[Row], project: Shown[Row], actor: Actor) -> None:
        """Put a user on a project; one who is on it already is not told of again."""
        members = self._procore.project_users.setdefault(project.id, set())
        if record.id not in members:
            members.add(record.id)
            self._procore.created(PROJECT_USER, replace(record, project_id=project.id), actor)

    def leave(self, record: Record[Row], project: Shown[Row], actor: Actor) -> None:
        """Take a user off a project; the company's directory keeps it."""
        self._procore.project_users[project.id].discard(record.id)
        self._procore.deleted(PROJECT_USER, replace(record, project_id=project.id), actor)

    def with_mail(self, company_id: int, address: str | None) -> Record[Row] | None:
        """Return the user who has an e-mail address, in whatever letters."""
        return self._other(company_id, None, "email_address", address)

    def with_origin(self, company_id: int, origin_id: Any) -> Record[Row] | None:
        """Return the user of an origin_id."""
        return self._other(company_id, None, "origin_id", origin_id)

    def _other(self, company_id: int, but: Record[Row] | None, name: str, value: Any) -> Record[Row] | None:
        if value is None:
            return None
        wanted = str(value).lower()
        living = self._procore.users[company_id].living()
        same = (row for row in living if row.value and str(row.value[name]).lower() == wanted)
        return next((row for row in same if row is not but), None)

    def _vendor(self, company_id: int, fields: Fields, before: Row) -> Row | None:
        vendor_id = fields.integer("vendor_id")
        if vendor_id is None:
            known: Row | None = before["vendor"]
            return known
        vendor = self._procore.vendors.truth(vendor_id)
        if vendor is None or vendor.value is None or vendor.company_id != company_id:
            fields.complain("vendor_id", "is invalid")
            return None
        return {"id": vendor.id, "name": vendor.value["name"]}


class UsersApi:
    """The endpoints of company users and project users."""

    def __init__(self, procore: Procore) -> None:
        self._procore = procore
        self._users = Users(procore)

    def of_company(self, call: Call) -> Answer:
        """`GET /rest/{v}/companies/{c}/users`: the active ones."""
        return self._list(call, self._shown(call.company_id(), active=True))

    def inactive(self, call: Call) -> Answer:
        """`GET /rest/v1.0/companies/{c}/users/inactive`."""
        return self._list(call, self._shown(call.company_id(), active=False))

    def show(self, call: Call) -> Answer:
        """`GET /rest/{v}/companies/{c}/users/{id}`."""
        shown = self._procore.users[call.company_id()].shown(call.record_id())
        if shown is None:
            raise not_found(call.path)
        return json_answer(200, as_json(shown))

    def create(self, call: Call) -> Answer:
        """`POST /rest/{v}/companies/{c}/users`: `{"user": {"email_address", "last_name"}}`.

        An e-mail address that somebody has is a conflict (inferred from the documented 409).
        """
        company_id = call.company_id()
        values = part(read_object(call.request), "user", call.path)
        fields, row = self._users.read(company_id, None, values, call.path)
        fields.done(400)
        if self._users.with_mail(company_id, row["email_address"]):
            raise invalid(call.path, {"email_address": ["has already been taken"]}, 409)
        record = self._users.add(company_id, row, call.actor)
        return json_answer(201, as_json(fresh(record)), committed=True)

    def update(self, call: Call) -> Answer:
        """`PATCH /rest/{v}/companies/{c}/users/{id}`: `{"user": {...}}`; `is_active` false deactivates."""
        company_id = call.company_id()
        record = self._truth(call, company_id)
        self._change(call, record)
        return json_answer(200, as_json(fresh(record)), committed=True)

    def sync(self, call: Call) -> Answer:
        """`PATCH /rest/v1.0/companies/{c}/users/sync`: always 200; by id or by origin_id."""
        company_id = call.company_id()
        return synced(call, read_object(call.request), lambda wish: self._synced(call, company_id, wish))

    def of_project(self, call: Call) -> Answer:
        """`GET /rest/v1.0/projects/{p}/users`: the active ones on it."""
        return self._list(call, self._members(call.project(self._procore)))

    def show_member(self, call: Call) -> Answer:
        """`GET /rest/v1.0/projects/{p}/users/{id}`: what is null is left out."""
        members = self._members(call.project(self._procore), active=None)
        shown = next((row for row in members if row.id == call.record_id()), None)
        if shown is None:
            raise not_found(call.path)
        return json_answer(200, _member(shown))

    def create_member(self, call: Call) -> Answer:
        """`POST /rest/v1.0/projects/{p}/users`: a new user of the company, who is on the project.

        That one whom the company knows by the e-mail address is put on it is inferred.
        """
        project = call.project(self._procore)
        values = part(read_object(call.request), "user", call.path)
        fields, row = self._users.read(project.company_id, None, values, call.path)
        fields.done(400)
        record = self._users.with_mail(project.company_id, row["email_address"])
        record = record or self._users.add(project.company_id, row, call.actor)
        self._users.join(record, project, call.actor)
        return json_answer(201, _member(fresh(record)), committed=True)

    def update_member(self, call: Call) -> Answer:
        """`PATCH /rest/v1.0/projects/{p}/users/{id}`: it changes the company's user."""
        record = self._member(call)
        self._change(call, record)
        return json_answer(200, _member(fresh(record)), committed=True)

    def add_member(self, call: Call) -> Answer:
        """`POST /rest/v1.0/projects/{p}/users/{id}/actions/add`."""
        project = call.project(self._procore)
        record = self._truth(call, project.company_id)
        self._users.join(record, project, call.actor)
        return json_answer(201, _member(fresh(record)), committed=True)

    def remove_member(self, call: Call) -> Answer:
        """`DELETE /rest/v1.0/projects/{p}/users/{id}/actions/remove`."""
        record = self._member(call)
        self._users.leave(record, call.project(self._procore), call.actor)
        return Answer(204, committed=True)

    def _change(self, call: Call, record: Record[Row]) -> None:
        values = part(read_object(call.request), "user", call.path)
        fields, row = self._users.read(record.company_id, record, values, call.path)
        fields.done(400)
        self._users.change(record, row, call.actor)

    def _synced(self, call: Call, company_id: int, wish: Row) -> Row:
        if "id" in wish:
            record = self._procore.users[company_id].truth(Fields(call.path, wish).integer("id") or 0)
            if record is None:
                raise UnsyncedError({"id": ["not found"]})
        else:
            record = self._users.with_origin(company_id, wish.get("origin_id"))
        fields, row = self._users.read(company_id, record, wish, call.path)
        if record is None and self._users.with_mail(company_id, row["email_address"]):
            fields.complain("email_address", "has already been taken")
        if fields.complaints:
            raise UnsyncedError(fields.complaints)
        if record is None:
            return as_json(fresh(self._users.add(company_id, row, call.actor)))
        self._users.change(record, row, call.actor)
        return as_json(fresh(record))

    def _truth(self, call: Call, company_id: int) -> Record[Row]:
        record = self._procore.users[company_id].truth(call.record_id())
        if record is None:
            raise not_found(call.path)
        return record

    def _member(self, call: Call) -> Record[Row]:
        project = call.project(self._procore)
        if call.record_id() not in self._procore.project_users.get(project.id, ()):
            raise not_found(call.path)
        return self._truth(call, project.company_id)

    def _members(self, project: Shown[Row], *, active: bool | None = True) -> list[Shown[Row]]:
        members = self._procore.project_users.get(project.id, set())
        return [row for row in self._shown(project.company_id, active=active) if row.id in members]

    def _shown(self, company_id: int, *, active: bool | None) -> list[Shown[Row]]:
        rows = self._procore.users[company_id].shown_of_project(None)
        return [row for row in rows if active is None or row.value["is_active"] == active]

    def _list(self, call: Call, rows: list[Shown[Row]]) -> Answer:
        query = call.request.query
        vendors = filter_ids(call.request, "filters[vendor_id]")
        trades = filter_ids(call.request, "filters[trade_id]")
        search = query.get("filters[search]", "").lower()
        employee = query.get("filters[employee]")
        kept = [
            row
            for row in filtered(call, rows)
            if search in _searched(row.value)
            and (vendors is None or (row.value["vendor"] or {}).get("id") in vendors)
            and (trades is None or trades & self._trades(row.value["vendor"]))
            and (employee is None or row.value["is_employee"] == (employee == "true"))
        ]
        page, headers = list_v1(call.request, kept)
        return of_list(call.path, [as_json(row) for row in page], headers)

    def _trades(self, vendor: Row | None) -> set[int]:
        record = self._procore.vendors.truth(vendor["id"]) if vendor else None
        return {trade["id"] for trade in record.value["trades"]} if record and record.value else set()


def _member(shown: Shown[Row]) -> Row:
    """Return a user as the endpoints of single project users show it: what is null is left out."""
    return {name: value for name, value in as_json(shown).items() if value is not None}


def _searched(value: Row) -> str:
    vendor = (value["vendor"] or {}).get("name")
    names = ("first_name", "last_name", "email_address", "notes", "job_title")
    return " ".join(str(text) for text in (*(value[name] for name in names), vendor) if text).lower()


def endpoints(procore: Procore) -> Iterable[Endpoint]:
    """Return the endpoints of users."""
    users = UsersApi(procore)
    for version in ("v1.0", "v1.1", "v1.3"):
        base = f"/rest/{version}/companies/{{company}}/users"
        yield "GET", base, users.of_company
        yield "POST", base, users.create
        yield "GET", f"{base}/{{id}}", users.show
        yield "PATCH", f"{base}/{{id}}", users.update
    yield "GET", "/rest/v1.0/companies/{company}/users/inactive", users.inactive
    yield "PATCH", "/rest/v1.0/companies/{company}/users/sync", users.sync
    base = "/rest/v1.0/projects/{project}/users"
    yield "GET", base, users.of_project
    yield "POST", base, users.create_member
    yield "GET", f"{base}/{{id}}", users.show_member
    yield "PATCH", f"{base}/{{id}}", users.update_member
    yield "POST", f"{base}/{{id}}/actions/add", users.add_member
    yield "DELETE", f"{base}/{{id}}/actions/remove", users.remove_member
