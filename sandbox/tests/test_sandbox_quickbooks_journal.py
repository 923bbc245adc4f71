"""Journal entries, deposits and transfers."""

from typing import Any

import pytest
from sandbox_books import Body, codes, fault
from sandbox_payables import Payables
from sandbox_rules import rule

JOURNAL = "Intuit, JournalEntry"
DEPOSIT = "Intuit, Deposit"
TRANSFER = "Intuit, Transfer"
RULES = "Intuit, JournalEntry, business rules; captured words"


def post(payables: Payables, side: str, account: str, amount: float, **detail: Any) -> Body:
    booked = {"PostingType": side, "AccountRef": {"value": payables.accounts[account]}, **detail}
    return {"DetailType": "JournalEntryLineDetail", "Amount": amount, "JournalEntryLineDetail": booked}


def entry(payables: Payables, amount: float = 100, **credit: Any) -> Body:
    account = credit.pop("account", "Prepaid Insurance")
    debit = post(payables, "Debit", "Insurance", amount)
    return {"Line": [debit, post(payables, "Credit", account, amount, **credit)]}


def party(kind: str, value: str) -> Body:
    return {"Entity": {"Type": kind, "EntityRef": {"value": value}}}


async def payable(payables: Payables, amount: float) -> Body:
    form = entry(payables, amount, account="Accounts Payable (A/P)", **party("Vendor", payables.vendor))
    return await payables.write("JournalEntry", form)


def bank(payables: Payables, *lines: Body, **more: Any) -> Body:
    return {"DepositToAccountRef": {"value": payables.accounts["Checking"]}, "Line": list(lines), **more}


def earned(payables: Payables, amount: float, account: str = "Interest Earned", **detail: Any) -> Body:
    booked = {"AccountRef": {"value": payables.accounts[account]}, **detail}
    return {"Amount": amount, "DetailType": "DepositLineDetail", "DepositLineDetail": booked}


def waiting(body: Body, kind: str = "Payment") -> Body:
    return {"Amount": body["TotalAmt"], "LinkedTxn": [{"TxnId": body["Id"], "TxnType": kind}]}


@rule("An entry is completed: ids of lines start at 0, TotalAmt is 0, Adjustment false.", JOURNAL)
async def test_entry_is_completed(payables: Payables) -> None:
    made = await payables.write("JournalEntry", entry(payables))
    assert [line["Id"] for line in made["Line"]] == ["0", "1"]
    assert (made["TotalAmt"], made["Adjustment"], made["TxnTaxDetail"]) == (0, False, {})
    assert made["Line"][0]["JournalEntryLineDetail"]["AccountRef"]["name"] == "Insurance"


@rule("Debits equal credits, to the cent (6000).", JOURNAL)
async def test_debits_equal_credits(payables: Payables) -> None:
    debit, credit = entry(payables, 100)["Line"]
    assert await payables.refused("JournalEntry", {"Line": [debit, {**credit, "Amount": 99.99}]}) == ["6000"]
    rest = post(payables, "Credit", "Fuel", 0.01)
    balanced = {"Line": [debit, {**credit, "Amount": 99.99}, rest]}
    assert len((await payables.write("JournalEntry", balanced))["Line"]) == 3


@rule("An entry has at least one debit and one credit (2020 without lines, 6000 with one side).", JOURNAL)
async def test_entry_has_two_sides(payables: Payables) -> None:
    debit, _ = entry(payables)["Line"]
    assert await payables.refused("JournalEntry", {}) == ["2020"]
    assert await payables.refused("JournalEntry", {"Line": [debit]}) == ["6000"]


