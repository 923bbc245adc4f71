"""Apache Kafka, PostgreSQL and HashiCorp Vault as processes of this machine."""

from __future__ import annotations

import secrets
from pathlib import Path

from plumbline.stack.concurrency import together
from plumbline.stack.servers.addresses import ServerAddresses
from plumbline.stack.servers.kafka import KAFKA_VERSION, prepare_kafka
from plumbline.stack.servers.postgres import debian_bin_dir, prepare_postgres
from plumbline.stack.servers.vault import prepare_vault
from plumbline.stack.supervisor import Supervisor


async def start_native_servers(supervisor: Supervisor, folder: Path) -> ServerAddresses:
    """Start the three servers with their data in `folder`, and return where they are.

    PostgreSQL is Debian's where it is installed, else the wheel's. What is not in the cache yet is fetched and
    built first: about six minutes, once per machine.

    Raises:
        MissingToolError: Java, Maven or Go is not installed.
        ProcessDiedError, ProcessNotReadyError: a server did not start; the message quotes its log.
    """
    kafka = await prepare_kafka(folder, supervisor.log_dir)
    postgres = await prepare_postgres(folder, supervisor.log_dir, bin_dir=debian_bin_dir())
    vault = await prepare_vault(folder, root_token=secrets.token_urlsafe())
    await together(*(supervisor.start(server.spec()) for server in (kafka, postgres, vault)))
    return ServerAddresses(
        kafka=kafka.bootstrap,
        postgres=postgres.url(),
        vault=vault.url,
        vault_token=vault.root_token,
        source="native",
        kafka_version=KAFKA_VERSION,
    )
