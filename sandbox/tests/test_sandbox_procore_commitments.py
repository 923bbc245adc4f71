"""Commitments of Procore: work orders, purchase orders, their lines, and what is paid on them."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from sandbox_mailbox import Mailbox
from sandbox_rules import rule
from sandbox_site import Body, Site

from plumbline_sandbox.laboratory import Laboratory
from plumbline_sandbox.procore.conventions import moment
from plumbline_sandbox.procore.grants import App, Install, User

ORDERS = "Procore reference, Work Order Contracts"
PURCHASES = "Procore reference, Purchase Order Contracts"
LINES = "Procore reference, Work Order Contract Line Items"
DETAILS = "Procore reference, Work Order Contract Detail Line Items"
BOTH = "Procore reference, Commitment Contracts v2.0"
LINES_V2 = "Procore reference, Commitment Contract Line Items v2.0"
SUMMARY = "Procore reference, Commitment Contract Summary"
PAYMENTS = "Procore reference, Contract Payments"
PERIODS = "Procore reference, Billing Periods"
SYNC = "Procore docs, Using Sync Actions"
ORIGIN = "Procore docs, Working with the Financial Tools"
PAYLOADS = "Procore docs, Webhooks Payload Formats"

WORK, PURCHASE = "work_order_contract", "purchase_order_contract"
STATUSES = {
    WORK: ("Draft", "Out For Bid", "Out For Signature", "Approved", "Complete", "Terminated", "Void"),
    PURCHASE: ("Draft", "Processing", "Submitted", "Partially Received", "Received", "Approved", "Closed"),
}
TYPES = {WORK: "WorkOrderContract", PURCHASE: "PurchaseOrderContract"}


def seeded(site: Site, number: str) -> Body:
    """Return what the seed tells of the first project's commitment of this number."""
    [found] = [c for c in site.company["commitments"][str(site.project_id)] if c["number"] == number]
    return found  # type: ignore[no-any-return]  # JSON


def place(site: Site) -> Body:
    return {"project_id": site.project_id}


async def make(site: Site, kind: str = WORK, **fields: Any) -> Body:
    """Create a commitment in v1.0."""
    body = {**place(site), kind: {"title": "Roof", "status": "Approved", **fields}}
    return await site.post(f"/rest/v1.0/{kind}s", body)  # type: ignore[no-any-return]  # JSON


async def change(site: Site, contract: Body, kind: str = WORK, **fields: Any) -> Body:
    path = f"/rest/v1.0/{kind}s/{contract['id']}"
    return await site.patch(path, {**place(site), kind: fields})  # type: ignore[no-any-return]  # JSON


async def add_line(site: Site, contract: Body, kind: str = WORK, **fields: Any) -> Body:
    """Add a line to a commitment in v1.0, on plumbing unless it says."""
    code = site.company["cost_codes"][str(site.project_id)]["15-400"]
    line = {"cost_code_id": int(code), "description": "Gutters", **fields}
    path = f"/rest/v1.0/{kind}s/{contract['id']}/line_items"
    return await site.post(path, {**place(site), "line_item": line})  # type: ignore[no-any-return]  # JSON


async def shown(site: Site, contract: Body, kind: str = WORK) -> Body:
    path = f"/rest/v1.0/{kind}s/{contract['id']}"
    return await site.get(path, **place(site))  # type: ignore[no-any-return]  # JSON


def change_order(site: Site, contract: Body, amount: str, status: str = "approved", **more: Any) -> int:
    """Put a change order of a commitment there, as another tool makes it; give its id."""
    procore = site.lab.world.procore
    row = {"contract_id": contract["id"], "status": status, "grand_total": amount, "lines": [], **more}
    row = {"number": "001", "title": "More", **row}
    record = procore.commitment_change_orders.insert(
        procore.new_id(), row, company_id=site.company_id, project_id=site.project_id
    )
    return record.id


