"""Lives as their campaign sees them, and the Kafka that outlives them."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from plumbline.common.contracts.cloudevents import Outgoing
from plumbline.common.contracts.topics import LEDGER_RESULTS
from tests.campaigns.link import Message, receive, send, socket_pair

BATCH = 20
"""Messages that are polled at once; they fit into one packet of the line."""

AHEAD = 10 * BATCH
"""A life is handed so many messages more than it has stored, as a consumer fetches only so far ahead."""


@dataclass(slots=True)
class Kafka:
    """What outlives every life: the commands, how far the group has read, and what was published."""

    commands: list[Outgoing] = field(default_factory=list)
    taken: int = 0
    published: list[Message] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set whenever something was taken or published; whoever waits clears it."""

    @property
    def end(self) -> int:
        """The offset after the last command."""
        return len(self.commands)

    @property
    def is_read(self) -> bool:
        """Whether the group has read to the end."""
        return self.taken == self.end

    def batch(self, offset: int) -> Sequence[Outgoing]:
        """Return the next commands from an offset on."""
        return self.commands[offset : offset + BATCH]

    def results(self, key: str) -> list[dict[str, Any]]:
        """Return the results published about a record, in order, repetitions included."""
        told = (m for m in self.published if m["topic"] == LEDGER_RESULTS.name and m["key"] == key)
        return [json.loads(m["value"]) for m in told]


class Life:
    """One forked process. It polls from `kafka` while it lives."""

    def __init__(self, replica: str, line: socket.socket, kafka: Kafka) -> None:
        """Listen to a life's line on the running loop."""
        self.replica = replica
        line.setblocking(False)
        self._line = line
        self._kafka = kafka
        self._polled = kafka.taken
        self._is_consuming = False
        self._arms: dict[str, str] | None = None
        self._pid = 0
        self._born = asyncio.Event()
        self._struck = asyncio.Event()
        self.ended = asyncio.Event()
        asyncio.get_running_loop().add_reader(line.fileno(), self._hear)

    async def comes_to(self, point: str, end: str) -> bool:
        """Poll; say whether it came to a point, where it stands still to be struck, or has ended before."""
        self._arms = {"point": point, "end": end}
        self._arm()
        self.poll()
        waiting = [asyncio.create_task(event.wait()) for event in (self._struck, self.ended)]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
        return self._struck.is_set()

    def strike(self) -> None:
        """Let the strike happen that it stands still for."""
        self._struck.clear()
        self._say("strike")

    def poll(self) -> None:
        """Hand over what has come to the topic since."""
        while self._is_consuming and self._polled < min(self._kafka.end, self._kafka.taken + AHEAD):
            batch = self._kafka.batch(self._polled)
            messages = [
                {"topic": m.topic, "key": m.key, "headers": dict(m.headers), "value": m.value.decode()}
                for m in batch
            ]
            self._say("batch", offset=self._polled, messages=messages)
            self._polled += len(batch)

    def resident_mb(self) -> float:
        """Return how much memory it has at the moment, in megabytes."""
        pages = int(Path(f"/proc/{self._pid}/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal, if it lives."""
        if self._born.is_set() and not self.ended.is_set():
            os.kill(self._pid, number)

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End it, in order unless told otherwise, and wait until it is gone."""
        await self._born.wait()
        self.send_signal(number)
        await self.ended.wait()

    def _arm(self) -> None:
        if self._is_consuming and self._arms is not None:
            self._say("arm", **self._arms)

    def _say(self, kind: str, /, **facts: Any) -> None:
        if not self.ended.is_set():
            try:
                send(self._line, kind, **facts)
            except OSError:
                self._end()

    def _hear(self) -> None:
        while not self.ended.is_set():
            try:
                message = receive(self._line)
            except BlockingIOError:
                return
            if message is None:
                self._end()
            else:
                self._note(message)

    def _note(self, message: Message) -> None:
        match message["kind"]:
            case "born":
                self._pid = message["pid"]
                self._born.set()
            case "consuming":
                self._is_consuming = True
                self._arm()
                self.poll()
            case "struck":
                self._struck.set()
            case "taken":
                self._kafka.taken = max(self._kafka.taken, message["offset"])
                self._kafka.changed.set()
                self.poll()
            case "published":
                self._kafka.published.append(message)
                self._kafka.changed.set()
            case unknown:
                raise ValueError(f"a life said {unknown}")

    def _end(self) -> None:
        if not self.ended.is_set():
            asyncio.get_running_loop().remove_reader(self._line.fileno())
            self._line.close()
            self.ended.set()
            self._born.set()
            self._kafka.changed.set()


Begin = Callable[[Mapping[str, Any]], socket.socket]
"""Begins a life as ordered and returns the campaign's end of its line; an order says what `live` of its kind takes."""

Bear = Callable[[str, Mapping[str, Any], Kafka], Life]
"""Begins a life of the writer under a replica's name; see `life.live` for what an order says."""


def bearing(begin: Begin) -> Bear:
    """Return what bears lives of the writer."""

    def bear(replica: str, order: Mapping[str, Any], kafka: Kafka) -> Life:
        return Life(replica, begin({"life": "writer", **order}), kafka)

    return bear


@asynccontextmanager
async def nursery() -> AsyncIterator[Begin]:
    """Run a nursery until the end of the context, and give what begins lives there."""
    ours, theirs = socket_pair()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.campaigns.nursery", str(theirs.fileno()),
        pass_fds=[theirs.fileno()], stdin=asyncio.subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    theirs.close()

    def begin(order: Mapping[str, Any]) -> socket.socket:
        line, its = socket_pair()
        with its:
            socket.send_fds(ours, [json.dumps(order).encode()], [its.fileno()])
        return line

    try:
        yield begin
    finally:
        ours.close()
        await process.wait()
