"""Contract payments: what was received on a prime contract, or paid on a commitment.

Source: Procore reference, Contract Payments (v1.0). Whoever may see or pay is asked for the tool of
the contract (inferred).
"""

from typing import Any

from plumbline_sandbox.http import Answer, json_answer
from plumbline_sandbox.procore.call import Call, Endpoint
from plumbline_sandbox.procore.change_orders.tree import Tree
from plumbline_sandbox.procore.conventions import (
    SYNCED,
    forbidden,
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
from plumbline_sandbox.procore.records import Record, Shown, fresh
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

NEVER_LOCKED = frozenset({"origin_id", "origin_data"})
"""What may be changed of a payment that is synced with an ERP (Procore reference, Update Contract Payment)."""


class Payments:
    """The rules of contract payments; every method makes its change a fact."""

    def __init__(self, procore: Procore) -> None:
        self._procore = procore

    def create(self, contract: Record[Row], body: Row, actor: Actor, path: str) -> Record[Row]:
        """Add a payment to a contract.

        Raises:
            RefusedError: 422, a field is invalid, or the commitment allows no payments.
        """
        assert contract.value is not None
        if not contract.value.get("allow_payments", True):
            raise invalid(path, {"contract_id": ["does not allow payments"]})
        blank: Row = dict.fromkeys((*TEXTS, *NUMBERS, *DAYS)) | {
            "amount": "0.00",
            "payment_method": "check",
            "contract_id": contract.id,
            "date": self._procore.clock.now().date().isoformat(),
        }
        record = self._procore.payments.insert(
            self._procore.new_id(),
            self._filled(blank, body, path),
            company_id=contract.company_id,
            project_id=contract.project_id,
        )
        self._procore.created(CONTRACT_PAYMENT, record, actor, **_facts(record))
        return record

    def update(self, record: Record[Row], body: Row, actor: Actor, path: str) -> None:
        """Change the fields that are named.

        Raises:
            RefusedError: 422, a field is invalid, or locked because an ERP owns the payment.
        """
        value = _value(record, path)
        if value["origin_id"] is not None and set(body) - NEVER_LOCKED:
            raise invalid(path, {"base": [SYNCED]})
        self._procore.payments.change(record, self._filled(value, body, path))
        self._procore.updated(CONTRACT_PAYMENT, record, actor, **_facts(record))

    def delete(self, record: Record[Row], actor: Actor, path: str) -> None:
        """Delete a payment.

        Raises:
            RefusedError: 422, the payment is owned by an ERP.
        """
        if _value(record, path)["origin_id"] is not None:
            raise invalid(path, {"base": [SYNCED]})
        self._procore.payments.change(record, None)
        self._procore.deleted(CONTRACT_PAYMENT, record, actor)

    def _filled(self, base: Row, body: Row, path: str) -> Row:
        fields = Fields(path, body)
        value = dict(base)
        value["amount"] = money(fields.amount("amount")) if "amount" in fields else base["amount"]
        value["payment_method"] = fields.choice("payment_method", METHODS, base["payment_method"])
        value |= {name: fields.text(name, base[name]) for name in TEXTS}
        value |= {name: fields.integer(name, base[name]) for name in NUMBERS}
        value |= {name: fields.iso_day(name, base[name]) for name in DAYS}
        if value["requisition_id"] not in {None, base["requisition_id"]}:
            requisition = self._procore.requisitions.truth(value["requisition_id"])
            if (
                requisition is None
                or requisition.value is None
                or requisition.value.commitment_id != value["contract_id"]
            ):
                fields.complain("requisition_id", "is invalid")
        fields.done()
        return value


class ContractPayments:
    """List, show, create, update and delete contract payments."""

    def __init__(self, procore: Procore) -> None:
        self._procore = procore
        self._rules = Payments(procore)
        self._tree = Tree(procore)

    def list(self, call: Call) -> Answer:
        """`GET /rest/v1.0/contract_payments?project_id=&contract_id=`."""
        project = call.project(self._procore)
        wanted = call.request.query.get("contract_id")
        rows = [
            row
            for row in self._procore.payments.shown_of_project(project.id)
            if wanted in {None, str(row.value["contract_id"])}
            and call.allows(self._tool(row.value["contract_id"]), "read_only")
        ]
        page, headers = list_v1(call.request, filtered(call, rows))
        return with_headers(json_answer(200, [_json(row) for row in page]), headers)

    def show(self, call: Call) -> Answer:
        """`GET /rest/v1.0/contract_payments/{id}?project_id=`."""
        project = call.project(self._procore)
        shown = call.owned(self._procore.payments.shown(call.record_id()), project)
        if not call.allows(self._tool(shown.value["contract_id"]), "read_only"):
            raise not_found(call.path)
        return json_answer(200, _json(shown))

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
        contract = call.owned(self._tree.contract(int(contract_id)), project)
        self._need(call, contract.id)
        record = self._rules.create(contract, values, call.actor, call.path)
        return json_answer(201, _json(fresh(record)), committed=True)

    def update(self, call: Call) -> Answer:
        """`PATCH /rest/v1.0/contract_payments/{id}`."""
        body = read_object(call.request)
        record = self._truth(call, body)
        self._rules.update(record, part(body, "contract_payment", call.path), call.actor, call.path)
        return json_answer(200, _json(fresh(record)), committed=True)

    def delete(self, call: Call) -> Answer:
        """`DELETE /rest/v1.0/contract_payments/{id}?project_id=` answers nothing."""
        self._rules.delete(self._truth(call, {}), call.actor, call.path)
        return Answer(200, committed=True)

    def _truth(self, call: Call, body: Row) -> Record[Row]:
        project = call.project(self._procore, body)
        record = call.owned(self._procore.payments.truth(call.record_id()), project)
        assert record.value is not None
        self._need(call, record.value["contract_id"])
        return record

    def _need(self, call: Call, contract_id: int) -> None:
        if not call.allows(self._tool(contract_id), "standard"):
            raise forbidden()

    def _tool(self, contract_id: int) -> str:
        return "prime_contracts" if self._procore.prime_contracts.truth(contract_id) else "commitments"


def _json(shown: Shown[Row]) -> dict[str, Any]:
    return {**as_json(shown), "project_id": shown.project_id}


def _value(record: Record[Row], path: str) -> Row:
    if record.value is None:
        raise not_found(path)
    return record.value


def _facts(record: Record[Row]) -> dict[str, Any]:
    assert record.value is not None
    return {"total_cents": int(record.value["amount"].replace(".", ""))}


def endpoints(procore: Procore) -> list[Endpoint]:
    """Return the endpoints of contract payments."""
    payments = ContractPayments(procore)
    base = "/rest/v1.0/contract_payments"
    return [
        ("GET", base, payments.list),
        ("POST", base, payments.create),
        ("GET", f"{base}/{{id}}", payments.show),
        ("PATCH", f"{base}/{{id}}", payments.update),
        ("DELETE", f"{base}/{{id}}", payments.delete),
    ]