@rule("A line needs PostingType, Debit or Credit, and AccountRef (2020, 2170, 2500).", JOURNAL)
async def test_line_of_an_entry_is_checked(payables: Payables) -> None:
    debit, credit = entry(payables)["Line"]

    async def refused(**detail: Any) -> list[str]:
        wrong = {**credit, "JournalEntryLineDetail": detail}
        return await payables.refused("JournalEntry", {"Line": [debit, wrong]})

    account = {"value": payables.accounts["Fuel"]}
    assert await refused() == ["2020", "2020"]
    assert await refused(PostingType="Left", AccountRef=account) == ["2170"]
    assert await refused(PostingType="Credit", AccountRef={"value": "999999"}) == ["2500"]


@rule("Amounts of lines are not negative (2140).", JOURNAL, inferred=True)
async def test_amounts_of_entries_are_positive(payables: Payables) -> None:
    assert await payables.refused("JournalEntry", entry(payables, -1)) == ["2140", "2140"]


@rule("A line on payables needs a vendor, one on receivables a customer (6000).", RULES)
async def test_control_accounts_need_a_name(payables: Payables) -> None:
    for account, right, wrong in (
        ("Accounts Payable (A/P)", party("Vendor", payables.vendor), party("Customer", payables.customer)),
        ("Accounts Receivable (A/R)", party("Customer", payables.customer), party("Vendor", payables.vendor)),
    ):
        for missing in ({}, wrong):
            form = entry(payables, 1, account=account, **missing)
            refused = fault(await payables.post("JournalEntry", form))
            assert refused["code"] == "6000"
            assert "in the Name field" in refused["Detail"]
        assert await payables.write("JournalEntry", entry(payables, 1, account=account, **right))


@rule("A credit on payables is owed to the vendor; a debit on receivables is owed by the customer.", JOURNAL)
async def test_entry_moves_balances_of_names(payables: Payables) -> None:
    await payable(payables, 40)
    assert await payables.owed() == 40
    debit = post(payables, "Debit", "Accounts Receivable (A/R)", 25, **party("Customer", payables.customer))
    made = await payables.write(
        "JournalEntry", {"Line": [debit, post(payables, "Credit", "Construction Income", 25)]}
    )
    before = (await payables.read("Customer", payables.customer))["Balance"]
    await payables.delete("JournalEntry", made)
    assert before - (await payables.read("Customer", payables.customer))["Balance"] == 25


@rule(
    "A bill payment can settle a journal entry that owes the vendor, up to what it owes.",
    "Intuit, BillPayment, Line",
)
async def test_payment_settles_an_entry(payables: Payables) -> None:
    made = await payable(payables, 40)
    check = await payables.check(30, (made, "JournalEntry", 30))
    assert await payables.refused("BillPayment", payables.check_form(11, (made, "JournalEntry", 11))) == [
        "6000"
    ]
    linked = await payables.read("JournalEntry", made["Id"])
    assert linked["LinkedTxn"] == [{"TxnId": check["Id"], "TxnType": "BillPaymentCheck"}]
    assert (linked["SyncToken"], await payables.owed()) == ("1", 10)
    handle = {"Id": made["Id"], "SyncToken": "1"}
    assert await payables.refused("JournalEntry", handle, operation="delete") == ["800"]


@rule("An entry that a payment is linked to keeps the vendor's amount.", JOURNAL, inferred=True)
async def test_linked_entry_keeps_its_amount(payables: Payables) -> None:
    made = await payable(payables, 40)
    await payables.check(30, (made, "JournalEntry", 30))
    linked = await payables.read("JournalEntry", made["Id"])
    handle = {"Id": made["Id"], "SyncToken": linked["SyncToken"], "sparse": True}
    lines = entry(payables, 20, account="Accounts Payable (A/P)", **party("Vendor", payables.vendor))
    assert await payables.refused("JournalEntry", {**handle, **lines}) == ["6000"]
    assert (await payables.change("JournalEntry", linked, PrivateNote="x"))["LinkedTxn"] == linked[
        "LinkedTxn"
    ]


