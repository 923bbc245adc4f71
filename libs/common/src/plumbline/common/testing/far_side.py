"""A partner for tests: one on a real socket that does as it is told, and tokens that can be refused."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import SecretStr

from plumbline.common.secrets.tokens import LiveToken, NoLiveTokenError

Play = Callable[[asyncio.StreamWriter], Awaitable[None]]
"""What the far side does once it has read a request."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One request as it came over the wire; header names are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


def answering(status: int, body: bytes = b"", **headers: str) -> Play:
    """Give one whole answer; underscores in header names stand for hyphens."""
    said = {"content-length": str(len(body)), **headers}
    lines = [
        f"HTTP/1.1 {status} Whatever",
        *(f"{name.replace('_', '-')}: {text}" for name, text in said.items()),
    ]

    async def play(writer: asyncio.StreamWriter) -> None:
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        await writer.drain()

    return play


@contextlib.asynccontextmanager
async def far_side(*plays: Play) -> AsyncIterator[tuple[str, list[Heard]]]:
    """Listen on a free port; the n-th request gets the n-th play, and the last one repeats.

    Gives the base URL and the list of what was heard, which grows.
    """
    heard: list[Heard] = []
    serving: set[asyncio.Task[None] | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.current_task())
        with contextlib.suppress(asyncio.CancelledError, asyncio.IncompleteReadError, ConnectionError):
            while True:
                heard.append(await _request(reader))
                await plays[min(len(heard), len(plays)) - 1](writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", heard
    finally:
        server.close()
        for task in filter(None, serving):
            task.cancel()
        await asyncio.gather(*filter(None, serving), return_exceptions=True)


async def _request(reader: asyncio.StreamReader) -> Heard:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.strip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): text.strip() for name, _, text in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Heard(method, target, headers, body)


class Tokens:
    """A `TokenSource` of the tokens `access-1`, `access-2` and so on, as long as there are any.

    `refused` has the versions that it was told of, `were_good` whether the far side took each of them before.
    """

    def __init__(self, newest: int = 2) -> None:
        """Have tokens up to version `newest`."""
        self.refused: list[int] = []
        self.were_good: list[bool] = []
        self._newest = newest

    async def live_token(self) -> LiveToken:
        """See `TokenSource`."""
        version = len(self.refused) + 1
        if version > self._newest:
            raise NoLiveTokenError("no live access token", holds_connection=True)
        return LiveToken(SecretStr(f"access-{version}"), version, datetime.max.replace(tzinfo=UTC))

    async def replace(self, refused: LiveToken, *, was_good: bool = False) -> LiveToken:
        """See `TokenSource`."""
        self.refused.append(refused.version)
        self.were_good.append(was_good)
        return await self.live_token()
