"""The month's reads: counted with their turns, forecast, and kept for live work when they run out."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from httpx import ASGITransport, AsyncClient
from pydantic import SecretStr
from test_qb_writer_hearing import hear, told
from writer_lab import CONNECTION, READS_PER_MONTH, REALM, WriterLab

from plumbline.common.connections import ConnectionConfig, Connections, ProcoreSide, QuickBooksSide
from plumbline.common.contracts.ledger import InvoiceState
from plumbline.common.errors import WaitError
from plumbline.common.operator import operator_app
from plumbline.common.reconciling.marks import Lane
from plumbline.common.reconciling.store import BURST_PAUSE
from plumbline.common.testing.database import rows, work_row
from plumbline.common.testing.figures import figure
from plumbline.qb_writer.adapters.governor import FULL_PER_MIN, Governor
from plumbline.qb_writer.adapters.reads import Reads
from plumbline.qb_writer.domain.reads import LOOK_AGAIN, ReadBudget, ReadsSavedError, ReadsUsedUpError
from plumbline.qb_writer.routes import LimitRoutes

pytest_plugins = ["writer_fixtures"]

RECORD = f"{REALM}/invoice/1/2/1"
BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def budget(used: int, at: datetime = BEGIN + 15 * DAY) -> ReadBudget:
    """Return a budget of 1,000 reads in the middle of a month of 30 days."""
    return ReadBudget(1000, used, at)


@pytest.mark.parametrize(
    ("used", "at", "forecast"),
    [
        (0, BEGIN, 0),
        (10, BEGIN, 310),
        (10, BEGIN + DAY / 24, 10 + 299),
        (10, BEGIN + DAY, 300),
        (500, BEGIN + 15 * DAY, 1000),
        (999, BEGIN + 30 * DAY - timedelta(seconds=1), 999),
        (310, datetime(2026, 12, 11, tzinfo=UTC), 961),
        (14, datetime(2028, 2, 15, tzinfo=UTC), 29),
    ],
)
def test_forecast_goes_on_as_the_month_began(used: int, at: datetime, forecast: int) -> None:
    assert budget(used, at).forecast == forecast


@pytest.mark.parametrize(
    ("used", "refused"),
    [
        (0, {}),
        (500, {}),
        (501, {Lane.SWEEP: ReadsSavedError}),
        (949, {Lane.SWEEP: ReadsSavedError}),
        (950, {Lane.SWEEP: ReadsSavedError, Lane.REPAIR: ReadsSavedError}),
        (999, {Lane.SWEEP: ReadsSavedError, Lane.REPAIR: ReadsSavedError}),
        (1000, dict.fromkeys(Lane, ReadsUsedUpError)),
        (1001, dict.fromkeys(Lane, ReadsUsedUpError)),
    ],
)
def test_reads_are_kept_for_the_more_urgent_lanes_the_fewer_there_are(
    used: int, refused: dict[Lane, type[WaitError]]
) -> None:
    for lane in set(Lane) - refused.keys():
        budget(used).check(lane)
    for lane, error in refused.items():
        with pytest.raises(error) as raised:
            budget(used).check(lane)
        assert raised.value.retry_after == LOOK_AGAIN
        assert not raised.value.holds_connection


def test_who_reads_of_a_used_up_budget_is_told_until_when_and_what_to_do() -> None:
    with pytest.raises(ReadsUsedUpError) as refused:
        budget(1000).check(Lane.LIVE)
    assert refused.value.code == "reads-used-up"
    assert refused.value.detail == (
        "All 1,000 reads of this month are used up: wait for 01 December, or raise PLUMBLINE_READS_PER_MONTH if "
        "Intuit's plan allows for more."
    )


async def use(lab: WriterLab, reads: int, month: str = "now()") -> None:
    """Let the realm have read so often in a month."""
    await rows(
        lab.pool,
        "INSERT INTO governor (realm, turn_at, month, reads) "
        f"VALUES ($1, '-infinity', date_trunc('month', ({month}) AT TIME ZONE 'UTC')::date, $2) "
        "ON CONFLICT (realm) DO UPDATE SET month = excluded.month, reads = excluded.reads",
        REALM,
        reads,
    )
    await lab.reads.look()


async def used(lab: WriterLab) -> int:
    return sum(limits.reads for limits in await lab.reads.look())


async def test_reads_are_counted_and_writes_are_not(lab: WriterLab) -> None:
    await lab.want(lab.wish())
    assert lab.calls() == 1
    assert await used(lab) == 0
    await hear(lab, told(lab.invoices()[0]["Id"], "1"))
    await lab.work_until_quiet()
    assert lab.calls() == 2
    assert await used(lab) == 1
    assert figure("reads_used", app=REALM) == 1
    assert figure("reads_per_month", app=REALM) == READS_PER_MONTH


async def test_month_begins_with_no_reads_used(lab: WriterLab) -> None:
    await use(lab, READS_PER_MONTH, month="now() - interval '1 month'")
    assert await used(lab) == 0
    await Governor(lab.pool).take_turn(REALM, lane=Lane.LIVE, reads=1)
    assert await used(lab) == 1


async def test_repair_waits_where_reads_are_nearly_used_up_and_live_work_does_not(lab: WriterLab) -> None:
    await lab.want(lab.wish())
    await use(lab, READS_PER_MONTH - 10)
    await hear(lab, told(lab.invoices()[0]["Id"], "1"))
    await lab.work_until_quiet()
    assert (await work_row(lab.pool, RECORD))["waiting_for"].startswith("reads-saved: 990 of 1,000 reads")
    await lab.want(lab.wish(InvoiceState.SENT), version=2)
    assert lab.mails() == 1
    assert (await work_row(lab.pool, RECORD))["waiting_for"] is None


async def test_used_up_budget_stops_what_has_to_read_and_nothing_else(lab: WriterLab) -> None:
    await use(lab, READS_PER_MONTH)
    await lab.want(lab.wish())
    assert len(lab.invoices()) == 1
    await lab.want(lab.wish(InvoiceState.SENT), version=2)
    row = await work_row(lab.pool, RECORD)
    assert row["waiting_for"].startswith("reads-used-up: ")
    assert (row["parked_at"], row["attempt"], lab.mails()) == (None, 0, 0)
    assert not await rows(lab.pool, "SELECT 1 FROM connections WHERE held_until IS NOT NULL")
    await use(lab, 0)
    await rows(lab.pool, "UPDATE work SET due_at = now()")
    await lab.work_until_quiet()
    assert lab.mails() == 1


async def test_realms_of_one_app_share_its_reads_and_a_realm_without_one_counts_for_itself(
    lab: WriterLab,
) -> None:
    governor = Governor(lab.pool)
    for realm, reads in (("1", 3), ("2", 4), ("3", 5)):
        await governor.take_turn(realm, lane=Lane.LIVE, reads=reads)
    connections = Connections({name: connection(name) for name in "123"})
    limits = await Reads(pool=lab.pool, app_of=connections.app_of, per_month=100).look()
    found = [(one.realm, one.app, one.reads, one.budget.used) for one in limits]
    assert found == [("1", "ours", 3, 7), ("2", "ours", 4, 7), ("3", "3", 5, 5)]


def connection(realm: str) -> ConnectionConfig:
    return ConnectionConfig(
        name=f"company-{realm}",
        procore=ProcoreSide(account="procore/1", company_id="1", projects=(realm,)),
        quickbooks=QuickBooksSide(realm=realm, app=None if realm == "3" else "ours"),
    )


@pytest.mark.parametrize("is_read", [True, False])
async def test_refusal_of_a_call_slows_its_realm_down(lab: WriterLab, *, is_read: bool) -> None:
    await lab.want(lab.wish())
    match = {"provider": "quickbooks", "method": "GET" if is_read else "POST"}
    lab.world.faults.add({"name": "throttle", "match": match, "times": 1})
    if is_read:
        await hear(lab, told(lab.invoices()[0]["Id"], "1"))
    else:
        await lab.command(lab.wish(cents=99_00), version=2)
    await asyncio.sleep(2 * BURST_PAUSE.total_seconds())
    await lab.loop.work_off()
    [limits] = await lab.reads.look()
    assert limits.calls_per_min == FULL_PER_MIN / 2
    assert figure("governor_calls_per_minute", realm=REALM) == FULL_PER_MIN / 2
    assert not (await work_row(lab.pool, RECORD))["parked_at"]


async def test_operators_see_each_companys_pace_and_the_reads_of_its_app(lab: WriterLab) -> None:
    await use(lab, 12)
    known = ConnectionConfig(
        name=CONNECTION,
        procore=ProcoreSide(account="procore/1", company_id="1", projects=("1",)),
        quickbooks=QuickBooksSide(realm=REALM),
    )
    routes = LimitRoutes(lab.reads, Connections({CONNECTION: known})).routes()
    app = operator_app(service="test", token=SecretStr("t"), ready=lambda: None, routes=routes)
    async with AsyncClient(transport=ASGITransport(app), base_url="http://test") as http:
        assert (await http.get("/limits")).status_code == 401
        said = (await http.get("/limits", headers={"authorization": "Bearer t"})).json()
    [company] = said["companies"]
    assert company.pop("app_reads_forecast") >= 12
    assert company == {
        "realm": REALM,
        "connection": CONNECTION,
        "app": REALM,
        "calls_per_min": 480,
        "reads": 12,
        "app_reads": 12,
        "app_reads_per_month": READS_PER_MONTH,
    }
