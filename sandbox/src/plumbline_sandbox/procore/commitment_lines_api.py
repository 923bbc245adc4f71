"""The endpoints of line items of commitments, and of the subcontractor's own breakdown of them.

Sources: Procore reference, Work Order Contract Line Items, Purchase Order Contract Line Items,
Commitment Contract Line Items (v2.0), Work Order Contract Detail Line Items.
"""

from plumbline_sandbox.http import Answer, json_answer
from plumbline_sandbox.procore.call import Call, Endpoint
from plumbline_sandbox.procore.commitment_details import Details
from plumbline_sandbox.procore.commitment_kinds import KINDS, Kind
from plumbline_sandbox.procore.commitment_lines import Lines
from plumbline_sandbox.procore.commitment_view import CommitmentView
from plumbline_sandbox.procore.conventions import (
    asked_view,
    filter_ids,
    invalid,
    list_v1,
    list_v2,
    not_found,
    of_list,
    part,
    read_object,
    string_ids,
)
from plumbline_sandbox.procore.directory import filtered
from plumbline_sandbox.procore.records import Record, Shown, fresh
from plumbline_sandbox.procore.state import Procore, Row
from plumbline_sandbox.procore.syncing import synced


class LinesV1:
    """List, show, create, update, delete and sync the lines of one kind of commitments."""

    def __init__(self, procore: Procore, kind: Kind) -> None:
        self._procore = procore
        self._kind = kind
        self._rules = Lines(procore)
        self._details = Details(procore)
        self._view = CommitmentView(procore)

    def list(self, call: Call) -> Answer:
        """`GET /rest/v1.0/{kind}/{contract}/line_items?project_id=`."""
        contract = self._contract(call)
        codes = filter_ids(call.request, "filters[cost_code_id]")
        rows = [
            self._view.line(row, contract)
            for row in filtered(call, self._view.lines(contract))
            if codes is None or self._cost_code(row) in codes
        ]
        page, headers = list_v1(call.request, rows)
        return of_list(call.path, page, headers)

    def show(self, call: Call) -> Answer:
        """`GET /rest/v1.0/{kind}/{contract}/line_items/{id}?project_id=`."""
        contract = self._contract(call)
        return json_answer(200, self._view.line(_line(self._procore, call, contract), contract))

    def create(self, call: Call) -> Answer:
        """`POST /rest/v1.0/{kind}/{contract}/line_items`: `{"project_id", "line_item": {...}}`."""
        body = read_object(call.request)
        contract = self._contract(call, body)
        record = self._rules.create(contract, part(body, "line_item", call.path), call.actor, call.path)
        return json_answer(201, self._view.line(fresh(record), contract), committed=True)

    def update(self, call: Call) -> Answer:
        """`PATCH /rest/v1.0/{kind}/{contract}/line_items/{id}`."""
        body = read_object(call.request)
        contract = self._contract(call, body)
        record = _truth(self._procore, call, contract)
        self._rules.update(contract, record, part(body, "line_item", call.path), call.actor, call.path)
        return json_answer(200, self._view.line(fresh(record), contract), committed=True)

    def delete(self, call: Call) -> Answer:
        """`DELETE /rest/v1.0/{kind}/{contract}/line_items/{id}?project_id=` answers nothing."""
        contract = self._contract(call)
        record = _truth(self._procore, call, contract)
        self._rules.delete(contract, record, call.actor, call.path)
        return Answer(200, committed=True)

    def sync(self, call: Call) -> Answer:
        """`PATCH /rest/v1.0/{kind}/{contract}/line_items/sync`: `{"project_id", "updates": [...]}`."""
        body = read_object(call.request)
        contract = self._contract(call, body)

        def one(wish: Row) -> Row:
            record = self._rules.sync(contract, wish, call.actor, call.path)
            return self._view.line(fresh(record), contract)

        return synced(call, body, one)

    def details(self, call: Call) -> Answer:
        """`GET /rest/v1.0/{kind}/{contract}/line_item_contract_details?project_id=`."""
        contract = self._contract(call)
        lines = filter_ids(call.request, "filters[line_item_id]")
        rows = filtered(call, self._details.of(contract))
        rows = [row for row in rows if lines is None or row.value["line_item_id"] in lines]
        return of_list(call.path, [self._details.json(row, contract) for row in rows], {})

    def detail(self, call: Call) -> Answer:
        """`GET /rest/v1.0/{kind}/{contract}/line_item_contract_details/{id}?project_id=`."""
        contract = self._contract(call)
        record = self._details.truth(contract, call.record_id(), call.path)
        return json_answer(200, self._details.json(fresh(record), contract))

    def create_detail(self, call: Call) -> Answer:
        """`POST .../line_item_contract_details`: `{"project_id", "contract_detail_line_item": {...}}`."""
        body = read_object(call.request)
        contract = self._contract(call, body)
        values = part(body, "contract_detail_line_item", call.path)
        record = self._details.create(contract, values, call.actor, call.path)
        return json_answer(201, self._details.json(fresh(record), contract), committed=True)

    def update_detail(self, call: Call) -> Answer:
        """`PATCH .../line_item_contract_details/{id}`."""
        body = read_object(call.request)
        contract = self._contract(call, body)
        record = self._details.truth(contract, call.record_id(), call.path)
        values = part(body, "contract_detail_line_item", call.path)
        self._details.update(contract, record, values, call.actor, call.path)
        return json_answer(200, self._details.json(fresh(record), contract), committed=True)

    def delete_detail(self, call: Call) -> Answer:
        """`DELETE .../line_item_contract_details/{id}?project_id=` answers nothing."""
        contract = self._contract(call)
        record = self._details.truth(contract, call.record_id(), call.path)
        self._details.delete(contract, record, call.actor, call.path)
        return Answer(200, committed=True)

    def _contract(self, call: Call, body: Row | None = None) -> Shown[Row]:
        contract = _contract(self._procore, call, body)
        if contract.value["type"] != self._kind.type:
            raise not_found(call.path)
        return contract

    def _cost_code(self, line: Shown[Row]) -> int | None:
        code = self._procore.wbs_codes.shown(line.value["wbs_code_id"] or 0)
        return None if code is None else int(code.value["cost_code_id"])


