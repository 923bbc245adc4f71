"""Connecting an app: the page a person sees, where it leads, and who that person is."""

import base64
import hashlib
import json
from typing import Any

import pytest
from sandbox_app import ACCOUNTING, CALLBACK, App, landed
from sandbox_form import Form
from sandbox_rules import rule

from plumbline_sandbox.laboratory import Laboratory

OAUTH = "Intuit, Set up OAuth 2.0"
OPENID = "Intuit, OpenID Connect"
REDIRECTS = "Intuit, OAuth FAQ: redirect URIs"


@pytest.fixture
def app(lab: Laboratory) -> App:
    return App(lab)


async def register(lab: Laboratory, **app: Any) -> dict[str, Any]:
    answer = await lab.control.post("/control/quickbooks/apps", json=app)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


@rule("The consent page lets a person choose a company, and connect or cancel.", OAUTH)
async def test_page(app: App) -> None:
    answer = await app.ask()
    assert answer.headers["content-type"].startswith("text/html")
    form = Form(answer.text)
    assert form.options == [realm.id for realm in app.lab.realms]
    assert form.buttons == [("decision", "connect"), ("decision", "cancel")]
    assert app.lab.realms[0].name in answer.text


@rule("Connect leads back with code, realmId and the state that was sent.", OAUTH)
async def test_connect(app: App) -> None:
    came = await app.consent(place=2)
    assert set(came) == {"code", "realmId", "state"}
    assert (came["realmId"], came["state"]) == (app.lab.realms[2].id, "anti-forgery")
    tokens = (await app.exchange(came["code"])).json()
    assert (await app.company(tokens["access_token"], place=2)).status_code == 200
    assert (await app.company(tokens["access_token"], place=0)).status_code == 403


@rule("Cancel leads back with error=access_denied.", OAUTH)
async def test_cancel(app: App) -> None:
    came = await app.consent(decision="cancel")
    assert came == {"error": "access_denied", "state": "anti-forgery"}


@rule("Scopes of projects and of custom fields can be asked for.", OAUTH)
async def test_further_scopes(app: App) -> None:
    fields = "app-foundations.custom-field-definitions"
    asked = f"{ACCOUNTING} project-management.project {fields} {fields}.read"
    assert set(await app.consent(scope=asked)) == {"code", "realmId", "state"}


@rule(
    "A company is reconnected by appId, realmId and mode=reconnect: consent, then fresh tokens as at first.",
    "Intuit, Important changes to refresh token policy (November 2025)",
)
async def test_reconnect(app: App) -> None:
    realm = app.realm
    await register(app.lab, client_id=realm.client_id, redirect_uris=[CALLBACK])
    await app.revoke(realm.refresh_token)
    asked = {"appId": realm.client_id, "realmId": realm.id, "mode": "reconnect"}
    page = Form((await app.lab.quickbooks.get("/app/connect/oauth2/request", params=asked)).text)
    assert page.options == [realm.id]
    filled = {**page.fields, "realmId": realm.id, "decision": "connect"}
    came = landed(await app.lab.quickbooks.request(page.method.upper(), page.action, data=filled))
    assert came["realmId"] == realm.id
    tokens = (await app.exchange(came["code"])).json()
    assert (await app.company(tokens["access_token"])).status_code == 200


@rule("A reconnect of an unknown app or company leads nowhere.", OAUTH, inferred=True)
async def test_reconnect_leads_nowhere(app: App) -> None:
    asked = {"appId": app.realm.client_id, "realmId": app.realm.id, "mode": "reconnect"}
    path = "/app/connect/oauth2/request"
    assert (await app.lab.quickbooks.get(path, params=asked)).status_code == 400, "no redirect address"
    await register(app.lab, client_id=app.realm.client_id, redirect_uris=[CALLBACK])
    for wrong in ({"appId": "x"}, {"realmId": "1"}, {"mode": "connect"}):
        assert (await app.lab.quickbooks.get(path, params=asked | wrong)).status_code == 400


@rule("A scope that does not exist leads back with error=invalid_scope.", OAUTH)
@pytest.mark.parametrize("scope", ["com.intuit.quickbooks.everything", ""])
async def test_unknown_scope(app: App, scope: str) -> None:
    assert landed(await app.ask(scope=scope)) == {"error": "invalid_scope", "state": "anti-forgery"}


@rule("response_type is code.", OAUTH)
async def test_response_type(app: App) -> None:
    assert landed(await app.ask(response_type="token"))["error"] == "unsupported_response_type"


@rule(
    "A redirect address must be one of the app's, to the letter; else a page says so and leads nowhere.",
    REDIRECTS,
)
@pytest.mark.parametrize("address", [f"{CALLBACK}/", "https://evil.example/callback", ""])
async def test_redirect_address(app: App, address: str) -> None:
    await register(app.lab, client_id=app.keys[0], redirect_uris=[CALLBACK])
    refused = await app.ask(redirect_uri=address)
    assert refused.status_code == 400
    assert "redirect_uri query parameter value is invalid" in refused.text
    assert (await app.ask()).status_code == 200


