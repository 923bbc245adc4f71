"""Particulars of Intuit's pages that concern several families: addresses, custom fields, classes, hours, projects."""

from __future__ import annotations

from typing import Any

import pytest
from sandbox_books import Body
from sandbox_payables import Payables
from sandbox_rules import rule

ADDRESSES = "Intuit, API changes of August 2025"
FIELDS = "Intuit, Invoice, CustomField"
TRACKING = "Intuit, Class; Department; Preferences"
LINKS = "Intuit, Invoice, LinkedTxn"


@rule("A country comes back in three letters, Lat and Long do not come back at all.", ADDRESSES)
@pytest.mark.parametrize(
    ("sent", "shown"),
    [("US", "USA"), ("USA", "USA"), ("United States", "USA"), ("ca", "CAN"), ("Chad", "Chad")],
)
async def test_addresses(payables: Payables, sent: str, shown: str) -> None:
    address = {"Line1": "1 Main St", "City": "Austin", "Country": sent, "Lat": "30.2", "Long": "-97.7"}
    expected = {"Line1": "1 Main St", "City": "Austin", "Country": shown}
    customer = await payables.write("Customer", {"DisplayName": "New", "BillAddr": address})
    vendor = await payables.write("Vendor", {"DisplayName": "Other", "BillAddr": address})
    invoice = await payables.invoice(ShipAddr=address)
    changed = await payables.change("Customer", customer, ShipAddr=address)
    assert [customer["BillAddr"], vendor["BillAddr"], invoice["ShipAddr"]] == [expected] * 3
    assert changed["ShipAddr"] == expected


@rule("A transaction has up to three custom fields, each a text under its definition.", FIELDS)
async def test_custom_fields(payables: Payables) -> None:
    fields = [
        {"DefinitionId": str(n), "Name": f"F{n}", "Type": "StringType", "StringValue": f"v{n}"}
        for n in (1, 2, 3)
    ]
    made = await payables.invoice(CustomField=fields)
    assert made["CustomField"] == fields
    assert "CustomField" not in await payables.write("Invoice", {**payables.form(1), **_handle(made)})


@rule(
    "A fourth custom field, one without definition or of another type is refused; the code (3000) is inferred.",
    FIELDS,
    inferred=True,
)
@pytest.mark.parametrize(
    "fields",
    [
        [{"DefinitionId": str(n), "Type": "StringType", "StringValue": "x"} for n in range(4)],
        [{"StringValue": "x"}],
        [{"DefinitionId": "1", "Type": "NumberType", "StringValue": "1"}],
        [{"DefinitionId": "1", "Type": "StringType", "StringValue": 1}],
    ],
)
async def test_malformed_custom_fields(payables: Payables, fields: list[Body]) -> None:
    assert set(await payables.refused("Invoice", payables.form(1, CustomField=fields))) == {"3000"}
    assert set(await payables.refused("Bill", payables.bill_form(1, CustomField=fields))) <= {"2010", "3000"}
    assert await payables.refused("Invoice", payables.form(1, CustomField="x")) == ["2010"]


@rule(
    "A transaction has a class only where ClassTrackingPerTxn is on; that it is ignored else is inferred.",
    TRACKING,
    inferred=True,
)
async def test_class_of_a_transaction(payables: Payables) -> None:
    segment: dict[str, Any] = {"ClassRef": {"value": await class_of(payables)}}
    assert "ClassRef" not in await payables.invoice(**segment)
    await payables.prefer("AccountingInfoPrefs", ClassTrackingPerTxn=True)
    assert (await payables.invoice(**segment))["ClassRef"]["name"] == "Roads"


@rule(
    "A line has a class only where ClassTrackingPerTxnLine is on; that it is ignored else is inferred.",
    TRACKING,
    inferred=True,
)
async def test_class_of_a_line(payables: Payables) -> None:
    segment: dict[str, Any] = {"ClassRef": {"value": await class_of(payables)}}

    async def shown() -> list[bool]:
        sold = await payables.write("Invoice", {**payables.form(), "Line": [payables.line(1, **segment)]})
        bought = await payables.bill(Line=[payables.cost(1, **segment)])
        details = (
            sold["Line"][0]["SalesItemLineDetail"],
            bought["Line"][0]["AccountBasedExpenseLineDetail"],
        )
        return ["ClassRef" in detail for detail in details]

    assert await shown() == [True, True]
    await payables.prefer("AccountingInfoPrefs", ClassTrackingPerTxnLine=False)
    assert await shown() == [False, False]


