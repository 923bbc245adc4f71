"""QuickBooks' notifications: what both forms say, what is left out, and what is refused by which code."""

import contextlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plumbline.common.contracts.quickbooks import QuickBooksChanged
from plumbline.ingest.domain.fields import UnreadableWebhookError
from plumbline.ingest.domain.notifications import Notification, read_notification
from plumbline.ingest.testing import CLOUD_EVENT, OLDER_EVENT, REALM, cloud_events, older_form

OWNERS = {REALM: "lone-star", "2": "buckeye"}


def read(content: bytes) -> Notification:
    return read_notification(content, OWNERS.get)


def event(content: bytes) -> QuickBooksChanged:
    found = read(content)
    assert (found.strangers, found.unreadable) == ([], [])
    [only] = found.events
    return only


def refused(content: bytes) -> str:
    """Return why a whole body is unreadable, or the only event in it."""
    try:
        found = read(content)
    except UnreadableWebhookError as error:
        return error.reason
    assert found.events == []
    [problem] = found.unreadable
    return problem.reason


def without(shape: Mapping[str, Any], name: str) -> bytes:
    said = {key: value for key, value in shape.items() if key != name}
    if shape is CLOUD_EVENT:
        return json.dumps([said]).encode()
    notification = {"realmId": REALM, "dataChangeEvent": {"entities": [said]}}
    return json.dumps({"eventNotifications": [notification]}).encode()


def test_cloud_event_as_captured() -> None:
    found = event(cloud_events({}))
    assert json.loads(found.model_dump_json()) == {
        "event_id": "88cd52aa-33b6-4351-9aa4-47572edbd068",
        "connection": "lone-star",
        "realm": "310687",
        "entity": "invoice",
        "entity_id": "1234",
        "operation": "create",
        "occurred_at": "2025-09-10T21:31:25.179851Z",
        "deleted_id": None,
        "payload_form": "cloudevents",
    }
    assert found.key == "310687/invoice/1234"


def test_older_form_as_documented() -> None:
    found = event(older_form({}))
    assert json.loads(found.model_dump_json()) == {
        "event_id": "e63e96c4f49ffcccb4fa862dd2e659fa",
        "connection": "lone-star",
        "realm": "310687",
        "entity": "invoice",
        "entity_id": "1234",
        "operation": "create",
        "occurred_at": "2025-09-10T21:31:25Z",
        "deleted_id": None,
        "payload_form": "legacy",
    }


@pytest.mark.parametrize(
    ("suffix", "older", "operation"),
    [
        ("created", "Create", "create"),
        ("updated", "Update", "update"),
        ("deleted", "Delete", "delete"),
        ("merged", "Merge", "merge"),
        ("void", "Void", "void"),
        ("voided", "Voided", "void"),
        ("emailed", "Emailed", "emailed"),
        ("archived", "Archived", "archived"),
    ],
)
def test_every_operation_is_kept_and_one_that_is_new_is_taken_as_it_comes(
    suffix: str, older: str, operation: str
) -> None:
    assert event(cloud_events({"type": f"qbo.invoice.{suffix}.v1"})).operation == operation
    assert event(older_form({"operation": older})).operation == operation


@pytest.mark.parametrize("spelled", ["billpayment", "BillPayment", "bill_payment", "bill-payment"])
def test_entity_is_one_word_however_it_is_spelled(spelled: str) -> None:
    assert event(cloud_events({"type": f"qbo.{spelled}.created.v1"})).entity == "billpayment"
    assert event(older_form({"name": spelled})).entity == "billpayment"


@pytest.mark.parametrize("deleted", ["77", 77])
def test_merge_tells_what_it_took_away(deleted: Any) -> None:
    merged = {"type": "qbo.customer.merged.v1", "data": {"deletedId": deleted}}
    assert event(cloud_events(merged)).deleted_id == "77"
    assert event(older_form({"operation": "Merge", "deletedId": deleted})).deleted_id == "77"


@pytest.mark.parametrize(
    "data", [None, {}, [], "text", {"alternative_ids": [{"id": "1"}]}, {"deletedId": ""}]
)
def test_data_that_says_nothing_does_not_matter(data: Any) -> None:
    assert event(cloud_events({"data": data})) == event(cloud_events({}))


