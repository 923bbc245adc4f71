"""Differences are told once each: over pages and runs, with two replicas, after death at any step, in business time."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import date, timedelta

import httpx
import pytest
from drift_desk import CONNECTION, REALM, TEXAS, Desk, deleted, go_live, made_by_hand
from pydantic import SecretStr
from typing_extensions import override

from plumbline.common.database import COMMON_MIGRATIONS, Pool
from plumbline.common.operator import operator_app
from plumbline.common.testing.clock import FakeClock
from plumbline.common.testing.crashing import Doom, DoomedPool, Fate, KilledError
from plumbline.common.testing.database import expire_leases, rows, service_pool, work_row
from plumbline.common.testing.figures import figure, is_told
from plumbline.qb_writer.adapters.differences import DriftTable
from plumbline.qb_writer.domain.records import Beginning
from plumbline.qb_writer.drifting import DriftFigures, DriftRoutes
from plumbline.qb_writer.ports import Roll
from plumbline.qb_writer.service.comparing import PAGE, key_of

MANY = 2 * PAGE + 50
EACH = 125_000


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    packages = [*COMMON_MIGRATIONS, "plumbline.qb_writer"]
    async with service_pool(database_url, schema="qb_writer", packages=packages) as opened:
        yield opened


@pytest.fixture
async def desk(pool: Pool) -> Desk:
    await go_live(pool)
    return Desk(pool)


async def test_every_page_of_records_and_documents_is_compared(desk: Desk) -> None:
    await desk.want(f"{number:04}" for number in range(MANY))
    await desk.hold(*(made_by_hand(str(number)) for number in range(MANY)))
    found = await desk.compare()
    assert Counter(row["code"] for row in found) == {"missing": MANY, "extra": MANY}
    assert len({row["subject"] for row in found}) == 2 * MANY
    (run,) = await rows(desk.pool, "SELECT * FROM comparisons")
    assert (run["records"], run["documents"]) == (MANY, MANY)


async def test_company_that_is_only_observed_differs_in_nothing(pool: Pool) -> None:
    desk = Desk(pool)
    await desk.want(["1"])
    await desk.hold(made_by_hand("7"))
    assert await desk.compare() == []
    await go_live(pool, date(2026, 2, 28))
    assert {row["code"] for row in await desk.compare()} == {"missing"}
    await go_live(pool, date(2026, 3, 1))
    assert await desk.compare() == []


async def test_unchanged_difference_is_told_once_however_often_it_is_compared(desk: Desk) -> None:
    await desk.want(["1"])
    for _ in range(3):
        await desk.compare()
    assert await desk.news() == {("invoice/1/2/1", "opened"): 1}


async def test_change_end_and_return_of_a_difference_are_told_once_each(desk: Desk) -> None:
    await desk.want(["1"])
    await desk.hold(made_by_hand("7"))
    await desk.compare()
    await desk.hold(made_by_hand("7", SyncToken="1", TotalAmt=11))
    (_, changed) = sorted(await desk.compare(), key=lambda row: str(row["subject"]))
    assert (changed["off_cents"], changed["opened_at"] < desk.clock.now()) == (1_100, True)
    await desk.hold(made_by_hand("7", SyncToken="2", TxnDate="2025-12-31"))
    assert [row["code"] for row in await desk.compare()] == ["missing"]
    await desk.hold(made_by_hand("7", SyncToken="3"))
    (again,) = [row for row in await desk.compare() if row["code"] == "extra"]
    assert again["opened_at"] == desk.clock.now()
    stray = "quickbooks/Invoice/7"
    assert await desk.news() == {
        ("invoice/1/2/1", "opened"): 1,
        (stray, "opened"): 2,
        (stray, "changed"): 1,
        (stray, "closed"): 1,
    }


async def test_closed_in_bulk_each_is_told_once(desk: Desk) -> None:
    await desk.want(["1"])
    await desk.hold(*(made_by_hand(str(number)) for number in range(MANY)))
    await desk.compare()
    await desk.hold(*(deleted(str(number)) for number in range(MANY)))
    assert len(await desk.compare()) == 1
    assert Counter((await desk.news()).values()) == {1: 2 * MANY + 1}


async def test_differences_of_a_company_that_is_configured_no_more_are_closed(desk: Desk) -> None:
    await desk.want(["1"])
    await desk.hold(made_by_hand("7"))
    assert len(await desk.compare()) == 2
    desk.configured = False
    assert await desk.compare() == []
    assert await desk.news() == {
        (subject, change): 1
        for subject in ("invoice/1/2/1", "quickbooks/Invoice/7")
        for change in ("opened", "closed")
    }


async def before_death(desk: Desk) -> None:
    """Leave a comparison due that opens one, changes one, closes one, and lets one be."""
    await rows(desk.pool, "TRUNCATE records, documents, differences, comparisons, outbox, work CASCADE")
    await desk.want(["1"])
    await desk.hold(made_by_hand("5"), made_by_hand("6"), made_by_hand("7"))
    await desk.compare()
    await rows(desk.pool, "TRUNCATE outbox")
    await desk.want(["2"])
    await desk.hold(made_by_hand("6", SyncToken="1", TotalAmt=11), deleted("7"))
    await desk.due()


async def test_death_at_any_step_tells_nothing_twice_and_leaves_nothing_out(desk: Desk) -> None:
    await before_death(desk)
    counting = Doom.none()
    await desk.life(DoomedPool(desk.pool, counting)).work_off()
    assert counting.count > 20
    stray = "quickbooks/Invoice"
    told = {("invoice/1/2/2", "opened"): 1, (f"{stray}/6", "changed"): 1, (f"{stray}/7", "closed"): 1}
    assert await desk.news() == told
    for step in range(1, counting.count + 1):
        for fate in Fate:
            await before_death(desk)
            doom = Doom(step, fate)
            with pytest.raises(KilledError):
                await desk.life(DoomedPool(desk.pool, doom)).work_off()
            await expire_leases(desk.pool)
            await desk.life().work_off()
            open_now = await DriftTable(desk.pool).open(CONNECTION, limit=10)
            subjects = sorted(row["subject"] for row in open_now)
            assert subjects == ["invoice/1/2/1", "invoice/1/2/2", f"{stray}/5", f"{stray}/6"], doom.names
            assert await desk.news() == told, (fate, doom.names)


async def test_two_replicas_compare_a_realm_once(desk: Desk) -> None:
    await desk.want(f"{number:04}" for number in range(MANY))
    await desk.due()
    worked = await asyncio.gather(*(desk.life(replica=name).work_off() for name in ("r1", "r2")))
    assert sum(worked) == 1
    assert set((await desk.news()).values()) == {1}


class Stalling(DriftTable):
    """Stands still before the second page, until it is let go on."""

    def __init__(self, pool: Pool) -> None:
        super().__init__(pool)
        self.stands, self.goes_on = asyncio.Event(), asyncio.Event()

    @override
    async def pairs(self, realm: str, beginning: Beginning, *, after: str, limit: int) -> Roll:
        if after:
            self.stands.set()
            await self.goes_on.wait()
        return await super().pairs(realm, beginning, after=after, limit=limit)


async def test_replica_that_was_taken_over_tells_nothing_more(desk: Desk) -> None:
    await desk.want(f"{number:04}" for number in range(MANY))
    await desk.due()
    stalling = Stalling(desk.pool)
    slow = asyncio.create_task(desk.life(table=stalling).work_off())
    await asyncio.wait_for(stalling.stands.wait(), 10)
    await expire_leases(desk.pool)
    assert await desk.life(replica="r2").work_off() == 1
    stalling.goes_on.set()
    await slow
    assert len(await DriftTable(desk.pool).open(CONNECTION, limit=10_000)) == MANY
    assert set((await desk.news()).values()) == {1}


async def test_wish_is_no_difference_before_a_business_hour_has_passed(pool: Pool) -> None:
    await go_live(pool)
    desk = Desk(pool, grace=timedelta(hours=1))
    desk.clock.advance(timedelta(days=4, hours=14, minutes=30))  # Friday, 16:30 in Texas
    await desk.want(["1"])
    assert await desk.compare() == []
    desk.clock.advance(timedelta(days=2, hours=15))  # Monday, 8:30 by clocks that have gone forward on Sunday
    assert [row["code"] for row in await desk.compare()] == ["missing"]


async def test_comparison_comes_again_by_itself(desk: Desk) -> None:
    await desk.compare()
    row = await work_row(desk.pool, key_of(REALM))
    assert row["due_at"] == desk.clock.now() + timedelta(minutes=5)


def operator(desk: Desk) -> httpx.AsyncClient:
    routes = DriftRoutes(
        table=DriftTable(desk.pool),
        clock=desk.clock,
        hours=lambda _: TEXAS,
    )
    app = operator_app(
        service="qb-writer", token=SecretStr("right"), ready=lambda: None, routes=routes.routes()
    )
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://operator",
        headers={"Authorization": "Bearer right"},
    )


async def test_operators_are_told_of_totals_and_of_each_difference_with_its_age(desk: Desk) -> None:
    desk.clock.advance(timedelta(days=1, hours=6))  # Tuesday, 8:00 in Texas
    await desk.want(["1", "2"])
    desk.clock.advance(timedelta(hours=25, minutes=30))  # Wednesday, 9:30
    await desk.compare()
    async with operator(desk) as client:
        (said,) = (await client.get("/drift", params={"connection": CONNECTION})).json()["connections"]
        assert (said["open"], said["stake_cents"], said["off_cents"]) == (2, 2 * EACH, -2 * EACH)
        assert [d["subject"] for d in said["differences"]] == ["invoice/1/2/1", "invoice/1/2/2"]
        assert {d["age_hours"] for d in said["differences"]} == {10.5}
        unknown = await client.get("/drift", params={"connection": "nowhere"})
        assert (unknown.status_code, unknown.json()["error"]) == (404, "unknown-connection")


async def test_figures_follow_what_is_open(desk: Desk) -> None:
    figures = DriftFigures(table=DriftTable(desk.pool), clock=desk.clock, hours=lambda _: TEXAS)
    await desk.want(["1"])
    await desk.hold(made_by_hand("7"))
    desk.clock.advance(timedelta(days=1, hours=8))  # Tuesday, 10:00 in Texas
    await desk.compare()
    await figures.look()
    assert figure("drift_differences", connection=CONNECTION, code="missing") == 1
    assert figure("drift_cents", connection=CONNECTION, code="missing") == EACH
    assert figure("drift_oldest_business_hours", connection=CONNECTION) == 2
    await desk.hold(deleted("7"))
    await desk.compare()
    await figures.look()
    assert not is_told("drift_differences", connection=CONNECTION, code="extra")


async def test_business_clock_of_this_file_begins_on_a_holiday_of_texas() -> None:
    assert not TEXAS.is_working_day(FakeClock().now().date())
