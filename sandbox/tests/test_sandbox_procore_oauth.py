"""Procore's authorization server: the endpoints of the login host."""

import base64
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from sandbox_form import Form
from sandbox_rules import rule

from plumbline_sandbox.laboratory import Laboratory

ENDPOINTS = "Procore docs, OAuth 2.0 Endpoints"
TOKENS = "Procore docs, Working with Access and Refresh Tokens"
ACCOUNTS = "Procore docs, Developer Managed Service Accounts"
CLIENTS = "procore-oss ruby-sdk and js-sdk, ProPyCore"

CALLBACK = "http://127.0.0.1/callback"
OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"


def client(lab: Laboratory, place: int = 0) -> dict[str, str]:
    app = lab.companies[place].app
    return {"client_id": app.client_id, "client_secret": app.client_secret}


async def grant(lab: Laboratory, **form: str) -> httpx.Response:
    return await lab.procore.post("/oauth/token", data={**client(lab), **form})


async def consented(lab: Laboratory) -> dict[str, Any]:
    code = await code_of(lab)
    answer = await grant(lab, grant_type="authorization_code", code=code, redirect_uri=CALLBACK)
    assert answer.status_code == 200, answer.text
    tokens: dict[str, Any] = answer.json()
    return tokens


async def ask(lab: Laboratory, **changes: str) -> httpx.Response:
    """Open the address that a browser is sent to for consent."""
    query = {"response_type": "code", "client_id": client(lab)["client_id"], "redirect_uri": CALLBACK}
    return await lab.procore.get("/oauth/authorize", params={**query, "state": "s1", **changes})


async def click(lab: Laboratory, decision: str = "allow", **changes: str) -> httpx.Response:
    form = Form((await ask(lab, **changes)).text)
    return await lab.procore.post(form.action, data={**form.fields, "decision": decision})


