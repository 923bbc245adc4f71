"""The servers of a campaign: one PostgreSQL, one sandbox, one nursery, and a place for each writer at work."""

import asyncio
import hashlib
import shutil
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import SecretStr

from plumbline.common.database import COMMON_MIGRATIONS, Pool, borrowed, migrate, open_pool
from plumbline.common.secrets.access import access_path, access_values
from plumbline.common.secrets.embedded import migrate_embedded, open_embedded
from plumbline.common.secrets.keyfile import make_key_file
from plumbline.common.secrets.port import SecretStore
from plumbline.common.secrets.tokens import LiveToken
from plumbline.stack.run_folder import run_folder
from plumbline.stack.scenario.stage import running_sandbox
from plumbline.stack.servers.embedded import start_embedded_postgres
from plumbline.stack.supervisor import Supervisor
from plumbline.stack.testing import new_database
from tests.campaigns.books import Books, Company, control_client
from tests.campaigns.lives import Bear, Kafka, Life, bearing, nursery
from tests.campaigns.record import FILES

LOGS = Path(".plumbline/campaigns/logs")
"""Where failed cases leave what their lives wrote."""

SCHEMA = "qb_writer"
"""The writer's schema."""

POOL_SIZE = 3
"""Connections of one life's pool: there is one record to work on."""


TOKEN_LIFE = timedelta(hours=1)
"""As QuickBooks gives it."""


ENDING_MAX_S = 20.0
"""How long a life may take to end after SIGTERM, as a supervisor has it."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The writer's durations in a campaign, in seconds. In production they are hundred times as long."""

    call_deadline_s: float = 0.4
    settle_s: float = 2.0
    send_within_s: float = 0.8
    lease_margin_s: float = 1.6
    gate_wait_s: float = 0.2
    payment_look_s: float = 0.3
    invoice_look_s: float = 0.3
    token_wait_s: float = 3.0
    token_cooldown_s: float = 0.5

    def env(self) -> dict[str, str]:
        """Return them as the writer's settings."""
        return {f"PLUMBLINE_{name.upper()}": str(getattr(self, name)) for name in self.__slots__}


@dataclass(slots=True)
class Place:
    """A database of its own for the writer, and what every life in it is told."""

    name: str
    pool: Pool
    secrets: SecretStore
    env: Mapping[str, str]
    folder: Path
    bear: Bear
    sabotage: str | None = None
    lives: list[Life] = field(default_factory=list)
    unheeded: int = 0
    """How many lives did not end after SIGTERM in time."""

    def live(self, replica: str, kafka: Kafka, *, log: str) -> Life:
        """Begin a life of the writer under a replica's name."""
        env = {**self.env, "PLUMBLINE_REPLICA": replica}
        order = {"env": env, "log": str(self.folder / f"{log}.log"), "sabotage": self.sabotage}
        life = self.bear(replica, order, kafka)
        self.lives.append(life)
        return life

    async def end_lives(self) -> None:
        """End every life, in order if it heeds SIGTERM in time."""
        for life in self.lives:
            try:
                async with asyncio.timeout(ENDING_MAX_S):
                    await life.stop(signal.SIGTERM)
            except TimeoutError:
                self.unheeded += 1
                await life.stop(signal.SIGKILL)
        self.lives.clear()

    async def admit(self, company: Company, *, version: int = 1) -> None:
        """Keep a company's access token where the writer reads it, and let the company be live from the first day on.

        A later version is a renewed token.
        """
        async with borrowed(self.pool) as connection:
            await connection.execute(
                "INSERT INTO beginnings (connection, from_day, since) VALUES ($1, '0001-01-01', now()) "
                "ON CONFLICT DO NOTHING",
                f"campaign-{company.realm}",
            )
        token = LiveToken(SecretStr(company.access_token), version, datetime.now(UTC) + TOKEN_LIFE)
        path = access_path(f"quickbooks/{company.realm}")
        await self.secrets.write(path, access_values(token), expected_version=None)

    async def clear(self) -> None:
        """Forget every row of the writer's, and what went wrong before."""
        self.unheeded = 0
        async with borrowed(self.pool) as connection:
            tables = await connection.fetch(
                "SELECT tablename FROM pg_tables WHERE schemaname = $1 AND tablename <> 'migrations'", SCHEMA
            )
            await connection.execute(f"TRUNCATE {', '.join(row['tablename'] for row in tables)} CASCADE")


