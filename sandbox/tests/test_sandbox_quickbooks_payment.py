"""Payments: what is applied, what is left, and what an application does to the invoice."""

import pytest
from sandbox_books import Body, Books, codes, fault
from sandbox_rules import rule

PAYMENT = "Intuit, Payment"


def line(entity: str, body: Body, amount: float) -> Body:
    return {"Amount": amount, "LinkedTxn": [{"TxnId": body["Id"], "TxnType": entity}]}


async def balance(books: Books, invoice: Body) -> float:
    found: float = (await books.read("Invoice", invoice["Id"]))["Balance"]
    return found


@rule("A payment needs a customer and an amount (2020 each).", PAYMENT)
async def test_payment_needs_customer_and_amount(books: Books) -> None:
    assert sorted(await books.refused("Payment", {})) == ["2020", "2020"]


@rule("A payment without lines is all UnappliedAmt and goes to Undeposited Funds.", PAYMENT)
async def test_payment_without_lines_is_unapplied(books: Books) -> None:
    made = await books.write("Payment", books.money(100))
    assert (made["UnappliedAmt"], made["TotalAmt"], made["Line"]) == (100, 100, [])
    assert made["DepositToAccountRef"]["value"] == books.accounts["Undeposited Funds"]


@rule("A line lowers the invoice's balance and links it to the payment.", PAYMENT)
async def test_line_lowers_the_balance(books: Books) -> None:
    invoice = await books.invoice(100)
    payment = await books.pay(invoice, 40)
    after = await books.read("Invoice", invoice["Id"])
    assert (after["Balance"], after["TotalAmt"]) == (60, 100)
    assert after["LinkedTxn"] == [{"TxnId": payment["Id"], "TxnType": "Payment"}]


@rule(
    "Linking raises the SyncToken of the invoice: a token read before is stale.",
    "ruby fixture bill_linked_transactions.xml, for bills",
    inferred=True,
)
async def test_linking_makes_the_invoices_token_stale(books: Books) -> None:
    invoice = await books.invoice(100)
    await books.pay(invoice, 40)
    assert (await books.read("Invoice", invoice["Id"]))["SyncToken"] == "1"
    assert await books.refused("Invoice", {**invoice, "sparse": True, "PrivateNote": "x"}) == ["5010"]


@rule("What the lines leave of the amount is UnappliedAmt.", PAYMENT)
async def test_rest_is_unapplied(books: Books) -> None:
    one, two = await books.invoice(100), await books.invoice(50)
    lines = [line("Invoice", one, 60), line("Invoice", two, 50)]
    made = await books.write("Payment", books.money(200, Line=lines))
    assert made["UnappliedAmt"] == 90
    assert (await balance(books, one), await balance(books, two)) == (40, 0)


@rule(
    "More than the invoice's open balance cannot be applied to it (6000); nothing changes.",
    PAYMENT,
    inferred=True,
)
async def test_more_than_the_balance_is_refused(books: Books) -> None:
    invoice = await books.invoice(100)
    await books.pay(invoice, 60)
    too_much = books.money(100, Line=[line("Invoice", invoice, 40.01)])
    assert await books.refused("Payment", too_much) == ["6000"]
    assert await balance(books, invoice) == 40


@rule("Several lines for one invoice count together.", PAYMENT, inferred=True)
async def test_lines_for_one_invoice_count_together(books: Books) -> None:
    invoice = await books.invoice(100)
    twice = books.money(120, Line=[line("Invoice", invoice, 60), line("Invoice", invoice, 60)])
    assert await books.refused("Payment", twice) == ["6000"]


@rule("Lines may not come to more than the amount received (6000).", PAYMENT, inferred=True)
async def test_lines_beyond_the_amount_are_refused(books: Books) -> None:
    invoice = await books.invoice(100)
    assert await books.refused("Payment", books.money(10, Line=[line("Invoice", invoice, 11)])) == ["6000"]


@rule("A negative amount is refused (2140).", "Intuit, Error codes", inferred=True)
async def test_negative_amounts_are_refused(books: Books) -> None:
    invoice = await books.invoice(100)
    assert await books.refused("Payment", books.money(-1)) == ["2140"]
    assert "2140" in await books.refused("Payment", books.money(5, Line=[line("Invoice", invoice, -5)]))


@rule("A parent's payment pays its jobs' invoices; a stranger's does not (620).", PAYMENT, inferred=True)
async def test_parent_pays_for_its_jobs_only(books: Books) -> None:
    of_job = await books.invoice(100, CustomerRef={"value": books.job})
    await books.pay(of_job, 10)
    stranger = await books.write("Customer", {"DisplayName": "Somebody else"})
    body = books.money(10, Line=[line("Invoice", of_job, 10)])
    assert await books.refused("Payment", {**body, "CustomerRef": {"value": stranger["Id"]}}) == ["620"]


@rule(
    "An invoice that does not exist cannot be paid (610); other transactions cannot be linked (620).",
    "Intuit, Error codes",
)
async def test_links_must_lead_to_invoices(books: Books) -> None:
    nowhere = [{"Amount": 1, "LinkedTxn": [{"TxnId": "999999", "TxnType": "Invoice"}]}]
    assert await books.refused("Payment", books.money(1, Line=nowhere)) == ["610"]
    payment = await books.write("Payment", books.money(1))
    other = [line("Payment", payment, 1)]
    assert await books.refused("Payment", books.money(1, Line=other)) == ["620"]