def landed(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 302, answer.text
    address, _, query = answer.headers["location"].partition("?")
    assert address == CALLBACK
    return dict(parse_qsl(query))


async def code_of(lab: Laboratory) -> str:
    back = landed(await click(lab))
    assert back["state"] == "s1"
    return back["code"]


async def me(lab: Laboratory, token: str) -> int:
    headers = {"authorization": f"Bearer {token}", "procore-company-id": str(lab.companies[0].company.id)}
    return (await lab.procore.get("/rest/v1.0/me", headers=headers)).status_code


@rule("An access token of an authorization code lives 90 minutes and comes with a refresh token.", ENDPOINTS)
async def test_authorization_code(lab: Laboratory) -> None:
    tokens = await consented(lab)
    assert set(tokens) == {"access_token", "token_type", "expires_in", "refresh_token", "created_at"}
    assert (tokens["token_type"], tokens["expires_in"]) == ("bearer", 5400)
    assert await me(lab, tokens["access_token"]) == 200
    lab.world.clock.step(5400)
    assert await me(lab, tokens["access_token"]) == 401


@rule("Client credentials get an access token without a refresh token.", ACCOUNTS)
async def test_client_credentials(lab: Laboratory) -> None:
    tokens = (await grant(lab, grant_type="client_credentials")).json()
    assert "refresh_token" not in tokens
    assert await me(lab, tokens["access_token"]) == 200


@rule("The token endpoint takes forms, multipart forms, JSON, and client credentials by HTTP Basic.", CLIENTS)
@pytest.mark.parametrize("way", ["form", "multipart", "json", "basic"])
async def test_ways_to_ask_for_a_token(lab: Laboratory, way: str) -> None:
    form = {**client(lab), "grant_type": "client_credentials"}
    pair = f"{form['client_id']}:{form['client_secret']}".encode()
    ways: dict[str, dict[str, Any]] = {
        "form": {"data": form},
        "multipart": {"files": {name: (None, text) for name, text in form.items()}},
        "json": {"json": form},
        "basic": {
            "data": {"grant_type": "client_credentials"},
            "headers": {"authorization": f"Basic {base64.b64encode(pair).decode()}"},
        },
    }
    answer = await lab.procore.post("/oauth/token", **ways[way])
    assert answer.status_code == 200, answer.text


@rule("A code is good once, for ten minutes, and for the very redirect URI it was asked with.", ENDPOINTS)
async def test_code_is_good_once_for_ten_minutes(lab: Laboratory) -> None:
    form = {"grant_type": "authorization_code", "redirect_uri": CALLBACK}
    code = await code_of(lab)
    assert (await grant(lab, code=code, **form)).status_code == 200
    assert (await grant(lab, code=code, **form)).json()["error"] == "invalid_grant"
    other = {**form, "redirect_uri": f"{CALLBACK}/"}
    assert (await grant(lab, code=await code_of(lab), **other)).json()["error"] == "invalid_grant"
    late = await code_of(lab)
    lab.world.clock.step(600)
    assert (await grant(lab, code=late, **form)).json()["error"] == "invalid_grant"


@rule("A redirect URI must be registered to the letter; out of band shows the code.", ENDPOINTS)
async def test_redirect_uris(lab: Laboratory) -> None:
    app = {"client_id": client(lab)["client_id"], "redirect_uris": [CALLBACK]}
    shown = {**app, "must_name_company": True}
    assert (await lab.control.post("/control/procore/apps", json=app)).json() == shown
    assert shown in (await lab.control.get("/control/procore/apps")).json()
    assert (await ask(lab)).status_code == 200
    for wrong in (f"{CALLBACK}/", "http://elsewhere.example/", ""):
        assert (await ask(lab, redirect_uri=wrong)).status_code == 400
        refused = await lab.procore.post("/oauth/authorize", data={**app, "redirect_uri": wrong})
        assert refused.status_code == 400
    code = (await click(lab, redirect_uri=OUT_OF_BAND)).text
    answer = await grant(lab, grant_type="authorization_code", code=code, redirect_uri=OUT_OF_BAND)
    assert answer.status_code == 200


async def test_new_app_is_installed_everywhere(lab: Laboratory) -> None:
    app = {"client_id": "newcomer", "client_secret": "of the newcomer"}
    assert (await lab.control.post("/control/procore/apps", json=app)).status_code == 201
    answer = await lab.procore.post("/oauth/token", data={**app, "grant_type": "client_credentials"})
    for company in lab.companies:
        headers = {
            "authorization": f"Bearer {answer.json()['access_token']}",
            "procore-company-id": str(company.company.id),
        }
        assert (await lab.procore.get("/rest/v1.0/me", headers=headers)).status_code == 200


async def test_malformed_app_is_refused(lab: Laboratory) -> None:
    app_id = client(lab)["client_id"]
    for body in ({"client_id": app_id, "name": "x"}, {"client_id": app_id, "redirect_uris": CALLBACK}):
        assert (await lab.control.post("/control/procore/apps", json=body)).status_code == 400
    unknown = {"client_id": "nobody", "redirect_uris": []}
    assert (await lab.control.post("/control/procore/apps", json=unknown)).status_code == 404


@rule(
    "The person is asked on a page; who does not allow it leads back with error=access_denied.",
    "RFC 6749, 4.1.2.1; Doorkeeper",
    inferred=True,
)
async def test_consent_is_refused(lab: Laboratory) -> None:
    page = await ask(lab)
    assert page.headers["content-type"].startswith("text/html")
    assert Form(page.text).buttons == [("decision", "allow"), ("decision", "deny")]
    back = landed(await click(lab, "deny"))
    assert (back["error"], back["state"]) == ("access_denied", "s1")
    assert "code" not in back
    assert "denied" in (await click(lab, "deny", redirect_uri=OUT_OF_BAND)).text
    assert "<script>" not in (await ask(lab, state="<script>")).text


async def test_unknown_app_asks_in_vain(lab: Laboratory) -> None:
    assert (await ask(lab, client_id="nobody")).status_code == 401


@rule("Any call to refresh, successful or not, uses the refresh token up.", TOKENS)
async def test_refresh_token_is_good_once_even_if_refused(lab: Laboratory) -> None:
    first = (await consented(lab))["refresh_token"]
    second = (await grant(lab, grant_type="refresh_token", refresh_token=first)).json()["refresh_token"]
    assert second != first
    again = await grant(lab, grant_type="refresh_token", refresh_token=first)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    wrong = await grant(lab, grant_type="refresh_token", refresh_token=second, client_secret="wrong")
    assert wrong.status_code == 401
    burnt = await grant(lab, grant_type="refresh_token", refresh_token=second)
    assert burnt.json()["error"] == "invalid_grant"


@rule("A refresh token has no age.", TOKENS)
async def test_refresh_token_does_not_expire(lab: Laboratory) -> None:
    tokens = await consented(lab)
    lab.world.clock.step(400 * 86400)
    assert (
        await grant(lab, grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    ).status_code == 200


@rule("A lost answer to a refresh has burnt the old refresh token.", TOKENS)
async def test_lost_refresh_leaves_nothing(lab: Laboratory) -> None:
    token = (await consented(lab))["refresh_token"]
    lab.world.faults.add({"name": "status-after-commit", "match": {"path": "/oauth/token"}, "times": 1})
    assert (await grant(lab, grant_type="refresh_token", refresh_token=token)).status_code == 500
    assert (await grant(lab, grant_type="refresh_token", refresh_token=token)).json()[
        "error"
    ] == "invalid_grant"


@rule("Revoking kills access and refresh token together, and answers 200 for an unknown one.", ENDPOINTS)
@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
async def test_revoking_kills_both(lab: Laboratory, which: str) -> None:
    tokens = await consented(lab)
    answer = await lab.procore.post("/oauth/revoke", data={**client(lab), "token": tokens[which]})
    assert answer.status_code == 200
    assert await me(lab, tokens["access_token"]) == 401
    dead = await grant(lab, grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert dead.json()["error"] == "invalid_grant"
    unknown = await lab.procore.post("/oauth/revoke", data={**client(lab), "token": "nothing"})
    assert unknown.status_code == 200


@rule("Token info tells whose a token is, of which application, and for how long.", ENDPOINTS)
async def test_token_info(lab: Laboratory) -> None:
    lab.world.clock.scale(0)
    tokens = (await grant(lab, grant_type="client_credentials")).json()
    headers = {"authorization": f"Bearer {tokens['access_token']}"}
    info = (await lab.procore.get("/oauth/token/info", headers=headers)).json()
    assert info == {
        "resource_owner_id": lab.companies[0].app.user.id,
        "scopes": [],
        "expires_in_seconds": 5400,
        "application": {"uid": client(lab)["client_id"]},
        "created_at": tokens["created_at"],
    }
    assert (await lab.procore.get("/oauth/token/info")).status_code == 401


@rule(
    "A refused grant is told as RFC 6749 says, in Doorkeeper's words.",
    "procore-oss/ruby-sdk issue 36",
    inferred=True,
)
async def test_refusals(lab: Laboratory) -> None:
    unknown = await lab.procore.post(
        "/oauth/token", data={"grant_type": "client_credentials", "client_id": "x"}
    )
    assert (unknown.status_code, unknown.json()["error"]) == (401, "invalid_client")
    password = await grant(lab, grant_type="password")
    assert (password.status_code, password.json()["error"]) == (400, "unsupported_grant_type")
    code = await grant(lab, grant_type="authorization_code", code="nothing")
    assert code.json()["error_description"].startswith("The provided authorization grant is invalid")


@rule("Every answer of the token endpoint is journalled without a secret.", "Plumbline's own promise")
async def test_journal_tells_no_secret(lab: Laboratory) -> None:
    tokens = await consented(lab)
    written = str([entry.facts for entry in lab.world.journal.since(0)])
    assert all(secret not in written for secret in (tokens["access_token"], tokens["refresh_token"]))
    notes = [
        e.facts for e in lab.world.journal.since(0) if e.kind == "token" and e.facts["provider"] == "procore"
    ]
    assert [(n["grant_type"], n["outcome"]) for n in notes] == [("authorization_code", "granted")]


@rule(
    "A service account needs the company header even for /me and /companies.",
    "Procore docs, Multiple Procore Zones",
)
async def test_service_account_needs_the_header(lab: Laboratory) -> None:
    token = (await grant(lab, grant_type="client_credentials")).json()["access_token"]
    person = (await consented(lab))["access_token"]
    for path in ("/rest/v1.0/me", "/rest/v1.0/companies"):
        bare = await lab.procore.get(path, headers={"authorization": f"Bearer {token}"})
        assert bare.status_code == 400
        assert "Missing Procore-Company-Id header!" in bare.text
        mine = await lab.procore.get(path, headers={"authorization": f"Bearer {person}"})
        assert mine.status_code == 200


async def test_new_secret_of_an_app_takes_the_place_of_the_former_one(lab: Laboratory) -> None:
    former = client(lab)
    fresh = {**former, "client_secret": "made anew"}
    assert (await lab.control.post("/control/procore/apps", json=fresh)).status_code == 201
    form = {"grant_type": "client_credentials"}
    assert (await lab.procore.post("/oauth/token", data={**former, **form})).status_code == 401
    assert (await lab.procore.post("/oauth/token", data={**fresh, **form})).status_code == 200
