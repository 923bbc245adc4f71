"""Two replicas of token-vault that rotate, over one store and one database, with an Intuit that knows its app's secret.

Time passes only when it is told to, but for the age of reports, which the database's clock tells.
"""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from keeper_lab import ACCOUNT, FakeIntuit, MoodyStore
from pydantic import SecretStr
from typing_extensions import override

from plumbline.common.connections import ConnectionConfig, Connections
from plumbline.common.contracts.operations import SecretsReport
from plumbline.common.database import COMMON_MIGRATIONS, Pool, borrowed, migrate, open_pool, transaction
from plumbline.common.edge import Received
from plumbline.common.listening import Bell
from plumbline.common.reconciling.loop import Handler, Reconciler
from plumbline.common.reconciling.store import WorkStore, mark
from plumbline.common.secrets.grants import Grant, GrantRefusedError
from plumbline.common.secrets.port import SecretDocument, SecretStore, SecretStoreUnavailableError
from plumbline.common.secrets.webhooks import WebhookSecret, webhook_path
from plumbline.common.testing.clock import FakeClock
from plumbline.common.testing.crashing import Doom, DoomedPool
from plumbline.common.testing.database import expire_leases
from plumbline.token_vault.adapters.notices import PostgresNotices
from plumbline.token_vault.adapters.refusals import PostgresRefusals
from plumbline.token_vault.adapters.rotations import PostgresRotations
from plumbline.token_vault.adapters.secrets import StoredApps, StoredWebhooks
from plumbline.token_vault.adapters.shelf import SecretShelf
from plumbline.token_vault.domain import App, HeldGrant
from plumbline.token_vault.handlers import looks, reporting
from plumbline.token_vault.importing import GrantsFile, import_grants
from plumbline.token_vault.policy import Policy
from plumbline.token_vault.ports import Shelf
from plumbline.token_vault.rotating import Parts, register_of
from plumbline.token_vault.rotation.grants import OfferedShelf, at_once
from plumbline.token_vault.rotation.ports import HeldApp
from plumbline.token_vault.rotation.register import Register
from plumbline.token_vault.rotation.table import Row
from plumbline.token_vault.service import Keeper
from plumbline.token_vault.settings import Settings

HOOK = webhook_path("procore", "lone-star")
TOKEN = webhook_path("quickbooks", "intuit")
BOOKS_APP = f"apps/{ACCOUNT}"
SITE_APP = "apps/procore/8"
SITE = "procore/8"
PROJECTS = ("6778", "6779")
VERIFIER = "verifier-canary-of-the-app"

FILE = GrantsFile.model_validate(
    {
        "apps": {
            ACCOUNT: {"client_id": "c", "client_secret": "app-canary"},
            SITE: {"client_id": "s", "client_secret": "site-canary"},
            "quickbooks/intuit": {"client_id": "i", "client_secret": "i-canary", "verifier_token": VERIFIER},
        },
        "grants": {ACCOUNT: {"app": ACCOUNT, "refresh_token": "r0-canary"}, SITE: {"app": SITE}},
        "webhooks": ["lone-star"],
    }
)

CONNECTION = ConnectionConfig.model_validate(
    {
        "name": "lone-star",
        "procore": {"account": SITE, "company_id": "8", "projects": PROJECTS},
        "quickbooks": {"realm": ACCOUNT.split("/")[1], "app": "intuit"},
    }
)

LOOK = timedelta(seconds=10)


class Partner(FakeIntuit):
    """An authorization server that knows one secret of its app, and may not answer."""

    secret: str = "app-canary"

    @override
    async def renew(self, held: HeldGrant, app: App) -> Grant:
        self.proves(app)
        return await super().renew(held, app)

    def proves(self, app: App) -> None:
        """Refuse another secret than the one that is known."""
        if app.client_secret.get_secret_value() != self.secret:
            raise GrantRefusedError("invalid_client")


class Site(Partner):
    """Procore: asked for client credentials, there is nothing to offer but the secret."""

    secret = "site-canary"

    @override
    async def renew(self, held: HeldGrant, app: App) -> Grant:
        self.proves(app)
        self.calls += 1
        return replace(self.grant(), refresh_token=None)


@dataclass
class DoomedStore:
    """A store whose every read and write is a step."""

    real: SecretStore
    doom: Doom

    async def read(self, path: str) -> SecretDocument | None:
        """See `SecretStore`."""
        away = SecretStoreUnavailableError("the answer was lost")
        return await self.doom.step(f"read {path}", lambda: self.real.read(path), error=away)

    async def write(self, path: str, values: Mapping[str, str], *, expected_version: int | None) -> int:
        """See `SecretStore`."""
        away = SecretStoreUnavailableError("the answer was lost")
        write = partial(self.real.write, path, values, expected_version=expected_version)
        return await self.doom.step(f"write {path}", write, error=away)


@dataclass
class Life:
    """One life of a replica."""

    register: Register
    replica: Reconciler


