"""Prime and commitment change orders: fields, statuses, filters, lines, workflows, and what they do to a contract."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sandbox_orders import Orders
from sandbox_rules import rule
from sandbox_site import Body, Site

from plumbline_sandbox.procore.conventions import moment

REFERENCE = "Procore reference, Prime Change Orders"
LINES = "Procore reference, Prime Change Order Line Items"
PACKAGES = "Procore reference, Change Order Packages"
LOCKING = "Procore docs, Integrating with Procore Financial Tools, record locking"
SUPPORT = "Procore support, default statuses of change orders"
NOTES = "Practitioner notes on a live company"

UNDER_WAY = ("pricing", "not_pricing", "pending", "revised", "proceeding", "not_proceeding")
STATUSES = ("draft", *UNDER_WAY, "pending_billable", "no_charge", "approved", "rejected", "void")
FIELDS = {
    *(
        "id",
        "batch_id",
        "contract_id",
        "legacy_package_id",
        "legacy_request_id",
        "location_id",
        "description",
    ),
    *("title", "invoiced_date", "paid_date", "due_date", "revised_substantial_completion_date"),
    *("signed_change_order_received_date", "updated_at", "created_at", "reviewed_at", "executed", "paid"),
    *("signature_required", "private", "field_change", "grand_total", "schedule_impact_amount", "number"),
    *("type", "revision", "status", "reference", "created_by", "designated_reviewer", "received_from"),
    *("reviewed_by", "change_order_change_reason", "custom_fields", "currency_configuration"),
}


@pytest.fixture
def orders(site: Site) -> Orders:
    return Orders(site)


@rule("A list has every documented field; neither an origin field nor a vendor is among them.", REFERENCE)
async def test_listed_fields(orders: Orders) -> None:
    rows = await orders.site.get(orders.base)
    assert len(rows) == len(orders.seeded)
    assert all(set(row) == FIELDS for row in rows)
    assert all(isinstance(row["id"], int) for row in rows)
    assert rows[0]["grand_total"] == "48500.00"


@rule("A single change order has its attachments too; `view=extended` adds change events.", REFERENCE)
async def test_shown_fields(orders: Orders) -> None:
    made = await orders.make(title="Door")
    assert set(made) == {*FIELDS, "attachments"}
    shown = await orders.site.get(f"{orders.base}/{made['id']}", view="extended")
    assert set(shown) == {*FIELDS, "attachments", "change_events"}
    assert set((await orders.site.get(orders.base, view="extended"))[0]) == {*FIELDS, "change_events"}


@rule("A new change order is a draft of revision 0 and has the contract's next number.", SUPPORT)
async def test_new_change_order(orders: Orders) -> None:
    made = await orders.make()
    assert (made["status"], made["revision"], made["number"]) == ("draft", 0, "005")
    assert (made["grand_total"], made["executed"], made["paid"]) == ("0.00", False, False)
    assert made["created_by"]["name"] == orders.site.app.user.name


@rule("Fields are written as documented, people by their ids.", REFERENCE)
async def test_written_fields(orders: Orders) -> None:
    [reviewer, *_] = orders.site.company["users"]
    days = dict.fromkeys(("due_date", "paid_date", "invoiced_date"), "2026-03-04")
    days["signed_change_order_received_date"] = "2026-03-05"
    flags = dict.fromkeys(("executed", "paid", "private", "field_change", "signature_required"), True)
    plain = {"title": "Door", "description": "Oak", "reference": "RFI 7", "number": "A-1", "revision": 2}
    numbers = {"schedule_impact_amount": -3, "batch_id": 12, "location_id": 13}
    people: Body = {"designated_reviewer_id": int(reviewer["id"])}
    written: Body = {**days, **flags, **plain, **numbers}
    made = await orders.make(**written, **people)
    for name, value in written.items():
        assert made[name] == value, name
    assert made["designated_reviewer"] == {"id": int(reviewer["id"]), "name": reviewer["name"]}
    cleared = await orders.change(made["id"], due_date=None)
    assert (cleared["due_date"], cleared["paid_date"]) == (None, "2026-03-04")


async def test_unknown_reviewer_is_refused(orders: Orders) -> None:
    body = {"change_order": {"contract_id": orders.contract_id, "received_from_id": 7}}
    refused = await orders.site.refused(422, "POST", orders.base, body)
    assert refused == {"errors": {"received_from_id": ["is invalid"]}}


@rule("A change order needs a contract of the project's.", REFERENCE)
@pytest.mark.parametrize("contract_id", [None, 1])
async def test_contract_is_needed(orders: Orders, contract_id: int | None) -> None:
    body = {"change_order": {"contract_id": contract_id}}
    refused = await orders.site.refused(422, "POST", orders.base, body)
    assert list(refused["errors"]) == ["contract_id"]


@rule("A change order has one of twelve statuses; any other is refused.", REFERENCE)
async def test_statuses(orders: Orders) -> None:
    made = await orders.make()
    for status in STATUSES:
        assert (await orders.change(made["id"], status=status))["status"] == status
    body = {"change_order": {"status": "paid"}}
    refused = await orders.site.refused(422, "PATCH", f"{orders.base}/{made['id']}", body)
    assert refused == {"errors": {"status": ["is not included in the list"]}}


@rule(
    "A company names statuses itself; each stands for a standard one.",
    "Procore reference, Change Order Statuses",
)
async def test_named_statuses(orders: Orders) -> None:
    path = "/rest/v1.0/change_order/statuses"
    rows = await orders.site.get(path, company_id=orders.site.company_id)
    assert all(set(row) == {"id", "name", "mapped_to_status", "show_in_select"} for row in rows)
    assert {row["mapped_to_status"] for row in rows} == set(STATUSES)
    [own] = [row for row in rows if row["name"] == "Owner Reviewing"]
    assert own["mapped_to_status"] == "pending"
    await orders.site.refused(400, "GET", path)


@rule(
    "A company's own status is read by its name where any status may stand, filtered and counted as the standard one.",
    "Procore reference, Change Order Statuses, Prime Change Orders",
    inferred=True,
)
async def test_own_status(orders: Orders) -> None:
    made = await orders.make(amount="100.00", status="Owner Reviewing")
    assert made["status"] == "Owner Reviewing"
    pending = await orders.site.get(orders.base, filter_status="pending")
    assert made["id"] in {row["id"] for row in pending}
    package = await orders.site.get(
        f"/rest/v1.0/change_order_packages/{made['legacy_package_id']}", project_id=orders.project_id
    )
    assert package["status"] == "pending"
    assert (await orders.contract())["pending_change_orders_amount"] == "18500.00"


@rule("Change orders are filtered by id, batch, package, contract and the contract's vendor.", REFERENCE)
async def test_filters_by_number(orders: Orders) -> None:
    made = await orders.make(batch_id=9)
    contract = await orders.contract()
    for name, wanted, found in (
        ("id", made["id"], 1),
        ("batch_id", 9, 1),
        ("legacy_package_id", made["legacy_package_id"], 1),
        ("contract_id", orders.contract_id, 5),
        ("vendor_id", contract["vendor"]["id"], 5),
    ):
        rows = await orders.site.get(orders.base, **{f"filter_{name}": wanted})
        assert len(rows) == found, name
        assert made["id"] in {row["id"] for row in rows}, name
        assert await orders.site.get(orders.base, **{f"filter_{name}": 1}) == [], name


@rule("Change orders are filtered by executed, signature_required, status and time of change.", REFERENCE)
async def test_other_filters(orders: Orders) -> None:
    now = orders.site.lab.world.clock.now()
    orders.site.lab.world.clock.step(3600)
    made = await orders.make(executed=True, signature_required=True, status="proceeding")
    later = f"{moment(now + timedelta(minutes=30))}...{moment(now + timedelta(hours=2))}"
    wanted = {"executed": "true", "signature_required": "true", "status": "proceeding", "updated_at": later}
    for name, value in wanted.items():
        rows = await orders.site.get(orders.base, **{f"filter_{name}": value})
        assert [row["id"] for row in rows] == [made["id"]], name
    assert len(await orders.site.get(orders.base, filter_executed="false")) == 4
    await orders.site.refused(400, "GET", orders.base, filter_status="paid")


@rule("Change orders are sorted by id or created_at, downwards with a minus.", REFERENCE)
async def test_sorting(orders: Orders) -> None:
    orders.site.lab.world.clock.step(60)
    made = await orders.make()
    for field in ("id", "created_at"):
        rows = await orders.site.get(orders.base, sort=f"-{field}")
        assert rows[0]["id"] == made["id"]
        assert (await orders.site.get(orders.base, sort=field))[-1]["id"] == made["id"]


@rule("The list has no pages: no `page` or `per_page` is documented.", REFERENCE, inferred=True)
async def test_list_has_no_pages(orders: Orders) -> None:
    answer = await orders.site.call("GET", orders.base, page=2, per_page=1)
    assert len(answer.json()) == len(orders.seeded)
    assert "total" not in answer.headers


@rule(
    "`reviewed_at` is the date of approval; it and the reviewer go when the approval goes.",
    REFERENCE,
    inferred=True,
)
async def test_review(orders: Orders) -> None:
    made = await orders.make()
    assert made["reviewed_at"] is None
    approved = await orders.change(made["id"], status="approved")
    assert approved["reviewed_at"] == moment(orders.site.lab.world.clock.now())
    assert approved["reviewed_by"]["id"] == orders.site.app.user.id
    back = await orders.change(made["id"], status="pending")
    assert (back["reviewed_at"], back["reviewed_by"]) == (None, None)


@rule("An approved change order cannot be deleted; others can.", LOCKING)
async def test_deletion(orders: Orders) -> None:
    made = await orders.make()
    path = f"{orders.base}/{made['id']}"
    await orders.change(made["id"], status="approved")
    refused = await orders.site.refused(400, "DELETE", path)
    assert refused == {"errors": {"base": ["cannot be deleted because it is approved"]}}
    await orders.change(made["id"], status="void")
    await orders.site.delete(path)
    await orders.site.refused(404, "GET", path)
    assert made["id"] not in {row["id"] for row in await orders.site.get(orders.base)}


@rule(
    "A status that a workflow sets cannot be changed by the API (422); everything else can.",
    NOTES,
    inferred=True,
)
async def test_workflow_locks_the_status(orders: Orders) -> None:
    made = await orders.make()
    package = f"change_orders/{made['legacy_package_id']}"
    await orders.site.person("PATCH", package, {"workflow": True})
    body = {"change_order": {"status": "approved"}}
    refused = await orders.site.refused(422, "PATCH", f"{orders.base}/{made['id']}", body)
    sentence = (
        "The status of this Prime Contract Change Order cannot be changed because it is set via workflow."
    )
    assert refused == {"errors": {"status": [sentence]}}
    assert (await orders.change(made["id"], title="Still free"))["title"] == "Still free"
    await orders.site.person("PATCH", package, {"status": "approved"})
    assert (await orders.show(made["id"]))["status"] == "approved"
    await orders.site.person("PATCH", package, {"workflow": False})
    assert (await orders.change(made["id"], status="void"))["status"] == "void"


@rule(
    "Without the level for prime contracts there are no prime change orders to see or to make.",
    NOTES,
    inferred=True,
)
async def test_permission(orders: Orders) -> None:
    orders.site.install.levels["prime_contracts"] = "none"
    assert await orders.site.get(orders.base) == []
    await orders.site.refused(403, "POST", orders.base, {"change_order": {"contract_id": orders.contract_id}})


@rule(
    "Projects of three tiers have no prime or commitment change orders; that the answer is 403 is inferred.",
    REFERENCE,
)
@pytest.mark.parametrize("name", ["prime_change_orders", "commitment_change_orders"])
async def test_three_tiers(site: Site, name: str) -> None:
    orders = Orders(site, tiers=3)
    refused = await site.refused(403, "GET", f"{site.project}/{name}")
    assert "1 and 2 tier" in refused["errors"][0]
    body = {"change_order": {"contract_id": orders.contract_id}}
    await site.refused(403, "POST", f"{site.project}/{name}", body)


# Lines


@rule("A line of v2.0 has string ids, an amount as text and a quantity as a number; POST answers 200.", LINES)
async def test_line(orders: Orders) -> None:
    made = await orders.make()
    [wbs_code_id, *_] = await orders.wbs_codes()
    line = await orders.add_line(made["id"], amount="1250.50", description="Frame")
    assert line == {
        "id": line["id"],
        "prime_line_item_id": None,
        "description": "Frame",
        "uom": None,
        "quantity": None,
        "unit_cost": None,
        "amount": "1250.50",
        "extended_type": "manual",
        "wbs_code_id": str(wbs_code_id),
        "wbs_code": {"id": str(wbs_code_id), "flat_code": "01-100", "description": "General conditions"},
        "tax_code_id": None,
        "position": 1,
    }
    path = orders.lines_of(made["id"])
    assert (await orders.site.get(path))["data"] == [line]
    assert (await orders.site.get(f"{path}/{line['id']}"))["data"] == line
    assert (await orders.show(made["id"]))["grand_total"] == "1250.50"


@rule("Lines are changed and deleted, and the total follows.", LINES)
async def test_changed_line(orders: Orders) -> None:
    made = await orders.make()
    first = await orders.add_line(made["id"], amount="100")
    await orders.add_line(made["id"], amount="-30")
    path = f"{orders.lines_of(made['id'])}/{first['id']}"
    assert (await orders.site.patch(path, {"amount": "50.25"}))["data"]["amount"] == "50.25"
    assert (await orders.show(made["id"]))["grand_total"] == "20.25"
    await orders.site.delete(path)
    await orders.site.refused(404, "GET", path)
    assert (await orders.show(made["id"]))["grand_total"] == "-30.00"


@rule("A new line needs a budget code, and an amount where the contract is accounted by amount.", LINES)
async def test_line_needs_code_and_amount(orders: Orders) -> None:
    made = await orders.make()
    refused = await orders.site.refused(400, "POST", orders.lines_of(made["id"]), {})
    sources = [detail["source"] for detail in refused["error"]["details"]]
    assert sources == ["wbs_code_id", "amount"]


@rule("Quantities are only accepted where the contract is accounted by unit.", LINES)
async def test_quantity_on_an_amount_contract(orders: Orders) -> None:
    made = await orders.make()
    [code, *_] = await orders.wbs_codes()
    body = {"wbs_code_id": str(code), "amount": "1", "quantity": "2"}
    refused = await orders.site.refused(400, "POST", orders.lines_of(made["id"]), body)
    assert [detail["source"] for detail in refused["error"]["details"]] == ["quantity"]


@rule("Accounted by unit, an amount that is left out is quantity times unit cost.", LINES)
async def test_quantity_on_a_unit_contract(orders: Orders) -> None:
    record = orders.site.lab.world.procore.prime_contracts.truth(orders.contract_id)
    assert record
    assert record.value
    record.value = {**record.value, "accounting_method": "unit"}
    made = await orders.make()
    line = await orders.add_line(made["id"], quantity="2.5", unit_cost="10.10", uom="m2")
    assert (line["amount"], line["quantity"], line["extended_type"]) == ("25.25", 2.5, "calculated")
    given = await orders.add_line(made["id"], quantity="2", unit_cost="3", amount="7")
    assert (given["amount"], given["extended_type"]) == ("7.00", "manual")


@rule("The id of a budget code is not the id of a cost code.", NOTES, inferred=True)
async def test_cost_code_is_no_budget_code(orders: Orders) -> None:
    made = await orders.make()
    cost_code = orders.site.company["cost_codes"][str(orders.project_id)]["01-100"]
    body = {"wbs_code_id": cost_code, "amount": "1"}
    refused = await orders.site.refused(400, "POST", orders.lines_of(made["id"]), body)
    assert [detail["source"] for detail in refused["error"]["details"]] == ["wbs_code_id"]


@rule("The lines of an approved change order cannot be changed.", LOCKING)
async def test_lines_of_an_approved_change_order(orders: Orders) -> None:
    made = await orders.make(amount="10")
    path = orders.lines_of(made["id"])
    [line] = (await orders.site.get(path))["data"]
    await orders.change(made["id"], status="approved")
    [code, *_] = await orders.wbs_codes()
    for method, where, body in (
        ("POST", path, {"wbs_code_id": code, "amount": "1"}),
        ("PATCH", f"{path}/{line['id']}", {"amount": "1"}),
        ("DELETE", f"{path}/{line['id']}", None),
    ):
        refused = await orders.site.refused(400, method, where, body)
        assert refused["error"]["details"][0]["source"] == "base"
    assert (await orders.site.get(path))["data"] == [line]


# What change orders do to a contract


async def amounts(orders: Orders) -> dict[str, Decimal]:
    contract = await orders.contract()
    names = ("approved_change_orders_amount", "pending_change_orders_amount", "draft_change_orders_amount")
    return {name.split("_")[0]: Decimal(contract[name]) for name in names} | {
        "revised": Decimal(contract["revised_contract_amount"]),
        "balance": Decimal(contract["outstanding_balance"]),
    }


@rule("A draft does not touch the contract; an approved change order does.", NOTES, inferred=True)
async def test_approval_changes_the_contract(orders: Orders) -> None:
    before = await amounts(orders)
    made = await orders.make(amount="1000.00")
    draft = await amounts(orders)
    assert {name: draft[name] - before[name] for name in before} == {
        "approved": 0,
        "pending": 0,
        "draft": 1000,
        "revised": 0,
        "balance": 0,
    }
    await orders.change(made["id"], status="approved")
    after = await amounts(orders)
    assert {name: after[name] - before[name] for name in before} == {
        "approved": 1000,
        "pending": 0,
        "draft": 0,
        "revised": 1000,
        "balance": 1000,
    }


@rule("Statuses under way count as pending; no charge, rejected and void count nowhere.", SUPPORT)
@pytest.mark.parametrize("status", [*UNDER_WAY, "no_charge", "rejected", "void"])
async def test_pending_amounts(orders: Orders, status: str) -> None:
    assert await added(orders, status) == (70 if status in UNDER_WAY else 0)


@rule("What is `pending_billable` counts as pending.", REFERENCE, inferred=True)
async def test_pending_billable_amounts(orders: Orders) -> None:
    assert await added(orders, "pending_billable") == 70


async def added(orders: Orders, status: str) -> Decimal:
    """Add a change order over 70.00; give what it adds to the pending amount, and to nothing else."""
    before = await amounts(orders)
    await orders.make(amount="70.00", status=status)
    after = await amounts(orders)
    assert {after[name] - before[name] for name in ("approved", "draft", "revised")} == {0}
    return after["pending"] - before["pending"]


@rule("Line items of a contract are its original schedule; growth is not among them.", NOTES, inferred=True)
async def test_contract_lines_stay_the_original_schedule(orders: Orders) -> None:
    contract = await orders.contract()
    assert Decimal(contract["revised_contract_amount"]) == Decimal("648500.00")
    path = f"/rest/v1.0/prime_contracts/{orders.contract_id}/line_items"
    lines = await orders.site.get(path, project_id=orders.project_id)
    assert sum(Decimal(line["amount"]) for line in lines) == Decimal("600000.00")


async def test_seeded_approvals_that_nobody_billed(site: Site) -> None:
    for company in site.lab.description["companies"]:
        approved = [
            Decimal(order["amount"])
            for project in company["projects"]
            for order in project["change_orders"]
            if order["status"] == "approved"
        ]
        assert sum(approved) == Decimal("250000.00")
        assert len(approved) == 6


# On owner invoices


async def schedule(site: Site, application_id: int) -> list[Body]:
    path = f"/rest/v1.0/payment_applications/{application_id}"
    rows: list[Body] = (await site.get(path, project_id=site.project_id))["g703"]
    return [row for row in rows if row["added_from_source"] == "change_order"]


async def invoice(site: Site) -> int:
    """Let the API make an application, whose schedule of values follows from the contract."""
    path = f"/rest/v1.0/prime_contracts/{site.contract_id}/payment_applications"
    made = await site.post(path, {"project_id": site.project_id, "payment_application": {}})
    return int(made["id"])


@rule("The next owner invoice has a row for each line of an approved change order.", NOTES, inferred=True)
async def test_next_invoice_has_the_rows(orders: Orders) -> None:
    made = await orders.make(amount="100")
    await orders.add_line(made["id"], amount="250.50", description="More")
    await orders.change(made["id"], status="approved")
    orders.site.lab.world.clock.step(61)
    rows = await schedule(orders.site, await invoice(orders.site))
    mine = [row for row in rows if row["added_from_source_id"] == made["legacy_package_id"]]
    assert [row["scheduled_value"] for row in mine] == ["100.00", "250.50"]
    assert [row["origin_type"] for row in mine] == ["LineItem", "LineItem"]
    lines = (await orders.site.get(orders.lines_of(made["id"])))["data"]
    assert [str(row["origin_id"]) for row in mine] == [line["id"] for line in lines]
    assert {row["work_completed_this_period"] for row in mine} == {"0.00"}


@rule(
    "Rows appear about a minute after the approval, on invoices that are not approved; `added_from_source_id` is the "
    "package's id.",
    NOTES,
    inferred=True,
)
async def test_rows_appear_late(orders: Orders) -> None:
    open_id, closed_id = await invoice(orders.site), await invoice(orders.site)
    closed = f"payment_applications/{closed_id}"
    await orders.site.person("PATCH", closed, {"status": "approved"})
    made = await orders.make(amount="77.00")
    await orders.change(made["id"], status="approved")
    orders.site.lab.world.clock.step(55)
    assert made["legacy_package_id"] not in {
        row["added_from_source_id"] for row in await schedule(orders.site, open_id)
    }
    orders.site.lab.world.clock.step(6)
    [row] = [
        row
        for row in await schedule(orders.site, open_id)
        if row["added_from_source_id"] == made["legacy_package_id"]
    ]
    assert row["scheduled_value"] == "77.00"
    assert len(await schedule(orders.site, closed_id)) == 1


async def test_fault_makes_the_rows_later(orders: Orders) -> None:
    match = {"project": str(orders.project_id)}
    orders.site.lab.world.faults.add({"name": "late-rows", "match": match, "args": {"ms": 600_000}})
    application = await invoice(orders.site)
    made = await orders.make(amount="5", status="approved")
    for step, there in ((590, False), (11, True)):
        orders.site.lab.world.clock.step(step)
        sources = {row["added_from_source_id"] for row in await schedule(orders.site, application)}
        assert (made["legacy_package_id"] in sources) is there


@rule("A row's work is billed, and is previous work on the next invoice.", NOTES, inferred=True)
async def test_billed_row_goes_on(orders: Orders) -> None:
    first = await invoice(orders.site)
    [row] = await schedule(orders.site, first)
    nested = f"/rest/v1.0/prime_contracts/{orders.contract_id}"
    body = {
        "project_id": orders.project_id,
        "payment_application_line_item": {"work_completed_this_period": "500"},
    }
    await orders.site.patch(f"{nested}/payment_application_line_items/{row['id']}", body)
    await orders.site.person("PATCH", f"payment_applications/{first}", {"status": "approved"})
    [again] = await schedule(orders.site, await invoice(orders.site))
    assert again["work_completed_from_previous_application"] == "500.00"
    assert again["id"] != row["id"]


@rule(
    "Rows of a change order that is approved no longer leave open invoices, unless something was billed on them.",
    NOTES,
    inferred=True,
)
@pytest.mark.parametrize("billed", [False, True])
async def test_rows_leave(orders: Orders, billed: bool) -> None:
    made = await orders.make(amount="40", status="approved")
    orders.site.lab.world.clock.step(61)
    application = await invoice(orders.site)
    [row] = [r for r in await schedule(orders.site, application) if r["scheduled_value"] == "40.00"]
    if billed:
        path = f"/rest/v1.0/prime_contracts/{orders.contract_id}/payment_application_line_items/{row['id']}"
        values: Any = {"work_completed_this_period": "1"}
        await orders.site.patch(
            path, {"project_id": orders.project_id, "payment_application_line_item": values}
        )
    await orders.change(made["id"], status="void")
    left = [r["id"] for r in await schedule(orders.site, application)]
    assert (row["id"] in left) is billed


async def test_invoice_owned_by_an_erp_gets_no_rows(orders: Orders) -> None:
    path = f"/rest/v1.0/prime_contracts/{orders.contract_id}/payment_applications"
    body = {"project_id": orders.project_id, "payment_application": {"origin_id": "QB-1"}}
    owned = await orders.site.post(path, body)
    await orders.make(amount="9", status="approved")
    orders.site.lab.world.clock.step(61)
    assert len(await schedule(orders.site, owned["id"])) == 1


@rule("A whole change order is one row where no line tells what it is worth.", PACKAGES, inferred=True)
async def test_whole_change_order_is_one_row(site: Site) -> None:
    orders = Orders(site, tiers=3)
    package = await orders.order(
        "change_order_packages", grand_total="900.00", status="approved", title="Crane"
    )
    site.lab.world.clock.step(61)
    rows = await schedule(site, await invoice(site))
    [row] = [row for row in rows if row["added_from_source_id"] == package["id"]]
    assert (row["origin_type"], row["origin_id"]) == ("ChangeOrderPackage", package["id"])
    assert (row["scheduled_value"], row["description_of_work"]) == ("900.00", "Crane")


@rule(
    "Switch: change orders that are approved and executed are missing from the list, and still there by id.",
    NOTES,
    inferred=True,
)
async def test_executed_change_orders_vanish_from_the_list(orders: Orders) -> None:
    gone = await orders.make(status="approved", executed=True)
    kept = await orders.make(status="approved")
    orders.site.lab.world.faults.add({"name": "executed-vanish", "times": 1})
    listed = {row["id"] for row in await orders.site.get(orders.base)}
    assert kept["id"] in listed
    assert gone["id"] not in listed
    assert (await orders.show(gone["id"]))["status"] == "approved"
    assert gone["id"] in {row["id"] for row in await orders.site.get(orders.base)}


async def test_stale_reads_show_the_status_before(orders: Orders) -> None:
    made = await orders.make(amount="10")
    orders.site.lab.world.faults.add({"name": "stale-truth", "match": {"entity": "change_order_package"}})
    before = await amounts(orders)
    changed = await orders.site.patch(f"{orders.base}/{made['id']}", {"change_order": {"status": "approved"}})
    assert changed["status"] == "approved"
    assert (await orders.show(made["id"]))["status"] == "draft"
    assert await amounts(orders) == before
    orders.site.lab.world.clock.step(4)
    assert (await orders.show(made["id"]))["status"] == "approved"
