"""An endpoint that webhooks are sent to, on a real socket."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from dataclasses import dataclass
from typing import Any, Self

PATIENCE_S = 5.0
"""How long a test waits for what should come at once."""


@dataclass(frozen=True)
class Received:
    headers: dict[str, str]
    body: bytes

    @property
    def events(self) -> list[dict[str, Any]]:
        """The body of an Intuit notification as CloudEvents."""
        events: list[dict[str, Any]] = json.loads(self.body)
        return events


class Listener:
    """Takes posts and answers 200, or what `answers` holds; None never answers."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.answers: deque[int | None] = deque()
        self._came = asyncio.Condition()
        self._writers: list[asyncio.StreamWriter] = []

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/hook"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in self._writers:
            writer.close()
        await asyncio.sleep(0)

    async def wait(self, count: int) -> list[Received]:
        """Return what came, as soon as there are so many posts."""
        async with asyncio.timeout(PATIENCE_S), self._came:
            await self._came.wait_for(lambda: len(self.received) >= count)
        return self.received

    async def quiet(self) -> list[Received]:
        """Return what came after a while in which more could have come."""
        await asyncio.sleep(0.1)
        return self.received

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        try:
            while await self._answer(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        pairs = (line.split(": ", 1) for line in head[1:] if line)
        headers = {name.lower(): text for name, text in pairs}
        body = await reader.readexactly(int(headers["content-length"]))
        async with self._came:
            self.received.append(Received(headers, body))
            self._came.notify_all()
        status = self.answers.popleft() if self.answers else 200
        if status is None:
            return bool(await reader.read())
        writer.write(f"HTTP/1.1 {status} Answer\r\ncontent-length: 0\r\n\r\n".encode())
        await writer.drain()
        return True
