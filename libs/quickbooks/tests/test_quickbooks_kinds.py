"""Credit memos, bills, what pays them, and files: written, changed, ended and read, against the sandbox."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from typing_extensions import override

from plumbline.common.http import PartnerAnswer
from plumbline.common.secrets.tokens import LiveToken
from plumbline.common.testing.clock import DAWN
from plumbline.common.testing.far_side import Tokens
from plumbline.quickbooks import Confirmed, QuickBooksClient, QuickBooksUnreadableError, Rejected, Reply
from plumbline.quickbooks.answers import record_of
from plumbline.quickbooks.models import Attachable, CreditMemo, Invoice, Payment
from plumbline.quickbooks.payables import Bill, BillPayment, Vendor, VendorCredit
from plumbline.quickbooks.record import Record
from plumbline.quickbooks.uploads import of_one_file, upload_form
from plumbline_sandbox.blueprint import CustomerBlueprint, RealmBlueprint
from plumbline_sandbox.laboratory import Laboratory

REALM = "9341453000099999"


class OneToken(Tokens):
    """The token of the realm that these tests found."""

    @override
    async def live_token(self) -> LiveToken:
        return LiveToken(SecretStr("access"), 1, DAWN)


@dataclass
class Company:
    """A realm of its own, with the ids that documents refer to."""

    client: QuickBooksClient
    customer: str
    vendor: str
    ids: dict[str, str]

    async def post(self, entity: str, body: dict[str, Any], name: str, **params: str) -> dict[str, Any]:
        return document(
            await self.client.post(
                entity, json.dumps(body, default=float).encode(), request_id=name, params=params
            )
        )

    async def ended(self, entity: str, entity_id: str, **params: str) -> dict[str, Any]:
        held = await self.client.document(entity, entity_id)
        assert held is not None
        body = {"Id": entity_id, "SyncToken": held["SyncToken"]}
        return await self.post(entity, body, f"end-{entity}-{entity_id}", **params)

    def form(self, entity: str, amount: float, number: str) -> dict[str, Any]:
        detail = {"ItemRef": {"value": self.ids["Services"]}}
        line = {"DetailType": "SalesItemLineDetail", "Amount": amount, "SalesItemLineDetail": detail}
        return {"CustomerRef": {"value": self.customer}, "DocNumber": number, "Line": [line]}

    def bill(self, amount: float, number: str) -> dict[str, Any]:
        kind = "AccountBasedExpenseLineDetail"
        line = {
            "DetailType": kind,
            "Amount": amount,
            kind: {"AccountRef": {"value": self.ids["Subcontractors"]}},
        }
        return {"VendorRef": {"value": self.vendor}, "DocNumber": number, "Line": [line]}


def document(reply: Reply) -> dict[str, Any]:
    assert isinstance(reply, Confirmed), reply
    return reply.document


async def no_turn() -> None:
    """Let everybody through."""


@pytest.fixture
async def company() -> AsyncIterator[Company]:
    async with Laboratory() as lab:
        lab.world.limits.configure({"quickbooks": {"per_second": 10**6, "per_minute": 10**6}})
        seeded = lab.world.quickbooks.seed(
            RealmBlueprint(
                id=REALM,
                name="Brazos",
                client_id="c",
                client_secret="s",
                access_token="access",
                refresh_token="refresh",
                customers=(CustomerBlueprint("Alamo", "ap@alamo.example", ()),),
            )
        )
        vendor = lab.world.quickbooks.person(REALM, "Vendor", {"DisplayName": "Lake Erie Plumbing II"})
        client = QuickBooksClient(lab.quickbooks, OneToken(), realm_id=REALM, deadline_s=5.0, turn=no_turn)
        ids = {**seeded.accounts, **seeded.items}
        yield Company(client, seeded.customers["Alamo"], str(vendor["Id"]), ids)


async def test_credit_memo_is_written_sent_applied_and_deleted(company: Company) -> None:
    memo = await company.post("creditmemo", company.form("CreditMemo", 40.10, "CM-1"), "m")
    invoice = await company.post("invoice", company.form("Invoice", 100, "I-1"), "i")
    sent = document(await company.client.send("creditmemo", memo["Id"], "ap@owner.example", request_id="s"))
    links = [("Invoice", invoice["Id"]), ("CreditMemo", memo["Id"])]
    lines = [{"Amount": 40.10, "LinkedTxn": [{"TxnId": to, "TxnType": kind}]} for kind, to in links]
    await company.post(
        "payment", {"CustomerRef": {"value": company.customer}, "TotalAmt": 0, "Line": lines}, "p"
    )

    read = await company.client.read(CreditMemo, memo["Id"])
    owed = await company.client.read(Invoice, invoice["Id"])

    assert sent["EmailStatus"] == "EmailSent"
    assert read is not None
    assert owed is not None
    assert (read.total_amt, read.balance, read.remaining_credit) == (Decimal("40.1"), Decimal(0), Decimal(0))
    assert owed.balance == Decimal("59.9")
    refused = await company.client.post(
        "creditmemo",
        json.dumps({"Id": read.id, "SyncToken": read.sync_token}).encode(),
        request_id="d",
        params={"operation": "delete"},
    )
    assert isinstance(refused, Rejected)
    assert refused.fault.code == 800


async def test_bill_is_paid_in_part_with_a_vendor_credit_and_the_payment_is_voided(company: Company) -> None:
    bill = await company.post("bill", company.bill(200, "SUB-17"), "b")
    credit = await company.post("vendorcredit", company.bill(30.25, "SUB-17-C"), "c")
    links = [("Bill", bill["Id"], 130.25), ("VendorCredit", credit["Id"], 30.25)]
    lines = [{"Amount": amount, "LinkedTxn": [{"TxnId": to, "TxnType": kind}]} for kind, to, amount in links]
    check = {"BankAccountRef": {"value": company.ids["Checking"]}}
    body = {
        "VendorRef": {"value": company.vendor},
        "TotalAmt": 100,
        "PayType": "Check",
        "CheckPayment": check,
        "Line": lines,
    }
    made = await company.post("billpayment", body, "bp")

    payment = await company.client.read(BillPayment, made["Id"])
    owed = await company.client.read(Bill, bill["Id"])
    used = await company.client.read(VendorCredit, credit["Id"])

    assert payment is not None
    assert (payment.total_amt, payment.account_id, payment.is_voided) == (
        Decimal(100),
        company.ids["Checking"],
        False,
    )
    assert owed is not None
    assert (owed.balance, [link.txn_type for link in owed.linked_txn]) == (
        Decimal("69.75"),
        ["BillPaymentCheck"],
    )
    assert owed.line[0].detail.account_ref is not None
    assert used is not None
    assert used.balance == 0

    await company.ended("billpayment", made["Id"], operation="update", include="void")
    voided = await company.client.read(BillPayment, made["Id"])
    reopened = await company.client.read(Bill, bill["Id"])
    assert voided is not None
    assert voided.is_voided
    assert reopened is not None
    assert reopened.balance == 200


async def test_deleted_documents_are_none(company: Company) -> None:
    for entity, body in (
        ("bill", company.bill(10, "B")),
        ("vendorcredit", company.bill(10, "C")),
        ("payment", {"CustomerRef": {"value": company.customer}, "TotalAmt": 5}),
    ):
        made = await company.post(entity, body, entity)
        assert (await company.ended(entity, made["Id"], operation="delete"))["status"] == "Deleted"
        assert await company.client.document(entity, made["Id"]) is None


async def test_full_update_keeps_what_was_read_and_clears_what_is_left_out(company: Company) -> None:
    made = await company.post("bill", {**company.bill(10, "B-1"), "PrivateNote": "ours"}, "b")
    held = await company.client.document("bill", made["Id"])
    assert held is not None
    kept = await company.post("bill", {**held, "DueDate": "2027-01-01"}, "u")
    assert (kept["PrivateNote"], kept["DueDate"]) == ("ours", "2027-01-01")
    cleared = await company.post(
        "bill", {name: value for name, value in kept.items() if name != "PrivateNote"}, "v"
    )
    assert "PrivateNote" not in cleared


async def test_payments_are_found_by_customer_and_day(company: Company) -> None:
    body = {"CustomerRef": {"value": company.customer}, "TotalAmt": 5, "TxnDate": "2026-10-31"}
    made = await company.post("payment", body, "p")
    await company.post("payment", {**body, "TxnDate": "2026-11-01"}, "q")
    where = {"CustomerRef": company.customer, "TxnDate": "2026-10-31"}
    assert [row["Id"] for row in await company.client.documents("Payment", where)] == [made["Id"]]


async def test_file_is_uploaded_and_found_by_what_it_hangs_on(company: Company) -> None:
    bill = await company.post("bill", company.bill(10, "B-1"), "b")
    metadata = {
        "AttachableRef": [
            {"EntityRef": {"type": "Bill", "value": bill["Id"]}, "IncludeOnSend": True},
        ],
        "FileName": "pay application 3, unterschrieben für Müller.pdf",
        "ContentType": "application/pdf",
        "Note": "ours",
    }
    content = b"%PDF-1.7\r\n--plumbline\r\n\x00\xff"
    made = document(await company.client.upload(json.dumps(metadata).encode(), content, request_id="u"))
    where = {"AttachableRef.EntityRef.Type": "Bill", "AttachableRef.EntityRef.value": bill["Id"]}
    (found,) = await company.client.documents("Attachable", where)
    read = record_of(Attachable, found)
    assert (read.id, read.note, read.size) == (made["Id"], "ours", len(content))
    assert read.file_name == "pay application 3, unterschrieben für Müller.pdf"
    assert [ref.entity_ref and ref.entity_ref.value for ref in read.attachable_ref] == [bill["Id"]]
    assert read.attachable_ref[0].include_on_send


async def test_refused_file_is_rejected_with_its_fault(company: Company) -> None:
    metadata = json.dumps({"FileName": "run.exe", "ContentType": "application/x-msdownload"}).encode()
    reply = await company.client.upload(metadata, b"MZ", request_id="u")
    assert isinstance(reply, Rejected)
    assert reply.fault.code == 6000


def test_form_of_a_file_is_the_same_ever_after_and_no_content_can_end_it() -> None:
    metadata = json.dumps({"FileName": "a.pdf", "ContentType": "application/pdf"}).encode()
    content_type, body = upload_form(metadata, b"one")
    assert (content_type, body) == upload_form(metadata, b"one")
    boundary = content_type.partition("boundary=")[2].encode()
    other_type, other = upload_form(metadata, b"--" + boundary + b"--")
    assert other.count(other_type.partition("boundary=")[2].encode()) == 3


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b'{"AttachableResponse": []}', b'{"AttachableResponse": [1, 2]}', b"[" * 9**5],
)
def test_answer_that_is_no_upload_of_one_file_stays_as_it_is(body: bytes) -> None:
    answer = PartnerAnswer(200, httpx.Headers(), body)
    assert of_one_file(answer) is answer


PARTY = {"value": "1"}


@pytest.mark.parametrize(
    ("model", "needed"),
    [
        (CreditMemo, {"Id": "1", "SyncToken": "0", "CustomerRef": PARTY, "TotalAmt": 1, "Balance": 1}),
        (Payment, {"Id": "1", "SyncToken": "0", "CustomerRef": PARTY, "TotalAmt": 1}),
        (Bill, {"Id": "1", "SyncToken": "0", "VendorRef": PARTY, "TotalAmt": 1, "Balance": 1}),
        (VendorCredit, {"Id": "1", "SyncToken": "0", "VendorRef": PARTY, "TotalAmt": 1}),
        (BillPayment, {"Id": "1", "SyncToken": "0", "VendorRef": PARTY, "TotalAmt": 1, "PayType": "Check"}),
        (Attachable, {"Id": "1", "SyncToken": "0"}),
        (Vendor, {"Id": "1", "SyncToken": "0", "DisplayName": "Lake Erie"}),
    ],
)
def test_record_needs_what_is_compared_and_nothing_else(model: type[Record], needed: dict[str, Any]) -> None:
    record_of(model, needed)
    for name in needed:
        with pytest.raises(QuickBooksUnreadableError, match=name):
            record_of(model, {kept: value for kept, value in needed.items() if kept != name})
