"""Balances of accounts: what every transaction posts, and what voids, deletes and updates do to it."""

from __future__ import annotations

from collections.abc import Awaitable
from decimal import Decimal
from typing import Any

import pytest
from sandbox_books import Body
from sandbox_payables import Payables
from sandbox_rules import rule

ACCOUNT = "Intuit, Account, CurrentBalance"
ENTRY = "Double entry, by the accounts that Intuit's pages of the form and of Item name"


class Book(Payables):
    """A company whose accounts are watched."""

    def balances(self) -> dict[str, Decimal]:
        """Return the balance of every account by its name, those of income and costs too."""
        realm = self.lab.world.quickbooks.realm(self.realm_id)
        balances = realm.general_ledger.balances()
        assert sum(balances.values()) == 0
        return {self.name_of(account_id): balance for account_id, balance in balances.items()}

    def name_of(self, account_id: str) -> str:
        account = self.lab.world.quickbooks.realm(self.realm_id).get("Account", account_id)
        assert account is not None, account_id
        name: str = account["FullyQualifiedName"]
        return name

    async def moved(self, act: Awaitable[Any]) -> dict[str, float]:
        """Do something; return by how much it moved each account that it moved."""
        before = self.balances()
        await act
        after = self.balances()
        moves = {name: after[name] - before.get(name, Decimal(0)) for name in after}
        return {name: float(move) for name, move in moves.items() if move}

    def ref(self, account: str) -> Body:
        return {"value": self.accounts[account]}

    def receipt(self, amount: float, **more: Any) -> Body:
        return self.form(amount, DepositToAccountRef=self.ref("Checking"), **more)

    def purchase(self, kind: str, account: str, amount: float, **more: Any) -> Body:
        return {"PaymentType": kind, "AccountRef": self.ref(account), "Line": [self.cost(amount)], **more}

    def banked(self, *lines: Body, **more: Any) -> Body:
        return {"DepositToAccountRef": self.ref("Checking"), "Line": list(lines), **more}

    def earned(self, amount: float, account: str, **detail: Any) -> Body:
        booked = {"AccountRef": self.ref(account), **detail}
        return {"Amount": amount, "DetailType": "DepositLineDetail", "DepositLineDetail": booked}

    def entry(self, amount: float, debit: str, credit: str) -> Body:
        lines = [
            {
                "DetailType": "JournalEntryLineDetail",
                "Amount": amount,
                "JournalEntryLineDetail": {"PostingType": side, "AccountRef": self.ref(account)},
            }
            for side, account in (("Debit", debit), ("Credit", credit))
        ]
        return {"Line": lines}


@pytest.fixture
def book(payables: Payables) -> Book:
    return Book(payables.lab)


RECEIVABLE, PAYABLE = "Accounts Receivable (A/R)", "Accounts Payable (A/P)"


@rule("An invoice is owed by the customer and earned on its items' income accounts.", ENTRY)
async def test_invoice_posts_income(book: Book) -> None:
    form = book.form(100)
    other = book.line(30, ItemRef={"value": book.items["Change order work"]})
    form["Line"].append(other)
    assert await book.moved(book.write("Invoice", form)) == {
        RECEIVABLE: 130,
        "Construction Income": -100,
        "Change Order Income": -30,
    }


@rule("Sales tax is owed to the agency; a discount is booked apart; a deposit waits to be banked.", ENTRY)
async def test_invoice_posts_tax_discount_and_deposit(book: Book) -> None:
    discount = {
        "DetailType": "DiscountLineDetail",
        "Amount": 10,
        "DiscountLineDetail": {"PercentBased": False},
    }
    form = book.form(100, TxnTaxDetail={"TotalTax": 8}, Deposit=20)
    form["Line"].append(discount)
    assert await book.moved(book.write("Invoice", form)) == {
        RECEIVABLE: 78,
        "Undeposited Funds": 20,
        "Construction Income": -100,
        "Discounts Given": 10,
        "Sales Tax Payable": -8,
    }
    named = {"DiscountAccountRef": book.ref("Office Expenses")}
    discount["DiscountLineDetail"] = {"PercentBased": False, **named}
    form = book.form(100, Deposit=20, DepositToAccountRef=book.ref("Checking"))
    form["Line"].append(discount)
    assert await book.moved(book.write("Invoice", form)) == {
        RECEIVABLE: 70,
        "Checking": 20,
        "Construction Income": -100,
        "Office Expenses": 10,
    }


