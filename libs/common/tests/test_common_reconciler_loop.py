"""The loop: its end, and its life with a database that comes and goes."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any

import pytest

from plumbline.common.database import Pool, transaction
from plumbline.common.listening import Bell
from plumbline.common.reconciling.loop import Claim
from plumbline.common.reconciling.marks import Mark
from plumbline.common.reconciling.store import QUERIES, resume
from plumbline.common.reconciling.verdicts import Done, Park, Verdict, Wait
from plumbline.common.testing.clock import FakeClock
from plumbline.common.testing.crashing import Doom, DoomedPool, Fate
from plumbline.common.testing.database import idle, keys_where, marked, rows, service_pool
from plumbline.common.testing.reconciling import Scripted, reconciler, run_until, work_store

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with service_pool(database_url) as pool:
        yield pool


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


async def test_loop_told_to_stop_finishes_what_it_has_in_hand(pool: Pool, clock: FakeClock) -> None:
    await marked(pool, clock, Mark("a", "ohio", "e1"))
    begun, go_on, stop, bell = asyncio.Event(), asyncio.Event(), asyncio.Event(), Bell()

    async def slow(_: Claim) -> Verdict:
        begun.set()
        await go_on.wait()
        return Done()

    running = asyncio.create_task(reconciler(work_store(pool), slow, clock, bell=bell).run(stop))
    await begun.wait()
    stop.set()
    bell.ring()
    await marked(pool, clock, Mark("b", "ohio", "e1"))
    go_on.set()
    await running
    assert await keys_where(pool, "due_at IS NOT NULL") == ["b"]


async def test_loop_outlives_a_database_that_is_away_at_any_of_its_steps(
    pool: Pool, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plumbline.common.reconciling.loop.PAUSE_S", 0.001)
    for at in range(1, 9):
        await marked(pool, clock, Mark("a", "ohio", f"e{at}"))
        doomed = DoomedPool(pool, Doom(at, Fate.NOT_SENT, kills_process=False))
        bell = Bell()
        loop = reconciler(work_store(doomed), Scripted(), clock, bell=bell)
        await run_until(loop, bell, lambda: idle(pool))
        clock.advance(SECOND)


async def test_describing_queries_show_what_operators_need(pool: Pool, clock: FakeClock) -> None:
    await marked(pool, clock, Mark("x/1", "ohio", "e"), Mark("x/2", "ohio", "e"), Mark("y/1", "texas", "e"))
    parks = Park("missing", "Link it.", amount_cents=5, resumes_on="link:88")
    await reconciler(work_store(pool), Scripted(parks), clock).work_off()

    async def ask(name: str, *args: object) -> list[Mapping[str, Any]]:
        return await rows(pool, QUERIES[name], *args)

    (parked,) = await ask("parked", 10)
    assert (parked["key"], parked["amount_cents"], parked["resumes_on"]) == ("x/1", 5, "link:88")
    assert [r["key"] for r in await ask("find", "x/")] == ["x/1", "x/2"]
    assert [(r["connection"], r["unfinished"], r["parked"]) for r in await ask("totals")] == [
        ("ohio", 0, 1),
        ("texas", 0, 0),
    ]


async def test_row_that_is_done_and_looked_at_later_is_nothing_to_do_until_there_is_news(
    pool: Pool, clock: FakeClock
) -> None:
    async def to_do() -> int:
        (ohio,) = await rows(pool, QUERIES["totals"])
        return int(ohio["unfinished"])

    done = Done(again_after=HOUR)
    script = Scripted(done, Wait(SECOND, "not yet"), done, Park("code", "Ask."), done)
    loop = reconciler(work_store(pool), script, clock)
    for cause, left in (("first", 0), ("news", 1), ("more news", 0), ("bad news", 0)):
        await marked(pool, clock, Mark("a", "ohio", cause))
        assert await to_do() == 1, cause
        clock.advance(SECOND)
        await loop.work_off()
        assert await to_do() == left, cause
        clock.advance(SECOND)
    async with transaction(pool) as connection:
        assert await resume(connection, keys=["a"], cause="operator", now=clock.now()) == ["a"]
    assert await to_do() == 1
    await loop.work_off()
    assert await to_do() == 0
