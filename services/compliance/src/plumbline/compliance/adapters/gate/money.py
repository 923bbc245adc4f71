"""The bank's word, what people let pass, and escrow, in PostgreSQL."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from typing_extensions import override

from plumbline.common.clock import Clock
from plumbline.common.database import Connection, Pool, borrowed, transaction
from plumbline.common.reconciling.marks import Mark
from plumbline.common.reconciling.store import mark
from plumbline.compliance.adapters.gate.payables import QUERIES
from plumbline.compliance.domain.gate.expiry import PREFIX as EXPIRY
from plumbline.compliance.domain.gate.money import Settlement
from plumbline.compliance.domain.gate.overrides import Override
from plumbline.compliance.ports.gate import Money


class PostgresMoney(Money):
    """Keeps it in the schema of compliance, and makes due what it concerns."""

    def __init__(self, pool: Pool, clock: Clock) -> None:
        """Keep it through `pool`."""
        self._pool = pool
        self._clock = clock

    @override
    async def settle(self, connection: str, payable: str, told: Settlement) -> Settlement:
        now = self._clock.now()
        async with transaction(self._pool) as database:
            await mark(database, [Mark(payable, connection, f"settled {told.reference}")], now=now)
            await database.execute(
                QUERIES["settle"], payable, told.reference, told.settled_on, told.amount_cents, now
            )
            kept = await database.fetchrow(QUERIES["settlement"], payable)
        assert kept is not None
        return Settlement(**kept)

    @override
    async def let_pass(self, given: Override) -> Sequence[str]:
        now = self._clock.now()
        async with transaction(self._pool) as database:
            keys = await self._mark_concerned(database, given.model_dump())
            await database.execute(
                QUERIES["keep_override"],
                given.id,
                given.connection,
                given.payable,
                given.project_id,
                given.vendor_id,
                given.code,
                given.reason,
                given.by,
                given.until,
                now,
            )
        return keys

    @override
    async def withdraw(self, override_id: str, *, by: str) -> Sequence[str] | None:
        now = self._clock.now()
        async with transaction(self._pool) as database:
            scope = await database.fetchrow(QUERIES["override_scope"], override_id)
            if scope is None:
                return None
            keys = await self._mark_concerned(database, scope)
            await database.execute(QUERIES["withdraw_override"], override_id, now, by)
        return keys

    @override
    async def overrides(self, connection: str | None) -> Sequence[Override]:
        async with borrowed(self._pool) as database:
            rows = await database.fetch(QUERIES["all_overrides"], connection)
        return [Override(**row) for row in rows]

    async def _mark_concerned(self, database: Connection, scope: Mapping[str, Any]) -> Sequence[str]:
        connection, cause = scope["connection"], f"override {uuid.uuid4()}"
        keys = await _concerned(
            database,
            connection=connection,
            payable=scope["payable"],
            vendor_id=scope["vendor_id"],
            project_id=scope["project_id"],
        )
        await mark(database, [Mark(key, connection, cause) for key in keys], now=self._clock.now())
        return keys


async def is_in_escrow(pool: Pool, connection: str, document: str) -> bool:
    """Say whether a document is an unconditional waiver of money that has not arrived: nobody may read or send it."""
    async with borrowed(pool) as database:
        found: bool = await database.fetchval(QUERIES["is_in_escrow"], connection, document)
    return found


async def paper_marks(
    database: Connection,
    *,
    connection: str,
    document: str,
    cause: str,
    vendor_id: str | None,
    payable: str | None,
) -> Sequence[Mark]:
    """Return marks for all that a changed paper is news to: its payable, those of its vendor, and its own end.

    The caller marks them, with all others of its transaction, before it stores anything.
    """
    of_vendor = await _concerned(
        database, connection=connection, payable=None, vendor_id=vendor_id, project_id=None
    )
    own = [payable] if payable is not None else []
    return [Mark(key, connection, cause) for key in (*of_vendor, *own, f"{EXPIRY}{connection}/{document}")]


async def payables_of(database: Connection, connection: str, project_id: str) -> Sequence[str]:
    """Return the payables of a project."""
    rows = await database.fetch(QUERIES["of_project"], connection, project_id)
    return [row["payable"] for row in rows]


async def _concerned(
    database: Connection,
    *,
    connection: str,
    payable: str | None,
    vendor_id: str | None,
    project_id: str | None,
) -> Sequence[str]:
    if payable is not None:
        return [payable]
    if vendor_id is None:
        return []
    rows = await database.fetch(QUERIES["concerned"], connection, vendor_id, project_id)
    return [row["payable"] for row in rows]
