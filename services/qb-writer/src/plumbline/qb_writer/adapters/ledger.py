"""Records, writes and numbers in PostgreSQL."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog
from pydantic import TypeAdapter

from plumbline.common.contracts.cloudevents import outgoing
from plumbline.common.contracts.ledger import Desired, LedgerCommand, LedgerResult
from plumbline.common.contracts.quickbooks import QuickBooksChanged
from plumbline.common.contracts.topics import LEDGER_RESULTS
from plumbline.common.database import Connection, Pool, borrowed, load_queries
from plumbline.common.errors import NeedsHumanError
from plumbline.common.metrics import BOOKS_LATENCY_SECONDS, OWN_SECONDS, PARTNER_SECONDS
from plumbline.common.outbox import put
from plumbline.common.reconciling.marks import Lane, Mark
from plumbline.common.reconciling.store import LostLeaseError, mark
from plumbline.qb_writer.adapters.holdings import store
from plumbline.qb_writer.domain.holdings import held_of
from plumbline.qb_writer.domain.kinds import kind_of
from plumbline.qb_writer.domain.records import Fate, File, Observed, Operation, Record, Write

QUERIES = load_queries("plumbline.qb_writer")
"""The writer's SQL."""

SERVICE = "qb-writer"
"""The service's name in events and metrics."""

log = structlog.get_logger(__name__)
_desired: TypeAdapter[Desired] = TypeAdapter(Desired)


class NoNumberLeftError(NeedsHumanError):
    """Every document number that this record may have is taken by another record."""


