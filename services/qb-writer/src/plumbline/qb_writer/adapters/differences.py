"""How records and documents stand, and in what they differ, in PostgreSQL."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal

from plumbline.common.contracts.cloudevents import Outgoing, outgoing
from plumbline.common.contracts.topics import LEDGER_DRIFT
from plumbline.common.database import Connection, Pool, borrowed
from plumbline.common.outbox import put
from plumbline.qb_writer.adapters.holdings import QUERIES, HeldDocuments
from plumbline.qb_writer.adapters.ledger import SERVICE, as_record
from plumbline.qb_writer.adapters.past import KnownPast
from plumbline.qb_writer.domain.comparison import Known, Pair
from plumbline.qb_writer.domain.difference import Difference
from plumbline.qb_writer.domain.documents import decoded
from plumbline.qb_writer.domain.holdings import BY_ENTITY
from plumbline.qb_writer.domain.kind import Refusal
from plumbline.qb_writer.domain.records import Beginning
from plumbline.qb_writer.domain.reports import Open, Tolerance, message, reports
from plumbline.qb_writer.domain.strays import Stray
from plumbline.qb_writer.ports import Comparison, Extent, Roll

_KINDS = [kind.name for kind in BY_ENTITY.values()]
_ENTITIES = list(BY_ENTITY)
_MADE_BY_PEOPLE = [kind.is_made_by_people for kind in BY_ENTITY.values()]


class DriftTable:
    """The table of differences, and the one join that they are found with."""

    def __init__(self, pool: Pool) -> None:
        """Work in the schema of `pool`."""
        self._pool = pool

    async def extent(self, run: Comparison) -> Extent:
        """Return how much is known of a realm's books."""
        beginning = await KnownPast(self._pool).beginning(run.connection)
        horizon = await HeldDocuments(self._pool).horizon(run.realm)
        return Extent(horizon.complete_since, beginning)

    async def pairs(self, realm: str, beginning: Beginning, *, after: str, limit: int) -> Roll:
        """Return the records that come after one of that name."""
        async with borrowed(self._pool) as connection:
            rows = await connection.fetch(QUERIES["pairs"], realm, after, limit, _KINDS, _ENTITIES)
        known = {row["name"]: _pair(row) for row in rows}
        pairs = [known[row["name"]] for row in rows if row["is_of_page"]]
        named = {name for pair in pairs for name in pair.record.needs}
        return Roll(pairs, {name: known[name].related(beginning) for name in named & known.keys()})

    async def strays(
        self, realm: str, *, after: tuple[str, str], begins_on: date, limit: int
    ) -> Sequence[Stray]:
        """Return the documents without a record that come after one, by entity and id."""
        async with borrowed(self._pool) as connection:
            rows = await connection.fetch(
                QUERIES["strays"], realm, *after, _KINDS, _ENTITIES, _MADE_BY_PEOPLE, begins_on, limit
            )
        return [Stray(BY_ENTITY[row["entity"]], _known(row), row["rightful_id"]) for row in rows]

    async def keep(
        self,
        connection: Connection,
        run: Comparison,
        found: Sequence[Difference],
        *,
        unknown: Sequence[str],
        tolerance: Tolerance,
        now: datetime,
    ) -> None:
        """Store what was found of some subjects, and put what is news of it into the outbox."""
        if unknown:
            await connection.execute(QUERIES["still_open"], run.realm, list(unknown), run.began_at)
        subjects = list({difference.subject for difference in found})
        if not subjects:
            return
        rows = await connection.fetch(QUERIES["open_differences_of"], run.realm, subjects)
        known = {one.place: one for one in map(_open, rows)}
        told = list(reports(found, known, tolerance, now=now))
        await _store(connection, run, [report.open for report in told])
        news = [(report.open, report.change) for report in told if report.change is not None]
        await put(connection, [_event(run, one, change, now) for one, change in news])

    async def close(self, connection: Connection, run: Comparison, *, limit: int, now: datetime) -> int:
        """Close some of what the comparison has not seen, put it into the outbox, and return how many."""
        rows = await connection.fetch(QUERIES["close_differences"], run.realm, run.began_at, now, limit)
        await put(connection, [_event(run, _open(row), "closed", now) for row in rows])
        return len(rows)

    async def ended(
        self,
        connection: Connection,
        run: Comparison,
        extent: Extent,
        *,
        counts: tuple[int, int],
        now: datetime,
    ) -> None:
        """Note that the comparison has come to its end, over so many records and documents."""
        await connection.execute(
            QUERIES["keep_comparison"],
            run.realm,
            run.connection,
            run.began_at,
            now,
            extent.complete_since,
            extent.beginning.from_day if extent.beginning else None,
            *counts,
        )

    async def totals(self) -> list[Mapping[str, Any]]:
        """Return how much is open, by connection and code."""
        async with borrowed(self._pool) as connection:
            return await connection.fetch(QUERIES["drift_totals"])

    async def comparisons(self) -> list[Mapping[str, Any]]:
        """Return when each realm was compared last."""
        async with borrowed(self._pool) as connection:
            return await connection.fetch(QUERIES["comparisons"])

    async def open(self, connection_name: str | None, *, limit: int) -> list[Mapping[str, Any]]:
        """Return what is open, the most money first."""
        async with borrowed(self._pool) as connection:
            return await connection.fetch(QUERIES["open_differences"], connection_name, limit)


async def _store(connection: Connection, run: Comparison, opened: Sequence[Open]) -> None:
    told = [one.difference for one in opened]
    await connection.execute(
        QUERIES["keep_differences"],
        run.realm,
        run.connection,
        run.began_at,
        [each.subject for each in told],
        [each.code for each in told],
        [each.cause for each in told],
        [each.quickbooks_id for each in told],
        [each.off_cents for each in told],
        [each.stake_cents for each in told],
        [each.sentence for each in told],
        [each.advice for each in told],
        [each.since for each in told],
        [one.opened_at for one in opened],
    )


def _event(
    run: Comparison, one: Open, change: Literal["opened", "changed", "closed"], now: datetime
) -> Outgoing:
    said = message(one, change, realm=run.realm, connection=run.connection, at=now)
    return outgoing(LEDGER_DRIFT, said.key, said, source=SERVICE, at=now)


def _open(row: Mapping[str, Any]) -> Open:
    difference = Difference(
        subject=row["subject"],
        code=row["code"],
        cause=row["cause"],
        quickbooks_id=row["quickbooks_id"],
        off_cents=row["off_cents"],
        stake_cents=row["stake_cents"],
        sentence=row["sentence"],
        advice=row["advice"],
        since=row["since"],
    )
    return Open(difference, row["opened_at"])


def _pair(row: Mapping[str, Any]) -> Pair:
    return Pair(
        record=as_record(row),
        known=None if row["held_id"] is None else _known(row),
        parked=Refusal(row["announced_code"], row["announced_reason"]) if row["parked_at"] else None,
    )


def _known(row: Mapping[str, Any]) -> Known:
    # Whoever finds a document gone is not told when that happened.
    changed_at = row["seen_at"] if row["is_deleted"] or row["changed_at"] is None else row["changed_at"]
    return Known(
        quickbooks_id=row["held_id"],
        sync_token=row["held_sync_token"],
        document=None if row["is_deleted"] else decoded(row["held_body"].encode()),
        changed_at=changed_at,
    )
