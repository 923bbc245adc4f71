"""A project's billing periods, by which owner invoices and requisitions are made (Procore reference, v1.0)."""

from datetime import date

from plumbline_sandbox.http import Answer, json_answer
from plumbline_sandbox.procore.call import Call, Endpoint
from plumbline_sandbox.procore.conventions import invalid, list_v1, of_list, part, read_object
from plumbline_sandbox.procore.directory import as_json, filtered
from plumbline_sandbox.procore.fields import Fields
from plumbline_sandbox.procore.records import Record, Shown, fresh
from plumbline_sandbox.procore.state import BILLING_PERIOD, Procore, Row

STATUSES = ("open", "closed")
"""Statuses of a billing period."""


class BillingPeriods:
    """List, show, create, update and delete billing periods."""

    def __init__(self, procore: Procore) -> None:
        self._procore = procore

    def list(self, call: Call) -> Answer:
        """`GET /rest/v1.0/projects/{p}/billing_periods`."""
        project = call.project(self._procore)
        rows = filtered(call, self._procore.billing_periods.shown_of_project(project.id))
        status = call.request.query.get("filters[status]")
        rows = [row for row in rows if status in {None, row.value["status"]}]
        page, headers = list_v1(call.request, rows)
        return of_list(call.path, [as_json(row) for row in page], headers)

    def show(self, call: Call) -> Answer:
        """`GET /rest/v1.0/projects/{p}/billing_periods/{id}`."""
        project = call.project(self._procore)
        shown = call.owned(self._procore.billing_periods.shown(call.record_id()), project)
        return json_answer(200, as_json(shown))

    def create(self, call: Call) -> Answer:
        """`POST /rest/v1.0/projects/{p}/billing_periods`: `{"billing_period": {...}}`."""
        project = call.project(self._procore)
        body = read_object(call.request)
        fields = Fields(call.path, part(body, "billing_period", call.path) or body)
        start, end = fields.required_day("start_date"), fields.required_day("end_date")
        blank = period(project.id, self._next_position(project.id), start=start, end=end, due=end)
        row = _filled(blank, fields)
        record = self._procore.billing_periods.insert(
            self._procore.new_id(), row, company_id=project.company_id, project_id=project.id
        )
        self._procore.created(BILLING_PERIOD, record, call.actor)
        return json_answer(201, as_json(fresh(record)), committed=True)

    def update(self, call: Call) -> Answer:
        """`PATCH /rest/v1.0/projects/{p}/billing_periods/{id}`: `{"billing_period": {...}}`."""
        record = self._truth(call)
        assert record.value is not None
        values = part(read_object(call.request), "billing_period", call.path)
        self._procore.billing_periods.change(record, _filled(record.value, Fields(call.path, values)))
        self._procore.updated(BILLING_PERIOD, record, call.actor)
        return json_answer(200, as_json(fresh(record)), committed=True)

    def delete(self, call: Call) -> Answer:
        """`DELETE /rest/v1.0/projects/{p}/billing_periods/{id}` answers nothing.

        One that was invoiced in stays (inferred: the reference has a 422 without a reason).
        """
        record = self._truth(call)
        requisitions = self._procore.requisitions.living_of_project(record.project_id)
        applications = self._procore.applications.living_of_project(record.project_id)
        used = [row.value.period_id for rows in (requisitions, applications) for row in rows if row.value]
        if record.id in used:
            raise invalid(call.path, {"base": ["cannot be deleted because it has invoices"]})
        self._procore.billing_periods.change(record, None)
        self._procore.deleted(BILLING_PERIOD, record, call.actor)
        return Answer(200, committed=True)

    def _next_position(self, project_id: int) -> int:
        return sum(1 for _ in self._procore.billing_periods.living_of_project(project_id)) + 1

    def _truth(self, call: Call) -> Record[Row]:
        project: Shown[Row] = call.project(self._procore)
        return call.owned(self._procore.billing_periods.truth(call.record_id()), project)


def period(project_id: int, position: int, *, start: date, end: date, due: date) -> Row:
    """Return an open period."""
    return {
        "project_id": project_id,
        "position": position,
        "start_date": start.isoformat(),
        "end_date": end.isoformat(),
        "due_date": due.isoformat(),
        "status": "open",
    }


def _filled(before: Row, fields: Fields) -> Row:
    """Return the period as wished.

    Raises:
        RefusedError: 422, a field is invalid.
    """
    row = {
        **before,
        **{name: fields.iso_day(name, before[name]) for name in ("start_date", "end_date", "due_date")},
        "status": fields.choice("status", STATUSES, before["status"]),
    }
    if row["end_date"] < row["start_date"]:
        fields.complain("end_date", "must be on or after start_date")
    fields.done()
    return row


def endpoints(procore: Procore) -> list[Endpoint]:
    """Return the endpoints of billing periods."""
    periods = BillingPeriods(procore)
    base = "/rest/v1.0/projects/{project}/billing_periods"
    return [
        ("GET", base, periods.list),
        ("POST", base, periods.create),
        ("GET", f"{base}/{{id}}", periods.show),
        ("PATCH", f"{base}/{{id}}", periods.update),
        ("DELETE", f"{base}/{{id}}", periods.delete),
    ]