class Ledger:
    """Keeps records and writes, and lets others know how they stand."""

    def __init__(self, pool: Pool) -> None:
        """Keep them in the schema of `pool`."""
        self._pool = pool

    async def receive(
        self, connection: Connection, commands: Sequence[LedgerCommand], *, now: datetime
    ) -> None:
        """Store the newer of the commands. The same version with another hash is an alarm."""
        for command in sorted(commands, key=lambda c: (c.key, c.version)):
            stored = await connection.fetchval(
                QUERIES["receive"],
                command.key,
                command.realm,
                command.record,
                command.connection,
                command.source,
                command.desired.kind,
                command.version,
                command.content_hash,
                command.desired.model_dump_json(),
                list(dict.fromkeys([*command.needs, *kind_of(command.desired).names(command.desired)])),
                list(command.why),
                command.provider_time,
                command.partner_ms,
                now,
            )
            if stored is None:
                known = await connection.fetchval(QUERIES["stored_hash"], command.key, command.version)
                if known is not None and known != command.content_hash:
                    log.error("ledger.version-clash", key=command.key, version=command.version)

    async def load(self, key: str) -> Record | None:
        """Return a record with its open write, or None if no command ever named it."""
        async with borrowed(self._pool) as connection:
            row = await connection.fetchrow(QUERIES["load"], key)
        return None if row is None else as_record(row)

    async def keep(self, connection: Connection, record: Record) -> None:
        """Store what was observed and told of a record, its document too; what is desired stays as it is."""
        seen = record.observed
        told_version, told_state = record.told or (None, None)
        await connection.execute(
            QUERIES["keep"],
            record.key,
            seen.quickbooks_id,
            seen.sync_token,
            seen.number,
            seen.incarnation,
            seen.applied,
            seen.applied_hash,
            seen.total_cents,
            seen.balance_cents,
            seen.mailed,
            seen.voided,
            seen.deleted,
            record.writes,
            record.confirmed_at,
            told_version,
            told_state,
            record.partner_ms,
            record.looked,
            seen.removed,
            seen.linked,
            record.mails_done,
        )
        if (seen_now := held_of(record)) is not None:
            await store(connection, [seen_now])

    async def owners(
        self, connection: Connection, events: Sequence[QuickBooksChanged]
    ) -> list[tuple[QuickBooksChanged, str, str]]:
        """Return each event that brings news of a document of ours, with its record's key and connection."""
        rows = await connection.fetch(
            QUERIES["owners"],
            [event.realm for event in events],
            [event.entity for event in events],
            [event.entity_id for event in events],
            [event.operation for event in events],
            [event.occurred_at for event in events],
        )
        return [(events[row["place"]], row["key"], row["connection"]) for row in rows]

    async def hear(self, connection: Connection, keys: Sequence[str]) -> None:
        """Note that these records' documents may have changed: each is read once more."""
        await connection.execute(QUERIES["hear"], list(keys))

    async def keep_write(self, connection: Connection, write: Write) -> None:
        """Store a write as it is now; one that has ended is never changed again."""
        if write.fate is Fate.OPEN:
            stored = await connection.fetchval(
                QUERIES["open_write"],
                write.key,
                write.number,
                write.incarnation,
                write.operation.value,
                write.request_id,
                write.body,
                write.content,
                write.file.sha256 if write.file else None,
                write.file.size_bytes if write.file else None,
                write.document_id,
                write.document_number,
                write.send_to,
                write.mailed_before,
                write.opened_at,
                write.sent_at,
                write.tries,
                write.outcome,
            )
        else:
            stored = await connection.fetchval(
                QUERIES["close_write"],
                write.key,
                write.number,
                write.fate.value,
                write.outcome,
                write.closed_at,
            )
        if not stored:
            raise LostLeaseError(f"write {write.number} of {write.key} has ended already", key=write.key)

    async def allot_number(
        self,
        connection: Connection,
        record: Record,
        incarnation: int,
        *,
        space: str,
        candidates: Iterable[str],
    ) -> str:
        """Return the document number of an incarnation: unique in the realm's space, and the same once it is borne.

        Raises:
            NoNumberLeftError: needs a person.
        """
        wanted = list(candidates)
        number: str | None = await connection.fetchval(QUERIES["allotted_number"], record.key, incarnation)
        if number is not None and (record.observed.exists or number in wanted):
            return number
        if number is not None:
            # No document bears it, and its source wants another one by now.
            await connection.execute(QUERIES["free_number"], record.key, incarnation)
        for candidate in wanted:
            number = await connection.fetchval(
                QUERIES["allot_number"], record.realm, space, candidate, record.key, incarnation
            )
            if number is not None:
                return number
        raise NoNumberLeftError(
            f"Another record has the number {wanted[0]}. Renumber one of the two at its source, then resume this record.",
            key=record.key,
        )

    async def wake(
        self, connection: Connection, record: Record, *, moved: Iterable[str], now: datetime
    ) -> None:
        """Mark the records that wait for this one, and those whose documents' balances it has moved.

        The latter are read once more, as if QuickBooks had told of it: it may do so late, or never.
        """
        rows = await connection.fetch(QUERIES["concerned"], record.realm, record.name, list(moved))
        cause = f"{record.name} write {record.writes}"
        await mark(connection, [Mark(row["key"], record.connection, cause) for row in rows], now=now)
        await self.hear(connection, [row["key"] for row in rows if row["is_moved"]])

    async def tell(self, connection: Connection, record: Record, *, now: datetime) -> None:
        """Put the result of the record's version into the outbox, and measure it."""
        # Only the first result of a version tells the latency of a change.
        first = record.told is None or record.told[0] < record.version
        confirmed_at = record.confirmed_at or now
        written = first and record.confirmed_at is not None and record.confirmed_at >= record.received_at
        result = LedgerResult(
            realm=record.realm,
            record=record.name,
            version=record.version,
            connection=record.connection,
            source=record.source,
            kind=record.desired.kind,
            state=record.observed.state,
            quickbooks_id=record.observed.quickbooks_id,
            number=record.observed.number,
            total_cents=record.observed.total_cents,
            balance_cents=record.observed.balance_cents,
            provider_time=record.provider_time if written else None,
            confirmed_at=confirmed_at,
            partner_ms=record.partner_ms,
        )
        await put(connection, [outgoing(LEDGER_RESULTS, result.key, result, source=SERVICE, at=confirmed_at)])
        if result.provider_time is not None:
            took_s, partner_s = (
                (confirmed_at - result.provider_time).total_seconds(),
                record.partner_ms / 1000,
            )
            BOOKS_LATENCY_SECONDS.labels(result.kind).observe(took_s)
            PARTNER_SECONDS.labels(result.kind).observe(partner_s)
            OWN_SECONDS.labels(result.kind).observe(max(0.0, took_s - partner_s))

    async def ask_for_mail(self, connection: Connection, record: Record, *, now: datetime) -> None:
        """Note that a person wants the document mailed once more; asking twice is asking once."""
        cause = f"operator asks for mail {record.mails_done + 1} {record.writes}"
        await mark(connection, [Mark(record.key, record.connection, cause)], now=now)
        await connection.execute(QUERIES["ask_for_mail"], record.key)

    async def look_again(
        self, connection: Connection, keys: Sequence[str], *, cause: str, now: datetime
    ) -> list[str]:
        """Have records compared with QuickBooks once more, and set right if need be; live work goes before.

        Returns the keys that are records'.
        """
        rows = await connection.fetch(QUERIES["connections_of"], list(keys))
        marks = [Mark(row["key"], row["connection"], cause, lane=Lane.REPAIR) for row in rows]
        await self.hear(connection, await mark(connection, marks, now=now))
        return [row["key"] for row in rows]

    async def keys_of(self, connection_name: str) -> list[str]:
        """Return the keys of all records of a connection."""
        async with borrowed(self._pool) as connection:
            rows = await connection.fetch(QUERIES["keys_of_connection"], connection_name)
        return [row["key"] for row in rows]

    async def writes_of(self, key: str) -> list[Mapping[str, Any]]:
        """Return every write of a record, in order."""
        async with borrowed(self._pool) as connection:
            return await connection.fetch(QUERIES["writes_of"], key)


