"""Lines of Procore's requisitions: their arithmetic, their change orders, and how they are changed."""

from dataclasses import replace
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sandbox_commitments import UNDER, Job, change_order, started
from sandbox_rules import rule
from sandbox_site import Body, Site

from plumbline_sandbox.laboratory import Laboratory
from plumbline_sandbox.procore.g702 import ZERO, summarize
from plumbline_sandbox.procore.records import Record
from plumbline_sandbox.procore.requisition import Requisition
from plumbline_sandbox.procore.requisition_items import edited, schedule
from plumbline_sandbox.procore.state import Procore, Row

API = "Procore reference, Requisitions v1.1"
OLDER = "Procore reference, Requisitions v1.0"
GUIDE = "Procore docs, Working with Subcontractor Invoices"
ITEMS = "Procore reference, Requisition Contract Items"
DETAIL_ITEMS = "Procore reference, Requisition Contract Detail Items"
CHANGES = "Procore reference, Requisition Change Order Items"
WHOLE = "Procore reference, Requisition Whole Change Order Items"
BULK = "Procore reference, Bulk Update Subcontractor Invoice Items"
NOTES = "Practitioner notes on a live company"


@pytest.fixture
async def job(site: Site) -> Job:
    return await started(site)


@rule(
    "Payment due is what is billed less what is retained; amounts are strings, the percentage has a %.", API
)
async def test_arithmetic_of_a_requisition(job: Job) -> None:
    requisition = await job.bill(job.work(0, "400", materials_presently_stored="100"), job.work(1, "33.33"))
    summary = requisition["summary"]
    expected = {
        "original_contract_sum": "1500.00",
        "net_change_by_change_orders": "0.00",
        "contract_sum_to_date": "1500.00",
        "total_completed_and_stored_to_date": "533.33",
        "completed_work_retainage_amount": "43.33",
        "completed_work_retainage_percent": "10.00",
        "stored_materials_retainage_amount": "10.00",
        "total_retainage": "53.33",
        "total_earned_less_retainage": "480.00",
        "less_previous_certificates_for_payment": "0.00",
        "current_payment_due": "480.00",
        "balance_to_finish_including_retainage": "1020.00",
        "new_materials": "100.00",
        "stored_materials": "0.00",
        "tax_applicable_to_this_payment": "0.00",
    }
    assert {name: summary[name] for name in expected} == expected
    assert requisition["percent_complete"] == "35.56%"
    first, second = requisition["items"]
    assert (first["gross_amount"], first["net_amount"]) == ("500.00", "450.00")
    assert (second["gross_amount"], second["net_amount"]) == ("33.33", "30.00")


@rule("The next requisition starts where the one before ended: work, materials, retainage.", ITEMS)
async def test_next_requisition_carries_on(job: Job) -> None:
    await job.bill(job.work(0, "400", materials_presently_stored="100"), status="approved")
    second = await job.bill(
        job.work(
            0, "300", materials_presently_stored="60", work_completed_retainage_released_this_period="20"
        )
    )
    [item, _] = second["items"]
    expected = {
        "work_completed_from_previous_application": "400.00",
        "work_completed_this_period": "300.00",
        "materials_presently_stored_from_previous_progress": "100.00",
        "materials_presently_stored": "60.00",
        "total_completed_and_stored_to_date": "760.00",
        "total_completed_and_stored_to_date_from_previous": "500.00",
        "work_completed_retainage_from_previous_application": "40.00",
        "work_completed_retainage_retained_this_period": "30.00",
        "work_completed_retainage_released_this_period": "20.00",
        "materials_stored_retainage_currently_retained": "6.00",
        "materials_stored_retainage_released_this_period": "4.00",
        "gross_amount": "260.00",
        "net_amount": "254.00",
    }
    assert {name: item[name] for name in expected} == expected
    assert second["summary"]["less_previous_certificates_for_payment"] == "450.00"
    assert second["summary"]["total_earned_less_retainage"] == "704.00"
    assert second["invoice_type"] == "progress_and_retainage_release"
    third = await job.bill()
    assert third["items"][0]["work_completed_retainage_from_previous_application"] == "50.00"


cents = st.integers(0, 100_000).map(lambda number: Decimal(number) / 100)


