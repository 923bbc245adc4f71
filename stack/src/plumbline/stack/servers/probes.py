"""Asks servers whether they answer, and which version they are; the same for every way of starting them."""

from __future__ import annotations

import asyncpg
import httpx
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from plumbline.stack.servers.ports import accepts_connections

_TIMEOUT_S = 5.0


async def kafka_answers(bootstrap: str) -> bool:
    """Tell whether a broker gives its metadata."""
    host, port = bootstrap.rsplit(":", 1)
    if not accepts_connections(host, int(port)):  # aiokafka logs an error for each refused connection
        return False
    client = AIOKafkaClient(bootstrap_servers=bootstrap)
    try:
        await client.bootstrap()
    except KafkaError:
        return False
    finally:
        await client.close()
    return True


async def postgres_answers(url: str) -> bool:
    """Tell whether the server accepts a login."""
    try:
        await postgres_version(url)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False
    return True


async def postgres_version(url: str) -> str:
    """Return the server's version, as in `15.18`."""
    connection = await asyncpg.connect(url, timeout=_TIMEOUT_S)
    try:
        version = str(await connection.fetchval("SHOW server_version"))
    finally:
        await connection.close()
    return version.partition(" ")[0]


async def vault_answers(url: str) -> bool:
    """Tell whether Vault is initialised, unsealed and active."""
    try:
        return (await _vault_health(url)).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


async def vault_version(url: str) -> str:
    """Return the server's version, as in `1.21.2`."""
    return str((await _vault_health(url)).json()["version"])


async def _vault_health(url: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, timeout=_TIMEOUT_S) as client:
        return await client.get(f"{url}/v1/sys/health")
