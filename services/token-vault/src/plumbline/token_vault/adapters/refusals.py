"""Refused versions in PostgreSQL."""

from datetime import datetime

from plumbline.common.database import Connection, Pool, borrowed, load_queries
from plumbline.token_vault.domain import Refusal

QUERIES = load_queries("plumbline.token_vault")
"""token-vault's SQL."""


class PostgresRefusals:
    """Remembers the newest version of each account that a partner has refused."""

    def __init__(self, pool: Pool) -> None:
        """Remember in the schema of `pool`."""
        self._pool = pool

    async def note(
        self, connection: Connection, account: str, version: int, *, was_good: bool, at: datetime
    ) -> bool:
        """Remember a refusal inside the caller's transaction; say whether it is news."""
        is_news = bool(await connection.fetchval(QUERIES["note_refusal"], account, version, at))
        if was_good:
            await connection.execute(QUERIES["note_good"], account, version)
        return is_news

    async def newest(self, account: str) -> Refusal | None:
        """See `Refusals`."""
        async with borrowed(self._pool) as connection:
            row = await connection.fetchrow(QUERIES["newest_refusal"], account)
        return None if row is None else Refusal(row["version"], row["noted_at"], was_good=row["was_good"])
