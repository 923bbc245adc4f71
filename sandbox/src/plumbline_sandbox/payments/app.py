"""The payments API as an ASGI application.

Sources: Modern Treasury docs, authentication, errors, status codes, pagination, idempotent
requests, counterparties, payment orders.
"""

import base64
import binascii
from collections.abc import Callable
from typing import Any

from typing_extensions import override

from plumbline_sandbox.http import Answer, RefusedError, Request, json_answer
from plumbline_sandbox.partner import Params, Partner
from plumbline_sandbox.payments.idempotency import Idempotency
from plumbline_sandbox.payments.state import BY_CLIENT, EDITABLE, Payments, Record
from plumbline_sandbox.server import App
from plumbline_sandbox.world import World

TYPES = ("ach", "wire", "check", "rtp", "book", "card", "eft", "sepa")
"""Ways to pay."""

PAGE, PAGE_MAX = 25, 100
"""Objects of a page when the caller does not say, and at most."""

_WEIGHTS = (3, 7, 1, 3, 7, 1, 3, 7, 1)
"""Weights of the checksum of an ABA routing number."""

_ORDER_TEXTS = (
    "description",
    "external_id",
    "statement_descriptor",
    "remittance_information",
    "effective_date",
    "purpose",
)


def build(world: World) -> App:
    """Return the payments API as an ASGI application."""
    return App(world, PaymentsProvider(world.payments))