@dataclass
class Lab:
    """What rotates, and what surrounds it."""

    pool: Pool
    clock: FakeClock
    store: SecretStore
    settings: Settings
    policy: Policy = field(default_factory=Policy)
    books: Partner = field(init=False)
    site: Site = field(init=False)
    life: Life = field(init=False)

    def __post_init__(self) -> None:
        self.books, self.site = Partner(self.clock), Site(self.clock)
        self.life = self.new_life()

    @property
    def register(self) -> Register:
        """The register of the present life."""
        return self.life.register

    def new_life(self, doom: Doom | None = None) -> Life:
        """Begin a life, which may be doomed."""
        pool = self.pool if doom is None else DoomedPool(self.pool, doom)
        store = self.store if doom is None else DoomedStore(self.store, doom)
        rotations = PostgresRotations(pool, clock=self.clock, source="token-vault")
        shelf = SecretShelf(store)

        def keeper(grants: Shelf, policy: Policy) -> Handler:
            return Keeper(
                shelf=grants,
                providers={"quickbooks": self.books, "procore": self.site},
                refusals=PostgresRefusals(pool),
                notices=PostgresNotices(pool, clock=self.clock, source="token-vault"),
                policy=policy,
                clock=self.clock,
            ).converge

        def eager(offered: App | None) -> Handler:
            return keeper(shelf if offered is None else OfferedShelf(shelf, offered), at_once(self.policy))

        async def site_proof(app: App) -> None:
            self.site.proves(app)

        register = register_of(
            Parts(
                settings=self.settings,
                connections=Connections({CONNECTION.name: CONNECTION}),
                policy=self.policy,
                store=store,
                grants=shelf,
                rotations=rotations,
                keeper=keeper(shelf, self.policy),
                eager=eager,
                proofs={"procore": site_proof},
                clock=self.clock,
            )
        )
        work = WorkStore(pool, replica="token-vault-1", lease=timedelta(minutes=1), per_connection=1)
        replica = Reconciler(
            service="token-vault",
            store=work,
            handler=register.converge,
            clock=self.clock,
            bell=Bell(),
            concurrency=1,
        )
        return Life(register, replica)

    async def work(self, after: timedelta = LOOK) -> None:
        """Let time pass, and work off what is due then."""
        self.clock.advance(after)
        await self.life.replica.work_off()

    async def begin(self) -> None:
        """Have everything looked at, as at a start."""
        async with transaction(self.pool) as connection:
            await mark(connection, looks([ACCOUNT, SITE]), now=self.clock.now())
        await self.register.look()
        await self.work()

    async def heard(
        self, says: str, reporter: str, version: int, *, of: str = HOOK, trouble: str = ""
    ) -> None:
        """Take a report, as the edge does."""
        report = SecretsReport.model_validate(
            {
                "reporter": reporter,
                "says": says,
                "versions": {of: version},
                "trouble": trouble,
                "at": self.clock.now(),
            }
        )
        rotations = PostgresRotations(self.pool, clock=self.clock, source="token-vault")
        async with transaction(self.pool) as connection:
            await reporting(rotations)(connection, [Received(report, "e", None)])

    async def accepted(self, version: int, *replicas: str) -> None:
        """Let replicas accept a version."""
        for name in replicas or ("ingest-1", "ingest-2"):
            await self.heard("accepts", name, version)

    async def shown(self, version: int) -> None:
        """Let every hook show a version."""
        for project in PROJECTS:
            await self.heard("shows", f"hooks/lone-star/{project}", version)

    async def hook(self) -> WebhookSecret:
        """Return the webhook secret."""
        held = await StoredWebhooks(self.store).held(HOOK)
        assert held is not None
        return held.secret

    async def token(self) -> WebhookSecret:
        """Return the verifier token."""
        held = await StoredWebhooks(self.store).held(TOKEN)
        assert held is not None
        return held.secret

    async def app(self, name: str = BOOKS_APP) -> HeldApp:
        """Return a registered client."""
        held = await StoredApps(self.store).held(name)
        assert held is not None
        return held

    async def grant(self, account: str = ACCOUNT) -> HeldGrant:
        """Return a grant."""
        held = await SecretShelf(self.store).held(account)
        assert held is not None
        return held

    async def row(self, name: str) -> Row:
        """Return a credential's row in the table."""
        return next(row for row in await self.register.rows() if row.name == name)

    async def outcome(self, name: str) -> tuple[str | None, str]:
        """Return what became of the newest request."""
        request = await self.register.request(name)
        assert request is not None
        return request.outcome, request.detail

    async def told(self, *changes: str) -> list[tuple[str, str, int]]:
        """Return what people were told of credentials, of these changes."""
        async with borrowed(self.pool) as connection:
            rows = await connection.fetch(
                "SELECT value FROM outbox WHERE topic = 'credentials.events.v1' ORDER BY id"
            )
        said: list[dict[str, Any]] = [json.loads(bytes(row["value"])) for row in rows]
        return [(e["account"], e["change"], e["version"]) for e in said if e["change"] in changes]

    async def after_death(self) -> None:
        """Begin the next life: what the former one held is free again."""
        await expire_leases(self.pool)
        self.life = self.new_life()


def settings_of(folder: Path, **changes: object) -> Settings:
    """Return settings as a test has them."""
    return Settings.model_validate(
        {
            "env": "test",
            "config_dir": folder,
            "operator_token_file": folder / "token",
            "procore_url": "https://procore.test",
            "procore_login_url": "https://login.procore.test",
            "quickbooks_url": "https://quickbooks.test",
            "quickbooks_discovery_url": "https://discovery.test",
            **changes,
        }
    )


@asynccontextmanager
async def rotating(database_url: str, folder: Path, store: SecretStore | None = None) -> AsyncIterator[Lab]:
    """Open a lab over a store in memory, or another."""
    await migrate(database_url, schema="token_vault", packages=[*COMMON_MIGRATIONS, "plumbline.token_vault"])
    async with open_pool(database_url, schema="token_vault") as pool:
        lab = Lab(pool, FakeClock(), store or MoodyStore(), settings_of(folder))
        await import_grants(lab.store, FILE)
        await lab.begin()
        yield lab


def value(secret: SecretStr | None) -> str:
    """Return a secret in clear, or nothing."""
    return "" if secret is None else secret.get_secret_value()
