"""Every call of the client, against the sandbox."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import SecretStr

from plumbline.common.secrets.tokens import LiveToken
from plumbline.common.testing.clock import DAWN
from plumbline.quickbooks import (
    Confirmed,
    QuickBooksClient,
    QuickBooksFaultError,
    QuickBooksForbiddenError,
    QuickBooksThrottledError,
    QuickBooksUnavailableError,
    RefusedAtGate,
    Rejected,
    Reply,
    Unknown,
)
from plumbline.quickbooks.client import quoted
from plumbline.quickbooks.models import Customer, Invoice, Payment
from plumbline_sandbox.laboratory import Laboratory


class RealmTokens:
    """The token of one seeded realm."""

    def __init__(self, value: str) -> None:
        self._token = LiveToken(SecretStr(value), 1, DAWN)

    async def live_token(self) -> LiveToken:
        return self._token

    async def replace(self, refused: LiveToken, *, was_good: bool = False) -> LiveToken:
        raise AssertionError("the sandbox refused its own token")


async def no_turn() -> None:
    """Let everybody through."""


@dataclass
class Company:
    """One realm of the sandbox with a client of ours, and its first project's names."""

    lab: Laboratory
    books: QuickBooksClient

    @property
    def pairing(self) -> dict[str, Any]:
        found: dict[str, Any] = self.lab.description["companies"][0]["projects"][0]["quickbooks"]
        return found

    @property
    def customer(self) -> str:
        return str(self.pairing["customer_id"])

    def invoice(self, number: str = "TX01-1", amount: str = "1234.50", **more: Any) -> bytes:
        item = next(iter(self.pairing["items"].values()))
        detail = {"ItemRef": {"value": item}, "Qty": 1, "UnitPrice": float(amount)}
        line = {
            "DetailType": "SalesItemLineDetail",
            "Amount": float(amount),
            "SalesItemLineDetail": detail,
        }
        body = {"CustomerRef": {"value": self.customer}, "DocNumber": number, "Line": [line], **more}
        return json.dumps(body).encode()

    async def billed(self, number: str = "TX01-1", **more: Any) -> str:
        reply = await self.books.post("invoice", self.invoice(number, **more), request_id=f"bill-{number}")
        return str(document(reply)["Id"])

    async def numbered(self, number: str) -> list[dict[str, Any]]:
        return await self.books.documents("Invoice", {"DocNumber": number})

    def fails(self, name: str, **args: Any) -> None:
        """Have the next request meet a fault."""
        match = {"provider": "quickbooks"}
        self.lab.world.faults.add({"name": name, "match": match, "args": args, "times": 1})


def document(reply: Reply) -> dict[str, Any]:
    assert isinstance(reply, Confirmed), reply
    return reply.document


@pytest.fixture
async def company() -> AsyncIterator[Company]:
    async with Laboratory() as lab:
        lab.world.limits.configure({"quickbooks": {"per_second": 10**6, "per_minute": 10**6}})
        realm = lab.realms[0]
        client = QuickBooksClient(
            lab.quickbooks,
            RealmTokens(realm.access_token),
            realm_id=realm.id,
            deadline_s=5.0,
            turn=no_turn,
        )
        yield Company(lab, client)


async def test_invoice_is_written_and_read_back_to_the_cent(company: Company) -> None:
    made = document(
        await company.books.post(
            "invoice", company.invoice(DueDate="2026-12-01", PrivateNote="ours"), request_id="r-1"
        )
    )
    read = await company.books.read(Invoice, made["Id"])

    assert read is not None
    assert (read.id, read.sync_token, read.doc_number) == (made["Id"], "0", "TX01-1")
    assert (read.total_amt, read.balance, read.due_date) == (
        Decimal("1234.5"),
        Decimal("1234.5"),
        date(2026, 12, 1),
    )
    assert (read.customer_ref.value, read.private_note, read.is_voided) == (company.customer, "ours", False)
    assert [line.detail_type for line in read.line] == ["SalesItemLineDetail", "SubTotalLineDetail"]
    assert isinstance(made["TotalAmt"], Decimal | int)


async def test_same_bytes_under_the_same_request_id_have_one_effect(company: Company) -> None:
    # Intuit, Basic field definitions: a replay returns the response of the original.
    first, again = [
        await company.books.post("invoice", company.invoice(), request_id="r-1") for _ in range(2)
    ]
    assert document(first) == document(again)
    assert len(await company.books.query("select * from Invoice where DocNumber = 'TX01-1'")) == 1


async def test_number_taken_is_rejected_with_its_holder(company: Company) -> None:
    holder = await company.billed()
    reply = await company.books.post("invoice", company.invoice(), request_id="r-2")
    assert isinstance(reply, Rejected)
    assert (reply.fault.code, reply.fault.taken_by_id) == (6140, holder)


async def test_stale_sync_token_is_rejected_as_such(company: Company) -> None:
    made = await company.billed()
    body = json.dumps({"Id": made, "SyncToken": "7", "sparse": True, "PrivateNote": "x"}).encode()
    reply = await company.books.post("invoice", body, request_id="r-2")
    assert isinstance(reply, Rejected)
    assert reply.fault.code == 5010


