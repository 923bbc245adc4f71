"""Requisitions of Procore, which people call subcontractor invoices."""

import pytest
from sandbox_commitments import BILLS, UNDER, Job, lately, started
from sandbox_mailbox import Mailbox
from sandbox_rules import rule
from sandbox_site import Site

API = "Procore reference, Requisitions v1.1"
OLDER = "Procore reference, Requisitions v1.0"
GUIDE = "Procore docs, Working with Subcontractor Invoices"
HISTORY = "Procore reference, Requisition Change Histories"
PREFILLED = "Procore reference, Requisition Line Item Payment Application Associations"
ERP = "Procore docs, Working with the Financial Tools"
STATUSES = (
    "draft",
    "under_review",
    "revise_and_resubmit",
    "approved",
    "approved_as_noted",
    "pending_owner_approval",
)


@pytest.fixture
async def job(site: Site) -> Job:
    return await started(site)


@rule("A requisition has one of six statuses.", API)
async def test_statuses(job: Job) -> None:
    requisition = await job.bill()
    for status in STATUSES:
        assert (await job.change(requisition, status=status))["status"] == status
        rows = await job.list(filter_status=status, filter_commitment_id=job.contract["id"])
        assert [row["id"] for row in rows] == [requisition["id"]]
    for status in ("paid", "void", "Approved"):
        assert await job.refused(requisition, status=status) == ["status"]
    await job.site.refused(400, "GET", BILLS, **job.place, filter_status="paid")


@rule("A new requisition has the commitment's schedule, its number, vendor and newest open period.", GUIDE)
async def test_new_requisition(job: Job) -> None:
    requisition = await job.bill()
    assert [
        (item["item_type"], item["line_item_id"], item["scheduled_value"]) for item in requisition["items"]
    ] == [
        ("contract_item", job.lines[0]["id"], "1000.00"),
        ("contract_item", job.lines[1]["id"], "500.00"),
    ]
    vendor = job.site.company["subcontractors"][0]
    expected = {
        "previous_requisition_id": None,
        "number": 1,
        "invoice_number": "1",
        "status": "draft",
        "final": False,
        "commitment_id": job.contract["id"],
        "commitment_type": "WorkOrderContract",
        "contract_name": "SC-003 Roof",
        "vendor_id": int(vendor["id"]),
        "vendor_name": vendor["name"],
        "requisition_start": "2026-11-01",
        "requisition_end": "2026-11-30",
        "percent_complete": "0.00%",
        "origin_id": None,
        "erp_status": None,
        "deletable": True,
    }
    assert {name: requisition[name] for name in expected} == expected
    second = await job.bill(invoice_number="ABC-2")
    assert (second["number"], second["invoice_number"]) == (2, "ABC-2")
    assert second["previous_requisition_id"] == requisition["id"]


@rule("Project and commitment must be told, and the commitment be the project's.", API)
async def test_commitment_must_be_told(job: Job) -> None:
    told = await job.site.refused(400, "POST", BILLS, job.place)
    assert list(told["errors"]) == ["commitment_id"]
    for wrong in (1, job.site.contract_id):
        await job.site.refused(404, "POST", BILLS, {**job.place, "commitment_id": wrong})


@rule("Commitments that are not approved, or do not allow it, take no requisitions.", GUIDE, inferred=True)
async def test_commitment_must_take_requisitions(site: Site) -> None:
    for fields in ({"status": "Draft"}, {"allow_payment_applications": False}):
        job = await started(site, **fields)
        body = {**job.place, "commitment_id": job.contract["id"]}
        assert list((await site.refused(422, "POST", BILLS, body))["errors"]) == ["commitment_id"]


@rule("A requisition moves to another period of its project with the period's dates.", API, inferred=True)
async def test_period(job: Job) -> None:
    october, november = await job.site.get(f"{job.site.project}/billing_periods")
    requisition = await job.bill()
    assert requisition["period_id"] == november["id"]
    moved = await job.change(requisition, period_id=october["id"])
    assert (moved["requisition_start"], moved["requisition_end"]) == ("2026-10-01", "2026-10-31")
    assert moved["billing_date"] == october["due_date"]
    kept = await job.change(requisition, requisition_end="2026-10-20")
    assert kept["requisition_end"] == "2026-10-20"
    assert await job.refused(requisition, period_id=1) == ["period_id"]
    assert await job.refused(requisition, requisition_end="2026-09-30") == ["requisition_end"]


