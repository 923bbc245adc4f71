"""Bundles: items that stand for several, and the group lines they are laid out on."""

import pytest
from sandbox_books import Body, Books
from sandbox_rules import rule

GROUP = "Intuit, Invoice, Line (GroupLineDetail)"
CAPTURED = "Captured credit memo with two bundles; Intuit, Item, sample of a bundle"


def person(books: Books, entity: str, body: Body, operation: str = "") -> Body:
    return books.lab.world.quickbooks.person(books.realm_id, entity, body, operation)


def priced(books: Books, name: str, price: float, *, taxable: bool = False) -> str:
    income = {"IncomeAccountRef": {"value": books.accounts["Construction Income"]}}
    item = {"Name": name, "UnitPrice": price, "Taxable": taxable, "Description": f"a {name}", **income}
    item_id: str = person(books, "Item", item)["Id"]
    return item_id


@pytest.fixture
def kit(books: Books) -> dict[str, str]:
    """Make a bundle of two pumps, taxed, and a hose; return the ids."""
    pump, hose = priced(books, "Pump", 15, taxable=True), priced(books, "Hose", 2.5)
    parts = [{"ItemRef": {"value": pump}, "Qty": 2}, {"ItemRef": {"value": hose}, "Qty": 1}]
    bundle = {"Name": "Kit", "Type": "Group", "ItemGroupDetail": {"ItemGroupLine": parts}}
    return {"Pump": pump, "Hose": hose, "Kit": person(books, "Item", bundle)["Id"]}


def grouped(item_id: str, quantity: float | None = None, **detail: object) -> Body:
    asked = {} if quantity is None else {"Quantity": quantity}
    return {
        "DetailType": "GroupLineDetail",
        "GroupLineDetail": {"GroupItemRef": {"value": item_id}, **asked, **detail},
    }


@rule(
    "A bundle is an item of Type Group whose ItemGroupDetail names items and quantities.",
    "Intuit, Item, bundle",
)
async def test_bundle_is_read_and_found(books: Books, kit: dict[str, str]) -> None:
    shown = await books.read("Item", kit["Kit"])
    assert shown["ItemGroupDetail"] == {
        "ItemGroupLine": [
            {"Qty": 2, "ItemRef": {"value": kit["Pump"], "name": "Pump", "type": "Service"}},
            {"Qty": 1, "ItemRef": {"value": kit["Hose"], "name": "Hose", "type": "Service"}},
        ]
    }
    found = (await books.lab.query("select * from Item where Type = 'Group'")).json()["QueryResponse"]
    assert [item["Id"] for item in found["Item"]] == [kit["Kit"]]


@rule(
    "Over the API bundles are read and queried, not made (500).",
    "Intuit, Item, operations on a bundle",
    inferred=True,
)
async def test_bundles_are_made_by_people(books: Books, kit: dict[str, str]) -> None:
    lines = {"ItemGroupLine": [{"ItemRef": {"value": kit["Hose"]}, "Qty": 1}]}
    bundle = {"Name": "Other kit", "Type": "Group", "ItemGroupDetail": lines}
    assert await books.refused("Item", bundle) == ["500"]
    kit_item = await books.read("Item", kit["Kit"])
    assert await books.refused("Item", {**kit_item, "sparse": True, "Name": "Renamed"}) == ["500"]


@rule(
    "A group line is laid out: a line for each item of the bundle, its quantity times the group's.", CAPTURED
)
async def test_group_line_is_laid_out(books: Books, kit: dict[str, str]) -> None:
    made = await books.write("Invoice", {**books.form(10), "Line": [books.line(10), grouped(kit["Kit"], 3)]})
    _, group, subtotal = made["Line"]
    detail = group["GroupLineDetail"]
    assert detail["GroupItemRef"] == {"value": kit["Kit"], "name": "Kit"}
    assert detail["Quantity"] == 3
    inside = [
        (line["Description"], line["Amount"], line["SalesItemLineDetail"]["Qty"]) for line in detail["Line"]
    ]
    assert inside == [("a Pump", 90, 6), ("a Hose", 7.5, 3)]
    assert [line["SalesItemLineDetail"]["TaxCodeRef"] for line in detail["Line"]] == [
        {"value": "TAX"},
        {"value": "NON"},
    ]
    assert (subtotal["Amount"], made["TotalAmt"]) == (107.5, 107.5)


@rule("Ids and numbers of the lines inside go on from the group's own.", CAPTURED)
async def test_lines_inside_are_numbered_on(books: Books, kit: dict[str, str]) -> None:
    lines = [grouped(kit["Kit"]), books.line(1)]
    made = await books.write("Invoice", {**books.form(), "Line": lines})
    group, sold, _ = made["Line"]
    numbered = [group, *group["GroupLineDetail"]["Line"], sold]
    assert [(line["Id"], line["LineNum"]) for line in numbered] == [("1", 1), ("2", 2), ("3", 3), ("4", 4)]


