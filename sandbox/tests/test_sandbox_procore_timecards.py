"""Timecard entries and timesheets of Procore."""

from datetime import datetime
from typing import Any

import pytest
from sandbox_rules import rule
from sandbox_site import Body, Site

from plumbline_sandbox.laboratory import Laboratory

ENTRIES = "Procore reference, Timecard Entries"
SHEETS = "Procore reference, Timesheets"
GUIDE = "Procore docs, Field Productivity"
WEBHOOKS = "Procore webhook resources, project scope"

NOON = "2026-11-18T18:00:00+00:00"
"""A Wednesday, in Texas and in Ohio alike."""


@pytest.fixture
def site(lab: Laboratory) -> Site:
    """A project that enters total hours."""
    _set(lab)
    return Site(lab)


@pytest.fixture
def ohio(lab: Laboratory) -> Site:
    """A project that enters start and stop times."""
    _set(lab)
    return Site(lab, place=1)


def _set(lab: Laboratory) -> None:
    lab.world.clock.set(datetime.fromisoformat(NOON))
    lab.world.clock.scale(0)


async def work(site: Site, **more: Any) -> Body:
    codes = site.company["cost_codes"][str(site.project_id)]
    entry = {
        "hours": "8.5",
        "date": "2026-11-18",
        "party_id": int(site.company["people"][0]["id"]),
        "cost_code_id": int(codes["15-400"]),
        "timecard_time_type_id": int(site.company["time_types"]["REG"]),
        **more,
    }
    created: Body = await site.post(f"{site.project}/timecard_entries", {"timecard_entry": entry})
    return created


@rule(
    "An entry tells party, cost code and time type as objects, hours as a string, and starts pending.", GUIDE
)
async def test_entry_is_created_pending(site: Site) -> None:
    entry = await work(site)
    assert (entry["hours"], entry["approval_status"], entry["billable"]) == ("8.5", "pending", False)
    assert entry["party"]["name"] == "Ana Ortiz"
    assert entry["cost_code"]["full_code"] == "15-400"
    assert entry["timecard_time_type"]["abbreviated_time_type"] == "REG"
    assert entry["deleted_at"] is None


@rule("`origin_id` of an entry is a whole number, unlike everywhere else.", ENTRIES)
async def test_origin_id_is_an_integer(site: Site) -> None:
    assert (await work(site, origin_id=4711))["origin_id"] == 4711
    body = {"timecard_entry": {"hours": "1", "origin_id": "A-7"}}
    refused = await site.call("POST", f"{site.project}/timecard_entries", body)
    assert (refused.status_code, "origin_id" in refused.json()["errors"]) == (422, True)


@rule("A project set to start and stop times takes those and lunch, and works out the hours.", GUIDE)
async def test_start_stop_project(ohio: Site) -> None:
    entry = await work(ohio, hours=None, time_in="08:00", time_out="17:00", lunch_time="60")
    assert (entry["hours"], entry["lunch_time"]) == ("8.0", 60)
    assert (entry["time_in"], entry["time_out"]) == ("2026-11-18T08:00:00Z", "2026-11-18T17:00:00Z")
    changed = {"timecard_entry": {"lunch_time": "30"}}
    entry = await ohio.patch(f"{ohio.project}/timecard_entries/{entry['id']}", changed)
    assert entry["hours"] == "8.5"


@rule("An entry must be entered in the way the project is set to.", GUIDE)
async def test_other_way_of_entering_time_is_refused(site: Site, ohio: Site) -> None:
    by_clock = {"timecard_entry": {"time_in": "08:00", "time_out": "17:00", "lunch_time": "60"}}
    refused = await site.call("POST", f"{site.project}/timecard_entries", by_clock)
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["hours"])
    refused = await ohio.call("POST", f"{ohio.project}/timecard_entries", {"timecard_entry": {"hours": "8"}})
    assert (refused.status_code, set(refused.json()["errors"])) == (422, {"time_in", "time_out"})


