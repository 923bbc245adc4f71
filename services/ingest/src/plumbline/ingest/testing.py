"""What tests of ingest share: the hot route with its fakes, posted to as Procore posts, and Procore's bodies."""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import httpx
from pydantic import SecretStr
from starlette.responses import PlainTextResponse
from typing_extensions import override

from plumbline.common.connections import ConnectionConfig, Connections
from plumbline.common.contracts.cloudevents import Outgoing
from plumbline.common.contracts.topics import DEAD_LETTERS
from plumbline.common.secrets.port import SecretDocument
from plumbline.common.secrets.webhooks import WebhookSecrets, webhook_path
from plumbline.common.testing.clock import FakeClock
from plumbline.common.testing.publishing import RecordingPublisher
from plumbline.common.testing.secrets import MemorySecretStore
from plumbline.ingest.handlers import Limits, WebhookRoute

CONNECTION = "lone-star"
"""The one connection: company 8 and its project 6778."""

SECRET = "Bearer Right-Secret-1"  # noqa: S105  only of tests
"""What Procore shows."""

FORMER_SECRET = "Bearer Former-Secret-0"  # noqa: S105  only of tests
"""What it showed before the rotation that is under way."""

V4: Mapping[str, Any] = {
    "id": "01JMYXMZRBVKK0PC6XS8SA4QRE",
    "timestamp": "2026-02-25T16:04:43.619085Z",
    "reason": "update",
    "company_id": "8",
    "project_id": "6778",
    "user_id": "5447",
    "resource_type": "Payment Applications",
    "resource_id": "379913",
}
"""An event in payload version v4.0."""

V2: Mapping[str, Any] = {
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
"""The same event in v2.0."""

V3: Mapping[str, Any] = {**V2, "api_version": "v3.0", "related_resources": []}
"""The same event in v3.0."""

LIMITS = Limits(body_bytes=256 * 1024, body_timeout_s=10.0, in_flight=512)
"""The limits that the settings have by default."""


def connections() -> Connections:
    """Return a configuration of the one connection."""
    config = {
        "name": CONNECTION,
        "procore": {"account": "procore/a", "company_id": "8", "projects": ["6778"]},
        "quickbooks": {"realm": "1"},
    }
    return Connections({CONNECTION: ConnectionConfig.model_validate(config)})


def secret_store(*, current: str = SECRET, previous: str = FORMER_SECRET) -> MemorySecretStore:
    """Return a store with the webhook secrets of the one connection, in the middle of a rotation."""
    store = MemorySecretStore()
    values = {"current": SecretStr(current), "previous": SecretStr(previous)}
    store.documents[webhook_path("procore", CONNECTION)] = SecretDocument(version=1, values=values)
    return store


def body(payload: Mapping[str, Any], **changes: Any) -> bytes:
    """Return a payload as it is posted, with some fields changed."""
    return json.dumps({**payload, **changes}).encode()


class SlowKafka(RecordingPublisher):
    """A Kafka that only remembers, and takes its time about it."""

    def __init__(self, clock: FakeClock) -> None:
        """Take no time until `takes` says otherwise."""
        super().__init__()
        self.takes = timedelta(0)
        self._clock = clock

    @override
    async def publish(self, messages: Sequence[Outgoing]) -> None:
        """See `Publisher`."""
        self._clock.advance(self.takes)
        await super().publish(messages)


class Receiver:
    """The hot route, over a Kafka that only remembers."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        """Start with nothing published and every far side there."""
        self.clock = FakeClock()
        self.kafka = SlowKafka(self.clock)
        self.store = secret_store()
        self.app = WebhookRoute(
            connections=connections(),
            secrets=WebhookSecrets(self.store, clock=self.clock),
            publisher=self.kafka,
            clock=self.clock,
            limits=limits,
            otherwise=PlainTextResponse("elsewhere"),
        )

    def client(self) -> httpx.AsyncClient:
        """Return a client of the whole application."""
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://ingest.test")

    async def post(
        self, content: bytes, *, secret: str = SECRET, name: str = CONNECTION, **headers: str
    ) -> httpx.Response:
        """Post a body as Procore does."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.client() as client:
            return await client.post(
                f"/webhooks/procore/{name}", content=content, headers={"authorization": secret, **named}
            )

    def letters(self) -> list[dict[str, Any]]:
        """Return the dead letters."""
        return [json.loads(m.value) for m in self.kafka.published if m.topic == DEAD_LETTERS.name]
