"""Line items of Procore's commitments, and the subcontractor's breakdown of them."""

from typing import Any

from sandbox_commitments import PURCHASE, WORK, add_line, change, make, place, seeded, shown
from sandbox_rules import rule
from sandbox_site import Site

ORDERS = "Procore reference, Work Order Contracts"
LINES = "Procore reference, Work Order Contract Line Items"
DETAILS = "Procore reference, Work Order Contract Detail Line Items"
LINES_V2 = "Procore reference, Commitment Contract Line Items v2.0"


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

    for wrong in ("1000000000", "1.00001"):
        told = await site.refused(422, "PATCH", path, {**place(site), "line_item": {"quantity": wrong}})
        assert list(told["errors"]) == ["quantity"]
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
    assert (concrete["quantity"], concrete["unit_cost"], concrete["uom"]) == ("420", "165", "cy")
    assert concrete["amount"] == "69300.00"
