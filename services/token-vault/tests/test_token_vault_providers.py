"""Each provider against its partner's authorization server in the sandbox, and where that fails."""

import re
import traceback
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
import pytest
from pydantic import SecretStr

from plumbline.common.http import NotSentError
from plumbline.common.secrets.grants import Grant, GrantDelayedError, GrantRefusedError, GrantUnknownError
from plumbline.common.testing.clock import FakeClock
from plumbline.token_vault.adapters.procore import ProcoreProvider
from plumbline.token_vault.adapters.quickbooks import (
    FRESH_FOR,
    KNOWN_FOR,
    NoRefreshTokenError,
    QuickBooksProvider,
)
from plumbline.token_vault.domain import App, Consent, HeldGrant
from plumbline.token_vault.ports import Provider
from plumbline_sandbox.laboratory import Laboratory

BASE = "http://sandbox.example"
CONSENT = Consent("https://plumbline.test/callback", SecretStr("state-1"), SecretStr("verifier-" * 6))
CODE = re.compile(r"[?&]code=([^&]+)")


@dataclass
class Side:
    """One partner in the sandbox: its provider, an app there, and how a person agrees."""

    lab: Laboratory
    http: httpx.AsyncClient
    provider: Provider
    app: App
    account: str
    clock: FakeClock

    def held(self, grant: Grant | None = None, **values: Any) -> HeldGrant:
        tokens = (
            {}
            if grant is None
            else {"access_token": grant.access_token, "refresh_token": grant.refresh_token}
        )
        return HeldGrant(account=self.account, app=self.account, **(tokens | values))

    async def consented(self) -> Grant:
        """Go the way of a person through the consent page, and trade the code."""
        url = await self.provider.consent_url(CONSENT, self.app)
        asked = dict(parse_qsl(urlsplit(url).query))
        path = urlsplit(url).path
        realm = {"realmId": self.account.partition("/")[2]}
        form = asked | {"decision": "connect" if "scope" in asked else "allow"} | realm
        answer = await self.http.post(path, data=form)
        back = parse_qs(urlsplit(answer.headers["location"]).query)
        assert back["state"] == ["state-1"]
        return await self.provider.exchange(SecretStr(back["code"][0]), CONSENT, self.app)


def procore(lab: Laboratory) -> Side:
    clock, app = FakeClock(), lab.companies[0].app
    provider = ProcoreProvider(lab.procore, login_url=BASE, clock=clock, deadline_s=5)
    known = App(app.client_id, SecretStr(app.client_secret))
    return Side(lab, lab.procore, provider, known, f"procore/{app.client_id}", clock)


def quickbooks(lab: Laboratory) -> Side:
    clock, realm = FakeClock(), lab.realms[0]
    url = f"{BASE}/.well-known/openid_configuration"
    provider = QuickBooksProvider(lab.quickbooks, discovery_url=url, clock=clock, deadline_s=5)
    known = App(realm.client_id, SecretStr(realm.client_secret))
    return Side(lab, lab.quickbooks, provider, known, f"quickbooks/{realm.id}", clock)


@pytest.fixture
async def lab() -> AsyncIterator[Laboratory]:
    async with Laboratory() as laboratory:
        yield laboratory


BOTH = pytest.mark.parametrize("side_of", [procore, quickbooks])


@BOTH
async def test_consent_gives_a_grant_that_renews(
    lab: Laboratory, side_of: Callable[[Laboratory], Side]
) -> None:
    side = side_of(lab)
    first = await side.consented()
    second = await side.provider.renew(side.held(first), side.app)
    assert first.refresh_token is not None
    assert second.access_token != first.access_token
    assert second.created_at == side.clock.now()


@BOTH
async def test_code_works_once(lab: Laboratory, side_of: Callable[[Laboratory], Side]) -> None:
    side = side_of(lab)
    with pytest.raises(GrantRefusedError, match="invalid_grant"):
        await side.provider.exchange(SecretStr("no-such-code"), CONSENT, side.app)


@BOTH
async def test_revoked_grant_renews_no_more(lab: Laboratory, side_of: Callable[[Laboratory], Side]) -> None:
    side = side_of(lab)
    held = side.held(await side.consented())
    await side.provider.revoke(held, side.app)
    with pytest.raises(GrantRefusedError, match="invalid_grant"):
        await side.provider.renew(held, side.app)


@BOTH
async def test_wrong_app_secret_is_told_apart(lab: Laboratory, side_of: Callable[[Laboratory], Side]) -> None:
    side = side_of(lab)
    held = side.held(await side.consented())
    wrong = App(side.app.client_id, SecretStr("wrong-canary"))
    for call in (side.provider.renew(held, wrong), side.provider.revoke(held, wrong)):
        with pytest.raises(GrantRefusedError) as raised:
            await call
        assert raised.value.reason == "invalid_client"
        assert "canary" not in "".join(traceback.format_exception(raised.value))


async def test_procore_renews_by_the_app_itself_where_there_is_no_refresh_token(lab: Laboratory) -> None:
    side = procore(lab)
    grant = await side.provider.renew(side.held(), side.app)
    assert (grant.refresh_token, grant.expires_in_s, grant.ends_at) == (None, 5400, None)


async def test_procore_burns_a_refresh_token_even_when_it_refuses(lab: Laboratory) -> None:
    # Procore docs, OAuth endpoints: any call to refresh, successful or not, ends the token.
    side = procore(lab)
    held = side.held(await side.consented())
    with pytest.raises(GrantRefusedError, match="invalid_client"):
        await side.provider.renew(held, App(side.app.client_id, SecretStr("wrong")))
    with pytest.raises(GrantRefusedError, match="invalid_grant"):
        await side.provider.renew(held, side.app)


