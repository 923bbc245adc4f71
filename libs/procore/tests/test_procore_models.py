"""Procore's records as its OpenAPI shows them: what is needed, what may be missing, what is new."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from plumbline.common.http import PartnerAnswer
from plumbline.procore import ProcoreUnreadableError
from plumbline.procore.answers import read
from plumbline.procore.hooks import Delivery, Enveloped, Hook, Trigger
from plumbline.procore.models import (
    ContractPayment,
    PaymentApplication,
    PaymentApplicationSummary,
    PrimeContract,
    Project,
)
from plumbline.procore.record import report_unknown_field

HEAD: dict[str, Any] = {
    "id": 58820,
    "invoice_number": "123",
    "number": 1,
    "status": "approved",
    "billing_date": "2013-11-20",
    "period_id": 7682,
    "period_start": "2013-11-01",
    "period_end": "2013-11-30",
    "billing_period": {"start_date": "2013-11-01", "end_date": "2013-11-30"},
    "contract": {"id": 133745, "type": "PrimeContract", "title": "ROYALE"},
    "formatted_contract_company": "Simplex Grinnell LLC",
    "percent_complete": "0.00",
    "total_amount_paid": "250.00",
    "total_amount_accrued_this_period": "125.00",
    "description_type": "automatic",
    "origin_id": None,
    "origin_data": None,
    "currency_configuration": {
        "currency_iso_code": "USD",
        "currency_exchange_rate": "1",
        "base_currency_iso_code": "USD",
    },
}
ROW: dict[str, Any] = {
    "id": 135135,
    "type": "payment_application_line_item",
    "item_number": 1,
    "origin_type": "LineItem",
    "origin_id": 135135,
    "added_from_source": "contract",
    "added_from_source_id": 1,
    "description_of_work": "Concrete",
    "description_override": None,
    "cost_code": {},
    "wbs_code": {"id": 4, "flat_code": "01-011.CT1", "description": "Concrete"},
    "scheduled_value": "240000.00",
    "work_completed_this_period": "10812.60",
    "materials_presently_stored": "0.00",
    "work_completed_retainage_retained_this_period": "1081.26",
    "work_completed_retainage_released_this_period": "0.00",
    "materials_stored_retainage_retained_this_period": "0.00",
    "materials_stored_retainage_released_this_period": "0.00",
}
APPLICATION = {**HEAD, "g702": {"current_payment_due": "9731.34"}, "g703": [ROW], "attachments": []}
"""The owner invoice of Procore's OpenAPI (payment_applications v1.0), its amounts filled in."""

BILLED = [name for name in ROW if name.startswith(("work_", "materials_"))]


def of(shape: Any, body: object) -> Any:
    return read(shape, PartnerAnswer(200, httpx.Headers(), json.dumps(body).encode()))


def without(record: dict[str, Any], name: str) -> dict[str, Any]:
    return {kept: value for kept, value in record.items() if kept != name}


def test_documented_payment_application_is_read_to_the_cent_and_day() -> None:
    invoice: PaymentApplication = of(PaymentApplication, APPLICATION)

    assert (invoice.id, invoice.status, invoice.contract.id) == (58820, "approved", 133745)
    assert (invoice.billing_date, invoice.period_end) == (date(2013, 11, 20), date(2013, 11, 30))
    assert invoice.g702.current_payment_due == Decimal("9731.34")
    assert invoice.g702.tax_applicable_to_this_payment is None
    assert invoice.g703[0].work_completed_this_period == Decimal("10812.60")
    assert invoice.total_amount_paid == Decimal("250.00")
    assert invoice.status_code is None  # no Procore schema has it: only the brief's dialect does


def test_status_code_of_the_briefs_dialect_is_read_beside_the_status() -> None:
    assert of(PaymentApplication, {**APPLICATION, "status_code": 6}).status_code == 6


@pytest.mark.parametrize("status", ["draft", "under_review", "revise_and_resubmit", "approved", "new_word"])
def test_status_is_kept_whatever_the_word(status: str) -> None:
    assert of(PaymentApplication, {**APPLICATION, "status": status}).status == status


@pytest.mark.parametrize("name", ["id", "status", "contract", "g702", "g703"])
def test_application_without_what_a_bill_needs_is_unreadable(name: str) -> None:
    with pytest.raises(ProcoreUnreadableError, match=name):
        of(PaymentApplication, without(APPLICATION, name))


@pytest.mark.parametrize("name", ["id", *BILLED])
def test_row_without_an_amount_of_the_bill_is_unreadable_rather_than_zero(name: str) -> None:
    with pytest.raises(ProcoreUnreadableError, match=rf"g703\.0\.{name}"):
        of(PaymentApplication, {**APPLICATION, "g703": [without(ROW, name)]})


