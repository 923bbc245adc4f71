"""The endpoints of commitments: each kind by itself in v1.0, both together in v2.0 (beta).

Sources: Procore reference, Work Order Contracts, Purchase Order Contracts, Commitment Contracts,
Commitment Contract Summary.
"""

from collections.abc import Sequence
from typing import Any

from plumbline_sandbox.http import Answer, json_answer
from plumbline_sandbox.procore.call import Call, Endpoint
from plumbline_sandbox.procore.commitment_edit import Commitments
from plumbline_sandbox.procore.commitment_kinds import BY_TYPE, KINDS, Kind
from plumbline_sandbox.procore.commitment_view import CommitmentView
from plumbline_sandbox.procore.conventions import (
    asked_view,
    filter_flag,
    filter_ids,
    filter_moments,
    invalid,
    list_v1,
    list_v2,
    money,
    not_found,
    of_list,
    part,
    read_object,
    string_ids,
)
from plumbline_sandbox.procore.directory import asked_rows, filtered
from plumbline_sandbox.procore.records import Record, Shown, fresh
from plumbline_sandbox.procore.state import Procore, Row
from plumbline_sandbox.procore.syncing import synced
from plumbline_sandbox.procore.uploads_api import brought


class CommitmentsV1:
    """List, show, create, update, delete and sync the commitments of one kind."""

    def __init__(self, procore: Procore, kind: Kind) -> None:
        self._procore = procore
        self._kind = kind
        self._rules = Commitments(procore)
        self._view = CommitmentView(procore)

    def list(self, call: Call) -> Answer:
        """`GET /rest/v1.0/{kind}?project_id=&view=`: compact or extended."""
        project = call.project(self._procore)
        view = asked_view(call.request, "compact", "extended")
        rows = asked_rows(call.request, self._procore.commitments, project.id)
        rows = [row for row in filtered(call, rows) if row.value["type"] == self._kind.type]
        status = call.request.query.get("filters[status]")
        rows = [row for row in rows if status in {None, row.value["status"]}]
        page, headers = list_v1(call.request, rows)
        if view == "extended":
            return of_list(call.path, [self._view.extended(call.request, row) for row in page], headers)
        return of_list(call.path, [self._view.compact(row) for row in page], headers)

    def show(self, call: Call) -> Answer:
        """`GET /rest/v1.0/{kind}/{id}?project_id=`."""
        project = call.project(self._procore)
        shown = call.owned(self._procore.commitments.shown(call.record_id()), project)
        if shown.value["type"] != self._kind.type:
            raise not_found(call.path)
        return self._answer(call, shown, 200)

    def create(self, call: Call) -> Answer:
        """`POST /rest/v1.0/{kind}`: `{"project_id", "work_order_contract": {...}}`."""
        body = read_object(call.request)
        project = call.project(self._procore, body)
        values = part(body, self._kind.key, call.path)
        files = brought(self._procore, call, body, values)
        record = self._rules.create(self._kind, project, values, call.actor, call.path)
        self._procore.prostore.attach(record.id, files)
        return self._answer(call, fresh(record), 201)

    def update(self, call: Call) -> Answer:
        """`PATCH /rest/v1.0/{kind}/{id}`."""
        body = read_object(call.request)
        record = self._truth(call, body)
        values = part(body, self._kind.key, call.path)
        files = brought(self._procore, call, body, values)
        self._rules.update(record, values, call.actor, call.path)
        self._procore.prostore.attach(record.id, files)
        return self._answer(call, fresh(record), 200)

    def delete(self, call: Call) -> Answer:
        """`DELETE /rest/v1.0/{kind}/{id}?project_id=` answers nothing."""
        self._rules.delete(self._truth(call, {}), call.actor, call.path)
        return Answer(200, committed=True)

    def sync(self, call: Call) -> Answer:
        """`PATCH /rest/v1.0/{kind}/sync`: `{"project_id", "updates": [...]}`."""
        body = read_object(call.request)
        project = call.project(self._procore, body)

        def one(wish: Row) -> Row:
            record = self._rules.sync(self._kind, project, wish, call.actor, call.path)
            return self._view.compact(fresh(record))

        return synced(call, body, one)

    def _truth(self, call: Call, body: Row) -> Record[Row]:
        project = call.project(self._procore, body)
        record = call.owned(self._procore.commitments.truth(call.record_id()), project)
        if record.value is None or record.value["type"] != self._kind.type:
            raise not_found(call.path)
        return record

    def _answer(self, call: Call, shown: Shown[Row], status: int) -> Answer:
        told = self._view.extended(call.request, shown)
        return json_answer(status, told, committed=call.request.method != "GET")


