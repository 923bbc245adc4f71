"""Invoices: what the service fills in, keeps, clears and refuses."""

from datetime import UTC, datetime

import pytest
from sandbox_books import Books, codes, fault
from sandbox_rules import rule

INVOICE = "Intuit, Invoice"
UPDATE = "Intuit, Invoice, full and sparse update"


@rule("A create is answered 200 with the whole invoice, Id, SyncToken 0 and the service's time.", INVOICE)
async def test_create_is_answered_in_full(books: Books) -> None:
    answer = await books.post("Invoice", books.form(100, 50.25))
    made = answer.json()["Invoice"]
    assert answer.status_code == 200
    assert set(answer.json()) == {"Invoice", "time"}
    assert (made["SyncToken"], made["domain"], made["sparse"]) == ("0", "QBO", False)
    assert (made["TotalAmt"], made["Balance"]) == (150.25, 150.25)
    assert made["MetaData"]["CreateTime"] == made["MetaData"]["LastUpdatedTime"]
    assert await books.read("Invoice", made["Id"]) == made


@rule("The service appends a SubTotal line, numbers the lines and names the references.", INVOICE)
async def test_lines_are_numbered_named_and_closed_by_a_subtotal(books: Books) -> None:
    made = await books.invoice(100)
    sold, subtotal = made["Line"]
    assert (sold["Id"], sold["LineNum"]) == ("1", 1)
    assert sold["SalesItemLineDetail"]["ItemRef"]["name"] == "Progress billing"
    assert subtotal == {"DetailType": "SubTotalLineDetail", "Amount": 100, "SubTotalLineDetail": {}}
    assert made["CustomerRef"]["name"]


@rule("A SubTotal line that is sent is not kept; the service reckons its own.", INVOICE)
async def test_sent_subtotal_line_is_not_kept(books: Books) -> None:
    wrong = {"DetailType": "SubTotalLineDetail", "Amount": 999, "SubTotalLineDetail": {}}
    made = await books.write("Invoice", {**books.form(), "Line": [books.line(100), wrong]})
    assert [line["Amount"] for line in made["Line"]] == [100, 100]


@rule(
    "A percentage discount is reckoned from the subtotal and stands after it.",
    "Intuit, Estimate, sample object (DiscountLine)",
)
async def test_percentage_discount_comes_off_after_the_subtotal(books: Books) -> None:
    discount = {
        "DetailType": "DiscountLineDetail",
        "Amount": 0,
        "DiscountLineDetail": {"PercentBased": True, "DiscountPercent": 10},
    }
    made = await books.write("Invoice", {**books.form(), "Line": [discount, books.line(35)]})
    assert [line["DetailType"] for line in made["Line"]] == [
        "SalesItemLineDetail",
        "SubTotalLineDetail",
        "DiscountLineDetail",
    ]
    assert [line["Amount"] for line in made["Line"]] == [35, 35, 3.5]
    assert made["TotalAmt"] == 31.5


@rule("Read-only properties that are sent are ignored in silence.", INVOICE)
async def test_read_only_properties_are_ignored(books: Books) -> None:
    read_only = {
        "TotalAmt": 1,
        "Balance": 1,
        "HomeBalance": 1,
        "MetaData": {"CreateTime": "1999-01-01T00:00:00-08:00"},
        "DeliveryInfo": {"DeliveryType": "Email"},
        "InvoiceLink": "https://pay.example",
        "domain": "X",
    }
    made = await books.invoice(100, **read_only)
    assert (made["TotalAmt"], made["Balance"], made["domain"]) == (100, 100, "QBO")
    assert "DeliveryInfo" not in made
    assert "InvoiceLink" not in made
    assert not made["MetaData"]["CreateTime"].startswith("1999")


@rule(
    "An empty text means no value: it is not stored, and it clears what was there.",
    "Intuit, Basic field definitions",
    inferred=True,
)
async def test_empty_text_is_no_value(books: Books) -> None:
    made = await books.invoice(PrivateNote="", DocNumber="")
    assert "PrivateNote" not in made
    assert made["DocNumber"].isdigit()
    noted = await books.change("Invoice", made, PrivateNote="a note")
    assert "PrivateNote" not in await books.change("Invoice", noted, PrivateNote="")


