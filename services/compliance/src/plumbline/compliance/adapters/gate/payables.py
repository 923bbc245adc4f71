"""Payables, bills, papers that run out, and what is known of money, in PostgreSQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from typing_extensions import override

from plumbline.common.contracts.cloudevents import outgoing
from plumbline.common.contracts.documents import DocumentExpiring, PayableChanged
from plumbline.common.contracts.ledger import LedgerCommand
from plumbline.common.contracts.topics import DOCUMENTS_EXPIRING, LEDGER_COMMANDS, PAYABLES
from plumbline.common.database import Connection, Pool, borrowed, load_queries
from plumbline.common.outbox import put
from plumbline.common.reconciling.marks import Mark
from plumbline.common.reconciling.store import mark
from plumbline.common.reconciling.verdicts import Effect
from plumbline.compliance.domain.gate.money import InBooks, Settlement
from plumbline.compliance.domain.gate.overrides import Override
from plumbline.compliance.domain.gate.payable import Billed, State
from plumbline.compliance.ports.gate import (
    Around,
    Bills,
    Ending,
    Endings,
    Kept,
    Known,
    PayableBook,
)

QUERIES = load_queries("plumbline.compliance.adapters.gate")
"""The gate's SQL."""

SHOWN_MAX = 500
"""Payables that one answer lists."""

OVER = frozenset({"paid", "void"})
"""States in which nothing is owed any more."""


class PostgresPayables(PayableBook):
    """Keeps payables in the schema of compliance."""

    def __init__(self, pool: Pool) -> None:
        """Keep them through `pool`."""
        self._pool = pool

    @override
    async def known(self, payable: str) -> Known | None:
        async with borrowed(self._pool) as database:
            row = await database.fetchrow(QUERIES["known"], payable)
        if row is None:
            return None
        return Known(
            billed=Billed.model_validate_json(row["billed"]),
            said=PayableChanged.model_validate_json(row["said"]),
            owes_waiver=row["owes_waiver"],
        )

    @override
    async def around(
        self, *, connection: str, vendor_id: str, payable: str = "", commitment_id: str = ""
    ) -> Around:
        async with borrowed(self._pool) as database:
            settlement = await database.fetchrow(QUERIES["settlement"], payable)
            shown = await database.fetchval(QUERIES["bill_shown"], payable)
            overrides = await database.fetch(QUERIES["overrides_around"], payable, connection, vendor_id)
            others = await database.fetch(QUERIES["commitment"], connection, commitment_id, payable)
        owing = [Billed.model_validate_json(row["billed"]).number for row in others if row["owes_waiver"]]
        return Around(
            overrides=[Override(**row) for row in overrides],
            settlement=Settlement(**settlement) if settlement else None,
            in_books=InBooks.model_validate_json(shown) if shown else None,
            prior=owing,
            open_invoices=sum(row["state"] not in OVER for row in others),
        )

    @override
    async def of_project(self, connection: str, project_id: str) -> Mapping[str, bool]:
        async with borrowed(self._pool) as database:
            rows = await database.fetch(QUERIES["of_project"], connection, project_id)
        return {row["payable"]: row["is_lost"] for row in rows}

    @override
    async def siblings(self, billed: Billed) -> Sequence[str]:
        async with borrowed(self._pool) as database:
            rows = await database.fetch(
                QUERIES["commitment"], billed.connection, billed.commitment_id, billed.payable
            )
        return [row["payable"] for row in rows if row["state"] not in OVER]

    @override
    async def find(self, *, connection: str | None, state: State | None) -> Sequence[PayableChanged]:
        async with borrowed(self._pool) as database:
            rows = await database.fetch(QUERIES["find"], connection, state, SHOWN_MAX)
        return [PayableChanged.model_validate_json(row["said"]) for row in rows]

    @override
    async def versions(self, payable: str) -> Sequence[PayableChanged]:
        async with borrowed(self._pool) as database:
            rows = await database.fetch(QUERIES["versions"], payable)
        return [PayableChanged.model_validate_json(row["said"]) for row in rows]

    @override
    def marking(self, marks: Sequence[Mark], *, at: datetime) -> Effect:
        async def keep(database: Connection) -> None:
            await mark(database, marks, now=at)

        return keep

    @override
    def keeping(self, kept: Kept) -> Effect:
        async def keep(database: Connection) -> None:
            # Marks first: every transaction locks work rows before it stores anything else.
            await mark(database, kept.marks, now=kept.at)
            await _keep(database, kept)
            await _keep_escrow(database, kept)
            if kept.is_news:
                await _tell(database, kept)

        return keep


