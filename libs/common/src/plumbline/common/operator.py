"""The routes that operators' tools and the control room use, the same on every service.

Everything but health and metrics needs `Authorization: Bearer <operator token>`.
"""

import asyncio
import hmac
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import SecretStr
from pydantic_core import to_json
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from plumbline.common.clock import Clock
from plumbline.common.database import DatabaseUnavailableError, Pool, borrowed, transaction
from plumbline.common.metrics import READY
from plumbline.common.reconciling.store import BY_OPERATOR, QUERIES, resume

PARKED_SHOWN = 500
"""How many parked records one answer lists."""

BODY_BYTES_MAX = 1024 * 1024
"""The largest body of an operator's request, but for routes that say what they take: thousands of keys or links."""

BODY_WITHIN_S = 60.0
"""How long it may take to send one."""

Tell = Callable[[str], Awaitable[Mapping[str, Any] | None]]
"""Tells a service's story of one record: named facts, and `story`, a list of sentences in order."""

Ready = Callable[[], str | None]
"""Says why the service is not ready, or None if it is."""


def answer(value: object, status: int = 200) -> Response:
    """Return a JSON answer; times become ISO 8601, decimals strings."""
    return Response(to_json(value), status_code=status, media_type="application/json")


def refusal(status: int, code: str, sentence: str) -> Response:
    """Return an error answer: a stable code and what to do."""
    return answer({"error": code, "detail": sentence}, status)


