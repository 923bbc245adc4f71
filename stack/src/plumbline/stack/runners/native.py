"""The native stack: the real servers as processes of this machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from plumbline.provision.kafka import Broker, create_topics
from plumbline.provision.secret_ids import AppRoleFiles
from plumbline.provision.topics import all_topics
from plumbline.provision.vault import Wishes, role_files, set_up_vault
from plumbline.provision.vault_api import VaultAddress
from plumbline.stack.run_folder import run_folder
from plumbline.stack.runners.services import Environment, RunningStack, running_services, shared_env
from plumbline.stack.runners.settings import StackSettings, way_env
from plumbline.stack.runners.state import empty_safe, write_operator_token
from plumbline.stack.servers.addresses import ServerAddresses
from plumbline.stack.servers.native import start_native_servers
from plumbline.stack.supervisor import Supervisor


@asynccontextmanager
async def native_stack(settings: StackSettings, supervisor: Supervisor) -> AsyncIterator[RunningStack]:
    """Run the suite on Apache Kafka, PostgreSQL and HashiCorp Vault until the end of the context.

    What it stored is deleted then; the logs stay.

    Raises:
        MissingToolError: Java, Maven or Go is not installed.
        KafkaSetupError, VaultSetupError: a server refused to be set up.
        ProcessDiedError, ProcessNotReadyError: something did not start; the message quotes its log.
    """
    with run_folder() as folder:
        try:
            servers = await start_native_servers(supervisor, folder)
            async with stack_on(servers, settings, supervisor) as stack:
                yield stack
        finally:
            await supervisor.stop()  # before their data goes


@asynccontextmanager
async def stack_on(
    servers: ServerAddresses, settings: StackSettings, supervisor: Supervisor
) -> AsyncIterator[RunningStack]:
    """Run the suite on real servers that are already up, wherever they came from.

    Raises:
        KafkaSetupError, VaultSetupError: a server refused to be set up.
        ProcessDiedError, ProcessNotReadyError: a service did not start; the message quotes its log.
    """
    topics = all_topics(settings.config_dir)
    await asyncio.to_thread(create_topics, Broker(bootstrap=servers.kafka), topics)
    token_file = write_operator_token(settings.state_dir)
    shared = shared_env(
        settings, kafka=servers.kafka, database_url=servers.postgres, operator_token_file=token_file
    )
    keys = settings.state_dir / "vault"
    vault = VaultAddress(url=servers.vault)
    await set_up_vault(vault, servers.vault_token, keys)
    anew = Wishes(rotate=frozenset(role_files(keys)))
    own = {name: identity(files) for name, files in role_files(keys).items()}
    own["compliance"] |= empty_safe(settings.state_dir)
    environment = Environment(
        shared={**shared, **way_env("native"), "PLUMBLINE_VAULT_URL": servers.vault}, of_service=own
    )
    rotate_roles = partial(set_up_vault, vault, servers.vault_token, keys, anew)
    async with running_services(supervisor, settings, environment, rotate_roles=rotate_roles) as running:
        yield running


def identity(files: AppRoleFiles) -> dict[str, str]:
    """Return the settings by which a process finds its files."""
    return {
        "PLUMBLINE_VAULT_ROLE_ID_FILE": str(files.role_id),
        "PLUMBLINE_VAULT_SECRET_ID_FILE": str(files.secret_id),
    }
