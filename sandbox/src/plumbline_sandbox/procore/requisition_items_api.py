"""The endpoints under one requisition: its lines, its change orders, its history (v1.0).

Sources: Procore reference, Requisition Contract Items, Contract Detail Items, Change Order Items
(their updates are deprecated), Bulk Update Subcontractor Invoice Items, Requisition Change Histories.
"""

from plumbline_sandbox.http import Answer, json_answer
from plumbline_sandbox.procore.call import ApiHandler, Call, Endpoint
from plumbline_sandbox.procore.conventions import (
    INTEGER,
    filter_ids,
    invalid,
    list_v1,
    not_found,
    of_list,
    part,
    read_object,
)
from plumbline_sandbox.procore.records import Record, Shown
from plumbline_sandbox.procore.requisition import Item, ItemType, Requisition
from plumbline_sandbox.procore.requisition_edit import Requisitions
from plumbline_sandbox.procore.requisition_view import RequisitionView
from plumbline_sandbox.procore.requisitions import editor
from plumbline_sandbox.procore.state import Procore, Row

LISTED: tuple[ItemType, ...] = ("contract_item", "contract_detail_item", "change_order_item")
"""The types of lines that are listed; whole change orders are changed only."""

WHOLE: ItemType = "whole_change_order_item"
"""The type of a change order that is billed as a whole."""


class ItemsApi:
    """Everything under `/rest/v1.0/requisitions/{requisition}`."""

    def __init__(self, procore: Procore) -> None:
        self._procore = procore
        self._rules = Requisitions(procore)
        self._view = RequisitionView(procore)

    def detail(self, call: Call) -> Answer:
        """`GET /rest/v1.0/requisitions/{requisition}/detail?project_id=`: every line with balances."""
        page, headers = list_v1(call.request, self._view.detail(self._shown(call).value))
        return of_list(call.path, page, headers)

    def histories(self, call: Call) -> Answer:
        """`GET /rest/v1.0/requisitions/{requisition}/change_histories?project_id=`."""
        return of_list(call.path, self._shown(call).value.history, {})

    def items(self, item_type: ItemType) -> list[tuple[str, str, ApiHandler]]:
        """Return method, end of the path and handler of the lines of one type."""

        def listed(call: Call) -> Answer:
            """`GET .../{type}s?project_id=`."""
            shown = self._shown(call)
            orders = filter_ids(call.request, "filters[change_order_id]")
            rows = [
                self._view.line(item)
                for item in shown.value.items
                if item.item_type == item_type and (orders is None or item.change_order_id in orders)
            ]
            page, headers = list_v1(call.request, rows)
            return of_list(call.path, page, headers)

        def show(call: Call) -> Answer:
            """`GET .../{type}s/{id}?project_id=`."""
            return json_answer(200, self._view.line(_of(call, self._shown(call).value, item_type)))

        def update(call: Call) -> Answer:
            """`PATCH .../{type}s/{id}?project_id=`: `{"requisition_contract_item": {...}}` (deprecated)."""
            body = read_object(call.request)
            record = self._truth(call, body)
            assert record.value is not None
            item = _of(call, record.value, item_type)
            values = part(body, f"requisition_{item_type}", call.path)
            row = {**values, "id": item.id, "item_type": item_type}
            self._rules.update_items(record, [row], editor(call))
            return json_answer(200, self._view.line(_of(call, record.value, item_type)), committed=True)

        change: tuple[str, str, ApiHandler] = ("PATCH", "/{id}", update)
        return [("GET", "", listed), ("GET", "/{id}", show), change] if item_type in LISTED else [change]

    def update_all(self, call: Call) -> Answer:
        """`PATCH .../bulk_item_update?project_id=`: `{"requisition_items": [...]}`, answers nothing."""
        body = read_object(call.request)
        record = self._truth(call, body)
        rows = body.get("requisition_items")
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise invalid(call.path, {"requisition_items": ["is not a list of objects"]}, 400)
        self._rules.update_items(record, rows, editor(call))
        return Answer(200, committed=True)

    def add_change_order(self, call: Call) -> Answer:
        """`POST .../add_change_order_package?project_id=&commitment_id=&change_order_package_id=`."""
        body = read_object(call.request)
        record = self._truth(call, body)
        package_id = self._package_id(call, record)
        added = self._rules.add_change_order(record, package_id, editor(call))
        return json_answer(201, [self._view.line(item) for item in added], committed=True)

    def remove_change_order(self, call: Call) -> Answer:
        """`DELETE .../remove_change_order_package?project_id=&commitment_id=&change_order_package_id=` answers nothing."""
        record = self._truth(call, {})
        self._rules.remove_change_order(record, self._package_id(call, record), editor(call))
        return Answer(200, committed=True)

    def _package_id(self, call: Call, record: Record[Requisition]) -> int:
        """Return the change order in the query, where the commitment must be the requisition's."""
        assert record.value is not None
        told = {
            name: call.request.query.get(name, "") for name in ("commitment_id", "change_order_package_id")
        }
        for name, text in told.items():
            if not INTEGER.fullmatch(text):
                raise invalid(call.path, {name: ["is missing"]}, 400)
        if int(told["commitment_id"]) != record.value.commitment_id:
            raise not_found(call.path)
        return int(told["change_order_package_id"])

    def _shown(self, call: Call) -> Shown[Requisition]:
        project = call.project(self._procore)
        return call.owned(self._procore.requisitions.shown(call.record_id("requisition")), project)

    def _truth(self, call: Call, body: Row) -> Record[Requisition]:
        project = call.project(self._procore, body)
        return call.owned(self._procore.requisitions.truth(call.record_id("requisition")), project)


def _of(call: Call, value: Requisition, item_type: ItemType) -> Item:
    for item in value.items:
        if item.id == call.record_id() and item.item_type == item_type:
            return item
    raise not_found(call.path)


def endpoints(procore: Procore) -> list[Endpoint]:
    """Return the endpoints under a requisition."""
    api = ItemsApi(procore)
    base = "/rest/v1.0/requisitions/{requisition}"
    return [
        ("GET", f"{base}/detail", api.detail),
        ("GET", f"{base}/change_histories", api.histories),
        *(
            (method, f"{base}/{item_type}s{tail}", handler)
            for item_type in (*LISTED, WHOLE)
            for method, tail, handler in api.items(item_type)
        ),
        ("PATCH", f"{base}/bulk_item_update", api.update_all),
        ("POST", f"{base}/add_change_order_package", api.add_change_order),
        ("DELETE", f"{base}/remove_change_order_package", api.remove_change_order),
    ]
