"""Parking: announced once, and resumed by whatever the record waits for, however the two race."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from plumbline.common.database import Pool, transaction
from plumbline.common.errors import NeedsHumanError, TransientError
from plumbline.common.reconciling.marks import Mark
from plumbline.common.reconciling.store import (
    resume,
)
from plumbline.common.reconciling.verdicts import Done, Park
from plumbline.common.testing.clock import FakeClock
from plumbline.common.testing.database import keys_where, marked, rows, service_pool
from plumbline.common.testing.reconciling import Scripted, reconciler, work_store


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


async def test_parking_is_announced_once_for_a_reason_and_resumed_once(pool: Pool, clock: FakeClock) -> None:
    missing = NeedsHumanError("Link vendor 88.", resumes_on="link:88")
    taken = Park("taken", "The number is taken.", amount_cents=125_000)
    handler = Scripted(missing, missing, taken, taken, TransientError(), Done(), Done(), missing)
    for n in range(len(handler.endings)):
        await marked(pool, clock, Mark("a", "ohio", f"e{n}"))
        clock.advance(timedelta(minutes=10))
        await reconciler(work_store(pool), handler, clock).work_off()
    assert handler.endings == []
    assert await notices(pool) == [
        ("parked", "needs-human", "Link vendor 88.", None),
        ("parked", "taken", "The number is taken.", 125_000),
        ("resumed", "taken", "The number is taken.", None),
        ("parked", "needs-human", "Link vendor 88.", None),
    ]


async def test_parked_row_rests_until_news_an_operator_or_its_event(pool: Pool, clock: FakeClock) -> None:
    store = work_store(pool)
    parks = [Park("missing", "Link it.", resumes_on="link:88")] * 4

    async def worked_keys() -> list[str]:
        clock.advance(timedelta(days=1))
        handler = Scripted(*parks)
        await reconciler(store, handler, clock).work_off()
        return sorted(c.key for c in handler.seen)

    await marked(pool, clock, Mark("a", "ohio", "e1"), Mark("b", "ohio", "e1"))
    assert await worked_keys() == ["a", "b"]
    assert await worked_keys() == []
    await marked(pool, clock, Mark("a", "ohio", "e2"))
    assert await worked_keys() == ["a"]
    async with transaction(pool) as connection:
        assert await resume(connection, keys=["b", "unknown"], cause="operator 1", now=clock.now()) == ["b"]
    assert await worked_keys() == ["b"]
    async with transaction(pool) as connection:
        assert await resume(connection, event="link:99", cause="link:99", now=clock.now()) == []
        found = await resume(connection, event="link:88", cause="link:88", now=clock.now())
        assert sorted(found) == ["a", "b"]
    assert await worked_keys() == ["a", "b"]


async def test_event_that_commits_between_the_reading_and_the_parking_is_not_missed(
    pool: Pool, clock: FakeClock
) -> None:
    await marked(pool, clock, Mark("a", "ohio", "e1"))
    store = work_store(pool)
    (claimed,) = await store.claim(1, now=clock.now())
    async with transaction(pool) as connection:
        assert await resume(connection, event="link:88", cause="link:88", now=clock.now()) == []
    loop = reconciler(store, Scripted(), clock)
    await loop._finish(claimed, Park("missing", "Link it.", resumes_on="link:88"))
    assert await keys_where(pool, "due_at IS NOT NULL AND parked_at IS NULL") == ["a"]


async def test_parking_waits_for_an_event_that_is_happening_and_sees_it(pool: Pool, clock: FakeClock) -> None:
    await marked(pool, clock, Mark("a", "ohio", "e1"))
    store = work_store(pool)
    async with transaction(pool) as linking:
        await resume(linking, event="link:88", cause="link:88", now=clock.now())
        (claimed,) = await store.claim(1, now=clock.now())  # after the event, and yet it cannot see it
        loop = reconciler(store, Scripted(), clock)
        parking = asyncio.create_task(
            loop._finish(claimed, Park("missing", "Link it.", resumes_on="link:88"))
        )
        done, _ = await asyncio.wait({parking}, timeout=0.2)
        assert not done
    await parking
    assert await keys_where(pool, "due_at IS NOT NULL AND parked_at IS NULL") == ["a"]


async def test_event_that_was_over_before_the_claim_does_not_keep_a_row_from_parking(
    pool: Pool, clock: FakeClock
) -> None:
    async with transaction(pool) as connection:
        await resume(connection, event="link:88", cause="link:88", now=clock.now())
    await marked(pool, clock, Mark("a", "ohio", "e1"))
    handler = Scripted(Park("missing", "Linked, but to an inactive one.", resumes_on="link:88"))
    await reconciler(work_store(pool), handler, clock).work_off()
    assert await keys_where(pool, "parked_at IS NOT NULL AND due_at IS NULL") == ["a"]


async def test_event_of_a_restored_dump_does_not_keep_a_row_from_parking(
    pool: Pool, clock: FakeClock
) -> None:
    await rows(pool, "INSERT INTO happenings VALUES ('link:88', '9000000000'::xid8)")
    await marked(pool, clock, Mark("a", "ohio", "e1"))
    handler = Scripted(Park("missing", "Link it.", resumes_on="link:88"))
    await reconciler(work_store(pool), handler, clock).work_off()
    assert await keys_where(pool, "parked_at IS NOT NULL") == ["a"]
