"""The endpoints of requisitions, which people call subcontractor invoices (v1.1, v2.0).

Sources: Procore reference, Requisitions (Subcontractor Invoices), Requisition Change Histories,
Requisition Line Item Payment Application Associations. No webhook tells of requisitions.
"""

from collections.abc import Sequence
from typing import Any

from plumbline_sandbox.http import Answer, json_answer
from plumbline_sandbox.procore.call import Call, Endpoint
from plumbline_sandbox.procore.conventions import (
    asked_view,
    filter_flag,
    filter_ids,
    forbidden,
    invalid,
    list_v1,
    list_v2,
    of_list,
    part,
    read_object,
)
from plumbline_sandbox.procore.directory import in_filters
from plumbline_sandbox.procore.fields import Fields
from plumbline_sandbox.procore.records import Record, Shown, fresh
from plumbline_sandbox.procore.requisition import Requisition
from plumbline_sandbox.procore.requisition_edit import STATUSES, Editor, Requisitions
from plumbline_sandbox.procore.requisition_view import VIEWS, RequisitionView
from plumbline_sandbox.procore.state import Procore, Row
from plumbline_sandbox.procore.uploads_api import brought

PAGE = 30
"""Rows of a page when the caller does not say."""


class RequisitionsApi:
    """List, show, create, update and delete requisitions."""

    def __init__(self, procore: Procore) -> None:
        self._procore = procore
        self._rules = Requisitions(procore)
        self._view = RequisitionView(procore)

    def list(self, call: Call) -> Answer:
        """`GET /rest/v1.1/requisitions?project_id=&view=`: default, extended, items or action_policy."""
        project = call.project(self._procore)
        view = asked_view(call.request, *VIEWS)
        rows = self._procore.requisitions.shown_of_project(project.id)
        rows = in_filters(call.request, _kept(call, rows), lambda value: value.origin_id)
        page, headers = list_v1(call.request, rows, size=PAGE)
        return of_list(call.path, [self._document(call, row, view) for row in page], headers)

    def show(self, call: Call) -> Answer:
        """`GET /rest/v1.1/requisitions/{id}?project_id=&view=`."""
        view = asked_view(call.request, *VIEWS)
        project = call.project(self._procore)
        shown = call.owned(self._procore.requisitions.shown(call.record_id()), project)
        return json_answer(200, self._document(call, shown, view))

    def create(self, call: Call) -> Answer:
        """`POST /rest/v1.1/requisitions?view=`: `{"project_id", "commitment_id", "requisition": {...}}`."""
        view = asked_view(call.request, *VIEWS)
        body = read_object(call.request)
        project = call.project(self._procore, body)
        commitment_id = Fields(call.path, body).integer("commitment_id")
        if commitment_id is None:
            raise invalid(call.path, {"commitment_id": ["is missing"]}, 400)
        contract = call.owned(self._procore.commitments.truth(commitment_id), project)
        values = part(body, "requisition", call.path)
        files = brought(self._procore, call, body, values)
        record = self._rules.create(contract, values, editor(call))
        self._procore.prostore.attach(record.id, files)
        return json_answer(201, self._document(call, fresh(record), view), committed=True)

    def update(self, call: Call) -> Answer:
        """`PATCH /rest/v1.1/requisitions/{id}?view=`."""
        view = asked_view(call.request, *VIEWS)
        body = read_object(call.request)
        record = self._truth(call, body)
        values = part(body, "requisition", call.path)
        files = brought(self._procore, call, body, values)
        self._rules.update(record, values, editor(call))
        self._procore.prostore.attach(record.id, files)
        return json_answer(200, self._document(call, fresh(record), view), committed=True)

    def delete(self, call: Call) -> Answer:
        """`DELETE /rest/v1.1/requisitions/{id}?project_id=` answers nothing."""
        self._rules.delete(self._truth(call, {}), editor(call))
        return Answer(200, committed=True)

    def set_due_date(self, call: Call) -> Answer:
        """`PATCH /rest/v2.0/.../requisitions/{id}/payment_details`: `{"due_date"}`."""
        record = self._truth(call, {})
        self._rules.set_due_date(record, read_object(call.request), editor(call))
        assert record.value is not None
        due = record.value.due_date
        told = {"due_date": due and due.isoformat()}
        return json_answer(200, {"data": told}, committed=True)

    def associations(self, call: Call) -> Answer:
        """`GET /rest/v2.0/.../invoices/requisitions/{id}/line_item_payment_application_associations` (beta).

        A line is taken to have gone into the owner invoices of its billing period that bill its cost
        code (inferred: the reference only says that invoices are prefilled). Without permission for
        prime contracts there are none.
        """
        if not call.allows("commitments", "read_only"):
            raise forbidden()
        project = call.project(self._procore)
        shown = call.owned(self._procore.requisitions.shown(call.record_id()), project)
        wanted = filter_ids(call.request, "line_item_ids")
        found = self._associated(shown) if call.allows("prime_contracts", "read_only") else []
        kept = [row for row in found if wanted is None or int(row["line_item_id"]) in wanted]
        page, headers = list_v2(call.request, kept)
        return of_list(call.path, page, headers)

    def _associated(self, shown: Shown[Requisition]) -> Sequence[dict[str, Any]]:
        applications = [
            row
            for row in self._procore.applications.shown_of_project(shown.project_id)
            if row.value.period_id is not None and row.value.period_id == shown.value.period_id
        ]
        return [
            {
                "line_item_id": str(item.id),
                "item_type": item.item_type,
                "item_id": str(item.id),
                "payment_application": _application(row.id, row.value.number),
            }
            for item in shown.value.items
            for row in applications
            if any(
                _cost_code(line.flat_code) == self._cost_code(item.wbs_code_id) for line in row.value.lines
            )
        ]

    def _cost_code(self, wbs_code_id: int | None) -> str | None:
        code = self._procore.wbs_codes.shown(wbs_code_id or 0)
        return None if code is None else _cost_code(code.value["flat_code"])

    def _document(self, call: Call, shown: Shown[Requisition], view: str) -> dict[str, Any]:
        is_admin = call.allows("commitments", "admin")
        return self._view.document(call.request, shown, view, is_admin=is_admin)

    def _truth(self, call: Call, body: Row) -> Record[Requisition]:
        project = call.project(self._procore, body)
        return call.owned(self._procore.requisitions.truth(call.record_id()), project)


