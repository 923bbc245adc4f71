"""PostgreSQL: for each schema an owner who changes tables, and a role that only changes rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import asyncpg

from plumbline.common.database import database_errors
from plumbline.provision.principals import owner_of

_CONNECTIONS_MAX = 100
"""Of one role: four replicas, with room."""


@dataclass(frozen=True, slots=True)
class Passwords:
    """Of the two roles of a schema."""

    owner: str
    service: str


async def set_up_database(url: str, schemas: Mapping[str, Passwords]) -> None:
    """Make roles and schemas, or bring them up to date.

    Args:
        url: the suite's database, as a superuser.
        schemas: the passwords of each schema's two roles; they replace what was set before.

    Raises:
        DatabaseUnavailableError: transient; PostgreSQL does not answer.
    """
    with database_errors():
        connection = await asyncpg.connect(url, timeout=10)
        try:
            async with connection.transaction():
                await connection.execute("SELECT pg_advisory_xact_lock(hashtext('plumbline provision'))")
                await _close_to_public(connection)
                for schema, passwords in schemas.items():
                    await _set_up_schema(connection, schema, passwords)
        finally:
            await connection.close()


async def _close_to_public(connection: asyncpg.Connection) -> None:
    database = await connection.fetchval("SELECT quote_ident(current_database())")
    await connection.execute(f"REVOKE ALL ON DATABASE {database} FROM PUBLIC")
    await connection.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")


async def _set_up_schema(connection: asyncpg.Connection, schema: str, passwords: Passwords) -> None:
    owner = owner_of(schema)
    await _role(connection, owner, passwords.owner)
    await _role(connection, schema, passwords.service)
    await connection.execute(
        f"""
        CREATE SCHEMA IF NOT EXISTS {schema} AUTHORIZATION {owner};
        GRANT USAGE ON SCHEMA {schema} TO {schema};
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {schema};
        GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {schema};
        ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {schema}
            GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {schema};
        ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {schema} GRANT USAGE, SELECT ON SEQUENCES TO {schema};
        """
    )


async def _role(connection: asyncpg.Connection, role: str, password: str) -> None:
    if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role):
        await connection.execute(f"CREATE ROLE {role}")
    literal = await connection.fetchval("SELECT quote_literal($1)", password)
    database = await connection.fetchval("SELECT quote_ident(current_database())")
    await connection.execute(
        f"ALTER ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT "
        f"CONNECTION LIMIT {_CONNECTIONS_MAX} PASSWORD {literal}"
    )
    await connection.execute(f"GRANT CONNECT ON DATABASE {database} TO {role}")
