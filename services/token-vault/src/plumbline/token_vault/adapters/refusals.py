"""Refused versions in PostgreSQL."""

from plumbline.common.database import Connection, Pool, borrowed, load_queries

QUERIES = load_queries("plumbline.token_vault")
"""token-vault's SQL."""


class PostgresRefusals:
    """Remembers the newest version of each account that a partner has refused."""

    def __init__(self, pool: Pool) -> None:
        """Remember in the schema of `pool`."""
        self._pool = pool

    async def note(self, connection: Connection, account: str, version: int) -> None:
        """Remember a refusal inside the caller's transaction; an older one changes nothing."""
        await connection.execute(QUERIES["note_refusal"], account, version)

    async def newest(self, account: str) -> int:
        """Return the newest refused version; 0 if none was."""
        async with borrowed(self._pool) as connection:
            version: int | None = await connection.fetchval(QUERIES["newest_refusal"], account)
        return version or 0
