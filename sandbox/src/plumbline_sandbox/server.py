"""The ASGI application every provider shares: stages, faults, latency, journal.

The stages of a request, in order: read, identify, faults before, admit (credentials, limits),
handle, faults after, answer. Latency is spent half before and half after handling, so that a
client that gives up meets either fate.
"""

import asyncio
import json
import math
import os
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from plumbline_sandbox.faults import Rule
from plumbline_sandbox.http import CONNECTION_EXTENSION, Answer, Provider, RefusedError, Request
from plumbline_sandbox.world import World

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

MAX_BODY_BYTES = 128 * 1024 * 1024
"""Requests larger than this are answered 413 unread."""

LASTING = frozenset({"procore", "quickbooks", "storage"})
"""Providers whose state can outlive the process; the others start afresh."""

HTML_PAGE = b"<html><head><title>Sorry</title></head><body><h1>Something went wrong</h1></body></html>"
"""What the `html` fault answers."""


class ConnectionCutError(Exception):
    """The answer was lost on purpose, and the server gave no transport to cut (in-process tests)."""


class App:
    """One provider as an ASGI application; build one per provider and world."""

    def __init__(self, world: World, provider: Provider) -> None:
        self._world = world
        self._provider = provider

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request; other scopes are not served."""
        self._world.clock.tick()
        wire = Wire(scope, receive, send)
        limit_s = self._world.limits.longest_request_s(self._provider.name)
        try:
            async with asyncio.timeout(limit_s if math.isfinite(limit_s) else None):
                request = await read_request(scope, receive, self._provider.name)
        except (CutRequestError, TimeoutError) as cut:
            self._world.journal.write(
                "request-cut", provider=self._provider.name, method=scope["method"], path=scope["path"]
            )
            if isinstance(cut, TimeoutError):
                await wire.send(Answer(504))
            return
        if request is None:
            await wire.send(Answer(413))
            return
        self._provider.identify(request)
        try:
            await self._serve(request, wire)
        finally:
            request.release()

    async def execute(self, request: Request) -> Answer:
        """Execute a request that was admitted once, without limits, faults and journal of answers."""
        self._provider.identify(request)
        return await self._handle(request)

    async def _serve(self, request: Request, wire: "Wire") -> None:
        world = self._world
        started_s = asyncio.get_running_loop().time()
        ends_at_s = started_s + world.limits.longest_request_s(self._provider.name)
        latency_s = world.latency.draw_s(self._provider.name)
        if lost := world.faults.take("lose-request", request.facts):
            self._note("bytes-lost", request, None)
            await wire.lose(str(lost.args.get("how", "cut")))
            return
        await self._spend(latency_s / 2, ends_at_s)
        answer = await self._answer(request)
        await self._spend(latency_s / 2, ends_at_s)
        if delay := world.faults.take("delay", request.facts):
            await self._spend(float(delay.args.get("ms", 1000)) / 1000, ends_at_s)
        if asyncio.get_running_loop().time() >= ends_at_s:
            answer = replace(answer, status=504, body=b"", headers={})
        await self._deliver(request, answer, wire)

    async def _answer(self, request: Request) -> Answer:
        answer = self._fault(request, after_commit=False)
        if answer is None:
            answer = await self._execute(request)
        if (answer.committed or answer.replay) and (faulty := self._fault(request, after_commit=True)):
            answer = replace(faulty, committed=answer.committed, replay=answer.replay)
        self._provider.finish(request, answer)
        return answer

    async def _execute(self, request: Request) -> Answer:
        try:
            self._provider.admit(request)
        except RefusedError as refused:
            return refused.answer
        answer = await self._handle(request)
        if self._world.log is not None and self._provider.name in LASTING:
            # The moment is that of the commit, should the handler have waited before it.
            self._world.log.asked(request, answer, self._world.clock.time())
        return answer

    async def _handle(self, request: Request) -> Answer:
        try:
            return await self._provider.handle(request)
        except RefusedError as refused:
            return refused.answer

    def _fault(self, request: Request, *, after_commit: bool) -> Answer | None:
        for name in ("refuse-token", "throttle", "status", "status-after-commit", "html"):
            rule = self._world.faults.take(name, request.facts, after_commit=after_commit)
            if rule is not None:
                return self._faulty(rule)
        return None

    def _faulty(self, rule: Rule) -> Answer:
        match rule.name:
            case "refuse-token":
                return self._provider.refused_token()
            case "throttle":
                return self._throttled(rule.args.get("retry_after", 60))
            case "html":
                return Answer(int(rule.args.get("status", 502)), HTML_PAGE, {"content-type": "text/html"})
            case "status":
                return _told(rule.args, 503)
            case _:
                return _told(rule.args, 500)

    def _throttled(self, retry_after_s: float | None) -> Answer:
        answer = self._provider.throttled(int(retry_after_s or 0))
        if retry_after_s is None:
            answer.headers.pop("retry-after")
        return answer

    async def _deliver(self, request: Request, answer: Answer, wire: "Wire") -> None:
        faults, facts = self._world.faults, request.facts
        changed = answer.committed or answer.replay
        if changed and (lost := faults.take("lose-answer", facts, after_commit=True)):
            self._note("bytes-lost", request, answer)
            await wire.lose(str(lost.args.get("how", "cut")), answer)
        elif answer.body and faults.take("truncate", facts):
            self._note("bytes-lost", request, answer)
            await wire.send_half(answer)
        else:
            self._note("answer", request, answer)
            await wire.send(answer)

    def _note(self, kind: str, request: Request, answer: Answer | None) -> None:
        told = {} if answer is None else {"status": answer.status, "replay": answer.replay}
        committed = answer is not None and answer.committed
        self._world.journal.write(kind, **request.facts, **told, committed=committed)
        if self._world.log is not None:
            self._world.log.flush()

    async def _spend(self, seconds: float, ends_at_s: float) -> None:
        # Latency is real time: a scaled clock makes tokens age, not answers faster.
        if seconds > 0:
            await asyncio.sleep(min(seconds, max(0.0, ends_at_s - asyncio.get_running_loop().time())))


def _told(args: Mapping[str, Any], status: int) -> Answer:
    """Return the answer that a rule's arguments spell out."""
    body = args.get("body", "")
    headers = {name.lower(): str(text) for name, text in args.get("headers", {}).items()}
    if isinstance(body, str):
        return Answer(int(args.get("status", status)), body.encode(), headers)
    headers.setdefault("content-type", "application/json")
    return Answer(int(args.get("status", status)), json.dumps(body).encode(), headers)


