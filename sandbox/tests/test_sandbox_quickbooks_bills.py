"""Bills, vendor credits and bill payments: what is owed to vendors, and how it is settled."""

import pytest
from sandbox_books import Body, codes, fault
from sandbox_payables import Payables
from sandbox_rules import rule

BILL = "Intuit, Bill"
CREDIT = "Intuit, VendorCredit"
PAYMENT = "Intuit, BillPayment"
CODES = "Intuit, Error codes"
SAMPLES = "Sample bodies of published clients"


def settles(payment: Body) -> list[tuple[str, str, float]]:
    return [
        (link["TxnType"], link["TxnId"], line["Amount"])
        for line in payment["Line"]
        for link in line["LinkedTxn"]
    ]


@rule("A bill needs VendorRef and Line (2020 for each that is missing).", BILL)
async def test_bill_needs_vendor_and_line(payables: Payables) -> None:
    answer = await payables.post("Bill", {})
    assert codes(answer) == ["2020", "2020"]
    assert {error["element"] for error in answer.json()["Fault"]["Error"]} == {"VendorRef", "Line"}
    assert await payables.refused("Bill", payables.bill_form()) == ["2020"]


@rule("The least of a bill is completed: account, date, due date, tax code, billable status, balance.", BILL)
async def test_least_bill_is_completed(payables: Payables) -> None:
    bill = await payables.bill(200)
    today = bill["TxnDate"]
    assert bill["DueDate"] == today, "without terms a bill is due at once"
    assert bill["APAccountRef"]["name"] == "Accounts Payable (A/P)"
    assert (bill["TotalAmt"], bill["Balance"], bill["SyncToken"]) == (200, 200, "0")
    assert "DocNumber" not in bill
    (line,) = bill["Line"]
    detail = line["AccountBasedExpenseLineDetail"]
    assert (line["Id"], detail["TaxCodeRef"]["value"], detail["BillableStatus"]) == (
        "1",
        "NON",
        "NotBillable",
    )
    assert detail["AccountRef"]["name"] == "Subcontractors"
    assert await payables.read("Bill", bill["Id"]) == bill


@rule("DueDate is the date plus the days of SalesTermRef.", BILL)
async def test_due_date_follows_the_terms(payables: Payables) -> None:
    (term,) = await payables.found("select * from Term where Name = 'Net 30'")
    bill = await payables.bill(1, TxnDate="2026-01-31", SalesTermRef={"value": term["Id"]})
    assert bill["DueDate"] == "2026-03-02"
    given = await payables.bill(1, TxnDate="2026-01-31", DueDate="2026-02-01")
    assert given["DueDate"] == "2026-02-01"


@rule("TotalAmt and Balance are reckoned, whatever is sent; a negative total is refused (6000).", BILL)
async def test_bill_total_is_reckoned(payables: Payables) -> None:
    bill = await payables.bill(100, -10, TotalAmt=5, Balance=5)
    assert (bill["TotalAmt"], bill["Balance"]) == (90, 90)
    assert await payables.refused("Bill", payables.bill_form(10, -11)) == ["6000"]


@rule("Lines are account or item based; any other type is refused (2120).", BILL)
async def test_bill_takes_expense_lines_only(payables: Payables) -> None:
    other = {"DetailType": "DescriptionOnly", "Amount": 1}
    assert await payables.refused("Bill", payables.bill_form(Line=[other])) == ["2120"]
    line = {"DetailType": "AccountBasedExpenseLineDetail", "Amount": 1}
    assert await payables.refused("Bill", payables.bill_form(Line=[line])) == ["2020"]
    assert await payables.refused("Bill", payables.bill_form(Line=[{"Amount": 1}])) == ["2020"]


