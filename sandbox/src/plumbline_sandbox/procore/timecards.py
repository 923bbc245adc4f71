"""Timecard entries: who worked how long, when, on what; pending until somebody approves them.

Sources: Procore reference, Timecard Entries, Timesheets; Procore docs, field productivity. The
three lists differ in what they give without dates: the project's today, the flat one a week,
the company's everything.
"""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from plumbline_sandbox.http import Answer, json_answer
from plumbline_sandbox.procore.call import Call
from plumbline_sandbox.procore.conventions import (
    filter_ids,
    filter_moments,
    invalid,
    list_v1,
    moment,
    not_found,
    of_list,
    part,
    read_object,
)
from plumbline_sandbox.procore.directory import as_json
from plumbline_sandbox.procore.fields import Fields
from plumbline_sandbox.procore.records import Record, Shown, fresh
from plumbline_sandbox.procore.state import TIMECARD_ENTRY, Actor, Procore, Row

APPROVAL_STATUSES = ("pending", "reviewed", "approved", "completed")
"""Statuses of an entry (reference, create timecard entry of the company)."""

WEEK = timedelta(days=7)
"""What the flat list covers when no start is given."""

_REFERENCES = (
    "crew_id",
    "line_item_type_id",
    "location_id",
    "login_information_id",
    "origin_id",
    "sub_job_id",
)
"""Whole numbers that are kept as they come; `origin_id` is one here, unlike everywhere else."""

_CLOCK_TIME = re.compile(r"\d{2}:\d{2}")


