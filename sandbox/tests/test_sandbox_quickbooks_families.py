"""What every family does alike, each played: read-only properties, empty texts, versions, updates, deletes."""

from __future__ import annotations

from typing import Any

import pytest
from sandbox_books import Body, codes, fault
from sandbox_payables import Payables
from sandbox_rules import rule

BASICS = "Intuit, Basic field definitions"
UPDATE = "Intuit, each entity's page, full and sparse update"

NOTES = {
    "Account": "Description",
    "Attachable": "Note",
    "Bill": "PrivateNote",
    "BillPayment": "PrivateNote",
    "CreditMemo": "PrivateNote",
    "Customer": "Notes",
    "Deposit": "PrivateNote",
    "Employee": "EmployeeNumber",
    "Estimate": "PrivateNote",
    "Invoice": "PrivateNote",
    "Item": "Description",
    "JournalEntry": "PrivateNote",
    "Payment": "PrivateNote",
    "Purchase": "PrivateNote",
    "PurchaseOrder": "PrivateNote",
    "RefundReceipt": "PrivateNote",
    "SalesReceipt": "PrivateNote",
    "TimeActivity": "Description",
    "Transfer": "PrivateNote",
    "Vendor": "Notes",
    "VendorCredit": "PrivateNote",
}
"""A text that each family takes and none needs."""

_SUMS = {"TotalAmt", "HomeTotalAmt"}
_BALANCES = _SUMS | {"Balance", "HomeBalance"}
READ_ONLY = {
    "Account": {"FullyQualifiedName", "Classification", "SubAccount", "CurrentBalance"}
    | {"CurrentBalanceWithSubAccounts"},
    "Attachable": {"FileAccessUri", "TempDownloadUri", "Size"},
    "Bill": _BALANCES,
    "BillPayment": {"HomeTotalAmt"},
    "CreditMemo": _BALANCES | {"RemainingCredit", "DeliveryInfo"},
    "Customer": {"FullyQualifiedName", "Level", "Balance", "BalanceWithJobs", "IsProject"},
    "Deposit": _SUMS,
    "Employee": {"V4IDPseudonym"},
    "Estimate": _SUMS | {"DeliveryInfo", "LinkedTxn"},
    "Invoice": _BALANCES
    | {"DeliveryInfo", "InvoiceLink", "EInvoiceStatus", "TxnApprovalInfo", "invoiceStatus"},
    "Item": {"FullyQualifiedName", "Level"},
    "JournalEntry": _SUMS,
    "Payment": {"UnappliedAmt", "HomeTotalAmt", "DeliveryInfo"},
    "Purchase": _SUMS,
    "PurchaseOrder": {"TotalAmt", "LinkedTxn"},
    "RefundReceipt": _BALANCES | {"DeliveryInfo"},
    "SalesReceipt": _BALANCES | {"DeliveryInfo", "LinkedTxn"},
    "TimeActivity": {"TimeChargeId"},
    "Transfer": {"RecurDataRef"},
    "Vendor": {"Balance", "V4IDPseudonym"},
    "VendorCredit": _BALANCES | {"LinkedTxn"},
}
"""What Intuit's page of each family marks read-only (and system defined)."""

VOIDED = ("BillPayment", "Invoice", "Payment", "SalesReceipt")
DELETED = tuple(
    sorted(
        set(NOTES) - {"Account", "Customer", "Employee", "Item", "Vendor"} | {"Attachable", "TimeActivity"}
    )
)
OWN = frozenset({"FullyQualifiedName", "FileAccessUri", "TempDownloadUri"})
"""What follows from an entity's own name."""


