"""The reconciler against a model of forty lines: whatever the order of steps, the table says the same."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, ClassVar, TypeVar

import pytest
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
    Claimed,
    LostLeaseError,
    WorkStore,
    resume,
)
from plumbline.common.reconciling.verdicts import Done, Park, Retry, Verdict, Wait
from plumbline.common.testing.clock import FakeClock
from plumbline.common.testing.database import expire_leases, marked, rows, service_pool
from plumbline.common.testing.work_model import LEASE, LIMIT, Model

T = TypeVar("T")
WALK = 3000
"""Steps of the long walk: deep enough for what needs many in a row."""
A_LEASE_MS = LEASE // timedelta(milliseconds=1)
"""As long as one holds its connection that probes and dies."""
KEYS = {"a": "ohio", "b": "ohio", "c": "ohio", "d": "ohio", "e": "texas", "f": "texas"}


@dataclass
class World:
    """The real thing: one database, two replicas."""

    runner: asyncio.Runner
    pool: Pool
    clock: FakeClock = field(default_factory=FakeClock)

    def __post_init__(self) -> None:
        self.stores = {
            name: WorkStore(self.pool, replica=name, lease=LEASE, per_connection=LIMIT)
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
    Wait(timedelta(seconds=10), "429", holds_connection=True),
    Park("missing", "link it", resumes_on="link"),
    Park("missing", "link another", amount_cents=5),
]


PICK = st.integers(0, 30)
STALE = st.sampled_from([False, False, False, True])


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
        after_ms=st.sampled_from([100, 0, 1_000, 20_000, A_LEASE_MS]),
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
    @rule(pick=PICK, stale=STALE, verdict=st.sampled_from(VERDICTS))
    def finish(self, pick: int, verdict: Verdict, *, stale: bool) -> None:
        self.ends(self.claim_at(pick, stale=stale), verdict)

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
    @rule(pick=PICK, stale=STALE)
    def store_midway(self, pick: int, *, stale: bool) -> None:
        claim = self.claim_at(pick, stale=stale)
        try:
            self.world.run(self.nothing(claim))
        except LostLeaseError:
            assert not self.model.holds(claim)
        else:
            assert self.model.holds(claim)
            self.model.rows[claim.key].expired = False

    @precondition(lambda self: self.claims)
    @rule(pick=PICK, stale=STALE)
    def expire(self, pick: int, *, stale: bool) -> None:
        claim = self.claim_at(pick, stale=stale)
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

    def claim_at(self, pick: int, *, stale: bool) -> Claimed:
        """Return a claim that holds, if there is one, or any: most are stale, and must be refused."""
        holding = [c for c in self.claims if self.model.holds(c)]
        choice = self.claims if stale or not holding else holding
        return choice[-1 - pick % len(choice)]

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


@pytest.fixture
def machine(database_url: str) -> Iterator[type[Machine]]:
    """Give the machine over a database of its own."""
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        stack = AsyncExitStack()
        pool = runner.run(stack.enter_async_context(service_pool(database_url)))

        class Bound(Machine):
            world = World(runner, pool)

        yield Bound
        runner.run(stack.aclose())


def test_any_order_of_steps_leaves_what_the_model_says(machine: type[Machine]) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=40,
            stateful_step_count=50,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_long_walk_leaves_what_the_model_says_at_every_step(machine: type[Machine]) -> None:
    walk, walker = Random(4711), machine()
    walker.begin()
    for _ in range(WALK):
        take_a_step(walk, walker)
        walker.table_says_what_the_model_says()
    walker.teardown()
    assert Counter(change for _, change, _ in walker.model.announced).keys() == {"parked", "resumed"}


def take_a_step(walk: Random, walker: Machine) -> None:
    pick, stale, keys = walk.randrange(30), walk.random() < 0.2, sorted(KEYS)
    replica, verdict = walk.choice(["r1", "r2"]), walk.choice(VERDICTS)
    lane, after_ms = (
        walk.choice([Lane.LIVE, Lane.LIVE, *Lane]),
        walk.choice([0, 100, 1_000, 20_000, A_LEASE_MS]),
    )
    steps: list[tuple[int, Callable[[], object]]] = [
        (6, lambda: walker.mark(walk.choice(keys), pick, lane, pick, None, deletion_seen=pick == 7)),
        (1, lambda: walker.mark(walk.choice(keys), pick, lane, None, 5, deletion_seen=False)),
        (5, lambda: walker.claim(replica, 1 + pick % 4, lane, after_ms)),
        (4, lambda: walker.work(1 + pick % 2, verdict, mark_meanwhile=stale)),
        (1, lambda: walker.restart(replica)),
    ]
    if walker.claims:
        steps += [
            (6, lambda: walker.finish(pick, verdict, stale=stale)),
            (1, lambda: walker.store_midway(pick, stale=stale)),
            (1, lambda: walker.expire(pick, stale=stale)),
        ]
    if any(row.parked for row in walker.model.rows.values()):
        steps += [(2, lambda: walker.resume(walk.choice(keys), by_event=stale))]
    walk.choices([do for _, do in steps], [weight for weight, _ in steps])[0]()
