"""Rule sets that have decided, in PostgreSQL."""

from datetime import datetime

from typing_extensions import override

from plumbline.common.database import Pool, borrowed, transaction
from plumbline.common.reconciling.marks import Lane, Mark
from plumbline.common.reconciling.store import mark
from plumbline.compliance.adapters.cel import CelEngine
from plumbline.compliance.adapters.documents import QUERIES, living
from plumbline.compliance.domain.rules.rule_set import RuleSet
from plumbline.compliance.ports.documents import RuleBooks


class PostgresRuleBooks(RuleBooks):
    """Keeps rule sets in the schema of compliance."""

    def __init__(self, pool: Pool) -> None:
        """Keep them through `pool`."""
        self._pool = pool

    @override
    async def begin(self, rule_set: RuleSet, digest: str, *, now: datetime) -> int:
        async with transaction(self._pool) as database:
            if await database.fetchval(QUERIES["deciding"]) == digest:
                return 0
            keys = await living(database)
            marks = [
                Mark(key, key.split("/")[1], f"rules {digest} {now.isoformat()}", lane=Lane.SWEEP)
                for key in keys
            ]
            await mark(database, marks, now=now)
            await database.execute(QUERIES["keep_book"], rule_set.hash, rule_set.to_json(), now)
            await database.execute(QUERIES["decide_by"], digest)
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