@rule(
    "A transaction has a location only where TrackDepartments is on; that it is ignored else is inferred.",
    TRACKING,
    inferred=True,
)
async def test_location_of_a_transaction(payables: Payables) -> None:
    made = await payables.write("Department", {"Name": "Depot"})
    place = {"DepartmentRef": {"value": made["Id"]}}
    assert (await payables.bill(1, **place))["DepartmentRef"]["name"] == "Depot"
    await payables.prefer("AccountingInfoPrefs", TrackDepartments=False)
    assert "DepartmentRef" not in await payables.bill(1, **place)


@rule(
    "An invoice bills hours by LinkedTxn: they are HasBeenBilled and linked, and Billable again without it.",
    LINKS,
)
async def test_hours_are_billed(payables: Payables) -> None:
    time = await hours(payables, CustomerRef={"value": payables.customer})
    link = {"LinkedTxn": [{"TxnId": time["Id"], "TxnType": "TimeActivity"}]}
    invoice = await payables.invoice(400, **link)
    billed = await payables.read("TimeActivity", time["Id"])
    assert invoice["LinkedTxn"] == link["LinkedTxn"]
    assert billed["BillableStatus"] == "HasBeenBilled"
    assert billed["LinkedTxn"] == [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]
    await payables.delete("Invoice", invoice)
    freed = await payables.read("TimeActivity", time["Id"])
    assert (freed["BillableStatus"], freed["LinkedTxn"]) == ("Billable", [])


@rule(
    "Hours that are billed stay so, and are neither billed twice (620) nor deleted (800).",
    LINKS,
    inferred=True,
)
async def test_billed_hours_are_fixed(payables: Payables) -> None:
    time = await hours(payables, CustomerRef={"value": payables.customer})
    link = {"LinkedTxn": [{"TxnId": time["Id"], "TxnType": "TimeActivity"}]}
    await payables.invoice(400, **link)
    assert await payables.refused("Invoice", payables.form(1, **link)) == ["620"]
    billed = await payables.read("TimeActivity", time["Id"])
    assert await payables.refused("TimeActivity", billed, operation="delete") == ["800"]
    changed = await payables.change("TimeActivity", billed, Description="roof", BillableStatus="Billable")
    assert changed["BillableStatus"] == "HasBeenBilled"


@rule("Hours of another customer, or not billable, cannot be billed (620).", LINKS, inferred=True)
async def test_hours_that_cannot_be_billed(payables: Payables) -> None:
    for time in (
        await hours(payables, CustomerRef={"value": payables.job}),
        await hours(payables, CustomerRef={"value": payables.customer}, BillableStatus="NotBillable"),
    ):
        link = {"LinkedTxn": [{"TxnId": time["Id"], "TxnType": "TimeActivity"}]}
        assert await payables.refused("Invoice", payables.form(1, **link)) == ["620"]


@rule(
    "A transaction has 10,000 links at most; the code (6000) is inferred.",
    "Intuit, Invoice, limits",
    inferred=True,
)
async def test_links_are_limited(payables: Payables) -> None:
    links = [{"TxnId": str(number), "TxnType": "Payment"} for number in range(10_001)]
    assert await payables.refused("Invoice", payables.form(1, LinkedTxn=links)) == ["6000"]
    assert (await payables.invoice(1, LinkedTxn=links[1:]))["LinkedTxn"] == []


@rule(
    "ProjectRef is kept on forms, payments and lines of bills, and found by queries of forms.",
    "Intuit, guide to projects",
)
async def test_project_of_a_transaction(payables: Payables) -> None:
    project = {"ProjectRef": {"value": "39298045"}}
    invoice = await payables.invoice(1, **project)
    payment = await payables.write("Payment", payables.money(1, **project))
    bill = await payables.bill(Line=[{**payables.cost(1), **project}])
    assert [invoice["ProjectRef"], payment["ProjectRef"]] == [project["ProjectRef"]] * 2
    assert bill["Line"][0]["ProjectRef"] == project["ProjectRef"]
    (found,) = await payables.found("select * from Invoice where ProjectRef = '39298045'")
    assert found["Id"] == invoice["Id"]


