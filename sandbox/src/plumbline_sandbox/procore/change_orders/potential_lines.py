"""The endpoints of potential change orders' lines (Procore reference, Potential Change Orders, v1.0)."""

from plumbline_sandbox.http import Answer, json_answer
from plumbline_sandbox.procore.call import Call, Endpoint
from plumbline_sandbox.procore.change_orders.lines import Lines
from plumbline_sandbox.procore.change_orders.tree import POTENTIAL, Tree
from plumbline_sandbox.procore.change_orders.views import Views
from plumbline_sandbox.procore.conventions import filter_ids, list_v1, not_found, of_list, part, read_object
from plumbline_sandbox.procore.directory import filtered
from plumbline_sandbox.procore.fields import Fields
from plumbline_sandbox.procore.records import Record, Shown, fresh
from plumbline_sandbox.procore.state import Procore, Row
from plumbline_sandbox.procore.syncing import UnsyncedError, synced


class PotentialLines:
    """List, show, create, update, delete and sync the lines of a potential change order."""

    def __init__(self, procore: Procore) -> None:
        self._procore = procore
        self._readers = Tree(procore, lagging=True)
        self._tree = Tree(procore)
        self._views = Views(procore)
        self._rules = Lines(procore)

    def list(self, call: Call) -> Answer:
        """`GET /rest/v1.0/potential_change_orders/{id}/line_items?project_id=`."""
        codes = filter_ids(call.request, "filters[cost_code_id]")
        rows = filtered(call, self._readers.own_lines(self._shown(call)))
        rows = [row for row in rows if codes is None or row.value["cost_code_id"] in codes]
        page, headers = list_v1(call.request, rows)
        return of_list(call.path, [self._views.line(row) for row in page], headers)

    def show(self, call: Call) -> Answer:
        """`GET /rest/v1.0/potential_change_orders/{id}/line_items/{id}?project_id=`."""
        rows = self._readers.own_lines(self._shown(call))
        shown = next((row for row in rows if row.id == call.record_id()), None)
        if shown is None:
            raise not_found(call.path)
        return json_answer(200, self._views.line(shown))

    def create(self, call: Call) -> Answer:
        """`POST /rest/v1.0/potential_change_orders/{id}/line_items`: `{"project_id", "line_item"}`."""
        body = read_object(call.request)
        holder = self._holder(call, body)
        record = self._rules.create(holder, part(body, "line_item", call.path), call.actor, call.path)
        return json_answer(201, self._views.line(fresh(record)), committed=True)

    def update(self, call: Call) -> Answer:
        """`PATCH /rest/v1.0/potential_change_orders/{id}/line_items/{id}`."""
        body = read_object(call.request)
        record = self._line(self._holder(call, body), call.record_id())
        if record is None:
            raise not_found(call.path)
        self._rules.update(record, part(body, "line_item", call.path), call.actor, call.path)
        return json_answer(200, self._views.line(fresh(record)), committed=True)

    def delete(self, call: Call) -> Answer:
        """`DELETE /rest/v1.0/potential_change_orders/{id}/line_items/{id}?project_id=`, answered 200."""
        record = self._line(self._holder(call, {}), call.record_id())
        if record is None:
            raise not_found(call.path)
        self._rules.delete(record, call.actor, call.path)
        return Answer(200, committed=True)

    def sync(self, call: Call) -> Answer:
        """`PATCH /rest/v1.0/potential_change_orders/{id}/line_items/sync?project_id=`."""
        body = read_object(call.request)
        holder = self._holder(call, body)
        return synced(call, body, lambda wish: self._synced(call, holder, wish))

    def _synced(self, call: Call, holder: Record[Row], wish: Row) -> Row:
        if "id" in wish:
            record = self._line(holder, Fields(call.path, wish).integer("id") or 0)
            if record is None:
                raise UnsyncedError({"id": ["not found"]})
        else:
            origin_id = wish.get("origin_id")
            rows = self._tree.own_lines(holder) if origin_id is not None else []
            found = (row.id for row in rows if row.value["origin_id"] == origin_id)
            record = self._line(holder, next(found, 0))
        if record is None:
            record = self._rules.create(holder, wish, call.actor, call.path)
        else:
            self._rules.update(record, wish, call.actor, call.path)
        return self._views.line(fresh(record))

    def _shown(self, call: Call) -> Shown[Row]:
        project = call.project(self._procore)
        shown = self._readers.find(POTENTIAL, call.record_id("potential"))
        if shown is None or shown.project_id != project.id:
            raise not_found(call.path)
        return shown

    def _holder(self, call: Call, body: Row) -> Record[Row]:
        project = call.project(self._procore, body)
        found = self._tree.find(POTENTIAL, call.record_id("potential"))
        record = self._procore.change_orders.truth(found.id) if found else None
        return call.owned(record, project)

    def _line(self, holder: Record[Row], line_id: int) -> Record[Row] | None:
        mine = line_id in {line.id for line in self._tree.own_lines(holder)}
        return self._procore.change_order_lines.truth(line_id) if mine else None


def endpoints(procore: Procore) -> list[Endpoint]:
    """Return the endpoints of the lines of potential change orders."""
    lines = PotentialLines(procore)
    base = "/rest/v1.0/potential_change_orders/{potential}/line_items"
    return [
        ("GET", base, lines.list),
        ("POST", base, lines.create),
        ("PATCH", f"{base}/sync", lines.sync),
        ("GET", f"{base}/{{id}}", lines.show),
        ("PATCH", f"{base}/{{id}}", lines.update),
        ("DELETE", f"{base}/{{id}}", lines.delete),
    ]
