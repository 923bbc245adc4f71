"""Ends of grants: reminded of on the right day, each change told once, and shown to whoever asks."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
from keeper_lab import ACCOUNT, POLICY, MoodyStore, Vault
from pydantic import SecretStr
from starlette.applications import Starlette

from plumbline.common.secrets.grants import GrantUnknownError
from plumbline.common.testing.clock import DAWN, FakeClock
from plumbline.common.testing.figures import figure
from plumbline.token_vault.adapters.shelf import SecretShelf
from plumbline.token_vault.domain import (
    Cause,
    HeldGrant,
    Intent,
    Known,
    State,
    connected,
    dead,
    disconnected,
    news,
)
from plumbline.token_vault.policy import Policy, load_policy
from plumbline.token_vault.routes import health_route
from plumbline.token_vault.watching import Watch

pytest_plugins = ["keeper_fixtures"]

DAY = timedelta(days=1)
NEAR = POLICY.grants.near_its_end
LIVE = HeldGrant(
    account=ACCOUNT,
    app=ACCOUNT,
    version=3,
    access_token=SecretStr("a"),
    refresh_token=SecretStr("r"),
    issued_at=DAWN,
    expires_at=DAWN + timedelta(hours=1),
    ends_at=DAWN + 101 * DAY,
    calls=3,
    answered=3,
)


@pytest.mark.parametrize(
    ("held", "state"),
    [
        (LIVE, State.LIVE),
        (replace(LIVE, issued_at=None), State.RENEWING),
        (replace(LIVE, intent=Intent(4, DAWN + timedelta(seconds=1))), State.RENEWING),
        (replace(LIVE, intent=Intent(4, DAWN)), State.UNCERTAIN),
        (replace(LIVE, intent=Intent(4, DAWN), refresh_token=None), State.RENEWING),
        (replace(LIVE, uncertain=True), State.UNCERTAIN),
        (replace(LIVE, ends_at=DAWN + 30 * DAY), State.EXPIRING),
        (replace(LIVE, ends_at=DAWN + 30.1 * DAY), State.LIVE),
        (replace(LIVE, ends_at=None), State.LIVE),
        (dead(replace(LIVE, ends_at=DAWN), Cause.REFUSED), State.DEAD),
        (disconnected(LIVE), State.DEAD),
    ],
)
def test_state_that_people_are_told(held: HeldGrant, state: State) -> None:
    assert held.state(DAWN, near=NEAR) is state


def told(known: Known, held: HeldGrant, now: datetime = DAWN) -> tuple[list[str], Known]:
    found = news(known, held, now=now, policy=POLICY.grants)
    return ([], known) if found is None else ([change for change, _ in found.changes], found.known)


def test_reminders_come_once_each_on_their_days() -> None:
    known, days = Known(State.LIVE, 3), []
    for hour in range(101 * 24):
        changes, known = told(known, LIVE, DAWN + timedelta(hours=hour))
        days += [101 - hour / 24] if "expiring" in changes else []
    assert days == [30, 14, 7, 2]


def test_reminders_that_were_slept_through_are_told_as_one() -> None:
    assert told(Known(State.LIVE, 3), LIVE, DAWN + 98 * DAY)[0] == ["expiring"]


def test_grant_whose_end_is_far_again_has_recovered() -> None:
    _, known = told(Known(State.LIVE, 3), LIVE, DAWN + 98 * DAY)
    later = replace(LIVE, version=4, ends_at=DAWN + 199 * DAY)
    assert told(known, later, DAWN + 98 * DAY)[0] == ["recovered"]


async def test_reminders_come_while_the_provider_is_away(vault: Vault) -> None:
    vault.intuit.refresh_life_s = 101 * 86400
    await vault.look()
    await vault.work()
    began = vault.clock.now()
    vault.intuit.fails = [GrantUnknownError() for _ in range(1000)]
    reminded = []
    for _ in range(101 * 2):
        before = len(await vault.changes())
        await vault.work(timedelta(hours=12))
        news_of_today = (await vault.changes())[before:]
        reminded += [(vault.clock.now() - began) // DAY] if "expiring" in news_of_today else []
    assert reminded == [71, 87, 94, 99]


async def test_end_of_a_grant_is_told_from_a_refusal(vault: Vault) -> None:
    vault.intuit.refresh_life_s = 86400
    await vault.look()
    await vault.work()
    vault.intuit.good = "expired"
    await vault.work(DAY + timedelta(seconds=1))
    assert (await vault.held()).cause is Cause.EXPIRED


async def test_notice_survives_a_crash_between_the_answer_and_the_telling(vault: Vault) -> None:
    await vault.keepers[0]._renew(await vault.held(), 0)  # the process dies here
    assert await vault.changes() == []
    await vault.look()
    await vault.work()
    assert (vault.intuit.calls, await vault.changes()) == (1, ["renewed"])


async def test_person_who_connects_again_recovers_the_account(vault: Vault) -> None:
    vault.intuit.good = "somebody-elses"
    await vault.look()
    await vault.work()
    held = await vault.held()
    await vault.shelf.put(connected(held, account=ACCOUNT, app=ACCOUNT, grant=vault.intuit.grant()))
    await vault.look()
    await vault.work()
    assert (vault.intuit.calls, await vault.lent()) == (1, (1, False))
    assert await vault.changes() == ["dead", "recovered"]


async def test_disconnected_account_lends_nothing_and_is_not_resumed(vault: Vault) -> None:
    await vault.look()
    await vault.work()
    await vault.shelf.put(disconnected(await vault.held()))
    await vault.look()
    await vault.work()
    await vault.resume()
    await vault.work()
    assert (vault.intuit.calls, await vault.lent()) == (1, (1, True))
    assert (await vault.changes())[-1] == "dead"


def watch(store: MoodyStore, clock: FakeClock, *accounts: str) -> Watch:
    return Watch(shelf=SecretShelf(store), accounts=accounts, policy=POLICY, clock=clock)


async def health(watch: Watch) -> tuple[int, dict[str, object]]:
    app = httpx.ASGITransport(Starlette(routes=[health_route(watch)]))
    async with httpx.AsyncClient(transport=app, base_url="http://token-vault.test") as http:
        answer = await http.get("/health")
    return answer.status_code, answer.json()


async def test_figures_of_a_grant_are_told_by_every_replica(vault: Vault) -> None:
    vault.intuit.refresh_life_s, vault.intuit.hard_life_s = 9000, 7200
    await vault.look()
    await vault.work()
    await watch(vault.store, vault.clock, "quickbooks/never-imported", ACCOUNT).look()
    at = (await vault.held()).issued_at
    assert at is not None
    credential = f"grants/{ACCOUNT}"
    assert figure("token_expires_timestamp_seconds", account=ACCOUNT) == at.timestamp() + 3600
    assert figure("credential_changed_timestamp_seconds", credential=credential) == at.timestamp()
    assert figure("credential_ends_timestamp_seconds", credential=credential) == at.timestamp() + 7200
    assert figure("grant_state", account=ACCOUNT, state="expiring") == 1
    assert figure("grant_state", account=ACCOUNT, state="live") == 0


async def test_health_tells_of_each_grant_and_shows_no_secret(vault: Vault) -> None:
    await vault.look()
    await vault.work()
    seen = watch(vault.store, vault.clock, ACCOUNT)
    assert (await health(seen))[0] == 503  # nothing was read yet
    await seen.look()
    status, body = await health(seen)
    assert (status, body["status"], body["secret_store"]) == (200, "ok", "answers")
    assert "canary" not in str(body)
    vault.intuit.good = "somebody-elses"
    await vault.refuse(1)
    await vault.work()
    await seen.look()
    status, body = await health(seen)
    assert (status, body["status"]) == (503, "degraded")
    assert "'state': 'dead', 'cause': 'refused'" in str(body)


async def test_health_says_that_the_store_is_away_and_figures_stay(vault: Vault) -> None:
    await vault.look()
    await vault.work()
    seen = watch(vault.store, vault.clock, ACCOUNT)
    await seen.look()
    vault.store.away = True
    vault.clock.advance(timedelta(minutes=1))
    await seen.look()
    status, body = await health(seen)
    assert (status, body["secret_store"]) == (503, "away")
    assert figure("grant_state", account=ACCOUNT, state="live") == 1


async def test_absent_store_ends_no_process_that_watches() -> None:
    store, stop = MoodyStore(), asyncio.Event()
    store.away = True
    watching = asyncio.create_task(watch(store, FakeClock(), ACCOUNT).run(stop))
    await asyncio.sleep(0.01)
    stop.set()
    await watching
    assert store.reads == 1


def test_shipped_policy_reminds_as_the_default_does() -> None:
    shipped = load_policy(Path(__file__).parents[3] / "config")
    assert shipped.grants.remind_before_end_days == Policy().grants.remind_before_end_days == (30, 14, 7, 2)