class CommitmentsV2:
    """List, show, create, update and delete commitments of both kinds; ids are strings."""

    def __init__(self, procore: Procore) -> None:
        self._procore = procore
        self._rules = Commitments(procore)
        self._view = CommitmentView(procore)

    def list(self, call: Call) -> Answer:
        """`GET .../commitment_contracts?view=`: default or extended."""
        project = call.project(self._procore)
        extended = self._extended(call)
        rows = filtered(call, asked_rows(call.request, self._procore.commitments, project.id))
        page, headers = list_v2(call.request, self._kept(call, rows))
        told = [self._view.v2(row, extended=extended) for row in page]
        return of_list(call.path, string_ids(told), headers)

    def show(self, call: Call) -> Answer:
        """`GET .../commitment_contracts/{id}?view=`: a deleted one only by `filters[include_deleted]`."""
        project = call.project(self._procore)
        rows = asked_rows(call.request, self._procore.commitments, project.id)
        shown = next((row for row in rows if row.id == call.record_id()), None)
        if shown is None:
            raise not_found(call.path)
        return _data(self._view.v2(shown, extended=self._extended(call)), 200)

    def create(self, call: Call) -> Answer:
        """`POST .../commitment_contracts?view=`: a flat body with `type`."""
        project, extended = call.project(self._procore), self._extended(call)
        body = read_object(call.request)
        kind = BY_TYPE.get(str(body.get("type")))
        if kind is None:
            raise invalid(call.path, {"type": ["is not included in the list"]}, 400)
        files = brought(self._procore, call, {}, body)
        record = self._rules.create(kind, project, _without_origin(body), call.actor, call.path)
        self._procore.prostore.attach(record.id, files)
        return _data(self._view.v2(fresh(record), extended=extended), 201, committed=True)

    def update(self, call: Call) -> Answer:
        """`PATCH .../commitment_contracts/{id}?view=`."""
        record, extended = self._truth(call), self._extended(call)
        body = read_object(call.request)
        files = brought(self._procore, call, {}, body)
        self._rules.update(record, _without_origin(body), call.actor, call.path)
        self._procore.prostore.attach(record.id, files)
        return _data(self._view.v2(fresh(record), extended=extended), 200, committed=True)

    def delete(self, call: Call) -> Answer:
        """`DELETE .../commitment_contracts/{id}` answers nothing."""
        self._rules.delete(self._truth(call), call.actor, call.path)
        return Answer(204, committed=True)

    def summary(self, call: Call) -> Answer:
        """`GET .../commitment_contracts/{id}/summary`: change orders, requisitions and payments."""
        project = call.project(self._procore)
        shown = call.owned(self._procore.commitments.shown(call.record_id()), project)
        totals = self._view.totals(shown)
        told = {
            "approved_change_total": money(totals.change.approved),
            "approved_change_total_tax_amount": "0.00",
            "pending_revised_change_total": money(totals.change.pending),
            "pending_revised_change_total_tax_amount": "0.00",
            "draft_change_total": money(totals.change.draft),
            "draft_change_total_tax_amount": "0.00",
            "total_invoices_amount": money(totals.invoiced),
            "total_payments_amount": money(totals.paid),
            "currency_configuration": {"currency_iso_code": "USD"},
        }
        return _data(told, 200)

    def _kept(self, call: Call, rows: Sequence[Shown[Row]]) -> Sequence[Shown[Row]]:
        """Keep what the filters ask for that v1 lists do not have."""
        request = call.request
        vendors = filter_ids(request, "filters[vendor_id]")
        deleted = filter_moments(request, "filters[deleted_at]")
        statuses = request.query.get("filters[status]", request.query.get("filters[status][]"))
        wanted: dict[str, Any] = {
            name: request.query.get(f"filters[{name}]") for name in ("type", "accounting_method")
        }
        wanted |= {
            name: filter_flag(request, f"filters[{name}]") for name in ("executed", "signature_required")
        }
        search = request.query.get("filters[search]", "").lower()
        return [
            row
            for row in rows
            if all(value in {None, row.value[name]} for name, value in wanted.items())
            and (vendors is None or row.value["vendor_id"] in vendors)
            and (statuses is None or row.value["status"] in statuses.strip("[]").split(","))
            and (deleted is None or self._deleted_within(row, *deleted))
            and search in f"{row.value['number']} {row.value['title']}".lower()
        ]

    def _deleted_within(self, row: Shown[Row], first: Any, last: Any) -> bool:
        return self._procore.commitments.shown(row.id) is None and first <= row.updated_at <= last

    def _truth(self, call: Call) -> Record[Row]:
        project = call.project(self._procore)
        return call.owned(self._procore.commitments.truth(call.record_id()), project)

    def _extended(self, call: Call) -> bool:
        return asked_view(call.request, "default", "extended") == "extended"


def _without_origin(body: Row) -> Row:
    """Leave out what v2 does not know of a commitment."""
    return {name: value for name, value in body.items() if not name.startswith("origin_")}


def _data(told: dict[str, Any], status: int, *, committed: bool = False) -> Answer:
    return json_answer(status, {"data": string_ids(told)}, committed=committed)


def endpoints(procore: Procore) -> list[Endpoint]:
    """Return the endpoints of commitments."""
    v2, found = CommitmentsV2(procore), list[Endpoint]()
    for kind in KINDS:
        base, v1 = f"/rest/v1.0/{kind.path}", CommitmentsV1(procore, kind)
        found += [
            ("GET", base, v1.list),
            ("POST", base, v1.create),
            ("PATCH", f"{base}/sync", v1.sync),
            ("GET", f"{base}/{{id}}", v1.show),
            ("PATCH", f"{base}/{{id}}", v1.update),
            ("DELETE", f"{base}/{{id}}", v1.delete),
        ]
    base = "/rest/v2.0/companies/{company}/projects/{project}/commitment_contracts"
    return [
        *found,
        ("GET", base, v2.list),
        ("POST", base, v2.create),
        ("GET", f"{base}/{{id}}", v2.show),
        ("PATCH", f"{base}/{{id}}", v2.update),
        ("DELETE", f"{base}/{{id}}", v2.delete),
        ("GET", f"{base}/{{id}}/summary", v2.summary),
    ]