@rule("`date` and `datetime` exclude each other.", ENTRIES)
async def test_date_and_datetime_exclude_each_other(site: Site) -> None:
    body = {"timecard_entry": {"hours": "1", "date": "2026-11-18", "datetime": NOON}}
    refused = await site.call("POST", f"{site.project}/timecard_entries", body)
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["datetime"])


@rule("The project's list gives today's entries only, unless it is told dates.", ENTRIES)
async def test_list_of_project_is_of_today(site: Site) -> None:
    today, monday = await work(site), await work(site, date="2026-11-16")
    path = f"{site.project}/timecard_entries"
    assert [e["id"] for e in await site.get(path)] == [today["id"]]
    assert [e["id"] for e in await site.get(path, log_date="2026-11-16")] == [monday["id"]]
    both = await site.get(path, start_date="2026-11-16", end_date="2026-11-18")
    assert [e["id"] for e in both] == [today["id"], monday["id"]]


@rule("The flat list covers the week until today, unless it is told dates.", ENTRIES)
async def test_flat_list_is_of_a_week(site: Site) -> None:
    monday, earlier = await work(site, date="2026-11-16"), await work(site, date="2026-11-09")
    scope = {"project_id": site.project_id}
    assert [e["id"] for e in await site.get("/rest/v1.0/timecard_entries", **scope)] == [monday["id"]]
    old = await site.get(
        "/rest/v1.0/timecard_entries", start_date="2026-11-01", end_date="2026-11-10", **scope
    )
    assert [e["id"] for e in old] == [earlier["id"]]


@rule("The company's list covers all projects and filters by updated_at, party, id and dates.", ENTRIES)
async def test_list_of_company_can_be_polled(site: Site) -> None:
    first = await work(site)
    site.lab.world.clock.step(600)
    second = await work(site, party_id=int(site.company["people"][1]["id"]), date="2026-10-01")
    path = f"{site.own}/timecard_entries"
    assert [e["id"] for e in await site.get(path)] == [first["id"], second["id"]]
    since = {"filters[updated_at]": "2026-11-18T18:05:00Z...2026-11-18T19:00:00Z"}
    assert [e["id"] for e in await site.get(path, **since)] == [second["id"]]
    mine = {"filters[party_id]": site.company["people"][0]["id"]}
    assert [e["id"] for e in await site.get(path, **mine)] == [first["id"]]
    ids = await site.get(path, serializer_view="ids_only", start_date="2026-10-01", end_date="2026-10-02")
    assert ids == [{"id": second["id"]}]


@rule("A deleted entry leaves the lists and is found by `filters[deleted_at]`.", ENTRIES)
async def test_deleted_entry_is_found_by_its_deletion(site: Site) -> None:
    entry = await work(site)
    path = f"{site.project}/timecard_entries/{entry['id']}"
    assert (await site.call("DELETE", path)).status_code == 200
    assert (await site.call("GET", path)).status_code == 404
    everything = f"{site.own}/timecard_entries"
    assert await site.get(everything) == []
    deleted = await site.get(everything, **{"filters[deleted_at]": "2026-11-18...2026-11-18"})
    assert [(e["id"], e["deleted_at"]) for e in deleted] == [(entry["id"], "2026-11-18T18:00:00Z")]


@rule("Entries are made and changed under the project, the company and flat alike.", ENTRIES)
async def test_three_paths_lead_to_an_entry(site: Site) -> None:
    body = {"project_id": site.project_id, "timecard_entry": {"hours": "4", "date": "2026-11-18"}}
    entry = await site.post(f"{site.own}/timecard_entries", body)
    flat = f"/rest/v1.0/timecard_entries/{entry['id']}"
    await site.patch(flat, {"timecard_entry": {"hours": "5"}}, project_id=site.project_id)
    flat_body = {"hours": "6.25"}
    v11 = f"/rest/v1.1/projects/{site.project_id}/project_timecard_entries/{entry['id']}"
    await site.patch(v11, flat_body)
    assert (await site.get(f"{site.project}/timecard_entries/{entry['id']}"))["hours"] == "6.25"


