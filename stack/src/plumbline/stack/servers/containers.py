"""Kafka, PostgreSQL and Vault in containers, by testcontainers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from secrets import token_urlsafe

from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer
from testcontainers.core.docker_client import DockerClient

from plumbline.stack.concurrency import together
from plumbline.stack.servers.addresses import ServerAddresses
from plumbline.stack.servers.ports import free_port
from plumbline.stack.servers.probes import kafka_answers, postgres_answers, vault_answers

KAFKA_IMAGE = "apache/kafka:4.3.1"
"""The same version as the native broker's."""

POSTGRES_IMAGE = "postgres:17"
"""What the compose stack runs; the SQL keeps to 15."""

VAULT_IMAGE = "hashicorp/vault:1.21"
"""The published build of the native server's minor version."""

_READY_TIMEOUT_S = 120
_PROBE_INTERVAL_S = 0.1
_LOG_TAIL_CHARACTERS = 4000


class ContainerNotReadyError(Exception):
    """A server in a container did not answer in time; the message quotes the end of its log."""


@dataclass(frozen=True)
class _Server:
    container: DockerContainer
    address: str
    answers: Callable[[str], Awaitable[bool]]

    async def ready(self) -> None:
        try:
            async with asyncio.timeout(_READY_TIMEOUT_S):
                while not await self.answers(self.address):  # noqa: ASYNC110  # a server can only be asked
                    await asyncio.sleep(_PROBE_INTERVAL_S)
        except TimeoutError:
            output, errors = self.container.get_logs()
            log = (output + errors).decode(errors="replace")[-_LOG_TAIL_CHARACTERS:]
            raise ContainerNotReadyError(
                f"{self.container.image} at {self.address} does not answer\n{log}"
            ) from None


@contextlib.asynccontextmanager
async def container_servers() -> AsyncIterator[ServerAddresses]:
    """Run the three servers in containers, removed afterwards.

    Raises:
        ContainerNotReadyError: one does not answer.
    """
    testcontainers_config.ryuk_disabled = (
        True  # one image less to pull: the containers are removed right here
    )
    host = DockerClient().host()
    password, token = token_urlsafe(), token_urlsafe()
    servers = kafka, postgres, vault = _kafka(host), _postgres(host, password), _vault(host, token)
    with contextlib.ExitStack() as containers:
        for server in servers:
            containers.enter_context(server.container)
        await together(*(server.ready() for server in servers))
        yield ServerAddresses(
            kafka=kafka.address,
            postgres=postgres.address,
            vault=vault.address,
            vault_token=token,
            source="Docker",
            kafka_version=KAFKA_IMAGE.rpartition(":")[2],
        )


def _kafka(host: str) -> _Server:
    port = free_port()
    address = f"{host}:{port}"
    env = {
        # The image takes either its own settings or ours: as soon as one is given, all have to be.
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_LISTENERS": "PLAINTEXT://:9092,CONTROLLER://:9093",
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://{address}",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
        "KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS": "1",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR": "1",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
    }
    return _Server(DockerContainer(KAFKA_IMAGE, env=env).with_bind_ports(9092, port), address, kafka_answers)


def _postgres(host: str, password: str) -> _Server:
    port = free_port()
    env = {"POSTGRES_USER": "app", "POSTGRES_PASSWORD": password, "POSTGRES_DB": "postgres"}
    container = DockerContainer(POSTGRES_IMAGE, env=env, command="postgres -c max_connections=200")
    address = f"postgresql://app:{password}@{host}:{port}/postgres"
    return _Server(container.with_bind_ports(5432, port), address, postgres_answers)


def _vault(host: str, token: str) -> _Server:
    port = free_port()
    env = {"VAULT_DEV_ROOT_TOKEN_ID": token, "SKIP_SETCAP": "true"}
    container = DockerContainer(VAULT_IMAGE, env=env).with_bind_ports(8200, port)
    return _Server(container, f"http://{host}:{port}", vault_answers)