@rule(
    "An item line must be of a bought item, and its amount Qty times UnitPrice (6070).",
    "Intuit, PurchaseOrder",
)
async def test_item_lines(payables: Payables) -> None:
    def form(item: str, amount: float = 80, **more: float) -> Body:
        detail = {"ItemRef": {"value": item}, "Qty": 8, "UnitPrice": 10, **more}
        line = {"DetailType": "ItemBasedExpenseLineDetail", "Amount": amount}
        return payables.bill_form(Line=[{**line, "ItemBasedExpenseLineDetail": detail}])

    rebar = await payables.bought_item()
    made = await payables.write("Bill", form(rebar))
    assert made["Line"][0]["ItemBasedExpenseLineDetail"]["ItemRef"] == {"value": rebar, "name": "Rebar"}
    assert await payables.refused("Bill", form(rebar, 81)) == ["6070"]
    assert await payables.refused("Bill", form(payables.items["Progress billing"])) == ["6000"]
    assert await payables.refused("Bill", form("999999")) == ["2500"]


@rule("References that do not exist are refused with 2500.", "Intuit, Error codes, 2500")
@pytest.mark.parametrize("name", ["VendorRef", "APAccountRef", "SalesTermRef", "DepartmentRef"])
async def test_unknown_references_of_a_bill(payables: Payables, name: str) -> None:
    assert await payables.refused("Bill", {**payables.bill_form(1), name: {"value": "999999"}}) == ["2500"]


@rule("References of a line that do not exist are refused with 2500.", "Intuit, Error codes, 2500")
@pytest.mark.parametrize("name", ["AccountRef", "CustomerRef", "ClassRef", "TaxCodeRef"])
async def test_unknown_references_of_a_line(payables: Payables, name: str) -> None:
    line = payables.cost(1, "Fuel", **{name: {"value": "999999"}})
    assert await payables.refused("Bill", payables.bill_form(Line=[line])) == ["2500"]


@rule("An inactive account is refused with 610.", "Intuit, Error codes, 610")
async def test_inactive_account_of_a_line(payables: Payables) -> None:
    account = await payables.read("Account", payables.accounts["Fuel"])
    await payables.change("Account", account, Active=False)
    assert await payables.refused("Bill", payables.bill_form(Line=[payables.cost(1, "Fuel")])) == ["610"]


@rule("APAccountRef must be an accounts payable account (6430).", BILL)
async def test_bill_is_owed_on_payables(payables: Payables) -> None:
    wrong = {"APAccountRef": {"value": payables.accounts["Checking"]}}
    assert await payables.refused("Bill", {**payables.bill_form(1), **wrong}) == ["6430"]


@rule(
    "A line cannot be booked on receivables or payables (6430).",
    "Follows from Intuit, JournalEntry",
    inferred=True,
)
@pytest.mark.parametrize("account", ["Accounts Payable (A/P)", "Accounts Receivable (A/R)"])
async def test_line_on_a_control_account(payables: Payables, account: str) -> None:
    assert await payables.refused("Bill", payables.bill_form(Line=[payables.cost(1, account)])) == ["6430"]


@rule("A billable line needs a customer (2020).", "Follows from Intuit, Bill", inferred=True)
async def test_billable_line_needs_a_customer(payables: Payables) -> None:
    line = payables.cost(1, BillableStatus="Billable")
    assert await payables.refused("Bill", payables.bill_form(Line=[line])) == ["2020"]
    job = payables.cost(1, BillableStatus="Billable", CustomerRef={"value": payables.job})
    made = await payables.bill(Line=[job])
    assert made["Line"][0]["AccountBasedExpenseLineDetail"]["CustomerRef"]["value"] == payables.job


@rule("A duplicate DocNumber of a bill is refused with 6140, which names the holder.", BILL)
async def test_duplicate_bill_number(payables: Payables) -> None:
    made = await payables.bill(1, DocNumber="SUB-17")
    refused = fault(await payables.post("Bill", payables.bill_form(2, DocNumber="sub-17")))
    assert refused["code"] == "6140"
    assert f"DocNumber=sub-17 is assigned to TxnType=Bill with TxnId={made['Id']}" in refused["Detail"]
    form = payables.bill_form(2, DocNumber="SUB-17")
    again = await payables.write("Bill", form, include="allowduplicatedocnum")
    assert again["DocNumber"] == "SUB-17"


