"""Leases and fences: one worker per row, and nothing stored by one that lost it."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import structlog

from plumbline.common.contracts.cloudevents import outgoing
from plumbline.common.contracts.topics import LEDGER_COMMANDS
from plumbline.common.database import Connection, Pool
from plumbline.common.listening import Bell
from plumbline.common.outbox import put
from plumbline.common.reconciling.loop import Claim
from plumbline.common.reconciling.marks import Mark
from plumbline.common.reconciling.store import (
    LostLeaseError,
    mark,
)
from plumbline.common.reconciling.verdicts import Done, Park, Verdict
from plumbline.common.testing.clock import FakeClock
from plumbline.common.testing.database import expire_leases, keys_where, marked, rows, service_pool, work_row
from plumbline.common.testing.messages import ledger_command
from plumbline.common.testing.reconciling import Scripted, reconciler, work_store
from plumbline.common.testing.waiting import eventually

SECOND = timedelta(seconds=1)


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


async def test_lost_fence_rolls_back_everything_that_came_with_it(pool: Pool, clock: FakeClock) -> None:
    await marked(pool, clock, Mark("a", "ohio", "e1"))
    late, second = work_store(pool, "r1"), work_store(pool, "r2")
    (lost,) = await late.claim(1, now=clock.now())
    await expire_leases(pool)
    (held,) = await second.claim(1, now=clock.now())
    message = outgoing(LEDGER_COMMANDS, "a", ledger_command(), source="mapper", at=clock.now())

    async def store(connection: Connection) -> None:
        await mark(connection, [Mark("b", "ohio", "e2")], now=clock.now())
        await put(connection, [message])

    with pytest.raises(LostLeaseError):
        await reconciler(late, Scripted(), clock)._finish(lost, Done(store=store))
    with pytest.raises(LostLeaseError):
        async with Claim(lost, late).transaction() as connection:
            await store(connection)
    assert await keys_where(pool, "true") == ["a"]
    assert await rows(pool, "SELECT 1 FROM outbox") == []
    await reconciler(second, Scripted(), clock)._finish(held, Done(store=store))
    assert await keys_where(pool, "true") == ["a", "b"]


async def test_row_lost_in_mid_transaction_waits_for_its_commit(pool: Pool, clock: FakeClock) -> None:
    await marked(pool, clock, Mark("a", "ohio", "e1"))
    store = work_store(pool)
    (claimed,) = await store.claim(1, now=clock.now())
    await expire_leases(pool)
    async with Claim(claimed, store).transaction():
        assert await work_store(pool, "r2").claim(1, now=clock.now()) == []
    assert await work_store(pool, "r2").claim(1, now=clock.now()) == []  # and its lease was renewed


async def test_finished_work_cannot_be_finished_again(pool: Pool, clock: FakeClock) -> None:
    await marked(pool, clock, Mark("a", "ohio", "e1"))
    store = work_store(pool)
    (claimed,) = await store.claim(1, now=clock.now())
    loop = reconciler(store, Scripted(), clock)
    await loop._finish(claimed, Done())
    with pytest.raises(LostLeaseError):
        await loop._finish(claimed, Done())


async def test_lost_lease_ends_the_work_without_a_verdict(pool: Pool, clock: FakeClock) -> None:
    await marked(pool, clock, Mark("a", "ohio", "e1"))

    async def overtaken(claim: Claim) -> Verdict:
        await expire_leases(pool)
        await work_store(pool, "r2").claim(1, now=clock.now())
        return Park("never", "never")

    with structlog.testing.capture_logs() as logs:
        await reconciler(work_store(pool), overtaken, clock).work_off()
    assert [line["event"] for line in logs] == ["work.lost"]
    assert (await work_row(pool, "a"))["leased_by"] == "r2"
    assert await notices(pool) == []


async def test_restart_frees_its_own_leases_and_no_others(pool: Pool, clock: FakeClock) -> None:
    await marked(pool, clock, Mark("a", "ohio", "e1"), Mark("b", "ohio", "e1"))
    first, other = work_store(pool, "r1"), work_store(pool, "r2")
    (mine,) = await first.claim(1, now=clock.now())
    await other.claim(1, now=clock.now())
    assert await first.release_former_life() == 1
    assert [c.key for c in await first.claim(9, now=clock.now())] == [mine.key]
    with pytest.raises(LostLeaseError):
        async with Claim(mine, first).transaction():
            pass


async def test_replicas_at_work_at_once_never_work_one_row_at_the_same_time(
    pool: Pool, clock: FakeClock
) -> None:
    in_hand: set[str] = set()
    most: dict[str, int] = {}
    counts: dict[str, int] = {}

    async def handler(claim: Claim) -> Verdict:
        assert claim.key not in in_hand
        in_hand.add(claim.key)
        most[claim.connection] = max(
            most.get(claim.connection, 0), sum(1 for k in in_hand if connection_of(k) == claim.connection)
        )
        await asyncio.sleep(0.002)
        counts[claim.key] = counts.get(claim.key, 0) + 1
        in_hand.discard(claim.key)
        return Done()

    def connection_of(key: str) -> str:
        return f"c{int(key[1:]) % 4}"

    async def idle() -> bool:
        clock.advance(SECOND)
        return not await keys_where(pool, "due_at IS NOT NULL")

    keys = [f"k{n}" for n in range(40)]
    bells = [Bell() for _ in range(2)]
    stop = asyncio.Event()
    loops = [
        reconciler(work_store(pool, f"r{n}", per_connection=3), handler, clock, concurrency=8, bell=bells[n])
        for n in range(2)
    ]
    running = [asyncio.create_task(loop.run(stop)) for loop in loops]
    with structlog.testing.capture_logs() as logs:
        for turn in range(6):
            clock.advance(SECOND)
            await marked(pool, clock, *[Mark(k, connection_of(k), f"e{turn}") for k in keys])
            for bell in bells:
                bell.ring()
            await eventually(idle)
        stop.set()
        for bell in bells:
            bell.ring()
        await asyncio.gather(*running)
    assert {line["verdict"] for line in logs} == {"done"}
    assert set(counts) == set(keys)
    assert set(counts.values()) == {6}
    assert max(most.values()) <= 3