class Entries:
    """The rules of timecard entries; every method makes its change a fact."""

    def __init__(self, procore: Procore) -> None:
        self._procore = procore

    def create(self, project: Shown[Row], body: Row, actor: Actor, path: str) -> Record[Row]:
        """Add an entry; without a date it is today's.

        Raises:
            RefusedError: 422, a field is invalid or missing for the project's way of entering time.
        """
        return self.create_all([(project, body)], actor, path)[0]

    def create_all(self, wishes: list[tuple[Shown[Row], Row]], actor: Actor, path: str) -> list[Record[Row]]:
        """Add several entries, or none when one of them is refused."""
        rows = [
            (project, self._filled(project, self._blank(project, actor), body, path))
            for project, body in wishes
        ]
        return [self._insert(project, row, actor) for project, row in rows]

    def _insert(self, project: Shown[Row], row: Row, actor: Actor) -> Record[Row]:
        record = self._procore.timecard_entries.insert(
            self._procore.new_id(), row, company_id=project.company_id, project_id=project.id
        )
        self._procore.created(TIMECARD_ENTRY, record, actor, **_facts(row))
        return record

    def _blank(self, project: Shown[Row], actor: Actor) -> Row:
        user = actor.user
        return {
            "date": self._procore.today(project).isoformat(),
            "hours": None,
            "lunch_time": None,
            "time_in": None,
            "time_out": None,
            "clock_in_time": None,
            "clock_out_time": None,
            "billable": False,
            "description": None,
            "approval_status": "pending",
            "timesheet_id": None,
            "party_id": None,
            "cost_code_id": None,
            "timecard_time_type_id": None,
            **dict.fromkeys(_REFERENCES),
            "origin_data": None,
            "injured": None,
            "deleted_at": None,
            "created_by": {"id": user.id, "login": user.login, "name": user.name},
        }

    def update(self, project: Shown[Row], record: Record[Row], body: Row, actor: Actor, path: str) -> None:
        """Change an entry."""
        assert record.value is not None
        self.replace(record, self._filled(project, record.value, body, path), actor)

    def replace(self, record: Record[Row], row: Row, actor: Actor) -> None:
        """Store a new state of an entry."""
        self._procore.timecard_entries.change(record, row)
        self._procore.updated(TIMECARD_ENTRY, record, actor, **_facts(row))

    def delete(self, record: Record[Row], actor: Actor) -> None:
        """Delete an entry: it stays findable by `filters[deleted_at]`."""
        assert record.value is not None
        deleted_at = moment(self._procore.clock.now())
        self._procore.timecard_entries.change(record, {**record.value, "deleted_at": deleted_at})
        self._procore.deleted(TIMECARD_ENTRY, record, actor)

    def _filled(self, project: Shown[Row], row: Row, body: Row, path: str) -> Row:
        fields = Fields(path, body)
        on = fields.day("date", _date_of(fields.moment("datetime"))) or date.fromisoformat(row["date"])
        filled = {
            **row,
            "date": on.isoformat(),
            **{name: fields.integer(name, row[name]) for name in _REFERENCES},
            **{name: fields.text(name, row[name]) for name in ("description", "origin_data")},
            **{name: fields.text(name, row[name]) for name in ("clock_in_time", "clock_out_time")},
            "billable": fields.flag("billable", default=row["billable"]),
            "approval_status": fields.choice("approval_status", APPROVAL_STATUSES, row["approval_status"]),
            "timesheet_id": fields.integer("timesheet_id", row["timesheet_id"]),
            "party_id": fields.integer("party_id", row["party_id"]),
            "cost_code_id": fields.integer("cost_code_id", row["cost_code_id"]),
            "timecard_time_type_id": fields.integer("timecard_time_type_id", row["timecard_time_type_id"]),
        }
        if "date" in fields and "datetime" in fields:
            fields.complain("datetime", "is mutually exclusive with date")
        self._check_references(fields, project, filled)
        self._enter_time(fields, project, filled, on)
        fields.done()
        return filled

    def _check_references(self, fields: Fields, project: Shown[Row], row: Row) -> None:
        timesheet = self._procore.timesheets.truth(row["timesheet_id"] or 0)
        if row["timesheet_id"] is not None and (timesheet is None or timesheet.project_id != project.id):
            fields.complain("timesheet_id", "is invalid")
        code = self._procore.cost_codes.truth(row["cost_code_id"] or 0)
        if row["cost_code_id"] is not None and (code is None or code.project_id != project.id):
            fields.complain("cost_code_id", "is invalid")
        for name, table in (
            ("party_id", self._procore.people),
            ("timecard_time_type_id", self._procore.timecard_time_types),
        ):
            record = table.truth(row[name] or 0)
            if row[name] is not None and (record is None or record.company_id != project.company_id):
                fields.complain(name, "is invalid")

    def _enter_time(self, fields: Fields, project: Shown[Row], row: Row, on: date) -> None:
        """Take total hours, or start, stop and lunch, as the project is set to."""
        if project.id not in self._procore.start_stop_projects:
            hours = fields.amount("hours", Decimal(row["hours"] or 0))
            if row["hours"] is None and "hours" not in fields:
                fields.complain("hours", "can't be blank")
            row["hours"] = _hours(hours)
            return
        for name in ("time_in", "time_out"):
            text = fields.text(name)
            if text is not None:
                row[name] = _entered(fields, name, text, on)
            if row[name] is None:
                fields.complain(name, "can't be blank")
        row["lunch_time"] = fields.integer("lunch_time", row["lunch_time"]) or 0
        if row["time_in"] and row["time_out"]:
            worked = datetime.fromisoformat(row["time_out"]) - datetime.fromisoformat(row["time_in"])
            worked -= timedelta(minutes=row["lunch_time"])
            if worked < timedelta(0):
                fields.complain("time_out", "must be after time_in and lunch")
            row["hours"] = _hours(Decimal(int(worked.total_seconds())) / 3600)