@rule("Companies that do not check numbers take duplicates.", "Intuit, Preferences; Clio, error 6140")
async def test_duplicate_bill_number_unchecked(payables: Payables) -> None:
    payables.lab.world.quickbooks.configure(payables.realm_id, duplicate_check=False)
    first, second = [await payables.bill(1, DocNumber="7") for _ in range(2)]
    assert first["DocNumber"] == second["DocNumber"]


@rule(
    "Numbers are unique per type: a bill and a vendor credit may share one.",
    "Clio, error 6140",
    inferred=True,
)
async def test_number_of_a_bill_is_free_for_a_credit(payables: Payables) -> None:
    await payables.bill(1, DocNumber="7")
    assert (await payables.credit(1, DocNumber="7"))["DocNumber"] == "7"


@rule("DocNumber takes 21 characters, PrivateNote 4000 (2050).", BILL)
@pytest.mark.parametrize(("name", "longest"), [("DocNumber", 21), ("PrivateNote", 4000)])
async def test_texts_of_a_bill_have_a_longest(payables: Payables, name: str, longest: int) -> None:
    form = payables.bill_form(1)
    assert await payables.refused("Bill", {**form, name: "x" * (longest + 1)}) == ["2050"]
    assert (await payables.write("Bill", {**form, name: "x" * longest}))[name] == "x" * longest


@rule("An unknown property is refused with 2010.", "Intuit, Error codes, 2010")
async def test_unknown_properties_of_a_bill(payables: Payables) -> None:
    assert await payables.refused("Bill", payables.bill_form(1, Vendor="x")) == ["2010"]
    line = {**payables.cost(1), "Price": 1}
    assert await payables.refused("Bill", payables.bill_form(Line=[line])) == ["2010"]
    assert await payables.refused("Bill", payables.bill_form(Line=[payables.cost(1, Price=1)])) == ["2010"]


@rule("Figures and dates that are none are refused: 2100, 2060, 2070.", "Intuit, Error codes")
@pytest.mark.parametrize(
    ("wrong", "code"),
    [({"TxnDate": "31.01.2026"}, "2060"), ({"TxnDate": "2026-02-30"}, "2070"), ({"DueDate": "soon"}, "2060")],
)
async def test_bad_dates_of_a_bill(payables: Payables, wrong: Body, code: str) -> None:
    assert await payables.refused("Bill", payables.bill_form(1, **wrong)) == [code]


