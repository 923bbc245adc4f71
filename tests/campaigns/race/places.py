"""Where races are run: one PostgreSQL, one sandbox, one nursery; for each race at a time, databases of its own.

The secret store is the embedded one, in those databases, or a real Vault for all, which each process enters by
token-vault's own role.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import httpx
import yaml

from plumbline.common.database import COMMON_MIGRATIONS, migrate
from plumbline.common.secrets.embedded import migrate_embedded, open_embedded
from plumbline.common.secrets.keyfile import make_key_file
from plumbline.common.secrets.port import SecretStore
from plumbline.common.secrets.vault import open_vault
from plumbline.provision.vault import role_files, set_up_vault
from plumbline.provision.vault_api import VaultAddress
from plumbline.stack.run_folder import run_folder
from plumbline.stack.scenario.stage import running_sandbox
from plumbline.stack.servers.embedded import start_embedded_postgres
from plumbline.stack.servers.vault import prepare_vault
from plumbline.stack.supervisor import Supervisor
from tests.campaigns.books import control_client
from tests.campaigns.lives import Begin, nursery
from tests.campaigns.race.cases import DEADLINE_S, PROCESSES_MAX
from tests.campaigns.race.partners import FIRST_REALM, Account, Partners

AT_ONCE = 8
"""Races at the same time: most of one is waiting."""

PROCESSES_AT_ONCE = 24
"""Processes at the same time: each has five connections, and PostgreSQL takes 200."""

SCHEMAS = ("token_vault", "secrets")
"""What is emptied after a race …"""

KEPT = ("migrations", "keys")
"""… but for these tables: what was applied, and by which keys the store seals."""


@dataclass(frozen=True, slots=True)
class Place:
    """Databases for one race at a time."""

    urls: Sequence[str]
    """The first holds the secret store, and the work table where replicas share one; the others, one work table each."""
    secrets: SecretStore
    folder: Path

    async def clear(self, databases: int) -> None:
        """Forget everything in the first so many."""
        for url in self.urls[:databases]:
            connection = await asyncpg.connect(url)
            try:
                tables = await connection.fetch(
                    "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables "
                    "WHERE schemaname = ANY($1) AND tablename <> ALL($2)",
                    SCHEMAS,
                    KEPT,
                )
                await connection.execute("; ".join(f"DELETE FROM {row['name']}" for row in tables))
            finally:
                await connection.close()


@dataclass(frozen=True, slots=True)
class Ground:
    """What is running."""

    partners: Partners
    begin: Begin
    folder: Path
    places: Sequence[Place]
    store: Mapping[str, str]
    """Settings of the secret store."""
    on_vault: bool
    processes: asyncio.Semaphore
    """How many more processes may begin."""
    entering: asyncio.Lock
    """Held by the one race that waits for its processes: two that each had a part would wait for ever."""

    def env(self, account: Account, *, database_url: str, config: Path, replica: str) -> dict[str, str]:
        """Return the environment of a replica."""
        return {
            "PLUMBLINE_ENV": "test",
            "PLUMBLINE_DATABASE_URL": database_url,
            "PLUMBLINE_DATABASE_POOL_SIZE": "3",
            **self.store,
            "PLUMBLINE_OPERATOR_TOKEN_FILE": str(self.folder / "operator.token"),
            "PLUMBLINE_CONFIG_DIR": str(config),
            "PLUMBLINE_KAFKA_BOOTSTRAP": "nowhere:1",
            "PLUMBLINE_KAFKA_STATIC_MEMBERSHIP": "false",
            "PLUMBLINE_REPLICA": replica,
            "PLUMBLINE_PROCORE_URL": self.partners.procore_url,
            "PLUMBLINE_PROCORE_LOGIN_URL": self.partners.login_url,
            "PLUMBLINE_QUICKBOOKS_URL": self.partners.quickbooks_url,
            "PLUMBLINE_QUICKBOOKS_DISCOVERY_URL": self.partners.discovery_url,
            "PLUMBLINE_RENEWAL_DEADLINE_S": str(DEADLINE_S),
        }


def configure(folder: Path, account: Account) -> Path:
    """Write the configuration of the one connection of a race; its other side has no grant, and waits for a person."""
    other = "procore/nobody" if account.provider == "quickbooks" else account.name
    realm = account.name.partition("/")[2] if account.provider == "quickbooks" else str(FIRST_REALM)
    connection = {
        "procore": {"account": other, "company_id": "1", "projects": ["1"]},
        "quickbooks": {"realm": realm},
    }
    folder.mkdir(exist_ok=True)
    text = yaml.safe_dump({"connections": {"race": connection}})
    (folder / "connections.yaml").write_text(text, encoding="utf-8")
    return folder


@asynccontextmanager
async def ground(places: int, *, on_vault: bool = False) -> AsyncIterator[Ground]:
    """Run what races need until the end of the context."""
    with run_folder() as folder:
        make_key_file(folder / "secrets.key")
        (folder / "operator.token").write_text("campaign\n", encoding="utf-8")
        async with AsyncExitStack() as stack:
            supervisor = await stack.enter_async_context(Supervisor(folder / "logs"))
            _, world = await stack.enter_async_context(running_sandbox(supervisor))
            control = await stack.enter_async_context(control_client(world.sandbox["control_url"]))
            http = await stack.enter_async_context(httpx.AsyncClient(trust_env=False, timeout=60))
            begin = await stack.enter_async_context(nursery())
            server = await start_embedded_postgres(supervisor, folder)
            partners = Partners(control, http, world.sandbox)
            await partners.prepare()
            template = await _template(server)
            key_file = folder / "secrets.key"
            store = {"PLUMBLINE_SECRETS": "embedded", "PLUMBLINE_SECRETS_KEY_FILE": str(key_file)}
            shared = None
            if on_vault:
                store = await _running_vault(supervisor, folder)
                shared = await stack.enter_async_context(
                    open_vault(
                        store["PLUMBLINE_VAULT_URL"],
                        role_id_file=Path(store["PLUMBLINE_VAULT_ROLE_ID_FILE"]),
                        secret_id_file=Path(store["PLUMBLINE_VAULT_SECRET_ID_FILE"]),
                    )
                )
            yield Ground(
                partners=partners,
                begin=begin,
                folder=folder,
                places=[
                    await stack.enter_async_context(_place(server, template, folder, number, shared))
                    for number in range(places)
                ],
                store=store,
                on_vault=on_vault,
                processes=asyncio.Semaphore(PROCESSES_AT_ONCE),
                entering=asyncio.Lock(),
            )


async def _template(server: str) -> str:
    """Make an empty database that others are copied from; return its name."""
    name = f"race_{uuid4().hex[:8]}"
    await _execute(server, [f"CREATE DATABASE {name}"])
    url = urlsplit(server)._replace(path=f"/{name}").geturl()
    await migrate(url, schema="token_vault", packages=[*COMMON_MIGRATIONS, "plumbline.token_vault"])
    await migrate_embedded(url)
    return name


async def _running_vault(supervisor: Supervisor, folder: Path) -> dict[str, str]:
    """Start a Vault, set it up as an operator does, and return by which settings token-vault enters it."""
    server = await prepare_vault(folder, root_token=secrets.token_urlsafe())
    await supervisor.start(server.spec())
    await set_up_vault(VaultAddress(url=server.url), server.root_token, folder / "keys")
    files = role_files(folder / "keys")["token-vault"]
    return {
        "PLUMBLINE_SECRETS": "vault",
        "PLUMBLINE_VAULT_URL": server.url,
        "PLUMBLINE_VAULT_ROLE_ID_FILE": str(files.role_id),
        "PLUMBLINE_VAULT_SECRET_ID_FILE": str(files.secret_id),
    }


@asynccontextmanager
async def _place(
    server: str, template: str, folder: Path, number: int, shared: SecretStore | None
) -> AsyncIterator[Place]:
    names = [f"{template}_{number}_{n}" for n in range(PROCESSES_MAX)]
    await _execute(server, [f"CREATE DATABASE {name} TEMPLATE {template}" for name in names])
    urls = [urlsplit(server)._replace(path=f"/{name}").geturl() for name in names]
    opening = nullcontext(shared) if shared else open_embedded(urls[0], key_file=folder / "secrets.key")
    async with opening as store:
        yield Place(urls=urls, secrets=store, folder=folder / f"place-{number}")


async def _execute(url: str, statements: Sequence[str]) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()