class Timecards:
    """The endpoints of timecard entries: of a project, of the company, and flat."""

    def __init__(self, procore: Procore) -> None:
        self._procore = procore
        self._rules = Entries(procore)

    def of_project(self, call: Call) -> Answer:
        """`GET /rest/v1.0/projects/{p}/timecard_entries`: without dates, today's only."""
        project = call.project(self._procore)
        today = self._procore.today(project)
        log_date = asked_day(call, "log_date")
        start = asked_day(call, "start_date") or log_date or today
        end = asked_day(call, "end_date") or log_date or max(start, today)
        return self._list(call, self._between(self._of_project(project), start, end))

    def flat(self, call: Call) -> Answer:
        """`GET /rest/v1.0/timecard_entries?project_id=`: without dates, the last week's."""
        project = call.project(self._procore)
        end = asked_day(call, "end_date") or self._procore.today(project)
        start = asked_day(call, "start_date") or end - WEEK
        return self._list(call, self._between(self._of_project(project), start, end))

    def of_company(self, call: Call) -> Answer:
        """`GET /rest/v1.0/companies/{c}/timecard_entries`: the one list to poll by `filters[updated_at]`."""
        company_id = call.company_id()
        projects = [p for p in self._procore.projects.shown_of_project(None) if p.company_id == company_id]
        deleted = filter_moments(call.request, "filters[deleted_at]")
        rows = [
            row
            for project in projects
            if call.sees(project)
            for row in self._procore.timecard_entries.shown_of_project(project.id)
            if (row.value["deleted_at"] is None) == (deleted is None)
        ]
        if deleted is not None:
            rows = [
                row
                for row in rows
                if deleted[0] <= datetime.fromisoformat(row.value["deleted_at"]) <= deleted[1]
            ]
        rows = self._between(
            rows, asked_day(call, "start_date") or date.min, asked_day(call, "end_date") or date.max
        )
        rows = _filtered(call, rows)
        if call.request.query.get("serializer_view") == "ids_only":
            page, headers = list_v1(call.request, [{"id": row.id} for row in rows])
            return of_list(call.path, page, headers)
        return self._list(call, rows)

    def show(self, call: Call) -> Answer:
        """`GET .../timecard_entries/{id}` under all three paths."""
        project, record = self._found(call)
        shown = self._procore.timecard_entries.shown(record.id)
        if shown is None or shown.project_id != project.id:
            raise not_found(call.path)
        return json_answer(200, entry_json(self._procore, shown))

    def create(self, call: Call) -> Answer:
        """`POST .../timecard_entries` under all three paths."""
        body = read_object(call.request)
        project = self._project(call, body)
        values = part(body, "timecard_entry", call.path)
        record = self._rules.create(project, values, call.actor, call.path)
        return json_answer(201, entry_json(self._procore, fresh(record)), committed=True)

    def update(self, call: Call) -> Answer:
        """`PATCH .../timecard_entries/{id}`, and v1.1 `project_timecard_entries/{id}` with a flat body."""
        project, record = self._found(call)
        body = read_object(call.request)
        values = part(body, "timecard_entry", call.path) or body
        self._rules.update(project, record, values, call.actor, call.path)
        return json_answer(200, entry_json(self._procore, fresh(record)), committed=True)

    def delete(self, call: Call) -> Answer:
        """`DELETE .../timecard_entries/{id}`: answers with the entry."""
        _, record = self._found(call)
        self._rules.delete(record, call.actor)
        return json_answer(200, entry_json(self._procore, fresh(record)), committed=True)

    def time_types(self, call: Call) -> Answer:
        """`GET /rest/v1.0/companies/{c}/timecard_time_types`."""
        company_id = call.company_id()
        rows = self._procore.timecard_time_types.shown_of_project(None)
        found = [{"id": row.id, **row.value} for row in rows if row.company_id == company_id]
        return json_answer(200, found)

    def cost_codes(self, call: Call) -> Answer:
        """`GET /rest/v1.0/cost_codes?project_id=`."""
        project = call.project(self._procore)
        page, headers = list_v1(call.request, self._procore.cost_codes.shown_of_project(project.id))
        return of_list(call.path, [as_json(row) for row in page], headers)

    def cost_code(self, call: Call) -> Answer:
        """`GET /rest/v1.0/cost_codes/{id}?project_id=`."""
        project = call.project(self._procore)
        return json_answer(
            200, as_json(call.owned(self._procore.cost_codes.shown(call.record_id()), project))
        )

    def _found(self, call: Call) -> tuple[Shown[Row], Record[Row]]:
        record = self._procore.timecard_entries.truth(call.record_id())
        if record is None or record.value is None or record.value["deleted_at"] is not None:
            raise not_found(call.path)
        project = self._project(call, {"project_id": record.project_id})
        return project, call.owned(record, project)

    def _project(self, call: Call, body: Row) -> Shown[Row]:
        if "company" in call.params:
            call.company_id()
        return call.project(self._procore, body)

    def _of_project(self, project: Shown[Row]) -> list[Shown[Row]]:
        rows = self._procore.timecard_entries.shown_of_project(project.id)
        return [row for row in rows if row.value["deleted_at"] is None]

    def _between(self, rows: Iterable[Shown[Row]], start: date, end: date) -> list[Shown[Row]]:
        return [row for row in rows if start.isoformat() <= row.value["date"] <= end.isoformat()]

    def _list(self, call: Call, rows: list[Shown[Row]]) -> Answer:
        page, headers = list_v1(call.request, rows)
        return of_list(call.path, [entry_json(self._procore, row) for row in page], headers)


