"""Access tokens as services see them: cached, one waiter, bounded waits, and nothing that was refused."""

import asyncio
from datetime import datetime, timedelta

import pytest
from pydantic import SecretStr

from plumbline.common.clock import Clock
from plumbline.common.contracts.operations import RenewCredential
from plumbline.common.errors import TransientError
from plumbline.common.secrets.access import (
    LOOK_AGAIN_AFTER,
    AccountTokens,
    access_path,
    access_values,
    revoked_values,
)
from plumbline.common.secrets.tokens import LiveToken, NoLiveTokenError
from plumbline.common.testing.clock import FakeClock
from plumbline.common.testing.figures import figure
from plumbline.common.testing.secrets import MemorySecretStore

ACCOUNT = "quickbooks/9341"
HOUR = timedelta(hours=1)
SKEW = timedelta(minutes=10)


class Desk:
    """A store, token-vault's part of it, and processes that read it."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.store = MemorySecretStore()
        self.asked: list[int] = []
        self.were_good: list[bool] = []
        self.answers = True
        """Whether token-vault renews what is asked for."""

    async def lend(self, version: int, *, life: timedelta = HOUR) -> LiveToken:
        token = LiveToken(SecretStr(f"a{version}-canary"), version, self.clock.now() + life)
        await self.store.write(access_path(ACCOUNT), access_values(token), expected_version=None)
        return token

    async def take_back(self, version: int) -> None:
        await self.store.write(access_path(ACCOUNT), revoked_values(version), expected_version=None)

    async def ask(self, request: RenewCredential) -> None:
        self.asked.append(request.refused_version)
        self.were_good.append(request.was_good)
        if self.answers:
            await self.lend(request.refused_version + 1)

    def process(self, *, clock: Clock | None = None, patience_s: float = 0.25) -> AccountTokens:
        return AccountTokens(
            self.store,
            account=ACCOUNT,
            asked_by="test",
            ask=self.ask,
            clock=clock or self.clock,
            patience_s=patience_s,
        )


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_cached_token_is_read_once(desk: Desk) -> None:
    await desk.lend(1)
    tokens = desk.process()
    assert [(await tokens.live_token()).version for _ in range(100)] == [1] * 100
    assert desk.store.reads == 1


async def test_callers_without_a_token_share_one_wait(desk: Desk) -> None:
    tokens = desk.process(patience_s=5)
    callers = [asyncio.create_task(tokens.live_token()) for _ in range(200)]
    await asyncio.sleep(0.02)
    await desk.lend(1)
    assert {(await caller).version for caller in callers} == {1}
    assert desk.store.reads <= 4


async def test_no_token_is_no_answer_that_is_remembered(desk: Desk) -> None:
    tokens = desk.process()
    with pytest.raises(NoLiveTokenError) as raised:
        await tokens.live_token()
    assert raised.value.holds_connection
    await desk.lend(1)
    assert (await tokens.live_token()).version == 1


async def test_token_near_its_end_is_not_handed_out(desk: Desk) -> None:
    await desk.lend(1)
    tokens = desk.process()
    await tokens.live_token()
    desk.clock.advance(timedelta(minutes=57))
    assert (await tokens.live_token()).version == 1
    desk.clock.advance(timedelta(minutes=1, seconds=1))
    with pytest.raises(NoLiveTokenError):
        await tokens.live_token()


async def test_cached_token_goes_on_while_the_store_is_away(desk: Desk) -> None:
    await desk.lend(1)
    tokens = desk.process()
    await tokens.live_token()
    desk.store.away = True
    desk.clock.advance(timedelta(minutes=50))
    assert [(await tokens.live_token()).version for _ in range(3)] == [1, 1, 1]


async def test_refused_token_is_replaced_by_one_request_of_all_callers(desk: Desk) -> None:
    await desk.lend(1)
    tokens = desk.process()
    refused = await tokens.live_token()
    newer = await asyncio.gather(*(tokens.replace(refused) for _ in range(50)))
    assert ({token.version for token in newer}, desk.asked) == ({2}, [1])


async def test_token_vault_is_told_whether_a_refused_token_was_good(desk: Desk) -> None:
    first = await desk.lend(1)
    tokens = desk.process()
    second = await tokens.replace(first, was_good=True)
    desk.clock.advance(HOUR / 2)  # trusted by now, so that the next refusal holds nothing
    await tokens.replace(second)
    assert (desk.asked, desk.were_good) == ([1, 2], [True, False])


async def test_refusal_of_an_older_token_costs_nothing(desk: Desk) -> None:
    first = await desk.lend(1)
    tokens = desk.process()
    await tokens.live_token()
    assert (await tokens.replace(first)).version == 2
    assert (await tokens.replace(first)).version == 2
    assert desk.asked == [1]


async def test_wait_for_a_newer_token_is_bounded_and_counted(desk: Desk) -> None:
    desk.answers = False
    refused = await desk.lend(1)
    tokens = desk.process()
    before = figure("token_wait_seconds_count", provider="quickbooks")
    with pytest.raises(NoLiveTokenError, match="came in time"):
        await tokens.replace(refused)
    assert figure("token_wait_seconds_count", provider="quickbooks") == before + 1


async def test_two_refusals_in_a_row_hold_the_account_without_a_third_request(desk: Desk) -> None:
    refused = await desk.lend(1)
    tokens = desk.process()
    newer = await tokens.replace(refused)
    for _ in range(5):
        with pytest.raises(NoLiveTokenError, match="two tokens in a row") as raised:
            await tokens.replace(newer)
    assert desk.asked == [1]
    assert raised.value.retry_after == timedelta(seconds=60)


async def test_process_that_starts_anew_does_not_get_what_was_taken_back(desk: Desk) -> None:
    desk.answers = False
    await desk.lend(1)
    await desk.take_back(1)
    with pytest.raises(NoLiveTokenError):
        await desk.process().live_token()


async def test_token_that_another_service_was_refused_is_soon_used_by_none(desk: Desk) -> None:
    await desk.lend(1)
    tokens = desk.process()
    await tokens.live_token()
    await desk.take_back(1)
    desk.clock.advance(LOOK_AGAIN_AFTER)
    await tokens.live_token()  # looks in the background
    await asyncio.sleep(0.01)
    await desk.lend(2)
    assert (await tokens.live_token()).version == 2


async def test_looking_again_makes_no_caller_wait(desk: Desk) -> None:
    await desk.lend(1)
    tokens = desk.process()
    await tokens.live_token()
    desk.store.hangs = True
    for _ in range(20):
        desk.clock.advance(timedelta(minutes=1))
        async with asyncio.timeout(1):
            assert (await tokens.live_token()).version == 1
            await asyncio.sleep(0)  # what looks in the background begins
    assert desk.store.reads == 2


async def test_token_vault_that_cannot_be_asked_is_asked_again(desk: Desk) -> None:
    heard: list[int] = []

    async def deaf(request: RenewCredential) -> None:
        heard.append(request.refused_version)
        raise TransientError("Kafka is away")

    refused = await desk.lend(1)
    tokens = AccountTokens(
        desk.store, account=ACCOUNT, asked_by="t", ask=deaf, clock=desk.clock, patience_s=0.01
    )
    for _ in range(2):
        with pytest.raises(NoLiveTokenError):
            await tokens.replace(refused)
    assert heard == [1, 1]


class Skewed:
    """Another machine's clock: as the true one, but ahead or behind."""

    def __init__(self, true: FakeClock, ahead: timedelta) -> None:
        self._true = true
        self._ahead = ahead

    def now(self) -> datetime:
        """Return the present moment as this machine has it."""
        return self._true.now() + self._ahead


@pytest.mark.parametrize("ahead", [-SKEW, timedelta(0), SKEW])
@pytest.mark.parametrize("renewed_after", [timedelta(minutes=36), timedelta(minutes=45)])
async def test_machine_whose_clock_is_wrong_never_calls_with_a_token_that_has_ended(
    desk: Desk, ahead: timedelta, renewed_after: timedelta
) -> None:
    await desk.lend(1)
    tokens = desk.process(clock=Skewed(desk.clock, ahead))
    issued_at = desk.clock.now()
    for minute in range(180):
        if minute and minute % (renewed_after.seconds // 60) == 0:
            await desk.lend(1 + minute // (renewed_after.seconds // 60))
            issued_at = desk.clock.now()
        token = await tokens.live_token()
        await asyncio.sleep(0)  # what looks in the background …
        await asyncio.sleep(0)  # … ends
        assert token.expires_at > desk.clock.now(), "the provider would have refused it"
        assert issued_at <= desk.clock.now()
        desk.clock.advance(timedelta(minutes=1))
    assert desk.asked == []


def test_no_token_is_shown() -> None:
    token = LiveToken(SecretStr("a1-canary"), 1, FakeClock().now())
    assert "canary" not in repr(token) + str(token)
