"""Papers as they come in, in PostgreSQL."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from typing_extensions import override

from plumbline.common.database import Connection, Pool, borrowed, transaction
from plumbline.common.outbox import put
from plumbline.common.reconciling.marks import Mark
from plumbline.common.reconciling.store import mark
from plumbline.common.reconciling.verdicts import Effect
from plumbline.compliance.adapters.documents import QUERIES, document_from, living, place_marks
from plumbline.compliance.adapters.gate.money import payables_of
from plumbline.compliance.adapters.news import received
from plumbline.compliance.domain.document import (
    clean_name,
    key_of,
)
from plumbline.compliance.ports.intake import Arrival, Inbox, Receipt


class PostgresInbox(Inbox):
    """Takes papers into the schema of compliance."""

    def __init__(self, pool: Pool) -> None:
        """Keep them through `pool`."""
        self._pool = pool

    @override
    async def receive(self, arrival: Arrival, document: str, *, now: datetime) -> Receipt:
        key = key_of(arrival.connection, document)
        place = arrival.project_id, arrival.vendor_id, arrival.payable, arrival.company_id
        async with transaction(self._pool) as database:
            marks = [Mark(key, arrival.connection, f"received {document}")]
            row = await database.fetchrow(QUERIES["document"], arrival.connection, document)
            is_placed = row is not None and row["state"] != "destroyed" and _is_news(row, arrival)
            found_at = _found_at(arrival, document)
            replaced = await _stood_there(database, arrival.connection, found_at, document)
            marks += await _withdrawn(database, arrival.connection, replaced, now)
            if row is not None and is_placed:
                cause = (
                    f"placed {document} {now.isoformat()}"  # no name: it outlives the paper, at its payables
                )
                placed = replace(
                    await document_from(database, row), vendor_id=arrival.vendor_id, payable=arrival.payable
                )
                marks += [Mark(key, arrival.connection, cause)]
                marks += await place_marks(database, placed, cause, kinds={placed.kind})
            await mark(database, marks, now=now)
            if is_placed:
                await database.execute(QUERIES["place_document"], arrival.connection, document, *place)
            version = await database.fetchval(
                QUERIES["receive"],
                arrival.connection,
                document,
                arrival.source,
                arrival.source_record,
                clean_name(arrival.file_name),
                arrival.company_id,
                arrival.project_id,
                arrival.vendor_id,
                arrival.payable,
                now,
            )
            await _keep_finding(database, arrival, now, found_at=found_at, document=document)
            if await database.fetchval(QUERIES["count_again"], arrival.connection, document):
                # Its work row is locked since the first mark: so nothing was withdrawn in between, unseen.
                await mark(database, [Mark(key, arrival.connection, f"listed {now.isoformat()}")], now=now)
            await database.execute(QUERIES["withdraw_unlisted"], arrival.connection, replaced, now)
            if version is not None:
                await put(database, [received(arrival, document, version, now)])
                return Receipt(document, is_new=True, earlier=arrival.source_record)
            earlier = await database.fetchrow(QUERIES["earlier"], arrival.connection, document)
        assert earlier is not None
        return Receipt(document, is_new=False, earlier=earlier["source_record"])

    @override
    async def refuse(self, arrival: Arrival, code: str, sentence: str, *, now: datetime) -> None:
        async with transaction(self._pool) as database:
            found_at = arrival.source_record
            replaced = await _stood_there(database, arrival.connection, found_at, None)
            await mark(database, await _withdrawn(database, arrival.connection, replaced, now), now=now)
            await _keep_finding(database, arrival, now, found_at=found_at, refusal=(code, sentence))
            await database.execute(QUERIES["withdraw_unlisted"], arrival.connection, replaced, now)

    @override
    async def fingerprints(self, connection: str, prefix: str) -> Mapping[str, str]:
        async with borrowed(self._pool) as database:
            rows = await database.fetch(QUERIES["fingerprints"], connection, prefix)
        return {row["source_record"]: row["fingerprint"] for row in rows}

    @override
    async def missed(self, connection: str, shelf: str, seen: Collection[str]) -> Collection[str]:
        async with borrowed(self._pool) as database:
            rows = await database.fetch(QUERIES["missed"], connection, shelf, sorted(seen))
        return [row["source_record"] for row in rows]

    @override
    def shelving(self, connection: str, shelf: str, seen: Collection[str], *, now: datetime) -> Effect:
        async def keep(database: Connection) -> None:
            rows = await database.fetch(QUERIES["missed"], connection, shelf, sorted(seen))
            documents = sorted({row["document"] for row in rows if row["document"] is not None})
            await mark(database, await _withdrawn(database, connection, documents, now), now=now)
            await database.execute(QUERIES["shelve"], connection, shelf, sorted(seen))
            await database.execute(
                QUERIES["forget_findings"], connection, [row["source_record"] for row in rows]
            )
            await database.execute(QUERIES["withdraw_unlisted"], connection, documents, now)

        return keep

    @override
    async def project_changed(
        self,
        connection: str,
        project_id: str,
        *,
        place: str,
        fingerprint: str,
        now: datetime,
        due_at: datetime,
    ) -> None:
        async with transaction(self._pool) as database:
            keys = await living(database, connection=connection, project_id=project_id)
            # A payable rests on the project's state and the vendor's trades: they say which licence it needs.
            keys += await payables_of(database, connection, project_id)
            cause = f"project {fingerprint} {now.isoformat()}"
            await mark(database, [Mark(key, connection, cause, due_at=due_at) for key in keys], now=now)
            await database.execute(
                QUERIES["keep_finding"], connection, place, fingerprint, None, None, None, now
            )


def _found_at(arrival: Arrival, document: str) -> str:
    """Return the place of an arrival: what was sent is a place of its own, for many files are called `W-9.pdf`."""
    return arrival.source_record if arrival.source == "procore" else f"{arrival.source_record} {document}"


async def _stood_there(
    database: Connection, connection: str, found_at: str, document: str | None
) -> list[str]:
    """Return the other paper that was found at a place before, if there was one."""
    before = await database.fetchval(QUERIES["found_before"], connection, found_at)
    return [] if before in {None, document} else [before]


async def _withdrawn(
    database: Connection, connection: str, documents: Sequence[str], now: datetime
) -> list[Mark]:
    """Return marks for papers that stand at a place no more, and for the payables that they spoke for.

    Payables are judged anew also while the connection is held, and papers are not: so they do not wait for them.
    """
    cause = f"withdrawn {now.isoformat()}"
    marks = [Mark(key_of(connection, one), connection, cause) for one in documents]
    for one in documents:
        if row := await database.fetchrow(QUERIES["document"], connection, one):
            gone = await document_from(database, row)
            marks += await place_marks(database, gone, f"{cause} {one}", kinds={gone.kind})
    return marks


def _is_news(row: Mapping[str, Any], arrival: Arrival) -> bool:
    """Say whether a place tells more of a paper than was known, and nothing else."""
    names = ("project_id", "vendor_id", "payable")
    known = {name: row[name] for name in names if row[name] is not None}
    found = {name: said for name in names if (said := getattr(arrival, name)) is not None}
    return known | found == found | known and not found.keys() <= known.keys()


async def _keep_finding(
    database: Connection,
    arrival: Arrival,
    now: datetime,
    *,
    found_at: str,
    document: str | None = None,
    refusal: tuple[str, str] | None = None,
) -> None:
    code, sentence = refusal or (None, None)
    await database.execute(
        QUERIES["keep_finding"],
        arrival.connection,
        found_at,
        arrival.fingerprint,
        document,
        code,
        sentence,
        now,
    )