async def rival(site: Site) -> dict[str, str]:
    """Install another app in the company; return the headers of its calls."""
    procore = site.lab.world.procore
    user = User(procore.new_id(), "Rival", "rival@example.com")
    app = App("rival", "secret", user, set(), {site.company_id: Install()})
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
    now = site.lab.world.clock.now()
    fresh = f"{moment(now - timedelta(minutes=5))}...{moment(now + timedelta(minutes=5))}"
    for name, text in (
        ("origin_id", "QB-7"),
        ("id", contract["id"]),
        ("created_at", fresh),
        ("updated_at", fresh),
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
        change_order(site, contract, amount, status)
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


@rule("Amounts, not quantities, make the lines of an amount contract.", LINES_V2)
async def test_lines_of_an_amount_contract(site: Site) -> None:
    contract = await make(site)
    line = await add_line(site, contract, amount="12.5")
    assert (line["amount"], line["extended_type"], line["quantity"]) == ("12.50", "manual", None)
    path = f"/rest/v1.0/work_order_contracts/{contract['id']}/line_items"
    for fields, wrong in (
        ({"amount": "1", "quantity": "2"}, "quantity"),
        ({"amount": "1", "unit_cost": "2"}, "unit_cost"),
        ({"amount": "1", "uom": "ea"}, "uom"),
        ({"description": "Nothing"}, "amount"),
        ({"amount": "1.005"}, "amount"),
    ):
        told = await site.refused(422, "POST", path, {**place(site), "line_item": fields})
        assert list(told["errors"]) == [wrong]


@rule("A line of a unit contract without an amount is worth its quantity times its price.", LINES_V2)
async def test_lines_of_a_unit_contract(site: Site) -> None:
    contract = await make(site, accounting_method="unit")
    line = await add_line(site, contract, quantity="12.3456", unit_cost="10.01", uom="cy")
    assert (line["amount"], line["extended_type"], line["uom"]) == ("123.58", "calculated", "cy")
    path = f"/rest/v1.0/work_order_contracts/{contract['id']}/line_items/{line['id']}"

    async def alter(**fields: Any) -> tuple[str, str]:
        told = await site.patch(path, {**place(site), "line_item": fields})
        return told["amount"], told["extended_type"]

    assert await alter(quantity="2") == ("20.02", "calculated")
    assert await alter(amount="25") == ("25.00", "manual")
    assert await alter(description="As agreed") == ("25.00", "manual")
    assert await alter(extended_type="calculated") == ("20.02", "calculated")


@rule("The accounting method stays once there are lines.", ORDERS, inferred=True)
async def test_accounting_method_stays_once_there_are_lines(site: Site) -> None:
    contract = await make(site)
    assert (await change(site, contract, accounting_method="unit"))["accounting_method"] == "unit"
    await add_line(site, contract, quantity="1", unit_cost="1")
    body = {**place(site), WORK: {"accounting_method": "amount"}}
    path = f"/rest/v1.0/work_order_contracts/{contract['id']}"
    told = await site.refused(422, "PATCH", path, body)
    assert list(told["errors"]) == ["accounting_method"]


@rule("A line's budget code is another id than its cost code; neither may be made up.", LINES)
async def test_budget_code_of_a_line(site: Site) -> None:
    cost_code = int(site.company["cost_codes"][str(site.project_id)]["15-400"])
    budget_code = int(site.company["wbs_codes"][str(site.project_id)]["15-400"])
    contract = await make(site)
    by_cost = await add_line(site, contract, amount="1")
    by_budget = await add_line(site, contract, amount="1", cost_code_id=None, wbs_code_id=budget_code)
    for line in (by_cost, by_budget):
        assert line["wbs_code"] == {
            "id": budget_code,
            "flat_code": "15-400.C",
            "description": "Plumbing.Commitment",
        }
        assert (line["cost_code"]["id"], line["cost_code"]["full_code"]) == (cost_code, "15-400")
        assert line["line_item_type"]["base_type"] == "commitment"
    assert cost_code != budget_code
    elsewhere = int(site.company["cost_codes"][site.projects[1]["id"]]["15-400"])
    path = f"/rest/v1.0/work_order_contracts/{contract['id']}/line_items"
    for name, wrong in (
        ("cost_code_id", elsewhere),
        ("cost_code_id", budget_code),
        ("wbs_code_id", cost_code),
    ):
        body = {**place(site), "line_item": {"amount": "1", name: wrong}}
        assert list((await site.refused(422, "POST", path, body))["errors"]) == [name]


@rule("Lines are listed, shown, changed and deleted under their contract.", LINES)
async def test_lines_under_their_contract(site: Site) -> None:
    contract, other = await make(site), await make(site)
    first, second = [await add_line(site, contract, amount=amount) for amount in ("1", "2")]
    base = "/rest/v1.0/work_order_contracts"
    path = f"{base}/{contract['id']}/line_items"
    assert [row["position"] for row in await site.get(path, **place(site))] == [1, 2]
    assert await site.get(f"{path}/{first['id']}", **place(site)) == first
    await site.refused(404, "GET", f"{base}/{other['id']}/line_items/{first['id']}", **place(site))
    await site.delete(f"{path}/{first['id']}", status=200, **place(site))
    assert [row["id"] for row in await site.get(path, **place(site))] == [second["id"]]
    code = site.company["cost_codes"][str(site.project_id)]["23-050"]
    assert await site.get(path, **place(site), filter_cost_code_id=code) == []
    await site.refused(404, "GET", path.replace("work_order", "purchase_order"), **place(site))


@rule("Lines are synced as contracts are.", LINES)
async def test_lines_are_synced(site: Site) -> None:
    contract = await make(site)
    line = await add_line(site, contract, amount="1", origin_id="L-1")
    updates = [{"origin_id": "L-1", "amount": "5"}, {"origin_id": "L-2", "amount": "7"}, {"id": 1}, {}]
    path = f"/rest/v1.0/work_order_contracts/{contract['id']}/line_items/sync"
    told = await site.patch(path, {**place(site), "updates": updates})
    assert [(row["id"] == line["id"], row["amount"]) for row in told["entities"]] == [
        (True, "5.00"),
        (False, "7.00"),
    ]
    assert [row["errors"] for row in told["errors"]] == [
        {"id": ["not found"]},
        {"amount": ["can't be blank"]},
    ]
    assert (await shown(site, contract))["grand_total"] == "12.00"


@rule("A line that a requisition bills is not deleted, nor is its contract.", LINES, inferred=True)
async def test_billed_commitment_stays(site: Site) -> None:
    contract = seeded(site, "SC-001")
    base = f"/rest/v1.0/work_order_contracts/{contract['id']}"
    for path in (base, f"{base}/line_items/{contract['lines'][0]}"):
        assert list((await site.refused(422, "DELETE", path, **place(site)))["errors"]) == ["base"]


@rule("A subcontractor breaks a line down; what was billed of a part is told with it.", DETAILS)
async def test_detail_lines(site: Site) -> None:
    contract = await make(site)
    line = await add_line(site, contract, amount="100")
    path = f"/rest/v1.0/work_order_contracts/{contract['id']}/line_item_contract_details"
    key = "contract_detail_line_item"
    first, second = [
        await site.post(path, {**place(site), key: {"line_item_id": line["id"], "amount": amount}})
        for amount in ("60", "40")
    ]
    assert [(row["position"], row["amount"]) for row in (first, second)] == [(1, "60.00"), (2, "40.00")]
    assert await site.get(path, **place(site), filter_line_item_id=line["id"]) == [first, second]
    await site.refused(422, "POST", path, {**place(site), key: {"line_item_id": 1, "amount": "1"}})
    changed = await site.patch(f"{path}/{first['id']}", {**place(site), key: {"description": "East"}})
    assert await site.get(f"{path}/{first['id']}", **place(site)) == changed
    requisition = {**place(site), "commitment_id": contract["id"], "requisition": {}}
    requisition["requisition"] = {
        "items": [{"detail_line_item_id": first["id"], "work_completed_this_period": "15"}]
    }
    await site.post("/rest/v1.1/requisitions", requisition)
    rows = await site.get(path, **place(site))
    assert [(row["billed_to_date"], row["billed_against"]) for row in rows] == [
        ("15.00", True),
        ("0.00", False),
    ]
    await site.refused(422, "DELETE", f"{path}/{first['id']}", **place(site))
    await site.delete(f"{path}/{second['id']}", status=200, **place(site))
    assert [row["id"] for row in await site.get(path, **place(site))] == [first["id"]]


@rule("v2 lists both kinds together, with string ids, and filters them by type.", BOTH)
async def test_v2_covers_both_kinds(site: Site) -> None:
    path = f"{site.v2_project}/commitment_contracts"
    rows = (await site.get(path))["data"]
    assert [row["number"] for row in rows] == ["SC-001", "SC-002", "PO-001", "PO-002"]
    assert all(isinstance(row["id"], str) and isinstance(row["vendor"]["id"], str) for row in rows)
    for kind in TYPES.values():
        some = (await site.get(path, filter_type=kind))["data"]
        assert {row["type"] for row in some} == {kind}
        assert len(some) == 2


@rule("v2 filters by status, vendor, method, number or title, and whether executed.", BOTH)
async def test_filters_of_v2(site: Site) -> None:
    path = f"{site.v2_project}/commitment_contracts"
    plumber = site.company["subcontractors"][0]["id"]
    for name, text, numbers in (
        ("status", "Submitted", ["PO-002"]),
        ("status", "Submitted,Complete", ["PO-002"]),
        ("vendor_id", plumber, ["SC-001"]),
        ("accounting_method", "unit", ["PO-001"]),
        ("search", "heating", ["SC-002"]),
        ("search", "po-0", ["PO-001", "PO-002"]),
        ("executed", "false", []),
    ):
        rows = (await site.get(path, **{f"filter_{name}": text}))["data"]
        assert [row["number"] for row in rows] == numbers, name
    await site.refused(400, "GET", path, filter_executed="perhaps")


@rule("v2's default view has no vendor name, its extended one has it and custom fields.", BOTH)
async def test_views_of_v2(site: Site) -> None:
    path = f"{site.v2_project}/commitment_contracts/{seeded(site, 'SC-001')['id']}"
    plain = (await site.get(path))["data"]
    full = (await site.get(path, view="extended"))["data"]
    assert (plain["vendor"].keys(), full["vendor"].keys()) == ({"id"}, {"id", "name"})
    assert full["custom_fields"] == {}
    assert "custom_fields" not in plain
    assert not {"origin_id", "total_payments", "revised_contract"} & plain.keys()
    body = await site.refused(400, "GET", path, view="compact")
    assert body["error"]["details"][0]["source"] == "view"


@rule("v2 creates, changes and deletes by a flat body; the type must be told.", BOTH)
async def test_v2_writes(site: Site) -> None:
    path = f"{site.v2_project}/commitment_contracts"
    vendor = site.company["suppliers"][0]["id"]
    wished = {"type": "PurchaseOrderContract", "title": "Sand", "vendor_id": vendor, "origin_id": "QB-7"}
    made = (await site.post(path, wished))["data"]
    assert (made["type"], made["number"], made["status"]) == ("PurchaseOrderContract", "PO-003", "Draft")
    assert made["vendor"] == {"id": vendor}
    v1 = await shown(site, made, PURCHASE)
    assert v1["origin_id"] is None
    one = f"{path}/{made['id']}"
    changed = (await site.patch(one, {"status": "Received", "allow_payments": False}))["data"]
    assert (changed["status"], changed["allow_payments"]) == ("Received", False)
    await site.refused(400, "POST", path, {"title": "Sand"})
    await site.refused(422, "PATCH", one, {"status": "Void"})
    await site.delete(one)
    await site.refused(404, "GET", one)
    gone = (await site.get(one, filter_include_deleted="with"))["data"]
    assert gone["deleted_at"] is not None
    now = site.lab.world.clock.now()
    lately = f"{moment(now - timedelta(minutes=5))}...{moment(now + timedelta(minutes=5))}"
    some = await site.get(path, filter_include_deleted="with", filter_deleted_at=lately)
    assert [row["id"] for row in some["data"]] == [made["id"]]


@rule("A line of v2 needs a budget code; quantities are told by unit contracts only.", LINES_V2)
async def test_lines_of_v2(site: Site) -> None:
    code = site.company["wbs_codes"][str(site.project_id)]["03-300"]
    base = f"{site.v2_project}/commitment_contracts"
    path = f"{base}/{(await make(site, PURCHASE))['id']}/line_items"
    await site.refused(400, "POST", path, {"amount": "5"})
    made = (await site.post(path, {"amount": "5", "wbs_code_id": code}, status=200))["data"]
    assert (made["wbs_code_id"], made["amount"]) == (code, "5.00")
    assert not {"quantity", "unit_cost", "uom", "extended_type"} & made.keys()
    one = f"{path}/{made['id']}"
    assert (await site.patch(one, {"amount": "6"}))["data"]["amount"] == "6.00"
    full = (await site.get(one, view="extended"))["data"]
    assert full["external_data"] == {"origin_id": None, "origin_data": None}
    assert "external_data" not in (await site.get(one))["data"]
    await site.refused(400, "GET", path, view="compact")
    await site.delete(one)
    assert (await site.get(path))["data"] == []
    bought = f"{base}/{seeded(site, 'PO-001')['id']}/line_items"
    [concrete, _] = (await site.get(bought))["data"]
    assert (concrete["quantity"], concrete["unit_cost"], concrete["uom"]) == ("420", "165.00", "cy")
    assert concrete["amount"] == "69300.00"


@rule("The summary adds up change orders, invoices and payments.", SUMMARY)
async def test_summary(site: Site) -> None:
    contract = await make(site)
    for status, amount in (("approved", "200"), ("pending", "30"), ("revised", "4"), ("draft", "0.5")):
        change_order(site, contract, amount, status)
    told = (await site.get(f"{site.v2_project}/commitment_contracts/{contract['id']}/summary"))["data"]
    assert (told["approved_change_total"], told["draft_change_total"]) == ("200.00", "0.50")
    assert told["pending_revised_change_total"] == "34.00"
    assert (told["total_invoices_amount"], told["total_payments_amount"]) == ("0.00", "0.00")


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
    body = {**place(site), WORK: {"upload_ids": ["unknown"]}}
    await site.refused(422, "POST", "/rest/v1.0/work_order_contracts", body)
    assert await site.get("/rest/v1.0/work_order_contracts", **place(site)) == before


async def pay(site: Site, contract_id: Any, **fields: Any) -> httpx.Response:
    body = {**place(site), "contract_id": int(contract_id), "contract_payment": {"amount": "10", **fields}}
    return await site.call("POST", "/rest/v1.0/contract_payments", body)


@rule("A payment on a commitment may name a requisition of that commitment.", PAYMENTS)
async def test_payment_names_a_requisition_of_the_commitment(site: Site) -> None:
    contract = seeded(site, "SC-001")
    [first, _] = [int(row["id"]) for row in contract["requisitions"]]
    made = await pay(site, contract["id"], requisition_id=first)
    assert (made.status_code, made.json()["requisition_id"]) == (201, first)
    assert made.json()["project_id"] == site.project_id
    for other in (site.contract_id, seeded(site, "SC-002")["id"]):
        refused = await pay(site, other, requisition_id=first)
        assert (refused.status_code, list(refused.json()["errors"])) == (422, ["requisition_id"])
    rows = await site.get("/rest/v1.0/contract_payments", **place(site), contract_id=contract["id"])
    assert [row["id"] for row in rows] == [made.json()["id"]]


@rule("A commitment may allow no payments.", BOTH)
async def test_commitment_may_allow_no_payments(site: Site) -> None:
    contract = await make(site, allow_payments=False)
    refused = await pay(site, contract["id"])
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["contract_id"])


