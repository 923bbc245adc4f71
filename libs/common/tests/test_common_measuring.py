"""Figures of what waits: as the tables say it, per connection, and honest about their age."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from plumbline.common.contracts.cloudevents import outgoing
from plumbline.common.contracts.topics import LEDGER_COMMANDS
from plumbline.common.database import Pool, transaction
from plumbline.common.errors import NeedsHumanError, TransientError
from plumbline.common.measuring import Backlog
from plumbline.common.outbox import put
from plumbline.common.reconciling.marks import Mark
from plumbline.common.reconciling.verdicts import Done, Park, Verdict, Wait
from plumbline.common.testing.clock import DAWN, FakeClock
from plumbline.common.testing.crashing import Doom, DoomedPool, Fate
from plumbline.common.testing.database import marked, rows, service_pool
from plumbline.common.testing.figures import figure, is_told
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


def said(name: str, **labels: str) -> float:
    return figure(name, service="mapper", **labels)


async def looked(pool: Pool, clock: FakeClock) -> None:
    await Backlog(service="mapper", pool=pool, clock=clock).look()


async def worked(pool: Pool, clock: FakeClock, *endings: Verdict | Exception) -> None:
    await reconciler(work_store(pool), Scripted(*endings), clock).work_off()


async def test_work_is_counted_per_connection_with_its_age(pool: Pool, clock: FakeClock) -> None:
    changed_at = clock.now() - 30 * SECOND
    await marked(pool, clock, Mark("a", "ohio", "e1", provider_time=changed_at), Mark("b", "ohio", "e2"))
    await marked(pool, clock, Mark("c", "texas", "e3", due_at=clock.now() + 60 * SECOND))
    clock.advance(10 * SECOND)
    await looked(pool, clock)
    assert said("work_due", connection="ohio") == 2
    assert said("work_late_seconds", connection="ohio") == 10
    assert said("work_unfinished_seconds", connection="ohio") == 40
    assert said("work_due", connection="texas") == 0
    assert said("work_late_seconds", connection="texas") == 0


async def test_change_is_unfinished_while_it_waits_and_no_more_once_it_is_done(
    pool: Pool, clock: FakeClock
) -> None:
    await marked(pool, clock, Mark("a", "ohio", "e1", provider_time=clock.now()))
    await worked(pool, clock, Wait(60 * SECOND, "outcome unknown"))
    clock.advance(10 * SECOND)
    await looked(pool, clock)
    assert said("work_unfinished_seconds", connection="ohio") == 10
    assert said("work_late_seconds", connection="ohio") == 0
    clock.advance(60 * SECOND)
    await worked(pool, clock, Done(again_after=60 * SECOND))
    clock.advance(10 * SECOND)
    await looked(pool, clock)
    assert said("work_unfinished_seconds", connection="ohio") == 0


async def test_record_counts_as_failing_until_it_succeeds(pool: Pool, clock: FakeClock) -> None:
    await marked(pool, clock, Mark("a", "ohio", "e1"))
    await worked(pool, clock, TransientError("the partner is away", retry_after=SECOND))
    await looked(pool, clock)
    assert said("work_failing", connection="ohio") == 1
    clock.advance(10 * SECOND)
    await worked(pool, clock)
    await looked(pool, clock)
    assert said("work_failing", connection="ohio") == 0


async def test_held_connection_is_told_until_its_time(pool: Pool, clock: FakeClock) -> None:
    await marked(pool, clock, Mark("a", "ohio", "e1"))
    await worked(pool, clock, Wait(60 * SECOND, "429", holds_connection=True))
    await looked(pool, clock)
    assert said("connection_held", connection="ohio") == 1
    clock.advance(61 * SECOND)
    await looked(pool, clock)
    assert said("connection_held", connection="ohio") == 0


async def test_parked_records_are_told_with_their_money_and_gone_once_they_go_on(
    pool: Pool, clock: FakeClock
) -> None:
    await marked(pool, clock, Mark("a", "ohio", "e1"), Mark("b", "ohio", "e1"), Mark("c", "ohio", "e1"))
    missing = Park("missing", "Link it.", amount_cents=125_000)
    await worked(pool, clock, missing, missing, NeedsHumanError("Decide."))
    await looked(pool, clock)
    assert said("parked_records", connection="ohio", code="missing") == 2
    assert said("parked_cents", connection="ohio", code="missing") == 250_000
    assert said("parked_records", connection="ohio", code="needs-human") == 1
    assert said("parked_cents", connection="ohio", code="needs-human") == 0
    clock.advance(SECOND)
    await marked(pool, clock, Mark("a", "ohio", "e2"), Mark("b", "ohio", "e2"))
    await looked(pool, clock)
    assert not is_told("parked_records", service="mapper", connection="ohio", code="missing")
    assert not is_told("parked_cents", service="mapper", connection="ohio", code="missing")
    assert said("parked_records", connection="ohio", code="needs-human") == 1


async def test_outbox_is_told_with_the_age_of_its_oldest_message(pool: Pool, clock: FakeClock) -> None:
    await looked(pool, clock)
    assert (said("outbox_waiting"), said("outbox_oldest_seconds")) == (0, 0)
    async with transaction(pool) as connection:
        message = outgoing(LEDGER_COMMANDS, "a", ledger_command(1), source="mapper", at=DAWN)
        await put(connection, [message, message])
    await rows(pool, "UPDATE outbox SET created_at = created_at - interval '1 minute' WHERE id = 1")
    await looked(pool, clock)
    assert said("outbox_waiting") == 2
    assert 60 <= said("outbox_oldest_seconds") < 90


async def test_figures_stay_and_their_time_tells_it_while_the_database_is_away(
    pool: Pool, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plumbline.common.measuring.EVERY_S", 0.01)
    await marked(pool, clock, Mark("a", "ohio", "e1"))
    await looked(pool, clock)
    read_at = clock.now().timestamp()
    clock.advance(60 * SECOND)
    away = DoomedPool(pool, Doom(1, Fate.NOT_SENT, kills_process=False))
    stop = asyncio.Event()
    running = asyncio.create_task(Backlog(service="mapper", pool=away, clock=clock).run(stop))
    await asyncio.sleep(0)
    assert said("backlog_read_timestamp_seconds") == read_at

    async def read_again() -> bool:
        return said("backlog_read_timestamp_seconds") == read_at + 60

    await eventually(read_again)
    assert said("work_late_seconds", connection="ohio") == 60
    stop.set()
    await running
