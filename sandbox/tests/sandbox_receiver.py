"""An endpoint that takes what the sandbox sends, and answers as it is told."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self


@dataclass
class Taken:
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """A server on a free port; `statuses` are its next answers, 200 once they are used up."""

    statuses: list[int] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    url: str = ""
    _server: asyncio.Server | None = None
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/hook"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()

    async def count(self, wanted: int) -> list[Taken]:
        """Wait for so many requests."""
        async with asyncio.timeout(10), self._news:
            await self._news.wait_for(lambda: len(self.taken) >= wanted)
        return self.taken

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:-2]
        headers = {line.split(": ")[0].lower(): line.split(": ", 1)[1] for line in head}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        status = self.statuses.pop(0) if self.statuses else 200
        writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()
        async with self._news:
            self.taken.append(Taken(headers, body))
            self._news.notify_all()