class Wire:
    """The open connection of one request: answer on it, or break it."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._connection = scope.get("extensions", {}).get(CONNECTION_EXTENSION)
        self._receive = receive
        self._send = send

    async def send(self, answer: Answer) -> None:
        """Send the whole answer."""
        await self._start(answer)
        await self._send({"type": "http.response.body", "body": answer.body})

    async def send_half(self, answer: Answer) -> None:
        """Send the head with the full content-length and half of the body, then close."""
        await self._start(answer)
        half = answer.body[: len(answer.body) // 2]
        await self._send({"type": "http.response.body", "body": half, "more_body": True})
        self._transport().close()  # `close` flushes what was written first
        await self._gone()

    async def lose(self, how: str, answer: Answer | None = None) -> None:
        """End the connection in one of the manners of `faults.HOWS`."""
        match how:
            case "half-close":
                self._transport().write_eof()
            case "silence":
                self._transport()
                if answer:
                    await self._start(answer)
                    await self._send(
                        {"type": "http.response.body", "body": answer.body[:1], "more_body": True}
                    )
            case "reset":
                _linger_not(self._transport())
                self._transport().abort()
            case _:
                self._transport().abort()
        await self._gone()

    def _transport(self) -> asyncio.Transport:
        if self._connection is None:
            raise ConnectionCutError
        transport: asyncio.Transport = self._connection
        return transport

    async def _gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _start(self, answer: Answer) -> None:
        headers = [(name.encode("latin-1"), text.encode("latin-1")) for name, text in answer.headers.items()]
        if answer.status not in {204, 304}:
            headers.append((b"content-length", b"%d" % len(answer.body)))
        await self._send({"type": "http.response.start", "status": answer.status, "headers": headers})


def _linger_not(transport: asyncio.Transport) -> None:
    """Make the kernel close this connection with a reset."""
    # A duplicate of the descriptor shares the socket and its options; uvloop lends no real socket object.
    with socket.socket(fileno=os.dup(transport.get_extra_info("socket").fileno())) as same:
        same.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class CutRequestError(Exception):
    """The client was gone before its request was whole: there is nothing to execute, and nobody to answer."""


async def read_request(scope: Scope, receive: Receive, provider: str) -> Request | None:
    """Read the whole request; None when it is too large.

    Raises:
        CutRequestError: the client is gone.
    """
    body = await read_body(receive)
    if body is None:
        return None
    method, path = scope["method"], scope["path"]
    return Request(
        method=method,
        path=path,
        query=_query(scope["query_string"]),
        headers={name.decode("latin-1"): text.decode("latin-1") for name, text in scope["headers"]},
        body=body,
        facts={"provider": provider, "method": method, "path": path},
    )


def _query(text: bytes) -> dict[str, str]:
    """Return the last value of each name; of a name that ends in `[]` all of them, joined by commas."""
    query: dict[str, str] = {}
    for name, value in parse_qsl(text.decode("latin-1"), keep_blank_values=True):
        query[name] = f"{query[name]},{value}" if name in query and name.endswith("[]") else value
    return query


async def read_body(receive: Receive) -> bytes | None:
    """Read a request body; None when it is larger than `MAX_BODY_BYTES`.

    Raises:
        CutRequestError: the client is gone.
    """
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise CutRequestError
        part = message.get("body", b"")
        parts.append(part)
        size += len(part)
        if size > MAX_BODY_BYTES:
            return None
        if not message.get("more_body", False):
            return b"".join(parts)
