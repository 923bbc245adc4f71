"""The reconciler against a model of forty lines: whatever the order of steps, the table says the same."""

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from typing_extensions import override

from plumbline.common.database import Pool, transaction
from plumbline.common.listening import Bell
from plumbline.common.reconciling.loop import Claim, Reconciler
from plumbline.common.reconciling.marks import Lane, Mark
from plumbline.common.reconciling.store import (
    BURST_PAUSE,
    RETRY_BURST,
    RETRY_COST,
    Claimed,
    LostLeaseError,
    WorkStore,
    resume,
)
from plumbline.common.reconciling.verdicts import Done, Park, Retry, Verdict, Wait
from plumbline.common.testing.clock import FakeClock
from plumbline.common.testing.database import expire_leases, marked, rows, service_pool

T = TypeVar("T")
LIMIT = 2
"""Leases per connection."""
KEYS = {"a": "ohio", "b": "ohio", "c": "ohio", "d": "ohio", "e": "texas", "f": "texas"}


@dataclass
class Row:
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


@dataclass
class Model:
    """What the table should say; the whole promise of the reconciler in one place."""

    rows: dict[str, Row] = field(default_factory=dict)
    held: dict[str, datetime] = field(default_factory=dict)
    budget: dict[str, datetime] = field(default_factory=dict)
    announced: list[tuple[str, str, str]] = field(default_factory=list)
    happened: datetime | None = None

    def mark(self, m: Mark, now: datetime) -> bool:
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
        row.causes, row.parked = [*row.causes, cause][-20:], False
        row.generation += 1

    def claim(self, replica: str, limit: int, lowest: int, now: datetime) -> set[str]:
        ranked = []
        for connection in {r.connection for r in self.rows.values()}:
            mine = [(k, r) for k, r in self.rows.items() if r.connection == connection]
            free = LIMIT - sum(r.holder is not None and not r.expired for _, r in mine)
            able = [
                (r.lane, r.due, k)
                for k, r in mine
                if r.due and r.due <= now and r.lane >= lowest and (r.holder is None or r.expired)
            ]
            if now >= self.held.get(connection, now):
                ranked += [(ln, n, d, k) for n, (ln, d, k) in enumerate(sorted(able)[: max(0, free)])]
        taken = {key for *_, key in sorted(ranked)[:limit]}
        for row in (self.rows[key] for key in taken):
            row.fence, row.holder, row.expired, row.claimed = row.fence + 1, replica, False, now
            row.serving, row.unserved = oldest(row.serving, row.unserved), None
        return taken

    def holds(self, c: Claimed) -> bool:
        return self.rows[c.key].holder is not None and self.rows[c.key].fence == c.fence

    def finish(self, c: Claimed, verdict: Verdict, now: datetime) -> None:
        row = self.rows[c.key]
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

    def release(self, replica: str) -> None:
        for row in self.rows.values():
            if row.holder == replica:
                row.holder, row.expired, row.fence = None, False, row.fence + 1

    def resume(self, key: str, cause: str, now: datetime) -> list[str]:
        row = self.rows.get(key)
        if row is None or not row.parked:
            return []
        self.news(row, cause)
        row.due = now
        return [key]


def oldest(*times: datetime | None) -> datetime | None:
    return min((t for t in times if t is not None), default=None)


@dataclass
class World:
    """The real thing: one database, two replicas."""

    runner: asyncio.Runner
    pool: Pool
    clock: FakeClock = field(default_factory=FakeClock)

    def __post_init__(self) -> None:
        lease = timedelta(hours=1)
        self.stores = {
            name: WorkStore(self.pool, replica=name, lease=lease, per_connection=LIMIT)
            for name in ("r1", "r2")
        }
        self.loop = Reconciler(
            service="mapper",
            store=self.stores["r1"],
            handler=self.unused,
            clock=self.clock,
            bell=Bell(),
            concurrency=1,
        )

    async def unused(self, _: Claim) -> Verdict:
        raise NotImplementedError

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)