def entry_json(procore: Procore, shown: Shown[Row], *, with_timesheet: bool = True) -> dict[str, Any]:
    """Return an entry with what it refers to."""
    row = shown.value
    references = {
        name for name in row if name.endswith("_id") and name not in {"origin_id", "line_item_type_id"}
    }
    timesheet = procore.timesheets.shown(row["timesheet_id"] or 0)
    told = {
        "id": shown.id,
        **{name: value for name, value in row.items() if name not in references},
        "party_id": row["party_id"],
        "party": _named(procore.people.shown(row["party_id"] or 0), "name"),
        "cost_code": _named(
            procore.cost_codes.shown(row["cost_code_id"] or 0),
            "name",
            "full_code",
            "long_name",
            "sortable_code",
        ),
        "timecard_time_type": _named(
            procore.timecard_time_types.shown(row["timecard_time_type_id"] or 0),
            "time_type",
            "abbreviated_time_type",
            "global",
        ),
        "project": {"id": shown.project_id},
        "crew": None,
        "sub_job": None,
        "location": None,
        "login_information": None,
        "signature": None,
        "in_progress": False,
        # Deprecated, and still there: it says the same as the timesheet.
        "timesheet_status": timesheet.value["status"] if timesheet else None,
        "automatically_split_timecard_entries": [],
        "created_at": moment(shown.created_at),
        "updated_at": moment(shown.updated_at),
    }
    if with_timesheet:
        told["timesheet"] = None if timesheet is None else as_json(timesheet)
    return told


def _facts(row: Row) -> dict[str, Any]:
    return {"date": row["date"], "hours": row["hours"], "status": row["approval_status"]}


def _named(shown: Shown[Row] | None, *names: str) -> dict[str, Any] | None:
    return None if shown is None else {"id": shown.id, **{name: shown.value[name] for name in names}}


def _filtered(call: Call, rows: list[Shown[Row]]) -> list[Shown[Row]]:
    ids = filter_ids(call.request)
    parties = filter_ids(call.request, "filters[party_id]")
    changed = filter_moments(call.request, "filters[updated_at]")
    return [
        row
        for row in rows
        if (ids is None or row.id in ids)
        and (parties is None or row.value["party_id"] in parties)
        and (changed is None or changed[0] <= row.updated_at <= changed[1])
    ]


def asked_day(call: Call, name: str) -> date | None:
    """Return a date of the query; None when it is not there.

    Raises:
        RefusedError: 400, it is no date.
    """
    text = call.request.query.get(name)
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError as malformed:
        raise invalid(call.path, {name: ["is not a date"]}, 400) from malformed


def _date_of(at: datetime | None) -> date | None:
    return None if at is None else at.date()


def _entered(fields: Fields, name: str, text: str, on: date) -> str | None:
    """Return a time of day (`08:00`) or a date-time as a timestamp."""
    if _CLOCK_TIME.fullmatch(text):
        return f"{on.isoformat()}T{text}:00Z"
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        fields.complain(name, "is not a time")
        return None
    return moment(at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC))


def _hours(hours: Decimal) -> str:
    """Format hours with one decimal, or two where they are needed."""
    rounded = hours.quantize(Decimal("0.01"))
    return f"{rounded:.1f}" if rounded == rounded.quantize(Decimal("0.1")) else f"{rounded}"
