"""The deprecated webhooks v1.0 endpoints, beside v2.0 on the same hooks."""

from typing import Any

import pytest
from sandbox_rules import rule
from sandbox_site import Site

from plumbline_sandbox.laboratory import Laboratory

GUIDE = "Procore docs, Set Up Webhooks"
HOOKS = "Procore reference, Webhooks Hooks v1.0"
TRIGGERS = "Procore reference, Webhooks Triggers v1.0"
DELIVERIES = "Procore reference, Webhooks Deliveries v1.0"

BASE = "/rest/v1.0/webhooks"
NOWHERE = "http://127.0.0.1:9/hook"


def form(**more: Any) -> dict[str, Any]:
    headers = {"Authorization": "Bearer sesame12345"}
    return {
        "hook": {
            "api_version": "v2",
            "namespace": "acme",
            "destination_url": NOWHERE,
            "destination_headers": headers,
        },
        **more,
    }


@rule("A hook belongs to a company or to a project; ids are numbers and the secret is masked.", HOOKS)
async def test_hook_of_company_and_of_project(site: Site) -> None:
    of_company = await site.post(f"{BASE}/hooks", form(company_id=site.company_id))
    of_project = await site.post(f"{BASE}/hooks", form(project_id=site.project_id))
    assert (of_company["owned_by_company_id"], of_company["owned_by_project_id"]) == (site.company_id, None)
    assert (of_project["owned_by_company_id"], of_project["owned_by_project_id"]) == (None, site.project_id)
    assert of_company["destination_headers"] == {"Authorization": "*****12345"}
    assert isinstance(of_company["id"], int)
    assert "status" not in of_company


@rule("Company and project are one or the other, in each call.", GUIDE)
@pytest.mark.parametrize("both", [True, False])
async def test_scope_is_one_or_the_other(site: Site, *, both: bool) -> None:
    scope = {"company_id": site.company_id, "project_id": site.project_id} if both else {}
    assert (await site.call("POST", f"{BASE}/hooks", form(**scope))).status_code == 400
    assert (await site.call("GET", f"{BASE}/hooks", **scope)).status_code == 400


@rule("Hooks are listed by scope and namespace; `*` means all.", HOOKS)
async def test_hooks_are_listed_by_namespace(site: Site) -> None:
    made = await site.post(f"{BASE}/hooks", form(company_id=site.company_id))
    for namespace, expected in (("*", [made["id"]]), ("acme", [made["id"]]), ("other", [])):
        found = await site.get(f"{BASE}/hooks", company_id=site.company_id, namespace=namespace)
        assert [hook["id"] for hook in found] == expected
    assert await site.get(f"{BASE}/hooks", project_id=site.project_id) == []


@rule("A namespace has small letters, digits and dashes.", GUIDE)
async def test_invalid_hook_is_refused(site: Site) -> None:
    body = form(company_id=site.company_id)
    body["hook"]["namespace"] = "Acme Sync"
    refused = await site.call("POST", f"{BASE}/hooks", body)
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["namespace"])


@rule("A trigger takes `create|update|delete` and tells it in capitals.", TRIGGERS)
async def test_trigger_tells_its_event_in_capitals(site: Site) -> None:
    scope = {"project_id": site.project_id}
    hook = await site.post(f"{BASE}/hooks", form(**scope))
    wish = {"api_version": "v2", "trigger": {"resource_name": "Prime Contracts", "event_type": "update"}}
    trigger = await site.post(f"{BASE}/hooks/{hook['id']}/triggers", {**wish, **scope})
    assert (trigger["event_type"], trigger["webhook_hook_id"]) == ("UPDATE", hook["id"])
    listed = await site.get(f"{BASE}/hooks/{hook['id']}/triggers", **scope)
    assert listed == [trigger]
    gone = await site.call("DELETE", f"{BASE}/hooks/{hook['id']}/triggers/{trigger['id']}", **scope)
    assert gone.status_code == 200
    assert await site.get(f"{BASE}/hooks/{hook['id']}/triggers", **scope) == []


@rule("A trigger needs an API version and a resource of the hook's scope.", GUIDE)
async def test_wrong_trigger_is_refused(site: Site) -> None:
    hook = await site.post(f"{BASE}/hooks", form(company_id=site.company_id))
    wish = {"company_id": site.company_id, "trigger": {"resource_name": "RFIs", "event_type": "update"}}
    refused = await site.call("POST", f"{BASE}/hooks/{hook['id']}/triggers", wish)
    assert set(refused.json()["errors"]) == {"resource_name", "api_version"}


