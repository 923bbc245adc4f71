"""The clock: set, stepped, scaled; and everything that ages obeys it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sandbox_books import Books
from sandbox_listener import Listener
from sandbox_site import Site

from plumbline_sandbox.clock import Clock
from plumbline_sandbox.laboratory import Laboratory


async def test_clock_starts_at_real_time_and_runs(lab: Laboratory) -> None:
    told = (await lab.control.get("/control/clock")).json()
    assert told["scale"] == 1
    assert abs(datetime.fromisoformat(told["now"]) - datetime.now(UTC)) < timedelta(minutes=1)


async def test_clock_is_set_stepped_and_scaled_at_once(lab: Laboratory) -> None:
    body = {"at": "2027-01-01T00:00:00+00:00", "step_s": 60, "scale": 0}
    told = (await lab.control.post("/control/clock", json=body)).json()
    assert told == {"now": "2027-01-01T00:01:00+00:00", "scale": 0}
    await asyncio.sleep(0.01)
    assert (await lab.control.get("/control/clock")).json() == told


@pytest.mark.parametrize(
    "body", [{"scale": -1}, {"scale": "1e999"}, {"at": "noon"}, {"step_s": 1e18}, {"speed": 2}, [], "now"]
)
async def test_malformed_order_is_refused_and_the_clock_goes_on(lab: Laboratory, body: Any) -> None:
    before = lab.world.clock.time()
    answer = await lab.control.post("/control/clock", json=body)
    assert (answer.status_code, bool(answer.json()["error"])) == (400, True)
    assert 0 <= lab.world.clock.time() - before < 60


async def test_scaled_time_passes_faster() -> None:
    clock = Clock()
    clock.scale(100_000)
    before = clock.time()
    await asyncio.sleep(0.01)
    assert clock.time() - before >= 1000


async def test_time_stands_within_one_turn_of_the_loop_and_goes_on_with_the_next() -> None:
    clock = Clock()
    clock.scale(1e9)
    before = clock.time()
    assert clock.time() == before
    await asyncio.sleep(0)
    assert clock.time() > before


async def test_sleepers_wake_at_a_jump_and_not_before() -> None:
    clock = Clock()
    clock.scale(0)
    sleeper = asyncio.create_task(clock.sleep(3600))
    await asyncio.sleep(0)
    clock.step(3599)
    await asyncio.sleep(0.01)
    assert not sleeper.done()
    clock.step(1)
    await asyncio.wait_for(sleeper, 5)


async def test_access_tokens_of_both_vendors_die_of_age(lab: Laboratory) -> None:
    site = Site(lab)
    path, company = "/rest/v1.0/projects", site.company_id
    statuses = []
    for step_s in (0, 3590, 10, 1790, 10):
        lab.world.clock.step(step_s)
        books = (await lab.books("GET", "/preferences")).status_code
        statuses.append((books, (await site.call("GET", path, company_id=company)).status_code))
    # QuickBooks: an hour since the seed. Procore: an hour and a half since the first call.
    assert statuses == [(200, 200), (200, 200), (401, 200), (401, 200), (401, 401)]


async def test_rate_windows_empty_by_the_clock(lab: Laboratory) -> None:
    lab.world.clock.scale(0)
    lab.world.limits.configure({"quickbooks": {"per_minute": 2}, "procore": {"spike": 1}})
    site: Any = {"company_id": str(lab.companies[0].company.id)}

    async def statuses() -> tuple[int, int]:
        projects = await lab.site("GET", "/rest/v1.0/projects", **site)
        return (await lab.books("GET", "/preferences")).status_code, projects.status_code

    assert [await statuses() for _ in range(3)] == [(200, 200), (200, 429), (429, 429)]
    lab.world.clock.step(60)
    assert await statuses() == (200, 200)


async def test_documents_are_dated_by_the_clock(lab: Laboratory, books: Books) -> None:
    lab.world.clock.set(datetime(2026, 12, 24, 18, tzinfo=UTC))
    invoice = lab.world.quickbooks.person(books.realm_id, "Invoice", books.form(100))
    assert (invoice["TxnDate"], invoice["DueDate"]) == ("2026-12-24", "2027-01-23")
    assert invoice["MetaData"]["CreateTime"] == "2026-12-24T10:00:00-08:00"


async def test_lagging_index_catches_up_by_the_clock(lab: Laboratory, books: Books) -> None:
    lab.world.quickbooks.configure(books.realm_id, index_lag_s=600)
    lab.world.clock.scale(0)
    invoice = await books.invoice()
    found = f"select * from Invoice where Id = '{invoice['Id']}'"
    assert (await lab.query(found)).json()["QueryResponse"] == {}
    lab.world.clock.step(600)
    (shown,) = (await lab.query(found)).json()["QueryResponse"]["Invoice"]
    assert shown["Id"] == invoice["Id"]


async def test_slow_write_ends_by_the_clock(lab: Laboratory, books: Books) -> None:
    lab.world.quickbooks.configure(books.realm_id, work_s=600)
    writing = asyncio.create_task(books.invoice())
    await asyncio.sleep(0.01)
    assert not writing.done()
    lab.world.clock.step(600)
    assert (await asyncio.wait_for(writing, 5))["Id"]


async def test_webhook_is_tried_again_by_the_clock(lab: Laboratory) -> None:
    async with Listener() as listener:
        listener.answers.extend([500, 500])
        site = Site(lab)
        base = f"/rest/v2.0/companies/{site.company_id}/webhooks/hooks"
        body = {"payload_version": "v2.0", "namespace": "n", "destination_url": listener.url}
        hook = (await site.post(base, body))["data"]["id"]
        trigger = {"resource_name": "Projects", "event_type": "update"}
        await site.post(f"{base}/{hook}/triggers", trigger)
        lab.world.clock.scale(0)
        change = {"project": {"name": "Depot Lofts II"}}
        await site.patch(f"/rest/v1.0/projects/{site.project_id}", change, company_id=site.company_id)
        for step_s, tries in ((0, 1), (1, 2), (1, 2), (1, 3)):
            lab.world.clock.step(step_s)
            await listener.wait(tries)
            assert len(await listener.quiet()) == tries
