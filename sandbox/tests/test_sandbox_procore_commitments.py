"""Commitments of Procore in v1.0: work orders and purchase orders."""

from typing import Any

import httpx
import pytest
from sandbox_commitments import (
    PURCHASE,
    WORK,
    add_line,
    change,
    change_order,
    lately,
    make,
    place,
    seeded,
    shown,
)
from sandbox_mailbox import Mailbox
from sandbox_rules import rule
from sandbox_site import Site

from plumbline_sandbox.laboratory import Laboratory
from plumbline_sandbox.procore.grants import App, Install, User

ORDERS = "Procore reference, Work Order Contracts"
PURCHASES = "Procore reference, Purchase Order Contracts"
BOTH = "Procore reference, Commitment Contracts v2.0"
SYNC = "Procore docs, Using Sync Actions"
ORIGIN = "Procore docs, Working with the Financial Tools"
PAYLOADS = "Procore docs, Webhooks Payload Formats"
STATUSES = {
    WORK: ("Draft", "Out For Bid", "Out For Signature", "Approved", "Complete", "Terminated", "Void"),
    PURCHASE: ("Draft", "Processing", "Submitted", "Partially Received", "Received", "Approved", "Closed"),
}


async def rival(site: Site) -> dict[str, str]:
    """Install another app in the company; return the headers of its calls."""
    procore = site.lab.world.procore
    user = User(procore.new_id(), "Rival", "rival@example.com")
    app = App("rival", "secret", user, {site.company_id: Install()})
    procore.grants.apps[app.client_id] = app
    form = {"grant_type": "client_credentials", "client_id": "rival", "client_secret": "secret"}
    token = (await site.lab.procore.post("/oauth/token", json=form)).json()["access_token"]
    return {"authorization": f"Bearer {token}", "procore-company-id": str(site.company_id)}


async def as_rival(site: Site, method: str, path: str, body: Any) -> httpx.Response:
    return await site.lab.procore.request(method, path, json=body, headers=await rival(site))


@rule("Each kind of commitment is listed and found under its own path only.", ORDERS)
async def test_each_kind_has_its_own_path(site: Site) -> None:
    kinds = {WORK: seeded(site, "SC-001"), PURCHASE: seeded(site, "PO-001")}
    for kind, other in ((WORK, PURCHASE), (PURCHASE, WORK)):
        rows = await site.get(f"/rest/v1.0/{kind}s", **place(site))
        numbers = {row["number"] for row in rows}
        assert kinds[kind]["number"] in numbers
        assert kinds[other]["number"] not in numbers
        assert (await shown(site, kinds[kind], kind))["number"] == kinds[kind]["number"]
        for method in ("GET", "PATCH", "DELETE"):
            path = f"/rest/v1.0/{other}s/{kinds[kind]['id']}"
            await site.refused(404, method, path, place(site), **place(site))


@rule("A work order has seven statuses, in title case.", ORDERS)
async def test_statuses_of_a_work_order(site: Site) -> None:
    await statuses(site, WORK, refused=("approved", "Received", "Closed", "Processing"))


@rule("A purchase order has seven statuses of its own, in title case.", PURCHASES)
async def test_statuses_of_a_purchase_order(site: Site) -> None:
    await statuses(site, PURCHASE, refused=("approved", "Void", "Complete", "Out For Bid"))


async def statuses(site: Site, kind: str, refused: tuple[str, ...]) -> None:
    contract = await make(site, kind)
    for status in STATUSES[kind]:
        assert (await change(site, contract, kind, status=status))["status"] == status
        rows = await site.get(f"/rest/v1.0/{kind}s", **place(site), filter_status=status)
        assert contract["id"] in {row["id"] for row in rows}
    for status in refused:
        body = {**place(site), kind: {"status": status}}
        told = await site.refused(422, "PATCH", f"/rest/v1.0/{kind}s/{contract['id']}", body)
        assert list(told["errors"]) == ["status"]


@rule("The compact view is the default of a list; the extended one has lines, payments and files.", ORDERS)
async def test_views_of_a_list(site: Site) -> None:
    compact, extended = [
        (await site.get("/rest/v1.0/work_order_contracts", **place(site), **view))[0]
        for view in ({}, {"view": "extended"})
    ]
    more = {"line_items", "change_order_packages", "payments_issued", "attachments", "created_by"}
    assert extended.keys() - compact.keys() == more
    assert [line["holder"]["id"] for line in extended["line_items"]] == [compact["id"]] * 3
    bad = {**place(site), "view": "everything"}
    await site.refused(400, "GET", "/rest/v1.0/work_order_contracts", **bad)


