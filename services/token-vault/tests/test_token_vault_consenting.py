"""Connecting: a code is traded once, proven before it is stored, and refused in a sentence."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
from consent_lab import CALLBACK, CONSENT, NAME, Desk, opened_desk
from pydantic import SecretStr

from plumbline.common.connections import ConnectionConfig
from plumbline.common.database import COMMON_MIGRATIONS, migrate, open_pool
from plumbline.common.secrets.grants import Grant
from plumbline.token_vault.adapters.codes import PostgresCodes
from plumbline.token_vault.consenting import (
    AppNotRegisteredError,
    Outcome,
    ProviderName,
    UnknownConnectionError,
    UnknownProviderError,
)
from plumbline.token_vault.domain import App, Cause, HeldGrant, dead

PAYMENTS = "com.intuit.quickbooks.payment"


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with opened_desk() as desk:
        await desk.register("quickbooks")
        yield desk


async def test_consent_is_traded_proven_stored_and_what_waited_goes_on(desk: Desk) -> None:
    outcome = await desk.complete(await desk.consented())
    assert (outcome.code, outcome.version) == ("connected", 1)
    assert f"({desk.realm})" in outcome.detail
    held = await desk.held()
    assert held is not None
    assert held.cause is None
    assert desk.woken == [desk.accounts["quickbooks"]]
    renewed = await desk.intuit.renew(held, desk.apps["quickbooks"])
    assert renewed.access_token != held.access_token


async def test_dead_grant_is_recovered_in_its_document_and_versions_go_on(desk: Desk) -> None:
    account = desk.accounts["quickbooks"]
    await desk.shelf.put(dead(HeldGrant(account=account, app=account, version=41, calls=60), Cause.REFUSED))
    outcome = await desk.complete(await desk.consented())
    held = await desk.held()
    assert held is not None
    assert (outcome.version, held.version, held.cause, held.document_version) == (42, 42, None, 2)


async def test_other_company_is_refused_before_the_code_is_traded(desk: Desk) -> None:
    other = desk.lab.realms[1].id
    outcome = await desk.complete(await desk.consented(realmId=other))
    assert outcome.code == "wrong-company"
    assert other in outcome.detail
    assert desk.realm in outcome.detail
    assert (await desk.held(), desk.token_calls()) == (None, [])


async def test_token_of_another_company_is_refused_whatever_the_browser_said(desk: Desk) -> None:
    back = await desk.consented(realmId=desk.lab.realms[1].id)
    outcome = await desk.complete({**back, "realmId": desk.realm})
    assert outcome.code == "missing-scopes"
    assert await desk.held() is None


async def test_missing_scope_is_named_and_the_former_grant_stays(desk: Desk) -> None:
    await desk.complete(await desk.consented())
    before = await desk.held()
    outcome = await desk.complete(await desk.consented(scope=PAYMENTS))
    assert outcome.code == "missing-scopes"
    assert outcome.detail.startswith("missing scopes: com.intuit.quickbooks.accounting")
    assert await desk.held() == before


async def test_code_that_is_handed_in_twice_is_answered_as_the_first_time(desk: Desk) -> None:
    back = await desk.consented()
    first, second = await asyncio.gather(desk.complete(back), desk.complete(back))
    assert first == second == await desk.complete(back)
    assert (first.code, desk.token_calls()) == ("connected", ["ok"])


async def test_refused_code_is_refused_again_in_the_same_words(desk: Desk) -> None:
    outcome = await desk.complete({"code": "never-given", "realmId": desk.realm})
    assert outcome.code == "code-refused"
    assert outcome == await desk.complete({"code": "never-given", "realmId": desk.realm})
    assert desk.token_calls() == ["invalid_grant"]


async def test_code_whose_first_trader_died_says_to_connect_again(desk: Desk) -> None:
    desk.intuit.deadline_s = 0.1
    back = await desk.consented()
    await desk.complete(back)
    for digest in desk.codes.known:
        desk.codes.known[digest] = None
    assert (await desk.complete(back)).code == "consent-interrupted"
    assert desk.token_calls() == ["ok"]


async def test_code_that_is_too_old_is_refused(desk: Desk) -> None:
    back = await desk.consented()
    desk.lab.world.clock.step(601)
    assert (await desk.complete(back)).code == "code-refused"
    assert await desk.held() is None


async def test_redirect_address_that_is_not_to_the_letter_is_refused(desk: Desk) -> None:
    back = await desk.consented()
    outcome = await desk.complete(back, consent=replace(CONSENT, redirect_uri=f"{CALLBACK}/"))
    assert outcome.code == "code-refused"
    assert "redirect address" in outcome.detail


async def test_wrong_client_secret_is_refused_as_the_apps(desk: Desk) -> None:
    back = await desk.consented()
    await desk.shelf.register(
        desk.accounts["quickbooks"], replace(desk.apps["quickbooks"], client_secret=SecretStr("wrong"))
    )
    assert (await desk.complete(back)).code == "app-refused"


@pytest.mark.parametrize(("fault", "code"), [("throttle", "provider-away"), ("status", "answer-lost")])
async def test_provider_that_is_away_stores_nothing(desk: Desk, fault: str, code: str) -> None:
    back = await desk.consented()
    await desk.trouble(fault, match={"path": "/oauth2/v1/tokens/bearer"})
    outcome = await desk.complete(back)
    assert outcome.code == code
    assert "connect again" in outcome.detail
    assert await desk.held() is None


async def test_grant_that_nothing_disproves_is_stored_though_the_api_is_away(desk: Desk) -> None:
    back = await desk.consented()
    await desk.trouble("status", match={"path": "/v3/company"})
    outcome = await desk.complete(back)
    assert (outcome.code, outcome.version) == ("not-proven", 1)


async def test_token_that_the_api_refuses_is_not_stored(desk: Desk) -> None:
    back = await desk.consented()
    await desk.trouble("refuse-token", match={"path": "/v3/company"})
    assert (await desk.complete(back)).code == "token-refused"
    assert await desk.held() is None


class StoreLeaves:
    """A proof after which the store is away for so long."""

    def __init__(self, desk: Desk, away_s: float) -> None:
        self.desk = desk
        self.away_s = away_s

    async def prove(self, provider: ProviderName, connection: ConnectionConfig, grant: Grant) -> str:
        self.desk.store.away = True
        asyncio.get_running_loop().call_later(self.away_s, self.come_back)
        return "somebody"

    def come_back(self) -> None:
        self.desk.store.away = False


async def test_store_that_comes_back_takes_the_grant(desk: Desk) -> None:
    back = await desk.consented()
    desk.connecting = desk.connecting_by(StoreLeaves(desk, away_s=0.1))
    assert (await desk.complete(back)).code == "connected"
    assert desk.token_calls() == ["ok"]


async def test_store_that_stays_away_is_said_to_be(desk: Desk) -> None:
    back = await desk.consented()
    desk.connecting = desk.connecting_by(StoreLeaves(desk, away_s=60))
    assert (await desk.complete(back)).code == "store-away"
    desk.store.away = False
    assert await desk.held() is None


async def test_company_is_connected_again_by_intuits_own_link(desk: Desk) -> None:
    app = {"client_id": desk.apps["quickbooks"].client_id, "redirect_uris": [CALLBACK]}
    assert (await desk.lab.control.post("/control/quickbooks/apps", json=app)).status_code == 201
    seat = await desk.connecting.seat(NAME, "quickbooks")
    link = await desk.connecting.link(seat, replace(CONSENT, reconnects=desk.realm), None)
    app_id = desk.apps["quickbooks"].client_id
    assert link.endswith(f"/app/connect/oauth2/request?appId={app_id}&realmId={desk.realm}&mode=reconnect")
    back = httpx.URL(await desk.agree(link)).params
    assert "state" not in back
    assert (await desk.complete(dict(back))).code == "connected"


async def test_person_at_procore_is_connected_with_a_refresh_token(desk: Desk) -> None:
    await desk.register("procore")
    outcome = await desk.complete(await desk.consented("procore"), "procore")
    held = await desk.held("procore")
    assert outcome.code == "connected"
    assert held is not None
    assert held.refresh_token is not None
    assert desk.company_id in outcome.detail


async def test_service_account_is_connected_without_asking_anybody(desk: Desk) -> None:
    seat = await desk.connecting.seat(NAME, "procore")
    with pytest.raises(AppNotRegisteredError, match="client id and secret"):
        await desk.connecting.admit(seat, None)
    outcome = await desk.connecting.admit(seat, desk.apps["procore"])
    held = await desk.held("procore")
    assert (outcome.code, outcome.version) == ("connected", 1)
    assert held is not None
    assert held.refresh_token is None
    assert await desk.shelf.app("procore/suite") == desk.apps["procore"]
    assert (await desk.connecting.admit(seat, None)).version == 2


async def test_app_that_procore_does_not_know_is_not_registered(desk: Desk) -> None:
    seat = await desk.connecting.seat(NAME, "procore")
    outcome = await desk.connecting.admit(seat, App("nobody", SecretStr("wrong")))
    assert outcome.code == "app-refused"
    assert await desk.shelf.app("procore/suite") is None


async def test_app_that_the_company_has_not_installed_is_refused(desk: Desk) -> None:
    desk.lab.companies[0].app.installs.clear()
    seat = await desk.connecting.seat(NAME, "procore")
    outcome = await desk.connecting.admit(seat, desk.apps["procore"])
    assert outcome.code == "missing-scopes"
    assert "install the app there" in outcome.detail
    assert await desk.held("procore") is None


async def test_supplied_app_never_takes_the_place_of_a_registered_one(desk: Desk) -> None:
    seat = await desk.connecting.seat(NAME, "quickbooks")
    await desk.connecting.link(seat, CONSENT, App("another", SecretStr("wrong")))
    assert await desk.shelf.app(seat.app) == desk.apps["quickbooks"]


async def test_unknown_connection_and_unknown_provider_are_named(desk: Desk) -> None:
    with pytest.raises(UnknownConnectionError, match="elsewhere"):
        await desk.connecting.seat("elsewhere", "procore")
    with pytest.raises(UnknownProviderError, match="xero"):
        await desk.connecting.seat(NAME, "xero")


async def test_codes_are_claimed_once_and_their_outcome_is_kept(database_url: str) -> None:
    await migrate(database_url, schema="token_vault", packages=[*COMMON_MIGRATIONS, "plumbline.token_vault"])
    async with open_pool(database_url, schema="token_vault") as pool:
        one, other = PostgresCodes(pool), PostgresCodes(pool)
        claims = await asyncio.gather(*(codes.claim("d", "quickbooks/1") for codes in (one, other) * 5))
        assert sorted(claims) == [False] * 9 + [True]
        assert await other.outcome("d") is None
        outcome = Outcome(code="connected", detail="proven", account="quickbooks/1", version=3)
        await one.note("d", outcome)
        assert await other.outcome("d") == outcome
