"""Timesheets: the entries of one day of a project, approved together (Procore reference, Timesheets)."""

from datetime import date, timedelta
from typing import Any

from plumbline_sandbox.http import Answer, json_answer
from plumbline_sandbox.procore.call import Call, Endpoint
from plumbline_sandbox.procore.conventions import (
    filter_moments,
    invalid,
    list_v1,
    of_list,
    part,
    read_object,
)
from plumbline_sandbox.procore.directory import as_json, filtered
from plumbline_sandbox.procore.fields import Fields
from plumbline_sandbox.procore.records import Record, Shown, fresh
from plumbline_sandbox.procore.state import TIMESHEET, Procore, Row
from plumbline_sandbox.procore.timecards import Entries, Timecards, asked_day, entry_json

STATUSES = ("pending", "approved")
"""Statuses of a timesheet."""


class Timesheets:
    """The endpoints of timesheets."""

    def __init__(self, procore: Procore) -> None:
        self._procore = procore
        self._entries = Entries(procore)

    def of_project(self, call: Call) -> Answer:
        """`GET /rest/v1.0/projects/{p}/timesheets`, with `filters[updated_at]` and `filters[date]`."""
        project = call.project(self._procore)
        on = filter_moments(call.request, "filters[date]")
        rows = [
            row
            for row in filtered(call, self._procore.timesheets.shown_of_project(project.id))
            if on is None or on[0].date() <= date.fromisoformat(row.value["date"]) <= on[1].date()
        ]
        page, headers = list_v1(call.request, rows)
        return of_list(call.path, [self._json(row) for row in page], headers)

    def show(self, call: Call) -> Answer:
        """`GET /rest/v1.0/projects/{p}/timesheets/{id}`."""
        project = call.project(self._procore)
        shown = call.owned(self._procore.timesheets.shown(call.record_id()), project)
        return json_answer(200, self._json(shown))

    def create(self, call: Call) -> Answer:
        """`POST /rest/v1.0/projects/{p}/timesheets`: `{"timesheet": {"date"}}`; numbered within its day."""
        project = call.project(self._procore)
        fields = Fields(call.path, part(read_object(call.request), "timesheet", call.path))
        on = fields.required_day("date")
        fields.done()
        same_day = [
            row
            for row in self._procore.timesheets.living_of_project(project.id)
            if row.value is not None and row.value["date"] == on.isoformat()
        ]
        number = len(same_day) + 1
        row: Row = {
            "date": on.isoformat(),
            "number": number,
            "name": f"{on.isoformat()} - {number:02d}",
            "status": "pending",
            "created_by": call.person,
        }
        record = self._procore.timesheets.insert(
            self._procore.new_id(), row, company_id=project.company_id, project_id=project.id
        )
        self._procore.created(TIMESHEET, record, call.actor)
        return json_answer(201, self._json(fresh(record)), committed=True)

    def update_approval(self, call: Call) -> Answer:
        """`PATCH /rest/v1.0/projects/{p}/timesheets/update_approval`: all of them or none.

        The entries of a timesheet take its status, and count as changed.
        """
        project = call.project(self._procore)
        wishes = read_object(call.request).get("timesheets")
        if not isinstance(wishes, list) or not all(isinstance(wish, dict) for wish in wishes):
            raise invalid(call.path, {"timesheets": ["is not a list"]}, 400)
        found: list[tuple[Record[Row], str]] = []
        for wish in wishes:
            if wish.get("status") not in STATUSES:
                raise invalid(call.path, {"status": ["is invalid; valid are pending, approved"]}, 400)
            record = self._procore.timesheets.truth(Fields(call.path, wish).integer("id") or 0)
            found.append((call.owned(record, project), wish["status"]))
        for record, status in found:
            self._approve(call, record, status)
        return json_answer(200, [self._json(fresh(record)) for record, _ in found], committed=True)

    def of_company(self, call: Call) -> Answer:
        """`GET /rest/v1.0/companies/{c}/timesheets`: entries by party, of the current work week.

        That a week runs from Monday is inferred.
        """
        company_id = call.company_id()
        today = self._procore.clock.now().date()
        monday = today - timedelta(days=today.weekday())
        start = asked_day(call, "start_date") or monday
        end = asked_day(call, "end_date") or max(start, monday + timedelta(days=6))
        changed = filter_moments(call.request, "filters[updated_at]")
        by_party: dict[int | None, list[Shown[Row]]] = {}
        for project in self._procore.projects.shown_of_project(None):
            if project.company_id != company_id or not call.sees(project):
                continue
            for row in self._procore.timecard_entries.shown_of_project(project.id):
                if row.value["deleted_at"] is not None:
                    continue
                if not start.isoformat() <= row.value["date"] <= end.isoformat():
                    continue
                if changed is None or changed[0] <= row.updated_at <= changed[1]:
                    by_party.setdefault(row.value["party_id"], []).append(row)
        page, headers = list_v1(call.request, list(by_party.items()))
        return of_list(call.path, [self._by_party(*pair) for pair in page], headers)

    def create_entries(self, call: Call) -> Answer:
        """`POST /rest/v1.0/companies/{c}/timesheets`: many entries at once, answered with 200.

        One that is invalid refuses the whole request (inferred).
        """
        call.company_id()
        wishes = read_object(call.request).get("timecard_entries")
        if not isinstance(wishes, list) or not all(isinstance(wish, dict) for wish in wishes):
            raise invalid(call.path, {"timecard_entries": ["is not a list"]}, 400)
        places = [call.project(self._procore, wish) for wish in wishes]
        records = self._entries.create_all(list(zip(places, wishes, strict=True)), call.actor, call.path)
        told = [entry_json(self._procore, fresh(record)) for record in records]
        return json_answer(200, told, committed=True)

    def _approve(self, call: Call, record: Record[Row], status: str) -> None:
        assert record.value is not None
        self._procore.timesheets.change(record, {**record.value, "status": status})
        self._procore.updated(TIMESHEET, record, call.actor, status=status)
        for entry in self._entries_of(record):
            assert entry.value is not None
            self._entries.replace(entry, {**entry.value, "approval_status": status}, call.actor)

    def _entries_of(self, timesheet: Record[Row] | Shown[Row]) -> list[Record[Row]]:
        return [
            row
            for row in self._procore.timecard_entries.living_of_project(timesheet.project_id)
            if row.value is not None
            and row.value["timesheet_id"] == timesheet.id
            and row.value["deleted_at"] is None
        ]

    def _json(self, shown: Shown[Row]) -> dict[str, Any]:
        entries = [entry_json(self._procore, fresh(row)) for row in self._entries_of(shown)]
        return {**as_json(shown), "timecard_entries": entries}

    def _by_party(self, party_id: int | None, rows: list[Shown[Row]]) -> dict[str, Any]:
        party = self._procore.people.shown(party_id or 0)
        named = None if party is None else {"id": party.id, "name": party.value["name"]}
        return {
            "party": named,
            "other_hours": [],
            "timecard_entries": [entry_json(self._procore, row) for row in rows],
        }


