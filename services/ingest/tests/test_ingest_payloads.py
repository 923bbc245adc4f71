"""Procore's payloads: what each version says, what is refused and by which code."""

import contextlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plumbline.common.contracts.procore import ProcoreChanged
from plumbline.ingest.domain.fields import UnreadableWebhookError
from plumbline.ingest.domain.payloads import read_webhook
from plumbline.ingest.testing import V2, V3, V4, body


def read(content: bytes) -> ProcoreChanged:
    return read_webhook(content, connection="lone-star", company_id="8")


def refused(content: bytes) -> str:
    with pytest.raises(UnreadableWebhookError) as raised:
        read(content)
    return raised.value.reason


def without(payload: Mapping[str, Any], *names: str) -> bytes:
    return json.dumps({name: value for name, value in payload.items() if name not in names}).encode()


@pytest.mark.parametrize("spelling", ["v9.0", "v9", "", "2", 2, 2.0, None, [], "v2.0.0", "V2.0 "])
@pytest.mark.parametrize("payload", [V2, V4])
def test_version_that_nobody_documents_is_refused(payload: Mapping[str, Any], spelling: Any) -> None:
    assert refused(body(payload, api_version=spelling)) == "unknown-version"


def test_unknown_version_is_named_even_where_its_fields_are_others() -> None:
    assert refused(b'{"api_version": "v5.0", "event": {}}') == "unknown-version"


@pytest.mark.parametrize(
    ("payload", "spelling", "version"), [(V2, "v2", "v2.0"), (V3, "v3", "v3.0"), (V4, "v4", "v4.0")]
)
def test_version_is_known_in_both_of_its_spellings(
    payload: Mapping[str, Any], spelling: str, version: str
) -> None:
    assert read(body(payload, api_version=spelling)).payload_version == version
    assert read(body(payload)).payload_version == version


def test_payload_of_the_old_shape_without_a_version_is_incomplete() -> None:
    assert refused(without(V2, "api_version")) == "incomplete"


@pytest.mark.parametrize("payload", [V2, V3, V4])
@pytest.mark.parametrize(
    "moment",
    [1772035483, 1772035483.6, "1772035483", "2026-02-25", "20260225T160443Z", "", None, True, "now"],
)
def test_time_that_is_no_iso_text_is_refused(payload: Mapping[str, Any], moment: Any) -> None:
    assert refused(body(payload, timestamp=moment)) == "bad-field"


@pytest.mark.parametrize(
    "moment",
    ["2026-02-25T16:04:43", "2026-02-25T16:04:43Z", "2026-02-25 16:04:43", "2026-02-25T10:04:43-06:00"],
)
def test_time_is_kept_in_utc_and_is_utc_where_no_zone_is_named(moment: str) -> None:
    found = read(body(V4, timestamp=moment)).occurred_at
    assert found == datetime(2026, 2, 25, 16, 4, 43, tzinfo=UTC)
    assert found.tzinfo is UTC


@pytest.mark.parametrize("field", ["id", "company_id", "project_id", "resource_id", "user_id"])
@pytest.mark.parametrize(
    "wrong", ["1/2", "../1", "1 2", "1\n", "\u0000", "é", "x" * 41, True, 1.5, [1], {"id": 1}]
)
def test_id_that_could_break_a_key_is_refused(field: str, wrong: Any) -> None:
    assert refused(body(V4, **{field: wrong})) == "bad-field"


@pytest.mark.parametrize("right", ["379913", 379913, 562949953508586, "x" * 40, "01JMYXMZRBVKK0PC6XS8SA4QRE"])
def test_number_or_ulid_is_an_id(right: Any) -> None:
    assert read(body(V4, resource_id=right)).key == f"8/6778/payment-applications/{right}"


@pytest.mark.parametrize("absent", [None, ""])
def test_event_without_project_or_user_is_an_event(absent: Any) -> None:
    event = read(body(V4, project_id=absent, user_id=absent))
    assert (event.key, event.user_id) == ("8/-/payment-applications/379913", None)
    assert read(without(V4, "project_id", "user_id")) == event


def test_old_payload_without_a_ulid_is_known_by_its_number() -> None:
    assert read(without(V2, "ulid")).event_id == "123456789"


@pytest.mark.parametrize(
    ("said", "meant"), [("CREATED", "create"), ("Delete", "delete"), ("approved", "approved")]
)
def test_action_is_the_lower_case_stem_or_what_procore_invents(said: str, meant: str) -> None:
    assert read(body(V4, reason=said)).reason == meant
    assert read(body(V2, event_type=said)).reason == meant


def test_fields_that_are_new_do_not_matter() -> None:
    assert read(body(V4, data={"status": "approved"})) == read(body(V4))


def test_what_is_wrong_is_said_without_quoting_the_body() -> None:
    with pytest.raises(UnreadableWebhookError) as raised:
        read(body(V4, resource_id="canary/1"))
    assert raised.value.detail.startswith("resource_id: ")
    assert "canary" not in raised.value.detail


@pytest.mark.parametrize(
    "content", [b"[" * 100_000, b'{"id":' * 100_000, b"9" * 5_000, b'{"id":"\\ud800"}', b"\xff"]
)
def test_body_that_breaks_parsers_is_refused_by_code(content: bytes) -> None:
    assert refused(content) in {"not-json", "not-a-webhook"}


def test_number_of_thousands_of_digits_is_no_id() -> None:
    assert (
        refused(without(V4, "resource_id")[:-1] + b', "resource_id": ' + b"9" * 4_000 + b"}") == "bad-field"
    )


@given(
    st.one_of(
        st.binary(max_size=200),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=8),
            lambda inner: (
                st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*V4, *V2]), inner, max_size=8)
            ),
        ).map(lambda said: json.dumps(said).encode()),
    )
)
def test_parser_gives_an_event_or_its_own_error_whatever_comes(content: bytes) -> None:
    with contextlib.suppress(UnreadableWebhookError):
        assert read(content).company_id == "8"