async def test_payment_and_customer_are_read(company: Company) -> None:
    invoice = await company.billed()
    line = {"Amount": 1000.00, "LinkedTxn": [{"TxnId": invoice, "TxnType": "Invoice"}]}
    body = {"CustomerRef": {"value": company.customer}, "TotalAmt": 1000.10, "Line": [line]}
    made = document(await company.books.post("payment", json.dumps(body).encode(), request_id="p-1"))

    payment = await company.books.read(Payment, made["Id"])
    paid = await company.books.read(Invoice, invoice)
    customer = await company.books.read(Customer, company.customer)

    assert payment is not None
    assert (payment.total_amt, payment.unapplied_amt) == (Decimal("1000.1"), Decimal("0.1"))
    assert payment.line[0].linked_txn[0].txn_id == invoice
    assert paid is not None
    assert (paid.balance, [link.txn_id for link in paid.linked_txn]) == (Decimal("234.5"), [made["Id"]])
    assert customer is not None
    assert (customer.display_name, customer.active) == ("Alamo Plaza Partners", True)


async def test_void_and_delete_are_posts_with_an_operation(company: Company) -> None:
    kept, gone = await company.billed("TX01-1"), await company.billed("TX01-2")
    for number, made in (("void", kept), ("delete", gone)):
        body = json.dumps({"Id": made, "SyncToken": "0"}).encode()
        reply = await company.books.post(
            "invoice", body, request_id=f"r-{number}", params={"operation": number}
        )
        assert document(reply)["Id"] == made

    voided = await company.books.read(Invoice, kept)
    assert voided is not None
    assert voided.is_voided
    assert voided.total_amt == 0
    assert await company.books.read(Invoice, gone) is None


async def test_sent_invoice_says_so(company: Company) -> None:
    made = await company.billed()
    sent = document(await company.books.send("invoice", made, "ap@owner.example", request_id="s-1"))
    read = await company.books.read(Invoice, made)
    assert (sent["EmailStatus"], read and read.email_status) == ("EmailSent", "EmailSent")
    assert read is not None
    assert read.delivery_info is not None
    assert read.bill_email is not None
    assert (read.delivery_info.delivery_type, read.bill_email.address) == ("Email", "ap@owner.example")


async def test_what_never_existed_is_none(company: Company) -> None:
    assert await company.books.read(Invoice, "99999") is None
    assert await company.books.read(Payment, "99999") is None
    assert await company.books.read(Customer, "99999") is None


async def test_numbers_are_found_whatever_their_case_and_quotes(company: Company) -> None:
    for number in ("O'Brien-1", "TX01-1", "a\\b"):
        made = await company.billed(number)
        assert [found["Id"] for found in await company.numbered(number.swapcase())] == [made]
    assert await company.numbered("TX01") == []


async def test_query_that_cannot_be_parsed_is_a_fault(company: Company) -> None:
    with pytest.raises(QuickBooksFaultError) as raised:
        await company.books.query("select from where")
    assert raised.value.fault.code == 4000


async def test_empty_answer_to_a_query_is_an_empty_list(company: Company) -> None:
    assert await company.books.query(f"select * from Payment where Id = {quoted('0')}") == []


async def test_company_and_preferences_are_read(company: Company) -> None:
    info = await company.books.company_info()
    preferences = await company.books.preferences()
    assert info.company_name == "Lone Star East"
    assert preferences.sales_forms_prefs is not None
    assert preferences.sales_forms_prefs.custom_txn_numbers is not None


@pytest.mark.parametrize(
    ("fault", "args", "kind", "error"),
    [
        ("html", {}, Unknown, QuickBooksUnavailableError),
        ("html", {"status": 404}, Unknown, QuickBooksUnavailableError),  # seen: a passing 404 web page
        ("status", {"status": 504}, Unknown, QuickBooksUnavailableError),
        ("throttle", {"retry_after": 7}, RefusedAtGate, QuickBooksThrottledError),
    ],
)
async def test_sandboxs_own_faults_are_told_apart(
    company: Company, fault: str, args: dict[str, Any], kind: type[Reply], error: type[Exception]
) -> None:
    company.fails(fault, **args)
    assert isinstance(await company.books.post("invoice", company.invoice(), request_id="r-1"), kind)
    company.fails(fault, **args)
    with pytest.raises(error):
        await company.books.company_info()

    # Once the cause is gone, the same bytes go out again under the same id.
    assert isinstance(await company.books.post("invoice", company.invoice(), request_id="r-1"), Confirmed)


async def test_throttle_in_the_gateways_xml_says_how_long(company: Company) -> None:
    company.fails("throttle", retry_after=7)
    reply = await company.books.post("invoice", company.invoice(), request_id="r-1")
    assert isinstance(reply, RefusedAtGate)
    assert (reply.kind, reply.retry_after) == ("throttled", timedelta(seconds=7))


async def test_failure_after_the_commit_is_unknown_and_its_repetition_finds_it_done(company: Company) -> None:
    company.fails("status-after-commit", status=500)
    first = await company.books.post("invoice", company.invoice(), request_id="r-1")
    assert isinstance(first, Unknown)
    again = await company.books.post("invoice", company.invoice(), request_id="r-1")
    assert [found["Id"] for found in await company.numbered("TX01-1")] == [document(again)["Id"]]


async def test_another_realms_token_is_forbidden_and_needs_a_person(company: Company) -> None:
    # The gateway's 403: ApplicationAuthorizationFailed, code 3100 (captured).
    other = company.lab.realms[1]
    client = QuickBooksClient(
        company.lab.quickbooks,
        RealmTokens(company.lab.realms[0].access_token),
        realm_id=other.id,
        deadline_s=5.0,
        turn=no_turn,
    )
    with pytest.raises(QuickBooksForbiddenError):
        await client.company_info()
    reply = await client.post("invoice", company.invoice(), request_id="r-1")
    assert isinstance(reply, RefusedAtGate)
    assert (reply.kind, reply.retry_after) == ("forbidden", None)
    assert reply.tid  # what Intuit's support asks for