@rule("Only the latest requisition of a commitment may be changed or deleted.", GUIDE)
async def test_only_the_latest_may_be_changed(job: Job) -> None:
    first, second = await job.bill(), await job.bill()
    assert [(await job.show(one))["deletable"] for one in (first, second)] == [False, True]
    assert await job.refused(first, invoice_number="9") == ["base"]
    path = f"{BILLS}/{first['id']}"
    await job.site.refused(422, "DELETE", path, **job.place)
    items = {"requisition_items": [{"id": first["items"][0]["id"], "comment": "late"}]}
    await job.site.refused(422, "PATCH", f"{UNDER}/{first['id']}/bulk_item_update", items, **job.place)
    await job.site.delete(f"{BILLS}/{second['id']}", status=200, **job.place)
    await job.site.refused(404, "GET", f"{BILLS}/{second['id']}", **job.place)
    assert (await job.change(first, invoice_number="9"))["invoice_number"] == "9"
    assert (await job.bill())["number"] == 2


@rule("Below the level admin only an open one may be changed or deleted: draft or to be revised.", OLDER)
@pytest.mark.parametrize("status", STATUSES)
async def test_who_does_not_administer_changes_open_ones(job: Job, status: str) -> None:
    requisition = await job.bill(status=status)
    job.site.install.levels["commitments"] = "standard"
    path = f"{BILLS}/{requisition['id']}"
    if status in {"draft", "revise_and_resubmit"}:
        await job.change(requisition, invoice_number="7")
        await job.site.delete(path, status=200, **job.place)
    else:
        assert (await job.show(requisition))["deletable"] is False
        assert await job.refused(requisition, invoice_number="7") == ["base"]
        await job.site.refused(422, "DELETE", path, **job.place)


@rule("Below the level admin one saves and submits; every other status is an administrator's to give.", API)
async def test_who_does_not_administer_only_submits(job: Job) -> None:
    requisition = await job.bill()
    job.site.install.levels["commitments"] = "standard"
    for status in STATUSES[2:]:
        await job.site.refused(
            403, "PATCH", f"{BILLS}/{requisition['id']}", {**job.place, "requisition": {"status": status}}
        )
    submitted = await job.change(requisition, status="under_review")
    today = job.site.lab.world.clock.now().date().isoformat()
    assert (submitted["status"], submitted["submitted_at"]) == ("under_review", today)


@rule("A requisition with an origin_id is locked: it has been synced with ERP.", ERP)
async def test_synced_requisition_is_locked(job: Job) -> None:
    requisition = await job.bill(status="approved")
    synced = await job.change(requisition, origin_id="QB-7", origin_data="bill 7")
    assert (synced["erp_status"], synced["deletable"]) == ("synced", False)
    told = await job.site.refused(
        422, "PATCH", f"{BILLS}/{requisition['id']}", {**job.place, "requisition": {"status": "draft"}}
    )
    assert told == {"errors": {"base": ["cannot be edited because it has been synced with ERP"]}}
    await job.site.refused(422, "DELETE", f"{BILLS}/{requisition['id']}", **job.place)
    item = requisition["items"][0]["id"]
    body = {**job.place, "requisition_contract_item": {"work_completed_this_period": "1"}}
    await job.site.refused(422, "PATCH", f"{UNDER}/{requisition['id']}/contract_items/{item}", body)


@rule("origin_id is unique among a company's requisitions.", ERP)
async def test_origin_id_is_unique(job: Job) -> None:
    await job.bill(origin_id="QB-7")
    other = await started(job.site)
    requisition = await other.bill()
    assert await other.refused(requisition, origin_id="QB-7") == ["origin_id"]
    assert (await other.change(requisition, origin_id="QB-8"))["origin_id"] == "QB-8"


@rule("Lines are in the views items and extended, controls in action_policy; default has neither.", API)
async def test_views(job: Job) -> None:
    requisition = await job.bill()
    parts = {"items", "item_packages", "summary_text", "accounting_method", "action_policy"}
    for view, expected in (
        ("default", set()),
        ("items", {"items", "item_packages"}),
        ("extended", parts - {"action_policy"}),
        ("action_policy", {"action_policy"}),
    ):
        shown = await job.show(requisition, view)
        [listed] = await job.list(view=view, filter_id=requisition["id"])
        assert listed == shown
        assert parts & shown.keys() == expected
        assert {"summary", "attachments"} <= shown.keys()
    assert (await job.list(filter_id=requisition["id"]))[0] == await job.show(requisition, "default")
    text = (await job.show(requisition))["summary_text"]
    assert (text["to_general_contractor"], text["subcontractor_name"]) == (
        "Lone Star Builders",
        "Hill Country Plumbing",
    )
    await job.site.refused(400, "GET", BILLS, **job.place, view="everything")


