"""The hot route: `POST /webhooks/procore/{connection}`. No database, no framework.

Only what is not the sender (401) or too large (413) is refused. A request with the right
secret that cannot be read is kept as a dead letter and answered 202: any other answer makes
Procore pause, and in the end discard, everything behind it (Procore docs, Webhooks). 503
while Kafka does not answer, for then a retry is what we want.
"""

import asyncio
import base64
import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from plumbline.common.clock import Clock
from plumbline.common.connections import ConnectionConfig, Connections
from plumbline.common.contracts.cloudevents import Outgoing, outgoing
from plumbline.common.contracts.operations import DeadLetter
from plumbline.common.contracts.topics import DEAD_LETTERS, PROCORE_EVENTS
from plumbline.common.metrics import WEBHOOKS
from plumbline.common.outbox.relay import Publisher, PublishError
from plumbline.common.secrets.port import SecretStoreUnavailableError
from plumbline.ingest.domain.authorization import is_the_sender
from plumbline.ingest.domain.letters import kept_headers, letter_id
from plumbline.ingest.domain.payloads import UnreadableWebhookError, read_webhook
from plumbline.ingest.ports import Secrets
from plumbline.ingest.service import SOURCE

PREFIX = f"/webhooks/{SOURCE}/"
"""Where webhooks come in; the rest of the path is the connection's name."""

MAX_BODY_BYTES = 256 * 1024
"""Procore's events are under 1 KB; nothing of this size is one."""

BODY_TIMEOUT_S = 10.0
"""How long a sender may take for its body."""

IN_FLIGHT_MAX = 512
"""Requests waiting for Kafka at once; beyond, 503 at once keeps memory flat."""

SERVICE = "ingest"
"""The service's name in events and metrics."""

EVENT = "event"
"""The code of a webhook that could be read."""

log = structlog.get_logger(__name__)


class _RefusedError(Exception):
    """The request ends with this answer."""

    def __init__(self, status: int, code: str, detail: str, *, retry_after_s: int | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class _Stored:
    """What a webhook became: an event, or a dead letter with the code of what was wrong."""

    code: str
    message: Outgoing

    @property
    def id(self) -> str:
        return self.message.headers["ce_id"]

    @property
    def said(self) -> dict[str, str]:
        return {"accepted": self.id} if self.code == EVENT else {"dead_lettered": self.id, "code": self.code}


class WebhookRoute:
    """An ASGI application that takes webhooks and hands everything else on."""

    def __init__(
        self,
        *,
        connections: Connections,
        secrets: Secrets,
        publisher: Publisher,
        clock: Clock,
        otherwise: ASGIApp,
    ) -> None:
        """Publish webhooks of `connections` with `publisher`; `otherwise` serves other paths."""
        self._connections = connections
        self._secrets = secrets
        self._publisher = publisher
        self._clock = clock
        self._otherwise = otherwise
        self._in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._otherwise(scope, receive, send)
            return
        name = scope["path"][len(PREFIX) :]
        try:
            stored = await self._take(name, scope, receive)
        except _RefusedError as refused:
            WEBHOOKS.labels(SOURCE, str(refused.status), refused.code).inc()
            log.warning("webhook", connection=name[:63], status=refused.status, reason=refused.code)
            await _answer(
                send, refused.status, {"error": refused.code, "detail": refused.detail}, refused.retry_after_s
            )
            return
        WEBHOOKS.labels(SOURCE, "202", stored.code).inc()
        level = logging.INFO if stored.code == EVENT else logging.WARNING
        log.log(level, "webhook", connection=name, status=202, reason=stored.code, event_id=stored.id)
        await _answer(send, 202, stored.said)

    async def _take(self, name: str, scope: Scope, receive: Receive) -> _Stored:
        if scope["method"] != "POST":
            raise _RefusedError(405, "method-not-allowed", "Webhooks are posted.")
        connection = await self._authenticated(name, scope["headers"])
        if self._in_flight >= IN_FLIGHT_MAX:
            raise _RefusedError(503, "busy", "Too many webhooks at once; send it again.", retry_after_s=1)
        self._in_flight += 1
        try:
            body = await _body(scope["headers"], receive)
            stored = self._read(connection, scope["headers"], body)
            await self._acknowledged(stored.message)
            return stored
        finally:
            self._in_flight -= 1

    async def _authenticated(self, name: str, headers: Iterable[tuple[bytes, bytes]]) -> ConnectionConfig:
        connection = self._connections.get(name)
        try:
            accepted = await self._secrets.accepted(SOURCE, name) if connection else ()
        except SecretStoreUnavailableError as error:
            raise _RefusedError(
                503, "secrets-away", "Secrets cannot be read; send it again.", retry_after_s=5
            ) from error
        shown = next((value for header, value in headers if header == b"authorization"), b"")
        if not is_the_sender(shown, accepted) or connection is None:
            raise _RefusedError(
                401, "not-the-sender", "The Authorization header is not the one of this webhook."
            )
        return connection

    def _read(
        self, connection: ConnectionConfig, headers: Iterable[tuple[bytes, bytes]], body: bytes
    ) -> _Stored:
        try:
            event = read_webhook(body, connection=connection.name, company_id=connection.procore.company_id)
        except UnreadableWebhookError as unreadable:
            return _Stored(unreadable.reason, self._dead_letter(connection, headers, body, unreadable))
        message = outgoing(
            PROCORE_EVENTS, event.key, event, source=SERVICE, at=event.occurred_at, event_id=event.event_id
        )
        return _Stored(EVENT, message)

    async def _acknowledged(self, message: Outgoing) -> None:
        try:
            await self._publisher.publish([message])
        except PublishError as error:
            raise _RefusedError(
                503, "kafka-away", "The event could not be stored; send it again.", retry_after_s=5
            ) from error

    def _dead_letter(
        self,
        connection: ConnectionConfig,
        headers: Iterable[tuple[bytes, bytes]],
        body: bytes,
        error: UnreadableWebhookError,
    ) -> Outgoing:
        now = self._clock.now()
        letter = DeadLetter(
            service=SERVICE,
            reason=error.reason,
            detail=error.detail,
            origin=f"{PREFIX}{connection.name}",
            headers=kept_headers(headers),
            body_base64=base64.b64encode(body).decode(),
            at=now,
        )
        # Both stable: what Procore delivers again, a reader of the topic sees as one letter.
        name = letter_id(connection.name, body)
        key = f"{connection.name}/{name}"
        return outgoing(DEAD_LETTERS, key, letter, source=SERVICE, at=now, event_id=name)


async def _body(headers: Iterable[tuple[bytes, bytes]], receive: Receive) -> bytes:
    too_large = _RefusedError(413, "too-large", f"A webhook has {MAX_BODY_BYTES} bytes at most.")
    declared = next((value for header, value in headers if header == b"content-length"), b"0")
    if declared.isdigit() and int(declared) > MAX_BODY_BYTES:
        raise too_large
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise _RefusedError(400, "gone", "The sender has gone.")
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > MAX_BODY_BYTES:
                    raise too_large
                if not message.get("more_body", False):
                    return b"".join(parts)
    except TimeoutError as error:
        raise _RefusedError(
            408, "too-slow", f"The body did not come within {BODY_TIMEOUT_S:.0f} s."
        ) from error


async def _answer(send: Send, status: int, said: dict[str, str], retry_after_s: int | None = None) -> None:
    body = json.dumps(said).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if retry_after_s is not None:
        headers.append((b"retry-after", str(retry_after_s).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