@rule(
    "Fields of retainage are taken; what is open of it is read-only. No page tells more.",
    "Intuit, XSD of July 2026",
    inferred=True,
)
async def test_fields_of_retainage(payables: Payables) -> None:
    line = payables.line(100, RetainageAmount=10)
    withheld = {"TxnRetainageDetail": {"RetainageAmount": 10, "RetainageOpenBalance": 99}}
    form = {**payables.form(**withheld, TxnSubType="RetainageRelease"), "Line": [line]}
    made = await payables.write("Invoice", form)
    assert made["TxnRetainageDetail"] == {"RetainageAmount": 10}
    assert made["Line"][0]["SalesItemLineDetail"]["RetainageAmount"] == 10
    assert (made["TxnSubType"], made["TotalAmt"], made["Balance"]) == ("RetainageRelease", 100, 100)
    odd = {"TxnRetainageDetail": "x"}
    assert await payables.refused("Invoice", payables.form(1, **odd)) == ["2010"]


@rule("An account may be of subtype Retainage.", "Intuit, XSD, AccountSubType")
async def test_account_of_retainage(payables: Payables) -> None:
    made = await payables.write("Account", {"Name": "Held", "AccountSubType": "Retainage"})
    assert (made["AccountType"], made["Classification"]) == ("Other Current Asset", "Asset")


@rule(
    "A form's deposit goes to a bank or current asset account (6430); an unknown one is 2500.",
    "Intuit, Invoice, DepositToAccountRef",
)
async def test_account_of_a_deposit(payables: Payables) -> None:
    for account, code in (("Fuel", "6430"), (None, "2500")):
        reference = {"value": payables.accounts[account] if account else "99999"}
        form = payables.form(10, Deposit=5, DepositToAccountRef=reference)
        assert await payables.refused("Invoice", form) == [code]
    bank = {"value": payables.accounts["Checking"]}
    made = await payables.invoice(10, Deposit=5, DepositToAccountRef=bank)
    assert made["DepositToAccountRef"] == {**bank, "name": "Checking"}


@rule("The account of a discount must exist (2500).", "Intuit, Invoice, DiscountLineDetail", inferred=True)
async def test_account_of_a_discount(payables: Payables) -> None:
    for detail in ({"PercentBased": False}, {"PercentBased": True, "DiscountPercent": 5}):
        named = {**detail, "DiscountAccountRef": {"value": "99999"}}
        line = {"DetailType": "DiscountLineDetail", "Amount": 1, "DiscountLineDetail": named}
        form = {**payables.form(), "Line": [payables.line(10), line]}
        assert await payables.refused("Invoice", form) == ["2500"]


@rule("An id that two lines are sent under is kept by the first.", "Intuit, Invoice, Line.Id", inferred=True)
async def test_line_id_is_kept_once(payables: Payables) -> None:
    made = await payables.invoice(5)
    line = made["Line"][0]
    after = await payables.change("Invoice", made, Line=[line, {**line, "Amount": 6}])
    assert [(li["Id"], li["Amount"]) for li in after["Line"][:2]] == [("1", 5), ("2", 6)]


@rule("The detail of another type of line means nothing.", "Intuit, Invoice, Line.DetailType", inferred=True)
async def test_details_of_other_types(payables: Payables) -> None:
    text = {"DetailType": "DescriptionOnly", "Description": "x", "SalesItemLineDetail": "odd"}
    made = await payables.write("Invoice", {**payables.form(), "Line": [payables.line(1), text]})
    assert "SalesItemLineDetail" not in made["Line"][1]
    await payables.void("Invoice", made)


def _handle(body: Body) -> Body:
    return {"Id": body["Id"], "SyncToken": body["SyncToken"]}


async def class_of(payables: Payables) -> str:
    made = await payables.write("Class", {"Name": "Roads"})
    class_id: str = made["Id"]
    return class_id


async def hours(payables: Payables, **more: Any) -> Body:
    form = {"NameOf": "Vendor", "VendorRef": {"value": payables.vendor}, "Hours": 8, "HourlyRate": 50}
    return await payables.write("TimeActivity", {**form, "BillableStatus": "Billable", **more})