VERDICTS: list[Verdict] = [
    Done(),
    Done(again_after=timedelta(seconds=15)),
    Retry(timedelta(milliseconds=200), "reset"),
    Retry(timedelta(0), "reset"),
    Wait(timedelta(seconds=2), "slow"),
    Wait(timedelta(seconds=1), "429", holds_connection=True),
    Park("missing", "link it", resumes_on="link"),
    Park("missing", "link another", amount_cents=5),
]


class Machine(RuleBasedStateMachine):
    """Every step is done to both, and both must answer alike."""

    world: ClassVar[World]

    @initialize()
    def begin(self) -> None:
        self.world.run(rows(self.world.pool, "TRUNCATE work, connections"))
        self.world.run(rows(self.world.pool, "TRUNCATE outbox, happenings"))
        self.model = Model()
        self.claims: list[Claimed] = []
        self.step = 0

    def now(self) -> datetime:
        """Return a moment that no other step has, so that no two rows fall due together."""
        self.step += 1
        return self.world.clock.advance(timedelta(microseconds=1))

    @rule(
        key=st.sampled_from(sorted(KEYS)),
        cause=st.integers(0, 40),
        lane=st.sampled_from(Lane),
        seen_s=st.none() | st.integers(0, 60),
        later_s=st.sampled_from([None, None, None, 1, 20]),
        deletion_seen=st.booleans(),
    )
    def mark(
        self,
        key: str,
        cause: int,
        lane: Lane,
        seen_s: int | None,
        later_s: int | None,
        *,
        deletion_seen: bool,
    ) -> None:
        now = self.now()
        mark = Mark(
            key,
            KEYS[key],
            f"event {cause}",
            provider_time=None if seen_s is None else now - timedelta(seconds=seen_s),
            deletion_seen=deletion_seen,
            lane=lane,
            due_at=None if later_s is None else now + timedelta(seconds=later_s),
        )
        news = self.world.run(marked(self.world.pool, self.world.clock, mark))
        assert bool(news) == self.model.mark(mark, now)

    @precondition(lambda self: self.model.rows)
    @rule(
        replica=st.sampled_from(["r1", "r2"]),
        limit=st.sampled_from([6, 3, 2, 1]),
        lowest=st.sampled_from([Lane.LIVE, Lane.LIVE, Lane.LIVE, Lane.REPAIR, Lane.SWEEP]),
        after_ms=st.sampled_from([100, 0, 1_000, 20_000]),
    )
    def claim(self, replica: str, limit: int, lowest: Lane, after_ms: int) -> None:
        self.world.clock.advance(timedelta(milliseconds=after_ms))
        now = self.now()
        claims = self.world.run(self.world.stores[replica].claim(limit, now=now, lowest=lowest))
        assert {c.key for c in claims} == self.model.claim(replica, limit, lowest, now)
        for c in claims:
            row = self.model.rows[c.key]
            assert (c.generation, c.fence, c.attempt) == (row.generation, row.fence, row.attempt)
            assert (c.serving_since, c.deletion_seen) == (row.serving, row.deleted)
            assert (c.causes, c.announced) == (tuple(row.causes), row.announced)
        self.claims += claims

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), verdict=st.sampled_from(VERDICTS))
    def finish(self, data: st.DataObject, verdict: Verdict) -> None:
        self.ends(self.pick(data), verdict)

    @precondition(lambda self: self.model.rows)
    @rule(limit=st.integers(1, 4), verdict=st.sampled_from(VERDICTS), mark_meanwhile=st.booleans())
    def work(self, limit: int, verdict: Verdict, *, mark_meanwhile: bool) -> None:
        """Do a whole piece of work, with or without news in the middle of it."""
        before = len(self.claims)
        self.claim("r1", limit, Lane.LIVE, 1_000)
        for claim in self.claims[before:]:
            if mark_meanwhile:
                self.mark(claim.key, self.step % 40, Lane.LIVE, 1, None, deletion_seen=False)
            self.ends(claim, verdict)

    def ends(self, claim: Claimed, verdict: Verdict) -> None:
        now = self.now()
        try:
            self.world.run(self.world.loop._finish(claim, verdict))
        except LostLeaseError:
            assert not self.model.holds(claim)
        else:
            assert self.model.holds(claim)
            self.model.finish(claim, verdict, now)

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def store_midway(self, data: st.DataObject) -> None:
        claim = self.pick(data)
        try:
            self.world.run(self.nothing(claim))
        except LostLeaseError:
            assert not self.model.holds(claim)
        else:
            assert self.model.holds(claim)
            self.model.rows[claim.key].expired = False

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def expire(self, data: st.DataObject) -> None:
        claim = self.pick(data)
        if self.model.rows[claim.key].holder is not None:
            self.world.run(expire_leases(self.world.pool, claim.key))
            self.model.rows[claim.key].expired = True

    @rule(replica=st.sampled_from(["r1", "r2"]))
    def restart(self, replica: str) -> None:
        self.world.run(self.world.stores[replica].release_former_life())
        self.model.release(replica)

    @precondition(lambda self: any(row.parked for row in self.model.rows.values()))
    @rule(key=st.sampled_from(sorted(KEYS)), by_event=st.booleans())
    def resume(self, key: str, *, by_event: bool) -> None:
        now = self.now()
        waiting = [k for k, r in self.model.rows.items() if r.parked and r.waits_for == "link"]
        if by_event and len(waiting) > 1:
            return  # they would fall due at one moment, and which is claimed first is nobody's promise
        keys = waiting if by_event else [key]
        if by_event:
            self.model.happened = now
        expected = [k for name in keys for k in self.model.resume(name, "operator", now)]
        assert self.world.run(self.resumed(keys, by_event=by_event, now=now)) == expected

    @invariant()
    def table_says_what_the_model_says(self) -> None:
        found = self.world.run(rows(self.world.pool, TABLE))
        expected = [
            (
                key,
                *(r.connection, r.lane, r.due, r.generation, r.attempt, r.fence, r.holder, r.causes),
                *(r.worked, r.unserved, r.serving, r.deleted, r.parked),
                *(r.announced or (None, None)),
                r.waits_for,
            )
            for key, r in sorted(self.model.rows.items())
        ]
        assert [tuple(row.values()) for row in found] == expected

    @override
    def teardown(self) -> None:
        told = self.world.run(rows(self.world.pool, ANNOUNCED))
        assert [tuple(row.values()) for row in told] == self.model.announced

    def pick(self, data: st.DataObject) -> Claimed:
        """Return a claim, more often one that holds; any other is stale, and must be refused."""
        holding = [c for c in self.claims if self.model.holds(c)]
        stale = data.draw(st.integers(0, 3)) == 0
        choice = self.claims if stale or not holding else holding
        return data.draw(st.sampled_from(choice))

    async def nothing(self, claim: Claimed) -> None:
        async with Claim(claim, self.world.stores["r2"]).transaction():
            pass

    async def resumed(self, keys: list[str], *, by_event: bool, now: datetime) -> list[str]:
        async with transaction(self.world.pool) as connection:
            return await resume(
                connection,
                keys=() if by_event else keys,
                event="link" if by_event else None,
                cause="operator",
                now=now,
            )


TABLE = """
SELECT key, connection, lane, due_at, generation, attempt, fence, leased_by, causes, worked_at, unserved_since,
       serving_since, deletion_seen, parked_at IS NOT NULL, announced_code, announced_reason, resumes_on
FROM work ORDER BY key
"""
ANNOUNCED = """
SELECT key, v ->> 'change' AS change, v ->> 'reason' AS reason
FROM (SELECT id, key, convert_from(value, 'UTF8')::jsonb AS v FROM outbox) AS o ORDER BY id
"""


def test_any_order_of_steps_leaves_what_the_model_says(database_url: str) -> None:
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        stack = AsyncExitStack()
        pool = runner.run(stack.enter_async_context(service_pool(database_url)))

        class Bound(Machine):
            world = World(runner, pool)

        try:
            run_state_machine_as_test(
                Bound,
                settings=settings(
                    max_examples=80,
                    stateful_step_count=50,
                    deadline=None,
                    derandomize=True,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            runner.run(stack.aclose())