@rule("A payment moves what is owed to Undeposited Funds or to the account it names, applied or not.", ENTRY)
async def test_payment_posts_to_its_account(book: Book) -> None:
    invoice = await book.invoice(100)
    assert await book.moved(book.pay(invoice, 60)) == {RECEIVABLE: -60, "Undeposited Funds": 60}
    banked = book.money(5, DepositToAccountRef=book.ref("Savings"))
    assert await book.moved(book.write("Payment", banked)) == {RECEIVABLE: -5, "Savings": 5}


@rule("A payment's ARAccountRef is an account of receivables (6430).", "Intuit, Payment")
async def test_payment_names_receivables_only(book: Book) -> None:
    second = await book.write("Account", {"Name": "Second A/R", "AccountType": "Accounts Receivable"})
    made = book.money(5, ARAccountRef={"value": second["Id"]})
    assert await book.moved(book.write("Payment", made)) == {"Second A/R": -5, "Undeposited Funds": 5}
    assert await book.refused("Payment", book.money(5, ARAccountRef=book.ref("Checking"))) == ["6430"]


@rule("A credit memo takes back income and what is owed.", ENTRY)
async def test_credit_memo_posts_the_other_way(book: Book) -> None:
    form = book.form(40, TxnTaxDetail={"TotalTax": 2})
    assert await book.moved(book.write("CreditMemo", form)) == {
        RECEIVABLE: -42,
        "Construction Income": 40,
        "Sales Tax Payable": 2,
    }


@rule("Sales receipts bring money in, refund receipts take it out, and nobody owes anything.", ENTRY)
async def test_receipts_post_to_the_bank(book: Book) -> None:
    sold = await book.moved(book.write("SalesReceipt", book.receipt(70)))
    assert sold == {"Checking": 70, "Construction Income": -70}
    refunded = await book.moved(book.write("RefundReceipt", book.receipt(30)))
    assert refunded == {"Checking": -30, "Construction Income": 30}


@rule(
    "A bill is owed to the vendor and spent on its lines' accounts, or on its items' expense accounts.", ENTRY
)
async def test_bill_posts_costs(book: Book) -> None:
    item = await book.bought_item()
    bought = {
        "DetailType": "ItemBasedExpenseLineDetail",
        "Amount": 25,
        "ItemBasedExpenseLineDetail": {"ItemRef": {"value": item}},
    }
    form = book.bill_form(100)
    form["Line"] += [bought, book.cost(-10, "Retainage Payable")]
    assert await book.moved(book.write("Bill", form)) == {
        PAYABLE: -115,
        "Subcontractors": 100,
        "Job Materials": 25,
        "Retainage Payable": -10,
    }


@rule("A bill payment moves payables to the bank or to the card.", ENTRY)
async def test_bill_payment_posts_to_bank_or_card(book: Book) -> None:
    bill = await book.bill(100)
    assert await book.moved(book.check(60, (bill, "Bill", 60))) == {PAYABLE: 60, "Checking": -60}
    card = {"PayType": "CreditCard", "CreditCardPayment": {"CCAccountRef": book.ref("Company Card")}}
    assert await book.moved(book.check(40, (bill, "Bill", 40), **card)) == {PAYABLE: 40, "Company Card": -40}


@rule("A vendor credit takes back costs and what is owed.", ENTRY)
async def test_vendor_credit_posts_the_other_way(book: Book) -> None:
    assert await book.moved(book.credit(15)) == {PAYABLE: 15, "Subcontractors": -15}