@rule("A page has thirty rows unless the caller says.", API)
async def test_thirty_rows_a_page(job: Job) -> None:
    for _ in range(31):
        await job.bill()
    answer = await job.site.call("GET", BILLS, **job.place, filter_commitment_id=job.contract["id"])
    assert (len(answer.json()), answer.headers["total"], answer.headers["per-page"]) == (30, "31", "30")


@rule("`filters[is_last]` keeps the last requisitions (true) or all but them (false).", API, inferred=True)
async def test_last_of_each_commitment(job: Job) -> None:
    first, second = await job.bill(), await job.bill()
    everything = {row["id"] for row in await job.list()}
    last = {row["id"] for row in await job.list(filter_is_last="true")}
    rest = {row["id"] for row in await job.list(filter_is_last="false")}
    assert last | rest == everything
    assert not last & rest
    assert (second["id"] in last, first["id"] in rest) == (True, True)
    mine = await job.list(filter_is_last="true", filter_commitment_id=job.contract["id"])
    assert [row["id"] for row in mine] == [second["id"]]
    await job.site.refused(400, "GET", BILLS, **job.place, filter_is_last="1")


@rule("Lists are filtered by id, commitment, period, origin_id, and when created or updated.", API)
async def test_filters(job: Job) -> None:
    october, _ = await job.site.get(f"{job.site.project}/billing_periods")
    job.site.lab.world.clock.step(3600)
    requisition = await job.bill(period_id=october["id"], origin_id="QB-7")
    for name, value in (
        ("id", requisition["id"]),
        ("commitment_id", job.contract["id"]),
        ("origin_id", "QB-7"),
        ("created_at", lately(job.site)),
        ("updated_at", lately(job.site)),
    ):
        rows = await job.list(**{f"filter_{name}": value})
        assert [row["id"] for row in rows] == [requisition["id"]], name
    in_october = await job.list(filter_period_id=october["id"])
    assert requisition["id"] in {row["id"] for row in in_october}
    assert {row["period_id"] for row in in_october} == {october["id"]}
    assert len(in_october) < len(await job.list())


@rule("Changes of a requisition are listed with who made them, the value before and the one after.", HISTORY)
async def test_change_histories(job: Job) -> None:
    requisition = await job.bill()
    assert await job.under(requisition, "change_histories") == []
    await job.change(requisition, status="under_review", invoice_number="A-1")
    review = await job.site.lab.control.patch(
        f"/control/procore/requisitions/{requisition['id']}", json={"status": "approved"}
    )
    assert review.status_code == 200
    rows = await job.under(requisition, "change_histories")
    changes = [(row["column"], row["old_value"], row["new_value"]) for row in rows]
    assert ("invoice_number", "1", "A-1") in changes
    assert [change for change in changes if change[0] == "status"] == [
        ("status", "draft", "under_review"),
        ("status", "under_review", "approved"),
    ]
    assert {row["action_by"] for row in rows} == {"Lone Star Builders integration", "Pat Person"}
    assert {(row["ref_id"], row["ref_type"]) for row in rows} == {
        (requisition["id"], "Billings::Requisition")
    }


@rule(
    "v2.0 sets when a requisition is to be paid, and answers with that.",
    "Procore reference, Requisitions v2.0",
)
async def test_payment_details(job: Job) -> None:
    requisition = await job.bill()
    path = f"{job.site.v2_project}/requisitions/{requisition['id']}/payment_details"
    told = await job.site.patch(path, {"due_date": "2027-02-02"})
    assert told == {"data": {"due_date": "2027-02-02"}}
    body = await job.site.refused(422, "PATCH", path, {"due_date": "soon"})
    assert body["error"]["details"][0]["source"] == "due_date"


@rule("Lines tell the owner invoices they went into, to whoever may see those.", PREFILLED)
async def test_associations(job: Job) -> None:
    requisition = await job.bill(job.work(0, "1"))
    path = (
        f"{job.site.v2_project}/invoices/requisitions/{requisition['id']}"
        "/line_item_payment_application_associations"
    )
    assert (await job.site.get(path))["data"] == []
    bill = await job.site.bill(commitment_billing_period_id=requisition["period_id"])
    await job.site.bill()
    rows = (await job.site.get(path))["data"]
    items = [str(item["id"]) for item in requisition["items"]]
    assert [(row["line_item_id"], row["item_type"], row["payment_application"]["id"]) for row in rows] == [
        (items[0], "contract_item", str(bill)),
        (items[1], "contract_item", str(bill)),
    ]
    assert len((await job.site.get(path, line_item_ids=items[0]))["data"]) == 1
    job.site.install.levels["prime_contracts"] = "none"
    assert (await job.site.get(path))["data"] == []
    job.site.install.levels["commitments"] = "none"
    assert list(await job.site.refused(403, "GET", path)) == ["errors"]