@rule("An update without the line gives the invoice its balance back.", PAYMENT)
async def test_update_can_unlink(books: Books) -> None:
    invoice = await books.invoice(100)
    payment = await books.pay(invoice, 100)
    after = await books.change("Payment", payment, Line=[])
    assert after["UnappliedAmt"] == 100
    shown = await books.read("Invoice", invoice["Id"])
    assert (shown["Balance"], shown["LinkedTxn"], shown["SyncToken"]) == (100, [], "2")


@rule("An update moves an application from one invoice to another.", PAYMENT)
async def test_update_can_move_the_application(books: Books) -> None:
    one, two = await books.invoice(100), await books.invoice(100)
    payment = await books.pay(one, 100)
    await books.change("Payment", payment, Line=[line("Invoice", two, 70)])
    assert (await balance(books, one), await balance(books, two)) == (100, 30)


@rule("A sparse update without lines leaves the applications alone.", PAYMENT)
async def test_sparse_update_keeps_the_lines(books: Books) -> None:
    invoice = await books.invoice(100)
    payment = await books.pay(invoice, 100)
    after = await books.change("Payment", payment, PrivateNote="thanks")
    assert (after["UnappliedAmt"], await balance(books, invoice)) == (0, 0)
    assert (await books.read("Invoice", invoice["Id"]))["SyncToken"] == "1"


@rule(
    "A payment is voided by operation=update&include=void, by include=void and by operation=void.",
    "Intuit, Payment, void; PHP, python and ruby clients",
)
@pytest.mark.parametrize(
    "manner", [{"operation": "update", "include": "void"}, {"include": "void"}, {"operation": "void"}]
)
async def test_void_opens_the_invoice_again(books: Books, manner: dict[str, str]) -> None:
    invoice = await books.invoice(100)
    payment = await books.pay(invoice, 100)
    handle = {"Id": payment["Id"], "SyncToken": "0", "sparse": True}
    voided = await books.write("Payment", handle, **manner)
    assert (voided["TotalAmt"], voided["UnappliedAmt"], voided["Line"]) == (0, 0, [])
    assert (voided["PrivateNote"], voided["SyncToken"]) == ("Voided", "1")
    assert await balance(books, invoice) == 100


@rule("A deleted payment opens its invoices again.", "Intuit, Payment, delete")
async def test_delete_opens_the_invoice_again(books: Books) -> None:
    invoice = await books.invoice(100)
    payment = await books.pay(invoice, 100)
    assert (await books.delete("Payment", payment))["status"] == "Deleted"
    assert await balance(books, invoice) == 100
    assert codes(await books.get(f"/payment/{payment['Id']}")) == ["610"]


@rule(
    "Answers carry the invoice's id, number and open balance in the line's LineEx.",
    "ruby fixture payment_with_line_extras.xml",
)
async def test_lines_tell_of_their_invoice(books: Books) -> None:
    invoice = await books.invoice(100, DocNumber="A-1")
    payment = await books.pay(invoice, 40)
    pairs = {p["value"]["Name"]: p["value"]["Value"] for p in payment["Line"][0]["LineEx"]["any"]}
    assert (pairs["txnId"], pairs["txnReferenceNumber"]) == (invoice["Id"], "A-1")
    assert "txnOpenBalance" in pairs


@rule(
    "Money goes to a bank or other current asset account (6430 for another type, 2500 for none).",
    "Intuit, Error codes",
)
async def test_deposit_account_must_hold_money(books: Books) -> None:
    income = {"DepositToAccountRef": {"value": books.accounts["Construction Income"]}}
    assert await books.refused("Payment", books.money(1, **income)) == ["6430"]
    nowhere = {"DepositToAccountRef": {"value": "99999"}}
    assert await books.refused("Payment", books.money(1, **nowhere)) == ["2500"]
    bank = {"DepositToAccountRef": {"value": books.accounts["Checking"]}}
    assert (await books.write("Payment", books.money(1, **bank)))["TotalAmt"] == 1


@rule("PaymentRefNum takes 21 characters (2050 beyond).", PAYMENT)
async def test_reference_number_is_limited(books: Books) -> None:
    refused = fault(await books.post("Payment", books.money(1, PaymentRefNum="9" * 22)))
    assert (refused["code"], refused["element"]) == ("2050", "PaymentRefNum")
    assert "Max:21 supported. Supplied length:22" in refused["Detail"]


@rule(
    "A customer's Balance is what is open less what is unapplied; BalanceWithJobs adds its jobs'.",
    "Intuit, Customer",
)
async def test_customers_balance_follows(books: Books) -> None:
    own = (await books.read("Customer", books.customer))["Balance"]
    with_jobs = (await books.read("Customer", books.customer))["BalanceWithJobs"]
    await books.invoice(100)
    await books.invoice(50, CustomerRef={"value": books.job})
    await books.write("Payment", books.money(30))
    after = await books.read("Customer", books.customer)
    assert after["Balance"] == own + 70
    assert after["BalanceWithJobs"] == with_jobs + 120