def least(payables: Payables, entity: str) -> Body:
    """Return the least that an entity of a family needs."""
    accounts = {name: {"value": account_id} for name, account_id in payables.accounts.items()}
    bank, cost = {"DepositToAccountRef": accounts["Checking"]}, payables.cost(10)
    interest = {"AccountRef": accounts["Interest Earned"]}
    money = {"Amount": 10, "DetailType": "DepositLineDetail", "DepositLineDetail": interest}
    bodies: dict[str, Body] = {
        "Account": {"Name": "New", "AccountType": "Bank"},
        "Attachable": {"FileName": "plan.pdf"},
        "Bill": payables.bill_form(10),
        "BillPayment": payables.check_form(10),
        "Customer": {"DisplayName": "New"},
        "Deposit": {**bank, "Line": [money]},
        "Employee": {"GivenName": "Ann", "FamilyName": "Lee"},
        "Item": {"Name": "New", "IncomeAccountRef": accounts["Construction Income"]},
        "JournalEntry": {"Line": [posted("Debit", accounts["Fuel"]), posted("Credit", accounts["Checking"])]},
        "Payment": payables.money(10),
        "Purchase": {"PaymentType": "Cash", "AccountRef": accounts["Checking"], "Line": [cost]},
        "PurchaseOrder": payables.bill_form(10, APAccountRef=accounts["Accounts Payable (A/P)"]),
        "TimeActivity": {"NameOf": "Vendor", "VendorRef": {"value": payables.vendor}, "Hours": 1},
        "Transfer": {
            "FromAccountRef": accounts["Checking"],
            "ToAccountRef": accounts["Savings"],
            "Amount": 10,
        },
        "Vendor": {"DisplayName": "New"},
        "VendorCredit": payables.bill_form(10),
    }
    return bodies.get(entity) or payables.form(10, **(bank if entity.endswith("Receipt") else {}))


def posted(side: str, account: Body) -> Body:
    detail = {"PostingType": side, "AccountRef": account}
    return {"DetailType": "JournalEntryLineDetail", "Amount": 10, "JournalEntryLineDetail": detail}


def renamed(body: Body, name: str) -> Body:
    """Return a body under another name, if it has one."""
    named = body.keys() & {"Name", "DisplayName", "GivenName"}
    return {**body, **dict.fromkeys(named, name)}


def steady(body: Body) -> Body:
    """Return an answer without what differs between two of a kind."""
    odd = {"Id", "MetaData", "DocNumber", "FileAccessUri", "TempDownloadUri"}
    return {name: value for name, value in body.items() if name not in odd}


@rule("What is read-only on a family is ignored in silence, whatever is sent.", "Intuit, each entity's page")
@pytest.mark.parametrize("entity", sorted(NOTES))
async def test_read_only_properties_are_ignored(payables: Payables, entity: str) -> None:
    plain = await payables.write(entity, least(payables, entity))
    names = READ_ONLY[entity] | {"domain", "status"}
    for number, odd in enumerate([{"value": "1"}, "x", 17, []]):
        body = renamed(least(payables, entity), f"Other {number}")
        made = await payables.write(entity, {**body, **dict.fromkeys(names | {"MetaData"}, odd)})
        for name in names - OWN:
            assert made.get(name) == plain.get(name), name
        assert set(made["MetaData"]) == {"CreateTime", "LastUpdatedTime"}


@rule("An empty text stands for no value, on every family.", BASICS, inferred=True)
@pytest.mark.parametrize("entity", sorted(NOTES))
async def test_empty_texts_are_tolerated(payables: Payables, entity: str) -> None:
    note = NOTES[entity]
    made = await payables.write(entity, {**least(payables, entity), note: ""})
    assert note not in made
    noted = await payables.change(entity, made, **{note: "kept"})
    assert noted[note] == "kept"
    assert note not in await payables.change(entity, noted, **{note: ""})


@rule(
    "SyncToken starts at 0 and rises by one with every change, on every family.",
    "Intuit, Basic field definitions, SyncToken",
)
@pytest.mark.parametrize("entity", sorted(NOTES))
async def test_versions_are_counted(payables: Payables, entity: str) -> None:
    made = await payables.write(entity, least(payables, entity))
    assert made["SyncToken"] == "0"
    for number in (1, 2, 3):
        made = await payables.change(entity, made, **{NOTES[entity]: f"note {number}"})
        assert made["SyncToken"] == str(number)
        assert (await payables.read(entity, made["Id"]))["SyncToken"] == str(number)


