"""modern-treasury: counterparties, payment orders, idempotency, errors, and signed webhooks."""

import json
import time

import modern_treasury
import pytest
import requests

ACCOUNT = {
    "account_type": "checking",
    "account_details": [{"account_number": "123456789"}],
    "routing_details": [{"routing_number": "121141822", "routing_number_type": "aba"}],
}


@pytest.fixture
def client(sandbox):
    told = sandbox["payments"]
    return modern_treasury.ModernTreasury(
        api_key=told["api_key"],
        organization_id=told["organization_id"],
        webhook_key=told["webhook_key"],
        base_url=told["url"],
    )


def order(client, sandbox, **more):
    payee = client.counterparties.create(name="Hill Country Plumbing", accounts=[ACCOUNT])
    return client.payment_orders.create(
        amount=12345,
        direction="credit",
        type="ach",
        originating_account_id=sandbox["payments"]["internal_account_id"],
        receiving_account_id=payee.accounts[0].id,
        **more,
    )


def test_key_gives_the_same_order(client, sandbox):
    one, two = (order(client, sandbox, external_id="po-1", idempotency_key="check:po-1") for _ in "ab")
    assert one.id == two.id
    assert [row.id for row in client.payment_orders.list(external_id="po-1")] == [one.id]


def test_refusal_is_told(client, sandbox):
    with pytest.raises(modern_treasury.UnprocessableEntityError) as refused:
        client.payment_orders.create(amount=0, direction="credit", type="ach", originating_account_id="x")
    assert refused.value.body["errors"]["parameter"] == "amount"


def test_webhook_is_verified(client, sandbox, endpoint):
    control = sandbox["control_url"]
    requests.post(f"{control}/control/payments/webhooks", json={"url": endpoint.url}, timeout=5)
    paid = order(client, sandbox)
    bank = f"{control}/control/payments/payment_orders/{paid.id}"
    requests.post(bank, json={"status": "processing"}, timeout=5).raise_for_status()
    deadline = time.monotonic() + 5
    while not endpoint.taken and time.monotonic() < deadline:
        time.sleep(0.02)
    headers, body = endpoint.taken[-1]
    assert client.webhooks.validate_signature(body, headers)
    assert json.loads(body)["data"]["id"] == paid.id
    requests.post(f"{control}/control/payments/webhooks", json={"url": None}, timeout=5)