def test_fields_that_are_new_do_not_matter() -> None:
    assert event(cloud_events({"intuitnovelty": {"a": 1}})) == event(cloud_events({}))
    assert event(older_form({"novelty": 1})) == event(older_form({}))


def test_one_body_tells_of_several_companies_in_order() -> None:
    found = read(cloud_events({"id": "a"}, {"id": "b", "intuitaccountid": "2"}, {"id": "c"}))
    assert [(e.event_id, e.connection) for e in found.events] == [
        ("a", "lone-star"),
        ("b", "buckeye"),
        ("c", "lone-star"),
    ]
    both = {"eventNotifications": [*_older("2", "8"), *_older(REALM, "9")]}
    found = read(json.dumps(both).encode())
    assert [(e.connection, e.entity_id) for e in found.events] == [("buckeye", "8"), ("lone-star", "9")]


def _older(realm: str, entity_id: str) -> list[Any]:
    said: list[Any] = json.loads(older_form({"id": entity_id}, realm=realm))["eventNotifications"]
    return said


def test_company_of_no_connection_is_left_out_and_its_neighbours_are_not() -> None:
    found = read(cloud_events({"intuitaccountid": "666"}, {}, {"intuitaccountid": "666"}))
    assert (len(found.events), found.strangers, found.unreadable) == (1, ["666", "666"], [])


def test_unreadable_event_is_told_by_its_place_and_its_neighbours_are_kept() -> None:
    found = read(cloud_events({"id": "a"}, {"intuitentityid": "canary/1"}, {"id": "c"}))
    assert [e.event_id for e in found.events] == ["a", "c"]
    [problem] = found.unreadable
    assert problem.reason == "bad-field"
    assert problem.detail.startswith("event 2: intuitentityid: ")
    assert "canary" not in problem.detail


def test_unreadable_company_of_the_older_form_spoils_no_other() -> None:
    broken = [{"realmId": "2"}, "text", {"realmId": "2/3", "dataChangeEvent": {"entities": []}}]
    found = read(json.dumps({"eventNotifications": [*broken, *_older(REALM, "9")]}).encode())
    assert [e.entity_id for e in found.events] == ["9"]
    assert [problem.reason for problem in found.unreadable] == ["incomplete", "bad-field", "bad-field"]


@pytest.mark.parametrize(("empty"), [b"[]", b'{"eventNotifications": []}', older_form()])
def test_notification_of_nothing_is_read(empty: bytes) -> None:
    found = read(empty)
    assert (found.events, found.strangers, found.unreadable) == ([], [], [])


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b'[{"broken', "not-json"),
        (b"\xff\xfe", "not-json"),
        (b"[" * 100_000, "not-json"),
        (b"null", "not-a-webhook"),
        (b"7", "not-a-webhook"),
        (b"{}", "not-a-webhook"),
        (b'{"eventNotifications": {}}', "not-a-webhook"),
        (json.dumps(dict(CLOUD_EVENT)).encode(), "not-a-webhook"),
        (b"[1]", "bad-field"),
        (b"[{}]", "incomplete"),
        (b'[{"specversion": "2.0"}]', "unknown-version"),
        (cloud_events({"type": "qbo.invoice.created.v2"}), "bad-field"),
        (cloud_events({"type": "payments.charge.created.v1"}), "bad-field"),
        (cloud_events({"type": "qbo.-.created.v1"}), "bad-field"),
        (cloud_events({"id": ""}), "bad-field"),
        (cloud_events({"time": "1757539885"}), "bad-field"),
        (cloud_events({"time": "0001-01-01T00:00:00+14:00"}), "bad-field"),
        (cloud_events({"intuitaccountid": "1/2"}), "bad-field"),
        (older_form({"id": "1/2"}), "bad-field"),
        (older_form({"name": "!"}), "bad-field"),
        (older_form({"operation": "a b"}), "bad-field"),
    ],
)
def test_unreadable_body_or_event_has_a_code(content: bytes, code: str) -> None:
    assert refused(content) == code


