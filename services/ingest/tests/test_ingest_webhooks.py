"""The hot route: every kind of request is answered as it must be, and nothing with the right secret is lost."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from plumbline.ingest.domain.letters import letter_id
from plumbline.ingest.handlers import MAX_BODY_BYTES
from plumbline.ingest.testing import FORMER_SECRET, SECRET, V2, V3, V4, Receiver, body


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.mark.parametrize(
    ("payload", "version", "event_id"),
    [(V2, "v2.0", V2["ulid"]), (V3, "v3.0", V2["ulid"]), (V4, "v4.0", V4["id"])],
)
async def test_every_payload_version_becomes_the_same_event(
    receiver: Receiver, payload: Any, version: str, event_id: str
) -> None:
    answer = await receiver.post(body(payload))
    assert (answer.status_code, answer.json()) == (202, {"accepted": event_id})
    [message] = receiver.kafka.published
    said = json.loads(message.value)
    assert message.key == "8/6778/payment-applications/379913"
    assert message.headers["ce_id"] == event_id
    assert (said["reason"], said["payload_version"], said["user_id"]) == ("update", version, "5447")
    assert datetime.fromisoformat(said["occurred_at"]) == datetime(2026, 2, 25, 16, 4, 43, 619085, tzinfo=UTC)


@pytest.mark.parametrize("secret", ["Bearer wrong", "", SECRET[:-1], SECRET + "1", SECRET.lower()])
async def test_wrong_secret_is_refused_and_nothing_is_kept(receiver: Receiver, secret: str) -> None:
    answer = await receiver.post(body(V4), secret=secret)
    assert (answer.status_code, answer.json()["error"]) == (401, "not-the-sender")
    assert receiver.kafka.published == []


async def test_unknown_connection_is_answered_like_a_wrong_secret(receiver: Receiver) -> None:
    unknown = await receiver.post(b"{}", name="nobody")
    wrong = await receiver.post(b"{}", secret="Bearer wrong")
    assert (unknown.status_code, unknown.content) == (wrong.status_code, wrong.content)


async def test_former_secret_is_accepted_during_a_rotation(receiver: Receiver) -> None:
    answer = await receiver.post(body(V4), secret=FORMER_SECRET)
    assert answer.status_code == 202


async def test_large_body_is_refused(receiver: Receiver) -> None:
    answer = await receiver.post(b"x" * 1_000_000)
    assert answer.status_code == 413
    assert (await receiver.post(b"x" * (MAX_BODY_BYTES + 1))).status_code == 413
    assert receiver.kafka.published == []


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b'{"broken', "not-json"),
        (b"[1]", "not-a-webhook"),
        (b"null", "not-a-webhook"),
        (b"{}", "not-a-webhook"),
        (json.dumps({k: v for k, v in V4.items() if k != "resource_id"}).encode(), "incomplete"),
        (body(V2, api_version="v9.0"), "unknown-version"),
        (body(V4, resource_id="379913/1"), "bad-field"),
        (body(V4, timestamp="0001-01-01T00:00:00+14:00"), "bad-field"),
        (body(V4, company_id="9"), "other-company"),
    ],
)
async def test_unreadable_body_is_kept_whole_and_accepted(
    receiver: Receiver, content: bytes, code: str
) -> None:
    answer = await receiver.post(content)
    [message] = receiver.kafka.published
    [letter] = receiver.letters()
    assert (letter["reason"], base64.b64decode(letter["body_base64"])) == (code, content)
    assert answer.status_code == 202
    assert answer.json() == {"dead_lettered": message.headers["ce_id"], "code": code}


async def test_body_that_is_delivered_again_is_the_same_dead_letter(receiver: Receiver) -> None:
    for content in (b"garbage", b"garbage", b"other garbage"):
        await receiver.post(content)
        receiver.clock.advance(timedelta(hours=1))
    first, again, other = [(m.key, m.headers["ce_id"]) for m in receiver.kafka.published]
    assert first == again
    assert first[0] != other[0]
    assert first[1] != other[1]


def test_one_body_of_two_connections_is_two_dead_letters() -> None:
    assert letter_id("east", b"garbage") != letter_id("west", b"garbage")


async def test_dead_letter_tells_how_it_came_and_never_who_may_send(receiver: Receiver) -> None:
    await receiver.post(
        b"garbage", content_type="text/html", user_agent="Procore Webhooks", cookie=SECRET, x_api_key=SECRET
    )
    [letter] = receiver.letters()
    assert letter["origin"] == "/webhooks/procore/lone-star"
    assert letter["headers"] == {
        "content-type": "text/html",
        "user-agent": "Procore Webhooks",
        "content-length": "7",
    }
    secret = SECRET.removeprefix("Bearer ")
    assert secret not in json.dumps(letter)
    assert not any(secret in value for m in receiver.kafka.published for value in m.headers.values())


async def test_unknown_resource_is_an_event_like_any_other(receiver: Receiver) -> None:
    answer = await receiver.post(body(V4, resource_type="Kitchen Sinks"))
    assert answer.status_code == 202
    assert [m.key for m in receiver.kafka.published] == ["8/6778/kitchen-sinks/379913"]


async def test_kafka_away_asks_the_sender_to_come_again(receiver: Receiver) -> None:
    receiver.kafka.away = True
    answer = await receiver.post(body(V4))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


async def test_secrets_away_asks_the_sender_to_come_again(receiver: Receiver) -> None:
    receiver.store.away = True
    answer = await receiver.post(body(V4))
    assert (answer.status_code, answer.json()["error"]) == (503, "secrets-away")


async def test_other_paths_go_to_the_rest_of_the_service(receiver: Receiver) -> None:
    async with receiver.client() as client:
        assert (await client.get("/health/live")).text == "elsewhere"
        assert (await client.get("/webhooks/procore/lone-star")).status_code == 405
