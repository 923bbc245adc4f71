"""The endpoints of change order packages, change order requests and potential change orders.

Source: Procore reference, v1.0. Packages and requests cannot be deleted through them, nor can
potential change orders; invalid fields are answered 400.
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime

from plumbline_sandbox.http import Answer, json_answer
from plumbline_sandbox.procore.call import Call, Endpoint
from plumbline_sandbox.procore.change_orders.doors import (
    PACKAGE_DOOR,
    POTENTIAL_DOOR,
    REQUEST_DOOR,
    Door,
)
from plumbline_sandbox.procore.change_orders.rules import ChangeOrders
from plumbline_sandbox.procore.change_orders.tree import PACKAGE, POTENTIAL, REQUEST, Tree
from plumbline_sandbox.procore.change_orders.views import Views
from plumbline_sandbox.procore.conventions import (
    INTEGER,
    filter_ids,
    filter_moments,
    invalid,
    list_v1,
    not_found,
    of_list,
    part,
    read_object,
)
from plumbline_sandbox.procore.directory import filtered
from plumbline_sandbox.procore.fields import Fields
from plumbline_sandbox.procore.records import Record, Shown, fresh
from plumbline_sandbox.procore.state import Procore, Row
from plumbline_sandbox.procore.syncing import UnsyncedError, synced

DAYS = ("due_date", "invoiced_date", "paid_date", "signed_change_order_received_date")
"""Dates that lists can be filtered by."""


class Orders:
    """The change orders of one kind; `lists_contract`: a list is of one contract, which must be named."""

    def __init__(self, procore: Procore, kind: str, door: Door, *, lists_contract: bool) -> None:
        self._procore = procore
        self._kind = kind
        self._door = door
        self._lists_contract = lists_contract
        self._readers = Tree(procore, lagging=True)
        self._tree = Tree(procore)
        self._rules = ChangeOrders(procore)
        views = Views(procore)
        show: dict[str, tuple[Callable[[Shown[Row]], Row], Callable[[Shown[Row]], Row]]] = {
            PACKAGE: (views.package_row, views.package),
            REQUEST: (views.request_row, views.request),
            POTENTIAL: (views.potential_row, views.potential),
        }
        self._row, self._whole = show[kind]

    def list(self, call: Call) -> Answer:
        """`GET ...?project_id=&contract_id=`: deleted ones only by `filters[include_deleted]`."""
        project = call.project(self._procore)
        contract = self._contract(call, project, {}, required=self._lists_contract)
        rows = self._readers.of_project(self._kind, project.id)
        if contract is not None:
            rows = [row for row in rows if row.value["contract_id"] == contract.id]
        contracts = filter_ids(call.request, "filters[contract_id]")
        wanted = [
            row
            for row in filtered(call, rows)
            if _is_included(call, row) and (contracts is None or row.value["contract_id"] in contracts)
        ]
        page, headers = list_v1(call.request, [row for row in wanted if _in_ranges(call, row.value)])
        return of_list(call.path, [self._row(row) for row in page], headers)

    def show(self, call: Call) -> Answer:
        """`GET .../{id}?project_id=&contract_id=`."""
        project = call.project(self._procore)
        contract = self._contract(call, project, {}, required=self._kind != PACKAGE)
        shown = self._readers.find(self._kind, call.record_id())
        if shown is None or shown.project_id != project.id:
            raise not_found(call.path)
        if contract is not None and shown.value["contract_id"] != contract.id:
            raise not_found(call.path)
        return json_answer(200, self._full(call, shown))

    def create(self, call: Call) -> Answer:
        """`POST ...`: `{"project_id", "contract_id", "change_order"}`."""
        body = read_object(call.request)
        project = call.project(self._procore, body)
        contract = self._contract(call, project, body, required=True)
        assert contract is not None
        values = part(body, "change_order", call.path)
        record = self._rules.create(self._kind, contract, values, call.actor, call.path, self._door)
        return json_answer(201, self._full(call, fresh(record)), committed=True)

    def update(self, call: Call) -> Answer:
        """`PATCH .../{id}`: `{"project_id", "contract_id", "change_order"}`."""
        body = read_object(call.request)
        project = call.project(self._procore, body)
        self._contract(call, project, body, required=self._kind != PACKAGE)
        record = self._truth(call.record_id(), project)
        if record is None:
            raise not_found(call.path)
        values = part(body, "change_order", call.path)
        self._rules.update(record, values, call.actor, call.path, self._door)
        return json_answer(200, self._full(call, fresh(record)), committed=True)

    def sync(self, call: Call) -> Answer:
        """`PATCH .../sync?project_id=&contract_id=`: by id or origin_id; what is not there is made."""
        body = read_object(call.request)
        project = call.project(self._procore, body)
        contract = self._contract(call, project, body, required=True)
        assert contract is not None
        return synced(call, body, lambda wish: self._synced(call, contract, project, wish))

    def _synced(self, call: Call, contract: Record[Row], project: Shown[Row], wish: Row) -> Row:
        if "id" in wish:
            record = self._truth(Fields(call.path, wish).integer("id") or 0, project)
            if record is None:
                raise UnsyncedError({"id": ["not found"]})
        else:
            record = self._with_origin(wish.get("origin_id"), project)
        if record is None:
            record = self._rules.create(self._kind, contract, wish, call.actor, call.path, self._door)
        else:
            self._rules.update(record, wish, call.actor, call.path, self._door)
        return self._full(call, fresh(record))

    def _with_origin(self, origin_id: object, project: Shown[Row]) -> Record[Row] | None:
        rows = self._tree.of_project(self._kind, project.id) if origin_id is not None else []
        found = (row.id for row in rows if row.value["origin_id"] == origin_id)
        return self._truth(next(found, 0), project)

    def _truth(self, record_id: int, project: Shown[Row]) -> Record[Row] | None:
        found = self._tree.find(self._kind, record_id)
        mine = found is not None and found.project_id == project.id
        return self._procore.change_orders.truth(record_id) if mine else None

    def _contract(self, call: Call, project: Shown[Row], body: Row, *, required: bool) -> Record[Row] | None:
        """Return the contract that is named.

        Raises:
            RefusedError: 400 without one where one is required; 404, it is not there.
        """
        text = call.request.query.get("contract_id", str(body.get("contract_id", "")))
        if not text and not required:
            return None
        if not INTEGER.fullmatch(text):
            raise invalid(call.path, {"contract_id": ["is missing"]}, 400)
        return call.owned(self._tree.contract(int(text)), project)

    def _full(self, call: Call, row: Shown[Row]) -> Row:
        return {**self._whole(row), "attachments": self._procore.prostore.attachments(call.request, row.id)}


def _is_included(call: Call, row: Shown[Row]) -> bool:
    wanted = call.request.query.get("filters[include_deleted]", "")
    return wanted == "with" or (row.value["deleted_at"] is not None) == (wanted == "only")


def _in_ranges(call: Call, row: Row) -> bool:
    """Tell whether every date that is filtered by lies in its range."""
    return all(
        at is not None and first <= at <= last
        for name in (*DAYS, "reviewed_at")
        for first, last in _ranges(call, name)
        for at in (_moment(row[name], first),)
    )


def _ranges(call: Call, name: str) -> Iterator[tuple[datetime, datetime]]:
    asked = filter_moments(call.request, f"filters[{name}]")
    if asked is not None:
        yield asked


def _moment(text: str | None, like: datetime) -> datetime | None:
    if text is None:
        return None
    if len(text) > len("2026-01-01"):
        return datetime.fromisoformat(text)
    return datetime.combine(date.fromisoformat(text), like.timetz())


def endpoints(procore: Procore) -> list[Endpoint]:
    """Return the endpoints of packages, requests and potential change orders."""
    packages = Orders(procore, PACKAGE, PACKAGE_DOOR, lists_contract=False)
    requests = Orders(procore, REQUEST, REQUEST_DOOR, lists_contract=True)
    potentials = Orders(procore, POTENTIAL, POTENTIAL_DOOR, lists_contract=False)
    rows: list[Endpoint] = [
        (method, f"/rest/v1.0/{name}{tail}", handler)
        for name, orders in (
            ("change_order_packages", packages),
            ("change_order_requests", requests),
            ("potential_change_orders", potentials),
        )
        for method, tail, handler in (
            ("GET", "", orders.list),
            ("POST", "", orders.create),
            ("GET", "/{id}", orders.show),
            ("PATCH", "/{id}", orders.update),
        )
    ]
    return [
        *rows,
        ("PATCH", "/rest/v1.0/change_order_requests/sync", requests.sync),
        ("PATCH", "/rest/v1.0/potential_change_orders/sync", potentials.sync),
    ]