@rule("Dates and texts of each kind: a purchase order is delivered, a work order is completed.", PURCHASES)
async def test_each_kind_has_its_own_fields(site: Site) -> None:
    order = await make(site, exclusions="Stairs", contract_start_date="2026-10-01", ship_via="Truck")
    assert (order["exclusions"], order["contract_start_date"]) == ("Stairs", "2026-10-01")
    assert "ship_via" not in order
    bought = await make(site, PURCHASE, ship_via="Truck", delivery_date="2026-11-03", exclusions="Stairs")
    assert (bought["ship_via"], bought["delivery_date"]) == ("Truck", "2026-11-03")
    assert "exclusions" not in bought
    body = {**place(site), PURCHASE: {"delivery_date": "soon"}}
    told = await site.refused(422, "POST", "/rest/v1.0/purchase_order_contracts", body)
    assert list(told["errors"]) == ["delivery_date"]


@rule("`filters[include_deleted]` shows deleted ones too (`with`) or only them (`only`).", ORDERS)
async def test_deleted_commitments_are_shown_on_demand(site: Site) -> None:
    path = "/rest/v1.0/work_order_contracts"
    contract = await make(site)
    before = await site.get(path, **place(site))
    await site.delete(f"{path}/{contract['id']}", status=200, **place(site))
    await site.refused(404, "GET", f"{path}/{contract['id']}", **place(site))
    living = await site.get(path, **place(site))
    assert [row["id"] for row in living] == [row["id"] for row in before if row["id"] != contract["id"]]
    assert {row["deleted_at"] for row in living} == {None}
    [only] = await site.get(path, **place(site), filter_include_deleted="only")
    assert (only["id"], only["title"]) == (contract["id"], "Roof")
    assert only["deleted_at"] == only["updated_at"]
    both = await site.get(path, **place(site), filter_include_deleted="with")
    assert {row["id"] for row in both} == {row["id"] for row in before}
    await site.refused(400, "GET", path, **place(site), filter_include_deleted="true")


@rule("Lists are filtered by origin_id, id, and when they were created or updated.", ORDERS)
async def test_filters_of_a_list(site: Site) -> None:
    path = "/rest/v1.0/work_order_contracts"
    site.lab.world.clock.step(3600)
    contract = await make(site, origin_id="QB-7")
    for name, text in (
        ("origin_id", "QB-7"),
        ("id", contract["id"]),
        ("created_at", lately(site)),
        ("updated_at", lately(site)),
    ):
        rows = await site.get(path, **place(site), **{f"filter_{name}": text})
        assert [row["id"] for row in rows] == [contract["id"]], name
    assert await site.get(path, **place(site), filter_origin_id="QB-8") == []


@rule("Without a number a commitment gets the next of its kind; a taken one is refused.", BOTH, inferred=True)
async def test_numbers_follow_and_are_unique(site: Site) -> None:
    assert [(await make(site))["number"] for _ in range(2)] == ["SC-003", "SC-004"]
    assert (await make(site, PURCHASE))["number"] == "PO-003"
    body = {**place(site), WORK: {"number": "SC-001"}}
    told = await site.refused(422, "POST", "/rest/v1.0/work_order_contracts", body)
    assert told == {"errors": {"number": ["has already been taken"]}}


@rule("The vendor is one of the company's directory.", ORDERS)
async def test_vendor_is_of_the_directory(site: Site) -> None:
    vendor = site.company["subcontractors"][0]
    contract = await make(site, vendor_id=int(vendor["id"]))
    assert (contract["vendor"]["id"], contract["vendor"]["company"]) == (int(vendor["id"]), vendor["name"])
    stranger = Site(site.lab, place=1).company["subcontractors"][0]["id"]
    for vendor_id in (int(stranger), 1):
        body = {**place(site), WORK: {"vendor_id": vendor_id}}
        told = await site.refused(422, "POST", "/rest/v1.0/work_order_contracts", body)
        assert told == {"errors": {"vendor_id": ["is invalid"]}}


@rule("origin_id is unique for each kind of record in a company, over all projects.", ORIGIN)
async def test_origin_id_is_unique_for_each_kind(site: Site) -> None:
    await make(site, origin_id="QB-7")
    assert (await make(site, PURCHASE, origin_id="QB-7"))["origin_id"] == "QB-7"
    elsewhere = int(site.projects[1]["id"])
    body = {"project_id": elsewhere, WORK: {"origin_id": "QB-7"}}
    told = await site.refused(422, "POST", "/rest/v1.0/work_order_contracts", body)
    assert told == {"errors": {"origin_id": ["has already been taken"]}}
    other = Site(site.lab, place=1)
    assert (await make(other, origin_id="QB-7"))["origin_id"] == "QB-7"