class PaymentsProvider(Partner):
    """The payments API's half of the shared server."""

    name = "payments"

    def __init__(self, payments: Payments) -> None:
        super().__init__(
            [
                ("GET", "/api/ping", self._ping),
                ("GET", "/api/internal_accounts", self._listing(payments.internal_accounts)),
                ("GET", "/api/internal_accounts/{id}", self._showing(payments.internal_accounts)),
                ("GET", "/api/external_accounts", self._listing(payments.external_accounts)),
                ("GET", "/api/external_accounts/{id}", self._showing(payments.external_accounts)),
                ("GET", "/api/counterparties", self._listing(payments.counterparties)),
                ("POST", "/api/counterparties", self._create_counterparty),
                ("GET", "/api/counterparties/{id}", self._showing(payments.counterparties)),
                ("GET", "/api/payment_orders", self._listing(payments.payment_orders)),
                ("POST", "/api/payment_orders", self._create_order),
                ("GET", "/api/payment_orders/{id}", self._showing(payments.payment_orders)),
                ("PATCH", "/api/payment_orders/{id}", self._change_order),
            ]
        )
        self._payments = payments
        self._idempotency = Idempotency(payments.clock)

    @override
    def identify(self, request: Request) -> None:
        """Note the idempotency key."""
        request.facts["idempotency_key"] = request.headers.get("idempotency-key")

    @override
    def admit(self, request: Request) -> None:
        """Check organisation and API key.

        Raises:
            RefusedError: 401.
        """
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        try:
            pair = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            pair = ""
        if scheme.lower() != "basic" or pair != f"{self._payments.organization_id}:{self._payments.api_key}":
            raise RefusedError(self.refused_token())

    @override
    async def handle(self, request: Request) -> Answer:
        """Execute the request, or give again what its key was answered."""
        key = request.headers.get("idempotency-key") if request.method == "POST" else None
        if key is None:
            return await super().handle(request)
        if kept := self._idempotency.replay(key):
            return kept
        answer = await super().handle(request)
        self._idempotency.keep(key, answer)
        return answer

    @override
    def absent(self, request: Request) -> RefusedError:
        return _refused(404, "resource_not_found", "Resource not found", None)

    @override
    def refused_token(self) -> Answer:
        """Return the 401 (its code is inferred)."""
        return _refused(401, "unauthorized", "The API key was invalid", None).answer

    @override
    def throttled(self, retry_after_s: int) -> Answer:
        answer = _refused(429, "too_many_requests", "The account has issued too many requests", None).answer
        answer.headers["retry-after"] = str(retry_after_s)
        return answer

    def _ping(self, request: Request, _: Params) -> Answer:
        return json_answer(200, {"ping": "pong"})

    def _create_counterparty(self, request: Request, _: Params) -> Answer:
        """`POST /api/counterparties`: a name, and accounts to pay to."""
        body = _body(request)
        name = _required(body, "name", str)
        accounts = [self._account_fields(account) for account in _rows(body, "accounts")]
        fields: Record = {
            "name": name,
            "email": body.get("email"),
            "external_id": body.get("external_id"),
            "metadata": _metadata(body),
            "send_remittance_advice": bool(body.get("send_remittance_advice", False)),
            "verification_status": "unverified",
            "discarded_at": None,
            "accounts": [],
        }
        counterparty = self._payments.add("counterparty", self._payments.counterparties, fields)
        counterparty["accounts"] = [self._add_account(a, counterparty["id"]) for a in accounts]
        return json_answer(201, counterparty, committed=True)

    def _account_fields(self, account: Any) -> Record:
        if not isinstance(account, dict):
            raise _refused(422, "parameter_invalid", "must be an object", "accounts")
        numbers = [str(row.get("account_number", "")) for row in _rows(account, "account_details")]
        routes = [str(row.get("routing_number", "")) for row in _rows(account, "routing_details")]
        if not all(_is_routing_number(route) for route in routes):
            raise _refused(422, "parameter_invalid", "Routing number is invalid", "routing_number")
        return {
            "account_type": account.get("account_type", "other"),
            "party_name": account.get("party_name"),
            "name": account.get("name"),
            # A number is never told again: only its last four digits are.
            "account_details": [{"account_number_safe": number[-4:]} for number in numbers],
            "routing_details": [{"routing_number": route, "routing_number_type": "aba"} for route in routes],
            "verification_status": "unverified",
            "metadata": _metadata(account),
        }

    def _add_account(self, fields: Record, counterparty_id: str | None) -> Record:
        table = self._payments.external_accounts
        return self._payments.add("external_account", table, {**fields, "counterparty_id": counterparty_id})

    def _create_order(self, request: Request, _: Params) -> Answer:
        """`POST /api/payment_orders`: amounts are whole cents."""
        body = _body(request)
        amount = _required(body, "amount", int)
        if amount <= 0:
            raise _refused(422, "parameter_invalid", "must be greater than 0", "amount")
        direction = _choice(body, "direction", ("credit", "debit"))
        kind = _choice(body, "type", TYPES)
        originating = self._known(body, "originating_account_id", self._payments.internal_accounts)
        items = _rows(body, "line_items")
        if items and sum(item.get("amount", 0) for item in items) != amount:
            raise _refused(
                422, "parameter_invalid", "must sum to the amount of the payment order", "line_items"
            )
        receiving = self._receiving(body)
        fields: Record = {
            "type": kind,
            "amount": amount,
            "direction": direction,
            "currency": body.get("currency", "USD"),
            "priority": body.get("priority", "normal"),
            "originating_account_id": originating["id"],
            "originating_account_type": "internal_account",
            "receiving_account_id": receiving["id"],
            "receiving_account_type": "external_account",
            "counterparty_id": receiving["counterparty_id"],
            **{name: body.get(name) for name in _ORDER_TEXTS},
            "metadata": _metadata(body),
            "line_items": items,
            "status": "needs_approval" if self._payments.needs_approval else "approved",
            "reconciliation_status": "unreconciled",
            "transaction_ids": [],
            "reference_numbers": [],
            "accounting": {},
            "nsf_protected": False,
            "current_return": None,
            "current_hold": None,
        }
        fields["effective_date"] = fields["effective_date"] or self._payments.clock.now().date().isoformat()
        order = self._payments.add("payment_order", self._payments.payment_orders, fields)
        return json_answer(201, order, committed=True)

    def _receiving(self, body: Record) -> Record:
        if body.get("receiving_account") is not None:
            return self._add_account(self._account_fields(body["receiving_account"]), None)
        return self._known(body, "receiving_account_id", self._payments.external_accounts)

    def _change_order(self, request: Request, params: Params) -> Answer:
        """`PATCH /api/payment_orders/{id}`: approve, deny, cancel, or edit what is not being processed."""
        order = self._payments.payment_orders.get(params["id"])
        if order is None:
            raise _missing("id")
        body = _body(request)
        status = body.pop("status", order["status"])
        changes = {name: body[name] for name in (*_ORDER_TEXTS, "metadata") if name in body}
        if changes and order["status"] not in EDITABLE:
            raise _refused(422, "parameter_invalid", "The payment order can no longer be edited", "id")
        if status != order["status"]:
            if status not in BY_CLIENT:
                raise _refused(422, "parameter_invalid", f"{status} cannot be set", "status")
            try:
                self._payments.reach(order, status)
            except ValueError as wrong:
                raise _refused(422, "parameter_invalid", str(wrong), "status") from wrong
        if changes:
            self._payments.edit(order, changes)
        return json_answer(200, order, committed=True)

    def _known(self, body: Record, name: str, table: dict[str, Record]) -> Record:
        record = table.get(_required(body, name, str))
        if record is None:
            raise _missing(name)
        return record

    def _showing(self, table: dict[str, Record]) -> Callable[[Request, Params], Answer]:
        def show(_: Request, params: Params) -> Answer:
            record = table.get(params["id"])
            if record is None:
                raise _missing("id")
            return json_answer(200, record)

        return show

    def _listing(self, table: dict[str, Record]) -> Callable[[Request, Params], Answer]:
        def listed(request: Request, _: Params) -> Answer:
            return _page(request, [row for row in reversed(table.values()) if _matches(request, row)])

        return listed


