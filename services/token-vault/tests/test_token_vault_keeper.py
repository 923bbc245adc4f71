"""The keeper: one grant call however many ask, and no grant lost that could be kept."""

import asyncio
from datetime import timedelta

import pytest
from keeper_lab import ACCOUNT, FILE, Vault
from pydantic import SecretStr

from plumbline.common.http import NotSentError
from plumbline.common.secrets.grants import GrantDelayedError, GrantRefusedError, GrantUnknownError
from plumbline.common.testing.figures import figure
from plumbline.common.testing.waiting import eventually
from plumbline.token_vault.domain import Cause, State
from plumbline.token_vault.importing import import_grants

pytest_plugins = ["keeper_fixtures"]

DEADLINE = timedelta(seconds=31)
NEAR = timedelta(days=30)


async def test_first_look_renews_once_and_lends_the_token(vault: Vault) -> None:
    await vault.look()
    await vault.work()
    assert (vault.intuit.calls, await vault.lent()) == (1, (1, False))


async def test_fresh_grant_is_left_alone(vault: Vault) -> None:
    for _ in range(3):
        await vault.look()
        await vault.work()
    assert vault.intuit.calls == 1


async def test_grant_is_renewed_while_a_quarter_of_its_life_is_left(vault: Vault) -> None:
    await vault.look()
    await vault.work()
    await vault.work(timedelta(minutes=35))
    assert vault.intuit.calls == 1
    await vault.work(timedelta(minutes=10, seconds=1))
    assert vault.intuit.calls == 2
    assert await vault.changes() == ["renewed", "renewed"]


async def test_keepers_without_a_common_queue_call_once(vault: Vault) -> None:
    vault.intuit.slow_s = 0.05
    held = await vault.held()
    ended = await asyncio.gather(
        *(vault.keepers[n % 2]._renew(held, 0) for n in range(10)), return_exceptions=True
    )
    assert vault.intuit.calls == 1
    assert sum(not isinstance(e, BaseException) for e in ended) == 1


async def test_lost_answer_is_tried_once_more_with_the_old_value_after_the_deadline(vault: Vault) -> None:
    vault.intuit.lose_answers = 1
    await vault.look()
    await vault.work()
    await vault.work(timedelta(seconds=20))
    assert vault.intuit.calls == 1
    assert (await vault.held()).state(vault.clock.now(), near=NEAR) is State.RENEWING
    await vault.work(DEADLINE)
    assert vault.intuit.seen == ["r0-canary", "r0-canary"]
    assert await vault.lent() == (1, False)
    assert await vault.changes() == ["uncertain", "recovered"]


async def test_old_value_that_is_refused_after_a_lost_answer_is_told_apart_from_a_dead_grant(
    vault: Vault,
) -> None:
    vault.intuit.lose_answers, vault.intuit.good = 1, "r0-canary"
    await vault.look()
    await vault.work()
    vault.intuit.good = "rotated-where-nobody-saw-it"
    await vault.work(DEADLINE)
    assert (await vault.held()).cause is Cause.ANSWER_LOST
    assert await vault.changes() == ["uncertain", "dead"]
    assert any("answer-lost: The answer to a renewal was lost" in event for event in await vault.events())


async def test_provider_that_fails_for_hours_kills_no_grant(vault: Vault) -> None:
    vault.intuit.fails = [GrantUnknownError() for _ in range(20)]
    await vault.look()
    for _ in range(60):
        await vault.work(timedelta(minutes=6))
    assert vault.intuit.calls >= 21
    assert (await vault.held()).cause is None
    assert (await vault.changes())[:2] == ["uncertain", "recovered"]


@pytest.mark.parametrize("error", [NotSentError("away"), GrantDelayedError(retry_after=timedelta(seconds=9))])
async def test_call_without_effect_leaves_no_doubt(vault: Vault, error: Exception) -> None:
    vault.intuit.fails = [error]
    await vault.look()
    await vault.work()
    held = await vault.held()
    assert (held.intent, held.uncertain) == (None, False)
    await vault.work(timedelta(seconds=10))
    assert (vault.intuit.calls, await vault.changes()) == (2, ["renewed"])


