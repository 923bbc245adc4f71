"""QuickBooks' way in: only Intuit's signature is believed, and what it signed is in Kafka before the 200."""

import asyncio
import base64
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from plumbline.common.contracts.cloudevents import Outgoing
from plumbline.common.metrics import WEBHOOK_EVENTS
from plumbline.common.secrets.port import SecretDocument
from plumbline.common.secrets.webhooks import webhook_path
from plumbline.ingest.domain.letters import MAX_KEPT_BYTES
from plumbline.ingest.domain.signature import is_signed, shown_digest
from plumbline.ingest.testing import (
    APP,
    FORMER_VERIFIER_TOKEN,
    LIMITS,
    REALM,
    SECRET,
    VERIFIER_TOKEN,
    Receiver,
    cloud_events,
    older_form,
    signed,
)


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.mark.parametrize("content", [cloud_events({}), older_form({})])
async def test_both_forms_become_one_event_under_its_key(receiver: Receiver, content: bytes) -> None:
    answer = await receiver.notify(content)
    assert (answer.status_code, answer.json()) == (200, {"accepted": 1})
    [message] = receiver.kafka.published
    [said] = receiver.told()
    assert (message.topic, message.key) == ("quickbooks.events.v1", f"{REALM}/invoice/1234")
    assert message.headers["ce_id"] == said["event_id"]
    assert message.headers["ce_time"] == said["occurred_at"].replace("Z", "+00:00")
    assert (said["connection"], said["operation"]) == ("lone-star", "create")


@pytest.mark.parametrize(
    "content_type", ["application/cloudevents+json", "application/cloudevents-batch+json", ""]
)
async def test_content_type_does_not_matter(receiver: Receiver, content_type: str) -> None:
    answer = await receiver.notify(cloud_events({}), content_type=content_type)
    assert answer.json() == {"accepted": 1}


def test_signature_of_the_published_example() -> None:
    digest = shown_digest(b"nfPLN16u3vMvv08ghDs+dOkLuirEVDy5wAeG/lmM2OA=")
    assert digest is not None
    assert is_signed(b'{"stuff":"5"}', digest, [SecretStr("verify_me")])
    assert not is_signed(b'{"stuff":"6"}', digest, [SecretStr("verify_me")])
    assert not is_signed(b'{"stuff":"5"}', digest, [SecretStr("verify_you")])


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "nfPLN16u3vMvv08ghDs+dOkLuirEVDy5wAeG/lmM2OA=",
        signed(cloud_events({}))[:-1],
        signed(cloud_events({})) + "=",
        signed(cloud_events({})).lower(),
        base64.b16encode(base64.b64decode(signed(cloud_events({})))).decode(),
        signed(cloud_events({}), "another token"),
        signed(cloud_events({}), ""),
        signed(older_form({})),
        "é",
        "A" * 5000,
        f"Bearer {VERIFIER_TOKEN}",
        VERIFIER_TOKEN,
        SECRET,
    ],
)
async def test_wrong_signature_is_refused_and_nothing_is_kept(receiver: Receiver, signature: str) -> None:
    answer = await receiver.notify(cloud_events({}), signature=signature)
    assert (answer.status_code, answer.json()["error"]) == (401, "not-the-sender")
    assert receiver.kafka.published == []


async def test_unsigned_request_is_refused(receiver: Receiver) -> None:
    async with receiver.client() as client:
        answer = await client.post(f"/webhooks/quickbooks/{APP}", content=cloud_events({}))
    assert answer.status_code == 401


async def test_signature_is_of_the_bytes_and_not_of_what_they_say(receiver: Receiver) -> None:
    content = cloud_events({})
    respaced = json.dumps(json.loads(content), indent=1).encode()
    assert (await receiver.notify(respaced, signature=signed(content))).status_code == 401
    assert (await receiver.notify(respaced)).status_code == 200
    assert (await receiver.notify(content + b"\n", signature=signed(content))).status_code == 401


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"\xc3\x28" * 100, "é".encode("latin-1"), b"\x00"])
async def test_bytes_that_are_no_text_are_believed_by_their_signature_alone(
    receiver: Receiver, content: bytes
) -> None:
    assert (await receiver.notify(content, signature=signed(content + b"."))).status_code == 401
    assert receiver.kafka.published == []
    answer = await receiver.notify(content)
    assert (answer.status_code, answer.json()["code"]) == (200, "not-json")
    [letter] = receiver.letters()
    assert base64.b64decode(letter["body_base64"]) == content