def _matches(request: Request, row: Record) -> bool:
    for name, wanted in request.query.items():
        if name in {"after_cursor", "per_page"}:
            continue
        if name.startswith("metadata["):
            if row.get("metadata", {}).get(name[9:-1]) != wanted:
                return False
        elif str(row.get(name)) != wanted:
            return False
    return True


def _page(request: Request, rows: list[Record]) -> Answer:
    """Return a page, newest first; where it ends stands in `X-After-Cursor`."""
    cursor, size = request.query.get("after_cursor"), request.query.get("per_page", str(PAGE))
    if not size.isdecimal() or not 0 < int(size) <= PAGE_MAX:
        raise _refused(422, "parameter_invalid", f"must be from 1 to {PAGE_MAX}", "per_page")
    ids = [row["id"] for row in rows]
    if cursor is not None and cursor not in ids:
        raise _refused(422, "parameter_invalid", "is no cursor", "after_cursor")
    start = 0 if cursor is None else ids.index(cursor) + 1
    page = rows[start : start + int(size)]
    answer = json_answer(200, page, x_per_page=size)
    if start + int(size) < len(rows):
        answer.headers["x-after-cursor"] = page[-1]["id"]
    return answer


def _body(request: Request) -> Record:
    try:
        body = request.json() if request.body else {}
    except ValueError as broken:
        raise _refused(400, "parameter_invalid", "The body is no JSON", None) from broken
    if not isinstance(body, dict):
        raise _refused(400, "parameter_invalid", "The body is no object", None)
    return body


def _required(body: Record, name: str, kind: type) -> Any:
    value = body.get(name)
    if value is None:
        raise _refused(422, "parameter_missing", f"{name} is missing", name)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise _refused(422, "parameter_invalid", f"{name} is invalid", name)
    return value


def _choice(body: Record, name: str, allowed: tuple[str, ...]) -> str:
    value = _required(body, name, str)
    if value not in allowed:
        raise _refused(422, "parameter_invalid", f"{name} does not have a valid value", name)
    return str(value)


def _rows(body: Record, name: str) -> list[Any]:
    rows = body.get(name) or []
    if not isinstance(rows, list):
        raise _refused(422, "parameter_invalid", "must be an array", name)
    return rows


def _metadata(body: Record) -> dict[str, str]:
    metadata = body.get("metadata") or {}
    if not isinstance(metadata, dict) or not all(isinstance(text, str) for text in metadata.values()):
        raise _refused(422, "parameter_invalid", "must map strings to strings", "metadata")
    return metadata


def _is_routing_number(text: str) -> bool:
    if len(text) != 9 or not text.isdecimal():
        return False
    return sum(int(digit) * weight for digit, weight in zip(text, _WEIGHTS, strict=True)) % 10 == 0


def _missing(name: str) -> RefusedError:
    return _refused(404, "resource_not_found", "Resource not found", name)


def _refused(status: int, code: str, message: str, parameter: str | None) -> RefusedError:
    error = {"code": code, "message": message} | ({"parameter": parameter} if parameter else {})
    return RefusedError(json_answer(status, {"errors": error}))
