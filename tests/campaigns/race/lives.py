"""The processes of a race as the campaign sees them."""

import asyncio
import os
import signal
import socket
from collections.abc import Mapping
from typing import Any

from tests.campaigns.link import Message, receive
from tests.campaigns.lives import Begin


class Racer:
    """One forked process: a replica of token-vault and its callers."""

    def __init__(self, begin: Begin, order: Mapping[str, Any]) -> None:
        """Begin it, and listen to its line on the running loop."""
        self.order = order
        self.report: Message | None = None
        """What came of its callers."""
        self.published: list[Message] = []
        self.ended = asyncio.Event()
        self.asked = asyncio.Event()
        """Set when its callers have come to an end, or it has."""
        self._pid = 0
        self._born = asyncio.Event()
        self._line = begin(order)
        self._line.setblocking(False)
        asyncio.get_running_loop().add_reader(self._line.fileno(), self._hear, self._line)

    async def kill(self) -> None:
        """End it at once and wait until it is gone."""
        await self._born.wait()
        if not self.ended.is_set():
            os.kill(self._pid, signal.SIGKILL)
        await self.ended.wait()

    def _hear(self, line: socket.socket) -> None:
        while not self.ended.is_set():
            try:
                message = receive(line)
            except BlockingIOError:
                return
            self._note(message)

    def _note(self, message: Message | None) -> None:
        if message is None:
            asyncio.get_running_loop().remove_reader(self._line.fileno())
            self._line.close()
            for event in (self.ended, self.asked, self._born):
                event.set()
        elif message["kind"] == "born":
            self._pid = message["pid"]
            self._born.set()
        elif message["kind"] == "asked":
            self.report = message
            self.asked.set()
        else:
            self.published.append(message)
