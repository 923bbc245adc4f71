"""What stands behind change orders: tiers, packages, requests, potential ones, and the events one action raises."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sandbox_mailbox import Mailbox
from sandbox_orders import Orders
from sandbox_rules import rule
from sandbox_site import Body, Site

from plumbline_sandbox.procore.conventions import moment

GUIDE = "Procore docs, Working with Change Orders"
PACKAGES = "Procore reference, Change Order Packages"
REQUESTS = "Procore reference, Change Order Requests"
POTENTIAL = "Procore reference, Potential Change Orders"
SYNC = "Procore docs, Using Sync Actions"
FORMATS = "Procore docs, Payload Formats"
LISTS = "Webhook resources as read from a sandbox account, and Procore's webhook-resources.csv"
SUPPORT = "Procore support, change order tiers"
RESOURCES = ("Change Order Packages", "Change Order Requests", "Potential Change Orders")
LINES = "Potential Change Order Line Items"

STATUSES = (
    *("draft", "not_pricing", "pricing", "pending", "revised", "proceeding", "not_proceeding"),
    *("no_charge", "approved", "rejected", "void"),
)
PACKAGE = "change_order_packages"
REQUEST = "change_order_requests"
PCO = "potential_change_orders"


@pytest.fixture
def one(site: Site) -> Orders:
    return Orders(site, tiers=1)


@pytest.fixture
def two(site: Site) -> Orders:
    return Orders(site, tiers=2)


@pytest.fixture
def three(site: Site) -> Orders:
    return Orders(site, tiers=3)


async def show(orders: Orders, name: str, record_id: int) -> Body:
    shown: Body = await orders.site.get(f"/rest/v1.0/{name}/{record_id}", **orders.place)
    return shown


async def change(orders: Orders, name: str, record_id: int, **fields: object) -> Body:
    body = {**orders.place, "change_order": fields}
    changed: Body = await orders.site.patch(f"/rest/v1.0/{name}/{record_id}", body)
    return changed


def told(events: list[Body]) -> list[tuple[str, str, int]]:
    return [(e["resource_type"], e["reason"], int(e["resource_id"])) for e in events]


# Tiers


@rule("With one tier a package has a potential change order behind it, which holds the lines.", GUIDE)
async def test_single_tier(one: Orders) -> None:
    package = await one.order(PACKAGE, title="Door")
    [behind] = [row for row in await one.listed(PCO) if row["change_order_package_title"] == "Door"]
    assert (behind["change_order_tiers"], behind["title"]) == (1, "Door")
    [made] = await one.site.get(one.base, filter_legacy_package_id=package["id"])
    line = await one.add_line(made["id"], amount="12.50")
    held = (await show(one, PCO, behind["id"]))["line_items"]
    assert [(row["id"], row["total_amount"]) for row in held] == [(int(line["id"]), 12.5)]
    assert held[0]["holder"] == {"id": behind["id"], "holder_type": "PotentialChangeOrder"}


@rule("A prime change order is a package by another id: each shows what was written to the other.", PACKAGES)
async def test_two_faces(one: Orders) -> None:
    made = await one.make(title="Door", amount="80.00")
    package_id = made["legacy_package_id"]
    assert package_id != made["id"]
    package = await show(one, PACKAGE, package_id)
    assert (package["title"], package["grand_total"], package["type"]) == (
        "Door",
        "80.00",
        "PrimeContractChangeOrder",
    )
    await change(one, PACKAGE, package_id, title="Gate", status="revised")
    assert ((await one.show(made["id"]))["title"], (await one.show(made["id"]))["status"]) == (
        "Gate",
        "revised",
    )


@rule(
    "With a single tier the status of a potential change order is ignored: its package's counts.", POTENTIAL
)
async def test_status_behind_a_single_tier(one: Orders) -> None:
    made = await one.make(title="Door")
    [behind] = [row for row in await one.listed(PCO) if row["title"] == "Door"]
    await change(one, PCO, behind["id"], status="void")
    assert (await show(one, PCO, behind["id"]))["status"] == "draft"
    await one.change(made["id"], status="approved")
    assert (await show(one, PCO, behind["id"]))["status"] == "approved"


@rule(
    "With two tiers a package gathers potential change orders, by way of `change_order_request`.", POTENTIAL
)
async def test_two_tiers(two: Orders) -> None:
    package = await two.order(PACKAGE, title="Both")
    assert not [row for row in await two.listed(PCO) if row["title"] == "Both"]
    nested = {"change_order_request": {"change_order_package_id": package["id"]}}
    first = await two.order(PCO, title="First", grand_total="100", **nested)
    second = await two.order(PCO, title="Second", grand_total="50.25")
    await change(two, PCO, second["id"], **nested)
    assert (await show(two, PACKAGE, package["id"]))["grand_total"] == "150.25"
    [made] = await two.site.get(two.base, filter_legacy_package_id=package["id"])
    assert made["grand_total"] == "150.25"
    row = next(row for row in await two.listed(PCO) if row["id"] == first["id"])
    assert (row["change_order_package_title"], row["change_order_request_id"]) == ("Both", None)
    assert row["potential_change_order_acronym_number"] == f"PCO #{row['number']}"
    assert row["change_order_request_acronym_number"] == ""


@rule("With three tiers potential change orders roll up into requests, and these into packages.", GUIDE)
async def test_three_tiers(three: Orders) -> None:
    package = await three.order(PACKAGE, title="Wing")
    request = await three.order(REQUEST, title="North", change_order_package_id=package["id"])
    potential = await three.order(PCO, title="Wall", change_order_request_id=request["id"])
    body = {"project_id": three.project_id, "line_item": {"amount": "33.30"}}
    await three.site.post(f"/rest/v1.0/{PCO}/{potential['id']}/line_items", body)
    assert (await show(three, REQUEST, request["id"]))["grand_total"] == 33.3
    assert (await show(three, PACKAGE, package["id"]))["grand_total"] == "33.30"
    row = next(row for row in await three.listed(PCO) if row["id"] == potential["id"])
    assert (row["change_order_tiers"], row["change_order_request_id"]) == (3, request["id"])
    assert (row["change_order_request_title"], row["change_order_package_title"]) == ("North", "Wing")
    assert row["change_order_request_acronym_number"] == f"COR #{request['number']}"
    assert row["change_order_package_acronym_number"] == f"CCO #{package['number']}"


@rule("Projects have two tiers unless somebody decides otherwise, before the first change order.", SUPPORT)
async def test_tiers_of_a_new_project(site: Site) -> None:
    body = {"company_id": site.company_id, "project": {"name": "New"}}
    project_id = (await site.post("/rest/v1.0/projects", body))["id"]
    assert await site.get(f"/rest/v1.0/projects/{project_id}/prime_change_orders") == []
    await site.person("PATCH", f"projects/{project_id}", {"change_order_tiers": 3})
    await site.refused(403, "GET", f"/rest/v1.0/projects/{project_id}/prime_change_orders")
    late = await site.lab.control.patch(
        f"/control/procore/projects/{site.project_id}", json={"change_order_tiers": 3}
    )
    assert late.status_code == 400
    assert "cannot be changed any more" in late.json()["error"]


# Packages


@rule("A package has origin_id, origin_data and origin_code; its total is text, listed and shown.", PACKAGES)
async def test_package_fields(three: Orders) -> None:
    origin = {"origin_id": "QB-1", "origin_data": "x", "origin_code": "CO-1"}
    made = await three.order(PACKAGE, title="Wing", grand_total="77.00", executed=True, **origin)
    listed = next(row for row in await three.listed(PACKAGE) if row["id"] == made["id"])
    assert set(listed) == {
        *("id", "contract_id", "created_at", "created_by_id", "deleted_at", "due_date", "executed"),
        *("invoiced_date", "number", "origin_code", "origin_data", "origin_id", "paid_date", "reviewed_at"),
        *("signed_change_order_received_date", "status", "title", "updated_at", "revision", "grand_total"),
        *("designated_reviewer", "currency_configuration", "custom_fields"),
    }
    assert {name: listed[name] for name in origin} == origin
    assert (listed["grand_total"], made["grand_total"]) == ("77.00", "77.00")
    assert set(made) == {
        *(set(listed) - {"created_by_id"}),
        *("description", "position", "private", "review_notes", "revised_substantial_completion_date"),
        *("schedule_impact_amount", "type", "creator", "reviewer", "attachments", "line_items"),
    }


@rule(
    "Packages, requests and potential change orders have eleven statuses; invalid fields are a 400.", PACKAGES
)
@pytest.mark.parametrize("name", [PACKAGE, REQUEST, PCO])
async def test_eleven_statuses(three: Orders, name: str) -> None:
    made = await three.order(name)
    for status in STATUSES:
        assert (await change(three, name, made["id"], status=status))["status"] == status
    for status in ("pending_billable", "Owner Reviewing"):
        body = {**three.place, "change_order": {"status": status}}
        refused = await three.site.refused(400, "PATCH", f"/rest/v1.0/{name}/{made['id']}", body)
        assert refused == {"errors": {"status": ["is not included in the list"]}}


@rule("A package shows `pending` for a change order that is `pending_billable`.", PACKAGES, inferred=True)
async def test_pending_billable_package(one: Orders) -> None:
    made = await one.make(status="pending_billable")
    assert (await show(one, PACKAGE, made["legacy_package_id"]))["status"] == "pending"


@rule(
    "Deleted ones are listed with `filters[include_deleted]`, with or only; a list is of a contract on demand.",
    PACKAGES,
)
async def test_deleted_packages(one: Orders) -> None:
    made = await one.make(title="Gone")
    await one.site.delete(f"{one.base}/{made['id']}")
    package_id = made["legacy_package_id"]
    counts = {}
    for wish in ("with", "only", None):
        params = {} if wish is None else {"filter_include_deleted": wish}
        rows = await one.site.get(f"/rest/v1.0/{PACKAGE}", project_id=one.project_id, **params)
        counts[wish] = (len(rows), package_id in {row["id"] for row in rows if row["deleted_at"]})
    assert counts == {"with": (5, True), "only": (1, True), None: (4, False)}
    await one.site.refused(404, "GET", f"/rest/v1.0/{PACKAGE}/{package_id}", project_id=one.project_id)
    await one.site.refused(404, "GET", f"/rest/v1.0/{PACKAGE}", project_id=one.project_id, contract_id=1)


@rule("Packages are filtered by ranges of their dates.", PACKAGES)
async def test_filters_of_packages(three: Orders) -> None:
    days = {
        name: f"2026-03-0{place}"
        for place, name in enumerate(
            ("due_date", "invoiced_date", "paid_date", "signed_change_order_received_date"), 1
        )
    }
    made = await three.order(PACKAGE, **days)
    for name, day in days.items():
        assert [r["id"] for r in await three.listed(PACKAGE, **{f"filter_{name}": f"{day}...{day}"})] == [
            made["id"]
        ]
        assert await three.listed(PACKAGE, **{f"filter_{name}": "2020-01-01...2020-01-02"}) == []
    await change(three, PACKAGE, made["id"], status="approved")
    now = three.site.lab.world.clock.now()
    lately = f"{moment(now - timedelta(hours=1))}...{moment(now + timedelta(hours=1))}"
    assert [r["id"] for r in await three.listed(PACKAGE, filter_reviewed_at=lately)] == [made["id"]]


@rule("An origin_id is unique among the change orders of a kind.", SYNC)
async def test_origin_id_is_unique(three: Orders) -> None:
    await three.order(PACKAGE, origin_id="7")
    await three.order(REQUEST, origin_id="7")
    body = {**three.place, "change_order": {"origin_id": "7"}}
    refused = await three.site.refused(400, "POST", f"/rest/v1.0/{PACKAGE}", body)
    assert refused == {"errors": {"origin_id": ["has already been taken"]}}


async def test_page_headers(three: Orders) -> None:
    answer = await three.site.call("GET", f"/rest/v1.0/{PACKAGE}", project_id=three.project_id, per_page=3)
    assert (len(answer.json()), answer.headers["total"], answer.headers["per-page"]) == (3, "4", "3")


# Requests


@rule("Requests are listed and shown only with project and contract.", REQUESTS)
async def test_requests_need_both(three: Orders) -> None:
    made = await three.order(REQUEST)
    for path in (f"/rest/v1.0/{REQUEST}", f"/rest/v1.0/{REQUEST}/{made['id']}"):
        for name in ("contract_id", "project_id"):
            place = {key: value for key, value in three.place.items() if key != name}
            refused = await three.site.refused(400, "GET", path, **place)
            assert refused == {"errors": {name: ["is missing"]}}


@rule("A request's total is text in the list and a number by itself.", REQUESTS)
async def test_request_fields(three: Orders) -> None:
    made = await three.order(REQUEST, title="North", grand_total="12.5", due_date="2026-03-04T10:00:00Z")
    assert (made["grand_total"], made["due_date"]) == (12.5, "2026-03-04T00:00:00Z")
    listed = next(row for row in await three.listed(REQUEST) if row["id"] == made["id"])
    assert (listed["grand_total"], listed["due_date"]) == ("12.50", "2026-03-04")
    assert set(listed) == {
        *("id", "created_at", "created_by_id", "deleted_at", "due_date", "invoiced_date", "number"),
        *("paid_date", "status", "title", "change_order_package_id", "updated_at", "revision"),
        *("grand_total", "schedule_impact_amount", "currency_configuration"),
    }


@rule(
    "Sync of requests is always 200: origin_id found updates, not found creates; an unknown id is an error.",
    SYNC,
)
async def test_sync_of_requests(three: Orders) -> None:
    updates = [
        {"origin_id": "7", "title": "A"},
        {"origin_id": "7", "title": "B"},
        {"id": 1, "title": "C"},
        {"origin_id": "8", "status": "paid"},
    ]
    path = f"/rest/v1.0/{REQUEST}/sync"
    answer = await three.site.patch(path, {"updates": updates}, **three.place)
    assert [entity["title"] for entity in answer["entities"]] == ["A", "B"]
    assert len({entity["id"] for entity in answer["entities"]}) == 1
    assert [error["errors"] for error in answer["errors"]] == [
        {"id": ["not found"]},
        {"status": ["is not included in the list"]},
    ]


# Potential change orders


@rule("A potential change order's total is text in the list and a number by itself.", POTENTIAL)
async def test_potential_fields(three: Orders) -> None:
    made = await three.order(PCO, title="Wall", grand_total="12.5", prime_change_event_id=4)
    assert (made["grand_total"], made["line_items_total"], made["void"]) == (12.5, 0.0, False)
    assert (made["accounting_method"], made["prime_change_event_id"]) == ("amount", 4)
    listed = next(row for row in await three.listed(PCO) if row["id"] == made["id"])
    assert listed["grand_total"] == "12.50"
    assert set(listed) == {
        *("id", "contract_id", "created_at", "created_by_id", "deleted_at", "due_date", "invoiced_date"),
        *("number", "paid_date", "reviewed_at", "status", "title", "updated_at", "revision"),
        *("change_reason", "schedule_impact_amount", "change_order_request_id", "executed", "grand_total"),
        *("change_order_request_title", "change_order_package_title", "currency_configuration"),
        *("potential_change_order_acronym_number", "change_order_request_acronym_number"),
        *("change_order_package_acronym_number", "change_order_tiers", "custom_fields"),
    }


@rule("Potential change orders are listed by project, and shown only with their contract.", POTENTIAL)
async def test_potentials_need_their_contract_to_be_shown(three: Orders) -> None:
    made = await three.order(PCO)
    rows = await three.site.get(f"/rest/v1.0/{PCO}", project_id=three.project_id)
    assert made["id"] in {row["id"] for row in rows}
    mine = await three.site.get(
        f"/rest/v1.0/{PCO}", project_id=three.project_id, filter_contract_id=three.contract_id
    )
    assert mine == rows
    path = f"/rest/v1.0/{PCO}/{made['id']}"
    refused = await three.site.refused(400, "GET", path, project_id=three.project_id)
    assert refused == {"errors": {"contract_id": ["is missing"]}}


async def test_wrong_place_is_refused(two: Orders) -> None:
    other = await two.order(PACKAGE)
    body = {**two.place, "change_order": {"change_order_request_id": other["id"]}}
    refused = await two.site.refused(400, "POST", f"/rest/v1.0/{PCO}", body)
    assert refused == {"errors": {"change_order_request_id": ["is invalid"]}}
    body = {**two.place, "change_order": {"change_order_request": {"change_order_package_id": 5}}}
    refused = await two.site.refused(400, "POST", f"/rest/v1.0/{PCO}", body)
    assert refused == {"errors": {"change_order_request": ["is invalid"]}}


@rule("Sync of potential change orders makes and changes them, also what they are in.", SYNC)
async def test_sync_of_potentials(two: Orders) -> None:
    package = await two.order(PACKAGE, title="Both")
    nested = {"change_order_request": {"change_order_package_id": package["id"]}}
    updates = [{"origin_id": "7", "title": "A", **nested}, {"title": "B"}, {"id": 1}]
    answer = await two.site.patch(f"/rest/v1.0/{PCO}/sync", {"updates": updates}, **two.place)
    assert [entity["title"] for entity in answer["entities"]] == ["A", "B"]
    assert answer["errors"] == [{"id": 1, "errors": {"id": ["not found"]}}]
    row = next(row for row in await two.listed(PCO) if row["title"] == "A")
    assert row["change_order_package_title"] == "Both"


@rule("Lines of a potential change order are made (201), changed and deleted (200).", POTENTIAL)
async def test_lines_of_a_potential(three: Orders) -> None:
    potential = await three.order(PCO, title="Wall")
    codes = three.site.company["cost_codes"][str(three.project_id)]
    base = f"/rest/v1.0/{PCO}/{potential['id']}/line_items"
    place = {"project_id": three.project_id}
    values = {"amount": "10.50", "cost_code_id": int(codes["15-400"]), "description": "Pipe"}
    made = await three.site.post(base, {**place, "line_item": values})
    assert (made["amount"], made["total_amount"], made["position"]) == ("10.50", 10.5, 1)
    assert made["cost_code"]["full_code"] == "15-400"
    assert await three.site.get(f"{base}/{made['id']}", **place) == made
    assert await three.site.get(base, **place, filter_cost_code_id=codes["15-400"]) == [made]
    assert await three.site.get(base, **place, filter_cost_code_id=codes["23-050"]) == []
    path = f"{base}/{made['id']}"
    changed = await three.site.patch(path, {**place, "line_item": {"amount": "11"}})
    assert changed["amount"] == "11.00"
    assert (await show(three, PCO, potential["id"]))["grand_total"] == 11
    await three.site.delete(path, status=200, **place)
    assert await three.site.get(base, **place) == []
    await three.site.refused(400, "POST", base, {**place, "line_item": {"cost_code_id": 5}})


@rule("Sync of lines goes by id or origin_id.", SYNC)
async def test_sync_of_lines(three: Orders) -> None:
    potential = await three.order(PCO)
    path = f"/rest/v1.0/{PCO}/{potential['id']}/line_items/sync"
    updates = [{"origin_id": "1", "amount": "5"}, {"origin_id": "1", "amount": "6"}, {"id": 3}]
    answer = await three.site.patch(path, {"updates": updates}, project_id=three.project_id)
    assert [entity["amount"] for entity in answer["entities"]] == ["5.00", "6.00"]
    assert [error["errors"] for error in answer["errors"]] == [{"id": ["not found"]}]
    assert (await show(three, PCO, potential["id"]))["grand_total"] == 6
    await change(three, PCO, potential["id"], status="approved")
    answer = await three.site.patch(path, {"updates": updates[:1]}, project_id=three.project_id)
    assert list(answer["errors"][0]["errors"]) == ["base"]


@rule(
    "A package set free is what its potential change orders lose when it is deleted.", SUPPORT, inferred=True
)
async def test_deleted_package_frees_what_was_in_it(two: Orders) -> None:
    made = await two.make(title="Both")
    nested = {"change_order_request": {"change_order_package_id": made["legacy_package_id"]}}
    potential = await two.order(PCO, title="First", **nested)
    await two.site.delete(f"{two.base}/{made['id']}")
    row = next(row for row in await two.listed(PCO) if row["id"] == potential["id"])
    assert (row["deleted_at"], row["change_order_package_title"]) == (None, None)


async def test_permission_for_change_orders(three: Orders) -> None:
    three.site.install.levels["change_orders"] = "read_only"
    body = {**three.place, "change_order": {}}
    for name in (PACKAGE, REQUEST, PCO):
        await three.site.refused(403, "POST", f"/rest/v1.0/{name}", body)
    three.site.install.levels["change_orders"] = "none"
    for name in (PACKAGE, REQUEST, PCO):
        assert await three.listed(name) == []


# Events


@rule(
    "There are events of packages, requests, potential change orders and their lines, none of prime or commitment "
    "change orders.",
    LISTS,
)
async def test_resources(site: Site) -> None:
    path = f"{site.v2_project}/webhooks/resources"
    names = {row["name"] for row in (await site.get(path, payload_version="v4.0"))["data"]}
    assert {*RESOURCES, LINES} <= names
    assert not {"Prime Contract Change Orders", "Prime Change Orders", "Commitment Change Orders"} & names


@rule(
    "One action of a person raises several events: with a single tier a package's, a potential change order's, lines'.",
    GUIDE,
)
async def test_one_action_several_events(one: Orders, mailbox: Mailbox) -> None:
    await mailbox.hook(one.site, *RESOURCES, LINES)
    made = await one.by_person(title="Door", lines=[{"amount": "10"}, {"amount": "20"}])
    package = int(made["id"])
    [behind] = [row for row in await one.listed(PCO) if row["title"] == "Door"]
    lines = (await show(one, PCO, behind["id"]))["line_items"]
    assert told(await mailbox.settled()) == [
        ("Change Order Packages", "create", package),
        ("Potential Change Orders", "create", behind["id"]),
        *((LINES, "create", line["id"]) for line in lines),
    ]
    assert (await one.show(int(made["change_order_id"])))["grand_total"] == "30.00"


@rule(
    "An approval is an update of the package, and with a single tier of what stands behind it.",
    GUIDE,
    inferred=True,
)
async def test_events_of_an_approval(one: Orders, mailbox: Mailbox) -> None:
    made = await one.make(title="Door")
    [behind] = [row for row in await one.listed(PCO) if row["title"] == "Door"]
    await mailbox.hook(one.site, *RESOURCES, LINES)
    await one.change(made["id"], status="approved")
    package = made["legacy_package_id"]
    assert told(await mailbox.settled()) == [
        ("Change Order Packages", "update", package),
        ("Potential Change Orders", "update", behind["id"]),
    ]
    commits = one.site.commits("change_order_package")
    assert commits[-1]["status"] == "approved"


@rule("A line updates what holds it, and everything that is in.", LISTS, inferred=True)
async def test_events_of_a_line(three: Orders, mailbox: Mailbox) -> None:
    package = await three.order(PACKAGE)
    request = await three.order(REQUEST, change_order_package_id=package["id"])
    potential = await three.order(PCO, change_order_request_id=request["id"])
    await mailbox.hook(three.site, *RESOURCES, LINES)
    body = {"project_id": three.project_id, "line_item": {"amount": "5"}}
    line = await three.site.post(f"/rest/v1.0/{PCO}/{potential['id']}/line_items", body)
    assert told(await mailbox.settled()) == [
        (LINES, "create", line["id"]),
        ("Potential Change Orders", "update", potential["id"]),
        ("Change Order Requests", "update", request["id"]),
        ("Change Order Packages", "update", package["id"]),
    ]


@rule("In v3.0 the event of a line names what holds it as a related resource.", FORMATS)
async def test_related_resources_of_a_line(one: Orders, mailbox: Mailbox) -> None:
    made = await one.make(title="Door")
    [behind] = [row for row in await one.listed(PCO) if row["title"] == "Door"]
    await mailbox.hook(one.site, "Potential Change Orders", LINES, payload_version="v3.0")
    await one.add_line(made["id"], amount="5")
    of_line, of_holder = await mailbox.settled()
    assert of_line["related_resources"] == [{"id": behind["id"], "name": "Potential Change Orders"}]
    assert of_holder["related_resources"] == []


@rule("A deleted change order is told of as its package's deletion.", LISTS)
async def test_events_of_a_deletion(one: Orders, mailbox: Mailbox) -> None:
    made = await one.make(title="Door")
    [behind] = [row for row in await one.listed(PCO) if row["title"] == "Door"]
    await mailbox.hook(one.site, *RESOURCES)
    await one.site.delete(f"{one.base}/{made['id']}")
    assert told(await mailbox.settled()) == [
        ("Change Order Packages", "delete", made["legacy_package_id"]),
        ("Potential Change Orders", "delete", behind["id"]),
    ]


@rule("What is moved from one package to another updates both.", LISTS, inferred=True)
async def test_events_of_a_move(two: Orders, mailbox: Mailbox) -> None:
    first, second = [await two.order(PACKAGE) for _ in range(2)]
    nested = [{"change_order_request": {"change_order_package_id": row["id"]}} for row in (first, second)]
    potential = await two.order(PCO, grand_total="5", **nested[0])
    await mailbox.hook(two.site, *RESOURCES)
    await change(two, PCO, potential["id"], **nested[1])
    assert told(await mailbox.settled()) == [
        ("Potential Change Orders", "update", potential["id"]),
        ("Change Order Packages", "update", first["id"]),
        ("Change Order Packages", "update", second["id"]),
    ]
    totals = [(await show(two, PACKAGE, row["id"]))["grand_total"] for row in (first, second)]
    assert totals == ["0.00", "5.00"]
