"""Payments on Procore's contracts, and billing periods."""

from typing import Any

import httpx
from sandbox_commitments import make, place, seeded
from sandbox_rules import rule
from sandbox_site import Body, Site

BOTH = "Procore reference, Commitment Contracts v2.0"
PAYMENTS = "Procore reference, Contract Payments"
PERIODS = "Procore reference, Billing Periods"


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