@rule("A debit on payables is a credit that pays for bills.", "Intuit, BillPayment, Line", inferred=True)
async def test_entry_pays_for_a_bill(payables: Payables) -> None:
    debit = post(payables, "Debit", "Accounts Payable (A/P)", 40, **party("Vendor", payables.vendor))
    made = await payables.write("JournalEntry", {"Line": [debit, post(payables, "Credit", "Fuel", 40)]})
    bill = await payables.bill(40)
    await payables.check(0, (bill, "Bill", 40), (made, "JournalEntry", 40))
    assert (await payables.read("Bill", bill["Id"]))["Balance"] == 0
    assert await payables.owed() == 0


@rule("An entry is updated wholly or in part, asked for by number and date, and deleted.", JOURNAL)
async def test_entry_is_kept(payables: Payables) -> None:
    made = await payables.write("JournalEntry", {**entry(payables), "DocNumber": "1112"})
    assert await payables.refused("JournalEntry", {**entry(payables), "DocNumber": "1112"}) == ["6140"]
    changed = await payables.change("JournalEntry", made, TxnDate="2026-11-01", Adjustment=True)
    assert (changed["DocNumber"], changed["Adjustment"], len(changed["Line"])) == ("1112", True, 2)
    (found,) = await payables.found(
        "select * from JournalEntry where DocNumber = '1112' and TxnDate >= '2026-11-01'"
    )
    assert found["SyncToken"] == "1"
    await payables.delete("JournalEntry", changed)
    assert codes(await payables.get(f"/journalentry/{made['Id']}")) == ["610"]


@rule(
    "A deposit needs DepositToAccountRef and Line (2020); the account is a bank or current asset (6430).",
    DEPOSIT,
)
async def test_deposit_needs_account_and_line(payables: Payables) -> None:
    assert await payables.refused("Deposit", {}) == ["2020", "2020"]
    assert await payables.refused("Deposit", bank(payables)) == ["2020"]
    wrong = {"DepositToAccountRef": {"value": payables.accounts["Fuel"]}}
    assert await payables.refused("Deposit", bank(payables, earned(payables, 1), **wrong)) == ["6430"]


@rule("TotalAmt of a deposit is the sum of its lines, less the cash taken back.", DEPOSIT)
async def test_deposit_total(payables: Payables) -> None:
    lines = [earned(payables, 1000), earned(payables, 50, "Construction Income")]
    assert (await payables.write("Deposit", bank(payables, *lines)))["TotalAmt"] == 1050
    back = {"CashBack": {"AccountRef": {"value": payables.accounts["Petty Cash"]}, "Amount": 100}}
    assert (await payables.write("Deposit", bank(payables, *lines, **back)))["TotalAmt"] == 950


@rule("A deposit takes payments out of Undeposited Funds; the payment shows it and is taken once.", DEPOSIT)
async def test_deposit_takes_payments(payables: Payables) -> None:
    payment = await payables.write("Payment", payables.money(500))
    made = await payables.write("Deposit", bank(payables, waiting(payment)))
    shown = await payables.read("Payment", payment["Id"])
    assert shown["LinkedTxn"] == [{"TxnId": made["Id"], "TxnType": "Deposit"}]
    assert (made["TotalAmt"], shown["SyncToken"]) == (500, "1")
    assert await payables.refused("Deposit", bank(payables, waiting(payment))) == ["6540"]
    assert (await payables.change("Deposit", made, PrivateNote="again"))["TotalAmt"] == 500


@rule(
    "A payment that is deposited cannot be deleted before the deposit is (6540).", "Intuit, Error codes, 6540"
)
async def test_deposited_payment_is_kept(payables: Payables) -> None:
    payment = await payables.write("Payment", payables.money(500))
    made = await payables.write("Deposit", bank(payables, waiting(payment)))
    handle = {"Id": payment["Id"], "SyncToken": "1"}
    assert await payables.refused("Payment", handle, operation="delete") == ["6540"]
    await payables.delete("Deposit", made)
    freed = await payables.read("Payment", payment["Id"])
    assert freed["LinkedTxn"] == []
    await payables.delete("Payment", freed)