@rule("Whoever may pay on commitments need not see prime contracts.", PAYMENTS, inferred=True)
async def test_payments_need_the_tool_of_their_contract(site: Site) -> None:
    contract = seeded(site, "SC-001")["id"]
    payments = [(await pay(site, number)).json()["id"] for number in (contract, site.contract_id)]
    site.install.levels["prime_contracts"] = "none"
    rows = await site.get("/rest/v1.0/contract_payments", **place(site))
    assert [row["id"] for row in rows] == payments[:1]
    await site.refused(404, "GET", f"/rest/v1.0/contract_payments/{payments[1]}", **place(site))
    assert (await pay(site, site.contract_id)).status_code == 403
    assert (await pay(site, contract)).status_code == 201
    path = f"/rest/v1.0/contract_payments/{payments[1]}"
    assert (await site.call("PATCH", path, place(site))).status_code == 403


@rule("Of a payment that is synced with an ERP only origin_id and origin_data may change.", PAYMENTS)
async def test_synced_payment_is_locked_but_for_its_origin(site: Site) -> None:
    made = (await pay(site, seeded(site, "SC-001")["id"], origin_id="QB-7")).json()
    path = f"/rest/v1.0/contract_payments/{made['id']}"

    def body(**fields: Any) -> Body:
        return {**place(site), "contract_payment": fields}

    told = await site.refused(422, "PATCH", path, body(amount="11"))
    assert told["errors"]["base"] == ["cannot be edited because it has been synced with ERP"]
    await site.refused(422, "DELETE", path, **place(site))
    changed = await site.patch(path, body(origin_data="paid by check"))
    assert (changed["origin_data"], changed["amount"]) == ("paid by check", "10.00")