@rule(
    "Without DocNumber the service gives the next number, unless people number the forms (CustomTxnNumbers).",
    INVOICE,
)
async def test_numbers_are_given_unless_people_give_them(books: Books) -> None:
    first, second = int((await books.invoice())["DocNumber"]), int((await books.invoice())["DocNumber"])
    assert second == first + 1
    preferences = (await books.get("/preferences")).json()["Preferences"]
    forms = {**preferences["SalesFormsPrefs"], "CustomTxnNumbers": True}
    await books.change("Preferences", preferences, SalesFormsPrefs=forms)
    assert "DocNumber" not in await books.invoice()


@rule("The service's numbering steps over numbers that a client took.", INVOICE, inferred=True)
async def test_numbering_steps_over_taken_numbers(books: Books) -> None:
    last = int((await books.invoice())["DocNumber"])
    await books.invoice(DocNumber=str(last + 1))
    assert (await books.invoice())["DocNumber"] == str(last + 2)


@rule(
    "A number that is taken is refused with 6140, which names the holder.",
    "Captured answer, whosebug 5669584",
)
async def test_taken_number_is_refused_with_its_holder(books: Books) -> None:
    holder = await books.invoice(DocNumber="TX-7")
    refused = fault(await books.post("Invoice", books.form(1, DocNumber="TX-7")))
    assert (refused["code"], refused["Message"]) == ("6140", "Duplicate Document Number Error")
    assert f"DocNumber=TX-7 is assigned to TxnType=Invoice with TxnId={holder['Id']}" in refused["Detail"]


@rule(
    "Numbers that differ in case only are the same number.",
    "Intuit, Data queries (values ignore case)",
    inferred=True,
)
async def test_number_in_other_case_is_taken(books: Books) -> None:
    await books.invoice(DocNumber="tx-7")
    assert await books.refused("Invoice", books.form(1, DocNumber="TX-7")) == ["6140"]


@rule(
    "`include=allowduplicatedocnum` waives the check of one request.",
    "Intuit, Invoice, DocNumber; python and .NET SDK tests",
)
async def test_check_can_be_waived(books: Books) -> None:
    await books.invoice(DocNumber="TX-7")
    second = await books.write("Invoice", books.form(1, DocNumber="TX-7"), include="allowduplicatedocnum")
    assert second["DocNumber"] == "TX-7"


@rule(
    "A company that does not check for duplicates stores the same number twice.",
    "Intuit, Invoice, DocNumber (warn about duplicate numbers)",
)
async def test_unchecked_company_takes_the_number_twice(books: Books) -> None:
    books.lab.world.quickbooks.configure(books.realm_id, duplicate_check=False)
    one, two = [await books.invoice(DocNumber="TX-7") for _ in range(2)]
    assert one["Id"] != two["Id"]


@rule("A deleted or renumbered invoice gives its number back; a voided one keeps it.", INVOICE, inferred=True)
async def test_number_is_free_again_after_delete_or_renumbering(books: Books) -> None:
    gone = await books.invoice(DocNumber="A-1")
    await books.delete("Invoice", gone)
    renumbered = await books.invoice(DocNumber="A-1")
    await books.change("Invoice", renumbered, DocNumber="A-2")
    voided = await books.invoice(DocNumber="A-1")
    await books.void("Invoice", voided)
    assert await books.refused("Invoice", books.form(1, DocNumber="A-1")) == ["6140"]


@rule("An update that keeps its own number is no duplicate of itself.", INVOICE)
async def test_update_may_keep_its_number(books: Books) -> None:
    made = await books.invoice(DocNumber="A-1")
    assert (await books.change("Invoice", made, DocNumber="A-1"))["SyncToken"] == "1"


@rule("TotalAmt is the sum of the lines plus TxnTaxDetail.TotalTax.", INVOICE)
async def test_total_includes_the_tax(books: Books) -> None:
    made = await books.invoice(100, TxnTaxDetail={"TotalTax": 8.25})
    assert (made["TotalAmt"], made["Balance"], made["TxnTaxDetail"]["TotalTax"]) == (108.25, 108.25, 8.25)


