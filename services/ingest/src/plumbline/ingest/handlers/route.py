"""The hot route: `POST /webhooks/{source}/{name}`. No database, no framework.

Only what is not the sender (401) or too large (413) is refused. A request of the right sender that
cannot be read is kept as a dead letter and accepted: any other answer makes the vendors pause, and
holds up everything behind it (Procore docs, Webhooks; Intuit docs, Webhooks, best practices). 503
while Kafka does not answer, for then a retry is what we want.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from plumbline.common.clock import Clock
from plumbline.common.contracts.cloudevents import Outgoing
from plumbline.common.metrics import WEBHOOK_EVENTS, WEBHOOKS
from plumbline.common.outbox.relay import Publisher, PublishError
from plumbline.common.secrets.port import SecretStoreUnavailableError
from plumbline.ingest.domain.messages import EVENT, Arrival

MAX_NAME_CHARS = 63
"""So much of an addressee's name is logged: anybody may send any path."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request, and all of one source together, may take."""

    body_bytes: int
    """Larger bodies are refused unread."""
    body_timeout_s: float
    """How long a sender may take for its body."""
    in_flight: int
    """Requests at once whose body is read or that wait for Kafka; more are told to come again."""


class RefusedError(Exception):
    """The request ends with this answer."""

    def __init__(self, status: int, code: str, detail: str, **headers: str) -> None:
        """Answer `status`, and say why in a code and a sentence."""
        super().__init__(detail)
        self.status = status
        self.code = code
        self.said = {"error": code, "detail": detail}
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


@dataclass(frozen=True, slots=True)
class Taken:
    """What a body of the right sender became."""

    code: str
    """`event`, or what is wrong with the body."""
    messages: tuple[Outgoing, ...]
    """What has to be in Kafka before the answer."""
    fates: Mapping[str, int]
    """How many of its events became what."""
    answer: Mapping[str, object]
    facts: Mapping[str, object]
    """What the log tells of it."""


Read = Callable[[bytes, Arrival], Awaitable[Taken]]
"""Turns a body into what it becomes; raises what `Source.admit` raises if only the body shows who sent it."""


class Source(Protocol):
    """A vendor's webhooks."""

    @property
    def name(self) -> str:
        """Its name, in paths and metrics."""

    @property
    def addressee(self) -> str:
        """What the rest of the path names."""

    @property
    def accepted(self) -> int:
        """The status that the vendor takes for an acknowledgement."""

    async def admit(self, name: str, headers: Mapping[bytes, bytes]) -> Read:
        """Return what reads the body of a request, as far as the request shows who sent it.

        Args:
            name: the addressee.
            headers: the first of each name, in lower case.

        Raises:
            RefusedError: it is not the sender.
            SecretStoreUnavailableError: wait; nobody can know.
        """


class WebhookRoute:
    """An ASGI application that takes the webhooks of one source and hands everything else on."""

    def __init__(
        self, source: Source, *, publisher: Publisher, clock: Clock, limits: Limits, otherwise: ASGIApp
    ) -> None:
        """Publish the webhooks of `source` with `publisher`; `otherwise` serves other paths."""
        self._source = source
        self._prefix = f"/webhooks/{source.name}/"
        self._publisher = publisher
        self._clock = clock
        self._limits = limits
        self._otherwise = otherwise
        self._in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or not scope["path"].startswith(self._prefix):
            await self._otherwise(scope, receive, send)
            return
        name = scope["path"][len(self._prefix) :]
        started = self._clock.now()
        try:
            taken = await self._take(name, scope, receive)
        except RefusedError as refused:
            self._tell(name, refused.status, refused.code, started)
            await _answer(send, refused.status, refused.said, refused.headers)
        else:
            self._tell(name, self._source.accepted, taken.code, started, taken)
            await _answer(send, self._source.accepted, taken.answer)

    def _tell(self, name: str, status: int, code: str, started: datetime, taken: Taken | None = None) -> None:
        WEBHOOKS.labels(self._source.name, str(status), code).inc()
        for fate, count in taken.fates.items() if taken else ():
            WEBHOOK_EVENTS.labels(self._source.name, fate).inc(count)
        log.log(
            logging.INFO if code == EVENT else logging.WARNING,
            "webhook",
            source=self._source.name,
            status=status,
            reason=code,
            duration_ms=round((self._clock.now() - started).total_seconds() * 1000),
            **{self._source.addressee: name[:MAX_NAME_CHARS]},
            **(taken.facts if taken else {}),
        )

    async def _take(self, name: str, scope: Scope, receive: Receive) -> Taken:
        if scope["method"] != "POST":
            raise RefusedError(405, "method-not-allowed", "Webhooks are posted.", allow="POST")
        # Of a header that comes twice, the first one counts.
        headers = dict(reversed(scope["headers"]))
        try:
            return await self._taken(await self._source.admit(name, headers), scope, headers, receive)
        except SecretStoreUnavailableError as error:
            raise RefusedError(
                503, "secrets-away", "Secrets cannot be read; send it again.", retry_after="5"
            ) from error

    async def _taken(
        self, read: Read, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive
    ) -> Taken:
        if self._in_flight >= self._limits.in_flight:
            raise RefusedError(503, "busy", "Too many webhooks at once; send it again.", retry_after="1")
        self._in_flight += 1
        try:
            body = await self._body(headers, receive)
            taken = await read(body, Arrival(scope["path"], self._clock.now(), scope["headers"]))
            await self._acknowledged(taken.messages)
            return taken
        finally:
            self._in_flight -= 1

    async def _body(self, headers: Mapping[bytes, bytes], receive: Receive) -> bytes:
        most, timeout_s = self._limits.body_bytes, self._limits.body_timeout_s
        too_large = RefusedError(413, "too-large", f"A webhook has {most} bytes at most.")
        declared = headers.get(b"content-length", b"0")
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
            raise RefusedError(408, "too-slow", f"The body did not come within {timeout_s:g} s.") from error
        return bytes(body)

    async def _acknowledged(self, messages: tuple[Outgoing, ...]) -> None:
        try:
            await self._publisher.publish(messages)
        except PublishError as error:
            raise RefusedError(
                503, "kafka-away", "The event could not be stored; send it again.", retry_after="5"
            ) from error


async def _part(receive: Receive) -> tuple[bytes, bool]:
    """Return the next part of a body, and whether more is to come."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise RefusedError(400, "gone", "The sender has gone.")
    return message.get("body", b""), message.get("more_body", False)


async def _answer(
    send: Send, status: int, said: Mapping[str, object], headers: Mapping[str, str] | None = None
) -> None:
    body = json.dumps(said).encode()
    all_headers = {"content-type": "application/json", "content-length": str(len(body)), **(headers or {})}
    raw = [(name.encode(), value.encode()) for name, value in all_headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