@rule("A billing period is opened and closed, moved, and listed by status.", PERIODS)
async def test_billing_period_is_changed(site: Site) -> None:
    path = f"{site.project}/billing_periods"
    october, november = await site.get(path)
    one = f"{path}/{november['id']}"
    changed = await site.patch(one, {"billing_period": {"status": "closed", "due_date": "2027-01-05"}})
    assert changed == {
        **november,
        "status": "closed",
        "due_date": "2027-01-05",
        "updated_at": changed["updated_at"],
    }
    assert [row["id"] for row in await site.get(path, filter_status="open")] == [october["id"]]
    for wrong in ({"status": "done"}, {"end_date": "2026-10-31"}, {"due_date": "soon"}):
        told = await site.refused(422, "PATCH", one, {"billing_period": wrong})
        assert list(told["errors"]) == list(wrong)
    made = await site.post(
        path, {"billing_period": {"start_date": "2026-12-01", "end_date": "2026-12-31", "status": "closed"}}
    )
    assert (made["position"], made["status"]) == (3, "closed")


@rule("A billing period is deleted unless invoices were made in it.", PERIODS, inferred=True)
async def test_billing_period_with_invoices_stays(site: Site) -> None:
    path = f"{site.project}/billing_periods"
    period = {"billing_period": {"start_date": "2026-12-01", "end_date": "2026-12-31"}}
    made = await site.post(path, period)
    october, *_ = await site.get(path)
    assert list((await site.refused(422, "DELETE", f"{path}/{october['id']}"))["errors"]) == ["base"]
    await site.delete(f"{path}/{made['id']}", status=200)
    await site.refused(404, "GET", f"{path}/{made['id']}")


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
    assert list(lab.world.journal.since(0, "commit")) == []
    assert lab.world.procore.deliveries.pending() == 0
