"""Names and lists: customers with jobs, items, accounts, the company and its preferences."""

import pytest
from sandbox_books import Body, Books, codes, fault
from sandbox_rules import rule

CUSTOMER = "Intuit, Customer"
ITEM = "Intuit, Item"
ACCOUNT = "Intuit, Account"


async def job(books: Books, name: str, parent: Body) -> Body:
    return await books.write(
        "Customer", {"DisplayName": name, "Job": True, "ParentRef": {"value": parent["Id"]}}
    )


@rule("A customer needs one name: DisplayName, or parts of which it is made (6080 without).", CUSTOMER)
async def test_customer_needs_a_name(books: Books) -> None:
    made = await books.write("Customer", {"GivenName": "Ada", "FamilyName": "Lovelace"})
    assert (made["DisplayName"], made["FullyQualifiedName"]) == ("Ada Lovelace", "Ada Lovelace")
    assert await books.refused("Customer", {"CompanyName": "Acme"}) == ["6080"]


@rule("DisplayName takes no colon, tab or newline (2040).", CUSTOMER)
@pytest.mark.parametrize("name", ["A:B", "A\tB", "A\nB"])
async def test_names_take_no_separators(books: Books, name: str) -> None:
    assert await books.refused("Customer", {"DisplayName": name}) == ["2040"]


@rule("A name that another has is refused with 6240, in any case of letters.", "Intuit, Error codes, 6240")
async def test_names_are_unique(books: Books) -> None:
    made = await books.write("Customer", {"DisplayName": "Acme"})
    refused = fault(await books.post("Customer", {"DisplayName": "ACME"}))
    assert (refused["code"], refused["Message"]) == ("6240", "Duplicate Name Exists Error")
    assert f"Id={made['Id']}" in refused["Detail"]


@rule("A job needs both ParentRef and Job (6150).", CUSTOMER)
async def test_job_needs_parent_and_flag(books: Books) -> None:
    parent = {"ParentRef": {"value": books.customer}}
    assert await books.refused("Customer", {"DisplayName": "J", **parent}) == ["6150"]
    assert await books.refused("Customer", {"DisplayName": "J", "Job": True}) == ["6150"]
    made = await books.write("Customer", {"DisplayName": "J", "Job": True, **parent})
    assert (made["Level"], made["Job"]) == (1, True)
    assert made["FullyQualifiedName"].endswith(":J")


@rule("Customers nest five levels deep; the sixth is refused with 6180.", CUSTOMER)
async def test_five_levels_of_customers(books: Books) -> None:
    deepest = await books.write("Customer", {"DisplayName": "L0"})
    for level in range(1, 5):
        deepest = await job(books, f"L{level}", deepest)
    assert deepest["FullyQualifiedName"] == "L0:L1:L2:L3:L4"
    sixth = {"DisplayName": "L5", "Job": True, "ParentRef": {"value": deepest["Id"]}}
    assert await books.refused("Customer", sixth) == ["6180"]


@rule(
    "A customer with jobs moves with them: full names and levels follow, and five stay the limit.",
    CUSTOMER,
    inferred=True,
)
async def test_jobs_move_with_their_customer(books: Books) -> None:
    old = await books.write("Customer", {"DisplayName": "Old"})
    middle = await job(books, "Middle", old)
    low = await job(books, "Low", middle)
    new = await job(books, "New", await books.write("Customer", {"DisplayName": "Top"}))
    await books.change("Customer", middle, ParentRef={"value": new["Id"]}, Job=True)
    moved = await books.read("Customer", low["Id"])
    assert (moved["FullyQualifiedName"], moved["Level"]) == ("Top:New:Middle:Low", 3)
    lower = await job(books, "Lower", moved)
    far = await job(books, "Far", await books.read("Customer", new["Id"]))
    middle = await books.read("Customer", middle["Id"])
    deeper = {"Id": middle["Id"], "SyncToken": middle["SyncToken"], "sparse": True, "Job": True}
    assert await books.refused("Customer", {**deeper, "ParentRef": {"value": far["Id"]}}) == ["6180"]
    assert (await books.read("Customer", lower["Id"]))["FullyQualifiedName"].endswith("Middle:Low:Lower")


@rule("A customer cannot be made a job of its own job (2500).", CUSTOMER, inferred=True)
async def test_no_circles_of_customers(books: Books) -> None:
    parent = await books.write("Customer", {"DisplayName": "P"})
    child = await job(books, "C", parent)
    circle = {**parent, "sparse": True, "Job": True, "ParentRef": {"value": child["Id"]}}
    assert await books.refused("Customer", circle) == ["2500"]


@rule("Renaming a customer renames the full names of its jobs.", CUSTOMER, inferred=True)
async def test_rename_reaches_the_jobs(books: Books) -> None:
    parent = await books.write("Customer", {"DisplayName": "P"})
    child = await job(books, "C", parent)
    await books.change("Customer", parent, DisplayName="Q")
    assert (await books.read("Customer", child["Id"]))["FullyQualifiedName"] == "Q:C"


@rule("IsProject cannot be set: it is stored as false.", ".NET SDK #197")
async def test_projects_are_not_made_here(books: Books) -> None:
    assert (await books.write("Customer", {"DisplayName": "P", "IsProject": True}))["IsProject"] is False


@rule("Names are not deleted but made inactive; queries leave them out unless asked.", CUSTOMER)
async def test_names_are_made_inactive(books: Books) -> None:
    made = await books.write("Customer", {"DisplayName": "Gone"})
    await books.change("Customer", made, Active=False)
    where = f"where Id = '{made['Id']}'"
    hidden = (await books.lab.query(f"select * from Customer {where}")).json()["QueryResponse"]
    shown = (await books.lab.query(f"select * from Customer {where} and Active in (true, false)")).json()
    assert hidden == {}
    assert shown["QueryResponse"]["Customer"][0]["Active"] is False
    assert (await books.read("Customer", made["Id"]))["Active"] is False


