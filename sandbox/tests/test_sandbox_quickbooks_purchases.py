"""Purchase orders and purchases."""

from typing import Any

import pytest
from sandbox_books import Body, codes, fault
from sandbox_payables import Payables
from sandbox_rules import rule

ORDER = "Intuit, PurchaseOrder"
PURCHASE = "Intuit, Purchase"


def order_form(payables: Payables, *amounts: float, **more: Any) -> Body:
    account = {"APAccountRef": {"value": payables.accounts["Accounts Payable (A/P)"]}}
    return payables.bill_form(*amounts, **{**account, **more})


async def order(payables: Payables, *amounts: float, **more: Any) -> Body:
    return await payables.write("PurchaseOrder", order_form(payables, *amounts, **more))


def spend(payables: Payables, amount: float = 10, kind: str = "Cash", **more: Any) -> Body:
    account = "Company Card" if kind == "CreditCard" else "Checking"
    form = {"PaymentType": kind, "AccountRef": {"value": payables.accounts[account]}}
    return {**form, "Line": [payables.cost(amount, "Fuel")], **more}


@rule("A purchase order needs VendorRef, Line and APAccountRef (2020), the last of its type (6430).", ORDER)
async def test_order_needs_vendor_lines_and_account(payables: Payables) -> None:
    assert await payables.refused("PurchaseOrder", {}) == ["2020"] * 3
    wrong = {"APAccountRef": {"value": payables.accounts["Checking"]}}
    assert await payables.refused("PurchaseOrder", order_form(payables, 1, **wrong)) == ["6430"]


@rule("A purchase order is open, unsent, numbered by the company, and moves no money.", ORDER)
async def test_order_moves_no_money(payables: Payables) -> None:
    first, second = [await order(payables, 25) for _ in range(2)]
    assert (first["POStatus"], first["EmailStatus"], first["TotalAmt"]) == ("Open", "NotSet", 25)
    assert int(second["DocNumber"]) == int(first["DocNumber"]) + 1
    assert await payables.owed() == 0


@rule("A duplicate number of a purchase order is refused with 6140.", "Clio, error 6140", inferred=True)
async def test_duplicate_order_number(payables: Payables) -> None:
    await order(payables, 1, DocNumber="PO-7")
    assert await payables.refused("PurchaseOrder", order_form(payables, 1, DocNumber="PO-7")) == ["6140"]


@rule(
    "A bill answers orders of its vendor by LinkedTxn; the order shows the bill.",
    "Intuit, Bill and PurchaseOrder, LinkedTxn",
)
async def test_bill_answers_an_order(payables: Payables) -> None:
    asked = await order(payables, 25)
    link = {"TxnId": asked["Id"], "TxnType": "PurchaseOrder"}
    bill = await payables.bill(25, LinkedTxn=[link])
    assert bill["LinkedTxn"] == [link]
    answered = await payables.read("PurchaseOrder", asked["Id"])
    assert answered["LinkedTxn"] == [{"TxnId": bill["Id"], "TxnType": "Bill"}]
    stranger = payables.bill_form(1, VendorRef={"value": payables.other}, LinkedTxn=[link])
    assert await payables.refused("Bill", stranger) == ["620"]
    handle = {"Id": asked["Id"], "SyncToken": answered["SyncToken"]}
    assert await payables.refused("PurchaseOrder", handle, operation="delete") == ["800"]


@rule("An order closes when a bill answers it and opens when the bill is gone.", ORDER, inferred=True)
async def test_order_closes_and_opens(payables: Payables) -> None:
    asked = await order(payables, 25)
    bill = await payables.bill(25, LinkedTxn=[{"TxnId": asked["Id"], "TxnType": "PurchaseOrder"}])
    assert (await payables.read("PurchaseOrder", asked["Id"]))["POStatus"] == "Closed"
    await payables.delete("Bill", bill)
    opened = await payables.read("PurchaseOrder", asked["Id"])
    assert (opened["POStatus"], opened["LinkedTxn"], opened["SyncToken"]) == ("Open", [], "2")
    await payables.delete("PurchaseOrder", opened)


@rule(
    "An update that drops the order's link unlinks it; links to payments stay whatever is sent.",
    "Intuit, Bill, LinkedTxn",
)
async def test_links_of_a_bill_are_updated(payables: Payables) -> None:
    asked = await order(payables, 25)
    bill = await payables.bill(25, LinkedTxn=[{"TxnId": asked["Id"], "TxnType": "PurchaseOrder"}])
    await payables.check(25, (bill, "Bill", 25))
    paid = await payables.read("Bill", bill["Id"])
    assert {link["TxnType"] for link in paid["LinkedTxn"]} == {"PurchaseOrder", "BillPaymentCheck"}
    dropped = await payables.change("Bill", paid, LinkedTxn=[])
    assert [link["TxnType"] for link in dropped["LinkedTxn"]] == ["BillPaymentCheck"]
    assert dropped["Balance"] == 0
    assert (await payables.read("PurchaseOrder", asked["Id"]))["POStatus"] == "Open"