async def test_decision_for_another_address_leads_nowhere(app: App) -> None:
    await register(app.lab, client_id=app.keys[0], redirect_uris=[CALLBACK])
    form = {"client_id": app.keys[0], "redirect_uri": "https://evil.example/", "decision": "connect"}
    answer = await app.lab.quickbooks.post("/connect/oauth2", data=form)
    assert answer.status_code == 400


async def test_unknown_app_leads_nowhere(app: App) -> None:
    refused = await app.ask(client_id="nobody")
    assert (refused.status_code, "location" in refused.headers) == (400, False)


async def test_redirect_address_with_a_query_keeps_it(app: App) -> None:
    form = Form((await app.ask(redirect_uri=f"{CALLBACK}?tenant=7")).text)
    filled = {**form.fields, "realmId": app.realm.id, "decision": "connect"}
    answer = await app.lab.quickbooks.post("/connect/oauth2", data=filled)
    assert landed(answer)["tenant"] == "7"
    assert "code" in landed(answer)


async def test_what_was_asked_is_written_out_harmless(app: App) -> None:
    page = (await app.ask(state='"><script>alert(1)</script>')).text
    assert "<script>" not in page
    assert Form(page).fields["state"] == '"><script>alert(1)</script>'


async def test_new_app_is_connected(lab: Laboratory) -> None:
    made = await register(lab, name="Second app", redirect_uris=[CALLBACK])
    app = App(lab)
    app.keys = (made["client_id"], made["client_secret"])
    assert "Second app" in (await app.ask()).text
    tokens = await app.connect(place=1)
    assert (await app.company(tokens["access_token"], place=1)).status_code == 200
    listed = (await lab.control.get("/control/quickbooks/apps")).json()
    assert [one["client_id"] for one in listed] == [*(r.client_id for r in lab.realms), made["client_id"]]


async def test_malformed_app_is_refused(lab: Laboratory) -> None:
    for body in ({"color": "red"}, {"redirect_uris": CALLBACK}):
        assert (await lab.control.post("/control/quickbooks/apps", json=body)).status_code == 400


@rule("userinfo tells what the scopes allow: name, e-mail, telephone, address.", OPENID)
@pytest.mark.parametrize(
    ("scope", "told"),
    [
        ("openid", {"sub"}),
        ("openid email", {"sub", "email", "emailVerified"}),
        ("openid profile", {"sub", "givenName", "familyName"}),
        ("openid phone", {"sub", "phoneNumber", "phoneNumberVerified"}),
        ("openid address", {"sub", "address"}),
    ],
)
async def test_userinfo(app: App, scope: str, told: set[str]) -> None:
    tokens = await app.connect(scope=f"{ACCOUNTING} {scope}")
    assert set((await _userinfo(app, tokens["access_token"])).json()) == told


@rule("userinfo is 401 without a token or without the scope openid.", OPENID)
async def test_userinfo_is_refused(app: App) -> None:
    assert (await _userinfo(app, "nonsense")).status_code == 401
    assert (await _userinfo(app, app.realm.access_token)).status_code == 401


@rule("Without a QuickBooks scope no company is chosen, and none comes back.", OPENID)
async def test_only_openid(app: App) -> None:
    assert Form((await app.ask(scope="openid email")).text).options == []
    came = await app.consent(scope="openid email")
    assert set(came) == {"code", "state"}
    tokens = (await app.exchange(came["code"])).json()
    assert (await _userinfo(app, tokens["access_token"])).status_code == 200
    assert (await app.company(tokens["access_token"])).status_code == 403


@rule("With the scope openid an id token comes along, signed with RS256 by the key of jwks_uri.", OPENID)
async def test_id_token(app: App) -> None:
    tokens = await app.connect(scope=f"{ACCOUNTING} openid")
    discovery = (await app.lab.quickbooks.get("/.well-known/openid_configuration")).json()
    (key,) = (await app.lab.quickbooks.get(discovery["jwks_uri"])).json()["keys"]
    signed, _, coded = tokens["id_token"].rpartition(".")
    head, claims = (json.loads(_bytes(part)) for part in signed.split("."))
    assert (head["alg"], head["kid"]) == ("RS256", key["kid"])
    assert claims["aud"] == [app.keys[0]]
    assert claims["iss"] == discovery["issuer"]
    assert claims["realmid"] == app.realm.id
    assert claims["exp"] - claims["iat"] == 3600
    assert claims["sub"] == (await _userinfo(app, tokens["access_token"])).json()["sub"]
    modulus, exponent = (int.from_bytes(_bytes(key[name])) for name in ("n", "e"))
    plain = pow(int.from_bytes(_bytes(coded)), exponent, modulus).to_bytes(256)
    assert plain.startswith(b"\x00\x01\xff\xff")
    assert plain.endswith(hashlib.sha256(signed.encode()).digest())


async def _userinfo(app: App, access_token: str) -> Any:
    return await app.lab.quickbooks.get(
        "/v1/openid_connect/userinfo", headers={"authorization": f"Bearer {access_token}"}
    )


def _bytes(coded: str) -> bytes:
    return base64.urlsafe_b64decode(coded + "=" * (-len(coded) % 4))
