"""What an answer of Procore becomes: a record, or the error that says what happens next.

Shapes and statuses follow Procore's Error reference and OpenAPI; bodies that practitioners saw are marked.
"""

import contextlib
import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plumbline.common.errors import NeedsHumanError, PermanentError, SuiteError, TransientError, WaitError
from plumbline.common.http import PartnerAnswer
from plumbline.common.testing.clock import DAWN
from plumbline.procore import (
    ProcoreForbiddenError,
    ProcoreInvisibleError,
    ProcoreRefusedError,
    ProcoreThrottledError,
    ProcoreUnavailableError,
    ProcoreUnreadableError,
)
from plumbline.procore.answers import MAX_WORDS_CHARS, explanation, read, refusal
from plumbline.procore.hooks import Delivery, Enveloped, Hook, Trigger
from plumbline.procore.models import (
    ContractPayment,
    PaymentApplication,
    PaymentApplicationSummary,
    PrimeContract,
    Project,
)

HTML = b"<!DOCTYPE html><html><body>The page you were looking for doesn't exist.</body></html>"
SHAPES: list[Any] = [
    PaymentApplication,
    list[PaymentApplicationSummary],
    PrimeContract,
    ContractPayment,
    list[Project],
    Enveloped[Hook],
    Enveloped[list[Trigger]],
    Enveloped[list[Delivery]],
]


def answer(status: int, body: bytes | object = b"", **headers: str) -> PartnerAnswer:
    said = body if isinstance(body, bytes) else json.dumps(body).encode()
    return PartnerAnswer(status, httpx.Headers({n.replace("_", "-"): t for n, t in headers.items()}), said)


def error_of(status: int, body: bytes | object = b"", **headers: str) -> SuiteError:
    error = refusal(answer(status, body, **headers), DAWN)
    assert error is not None
    return error


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"errors": "Unauthorized"}, "Unauthorized"),  # as the Ruby SDK's fixture has it
        ({"errors": ["App is not connected to this company."]}, "App is not connected to this company."),
        ({"errors": {"assignees": ["required"]}}, "assignees: required"),  # seen live
        ({"errors": {"base": ["is locked", "was synced"]}}, "is locked; was synced"),
        (
            {"errors": {"line_items": [{"cost_code": ["is bad"]}, {"amount": "is gone"}]}},
            "cost_code: is bad; amount: is gone",
        ),
        ({"error": "invalid", "message": "Item not found"}, "invalid; Item not found"),
        ({"message": "Item not found"}, "Item not found"),  # seen live
        (  # the default schema of v1
            {
                "code": 403,
                "message": "No permission",
                "fields": "",
                "reason": "tool is off",
                "error": "Forbidden",
            },
            "No permission; tool is off; Forbidden",
        ),
        (  # the standard error format of v2
            {
                "error": {
                    "code": "400",
                    "message": "Validation failed",
                    "details": [{"message": "is blank", "source": "url"}],
                }
            },
            "Validation failed; url: is blank",
        ),
        ({"errors": ["no", "no"]}, "no"),
        ("plain", "plain"),
        ({}, "no reason given"),
        (None, "no reason given"),
        ({"errors": [None, 7, "  "]}, "no reason given"),
    ],
)
def test_every_shape_of_error_body_gives_procores_words(body: object, words: str) -> None:
    assert explanation(json.dumps(body).encode()) == words


@pytest.mark.parametrize("body", [b"", HTML, b'{"errors": ["cut', b"\xff\xfe\xff", b"[" * 100_000])
def test_what_is_no_json_explains_nothing(body: bytes) -> None:
    assert explanation(body) is None


def test_words_are_bounded_and_hold_nothing_a_database_refuses() -> None:
    # PostgreSQL's text has no NUL, and UTF-8 no half of a surrogate pair.
    assert explanation(b'{"message": "a\\u0000b \\ud83d c\\nd"}') == "a b   c d"
    assert len(explanation(json.dumps({"message": "x" * 9999}).encode()) or "") == MAX_WORDS_CHARS


@pytest.mark.parametrize(
    ("status", "body", "kind", "consequence"),
    [
        (400, {"errors": {"project_id": ["is missing"]}}, ProcoreRefusedError, PermanentError),
        (400, {"message": "Missing Procore-Company-Id header!"}, ProcoreRefusedError, PermanentError),
        (
            403,
            {"errors": ["App is not connected to this company."]},
            ProcoreForbiddenError,
            NeedsHumanError,
        ),
        (403, {"errors": "Forbidden"}, ProcoreForbiddenError, NeedsHumanError),
        (403, {"errors": {"base": ["no permission"]}}, ProcoreForbiddenError, NeedsHumanError),
        (403, HTML, ProcoreUnavailableError, TransientError),
        (403, b"", ProcoreUnavailableError, TransientError),
        (404, {"message": "Item not found"}, ProcoreInvisibleError, TransientError),
        (404, HTML, ProcoreUnavailableError, TransientError),  # a wrong path, not an invisible record
        (406, {"message": "unknown media type"}, ProcoreRefusedError, PermanentError),
        (408, {"message": "too big a query"}, ProcoreUnavailableError, TransientError),
        (409, {"errors": {"base": ["origin_id is taken"]}}, ProcoreRefusedError, PermanentError),
        (
            422,
            {"errors": "cannot be edited because it has been synced with ERP"},
            ProcoreRefusedError,
            PermanentError,
        ),
        (302, {"message": "elsewhere"}, ProcoreUnavailableError, TransientError),
        (500, {"message": "Internal error"}, ProcoreUnavailableError, TransientError),
        (500, b"", ProcoreUnavailableError, TransientError),
        (502, HTML, ProcoreUnavailableError, TransientError),
        (503, b"", ProcoreUnavailableError, TransientError),
        (504, HTML, ProcoreUnavailableError, TransientError),
        (429, {"message": "You have surpassed the max number of requests"}, ProcoreThrottledError, WaitError),
        (429, HTML, ProcoreThrottledError, WaitError),
    ],
)
def test_each_refusal_says_what_happens_next(
    status: int, body: object, kind: type[SuiteError], consequence: type[SuiteError]
) -> None:
    error = error_of(status, body)

    assert type(error) is kind
    assert isinstance(error, consequence)
    assert isinstance(error, TransientError) != isinstance(error, PermanentError)


