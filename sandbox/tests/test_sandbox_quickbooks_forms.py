"""Estimates, credit memos, sales receipts and refund receipts: what they share with invoices, and what not."""

from typing import Any

import pytest
from sandbox_books import Body, Books, codes
from sandbox_rules import rule

FORMS = ("Invoice", "Estimate", "CreditMemo", "SalesReceipt", "RefundReceipt")
MAILED = ("Invoice", "Estimate", "CreditMemo", "SalesReceipt", "RefundReceipt")


def least(books: Books, entity: str, *amounts: float) -> Body:
    """Return the least that a form of this kind needs."""
    form = books.form(*(amounts or (100,)))
    if entity == "RefundReceipt":
        form["DepositToAccountRef"] = {"value": books.accounts["Checking"]}
    return form


async def written(books: Books, entity: str, *amounts: float, **more: Any) -> Body:
    return await books.write(entity, {**least(books, entity, *amounts), **more})


@rule(
    "Every form is created, read, changed in part and in whole, queried and deleted alike.",
    "Intuit, each form's page",
)
@pytest.mark.parametrize("entity", FORMS)
async def test_form_from_create_to_delete(books: Books, entity: str) -> None:
    made = await written(books, entity, 100, 50, PrivateNote="note")
    assert (made["TotalAmt"], made["SyncToken"], made["Line"][-1]["DetailType"]) == (
        150,
        "0",
        "SubTotalLineDetail",
    )
    assert await books.read(entity, made["Id"]) == made
    changed = await books.change(entity, made, CustomerMemo={"value": "memo"})
    assert (changed["PrivateNote"], changed["CustomerMemo"]["value"]) == ("note", "memo")
    full = await books.write(entity, {**least(books, entity, 70), "Id": made["Id"], "SyncToken": "1"})
    assert (full["TotalAmt"], full["SyncToken"]) == (70, "2")
    assert {"PrivateNote", "CustomerMemo"}.isdisjoint(full)
    found = await books.lab.query(f"select * from {entity} where Id = '{made['Id']}'")
    assert found.json()["QueryResponse"][entity] == [full]
    assert (await books.delete(entity, full))["status"] == "Deleted"
    assert codes(await books.get(f"/{entity.lower()}/{made['Id']}")) == ["610"]


@rule(
    "All forms draw from one space of numbers: an invoice collides with a credit memo.",
    "Reported: Clio, 6140",
)
@pytest.mark.parametrize("entity", FORMS[1:])
async def test_forms_share_their_numbers(books: Books, entity: str) -> None:
    first = await books.invoice()
    second = await written(books, entity)
    assert int(second["DocNumber"]) == int(first["DocNumber"]) + 1
    await written(books, entity, DocNumber="A-1")
    assert await books.refused("Invoice", books.form(1, DocNumber="A-1")) == ["6140"]


@rule(
    "What a form cannot do without is refused with 2020: lines always, a customer but for receipts, a refund's account.",
    "Intuit, each form's page, required fields",
)
@pytest.mark.parametrize(
    ("entity", "missing"),
    [
        ("Estimate", ["CustomerRef", "Line"]),
        ("CreditMemo", ["CustomerRef", "Line"]),
        ("SalesReceipt", ["Line"]),
        ("RefundReceipt", ["DepositToAccountRef", "Line"]),
    ],
)
async def test_required_properties(books: Books, entity: str, missing: list[str]) -> None:
    faults = (await books.post(entity, {})).json()["Fault"]["Error"]
    assert sorted(fault["element"] for fault in faults) == missing
    assert {fault["code"] for fault in faults} == {"2020"}


@rule(
    "Every form is mailed by /send, which sets DeliveryInfo and BillEmail (6420 with no address).",
    "Intuit, each form's page, send",
)
@pytest.mark.parametrize("entity", MAILED)
async def test_forms_are_mailed(books: Books, entity: str) -> None:
    made = await written(books, entity)
    assert codes(await books.send(entity, made["Id"])) == ["6420"]
    sent = (await books.send(entity, made["Id"], sendTo="ap@owner.example")).json()[entity]
    assert (sent["DeliveryInfo"]["DeliveryType"], sent["BillEmail"]["Address"]) == (
        "Email",
        "ap@owner.example",
    )
    assert sent["EmailStatus"] == "EmailSent"


