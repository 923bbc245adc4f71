"""Contracts survive the way over Kafka, and their headers are CloudEvents to somebody else's reader."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event
from cloudevents.core.formats.json import JSONFormat
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from plumbline.common.contracts.base import Contract
from plumbline.common.contracts.cloudevents import outgoing
from plumbline.common.contracts.ledger import DesiredAttachment, ExpenseLine, InvoiceState, LedgerCommand
from plumbline.common.contracts.procore import ProcoreChanged
from plumbline.common.contracts.topics import (
    CREDENTIALS_COMMANDS,
    CREDENTIALS_EVENTS,
    CREDENTIALS_REPORTS,
    DEAD_LETTERS,
    DISPATCH_ACKNOWLEDGED,
    DISPATCH_HELD,
    DOCUMENTS_DECIDED,
    DOCUMENTS_EXPIRING,
    DOCUMENTS_RECEIVED,
    LEDGER_COMMANDS,
    LEDGER_DRIFT,
    LEDGER_RESULTS,
    PAYABLES,
    PROCORE_EVENTS,
    QUICKBOOKS_EVENTS,
    RECORDS_PARKED,
    TOPICS,
    Topic,
    as_markdown,
    dispatch_topic,
)
from plumbline.common.testing.clock import DAWN
from plumbline.common.testing.messages import (
    credential_changed,
    dead_letter,
    desired_attachment,
    desired_bill,
    desired_bill_payment,
    desired_credit_memo,
    desired_invoice,
    desired_payment,
    desired_split_payment,
    desired_vendor_credit,
    dispatch_acknowledged,
    dispatch_held,
    dispatch_ticket,
    document_decided,
    document_expiring,
    document_received,
    ledger_command,
    ledger_drift,
    ledger_result,
    payable_changed,
    procore_changed,
    quickbooks_changed,
    record_parked,
    renew_credential,
    secrets_report,
)

DISPATCH_TEXAS = dispatch_topic("us-tx")
"""Topics of regions are not in the register: the routing file names them."""

EXAMPLES: list[tuple[Topic, Contract]] = [
    (PROCORE_EVENTS, procore_changed()),
    (QUICKBOOKS_EVENTS, quickbooks_changed()),
    (LEDGER_COMMANDS, ledger_command(desired=desired_invoice(state=InvoiceState.PAID))),
    (LEDGER_COMMANDS, ledger_command(desired=desired_payment())),
    (LEDGER_COMMANDS, ledger_command(desired=desired_split_payment())),
    (LEDGER_COMMANDS, ledger_command(desired=desired_credit_memo())),
    (LEDGER_COMMANDS, ledger_command(desired=desired_bill())),
    (LEDGER_COMMANDS, ledger_command(desired=desired_vendor_credit())),
    (LEDGER_COMMANDS, ledger_command(desired=desired_bill_payment())),
    (LEDGER_COMMANDS, ledger_command(desired=desired_attachment())),
    (LEDGER_RESULTS, ledger_result()),
    (LEDGER_DRIFT, ledger_drift()),
    (RECORDS_PARKED, record_parked()),
    (DEAD_LETTERS, dead_letter()),
    (CREDENTIALS_COMMANDS, renew_credential()),
    (CREDENTIALS_EVENTS, credential_changed()),
    (CREDENTIALS_REPORTS, secrets_report()),
    (DOCUMENTS_RECEIVED, document_received()),
    (DOCUMENTS_DECIDED, document_decided()),
    (DOCUMENTS_EXPIRING, document_expiring()),
    (DISPATCH_TEXAS, dispatch_ticket()),
    (DISPATCH_HELD, dispatch_held()),
    (DISPATCH_ACKNOWLEDGED, dispatch_acknowledged()),
    (PAYABLES, payable_changed()),
]


def test_every_topic_has_an_example() -> None:
    assert {topic.name for topic, _ in EXAMPLES} == {topic.name for topic in (*TOPICS, DISPATCH_TEXAS)}


@pytest.mark.parametrize(("topic", "message"), EXAMPLES)
def test_message_read_back_from_its_bytes_is_equal(topic: Topic, message: Contract) -> None:
    sent = outgoing(topic, "key", message, source="mapper", at=DAWN)
    assert topic.model.model_validate_json(sent.value) == message


@pytest.mark.parametrize(("topic", "message"), EXAMPLES)
def test_headers_are_a_cloudevent_to_the_sdk(topic: Topic, message: Contract) -> None:
    sent = outgoing(topic, "ohio/Ä-7", message, source="mapper", at=DAWN, event_id="event-9")
    headers = {name: value.encode() for name, value in sent.headers.items()}
    event = from_binary_event(KafkaMessage(headers, sent.key, sent.value), JSONFormat())
    assert event.get_specversion() == "1.0"
    assert event.get_id() == "event-9"
    assert event.get_type() == f"plumbline.{topic.name}"
    assert event.get_source() == "/plumbline/mapper"
    assert event.get_subject() == "ohio/Ä-7"
    assert event.get_time() == DAWN
    assert event.get_datacontenttype() == "application/json"
    assert event.get_data() == json.loads(message.model_dump_json())


def test_wish_that_uses_nothing_new_says_what_it_always_said() -> None:
    # The hash over these bytes tells a new wish from a known one: additions must not make everything new.
    assert json.loads(desired_payment().model_dump_json()) == {
        "kind": "payment",
        "invoice": "invoice/562949953421312/1001/7001",
        "customer_id": "58",
        "received_on": "2026-03-01",
        "deposit_account_id": "35",
        "reference": "check 1482",
    }
    assert "currency" not in desired_invoice().model_dump_json()


@pytest.mark.parametrize("place", [{}, {"account_id": "7", "item_id": "21"}])
def test_expense_line_is_booked_in_one_place(place: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="an account or an item"):
        ExpenseLine.model_validate({"description": "Pipe", "amount_cents": 1, **place})


@pytest.mark.parametrize("name", ["", 'a".pdf', "a\r\nb.pdf", "a\\b.pdf"])
def test_file_name_that_would_break_out_of_a_header_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        DesiredAttachment.model_validate({**desired_attachment().model_dump(), "file_name": name})


def test_event_ids_are_new_unless_given() -> None:
    sent = [outgoing(DEAD_LETTERS, "k", dead_letter(), source="mapper", at=DAWN) for _ in range(2)]
    assert sent[0].headers["ce_id"] != sent[1].headers["ce_id"]


def test_trace_is_carried_on_only_if_there_is_one() -> None:
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with_trace = outgoing(DEAD_LETTERS, "k", dead_letter(), source="mapper", at=DAWN, traceparent=parent)
    without = outgoing(DEAD_LETTERS, "k", dead_letter(), source="mapper", at=DAWN)
    assert with_trace.headers["traceparent"] == parent
    assert "traceparent" not in without.headers


def test_message_of_another_topic_is_refused() -> None:
    with pytest.raises(TypeError, match=r"ledger.results.v1 carries LedgerResult"):
        outgoing(LEDGER_RESULTS, "k", dead_letter(), source="mapper", at=DAWN)


def test_unknown_field_from_a_newer_writer_is_ignored() -> None:
    newer = {**json.loads(procore_changed().model_dump_json()), "invented_later": [1]}
    assert ProcoreChanged.model_validate_json(json.dumps(newer)) == procore_changed()


def test_time_in_another_zone_is_kept_in_utc_and_a_naive_one_refused() -> None:
    texas = datetime(2026, 3, 2, 2, 0, tzinfo=timezone(timedelta(hours=-6)))
    data = procore_changed().model_dump()
    assert ProcoreChanged.model_validate({**data, "occurred_at": texas}).occurred_at == DAWN
    assert ProcoreChanged.model_validate({**data, "occurred_at": texas}).occurred_at.tzinfo is UTC
    with pytest.raises(ValidationError, match="timezone"):
        ProcoreChanged.model_validate({**data, "occurred_at": DAWN.replace(tzinfo=None)})


@pytest.mark.parametrize("text", ["", "a\x00b", "a\x1fb", "a\nb", "x" * 201])
def test_identifier_that_no_database_row_could_carry_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="resource_id"):
        ProcoreChanged.model_validate({**procore_changed().model_dump(), "resource_id": text})


def test_keys_name_the_record_and_stand_in_for_a_missing_project() -> None:
    event = procore_changed()
    assert event.key == "562949953421312/1001/payment-applications/7001"
    assert event.model_copy(update={"project_id": None}).key.split("/")[1] == "-"
    assert quickbooks_changed().key == "9130357992222806/invoice/145"
    assert ledger_command().key == ledger_result().key


def test_longest_key_can_be_announced_as_parked() -> None:
    longest = procore_changed().model_copy(
        update={"company_id": "c" * 200, "project_id": "p" * 200, "resource_id": "i" * 200}
    )
    data = {**record_parked().model_dump(), "record": longest.key}
    assert type(record_parked()).model_validate(data).record == longest.key


@given(st.integers(min_value=-(10**15), max_value=10**15))
def test_amount_of_any_size_comes_back_to_the_cent(cents: int) -> None:
    command = ledger_command(desired=desired_invoice(cents))
    again = LedgerCommand.model_validate_json(command.model_dump_json())
    assert again.desired == command.desired


@pytest.mark.parametrize("amount", ["12.5", 12.5])
def test_amount_that_is_not_a_whole_number_of_cents_is_refused(amount: object) -> None:
    line = {**desired_invoice().lines[0].model_dump(), "amount_cents": amount}
    with pytest.raises(ValidationError, match="amount_cents"):
        LedgerCommand.model_validate(
            {**ledger_command().model_dump(), "desired": {**desired_invoice().model_dump(), "lines": [line]}}
        )


def test_message_cannot_be_changed_after_it_was_made() -> None:
    event: BaseModel = procore_changed()
    with pytest.raises(ValidationError, match="frozen"):
        event.resource_id = "other"  # type: ignore[attr-defined]  # the point of the test


def test_register_as_a_table_has_a_row_per_topic() -> None:
    lines = as_markdown().splitlines()
    assert [line.split("`")[1] for line in lines[2:]] == [topic.name for topic in TOPICS]


def test_topic_says_its_retention_in_kafkas_unit() -> None:
    assert PROCORE_EVENTS.retention_ms == 14 * 24 * 3_600_000
