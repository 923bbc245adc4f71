"""One life of qb-writer: the whole service as it ships, with its campaign in the place of Kafka.

Runs in a forked process. Everything else is real: settings from the environment, PostgreSQL, the secret
store, the edge, the loop, the relay, HTTP, signals.
"""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

import structlog

from plumbline.common.contracts.cloudevents import Outgoing
from plumbline.common.testing.intake import FakeBroker, consumed
from plumbline.qb_writer.app import run
from plumbline.qb_writer.settings import Settings
from tests.campaigns.cases import Point
from tests.campaigns.forked import live_and_end
from tests.campaigns.link import Message, receive, send
from tests.campaigns.sabotages import SABOTAGES
from tests.campaigns.striking import Strike, watch_database, watch_requests

DRAIN_S = 5.0
"""How long a batch in hand may take to be stored once the service stops."""

log = structlog.get_logger(__name__)


def live(order: Mapping[str, Any], line: socket.socket) -> NoReturn:
    """Live as ordered and end the process.

    Args:
        order: `env`, `log` (a file for standard error), `sabotage` (a name, or null).
        line: to the campaign.
    """

    def begin() -> tuple[FakeBroker, Coroutine[Any, Any, None]]:
        polled: asyncio.Queue[Message] = asyncio.Queue()
        strike = Strike(line, meanwhile=polled.put_nowait)
        watch_database(strike)
        watch_requests(strike)
        return CampaignBroker(line=line, polled=polled, strike=strike), run(Settings())

    live_and_end(order, line, SABOTAGES, begin)


@dataclass(slots=True)
class CampaignBroker(FakeBroker):
    """Kafka, as far as the service can see: the campaign keeps the topics and the committed offsets."""

    line: socket.socket = field(kw_only=True)
    polled: "asyncio.Queue[Message]" = field(kw_only=True)
    strike: Strike = field(kw_only=True)
    _consuming: "asyncio.Task[None] | None" = field(default=None, init=False)
    _taking: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    async def start(self) -> None:
        """Begin to consume after the committed offset."""
        asyncio.get_running_loop().add_reader(self.line.fileno(), self._hear)
        self._consuming = asyncio.create_task(self._consume())
        send(self.line, "consuming")

    async def stop(self) -> None:
        """Stop consuming; a batch in hand is stored first."""
        asyncio.get_running_loop().remove_reader(self.line.fileno())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_S), self._taking:
                pass
        if self._consuming is not None:
            self._consuming.cancel()

    async def publish(
        self, value: bytes, topic: str, *, key: bytes, headers: Mapping[str, str], no_confirm: bool
    ) -> "asyncio.Future[None]":
        """Hand a message to the campaign, which keeps it whatever becomes of this process."""
        assert no_confirm
        send(
            self.line, "published", topic=topic, key=key.decode(), value=value.decode(), headers=dict(headers)
        )
        acknowledged: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        acknowledged.set_result(None)
        await self.strike.reach(Point.PRODUCED)
        return acknowledged

    def _hear(self) -> None:
        message = receive(self.line)
        if message is None:  # the campaign is gone
            os.kill(os.getpid(), signal.SIGKILL)
        elif message["kind"] == "arm":
            self.strike.arm(message["point"], message["end"])
        else:
            self.polled.put_nowait(message)

    async def _consume(self) -> None:
        while True:
            batch = await self.polled.get()
            async with self._taking:
                await self._take_until_stored(batch)

    async def _take_until_stored(self, batch: Message) -> None:
        """Deliver a batch again and again, as Kafka does, until its offset is committed."""
        messages = [
            Outgoing(m["topic"], m["key"], m["headers"], m["value"].encode()) for m in batch["messages"]
        ]
        records = [consumed(message, offset=batch["offset"] + n) for n, message in enumerate(messages)]
        while True:
            try:
                await self.strike.reach(Point.POLLED)
                await self.deliver(messages[0].topic, records)
                await self.strike.reach(Point.STORED)
            except Exception as error:  # noqa: BLE001  whatever it is, the batch is polled again
                log.warning("campaign.delivered-again", error=repr(error))
            except asyncio.CancelledError:
                task = asyncio.current_task()
                if task is None or self.strike.cancelled is not task:
                    raise
                self.strike.cancelled = None
                task.uncancel()
            else:
                break
        send(self.line, "taken", offset=batch["offset"] + len(records))