@rule(
    "A payment's receipt is mailed too: to sendTo, or to the customer.",
    "Intuit, Payment, send",
    inferred=True,
)
async def test_payment_is_mailed(books: Books) -> None:
    payment = await books.write("Payment", books.money(10))
    assert (await books.send("Payment", payment["Id"])).json()["Payment"]["DeliveryInfo"]
    assert codes(await books.send("Payment", payment["Id"], sendTo="nobody")) == ["2210"]


@rule(
    "Estimates, credit memos and refund receipts have no void (500).",
    "PHP, python and node clients have none",
    inferred=True,
)
@pytest.mark.parametrize("entity", ["Estimate", "CreditMemo", "RefundReceipt"])
async def test_some_forms_cannot_be_voided(books: Books, entity: str) -> None:
    made = await written(books, entity)
    assert await books.refused(entity, made, operation="void") == ["500"]


@rule(
    "An estimate is Pending until told, takes the five statuses, and owes nothing.",
    "Intuit, Estimate, TxnStatus",
)
async def test_estimate_has_a_status_and_owes_nothing(books: Books) -> None:
    before = (await books.read("Customer", books.customer))["Balance"]
    made = await written(books, "Estimate")
    assert made["TxnStatus"] == "Pending"
    assert "Balance" not in made
    accepted = await books.change(
        "Estimate", made, TxnStatus="Accepted", AcceptedBy="Ann", AcceptedDate="2026-11-02"
    )
    assert (accepted["TxnStatus"], accepted["AcceptedBy"]) == ("Accepted", "Ann")
    wrong = {"Id": made["Id"], "SyncToken": "1", "sparse": True}
    assert await books.refused("Estimate", {**wrong, "TxnStatus": "Maybe"}) == ["2170"]
    assert await books.refused("Estimate", {**wrong, "ExpirationDate": "soon"}) == ["2060"]
    assert (await books.read("Customer", books.customer))["Balance"] == before


@rule(
    "An invoice bills an estimate by LinkedTxn; the estimate is Closed and linked to it.",
    "Intuit, Invoice, LinkedTxn",
    inferred=True,
)
async def test_invoice_closes_its_estimate(books: Books) -> None:
    estimate = await written(books, "Estimate")
    link = {"TxnId": estimate["Id"], "TxnType": "Estimate"}
    invoice = await books.invoice(100, LinkedTxn=[link])
    assert invoice["LinkedTxn"] == [link]
    closed = await books.read("Estimate", estimate["Id"])
    assert (closed["TxnStatus"], closed["SyncToken"]) == ("Closed", "1")
    assert closed["LinkedTxn"] == [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]
    assert await books.refused("Estimate", closed, operation="delete") == ["800"]


@rule(
    "Payments and a sparse update leave the invoice's link to its estimate alone; delete, void and a full update open it.",
    "Intuit, Invoice, LinkedTxn",
    inferred=True,
)
@pytest.mark.parametrize("way", ["delete", "void", "full update"])
async def test_estimate_opens_again(books: Books, way: str) -> None:
    estimate = await written(books, "Estimate")
    link = {"TxnId": estimate["Id"], "TxnType": "Estimate"}
    invoice = await books.invoice(100, LinkedTxn=[link])
    payment = await books.pay(invoice, 10)
    await books.delete("Payment", payment)
    invoice = await books.change("Invoice", await books.read("Invoice", invoice["Id"]), PrivateNote="x")
    assert invoice["LinkedTxn"] == [link]
    if way == "delete":
        await books.delete("Invoice", invoice)
    elif way == "void":
        await books.void("Invoice", invoice)
    else:
        await books.write(
            "Invoice", {**books.form(100), "Id": invoice["Id"], "SyncToken": invoice["SyncToken"]}
        )
    opened = await books.read("Estimate", estimate["Id"])
    assert (opened["TxnStatus"], opened["LinkedTxn"]) == ("Pending", [])


