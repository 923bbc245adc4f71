"""Insurances of vendors, projects and the company."""

from sandbox_rules import rule
from sandbox_site import Site

from plumbline_sandbox.laboratory import Laboratory

VENDOR = "Procore reference, Company Vendor Insurances"
PROJECT = "Procore reference, Project Insurances"

POLICY = {
    "name": "Mutual of Waco",
    "insurance_type": "General Liability",
    "policy_number": "GL-77",
    "limit": "1000000",
    "effective_date": "2026-01-01",
    "expiration_date": "2026-12-31",
    "status": "compliant",
}


def of_vendor(site: Site, place: int = 0) -> str:
    return f"{site.own}/vendors/{site.company['subcontractors'][place]['id']}/insurances"


@rule(
    "What is written as `name` is read as `insurance_provider`; dates are days and the limit is text.", VENDOR
)
async def test_vendor_insurance(site: Site) -> None:
    made = await site.post(of_vendor(site), {"insurance": POLICY})
    assert made["insurance_provider"] == "Mutual of Waco"
    assert (made["limit"], made["expiration_date"]) == ("1000000", "2026-12-31")
    assert str(made["vendor_id"]) == site.company["subcontractors"][0]["id"]
    assert "name" not in made
    assert await site.get(of_vendor(site)) == [made]
    assert await site.get(of_vendor(site, 1)) == []
    assert await site.get(f"{site.own}/insurances") == [made]


@rule(
    "An insurance is compliant, non-compliant, either in progress, expired, undecided or unregistered.",
    VENDOR,
)
async def test_statuses(site: Site) -> None:
    made = await site.post(of_vendor(site), {"insurance": {"name": "A"}})
    path = f"{of_vendor(site)}/{made['id']}"
    for status in (
        "compliant",
        "compliant_in_progress",
        "expired",
        "non_compliant",
        "non_compliant_in_progress",
        "undecided",
        "unregistered",
    ):
        assert (await site.patch(path, {"insurance": {"status": status}}))["status"] == status
    refused = await site.call("PATCH", path, {"insurance": {"status": "ok", "expiration_date": "soon"}})
    assert (refused.status_code, set(refused.json()["errors"])) == (422, {"status", "expiration_date"})


@rule("A project's insurance names its vendor, and is no insurance of the company.", PROJECT)
async def test_project_insurance(site: Site) -> None:
    path = f"{site.project}/insurances"
    refused = await site.call("POST", path, {"insurance": POLICY})
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["vendor_id"])
    vendor_id = int(site.company["subcontractors"][0]["id"])
    made = await site.post(path, {"insurance": {**POLICY, "vendor_id": vendor_id}})
    assert await site.get(path) == [made]
    assert await site.get(f"{site.own}/insurances") == []
    assert (await site.call("DELETE", f"{path}/{made['id']}")).status_code == 204
    assert await site.get(path) == []


@rule(
    "A vendor's insurances are synced by id or origin_id.",
    "Procore reference, Sync Company Vendor Insurances",
)
async def test_sync(site: Site) -> None:
    updates = [
        {"origin_id": "7", "name": "A"},
        {"origin_id": "7", "limit": "5"},
        {"id": 1},
        {"origin_id": "8", "status": "x"},
    ]
    told = await site.patch(f"{of_vendor(site)}/sync", {"updates": updates})
    assert [(e["insurance_provider"], e["limit"]) for e in told["entities"]] == [("A", None), ("A", "5")]
    assert [list(e["errors"]) for e in told["errors"]] == [["id"], ["status"]]


@rule(
    "Insurances raise `Company Insurances` at company scope and `Project Insurances` at project scope.",
    "Procore webhook resources",
)
async def test_events(site: Site) -> None:
    vendor_id = int(site.company["subcontractors"][0]["id"])
    scopes = {
        "Company Insurances": f"/rest/v2.0/companies/{site.company_id}",
        "Project Insurances": f"/rest/v2.0/companies/{site.company_id}/projects/{site.project_id}",
    }
    for resource, scope in scopes.items():
        hook = {"payload_version": "v4.0", "namespace": "t", "destination_url": "http://127.0.0.1:9/x"}
        hook = (await site.post(f"{scope}/webhooks/hooks", hook))["data"]
        trigger = {"resource_name": resource, "event_type": "create"}
        await site.post(f"{scope}/webhooks/hooks/{hook['id']}/triggers", trigger)
    mine = await site.post(of_vendor(site), {"insurance": POLICY})
    theirs = await site.post(f"{site.project}/insurances", {"insurance": {**POLICY, "vendor_id": vendor_id}})
    log = [d.event for h in site.lab.world.procore.hooks for d in h.log]
    assert [(e["resource_name"], e["resource_id"]) for e in log] == [
        ("Company Insurances", mine["id"]),
        ("Project Insurances", theirs["id"]),
    ]


async def test_other_companies_vendor_is_not_there(site: Site, lab: Laboratory) -> None:
    foreign = Site(lab, place=1).company["subcontractors"][0]["id"]
    answer = await site.call("POST", f"{site.own}/vendors/{foreign}/insurances", {"insurance": POLICY})
    assert answer.status_code == 404
    assert (await site.call("GET", f"{site.own}/vendors/{foreign}/insurances")).status_code == 404
