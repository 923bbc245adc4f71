"""Disconnecting: the only way to a provider's revocation."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from consent_lab import NAME, Desk, opened_desk
from keeper_lab import opened
from pydantic import SecretStr
from typing_extensions import override

from plumbline.common.clock import Clock, SystemClock
from plumbline.common.secrets.grants import GrantDelayedError, GrantUnknownError
from plumbline.token_vault.adapters.quickbooks import QuickBooksProvider
from plumbline.token_vault.disconnecting import Disconnecting, RenewalUnderWayError, UnknownAccountError
from plumbline.token_vault.domain import App, Cause, HeldGrant, intending

REVOKE = {"quickbooks": "/v2/oauth2/tokens/revoke", "procore": "/oauth/revoke"}


class VaultsClock:
    """The clock of keepers that are opened later."""

    clock: Clock = SystemClock()

    def now(self) -> datetime:
        return self.clock.now()


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with opened_desk() as desk:
        await desk.register("quickbooks")
        await desk.complete(await desk.consented())
        yield desk


async def test_disconnected_grant_is_revoked_and_says_who_ended_it(desk: Desk) -> None:
    before = await desk.held()
    assert before is not None
    done = await desk.disconnecting.disconnect(before.account)
    held = await desk.held()
    assert held is not None
    assert (done, held.cause) == ("revoked at the provider", Cause.DISCONNECTED)
    assert (held.access_token, held.refresh_token) == (None, None)
    assert [call["status"] for call in desk.calls(REVOKE["quickbooks"])] == [200]
    assert desk.woken[-1] == before.account
    with pytest.raises(Exception, match="invalid_grant"):
        await desk.intuit.renew(before, desk.apps["quickbooks"])


async def test_nobody_renews_while_a_grant_is_being_revoked(desk: Desk) -> None:
    intents: list[object] = []

    class Watched(QuickBooksProvider):
        @override
        async def revoke(self, held: HeldGrant, app: App) -> None:
            present = await desk.held()
            intents.append(present and present.intent)
            await super().revoke(held, app)

    url = "http://sandbox.example/.well-known/openid_configuration"
    watched = Watched(desk.lab.quickbooks, discovery_url=url, clock=desk.clock, deadline_s=5.0)
    disconnecting = Disconnecting(
        shelf=desk.shelf, providers={"quickbooks": watched}, clock=desk.clock, wake=desk.wake
    )
    await disconnecting.disconnect(desk.accounts["quickbooks"])
    assert len(intents) == 1
    assert intents[0] is not None


async def test_disconnecting_again_revokes_nothing_more(desk: Desk) -> None:
    account = desk.accounts["quickbooks"]
    await desk.disconnecting.disconnect(account)
    assert "nothing was left" in await desk.disconnecting.disconnect(account)
    assert len(desk.calls(REVOKE["quickbooks"])) == 1


async def test_grant_that_the_provider_has_forgotten_is_disconnected_all_the_same(desk: Desk) -> None:
    held = await desk.held()
    assert held is not None
    await desk.trouble(
        "status",
        match={"path": REVOKE["quickbooks"]},
        args={"status": 400, "body": {"error": "invalid_request"}},
    )
    assert "knew nothing" in await desk.disconnecting.disconnect(held.account)
    after = await desk.held()
    assert after is not None
    assert after.cause is Cause.DISCONNECTED


async def test_provider_that_is_away_leaves_the_grant_alive(desk: Desk) -> None:
    account = desk.accounts["quickbooks"]
    await desk.trouble("status", match={"path": REVOKE["quickbooks"]})
    with pytest.raises(GrantUnknownError):
        await desk.disconnecting.disconnect(account)
    held = await desk.held()
    assert held is not None
    assert held.cause is None
    assert held.refresh_token is not None


async def test_provider_that_asks_for_patience_leaves_the_grant_as_it_was(desk: Desk) -> None:
    before = await desk.held()
    assert before is not None
    await desk.trouble("throttle", match={"path": REVOKE["quickbooks"]})
    with pytest.raises(GrantDelayedError):
        await desk.disconnecting.disconnect(before.account)
    after = await desk.held()
    assert after is not None
    assert (after.intent, after.cause, after.uncertain) == (None, None, False)


async def test_renewal_under_way_is_waited_for(desk: Desk) -> None:
    held = await desk.held()
    assert held is not None
    await desk.shelf.put(intending(held, until=desk.clock.now() + timedelta(seconds=30), in_vain=0))
    with pytest.raises(RenewalUnderWayError):
        await desk.disconnecting.disconnect(held.account)
    assert desk.calls(REVOKE["quickbooks"]) == []


async def test_unknown_account_is_named(desk: Desk) -> None:
    with pytest.raises(UnknownAccountError, match="quickbooks/nobody"):
        await desk.disconnecting.disconnect("quickbooks/nobody")


async def test_nothing_but_disconnecting_calls_revoke(desk: Desk, database_url: str) -> None:
    """Renewals, refusals of every new token, giving up, dying, connecting anew: none of it ends a grant."""
    await desk.connecting.admit(await desk.connecting.seat(NAME, "procore"), desk.apps["procore"])
    vaults, url = VaultsClock(), "http://sandbox.example/.well-known/openid_configuration"
    intuit = QuickBooksProvider(desk.lab.quickbooks, discovery_url=url, clock=vaults, deadline_s=5.0)
    async with opened(database_url, ("quickbooks", intuit)) as vault:
        vaults.clock = vault.clock
        held = await desk.held()
        assert held is not None
        file_of_lab = await vault.held()
        await vault.shelf.register(file_of_lab.app, desk.apps["quickbooks"])
        await vault.shelf.put(
            type(held)(
                account=file_of_lab.account,
                app=file_of_lab.app,
                document_version=file_of_lab.document_version,
                refresh_token=held.refresh_token,
            )
        )
        await vault.look()
        await vault.work()
        for _ in range(60):
            await vault.refuse((await vault.held()).version)
            await vault.work(timedelta(minutes=1))
        given_up = await vault.held()
        assert given_up.cause is Cause.REFUSED_ANEW
        assert given_up.version > 2
        never_given = SecretStr("never-given")
        await vault.shelf.put(replace(given_up, cause=None, refresh_token=never_given, issued_at=None))
        await vault.look()
        await vault.work()
        assert (await vault.held()).cause is Cause.REFUSED
    await desk.complete(await desk.consented())
    await desk.complete({"code": "never-given", "realmId": desk.realm})
    assert len(desk.token_calls()) > 4
    assert [desk.calls(path) for path in REVOKE.values()] == [[], []]
    await desk.disconnecting.disconnect(desk.accounts["quickbooks"])
    await desk.disconnecting.disconnect(desk.accounts["procore"])
    assert [len(desk.calls(path)) for path in REVOKE.values()] == [1, 1]