def test_refusal_quotes_procore_and_carries_what_its_support_asks_for() -> None:
    error = error_of(422, {"errors": {"status": ["is set via workflow"]}}, x_request_id="req-7")

    assert str(error) == "Procore answered 422: status: is set via workflow"
    assert error.fields == {"http_status": 422, "x_request_id": "req-7"}


@pytest.mark.parametrize("status", [200, 201, 204, 207])
def test_success_is_no_refusal(status: int) -> None:
    assert refusal(answer(status), DAWN) is None


def test_heavy_load_with_a_time_to_wait_holds_the_connection() -> None:
    # 503 is a throttle under heavy load, with Retry-After in seconds (Rate limiting).
    error = error_of(503, HTML, retry_after="30")

    assert isinstance(error, ProcoreThrottledError)
    assert (error.retry_after, error.holds_connection) == (timedelta(seconds=30), True)


@given(st.integers(300, 599), st.binary(max_size=200), st.text(max_size=30))
def test_no_answer_makes_an_error_without_a_name(status: int, body: bytes, wait: str) -> None:
    headers = httpx.Headers({b"retry-after": wait.encode(), b"x-rate-limit-reset": wait.encode()})
    error = refusal(PartnerAnswer(status, headers, body), DAWN)

    assert isinstance(error, SuiteError)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_no_json_makes_an_explanation_that_cannot_be_stored(said: object) -> None:
    words = explanation(json.dumps(said).encode())

    assert words is not None
    assert "\x00" not in words
    words.encode()


# --- records ---


def test_numbers_are_never_read_as_floats() -> None:
    # Money is a decimal string, but some views write bare numbers (change orders, quantities).
    exact = "12345678901234567890.12"
    for said in (exact, f'"{exact}"'):
        payment = read(ContractPayment, answer(200, f'{{"id": 1, "amount": {said}}}'.encode()))
        assert payment.amount == Decimal(exact)


@pytest.mark.parametrize(
    "said", ['"NaN"', '"Infinity"', '"-Infinity"', "null", '""', '"12,50"', "true", "[]"]
)
def test_amount_that_is_no_number_makes_the_record_unreadable(said: str) -> None:
    with pytest.raises(ProcoreUnreadableError, match="amount"):
        read(ContractPayment, answer(200, f'{{"id": 1, "amount": {said}}}'.encode()))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        HTML,
        b'{"id": 1, "amo',
        b'{"id": 1, "amount": NaN}',
        b'{"id": 1, "amount": Infinity}',
        b'{"id": 1, "amount": 1e99999999999999999999}',
        b'{"id": 1, "amount": "\xff"}',
        b'{"id": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
    ],
)
def test_what_is_no_whole_json_may_be_asked_for_again(body: bytes) -> None:
    with pytest.raises(ProcoreUnavailableError, match="no whole JSON"):
        read(ContractPayment, answer(200, body))


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"amount": "1.00"}, "id"),
        ({"id": "x", "amount": "1.00"}, "id"),
        ({"id": 1}, "amount"),
        ({"id": 1, "amount": "1.00", "date": "yesterday"}, "date"),
        ({"id": 1, "amount": "1.00", "notes": 7}, "notes"),
        ({"id": 1, "amount": "1.00", "notes": "\ud83d"}, "notes"),
        ([], "dictionary"),
    ],
)
def test_missing_or_wrong_field_makes_the_record_unreadable_and_is_named(body: object, place: str) -> None:
    with pytest.raises(ProcoreUnreadableError, match=place) as raised:
        read(ContractPayment, answer(200, body, x_request_id="req-7"))
    assert raised.value.fields == {"http_status": 200, "x_request_id": "req-7"}


def test_unreadable_record_is_not_quoted() -> None:
    with pytest.raises(ProcoreUnreadableError) as raised:
        read(ContractPayment, answer(200, {"id": 1, "amount": "four million"}))
    assert "million" not in str(raised.value)


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_time_at_the_edge_of_the_years_makes_the_record_unreadable(moment: str) -> None:
    with pytest.raises(ProcoreUnreadableError, match="years"):
        read(Project, answer(200, {"id": 1, "name": "Depot Lofts", "created_at": moment}))


@pytest.mark.parametrize("shape", SHAPES)
def test_no_bytes_and_no_json_break_the_reader(shape: Any) -> None:
    @given(st.binary(max_size=100) | JSON.map(lambda said: json.dumps(said).encode()))
    def only_our_errors(body: bytes) -> None:
        with contextlib.suppress(ProcoreUnavailableError, ProcoreUnreadableError):
            read(shape, answer(200, body))

    only_our_errors()


@given(
    st.fixed_dictionaries(
        {"id": JSON, "amount": JSON | st.text("0123456789.eE+-_")},
        optional={
            name: JSON | st.datetimes().map(str) for name in ("date", "created_at", "notes", "contract_id")
        },
    )
)
def test_nearly_right_records_are_read_or_refused_by_name(said: dict[str, object]) -> None:
    with contextlib.suppress(ProcoreUnavailableError, ProcoreUnreadableError):
        assert read(ContractPayment, answer(200, said)).amount.is_finite()