def as_record(row: Mapping[str, Any]) -> Record:
    """Return what a row of records says, with its open write if the row has one."""
    return Record(
        key=row["key"],
        realm=row["realm"],
        name=row["name"],
        connection=row["connection"],
        source=row["source"],
        version=row["version"],
        content_hash=row["content_hash"],
        desired=_desired.validate_json(row["desired"]),
        needs=tuple(row["needs"]),
        why=tuple(row["why"]),
        provider_time=row["provider_time"],
        partner_ms=row["partner_ms"],
        received_at=row["received_at"],
        known_since=row["known_since"],
        observed=Observed(
            quickbooks_id=row["quickbooks_id"],
            sync_token=row["sync_token"],
            number=row["document_number"],
            incarnation=row["incarnation"],
            applied=row["applied"],
            applied_hash=row["applied_hash"],
            total_cents=row["total_cents"],
            balance_cents=row["balance_cents"],
            mailed=row["mailed"],
            voided=row["voided"],
            deleted=row["deleted"],
            removed=row["removed"],
            linked=row["linked"],
        ),
        writes=row["writes"],
        open_write=_open_write(row) if row["write_number"] is not None else None,
        confirmed_at=row["confirmed_at"],
        told=(row["told_version"], row["told_state"]) if row["told_version"] is not None else None,
        mails_asked=row["mails_asked"],
        mails_done=row["mails_done"],
        heard=row["heard"],
        looked=row["looked"],
    )


def _open_write(row: Mapping[str, Any]) -> Write:
    return Write(
        key=row["key"],
        number=row["write_number"],
        incarnation=row["write_incarnation"],
        operation=Operation(row["operation"]),
        request_id=row["request_id"],
        body=row["body"],
        content=row["content"],
        file=File(row["file_sha256"], row["file_bytes"]) if row["file_sha256"] is not None else None,
        document_id=row["document_id"],
        document_number=row["write_document_number"],
        send_to=row["send_to"],
        mailed_before=row["mailed_before"],
        opened_at=row["opened_at"],
        sent_at=row["sent_at"],
        tries=row["tries"],
        outcome=row["outcome"],
    )
