"""QuickBooks' records as Intuit's reference shows them: what is needed, what may be missing, what is new."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeVar

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from plumbline.common.http import PartnerAnswer
from plumbline.quickbooks import QuickBooksUnreadableError
from plumbline.quickbooks.answers import document_in, record_of
from plumbline.quickbooks.models import CompanyInfo, Customer, Invoice, Payment, Preferences
from plumbline.quickbooks.record import Record, report_unknown_field

R = TypeVar("R", bound=Record)

INVOICE: dict[str, Any] = {
    "Id": "238",
    "SyncToken": "0",
    "MetaData": {
        "CreateTime": "2026-01-31T10:00:00-08:00",
        "LastUpdatedTime": "2026-01-31T10:00:00-08:00",
    },
    "DocNumber": "PC-1042",
    "TxnDate": "2026-01-31",
    "DueDate": "2026-03-02",
    "CurrencyRef": {"value": "USD", "name": "United States Dollar"},
    "LinkedTxn": [{"TxnId": "69", "TxnType": "Payment"}],
    "Line": [
        {
            "Id": "1",
            "LineNum": 1,
            "DetailType": "SalesItemLineDetail",
            "Amount": 100.10,
            "Description": "Concrete",
            "SalesItemLineDetail": {
                "ItemRef": {"value": "1", "name": "Services"},
                "Qty": 1,
                "UnitPrice": 100.10,
                "TaxCodeRef": {"value": "NON"},
            },
        },
        {"DetailType": "SubTotalLineDetail", "Amount": 100.10},
    ],
    "TxnTaxDetail": {"TotalTax": 0},
    "CustomerRef": {"value": "58"},
    "CustomerMemo": {"value": "Thank you"},
    "BillEmail": {"Address": "ap@example.com"},
    "EmailStatus": "EmailSent",
    "DeliveryInfo": {"DeliveryType": "Email", "DeliveryTime": "2026-01-31T10:00:05-08:00"},
    "TotalAmt": 100.10,
    "Balance": 45.05,
    "Deposit": 0,
    "PrivateNote": "ours",
}
"""The answer to an invoice's creation in Intuit's reference, with a payment and a mail."""

PAYMENT = {
    "Id": "7",
    "SyncToken": "0",
    "CustomerRef": {"value": "58"},
    "TotalAmt": 55.05,
    "UnappliedAmt": 0,
    "Line": [{"Amount": 55.05, "LinkedTxn": [{"TxnId": "238", "TxnType": "Invoice"}]}],
}


def of(model: type[R], body: dict[str, Any]) -> R:
    """Read a record as it comes from QuickBooks: by way of JSON."""
    said = PartnerAnswer(200, httpx.Headers(), json.dumps({"It": body}).encode())
    return record_of(model, document_in("it", said))


def without(record: dict[str, Any], name: str) -> dict[str, Any]:
    return {kept: value for kept, value in record.items() if kept != name}


def test_documented_invoice_is_read_to_the_cent_day_and_second() -> None:
    invoice = of(Invoice, INVOICE)
    assert (invoice.total_amt, invoice.balance) == (Decimal("100.1"), Decimal("45.05"))
    assert (invoice.due_date, invoice.customer_ref.value) == (date(2026, 3, 2), "58")
    assert invoice.line[0].sales_item_line_detail is not None
    assert invoice.line[0].sales_item_line_detail.unit_price == Decimal("100.1")
    assert [(link.txn_id, link.txn_type) for link in invoice.linked_txn] == [("69", "Payment")]
    assert invoice.delivery_info is not None
    assert invoice.delivery_info.delivery_time == datetime(2026, 1, 31, 18, 0, 5, tzinfo=UTC)
    assert not invoice.is_voided


@pytest.mark.parametrize("name", ["Id", "SyncToken", "CustomerRef", "TotalAmt", "Balance"])
def test_invoice_without_what_is_compared_is_unreadable(name: str) -> None:
    with pytest.raises(QuickBooksUnreadableError, match=name):
        of(Invoice, without(INVOICE, name))


@pytest.mark.parametrize("name", ["Id", "SyncToken", "CustomerRef", "TotalAmt"])
def test_payment_without_what_is_compared_is_unreadable(name: str) -> None:
    with pytest.raises(QuickBooksUnreadableError, match=name):
        of(Payment, without(PAYMENT, name))


@pytest.mark.parametrize(
    "name",
    sorted(INVOICE.keys() - {"Id", "SyncToken", "CustomerRef", "TotalAmt", "Balance", "Line", "LinkedTxn"}),
)
def test_everything_else_of_an_invoice_may_be_null_or_missing(name: str) -> None:
    assert of(Invoice, without(INVOICE, name)).id == "238"
    assert of(Invoice, {**INVOICE, name: None}).id == "238"


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"Id": 238}, "Id"),
        ({"TotalAmt": "a hundred"}, "TotalAmt"),
        ({"TotalAmt": "NaN"}, "TotalAmt"),
        ({"TotalAmt": True}, "TotalAmt"),
        ({"TxnDate": "31.01.2026"}, "TxnDate"),
        ({"CustomerRef": "58"}, "CustomerRef"),
        ({"Line": [{"Amount": 1}]}, r"Line\.0\.DetailType"),
        ({"LinkedTxn": [{"TxnId": "69"}]}, r"LinkedTxn\.0\.TxnType"),
        ({"PrivateNote": "\ud83d"}, "PrivateNote"),
        ({"MetaData": {"CreateTime": "2026-01-31T10:00:00"}}, "CreateTime"),
        ({"MetaData": {"CreateTime": "0001-01-01T00:00:00+14:00"}}, "years"),
        ({"MetaData": {"LastUpdatedTime": "9999-12-31T23:59:59-14:00"}}, "years"),
    ],
)
def test_wrong_field_makes_the_record_unreadable_and_is_named(changes: dict[str, Any], place: str) -> None:
    with pytest.raises(QuickBooksUnreadableError, match=place) as raised:
        of(Invoice, {**INVOICE, **changes})
    assert "a hundred" not in str(raised.value)


@given(st.decimals(-(10**15), 10**15, places=2))
def test_any_amount_keeps_its_digits(amount: Decimal) -> None:
    said = PartnerAnswer(
        200, httpx.Headers(), json.dumps({"It": PAYMENT}).replace("55.05", str(amount)).encode()
    )
    payment = record_of(Payment, document_in("it", said))
    assert (payment.total_amt, payment.line[0].amount) == (amount, amount)


@pytest.mark.parametrize(
    ("total", "note", "voided"),
    [(0, "Voided", True), (0, "ours\nVoided - ours", True), (0, "ours", False), (1, "Voided", False)],
)
def test_void_is_told_by_total_and_note(total: int, note: str, *, voided: bool) -> None:
    # There is no field for it: amounts are 0 and the note gets the word (Intuit, Invoice, void).
    assert of(Invoice, {**INVOICE, "TotalAmt": total, "PrivateNote": note}).is_voided is voided


@pytest.mark.parametrize("spelling", ["CustomTxnNumbers", "CustomTxnNumber"])
def test_preference_of_numbers_is_read_in_both_spellings(spelling: str) -> None:
    # Intuit's schema writes the one, its reference page the other.
    preferences = of(Preferences, {"SalesFormsPrefs": {spelling: True}})
    assert preferences.sales_forms_prefs is not None
    assert preferences.sales_forms_prefs.custom_txn_numbers is True


def test_smallest_records_are_read() -> None:
    assert of(Customer, {"Id": "58", "SyncToken": "0", "DisplayName": "Alamo"}).active
    assert of(CompanyInfo, {"Id": "1", "CompanyName": "Lone Star"}).country is None
    assert of(Preferences, {}).tax_prefs is None


def test_unknown_field_is_said_once_and_changes_nothing() -> None:
    report_unknown_field.cache_clear()
    news = {**INVOICE, "InvoiceStatusLog": [], "TxnTaxDetail": {"TotalTax": 0, "Carbon": 1}}

    with capture_logs() as lines:
        assert of(Invoice, news) == of(Invoice, INVOICE)
        of(Invoice, news)

    said = [(line["event"], line["model"], line["field"], line["log_level"]) for line in lines]
    assert sorted(said) == [
        ("quickbooks-unknown-field", "Invoice", "InvoiceStatusLog", "debug"),
        ("quickbooks-unknown-field", "TxnTaxDetail", "Carbon", "debug"),
    ]


def test_known_fields_are_not_said_to_be_unknown() -> None:
    report_unknown_field.cache_clear()
    with capture_logs() as lines:
        of(Invoice, INVOICE)
        of(Payment, PAYMENT)
        of(Preferences, {"SalesFormsPrefs": {"CustomTxnNumber": False}})
    assert lines == []


def test_records_cannot_be_changed() -> None:
    invoice = of(Invoice, INVOICE)
    with pytest.raises(ValueError, match="frozen"):
        invoice.balance = Decimal(0)  # type: ignore[misc]
