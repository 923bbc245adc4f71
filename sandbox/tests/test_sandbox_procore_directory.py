"""Projects with their places, vendors and people of Procore."""

from sandbox_rules import rule
from sandbox_site import Site

from plumbline_sandbox.laboratory import Laboratory

PROJECTS = "Procore reference, Projects"
VENDORS = "Procore reference, Company Vendors"
SYNC = "Procore docs, Using Sync Actions"


@rule("A project tells state, ZIP, county and time zone; states and countries have two letters.", PROJECTS)
async def test_project_tells_its_place(site: Site) -> None:
    path = f"/rest/v1.0/projects/{site.project_id}"
    project = await site.get(path, company_id=site.company_id)
    place = {
        name: project[name] for name in ("city", "state_code", "zip", "county", "country_code", "tz_name")
    }
    assert place == {
        "city": "Austin",
        "state_code": "TX",
        "zip": "78701",
        "county": "Travis",
        "country_code": "US",
        "tz_name": "America/Chicago",
    }
    assert project["company"] == {"id": site.company_id, "name": site.company["name"]}
    body = {"company_id": site.company_id, "project": {"state_code": "Texas"}}
    refused = await site.call("PATCH", path, body)
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["state_code"])


@rule("Every part of a project's address may be null.", PROJECTS)
async def test_project_without_address(site: Site) -> None:
    path = f"/rest/v1.0/projects/{site.company['projects'][5]['id']}"
    project = await site.get(path, company_id=site.company_id)
    fields = (
        "address",
        "city",
        "state_code",
        "zip",
        "county",
        "country_code",
        "latitude",
        "tz_name",
        "office",
    )
    assert {project[name] for name in fields} == {None}


@rule(
    "A project cannot be shown without `company_id`.", "Practitioner notes on a live company", inferred=True
)
async def test_project_needs_the_company(site: Site) -> None:
    answer = await site.call("GET", f"/rest/v1.0/projects/{site.project_id}")
    assert (answer.status_code, answer.json()) == (400, {"errors": {"company_id": ["is missing"]}})


@rule("Projects are filtered by id, status and region.", PROJECTS)
async def test_projects_are_filtered(site: Site) -> None:
    everything = await site.get("/rest/v1.1/projects", company_id=site.company_id)
    gulf = next(p for p in everything if p["city"] == "Houston")
    region = {"filters[by_region]": gulf["project_region"]["id"]}
    assert await site.get("/rest/v1.1/projects", company_id=site.company_id, **region) == [gulf]
    body = {"company_id": site.company_id, "project": {"active": False}}
    await site.patch(f"/rest/v1.0/projects/{gulf['id']}", body)
    for status, expected in (("Active", 5), ("Inactive", 1), ("All", 6)):
        found = await site.get(
            "/rest/v1.0/projects", company_id=site.company_id, **{"filters[by_status]": status}
        )
        assert len(found) == expected


@rule(
    "A changed project raises a `Projects` update at company scope.",
    "Procore webhook resources, company scope",
)
async def test_changed_project_raises_an_event(site: Site) -> None:
    base = f"/rest/v2.0/companies/{site.company_id}/webhooks/hooks"
    hook = {"payload_version": "v4.0", "namespace": "t", "destination_url": "http://127.0.0.1:9/x"}
    hook = (await site.post(base, hook))["data"]
    await site.post(f"{base}/{hook['id']}/triggers", {"resource_name": "Projects", "event_type": "update"})
    body = {"company_id": site.company_id, "project": {"zip": "78702"}}
    await site.patch(f"/rest/v1.0/projects/{site.project_id}", body)
    log = [d.event for h in site.lab.world.procore.hooks for d in h.log]
    assert [(e["resource_name"], e["resource_id"], e["project_id"]) for e in log] == [
        ("Projects", site.project_id, None)
    ]


@rule("Vendors tell trade, licence and place, and are found by search, id and origin_id.", VENDORS)
async def test_vendors_are_found(site: Site) -> None:
    found = await site.get(
        "/rest/v1.0/vendors", company_id=site.company_id, **{"filters[search]": "plumbing"}
    )
    assert [(v["name"], v["trades"][0]["name"], v["state_code"]) for v in found] == [
        ("Hill Country Plumbing", "Plumbing", "TX")
    ]
    vendor = {"company_id": site.company_id, "vendor": {"name": "Ace Roofing", "origin_id": "QB-9"}}
    made = await site.post("/rest/v1.0/vendors", vendor)
    for query in ({"filters[origin_id]": "QB-9"}, {"filters[id][]": made["id"]}):
        rows = await site.get("/rest/v1.0/vendors", company_id=site.company_id, **query)
        assert [row["id"] for row in rows] == [made["id"]]