@rule("Only one integration may own an origin_id: another's change of it is a 409.", ORIGIN, inferred=True)
async def test_origin_id_belongs_to_one_integration(site: Site) -> None:
    contract = await make(site, origin_id="QB-7")
    path = f"/rest/v1.0/work_order_contracts/{contract['id']}"
    answer = await as_rival(site, "PATCH", path, {**place(site), WORK: {"origin_id": "SAGE-1"}})
    assert (answer.status_code, list(answer.json()["errors"])) == (409, ["base"])
    updates = [{"id": contract["id"], "origin_id": "SAGE-1"}]
    sync = "/rest/v1.0/work_order_contracts/sync"
    answer = await as_rival(site, "PATCH", sync, {**place(site), "updates": updates})
    assert answer.json()["errors"][0]["errors"] == {"origin_id": ["belongs to another integration"]}
    answer = await as_rival(site, "PATCH", path, {**place(site), WORK: {"title": "Theirs"}})
    assert answer.json()["title"] == "Theirs"
    assert (await change(site, contract, origin_id="QB-8"))["origin_id"] == "QB-8"


@rule("An origin_id locks no commitment.", ORIGIN, inferred=True)
async def test_synced_commitment_may_be_changed(site: Site) -> None:
    contract = await make(site, origin_id="QB-7")
    assert (await change(site, contract, title="Roof, east"))["title"] == "Roof, east"


@rule("A sync always answers 200: ids must exist, origin_ids that do not make records.", SYNC)
@pytest.mark.parametrize("kind", [WORK, PURCHASE])
async def test_sync_creates_updates_and_complains(site: Site, kind: str) -> None:
    contract = await make(site, kind, origin_id="QB-1")
    updates = [
        {"origin_id": "QB-1", "title": "By origin"},
        {"origin_id": "QB-2", "title": "New"},
        {"id": contract["id"], "description": "By id"},
        {"id": 1, "title": "Lost"},
        {"origin_id": "QB-3", "status": "Paid", "vendor_id": 1},
    ]
    told = await site.patch(f"/rest/v1.0/{kind}s/sync", {**place(site), "updates": updates})
    assert [row["title"] for row in told["entities"]] == ["By origin", "New", "By origin"]
    assert (await shown(site, contract, kind))["description"] == "By id"
    lost, wrong = told["errors"]
    assert lost == {"id": 1, "title": "Lost", "errors": {"id": ["not found"]}}
    assert (wrong["origin_id"], set(wrong["errors"])) == ("QB-3", {"status", "vendor_id"})


@rule("A sync takes a thousand rows.", SYNC)
async def test_sync_takes_a_thousand_rows(site: Site) -> None:
    path = "/rest/v1.0/work_order_contracts/sync"
    for count, status in ((1000, 200), (1001, 422)):
        body = {**place(site), "updates": [{"id": 1}] * count}
        assert (await site.call("PATCH", path, body)).status_code == status
    await site.refused(400, "PATCH", path, place(site))


@rule("Without permission for commitments there is nothing, and a write is forbidden.", ORDERS, inferred=True)
async def test_without_permission_there_are_no_commitments(site: Site) -> None:
    contract = seeded(site, "SC-001")["id"]
    site.install.levels["commitments"] = "none"
    for path in ("work_order_contracts", "purchase_order_contracts"):
        assert await site.get(f"/rest/v1.0/{path}", **place(site)) == []
    await site.refused(404, "GET", f"/rest/v1.0/work_order_contracts/{contract}", **place(site))
    assert await site.get(f"{site.v2_project}/commitment_contracts") == {"data": []}
    await site.refused(404, "GET", f"{site.v2_project}/commitment_contracts/{contract}")
    site.install.levels["commitments"] = "read_only"
    body = {**place(site), WORK: {"title": "Mine"}}
    await site.refused(403, "POST", "/rest/v1.0/work_order_contracts", body)


@rule("The sums of a commitment follow from its lines, change orders, requisitions and payments.", ORDERS)
async def test_sums_of_a_commitment(site: Site) -> None:
    contract = await make(site)
    for amount in ("1000.10", "500"):
        await add_line(site, contract, amount=amount)
    change_orders = {"approved": "200", "pending": "30", "revised": "4", "draft": "0.5", "void": "9000"}
    for status, amount in change_orders.items():
        await change_order(site, contract, amount, status=status)
    body = {**place(site), "contract_id": contract["id"], "contract_payment": {"amount": "425.03"}}
    await site.post("/rest/v1.0/contract_payments", body)
    told = await shown(site, contract)
    sums = {
        "grand_total": "1500.10",
        "approved_change_orders": "200.00",
        "pending_change_orders": "34.00",
        "draft_change_orders_amount": "0.50",
        "revised_contract": "1700.10",
        "pending_revised_contract": "1734.10",
        "total_requisitions_amount": "0.00",
        "total_draw_requests_amount": "0.00",
        "total_payments": "425.03",
        "percentage_paid": "25.00",
        "remaining_balance_outstanding": "1275.07",
    }
    assert {name: told[name] for name in sums} == sums
    assert len(told["change_order_packages"]) == 5
    assert [payment["amount"] for payment in told["payments_issued"]] == ["425.03"]