@cache
def plumbing() -> tuple[Procore, Record[Row], Requisition]:
    """Return a world with a commitment of three lines, a tenth retained, and some requisition."""
    procore = Laboratory().world.procore
    contract = next(
        row for row in procore.commitments.living() if row.value and row.value["number"] == "SC-001"
    )
    requisition = next(row.value for row in procore.requisitions.living() if row.value)
    return procore, contract, requisition


@given(
    bills=st.lists(
        st.lists(st.tuples(cents, cents, st.booleans()), min_size=3, max_size=3), min_size=1, max_size=5
    )
)
@settings(max_examples=60, deadline=None)
def test_dues_add_up_to_what_is_earned(bills: list[list[tuple[Decimal, Decimal, bool]]]) -> None:
    """Whatever is billed, stored, used up and released: all dues together are what is earned less retainage."""
    procore, contract, before = plumbing()
    before, paid = replace(before, items=()), ZERO
    for bill in bills:
        items = schedule(procore, contract, before)
        rows = [
            {
                "id": item.id,
                "work_completed_this_period": str(work),
                "materials_presently_stored": str(materials),
                "work_completed_retainage_released_this_period": str(
                    item.previously_retained if freed else 0
                ),
            }
            for item, (work, materials, freed) in zip(items, bill, strict=True)
        ]
        before = replace(before, items=edited(items, rows, "", is_admin=True))
        summary = summarize(before.items)
        assert summary.previous_certificates == paid
        paid += summary.current_payment_due
        assert paid == summary.earned_less_retainage


@rule("A requisition releases retainage, bills work, or both.", API)
async def test_invoice_type(job: Job) -> None:
    first = await job.bill(job.work(0, "400"))
    assert first["invoice_type"] == "progress"
    release = {
        "line_item_id": job.lines[0]["id"],
        "work_completed_retainage_released_this_period": "40",
    }
    assert (await job.bill(release))["invoice_type"] == "retainage_release"


@rule("An administrator sets what is retained, where there is work or material to retain it of.", ITEMS)
async def test_retainage_is_an_administrators(job: Job) -> None:
    kept = {"work_completed_retainage_retained_this_period": "25"}
    requisition = await job.bill(job.work(0, "400", **kept))
    [item, other] = requisition["items"]
    assert (item["work_completed_retainage_retained_this_period"], item["net_amount"]) == ("25.00", "375.00")
    assert item["work_completed_retainage_percent_this_period"] == "6.25"
    assert await job.refused(requisition, items=[{"id": other["id"], **kept}]) == [*kept]
    stored = {"materials_stored_retainage_currently_retained": "5"}
    assert await job.refused(requisition, items=[{"id": other["id"], **stored}]) == [*stored]
    changed = await job.change(
        requisition, items=[{"id": other["id"], "materials_presently_stored": "50", **stored}]
    )
    assert changed["items"][1]["materials_stored_retainage_percent_this_period"] == "10.00"
    too_much = {"work_completed_retainage_released_this_period": "25.01"}
    assert await job.refused(requisition, items=[{"id": item["id"], **too_much}]) == [*too_much]
    job.site.install.levels["commitments"] = "standard"
    assert await job.refused(requisition, items=[{"id": item["id"], **kept}]) == [*kept]


@rule("The percentage retained is told where there is no work yet, and counts for what comes.", API)
async def test_percentage_is_told_before_the_work(job: Job) -> None:
    name = "work_completed_retainage_percent_this_period"
    requisition = await job.bill(
        {"line_item_id": job.lines[0]["id"], name: "5"}, job.work(1, "100", **{name: "5"})
    )
    assert [item[name] for item in requisition["items"]] == ["5.00", "10.00"]
    item = requisition["items"][0]["id"]
    changed = await job.change(requisition, items=[{"id": item, "work_completed_this_period": "100"}])
    assert [item["work_completed_retainage_retained_this_period"] for item in changed["items"]] == [
        "5.00",
        "10.00",
    ]


@rule("Materials stored are new ones and former ones; told together they count only alone.", API)
async def test_new_and_stored_materials(job: Job) -> None:
    first = await job.bill({"line_item_id": job.lines[0]["id"], "materials_presently_stored": "100"})
    assert first["summary"]["new_materials"] == "100.00"
    parts = {"new_materials": "30", "stored_materials": "50", "materials_presently_stored": "999"}
    second = await job.bill({"line_item_id": job.lines[0]["id"], **parts})
    assert second["items"][0]["materials_presently_stored"] == "80.00"
    assert (second["summary"]["new_materials"], second["summary"]["stored_materials"]) == ("30.00", "50.00")
    assert second["items"][0]["gross_amount"] == "-20.00"