@pytest.mark.parametrize("reason", ["invalid_client", "unauthorized_client", "invalid_scope", "unauthorized"])
async def test_refusal_of_the_app_does_not_kill_the_grant(vault: Vault, reason: str) -> None:
    vault.intuit.fails = [GrantRefusedError(reason)]
    await vault.look()
    await vault.work()
    assert (await vault.held()).cause is None
    assert any('"code":"grant-refused"' in event for event in await vault.events())
    await vault.resume()
    await vault.work()
    assert await vault.lent() == (1, False)


async def test_dead_grant_parks_and_says_so_once(vault: Vault) -> None:
    vault.intuit.good = "somebody-elses"
    for _ in range(3):
        await vault.look()
        await vault.work()
    assert vault.intuit.calls == 1
    assert (await vault.held()).cause is Cause.REFUSED
    events = await vault.events()
    assert sum('"change":"dead"' in event for event in events) == 1
    assert sum('"change":"parked"' in event for event in events) == 1


async def test_resuming_a_dead_grant_tries_it_once_as_it_is(vault: Vault) -> None:
    vault.intuit.good = "somebody-elses"
    await vault.look()
    await vault.work()
    await vault.resume()
    await vault.work()
    await vault.work()
    assert vault.intuit.calls == 2
    vault.intuit.good = "r0-canary"
    await vault.resume()
    await vault.work()
    assert vault.intuit.calls == 3
    assert await vault.changes() == ["dead", "recovered"]


async def test_new_grant_recovers_a_dead_account(vault: Vault) -> None:
    vault.intuit.good = "somebody-elses"
    await vault.look()
    await vault.work()
    vault.intuit.good = "r9-canary"
    grant = FILE.grants[ACCOUNT].model_copy(update={"refresh_token": SecretStr("r9-canary")})
    new = FILE.model_copy(update={"grants": {ACCOUNT: grant}})
    assert await import_grants(vault.store, new) == [ACCOUNT]
    await vault.look()
    await vault.work()
    assert await vault.lent() == (1, False)
    assert await vault.changes() == ["dead", "recovered"]


async def test_store_that_takes_no_write_lets_no_call_be_made(vault: Vault) -> None:
    await vault.look()
    vault.store.read_only = True
    await vault.work()
    assert vault.intuit.calls == 0
    vault.store.read_only = False
    await vault.work(timedelta(seconds=6))
    assert (vault.intuit.calls, await vault.changes()) == (1, ["renewed"])


async def test_answer_is_kept_while_the_store_is_away(vault: Vault) -> None:
    vault.intuit.slow_s = 0.1
    await vault.look()
    working = asyncio.create_task(vault.work())
    await eventually(vault.called)
    vault.store.away = True
    await asyncio.sleep(0.3)
    vault.store.away = False
    await working
    assert (vault.intuit.calls, await vault.lent(), await vault.changes()) == (1, (1, False), ["renewed"])


async def test_answer_that_was_stored_unheard_is_not_stored_twice(vault: Vault) -> None:
    await vault.look()
    vault.store.lose_answer_to_write(2)  # the first is the intent
    await vault.work()
    assert ((await vault.held()).version, vault.intuit.calls) == (1, 1)


@pytest.mark.parametrize(("good", "outcome"), [("r0-canary", "renewed"), ("somebody-elses", "refused")])
async def test_renewals_are_counted_by_their_outcome(vault: Vault, good: str, outcome: str) -> None:
    before = figure("token_renewals_total", provider="quickbooks", outcome=outcome)
    vault.intuit.good = good
    await vault.look()
    await vault.work()
    assert figure("token_renewals_total", provider="quickbooks", outcome=outcome) == before + 1


async def test_no_secret_leaves_the_store(vault: Vault, capfd: pytest.CaptureFixture[str]) -> None:
    await vault.look()
    await vault.work()
    vault.intuit.good = "somebody-elses"
    await vault.refuse(1)
    await vault.work()
    shown = repr(await vault.held()) + repr(vault.keepers) + "".join(await vault.events())
    captured = capfd.readouterr()
    assert "canary" not in shown + captured.out + captured.err
