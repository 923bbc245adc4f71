"""How each status that people see arises: from balance, dates, mail, links and voids, never from a field."""

import pytest
from sandbox_books import Body, Books
from sandbox_rules import rule

STATUS = "Intuit, Invoice, and its XSD: what the statuses of the user interface follow from"


async def again(books: Books, invoice: Body) -> Body:
    return await books.read("Invoice", invoice["Id"])


@rule("There is no status to set: invoice_status is unknown (2010), invoiceStatus is read-only.", STATUS)
async def test_status_cannot_be_set(books: Books) -> None:
    assert await books.refused("Invoice", books.form(1, invoice_status="Paid")) == ["2010"]
    made = await books.invoice(1, invoiceStatus="PAID", callToAction="none")
    assert {"invoiceStatus", "callToAction"}.isdisjoint(made)
    assert made["Balance"] == 1


@rule("There is no billing_entity_id: unknown (2010); who is billed is CustomerRef (2020 without).", STATUS)
async def test_who_is_billed(books: Books) -> None:
    assert await books.refused("Invoice", books.form(1, billing_entity_id="7")) == ["2010"]
    assert await books.refused("Invoice", {"Line": [books.line(1)]}) == ["2020"]


@rule("Open: a balance that is not due yet.", STATUS)
async def test_open(books: Books) -> None:
    made = await books.invoice(100)
    assert made["Balance"] == made["TotalAmt"] == 100
    assert made["DueDate"] >= made["TxnDate"]
    assert made["LinkedTxn"] == []


@rule("Not sent: EmailStatus NotSet, or NeedToSend when it waits to be.", STATUS)
async def test_not_sent(books: Books) -> None:
    made = await books.invoice()
    assert made["EmailStatus"] == "NotSet"
    assert "DeliveryInfo" not in made
    to = {"Address": "ap@example.com"}
    assert (await books.invoice(EmailStatus="NeedToSend", BillEmail=to))["EmailStatus"] == "NeedToSend"


@rule("Sent: EmailStatus EmailSent with DeliveryInfo of type Email and its time.", STATUS)
async def test_sent(books: Books) -> None:
    made = await books.invoice()
    await books.send("Invoice", made["Id"], sendTo="ap@example.com")
    after = await again(books, made)
    assert after["EmailStatus"] == "EmailSent"
    assert after["DeliveryInfo"]["DeliveryType"] == "Email"
    assert after["DeliveryInfo"]["DeliveryTime"].endswith("-08:00")
    assert after["BillEmail"] == {"Address": "ap@example.com"}


@rule("Partially paid: a balance between zero and the total, and a link to a payment.", STATUS)
async def test_partially_paid(books: Books) -> None:
    made = await books.invoice(100)
    payment = await books.pay(made, 40)
    after = await again(books, made)
    assert 0 < after["Balance"] < after["TotalAmt"]
    assert after["LinkedTxn"] == [{"TxnId": payment["Id"], "TxnType": "Payment"}]


@rule("Paid: balance zero and a link to a payment, the credit memo's too.", STATUS)
async def test_paid(books: Books) -> None:
    made = await books.invoice(100)
    credit = await books.write("CreditMemo", books.form(30))
    lines = [
        {"Amount": 100, "LinkedTxn": [{"TxnId": made["Id"], "TxnType": "Invoice"}]},
        {"Amount": 30, "LinkedTxn": [{"TxnId": credit["Id"], "TxnType": "CreditMemo"}]},
    ]
    payment = await books.write("Payment", books.money(70, Line=lines))
    after = await again(books, made)
    assert (after["Balance"], after["TotalAmt"]) == (0, 100)
    assert after["LinkedTxn"] == [{"TxnId": payment["Id"], "TxnType": "Payment"}]


@rule("Deposited: a deposit links the payment; the invoice does not change again.", STATUS)
async def test_deposited(books: Books) -> None:
    made = await books.invoice(100)
    payment = await books.pay(made, 100)
    paid = await again(books, made)
    line = {"Amount": 100, "LinkedTxn": [{"TxnId": payment["Id"], "TxnType": "Payment"}]}
    bank = {"DepositToAccountRef": {"value": books.accounts["Checking"]}}
    deposit = await books.write("Deposit", {**bank, "Line": [line]})
    linked = (await books.read("Payment", payment["Id"]))["LinkedTxn"]
    assert linked == [{"TxnId": deposit["Id"], "TxnType": "Deposit"}]
    assert await again(books, made) == paid


@rule("Overdue: nothing happens to the invoice, time passes.", STATUS)
async def test_overdue(books: Books) -> None:
    made = await books.invoice(100)
    assert made["DueDate"] > books.lab.world.clock.now().date().isoformat()
    books.lab.world.clock.step(31 * 86_400)
    shown = books.lab.world.quickbooks.dump(books.realm_id, "Invoice")
    (late,) = (invoice for invoice in shown if invoice["Id"] == made["Id"])
    assert late == made
    assert late["DueDate"] < books.lab.world.clock.now().date().isoformat()


@rule("Overdue by a sparse update of DueDate: the date may lie in the past.", STATUS)
async def test_overdue_by_update(books: Books) -> None:
    made = await books.invoice(100)
    assert (await books.change("Invoice", made, DueDate="2020-01-31"))["DueDate"] == "2020-01-31"


@rule("Voided: totals zero and the note says so; a void frees its payments.", STATUS)
async def test_voided(books: Books) -> None:
    made = await books.invoice(100, PrivateNote="ours")
    await books.pay(made, 40)
    after = await books.void("Invoice", await again(books, made))
    assert (after["TotalAmt"], after["Balance"], after["LinkedTxn"]) == (0, 0, [])
    assert after["PrivateNote"] == "Voided - ours"


@rule(
    "An invoice of nothing is paid without a payment; only note and history tell it from a voided one.",
    STATUS,
    inferred=True,
)
async def test_invoice_of_nothing(books: Books) -> None:
    made = await books.invoice(0)
    assert (made["TotalAmt"], made["Balance"], made["LinkedTxn"]) == (0, 0, [])
    assert "PrivateNote" not in made


@rule("Viewed and approval are the service's own: EInvoiceStatus and TxnApprovalInfo are read-only.", STATUS)
@pytest.mark.parametrize(
    "own", [{"EInvoiceStatus": "Viewed"}, {"TxnApprovalInfo": {"ApprovalStatus": "PENDING_APPROVAL"}}]
)
async def test_viewed_and_approved(books: Books, own: Body) -> None:
    made = await books.invoice(1, **own)
    assert own.keys().isdisjoint(made)
    changed = await books.change("Invoice", made, **own)
    assert own.keys().isdisjoint(changed)
