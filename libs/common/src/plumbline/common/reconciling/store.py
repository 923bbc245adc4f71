"""The table of work: marking, claiming, finishing. All SQL, no policy."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from typing_extensions import override

from plumbline.common.database import Connection, Pool, borrowed, load_queries, transaction
from plumbline.common.errors import TransientError
from plumbline.common.reconciling.marks import Lane, Mark, merged
from plumbline.common.reconciling.verdicts import Done, Park, Retry, Verdict, Wait

QUERIES = load_queries("plumbline.common.reconciling")
"""The reconciler's SQL."""

BURST_PAUSE = timedelta(milliseconds=50)
"""A row that was worked on just now rests this long, so that a burst becomes a few pieces of work."""

RETRY_COST = timedelta(milliseconds=100)
"""A connection's retry budget: ten retries a second …"""

RETRY_BURST = timedelta(seconds=10)
"""… of which ten seconds' worth may be spent at once."""


BY_OPERATOR = "operator "
"""So begins the cause of a mark that a person has made."""


class LostLeaseError(TransientError):
    """Another worker has taken the row over; nothing of this piece of work was stored."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A leased row, as it was when it was claimed."""

    key: str
    connection: str
    lane: Lane
    generation: int
    fence: int
    attempt: int
    serving_since: datetime | None
    deletion_seen: bool
    traceparent: str | None
    causes: tuple[str, ...]
    announced: tuple[str, str] | None
    probe_until: datetime | None = None
    """Until when it holds its connection, if it probes whether the far side is well again after a hold."""

    @property
    def resumed_by_operator(self) -> bool:
        """Whether the newest news of it is that a person had it resumed."""
        return bool(self.causes) and self.causes[-1].startswith(BY_OPERATOR)


async def mark(connection: Connection, marks: Sequence[Mark], *, now: datetime) -> list[str]:
    """Make records due inside the caller's transaction; return the keys that were news.

    Locks the rows in the order of keys: mark before storing anything else about the records,
    so that every transaction takes its locks in one order.
    """
    rows = merged(marks)
    if not rows:
        return []
    await connection.execute(QUERIES["know_connections"], sorted({r.mark.connection for r in rows}))
    changed = await connection.fetch(
        QUERIES["mark"],
        [r.mark.key for r in rows],
        [r.mark.connection for r in rows],
        [int(r.mark.lane) for r in rows],
        [r.mark.due_at or now for r in rows],
        [r.mark.provider_time for r in rows],
        [r.mark.deletion_seen for r in rows],
        [r.mark.traceparent for r in rows],
        ["\x1f".join(r.causes) for r in rows],
        BURST_PAUSE,
    )
    await connection.execute(QUERIES["notify"])
    return [row["key"] for row in changed]


async def resume(
    connection: Connection, *, keys: Sequence[str] = (), event: str | None = None, cause: str, now: datetime
) -> list[str]:
    """Make parked records due: those named, or those that wait for an event; return their keys.

    Call it in the transaction that makes the event happen: a record that is being parked at
    this moment, its handler having missed the event, is then looked at again.
    """
    if event is not None:
        await connection.execute(QUERIES["happen"], event)
    rows = await connection.fetch(QUERIES["resume"], list(keys), event, now, cause)
    await connection.execute(QUERIES["notify"])
    return [row["key"] for row in rows]


