"""Striking a life: at the first time it reaches a point, it is killed, told to stop, broken or cancelled.

The points are watched where the writer meets its libraries: asyncpg's statements, HTTPX's trace of a
request, and Kafka's broker. The code under test has no hook for it.
"""

import asyncio
import os
import signal
import socket
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from unittest.mock import patch

import asyncpg
import httpx

from plumbline.common.database import load_queries
from tests.campaigns.cases import End, Point
from tests.campaigns.link import Message, send, wait_for

PACKAGES = (
    "plumbline.common.reconciling",
    "plumbline.common.outbox",
    "plumbline.common.secrets",
    "plumbline.qb_writer",
)
"""Whose named queries are watched."""

AFTER_STATEMENT: Mapping[str, Point] = {
    "receive": Point.STORING,
    "claim": Point.CLAIMED,
    "read_document": Point.TOKEN,
    "take_turn": Point.TURN,
    "open_write": Point.OPENING,
    "close_write": Point.CONFIRMING,
    "put": Point.TELLING,
}
"""Points right after a statement that had a result."""

AFTER_COMMIT: Mapping[str, Point] = {
    "open_write": Point.OPENED,
    "close_write": Point.CONFIRMED,
    "put": Point.TOLD,
}
"""Points right after the commit of a transaction with this statement in it."""

AFTER_TRACE: Mapping[str, Point] = {
    "http11.send_request_headers.complete": Point.HALF_SENT,
    "http11.send_request_body.complete": Point.SENT,
    "http11.receive_response_headers.complete": Point.ANSWERED,
    "http11.receive_response_body.complete": Point.READ,
}
"""Points of a request. A write's own; or of a read that began after one, for some writes get no answer."""


class StruckError(RuntimeError):
    """What a campaign raises in the middle of the writer: a bug without a name."""


class Strike:
    """What a life is in for: one strike at a time, or none."""

    def __init__(self, line: socket.socket, *, meanwhile: Callable[[Message], None]) -> None:
        """Be in for none yet.

        Args:
            line: to the campaign.
            meanwhile: takes what the campaign says of other things while a strike waits for its word.
        """
        self._line = line
        self._meanwhile = meanwhile
        self._point: Point | None = None
        self._end = End.KILL
        self.cancelled: asyncio.Task[Any] | None = None
        """The task that was struck by cancellation."""
        self.a_write_began = False
        """Whether a write was begun since the life was armed; only from then on requests have points."""

    def arm(self, point: str, end: str) -> None:
        """Strike at the next time that `point` is reached, in the manner of `end`."""
        self._point, self._end, self.a_write_began = Point(point), End(end), False

    async def reach(self, point: Point) -> None:
        """Pass a point, or be struck there.

        Raises:
            StruckError, asyncio.CancelledError: struck so.
        """
        if point != self._point:
            return
        self._point = None
        self._await_word(point)
        match self._end:
            case End.KILL:
                os.kill(os.getpid(), signal.SIGKILL)
            case End.TERM:
                os.kill(os.getpid(), signal.SIGTERM)
            case End.EXCEPTION:
                raise StruckError(f"struck at {point}")
            case End.CANCELLATION:
                self.cancelled = asyncio.current_task()
                assert self.cancelled is not None
                self.cancelled.cancel()
                await asyncio.sleep(0)
            case End.STALL:
                pass  # it stood still for as long as the campaign wanted

    def _await_word(self, point: Point) -> None:
        """Stand still, the whole process, until the campaign has prepared for what comes after."""
        send(self._line, "struck", point=point)
        while (message := wait_for(self._line)) is not None and message["kind"] != "strike":
            self._meanwhile(message)


def watch_database(strike: Strike) -> None:
    """Watch every statement of this process."""
    names = watched_statements()
    begun: defaultdict[int, set[str]] = defaultdict(set)

    async def after(connection: int, query: str, result: object) -> None:
        if query in {"COMMIT;", "ROLLBACK;"}:
            for name in begun.pop(connection, ()):
                if query == "COMMIT;" and name in AFTER_COMMIT:
                    await strike.reach(AFTER_COMMIT[name])
        elif (name := names.get(_first_line(query), "")) and result is not None and result != []:
            begun[connection].add(name)
            if name in AFTER_STATEMENT:
                await strike.reach(AFTER_STATEMENT[name])

    for method in ("execute", "fetch", "fetchrow", "fetchval"):
        followed = _followed(getattr(asyncpg.Connection, method), after)
        patch.object(asyncpg.Connection, method, followed).start()


def watched_statements() -> dict[str, str]:
    """Return the names of the watched packages' statements by their first line: a sabotaged one has it still.

    Raises:
        LookupError: a point's statement is there no more, or another begins like it.
    """
    lines = [(_first_line(q), name) for package in PACKAGES for name, q in load_queries(package).items()]
    names = dict(lines)
    for name in {*AFTER_STATEMENT, *AFTER_COMMIT}:
        mine = [line for line, of in lines if of == name]
        if len(mine) != 1 or names[mine[0]] != name or sum(line == mine[0] for line, _ in lines) != 1:
            raise LookupError(f"no statement of its own is called {name}")
    return names


def _first_line(query: str) -> str:
    return query.split("\n", 1)[0]


def _followed(
    method: Callable[..., Awaitable[Any]], after: Callable[[int, str, object], Awaitable[None]]
) -> Callable[..., Awaitable[Any]]:
    async def call(self: object, query: str, *args: Any, **options: Any) -> Any:
        result = await method(self, query, *args, **options)
        await after(id(self), query, result)
        return result

    return call


def watch_requests(strike: Strike) -> None:
    """Watch every request of this process."""
    send_it = httpx.AsyncHTTPTransport.handle_async_request

    async def handle(self: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        strike.a_write_began |= request.method == "POST"
        if strike.a_write_began:
            request.extensions = {**request.extensions, "trace": _trace(strike)}
        return await send_it(self, request)

    patch.object(httpx.AsyncHTTPTransport, "handle_async_request", handle).start()


def _trace(strike: Strike) -> Callable[[str, Mapping[str, Any]], Awaitable[None]]:
    async def on_event(name: str, _: Mapping[str, Any]) -> None:
        if name in AFTER_TRACE:
            await strike.reach(AFTER_TRACE[name])

    return on_event
