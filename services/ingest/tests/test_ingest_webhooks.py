"""The hot route: every kind of request is answered as it must be, and nothing with the right secret is lost."""

import base64
import contextlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from starlette.responses import PlainTextResponse

from plumbline.common.clock import SystemClock
from plumbline.common.connections import ConnectionConfig, Connections, ProcoreSide, QuickBooksSide
from plumbline.common.contracts.cloudevents import Outgoing
from plumbline.common.outbox.relay import PublishError
from plumbline.common.secrets.port import SecretStoreUnavailableError
from plumbline.ingest.domain.payloads import UnreadableWebhookError, read_webhook
from plumbline.ingest.handlers import MAX_BODY_BYTES, WebhookRoute

SECRET = "Bearer right"
V4 = {
    "id": "01JMYXMZRBVKK0PC6XS8SA4QRE",
    "timestamp": "2026-02-25T16:04:43.619085Z",
    "reason": "update",
    "company_id": "8",
    "project_id": "6778",
    "user_id": "5447",
    "resource_type": "Payment Applications",
    "resource_id": "379913",
}
V2 = {
    "id": 123456789,
    "ulid": "0A1B2C3D4F5G6H7I8J9K0LMN",
    "timestamp": "2026-02-25T16:04:43.619085Z",
    "metadata": {"source_user_id": 987},
    "user_id": 5447,
    "company_id": 8,
    "project_id": 6778,
    "api_version": "v2.0",
    "event_type": "update",
    "resource_name": "Payment Applications",
    "resource_id": 379913,
}
V3 = {**V2, "api_version": "v3.0", "related_resources": []}


class Kafka:
    """Keeps what is published, or is away."""

    def __init__(self) -> None:
        self.kept: list[Outgoing] = []
        self.away = False

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        if self.away:
            raise PublishError
        self.kept += messages


class Secrets:
    """Accepts two values, as during a rotation; or is away."""

    def __init__(self) -> None:
        self.away = False

    async def accepted(self, source: str, connection: str) -> tuple[SecretStr, ...]:
        if self.away:
            raise SecretStoreUnavailableError
        assert (source, connection) == ("procore", "lone-star")
        return SecretStr(SECRET), SecretStr("Bearer former")


class Hook:
    """The route with its fakes, posted to as Procore would."""

    def __init__(self) -> None:
        self.kafka = Kafka()
        self.secrets = Secrets()
        connection = ConnectionConfig(
            name="lone-star",
            procore=ProcoreSide(account="procore/a", company_id="8", projects=("6778",)),
            quickbooks=QuickBooksSide(realm="1"),
        )
        self.app = WebhookRoute(
            connections=Connections({"lone-star": connection}),
            secrets=self.secrets,
            publisher=self.kafka,
            clock=SystemClock(),
            otherwise=PlainTextResponse("elsewhere"),
        )

    async def post(self, body: bytes, *, secret: str = SECRET, name: str = "lone-star") -> httpx.Response:
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://ingest") as client:
            return await client.post(
                f"/webhooks/procore/{name}", content=body, headers={"authorization": secret}
            )

    def letters(self) -> list[dict[str, Any]]:
        return [json.loads(m.value) for m in self.kafka.kept if m.topic == "dead-letters.v1"]


@pytest.fixture
def hook() -> Hook:
    return Hook()


@pytest.mark.parametrize(
    ("payload", "version", "event_id"),
    [(V2, "v2.0", V2["ulid"]), (V3, "v3.0", V2["ulid"]), (V4, "v4.0", V4["id"])],
)
async def test_every_payload_version_becomes_the_same_event(
    hook: Hook, payload: Any, version: str, event_id: str
) -> None:
    answer = await hook.post(json.dumps(payload).encode())
    assert (answer.status_code, answer.json()) == (202, {"accepted": event_id})
    [message] = hook.kafka.kept
    said = json.loads(message.value)
    assert message.key == "8/6778/payment-applications/379913"
    assert message.headers["ce_id"] == event_id
    assert (said["reason"], said["payload_version"], said["user_id"]) == ("update", version, "5447")
    assert datetime.fromisoformat(said["occurred_at"]) == datetime(2026, 2, 25, 16, 4, 43, 619085, tzinfo=UTC)


@pytest.mark.parametrize("secret", ["Bearer wrong", "", "Bearer righ", "bearer right"])
async def test_wrong_secret_is_refused_and_nothing_is_kept(hook: Hook, secret: str) -> None:
    answer = await hook.post(json.dumps(V4).encode(), secret=secret)
    assert (answer.status_code, answer.json()["error"]) == (401, "not-the-sender")
    assert hook.kafka.kept == []


async def test_unknown_connection_is_answered_like_a_wrong_secret(hook: Hook) -> None:
    unknown = await hook.post(b"{}", name="nobody")
    wrong = await hook.post(b"{}", secret="Bearer wrong")
    assert (unknown.status_code, unknown.content) == (wrong.status_code, wrong.content)


async def test_former_secret_is_accepted_during_a_rotation(hook: Hook) -> None:
    answer = await hook.post(json.dumps(V4).encode(), secret="Bearer former")
    assert answer.status_code == 202


async def test_large_body_is_refused(hook: Hook) -> None:
    answer = await hook.post(b"x" * 1_000_000)
    assert answer.status_code == 413
    assert (await hook.post(b"x" * (MAX_BODY_BYTES + 1))).status_code == 413
    assert hook.kafka.kept == []


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b'{"broken', "not-json"),
        (b"[1]", "not-a-webhook"),
        (b"null", "not-a-webhook"),
        (json.dumps({k: v for k, v in V4.items() if k != "resource_id"}).encode(), "incomplete"),
        (json.dumps({**V4, "timestamp": "yesterday"}).encode(), "incomplete"),
        (json.dumps({**V4, "timestamp": "0001-01-01T00:00:00+14:00"}).encode(), "incomplete"),
        (json.dumps({**V4, "company_id": "9"}).encode(), "other-company"),
    ],
)
async def test_unreadable_body_is_kept_whole_and_accepted(hook: Hook, body: bytes, reason: str) -> None:
    answer = await hook.post(body)
    assert answer.status_code == 202
    [letter] = hook.letters()
    assert (letter["reason"], base64.b64decode(letter["body_base64"])) == (reason, body)
    assert len(hook.kafka.kept) == 1


async def test_unknown_resource_is_an_event_like_any_other(hook: Hook) -> None:
    answer = await hook.post(json.dumps({**V4, "resource_type": "Kitchen Sinks"}).encode())
    assert answer.status_code == 202
    assert [m.key for m in hook.kafka.kept] == ["8/6778/kitchen-sinks/379913"]


async def test_kafka_away_asks_the_sender_to_come_again(hook: Hook) -> None:
    hook.kafka.away = True
    answer = await hook.post(json.dumps(V4).encode())
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


async def test_secrets_away_asks_the_sender_to_come_again(hook: Hook) -> None:
    hook.secrets.away = True
    answer = await hook.post(json.dumps(V4).encode())
    assert (answer.status_code, answer.json()["error"]) == (503, "secrets-away")


async def test_other_paths_go_to_the_rest_of_the_service(hook: Hook) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(hook.app), base_url="http://ingest") as client:
        assert (await client.get("/health/live")).text == "elsewhere"
        assert (await client.get("/webhooks/procore/lone-star")).status_code == 405


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
def test_parser_gives_an_event_or_its_own_error_whatever_comes(body: bytes) -> None:
    with contextlib.suppress(UnreadableWebhookError):
        assert read_webhook(body, connection="lone-star", company_id="8").company_id == "8"
