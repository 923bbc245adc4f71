"""The native way: the real servers as processes of this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from plumbline.common.contracts.topics import TOPICS
from plumbline.stack.run_folder import run_folder
from plumbline.stack.runners.services import SERVICES, Backing, RunningStack, running_services
from plumbline.stack.runners.settings import StackSettings, way_env
from plumbline.stack.runners.vault_setup import AppRoleFiles, set_up_vault
from plumbline.stack.servers.addresses import ServerAddresses
from plumbline.stack.servers.native import start_native_servers
from plumbline.stack.servers.topics import create_topics
from plumbline.stack.supervisor import Supervisor


@asynccontextmanager
async def native_stack(settings: StackSettings) -> AsyncIterator[RunningStack]:
    """Run the suite on Apache Kafka, PostgreSQL and HashiCorp Vault until the end of the context.

    What it stored is deleted then; the logs stay.

    Raises:
        MissingToolError: Java, Maven or Go is not installed.
        ProcessDiedError, ProcessNotReadyError: something did not start; the message quotes its log.
    """
    with run_folder() as folder:
        async with Supervisor(settings.state_dir / "logs") as supervisor:
            servers = await start_native_servers(supervisor, folder)
            async with stack_on(servers, supervisor, settings) as stack:
                yield stack


@asynccontextmanager
async def stack_on(
    servers: ServerAddresses, supervisor: Supervisor, settings: StackSettings
) -> AsyncIterator[RunningStack]:
    """Run the suite on servers that are already up, wherever they came from.

    Raises:
        VaultSetupError: Vault refused to be set up.
        ProcessDiedError, ProcessNotReadyError: a service did not start; the message quotes its log.
    """
    await create_topics(servers.kafka, TOPICS)
    modules = {service.module for service in SERVICES}
    roles = await set_up_vault(servers.vault, servers.vault_token, settings.state_dir / "vault")
    backing = Backing(
        kafka=servers.kafka,
        database_url=servers.postgres,
        env={**way_env("native"), "PLUMBLINE_VAULT_URL": servers.vault},
        env_of_module={module: _identity(roles[module.rpartition(".")[2]]) for module in modules},
    )
    async with running_services(supervisor, settings, backing) as stack:
        yield stack


def _identity(files: AppRoleFiles) -> dict[str, str]:
    return {
        "PLUMBLINE_VAULT_ROLE_ID_FILE": str(files.role_id),
        "PLUMBLINE_VAULT_SECRET_ID_FILE": str(files.secret_id),
    }