@rule("Amounts are kept to the cent: a thousand lines of ten cents come to one hundred.", INVOICE)
async def test_amounts_are_exact(books: Books) -> None:
    made = await books.write("Invoice", books.form(*[0.1] * 1000))
    assert made["TotalAmt"] == 100


@rule("A deposit taken on the form lowers the balance and not the total.", INVOICE)
async def test_deposit_lowers_the_balance(books: Books) -> None:
    made = await books.invoice(100, Deposit=30)
    assert (made["TotalAmt"], made["Balance"], made["Deposit"]) == (100, 70, 30)


@rule(
    "A negative line is taken; a negative total is refused with 6000.",
    "Practice of retainage lines (Knowify)",
    inferred=True,
)
async def test_negative_line_is_taken_and_negative_total_refused(books: Books) -> None:
    assert (await books.write("Invoice", books.form(100, -10)))["TotalAmt"] == 90
    assert await books.refused("Invoice", books.form(100, -100.01)) == ["6000"]


@rule(
    "A line without an item is documentation: its amount does not count.",
    "Intuit, Invoice, Line (DescriptionOnly)",
)
async def test_line_without_item_does_not_count(books: Books) -> None:
    text = {"DetailType": "DescriptionOnly", "Description": "Thank you", "DescriptionLineDetail": {}}
    made = await books.write("Invoice", {**books.form(), "Line": [books.line(10), text]})
    assert made["TotalAmt"] == 10
    assert made["Line"][1]["Description"] == "Thank you"


@rule("TxnDate is today in the company's time zone unless given.", INVOICE)
async def test_date_is_the_companys_today(books: Books) -> None:
    books.lab.world.clock.set(datetime(2026, 11, 2, 6, 30, tzinfo=UTC))
    made = await books.invoice()
    assert made["TxnDate"] == "2026-11-01"


@rule("Without DueDate it follows from the terms.", INVOICE)
async def test_due_date_follows_from_the_terms(books: Books) -> None:
    assert (await books.invoice(TxnDate="2026-01-31"))["DueDate"] == "2026-03-02"
    given = await books.invoice(TxnDate="2026-01-31", DueDate="2026-02-01")
    assert given["DueDate"] == "2026-02-01"


@rule("Addresses are the customer's unless given.", INVOICE)
async def test_addresses_come_from_the_customer(books: Books) -> None:
    customer = await books.read("Customer", books.customer)
    await books.change("Customer", customer, BillAddr={"Line1": "1 Main St", "City": "Austin"})
    assert (await books.invoice())["BillAddr"]["City"] == "Austin"
    assert (await books.invoice(BillAddr={"City": "Waco"}))["BillAddr"] == {"City": "Waco"}


@rule("A full update clears every writable property that is omitted.", UPDATE)
async def test_full_update_clears_what_is_omitted(books: Books) -> None:
    made = await books.invoice(100, PrivateNote="note", CustomerMemo={"value": "memo"}, DocNumber="A-1")
    full = {**books.form(100), "Id": made["Id"], "SyncToken": made["SyncToken"]}
    after = await books.write("Invoice", full)
    assert after["SyncToken"] == "1"
    assert {"PrivateNote", "CustomerMemo", "DocNumber"}.isdisjoint(after)


@rule("A sparse update leaves alone what is omitted, lines included.", UPDATE)
async def test_sparse_update_keeps_what_is_omitted(books: Books) -> None:
    made = await books.write("Invoice", books.form(100, 20, PrivateNote="note"))
    after = await books.change("Invoice", made, CustomerMemo={"value": "memo"})
    assert (after["PrivateNote"], after["TotalAmt"], after["Line"]) == ("note", 120, made["Line"])


@rule("The Line array is always replaced as a whole; a line sent with its Id keeps it.", UPDATE)
async def test_lines_are_replaced_as_a_whole(books: Books) -> None:
    made = await books.write("Invoice", books.form(100, 20, 3))
    kept = made["Line"][1]
    after = await books.change("Invoice", made, Line=[{**kept, "Amount": 21}, books.line(5)])
    assert [(line.get("Id"), line["Amount"]) for line in after["Line"]] == [("2", 21), ("4", 5), (None, 26)]
    assert after["TotalAmt"] == 26