@pytest.mark.parametrize(
    ("shape", "name"),
    [
        *(
            (CLOUD_EVENT, n)
            for n in ("specversion", "id", "type", "time", "intuitaccountid", "intuitentityid")
        ),
        *((OLDER_EVENT, n) for n in OLDER_EVENT),
    ],
)
def test_event_that_lacks_a_field_is_incomplete(shape: Mapping[str, Any], name: str) -> None:
    assert refused(without(shape, name)) == "incomplete"


@pytest.mark.parametrize(
    "said", ["2025-09-10T21:31:25.000Z", "2025-09-10T14:31:25-07:00", "2025-09-10T21:31:25"]
)
def test_time_is_kept_in_utc_whatever_its_zone(said: str) -> None:
    for content in (cloud_events({"time": said}), older_form({"lastUpdated": said})):
        assert event(content).occurred_at == datetime(2025, 9, 10, 21, 31, 25, tzinfo=UTC)


def test_older_event_delivered_again_has_the_same_id_whatever_comes_with_it() -> None:
    first = event(older_form({}))
    again = read(older_form({"id": "7"}, {"lastUpdated": "2025-09-10T14:31:25-07:00"})).events[1]
    assert again == first


@pytest.mark.parametrize(
    "other",
    [
        {"id": "1235"},
        {"name": "Payment"},
        {"operation": "Update"},
        {"lastUpdated": "2025-09-10T21:31:26.000Z"},
        {"deletedId": "9"},
    ],
)
def test_older_events_of_two_changes_have_two_ids(other: dict[str, Any]) -> None:
    assert event(older_form(other)).event_id != event(older_form({})).event_id
    assert event(older_form({}, realm="2")).event_id != event(older_form({})).event_id


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from([*CLOUD_EVENT.values()][:4]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [*CLOUD_EVENT, *OLDER_EVENT, "eventNotifications", "dataChangeEvent", "entities"]
            ),
            inner,
            max_size=8,
        )
    ),
)


@given(st.one_of(st.binary(max_size=200), _VALUES.map(lambda said: json.dumps(said).encode())))
def test_parser_gives_events_or_its_own_error_whatever_comes(content: bytes) -> None:
    with contextlib.suppress(UnreadableWebhookError):
        found = read(content)
        assert {e.connection for e in found.events} <= {"lone-star", "buckeye"}
        assert {p.reason for p in found.unreadable} <= {"unknown-version", "incomplete", "bad-field"}


_ODD = st.one_of(
    _VALUES, st.text(max_size=50), st.from_regex(r"qbo\.[A-Za-z_-]*\.[a-z]*\.v1"), st.datetimes().map(str)
)


@given(st.sampled_from([*CLOUD_EVENT, *OLDER_EVENT, "deletedId"]), _ODD)
def test_event_with_one_odd_field_is_an_event_or_has_a_code(name: str, odd: Any) -> None:
    for content in (cloud_events({name: odd}), older_form({name: odd})):
        found = read(content)
        assert len(found.events) + len(found.strangers) + len(found.unreadable) == 1


_BROKEN = st.sampled_from([{"intuitentityid": ""}, {"type": "x"}, {"time": 7}, {"id": None}])
_KINDS = st.one_of(
    st.builds(lambda n: ("ours", {"intuitentityid": str(n)}), st.integers(1, 9)),
    st.builds(lambda n: ("stranger", {"intuitaccountid": str(n)}), st.integers(700, 709)),
    st.builds(lambda change: ("broken", change), _BROKEN),
)


@given(st.lists(_KINDS, max_size=20))
def test_every_event_of_a_body_has_exactly_one_fate(parts: list[tuple[str, dict[str, Any]]]) -> None:
    found = read(cloud_events(*({"id": f"e{n}", **change} for n, (_, change) in enumerate(parts))))
    kinds = [kind for kind, _ in parts]
    assert [e.event_id for e in found.events] == [f"e{n}" for n, kind in enumerate(kinds) if kind == "ours"]
    assert found.strangers == [c["intuitaccountid"] for kind, c in parts if kind == "stranger"]
    places = [int(p.detail.split()[1].rstrip(":")) for p in found.unreadable]
    assert places == [n for n, kind in enumerate(kinds, start=1) if kind == "broken"]