@rule(
    "No webhook tells of requisitions: they are polled.", "Webhook resources as read from a sandbox account"
)
async def test_no_event_tells_of_requisitions(job: Job, mailbox: Mailbox) -> None:
    known = await job.site.get(f"{job.site.v2_project}/webhooks/resources", payload_version="v4.0")
    names = [row["name"] for row in known["data"]]
    assert not [name for name in names if "equisition" in name]
    await mailbox.hook(job.site, *names)
    requisition = await job.bill(job.work(0, "1"))
    await job.change(requisition, status="approved")
    await job.site.delete(f"{BILLS}/{requisition['id']}", status=200, **job.place)
    assert await mailbox.settled() == []
    assert [fact["action"] for fact in job.site.commits("requisition")] == ["created", "updated", "deleted"]


async def test_journal_tells_what_is_due(job: Job) -> None:
    await job.bill(job.work(0, "400"), status="approved")
    [fact] = job.site.commits("requisition")
    assert (fact["status"], fact["total_cents"], fact["origin"]) == ("approved", 36_000, "api")
    assert fact["commitment"] == str(job.contract["id"])


@rule("Without permission for commitments there are no requisitions.", API, inferred=True)
async def test_without_permission_there_are_no_requisitions(job: Job) -> None:
    requisition = await job.bill()
    job.site.install.levels["commitments"] = "none"
    assert await job.list() == []
    await job.site.refused(404, "GET", f"{BILLS}/{requisition['id']}", **job.place)
    assert await job.under(requisition, "contract_items") == []
    await job.site.refused(403, "POST", BILLS, {**job.place, "commitment_id": job.contract["id"]})


@rule("A requisition carries the files of its uploads.", API)
async def test_files_of_a_requisition(job: Job) -> None:
    requisition = await job.bill(upload_ids=[await job.site.upload(b"%PDF", "invoice.pdf")])
    assert [file["filename"] for file in requisition["attachments"]] == ["invoice.pdf"]


async def test_reads_of_a_requisition_may_lag_behind(job: Job) -> None:
    requisition = await job.bill()
    rule = {"name": "stale-truth", "match": {"entity": "requisition"}, "args": {"ms": 5000}}
    assert (await job.site.lab.control.post("/control/faults", json=rule)).status_code == 201
    changed = await job.change(requisition, status="approved")
    assert changed["status"] == "approved"
    assert (await job.show(requisition))["status"] == "draft"
    job.site.lab.world.clock.step(6)
    assert (await job.show(requisition))["status"] == "approved"
    await job.site.delete(f"{BILLS}/{requisition['id']}", status=200, **job.place)
    assert (await job.show(requisition))["deletable"] is False
    job.site.lab.world.clock.step(6)
    await job.site.refused(404, "GET", f"{BILLS}/{requisition['id']}", **job.place)


async def test_people_bill_review_and_withdraw(job: Job) -> None:
    items = [job.work(0, "100", status="approved")]
    made = await job.site.person(
        "POST",
        "requisitions",
        {"commitment_id": job.contract["id"], "status": "under_review", "items": items},
    )
    requisition = {"id": int(made["id"])}
    shown = await job.show(requisition)
    assert (shown["status"], shown["created_by"]["name"]) == ("under_review", "Pat Person")
    assert [str(item["id"]) for item in shown["items"]] == made["items"]
    await job.site.person("PATCH", f"requisitions/{made['id']}", {"status": "approved"})
    paid = {"commitment_id": job.contract["id"], "amount": "90", "requisition_id": int(made["id"])}
    await job.site.person("POST", "contract_payments", paid)
    [payment] = await job.site.get(
        "/rest/v1.0/contract_payments", **job.place, contract_id=job.contract["id"]
    )
    assert payment["requisition_id"] == requisition["id"]
    await job.site.person("DELETE", f"requisitions/{made['id']}")
    assert await job.list(filter_commitment_id=job.contract["id"]) == []
    control = job.site.lab.control
    for body, status in (
        ({"commitment_id": 1}, 404),
        ({"commitment_id": job.contract["id"], "status": "paid"}, 422),
    ):
        answer = await control.post("/control/procore/requisitions", json=body)
        assert answer.status_code == status
