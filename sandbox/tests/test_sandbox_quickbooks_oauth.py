"""Intuit's authorization server: tokens, their ages, and what ends a grant."""

import pytest
from sandbox_app import TOKEN, App
from sandbox_rules import rule

from plumbline_sandbox.laboratory import Laboratory
from plumbline_sandbox.server import ConnectionCutError

OAUTH = "Intuit, Set up OAuth 2.0"
POLICY = "Intuit, Important changes to refresh token policy (November 2025)"
DAY_S = 86_400


@pytest.fixture
def app(lab: Laboratory) -> App:
    return App(lab)


@rule(
    "The discovery documents name every endpoint and the issuer.", "Intuit, Authorization discovery documents"
)
@pytest.mark.parametrize("name", ["openid_configuration", "openid_sandbox_configuration"])
async def test_discovery_document(lab: Laboratory, name: str) -> None:
    document = (await lab.quickbooks.get(f"/.well-known/{name}")).json()
    assert document["issuer"] == "https://oauth.platform.intuit.com/op/v1"
    base = "http://sandbox.example"
    assert document["authorization_endpoint"] == f"{base}/connect/oauth2"
    assert document["token_endpoint"] == f"{base}/oauth2/v1/tokens/bearer"
    assert document["revocation_endpoint"] == f"{base}/v2/oauth2/tokens/revoke"
    assert document["userinfo_endpoint"] == f"{base}/v1/openid_connect/userinfo"
    assert document["response_types_supported"] == ["code"]


@rule("A code is exchanged for an access token of an hour and a refresh token of about 100 days.", OAUTH)
async def test_exchange(app: App) -> None:
    tokens = await app.connect()
    assert tokens["token_type"] == "bearer"
    assert tokens["expires_in"] == 3600
    assert tokens["x_refresh_token_expires_in"] == 8_726_400
    assert "id_token" not in tokens
    assert (await app.company(tokens["access_token"])).status_code == 200


