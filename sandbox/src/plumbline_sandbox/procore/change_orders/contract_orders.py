"""The endpoints of prime and commitment change orders and of their lines.

Sources: Procore reference, Prime Change Orders (v1.0), Prime Change Order Line Items (v2.0), and
the same of commitments.
"""

from collections.abc import Iterable

from plumbline_sandbox.http import Answer, json_answer
from plumbline_sandbox.procore.call import Call, Endpoint
from plumbline_sandbox.procore.change_orders.doors import CONTRACT_DOOR
from plumbline_sandbox.procore.change_orders.lines import Lines
from plumbline_sandbox.procore.change_orders.rules import ChangeOrders
from plumbline_sandbox.procore.change_orders.statuses import STATUSES
from plumbline_sandbox.procore.change_orders.tree import COMMITMENT, PACKAGE, PRIME, Tree
from plumbline_sandbox.procore.change_orders.views import Views
from plumbline_sandbox.procore.conventions import (
    filter_ids,
    filter_moments,
    forbidden,
    invalid,
    list_v2,
    not_found,
    of_list,
    part,
    read_object,
    string_ids,
)
from plumbline_sandbox.procore.fields import Fields
from plumbline_sandbox.procore.records import Record, Shown, fresh
from plumbline_sandbox.procore.state import Procore, Row
from plumbline_sandbox.procore.uploads_api import attach

ONLY_TWO_TIERS = (
    "This endpoint currently only supports projects using 1 and 2 tier change order configurations."
)
"""What a caller is told in a project with three tiers (that it is a 403 is inferred)."""