async def by_unit(site: Site) -> Job:
    """Return the seeded order of concrete, which is billed by quantity, at its latest requisition."""
    commitments = site.company["commitments"][str(site.project_id)]
    [order] = [row for row in commitments if row["number"] == "PO-001"]
    lines = [{"id": int(line)} for line in order["lines"]]
    return Job(site, {"id": int(order["id"])}, lines)


@rule("On a unit contract quantities are billed, at the contract's price; materials are ignored.", ITEMS)
async def test_unit_contract_bills_quantities(site: Site) -> None:
    job = await by_unit(site)
    before = (await job.list(view="items", filter_commitment_id=job.contract["id"]))[-1]["items"][0]
    row = {
        "line_item_id": job.lines[0]["id"],
        "work_completed_this_period_quantity": "10.5",
        "materials_presently_stored": "77",
    }
    requisition = await job.bill(row)
    [item, _] = requisition["items"]
    assert item["accounting_method"] == "unit"
    assert (item["work_completed_this_period_quantity"], item["scheduled_unit_price"]) == (
        "10.5",
        "165",
    )
    assert (item["work_completed_this_period"], item["materials_presently_stored"]) == ("1732.50", "0.00")
    earlier = "work_completed_from_previous_application_quantity"
    assert Decimal(item[earlier]) == Decimal(before["work_completed_this_period_quantity"])
    told = await job.refused(requisition, items=[{"id": item["id"], "work_completed_this_period": "5"}])
    assert told == ["work_completed_this_period_quantity"]


@rule("On an amount contract a quantity is refused.", NOTES, inferred=True)
async def test_amount_contract_bills_no_quantities(job: Job) -> None:
    requisition = await job.bill()
    body = {
        "requisition_items": [
            {"id": requisition["items"][0]["id"], "work_completed_this_period_quantity": "2"}
        ]
    }
    told = await job.site.refused(
        422, "PATCH", f"{UNDER}/{requisition['id']}/bulk_item_update", body, **job.place
    )
    sentence = "Quantity update not allowed on amount accounting contract"
    assert told == {"errors": {"work_completed_this_period_quantity": [sentence]}}


@rule("v1.0 shows materials of amount contracts only, and quantities of unit contracts only.", ITEMS)
async def test_v1_shows_what_the_method_has(site: Site) -> None:
    amount, unit = await started(site), await by_unit(site)
    [by_amount, *_] = await amount.under(await amount.bill(), "contract_items")
    [by_quantity, *_] = await unit.under(await unit.bill(), "contract_items")
    assert "materials_presently_stored" in by_amount
    assert "scheduled_quantity" not in by_amount
    assert "materials_presently_stored" not in by_quantity
    assert by_quantity["scheduled_quantity"] == "420"
    assert by_amount["item_type"] == "contract_item"


@rule("Lines of the contract are listed, shown and changed by themselves.", ITEMS)
async def test_contract_items(job: Job) -> None:
    requisition = await job.bill()
    rows = await job.under(requisition, "contract_items")
    assert [row["line_item_id"] for row in rows] == [line["id"] for line in job.lines]
    path = f"{UNDER}/{requisition['id']}/contract_items/{rows[0]['id']}"
    body = {"requisition_contract_item": {"work_completed_this_period": "250"}}
    changed = await job.site.patch(path, body, **job.place)
    assert changed["total_completed_and_stored_to_date_percent"] == "25.00"
    assert await job.site.get(path, **job.place) == changed
    await job.site.refused(404, "GET", path.replace("contract_items", "change_order_items"), **job.place)
    await job.site.refused(404, "GET", f"{UNDER}/{requisition['id']}/contract_items/1", **job.place)


