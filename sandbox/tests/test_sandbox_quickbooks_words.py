"""The words, codes and elements of every refusal that clients read, letter by letter."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import httpx
import pytest
from sandbox_books import Body, Books, fault
from sandbox_payables import Payables
from sandbox_rules import rule

ERRORS = "Intuit, Error codes; Handling common errors"
CAPTURED = "Captured answers"

Act = Callable[[Payables], Awaitable[httpx.Response]]


@dataclass(frozen=True)
class Case:
    """One way to be refused, and what the answer says."""

    code: str
    message: str
    detail: str
    element: str
    act: Act


async def repeated_number(payables: Payables) -> httpx.Response:
    await payables.invoice(1, DocNumber="O0010714")
    return await payables.post("Invoice", payables.form(1, DocNumber="O0010714"))


async def no_customer(payables: Payables) -> httpx.Response:
    return await payables.post("Invoice", {"Line": [payables.line(1)]})


async def strange_customer(payables: Payables) -> httpx.Response:
    return await payables.post("Invoice", {**payables.form(1), "CustomerRef": {"value": "540123582"}})


async def nothing_there(payables: Payables) -> httpx.Response:
    return await payables.get("/invoice/999999")


async def long_number(payables: Payables) -> httpx.Response:
    return await payables.post("Invoice", payables.form(1, DocNumber="9" * 33))


async def stale(payables: Payables) -> httpx.Response:
    made = await payables.invoice()
    await payables.change("Invoice", made, PrivateNote="x")
    return await payables.post("Invoice", {**made, "sparse": True})


async def taken_name(payables: Payables) -> httpx.Response:
    await payables.write("Vendor", {"DisplayName": "Acme"})
    return await payables.post("Customer", {"DisplayName": "acme"})


async def paid(payables: Payables) -> httpx.Response:
    invoice = await payables.invoice(10)
    await payables.pay(invoice, 10)
    handle = {"Id": invoice["Id"], "SyncToken": "1"}
    return await payables.post("Invoice", handle, operation="delete")


async def banked(payables: Payables) -> httpx.Response:
    payment = await payables.write("Payment", payables.money(5))
    line = {"Amount": 5, "LinkedTxn": [{"TxnId": payment["Id"], "TxnType": "Payment"}]}
    account = {"value": payables.accounts["Checking"]}
    await payables.write("Deposit", {"DepositToAccountRef": account, "Line": [line]})
    return await payables.post("Payment", {"Id": payment["Id"], "SyncToken": "1"}, operation="delete")


async def strange_link(payables: Payables) -> httpx.Response:
    bill = await payables.bill(5)
    line = {"Amount": 5, "LinkedTxn": [{"TxnId": bill["Id"], "TxnType": "Bill"}]}
    return await payables.post("Payment", payables.money(5, Line=[line]))


async def wrong_product(payables: Payables) -> httpx.Response:
    line = payables.line(100.01, Qty=3, UnitPrice=33.33)
    return await payables.post("Invoice", {**payables.form(), "Line": [line]})


async def lone_job(payables: Payables) -> httpx.Response:
    return await payables.post("Customer", {"DisplayName": "New", "Job": True})


async def mail_to_nobody(payables: Payables) -> httpx.Response:
    made = await payables.invoice()
    return await payables.send("Invoice", made["Id"])


async def wrong_account(payables: Payables) -> httpx.Response:
    fuel = {"value": payables.accounts["Fuel"]}
    return await payables.post("Payment", payables.money(1, DepositToAccountRef=fuel))


async def closed(payables: Payables) -> httpx.Response:
    payables.configure(closed_until="2026-01-31")
    return await payables.post("Invoice", payables.form(1, TxnDate="2026-01-31"))


async def unknown_property(payables: Payables) -> httpx.Response:
    return await payables.post("Invoice", payables.form(1, Colour="red"))


async def no_query(payables: Payables) -> httpx.Response:
    return await payables.lab.query("select * from Invoice where DocNumber ~ 'x'")


async def no_property(payables: Payables) -> httpx.Response:
    return await payables.lab.query("select * from Invoice where PrivateNote = 'ours'")


async def small_start(payables: Payables) -> httpx.Response:
    return await payables.lab.query("select * from Invoice startposition 0")


async def lapsed(payables: Payables) -> httpx.Response:
    payables.configure(standing="lapsed")
    return await payables.get("/preferences")


REQUIRED = "Required param missing, need to supply the required value for the API"
CASES = {
    "6140": Case(
        "6140",
        "Duplicate Document Number Error",
        r"Duplicate Document Number Error : You must specify a different number\. This number has already "
        r"been used\. DocNumber=O0010714 is assigned to TxnType=Invoice with TxnId=\d+",
        "",
        repeated_number,
    ),
    "2020": Case(
        "2020",
        REQUIRED,
        "Required parameter CustomerRef is missing in the request",
        "CustomerRef",
        no_customer,
    ),
    "2500": Case(
        "2500",
        "Invalid Reference Id",
        "Invalid Reference Id : Names element id 540123582 not found",
        "",
        strange_customer,
    ),
    "610": Case(
        "610",
        "Object Not Found",
        r"Object Not Found : Something you're trying to use has been made inactive\. "
        r"Check the fields with accounts, customers, items, vendors or employees\.",
        "",
        nothing_there,
    ),
    "2050": Case(
        "2050",
        "String length is either shorter or longer than supported by specification",
        r"String length specified does not match the supported length\. "
        r"Min:0 Max:21 supported\. Supplied length:33",
        "DocNumber",
        long_number,
    ),
    "5010": Case(
        "5010",
        "Stale Object Error",
        r"Stale Object Error : You and API API were working on this at the same time\. "
        r"API API finished before you did, so your work was not saved\.",
        "",
        stale,
    ),
    "6240": Case(
        "6240", "Duplicate Name Exists Error", r"The name supplied already exists\. : .+", "", taken_name
    ),
    "800": Case("800", ".+", r"Unlink the linked transactions before deleting\.", "", paid),
    "6540": Case(
        "6540",
        "Deposited Transaction cannot be changed",
        r"This transaction has been deposited\. If you want to change or delete it, you must edit the deposit "
        r"it appears on and remove it first\.",
        "",
        banked,
    ),
    "620": Case("620", ".+", r"Transaction \d+ can not be linked\.", "LinkedTxn", strange_link),
    "6070": Case(
        "6070",
        "Amount calculation incorrect in the request",
        r"Amount is not equal to UnitPrice \* Qty\. Supplied value:100\.01",
        "Amount",
        wrong_product,
    ),
    "6150": Case("6150", ".+", ".+", "ParentRef", lone_job),
    "6420": Case("6420", ".+", ".+", "BillEmail", mail_to_nobody),
    "6430": Case("6430", "Invalid account type used", ".+", "DepositToAccountRef", wrong_account),
    "6210": Case("6210", "Account Period Closed, Cannot Update Through Services", ".+", "TxnDate", closed),
    "2010": Case(
        "2010",
        "Request has invalid or unsupported property",
        "Property Name:Colour is unsupported or invalid",
        "Colour",
        unknown_property,
    ),
    "4000": Case(
        "4000", "Error parsing query", 'QueryParserError: Encountered "~" at line 1, column 39.', "", no_query
    ),
    "4001": Case(
        "4001",
        "Error validating query",
        "QueryValidationError: Property PrivateNote not found for Entity Invoice",
        "",
        no_property,
    ),
    "4001 figure": Case(
        "4001",
        "Error validating query",
        r"QueryValidationError: value 0 is too small\. Min allowed value is 1",
        "",
        small_start,
    ),
    "6190": Case(
        "6190",
        "Invalid Company Status",
        "Subscription period has ended or canceled or there was a billing problem",
        "",
        lapsed,
    ),
}
"""Message and detail are regular expressions; words that stand in no document are left open."""


@rule(
    "Each refusal is HTTP 400 in the service's words: Message, Detail, code and element, ValidationFault, time.",
    "Intuit, Error codes; Handling common errors; captured answers",
)
@pytest.mark.parametrize("name", CASES)
async def test_refusal_to_the_letter(payables: Payables, name: str) -> None:
    case = CASES[name]
    answer = await case.act(payables)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/json;charset=UTF-8"
    assert answer.headers["intuit_tid"]
    body = answer.json()
    assert set(body) == {"Fault", "time"}
    assert set(body["Fault"]) == {"Error", "type"}
    assert body["Fault"]["type"] == "ValidationFault"
    (error,) = body["Fault"]["Error"]
    assert set(error) == {"Message", "Detail", "code", "element"}
    assert (error["code"], error["element"]) == (case.code, case.element)
    assert re.fullmatch(case.message, error["Message"]), error
    assert re.fullmatch(case.detail, error["Detail"]), error


@rule("`time` is written with milliseconds and Pacific offset.", CAPTURED)
async def test_time_of_an_answer(books: Books) -> None:
    for answer in (await books.post("Invoice", {}), await books.get("/preferences")):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}-08:00", answer.json()["time"])


@rule("Several troubles are entries of one fault, each with its element.", CAPTURED)
async def test_several_troubles(payables: Payables) -> None:
    line = {"DetailType": "AccountBasedExpenseLineDetail", "Amount": 1, "AccountBasedExpenseLineDetail": {}}
    form = {"VendorRef": {"value": payables.vendor}, "DocNumber": "9" * 33, "Line": [line]}
    answer = await payables.post("Bill", form)
    assert answer.status_code == 400
    told = [(error["code"], error["element"]) for error in answer.json()["Fault"]["Error"]]
    assert told == [("2050", "DocNumber"), ("2020", "AccountRef")]


@rule(
    "A taken number may be refused without its holder: older texts do not name it.",
    "Intuit, 6140 before 2020",
    inferred=True,
)
async def test_number_without_holder(books: Books) -> None:
    books.configure(duplicate_names_holder=False)
    await books.invoice(DocNumber="N-1")
    refused = fault(await books.post("Invoice", books.form(1, DocNumber="N-1")))
    assert refused["code"] == "6140"
    assert "TxnId" not in refused["Detail"]


LATE = {
    "6100": "Invalid tax code",
    "6250": "Invalid customer",
    "6450": "Void failed",
    "6480": "Matched with a bank transaction",
    "10000": "An application error has occurred while processing your request",
}


@rule(
    "What the sandbox never refuses of itself can be answered all the same, before or after the commit, by a fault rule.",
    ERRORS,
    inferred=True,
)
@pytest.mark.parametrize("name", ["status", "status-after-commit"])
@pytest.mark.parametrize("code", LATE)
async def test_any_fault_by_rule(books: Books, name: str, code: str) -> None:
    error = {"Message": LATE[code], "Detail": LATE[code], "code": code, "element": ""}
    body: Body = {
        "Fault": {"Error": [error], "type": "ValidationFault"},
        "time": "2026-01-01T00:00:00.000-08:00",
    }
    headers = {"content-type": "application/json;charset=UTF-8"}
    order = {
        "name": name,
        "match": {"entity": "customer"},
        "args": {"status": 400, "headers": headers, "body": body},
    }
    assert (await books.lab.control.post("/control/faults", json=order)).status_code == 201
    answer = await books.post("Customer", {"DisplayName": "Late"})
    assert (answer.status_code, answer.json(), bool(answer.headers["intuit_tid"])) == (400, body, True)
    kept = [c["DisplayName"] for c in books.lab.world.quickbooks.dump(books.realm_id, "Customer")]
    assert ("Late" in kept) == (name == "status-after-commit")