@rule("A purchase is paid at once from its account; a credit of a card comes back to it.", ENTRY)
async def test_purchase_posts_to_its_account(book: Book) -> None:
    paid = await book.moved(book.write("Purchase", book.purchase("Check", "Checking", 12)))
    assert paid == {"Checking": -12, "Subcontractors": 12}
    card = book.purchase("CreditCard", "Company Card", 7)
    assert await book.moved(book.write("Purchase", card)) == {"Company Card": -7, "Subcontractors": 7}
    back = await book.moved(book.write("Purchase", {**card, "Credit": True}))
    assert back == {"Company Card": 7, "Subcontractors": -7}


@rule("A deposit moves what waited to the bank, books new money, and gives cash back.", ENTRY)
async def test_deposit_posts_what_waited(book: Book) -> None:
    payment = await book.write("Payment", book.money(100))
    waited = {"Amount": 100, "LinkedTxn": [{"TxnId": payment["Id"], "TxnType": "Payment"}]}
    back = {"CashBack": {"AccountRef": book.ref("Petty Cash"), "Amount": 20}}
    form = book.banked(waited, book.earned(5, "Interest Earned"), **back)
    assert await book.moved(book.write("Deposit", form)) == {
        "Checking": 85,
        "Petty Cash": 20,
        "Undeposited Funds": -100,
        "Interest Earned": -5,
    }


@rule("A transfer moves money between two accounts, and a journal entry posts its own sides.", ENTRY)
async def test_transfer_and_entry_post_two_sides(book: Book) -> None:
    form = {"FromAccountRef": book.ref("Checking"), "ToAccountRef": book.ref("Savings"), "Amount": 50}
    assert await book.moved(book.write("Transfer", form)) == {"Checking": -50, "Savings": 50}
    entry = book.entry(9, "Insurance", "Prepaid Insurance")
    assert await book.moved(book.write("JournalEntry", entry)) == {"Insurance": 9, "Prepaid Insurance": -9}


@rule("Estimates, purchase orders and time post nothing.", ENTRY)
async def test_what_is_no_transaction_posts_nothing(book: Book) -> None:
    assert await book.moved(book.write("Estimate", book.form(100))) == {}
    order = book.bill_form(100, APAccountRef=book.ref(PAYABLE))
    assert await book.moved(book.write("PurchaseOrder", order)) == {}
    time = {"NameOf": "Vendor", "VendorRef": {"value": book.vendor}, "Hours": 8, "HourlyRate": 50}
    assert await book.moved(book.write("TimeActivity", time)) == {}


@rule("A void takes everything off the books: invoice, sales receipt, payment, bill payment.", ENTRY)
async def test_void_takes_all_off(book: Book) -> None:
    bill = await book.bill(100)
    before = book.balances()
    invoice = await book.invoice(100, Deposit=10, TxnTaxDetail={"TotalTax": 8})
    made = [
        ("Payment", await book.pay(invoice, 50)),
        ("SalesReceipt", await book.write("SalesReceipt", book.receipt(70))),
        ("BillPayment", await book.check(100, (bill, "Bill", 100))),
        ("Invoice", invoice),
    ]
    for entity, body in made:
        await book.void(entity, await book.read(entity, body["Id"]))
    assert all(balance == before.get(name, 0) for name, balance in book.balances().items())


@rule("A delete takes a transaction of any type off the books.", ENTRY)
async def test_delete_takes_all_off(book: Book) -> None:
    bodies = {
        "Invoice": book.form(100),
        "CreditMemo": book.form(100),
        "SalesReceipt": book.receipt(100),
        "RefundReceipt": book.receipt(100),
        "Payment": book.money(100),
        "Bill": book.bill_form(100),
        "VendorCredit": book.bill_form(100),
        "BillPayment": book.check_form(100),
        "Purchase": book.purchase("Cash", "Checking", 100),
        "Deposit": book.banked(book.earned(100, "Interest Earned")),
        "JournalEntry": book.entry(100, "Fuel", "Checking"),
        "Transfer": {
            "FromAccountRef": book.ref("Checking"),
            "ToAccountRef": book.ref("Savings"),
            "Amount": 100,
        },
    }
    for entity, body in bodies.items():
        before = book.balances()
        made = await book.write(entity, body)
        posted = book.balances()
        assert any(posted[name] != before.get(name, 0) for name in posted), entity
        await book.delete(entity, made)
        assert all(balance == before.get(name, 0) for name, balance in book.balances().items()), entity