@rule("Requisitions count in the sums once they are approved, as noted or not.", ORDERS, inferred=True)
async def test_approved_requisitions_count(site: Site) -> None:
    told = await shown(site, seeded(site, "SC-001"))
    requisitions = await site.get("/rest/v1.1/requisitions", **place(site), filter_commitment_id=told["id"])
    due = {row["status"]: row["summary"]["current_payment_due"] for row in requisitions}
    assert due.keys() == {"approved", "draft"}
    assert told["total_requisitions_amount"] == due["approved"]


@rule(
    "Contracts of each kind and their lines have events of their own; a line's v3.0 names its contract.",
    PAYLOADS,
)
@pytest.mark.parametrize(
    ("kind", "contracts", "lines"),
    [
        (WORK, "Work Order Contracts", "Work Order Contract Line Items"),
        (PURCHASE, "Purchase Order Contracts", "Purchase Order Contract Line Items"),
    ],
)
async def test_events_of_commitments(
    site: Site, mailbox: Mailbox, kind: str, contracts: str, lines: str
) -> None:
    await mailbox.hook(site, contracts, lines, payload_version="v3.0")
    contract = await make(site, kind)
    line = await add_line(site, contract, kind, amount="1")
    path = f"/rest/v1.0/{kind}s/{contract['id']}"
    await site.patch(f"{path}/line_items/{line['id']}", {**place(site), "line_item": {"amount": "2"}})
    await site.delete(f"{path}/line_items/{line['id']}", status=200, **place(site))
    await change(site, contract, kind, title="Other")
    await site.delete(path, status=200, **place(site))
    events = await mailbox.settled()
    of = [{"id": contract["id"], "name": contracts}]
    assert [
        (e["resource_name"], e["event_type"], e["resource_id"], e["related_resources"]) for e in events
    ] == [
        (contracts, "create", contract["id"], []),
        (lines, "create", line["id"], of),
        (lines, "update", line["id"], of),
        (lines, "delete", line["id"], of),
        (contracts, "update", contract["id"], []),
        (contracts, "delete", contract["id"], []),
    ]


@rule("A commitment is created with the files of its uploads.", ORDERS)
async def test_files_of_a_commitment(site: Site) -> None:
    contract = await make(site, upload_ids=[await site.upload(b"%PDF", "contract.pdf")])
    assert [file["filename"] for file in contract["attachments"]] == ["contract.pdf"]
    before = await site.get("/rest/v1.0/work_order_contracts", **place(site))
    for wrong in (["unknown"], 5):
        body = {**place(site), WORK: {"upload_ids": wrong}}
        told = await site.refused(422, "POST", "/rest/v1.0/work_order_contracts", body)
        assert list(told["errors"]) == ["upload_ids"]
    assert await site.get("/rest/v1.0/work_order_contracts", **place(site)) == before


def test_every_project_has_commitments_alike_in_worlds_of_one_seed() -> None:
    first, again, other = (Laboratory(seed).description["companies"] for seed in (1, 1, 2))
    assert [company["commitments"] for company in first] == [company["commitments"] for company in again]
    assert first[0]["commitments"].keys() != other[0]["commitments"].keys()
    for company in first:
        vendors = {row["id"] for row in (*company["subcontractors"], *company["suppliers"])}
        assert company["commitments"].keys() == {project["id"] for project in company["projects"]}
        for commitments in company["commitments"].values():
            assert [row["number"] for row in commitments] == ["SC-001", "SC-002", "PO-001", "PO-002"]
            assert {row["vendor_id"] for row in commitments} <= vendors
            assert all(row["lines"] for row in commitments)


def test_seeded_requisitions_are_in_every_status() -> None:
    statuses = [
        bill["status"]
        for company in Laboratory().description["companies"]
        for commitments in company["commitments"].values()
        for commitment in commitments
        for bill in commitment["requisitions"]
    ]
    assert len(statuses) == 48
    assert set(statuses) == {
        "draft",
        "under_review",
        "revise_and_resubmit",
        "approved",
        "approved_as_noted",
        "pending_owner_approval",
    }


async def test_nothing_was_announced_of_what_was_there_from_the_start(lab: Laboratory) -> None:
    commits = lab.world.journal.since(0, "commit")
    assert [commit for commit in commits if commit.facts["provider"] == "procore"] == []
    assert lab.world.procore.deliveries.pending() == 0
