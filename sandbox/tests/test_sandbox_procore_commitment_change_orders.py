"""Change orders of commitments, which are like those of prime contracts."""

from __future__ import annotations

import pytest
from sandbox_mailbox import Mailbox
from sandbox_orders import Orders
from sandbox_rules import rule
from sandbox_site import Body, Site

REFERENCE = "Procore reference, Commitment Change Orders"
LINES = "Procore reference, Commitment Change Order Line Items"
GUIDE = "Procore docs, Working with Change Orders"
NOTES = "Practitioner notes on a live company"


@pytest.fixture
def orders(site: Site) -> Orders:
    return Orders(site)


@pytest.fixture
def commitment(orders: Orders) -> Body:
    """The first subcontractor's commitment in the project, as the seed tells of it."""
    seeded: Body = orders.site.company["commitments"][str(orders.project_id)][0]
    assert seeded["vendor_id"] == orders.site.company["subcontractors"][0]["id"]
    return seeded


@pytest.fixture
def commitment_id(commitment: Body) -> int:
    return int(commitment["id"])


@pytest.fixture
def base(orders: Orders) -> str:
    return f"{orders.site.project}/commitment_change_orders"


async def make(orders: Orders, base: str, commitment_id: int, **fields: object) -> Body:
    made: Body = await orders.site.post(base, {"change_order": {"contract_id": commitment_id, **fields}})
    return made


@rule(
    "A commitment's change order has the fields of a prime contract's but for the date it was paid.",
    REFERENCE,
)
async def test_fields(orders: Orders, base: str, commitment_id: int) -> None:
    made = await make(orders, base, commitment_id, title="Pipes")
    prime = await orders.make()
    assert set(prime) - set(made) == {"paid_date"}
    assert set(made) <= set(prime)
    assert (made["type"], made["number"]) == ("CommitmentContractChangeOrder", "001")


@rule("Each list has the change orders of its own kind of contracts, and each takes only those.", REFERENCE)
async def test_lists_are_apart(orders: Orders, base: str, commitment_id: int) -> None:
    made = await make(orders, base, commitment_id)
    assert [row["id"] for row in await orders.site.get(base)] == [made["id"]]
    assert made["id"] not in {row["id"] for row in await orders.site.get(orders.base)}
    await orders.site.refused(404, "GET", f"{orders.base}/{made['id']}")
    for path, contract_id in ((base, orders.contract_id), (orders.base, commitment_id)):
        await orders.site.refused(422, "POST", path, {"change_order": {"contract_id": contract_id}})


@rule("They are filtered by the commitment and its vendor.", REFERENCE)
async def test_filters(orders: Orders, base: str, commitment_id: int) -> None:
    made = await make(orders, base, commitment_id)
    vendor_id = int(orders.site.company["subcontractors"][0]["id"])
    for wanted, found in (({"filter_vendor_id": vendor_id}, 1), ({"filter_vendor_id": 1}, 0)):
        assert len(await orders.site.get(base, **wanted)) == found
    rows = await orders.site.get(base, filter_contract_id=commitment_id)
    assert [row["id"] for row in rows] == [made["id"]]


@rule("Lines name the line of the commitment they belong to.", LINES)
async def test_lines(orders: Orders, base: str, commitment: Body) -> None:
    made = await make(orders, base, int(commitment["id"]))
    path = f"{orders.site.v2_project}/commitment_change_orders/{made['id']}/line_items"
    wbs_code_id = orders.site.company["wbs_codes"][str(orders.project_id)]["15-400"]
    scope_id = commitment["lines"][0]
    body = {"amount": "450.00", "wbs_code_id": wbs_code_id, "commitment_line_item_id": scope_id}
    line = (await orders.site.post(path, body, status=200))["data"]
    assert (line["commitment_line_item_id"], line["wbs_code"]["flat_code"]) == (scope_id, "15-400.C")
    assert (await orders.site.get(f"{base}/{made['id']}"))["grand_total"] == "450.00"


@rule("With a single tier, making one makes a package and a potential change order: two events.", GUIDE)
async def test_events(orders: Orders, base: str, commitment_id: int, mailbox: Mailbox) -> None:
    await mailbox.hook(orders.site, "Change Order Packages", "Potential Change Orders")
    made = await make(orders, base, commitment_id, title="Pipes")
    events = await mailbox.settled()
    assert [(e["resource_type"], e["reason"]) for e in events] == [
        ("Change Order Packages", "create"),
        ("Potential Change Orders", "create"),
    ]
    assert int(events[0]["resource_id"]) == made["legacy_package_id"]
    place = {"project_id": orders.project_id, "contract_id": commitment_id}
    behind = await orders.site.get(f"/rest/v1.0/potential_change_orders/{events[1]['resource_id']}", **place)
    assert behind["vendor"]["name"] == "Hill Country Plumbing"


@rule("A workflow locks the status of a commitment's change order too.", NOTES, inferred=True)
async def test_workflow(orders: Orders, base: str, commitment_id: int) -> None:
    made = await orders.site.person(
        "POST", "change_orders", {"commitment_id": commitment_id, "title": "Pipes", "workflow": True}
    )
    body = {"change_order": {"status": "approved"}}
    refused = await orders.site.refused(422, "PATCH", f"{base}/{made['change_order_id']}", body)
    assert "Commitment Contract Change Order" in refused["errors"]["status"][0]


async def test_approval_leaves_the_prime_contract_alone(
    orders: Orders, base: str, commitment_id: int
) -> None:
    before = await orders.contract()
    application = await orders.site.bill()
    await make(orders, base, commitment_id, status="approved")
    orders.site.lab.world.clock.step(61)
    assert (await orders.contract())["revised_contract_amount"] == before["revised_contract_amount"]
    path = f"/rest/v1.0/payment_applications/{application}"
    rows = (await orders.site.get(path, project_id=orders.project_id))["g703"]
    assert len([row for row in rows if row["added_from_source"] == "change_order"]) == 1


async def test_permission_is_the_commitments(orders: Orders, base: str, commitment_id: int) -> None:
    await make(orders, base, commitment_id)
    orders.site.install.levels["commitments"] = "none"
    assert await orders.site.get(base) == []
    assert await orders.site.get(orders.base)
