"""Two replicas of the keeper over one store and one database, and an authorization server that counts.

Time passes only when it is told to.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from pydantic import SecretStr
from typing_extensions import override

from plumbline.common.contracts.operations import RenewCredential
from plumbline.common.database import (
    COMMON_MIGRATIONS,
    Connection,
    Pool,
    borrowed,
    migrate,
    open_pool,
    transaction,
)
from plumbline.common.edge import Received
from plumbline.common.listening import Bell
from plumbline.common.reconciling.loop import Claim, Reconciler
from plumbline.common.reconciling.marks import Lane
from plumbline.common.reconciling.store import BY_OPERATOR, Claimed, WorkStore, mark, resume
from plumbline.common.reconciling.verdicts import Verdict
from plumbline.common.secrets.access import access_path, lent_version
from plumbline.common.secrets.grants import Grant, GrantRefusedError, GrantUnknownError
from plumbline.common.secrets.port import SecretStoreUnavailableError
from plumbline.common.testing.clock import FakeClock
from plumbline.common.testing.secrets import MemorySecretStore
from plumbline.token_vault.adapters.notices import PostgresNotices
from plumbline.token_vault.adapters.refusals import PostgresRefusals
from plumbline.token_vault.adapters.shelf import SecretShelf
from plumbline.token_vault.domain import App, Consent, HeldGrant, Known, News, Refusal, slug
from plumbline.token_vault.handlers import looks, recording
from plumbline.token_vault.importing import GrantsFile, import_grants
from plumbline.token_vault.policy import Policy
from plumbline.token_vault.ports import Provider
from plumbline.token_vault.service import Keeper

ACCOUNT = "quickbooks/9341"
FILE = GrantsFile.model_validate(
    {
        "apps": {ACCOUNT: {"client_id": "c", "client_secret": "app-canary"}},
        "grants": {ACCOUNT: {"app": ACCOUNT, "refresh_token": "r0-canary"}},
        "webhooks": ["lone-star"],
    }
)

POLICY = Policy()


class MoodyStore(MemorySecretStore):
    """A store that may be read and not written, or that loses its answer to a write."""

    def __init__(self) -> None:
        super().__init__()
        self.read_only = False
        self.loses_answer_to_write: int | None = None
        self._writes = 0

    @override
    async def write(self, path: str, values: Mapping[str, str], *, expected_version: int | None) -> int:
        if self.read_only:
            raise SecretStoreUnavailableError("the store was told to take no writes")
        version = await super().write(path, values, expected_version=expected_version)
        self._writes += 1
        if self._writes == self.loses_answer_to_write:
            raise SecretStoreUnavailableError("the answer was lost")
        return version

    def lose_answer_to_write(self, number: int) -> None:
        """Lose the answer to this write from now."""
        self.loses_answer_to_write = self._writes + number


@dataclass
class FakeIntuit:
    """An authorization server with one-time refresh tokens that counts its calls."""

    clock: FakeClock
    calls: int = 0
    good: str = "r0-canary"
    lose_answers: int = 0
    slow_s: float = 0.0
    deadline_s: float = 30.0
    access_life_s: int = 3600
    refresh_life_s: int | None = None
    hard_life_s: int | None = None
    seen: list[str] = field(default_factory=list)
    revoked: int = 0
    fails: list[Exception] = field(default_factory=list)
    """What the next calls raise, before they do anything."""

    async def renew(self, held: HeldGrant, app: App) -> Grant:
        """Trade the good refresh token for the next one."""
        self.calls += 1
        if self.fails:
            raise self.fails.pop(0)
        offered = held.refresh_token.get_secret_value() if held.refresh_token else ""
        self.seen.append(offered)
        await asyncio.sleep(self.slow_s)
        if offered != self.good:
            raise GrantRefusedError("invalid_grant")
        if self.lose_answers:
            self.lose_answers -= 1
            raise GrantUnknownError
        return self.grant()

    def grant(self) -> Grant:
        """Give the next grant."""
        self.good = f"r{self.calls}-canary"
        return Grant(
            access_token=SecretStr(f"a{self.calls}-canary"),
            expires_in_s=self.access_life_s,
            refresh_token=SecretStr(self.good),
            created_at=self.clock.now(),
            refresh_expires_in_s=self.refresh_life_s,
            refresh_hard_expires_in_s=self.hard_life_s,
        )

    async def consent_url(self, consent: Consent, app: App) -> str:
        """Nobody consents here."""
        raise NotImplementedError

    async def exchange(self, code: SecretStr, consent: Consent, app: App) -> Grant:
        """Nobody consents here."""
        raise NotImplementedError

    async def revoke(self, held: HeldGrant, app: App) -> None:
        """Count."""
        self.revoked += 1


@dataclass
class Tables:
    """`Refusals` and `Notices` in memory."""

    refusal: Refusal | None = None
    told: list[str] = field(default_factory=list)
    _known: Known = field(default_factory=Known)

    async def newest(self, account: str) -> Refusal | None:
        """See `Refusals`."""
        return self.refusal

    async def known(self, account: str) -> Known:
        """See `Notices`."""
        return self._known

    async def tell(self, connection: Connection, *, held: HeldGrant, news: News) -> None:
        """See `Notices`."""
        self.told += [change for change, _ in news.changes]
        self._known = news.known


class NoQueue(WorkStore):
    """No common queue: any number of keepers may work on an account at the same time."""

    def __init__(self) -> None:
        """Hold nothing."""

    @override
    @asynccontextmanager
    async def fenced(self, claimed: Claimed) -> AsyncIterator[Connection]:
        connection: Any = None
        yield connection


async def converged(keeper: Keeper, account: str = ACCOUNT, *, cause: str = "look") -> Verdict:
    """Have a keeper look at an account, and store what its verdict says."""
    row = Claimed(account, slug(account), Lane.LIVE, 1, 1, 0, None, False, None, (cause,), None)
    verdict = await keeper.converge(Claim(row, NoQueue()))
    if (store := getattr(verdict, "store", None)) is not None:
        await store(None)
    return verdict


@dataclass
class Vault:
    """The two replicas, and what they work with."""

    pool: Pool
    clock: FakeClock
    store: MoodyStore
    intuit: FakeIntuit
    refusals: PostgresRefusals
    keepers: tuple[Keeper, Keeper]
    replicas: tuple[Reconciler, Reconciler]

    @property
    def shelf(self) -> SecretShelf:
        """The shelf of a process that has just begun."""
        return SecretShelf(self.store)

    async def look(self) -> None:
        """Have the account looked at."""
        async with transaction(self.pool) as connection:
            await mark(connection, looks([ACCOUNT]), now=self.clock.now())

    async def refuse(self, version: int, *, was_good: bool = False) -> None:
        """Report a refused version, as the edge does."""
        request = RenewCredential(
            account=ACCOUNT, refused_version=version, was_good=was_good, asked_by="test"
        )
        async with transaction(self.pool) as connection:
            await recording(self.refusals, self.clock)(connection, [Received(request, "e", None)])

    async def resume(self) -> None:
        """Do as `plumbline resume` does."""
        async with transaction(self.pool) as connection:
            cause = f"{BY_OPERATOR}{self.clock.now()}"
            await resume(connection, keys=[ACCOUNT], cause=cause, now=self.clock.now())

    async def work(self, after: timedelta = timedelta(milliseconds=60)) -> None:
        """Let time pass, and both replicas do what is due then."""
        self.clock.advance(after)
        await asyncio.gather(*(replica.work_off() for replica in self.replicas))

    async def called(self) -> bool:
        """Tell whether the authorization server was asked."""
        return bool(self.intuit.seen)

    async def held(self) -> HeldGrant:
        """Return the grant document."""
        held = await self.shelf.held(ACCOUNT)
        assert held is not None
        return held

    async def lent(self) -> tuple[int, bool]:
        """Return which version services can read, and whether it was taken back."""
        document = await self.store.read(access_path(ACCOUNT))
        return (0, False) if document is None else lent_version(document)

    async def events(self) -> list[str]:
        """Return every message that was written."""
        async with borrowed(self.pool) as connection:
            rows = await connection.fetch("SELECT value FROM outbox ORDER BY id")
        return [bytes(row["value"]).decode() for row in rows]

    async def changes(self) -> list[str]:
        """Return what was told of the grant, in order."""
        told = [json.loads(event) for event in await self.events()]
        return [event["change"] for event in told if "account" in event]


@asynccontextmanager
async def opened(database_url: str, *providers: tuple[str, Provider]) -> AsyncIterator[Vault]:
    """Open two replicas; other providers than the fake Intuit take its place."""
    await migrate(database_url, schema="token_vault", packages=[*COMMON_MIGRATIONS, "plumbline.token_vault"])
    async with open_pool(database_url, schema="token_vault") as pool:
        clock, store = FakeClock(), MoodyStore()
        intuit, refusals = FakeIntuit(clock), PostgresRefusals(pool)
        await import_grants(store, FILE)

        def keeper() -> Keeper:
            return Keeper(
                shelf=SecretShelf(store),
                providers={"quickbooks": intuit, **dict(providers)},
                refusals=refusals,
                notices=PostgresNotices(pool, clock=clock, source="token-vault"),
                policy=POLICY,
                clock=clock,
            )

        def replica(name: str, keeper: Keeper) -> Reconciler:
            work = WorkStore(pool, replica=name, lease=timedelta(seconds=5), per_connection=1)
            return Reconciler(
                service="token-vault",
                store=work,
                handler=keeper.converge,
                clock=clock,
                bell=Bell(),
                concurrency=1,
            )

        keepers = (keeper(), keeper())
        replicas = (replica("a", keepers[0]), replica("b", keepers[1]))
        yield Vault(pool, clock, store, intuit, refusals, keepers, replicas)
