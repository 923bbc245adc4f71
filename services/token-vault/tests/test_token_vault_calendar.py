"""A hundred days and five years in seconds: the real keeper, over sockets, on the sandbox's clock.

The keeper's clock is the sandbox's, right or ten minutes wrong. Nothing is waited for: the clock is set to when the
keeper wants to look again.
"""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from keeper_lab import POLICY, Tables, converged
from pydantic import SecretStr

from plumbline.common.http import partner_client
from plumbline.common.process import serving
from plumbline.common.reconciling.store import BY_OPERATOR
from plumbline.common.reconciling.verdicts import Done, Verdict, Wait, decide
from plumbline.common.testing.secrets import MemorySecretStore
from plumbline.token_vault.adapters.procore import ProcoreProvider
from plumbline.token_vault.adapters.quickbooks import QuickBooksProvider
from plumbline.token_vault.adapters.shelf import SecretShelf
from plumbline.token_vault.domain import App, Cause, FirstGrant, HeldGrant, Refusal, supplied
from plumbline.token_vault.service import Keeper
from plumbline_sandbox.assembly import Sandbox, fresh

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
SKEWS = [timedelta(0), timedelta(minutes=10), timedelta(minutes=-10)]
HOST = "127.0.0.1"


@dataclass
class SkewedClock:
    """The keeper's clock: the sandbox's, give or take."""

    sandbox: Sandbox
    ahead: timedelta = timedelta(0)

    def now(self) -> datetime:
        """Return the present moment."""
        return self.sandbox.world.clock.now() + self.ahead


@dataclass
class Calendar:
    """One account, one keeper, and the partner in the sandbox."""

    sandbox: Sandbox
    clock: SkewedClock
    account: str
    keeper: Keeper
    shelf: SecretShelf
    http: httpx.AsyncClient
    tables: Tables = field(default_factory=Tables)
    days: dict[str, list[int]] = field(default_factory=dict)
    """On which days since the beginning each change was told."""

    def __post_init__(self) -> None:
        self.began_at = self.clock.now()

    @property
    def today(self) -> int:
        """Whole days since the beginning."""
        return (self.clock.now() - self.began_at) // DAY

    async def look(self, *, cause: str = "look") -> timedelta:
        """Have the keeper look, and return when it wants to look again."""
        before = len(self.tables.told)
        try:
            verdict: Verdict = await converged(self.keeper, self.account, cause=cause)
        except Exception as error:  # noqa: BLE001  as the reconciler does
            verdict = decide(error, 0, chance=1.0)
        for change in self.tables.told[before:]:
            self.days.setdefault(change, []).append(self.today)
        match verdict:
            case Done(again_after=timedelta() as after) | Wait(after=after):
                return after
            case _:
                return HOUR

    async def held(self) -> HeldGrant:
        """Return the grant document."""
        held = await self.shelf.held(self.account)
        assert held is not None
        return held

    def pass_by(self, time: timedelta) -> None:
        """Let time pass."""
        self.sandbox.world.clock.step(time.total_seconds())

    def grants(self) -> list[Mapping[str, Any]]:
        """Return what the sandbox's journal knows of calls for tokens."""
        return [entry.facts for entry in self.sandbox.world.journal.since(0, {"token"})]

    async def is_accepted(self) -> bool:
        """Tell whether the partner takes the newest access token now."""
        token = (await self.held()).access_token
        assert token is not None
        realm = self.account.partition("/")[2]
        answer = await self.http.get(
            f"/v3/company/{realm}/companyinfo/{realm}",
            headers={"authorization": f"Bearer {token.get_secret_value()}", "accept": "application/json"},
        )
        return answer.status_code == 200


def keeper_of(tables: Tables, shelf: SecretShelf, clock: SkewedClock, **providers: Any) -> Keeper:
    return Keeper(
        shelf=shelf, providers=providers, refusals=tables, notices=tables, policy=POLICY, clock=clock
    )


@asynccontextmanager
async def quickbooks(ahead: timedelta = timedelta(0)) -> AsyncIterator[Calendar]:
    """Open a company of QuickBooks, whose customer has just agreed."""
    sandbox = fresh(1)
    realm = sandbox.seeded.realms[0]
    clock, shelf, account = (
        SkewedClock(sandbox, ahead),
        SecretShelf(MemorySecretStore()),
        f"quickbooks/{realm.id}",
    )
    await shelf.register(account, App(realm.client_id, SecretStr(realm.client_secret)))
    first = supplied(None, FirstGrant(account, account, SecretStr(realm.refresh_token)))
    assert first is not None
    await shelf.put(first)
    async with serving(sandbox.apps["quickbooks"], host=HOST, port=0) as port:
        url = f"http://{HOST}:{port}"
        async with partner_client(url) as http:
            provider = QuickBooksProvider(
                http, discovery_url=f"{url}/.well-known/openid_configuration", clock=clock, deadline_s=30
            )
            tables = Tables()
            keeper = keeper_of(tables, shelf, clock, quickbooks=provider)
            try:
                yield Calendar(sandbox, clock, account, keeper, shelf, http, tables)
            finally:
                await sandbox.world.aclose()


