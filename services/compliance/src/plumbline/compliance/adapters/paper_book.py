"""Papers as people look at them, in PostgreSQL."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from typing_extensions import override

from plumbline.common.database import Pool, borrowed, transaction
from plumbline.common.reconciling.marks import Mark
from plumbline.common.reconciling.store import mark
from plumbline.compliance.adapters.documents import DECISIONS, QUERIES, document_from, older, place_marks
from plumbline.compliance.domain.decision import Desk
from plumbline.compliance.domain.document import Document, Review
from plumbline.compliance.domain.facts import DocumentFacts
from plumbline.compliance.ports.book import Decided, Errand, PaperBook, Placed


class PostgresPaperBook(PaperBook):
    """Reads and writes the schema of compliance."""

    def __init__(self, pool: Pool) -> None:
        """Work through `pool`."""
        self._pool = pool

    @override
    async def listed(
        self, *, state: str | None, connection: str | None, held: str | None, limit: int
    ) -> Sequence[Mapping[str, Any]]:
        async with borrowed(self._pool) as database:
            return await database.fetch(QUERIES["listed"], state, connection, held, limit)

    @override
    async def refused(self, *, connection: str | None, limit: int) -> Sequence[Mapping[str, Any]]:
        async with borrowed(self._pool) as database:
            return await database.fetch(QUERIES["refused"], connection, limit)

    @override
    async def document(self, document: str) -> Document | None:
        async with borrowed(self._pool) as database:
            row = await database.fetchrow(QUERIES["document_by_id"], document)
            return await document_from(database, row) if row else None

    @override
    async def decisions(self, document: Document) -> Sequence[Decided]:
        async with borrowed(self._pool) as database:
            rows = await database.fetch(QUERIES["decisions_of"], document.connection, document.document)
        return [
            Decided(
                version=row["version"],
                at=row["decided_at"],
                state=row["state"],
                rule_set=row["rule_set"],
                inputs=row["inputs"],
                facts=DocumentFacts.model_validate_json(row["facts"]),
                decisions=DECISIONS.validate_json(row["decisions"]),
            )
            for row in rows
        ]

    @override
    async def errands(self, document: Document) -> Sequence[Errand]:
        async with borrowed(self._pool) as database:
            rows = await database.fetch(QUERIES["tickets_of"], document.connection, document.document)
        return [
            Errand(
                ticket=row["ticket"],
                desk=Desk(region=row["region"], trade=row["trade"], desk=row["desk"]),
                sentence=row["sentence"],
                issued_at=row["issued_at"],
                withdrawn_at=row["withdrawn_at"],
                acknowledged_at=row["acknowledged_at"],
                acknowledged_by=row["acknowledged_by"],
            )
            for row in rows
        ]

    @override
    async def review(self, document: Document, review: Review, placed: Placed) -> None:
        place = document.connection, document.document
        async with transaction(self._pool) as database:
            cause = f"review {uuid.uuid4()}"
            keys, marks = {document.key}, list[Mark]()
            if placed != Placed():
                # It is news to where the paper was, and to where it is now.
                for one in (document, _moved(document, placed)):
                    keys.update(await older(database, one))
                    marks += await place_marks(database, one, cause, kinds={document.kind})
            marks += [Mark(key, document.connection, cause) for key in keys]
            await mark(database, marks, now=review.at)
            await database.execute(QUERIES["keep_review"], *place, review.model_dump_json())
            await database.execute(
                QUERIES["place_document"],
                *place,
                placed.project_id,
                placed.vendor_id,
                placed.payable,
                placed.company_id,
            )

    @override
    async def acknowledge(self, document: Document, ticket: str, *, by: str, at: datetime) -> None:
        async with transaction(self._pool) as database:
            cause = f"acknowledged {ticket}"
            await mark(database, [Mark(document.key, document.connection, cause)], now=at)
            await database.execute(QUERIES["acknowledge"], ticket, at, by)


def _moved(document: Document, placed: Placed) -> Document:
    return replace(
        document,
        project_id=placed.project_id or document.project_id,
        vendor_id=placed.vendor_id or document.vendor_id,
        payable=placed.payable or document.payable,
    )