@pytest.mark.parametrize("name", sorted(HEAD.keys() - {"id", "status", "contract"}))
def test_everything_else_of_an_application_may_be_null_or_missing(name: str) -> None:
    assert of(PaymentApplication, without(APPLICATION, name)).id == 58820
    assert of(PaymentApplication, {**APPLICATION, name: None}).id == 58820


def test_row_of_the_list_has_times_and_needs_no_schedule() -> None:
    body = {**HEAD, "created_at": "2013-11-20T10:00:00Z", "updated_at": "2013-11-21T05:00:00-05:00"}
    (row,) = of(list[PaymentApplicationSummary], [body])
    assert row.g702 is None
    assert row.updated_at == datetime(2013, 11, 21, 10, tzinfo=UTC)
    assert row.updated_at.tzinfo is UTC


def test_time_without_a_zone_is_utc() -> None:
    project = of(Project, {"id": 1, "name": "x", "updated_at": "2013-11-21T05:00:00"})
    assert project.updated_at == datetime(2013, 11, 21, 5, tzinfo=UTC)


def test_smallest_records_are_read() -> None:
    assert of(Project, {"id": 562949953508586, "name": "x"}).state_code is None
    assert of(PrimeContract, {"id": 1, "status": "Out For Signature", "vendor": None}).vendor is None
    payment = of(ContractPayment, {"id": 1, "amount": "55.10", "date": "2026-11-02"})
    assert (payment.amount, payment.paid_on) == (Decimal("55.10"), date(2026, 11, 2))


@pytest.mark.parametrize("said", ["CREATED", "CREATE", "create", "created", "Create"])
def test_triggers_kind_is_its_stem_however_procore_spells_it(said: str) -> None:
    # The reference answers CREATED (v2.0) and CREATE (v1.0) to a request that says create.
    body = {"data": {"id": "1", "resource_name": "Payment Applications", "event_type": said}}
    assert of(Enveloped[Trigger], body).data.event_type == "create"


@pytest.mark.parametrize(
    ("said", "stem"), [("UPDATED", "update"), ("DELETED", "delete"), ("delete", "delete")]
)
def test_other_kinds_keep_their_stem(said: str, stem: str) -> None:
    body = {"id": "1", "resource_name": "Payment Applications", "event_type": said}
    assert of(Trigger, body).event_type == stem


@pytest.mark.parametrize("said", [None, 7, ["create"], {}])
def test_trigger_whose_kind_is_no_text_is_unreadable(said: object) -> None:
    with pytest.raises(ProcoreUnreadableError, match="event_type"):
        of(Trigger, {"id": "1", "resource_name": "x", "event_type": said})


def test_hook_without_its_address_is_unreadable() -> None:
    with pytest.raises(ProcoreUnreadableError, match=r"data\.destination_url"):
        of(Enveloped[Hook], {"data": {"id": "1", "namespace": "n", "payload_version": "v4.0"}})


def test_delivery_tells_its_fate_and_attempts() -> None:
    # The delivery row of the Webhooks API v2.0 reference.
    event = {"id": 123456789, "event_type": "update", "resource_name": "RFIs", "resource_id": 54321}
    attempt = {
        "id": "987654321",
        "success": False,
        "response_status": 503,
        "response_body": "..",
        "response_headers": {},
        "started_at": "2023-01-01T12:05:00Z",
        "completed_at": "2023-01-01T12:05:10Z",
    }
    body = {"id": "123456789", "status": "discarded", "payload": event, "delivery_attempts": [attempt]}
    delivery: Delivery = of(Delivery, body)
    assert (delivery.status, delivery.payload["resource_id"]) == ("discarded", 54321)
    assert delivery.delivery_attempts[0].response_status == 503


def test_unknown_field_is_said_once_and_changes_nothing() -> None:
    report_unknown_field.cache_clear()
    news = {**APPLICATION, "paid_by_crypto": True, "g703": [{**ROW, "carbon": "1.0"}, ROW]}

    with capture_logs() as lines:
        assert of(PaymentApplication, news) == of(PaymentApplication, {**APPLICATION, "g703": [ROW, ROW]})
        of(PaymentApplication, news)

    said = [(line["event"], line["model"], line["field"], line["log_level"]) for line in lines]
    assert sorted(said) == [
        ("procore-unknown-field", "G703Row", "carbon", "debug"),
        ("procore-unknown-field", "PaymentApplication", "paid_by_crypto", "debug"),
    ]


def test_known_fields_are_not_said_to_be_unknown() -> None:
    report_unknown_field.cache_clear()
    with capture_logs() as lines:
        of(PaymentApplication, APPLICATION)
        of(ContractPayment, {"id": 1, "amount": "1.00", "date": "2026-11-02"})
    assert lines == []


def test_records_cannot_be_changed() -> None:
    project = of(Project, {"id": 1, "name": "x"})
    with pytest.raises(ValueError, match="frozen"):
        project.name = "y"