@pytest.mark.parametrize(
    ("ahead", "days"),
    [*((ahead, 5) for ahead in SKEWS), pytest.param(SKEWS[1], 101, marks=pytest.mark.connected)],
)
async def test_grant_in_use_lives_for_as_long_as_it_is_used_by_one_call_per_expiry(
    ahead: timedelta, days: int
) -> None:
    async with quickbooks(ahead) as calendar:
        calls = 0
        while calendar.today < days:
            after = await calendar.look()
            calls += 1
            assert timedelta(minutes=35) < after < timedelta(minutes=46)
            calendar.pass_by(after + SECOND)
            if calls % 50 == 0:
                assert await calendar.is_accepted(), "the token ended before it was renewed"
        held = await calendar.held()
        assert (held.cause, held.version, len(calendar.grants())) == (None, calls, calls)
        assert set(calendar.days) == {"renewed"}
        assert held.ends_at is not None
        assert held.ends_at - calendar.clock.now() > 100 * DAY, "its end did not move on with its use"
        assert held.refreshed_at is not None
        assert calendar.clock.now() - held.refreshed_at < 25 * HOUR  # its value changes about daily


@pytest.mark.parametrize("ahead", SKEWS)
async def test_grant_that_cannot_be_renewed_reminds_on_its_days_and_dies_on_the_last(
    ahead: timedelta,
) -> None:
    async with quickbooks(ahead) as calendar:
        await calendar.look()
        calendar.sandbox.world.faults.add({"name": "status", "match": {"path": "^/oauth2/"}})
        while calendar.today < 101:
            await calendar.look()
            calendar.pass_by(6 * HOUR)
        calendar.sandbox.world.faults.clear()
        await calendar.look()
        assert calendar.days["expiring"] == [71, 87, 94, 99]
        assert calendar.days["dead"] == [101]
        assert (await calendar.held()).cause is Cause.ANSWER_LOST


@pytest.mark.parametrize("ahead", SKEWS)
async def test_keeper_that_was_switched_off_renews_at_once_before_the_end_and_says_so_after_it(
    ahead: timedelta,
) -> None:
    async with quickbooks(ahead) as calendar:
        await calendar.look()
        calendar.pass_by(100 * DAY)
        await calendar.look()
        held = await calendar.held()
        assert (held.version, held.cause) == (2, None)
        calendar.pass_by(101 * DAY + HOUR)
        await calendar.look()
        assert (await calendar.held()).cause is Cause.EXPIRED
        assert calendar.tables.told[-1] == "dead"


async def test_consent_ends_after_five_years_with_reminders_on_their_days() -> None:
    async with quickbooks() as calendar:
        while calendar.today < 5 * 365 + 1:
            await calendar.look()
            calendar.pass_by(DAY if calendar.today >= 5 * 365 - 60 else 20 * DAY)
        assert calendar.days["expiring"] == [5 * 365 - days for days in (30, 14, 7, 2)]
        assert calendar.days["dead"] == [5 * 365]
        assert (await calendar.held()).cause is Cause.EXPIRED
        calls = len(calendar.grants())
        for _ in range(10):
            await calendar.look()
            calendar.pass_by(DAY)
        assert len(calendar.grants()) == calls, "a dead grant was asked for again"


async def test_refused_tokens_never_lead_to_the_providers_revocation() -> None:
    async with quickbooks() as calendar:
        await calendar.look()
        for _ in range(60):
            held = await calendar.held()
            if calendar.tables.refusal is None or calendar.tables.refusal.version < held.version:
                calendar.tables.refusal = Refusal(held.version, calendar.clock.now())
            await calendar.look()
            calendar.pass_by(timedelta(minutes=1))
        await calendar.look(cause=f"{BY_OPERATOR}test")
        outcomes = Counter(facts["outcome"] for facts in calendar.grants())
        assert outcomes == {"ok": 1 + 5 + 1}
        assert await calendar.is_accepted()


async def test_procore_service_account_lives_without_end_and_without_refresh_token() -> None:
    sandbox = fresh(1)
    app = sandbox.seeded.companies[0].app
    account, clock, shelf = f"procore/{app.client_id}", SkewedClock(sandbox), SecretShelf(MemorySecretStore())
    await shelf.register(account, App(app.client_id, SecretStr(app.client_secret)))
    first = supplied(None, FirstGrant(account, account))
    assert first is not None
    await shelf.put(first)
    async with (
        serving(sandbox.apps["procore"], host=HOST, port=0) as port,
        partner_client(f"http://{HOST}:{port}") as http,
    ):
        provider = ProcoreProvider(http, login_url=f"http://{HOST}:{port}", clock=clock, deadline_s=30)
        tables = Tables()
        keeper = keeper_of(tables, shelf, clock, procore=provider)
        calendar = Calendar(sandbox, clock, account, keeper, shelf, http, tables)
        while calendar.today < 3:
            after = await calendar.look()
            assert timedelta(minutes=53) < after < timedelta(minutes=68)
            calendar.pass_by(after + SECOND)
        held = await calendar.held()
        assert (held.cause, held.ends_at, held.refresh_token) == (None, None, None)
        assert len(calendar.grants()) == held.version
    await sandbox.world.aclose()
