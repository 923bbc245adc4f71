"""Every role of PostgreSQL tries what is another's, and is refused."""

from __future__ import annotations

import asyncpg
import pytest

from plumbline.provision.principals import PRINCIPALS, SCHEMAS, owner_keys, owner_of
from tests.containers.running import Running

pytestmark = pytest.mark.containers

WORKING = [(p.name, p.schema) for p in PRINCIPALS if p.schema]


async def entered(running: Running, role: str, owner_of_key: str) -> asyncpg.Connection:
    return await asyncpg.connect(
        host=running.address("postgres", "database"),
        user=role,
        password=running.key(owner_of_key, "database-password"),
        database="plumbline",
        timeout=10,
    )


async def tables_of(running: Running, schema: str) -> list[str]:
    connection = await entered(running, owner_of(schema), owner_keys(schema))
    try:
        rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = $1", schema)
        return [row["tablename"] for row in rows]
    finally:
        await connection.close()


@pytest.mark.parametrize(("process", "schema"), WORKING)
async def test_role_is_refused_in_every_schema_but_its_own(
    running: Running, process: str, schema: str
) -> None:
    others = {other: await tables_of(running, other) for other in SCHEMAS if other != schema}
    assert all(others.values())
    connection = await entered(running, schema, process)
    try:
        for other, tables in others.items():
            for table in tables:
                for statement in (f"SELECT 1 FROM {other}.{table}", f"DELETE FROM {other}.{table}"):
                    with pytest.raises(asyncpg.InsufficientPrivilegeError):
                        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.mark.parametrize(("process", "schema"), WORKING)
async def test_role_changes_rows_of_its_own_and_no_table(running: Running, process: str, schema: str) -> None:
    table = (await tables_of(running, schema))[0]
    connection = await entered(running, schema, process)
    try:
        assert await connection.fetchval(f"SELECT count(*) FROM {schema}.{table}") >= 0
        for statement in (
            f"CREATE TABLE {schema}.mine (id int)",
            f"ALTER TABLE {schema}.{table} ADD COLUMN mine int",
            f"DROP TABLE {schema}.{table}",
            f"TRUNCATE {schema}.{table}",
            "CREATE TABLE public.mine (id int)",
            "CREATE SCHEMA mine",
            "CREATE ROLE mine",
            "CREATE DATABASE mine",
            f"ALTER ROLE {schema} SUPERUSER",
            f"SET ROLE {owner_of(schema)}",
            "COPY (SELECT 1) TO PROGRAM 'true'",
            "SELECT pg_read_file('/etc/passwd')",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()


@pytest.mark.parametrize("schema", SCHEMAS)
async def test_owner_of_a_schema_is_refused_in_the_others(running: Running, schema: str) -> None:
    connection = await entered(running, owner_of(schema), owner_keys(schema))
    try:
        for other in SCHEMAS:
            if other == schema:
                continue
            for statement in (
                f"SELECT 1 FROM {other}.{(await tables_of(running, other))[0]}",
                f"CREATE TABLE {other}.mine (id int)",
            ):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(statement)
    finally:
        await connection.close()


async def test_wrong_password_is_refused(running: Running) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(
            host=running.address("postgres", "database"),
            user="mapper",
            password="guessed",
            database="plumbline",
            timeout=10,
        )