@rule("Bulk creation answers 200 with `success`, or 207 with `failed` too; 500 triggers at most.", TRIGGERS)
async def test_bulk_creation_of_triggers(site: Site) -> None:
    scope = {"company_id": site.company_id}
    hook = await site.post(f"{BASE}/hooks", form(**scope))
    path = f"{BASE}/hooks/{hook['id']}/triggers/bulk"
    good = {"resource_name": "Projects", "event_type": "create"}
    told = await site.post(path, [good], status=200, **scope)
    assert [row["event_type"] for row in told["success"]] == ["CREATE"]
    mixed = await site.call("POST", path, [{**good, "event_type": "update"}, {"resource_name": "X"}], **scope)
    assert mixed.status_code == 207
    assert [set(row) for row in mixed.json()["failed"]] == [{"code", "message", "trigger", "errors"}]
    assert (await site.call("POST", path, [good] * 501, **scope)).status_code == 413


@rule("v1.0 and v2.0 keep the same hooks.", HOOKS, inferred=True)
async def test_hooks_are_those_of_v2(site: Site) -> None:
    hook = await site.post(f"{BASE}/hooks", form(project_id=site.project_id))
    v2 = f"/rest/v2.0/companies/{site.company_id}/projects/{site.project_id}/webhooks/hooks"
    assert [row["id"] for row in (await site.get(v2))["data"]] == [str(hook["id"])]
    await site.patch(f"{v2}/{hook['id']}", {"destination_url": "http://127.0.0.1:9/other"})
    shown = await site.get(f"{BASE}/hooks/{hook['id']}", project_id=site.project_id)
    assert shown["destination_url"] == "http://127.0.0.1:9/other"
    changed = {"project_id": site.project_id, "hook": {"namespace": "acme-2"}}
    await site.patch(f"{BASE}/hooks/{hook['id']}", changed)
    assert (await site.get(v2))["data"][0]["namespace"] == "acme-2"
    gone = await site.call("DELETE", f"{BASE}/hooks/{hook['id']}", project_id=site.project_id)
    assert gone.status_code == 200
    assert (await site.get(v2))["data"] == []


@rule(
    "Deliveries tell event, outcome and answer; they are filtered by status and paged by event id.",
    DELIVERIES,
)
async def test_deliveries(site: Site) -> None:
    scope = {"company_id": site.company_id}
    hook = await site.post(f"{BASE}/hooks", form(**scope))
    wish = {"api_version": "v2", "trigger": {"resource_name": "Projects", "event_type": "update"}, **scope}
    await site.post(f"{BASE}/hooks/{hook['id']}/triggers", wish)
    for postal_code in ("78702", "78703", "78704"):
        body = {**scope, "project": {"zip": postal_code}}
        await site.patch(f"/rest/v1.0/projects/{site.project_id}", body)
    log = next(iter(site.lab.world.procore.hooks)).log
    log[0].status, log[1].status = "discarded", "delivered"
    path = f"{BASE}/hooks/{hook['id']}/deliveries"
    rows = await site.get(path, **scope)
    assert [row["event_id"] for row in rows] == [d.event["id"] for d in reversed(log)]
    assert rows[0]["event"]["resource_name"] == "Projects"
    page = await site.get(path, page_size=1, page_start=rows[0]["event_id"], **scope)
    assert [row["event_id"] for row in page] == [rows[1]["event_id"]]
    for name in ("filters[status]", "filter[status]"):
        discarded = await site.get(path, **{name: "discarded"}, **scope)
        assert [(row["event_id"], row["outcome"]) for row in discarded] == [
            (rows[2]["event_id"], "discarded")
        ]
    assert (await site.call("GET", path, **{"filters[status]": "lost"}, **scope)).status_code == 400


@rule(
    "Resources are listed by scope with the events they lack.", "Procore reference, Webhooks Resources v1.0"
)
async def test_resources(site: Site) -> None:
    company = await site.get(f"{BASE}/resources", company_id=site.company_id)
    projects = next(row for row in company if row["name"] == "Projects")
    assert (projects["except"], "delete" in projects) == (["delete"], False)
    project = await site.get(f"{BASE}/resources", project_id=site.project_id)
    assert {row["name"] for row in project}.isdisjoint(row["name"] for row in company)
    versions = await site.get(f"{BASE}/resources/api_versions", company_id=site.company_id)
    assert versions == ["v2", "v3", "v4"]


async def test_other_companies_hook_is_invisible(site: Site, lab: Laboratory) -> None:
    other = Site(lab, place=1)
    hook = await other.post(f"{BASE}/hooks", form(company_id=other.company_id))
    assert (
        await site.call("GET", f"{BASE}/hooks/{hook['id']}", company_id=site.company_id)
    ).status_code == 404
    assert (await site.call("GET", f"{BASE}/hooks", company_id=other.company_id)).status_code == 404
