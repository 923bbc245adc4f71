"""Codes of consents in PostgreSQL, by their digests."""

from plumbline.common.database import Pool, borrowed
from plumbline.token_vault.adapters.refusals import QUERIES
from plumbline.token_vault.consenting import Outcome


class PostgresCodes:
    """Remembers for a day which codes were handed in, and what became of them."""

    def __init__(self, pool: Pool) -> None:
        """Remember in the schema of `pool`."""
        self._pool = pool

    async def claim(self, digest: str, account: str) -> bool:
        """See `Codes`."""
        async with borrowed(self._pool) as connection:
            await connection.execute(QUERIES["forget_codes"])
            return await connection.fetchval(QUERIES["claim_code"], digest, account) is not None

    async def note(self, digest: str, outcome: Outcome) -> None:
        """See `Codes`."""
        async with borrowed(self._pool) as connection:
            await connection.execute(QUERIES["note_outcome"], digest, outcome.model_dump_json())

    async def outcome(self, digest: str) -> Outcome | None:
        """See `Codes`."""
        async with borrowed(self._pool) as connection:
            said: str | None = await connection.fetchval(QUERIES["outcome_of_code"], digest)
        return None if said is None else Outcome.model_validate_json(said)
