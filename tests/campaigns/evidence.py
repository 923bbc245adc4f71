"""Gathering the evidence on one record: from the tables, the books, and what Kafka was given."""

from collections.abc import Callable, Sequence

from plumbline.common.database import Pool, borrowed
from tests.campaigns.books import Books
from tests.campaigns.record import Record
from tests.campaigns.verdict import Evidence, Row

ResultsOf = Callable[[str], Sequence[Row]]
"""Gives the results published about a record, by its key."""

UNFINISHED = """
SELECT key, attempt, waiting_for, announced_reason, announced_code, parked_at IS NOT NULL AS is_parked
FROM work WHERE (due_at IS NOT NULL OR leased_by IS NOT NULL OR parked_at IS NOT NULL) AND starts_with(key, $1)
ORDER BY key
"""


async def unfinished(pool: Pool, realm: str = "") -> list[Row]:
    """Return the rows of work that are due, leased or parked, of one company or of all."""
    async with borrowed(pool) as connection:
        return list(await connection.fetch(UNFINISHED, realm))


async def unpublished(pool: Pool) -> int:
    """Return how many messages wait in the outbox."""
    async with borrowed(pool) as connection:
        waiting: int = await connection.fetchval("SELECT count(*) FROM outbox")
        return waiting


async def gather(pool: Pool, books: Books, record: Record, results: ResultsOf) -> Evidence:
    """Return all that is left of a life, which has a company of its own.

    Args:
        pool: the writer's database.
        books: QuickBooks.
        record: the life.
        results: gives what was published under a key.
    """
    realm = record.company.realm
    async with borrowed(pool) as connection:
        records = await connection.fetch("SELECT * FROM records WHERE realm = $1", realm)
        writes = await connection.fetch(
            "SELECT key, number, request_id, fate FROM writes WHERE starts_with(key, $1)", f"{realm}/"
        )
    return Evidence(
        journal=await books.journal(realm),
        documents={entity: await books.held(realm, entity) for entity in sorted(record.entities)},
        records=records,
        writes=writes,
        unfinished=await unfinished(pool, f"{realm}/"),
        unpublished=await unpublished(pool),
        results={name: results(record.key(name)) for name in record.newest},
    )