@rule(
    "Every change raises the SyncToken by one; an update with an older one is refused with 5010.",
    "Intuit, Basic field definitions, SyncToken",
)
async def test_old_sync_token_is_refused(books: Books) -> None:
    made = await books.invoice()
    await books.change("Invoice", made, PrivateNote="first")
    refused = fault(await books.post("Invoice", {**made, "sparse": True, "PrivateNote": "second"}))
    assert (refused["code"], refused["Message"]) == ("5010", "Stale Object Error")
    assert (await books.read("Invoice", made["Id"]))["PrivateNote"] == "first"


@rule(
    "Delete, void and update need the SyncToken too (2020 without, 5010 with an old one).",
    "Intuit, Basic field definitions, SyncToken",
)
@pytest.mark.parametrize("operation", ["delete", "void", "update"])
async def test_operations_need_the_sync_token(books: Books, operation: str) -> None:
    made = await books.invoice()
    now = await books.change("Invoice", made, PrivateNote="x")
    assert await books.refused("Invoice", {"Id": made["Id"]}, operation=operation) == ["2020"]
    assert await books.refused("Invoice", {"Id": made["Id"], "SyncToken": "0"}, operation=operation) == [
        "5010"
    ]
    assert (await books.read("Invoice", made["Id"]))["SyncToken"] == now["SyncToken"]


@rule(
    "A deleted invoice answers with status Deleted, and its id with 610 from then on.",
    "Intuit, Invoice, delete",
)
async def test_deleted_invoice_is_gone(books: Books) -> None:
    made = await books.invoice()
    assert await books.delete("Invoice", made) == {"status": "Deleted", "domain": "QBO", "Id": made["Id"]}
    assert codes(await books.get(f"/invoice/{made['Id']}")) == ["610"]
    assert await books.refused("Invoice", {"Id": made["Id"], "SyncToken": "0"}, operation="delete") == ["610"]


@rule("An invoice with a payment cannot be deleted (800): unlink first.", "Intuit, Invoice, delete")
async def test_paid_invoice_cannot_be_deleted(books: Books) -> None:
    made = await books.invoice(100)
    payment = await books.pay(made, 10)
    now = await books.read("Invoice", made["Id"])
    assert await books.refused("Invoice", now, operation="delete") == ["800"]
    await books.delete("Payment", payment)
    await books.delete("Invoice", await books.read("Invoice", made["Id"]))


@rule(
    "A void zeroes amounts and quantities, notes Voided, and keeps number and customer.",
    "Intuit, Invoice, void",
)
@pytest.mark.parametrize(
    "manner", [{"operation": "void"}, {"operation": "update", "include": "void"}, {"include": "void"}]
)
async def test_void_zeroes_everything(books: Books, manner: dict[str, str]) -> None:
    made = await books.invoice(
        100, TxnTaxDetail={"TotalTax": 8}, Deposit=5, PrivateNote="hello", DocNumber="A-1"
    )
    after = await books.write("Invoice", {"Id": made["Id"], "SyncToken": "0"}, **manner)
    assert (after["TotalAmt"], after["Balance"], after["TxnTaxDetail"]["TotalTax"]) == (0, 0, 0)
    assert {line["Amount"] for line in after["Line"]} == {0}
    assert after["Line"][0]["SalesItemLineDetail"]["Qty"] == 0
    assert after["PrivateNote"].startswith("Voided")
    assert "hello" in after["PrivateNote"]
    assert (after["DocNumber"], after["CustomerRef"]) == ("A-1", made["CustomerRef"])


@rule("A void releases the payments: their money becomes UnappliedAmt.", "Intuit, Invoice, void")
async def test_void_releases_the_payments(books: Books) -> None:
    made = await books.invoice(100)
    payment = await books.pay(made, 60)
    after = await books.void("Invoice", await books.read("Invoice", made["Id"]))
    assert after["LinkedTxn"] == []
    released = await books.read("Payment", payment["Id"])
    assert (released["UnappliedAmt"], released["Line"], released["SyncToken"]) == (60, [], "1")