@dataclass(frozen=True, slots=True)
class Servers:
    """What is running."""

    books: Books
    supervisor: Supervisor
    postgres_url: str
    quickbooks_url: str
    folder: Path
    bear: Bear

    @asynccontextmanager
    async def place(self, name: str, pace: Pace, *, pool_size: int = POOL_SIZE) -> AsyncIterator[Place]:
        """Give a place to write from, with an empty database."""
        key_file, token_file = self.folder / "secrets.key", self.folder / "operator.token"
        async with AsyncExitStack() as stack:
            url = await stack.enter_async_context(new_database(self.postgres_url))
            await migrate(url, schema=SCHEMA, packages=[*COMMON_MIGRATIONS, "plumbline.qb_writer"])
            await migrate_embedded(url)
            env = {
                "PLUMBLINE_ENV": "test",
                "PLUMBLINE_DATABASE_URL": url,
                "PLUMBLINE_DATABASE_POOL_SIZE": str(pool_size),
                "PLUMBLINE_SECRETS": "embedded",
                "PLUMBLINE_SECRETS_KEY_FILE": str(key_file),
                "PLUMBLINE_OPERATOR_TOKEN_FILE": str(token_file),
                "PLUMBLINE_CONFIG_DIR": str(self.folder),
                "PLUMBLINE_FILES_DIR": str(self.folder / "files"),
                "PLUMBLINE_QUICKBOOKS_URL": self.quickbooks_url,
                "PLUMBLINE_KAFKA_BOOTSTRAP": "nowhere:1",
                "PLUMBLINE_KAFKA_STATIC_MEMBERSHIP": "false",
                **pace.env(),
            }
            yield Place(
                name=name,
                pool=await stack.enter_async_context(open_pool(url, schema=SCHEMA, max_size=2)),
                secrets=await stack.enter_async_context(open_embedded(url, key_file=key_file)),
                env=env,
                folder=self.folder,
                bear=self.bear,
            )


@asynccontextmanager
async def running_servers() -> AsyncIterator[Servers]:
    """Run what a campaign needs until the end of the context."""
    with run_folder() as folder:
        make_key_file(folder / "secrets.key")
        (folder / "operator.token").write_text("campaign\n", encoding="utf-8")
        (folder / "connections.yaml").write_text("connections: {}\n", encoding="utf-8")
        keep_files(folder / "files")
        async with (
            Supervisor(folder / "logs") as supervisor,
            running_sandbox(supervisor) as (_, world),
            control_client(world.sandbox["control_url"]) as control,
            nursery() as begin,
        ):
            postgres_url = await start_embedded_postgres(supervisor, folder)
            books = Books(control)
            await books.set_limits()
            yield Servers(
                books=books,
                supervisor=supervisor,
                postgres_url=postgres_url,
                quickbooks_url=world.sandbox["quickbooks"]["url"],
                folder=folder,
                bear=bearing(begin),
            )


def keep_files(folder: Path) -> None:
    """Put the files that are attached where the writer finds them by their contents."""
    for content in FILES:
        name = hashlib.sha256(content).hexdigest()
        path = folder / name[:2] / name
        path.parent.mkdir(parents=True)
        path.write_bytes(content)


def keep_log(servers: Servers, log: str) -> Path | None:
    """Keep what the lives of one log wrote, for whoever looks into a failure."""
    written = servers.folder / f"{log}.log"
    if not written.exists():
        return None
    LOGS.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copy(written, LOGS))
