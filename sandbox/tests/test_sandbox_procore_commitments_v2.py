"""Commitments of Procore in v2.0, where both kinds are one."""

from sandbox_commitments import PURCHASE, change_order, lately, make, seeded, shown
from sandbox_rules import rule
from sandbox_site import Site

BOTH = "Procore reference, Commitment Contracts v2.0"
SUMMARY = "Procore reference, Commitment Contract Summary"


@rule("v2 lists both kinds together, with string ids, and filters them by type.", BOTH)
async def test_v2_covers_both_kinds(site: Site) -> None:
    path = f"{site.v2_project}/commitment_contracts"
    rows = (await site.get(path))["data"]
    assert [row["number"] for row in rows] == ["SC-001", "SC-002", "PO-001", "PO-002"]
    assert all(isinstance(row["id"], str) and isinstance(row["vendor"]["id"], str) for row in rows)
    for kind in ("WorkOrderContract", "PurchaseOrderContract"):
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
    some = await site.get(path, filter_include_deleted="with", filter_deleted_at=lately(site))
    assert [row["id"] for row in some["data"]] == [made["id"]]


@rule("The summary adds up change orders, invoices and payments.", SUMMARY)
async def test_summary(site: Site) -> None:
    contract = await make(site)
    for status, amount in (("approved", "200"), ("pending", "30"), ("revised", "4"), ("draft", "0.5")):
        await change_order(site, contract, amount, status=status)
    told = (await site.get(f"{site.v2_project}/commitment_contracts/{contract['id']}/summary"))["data"]
    assert (told["approved_change_total"], told["draft_change_total"]) == ("200.00", "0.50")
    assert told["pending_revised_change_total"] == "34.00"
    assert (told["total_invoices_amount"], told["total_payments_amount"]) == ("0.00", "0.00")
