"""A refused token: taken back on our side, replaced once, and never the beginning of a storm of grants."""

from datetime import timedelta

from keeper_lab import ACCOUNT, Vault

from plumbline.common.secrets.access import access_path
from plumbline.common.testing.figures import figure
from plumbline.token_vault.domain import Cause

pytest_plugins = ["keeper_fixtures"]


async def begun(vault: Vault) -> None:
    await vault.look()
    await vault.work()


async def stormed(vault: Vault, *, minutes: int) -> None:
    """Let every new token be refused half a minute after it came."""
    for _ in range(2 * minutes):
        version = (await vault.held()).version
        await vault.refuse(version)
        await vault.work(timedelta(seconds=30))


async def test_refused_version_is_renewed_once_however_often_it_is_reported(vault: Vault) -> None:
    await begun(vault)
    for _ in range(20):
        await vault.refuse(1)
    await vault.work()
    assert (vault.intuit.calls, await vault.lent()) == (2, (2, False))


async def test_stale_request_costs_nothing(vault: Vault) -> None:
    await begun(vault)
    await vault.refuse(1)
    await vault.work()
    for _ in range(3):
        await vault.refuse(1)
        await vault.work()
    assert vault.intuit.calls == 2


async def test_refused_version_is_taken_back_before_a_new_one_is_there(vault: Vault) -> None:
    await begun(vault)
    vault.store.read_only = True
    await vault.refuse(1)
    await vault.work()
    vault.store.read_only = False
    vault.intuit.lose_answers = 1
    await vault.work(timedelta(seconds=6))
    assert await vault.lent() == (1, True)
    document = await vault.store.read(access_path(ACCOUNT))
    assert document is not None
    assert "canary" not in "".join(value.get_secret_value() for value in document.values.values())


async def test_process_that_starts_anew_does_not_hand_out_what_was_refused(vault: Vault) -> None:
    await begun(vault)
    vault.intuit.lose_answers = 1
    await vault.refuse(1)
    await vault.work()
    for process in (vault.shelf, vault.shelf):
        await process.lend(await vault.held(), revoked=False)
    assert await vault.lent() == (1, True)


async def test_late_replica_brings_no_older_token_back(vault: Vault) -> None:
    await begun(vault)
    late, former = vault.shelf, await vault.held()
    await vault.refuse(1)
    await vault.work()
    await late.lend(former, revoked=False)
    await late.lend(former, revoked=True)
    assert await vault.lent() == (2, False)


async def test_refusal_of_a_token_never_revokes_at_the_provider(vault: Vault) -> None:
    await begun(vault)
    await stormed(vault, minutes=75)
    assert vault.intuit.revoked == 0


async def test_storm_of_refusals_costs_five_grants_and_then_asks_for_a_person(vault: Vault) -> None:
    await begun(vault)
    await stormed(vault, minutes=75)
    assert vault.intuit.calls == 1 + 5
    assert (await vault.held()).cause is Cause.REFUSED_ANEW
    assert await vault.changes() == ["renewed"] * 6 + ["dead"]
    assert await vault.lent() == (6, True)


async def test_successors_of_a_refused_token_are_asked_for_ever_later(vault: Vault) -> None:
    await begun(vault)
    calls = []
    for _ in range(16):
        await vault.refuse((await vault.held()).version)
        await vault.work(timedelta(seconds=30))
        calls.append(vault.intuit.calls)
    assert calls[:3] == [2, 2, 3]  # at once; a minute later …
    assert calls.index(4) == 12  # … and five minutes after that


async def test_tokens_that_are_refused_after_they_were_good_for_long_are_no_storm(vault: Vault) -> None:
    await begun(vault)
    for version in range(1, 7):
        await vault.work(timedelta(minutes=15))
        await vault.refuse(version)
        await vault.work()
    assert (vault.intuit.calls, (await vault.held()).cause) == (7, None)


async def test_tokens_that_are_refused_now_and_then_are_renewed_once_a_minute_and_never_given_up(
    vault: Vault,
) -> None:
    await begun(vault)
    for _ in range(4 * 75):
        await vault.refuse((await vault.held()).version, was_good=True)
        await vault.work(timedelta(seconds=15))
    assert (await vault.held()).cause is None
    assert 60 <= vault.intuit.calls <= 77


async def test_one_who_saw_a_token_work_corrects_one_who_did_not(vault: Vault) -> None:
    await begun(vault)
    await stormed(vault, minutes=8)
    version = (await vault.held()).version
    await vault.refuse(version)
    await vault.work(timedelta(minutes=2))
    assert (await vault.held()).version == version  # a quarter of an hour is to pass
    await vault.refuse(version, was_good=True)
    await vault.work()
    assert (await vault.held()).version == version + 1


async def test_operator_resumes_an_account_whose_tokens_were_refused_anew(vault: Vault) -> None:
    await begun(vault)
    await stormed(vault, minutes=75)
    await vault.resume()
    await vault.work()
    assert ((await vault.held()).cause, await vault.lent()) == (None, (7, False))
    assert (await vault.changes())[-1] == "recovered"
    await stormed(vault, minutes=75)
    assert vault.intuit.calls == 1 + 5 + 6


async def test_refusals_from_before_the_store_was_restored_cost_nothing(vault: Vault) -> None:
    await vault.refuse(9)
    await begun(vault)
    await vault.look()
    await vault.work(timedelta(minutes=1))
    assert (vault.intuit.calls, await vault.lent()) == (1, (1, False))
    await vault.work(timedelta(days=1))
    version = (await vault.held()).version
    await vault.refuse(version)
    await vault.work()
    assert await vault.lent() == (version + 1, False)


async def test_reports_about_a_dead_account_cost_no_call(vault: Vault) -> None:
    await begun(vault)
    await stormed(vault, minutes=75)
    calls = vault.intuit.calls
    await stormed(vault, minutes=75)
    assert vault.intuit.calls == calls


async def test_refusals_are_counted_once_each(vault: Vault) -> None:
    before = figure("token_refusals_total", account=ACCOUNT)
    await begun(vault)
    for version in (1, 1, 1):
        await vault.refuse(version)
    await vault.work()
    await vault.refuse(1)
    await vault.refuse(2)
    assert figure("token_refusals_total", account=ACCOUNT) == before + 2