async def test_former_token_is_accepted_during_a_rotation_and_a_third_never(receiver: Receiver) -> None:
    content = cloud_events({})
    for token in (VERIFIER_TOKEN, FORMER_VERIFIER_TOKEN):
        assert (await receiver.notify(content, signature=signed(content, token))).status_code == 200
    known = receiver.store.documents[webhook_path("quickbooks", APP)].values
    renewed = {"current": SecretStr("renewed token"), "previous": known["current"]}
    receiver.store.documents[webhook_path("quickbooks", APP)] = SecretDocument(version=2, values=renewed)
    receiver.clock.advance(timedelta(minutes=1))
    tokens = ("renewed token", VERIFIER_TOKEN, FORMER_VERIFIER_TOKEN)
    answers = [await receiver.notify(content, signature=signed(content, token)) for token in tokens]
    assert [answer.status_code for answer in answers] == [200, 200, 401]


async def test_app_without_a_stored_token_believes_nobody(receiver: Receiver) -> None:
    receiver.store.documents.clear()
    content = cloud_events({})
    for token in ("", "-" * 36, VERIFIER_TOKEN):
        assert (await receiver.notify(content, signature=signed(content, token))).status_code == 401


def test_nobody_is_believed_where_nothing_is_accepted() -> None:
    for token in ("", "-" * 36):
        digest = shown_digest(signed(b"body", token).encode())
        assert digest is not None
        assert not is_signed(b"body", digest, ())


async def test_unknown_app_is_answered_like_a_wrong_signature(receiver: Receiver) -> None:
    unknown = await receiver.notify(b"[]", name="nobody")
    wrong = await receiver.notify(b"[]", signature=signed(b"[1]"))
    assert (unknown.status_code, unknown.content) == (401, wrong.content)


async def test_secret_of_one_vendor_opens_no_door_of_the_other(receiver: Receiver) -> None:
    content = cloud_events({})
    assert (await receiver.post(content, secret=VERIFIER_TOKEN, name="lone-star")).status_code == 401
    assert (await receiver.post(content, secret=signed(content), name="lone-star")).status_code == 401
    assert (await receiver.notify(content, signature="", authorization=SECRET)).status_code == 401


async def test_events_of_many_companies_are_published_by_one_call_in_order(receiver: Receiver) -> None:
    answer = await receiver.notify(
        cloud_events({"id": "a"}, {"id": "b", "intuitaccountid": "666"}, {"id": "c"}, {"id": "d"})
    )
    assert (answer.status_code, answer.json()) == (200, {"accepted": 3})
    assert [event["event_id"] for event in receiver.told()] == ["a", "c", "d"]
    assert receiver.kafka.calls == 1


async def test_company_of_nobody_is_left_out_counted_and_named_in_the_log(receiver: Receiver) -> None:
    def counted(fate: str) -> float:
        return float(WEBHOOK_EVENTS.labels("quickbooks", fate)._value.get())

    left_out, published = counted("unknown-realm"), counted("published")
    with structlog.testing.capture_logs() as logs:
        answer = await receiver.notify(cloud_events({"intuitaccountid": "666"}, {"intuitaccountid": "666"}))
    assert (answer.status_code, answer.json()) == (200, {"accepted": 0})
    assert receiver.kafka.published == []
    assert (counted("unknown-realm"), counted("published")) == (left_out + 2, published)
    [line] = logs
    assert (line["log_level"], line["left_out"], line["unknown_realms"]) == ("info", 2, ["666"])


