"""Where integration tests take their servers from."""

from __future__ import annotations

import asyncpg
import httpx
import pytest

from plumbline.stack.servers.addresses import ServerAddresses
from plumbline.stack.servers.probes import kafka_answers, postgres_answers, vault_answers
from plumbline.stack.servers.real import ServersIncompleteError, describe, real_servers
from plumbline.stack.testing import new_database

GIVEN = {
    "PLUMBLINE_TEST_KAFKA_URL": "kafka:9092",
    "PLUMBLINE_TEST_POSTGRES_URL": "postgresql://db",
    "PLUMBLINE_TEST_VAULT_URL": "http://vault:8200",
}


async def test_urls_that_are_given_are_taken() -> None:
    async with real_servers(GIVEN) as servers:
        assert (servers.kafka, servers.postgres, servers.vault) == tuple(GIVEN.values())
        assert servers.vault_token == "root"
        assert servers.source == "given by URL"


@pytest.mark.parametrize("missing", GIVEN)
async def test_some_urls_without_the_others_are_refused(missing: str) -> None:
    some = {name: url for name, url in GIVEN.items() if name != missing}
    with pytest.raises(ServersIncompleteError, match=missing):
        async with real_servers(some):
            pass


def test_vault_token_is_not_shown() -> None:
    addresses = ServerAddresses(
        kafka="k", postgres="p", vault="v", vault_token="hidden", source="s", kafka_version="1"
    )
    assert "hidden" not in repr(addresses)


async def test_probes_say_no_where_nobody_listens() -> None:
    assert not await kafka_answers("127.0.0.1:1")
    assert not await postgres_answers("postgresql://app@127.0.0.1:1/postgres")
    assert not await vault_answers("http://127.0.0.1:1")


@pytest.mark.connected
async def test_servers_answer_and_are_described(servers: ServerAddresses) -> None:
    assert await kafka_answers(servers.kafka)
    assert "PostgreSQL 1" in await describe(servers)
    async with new_database(servers.postgres) as url:
        connection = await asyncpg.connect(url)
        assert await connection.fetchval("SELECT 1") == 1
        await connection.close()
    async with httpx.AsyncClient(base_url=servers.vault, trust_env=False) as client:
        mounts = await client.get("/v1/sys/mounts", headers={"X-Vault-Token": servers.vault_token})
    assert mounts.status_code == 200
