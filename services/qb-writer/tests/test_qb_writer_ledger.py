"""What the tables refuse: a second open write of a record, and any change of a write that has ended."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from plumbline.common.database import COMMON_MIGRATIONS, Pool, transaction
from plumbline.common.reconciling.store import LostLeaseError
from plumbline.common.testing.clock import DAWN
from plumbline.common.testing.database import rows, service_pool
from plumbline.common.testing.messages import ledger_command
from plumbline.qb_writer.adapters.ledger import Ledger
from plumbline.qb_writer.domain.records import Operation, Write
from plumbline.qb_writer.domain.writes import confirmed, rejected

KEY = ledger_command().key


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    packages = [*COMMON_MIGRATIONS, "plumbline.qb_writer"]
    async with service_pool(database_url, schema="qb_writer", packages=packages) as opened:
        async with transaction(opened) as connection:
            await Ledger(opened).receive(connection, [ledger_command()], now=DAWN)
        yield opened


def write(number: int = 1) -> Write:
    return Write(KEY, number, 1, Operation.CREATE, f"id-{number}", b"{}", opened_at=DAWN, sent_at=DAWN)


async def keep(pool: Pool, kept: Write) -> None:
    async with transaction(pool) as connection:
        await Ledger(pool).keep_write(connection, kept)


async def test_second_open_write_of_a_record_is_refused_by_the_database(pool: Pool) -> None:
    await keep(pool, write(1))
    with pytest.raises(asyncpg.UniqueViolationError):
        await keep(pool, write(2))


async def test_write_that_has_ended_is_not_ended_again(pool: Pool) -> None:
    await keep(pool, write())
    await keep(pool, confirmed(write(), at=DAWN, how="answered"))
    with pytest.raises(LostLeaseError):
        await keep(pool, rejected(write(), at=DAWN, why="late"))
    assert [r["fate"] for r in await rows(pool, "SELECT fate FROM writes")] == ["confirmed"]


async def test_write_that_has_ended_is_not_tried_again(pool: Pool) -> None:
    await keep(pool, write())
    await keep(pool, rejected(write(), at=DAWN, why="refused"))
    with pytest.raises(LostLeaseError):
        await keep(pool, write())
    assert [r["fate"] for r in await rows(pool, "SELECT fate FROM writes")] == ["rejected"]
