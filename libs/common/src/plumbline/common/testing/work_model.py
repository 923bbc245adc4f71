"""What the work table should say: the whole promise of the reconciler, without SQL or concurrency."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from plumbline.common.reconciling.marks import Mark
from plumbline.common.reconciling.store import BURST_PAUSE, RETRY_BURST, RETRY_COST, Claimed
from plumbline.common.reconciling.verdicts import Done, Park, Retry, Verdict, Wait

LIMIT = 2
"""Leases per connection."""

LEASE = timedelta(hours=1)
"""How long a claim holds."""


@dataclass
class Row:
    """One row of the work table."""

    connection: str
    lane: int
    due: datetime | None
    causes: list[str]
    unserved: datetime | None
    serving: datetime | None = None
    deleted: bool = False
    generation: int = 1
    attempt: int = 0
    fence: int = 0
    holder: str | None = None
    expired: bool = False
    worked: datetime | None = None
    parked: bool = False
    announced: tuple[str, str] | None = None
    waits_for: str | None = None
    claimed: datetime | None = None
    probe: datetime | None = None


@dataclass
class Model:
    """All of the table, and what was announced; every method is one step of a service."""

    rows: dict[str, Row] = field(default_factory=dict)
    held: dict[str, datetime] = field(default_factory=dict)
    budget: dict[str, datetime] = field(default_factory=dict)
    announced: list[tuple[str, str, str]] = field(default_factory=list)
    happened: datetime | None = None

    def mark(self, m: Mark, now: datetime) -> bool:
        """Make a row due; say whether that was news."""
        due = m.due_at or now
        row = self.rows.get(m.key)
        if row is None:
            self.rows[m.key] = Row(
                m.connection, m.lane, due, [m.cause], m.provider_time, None, m.deletion_seen
            )
            return True
        if m.cause in row.causes:
            return False
        row.lane = m.lane if row.due is None else min(row.lane, m.lane)
        rested = due if row.worked is None else max(due, row.worked + BURST_PAUSE)
        row.due = rested if row.due is None else min(row.due, rested)
        row.unserved, row.deleted = oldest(row.unserved, m.provider_time), row.deleted or m.deletion_seen
        self.news(row, m.cause)
        return True

    def news(self, row: Row, cause: str) -> None:
        """Note a reason to look at a row."""
        row.causes, row.parked = [*row.causes, cause][-20:], False
        row.generation += 1

    def claim(self, replica: str, limit: int, lowest: int, now: datetime) -> set[str]:
        """Lease the rows whose turn it is, and return their keys."""
        ranked = []
        for connection in {r.connection for r in self.rows.values()}:
            mine = [(k, r) for k, r in self.rows.items() if r.connection == connection]
            busy = sum(r.holder is not None and not r.expired for _, r in mine)
            free = 1 if connection in self.held else max(0, LIMIT - busy)
            able = [
                (r.lane, r.due, k)
                for k, r in mine
                if r.due and r.due <= now and r.lane >= lowest and (r.holder is None or r.expired)
            ]
            if now >= self.held.get(connection, now):
                ranked += [(ln, n, d, k) for n, (ln, d, k) in enumerate(sorted(able)[:free])]
        taken = {key for *_, key in sorted(ranked)[:limit]}
        for row in (self.rows[key] for key in taken):
            row.fence, row.holder, row.expired, row.claimed = row.fence + 1, replica, False, now
            row.serving, row.unserved = oldest(row.serving, row.unserved), None
            row.probe = now + LEASE if row.connection in self.held else None
            if row.probe is not None:
                self.held[row.connection] = row.probe
        return taken

    def holds(self, c: Claimed) -> bool:
        """Say whether a claim may still store something."""
        return self.rows[c.key].holder is not None and self.rows[c.key].fence == c.fence

    def finish(self, c: Claimed, verdict: Verdict, now: datetime) -> None:
        """Write a verdict; the claim must hold."""
        row = self.rows[c.key]
        self.end_probe(row, verdict, now)
        due, quiet = None, row.generation == c.generation
        match verdict:
            case Done(again_after=again):
                due = None if again is None else now + again
                if c.announced is not None:
                    self.announced.append((c.key, "resumed", c.announced[1]))
                row.attempt, row.serving, row.announced, row.waits_for = 0, None, None, None
            case Retry(after=after):
                row.attempt += 1
                spent = max(self.budget.get(row.connection, now), now) + RETRY_COST
                self.budget[row.connection] = spent
                due = max(now + after, spent - RETRY_BURST)
            case Wait(after=after, holds_connection=holds):
                due = now + after
                if holds:
                    self.held[row.connection] = max(self.held.get(row.connection, due), due)
            case Park(code=code, reason=reason, resumes_on=resumes_on):
                if c.announced != (code, reason):
                    self.announced.append((c.key, "parked", reason))
                row.attempt, row.announced, row.waits_for = 0, (code, reason), resumes_on
                quiet = quiet and not (
                    resumes_on and self.happened and row.claimed and self.happened > row.claimed
                )
                row.parked = quiet
        row.due = due if quiet else now + BURST_PAUSE
        row.holder, row.expired, row.worked = None, False, now

    def end_probe(self, row: Row, verdict: Verdict, now: datetime) -> None:
        """Let the next row probe, or let all go on, unless the connection was held again."""
        if row.probe is None or self.held.get(row.connection) != row.probe:
            return
        if isinstance(verdict, Done | Park):
            del self.held[row.connection]
        else:
            self.held[row.connection] = now

    def release(self, replica: str) -> None:
        """Free what a replica held before it died."""
        for row in self.rows.values():
            if row.holder == replica:
                row.holder, row.expired, row.fence = None, False, row.fence + 1

    def resume(self, key: str, cause: str, now: datetime) -> list[str]:
        """Make a parked row due; return its key, or nothing."""
        row = self.rows.get(key)
        if row is None or not row.parked:
            return []
        self.news(row, cause)
        row.due = now
        return [key]


def oldest(*times: datetime | None) -> datetime | None:
    """Return the earliest of the times there are."""
    return min((t for t in times if t is not None), default=None)
