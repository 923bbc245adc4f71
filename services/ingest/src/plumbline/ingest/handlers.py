"""The hot route: `POST /webhooks/procore/{connection}`. No database, no framework.

Only what is not the sender (401) or too large (413) is refused. A request with the right
secret that cannot be read is kept as a dead letter and answered 202: any other answer makes
Procore pause, and in the end discard, everything behind it (Procore docs, Webhooks). 503
while Kafka does not answer, for then a retry is what we want.
"""

import asyncio
import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from plumbline.common.clock import Clock
from plumbline.common.connections import ConnectionConfig, Connections
from plumbline.common.contracts.cloudevents import Outgoing
from plumbline.common.metrics import WEBHOOKS
from plumbline.common.outbox.relay import Publisher, PublishError
from plumbline.common.secrets.port import SecretStoreUnavailableError
from plumbline.ingest.domain.authorization import is_the_sender
from plumbline.ingest.domain.messages import EVENT, Translated, translate
from plumbline.ingest.ports import Secrets
from plumbline.ingest.service import SOURCE

PREFIX = f"/webhooks/{SOURCE}/"
"""Where webhooks come in; the rest of the path is the connection's name."""

MAX_NAME_CHARS = 63
"""So much of a connection's name is logged: anybody may send any path."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request, and all of them together, may take."""

    body_bytes: int
    """Larger bodies are refused unread. Procore's events are under 1 KB."""
    body_timeout_s: float
    """How long a sender may take for its body."""
    in_flight: int
    """Requests at once whose body is read or that wait for Kafka; more are told to come again."""


class _RefusedError(Exception):
    """The request ends with this answer."""

    def __init__(self, status: int, code: str, detail: str, **headers: str) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.said = {"error": code, "detail": detail}
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class WebhookRoute:
    """An ASGI application that takes webhooks and hands everything else on."""

    def __init__(
        self,
        *,
        connections: Connections,
        secrets: Secrets,
        publisher: Publisher,
        clock: Clock,
        limits: Limits,
        otherwise: ASGIApp,
    ) -> None:
        """Publish webhooks of `connections` with `publisher`; `otherwise` serves other paths."""
        self._connections = connections
        self._secrets = secrets
        self._publisher = publisher
        self._clock = clock
        self._limits = limits
        self._otherwise = otherwise
        self._in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._otherwise(scope, receive, send)
            return
        name = scope["path"][len(PREFIX) :]
        started = self._clock.now()
        try:
            stored = await self._take(name, scope, receive)
        except _RefusedError as refused:
            self._tell(name, refused.status, refused.code, started)
            await _answer(send, refused.status, refused.said, refused.headers)
        else:
            self._tell(name, 202, stored.code, started, stored)
            await _answer(send, 202, _said(stored))

    def _tell(
        self, name: str, status: int, code: str, started: datetime, stored: Translated | None = None
    ) -> None:
        WEBHOOKS.labels(SOURCE, str(status), code).inc()
        log.log(
            logging.INFO if code == EVENT else logging.WARNING,
            "webhook",
            connection=name[:MAX_NAME_CHARS],
            status=status,
            reason=code,
            key=stored and stored.message.key,
            event_id=stored and stored.event_id,
            duration_ms=round((self._clock.now() - started).total_seconds() * 1000),
        )

    async def _take(self, name: str, scope: Scope, receive: Receive) -> Translated:
        if scope["method"] != "POST":
            raise _RefusedError(405, "method-not-allowed", "Webhooks are posted.", allow="POST")
        connection = await self._authenticated(name, scope["headers"])
        if self._in_flight >= self._limits.in_flight:
            raise _RefusedError(503, "busy", "Too many webhooks at once; send it again.", retry_after="1")
        self._in_flight += 1
        try:
            body = await self._body(scope["headers"], receive)
            stored = translate(
                body, connection, origin=scope["path"], now=self._clock.now(), headers=scope["headers"]
            )
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
                503, "secrets-away", "Secrets cannot be read; send it again.", retry_after="5"
            ) from error
        shown = next((value for header, value in headers if header == b"authorization"), b"")
        if not is_the_sender(shown, accepted) or connection is None:
            raise _RefusedError(
                401, "not-the-sender", "The Authorization header is not the one of this webhook."
            )
        return connection

    async def _body(self, headers: Iterable[tuple[bytes, bytes]], receive: Receive) -> bytes:
        most, timeout_s = self._limits.body_bytes, self._limits.body_timeout_s
        too_large = _RefusedError(413, "too-large", f"A webhook has {most} bytes at most.")
        declared = next((value for header, value in headers if header == b"content-length"), b"0")
        if declared.isdigit() and int(declared) > most:
            raise too_large
        body, more = bytearray(), True
        try:
            async with asyncio.timeout(timeout_s):
                while more:
                    part, more = await _part(receive)
                    body += part
                    if len(body) > most:
                        raise too_large
        except TimeoutError as error:
            raise _RefusedError(408, "too-slow", f"The body did not come within {timeout_s:g} s.") from error
        return bytes(body)

    async def _acknowledged(self, message: Outgoing) -> None:
        try:
            await self._publisher.publish([message])
        except PublishError as error:
            raise _RefusedError(
                503, "kafka-away", "The event could not be stored; send it again.", retry_after="5"
            ) from error


def _said(stored: Translated) -> Mapping[str, str]:
    if stored.code == EVENT:
        return {"accepted": stored.event_id}
    return {"dead_lettered": stored.event_id, "code": stored.code}


async def _part(receive: Receive) -> tuple[bytes, bool]:
    """Return the next part of a body, and whether more is to come."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise _RefusedError(400, "gone", "The sender has gone.")
    return message.get("body", b""), message.get("more_body", False)


async def _answer(
    send: Send, status: int, said: Mapping[str, str], headers: Mapping[str, str] | None = None
) -> None:
    body = json.dumps(said).encode()
    all_headers = {"content-type": "application/json", "content-length": str(len(body)), **(headers or {})}
    raw = [(name.encode(), value.encode()) for name, value in all_headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
