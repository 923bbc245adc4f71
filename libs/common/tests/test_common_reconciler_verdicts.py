"""What a verdict writes, and what becomes of bugs."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import structlog

from plumbline.common.database import Connection, Pool
from plumbline.common.errors import TransientError
from plumbline.common.listening import Bell
from plumbline.common.reconciling.loop import Handler
from plumbline.common.reconciling.marks import Mark
from plumbline.common.reconciling.store import (
    mark,
)
from plumbline.common.reconciling.verdicts import BUG_ATTEMPTS, Done, Park
from plumbline.common.testing.clock import FakeClock
from plumbline.common.testing.database import idle, keys_where, marked, rows, service_pool, work_row
from plumbline.common.testing.reconciling import Scripted, reconciler, run_until, work_store


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with service_pool(database_url) as pool:
        yield pool


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


async def notices(pool: Pool) -> list[tuple[str, str, str, int | None]]:
    found = await rows(pool, "SELECT value FROM outbox WHERE topic = 'records.parked.v1' ORDER BY id")
    told = [json.loads(row["value"]) for row in found]
    return [(t["change"], t["code"], t["reason"], t["amount_cents"]) for t in told]


async def test_verdict_is_stored_with_its_effects_or_not_at_all(pool: Pool, clock: FakeClock) -> None:
    await marked(pool, clock, Mark("a", "ohio", "e1"))

    async def half(connection: Connection) -> None:
        await mark(connection, [Mark("b", "ohio", "e2")], now=clock.now())
        raise TransientError("the far side closed")

    await reconciler(work_store(pool), Scripted(Done(store=half)), clock)._work(
        (await work_store(pool).claim(1, now=clock.now()))[0]
    )
    row = await work_row(pool, "a")
    assert (row["attempt"], row["waiting_for"]) == (1, "transient: the far side closed")
    assert await keys_where(pool, "true") == ["a"]


async def test_wrong_argument_in_an_effect_is_a_bug_and_not_an_absent_database(
    pool: Pool, clock: FakeClock
) -> None:
    await marked(pool, clock, Mark("a", "ohio", "e1"))

    async def wrong(connection: Connection) -> None:
        await connection.execute("SELECT $1::integer", 2**40)

    await work_until_idle(pool, clock, Scripted(*[Done(store=wrong)] * BUG_ATTEMPTS))
    assert (await work_row(pool, "a"))["announced_code"] == "bug"


async def test_bug_is_tried_twice_more_and_then_parks(pool: Pool, clock: FakeClock) -> None:
    await marked(pool, clock, Mark("a", "ohio", "e1"))
    handler = Scripted(KeyError("1"), KeyError("2"), KeyError("3"))
    await work_until_idle(pool, clock, handler)
    assert len(handler.seen) == BUG_ATTEMPTS
    assert [(change, code) for change, code, *_ in await notices(pool)] == [("parked", "bug")]


async def work_until_idle(pool: Pool, clock: FakeClock, handler: Handler) -> None:
    loop = reconciler(work_store(pool), handler, clock)
    with structlog.testing.capture_logs():  # for its tracebacks take their time
        while not await idle(pool):
            clock.advance(timedelta(minutes=10))
            await loop.work_off()


async def test_verdict_that_cannot_be_written_leaves_the_row_to_its_lease(
    pool: Pool, clock: FakeClock
) -> None:
    await marked(pool, clock, Mark("a", "Not A Name", "e1"))  # no message can carry such a connection
    handler, bell = Scripted(*[Park("x", "y")] * 9), Bell()

    async def broken() -> bool:
        clock.advance(timedelta(minutes=10))
        bell.ring()
        return logs[-1:] != [] and logs[-1]["event"] == "work.broken"

    with structlog.testing.capture_logs() as logs:
        await run_until(reconciler(work_store(pool), handler, clock, bell=bell), bell, broken)
    assert [line.get("verdict") for line in logs] == ["retry", "retry", None]
    assert (await work_row(pool, "a"))["leased_by"] == "r1"
