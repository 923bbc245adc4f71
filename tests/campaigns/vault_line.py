"""The line between the services and Vault, which may be slow, or swallow what is sent."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

CHUNK_BYTES = 65_536


@dataclass(slots=True)
class Line:
    """Passes on what comes, after a delay; while it is dumb it takes everything and passes on nothing."""

    far_port: int
    port: int = 0
    delay_s: float = 0.0
    _speaks: asyncio.Event = field(default_factory=asyncio.Event)
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    def hush(self) -> None:
        """Pass on nothing from now on."""
        self._speaks.clear()

    def mend(self) -> None:
        """Pass on everything, at once; what hung is cut off, as it is where somebody restarts what hangs."""
        self.delay_s = 0.0
        if not self._speaks.is_set():
            for writer in self._open:
                writer.close()
        self._speaks.set()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection."""
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.far_port)
        except OSError:
            writer.close()
            return
        ends = {writer, far_writer}
        self._open |= ends
        try:
            ways = [self._pass(reader, far_writer), self._pass(far_reader, writer)]
            await asyncio.gather(*ways)
        finally:
            self._open -= ends
            for end in ends:
                end.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(CHUNK_BYTES):
                await asyncio.sleep(self.delay_s)
                await self._speaks.wait()
                writer.write(data)
                await writer.drain()
        writer.close()


@asynccontextmanager
async def line_to(far_port: int) -> AsyncIterator[Line]:
    """Give a line to a port of this machine until the end of the context."""
    line = Line(far_port)
    line.mend()
    server = await asyncio.start_server(line.carry, "127.0.0.1", 0)
    line.port = server.sockets[0].getsockname()[1]
    try:
        yield line
    finally:
        line.mend()
        server.close()