@rule("The amount of a group line is the sum of what is inside, whatever is sent.", CAPTURED, inferred=True)
async def test_amount_of_a_group(books: Books, kit: dict[str, str]) -> None:
    made = await books.write("Invoice", {**books.form(), "Line": [{**grouped(kit["Kit"]), "Amount": 999}]})
    assert (made["Line"][0]["Amount"], made["TotalAmt"]) == (32.5, 32.5)


@rule("Without a quantity a bundle stands once.", GROUP, inferred=True)
async def test_group_without_quantity(books: Books, kit: dict[str, str]) -> None:
    made = await books.write("Invoice", {**books.form(), "Line": [grouped(kit["Kit"])]})
    assert made["Line"][0]["GroupLineDetail"]["Quantity"] == 1


@rule(
    "Lines that are sent inside of a group are heeded: an update keeps their prices and ids.",
    GROUP,
    inferred=True,
)
async def test_lines_inside_are_kept(books: Books, kit: dict[str, str]) -> None:
    made = await books.write("Invoice", {**books.form(), "Line": [grouped(kit["Kit"])]})
    (group, _) = made["Line"]
    pump, hose = group["GroupLineDetail"]["Line"]
    cheaper = {**pump, "Amount": 20, "SalesItemLineDetail": {**pump["SalesItemLineDetail"], "UnitPrice": 10}}
    lines = [{**group, "GroupLineDetail": {**group["GroupLineDetail"], "Line": [cheaper, hose]}}]
    after = await books.change("Invoice", made, Line=lines)
    inside = after["Line"][0]["GroupLineDetail"]["Line"]
    assert [(line["Id"], line["Amount"]) for line in inside] == [(pump["Id"], 20), (hose["Id"], 2.5)]
    assert after["TotalAmt"] == 22.5


@rule("What is taxed inside of a bundle is taxed.", GROUP)
async def test_tax_inside_of_a_group(books: Books, kit: dict[str, str]) -> None:
    found = (await books.lab.query("select * from TaxCode where Name = 'Texas'")).json()
    code = found["QueryResponse"]["TaxCode"][0]["Id"]
    tax = {"TxnTaxDetail": {"TxnTaxCodeRef": {"value": code}}}
    made = await books.write("Invoice", {**books.form(**tax), "Line": [grouped(kit["Kit"], 10)]})
    assert made["TxnTaxDetail"]["TaxLine"][0]["TaxLineDetail"]["NetAmountTaxable"] == 300
    assert made["TxnTaxDetail"]["TotalTax"] == pytest.approx(300 * 0.0825)


@rule("Each item of a bundle is earned on its own income account.", GROUP, inferred=True)
async def test_group_posts_by_item(books: Books, kit: dict[str, str]) -> None:
    other = {"IncomeAccountRef": {"value": books.accounts["Change Order Income"]}}
    person(books, "Item", {"Id": kit["Hose"], **other})
    made = await books.write("Invoice", {**books.form(), "Line": [grouped(kit["Kit"])]})
    ledger = books.lab.world.quickbooks.realm(books.realm_id).general_ledger
    assert ledger.entry(("Invoice", made["Id"])) == {
        books.accounts["Accounts Receivable (A/R)"]: 32.5,
        books.accounts["Construction Income"]: -30,
        books.accounts["Change Order Income"]: -2.5,
    }
    await books.void("Invoice", made)
    assert ledger.entry(("Invoice", made["Id"])) == {}


@rule("A void zeroes what is inside of a bundle too.", "Intuit, Invoice, void", inferred=True)
async def test_void_of_a_group(books: Books, kit: dict[str, str]) -> None:
    made = await books.write("Invoice", {**books.form(), "Line": [grouped(kit["Kit"])]})
    (group, _) = (await books.void("Invoice", made))["Line"]
    assert group["Amount"] == 0
    assert [(li["Amount"], li["SalesItemLineDetail"]["Qty"]) for li in group["GroupLineDetail"]["Line"]] == [
        (0, 0),
        (0, 0),
    ]


@rule(
    "A group line needs GroupItemRef (2020), a bundle that exists (2500); a bundle is sold on group lines only (2500).",
    GROUP,
    inferred=True,
)
async def test_group_line_is_checked(books: Books, kit: dict[str, str]) -> None:
    async def refused(line: Body) -> list[str]:
        return await books.refused("Invoice", {**books.form(), "Line": [line]})

    assert await refused({"DetailType": "GroupLineDetail"}) == ["2020"]
    assert await refused({"DetailType": "GroupLineDetail", "GroupLineDetail": {}}) == ["2020"]
    assert await refused({"DetailType": "GroupLineDetail", "GroupLineDetail": {"Colour": 1}}) == ["2010"]
    assert await refused(grouped("99999")) == ["2500"]
    assert await refused(grouped(kit["Pump"])) == ["2500"]
    assert await refused(grouped(kit["Kit"], Line=[grouped(kit["Kit"])])) == ["2010"]
    assert await refused(books.line(1, ItemRef={"value": kit["Kit"]})) == ["2500"]
