"""The governor: turns of one realm are apart, shared by replicas, and never used when they are over."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from plumbline.common.database import COMMON_MIGRATIONS, Pool
from plumbline.common.testing.database import rows, service_pool
from plumbline.common.testing.figures import figure
from plumbline.qb_writer.adapters.books import QUEUE_MAX, TURN, Governor, RealmBusyError

STALL_S = 0.6


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with service_pool(
        database_url, schema="qb_writer", packages=[*COMMON_MIGRATIONS, "plumbline.qb_writer"]
    ) as opened:
        yield opened


async def turn_at(pool: Pool, realm: str) -> datetime:
    (row,) = await rows(pool, "SELECT turn_at FROM governor WHERE realm = $1", realm)
    moment: datetime = row["turn_at"]
    return moment


async def reserve_until_refused(governor: Governor) -> None:
    for _ in range(1000):
        await governor._reserve("r")


async def test_replicas_share_one_queue_of_turns_and_realms_do_not(pool: Pool) -> None:
    replicas = [Governor(pool), Governor(pool)]
    await replicas[0]._reserve("r")
    await replicas[0]._reserve("other")
    first, elsewhere = await turn_at(pool, "r"), await turn_at(pool, "other")
    for n in range(8):
        await replicas[n % 2]._reserve("r")
    assert await turn_at(pool, "r") >= first + 8 * TURN
    assert await turn_at(pool, "other") == elsewhere


async def test_waits_for_turns_are_measured_by_realm(pool: Pool) -> None:
    governor = Governor(pool)
    before = figure("governor_wait_seconds_count", realm="measured")
    await governor.take_turn("measured")
    await governor.take_turn("measured")
    assert figure("governor_wait_seconds_count", realm="measured") == before + 2
    assert 0.05 < figure("governor_wait_seconds_sum", realm="measured") < 1


async def test_queue_that_is_too_long_is_refused_with_a_time_to_come_back(pool: Pool) -> None:
    with pytest.raises(RealmBusyError) as refused:
        await reserve_until_refused(Governor(pool))
    assert refused.value.retry_after == QUEUE_MAX / 2
    assert await turn_at(pool, "r") < datetime.now(UTC) + QUEUE_MAX + 2 * TURN


async def test_turns_missed_in_a_stall_are_let_go(pool: Pool) -> None:
    governor = Governor(pool)
    await governor.take_turn("r")
    waiting = [asyncio.create_task(governor.take_turn("r")) for _ in range(4)]
    await asyncio.sleep(TURN.total_seconds() / 4)
    time.sleep(STALL_S)  # noqa: ASYNC251  the whole process stands still
    began_s = time.monotonic()
    await asyncio.gather(*waiting)
    # Nobody may call in the moment after the stall but in turns that begin after it.
    assert time.monotonic() - began_s >= 2 * TURN.total_seconds()
