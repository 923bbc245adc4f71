"""Where integration tests take Kafka, PostgreSQL and Vault: URLs given, else Docker, else native processes."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Mapping

from plumbline.stack.run_folder import run_folder
from plumbline.stack.servers.addresses import ServerAddresses
from plumbline.stack.servers.native import start_native_servers
from plumbline.stack.servers.probes import postgres_version, vault_version
from plumbline.stack.supervisor import Supervisor

URL_VARIABLES = ("PLUMBLINE_TEST_KAFKA_URL", "PLUMBLINE_TEST_POSTGRES_URL", "PLUMBLINE_TEST_VAULT_URL")
"""Set all three to bring servers of your own: a bootstrap address, a superuser's DSN, an address."""

TOKEN_VARIABLE = "PLUMBLINE_TEST_VAULT_TOKEN"  # noqa: S105  # a name
"""The token of an administrator of the given Vault; `root` unless set."""

_ENGINE_PATIENCE_S = 10


class ServersIncompleteError(Exception):
    """Some servers were given by URL, but not all three."""


@contextlib.asynccontextmanager
async def real_servers(environ: Mapping[str, str]) -> AsyncIterator[ServerAddresses]:
    """Give the addresses of three real servers, stopped and deleted afterwards unless they were given.

    Raises:
        ServersIncompleteError: only some of `URL_VARIABLES` are set.
        MissingToolError: no URL, no Docker engine, and a tool of the native servers is not installed.
    """
    if any(name in environ for name in URL_VARIABLES):
        yield _given(environ)
    elif await _engine_answers():
        from plumbline.stack.servers.containers import container_servers  # noqa: PLC0415  # loads Docker's client

        async with container_servers() as servers:
            yield servers
    else:
        async with _native_servers() as servers:
            yield servers


async def describe(servers: ServerAddresses) -> str:
    """Say in one line which servers these are, with their versions."""
    postgres, vault = await asyncio.gather(postgres_version(servers.postgres), vault_version(servers.vault))
    return f"{servers.source}: Kafka {servers.kafka_version}, PostgreSQL {postgres}, Vault {vault}"


def _given(environ: Mapping[str, str]) -> ServerAddresses:
    missing = [name for name in URL_VARIABLES if name not in environ]
    if missing:
        raise ServersIncompleteError(f"set {', '.join(missing)} too, or none of the three")
    kafka, postgres, vault = (environ[name] for name in URL_VARIABLES)
    return ServerAddresses(
        kafka=kafka,
        postgres=postgres,
        vault=vault,
        vault_token=environ.get(TOKEN_VARIABLE, "root"),
        source="given by URL",
        kafka_version="as given",
    )


@contextlib.asynccontextmanager
async def _native_servers() -> AsyncIterator[ServerAddresses]:
    with run_folder() as folder:
        async with Supervisor(folder / "logs") as supervisor:
            yield await start_native_servers(supervisor, folder)


async def _engine_answers() -> bool:
    docker = shutil.which("docker")
    if docker is None:
        return False
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(docker, "info", stdin=quiet, stdout=quiet, stderr=quiet)
    try:
        async with asyncio.timeout(_ENGINE_PATIENCE_S):
            return await process.wait() == 0
    except TimeoutError:
        process.kill()
        await process.wait()
        return False
