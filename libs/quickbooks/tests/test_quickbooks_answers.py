"""What an answer of QuickBooks becomes, whatever its dress: a reply, a document, or an error with a name."""

import contextlib
import json
from datetime import timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plumbline.common.errors import NeedsHumanError, PermanentError, SuiteError, TransientError, WaitError
from plumbline.common.http import PartnerAnswer
from plumbline.quickbooks import (
    Confirmed,
    QuickBooksFaultError,
    QuickBooksForbiddenError,
    QuickBooksThrottledError,
    QuickBooksUnavailableError,
    RefusedAtGate,
    Rejected,
    Unknown,
)
from plumbline.quickbooks.answers import document_in, reply_to

DUPLICATE = {
    "Fault": {
        "Error": [
            {
                "Message": "Duplicate Document Number Error",
                "Detail": "DocNumber=O0010714 is assigned to TxnType=Invoice with TxnId=45823",
                "code": "6140",
                "element": "",
            }
        ],
        "type": "ValidationFault",
    },
    "time": "2020-12-15T04:54:25.476-08:00",
}
"""The service's dress, captured."""


def gateway(code: str, status: int, name: str) -> dict[str, object]:
    """Return the gateway's dress, captured: lower case, with an epoch time."""
    message = f"message={name}; errorCode=00{code}; statusCode={status}"
    error = {"message": message, "detail": "d", "code": code, "element": None}
    rest: dict[str, object] = {
        "warnings": None,
        "queryResponse": None,
        "batchItemResponse": [],
        "time": 1730024394085,
    }
    return {**rest, "fault": {"error": [error], "type": "SERVICE"}, "requestId": None}


def xml(code: str, status: int) -> bytes:
    """Return the throttle's dress, captured."""
    return (
        f'<?xml version="1.0"?><IntuitResponse><Fault type="SERVICE"><Error code="{code}">'
        f"<Message>message=ThrottleExceeded; errorCode=003001; statusCode={status}</Message>"
        "<Detail>The request limit was reached.</Detail></Error></Fault></IntuitResponse>"
    ).encode()


HTML = b"<html><head><title>Sorry</title></head></html>"
CASES: list[tuple[int, object, type, type[SuiteError]]] = [
    # status, body, what a write becomes, what a read raises
    (400, DUPLICATE, Rejected, QuickBooksFaultError),
    (200, DUPLICATE, Rejected, QuickBooksFaultError),  # a fault may come with a 200
    (500, DUPLICATE, Rejected, QuickBooksFaultError),
    (403, gateway("3100", 403, "ApplicationAuthorizationFailed"), RefusedAtGate, QuickBooksForbiddenError),
    (403, HTML, RefusedAtGate, QuickBooksForbiddenError),
    (400, gateway("5020", 400, "PermissionDenied"), Rejected, QuickBooksForbiddenError),
    (429, gateway("3001", 429, "ThrottleExceeded"), RefusedAtGate, QuickBooksThrottledError),
    (429, xml("3001", 429), RefusedAtGate, QuickBooksThrottledError),
    (429, xml("003001", 429), RefusedAtGate, QuickBooksThrottledError),
    (403, xml("3001", 403), RefusedAtGate, QuickBooksThrottledError),  # an older capture
    (429, HTML, RefusedAtGate, QuickBooksThrottledError),
    (200, gateway("3200", 401, "AuthenticationFailed"), RefusedAtGate, QuickBooksUnavailableError),
    (400, gateway("150", 400, "Maintenance"), Rejected, QuickBooksUnavailableError),
    (400, gateway("600", 400, "DuplicateRequest"), Unknown, QuickBooksUnavailableError),
    (400, gateway("10000", 400, "ApplicationError"), Unknown, QuickBooksUnavailableError),
    (400, gateway("no code", 400, "Strange"), Unknown, QuickBooksUnavailableError),
    (500, gateway("7777", 500, "Strange"), Unknown, QuickBooksUnavailableError),
    (502, HTML, Unknown, QuickBooksUnavailableError),
    (404, HTML, Unknown, QuickBooksUnavailableError),
    (400, b"", Unknown, QuickBooksUnavailableError),
    (200, b"", Unknown, QuickBooksUnavailableError),
    (204, b"", Unknown, QuickBooksUnavailableError),
    (200, b'{"Invoice": {"Id": "145", "Tot', Unknown, QuickBooksUnavailableError),
    (200, b'{"Invoice": {"Id": "1", "TotalAmt": Infinity}}', Unknown, QuickBooksUnavailableError),
    (
        200,
        b'{"Invoice": {"Id": "1", "TotalAmt": 1e99999999999999999999}}',
        Unknown,
        QuickBooksUnavailableError,
    ),
    (200, b'{"Invoice": {"Id": "1", "X": ' + b"9" * 5000 + b"}}", Unknown, QuickBooksUnavailableError),
    (200, [{"Invoice": {"Id": "145"}}], Unknown, QuickBooksUnavailableError),
    (200, {"Invoice": None}, Unknown, QuickBooksUnavailableError),
    (200, {"Payment": {"Id": "145"}}, Unknown, QuickBooksUnavailableError),  # not what was asked for
    (500, {"Invoice": {"Id": "145"}}, Unknown, QuickBooksUnavailableError),
    (200, {**gateway("10000", 200, "Both"), "Invoice": {"Id": "145"}}, Unknown, QuickBooksUnavailableError),
]
CONSEQUENCES: dict[type[SuiteError], type[SuiteError]] = {
    QuickBooksFaultError: PermanentError,
    QuickBooksForbiddenError: NeedsHumanError,
    QuickBooksThrottledError: WaitError,
    QuickBooksUnavailableError: TransientError,
}