@rule("Only what waits in Undeposited Funds can be linked, and in its whole amount.", DEPOSIT)
async def test_deposit_takes_what_waits(payables: Payables) -> None:
    checking = {"value": payables.accounts["Checking"]}
    banked = await payables.write("Payment", payables.money(500, DepositToAccountRef=checking))
    assert await payables.refused("Deposit", bank(payables, waiting(banked))) == ["620"]
    payment = await payables.write("Payment", payables.money(500))
    part = {**waiting(payment), "Amount": 499}
    assert await payables.refused("Deposit", bank(payables, part)) == ["6000"]
    twice = bank(payables, waiting(payment), waiting(payment))
    assert await payables.refused("Deposit", twice) == ["620"]
    bill = await payables.bill(1)
    assert await payables.refused("Deposit", bank(payables, waiting(bill, "Bill"))) == ["620"]


@rule("A line of a deposit names its payer by type and id; one on payables must be a vendor's.", DEPOSIT)
async def test_payer_of_a_deposit(payables: Payables) -> None:
    vendor = {"Entity": {"type": "Vendor", "value": payables.vendor}}
    line = earned(payables, 40, "Accounts Payable (A/P)", **vendor)
    made = await payables.write("Deposit", bank(payables, line))
    assert made["Line"][0]["DepositLineDetail"]["Entity"]["name"] in payables.vendors
    assert await payables.owed() == 40
    nobody = earned(payables, 40, "Accounts Payable (A/P)")
    assert await payables.refused("Deposit", bank(payables, nobody)) == ["6000"]


@rule("A transfer needs both accounts and an amount (2020); both are assets (6430) and differ.", TRANSFER)
async def test_transfer_moves_between_assets(payables: Payables) -> None:
    def move(start: str, end: str, **more: Any) -> Body:
        accounts = {"FromAccountRef": start, "ToAccountRef": end}
        return {
            **{name: {"value": payables.accounts[account]} for name, account in accounts.items()},
            "Amount": 1000,
            **more,
        }

    assert await payables.refused("Transfer", {}) == ["2020"] * 3
    assert await payables.refused("Transfer", move("Checking", "Company Card")) == ["6430"]
    assert await payables.refused("Transfer", move("Checking", "Checking")) == ["6000"]
    assert await payables.refused("Transfer", move("Checking", "Savings", Amount=-1)) == ["2140"]
    made = await payables.write("Transfer", move("Checking", "Savings", TxnDate="2026-01-15"))
    changed = await payables.change("Transfer", made, Amount=1500)
    assert (changed["Amount"], changed["ToAccountRef"]["name"]) == (1500, "Savings")
    (found,) = await payables.found("select * from Transfer where Amount > '1000' and TxnDate = '2026-01-15'")
    assert found["Id"] == made["Id"]
    await payables.delete("Transfer", changed)
    assert codes(await payables.get(f"/transfer/{made['Id']}")) == ["610"]


@rule("Entries, deposits and transfers of closed books are refused (6210).", "Intuit, Error codes, 6210")
@pytest.mark.parametrize("entity", ["JournalEntry", "Deposit", "Transfer"])
async def test_books_are_closed(payables: Payables, entity: str) -> None:
    checking, savings = ({"value": payables.accounts[name]} for name in ("Checking", "Savings"))
    forms = {
        "JournalEntry": entry(payables),
        "Deposit": bank(payables, earned(payables, 1)),
        "Transfer": {"FromAccountRef": checking, "ToAccountRef": savings, "Amount": 1},
    }
    form = {**forms[entity], "TxnDate": "2025-12-31"}
    made = await payables.write(entity, form)
    payables.lab.world.quickbooks.configure(payables.realm_id, closed_until="2025-12-31")
    assert await payables.refused(entity, form) == ["6210"]
    handle = {"Id": made["Id"], "SyncToken": made["SyncToken"]}
    assert await payables.refused(entity, handle, operation="delete") == ["6210"]
