"""Change orders: a project, an estimate of it, and lines that all belong to that estimate."""

from typing import Any

import pytest
from sandbox_books import Body, Books, codes, fault
from sandbox_rules import rule

GUIDE = "Intuit, guide to project change orders (tried by Intuit)"
PROJECT = {"ProjectRef": {"value": "39298045"}}


@pytest.fixture
async def estimate(books: Books) -> Body:
    books.configure(construction_pack=True)
    return await books.write("Estimate", books.form(1000, **PROJECT))


def order(books: Books, estimate: Body, *amounts: float, **more: Any) -> Body:
    link = {"TxnId": estimate["Id"], "TxnType": "Estimate"}
    return books.form(*(amounts or (500, 750)), LinkedTxn=[link], **PROJECT, **more)


@rule("A change order is Pending until told; total and SubTotal line are the service's.", GUIDE)
async def test_change_order_is_completed(books: Books, estimate: Body) -> None:
    made = await books.write("ChangeOrder", order(books, estimate, DocNumber="CO-001"))
    assert (made["TxnStatus"], made["TotalAmt"], made["DocNumber"]) == ("Pending", 1250, "CO-001")
    assert made["Line"][-1]["DetailType"] == "SubTotalLineDetail"
    assert made["ProjectRef"] == PROJECT["ProjectRef"]
    assert "Balance" not in made
    assert await books.read("ChangeOrder", made["Id"]) == made
    assert (await books.change("ChangeOrder", made, TxnStatus="Accepted"))["TxnStatus"] == "Accepted"


@rule("Without an estimate anywhere it is refused with 2020 in Intuit's words; a line's link will do.", GUIDE)
async def test_change_order_needs_an_estimate(books: Books, estimate: Body) -> None:
    refused = fault(await books.post("ChangeOrder", books.form(1, **PROJECT)))
    assert (refused["code"], refused["element"]) == ("2020", "LinkedTxn")
    assert refused["Detail"] == (
        "Required parameter LinkedTxn with an Estimate reference is required for ChangeOrder "
        "is missing in the request"
    )
    link = {"LinkedTxn": [{"TxnId": estimate["Id"], "TxnType": "Estimate"}]}
    form = {**books.form(**PROJECT), "Line": [{**books.line(1), **link}]}
    assert (await books.write("ChangeOrder", form))["LinkedTxn"] == link["LinkedTxn"]


@rule("The form's estimate counts for every line, silently, whatever the lines say.", GUIDE)
async def test_link_of_the_form_counts(books: Books, estimate: Body) -> None:
    other = await books.write("Estimate", books.form(1, **PROJECT))
    form = order(books, estimate)
    form["Line"][0]["LinkedTxn"] = [{"TxnId": other["Id"], "TxnType": "Estimate"}]
    made = await books.write("ChangeOrder", form)
    *sold, subtotal = made["Line"]
    assert [line["LinkedTxn"] for line in sold] == [form["LinkedTxn"]] * 2
    assert "LinkedTxn" not in subtotal


@rule("An estimate of no project or of another is refused; the code is inferred.", GUIDE, inferred=True)
async def test_estimate_of_another_project(books: Books, estimate: Body) -> None:
    loose = await books.write("Estimate", books.form(1))
    assert await books.refused("ChangeOrder", order(books, loose)) == ["6000"]
    assert await books.refused("ChangeOrder", order(books, {"Id": "99999"})) == ["610"]


@rule("A change order without a project is refused; the code is inferred.", GUIDE, inferred=True)
async def test_change_order_needs_a_project(books: Books, estimate: Body) -> None:
    form = {name: value for name, value in order(books, estimate).items() if name != "ProjectRef"}
    assert "2020" in await books.refused("ChangeOrder", form)


@rule("An old SyncToken is 5010; a delete tells no SyncToken and leaves the estimate alone.", GUIDE)
async def test_change_order_is_deleted(books: Books, estimate: Body) -> None:
    made = await books.write("ChangeOrder", order(books, estimate))
    await books.change("ChangeOrder", made, PrivateNote="x")
    assert await books.refused("ChangeOrder", made, operation="delete") == ["5010"]
    now = await books.read("ChangeOrder", made["Id"])
    gone = {"domain": "QBO", "status": "Deleted", "Id": made["Id"]}
    assert await books.delete("ChangeOrder", now) == gone
    assert codes(await books.get(f"/changeorder/{made['Id']}")) == ["610"]
    assert await books.read("Estimate", estimate["Id"]) == estimate


@rule("Estimates and change orders are asked for by ProjectRef.", GUIDE)
async def test_found_by_project(books: Books, estimate: Body) -> None:
    made = await books.write("ChangeOrder", order(books, estimate))
    for entity, body in (("Estimate", estimate), ("ChangeOrder", made)):
        answer = await books.lab.query(f"select * from {entity} where ProjectRef = '39298045'")
        assert [found["Id"] for found in answer.json()["QueryResponse"][entity]] == [body["Id"]]


@rule(
    "Only plans with the construction pack have change orders; the code (5030) is inferred.",
    GUIDE,
    inferred=True,
)
async def test_plan_without_change_orders(books: Books, estimate: Body) -> None:
    books.configure(construction_pack=False)
    refused = fault(await books.post("ChangeOrder", order(books, estimate)))
    assert (refused["code"], refused["Message"]) == ("5030", "Feature Not Supported")


@rule(
    "CompanyInfo tells the plan by NameValue OfferingSku and the country, Preferences whether there are projects.",
    GUIDE,
)
async def test_checks_before_any_project(books: Books) -> None:
    info = (await books.get(f"/companyinfo/{books.realm_id}")).json()["CompanyInfo"]
    told = {pair["Name"]: pair["Value"] for pair in info["NameValue"]}
    assert (told["OfferingSku"], info["Country"]) == ("QuickBooks Online Plus", "US")
    preferences = (await books.get("/preferences")).json()["Preferences"]
    assert {"Name": "ProjectsEnabled", "Value": "false"} in preferences["OtherPrefs"]["NameValue"]