@rule(
    "An old SyncToken is refused with 5010 in Intuit's words, on every family.", "Intuit, Stale object error"
)
@pytest.mark.parametrize("entity", sorted(NOTES))
async def test_old_version_is_stale(payables: Payables, entity: str) -> None:
    made = await payables.write(entity, least(payables, entity))
    await payables.change(entity, made, **{NOTES[entity]: "first"})
    second = {"Id": made["Id"], "SyncToken": "0", "sparse": True, NOTES[entity]: "second"}
    assert fault(await payables.post(entity, second)) == {
        "Message": "Stale Object Error",
        "Detail": "Stale Object Error : You and API API were working on this at the same time. "
        "API API finished before you did, so your work was not saved.",
        "code": "5010",
        "element": "",
    }
    assert (await payables.read(entity, made["Id"]))[NOTES[entity]] == "first"


@rule("A sparse update keeps what is left out, a full one clears it, on every family.", UPDATE)
@pytest.mark.parametrize("entity", sorted(NOTES))
async def test_full_update_clears_and_sparse_keeps(payables: Payables, entity: str) -> None:
    body = least(payables, entity)
    made = await payables.write(entity, {**body, NOTES[entity]: "note"})
    kept = await payables.change(entity, made)
    assert steady(kept) == {**steady(made), "SyncToken": "1"}
    full = {**body, "Id": made["Id"], "SyncToken": "1", "sparse": False}
    cleared = await payables.write(entity, full)
    assert NOTES[entity] not in cleared
    assert cleared["SyncToken"] == "2"


@rule("An unknown Id is 610 on read, update and delete, on every family.", "Intuit, Error codes")
@pytest.mark.parametrize("entity", sorted(NOTES))
async def test_unknown_id(payables: Payables, entity: str) -> None:
    assert codes(await payables.get(f"/{entity.lower()}/999999")) == ["610"]
    handle = {**least(payables, entity), "Id": "999999", "SyncToken": "0"}
    assert await payables.refused(entity, handle) == ["610"]
    expected = ["610"] if entity in DELETED else ["500"]
    assert await payables.refused(entity, handle, operation="delete") == expected


@rule(
    "A delete answers status Deleted, domain and Id; names and accounts are never deleted (500).",
    "Intuit, each entity's page",
)
@pytest.mark.parametrize("entity", sorted(NOTES))
async def test_delete_where_there_is_one(payables: Payables, entity: str) -> None:
    made = await payables.write(entity, least(payables, entity))
    if entity not in DELETED:
        assert await payables.refused(entity, made, operation="delete") == ["500"]
        return
    answer = await payables.post(entity, {"Id": made["Id"], "SyncToken": "0"}, operation="delete")
    assert answer.json()[entity] == {"status": "Deleted", "domain": "QBO", "Id": made["Id"]}
    assert set(answer.json()) == {entity, "time"}
    assert codes(await payables.get(f"/{entity.lower()}/{made['Id']}")) == ["610"]


@rule(
    "Invoices, payments, sales receipts and bill payments can be voided, nothing else (500).",
    "Intuit, each entity's page, void; PHP, python and node clients",
)
@pytest.mark.parametrize("entity", sorted(NOTES))
@pytest.mark.parametrize("manner", [{"operation": "void"}, {"operation": "update", "include": "void"}])
async def test_void_where_there_is_one(payables: Payables, entity: str, manner: dict[str, str]) -> None:
    made = await payables.write(entity, least(payables, entity))
    handle: dict[str, Any] = {"Id": made["Id"], "SyncToken": "0", "sparse": True}
    if entity not in VOIDED:
        assert await payables.refused(entity, handle, **manner) == ["500"]
        return
    voided = await payables.write(entity, handle, **manner)
    assert (voided["TotalAmt"], voided["PrivateNote"], voided["SyncToken"]) == (0, "Voided", "1")
    assert (await payables.read(entity, made["Id"])) == voided
