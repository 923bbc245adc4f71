"""The hot route: every kind of request is answered as it must be, and nothing with the right secret is lost."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import structlog

from plumbline.common.process import serving
from plumbline.common.testing.waiting import eventually
from plumbline.ingest.domain.letters import letter_id
from plumbline.ingest.testing import CONNECTION, FORMER_SECRET, LIMITS, SECRET, V2, V3, V4, Receiver, body


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
    assert (await receiver.post(b"x" * (LIMITS.body_bytes + 1))).status_code == 413
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


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
async def test_other_methods_are_told_which_one_is_allowed(receiver: Receiver, method: str) -> None:
    async with receiver.client() as client:
        answer = await client.request(
            method, "/webhooks/procore/lone-star", headers={"authorization": SECRET}
        )
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


async def test_every_request_is_one_line_of_log_that_tells_its_key_and_duration(receiver: Receiver) -> None:
    receiver.kafka.takes = timedelta(milliseconds=7)
    with structlog.testing.capture_logs() as logs:
        await receiver.post(body(V4))
        await receiver.post(b"garbage")
        await receiver.post(body(V4), secret="Bearer wrong")
    event, letter, refused = logs
    assert event == {
        "event": "webhook",
        "log_level": "info",
        "source": "procore",
        "connection": "lone-star",
        "status": 202,
        "reason": "event",
        "key": "8/6778/payment-applications/379913",
        "event_id": V4["id"],
        "duration_ms": 7,
    }
    assert (letter["log_level"], letter["reason"], letter["duration_ms"]) == ("warning", "not-json", 7)
    assert letter["key"] == f"lone-star/{letter['event_id']}"
    assert (refused["status"], refused["reason"], refused["duration_ms"]) == (401, "not-the-sender", 0)
    assert "garbage" not in str(logs)
    assert SECRET.removeprefix("Bearer ") not in str(logs)


@dataclass
class Sender:
    """A sender that decides when each part of its body comes; it stays silent once all are sent."""

    parts: list[dict[str, Any]]
    answers: list[dict[str, Any]] = field(default_factory=list)
    name: str = CONNECTION
    secret: str = SECRET
    length: int | None = None

    async def receive(self) -> dict[str, Any]:
        if not self.parts:
            await asyncio.sleep(3600)
        return self.parts.pop(0)

    async def send(self, message: Any) -> None:
        self.answers.append(message)

    async def call(self, receiver: Receiver) -> int:
        scope: dict[str, Any] = {
            "type": "http",
            "method": "POST",
            "path": f"/webhooks/procore/{self.name}",
            "headers": [(b"authorization", self.secret.encode())],
        }
        if self.length is not None:
            scope["headers"] = [*scope["headers"], (b"content-length", str(self.length).encode())]
        await receiver.app(scope, self.receive, self.send)
        status: int = self.answers[0]["status"]
        return status


def part(content: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": content, "more_body": more}


async def test_body_in_parts_is_taken_and_one_that_never_ends_is_given_up() -> None:
    receiver = Receiver(replace(LIMITS, body_timeout_s=0.05))
    whole = body(V4)
    assert await Sender([part(whole[:9]), part(whole[9:], more=False)]).call(receiver) == 202
    assert await Sender([part(whole[:9])]).call(receiver) == 408
    assert len(receiver.kafka.published) == 1


async def test_body_without_a_declared_length_is_refused_once_it_is_too_large() -> None:
    receiver = Receiver(replace(LIMITS, body_bytes=10))
    assert await Sender([part(b"12345"), part(b"678901")]).call(receiver) == 413
    assert await Sender([part(b"{234567890", more=False)]).call(receiver) == 202  # it is a dead letter
    assert [letter["reason"] for letter in receiver.letters()] == ["not-json"]


async def test_sender_that_goes_leaves_nothing_behind(receiver: Receiver) -> None:
    assert await Sender([part(body(V4)[:9]), {"type": "http.disconnect"}]).call(receiver) == 400
    assert receiver.kafka.published == []
    assert (await receiver.post(body(V4))).status_code == 202


async def test_too_many_at_once_are_asked_to_come_again_and_room_is_given_back() -> None:
    receiver = Receiver(replace(LIMITS, in_flight=1, body_timeout_s=0.2))
    slow = asyncio.create_task(Sender([part(b"{")]).call(receiver))
    await asyncio.sleep(0.05)
    busy = await receiver.post(body(V4))
    assert (busy.status_code, busy.headers["retry-after"], busy.json()["error"]) == (503, "1", "busy")
    assert await slow == 408
    assert (await receiver.post(body(V4))).status_code == 202


async def test_garbage_between_two_events_loses_and_blocks_nothing(receiver: Receiver) -> None:
    answers = [
        await receiver.post(content) for content in (body(V4, id="A" * 26), b'{"x', body(V4, id="B" * 26))
    ]
    assert [answer.status_code for answer in answers] == [202, 202, 202]
    topics = [message.topic for message in receiver.kafka.published]
    assert topics == ["procore.events.v1", "dead-letters.v1", "procore.events.v1"]


@pytest.mark.parametrize(
    ("name", "secret"), [("lone-star", "Bearer wrong"), ("lone-star", ""), ("nobody", SECRET)]
)
async def test_body_of_who_is_not_the_sender_is_not_even_read(
    receiver: Receiver, name: str, secret: str
) -> None:
    sender = Sender([part(body(V4), more=False)], name=name, secret=secret)
    assert await sender.call(receiver) == 401
    assert len(sender.parts) == 1


async def test_body_that_is_declared_too_large_is_not_even_read() -> None:
    receiver = Receiver(replace(LIMITS, body_bytes=10))
    sender = Sender([part(b"12345678901", more=False)], length=11)
    assert await sender.call(receiver) == 413
    assert len(sender.parts) == 1


async def test_largest_body_is_taken_over_a_socket_and_a_larger_one_gets_its_answer(
    receiver: Receiver,
) -> None:
    megabyte = b"x" * 1_000_000

    async def undeclared() -> AsyncIterator[bytes]:
        for _ in range(16):
            yield megabyte[: 64 * 1024]

    async with (
        serving(receiver.app, host="127.0.0.1", port=0) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
    ):

        async def status(content: Any, secret: str = SECRET) -> int:
            headers = {"authorization": secret}
            return (
                await client.post("/webhooks/procore/lone-star", content=content, headers=headers)
            ).status_code

        assert await status(b"x" * LIMITS.body_bytes) == 202
        assert await status(b"x" * (LIMITS.body_bytes + 1)) == 413
        assert await status(megabyte) == 413
        assert await status(undeclared()) == 413
        assert await status(megabyte, "Bearer wrong") == 401
        assert await status(body(V4)) == 202
    assert [message.topic for message in receiver.kafka.published] == ["dead-letters.v1", "procore.events.v1"]


async def test_sender_that_hangs_up_in_its_body_leaves_room_for_others() -> None:
    receiver = Receiver(replace(LIMITS, in_flight=1))
    async with serving(receiver.app, host="127.0.0.1", port=0) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        head = f"POST /webhooks/procore/lone-star HTTP/1.1\r\nhost: x\r\nauthorization: {SECRET}\r\n"
        writer.write(f"{head}content-length: 900\r\n\r\n{{".encode())
        await writer.drain()
        await eventually(lambda: is_answered(receiver, 503))
        writer.close()
        await eventually(lambda: is_answered(receiver, 202))


async def is_answered(receiver: Receiver, status: int) -> bool:
    return (await receiver.post(body(V4))).status_code == status