class ContractOrders:
    """The change orders of prime contracts, or of commitments."""

    def __init__(self, procore: Procore, kind: str) -> None:
        self._procore = procore
        self._kind = kind
        self._readers = Tree(procore, lagging=True)
        self._tree = Tree(procore)
        self._views = Views(procore)
        self._rules = ChangeOrders(procore)
        self._lines = Lines(procore)

    def listed(self, call: Call) -> Answer:
        """`GET .../projects/{p}/{prime|commitment}_change_orders`: all of them, in no pages."""
        project = self._project(call)
        rows = [row for row in self._of_project(project) if self._wanted(call, row)]
        target = {"provider": "procore", "company": str(project.company_id), "project": str(project.id)}
        if self._procore.faults.take("executed-vanish", target):
            rows = [
                row for row in rows if not row.value["executed"] or self._readers.standard(row) != "approved"
            ]
        sort = call.request.query.get("sort", "id")
        if sort.removeprefix("-") == "created_at":
            rows.sort(key=lambda row: row.created_at)
        rows = rows[::-1] if sort.startswith("-") else rows
        return json_answer(200, [self._json(call, row) for row in rows])

    def show(self, call: Call) -> Answer:
        """`GET .../{prime|commitment}_change_orders/{id}`; change events with `view=extended`."""
        return json_answer(200, self._full(call, self._shown(call, call.record_id())))

    def create(self, call: Call) -> Answer:
        """`POST .../{prime|commitment}_change_orders`: `{"change_order": {"contract_id"}}`."""
        project = self._project(call)
        body = read_object(call.request)
        values = part(body, "change_order", call.path)
        contract_id = Fields(call.path, values).integer("contract_id") or 0
        table = self._procore.prime_contracts if self._kind == PRIME else self._procore.commitments
        contract = table.truth(contract_id)
        if contract is None or contract.project_id != project.id:
            raise invalid(call.path, {"contract_id": ["is invalid"]})
        package_id = self._procore.new_id()
        attach(self._procore, call, body, package_id, values)
        record = self._rules.create(
            PACKAGE, contract, values, call.actor, call.path, CONTRACT_DOOR, record_id=package_id
        )
        return json_answer(201, self._full(call, fresh(record)), committed=True)

    def update(self, call: Call) -> Answer:
        """`PATCH .../{prime|commitment}_change_orders/{id}`."""
        record = self._truth(call, call.record_id())
        body = read_object(call.request)
        values = part(body, "change_order", call.path)
        attach(self._procore, call, body, record.id, values)
        self._rules.update(record, values, call.actor, call.path, CONTRACT_DOOR)
        return json_answer(200, self._full(call, fresh(record)), committed=True)

    def delete(self, call: Call) -> Answer:
        """`DELETE .../{prime|commitment}_change_orders/{id}`."""
        self._rules.delete(self._truth(call, call.record_id()), call.actor, call.path)
        return Answer(204, committed=True)

    def lines(self, call: Call) -> Answer:
        """`GET .../{prime|commitment}_change_orders/{id}/line_items` (v2.0)."""
        rows = self._readers.lines(self._shown(call, call.record_id("order")))
        page, headers = list_v2(call.request, rows)
        return of_list(call.path, [self._line_json(row) for row in page], headers)

    def line(self, call: Call) -> Answer:
        """`GET .../{prime|commitment}_change_orders/{id}/line_items/{id}` (v2.0)."""
        rows = self._readers.lines(self._shown(call, call.record_id("order")))
        shown = next((row for row in rows if row.id == call.record_id()), None)
        if shown is None:
            raise not_found(call.path)
        return json_answer(200, {"data": self._line_json(shown)})

    def add_line(self, call: Call) -> Answer:
        """`POST .../line_items` (v2.0), answered 200; with a single tier the potential one holds it."""
        package = self._truth(call, call.record_id("order"))
        values = read_object(call.request)
        holder = self._holder(package)
        missing = [name for name in self._lines.required(holder) if values.get(name) is None]
        if missing:
            raise invalid(call.path, {name: ["can't be blank"] for name in missing}, 400)
        record = self._lines.create(holder, values, call.actor, call.path)
        return json_answer(200, {"data": self._line_json(fresh(record))}, committed=True)

    def change_line(self, call: Call) -> Answer:
        """`PATCH .../line_items/{id}` (v2.0)."""
        record = self._line(call)
        self._lines.update(record, read_object(call.request), call.actor, call.path)
        return json_answer(200, {"data": self._line_json(fresh(record))}, committed=True)

    def drop_line(self, call: Call) -> Answer:
        """`DELETE .../line_items/{id}` (v2.0)."""
        self._lines.delete(self._line(call), call.actor, call.path)
        return Answer(204, committed=True)

    def _project(self, call: Call) -> Shown[Row]:
        project = call.project(self._procore)
        if self._tree.tiers(project.id) > 2:
            raise forbidden(ONLY_TWO_TIERS)
        return project

    def _of_project(self, project: Shown[Row]) -> list[Shown[Row]]:
        rows = self._readers.of_project(PACKAGE, project.id)
        return [row for row in rows if row.value["type"] == self._kind and not row.value["deleted_at"]]

    def _shown(self, call: Call, order_id: int) -> Shown[Row]:
        for row in self._of_project(self._project(call)):
            if row.value["change_order_id"] == order_id:
                return row
        raise not_found(call.path)

    def _truth(self, call: Call, order_id: int) -> Record[Row]:
        for row in self._tree.of_project(PACKAGE, self._project(call).id):
            mine = row.value["type"] == self._kind and not row.value["deleted_at"]
            if mine and row.value["change_order_id"] == order_id:
                record = self._procore.change_orders.truth(row.id)
                assert record is not None
                return record
        raise not_found(call.path)

    def _holder(self, package: Record[Row]) -> Record[Row]:
        """Return what holds the lines; with two tiers the package itself (inferred)."""
        below = self._tree.below(package) if self._tree.tiers(package.project_id) == 1 else []
        holder = self._procore.change_orders.truth(below[0].id) if below else None
        return holder or package

    def _line(self, call: Call) -> Record[Row]:
        package = self._truth(call, call.record_id("order"))
        if call.record_id() in {line.id for line in self._tree.lines(package)}:
            record = self._procore.change_order_lines.truth(call.record_id())
            assert record is not None
            return record
        raise not_found(call.path)

    def _wanted(self, call: Call, row: Shown[Row]) -> bool:
        """Tell whether a change order passes the documented filters."""
        value = row.value
        contract = self._tree.contract(value["contract_id"])
        vendor = self._tree.vendor(contract) if contract else None
        numbers = {
            "id": value["change_order_id"],
            "batch_id": value["batch_id"],
            "legacy_package_id": row.id,
            "contract_id": value["contract_id"],
            "vendor_id": (vendor or {}).get("id"),
        }
        for name, number in numbers.items():
            ids = filter_ids(call.request, f"filters[{name}]")
            if ids is not None and number not in ids:
                return False
        query = call.request.query
        flags = {name: query.get(f"filters[{name}]") for name in ("signature_required", "executed")}
        if any(flag is not None and value[name] != (flag == "true") for name, flag in flags.items()):
            return False
        changed = filter_moments(call.request, "filters[updated_at]")
        if changed is not None and not changed[0] <= row.updated_at <= changed[1]:
            return False
        return self._has_status(call, row)

    def _has_status(self, call: Call, row: Shown[Row]) -> bool:
        """Tell whether a change order has the standard status that is asked for."""
        wanted = call.request.query.get("filters[status]")
        if wanted is not None and wanted not in STATUSES:
            raise invalid(call.path, {"filters[status]": ["is not included in the list"]}, 400)
        return wanted is None or self._readers.standard(row) == wanted

    def _json(self, call: Call, row: Shown[Row]) -> Row:
        return self._views.order(row, extended=call.request.query.get("view") == "extended")

    def _full(self, call: Call, row: Shown[Row]) -> Row:
        return {
            **self._json(call, row),
            "attachments": self._procore.prostore.attachments(call.request, row.id),
        }

    def _line_json(self, line: Shown[Row]) -> Row:
        row: Row = string_ids(self._views.line_v2(line, self._kind))
        return row


def endpoints(procore: Procore, kind: str) -> Iterable[Endpoint]:
    """Return the endpoints of the change orders of prime contracts, or of commitments."""
    orders = ContractOrders(procore, kind)
    name = {PRIME: "prime_change_orders", COMMITMENT: "commitment_change_orders"}[kind]
    base = f"/rest/v1.0/projects/{{project}}/{name}"
    lines = f"/rest/v2.0/companies/{{company}}/projects/{{project}}/{name}/{{order}}/line_items"
    return [
        ("GET", base, orders.listed),
        ("POST", base, orders.create),
        ("GET", f"{base}/{{id}}", orders.show),
        ("PATCH", f"{base}/{{id}}", orders.update),
        ("DELETE", f"{base}/{{id}}", orders.delete),
        ("GET", lines, orders.lines),
        ("POST", lines, orders.add_line),
        ("GET", f"{lines}/{{id}}", orders.line),
        ("PATCH", f"{lines}/{{id}}", orders.change_line),
        ("DELETE", f"{lines}/{{id}}", orders.drop_line),
    ]
