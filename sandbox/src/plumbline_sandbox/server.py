"""The ASGI application every provider shares: stages, faults, latency, journal.

The stages of a request, in order: read, identify, faults before, admit (credentials, limits),
handle, faults after, answer. Latency is spent half before and half after handling, so that a
client that gives up meets either fate.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
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
        wire = Wire(scope, receive, send)
        request = await _read(scope, receive, self._provider.name)
        if request is None:
            await wire.send(Answer(413))
            return
        self._provider.identify(request)
        try:
            await self._serve(request, wire)
        finally:
            request.release()

    async def _serve(self, request: Request, wire: "Wire") -> None:
        world = self._world
        latency_s = world.latency.draw_s(self._provider.name)
        if world.faults.take("lose-request", request.facts):
            await self._lose(request, wire, None)
            return
        await self._spend(latency_s / 2)
        answer = await self._answer(request)
        await self._spend(latency_s / 2)
        await self._deliver(request, answer, wire)

    async def _answer(self, request: Request) -> Answer:
        answer = self._fault(request, after_commit=False)
        if answer is None:
            answer = await self._execute(request)
        if answer.committed or answer.replay:
            answer = self._fault(request, after_commit=True) or answer
        self._provider.finish(request, answer)
        return answer

    async def _execute(self, request: Request) -> Answer:
        try:
            self._provider.admit(request)
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
                return self._provider.throttled(int(rule.args.get("retry_after", 60)))
            case "html":
                return Answer(int(rule.args.get("status", 502)), HTML_PAGE, {"content-type": "text/html"})
            case "status":
                return Answer(int(rule.args.get("status", 503)))
            case _:
                return Answer(int(rule.args.get("status", 500)))

    async def _deliver(self, request: Request, answer: Answer, wire: "Wire") -> None:
        faults, facts = self._world.faults, request.facts
        if delay := faults.take("delay", facts):
            await self._spend(float(delay.args.get("ms", 1000)) / 1000)
        if (answer.committed or answer.replay) and faults.take("lose-answer", facts, after_commit=True):
            await self._lose(request, wire, answer)
        elif answer.body and faults.take("truncate", facts):
            self._note("bytes-lost", request, answer)
            await wire.send_half(answer)
        else:
            self._note("answer", request, answer)
            await wire.send(answer)

    async def _lose(self, request: Request, wire: "Wire", answer: Answer | None) -> None:
        self._note("bytes-lost", request, answer)
        await wire.cut()

    def _note(self, kind: str, request: Request, answer: Answer | None) -> None:
        told = {} if answer is None else {"status": answer.status, "replay": answer.replay}
        committed = answer is not None and answer.committed
        self._world.journal.write(kind, **request.facts, **told, committed=committed)

    async def _spend(self, seconds: float) -> None:
        # Latency is real time: a scaled clock makes tokens age, not answers faster.
        if seconds > 0:
            await asyncio.sleep(seconds)


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

    async def cut(self) -> None:
        """Close the connection without sending anything."""
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


async def _read(scope: Scope, receive: Receive, provider: str) -> Request | None:
    """Read the whole request; None when it is too large."""
    body = await read_body(receive)
    if body is None:
        return None
    method, path = scope["method"], scope["path"]
    return Request(
        method=method,
        path=path,
        query=dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
        headers={name.decode("latin-1"): text.decode("latin-1") for name, text in scope["headers"]},
        body=body,
        facts={"provider": provider, "method": method, "path": path},
    )


async def read_body(receive: Receive) -> bytes | None:
    """Read a request body; None when it is larger than `MAX_BODY_BYTES`."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        part = message.get("body", b"")
        parts.append(part)
        size += len(part)
        if size > MAX_BODY_BYTES:
            return None
        if not message.get("more_body", False):
            return b"".join(parts)