class WorkStore:
    """The work table of one service, as its loop uses it."""

    def __init__(self, pool: Pool, *, replica: str, lease: timedelta, per_connection: int) -> None:
        """Work as `replica`, a name that stays the same over restarts and that no other has.

        Args:
            pool: the service's pool.
            replica: who claims.
            lease: how long a claim holds without being renewed; every fenced transaction renews it.
            per_connection: how many rows of one connection may be leased at once. Replicas that
                claim at the very same moment may pass it by one each: a partner's own limit
                needs its own guard.
        """
        self.pool = pool
        self._replica = replica
        self._lease = lease
        self._per_connection = per_connection

    async def release_former_life(self) -> int:
        """Free what this replica held before it died, and return how much."""
        async with borrowed(self.pool) as connection:
            return len(await connection.fetch(QUERIES["release_former_life"], self._replica))

    async def claim(self, limit: int, *, now: datetime, lowest: Lane = Lane.LIVE) -> list[Claimed]:
        """Lease up to `limit` due rows of the lanes from `lowest` on."""
        async with borrowed(self.pool) as connection:
            rows = await connection.fetch(
                QUERIES["claim"], now, limit, self._per_connection, self._lease, int(lowest), self._replica
            )
        return [_claimed(row) for row in rows]

    async def next_due(self, *, after: datetime) -> datetime | None:
        """Return when it is worth while to claim again after a claim at the given time, by due times alone."""
        async with borrowed(self.pool) as connection:
            due: datetime | None = await connection.fetchval(QUERIES["next_due"], after)
            return due

    @asynccontextmanager
    async def fenced(self, claimed: Claimed) -> AsyncIterator[Connection]:
        """Open a transaction that commits only while the claim holds, and renews its lease.

        Raises:
            LostLeaseError: transient; somebody else works on the row now.
        """
        async with transaction(self.pool) as connection:
            if not await connection.fetchval(QUERIES["hold_fence"], claimed.key, claimed.fence, self._lease):
                raise LostLeaseError(f"{claimed.key} was taken over", key=claimed.key)
            yield connection

    async def finish(
        self, connection: Connection, claimed: Claimed, verdict: Verdict, *, now: datetime
    ) -> None:
        """Write the verdict into the row, inside a fenced transaction.

        After a hold of its connection one row at a time is worked, until one is done or parked: to be told
        to wait, or to fail, does not show that the far side is well.
        """
        if claimed.probe_until is not None:
            next_probe = None if isinstance(verdict, Done | Park) else now
            await connection.execute(
                QUERIES["end_probe"], claimed.connection, claimed.probe_until, next_probe
            )
        match verdict:
            case Done(again_after=again):
                due = None if again is None else now + again
                await connection.execute(QUERIES["finish_done"], *_head(claimed, now), due, BURST_PAUSE)
            case Retry(after=after, why=why):
                due = await self._within_budget(connection, claimed.connection, now + after, now)
                await connection.execute(
                    QUERIES["finish_later"], *_head(claimed, now), due, BURST_PAUSE, 1, why
                )
            case Wait(after=after, why=why, holds_connection=holds):
                await connection.execute(
                    QUERIES["finish_later"], *_head(claimed, now), now + after, BURST_PAUSE, 0, why
                )
                if holds:
                    await connection.execute(QUERIES["hold_connection"], claimed.connection, now + after, why)
            case Park(code=code, reason=reason, amount_cents=cents, resumes_on=resumes_on):
                missed = resumes_on is not None and await connection.fetchval(
                    QUERIES["await_event"], resumes_on, claimed.key
                )
                await connection.execute(
                    QUERIES["finish_parked"],
                    *_head(claimed, now),
                    BURST_PAUSE,
                    code,
                    reason,
                    cents,
                    resumes_on,
                    missed,
                )

    async def _within_budget(
        self, connection: Connection, name: str, wanted: datetime, now: datetime
    ) -> datetime:
        budget_at: datetime = await connection.fetchval(QUERIES["spend_retry"], name, now, RETRY_COST)
        return max(wanted, budget_at - RETRY_BURST)


class HeldWork(WorkStore):
    """The work of connections that are held: what can be done without the far side is done meanwhile.

    What cannot is told to wait, and is worked as ever when the hold is over.
    """

    def __init__(self, pool: Pool, *, replica: str, lease: timedelta, kinds: Collection[str]) -> None:
        """Work rows whose keys begin with one of `kinds` and a slash; see `WorkStore`."""
        super().__init__(pool, replica=replica, lease=lease, per_connection=0)
        self._kinds = sorted(kinds)

    @override
    async def claim(self, limit: int, *, now: datetime, lowest: Lane = Lane.LIVE) -> list[Claimed]:
        async with borrowed(self.pool) as connection:
            rows = await connection.fetch(
                QUERIES["claim_held"], now, limit, self._lease, int(lowest), self._replica, self._kinds
            )
        return [_claimed(row) for row in rows]


def _head(claimed: Claimed, now: datetime) -> tuple[object, ...]:
    return claimed.key, claimed.fence, claimed.generation, now


def _claimed(row: Mapping[str, Any]) -> Claimed:
    announced = (row["announced_code"], row["announced_reason"]) if row["announced_code"] else None
    return Claimed(
        key=row["key"],
        connection=row["connection"],
        lane=Lane(row["lane"]),
        generation=row["generation"],
        fence=row["fence"],
        attempt=row["attempt"],
        serving_since=row["serving_since"],
        deletion_seen=row["deletion_seen"],
        traceparent=row["traceparent"],
        causes=tuple(row["causes"]),
        announced=announced,
        probe_until=row["probe_until"],
    )