@rule(
    "An estimate of another customer, or another kind of form, cannot be billed (620); an unknown one is 610.",
    "Intuit, Error codes",
    inferred=True,
)
async def test_only_the_customers_estimates_can_be_billed(books: Books) -> None:
    of_job = await books.write("Estimate", {**books.form(1), "CustomerRef": {"value": books.job}})
    memo = await written(books, "CreditMemo")
    for kind, txn_id, code in (
        ("Estimate", of_job["Id"], "620"),
        ("CreditMemo", memo["Id"], "620"),
        ("Estimate", "999999", "610"),
    ):
        linked = books.form(1, LinkedTxn=[{"TxnId": txn_id, "TxnType": kind}])
        assert await books.refused("Invoice", linked) == [code]


@rule(
    "A credit memo lowers what the customer owes; all of it remains until a payment takes from it.",
    "Intuit, CreditMemo, RemainingCredit",
)
async def test_credit_memo_lowers_the_balance(books: Books) -> None:
    before = (await books.read("Customer", books.customer))["Balance"]
    memo = await written(books, "CreditMemo", 40)
    assert (memo["TotalAmt"], memo["Balance"], memo["RemainingCredit"]) == (40, 40, 40)
    assert (await books.read("Customer", books.customer))["Balance"] == before - 40


def lines(*parts: tuple[str, Body, float]) -> list[Body]:
    return [
        {"Amount": amount, "LinkedTxn": [{"TxnId": body["Id"], "TxnType": kind}]}
        for kind, body, amount in parts
    ]


@rule(
    "A payment of nothing applies a credit memo to an invoice: one line for each.",
    "Intuit, Payment (Invoices and Credit Memos); Breadwinner docs",
)
async def test_credit_is_applied_by_a_payment_of_nothing(books: Books) -> None:
    invoice, memo = await books.invoice(100), await written(books, "CreditMemo", 40)
    owed = (await books.read("Customer", books.customer))["Balance"]
    body = books.money(0, Line=lines(("Invoice", invoice, 40), ("CreditMemo", memo, 40)))
    payment = await books.write("Payment", body)
    assert (payment["TotalAmt"], payment["UnappliedAmt"]) == (0, 0)
    assert (await books.read("Invoice", invoice["Id"]))["Balance"] == 60
    used = await books.read("CreditMemo", memo["Id"])
    assert (used["Balance"], used["RemainingCredit"], used["SyncToken"]) == (0, 0, "1")
    assert (await books.read("Customer", books.customer))["Balance"] == owed


@rule(
    "One line that links both the credit memo and the invoice means the same.",
    "Published clients send it so",
    inferred=True,
)
async def test_credit_and_invoice_in_one_line(books: Books) -> None:
    invoice, memo = await books.invoice(100), await written(books, "CreditMemo", 40)
    both = [{"TxnId": memo["Id"], "TxnType": "CreditMemo"}, {"TxnId": invoice["Id"], "TxnType": "Invoice"}]
    await books.write("Payment", books.money(0, Line=[{"Amount": 40, "LinkedTxn": both}]))
    assert (await books.read("Invoice", invoice["Id"]))["Balance"] == 60
    assert (await books.read("CreditMemo", memo["Id"]))["RemainingCredit"] == 0


@rule(
    "Money and credit together pay an invoice; credit comes first, money left over is UnappliedAmt.",
    "Intuit, Payment",
    inferred=True,
)
async def test_money_and_credit_together(books: Books) -> None:
    invoice, memo = await books.invoice(100), await written(books, "CreditMemo", 40)
    body = books.money(70, Line=lines(("Invoice", invoice, 100), ("CreditMemo", memo, 40)))
    payment = await books.write("Payment", body)
    assert payment["UnappliedAmt"] == 10
    assert (await books.read("Invoice", invoice["Id"]))["Balance"] == 0


