"""Payments in the shape of Modern Treasury: counterparties, orders, idempotency, webhooks."""

import hashlib
import hmac
import json
from typing import Any

import httpx
import pytest
from sandbox_receiver import Receiver
from sandbox_rules import rule

from plumbline_sandbox.laboratory import Laboratory

ERRORS = "Modern Treasury docs, Errors; Status Codes"
PARTIES = "Modern Treasury docs, Counterparties; Python SDK 1.80.0"
ORDERS = "Modern Treasury docs, Payment Orders; Python SDK 1.80.0"
KEYS = "Modern Treasury docs, Idempotent Requests"
WEBHOOKS = "Modern Treasury docs, Webhooks"
EVENTS = "Modern Treasury docs, Payment Order Webhooks"

ACCOUNT = {
    "account_type": "checking",
    "account_details": [{"account_number": "123456789"}],
    "routing_details": [{"routing_number": "121141822", "routing_number_type": "aba"}],
}


async def call(
    lab: Laboratory, method: str, path: str, body: Any = None, key: str | None = None, **params: Any
) -> httpx.Response:
    auth = (lab.world.payments.organization_id, lab.world.payments.api_key)
    headers = {} if key is None else {"idempotency-key": key}
    return await lab.payments.request(
        method, f"/api{path}", json=body, auth=auth, headers=headers, params=params
    )


async def payee(lab: Laboratory) -> str:
    body = {"name": "Hill Country Plumbing", "accounts": [ACCOUNT]}
    answer = await call(lab, "POST", "/counterparties", body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["accounts"][0]["id"])


async def form(lab: Laboratory, **more: Any) -> dict[str, Any]:
    return {
        "amount": 12345,
        "direction": "credit",
        "type": "ach",
        "originating_account_id": next(iter(lab.world.payments.internal_accounts)),
        "receiving_account_id": await payee(lab),
        **more,
    }


async def pay(lab: Laboratory, **more: Any) -> Any:
    answer = await call(lab, "POST", "/payment_orders", await form(lab, **more))
    assert answer.status_code == 201, answer.text
    return answer.json()


async def bank(lab: Laboratory, order: Any, *statuses: str) -> int:
    for status in statuses:
        answer = await lab.control.post(
            f"/control/payments/payment_orders/{order['id']}", json={"status": status}
        )
    return answer.status_code


@rule("Organisation and API key are checked by HTTP Basic; a wrong one is a 401.", ERRORS)
async def test_wrong_key_is_refused(lab: Laboratory) -> None:
    assert (await call(lab, "GET", "/ping")).json() == {"ping": "pong"}
    for auth in (None, (lab.world.payments.organization_id, "wrong")):
        answer = await lab.payments.get("/api/ping", auth=auth)
        assert (answer.status_code, "code" in answer.json()["errors"]) == (401, True)


@rule("A counterparty has accounts; of a number only the last four digits are told.", PARTIES)
async def test_counterparty_hides_account_numbers(lab: Laboratory) -> None:
    body = {"name": "Hill Country Plumbing", "accounts": [ACCOUNT], "metadata": {"vendor": "7"}}
    made = (await call(lab, "POST", "/counterparties", body)).json()
    assert made["accounts"][0]["account_details"] == [{"account_number_safe": "6789"}]
    assert made["accounts"][0]["counterparty_id"] == made["id"]
    assert (await call(lab, "GET", f"/counterparties/{made['id']}")).json() == made
    shown = await call(lab, "GET", f"/external_accounts/{made['accounts'][0]['id']}")
    assert "123456789" not in shown.text
    assert "123456789" not in str([entry.facts for entry in lab.world.journal.since(0)])


@rule("A routing number that fails its checksum is invalid.", ERRORS)
async def test_routing_number_is_checked(lab: Laboratory) -> None:
    account = {**ACCOUNT, "routing_details": [{"routing_number": "121141823"}]}
    answer = await call(lab, "POST", "/counterparties", {"name": "X", "accounts": [account]})
    assert (answer.status_code, answer.json()["errors"]["code"]) == (422, "parameter_invalid")
    assert (await call(lab, "GET", "/counterparties")).json() == []


