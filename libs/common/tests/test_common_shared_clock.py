"""One clock for all replicas: the database's, whatever the machines' own clocks say."""

import asyncio
from datetime import datetime, timedelta

import pytest

from plumbline.common.database import DatabaseUnavailableError, borrowed, open_pool
from plumbline.common.shared_clock import SharedClock


async def test_replicas_tell_the_databases_time(database_url: str) -> None:
    async with open_pool(database_url, schema="public") as pool:
        one, other = SharedClock(pool), SharedClock(pool)
        await one.set()
        await other.set()
        async with borrowed(pool) as connection:
            told: datetime = await connection.fetchval("SELECT clock_timestamp()")
        for clock in (one, other):
            assert abs(clock.now() - told) < timedelta(seconds=1)
            assert clock.now().tzinfo is not None


async def test_clock_runs_on_while_the_database_is_away(database_url: str) -> None:
    async with open_pool(database_url, schema="public") as pool:
        clock = SharedClock(pool)
        await clock.set()
    before = clock.now()
    await asyncio.sleep(0.02)
    with pytest.raises(DatabaseUnavailableError):
        await clock.set()
    assert clock.now() - before >= timedelta(milliseconds=20)