def endpoints(procore: Procore) -> list[Endpoint]:
    """Return the endpoints of timecard entries, timesheets and what they refer to."""
    cards, sheets = Timecards(procore), Timesheets(procore)
    project, company = "/rest/v1.0/projects/{project}", "/rest/v1.0/companies/{company}"
    rows: list[Endpoint] = [
        (method, f"{base}/timecard_entries{tail}", handler)
        for base in (project, company, "/rest/v1.0")
        for method, tail, handler in (
            ("POST", "", cards.create),
            ("GET", "/{id}", cards.show),
            ("PATCH", "/{id}", cards.update),
            ("DELETE", "/{id}", cards.delete),
        )
    ]
    return [
        *rows,
        ("GET", f"{project}/timecard_entries", cards.of_project),
        ("GET", f"{company}/timecard_entries", cards.of_company),
        ("GET", "/rest/v1.0/timecard_entries", cards.flat),
        ("PATCH", "/rest/v1.1/projects/{project}/project_timecard_entries/{id}", cards.update),
        ("GET", f"{company}/timecard_time_types", cards.time_types),
        ("GET", "/rest/v1.0/cost_codes", cards.cost_codes),
        ("GET", "/rest/v1.0/cost_codes/{id}", cards.cost_code),
        ("GET", f"{project}/timesheets", sheets.of_project),
        ("POST", f"{project}/timesheets", sheets.create),
        ("GET", f"{project}/timesheets/{{id}}", sheets.show),
        ("PATCH", f"{project}/timesheets/update_approval", sheets.update_approval),
        ("GET", f"{company}/timesheets", sheets.of_company),
        ("POST", f"{company}/timesheets", sheets.create_entries),
    ]
