"""Prime contracts and their schedule of values.

A contract's amounts are computed: the original schedule from its lines, its growth from its change
orders, the invoiced amount from its approved applications. Line items are the original schedule
only; growth by change orders shows in the g703 of applications.
"""

from decimal import Decimal
from typing import Any

from plumbline_sandbox.http import Answer, json_answer
from plumbline_sandbox.procore.call import Call
from plumbline_sandbox.procore.change_orders.tree import Tree
from plumbline_sandbox.procore.conventions import (
    list_v1,
    list_v2,
    money,
    part,
    read_object,
    string_ids,
    with_headers,
)
from plumbline_sandbox.procore.directory import as_json, filtered
from plumbline_sandbox.procore.fields import Fields
from plumbline_sandbox.procore.g702 import summarize, total
from plumbline_sandbox.procore.records import Record, Shown, fresh
from plumbline_sandbox.procore.state import PRIME_CONTRACT, Actor, Procore, Row

STATUSES = ("Draft", "Out For Bid", "Out For Signature", "Approved", "Complete", "Terminated")
"""Statuses of a prime contract (Procore reference, Prime Contracts)."""


class Contracts:
    """The endpoints of prime contracts and their line items."""

    def __init__(self, procore: Procore) -> None:
        self._procore = procore
        self._change_orders = Tree(procore, lagging=True)

    def list_v1(self, call: Call) -> Answer:
        """`GET /rest/v1.0/prime_contracts?project_id=`."""
        page, headers = list_v1(call.request, self._of_project(call))
        return with_headers(json_answer(200, [self._json(row) for row in page]), headers)

    def show_v1(self, call: Call) -> Answer:
        """`GET /rest/v1.0/prime_contract/{id}?project_id=`."""
        return json_answer(200, self._json(self._shown(call)))

    def update_v1(self, call: Call) -> Answer:
        """`PATCH /rest/v1.0/prime_contract/{id}`: title, status and the origin fields."""
        body = read_object(call.request)
        project = call.project(self._procore, body)
        record = call.owned(self._procore.prime_contracts.truth(call.record_id()), project)
        self.update(record, part(body, "prime_contract", call.path), call.actor, call.path)
        return json_answer(200, self._json(fresh(record)), committed=True)

    def lines_v1(self, call: Call) -> Answer:
        """`GET /rest/v1.0/prime_contracts/{id}/line_items?project_id=`."""
        page, headers = list_v1(call.request, self._shown(call).value["lines"])
        return with_headers(json_answer(200, page), headers)

    def list_v2(self, call: Call) -> Answer:
        """`GET /rest/v2.0/companies/{c}/projects/{p}/prime_contracts`."""
        page, headers = list_v2(call.request, self._of_project(call))
        return with_headers(
            json_answer(200, {"data": [string_ids(self._json(row)) for row in page]}), headers
        )

    def show_v2(self, call: Call) -> Answer:
        """`GET /rest/v2.0/companies/{c}/projects/{p}/prime_contracts/{id}`."""
        return json_answer(200, {"data": string_ids(self._json(self._shown(call)))})

    def lines_v2(self, call: Call) -> Answer:
        """`GET /rest/v2.0/companies/{c}/projects/{p}/prime_contracts/{id}/line_items`."""
        page, headers = list_v2(call.request, self._shown(call).value["lines"])
        return with_headers(json_answer(200, {"data": [string_ids(line) for line in page]}), headers)

    def update(self, record: Record[Row], body: Row, actor: Actor, path: str) -> None:
        """Change what may be changed of a contract."""
        value = record.value
        assert value is not None
        fields = Fields(path, body)
        changed = {
            **value,
            "title": fields.text("title", value["title"]),
            "status": fields.choice("status", STATUSES, value["status"]),
            **{name: fields.text(name, value[name]) for name in ("origin_id", "origin_data", "origin_code")},
        }
        fields.done()
        self._procore.prime_contracts.change(record, changed)
        self._procore.updated(PRIME_CONTRACT, record, actor)

    def _of_project(self, call: Call) -> list[Shown[Row]]:
        project = call.project(self._procore)
        return filtered(call, self._procore.prime_contracts.shown_of_project(project.id))

    def _shown(self, call: Call) -> Shown[Row]:
        project = call.project(self._procore)
        return call.owned(self._procore.prime_contracts.shown(call.record_id()), project)

    def _json(self, shown: Shown[Row]) -> dict[str, Any]:
        row = as_json(shown)
        lines = row.pop("lines")
        original = total(Decimal(line["amount"]) for line in lines)
        change = self._change_orders.change(shown)
        revised = original + change.approved
        paid = total(Decimal(row["amount"]) for row in self._payments(shown))
        return {
            **row,
            "grand_total": money(original),
            "approved_change_orders_amount": money(change.approved),
            "pending_change_orders_amount": money(change.pending),
            "draft_change_orders_amount": money(change.draft),
            "revised_contract_amount": money(revised),
            "owner_invoices_amount": money(self._invoiced(shown)),
            "total_payments": money(paid),
            "outstanding_balance": money(revised - paid),
        }

    def _invoiced(self, contract: Shown[Row]) -> Decimal:
        """Return the amount of approved applications."""
        now_s = self._procore.clock.time()
        rows = self._procore.applications.shown_of_project(contract.project_id)
        return total(
            summarize(row.value.lines_at(now_s)).current_payment_due
            for row in rows
            if row.value.contract_id == contract.id and row.value.status == "approved"
        )

    def _payments(self, contract: Shown[Row]) -> list[Row]:
        rows = self._procore.payments.shown_of_project(contract.project_id)
        return [row.value for row in rows if row.value["contract_id"] == contract.id]