@rule("No more credit than remains, and none beyond what it pays (6000).", "Intuit, Payment", inferred=True)
async def test_credit_has_limits(books: Books) -> None:
    invoice, memo = await books.invoice(100), await written(books, "CreditMemo", 40)
    too_much = lines(("Invoice", invoice, 41), ("CreditMemo", memo, 41))
    pays_nothing = lines(("CreditMemo", memo, 40))
    for wrong in (too_much, pays_nothing):
        assert await books.refused("Payment", books.money(0, Line=wrong)) == ["6000"]


@rule(
    "Voiding or deleting the payment gives the credit back; so does voiding the invoice it paid.",
    "Intuit, Invoice, void",
    inferred=True,
)
@pytest.mark.parametrize("way", ["void payment", "delete payment", "void invoice"])
async def test_credit_is_given_back(books: Books, way: str) -> None:
    invoice, memo = await books.invoice(100), await written(books, "CreditMemo", 40)
    body = books.money(10, Line=lines(("Invoice", invoice, 50), ("CreditMemo", memo, 40)))
    payment = await books.write("Payment", body)
    if way == "void payment":
        await books.void("Payment", payment)
    elif way == "delete payment":
        await books.delete("Payment", payment)
    else:
        await books.void("Invoice", await books.read("Invoice", invoice["Id"]))
        left = await books.read("Payment", payment["Id"])
        assert (left["UnappliedAmt"], left["Line"]) == (10, [])
    assert (await books.read("CreditMemo", memo["Id"]))["RemainingCredit"] == 40


@rule(
    "A credit memo that is applied cannot be deleted (800), lowered below it or moved (6000).",
    "Intuit, Error codes",
    inferred=True,
)
async def test_applied_credit_stays(books: Books) -> None:
    invoice, memo = await books.invoice(100), await written(books, "CreditMemo", 40)
    await books.write(
        "Payment", books.money(0, Line=lines(("Invoice", invoice, 30), ("CreditMemo", memo, 30)))
    )
    now = await books.read("CreditMemo", memo["Id"])
    assert await books.refused("CreditMemo", now, operation="delete") == ["800"]
    lower = {"Id": now["Id"], "SyncToken": now["SyncToken"], "sparse": True, "Line": [books.line(29.99)]}
    assert await books.refused("CreditMemo", lower) == ["6000"]
    moved = {**lower, "Line": now["Line"], "CustomerRef": {"value": books.job}}
    assert await books.refused("CreditMemo", moved) == ["6000"]
    assert (await books.change("CreditMemo", now, Line=[books.line(50)]))["RemainingCredit"] == 20


@rule(
    "A sales receipt owes nothing, needs no customer, and goes to Undeposited Funds unless told.",
    "Intuit, SalesReceipt",
)
async def test_sales_receipt_is_paid_at_once(books: Books) -> None:
    made = await books.write("SalesReceipt", {"Line": [books.line(35)]})
    assert (made["TotalAmt"], made["Balance"]) == (35, 0)
    assert made["DepositToAccountRef"] == {
        "value": books.accounts["Undeposited Funds"],
        "name": "Undeposited Funds",
    }
    income = {"DepositToAccountRef": {"value": books.accounts["Construction Income"]}}
    assert await books.refused("SalesReceipt", {"Line": [books.line(1)], **income}) == ["6430"]


@rule(
    "A sales receipt is voided by include=void: amounts and quantities zero, the note says Voided.",
    "Intuit, SalesReceipt, void",
)
async def test_sales_receipt_can_be_voided(books: Books) -> None:
    made = await written(books, "SalesReceipt", 35)
    after = await books.void("SalesReceipt", made)
    assert (after["TotalAmt"], after["Balance"], after["PrivateNote"]) == (0, 0, "Voided")
    assert {line["Amount"] for line in after["Line"]} == {0}


@rule(
    "A refund yet to be printed carries the reference number To Print.",
    "Intuit, RefundReceipt, PaymentRefNum",
)
async def test_refund_to_be_printed(books: Books) -> None:
    made = await written(books, "RefundReceipt", 87.5)
    assert (made["PaymentRefNum"], made["Balance"], made["TotalAmt"]) == ("To Print", 0, 87.5)
    printed = await written(books, "RefundReceipt", PrintStatus="PrintComplete", PaymentRefNum="10264")
    assert printed["PaymentRefNum"] == "10264"