async def test_unreadable_event_makes_a_dead_letter_of_the_body_and_its_neighbours_are_published(
    receiver: Receiver,
) -> None:
    content = cloud_events({"id": "a"}, {"intuitentityid": "1/2"}, {"id": "c"})
    answer = await receiver.notify(content)
    [letter] = receiver.letters()
    assert answer.status_code == 200
    assert answer.json() == {
        "accepted": 2,
        "dead_lettered": receiver.kafka.published[-1].headers["ce_id"],
        "code": "bad-field",
    }
    assert [event["event_id"] for event in receiver.told()] == ["a", "c"]
    assert letter["detail"].startswith("event 2: intuitentityid")
    assert base64.b64decode(letter["body_base64"]) == content
    assert receiver.kafka.calls == 1


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "empty"), (b'[{"x', "not-json"), (b"{}", "not-a-webhook"), (b"[{}]", "incomplete")],
)
async def test_unreadable_body_is_kept_whole_and_accepted(
    receiver: Receiver, content: bytes, code: str
) -> None:
    answer = await receiver.notify(content, intuit_t_id="t-1", cookie="canary", user_agent="intuit")
    again = await receiver.notify(content)
    [letter, _] = receiver.letters()
    assert (answer.status_code, answer.json()["code"]) == (200, code)
    assert answer.json()["dead_lettered"] == again.json()["dead_lettered"]
    assert (letter["reason"], base64.b64decode(letter["body_base64"])) == (code, content)
    assert letter["origin"] == f"/webhooks/quickbooks/{APP}"
    assert letter["headers"]["intuit-t-id"] == "t-1"
    assert "canary" not in json.dumps(letter)
    assert signed(content) not in json.dumps(letter)


async def test_one_garbage_of_two_vendors_is_two_dead_letters(receiver: Receiver) -> None:
    await receiver.notify(b"garbage")
    await receiver.post(b"garbage")
    first, second = receiver.kafka.published
    assert (first.key, first.headers["ce_id"]) != (second.key, second.headers["ce_id"])


async def test_large_body_is_refused_and_the_largest_taken(receiver: Receiver) -> None:
    assert (await receiver.notify(b" " * (LIMITS.body_bytes + 1))).status_code == 413
    assert receiver.kafka.published == []
    assert (await receiver.notify(b" " * (LIMITS.body_bytes - 2) + b"[]")).json() == {"accepted": 0}


async def test_dead_letter_of_a_huge_body_fits_into_kafka_and_says_what_is_missing() -> None:
    receiver = Receiver(replace(LIMITS, body_bytes=2_000_000))
    answer = await receiver.notify(b"x" * 1_500_000)
    [message] = receiver.kafka.published
    [letter] = receiver.letters()
    assert answer.status_code == 200
    assert len(message.value) < 1_000_000
    assert base64.b64decode(letter["body_base64"]) == b"x" * MAX_KEPT_BYTES
    assert letter["detail"].endswith(f"({MAX_KEPT_BYTES} of its 1500000 bytes are kept)")


async def test_hundred_events_are_all_published_before_the_answer(receiver: Receiver) -> None:
    answer = await receiver.notify(cloud_events(*({"id": f"e{n}"} for n in range(100))))
    assert answer.json() == {"accepted": 100}
    assert [event["event_id"] for event in receiver.told()] == [f"e{n}" for n in range(100)]


async def test_kafka_away_asks_intuit_to_come_again(receiver: Receiver) -> None:
    receiver.kafka.away = True
    answer = await receiver.notify(cloud_events({}))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    receiver.kafka.away = False
    assert (await receiver.notify(cloud_events({}))).status_code == 200


async def test_body_stored_in_part_is_not_acknowledged_and_comes_again_under_the_same_ids(
    receiver: Receiver,
) -> None:
    content = cloud_events({"id": "a"}, {"id": "b"})
    receiver.kafka.fails_after = 1
    assert (await receiver.notify(content)).status_code == 503
    assert (await receiver.notify(content)).json() == {"accepted": 2}
    assert [event["event_id"] for event in receiver.told()] == ["a", "a", "b"]


async def test_answer_waits_for_kafka() -> None:
    receiver, told = Receiver(), asyncio.Event()

    class Slow:
        async def publish(self, messages: Sequence[Outgoing]) -> None:
            await told.wait()

    receiver.app._publisher = Slow()
    posting = asyncio.create_task(receiver.notify(cloud_events({})))
    await asyncio.sleep(0.05)
    assert not posting.done()
    told.set()
    assert (await posting).status_code == 200


async def test_secrets_away_asks_intuit_to_come_again(receiver: Receiver) -> None:
    receiver.store.away = True
    answer = await receiver.notify(cloud_events({}))
    assert (answer.status_code, answer.json()["error"]) == (503, "secrets-away")


