"""The contractors' companies as they are found: enough to look like a business."""

from collections import Counter

import pytest
from sandbox_books import Body, Books

from plumbline_sandbox.laboratory import Laboratory


async def every(books: Books, entity: str) -> list[Body]:
    answer = await books.lab.query(f"select * from {entity} maxresults 1000", place=books.place)
    found: list[Body] = answer.json()["QueryResponse"].get(entity, [])
    return found


@pytest.mark.parametrize("place", range(4))
async def test_company_looks_like_a_contractor(lab: Laboratory, place: int) -> None:
    books = Books(lab, place=place)
    kinds = Counter(account["AccountType"] for account in await every(books, "Account"))
    assert sum(kinds.values()) >= 25
    assert {"Bank", "Accounts Receivable", "Accounts Payable", "Credit Card", "Fixed Asset"} <= set(kinds)
    assert {"Equity", "Income", "Cost of Goods Sold", "Expense", "Long Term Liability"} <= set(kinds)
    assert (kinds["Accounts Receivable"], kinds["Accounts Payable"]) == (1, 1)
    customers = await every(books, "Customer")
    assert {c["DisplayName"] for c in customers if c["Job"]} == {
        f"{p['number']} {p['name']}"
        for company in lab.description["companies"]
        for p in company["projects"]
        if p["quickbooks"]["realm"] == books.realm_id
    }
    for entity, least in (("Item", 8), ("Term", 4), ("PaymentMethod", 7), ("Class", 4), ("TaxCode", 3)):
        assert len(await every(books, entity)) >= least, entity


@pytest.mark.parametrize("place", range(4))
async def test_past_is_paid_banked_and_numbered_by_the_company(lab: Laboratory, place: int) -> None:
    books = Books(lab, place=place)
    invoices, payments = await every(books, "Invoice"), await every(books, "Payment")
    assert len(payments) >= 5
    *paid, unpaid = invoices
    assert {invoice["Balance"] for invoice in paid} == {0}
    assert {payment["UnappliedAmt"] for payment in payments} == {0}
    assert {link["TxnType"] for payment in payments for link in payment["LinkedTxn"]} == {"Deposit"}
    assert all(invoice["DocNumber"].isdigit() for invoice in invoices)
    today = lab.world.clock.now().date().isoformat()
    assert all(body["TxnDate"] < today for body in [*invoices, *payments])
    assert unpaid["Balance"] == unpaid["TotalAmt"]
    assert unpaid["DueDate"] > today


@pytest.mark.parametrize("place", range(4))
async def test_books_are_opened_and_balance(lab: Laboratory, place: int) -> None:
    books = Books(lab, place=place)
    realm = lab.world.quickbooks.realm(books.realm_id)
    assert sum(realm.general_ledger.balances().values()) == 0
    accounts = {account["Name"]: account["CurrentBalance"] for account in await every(books, "Account")}
    customers, vendors = await every(books, "Customer"), await every(books, "Vendor")
    assert accounts["Accounts Receivable (A/R)"] == sum(c["Balance"] for c in customers) > 0
    assert accounts["Accounts Payable (A/P)"] == -sum(v["Balance"] for v in vendors) < 0
    assert accounts["Undeposited Funds"] == 0
    assert min(accounts[name] for name in ("Checking", "Savings", "Petty Cash", "Equipment")) > 0
    assert max(accounts[name] for name in ("Company Card", "Equipment Loans", "Retained Earnings")) < 0


async def test_each_state_has_its_tax(lab: Laboratory) -> None:
    texas, ohio = [await every(Books(lab, place=place), "TaxCode") for place in (0, 2)]
    assert [code["Name"] for code in texas] == ["TAX", "NON", "Texas"]
    assert [code["Name"] for code in ohio] == ["TAX", "NON", "Ohio"]


async def test_description_tells_the_lists(books: Books) -> None:
    told = books.lab.description["companies"][0]["projects"][0]["quickbooks"]
    for name, entity in (("terms", "Term"), ("classes", "Class"), ("payment_methods", "PaymentMethod")):
        shown = {body["Name"]: body["Id"] for body in await every(books, entity)}
        assert told[name] == shown
