"""Connecting and disconnecting beside keepers at work: what waited goes on, and each change is told once."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from keeper_lab import ACCOUNT, FakeIntuit, Vault, opened
from pydantic import SecretStr
from typing_extensions import override

from plumbline.common.connections import ConnectionConfig, Connections, ProcoreSide, QuickBooksSide
from plumbline.common.database import borrowed
from plumbline.common.secrets.grants import Grant
from plumbline.common.testing.clock import FakeClock
from plumbline.common.testing.waiting import eventually
from plumbline.token_vault.adapters.codes import PostgresCodes
from plumbline.token_vault.consenting import Connecting, Outcome, ProviderName
from plumbline.token_vault.disconnecting import Disconnecting
from plumbline.token_vault.domain import App, Consent
from plumbline.token_vault.handlers import waking

CONNECTION = ConnectionConfig(
    name="lone-star",
    procore=ProcoreSide(account="procore/suite", company_id="1", projects=("1",)),
    quickbooks=QuickBooksSide(realm=ACCOUNT.partition("/")[2]),
)


class ConsentedIntuit(FakeIntuit):
    """Gives a grant for any code."""

    @override
    async def exchange(self, code: SecretStr, consent: Consent, app: App) -> Grant:
        """Give the next grant."""
        self.calls += 1
        return self.grant()


class AnyToken:
    """Everything is proven."""

    async def prove(self, provider: ProviderName, connection: ConnectionConfig, grant: Grant) -> str:
        """Be content."""
        return "somebody"


@dataclass
class Reconnection:
    """An operator beside two keepers."""

    vault: Vault
    intuit: ConsentedIntuit
    connecting: Connecting
    disconnecting: Disconnecting

    async def connect(self, code: str) -> Outcome:
        seat = await self.connecting.seat("lone-star", "quickbooks")
        consent = Consent("http://localhost:8399/callback", SecretStr("s"), SecretStr("v"))
        return await self.connecting.complete(
            seat, consent, code=SecretStr(code), realm=CONNECTION.quickbooks.realm
        )

    async def called(self) -> bool:
        return bool(self.intuit.seen)

    async def parked(self) -> int:
        async with borrowed(self.vault.pool) as connection:
            waiting: int = await connection.fetchval(
                "SELECT count(*) FROM work WHERE parked_at IS NOT NULL AND due_at IS NULL"
            )
        return waiting


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Reconnection]:
    intuit = ConsentedIntuit(FakeClock())
    async with opened(database_url, ("quickbooks", intuit)) as vault:
        intuit.clock = vault.clock
        wake, providers = waking(vault.pool, vault.clock), {"quickbooks": intuit}
        yield Reconnection(
            vault=vault,
            intuit=intuit,
            connecting=Connecting(
                shelf=vault.shelf,
                providers=providers,
                proof=AnyToken(),
                codes=PostgresCodes(vault.pool),
                connections=Connections({"lone-star": CONNECTION}),
                wake=wake,
            ),
            disconnecting=Disconnecting(shelf=vault.shelf, providers=providers, clock=vault.clock, wake=wake),
        )


async def test_dead_account_that_is_connected_again_goes_on_and_says_so(desk: Reconnection) -> None:
    await desk.vault.look()
    await desk.vault.work()
    desk.intuit.good = "somebody-elses"
    await desk.vault.refuse(1)
    await desk.vault.work()
    assert await desk.parked() == 1
    outcome = await desk.connect("c1")
    await desk.vault.work()
    assert (outcome.version, await desk.vault.lent()) == (2, (2, False))
    assert await desk.parked() == 0
    assert await desk.vault.changes() == ["renewed", "dead", "recovered"]
    await desk.vault.refuse(2)
    await desk.vault.work()
    assert await desk.vault.lent() == (3, False)


async def test_disconnected_account_is_told_dead_and_its_token_is_taken_back(desk: Reconnection) -> None:
    await desk.connect("c1")
    await desk.vault.work()
    await desk.disconnecting.disconnect(ACCOUNT)
    await desk.vault.work()
    assert await desk.vault.lent() == (1, True)
    assert desk.intuit.revoked == 1
    told = [event for event in await desk.vault.events() if '"change":"dead"' in event]
    assert len(told) == 1
    assert "disconnected" in told[0]
    calls = desk.intuit.calls
    await desk.vault.look()
    await desk.vault.work()
    assert desk.intuit.calls == calls


async def test_renewal_under_way_neither_kills_nor_overwrites_what_was_connected(desk: Reconnection) -> None:
    await desk.connect("c1")
    await desk.vault.work()
    desk.intuit.slow_s = 0.3
    await desk.vault.refuse(1)
    renewing = asyncio.create_task(desk.vault.work())
    await eventually(desk.called)
    await desk.connect("c2")
    connected = await desk.vault.held()
    await renewing  # and is refused: its refresh token is no more
    assert await desk.vault.held() == connected
    assert (connected.version, connected.cause, await desk.vault.lent()) == (2, None, (1, True))
    await desk.vault.work()
    assert await desk.vault.lent() == (2, False)