@rule("An entry's approval status is pending, reviewed, approved or completed.", ENTRIES)
async def test_approval_status_of_an_entry(site: Site) -> None:
    path = f"{site.own}/timecard_entries/{(await work(site))['id']}"
    scope = {"project_id": site.project_id}
    for status in ("reviewed", "approved", "completed", "pending"):
        told = await site.patch(path, {"timecard_entry": {"approval_status": status}, **scope})
        assert told["approval_status"] == status
    refused = await site.call("PATCH", path, {"timecard_entry": {"approval_status": "rejected"}, **scope})
    assert refused.status_code == 422


@rule("Timesheets of a day are numbered and named by date and number.", GUIDE)
async def test_timesheets_are_numbered_within_their_day(site: Site) -> None:
    made = [
        await site.post(f"{site.project}/timesheets", {"timesheet": {"date": "2026-11-18"}}) for _ in "ab"
    ]
    assert [(s["number"], s["name"]) for s in made] == [(1, "2026-11-18 - 01"), (2, "2026-11-18 - 02")]
    assert {s["status"] for s in made} == {"pending"}
    assert (await site.call("POST", f"{site.project}/timesheets", {"timesheet": {}})).status_code == 422


@rule("Approving a timesheet approves its entries, and taking it back makes them pending again.", SHEETS)
async def test_approval_of_a_timesheet_reaches_its_entries(site: Site) -> None:
    sheet = await site.post(f"{site.project}/timesheets", {"timesheet": {"date": "2026-11-18"}})
    inside, outside = await work(site, timesheet_id=sheet["id"]), await work(site)
    for status in ("approved", "pending"):
        wish = {"timesheets": [{"id": sheet["id"], "status": status}]}
        told = await site.patch(f"{site.project}/timesheets/update_approval", wish)
        assert [(s["status"], [e["approval_status"] for e in s["timecard_entries"]]) for s in told] == [
            (status, [status])
        ]
        entry = await site.get(f"{site.project}/timecard_entries/{inside['id']}")
        assert (entry["timesheet"]["status"], entry["timesheet_status"]) == (status, status)
    assert (await site.get(f"{site.project}/timecard_entries/{outside['id']}"))[
        "approval_status"
    ] == "pending"


@rule("An improper status is a 400 and an unknown timesheet a 404; none of the others is changed.", SHEETS)
async def test_wrong_approval_changes_nothing(site: Site) -> None:
    sheet = await site.post(f"{site.project}/timesheets", {"timesheet": {"date": "2026-11-18"}})
    path = f"{site.project}/timesheets/update_approval"
    good = {"id": sheet["id"], "status": "approved"}
    for bad, status in (({"id": sheet["id"], "status": "done"}, 400), ({"id": 1, "status": "approved"}, 404)):
        assert (await site.call("PATCH", path, {"timesheets": [good, bad]})).status_code == status
    assert (await site.get(f"{site.project}/timesheets/{sheet['id']}"))["status"] == "pending"


@rule("The company's timesheets are entries by party, of the current work week unless told dates.", SHEETS)
async def test_timesheets_of_company(site: Site) -> None:
    monday, _ = await work(site, date="2026-11-16"), await work(site, date="2026-11-15")
    rows = await site.get(f"{site.own}/timesheets")
    assert [(r["party"]["name"], [e["id"] for e in r["timecard_entries"]]) for r in rows] == [
        ("Ana Ortiz", [monday["id"]])
    ]
    older = await site.get(f"{site.own}/timesheets", start_date="2026-11-09", end_date="2026-11-15")
    assert [e["date"] for e in older[0]["timecard_entries"]] == ["2026-11-15"]


