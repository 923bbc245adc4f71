"""Who is served next: connections in turn, limits, holds, lanes, the retry budget."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from plumbline.common.database import Pool
from plumbline.common.listening import Bell
from plumbline.common.reconciling.loop import Reconciler
from plumbline.common.reconciling.marks import Lane, Mark
from plumbline.common.reconciling.store import RETRY_BURST, RETRY_COST, WorkStore
from plumbline.common.reconciling.verdicts import Done, Retry, Wait
from plumbline.common.testing.clock import FakeClock
from plumbline.common.testing.database import idle, keys_where, marked, rows, service_pool, work_row
from plumbline.common.testing.reconciling import Scripted, reconciler, run_until, work_store

SECOND = timedelta(seconds=1)


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
    wait = Wait(timedelta(seconds=60), "429", holds_connection=True)
    store = work_store(pool)
    handler = Scripted(wait)
    await reconciler(store, handler, clock, concurrency=1).work_off()
    assert sorted(c.key for c in handler.seen) == ["a", "c"]
    assert await store.next_due(after=clock.now()) == clock.now() + wait.after
    clock.advance(wait.after)
    await reconciler(store, handler, clock).work_off()
    assert sorted(c.key for c in handler.seen) == ["a", "a", "b", "c"]
    assert {c.row.attempt for c in handler.seen} == {0}


async def test_longest_hold_of_a_connection_counts(pool: Pool, clock: FakeClock) -> None:
    await marked(pool, clock, *[Mark(k, "ohio", "e") for k in "abc"])
    store = work_store(pool)
    claims = await store.claim(2, now=clock.now())
    loop = reconciler(store, Scripted(), clock)
    for claimed, seconds in zip(claims, (60, 5), strict=True):
        await loop._finish(claimed, Wait(timedelta(seconds=seconds), "429", holds_connection=True))
    assert await store.claim(9, now=clock.now() + timedelta(seconds=59)) == []
    assert len(await store.claim(9, now=clock.now() + timedelta(seconds=60))) == 1


async def held_for_a_minute(pool: Pool, clock: FakeClock, store: WorkStore) -> Reconciler:
    """Return a loop whose one connection was held, and is not any more."""
    await marked(pool, clock, *[Mark(k, "ohio", "e") for k in "abcdef"])
    [claimed] = await store.claim(1, now=clock.now())
    loop = reconciler(store, Scripted(), clock)
    await loop._finish(claimed, Wait(timedelta(seconds=60), "429", holds_connection=True))
    clock.advance(timedelta(seconds=60))
    return loop


async def test_after_a_hold_one_row_at_a_time_is_tried_until_one_is_done(
    pool: Pool, clock: FakeClock
) -> None:
    first, second = (work_store(pool, name, per_connection=3) for name in ("r1", "r2"))
    loop = await held_for_a_minute(pool, clock, first)
    [probe] = await first.claim(9, now=clock.now())
    assert await second.claim(9, now=clock.now()) == []
    await loop._finish(probe, Retry(timedelta(0), "reset"))
    [probe] = await first.claim(9, now=clock.now())
    await loop._finish(probe, Done())
    assert len(await second.claim(9, now=clock.now())) == 3


async def test_row_that_is_refused_after_a_hold_holds_its_connection_again(
    pool: Pool, clock: FakeClock
) -> None:
    store = work_store(pool)
    loop = await held_for_a_minute(pool, clock, store)
    [probe] = await store.claim(9, now=clock.now())
    await loop._finish(probe, Wait(timedelta(seconds=60), "429", holds_connection=True))
    assert await store.claim(9, now=clock.now() + timedelta(seconds=59)) == []
    assert len(await store.claim(9, now=clock.now() + timedelta(seconds=60))) == 1


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