@rule(
    "An error tells code, message and parameter: missing and invalid ones are 422, unknown ids 404.", ERRORS
)
@pytest.mark.parametrize(
    ("change", "status", "code", "parameter"),
    [
        ({"amount": None}, 422, "parameter_missing", "amount"),
        ({"amount": 0}, 422, "parameter_invalid", "amount"),
        ({"amount": "12.50"}, 422, "parameter_invalid", "amount"),
        ({"direction": "up"}, 422, "parameter_invalid", "direction"),
        ({"type": "cash"}, 422, "parameter_invalid", "type"),
        ({"receiving_account_id": "none"}, 404, "resource_not_found", "receiving_account_id"),
        ({"line_items": [{"amount": 1}]}, 422, "parameter_invalid", "line_items"),
        ({"metadata": {"n": 1}}, 422, "parameter_invalid", "metadata"),
    ],
)
async def test_errors(lab: Laboratory, change: Any, status: int, code: str, parameter: str) -> None:
    answer = await call(lab, "POST", "/payment_orders", await form(lab, **change))
    error = answer.json()["errors"]
    assert (answer.status_code, error["code"], error["parameter"]) == (status, code, parameter)
    assert (await call(lab, "GET", "/payment_orders")).json() == []


@rule("Amounts are whole cents; line items sum to the amount; the rest has defaults.", ORDERS)
async def test_payment_order(lab: Laboratory) -> None:
    items = [{"amount": 12000, "description": "labor"}, {"amount": 345}]
    order = await pay(lab, line_items=items, external_id="payable-7")
    assert (order["amount"], order["currency"], order["priority"]) == (12345, "USD", "normal")
    assert (order["object"], order["external_id"], order["live_mode"]) == (
        "payment_order",
        "payable-7",
        False,
    )
    assert order["receiving_account_type"] == "external_account"
    assert (await call(lab, "GET", f"/payment_orders/{order['id']}")).json() == order
    assert (await call(lab, "GET", "/payment_orders/none")).status_code == 404


@rule("Payment orders are found by external_id, status and metadata.", ORDERS)
async def test_orders_are_found(lab: Laboratory) -> None:
    one = await pay(lab, external_id="payable-7", metadata={"project": "TX01"})
    two = await pay(lab, external_id="payable-8")
    await bank(lab, two, "processing")
    for query, found in (
        ({"external_id": "payable-7"}, one),
        ({"status": "processing"}, two),
        ({"metadata[project]": "TX01"}, one),
    ):
        rows = (await call(lab, "GET", "/payment_orders", **query)).json()
        assert [row["id"] for row in rows] == [found["id"]]


@rule(
    "Lists are newest first and go on after `X-After-Cursor`; at most 100 a page.",
    "Modern Treasury docs, Pagination",
)
async def test_pages(lab: Laboratory) -> None:
    ids = [(await pay(lab, external_id=str(n)))["id"] for n in range(3)]
    first = await call(lab, "GET", "/payment_orders", per_page=2)
    assert [row["id"] for row in first.json()] == [ids[2], ids[1]]
    rest = await call(lab, "GET", "/payment_orders", after_cursor=first.headers["x-after-cursor"])
    assert ([row["id"] for row in rest.json()], "x-after-cursor" in rest.headers) == ([ids[0]], False)
    assert (await call(lab, "GET", "/payment_orders", per_page=101)).status_code == 422


@rule("A key gives the first answer again for 24 hours, whatever is asked with it, at any endpoint.", KEYS)
async def test_idempotency_key_knows_no_route(lab: Laboratory) -> None:
    body = await form(lab)
    first = await call(lab, "POST", "/payment_orders", body, key="po:7:v1")
    again = await call(lab, "POST", "/payment_orders", {**body, "amount": 1}, key="po:7:v1")
    other = await call(lab, "POST", "/counterparties", {"name": "X"}, key="po:7:v1")
    assert first.json() == again.json() == other.json()
    lab.world.clock.step(24 * 3600)
    late = await call(lab, "POST", "/payment_orders", body, key="po:7:v1")
    assert late.json()["id"] != first.json()["id"]


@rule("Only a success is kept: after a failure the same key is executed.", KEYS)
async def test_failure_is_not_kept(lab: Laboratory) -> None:
    body = await form(lab)
    assert (await call(lab, "POST", "/payment_orders", {**body, "amount": 0}, key="k")).status_code == 422
    assert (await call(lab, "POST", "/payment_orders", body, key="k")).status_code == 201


