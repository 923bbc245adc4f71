"""The endpoints of owner invoices (Procore reference, Payment Applications; v1.0 only).

No list takes `filters[updated_at]` or a status. The nested path serves lists only: a single
document is shown by the flat path.
"""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from plumbline_sandbox.http import Answer, json_answer
from plumbline_sandbox.procore import application_view
from plumbline_sandbox.procore.application_edit import Applications
from plumbline_sandbox.procore.call import Call
from plumbline_sandbox.procore.conventions import (
    filter_ids,
    invalid,
    list_v1,
    not_found,
    part,
    read_object,
    with_headers,
)
from plumbline_sandbox.procore.fields import Fields
from plumbline_sandbox.procore.g702 import Application, Line, total
from plumbline_sandbox.procore.records import Record, Shown, fresh
from plumbline_sandbox.procore.state import Procore, Row
from plumbline_sandbox.procore.uploads_api import attach

PAGE = 30
"""Rows of a page when the caller does not say."""

API_FIELDS = frozenset(
    {
        "commitment_billing_period_id",
        "period_start",
        "period_end",
        "billing_date",
        "invoice_number",
        "status",
        "origin_id",
        "origin_data",
    }
)
"""What API callers may set; anything else, rows above all, is ignored without a word."""


class PaymentApplications:
    """List, show, create, update and delete owner invoices."""

    def __init__(self, procore: Procore) -> None:
        self._procore = procore
        self._rules = Applications(procore)

    def list(self, call: Call) -> Answer:
        """`GET /rest/v1.0/payment_applications?project_id=`: no filters at all."""
        project = call.project(self._procore)
        return self._list(call, self._procore.applications.shown_of_project(project.id))

    def list_of_contract(self, call: Call) -> Answer:
        """`GET /rest/v1.0/prime_contracts/{pc}/payment_applications?project_id=`."""
        project = call.project(self._procore)
        contract = call.owned(self._procore.prime_contracts.shown(call.record_id("contract")), project)
        shown = self._procore.applications.shown_of_project(project.id)
        rows = [row for row in shown if row.value.contract_id == contract.id]
        if call.request.query.get("filters[is_last]") == "true":
            rows = rows[-1:]
        ids = filter_ids(call.request)
        return self._list(call, [row for row in rows if ids is None or row.id in ids])

    def show(self, call: Call) -> Answer:
        """`GET /rest/v1.0/payment_applications/{id}?project_id=`: the document with g703."""
        project = call.project(self._procore)
        shown = call.owned(self._procore.applications.shown(call.record_id()), project)
        return json_answer(200, self.document(call, shown))

    def create(self, call: Call) -> Answer:
        """`POST /rest/v1.0/prime_contracts/{pc}/payment_applications`.

        The rows of the answer lack `added_from_*`, as observed in production.
        """
        body = read_object(call.request)
        project = call.project(self._procore, body)
        contract = call.owned(self._procore.prime_contracts.truth(call.record_id("contract")), project)
        record = self._rules.create(contract, _settable(call, body), call.actor, call.path)
        attach(self._procore, call, body, record.id)
        document = self.document(call, fresh(record))
        for row in document["g703"]:
            del row["added_from_source"], row["added_from_source_id"]
        return json_answer(201, document, committed=True)

    def update(self, call: Call) -> Answer:
        """`PATCH /rest/v1.0/prime_contracts/{pc}/payment_applications/{id}`."""
        body = read_object(call.request)
        record = self._of_contract(call, body)
        attach(self._procore, call, body, record.id)
        self._rules.update(record, _settable(call, body), call.actor, call.path)
        return json_answer(200, self.document(call, fresh(record)), committed=True)

    def update_line(self, call: Call) -> Answer:
        """`PATCH /rest/v1.0/prime_contracts/{pc}/payment_application_line_items/{id}`.

        Quantities are refused: every contract here is accounted by amount.
        """
        body = read_object(call.request)
        record, line = self._line(call, body)
        values = part(body, "payment_application_line_item", call.path)
        if "quantity" in values:
            raise invalid(
                call.path, {"quantity": ["Quantity update not allowed on amount accounting contract"]}
            )
        fields = Fields(call.path, values)
        changed = replace(
            line,
            work_this_period=fields.amount("work_completed_this_period", line.work_this_period),
            materials_stored=fields.amount("materials_presently_stored", line.materials_stored),
        )
        fields.done()
        self._rules.update_line(record, changed, call.actor, call.path)
        document = self.document(call, fresh(record))
        return json_answer(200, next(row for row in document["g703"] if row["id"] == line.id), committed=True)

    def delete(self, call: Call) -> Answer:
        """`DELETE /rest/v1.0/payment_applications/{id}?project_id=` (beta)."""
        project = call.project(self._procore)
        record = call.owned(self._procore.applications.truth(call.record_id()), project)
        self._rules.delete(record, call.actor, call.path)
        return Answer(204, committed=True)

    def document(self, call: Call, shown: Shown[Application]) -> dict[str, Any]:
        """Return the full document as it stands for readers now."""
        told = application_view.document(
            shown, self._contract(shown), paid=self._paid(shown), now_s=self._procore.clock.time()
        )
        return {**told, "attachments": self._procore.prostore.attachments(call.request, shown.id)}

    def _list(self, call: Call, rows: Sequence[Shown[Application]]) -> Answer:
        page, headers = list_v1(call.request, rows, size=PAGE)
        now_s = self._procore.clock.time()
        answers = [
            application_view.list_row(row, self._contract(row), paid=self._paid(row), now_s=now_s)
            for row in page
        ]
        return with_headers(json_answer(200, answers), headers)

    def _of_contract(self, call: Call, body: Row) -> Record[Application]:
        project = call.project(self._procore, body)
        record = call.owned(self._procore.applications.truth(call.record_id()), project)
        if record.value is None or record.value.contract_id != call.record_id("contract"):
            raise not_found(call.path)
        return record

    def _line(self, call: Call, body: Row) -> tuple[Record[Application], Line]:
        project = call.project(self._procore, body)
        contract_id, line_id = call.record_id("contract"), call.record_id()
        for record in self._procore.applications.living_of_project(project.id):
            if record.value is None or record.value.contract_id != contract_id:
                continue
            for line in record.value.lines:
                if line.id == line_id:
                    return record, line
        raise not_found(call.path)

    def _contract(self, shown: Shown[Application]) -> Row:
        contract = self._procore.prime_contracts.truth(shown.value.contract_id)
        assert contract is not None
        assert contract.value is not None
        return contract.value

    def _paid(self, shown: Shown[Application]) -> Decimal:
        """Sum the contract payments that name this invoice (inferred: no formula is documented)."""
        key = (shown.value.contract_id, shown.value.invoice_number)
        rows = self._procore.payments.living_of_project(shown.project_id)
        values = [row.value for row in rows if row.value is not None]
        return total(
            Decimal(value["amount"])
            for value in values
            if (value["contract_id"], value["invoice_number"]) == key
        )


def _settable(call: Call, body: Row) -> Row:
    values = part(body, "payment_application", call.path)
    return {name: value for name, value in values.items() if name in API_FIELDS}