@rule("Where a line is broken down its parts are billed, as contract detail items.", DETAIL_ITEMS)
async def test_contract_detail_items(job: Job) -> None:
    base = f"/rest/v1.0/work_order_contracts/{job.contract['id']}/line_item_contract_details"
    details = [
        await job.site.post(
            base,
            {
                **job.place,
                "contract_detail_line_item": {"line_item_id": job.lines[0]["id"], "amount": amount},
            },
        )
        for amount in ("600", "400")
    ]
    requisition = await job.bill(
        {"detail_line_item_id": details[1]["id"], "work_completed_this_period": "40"}
    )
    types = [item["item_type"] for item in requisition["items"]]
    assert types == ["contract_detail_item", "contract_detail_item", "contract_item"]
    rows = await job.under(requisition, "contract_detail_items")
    assert [(row["detail_line_item_id"], row["work_completed_this_period"]) for row in rows] == [
        (details[0]["id"], "0.00"),
        (details[1]["id"], "40.00"),
    ]
    path = f"{UNDER}/{requisition['id']}/contract_detail_items/{rows[0]['id']}"
    body = {"requisition_contract_detail_item": {"work_completed_this_period": "60"}}
    assert (await job.site.patch(path, body, **job.place))["work_completed_this_period"] == "60.00"
    assert await job.site.get(path, **job.place) == (await job.under(requisition, "contract_detail_items"))[0]
    assert len(await job.under(requisition, "contract_items")) == 1


@rule("Many lines are changed at once, or none if one is wrong; nothing comes back.", BULK)
async def test_bulk_update(job: Job) -> None:
    requisition = await job.bill()
    ids = [item["id"] for item in requisition["items"]]
    path = f"{UNDER}/{requisition['id']}/bulk_item_update"

    def rows(*statuses: str) -> Body:
        fields = {"item_type": "contract_item", "work_completed_this_period": "10", "comment": "seen"}
        pairs = zip(ids, statuses, strict=True)
        return {"requisition_items": [{"id": item, "status": status, **fields} for item, status in pairs]}

    answer = await job.site.call("PATCH", path, rows("approved", "rejected"), **job.place)
    assert (answer.status_code, answer.content) == (200, b"")
    after = await job.under(requisition, "contract_items")
    assert [(row["status"], row["comment"], row["work_completed_this_period"]) for row in after] == [
        ("approved", "seen", "10.00"),
        ("rejected", "seen", "10.00"),
    ]
    for wrong in (
        rows("no_action", "draft"),
        {"requisition_items": [{"id": ids[0], "comment": "x"}, {"id": 1}]},
    ):
        await job.site.refused(422, "PATCH", path, wrong, **job.place)
        assert await job.under(requisition, "contract_items") == after
    await job.site.refused(400, "PATCH", path, {}, **job.place)
    answer = await job.site.call("PATCH", path, rows("no_action", "no_action"), **job.place)
    assert [row["status"] for row in await job.under(requisition, "contract_items")] == ["no_action"] * 2


@rule("What the subcontractor claimed at first is told beside what is billed.", BULK)
async def test_claimed_amount(job: Job) -> None:
    requisition = await job.bill(job.work(0, "80", subcontractor_claimed_amount="100"), job.work(1, "20"))
    assert [item["subcontractor_claimed_amount"] for item in requisition["items"]] == ["100.00", "20.00"]
    assert requisition["total_claimed_amount"] == "120.00"


@rule("The detail lists every line with its balance and what is retained of it.", OLDER)
async def test_detail(job: Job) -> None:
    await change_order(job.site, job.contract, "50")
    requisition = await job.bill(job.work(0, "400"))
    rows = await job.under(requisition, "detail")
    assert [(row["item_number"], row["item_type"]) for row in rows] == [
        (1, "contract_item"),
        (2, "contract_item"),
        (3, "change_order_item"),
    ]
    assert (rows[0]["balance_to_finish"], rows[0]["total_retainage_currently_retained"]) == (
        "600.00",
        "40.00",
    )
    assert rows[0]["cost_code_id"] == int(job.site.company["cost_codes"][str(job.site.project_id)]["03-300"])


