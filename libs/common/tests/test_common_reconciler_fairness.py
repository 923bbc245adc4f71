"""Who is served next: connections in turn, limits, holds and probes, lanes, the retry budget."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from plumbline.common.database import Pool, transaction
from plumbline.common.listening import Bell
from plumbline.common.reconciling.loop import Reconciler
from plumbline.common.reconciling.marks import Lane, Mark
from plumbline.common.reconciling.store import QUERIES, RETRY_BURST, RETRY_COST, Claimed, HeldWork, WorkStore
from plumbline.common.reconciling.verdicts import Done, Park, Retry, Verdict, Wait
from plumbline.common.testing.clock import FakeClock
from plumbline.common.testing.database import idle, keys_where, marked, rows, service_pool, work_row
from plumbline.common.testing.reconciling import LEASE, Scripted, reconciler, run_until, work_store

SECOND = timedelta(seconds=1)
THROTTLED = Wait(timedelta(seconds=60), "429", holds_connection=True)


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with service_pool(database_url) as pool:
        yield pool


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


async def test_claims_take_connections_in_turn_and_the_urgent_first(pool: Pool, clock: FakeClock) -> None:
    await marked(pool, clock, *[Mark(f"big{n}", "big", "e", lane=Lane.LIVE) for n in range(20)])
    clock.advance(SECOND)
    await marked(pool, clock, *[Mark(f"small{n}", "small", "e", lane=Lane.LIVE) for n in range(3)])
    await marked(pool, clock, Mark("old", "old", "e", lane=Lane.SWEEP, due_at=clock.now() - SECOND))
    claims = await work_store(pool).claim(6, now=clock.now())
    assert sorted(c.connection for c in claims) == ["big"] * 3 + ["small"] * 3


async def test_connection_has_no_more_leases_than_its_limit_over_all_replicas(
    pool: Pool, clock: FakeClock
) -> None:
    await marked(pool, clock, *[Mark(f"k{n:02}", "ohio", "e") for n in range(10)], Mark("x", "texas", "e"))
    first, second = (work_store(pool, name, per_connection=3) for name in ("r1", "r2"))
    assert len(await first.claim(2, now=clock.now())) == 2
    claims = await second.claim(9, now=clock.now())
    assert sorted(c.connection for c in claims).count("ohio") + (2 if claims else 0) <= 4
    assert len(await keys_where(pool, "leased_by IS NOT NULL AND connection = 'ohio'")) == 3


async def test_row_beyond_the_limit_is_not_waited_for_by_polling(pool: Pool, clock: FakeClock) -> None:
    await marked(pool, clock, Mark("a", "ohio", "e"), Mark("b", "ohio", "e"))
    store = work_store(pool, per_connection=1)
    assert len(await store.claim(2, now=clock.now())) == 1
    assert await store.next_due(after=clock.now()) is None
    await marked(pool, clock, Mark("c", "ohio", "e", lane=Lane.SWEEP, due_at=clock.now() + SECOND))
    assert await store.next_due(after=clock.now()) == clock.now() + SECOND


async def test_held_connection_is_skipped_until_its_time_and_others_are_not(
    pool: Pool, clock: FakeClock
) -> None:
    await marked(pool, clock, *[Mark(k, "ohio", "e") for k in "ab"], Mark("c", "texas", "e"))
    store = work_store(pool)
    handler = Scripted(THROTTLED)
    await reconciler(store, handler, clock, concurrency=1).work_off()
    assert sorted(c.key for c in handler.seen) == ["a", "c"]
    assert await store.next_due(after=clock.now()) == clock.now() + THROTTLED.after
    clock.advance(THROTTLED.after)
    await reconciler(store, handler, clock).work_off()
    assert sorted(c.key for c in handler.seen) == ["a", "a", "b", "c"]
    assert {c.row.attempt for c in handler.seen} == {0}


async def test_while_a_connection_is_held_what_needs_no_far_side_is_worked_and_nothing_else(
    pool: Pool, clock: FakeClock
) -> None:
    store, meanwhile = work_store(pool), HeldWork(pool, replica="r1 while held", lease=LEASE, kinds=["bill"])
    await marked(pool, clock, Mark("bill/t", "texas", "e"), *[Mark(f"bill/{n}", "ohio", "e") for n in "ab"])
    await marked(pool, clock, Mark("paper/a", "ohio", "e"), Mark("bills/a", "ohio", "e"))
    assert await meanwhile.claim(9, now=clock.now()) == []

    async with transaction(pool) as database:
        await database.execute(QUERIES["hold_connection"], "ohio", clock.now() + THROTTLED.after, "429")
    late = Mark("bill/late", "ohio", "e", due_at=clock.now() + SECOND)
    await marked(pool, clock, late)
    first = await meanwhile.claim(1, now=clock.now())
    rest = await meanwhile.claim(9, now=clock.now())
    assert sorted(one.key for one in (*first, *rest)) == ["bill/a", "bill/b"]
    assert await meanwhile.claim(9, now=clock.now()) == []

    await marked(pool, clock, Mark("bill/a", "ohio", "news"))
    loop = reconciler(meanwhile, Scripted(), clock)
    await loop._finish(first[0], Wait(SECOND, "cannot be read"))
    await loop._finish(rest[0], Done())
    clock.advance(SECOND)
    assert sorted(one.key for one in await meanwhile.claim(9, now=clock.now())) == ["bill/a", "bill/late"]

    await meanwhile.release_former_life()
    clock.advance(THROTTLED.after)
    assert await meanwhile.claim(9, now=clock.now()) == []
    await reconciler(store, Scripted(), clock).work_off()
    assert await idle(pool)


async def test_longest_hold_of_a_connection_counts(pool: Pool, clock: FakeClock) -> None:
    await marked(pool, clock, *[Mark(k, "ohio", "e") for k in "abc"])
    store = work_store(pool)
    claims = await store.claim(2, now=clock.now())
    loop = reconciler(store, Scripted(), clock)
    for claimed, seconds in zip(claims, (60, 5), strict=True):
        await loop._finish(claimed, Wait(timedelta(seconds=seconds), "429", holds_connection=True))
    assert await store.claim(9, now=clock.now() + timedelta(seconds=59)) == []
    assert len(await store.claim(9, now=clock.now() + timedelta(seconds=60))) == 1


async def held_once(pool: Pool, clock: FakeClock, store: WorkStore) -> tuple[Reconciler, Claimed]:
    """Hold a connection of six rows, let the hold end, and return the loop and the row that probes."""
    await marked(pool, clock, *[Mark(key, "ohio", "e") for key in "abcdef"])
    loop = reconciler(store, Scripted(), clock)
    [claimed] = await store.claim(1, now=clock.now())
    await loop._finish(claimed, THROTTLED)
    clock.advance(THROTTLED.after)
    [probe] = await store.claim(9, now=clock.now())
    return loop, probe


@pytest.mark.parametrize("end", [Done(), Park("missing", "link it")])
async def test_connection_is_worked_as_ever_once_a_probe_after_its_hold_has_come_to_an_end(
    pool: Pool, clock: FakeClock, end: Verdict
) -> None:
    first, second = (work_store(pool, name, per_connection=3) for name in ("r1", "r2"))
    loop, probe = await held_once(pool, clock, first)
    assert await second.claim(9, now=clock.now()) == []
    await loop._finish(probe, end)
    assert len(await second.claim(9, now=clock.now())) == 3


@pytest.mark.parametrize("end", [Retry(timedelta(0), "reset"), Wait(timedelta(0), "outcome unknown")])
async def test_probe_that_fails_or_waits_lets_one_other_probe_and_no_more(
    pool: Pool, clock: FakeClock, end: Verdict
) -> None:
    store = work_store(pool)
    loop, probe = await held_once(pool, clock, store)
    await loop._finish(probe, end)
    assert len(await store.claim(9, now=clock.now())) == 1
    assert await store.claim(9, now=clock.now()) == []


async def test_probe_that_is_refused_holds_its_connection_again_for_as_long_as_it_is_told(
    pool: Pool, clock: FakeClock
) -> None:
    store = work_store(pool)
    loop, probe = await held_once(pool, clock, store)
    await loop._finish(probe, THROTTLED)
    assert await store.claim(9, now=clock.now() + THROTTLED.after - SECOND) == []
    assert len(await store.claim(9, now=clock.now() + THROTTLED.after)) == 1


async def test_probe_whose_process_died_holds_its_connection_as_long_as_its_lease(
    pool: Pool, clock: FakeClock
) -> None:
    store = work_store(pool)
    await held_once(pool, clock, store)
    assert await store.release_former_life() == 1
    assert await store.claim(9, now=clock.now() + LEASE - SECOND) == []
    assert len(await store.claim(9, now=clock.now() + LEASE)) == 1


async def test_row_that_was_worked_before_the_hold_does_not_end_it(pool: Pool, clock: FakeClock) -> None:
    await marked(pool, clock, *[Mark(key, "ohio", "e") for key in "abcdef"])
    store = work_store(pool)
    loop = reconciler(store, Scripted(), clock)
    refused, early = await store.claim(2, now=clock.now())
    await loop._finish(refused, THROTTLED)
    clock.advance(THROTTLED.after)
    await loop._finish(early, Done())
    assert len(await store.claim(9, now=clock.now())) == 1


async def test_of_replicas_that_wake_together_after_a_hold_one_probes_whichever_lane_each_looks_into(
    pool: Pool, clock: FakeClock
) -> None:
    stores, names = [work_store(pool, f"r{n}") for n in range(3)], [f"c{n}" for n in range(20)]
    marks = [Mark(f"{name}-{lane}", name, "e", lane=lane) for name in names for lane in Lane]
    await marked(pool, clock, *marks)
    await reconciler(stores[0], Scripted(*[THROTTLED] * len(names)), clock).work_off()
    clock.advance(THROTTLED.after)
    for _ in names:
        pairs = zip(stores, Lane, strict=True)
        await asyncio.gather(*(store.claim(1, now=clock.now(), lowest=lane) for store, lane in pairs))
    held = await rows(pool, "SELECT connection FROM work WHERE leased_by IS NOT NULL ORDER BY connection")
    assert [row["connection"] for row in held] == sorted(names)


async def test_lower_lanes_have_their_share_of_a_flood(pool: Pool, clock: FakeClock) -> None:
    for lane, count in ((Lane.LIVE, 30), (Lane.REPAIR, 3), (Lane.SWEEP, 3)):
        await marked(pool, clock, *[Mark(f"{lane.name}{n}", "ohio", "e", lane=lane) for n in range(count)])
    handler, bell = Scripted(), Bell()
    store = work_store(pool, per_connection=1)
    loop = reconciler(store, handler, clock, concurrency=1, bell=bell)
    await run_until(loop, bell, lambda: idle(pool))
    first = [c.row.lane for c in handler.seen[:15]]
    assert (first.count(Lane.SWEEP), first.count(Lane.REPAIR)) == (3, 3)


async def test_retries_beyond_the_budget_of_a_connection_wait_their_turn(
    pool: Pool, clock: FakeClock
) -> None:
    free = RETRY_BURST // RETRY_COST
    await marked(
        pool, clock, *[Mark(f"k{n:03}", "ohio", "e") for n in range(free + 30)], Mark("x", "texas", "e")
    )
    store = work_store(pool, per_connection=1000)
    loop = reconciler(store, Scripted(), clock)
    for claimed in await store.claim(1000, now=clock.now()):
        await loop._finish(claimed, Retry(timedelta(0), "reset"))
    late = await rows(pool, "SELECT due_at FROM work WHERE due_at > $1 ORDER BY due_at", clock.now())
    assert [r["due_at"] - clock.now() for r in late] == [RETRY_COST * n for n in range(1, 31)]
    assert (await work_row(pool, "x"))["due_at"] == clock.now()