@rule("An authorization code is good for one exchange; a second one may invalidate the tokens.", OAUTH)
async def test_code_exchanged_twice(app: App) -> None:
    code = (await app.consent())["code"]
    tokens = (await app.exchange(code)).json()
    again = await app.exchange(code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert (await app.company(tokens["access_token"])).status_code == 401


@rule("An authorization code ends after ten minutes.", "RFC 6749, section 4.1.2", inferred=True)
@pytest.mark.parametrize(("age_s", "status"), [(590, 200), (600, 400)])
async def test_age_of_a_code(app: App, age_s: int, status: int) -> None:
    code = (await app.consent())["code"]
    app.lab.world.clock.step(age_s)
    assert (await app.exchange(code)).status_code == status


@rule("The exchange names the same redirect address as the consent.", OAUTH)
async def test_exchange_with_another_redirect_address(app: App) -> None:
    code = (await app.consent())["code"]
    refused = await app.exchange(code, "https://app.example/other")
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")


@rule("A code is good only for the app it was given to.", "RFC 6749, section 4.1.3")
async def test_code_of_another_app(app: App) -> None:
    code = (await app.consent())["code"]
    refused = await App(app.lab, place=1).exchange(code)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")


@rule("An access token ends after one hour.", OAUTH)
async def test_age_of_an_access_token(app: App) -> None:
    tokens = await app.connect()
    app.lab.world.clock.step(3595)
    assert (await app.company(tokens["access_token"])).status_code == 200
    app.lab.world.clock.step(10)
    assert (await app.company(tokens["access_token"])).status_code == 401


@rule("A refresh within 24 hours gives a new access token and the same refresh token.", POLICY)
async def test_refresh_within_a_day(app: App) -> None:
    first = await app.connect()
    app.lab.world.clock.step(DAY_S - 60)
    second = (await app.refresh(first["refresh_token"])).json()
    assert second["refresh_token"] == first["refresh_token"]
    assert second["access_token"] != first["access_token"]
    assert (await app.company(second["access_token"])).status_code == 200


@rule("After 24 hours a refresh gives a new refresh token, and the former value is dead.", POLICY)
async def test_refresh_after_a_day(app: App) -> None:
    first = await app.connect()
    app.lab.world.clock.step(DAY_S)
    second = (await app.refresh(first["refresh_token"])).json()
    assert second["refresh_token"] != first["refresh_token"]
    refused = await app.refresh(first["refresh_token"])
    assert refused.status_code == 400
    assert refused.json() == {
        "error": "invalid_grant",
        "error_description": "Incorrect or invalid refresh token",
    }
    assert (await app.refresh(second["refresh_token"])).status_code == 200


@rule("Switch: the former value works for a while after the change.", POLICY, inferred=True)
async def test_former_value_within_grace(app: App) -> None:
    await app.lab.control.post("/control/quickbooks/oauth", json={"grace_s": 60})
    first = await app.connect()
    app.lab.world.clock.step(DAY_S)
    second = (await app.refresh(first["refresh_token"])).json()
    again = (await app.refresh(first["refresh_token"])).json()
    assert again["refresh_token"] == second["refresh_token"]
    app.lab.world.clock.step(60)
    assert (await app.refresh(first["refresh_token"])).status_code == 400


@rule("Switch: every value is good for one refresh.", POLICY, inferred=True)
async def test_single_use_values(app: App) -> None:
    await app.lab.control.post("/control/quickbooks/oauth", json={"rotate_after_s": 0})
    first = await app.connect()
    second = (await app.refresh(first["refresh_token"])).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert (await app.refresh(first["refresh_token"])).status_code == 400


@rule(
    "Switch: using a dead value ends the whole grant, like a theft.",
    "Intuit, OAuth setup prompt",
    inferred=True,
)
async def test_reuse_of_a_dead_value(app: App) -> None:
    await app.lab.control.post(
        "/control/quickbooks/oauth", json={"revoke_on_reuse": True, "rotate_after_s": 0}
    )
    first = await app.connect()
    second = (await app.refresh(first["refresh_token"])).json()
    await app.refresh(first["refresh_token"])
    assert (await app.company(second["access_token"])).status_code == 401
    assert (await app.refresh(second["refresh_token"])).status_code == 400


@rule("Switch: two refreshes in a race end the whole grant.", "Intuit, OAuth setup prompt", inferred=True)
async def test_refreshes_in_a_race(app: App) -> None:
    await app.lab.control.post("/control/quickbooks/oauth", json={"race_window_s": 5})
    first = await app.connect()
    app.lab.world.clock.step(10)
    second = await app.refresh(first["refresh_token"])
    raced = await app.refresh(first["refresh_token"])
    assert (second.status_code, raced.status_code) == (200, 400)
    assert (await app.company(second.json()["access_token"])).status_code == 401
    assert (await app.refresh(second.json()["refresh_token"])).status_code == 400


@rule("Switch: a refresh that keeps the value does not repeat it.", "RFC 6749, section 6", inferred=True)
async def test_unchanged_value_left_out(app: App) -> None:
    await app.lab.control.post("/control/quickbooks/oauth", json={"omits_unchanged_refresh_token": True})
    first = await app.connect()
    assert "refresh_token" not in (await app.refresh(first["refresh_token"])).json()
    app.lab.world.clock.step(DAY_S)
    assert (await app.refresh(first["refresh_token"])).json()["refresh_token"] != first["refresh_token"]


@rule("A refresh token ends about 100 days after its last use.", OAUTH)
async def test_refresh_token_that_was_not_used(app: App) -> None:
    value = (await app.connect())["refresh_token"]
    for _ in range(2):
        app.lab.world.clock.step(100 * DAY_S)
        value = (await app.refresh(value)).json()["refresh_token"]
    app.lab.world.clock.step(101 * DAY_S)
    refused = await app.refresh(value)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")


@rule("A grant ends five years after consent, however often it is refreshed.", POLICY)
async def test_five_years(app: App) -> None:
    value = (await app.connect())["refresh_token"]
    for _ in range(18):
        app.lab.world.clock.step(100 * DAY_S)
        answer = (await app.refresh(value)).json()
        value = answer["refresh_token"]
    assert answer["x_refresh_token_expires_in"] == pytest.approx(25 * DAY_S, abs=60)
    app.lab.world.clock.step(25 * DAY_S)
    assert (await app.refresh(value)).status_code == 400


@rule(
    "With x-include-refresh-token-hard-expires-in the answer tells how long the five years still last.",
    POLICY,
)
async def test_hard_limit_is_told_on_request(app: App) -> None:
    value = (await app.connect())["refresh_token"]
    app.lab.world.clock.step(DAY_S)
    plain = (await app.refresh(value)).json()
    assert "x_refresh_token_hard_expires_in" not in plain
    asked = await app.refresh(plain["refresh_token"], **{"x-include-refresh-token-hard-expires-in": "true"})
    assert asked.json()["x_refresh_token_hard_expires_in"] == pytest.approx((5 * 365 - 1) * DAY_S, abs=60)


@rule("Revoking a refresh or an access token ends the grant.", OAUTH)
@pytest.mark.parametrize("which", ["refresh_token", "access_token"])
async def test_revoke(app: App, which: str) -> None:
    tokens = await app.connect()
    assert (await app.revoke(tokens[which])).status_code == 200
    assert (await app.company(tokens["access_token"])).status_code == 401
    refused = await app.refresh(tokens["refresh_token"])
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")


@rule("Another app's token cannot be revoked.", "RFC 7009, section 2.1")
async def test_revoke_by_another_app(app: App) -> None:
    tokens = await app.connect()
    assert (await App(app.lab, place=1).revoke(tokens["refresh_token"])).status_code == 400
    assert (await app.company(tokens["access_token"])).status_code == 200


@rule("A wrong client id or secret is 401 invalid_client.", OAUTH)
@pytest.mark.parametrize("keys", [("nobody", "secret"), ("", "")])
async def test_unknown_client(app: App, keys: tuple[str, str]) -> None:
    app.keys = keys
    refused = await app.refresh(app.realm.refresh_token)
    assert (refused.status_code, refused.json()) == (401, {"error": "invalid_client"})


async def test_right_client_with_a_wrong_secret(app: App) -> None:
    app.keys = (app.realm.client_id, "wrong")
    assert (await app.refresh(app.realm.refresh_token)).status_code == 401


@rule(
    "Client id and secret may come in the form too: client_secret_post.",
    "Intuit, Authorization discovery documents",
)
async def test_client_in_the_form(app: App) -> None:
    client_id, secret = app.keys
    form = {"grant_type": "refresh_token", "refresh_token": app.realm.refresh_token}
    answer = await app.lab.quickbooks.post(
        TOKEN, data={**form, "client_id": client_id, "client_secret": secret}
    )
    assert answer.status_code == 200


@rule("A refresh token of another app is invalid_grant.", OAUTH)
async def test_refresh_token_of_another_app(app: App) -> None:
    refused = await App(app.lab, place=1).refresh(app.realm.refresh_token)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")


@rule("A parameter that is missing is invalid_request.", OAUTH)
async def test_missing_parameter(app: App) -> None:
    refused = await app.token(grant_type="refresh_token")
    assert (refused.status_code, refused.json()) == (400, {"error": "invalid_request"})


async def test_unknown_grant_type(app: App) -> None:
    refused = await app.token(grant_type="client_credentials")
    assert (refused.status_code, refused.json()) == (400, {"error": "unsupported_grant_type"})


async def test_token_calls_stand_in_the_journal(app: App) -> None:
    await app.refresh(app.realm.refresh_token)
    await app.refresh("nonsense")
    told = [entry.facts["outcome"] for entry in app.lab.world.journal.since(0, "token")]
    assert told == ["ok", "invalid_grant"]


async def test_lost_answer_of_a_refresh_has_rotated_the_value(app: App) -> None:
    rule = {"name": "lose-answer", "match": {"path": "tokens/bearer"}, "times": 1}
    await app.lab.control.post("/control/faults", json=rule)
    app.lab.world.clock.step(DAY_S)
    with pytest.raises(ConnectionCutError):
        await app.refresh(app.realm.refresh_token)
    assert (await app.refresh(app.realm.refresh_token)).status_code == 400


async def test_unknown_switch_is_refused(app: App) -> None:
    refused = await app.lab.control.post("/control/quickbooks/oauth", json={"gracious": True})
    assert refused.status_code == 400
