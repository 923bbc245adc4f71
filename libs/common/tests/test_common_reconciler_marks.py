"""Marks: many become one, known causes change nothing, what is rolled back never was."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plumbline.common.database import Pool, transaction
from plumbline.common.reconciling.marks import Lane, Mark, merged
from plumbline.common.reconciling.store import (
    BURST_PAUSE,
    mark,
    resume,
)
from plumbline.common.testing.clock import FakeClock
from plumbline.common.testing.database import expire_leases, marked, rows, service_pool, work_row
from plumbline.common.testing.reconciling import Scripted, reconciler, work_store

SECOND = timedelta(seconds=1)


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with service_pool(database_url) as pool:
        yield pool


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@given(
    st.lists(
        st.builds(
            Mark,
            key=st.sampled_from("abc"),
            connection=st.just("ohio"),
            cause=st.sampled_from(["e1", "e2", "e3"]),
            lane=st.sampled_from(Lane),
            deletion_seen=st.booleans(),
        )
    )
)
def test_marks_of_a_batch_become_one_per_key_in_order_and_lose_nothing(marks: list[Mark]) -> None:
    found = merged(marks)
    assert [m.mark.key for m in found] == sorted({m.key for m in marks})
    for one in found:
        parts = [m for m in marks if m.key == one.mark.key]
        assert list(one.causes) == list(dict.fromkeys(m.cause for m in parts))
        assert one.mark.lane == min(m.lane for m in parts)
        assert one.mark.deletion_seen == any(m.deletion_seen for m in parts)


async def test_repeated_cause_changes_nothing_at_all(pool: Pool, clock: FakeClock) -> None:
    first = Mark("a", "ohio", "e1", provider_time=clock.now())
    await marked(pool, clock, first)
    store = work_store(pool)
    await reconciler(store, Scripted(), clock).work_off()
    before = await work_row(pool, "a")
    clock.advance(SECOND)
    assert await marked(pool, clock, first, first) == []
    assert await work_row(pool, "a") == before


async def test_history_of_causes_keeps_the_newest_twenty(pool: Pool, clock: FakeClock) -> None:
    await marked(pool, clock, *[Mark("a", "ohio", f"e{n}") for n in range(30)])
    assert (await work_row(pool, "a"))["causes"] == [f"e{n}" for n in range(10, 30)]
    for n in range(30, 45):
        await marked(pool, clock, Mark("a", "ohio", f"e{n}"))
    assert (await work_row(pool, "a"))["causes"] == [f"e{n}" for n in range(25, 45)]
    async with transaction(pool) as connection:
        await connection.execute("UPDATE work SET parked_at = now()")
        await resume(connection, keys=["a"], cause="operator", now=clock.now())
    assert (await work_row(pool, "a"))["causes"] == [*(f"e{n}" for n in range(26, 45)), "operator"]


async def test_mark_that_is_rolled_back_never_was(pool: Pool, clock: FakeClock) -> None:
    async def mark_and_fail() -> None:
        async with transaction(pool) as connection:
            await mark(connection, [Mark("a", "ohio", "e1")], now=clock.now())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await mark_and_fail()
    assert await rows(pool, "SELECT 1 FROM work") == []


async def test_lone_mark_is_due_at_once_and_a_burst_rests(pool: Pool, clock: FakeClock) -> None:
    store = work_store(pool)
    await marked(pool, clock, Mark("a", "ohio", "e1"))
    assert len(await store.claim(1, now=clock.now())) == 1
    await expire_leases(pool)
    await reconciler(store, Scripted(), clock).work_off()
    await marked(pool, clock, Mark("a", "ohio", "e2"))
    assert await store.claim(1, now=clock.now()) == []
    assert len(await store.claim(1, now=clock.now() + BURST_PAUSE)) == 1


async def test_many_markers_of_the_same_keys_in_any_order_do_not_deadlock(
    pool: Pool, clock: FakeClock
) -> None:
    keys = [f"k{n}" for n in range(20)]

    async def one(turn: int) -> None:
        order = keys if turn % 2 else keys[::-1]
        await marked(pool, clock, *[Mark(k, f"c{n % 3}", f"e{turn}") for n, k in enumerate(order)])

    await asyncio.gather(*(one(turn) for turn in range(20)))
    assert {r["generation"] for r in await rows(pool, "SELECT generation FROM work")} == {20}