@rule("A vendor needs a name, and its origin_id is its own.", VENDORS)
async def test_vendor_needs_a_name_and_its_own_origin(site: Site) -> None:
    vendor = {"company_id": site.company_id, "vendor": {"name": "Ace", "origin_id": "7"}}
    await site.post("/rest/v1.0/vendors", vendor)
    twice = await site.call("POST", "/rest/v1.0/vendors", vendor)
    assert (twice.status_code, list(twice.json()["errors"])) == (422, ["origin_id"])
    nameless = await site.call("POST", "/rest/v1.0/vendors", {"company_id": site.company_id, "vendor": {}})
    assert (nameless.status_code, list(nameless.json()["errors"])) == (422, ["name"])


@rule("Sync is always 200: origin_id found updates, not found creates; an unknown id is an error.", SYNC)
async def test_sync_of_vendors(site: Site) -> None:
    updates = [
        {"origin_id": "7", "name": "Ace"},
        {"origin_id": "7", "city": "Waco"},
        {"id": 1, "name": "Nobody"},
        {"origin_id": "8"},
    ]
    told = await site.patch("/rest/v1.0/vendors/sync", {"company_id": site.company_id, "updates": updates})
    assert [(e["name"], e["city"]) for e in told["entities"]] == [("Ace", None), ("Ace", "Waco")]
    assert len({e["id"] for e in told["entities"]}) == 1
    assert [e["errors"] for e in told["errors"]] == [{"id": ["not found"]}, {"name": ["can't be blank"]}]
    assert told["errors"][0]["name"] == "Nobody"


@rule("Sync takes 1000 rows at most.", SYNC)
async def test_sync_has_a_limit(site: Site) -> None:
    body = {"company_id": site.company_id, "updates": [{"origin_id": str(n)} for n in range(1001)]}
    assert (await site.call("PATCH", "/rest/v1.0/vendors/sync", body)).status_code == 422


@rule(
    "A changed vendor raises `Company Vendors`; there is no project event.",
    "Procore docs, Webhook Fanout Migration",
)
async def test_changed_vendor_raises_an_event(site: Site) -> None:
    base = f"/rest/v2.0/companies/{site.company_id}/webhooks/hooks"
    hook = {"payload_version": "v4.0", "namespace": "t", "destination_url": "http://127.0.0.1:9/x"}
    hook = (await site.post(base, hook))["data"]
    trigger = {"resource_name": "Company Vendors", "event_type": "update"}
    await site.post(f"{base}/{hook['id']}/triggers", trigger)
    vendor_id = int(site.company["subcontractors"][0]["id"])
    body = {"company_id": site.company_id, "vendor": {"license_number": "M-41234"}}
    changed = await site.patch(f"/rest/v1.0/vendors/{vendor_id}", body)
    assert changed["license_number"] == "M-41234"
    log = [d.event for h in site.lab.world.procore.hooks for d in h.log]
    assert [(e["resource_id"], e["project_id"]) for e in log] == [(vendor_id, None)]


@rule("A project's vendors are those that were added to it.", "Procore reference, Project Vendors")
async def test_vendors_of_a_project(site: Site) -> None:
    found = await site.get(f"{site.project}/vendors")
    assert [v["name"] for v in found] == [
        "Hill Country Plumbing",
        "Brazos Mechanical",
        "Gulf Ready Mix",
        "Alamo Supply House",
    ]


@rule(
    "People of a project are employees and vendors' people; they tell the party of an entry.",
    "Procore reference, Project People",
)
async def test_people(site: Site) -> None:
    people = await site.get(f"{site.project}/people")
    assert [str(p["id"]) for p in people] == [p["id"] for p in site.company["people"]]
    foremen = await site.get(f"{site.own}/people", **{"filters[is_employee]": "false"})
    assert [p["vendor"]["name"] for p in foremen] == ["Hill Country Plumbing", "Brazos Mechanical"]


async def test_other_companies_vendor_is_invisible(site: Site, lab: Laboratory) -> None:
    other = Site(lab, place=1)
    foreign = int(other.company["subcontractors"][0]["id"])
    answer = await site.call("GET", f"/rest/v1.0/vendors/{foreign}", company_id=site.company_id)
    assert answer.status_code == 404
    patch = {"company_id": site.company_id, "vendor": {"name": "Mine"}}
    assert (await site.call("PATCH", f"/rest/v1.0/vendors/{foreign}", patch)).status_code == 404
