"""Rule sets that have decided, in PostgreSQL."""

from datetime import datetime

from typing_extensions import override

from plumbline.common.database import Pool, borrowed, transaction
from plumbline.common.reconciling.marks import Lane, Mark
from plumbline.common.reconciling.store import mark
from plumbline.compliance.adapters.cel import CelEngine
from plumbline.compliance.adapters.documents import QUERIES
from plumbline.compliance.domain.document import AT_REST, key_of
from plumbline.compliance.domain.rules.rule_set import RuleSet
from plumbline.compliance.ports.documents import RuleBooks

AT_ONCE = 500
"""Papers that one transaction makes due: other work on them waits for a moment, and no longer."""


class PostgresRuleBooks(RuleBooks):
    """Keeps rule sets in the schema of compliance."""

    def __init__(self, pool: Pool) -> None:
        """Keep them through `pool`."""
        self._pool = pool

    @override
    async def begin(self, rule_set: RuleSet, digest: str, *, now: datetime) -> None:
        async with transaction(self._pool) as database:
            await database.execute(QUERIES["keep_book"], rule_set.hash, rule_set.to_json(), now)
            await database.execute(QUERIES["decide_by"], digest)

    @override
    async def go_through(self, digest: str, *, now: datetime) -> int:
        count = 0
        while (marked := await self._go_on(digest, now)) is not None:
            count += marked
        return count

    async def _go_on(self, digest: str, now: datetime) -> int | None:
        """Make the next papers due, and return how many; None if all are, or other rules decide by now."""
        async with transaction(self._pool) as database:
            through = await database.fetchrow(QUERIES["going_through"], digest)
            if through is None:
                return None
            rows = await database.fetch(QUERIES["next_living"], list(AT_REST), *through.values(), AT_ONCE)
            keys = [(row["connection"], key_of(row["connection"], row["document"])) for row in rows]
            cause = f"rules {digest} {now.isoformat()}"
            await mark(database, [Mark(key, one, cause, lane=Lane.SWEEP) for one, key in keys], now=now)
            last = (rows[-1]["connection"], rows[-1]["document"]) if len(rows) == AT_ONCE else (None, None)
            await database.execute(QUERIES["gone_through"], *last)
        return len(keys)

    @override
    async def digest(self) -> str:
        async with borrowed(self._pool) as database:
            return str(await database.fetchval(QUERIES["deciding_now"]))

    @override
    async def past(self, rule_set: str) -> RuleSet | None:
        async with borrowed(self._pool) as database:
            book = await database.fetchval(QUERIES["book"], rule_set)
        return None if book is None else RuleSet.from_json(book, CelEngine)