@rule("An update posts anew what it changes: amount, account, item.", ENTRY)
async def test_update_posts_anew(book: Book) -> None:
    invoice = await book.invoice(100)
    line = book.line(70, ItemRef={"value": book.items["Change order work"]})
    assert await book.moved(book.change("Invoice", invoice, Line=[line])) == {
        RECEIVABLE: -30,
        "Construction Income": 100,
        "Change Order Income": -70,
    }
    bill = await book.bill(40)
    assert await book.moved(book.change("Bill", bill, Line=[book.cost(40, "Fuel")])) == {
        "Subcontractors": -40,
        "Fuel": 40,
    }


@rule("A link moves no money: applying a payment to an invoice posts nothing.", ENTRY)
async def test_link_posts_nothing(book: Book) -> None:
    invoice, payment = await book.invoice(100), await book.write("Payment", book.money(100))
    line = {"Amount": 100, "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]}
    assert await book.moved(book.change("Payment", payment, Line=[line])) == {}
    assert (await book.read("Invoice", invoice["Id"]))["Balance"] == 0


@rule(
    "An item's new income account is for what is booked afterwards; what was booked stays.",
    ENTRY,
    inferred=True,
)
async def test_new_income_account_leaves_the_past_alone(book: Book) -> None:
    invoice = await book.invoice(100)
    item = await book.read("Item", book.items["Progress billing"])
    other = {"IncomeAccountRef": book.ref("Change Order Income")}
    assert await book.moved(book.change("Item", item, **other)) == {}
    assert await book.moved(book.pay(invoice, 10)) == {RECEIVABLE: -10, "Undeposited Funds": 10}
    assert await book.moved(book.invoice(5)) == {RECEIVABLE: 5, "Change Order Income": -5}
    changed = await book.read("Invoice", invoice["Id"])
    moved = await book.moved(book.change("Invoice", changed, PrivateNote="seen"))
    assert moved == {"Construction Income": 100, "Change Order Income": -100}


@rule(
    "Retainage withheld by a negative line stands on Retainage Receivable until it is billed.",
    "Practice on every plan (Knowify)",
)
async def test_retainage_receivable(book: Book) -> None:
    held = {"ItemRef": {"value": book.items["Retainage"]}}
    billed = {**book.form(), "Line": [book.line(100), book.line(-10, **held)]}
    assert await book.moved(book.write("Invoice", billed)) == {
        RECEIVABLE: 90,
        "Retainage Receivable": 10,
        "Construction Income": -100,
    }
    released = {**book.form(), "Line": [book.line(10, **held)]}
    assert await book.moved(book.write("Invoice", released)) == {RECEIVABLE: 10, "Retainage Receivable": -10}


@rule(
    "Retainage of a subcontractor stands on Retainage Payable until it is billed.",
    "The same practice on the side of bills",
    inferred=True,
)
async def test_retainage_payable(book: Book) -> None:
    form = {**book.bill_form(), "Line": [book.cost(100), book.cost(-10, "Retainage Payable")]}
    assert await book.moved(book.write("Bill", form)) == {
        PAYABLE: -90,
        "Subcontractors": 100,
        "Retainage Payable": -10,
    }


@rule("Accounts of the balance sheet show CurrentBalance: debits positive, credits negative.", ACCOUNT)
async def test_balance_is_shown_with_its_sign(book: Book) -> None:
    before = {name: await book.read("Account", book.accounts[name]) for name in (RECEIVABLE, PAYABLE)}
    await book.invoice(100)
    await book.bill(40)
    for name, moved in ((RECEIVABLE, 100), (PAYABLE, -40)):
        after = await book.read("Account", book.accounts[name])
        assert after["CurrentBalance"] == before[name]["CurrentBalance"] + moved
        assert after["CurrentBalanceWithSubAccounts"] == after["CurrentBalance"]
        assert after["SyncToken"] == before[name]["SyncToken"]


@rule("Accounts of income and costs show no balance.", ACCOUNT)
async def test_income_and_costs_show_nothing(book: Book) -> None:
    await book.invoice(100)
    await book.bill(40)
    for name in ("Construction Income", "Subcontractors"):
        shown = await book.read("Account", book.accounts[name])
        assert (shown["CurrentBalance"], shown["CurrentBalanceWithSubAccounts"]) == (0, 0)
        assert book.balances()[name]


@rule("CurrentBalanceWithSubAccounts adds the balances of the accounts below, at any depth.", ACCOUNT)
async def test_balance_with_sub_accounts(book: Book) -> None:
    bank = book.accounts["Checking"]
    own = (await book.read("Account", bank))["CurrentBalance"]
    made = {"Id": bank}
    for depth, amount in ((1, 10), (2, 5)):
        parent = {"ParentRef": {"value": made["Id"]}, "AccountType": "Bank"}
        made = await book.write("Account", {"Name": f"Below {depth}", **parent})
        form = book.money(amount, DepositToAccountRef={"value": made["Id"]})
        await book.write("Payment", form)
    shown = await book.read("Account", bank)
    assert (shown["CurrentBalance"], shown["CurrentBalanceWithSubAccounts"]) == (own, own + 15)


@rule("Accounts are asked for by their balance, and sorted by it.", ACCOUNT)
async def test_accounts_are_found_by_balance(book: Book) -> None:
    await book.bill(40)
    found = await book.found("select * from Account where CurrentBalance < '0' orderby CurrentBalance")
    shown = [account["CurrentBalance"] for account in found]
    assert shown == sorted(shown)
    assert PAYABLE in {account["Name"] for account in found}
    assert all(balance < 0 for balance in shown)


@rule("A balance that is sent is ignored.", ACCOUNT)
async def test_sent_balance_is_ignored(book: Book) -> None:
    new = {"Name": "New", "AccountType": "Bank", "CurrentBalance": 500, "CurrentBalanceWithSubAccounts": 500}
    made = await book.write("Account", new)
    assert (made["CurrentBalance"], made["CurrentBalanceWithSubAccounts"]) == (0, 0)


@rule(
    "A form in another currency is posted at home by its rate.",
    "Intuit, Invoice, ExchangeRate",
    inferred=True,
)
async def test_foreign_form_posts_at_home(book: Book) -> None:
    quickbooks = book.lab.world.quickbooks
    prefs = {"CurrencyPrefs": {"MultiCurrencyEnabled": True}}
    quickbooks.person(book.realm_id, "Preferences", {"Id": "1", **prefs})
    euro = {"CurrencyRef": {"value": "EUR"}}
    await book.write("CompanyCurrency", {"Code": "EUR"})
    customer = await book.write("Customer", {"DisplayName": "Müller", **euro})
    lines = [book.line(amount) for amount in (0.11, 0.11, 0.11)]
    form = {"CustomerRef": {"value": customer["Id"]}, "Line": lines, **euro, "ExchangeRate": 1.05}
    assert await book.moved(book.write("Invoice", form)) == {RECEIVABLE: 0.35, "Construction Income": -0.35}


@rule(
    "A rate that is sent where there is one currency moves nothing.",
    "Intuit, Invoice, ExchangeRate",
    inferred=True,
)
async def test_rate_without_multicurrency_is_not_heeded(book: Book) -> None:
    made = book.invoice(100, ExchangeRate=1.5)
    assert await book.moved(made) == {RECEIVABLE: 100, "Construction Income": -100}
