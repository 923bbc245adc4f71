"""The governor: turns of one realm are apart, shared by replicas and lanes, and never used when they are over."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise

import pytest

from plumbline.common.database import COMMON_MIGRATIONS, Pool
from plumbline.common.reconciling.marks import Lane
from plumbline.common.testing.database import rows, service_pool
from plumbline.common.testing.figures import figure
from plumbline.qb_writer.adapters.governor import (
    FLOOR_PER_MIN,
    FULL_PER_MIN,
    LOWER_PATIENCE,
    QUEUE_MAX,
    REGAINED_PER_WAIT,
    TURN,
    Governor,
    RealmBusyError,
)
from plumbline.qb_writer.adapters.ledger import QUERIES

STALL_S = 0.6
MINUTE = timedelta(minutes=1)


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


async def pace(pool: Pool, realm: str = "r") -> float:
    limits = await rows(pool, QUERIES["limits"], FULL_PER_MIN, REGAINED_PER_WAIT)
    return next(float(row["calls_per_min"]) for row in limits if row["realm"] == realm)


async def later(pool: Pool, by: timedelta) -> None:
    """Let time go by, as the table sees it."""
    await rows(
        pool,
        "UPDATE governor SET turn_at = turn_at - $1::interval, closed_until = closed_until - $1::interval, "
        "lower_at = lower_at - $1::interval",
        by,
    )


async def asked(governor: Governor, lane: Lane = Lane.LIVE, realm: str = "r") -> timedelta | None:
    """Ask for a turn once: how long to wait for it, or None."""
    return await governor._asked(realm, lane, 0)


async def reserve_until_refused(governor: Governor) -> None:
    for _ in range(1000):
        await governor._reserve("r", Lane.LIVE, 0)


async def test_replicas_share_one_queue_of_turns_and_realms_do_not(pool: Pool) -> None:
    replicas = [Governor(pool), Governor(pool)]
    await asked(replicas[0])
    await asked(replicas[0], realm="other")
    first, elsewhere = await turn_at(pool, "r"), await turn_at(pool, "other")
    for n in range(8):
        await asked(replicas[n % 2])
    assert await turn_at(pool, "r") >= first + 8 * TURN
    assert await turn_at(pool, "other") == elsewhere


async def test_waits_for_turns_are_measured_by_realm(pool: Pool) -> None:
    take_turn = partial(Governor(pool).take_turn, "measured", lane=Lane.LIVE, reads=0)
    before = figure("governor_wait_seconds_count", realm="measured")
    await take_turn()
    await take_turn()
    assert figure("governor_wait_seconds_count", realm="measured") == before + 2
    assert 0.05 < figure("governor_wait_seconds_sum", realm="measured") < 1


async def test_queue_that_is_too_long_is_refused_with_a_time_to_come_back(pool: Pool) -> None:
    with pytest.raises(RealmBusyError) as refused:
        await reserve_until_refused(Governor(pool))
    assert refused.value.retry_after == QUEUE_MAX / 2
    assert datetime.now(UTC) + QUEUE_MAX - 2 * TURN < await turn_at(pool, "r")
    assert await turn_at(pool, "r") < datetime.now(UTC) + QUEUE_MAX + TURN


async def test_turns_missed_in_a_stall_are_let_go(pool: Pool) -> None:
    take_turn = partial(Governor(pool).take_turn, "r", lane=Lane.LIVE, reads=0)
    await take_turn()
    waiting = [asyncio.create_task(take_turn()) for _ in range(4)]
    await asyncio.sleep(TURN.total_seconds() / 4)
    time.sleep(STALL_S)  # noqa: ASYNC251  the whole process stands still
    began_s = time.monotonic()
    await asyncio.gather(*waiting)
    # Nobody may call in the moment after the stall but in turns that begin after it.
    assert time.monotonic() - began_s >= 2 * TURN.total_seconds()


async def test_refusal_closes_the_realm_for_all_replicas_and_then_halves_its_pace(pool: Pool) -> None:
    one, another = Governor(pool), Governor(pool)
    await asked(one)
    await asked(one, realm="other")
    await one.slow_down("r", wait=MINUTE)
    assert await asked(another) is None
    assert await asked(another, realm="other") is not None
    await later(pool, MINUTE)
    assert await asked(another) == timedelta(0)
    second = await asked(one)
    assert second is not None
    assert 1.5 * TURN < second <= 2 * TURN
    assert await pace(pool, "other") == FULL_PER_MIN


async def test_who_waits_for_a_turn_while_the_realm_refuses_does_not_call(pool: Pool) -> None:
    one, another = Governor(pool), Governor(pool)
    await reserve_until_some(one, 8)
    waiting = asyncio.create_task(one.take_turn("r", lane=Lane.LIVE, reads=0))
    await asyncio.sleep(0.1)
    await another.slow_down("r", wait=MINUTE)
    with pytest.raises(RealmBusyError):
        await waiting


async def reserve_until_some(governor: Governor, turns: int) -> None:
    for _ in range(turns):
        await governor._reserve("r", Lane.LIVE, 0)


async def test_refusals_of_calls_that_were_on_their_way_count_as_one(pool: Pool) -> None:
    replicas = [Governor(pool), Governor(pool)]
    await asked(replicas[0])
    for replica in replicas * 4:
        await replica.slow_down("r", wait=MINUTE)
    assert await pace(pool) == FULL_PER_MIN / 2


async def test_pace_falls_to_a_floor_and_is_regained_little_by_little_up_to_the_limit(pool: Pool) -> None:
    governor = Governor(pool)
    await asked(governor)
    falls = []
    for _ in range(5):
        await governor.slow_down("r", wait=MINUTE)
        await later(pool, MINUTE)
        falls.append(round(await pace(pool)))
    assert falls == [240, 120, FLOOR_PER_MIN, FLOOR_PER_MIN, FLOOR_PER_MIN]
    await later(pool, 5 * MINUTE)
    assert round(await pace(pool)) == FLOOR_PER_MIN + 5 * REGAINED_PER_WAIT
    await later(pool, 60 * MINUTE)
    assert await pace(pool) == FULL_PER_MIN
    await asked(governor)
    wait = await asked(governor)
    assert wait is not None
    assert wait <= TURN


@pytest.mark.parametrize("wait", [timedelta(seconds=5), MINUTE, timedelta(hours=1)])
async def test_pace_is_regained_the_slower_the_longer_the_realm_had_to_be_left_alone(
    pool: Pool, wait: timedelta
) -> None:
    governor = Governor(pool)
    await asked(governor)
    await governor.slow_down("r", wait=wait)
    await later(pool, 6 * wait)
    assert (
        FULL_PER_MIN / 2 + 5 * REGAINED_PER_WAIT
        <= await pace(pool)
        < FULL_PER_MIN / 2 + 6 * REGAINED_PER_WAIT
    )


async def test_longest_of_several_waits_closes_the_realm(pool: Pool) -> None:
    governor = Governor(pool)
    await asked(governor)
    for wait in (MINUTE, 2 * MINUTE, timedelta(seconds=1)):
        await governor.slow_down("r", wait=wait)
    await later(pool, 1.5 * MINUTE)
    assert await asked(governor) is None
    await later(pool, MINUTE / 2)
    assert await asked(governor) is not None


@pytest.mark.parametrize("lane", [Lane.REPAIR, Lane.SWEEP])
async def test_lower_lane_takes_a_turn_that_is_free_and_does_not_queue_for_the_next(
    pool: Pool, lane: Lane
) -> None:
    governor = Governor(pool)
    assert await asked(governor, lane) == timedelta(0)
    assert await asked(governor, lane) is None
    behind = await asked(governor)
    assert behind is not None
    assert behind <= TURN


async def test_lower_lane_has_one_turn_in_each_length_of_a_queue_that_is_never_empty(pool: Pool) -> None:
    governor = Governor(pool)
    lanes, seconds = [], 12
    for _ in range(seconds * 8):
        while await asked(governor) is not None:
            lanes.append(Lane.LIVE)
        lanes += [lane for lane in (Lane.SWEEP, Lane.REPAIR) if await asked(governor, lane) is not None]
        await later(pool, TURN)
    share = QUEUE_MAX // TURN
    places = [place for place, lane in enumerate(lanes) if lane is not Lane.LIVE]
    apart = [after - before for before, after in pairwise(places)]
    assert min(apart) >= share - 1
    assert len(places) >= seconds // QUEUE_MAX.total_seconds()


async def test_live_call_waits_at_most_one_turn_longer_however_many_calls_of_lower_lanes_there_are(
    pool: Pool,
) -> None:
    crowded, empty = Governor(pool), Governor(pool)
    for burst in (1, 3, 9, 2, 20):
        waits = {}
        for governor, realm in ((crowded, "crowded"), (empty, "empty")):
            for _ in range(8 if realm == "crowded" else 0):
                await asked(governor, Lane.SWEEP, realm)
            waits[realm] = [await asked(governor, realm=realm) for _ in range(burst)]
        for late, early in zip(waits["crowded"], waits["empty"], strict=True):
            assert late is not None
            assert early is not None
            assert late - early <= TURN + timedelta(milliseconds=40)  # the statements themselves take time
        await later(pool, 2 * QUEUE_MAX)


async def test_call_of_a_lower_lane_waits_for_its_turn_and_gives_up_in_time(pool: Pool) -> None:
    governor = Governor(pool)
    await reserve_until_some(governor, 4)
    began_s = time.monotonic()
    await governor.take_turn("r", lane=Lane.SWEEP, reads=0)
    assert time.monotonic() - began_s >= 3 * TURN.total_seconds()
    await governor.slow_down("r", wait=MINUTE)
    began_s = time.monotonic()
    with pytest.raises(RealmBusyError):
        await governor.take_turn("r", lane=Lane.SWEEP, reads=0)
    assert LOWER_PATIENCE.total_seconds() <= time.monotonic() - began_s < LOWER_PATIENCE.total_seconds() + 2