@rule(
    "A void sent without `operation=void` is an update, and fails for want of lines (2020).",
    "Captured in production (Clio)",
)
async def test_void_without_the_operation_is_an_update(books: Books) -> None:
    made = await books.invoice()
    refused = fault(await books.post("Invoice", {"Id": made["Id"], "SyncToken": "0"}))
    assert (refused["code"], refused["element"]) == ("2020", "Line")


@rule("Sending sets EmailStatus, DeliveryInfo and BillEmail, and mails.", "Intuit, Invoice, send")
async def test_send_mails_and_marks(books: Books) -> None:
    made = await books.invoice(BillEmail={"Address": "ap@owner.example"})
    sent = (await books.send("Invoice", made["Id"])).json()["Invoice"]
    assert (sent["EmailStatus"], sent["DeliveryInfo"]["DeliveryType"]) == ("EmailSent", "Email")
    assert sent["DeliveryInfo"]["DeliveryTime"]
    other = (await books.send("Invoice", made["Id"], sendTo="cfo@owner.example")).json()["Invoice"]
    assert other["BillEmail"]["Address"] == "cfo@owner.example"
    mails = [e.facts["to"] for e in books.lab.world.journal.since(0) if e.kind == "mail"]
    assert mails == ["ap@owner.example", "cfo@owner.example"]


@rule("Sending raises the SyncToken.", "Intuit, Invoice, send", inferred=True)
async def test_send_raises_the_sync_token(books: Books) -> None:
    made = await books.invoice(BillEmail={"Address": "ap@owner.example"})
    assert (await books.send("Invoice", made["Id"])).json()["Invoice"]["SyncToken"] == "1"


@rule(
    "With nobody to send to, sending is refused with 6420; to no address with 2210; of no invoice with 610.",
    "Intuit, Error codes",
)
async def test_send_needs_an_address(books: Books) -> None:
    made = await books.invoice()
    assert codes(await books.send("Invoice", made["Id"])) == ["6420"]
    assert codes(await books.send("Invoice", made["Id"], sendTo="nobody")) == ["2210"]
    assert codes(await books.send("Invoice", "999999", sendTo="ap@owner.example")) == ["610"]
    assert not [e for e in books.lab.world.journal.since(0) if e.kind == "mail"]


@rule("EmailStatus NeedToSend needs a BillEmail (2020).", INVOICE)
async def test_need_to_send_needs_an_address(books: Books) -> None:
    assert await books.refused("Invoice", books.form(1, EmailStatus="NeedToSend")) == ["2020"]
    to = {"Address": "ap@owner.example"}
    assert (await books.invoice(EmailStatus="NeedToSend", BillEmail=to))["EmailStatus"] == "NeedToSend"


@rule("Setting EmailStatus EmailSent by an update sets the flag and mails nothing.", INVOICE, inferred=True)
async def test_setting_the_flag_mails_nothing(books: Books) -> None:
    made = await books.invoice()
    assert (await books.change("Invoice", made, EmailStatus="EmailSent"))["EmailStatus"] == "EmailSent"
    assert not [e for e in books.lab.world.journal.since(0) if e.kind == "mail"]


@rule(
    "A lower total keeps what was paid as far as it goes; the rest of the payment is unapplied.",
    INVOICE,
    inferred=True,
)
async def test_lower_total_gives_back_what_is_too_much(books: Books) -> None:
    made = await books.invoice(100)
    payment = await books.pay(made, 100)
    after = await books.change("Invoice", await books.read("Invoice", made["Id"]), Line=[books.line(70)])
    assert (after["Balance"], after["LinkedTxn"]) == (0, [{"TxnId": payment["Id"], "TxnType": "Payment"}])
    assert (await books.read("Payment", payment["Id"]))["UnappliedAmt"] == 30


@rule(
    "Moving an invoice from a parent to its job unlinks its payments.", "Reported: SampleApp-CRUD-Java #5, #6"
)
async def test_move_to_a_job_unlinks_the_payments(books: Books) -> None:
    made = await books.invoice(100)
    payment = await books.pay(made, 100)
    moved = await books.change(
        "Invoice", await books.read("Invoice", made["Id"]), CustomerRef={"value": books.job}
    )
    assert (moved["Balance"], moved["LinkedTxn"]) == (100, [])
    assert (await books.read("Payment", payment["Id"]))["UnappliedAmt"] == 100