class LinesV2:
    """List, show, create, update and delete the lines of commitments of either kind."""

    def __init__(self, procore: Procore) -> None:
        self._procore = procore
        self._rules = Lines(procore)
        self._view = CommitmentView(procore)

    def list(self, call: Call) -> Answer:
        """`GET .../commitment_contracts/{contract}/line_items?view=`: default or extended."""
        extended = asked_view(call.request, "default", "extended") == "extended"
        rows = self._view.lines(_contract(self._procore, call))
        page, headers = list_v2(call.request, rows)
        told = [self._view.line_v2(row, extended=extended) for row in page]
        return of_list(call.path, string_ids(told), headers)

    def show(self, call: Call) -> Answer:
        """`GET .../commitment_contracts/{contract}/line_items/{id}?view=`."""
        extended = asked_view(call.request, "default", "extended") == "extended"
        line = _line(self._procore, call, _contract(self._procore, call))
        return json_answer(200, {"data": string_ids(self._view.line_v2(line, extended=extended))})

    def create(self, call: Call) -> Answer:
        """`POST .../commitment_contracts/{contract}/line_items`: a flat body; it answers 200."""
        contract = _contract(self._procore, call)
        body = read_object(call.request)
        if body.get("wbs_code_id") is None:
            raise invalid(call.path, {"wbs_code_id": ["can't be blank"]}, 400)
        record = self._rules.create(contract, body, call.actor, call.path)
        return self._answer(fresh(record))

    def update(self, call: Call) -> Answer:
        """`PATCH .../commitment_contracts/{contract}/line_items/{id}`."""
        contract = _contract(self._procore, call)
        record = _truth(self._procore, call, contract)
        self._rules.update(contract, record, read_object(call.request), call.actor, call.path)
        return self._answer(fresh(record))

    def delete(self, call: Call) -> Answer:
        """`DELETE .../commitment_contracts/{contract}/line_items/{id}` answers nothing."""
        contract = _contract(self._procore, call)
        record = _truth(self._procore, call, contract)
        self._rules.delete(contract, record, call.actor, call.path)
        return Answer(204, committed=True)

    def _answer(self, shown: Shown[Row]) -> Answer:
        told = string_ids(self._view.line_v2(shown, extended=False))
        return json_answer(200, {"data": told}, committed=True)


def _contract(procore: Procore, call: Call, body: Row | None = None) -> Shown[Row]:
    project = call.project(procore, body)
    return call.owned(procore.commitments.shown(call.record_id("contract")), project)


def _line(procore: Procore, call: Call, contract: Shown[Row]) -> Shown[Row]:
    shown = procore.commitment_lines.shown(call.record_id())
    if shown is None or shown.value["holder_id"] != contract.id:
        raise not_found(call.path)
    return shown


def _truth(procore: Procore, call: Call, contract: Shown[Row]) -> Record[Row]:
    record = procore.commitment_lines.truth(call.record_id())
    if record is None or record.value is None or record.value["holder_id"] != contract.id:
        raise not_found(call.path)
    return record


def endpoints(procore: Procore) -> list[Endpoint]:
    """Return the endpoints of line items."""
    v2, found = LinesV2(procore), list[Endpoint]()
    for kind in KINDS:
        lines = LinesV1(procore, kind)
        items = f"/rest/v1.0/{kind.path}/{{contract}}/line_items"
        details = f"/rest/v1.0/{kind.path}/{{contract}}/line_item_contract_details"
        found += [
            ("GET", items, lines.list),
            ("POST", items, lines.create),
            ("PATCH", f"{items}/sync", lines.sync),
            ("GET", f"{items}/{{id}}", lines.show),
            ("PATCH", f"{items}/{{id}}", lines.update),
            ("DELETE", f"{items}/{{id}}", lines.delete),
            ("GET", details, lines.details),
            ("POST", details, lines.create_detail),
            ("GET", f"{details}/{{id}}", lines.detail),
            ("PATCH", f"{details}/{{id}}", lines.update_detail),
            ("DELETE", f"{details}/{{id}}", lines.delete_detail),
        ]
    items = "/rest/v2.0/companies/{company}/projects/{project}/commitment_contracts/{contract}/line_items"
    return [
        *found,
        ("GET", items, v2.list),
        ("POST", items, v2.create),
        ("GET", f"{items}/{{id}}", v2.show),
        ("PATCH", f"{items}/{{id}}", v2.update),
        ("DELETE", f"{items}/{{id}}", v2.delete),
    ]