async def test_quickbooks_tells_both_ends_of_a_grant(lab: Laboratory) -> None:
    side = quickbooks(lab)
    grant = await side.consented()
    assert grant.refresh_expires_in_s == 8_726_400
    assert grant.refresh_hard_expires_in_s == pytest.approx(5 * 365 * 86_400, abs=60)
    assert grant.ends_at == side.clock.now() + timedelta(seconds=8_726_400)


async def test_quickbooks_changes_the_value_about_daily_and_gives_the_same_between(lab: Laboratory) -> None:
    side = quickbooks(lab)
    first = await side.consented()
    again = await side.provider.renew(side.held(first), side.app)
    lab.world.clock.step(86_401)
    later = await side.provider.renew(side.held(again), side.app)
    assert first.refresh_token == again.refresh_token != later.refresh_token
    with pytest.raises(GrantRefusedError, match="invalid_grant"):
        await side.provider.renew(side.held(first), side.app)


async def test_quickbooks_grant_without_a_refresh_token_needs_a_person(lab: Laboratory) -> None:
    side = quickbooks(lab)
    with pytest.raises(NoRefreshTokenError):
        await side.provider.renew(side.held(), side.app)


class Intuit:
    """Answers discovery as it is told, and everything else with a grant; keeps what was asked."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.asked: list[httpx.Request] = []
        self.document: httpx.Response | Exception | None = None
        self.methods: list[str] = []
        self.provider = QuickBooksProvider(
            httpx.AsyncClient(transport=httpx.MockTransport(self._answer)),
            discovery_url="https://developer.intuit.test/.well-known/openid_configuration",
            clock=self.clock,
            deadline_s=5,
        )

    @property
    def discovered(self) -> int:
        return sum(request.url.path.startswith("/.well-known") for request in self.asked)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if not request.url.path.startswith("/.well-known"):
            return httpx.Response(200, json={"access_token": "a", "expires_in": 3600, "refresh_token": "r"})
        if isinstance(self.document, Exception):
            raise self.document
        base = "https://oauth.intuit.test"
        known = {
            "issuer": base,
            "authorization_endpoint": f"{base}/connect",
            "token_endpoint": f"{base}/bearer",
            "revocation_endpoint": f"{base}/revoke",
            "code_challenge_methods_supported": self.methods,
        }
        return self.document or httpx.Response(200, json=known)


HELD = HeldGrant(account="quickbooks/1", app="quickbooks/1", refresh_token=SecretStr("r0"))
APP = App("c", SecretStr("s"))


async def test_discovery_document_is_read_once_a_day() -> None:
    intuit = Intuit()
    for _ in range(3):
        await intuit.provider.renew(HELD, APP)
    assert intuit.discovered == 1
    intuit.clock.advance(FRESH_FOR)
    await intuit.provider.renew(HELD, APP)
    assert intuit.discovered == 2


async def test_known_endpoints_go_on_for_a_week_while_the_document_is_away() -> None:
    intuit = Intuit()
    await intuit.provider.renew(HELD, APP)
    intuit.document = httpx.Response(503)
    for _ in range(6):
        intuit.clock.advance(FRESH_FOR)
        await intuit.provider.renew(HELD, APP)
    intuit.clock.advance(KNOWN_FOR)
    with pytest.raises(NotSentError):
        await intuit.provider.renew(HELD, APP)


@pytest.mark.parametrize(
    "document",
    [
        httpx.Response(503),
        httpx.Response(200, html="<html>"),
        httpx.ConnectError("no"),
        httpx.ReadError("cut"),
    ],
)
async def test_document_that_is_no_use_spends_no_refresh_token(document: httpx.Response | Exception) -> None:
    intuit = Intuit()
    intuit.document = document
    with pytest.raises(NotSentError):
        await intuit.provider.renew(HELD, APP)
    assert len(intuit.asked) == intuit.discovered == 1


@pytest.mark.parametrize(("methods", "used"), [([], False), (["plain"], False), (["plain", "S256"], True)])
async def test_pkce_is_used_where_the_server_knows_it(methods: list[str], *, used: bool) -> None:
    # RFC 8414 §2: a server that names no methods knows none.
    intuit = Intuit()
    intuit.methods = methods
    url = await intuit.provider.consent_url(CONSENT, APP)
    await intuit.provider.exchange(SecretStr("code"), CONSENT, APP)
    assert ("code_challenge_method=S256" in url) is used
    assert (b"code_verifier=verifier-" in intuit.asked[-1].content) is used
    assert "verifier" not in url


def test_pkce_challenge_is_that_of_the_rfc() -> None:
    # RFC 7636, appendix B.
    verifier = SecretStr("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    consent = Consent("https://x.test", SecretStr("s"), verifier)
    assert consent.challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    assert "dBjf" not in repr(consent)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(429, headers={"retry-after": "7"}), GrantDelayedError),
        (httpx.Response(503), GrantUnknownError),
        (httpx.Response(400, json={"error": "invalid_request"}), GrantRefusedError),
    ],
)
async def test_revocation_that_fails_says_what_happens_next(
    answer: httpx.Response, error: type[Exception]
) -> None:
    http = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: answer))
    provider = ProcoreProvider(http, login_url="https://login.test", clock=FakeClock(), deadline_s=5)
    with pytest.raises(error):
        await provider.revoke(HELD, APP)