@rule(
    "Approved change orders of the commitment are on a new requisition; others are not.", GUIDE, inferred=True
)
async def test_change_orders_of_a_new_requisition(job: Job) -> None:
    package = await change_order(job.site, job.contract, "70", "30")
    await change_order(job.site, job.contract, "1000", status="pending")
    requisition = await job.bill()
    rows = await job.under(requisition, "change_order_items")
    assert [(row["change_order_package_id"], row["scheduled_value"], row["position"]) for row in rows] == [
        (package, "70.00", 3),
        (package, "30.00", 4),
    ]
    summary = requisition["summary"]
    assert (summary["net_change_by_change_orders"], summary["contract_sum_to_date"]) == ("100.00", "1600.00")
    assert summary["positive_new_change_order_item_total"] == "100.00"
    contract, more = requisition["item_packages"]
    assert (contract["contract_id"], contract["change_order_id"]) == (job.contract["id"], None)
    assert (more["change_order_id"], more["contract_id"], more["status"]) == (package, None, "approved")
    path = f"{UNDER}/{requisition['id']}/change_order_items/{rows[0]['id']}"
    body = {"requisition_change_order_item": {"work_completed_this_period": "7"}}
    assert (await job.site.patch(path, body, **job.place))["work_completed_this_period"] == "7.00"
    filtered = await job.under(requisition, "change_order_items", filter_change_order_id=package)
    assert len(filtered) == 2
    assert await job.under(requisition, "change_order_items", filter_change_order_id=1) == []


@rule("A change order without lines is billed as a whole.", WHOLE, inferred=True)
async def test_whole_change_order(job: Job) -> None:
    package = await change_order(job.site, job.contract, grand_total="250")
    requisition = await job.bill()
    item = requisition["items"][-1]
    assert (item["item_type"], item["line_item_id"], item["scheduled_value"]) == (
        "whole_change_order_item",
        package,
        "250.00",
    )
    path = f"{UNDER}/{requisition['id']}/whole_change_order_items/{item['id']}"
    body = {**job.place, "requisition_whole_change_order_item": {"work_completed_this_period": "50"}}
    changed = await job.site.patch(path, body)
    assert (changed["work_completed_this_period"], changed["change_order_package_id"]) == ("50.00", package)
    assert (await job.show(requisition))["summary"]["net_change_by_change_orders"] == "250.00"
    assert (await job.site.call("GET", path, **job.place)).headers["content-type"].startswith("text/html")


@rule("A line of a change order names the line of the commitment that it belongs to.", CHANGES)
async def test_change_order_item_names_its_line(job: Job) -> None:
    line = job.lines[0]["id"]
    lines = [{"amount": "40", "commitment_line_item_id": line}]
    await change_order(job.site, job.contract, lines=lines)
    [item] = await job.under(await job.bill(), "change_order_items")
    assert (item["commitment_line_item_id"], item["commitment_line_item_origin_id"]) == (line, None)


@rule("A change order approved later is added to a requisition, and taken off again.", API)
async def test_change_order_is_added_and_removed(job: Job) -> None:
    requisition = await job.bill()
    package = await change_order(job.site, job.contract, "100")
    add, remove = (f"{UNDER}/{requisition['id']}/{what}_change_order_package" for what in ("add", "remove"))
    place = {**job.place, "commitment_id": job.contract["id"], "change_order_package_id": package}
    [added] = await job.site.post(add, None, **place)
    assert (added["scheduled_value"], added["change_order_package_id"]) == ("100.00", package)
    assert (await job.show(requisition))["summary"]["contract_sum_to_date"] == "1600.00"
    await job.site.refused(422, "POST", add, **place)
    await job.site.delete(remove, status=200, **place)
    assert (await job.show(requisition))["summary"]["contract_sum_to_date"] == "1500.00"
    await job.site.refused(422, "DELETE", remove, **place)
    pending = await change_order(job.site, job.contract, "1", status="pending")
    await job.site.refused(422, "POST", add, **{**place, "change_order_package_id": pending})
    foreign = await change_order(job.site, (await started(job.site)).contract, "1")
    await job.site.refused(404, "POST", add, **{**place, "change_order_package_id": foreign})
    await job.site.refused(404, "POST", add, **{**place, "commitment_id": 1})
    await job.site.refused(400, "POST", add, **job.place, commitment_id=job.contract["id"])


async def test_items_that_are_no_lines_are_refused(job: Job) -> None:
    requisition = await job.bill()
    [item, _] = requisition["items"]
    wrong: tuple[Any, ...] = (
        "all",
        [1],
        [{"id": 1}],
        [{}],
        [{"id": item["id"], "item_type": "change_order_item"}],
    )
    for items in wrong:
        assert await job.refused(requisition, items=items) == ["items"]