@rule("An old SyncToken is refused with 5010.", "Intuit, Basic field definitions, SyncToken")
async def test_old_token_of_a_bill(payables: Payables) -> None:
    bill = await payables.bill(1)
    await payables.change("Bill", bill, PrivateNote="one")
    stale = {"Id": bill["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "two"}
    assert await payables.refused("Bill", stale) == ["5010"]


@rule("A sparse update keeps what is not sent; lines that are sent replace all, and keep their ids.", BILL)
async def test_sparse_update_of_a_bill(payables: Payables) -> None:
    bill = await payables.bill(100, 20, PrivateNote="note", DocNumber="7")
    kept = await payables.change("Bill", bill, DueDate="2030-01-01")
    assert (kept["PrivateNote"], kept["DocNumber"], len(kept["Line"])) == ("note", "7", 2)
    second = {**payables.cost(30), "Id": "2"}
    changed = await payables.change("Bill", kept, Line=[second, payables.cost(5)])
    assert [(line["Id"], line["Amount"]) for line in changed["Line"]] == [("2", 30), ("3", 5)]
    assert (changed["TotalAmt"], changed["Balance"], changed["SyncToken"]) == (35, 35, "2")


@rule("A full update clears what it leaves out.", "Intuit, Bill, full update")
async def test_full_update_of_a_bill(payables: Payables) -> None:
    bill = await payables.bill(100, PrivateNote="note", DocNumber="7")
    handle = {"Id": bill["Id"], "SyncToken": "0"}
    whole = await payables.write("Bill", {**payables.bill_form(50), **handle})
    assert "PrivateNote" not in whole
    assert "DocNumber" not in whole
    assert whole["Balance"] == 50


@rule("A bill has no void.", BILL)
async def test_bill_has_no_void(payables: Payables) -> None:
    bill = await payables.bill(1)
    handle = {"Id": bill["Id"], "SyncToken": "0", "sparse": True}
    assert await payables.refused("Bill", handle, operation="update", include="void") == ["500"]


@rule("A deleted bill answers its stub, is gone (610), and its number is free.", "Intuit, Bill, delete")
async def test_delete_of_a_bill(payables: Payables) -> None:
    bill = await payables.bill(100, DocNumber="7")
    assert await payables.delete("Bill", bill) == {"status": "Deleted", "domain": "QBO", "Id": bill["Id"]}
    assert codes(await payables.get(f"/bill/{bill['Id']}")) == ["610"]
    assert await payables.owed() == 0
    assert (await payables.bill(1, DocNumber="7"))["DocNumber"] == "7"


@rule("A bill that a payment is linked to cannot be deleted before it is unlinked.", "Intuit, Bill, delete")
async def test_paid_bill_is_not_deleted(payables: Payables) -> None:
    bill = await payables.bill(100)
    check = await payables.check(100, (bill, "Bill", 100))
    handle = {"Id": bill["Id"], "SyncToken": "1"}
    assert await payables.refused("Bill", handle, operation="delete") == ["800"]
    await payables.delete("BillPayment", check)
    await payables.delete("Bill", await payables.read("Bill", bill["Id"]))


@rule(
    "Bills of closed books can neither be entered, changed nor deleted (6210).", "Intuit, Error codes, 6210"
)
async def test_bill_of_closed_books(payables: Payables) -> None:
    bill = await payables.bill(1, TxnDate="2025-12-31")
    payables.lab.world.quickbooks.configure(payables.realm_id, closed_until="2025-12-31")
    handle = {"Id": bill["Id"], "SyncToken": "0"}
    assert await payables.refused("Bill", payables.bill_form(1, TxnDate="2025-12-31")) == ["6210"]
    assert await payables.refused("Bill", {**handle, "sparse": True, "TxnDate": "2026-01-01"}) == ["6210"]
    assert await payables.refused("Bill", handle, operation="delete") == ["6210"]


@rule("Bills can be asked for by number, vendor, dates, total and balance.", BILL)
async def test_query_of_bills(payables: Payables) -> None:
    bill = await payables.bill(777, DocNumber="SUB-17", TxnDate="2026-01-31", DueDate="2026-03-02")
    for condition in (
        "DocNumber = 'sub-17'",
        f"VendorRef = '{payables.vendor}' and TotalAmt = '777'",
        "TxnDate = '2026-01-31' and DueDate = '2026-03-02'",
        f"APAccountRef = '{payables.accounts['Accounts Payable (A/P)']}' and Balance >= '777' and Balance < '778'",
    ):
        assert [b["Id"] for b in await payables.found(f"select * from Bill where {condition}")] == [
            bill["Id"]
        ]
    answer = await payables.lab.query("select * from Bill where PrivateNote = 'x'")
    assert codes(answer) == ["4001"]


@rule(
    "A payment takes its amounts off bills, and the link raises their SyncToken.",
    "quickbooks-ruby, fixture bill_linked_transactions.xml",
)
async def test_payment_moves_the_bill(payables: Payables) -> None:
    bill = await payables.bill(200)
    check = await payables.check(150, (bill, "Bill", 150))
    after = await payables.read("Bill", bill["Id"])
    assert (after["Balance"], after["TotalAmt"], after["SyncToken"]) == (50, 200, "1")
    assert after["LinkedTxn"] == [{"TxnId": check["Id"], "TxnType": "BillPaymentCheck"}]
    assert await payables.owed() == 50


@rule(
    "A bill payment needs VendorRef, TotalAmt, PayType and Line, and CheckPayment or CreditCardPayment.",
    PAYMENT,
)
async def test_bill_payment_needs_its_fields(payables: Payables) -> None:
    assert await payables.refused("BillPayment", {}) == ["2020"] * 4
    form = payables.check_form(1)
    del form["CheckPayment"]
    assert fault(await payables.post("BillPayment", form))["element"] == "CheckPayment"
    assert await payables.refused("BillPayment", payables.check_form(1, CheckPayment={})) == ["2020"]
    assert await payables.refused("BillPayment", payables.check_form(1, PayType="Cash")) == ["2170"]


@rule("A check is drawn on a bank account, a card payment on a credit card account (6430).", PAYMENT)
async def test_payment_account_fits_its_type(payables: Payables) -> None:
    card, bank = payables.accounts["Company Card"], payables.accounts["Checking"]
    wrong = payables.check_form(1, CheckPayment={"BankAccountRef": {"value": card}})
    assert await payables.refused("BillPayment", wrong) == ["6430"]
    charge = {"PayType": "CreditCard", "CreditCardPayment": {"CCAccountRef": {"value": bank}}}
    assert await payables.refused("BillPayment", payables.check_form(1, **charge)) == ["6430"]


@rule("A card payment shows on the bill as BillPaymentCreditCard.", "Intuit, XSD, TxnTypeEnum", inferred=True)
async def test_card_payment_shows_on_the_bill(payables: Payables) -> None:
    bill = await payables.bill(10)
    card = {"CCAccountRef": {"value": payables.accounts["Company Card"]}}
    form = payables.check_form(10, (bill, "Bill", 10), PayType="CreditCard", CreditCardPayment=card)
    payment = await payables.write("BillPayment", form)
    links = (await payables.read("Bill", bill["Id"]))["LinkedTxn"]
    assert links == [{"TxnId": payment["Id"], "TxnType": "BillPaymentCreditCard"}]


@rule(
    "A payment cannot take more off a bill than is open (6000).",
    "Emulators of published clients",
    inferred=True,
)
async def test_bill_is_not_overpaid(payables: Payables) -> None:
    bill = await payables.bill(100)
    await payables.check(60, (bill, "Bill", 60))
    assert await payables.refused("BillPayment", payables.check_form(41, (bill, "Bill", 41))) == ["6000"]
    twice = payables.check_form(50, (bill, "Bill", 25), (bill, "Bill", 25))
    assert await payables.refused("BillPayment", twice) == ["6000"]
    assert (await payables.read("Bill", bill["Id"]))["Balance"] == 40


@rule("Lines cannot come to more than TotalAmt and the credits, and TotalAmt is not negative.", PAYMENT)
async def test_lines_stay_within_the_money(payables: Payables) -> None:
    bill = await payables.bill(100)
    assert await payables.refused("BillPayment", payables.check_form(99, (bill, "Bill", 100))) == ["6000"]
    assert await payables.refused("BillPayment", payables.check_form(-1)) == ["2140"]
    assert await payables.refused("BillPayment", payables.check_form(1, (bill, "Bill", -1))) == ["2140"]


@rule("What a payment pays beyond its lines is a credit with the vendor.", PAYMENT)
async def test_overpayment_is_a_credit(payables: Payables) -> None:
    bill = await payables.bill(100)
    await payables.check(130, (bill, "Bill", 100))
    assert (await payables.read("Bill", bill["Id"]))["Balance"] == 0
    assert await payables.owed() == -30


@rule("Only bills, vendor credits and journal entries of the vendor can be linked (620, 610).", PAYMENT)
async def test_payment_links_to_its_vendor_only(payables: Payables) -> None:
    stranger = await payables.bill(100, VendorRef={"value": payables.other})
    assert await payables.refused("BillPayment", payables.check_form(1, (stranger, "Bill", 1))) == ["620"]
    invoice = await payables.invoice(100)
    assert await payables.refused("BillPayment", payables.check_form(1, (invoice, "Invoice", 1))) == ["620"]
    assert await payables.refused("BillPayment", payables.check_form(1, ({"Id": "9"}, "Bill", 1))) == ["610"]


@rule(
    "A credit pays for bills: positive lines for both, TotalAmt is the money that goes out besides.", SAMPLES
)
async def test_vendor_credit_pays_for_a_bill(payables: Payables) -> None:
    bill, credit = await payables.bill(100), await payables.credit(30)
    assert (credit["Balance"], await payables.owed()) == (30, 70)
    check = await payables.check(70, (bill, "Bill", 100), (credit, "VendorCredit", 30))
    assert settles(check) == [("Bill", bill["Id"], 100), ("VendorCredit", credit["Id"], 30)]
    used = await payables.read("VendorCredit", credit["Id"])
    assert (used["Balance"], used["TotalAmt"], used["SyncToken"]) == (0, 30, "1")
    assert (await payables.read("Bill", bill["Id"]))["Balance"] == 0
    assert await payables.owed() == 0


@rule("A bill payment of nothing applies a credit to a bill.", SAMPLES)
async def test_credit_is_applied_without_money(payables: Payables) -> None:
    bill, credit = await payables.bill(95.76), await payables.credit(95.76)
    both = (bill, "Bill", 95.76), (credit, "VendorCredit", 95.76)
    assert (await payables.check(0, *both))["TotalAmt"] == 0
    assert (await payables.read("Bill", bill["Id"]))["Balance"] == 0
    again = payables.check_form(0, (credit, "VendorCredit", 0.01))
    assert await payables.refused("BillPayment", again) == ["6000"]


@rule("A credit that is applied cannot be deleted.", "Follows from Intuit, Bill, delete", inferred=True)
async def test_applied_credit_is_not_deleted(payables: Payables) -> None:
    bill, credit = await payables.bill(10), await payables.credit(10)
    await payables.check(0, (bill, "Bill", 10), (credit, "VendorCredit", 10))
    handle = {"Id": credit["Id"], "SyncToken": "1"}
    assert await payables.refused("VendorCredit", handle, operation="delete") == ["800"]


@rule("A vendor credit needs VendorRef and Line (2020); it can be changed and deleted.", CREDIT)
async def test_vendor_credit_is_kept(payables: Payables) -> None:
    assert await payables.refused("VendorCredit", {}) == ["2020", "2020"]
    credit = await payables.credit(90, DocNumber="C-1")
    changed = await payables.change("VendorCredit", credit, Line=[payables.cost(140)])
    assert (changed["TotalAmt"], changed["Balance"], changed["DocNumber"]) == (140, 140, "C-1")
    (found,) = await payables.found("select * from VendorCredit where DocNumber = 'C-1'")
    assert found["Id"] == credit["Id"]
    await payables.delete("VendorCredit", changed)
    assert await payables.owed() == 0


@rule("An update of a payment moves what it settles.", PAYMENT)
async def test_payment_is_moved_to_another_bill(payables: Payables) -> None:
    first, second = await payables.bill(100), await payables.bill(100)
    check = await payables.check(100, (first, "Bill", 100))
    line = {"Amount": 100, "LinkedTxn": [{"TxnId": second["Id"], "TxnType": "Bill"}]}
    moved = await payables.change("BillPayment", check, Line=[line])
    freed, paid = [await payables.read("Bill", bill["Id"]) for bill in (first, second)]
    assert (freed["Balance"], freed["LinkedTxn"], freed["SyncToken"]) == (100, [], "2")
    assert (paid["Balance"], paid["LinkedTxn"][0]["TxnId"]) == (0, moved["Id"])


@rule(
    "A void sets amounts to zero, drops the lines, notes Voided, and opens the bills again.",
    "Intuit, BillPayment, void",
)
async def test_void_of_a_bill_payment(payables: Payables) -> None:
    bill = await payables.bill(100)
    check = await payables.check(100, (bill, "Bill", 100), PrivateNote="Acct. 1JK90")
    void = await payables.void("BillPayment", check)
    assert (void["TotalAmt"], void["Line"], void["SyncToken"]) == (0, [], "1")
    assert void["PrivateNote"].startswith("Voided")
    assert "Acct. 1JK90" in void["PrivateNote"]
    opened = await payables.read("Bill", bill["Id"])
    assert (opened["Balance"], opened["LinkedTxn"]) == (100, [])
    assert await payables.owed() == 100


@rule("A deleted payment opens the bills and credits again.", "Intuit, BillPayment, delete")
async def test_delete_of_a_bill_payment(payables: Payables) -> None:
    bill, credit = await payables.bill(100), await payables.credit(30)
    check = await payables.check(70, (bill, "Bill", 100), (credit, "VendorCredit", 30))
    await payables.delete("BillPayment", check)
    assert (await payables.read("Bill", bill["Id"]))["Balance"] == 100
    assert (await payables.read("VendorCredit", credit["Id"]))["Balance"] == 30


@rule(
    "A paid bill that gets smaller gives the payment back what it cannot take.",
    "As with invoices",
    inferred=True,
)
async def test_paid_bill_gets_smaller(payables: Payables) -> None:
    bill = await payables.bill(100)
    check = await payables.check(100, (bill, "Bill", 100))
    paid = await payables.read("Bill", bill["Id"])
    smaller = await payables.change("Bill", paid, Line=[payables.cost(60)])
    assert (smaller["TotalAmt"], smaller["Balance"]) == (60, 0)
    cut = await payables.read("BillPayment", check["Id"])
    assert (settles(cut), cut["TotalAmt"], cut["SyncToken"]) == ([("Bill", bill["Id"], 60)], 100, "1")
    assert await payables.owed() == -40


@rule(
    "A bill that goes to another vendor loses its payments.", "As with invoices and customers", inferred=True
)
async def test_bill_moves_to_another_vendor(payables: Payables) -> None:
    bill = await payables.bill(100)
    check = await payables.check(100, (bill, "Bill", 100))
    paid = await payables.read("Bill", bill["Id"])
    moved = await payables.change("Bill", paid, VendorRef={"value": payables.other})
    assert (moved["Balance"], moved["LinkedTxn"]) == (100, [])
    assert settles(await payables.read("BillPayment", check["Id"])) == []
    assert (await payables.owed(), await payables.owed(payables.other)) == (-100, 100)


@rule("A line without a link says only that money is left over.", SAMPLES, inferred=True)
async def test_line_without_a_link(payables: Payables) -> None:
    bill = await payables.bill(10)
    form = payables.check_form(15, (bill, "Bill", 10))
    form["Line"].append({"Amount": 5})
    assert settles(await payables.write("BillPayment", form)) == [("Bill", bill["Id"], 10)]


@rule("Numbers of checks are checked for duplicates too (6140).", "Clio, error 6140", inferred=True)
async def test_duplicate_check_number(payables: Payables) -> None:
    await payables.check(1, DocNumber="501")
    assert await payables.refused("BillPayment", payables.check_form(1, DocNumber="501")) == ["6140"]


@rule("Bill payments can be asked for by vendor, number, date and total.", PAYMENT)
async def test_query_of_bill_payments(payables: Payables) -> None:
    check = await payables.check(321, DocNumber="501", TxnDate="2026-05-01")
    condition = f"VendorRef = '{payables.vendor}' and DocNumber = '501' and TxnDate = '2026-05-01' and TotalAmt = '321'"
    (found,) = await payables.found(f"select * from BillPayment where {condition}")
    assert found["Id"] == check["Id"]


@rule("A repeated requestid enters a bill once.", "Intuit, Basic field definitions, requestid")
async def test_bill_is_entered_once(payables: Payables) -> None:
    first, again = [await payables.post("Bill", payables.bill_form(1), requestid="b-1") for _ in range(2)]
    assert again.content == first.content
    assert await payables.owed() == 1