@rule(
    "Send mails the order to sendTo or POEmail, sets EmailSent and POEmail (6420 without either).",
    "Intuit, PurchaseOrder, send",
)
async def test_order_is_mailed(payables: Payables) -> None:
    asked = await order(payables, 25)
    assert codes(await payables.send("PurchaseOrder", asked["Id"])) == ["6420"]
    answer = await payables.send("PurchaseOrder", asked["Id"], sendTo="yard@sub.example")
    sent = answer.json()["PurchaseOrder"]
    assert (sent["EmailStatus"], sent["POEmail"]) == ("EmailSent", {"Address": "yard@sub.example"})
    (mail,) = payables.lab.world.journal.since(0, {"mail"})
    assert (mail.facts["entity"], mail.facts["to"]) == ("PurchaseOrder", "yard@sub.example")


@rule("There is a PDF of a purchase order.", "Intuit, PurchaseOrder, pdf")
async def test_order_has_a_pdf(payables: Payables) -> None:
    asked = await order(payables, 25)
    answer = await payables.get(f"/purchaseorder/{asked['Id']}/pdf")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")


@rule("A purchase needs PaymentType, AccountRef and Line (2020).", PURCHASE)
async def test_purchase_needs_its_fields(payables: Payables) -> None:
    assert await payables.refused("Purchase", {}) == ["2020"] * 3
    assert await payables.refused("Purchase", spend(payables, PaymentType="Barter")) == ["2170"]


@rule("Cash and checks come from a bank account, card purchases from a credit card account (6430).", PURCHASE)
@pytest.mark.parametrize(
    ("kind", "account"), [("Cash", "Company Card"), ("Check", "Company Card"), ("CreditCard", "Checking")]
)
async def test_purchase_account_fits_its_type(payables: Payables, kind: str, account: str) -> None:
    wrong = {"AccountRef": {"value": payables.accounts[account]}}
    assert await payables.refused("Purchase", spend(payables, 10, kind, **wrong)) == ["6430"]
    assert (await payables.write("Purchase", spend(payables, 10, kind)))["PaymentType"] == kind


@rule("TotalAmt of a purchase is the sum of its lines; nobody owes anything.", PURCHASE)
async def test_purchase_total(payables: Payables) -> None:
    payee = {"EntityRef": {"value": payables.vendor, "type": "Vendor"}}
    made = await payables.write("Purchase", spend(payables, 99.99, "Cash", **payee))
    assert (made["TotalAmt"], made["EntityRef"]["type"]) == (99.99, "Vendor")
    assert made["EntityRef"]["name"] in payables.vendors
    assert await payables.owed() == 0


@rule("EntityRef names a vendor, customer or employee of its type (2170, 2500).", PURCHASE)
async def test_payee_of_a_purchase(payables: Payables) -> None:
    def payee(kind: str, value: str) -> Body:
        return spend(payables, EntityRef={"value": value, "type": kind})

    assert (await payables.write("Purchase", payee("Customer", payables.customer)))["EntityRef"]["value"]
    assert await payables.refused("Purchase", payee("Item", payables.customer)) == ["2170"]
    assert await payables.refused("Purchase", payee("Customer", payables.vendor)) == ["2500"]


@rule("Credit makes a card purchase a refund, and no other purchase (6000).", PURCHASE)
async def test_only_card_purchases_are_refunded(payables: Payables) -> None:
    assert (await payables.write("Purchase", spend(payables, 5, "CreditCard", Credit=True)))["Credit"] is True
    assert await payables.refused("Purchase", spend(payables, 5, "Cash", Credit=True)) == ["6000"]


@rule(
    "A duplicate number of a purchase is refused with 6140, unless allowduplicatedocnum is included.",
    "python-quickbooks and .NET SDK, tests of Purchase",
)
async def test_duplicate_purchase_number(payables: Payables) -> None:
    await payables.write("Purchase", spend(payables, DocNumber="501"))
    assert fault(await payables.post("Purchase", spend(payables, DocNumber="501")))["code"] == "6140"
    again = await payables.write("Purchase", spend(payables, DocNumber="501"), include="allowduplicatedocnum")
    assert again["DocNumber"] == "501"


@rule("A purchase is updated in part, asked for, and deleted; it has no void.", PURCHASE)
async def test_purchase_is_kept(payables: Payables) -> None:
    made = await payables.write("Purchase", spend(payables, 1234, "Check", TxnDate="2026-02-01"))
    assert made["PrintStatus"] == "NotSet"
    changed = await payables.change("Purchase", made, PrivateNote="rent")
    assert (changed["TotalAmt"], changed["SyncToken"]) == (1234, "1")
    (found,) = await payables.found(
        "select * from Purchase where PaymentType = 'Check' and TotalAmt > '1233' and TotalAmt < '1235'"
    )
    assert found["PrivateNote"] == "rent"
    handle = {"Id": made["Id"], "SyncToken": "1"}
    assert await payables.refused("Purchase", handle, operation="void") == ["500"]
    await payables.delete("Purchase", changed)
    assert codes(await payables.get(f"/purchase/{made['Id']}")) == ["610"]


@rule("Orders and purchases of closed books are refused (6210).", "Intuit, Error codes, 6210")
async def test_purchases_of_closed_books(payables: Payables) -> None:
    payables.lab.world.quickbooks.configure(payables.realm_id, closed_until="2025-12-31")
    assert await payables.refused("Purchase", spend(payables, TxnDate="2025-12-31")) == ["6210"]
    late = order_form(payables, 1, TxnDate="2025-12-31")
    assert await payables.refused("PurchaseOrder", late) == ["6210"]