class _RefusedBodyError(Exception):
    """A body is too large or too slow; nothing was done."""

    def __init__(self, status: int, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.response = refusal(status, code, sentence)


def _bounded(receive: Receive) -> Receive:
    """Return what hands a request's body on as long as it is small and comes in time."""
    ends_at = asyncio.get_running_loop().time() + BODY_WITHIN_S
    size, is_whole = 0, False

    async def receiving() -> Message:
        nonlocal size, is_whole
        try:
            async with asyncio.timeout_at(None if is_whole else ends_at):
                message = await receive()
        except TimeoutError:
            sentence = f"A request may take {BODY_WITHIN_S:.0f} s to send; send it again."
            raise _RefusedBodyError(408, "too-slow", sentence) from None
        size += len(message.get("body", b""))
        is_whole = not message.get("more_body", False)
        if size > BODY_BYTES_MAX:
            raise _RefusedBodyError(
                413, "too-large", f"Send {BODY_BYTES_MAX} bytes at most, in several requests."
            )
        return message

    return receiving


class _Guard:
    """Lets only bearers of the operator token past, except to health, metrics, and what a service guards by itself.

    Bodies are bounded here too, for all routes but those that bound them by themselves.

    An address with a NUL in it is answered here: PostgreSQL's text holds none, so nothing of that name can be.
    """

    def __init__(
        self, app: ASGIApp, token: SecretStr, others: tuple[str, ...], self_bounded: tuple[str, ...]
    ) -> None:
        self._app = app
        self._others = ("/health", "/metrics", *others)
        self._self_bounded = (*others, *self_bounded)
        self._expected = f"Bearer {token.get_secret_value()}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # With a slash at its end a folder's own path begins as all that is in it.
        if scope["type"] == "http" and not f"{scope['path']}/".startswith(self._others):
            given = dict(scope["headers"]).get(b"authorization", b"")
            if not hmac.compare_digest(given, self._expected):
                response = refusal(401, "not-an-operator", "Send the operator token as a bearer token.")
                await response(scope, receive, send)
                return
        if scope["type"] == "http" and ("\0" in scope["path"] or b"%00" in scope["query_string"]):
            response = refusal(
                400, "not-text", "No name, path or reason has a NUL character in it; leave it out."
            )
            await response(scope, receive, send)
            return
        if scope["type"] == "http" and not f"{scope['path']}/".startswith(self._self_bounded):
            receive = _bounded(receive)
        await self._app(scope, receive, send)


class RecordRoutes:
    """Routes over one service's records."""

    def __init__(self, *, pool: Pool, clock: Clock, tell: Tell) -> None:
        """Serve the work table of `pool`'s schema; `tell` adds what the service knows."""
        self._pool = pool
        self._clock = clock
        self._tell = tell

    def routes(self) -> list[BaseRoute]:
        """Return the routes, to be mounted at the root."""
        return [
            Route("/records", self.find),
            Route("/records/{key:path}", self.show),
            Route("/parked", self.parked),
            Route("/parked/{key:path}/resume", self.resume, methods=["POST"]),
            Route("/status", self.status),
        ]

    async def find(self, request: Request) -> Response:
        """`GET /records?find=TEXT`: keys that contain the text."""
        async with borrowed(self._pool) as connection:
            rows = await connection.fetch(QUERIES["find"], request.query_params.get("find", ""))
        return answer({"keys": [row["key"] for row in rows]})

    async def show(self, request: Request) -> Response:
        """`GET /records/{key}`: the record's work and its story so far."""
        key = request.path_params["key"]
        async with borrowed(self._pool) as connection:
            row = await connection.fetchrow(QUERIES["describe"], key)
        known = await self._tell(key)
        if row is None and known is None:
            return refusal(404, "unknown-record", f"Nothing is known of {key} here.")
        return answer({"key": key, "work": dict(row) if row else None, **(known or {})})

    async def parked(self, _: Request) -> Response:
        """`GET /parked`: everything that waits for a person."""
        async with borrowed(self._pool) as connection:
            rows = await connection.fetch(QUERIES["parked"], PARKED_SHOWN)
        return answer({"parked": [dict(row) for row in rows]})

    async def resume(self, request: Request) -> Response:
        """`POST /parked/{key}/resume`: try a parked record again now."""
        key = request.path_params["key"]
        async with transaction(self._pool) as connection:
            resumed = await resume(
                connection, keys=[key], cause=f"{BY_OPERATOR}{uuid.uuid4()}", now=self._clock.now()
            )
        if not resumed:
            return refusal(404, "not-parked", f"{key} is not parked here; `plumbline parked` lists what is.")
        return answer({"resumed": resumed})

    async def status(self, _: Request) -> Response:
        """`GET /status`: what there is to do, per connection."""
        async with borrowed(self._pool) as connection:
            rows = await connection.fetch(QUERIES["totals"])
        return answer({"connections": [dict(row) for row in rows]})


def operator_app(
    *,
    service: str,
    token: SecretStr,
    ready: Ready,
    routes: Sequence[BaseRoute],
    self_guarded: tuple[str, ...] = (),
    self_bounded: tuple[str, ...] = (),
) -> ASGIApp:
    """Return the HTTP side of a service: health, metrics, and guarded routes.

    Args:
        service: its name.
        token: what operators' calls carry.
        ready: says why the service is not ready.
        routes: all of its own.
        self_guarded: beginnings of paths whose routes ask for a proof of their own instead of that token.
        self_bounded: beginnings of paths whose routes say by themselves how much they take, and in which time;
            those that are guarded by themselves do so as well.
    """
    READY.labels(service).set_function(lambda: float(ready() is None))

    async def live(_: Request) -> Response:
        return PlainTextResponse("alive\n")

    async def is_ready(_: Request) -> Response:
        reason = ready()
        return PlainTextResponse("ready\n") if reason is None else PlainTextResponse(f"{reason}\n", 503)

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    async def database_away(_: Request, error: Exception) -> Response:
        return refusal(503, DatabaseUnavailableError.code, str(error))

    async def refused_body(_: Request, error: Exception) -> Response:
        assert isinstance(error, _RefusedBodyError)
        return error.response

    health = [Route("/health/live", live), Route("/health/ready", is_ready), Route("/metrics", metrics)]
    return Starlette(
        routes=[*health, *routes],
        middleware=[Middleware(_Guard, token=token, others=self_guarded, self_bounded=self_bounded)],
        exception_handlers={DatabaseUnavailableError: database_away, _RefusedBodyError: refused_body},
    )
