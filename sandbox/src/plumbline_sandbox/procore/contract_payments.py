"""Contract payments: what an owner has paid on a prime contract (Procore reference, v1.0)."""

from typing import Any

from plumbline_sandbox.http import Answer, json_answer
from plumbline_sandbox.procore.call import Call
from plumbline_sandbox.procore.conventions import (
    invalid,
    list_v1,
    money,
    not_found,
    part,
    read_object,
    with_headers,
)
from plumbline_sandbox.procore.directory import as_json, filtered
from plumbline_sandbox.procore.fields import Fields
from plumbline_sandbox.procore.records import Record, fresh
from plumbline_sandbox.procore.state import CONTRACT_PAYMENT, Actor, Procore, Row

METHODS = ("check", "credit_card", "electronic")
"""How a payment may be made."""

TEXTS = (
    "check_number",
    "external_payment_id",
    "invoice_number",
    "notes",
    "status",
    "origin_id",
    "origin_code",
    "origin_data",
)
"""Fields that are plain text."""

NUMBERS = ("requisition_id", "payment_number", "draw_request_number")
"""Fields that are whole numbers."""

DAYS = ("date", "date_payment_initiated", "date_payment_settled")
"""Fields that are dates."""


class Payments:
    """The rules of contract payments; every method makes its change a fact."""

    def __init__(self, procore: Procore) -> None:
        self._procore = procore

    def create(self, contract: Record[Row], body: Row, actor: Actor, path: str) -> Record[Row]:
        """Add a payment to a contract.

        Raises:
            RefusedError: 422, a field is invalid.
        """
        blank: Row = dict.fromkeys((*TEXTS, *NUMBERS, *DAYS)) | {
            "amount": "0.00",
            "payment_method": "check",
            "contract_id": contract.id,
            "date": self._procore.clock.now().date().isoformat(),
        }
        record = self._procore.payments.insert(
            self._procore.new_id(),
            _filled(blank, body, path),
            company_id=contract.company_id,
            project_id=contract.project_id,
        )
        self._procore.created(CONTRACT_PAYMENT, record, actor, **_facts(record))
        return record

    def update(self, record: Record[Row], body: Row, actor: Actor, path: str) -> None:
        """Change the fields that are named.

        Raises:
            RefusedError: 422, a field is invalid or the payment is owned by an ERP.
        """
        value = _editable(record, path)
        self._procore.payments.change(record, _filled(value, body, path))
        self._procore.updated(CONTRACT_PAYMENT, record, actor, **_facts(record))

    def delete(self, record: Record[Row], actor: Actor, path: str) -> None:
        """Delete a payment.

        Raises:
            RefusedError: 422, the payment is owned by an ERP.
        """
        _editable(record, path)
        self._procore.payments.change(record, None)
        self._procore.deleted(CONTRACT_PAYMENT, record, actor)


class ContractPayments:
    """List, show, create, update and delete contract payments."""

    def __init__(self, procore: Procore) -> None:
        self._procore = procore
        self._rules = Payments(procore)

    def list(self, call: Call) -> Answer:
        """`GET /rest/v1.0/contract_payments?project_id=&contract_id=`."""
        project = call.project(self._procore)
        wanted = call.request.query.get("contract_id")
        rows = self._procore.payments.shown_of_project(project.id)
        rows = [row for row in rows if wanted is None or str(row.value["contract_id"]) == wanted]
        page, headers = list_v1(call.request, filtered(call, rows))
        return with_headers(json_answer(200, [as_json(row) for row in page]), headers)

    def show(self, call: Call) -> Answer:
        """`GET /rest/v1.0/contract_payments/{id}?project_id=`."""
        project = call.project(self._procore)
        shown = call.owned(self._procore.payments.shown(call.record_id()), project)
        return json_answer(200, as_json(shown))

    def create(self, call: Call) -> Answer:
        """`POST /rest/v1.0/contract_payments`; the contract in the body, the query or the payment."""
        body = read_object(call.request)
        project = call.project(self._procore, body)
        values = part(body, "contract_payment", call.path)
        contract_id = (
            values.get("contract_id") or body.get("contract_id") or call.request.query.get("contract_id")
        )
        if contract_id is None or not str(contract_id).isdecimal():
            raise invalid(call.path, {"contract_id": ["is missing"]}, 400)
        contract = call.owned(self._procore.prime_contracts.truth(int(contract_id)), project)
        record = self._rules.create(contract, values, call.actor, call.path)
        return json_answer(201, as_json(fresh(record)), committed=True)

    def update(self, call: Call) -> Answer:
        """`PATCH /rest/v1.0/contract_payments/{id}`."""
        body = read_object(call.request)
        record = self._truth(call, body)
        self._rules.update(record, part(body, "contract_payment", call.path), call.actor, call.path)
        return json_answer(200, as_json(fresh(record)), committed=True)

    def delete(self, call: Call) -> Answer:
        """`DELETE /rest/v1.0/contract_payments/{id}`."""
        self._rules.delete(self._truth(call, {}), call.actor, call.path)
        return Answer(204, committed=True)

    def _truth(self, call: Call, body: Row) -> Record[Row]:
        project = call.project(self._procore, body)
        return call.owned(self._procore.payments.truth(call.record_id()), project)


def _editable(record: Record[Row], path: str) -> Row:
    if record.value is None:
        raise not_found(path)
    if record.value["origin_id"] is not None:
        raise invalid(path, {"base": ["cannot be edited because it has been synced with ERP"]})
    return record.value


def _filled(base: Row, body: Row, path: str) -> Row:
    fields = Fields(path, body)
    value = dict(base)
    value["amount"] = money(fields.amount("amount")) if "amount" in fields else base["amount"]
    value["payment_method"] = fields.choice("payment_method", METHODS, base["payment_method"])
    value |= {name: fields.text(name, base[name]) for name in TEXTS}
    value |= {name: fields.integer(name, base[name]) for name in NUMBERS}
    value |= {name: fields.iso_day(name, base[name]) for name in DAYS}
    fields.done()
    return value


def _facts(record: Record[Row]) -> dict[str, Any]:
    assert record.value is not None
    return {"total_cents": int(record.value["amount"].replace(".", ""))}