@rule(
    "A customer with an open balance cannot be made inactive (6000).",
    "Reported: quickbooks-ruby #390",
    inferred=True,
)
async def test_customer_who_owes_stays_active(books: Books) -> None:
    made = await books.write("Customer", {"DisplayName": "Debtor"})
    invoice = await books.invoice(10, CustomerRef={"value": made["Id"]})
    refused = fault(await books.post("Customer", {**made, "sparse": True, "Active": False}))
    assert refused["code"] == "6000"
    assert "non-zero balance" in refused["Detail"]
    await books.delete("Invoice", invoice)
    assert (await books.change("Customer", made, Active=False))["Active"] is False


@rule("An item that is sold needs an income account; its type must exist (2020, 2120).", ITEM)
async def test_item_needs_account_and_type(books: Books) -> None:
    income = {"IncomeAccountRef": {"value": books.accounts["Construction Income"]}}
    made = await books.write("Item", {"Name": "Roofing", "Type": "Service", "UnitPrice": 12.5, **income})
    assert (made["IncomeAccountRef"]["name"], made["UnitPrice"]) == ("Construction Income", 12.5)
    assert await books.refused("Item", {"Name": "X", "Type": "Service"}) == ["2020"]
    assert await books.refused("Item", {"Name": "X", "Type": "Magic", **income}) == ["2120"]
    assert await books.refused("Item", {"Name": "roofing", "Type": "Service", **income}) == ["6240"]


@rule("An item below a category is named Category:Item.", ITEM)
async def test_item_below_a_category(books: Books) -> None:
    category = await books.write("Item", {"Name": "Work", "Type": "Category"})
    income = {"IncomeAccountRef": {"value": books.accounts["Construction Income"]}}
    below = {"SubItem": True, "ParentRef": {"value": category["Id"]}}
    made = await books.write("Item", {"Name": "Roofing", "Type": "Service", **income, **below})
    assert (made["FullyQualifiedName"], made["Level"]) == ("Work:Roofing", 1)


@rule(
    "An account needs a name and a type, which may follow from the subtype; the classification is derived.",
    ACCOUNT,
)
async def test_account_type_and_classification(books: Books) -> None:
    made = await books.write("Account", {"Name": "Site cash", "AccountSubType": "CashOnHand"})
    assert (made["AccountType"], made["Classification"]) == ("Bank", "Asset")
    typed = await books.write("Account", {"Name": "Tires", "AccountType": "Expense"})
    assert typed["Classification"] == "Expense"
    assert await books.refused("Account", {"Name": "X"}) == ["2020"]
    assert await books.refused("Account", {"Name": "X", "AccountType": "Barter"}) == ["2170"]
    assert await books.refused("Account", {"Name": "tires", "AccountType": "Expense"}) == ["6240"]


@rule("An account's name takes no colon or double quote (2040).", ACCOUNT)
async def test_account_names_take_no_colon(books: Books) -> None:
    assert await books.refused("Account", {"Name": "A:B", "AccountType": "Bank"}) == ["2040"]


@rule("A sub-account has its parent's type and is named Parent:Child.", ACCOUNT)
async def test_sub_account(books: Books) -> None:
    parent = {"SubAccount": True, "ParentRef": {"value": books.accounts["Checking"]}}
    made = await books.write("Account", {"Name": "Payroll", "AccountType": "Bank", **parent})
    assert made["FullyQualifiedName"] == "Checking:Payroll"
    assert await books.refused("Account", {"Name": "Odd", "AccountType": "Income", **parent}) == ["6000"]


@rule("CompanyInfo is read by the realm's id or by 1, and updated, never created.", "Intuit, CompanyInfo")
async def test_company_info(books: Books) -> None:
    by_realm = (await books.get(f"/companyinfo/{books.realm_id}")).json()["CompanyInfo"]
    assert by_realm == (await books.get("/companyinfo/1")).json()["CompanyInfo"]
    assert by_realm["Country"] == "US"
    changed = await books.change("CompanyInfo", by_realm, LegalName="Lone Star East, Inc.")
    assert (changed["LegalName"], changed["SyncToken"]) == ("Lone Star East, Inc.", "1")
    assert await books.refused("CompanyInfo", {"CompanyName": "Second"}) == ["2020"]
    assert codes(await books.get("/companyinfo/2")) == ["610"]


@rule(
    "Preferences have no id in their path; a group that is sent changes its own switches only.",
    "Intuit, Preferences",
    inferred=True,
)
async def test_preferences_change_by_group(books: Books) -> None:
    before = (await books.get("/preferences")).json()["Preferences"]
    after = await books.change("Preferences", before, AccountingInfoPrefs={"TrackDepartments": True})
    assert after["AccountingInfoPrefs"]["TrackDepartments"] is True
    assert after["AccountingInfoPrefs"]["CustomerTerminology"] == "Customers"
    assert after["SalesFormsPrefs"] == before["SalesFormsPrefs"]
    assert after["SyncToken"] == str(int(before["SyncToken"]) + 1)
    assert await books.refused("Preferences", {**before, "SyncToken": "0"}) == ["5010"]


@rule(
    "What only a person can switch is read-only over the API: multicurrency stays as it is.",
    "Intuit, Preferences, writable fields",
)
async def test_multicurrency_is_switched_by_people(books: Books) -> None:
    before = (await books.get("/preferences")).json()["Preferences"]
    after = await books.change("Preferences", before, CurrencyPrefs={"MultiCurrencyEnabled": True})
    assert after["CurrencyPrefs"]["MultiCurrencyEnabled"] is False
