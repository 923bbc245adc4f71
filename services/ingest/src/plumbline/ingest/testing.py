"""What tests of ingest share: the hot route with its fakes, posted to as the vendors post, and their bodies."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import httpx
from pydantic import SecretStr
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp
from typing_extensions import override

from plumbline.common.connections import ConnectionConfig, Connections
from plumbline.common.contracts.cloudevents import Outgoing
from plumbline.common.contracts.topics import DEAD_LETTERS, QUICKBOOKS_EVENTS
from plumbline.common.secrets.port import SecretDocument
from plumbline.common.secrets.webhooks import WebhookSecrets, webhook_path
from plumbline.common.testing.clock import FakeClock
from plumbline.common.testing.publishing import RecordingPublisher
from plumbline.common.testing.secrets import MemorySecretStore
from plumbline.ingest.handlers.procore import ProcoreHooks
from plumbline.ingest.handlers.quickbooks import IntuitNotifications
from plumbline.ingest.handlers.route import Limits, Source, WebhookRoute

CONNECTION = "lone-star"
"""The one connection: company 8 and its project 6778."""

SECRET = "Bearer Right-Secret-1"  # noqa: S105  only of tests
"""What Procore shows."""

FORMER_SECRET = "Bearer Former-Secret-0"  # noqa: S105  only of tests
"""What it showed before the rotation that is under way."""

APP = "plumbline-app"
"""The Intuit app that is connected to the company of the one connection, `REALM`."""

REALM = "310687"
"""That company."""

VERIFIER_TOKEN = "4b8e0c1e-verify-me"  # noqa: S105  only of tests
"""What Intuit signs with."""

FORMER_VERIFIER_TOKEN = "0a57f1d2-verify-me"  # noqa: S105  only of tests
"""What it signed with before the rotation that is under way."""

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

CLOUD_EVENT: Mapping[str, Any] = {
    "specversion": "1.0",
    "id": "88cd52aa-33b6-4351-9aa4-47572edbd068",
    "source": "intuit.dsnBgbseACLLRZNxo2dfc4evmEJdxde58xeeYcZliOU=",
    "type": "qbo.invoice.created.v1",
    "datacontenttype": "application/json",
    "time": "2025-09-10T21:31:25.179851517Z",
    "intuitentityid": "1234",
    "intuitaccountid": REALM,
    "data": {},
}
"""One event of QuickBooks', as an element of the array that Intuit posts."""

OLDER_EVENT: Mapping[str, Any] = {
    "name": "Invoice",
    "id": "1234",
    "operation": "Create",
    "lastUpdated": "2025-09-10T21:31:25.000Z",
}
"""The same event as an entity of the older form."""

LIMITS = Limits(body_bytes=256 * 1024, body_timeout_s=10.0, in_flight=512)
"""The limits that the settings have by default."""


def connections() -> Connections:
    """Return a configuration of the one connection."""
    config = {
        "name": CONNECTION,
        "procore": {"account": "procore/a", "company_id": "8", "projects": ["6778"]},
        "quickbooks": {"realm": REALM, "app": APP},
    }
    return Connections({CONNECTION: ConnectionConfig.model_validate(config)})


def secret_store(*, current: str = SECRET, previous: str = FORMER_SECRET) -> MemorySecretStore:
    """Return a store with the webhook secrets of the one connection and its app, in the middle of rotations."""
    store = MemorySecretStore()
    for path, values in {
        webhook_path("procore", CONNECTION): (current, previous),
        webhook_path("quickbooks", APP): (VERIFIER_TOKEN, FORMER_VERIFIER_TOKEN),
    }.items():
        document = dict(zip(("current", "previous"), map(SecretStr, values), strict=True))
        store.documents[path] = SecretDocument(version=1, values=document)
    return store


def body(payload: Mapping[str, Any], **changes: Any) -> bytes:
    """Return a payload as it is posted, with some fields changed."""
    return json.dumps({**payload, **changes}).encode()


def cloud_events(*changes: Mapping[str, Any]) -> bytes:
    """Return a notification of one event for each set of changed fields."""
    return json.dumps([{**CLOUD_EVENT, **changed} for changed in changes]).encode()


def older_form(*changes: Mapping[str, Any], realm: str = REALM) -> bytes:
    """Return the same in the older form, of one company."""
    entities = [{**OLDER_EVENT, **changed} for changed in changes]
    notification = {"realmId": realm, "dataChangeEvent": {"entities": entities}}
    return json.dumps({"eventNotifications": [notification]}).encode()


def signed(content: bytes, token: str = VERIFIER_TOKEN) -> str:
    """Return what Intuit's `intuit-signature` says of a body."""
    return base64.b64encode(hmac.new(token.encode(), content, hashlib.sha256).digest()).decode()


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
        secrets = WebhookSecrets(self.store, clock=self.clock)
        self.saw: list[tuple[str, str, int]] = []

        def route(source: Source, otherwise: ASGIApp) -> WebhookRoute:
            return WebhookRoute(
                source, publisher=self.kafka, clock=self.clock, limits=limits, otherwise=otherwise
            )

        procore = route(ProcoreHooks(connections(), secrets), PlainTextResponse("elsewhere"))
        notifications = IntuitNotifications(connections(), secrets, saw=lambda *seen: self.saw.append(seen))
        self.app = route(notifications, procore)

    def client(self) -> httpx.AsyncClient:
        """Return a client of the whole application."""
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://ingest.test")

    async def post(
        self, content: bytes, *, secret: str = SECRET, name: str = CONNECTION, **headers: str
    ) -> httpx.Response:
        """Post a body as Procore does."""
        return await self._post(f"procore/{name}", content, {"authorization": secret, **headers})

    async def notify(
        self, content: bytes, *, signature: str | None = None, name: str = APP, **headers: str
    ) -> httpx.Response:
        """Post a body as Intuit does, signed as it must be unless told otherwise."""
        shown = signed(content) if signature is None else signature
        return await self._post(f"quickbooks/{name}", content, {"intuit_signature": shown, **headers})

    async def _post(self, place: str, content: bytes, headers: Mapping[str, str]) -> httpx.Response:
        named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        async with self.client() as client:
            return await client.post(f"/webhooks/{place}", content=content, headers=named)

    def letters(self) -> list[dict[str, Any]]:
        """Return the dead letters."""
        return [json.loads(m.value) for m in self.kafka.published if m.topic == DEAD_LETTERS.name]

    def told(self) -> list[dict[str, Any]]:
        """Return the events of QuickBooks that were published."""
        return [json.loads(m.value) for m in self.kafka.published if m.topic == QUICKBOOKS_EVENTS.name]
