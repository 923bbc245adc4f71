"""The errands of desks, in PostgreSQL."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from typing_extensions import override

from plumbline.common.database import Pool, borrowed
from plumbline.compliance.adapters.documents import QUERIES
from plumbline.compliance.domain.decision import Desk
from plumbline.compliance.domain.document import Document
from plumbline.compliance.domain.judging import Ticket
from plumbline.compliance.ports.documents import Desks


class PostgresDesks(Desks):
    """Reads errands from the schema of compliance."""

    def __init__(self, pool: Pool) -> None:
        """Read through `pool`."""
        self._pool = pool

    @override
    async def live(self, document: Document, *, late_before: datetime) -> Ticket | None:
        async with borrowed(self._pool) as database:
            row = await database.fetchrow(QUERIES["live_ticket"], document.connection, document.document)
        return ticket_from(row, late_before=late_before) if row else None

    @override
    async def turn(self, document: Document, rule_set: str, desk: Desk) -> int:
        async with borrowed(self._pool) as database:
            count: int = await database.fetchval(
                QUERIES["withdrawn_count"],
                document.connection,
                document.document,
                rule_set,
                desk.region,
                desk.trade,
                desk.desk,
            )
        return count


def ticket_from(row: Mapping[str, Any], *, late_before: datetime) -> Ticket:
    """Return the errand of a row; late if it was given out before a time."""
    is_acknowledged = row["acknowledged_at"] is not None
    return Ticket(
        ticket=row["ticket"],
        desk=Desk(region=row["region"], trade=row["trade"], desk=row["desk"]),
        sentence=row["sentence"],
        rule_set=row["rule_set"],
        replaces=row["replaces"],
        is_acknowledged=is_acknowledged,
        is_late=not is_acknowledged and row["issued_at"] <= late_before,
    )