def editor(call: Call) -> Editor:
    """Return the caller as one who changes requisitions."""
    return Editor(call.actor, call.path, is_admin=call.allows("commitments", "admin"))


def _kept(call: Call, rows: list[Shown[Requisition]]) -> list[Shown[Requisition]]:
    """Keep what the filters ask for that only requisitions have.

    That `is_last` means the last of its commitment is inferred.
    """
    request = call.request
    commitments = filter_ids(request, "filters[commitment_id]")
    periods = filter_ids(request, "filters[period_id]")
    status = request.query.get("filters[status]")
    if status is not None and status not in STATUSES:
        raise invalid(call.path, {"filters[status]": ["is not included in the list"]}, 400)
    is_last = filter_flag(request, "filters[is_last]")
    last = {row.value.commitment_id: row.id for row in rows}.values()
    return [
        row
        for row in rows
        if (commitments is None or row.value.commitment_id in commitments)
        and (periods is None or row.value.period_id in periods)
        and status in {None, row.value.status}
        and is_last in {None, row.id in last}
    ]


def _cost_code(flat_code: str) -> str:
    """Return the cost code of a budget code, which may have a cost type after it."""
    return flat_code.partition(".")[0]


def _application(application_id: int, number: int) -> dict[str, Any]:
    url = f"https://app.procore.com/payment_applications/{application_id}"
    return {"id": str(application_id), "number": number, "url": url}


def endpoints(procore: Procore) -> list[Endpoint]:
    """Return the endpoints of requisitions that need permission for commitments."""
    api = RequisitionsApi(procore)
    base = "/rest/v1.1/requisitions"
    v2 = "/rest/v2.0/companies/{company}/projects/{project}/requisitions"
    return [
        ("GET", base, api.list),
        ("POST", base, api.create),
        ("GET", f"{base}/{{id}}", api.show),
        ("PATCH", f"{base}/{{id}}", api.update),
        ("DELETE", f"{base}/{{id}}", api.delete),
        ("PATCH", f"{v2}/{{id}}/payment_details", api.set_due_date),
    ]


def associations(procore: Procore) -> list[Endpoint]:
    """Return the endpoint that refuses by itself whoever lacks permission."""
    base = "/rest/v2.0/companies/{company}/projects/{project}/invoices/requisitions"
    path = f"{base}/{{id}}/line_item_payment_application_associations"
    return [("GET", path, RequisitionsApi(procore).associations)]