async def _keep(database: Connection, kept: Kept) -> None:
    billed, said = kept.billed, kept.said
    await database.execute(
        QUERIES["keep_payable"],
        billed.payable,
        billed.connection,
        billed.project_id,
        billed.vendor_id,
        billed.commitment_id,
        said.state,
        billed.amount_cents,
        billed.is_withdrawn or billed.trouble != "",
        kept.owes_waiver,
        billed.model_dump_json(),
        said.model_dump_json(),
    )


async def _keep_escrow(database: Connection, kept: Kept) -> None:
    if kept.frees:
        await database.execute(QUERIES["free_from_escrow"], kept.billed.payable, kept.at)
    elif kept.escrowed:
        await database.execute(
            QUERIES["hold_in_escrow"],
            kept.billed.connection,
            kept.billed.payable,
            list(kept.escrowed),
            kept.at,
        )


async def _tell(database: Connection, kept: Kept) -> None:
    said = kept.said
    await database.execute(QUERIES["keep_version"], said.payable, said.version, said.model_dump_json())
    message = outgoing(
        PAYABLES,
        said.key,
        said,
        source="compliance",
        at=kept.at,
        event_id=f"{said.payable}/{said.version}",
        traceparent=kept.traceparent,
    )
    await put(database, [message])


class PostgresBills(Bills):
    """Keeps the commands about bills in the schema of compliance."""

    def __init__(self, pool: Pool) -> None:
        """Keep them through `pool`."""
        self._pool = pool

    @override
    async def published(self, payable: str, *, realm: str) -> LedgerCommand | None:
        async with borrowed(self._pool) as database:
            body = await database.fetchval(QUERIES["published_bill"], payable, realm)
        return LedgerCommand.model_validate_json(body) if body else None

    @override
    def keeping(self, command: LedgerCommand, *, at: datetime, traceparent: str | None) -> Effect:
        message = outgoing(
            LEDGER_COMMANDS,
            command.key,
            command,
            source="compliance",
            at=at,
            event_id=f"{command.key}/{command.version}",
            traceparent=traceparent,
        )

        async def keep(database: Connection) -> None:
            await database.execute(
                QUERIES["keep_bill"],
                command.realm,
                command.record,
                command.version,
                command.source,
                command.model_dump_json(),
                at,
            )
            await put(database, [message])

        return keep


class PostgresEndings(Endings):
    """Finds papers that run out, and remembers what was told of them."""

    def __init__(self, pool: Pool) -> None:
        """Read them through `pool`."""
        self._pool = pool

    @override
    async def ending(self, connection: str, document: str) -> Ending | None:
        async with borrowed(self._pool) as database:
            row = await database.fetchrow(QUERIES["ending"], connection, document)
            if row is None:
                return None
            told = await database.fetch(QUERIES["warnings"], connection, document, row["expires_on"])
        return Ending(**row, told=frozenset(one["days"] for one in told))

    @override
    def warning(self, message: DocumentExpiring) -> Effect:
        event = outgoing(
            DOCUMENTS_EXPIRING,
            message.key,
            message,
            source="compliance",
            at=message.at,
            event_id=f"{message.document}/{message.expires_on}/{message.days}",
        )

        async def keep(database: Connection) -> None:
            await database.execute(
                QUERIES["warn"],
                message.connection,
                message.document,
                message.expires_on,
                message.days,
                message.at,
            )
            await put(database, [event])

        return keep


async def escrow_of(pool: Pool, payable: str) -> Sequence[Mapping[str, Any]]:
    """Return what is or was in escrow for a payable: document, since, and when it was released."""
    async with borrowed(pool) as database:
        return await database.fetch(QUERIES["escrow_of"], payable)
