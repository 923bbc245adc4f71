"""The operators' routes of connecting: a stable code and a sentence for every refusal, and never a secret."""

from collections.abc import AsyncIterator

import httpx
import pytest
from consent_lab import CALLBACK, NAME, Desk, opened_desk
from starlette.applications import Starlette

from plumbline.token_vault.consent_routes import ConsentRoutes

ASKED = {"redirect_uri": CALLBACK, "state": "state-canary", "verifier": "verifier-canary"}


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with opened_desk() as desk:
        yield desk


@pytest.fixture
async def routes(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=ConsentRoutes(desk.connecting, desk.disconnecting).routes())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://vault") as client:
        yield client


async def test_consent_is_asked_for_and_handed_in(desk: Desk, routes: httpx.AsyncClient) -> None:
    seat = f"/connections/{NAME}/quickbooks"
    refused = await routes.post(f"{seat}/consent", json=ASKED)
    assert (refused.status_code, refused.json()["error"]) == (422, "app-not-registered")
    known = desk.apps["quickbooks"]
    app = {"client_id": known.client_id, "client_secret": known.client_secret.get_secret_value()}
    asked = (await routes.post(f"{seat}/consent", json={**ASKED, "app": app})).json()
    assert asked["account"] == desk.accounts["quickbooks"]
    assert "state=state-canary" in asked["link"]
    assert "verifier-canary" not in asked["link"]
    address = httpx.URL(await desk.agree(asked["link"]))
    handed = {**ASKED, "code": address.params["code"], "realm": address.params["realmId"]}
    done = await routes.post(f"{seat}/code", json=handed)
    assert (done.status_code, done.json()["code"], done.json()["version"]) == (200, "connected", 1)
    held = await desk.held()
    assert held is not None
    assert held.access_token is not None
    for secret in (app["client_secret"], held.access_token.get_secret_value(), handed["code"]):
        assert secret not in refused.text + str(asked) + done.text


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/connections/elsewhere/quickbooks/consent", ASKED, 404, "unknown-connection"),
        (f"/connections/{NAME}/xero/consent", ASKED, 404, "unknown-provider"),
        (f"/connections/{NAME}/quickbooks/consent", {"state": "s-canary"}, 422, "not-understood"),
        (f"/connections/{NAME}/procore/service-account", {}, 422, "app-not-registered"),
        (
            f"/connections/{NAME}/procore/service-account",
            {"app": {"client_id": "x", "client_secret": "s-canary"}},
            422,
            "app-refused",
        ),
        ("/accounts/quickbooks/nobody/disconnect", None, 404, "unknown-account"),
    ],
)
async def test_refusals_have_a_code_and_a_sentence(
    routes: httpx.AsyncClient, path: str, body: object, status: int, code: str
) -> None:
    answer = await routes.post(path, json=body)
    assert (answer.status_code, answer.json()["error"]) == (status, code)
    assert answer.json()["detail"].endswith(".")
    assert "canary" not in answer.text


async def test_missing_scopes_are_forbidden(desk: Desk, routes: httpx.AsyncClient) -> None:
    await desk.register("quickbooks")
    back = await desk.consented(scope="com.intuit.quickbooks.payment")
    body = {**ASKED, "code": back["code"], "realm": back["realmId"]}
    answer = await routes.post(f"/connections/{NAME}/quickbooks/code", json=body)
    assert (answer.status_code, answer.json()["error"]) == (403, "missing-scopes")
    assert answer.json()["detail"].startswith("missing scopes: com.intuit.quickbooks.accounting")


async def test_store_that_is_away_is_said_to_be(desk: Desk, routes: httpx.AsyncClient) -> None:
    desk.store.away = True
    answer = await routes.post(f"/connections/{NAME}/quickbooks/consent", json=ASKED)
    assert (answer.status_code, answer.json()["error"]) == (503, "secret-store-unavailable")