def answer(status: int, body: object, **headers: str) -> PartnerAnswer:
    said = body if isinstance(body, bytes) else json.dumps(body).encode()
    return PartnerAnswer(status, httpx.Headers(headers), said)


@pytest.mark.parametrize(("status", "body", "kind", "error"), CASES)
def test_each_dress_of_a_refusal_means_one_thing_to_a_write_and_one_to_a_read(
    status: int, body: object, kind: type, error: type[SuiteError]
) -> None:
    assert type(reply_to("invoice", answer(status, body))) is kind
    with pytest.raises(error) as raised:
        document_in("invoice", answer(status, body))
    assert type(raised.value) is error
    assert isinstance(raised.value, CONSEQUENCES[error])


def test_entity_in_a_success_is_confirmed_with_its_trace_and_not_shown() -> None:
    reply = reply_to("invoice", answer(200, {"Invoice": {"Id": "145"}, "time": "t"}, intuit_tid="1-abc"))
    assert reply == Confirmed({"Id": "145"}, "1-abc")
    assert repr(reply) == "Confirmed(tid='1-abc')"


def test_deleted_entity_is_confirmed_by_its_id_alone() -> None:
    gone = {"status": "Deleted", "domain": "QBO", "Id": "33"}
    assert reply_to("invoice", answer(200, {"Invoice": gone, "time": "t"})) == Confirmed(gone)


def test_error_carries_what_intuits_support_asks_for() -> None:
    with pytest.raises(QuickBooksFaultError) as raised:
        document_in("invoice", answer(400, DUPLICATE, intuit_tid="1-abc"))
    assert raised.value.fields == {"http_status": 400, "intuit_tid": "1-abc", "fault_code": 6140}
    assert raised.value.fault.taken_by_id == "45823"


def test_throttled_read_holds_the_realm_for_a_minute_where_no_time_is_named() -> None:
    # Retry-After is undocumented; Intuit's page says to wait 60 seconds (Limits and throttles).
    with pytest.raises(QuickBooksThrottledError) as raised:
        document_in("invoice", answer(429, xml("3001", 429)))
    assert (raised.value.retry_after, raised.value.holds_connection) == (timedelta(seconds=60), True)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Invoice", "invoice", "Fault", "fault", "Error", "error", "code", "Id", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)
BODIES = st.binary(max_size=200) | JSON.map(lambda said: json.dumps(said).encode())


@given(st.integers(200, 599), BODIES, st.text(max_size=20))
def test_no_answer_breaks_the_reader(status: int, body: bytes, wait: str) -> None:
    headers = httpx.Headers({b"retry-after": wait.encode(), b"intuit_tid": wait.encode()})
    said = PartnerAnswer(status, headers, body)

    reply = reply_to("invoice", said)
    assert not isinstance(reply, Confirmed) or (200 <= status < 300 and isinstance(reply.document["Id"], str))
    with contextlib.suppress(SuiteError):
        document_in("invoice", said)