@rule(
    "Many entries are created at once, with 200; that one bad entry refuses all is inferred.",
    SHEETS,
    inferred=True,
)
async def test_bulk_creation_is_all_or_nothing(site: Site) -> None:
    entry = {"project_id": site.project_id, "hours": 8, "date": "2026-11-18"}
    told = await site.post(f"{site.own}/timesheets", {"timecard_entries": [entry, entry]}, status=200)
    assert len({e["id"] for e in told}) == 2
    bad = {"timecard_entries": [entry, {**entry, "hours": "many"}]}
    assert (await site.call("POST", f"{site.own}/timesheets", bad)).status_code == 422
    assert len(await site.get(f"{site.project}/timecard_entries")) == 2


@rule(
    "Entries raise `Timecard Entries` events at project scope; so does each entry of an approved timesheet.",
    WEBHOOKS,
)
async def test_entries_raise_events(site: Site) -> None:
    base = f"/rest/v2.0/companies/{site.company_id}/projects/{site.project_id}/webhooks/hooks"
    hook = {"payload_version": "v4.0", "namespace": "t", "destination_url": "http://127.0.0.1:9/x"}
    hook = (await site.post(base, hook))["data"]
    triggers = [
        {"resource_name": "Timecard Entries", "event_type": e} for e in ("create", "update", "delete")
    ]
    await site.post(f"{base}/{hook['id']}/triggers/bulk", triggers)
    sheet = await site.post(f"{site.project}/timesheets", {"timesheet": {"date": "2026-11-18"}})
    entry = await work(site, timesheet_id=sheet["id"])
    wish = {"timesheets": [{"id": sheet["id"], "status": "approved"}]}
    await site.patch(f"{site.project}/timesheets/update_approval", wish)
    await site.call("DELETE", f"{site.project}/timecard_entries/{entry['id']}")
    log = [d.event for h in site.lab.world.procore.hooks for d in h.log]
    assert [(e["event_type"], e["resource_id"]) for e in log] == [
        (event, entry["id"]) for event in ("create", "update", "delete")
    ]


async def test_references_to_other_companies_are_refused(site: Site, ohio: Site) -> None:
    foreign = int(ohio.company["people"][0]["id"])
    code = int(ohio.company["cost_codes"][str(ohio.project_id)]["15-400"])
    body = {"timecard_entry": {"hours": "1", "party_id": foreign, "cost_code_id": code, "timesheet_id": 3}}
    refused = await site.call("POST", f"{site.project}/timecard_entries", body)
    assert set(refused.json()["errors"]) == {"party_id", "cost_code_id", "timesheet_id"}
    entry = await work(site)
    assert (await ohio.call("GET", f"{ohio.project}/timecard_entries/{entry['id']}")).status_code == 404


async def test_malformed_dates_are_refused(site: Site) -> None:
    assert (
        await site.call("GET", f"{site.project}/timecard_entries", log_date="18.11.2026")
    ).status_code == 400
    body = {"timecard_entry": {"hours": "x", "date": "tomorrow"}}
    refused = await site.call("POST", f"{site.project}/timecard_entries", body)
    assert set(refused.json()["errors"]) == {"hours", "date"}


@rule(
    "Cost codes are per project; `standard_cost_code_id` is the same in all.",
    "Practitioner notes on a live company",
    inferred=True,
)
async def test_cost_codes_are_per_project(site: Site) -> None:
    other = site.company["projects"][1]["id"]
    here = await site.get("/rest/v1.0/cost_codes", project_id=site.project_id)
    there = await site.get("/rest/v1.0/cost_codes", project_id=other)
    assert [c["full_code"] for c in here] == [c["full_code"] for c in there]
    assert {c["id"] for c in here}.isdisjoint(c["id"] for c in there)
    assert [c["standard_cost_code_id"] for c in here] == [c["standard_cost_code_id"] for c in there]
    assert here[0]["line_item_types"][0]["base_type"] == "labor"
    one = await site.get(f"/rest/v1.0/cost_codes/{here[0]['id']}", project_id=site.project_id)
    assert one == here[0]
    await site.refused(404, "GET", f"/rest/v1.0/cost_codes/{here[0]['id']}", project_id=other)
    types = await site.get(f"{site.own}/timecard_time_types")
    assert [t["abbreviated_time_type"] for t in types] == ["REG", "OT", "DT"]