async def test_silent_secret_store_costs_no_more_than_a_part_of_intuits_patience(receiver: Receiver) -> None:
    assert (await receiver.notify(cloud_events({}))).status_code == 200
    receiver.store.hangs = True
    receiver.clock.advance(timedelta(minutes=1))
    async with asyncio.timeout(1.5):
        assert (await receiver.notify(cloud_events({}))).status_code == 200
    async with asyncio.timeout(0.5):
        assert (await receiver.notify(cloud_events({}))).status_code == 200
    assert receiver.store.reads == 2


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
async def test_other_methods_are_told_which_one_is_allowed(receiver: Receiver, method: str) -> None:
    async with receiver.client() as client:
        answer = await client.request(method, f"/webhooks/quickbooks/{APP}")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    ("name", "signature"),
    [("nobody", signed(cloud_events({}))), (APP, ""), (APP, "AAAA"), (APP, "not base64")],
)
async def test_body_of_who_shows_no_signature_is_not_even_read(
    receiver: Receiver, name: str, signature: str
) -> None:
    answers: list[Any] = []

    async def receive() -> Any:
        raise AssertionError("the body was asked for")

    async def send(message: Any) -> None:
        answers.append(message)

    headers = [(b"intuit-signature", signature.encode())]
    scope = {"type": "http", "method": "POST", "path": f"/webhooks/quickbooks/{name}", "headers": headers}
    await receiver.app(scope, receive, send)
    assert answers[0]["status"] == 401


async def test_strangers_who_are_slow_take_no_room_from_procore() -> None:
    receiver = Receiver(replace(LIMITS, in_flight=1, body_timeout_s=0.3))

    async def slow() -> Any:
        yield b"["
        await asyncio.sleep(0.2)
        yield b"]"

    async with receiver.client() as client:
        headers = {"intuit-signature": signed(b"")}
        posting = asyncio.create_task(
            client.post(f"/webhooks/quickbooks/{APP}", headers=headers, content=slow())
        )
        await asyncio.sleep(0.05)
        assert (await receiver.notify(b"[]")).status_code == 503
        assert (await receiver.post(b"garbage")).status_code == 202
        assert (await posting).status_code == 401


async def test_request_is_one_line_of_log_without_what_it_carried(receiver: Receiver) -> None:
    receiver.kafka.takes = timedelta(milliseconds=7)
    with structlog.testing.capture_logs() as logs:
        await receiver.notify(cloud_events({"id": "a"}, {"id": "b"}))
        await receiver.notify(b"garbage")
        await receiver.notify(b"[]", signature=signed(b"[ ]"))
    taken, letter, refused = logs
    assert taken == {
        "event": "webhook",
        "log_level": "info",
        "source": "quickbooks",
        "app": APP,
        "status": 200,
        "reason": "event",
        "events": 2,
        "duration_ms": 7,
    }
    assert (letter["log_level"], letter["reason"], letter["events"]) == ("warning", "not-json", 0)
    assert letter["key"] == f"quickbooks/{APP}/{letter['event_id']}"
    assert (refused["status"], refused["reason"]) == (401, "not-the-sender")
    assert VERIFIER_TOKEN not in str(logs)
    assert "garbage" not in str(logs)


@given(content=st.binary(max_size=300), flipped=st.integers(0, 2399))
def test_no_body_is_believed_by_the_signature_of_another(content: bytes, flipped: int) -> None:
    tokens = [SecretStr(VERIFIER_TOKEN), SecretStr(FORMER_VERIFIER_TOKEN)]
    digest = shown_digest(signed(content).encode())
    assert digest is not None
    assert is_signed(content, digest, tokens)
    other = bytearray(content or b"\x00")
    other[flipped // 8 % len(other)] ^= 1 << flipped % 8
    assert not is_signed(bytes(other), digest, tokens)


@given(content=st.binary(max_size=200), signature=st.text(max_size=60) | st.just("right"))
def test_whatever_comes_is_stored_or_refused_and_only_the_right_signature_is_accepted(
    content: bytes, signature: str
) -> None:
    receiver = Receiver()
    is_right = signature == "right"
    shown = signed(content) if is_right else signature
    answer = asyncio.run(_notified(receiver, content, shown))
    assert answer.status_code == (200 if is_right else 401)
    assert bool(receiver.kafka.published) is (is_right and json_of(content) != [])


async def _notified(receiver: Receiver, content: bytes, signature: str) -> httpx.Response:
    return await receiver.notify(content, signature=signature)


def json_of(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None