@rule("A lost answer is found again by its key.", KEYS)
async def test_lost_answer_is_given_again(lab: Laboratory) -> None:
    body = await form(lab)
    lab.world.faults.add({"name": "status-after-commit", "match": {"provider": "payments"}, "times": 1})
    assert (await call(lab, "POST", "/payment_orders", body, key="k")).status_code == 500
    again = await call(lab, "POST", "/payment_orders", body, key="k")
    assert again.status_code == 201
    rows = (await call(lab, "GET", "/payment_orders")).json()
    assert [row["id"] for row in rows] == [again.json()["id"]]
    replays = [e.facts["replay"] for e in lab.world.journal.since(0) if e.facts.get("idempotency_key") == "k"]
    assert replays == [False, True]


@rule("A client approves, denies or cancels; the bank does the rest, in its order.", ORDERS)
async def test_states(lab: Laboratory) -> None:
    await lab.control.post("/control/payments/settings", json={"needs_approval": True})
    order = await pay(lab)
    assert order["status"] == "needs_approval"
    assert await bank(lab, order, "processing") == 400
    path = f"/payment_orders/{order['id']}"
    assert (await call(lab, "PATCH", path, {"status": "completed"})).status_code == 422
    assert (await call(lab, "PATCH", path, {"status": "approved"})).json()["status"] == "approved"
    assert await bank(lab, order, "processing", "sent", "completed", "returned") == 200
    assert (await call(lab, "GET", path)).json()["status"] == "returned"
    assert await bank(lab, order, "completed") == 400


@rule("A payment order is not editable once it is being processed, and cannot be cancelled.", EVENTS)
async def test_processing_order_is_not_editable(lab: Laboratory) -> None:
    order = await pay(lab)
    path = f"/payment_orders/{order['id']}"
    assert (await call(lab, "PATCH", path, {"description": "June"})).json()["description"] == "June"
    await bank(lab, order, "processing")
    for body in ({"description": "July"}, {"status": "cancelled"}):
        assert (await call(lab, "PATCH", path, body)).status_code == 422
    assert (await call(lab, "GET", path)).json()["description"] == "June"


@rule(
    "A webhook tells event and order, signed with the hex HMAC-SHA256 of its body, under an id of its own.",
    WEBHOOKS,
)
async def test_webhooks_are_signed(lab: Laboratory) -> None:
    async with Receiver() as endpoint:
        await lab.control.post("/control/payments/webhooks", json={"url": endpoint.url})
        order = await pay(lab)
        await bank(lab, order, "processing", "sent", "completed")
        taken = await endpoint.count(3)
    told = [json.loads(one.body) for one in taken]
    assert {one["event"] for one in told} == {"begin_processing", "finish_processing", "completed"}
    assert {one["data"]["id"] for one in told} == {order["id"]}
    key = lab.world.payments.webhook_key.encode()
    for one in taken:
        assert one.headers["x-signature"] == hmac.new(key, one.body, hashlib.sha256).hexdigest()
    assert len({one.headers["x-webhook-id"] for one in taken}) == 3


@rule("Anything but a 2xx within five seconds is tried again later, under the same id.", WEBHOOKS)
async def test_failed_webhook_is_tried_again(lab: Laboratory) -> None:
    lab.world.clock.scale(1000)
    async with Receiver(statuses=[500, 302]) as endpoint:
        await lab.control.post("/control/payments/webhooks", json={"url": endpoint.url})
        await bank(lab, await pay(lab), "processing")
        taken = await endpoint.count(3)
    assert len({one.headers["x-webhook-id"] for one in taken}) == 1
    assert len({one.body for one in taken}) == 1


async def test_webhook_faults_are_played(lab: Laboratory) -> None:
    match = {"provider": "payments"}
    lab.world.faults.add({"name": "webhook-drop", "match": {**match, "action": "begin_processing"}})
    lab.world.faults.add(
        {"name": "webhook-repeat", "match": {**match, "action": "completed"}, "args": {"max": 2}}
    )
    async with Receiver() as endpoint:
        await lab.control.post("/control/payments/webhooks", json={"url": endpoint.url})
        await bank(lab, await pay(lab), "processing", "sent", "completed")
        taken = await endpoint.count(3)
    events = sorted(json.loads(one.body)["event"] for one in taken)
    assert events == ["completed", "completed", "finish_processing"]


async def test_every_order_stands_in_the_journal(lab: Laboratory) -> None:
    order = await pay(lab, external_id="payable-7")
    await bank(lab, order, "processing")
    commits = [e.facts for e in lab.world.journal.since(0) if e.facts.get("entity") == "payment_order"]
    assert [(c["action"], c["amount"], c["external_id"]) for c in commits] == [
        ("created", 12345, "payable-7"),
        ("processing", 12345, "payable-7"),
    ]
