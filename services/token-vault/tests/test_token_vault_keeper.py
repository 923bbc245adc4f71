"""The keeper: one grant call however many ask, and no grant lost that could be kept."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from pydantic import SecretStr

from plumbline.common.clock import SystemClock
from plumbline.common.connections import ConfigurationError
from plumbline.common.database import COMMON_MIGRATIONS, Pool, borrowed, migrate, open_pool, transaction
from plumbline.common.listening import Bell
from plumbline.common.reconciling.loop import Reconciler
from plumbline.common.reconciling.store import WorkStore, mark
from plumbline.common.secrets.access import access_path, access_token
from plumbline.common.secrets.embedded import EmbeddedSecretStore, migrate_embedded
from plumbline.common.secrets.grants import Grant, GrantRefusedError, GrantUnknownError
from plumbline.common.secrets.keyfile import Key, Keys
from plumbline.common.testing.figures import figure
from plumbline.common.testing.secrets import MemorySecretStore
from plumbline.token_vault.adapters.refusals import PostgresRefusals
from plumbline.token_vault.adapters.shelf import SecretShelf
from plumbline.token_vault.domain import App, HeldGrant
from plumbline.token_vault.handlers import looks
from plumbline.token_vault.importing import GrantsFile, import_grants, read_grants
from plumbline.token_vault.service import Expiries, Keeper

ACCOUNT = "quickbooks/9341"
FILE = GrantsFile.model_validate(
    {
        "apps": {ACCOUNT: {"client_id": "c", "client_secret": "app-canary"}},
        "grants": {ACCOUNT: {"app": ACCOUNT, "refresh_token": "r0-canary"}},
        "webhooks": ["lone-star"],
    }
)


@dataclass
class FakeIntuit:
    """An authorization server with one-time refresh tokens that counts its calls."""

    calls: int = 0
    good: str = "r0-canary"
    lose_answers: int = 0
    slow_s: float = 0.0
    deadline_s: float = 0.3
    seen: list[str] = field(default_factory=list)

    async def renew(self, held: HeldGrant, app: App) -> Grant:
        self.calls += 1
        offered = held.refresh_token.get_secret_value() if held.refresh_token else ""
        self.seen.append(offered)
        now = datetime.now(UTC)
        await asyncio.sleep(self.slow_s)
        if offered != self.good:
            raise GrantRefusedError("invalid_grant")
        if self.lose_answers:
            self.lose_answers -= 1
            raise GrantUnknownError
        self.good = f"r{self.calls}-canary"
        return Grant(SecretStr(f"a{self.calls}-canary"), 3600, SecretStr(self.good), now)


@dataclass
class Vault:
    """Two replicas over one store and one database."""

    pool: Pool
    store: EmbeddedSecretStore
    intuit: FakeIntuit
    refusals: PostgresRefusals
    replicas: tuple[Reconciler, Reconciler]

    async def look(self, cause: str = "") -> None:
        async with transaction(self.pool) as connection:
            await mark(connection, looks([ACCOUNT]), now=SystemClock().now())

    async def refuse(self, version: int) -> None:
        async with transaction(self.pool) as connection:
            await self.refusals.note(connection, ACCOUNT, version)
        await self.look()

    async def work(self) -> None:
        await asyncio.sleep(0.06)  # a row that was worked on just now rests for 50 ms
        await asyncio.gather(*(replica.work_off() for replica in self.replicas))

    async def version(self) -> int:
        document = await self.store.read(access_path(ACCOUNT))
        assert document is not None
        return access_token(document).version

    async def events(self) -> list[str]:
        async with borrowed(self.pool) as connection:
            rows = await connection.fetch("SELECT value FROM outbox ORDER BY id")
        return [bytes(row["value"]).decode() for row in rows]


@pytest.fixture
async def vault(database_url: str) -> AsyncIterator[Vault]:
    await migrate(database_url, schema="token_vault", packages=[*COMMON_MIGRATIONS, "plumbline.token_vault"])
    await migrate_embedded(database_url)
    async with (
        open_pool(database_url, schema="token_vault") as pool,
        open_pool(database_url, schema="secrets", max_size=4) as sealed,
    ):
        store = EmbeddedSecretStore(sealed, keys=Keys(Key(bytes(32))))
        intuit, refusals = FakeIntuit(), PostgresRefusals(pool)
        await import_grants(store, FILE)

        def replica(name: str) -> Reconciler:
            keeper = Keeper(
                shelf=SecretShelf(store),
                providers={"quickbooks": intuit},
                refusals=refusals,
                clock=SystemClock(),
            )
            work = WorkStore(pool, replica=name, lease=timedelta(seconds=5), per_connection=1)
            return Reconciler(
                service="token-vault",
                store=work,
                handler=keeper.converge,
                clock=SystemClock(),
                bell=Bell(),
                concurrency=1,
            )

        yield Vault(pool, store, intuit, refusals, (replica("a"), replica("b")))


async def test_first_look_renews_once_and_lends_the_token(vault: Vault) -> None:
    await vault.look()
    await vault.work()
    assert (vault.intuit.calls, await vault.version()) == (1, 1)


async def test_fresh_grant_is_left_alone(vault: Vault) -> None:
    for _ in range(3):
        await vault.look()
        await vault.work()
    assert vault.intuit.calls == 1


async def test_refused_version_is_renewed_once_however_often_it_is_reported(vault: Vault) -> None:
    await vault.look()
    await vault.work()
    for _ in range(20):
        await vault.refuse(1)
    await vault.work()
    assert (vault.intuit.calls, await vault.version()) == (2, 2)


async def test_stale_request_costs_nothing(vault: Vault) -> None:
    await vault.look()
    await vault.work()
    await vault.refuse(1)
    await vault.work()
    await vault.refuse(1)
    await vault.work()
    assert vault.intuit.calls == 2


async def test_keepers_without_a_common_queue_call_once(vault: Vault) -> None:
    vault.intuit.slow_s = 0.05
    held = await SecretShelf(vault.store).held(ACCOUNT)
    assert held is not None
    keepers = [
        Keeper(
            shelf=SecretShelf(vault.store),
            providers={"quickbooks": vault.intuit},
            refusals=vault.refusals,
            clock=SystemClock(),
        )
        for _ in range(10)
    ]
    ended = await asyncio.gather(*(keeper._renew(held) for keeper in keepers), return_exceptions=True)
    assert vault.intuit.calls == 1
    assert sum(not isinstance(e, BaseException) for e in ended) == 1


async def test_lost_answer_is_tried_once_more_with_the_old_value_after_the_deadline(vault: Vault) -> None:
    vault.intuit.lose_answers = 1
    await vault.look()
    for _ in range(20):
        await vault.work()
        await asyncio.sleep(0.05)
    assert vault.intuit.seen == ["r0-canary", "r0-canary"]
    assert await vault.version() == 1


async def test_dead_grant_parks_and_says_so_once(vault: Vault) -> None:
    vault.intuit.good = "somebody-elses"
    for _ in range(3):
        await vault.look()
        await vault.work()
    assert vault.intuit.calls == 1
    events = await vault.events()
    assert sum('"change":"dead"' in event for event in events) == 1
    assert sum('"change":"parked"' in event for event in events) == 1


async def test_new_grant_recovers_a_dead_account(vault: Vault) -> None:
    vault.intuit.good = "somebody-elses"
    await vault.look()
    await vault.work()
    vault.intuit.good = "r9-canary"
    new = FILE.model_copy(
        update={
            "grants": {
                ACCOUNT: FILE.grants[ACCOUNT].model_copy(update={"refresh_token": SecretStr("r9-canary")})
            }
        }
    )
    assert await import_grants(vault.store, new) == [ACCOUNT]
    await vault.look()
    await vault.work()
    assert await vault.version() == 1
    assert any('"change":"recovered"' in event for event in await vault.events())


@pytest.mark.parametrize(("good", "outcome"), [("r0-canary", "renewed"), ("somebody-elses", "refused")])
async def test_renewals_are_counted_by_their_outcome(vault: Vault, good: str, outcome: str) -> None:
    before = figure("token_renewals_total", provider="quickbooks", outcome=outcome)
    vault.intuit.good = good
    await vault.look()
    await vault.work()
    assert figure("token_renewals_total", provider="quickbooks", outcome=outcome) == before + 1


async def test_end_of_a_token_is_told_by_every_replica(vault: Vault) -> None:
    await vault.look()
    await vault.work()
    token = await vault.store.read(access_path(ACCOUNT))
    assert token is not None
    elsewhere = Expiries(shelf=SecretShelf(vault.store), accounts=["quickbooks/never-imported", ACCOUNT])
    await elsewhere.tell()
    expires_at = access_token(token).expires_at.timestamp()
    assert figure("token_expires_timestamp_seconds", account=ACCOUNT) == expires_at


async def test_absent_store_ends_no_process_that_tells_of_tokens() -> None:
    store, stop = MemorySecretStore(), asyncio.Event()
    store.away = True
    telling = asyncio.create_task(Expiries(shelf=SecretShelf(store), accounts=[ACCOUNT]).run(stop))
    await asyncio.sleep(0.01)
    stop.set()
    await telling
    assert store.reads == 1


async def test_importing_again_keeps_the_renewed_grant_and_the_webhook_secret(vault: Vault) -> None:
    await vault.look()
    await vault.work()
    before = await vault.store.read("webhooks/procore/lone-star")
    assert await import_grants(vault.store, FILE) == []
    after = await vault.store.read("webhooks/procore/lone-star")
    assert before == after
    await vault.refuse(1)
    await vault.work()
    assert await vault.version() == 2


VERIFIER_PATH = "webhooks/quickbooks/9341"


def signing(token: str) -> GrantsFile:
    app = FILE.apps[ACCOUNT].model_copy(update={"verifier_token": SecretStr(token)})
    return FILE.model_copy(update={"apps": {ACCOUNT: app}})


async def test_new_verifier_token_is_stored_beside_the_former_one_and_an_old_file_changes_nothing(
    vault: Vault,
) -> None:
    async def accepted() -> dict[str, str]:
        document = await vault.store.read(VERIFIER_PATH)
        return {name: value.get_secret_value() for name, value in document.values.items()} if document else {}

    assert await accepted() == {}
    await import_grants(vault.store, signing("first"))
    assert await accepted() == {"current": "first"}
    await import_grants(vault.store, signing("second"))
    for again in ("second", "first"):
        await import_grants(vault.store, signing(again))
        assert await accepted() == {"current": "second", "previous": "first"}
    await import_grants(vault.store, signing("third"))
    assert await accepted() == {"current": "third", "previous": "second"}
    await import_grants(vault.store, FILE)
    assert await accepted() == {"current": "third", "previous": "second"}


@pytest.mark.parametrize(
    ("name", "token", "place"),
    [
        (ACCOUNT, "", r"apps\.quickbooks/9341\.verifier_token"),
        (ACCOUNT, "canary", r"apps\.quickbooks/9341\.verifier_token"),
        ("procore/lone-star", "canary-canary-canary", "apps: .*procore/lone-star has a verifier token"),
        ("quickbooks/a/b", "canary-canary-canary", "apps: .*quickbooks/a/b has a verifier token"),
    ],
)
def test_verifier_token_that_anybody_could_guess_or_that_is_not_intuits_is_refused(
    tmp_path: Path, name: str, token: str, place: str
) -> None:
    path = tmp_path / "grants.yaml"
    app = {"client_id": "c", "client_secret": "app-canary", "verifier_token": token}
    path.write_text(yaml.safe_dump({"apps": {name: app}}))
    with pytest.raises(ConfigurationError, match=place) as caught:
        read_grants(path)
    assert "canary" not in str(caught.value)


async def test_no_secret_leaves_the_store(vault: Vault, capfd: pytest.CaptureFixture[str]) -> None:
    await vault.look()
    await vault.work()
    held: Mapping[str, object] = {"held": await SecretShelf(vault.store).held(ACCOUNT)}
    printed = repr(held) + capfd.readouterr().out + capfd.readouterr().err + "".join(await vault.events())
    assert "canary" not in printed


def test_broken_import_file_is_refused_without_showing_a_value(tmp_path: Path) -> None:
    path = tmp_path / "grants.yaml"
    path.write_text("grants: {quickbooks/1: {refresh_token: canary}}")
    with pytest.raises(Exception, match=r"grants\.quickbooks/1\.app") as caught:
        read_grants(path)
    assert "canary" not in str(caught.value)
