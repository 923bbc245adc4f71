"""The relay: publishes the outbox, one relay at work per service."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import asyncpg
import structlog

from plumbline.common.contracts.cloudevents import Outgoing
from plumbline.common.database import Connection, database_errors
from plumbline.common.errors import TransientError
from plumbline.common.listening import Bell
from plumbline.common.outbox.box import QUERIES, headers_of

BATCH = 500
"""Messages published together; Kafka acknowledges them as a few produce requests."""

POLL_S = 1.0
"""How long a missed notification may delay a message."""

PAUSE_AFTER_FAILURE_S = 0.5
"""Between attempts while Kafka or PostgreSQL is away."""

log = structlog.get_logger(__name__)


class PublishError(TransientError):
    """Kafka did not acknowledge a message in time; it may have it all the same."""


class Publisher(Protocol):
    """Publishes to Kafka with `acks=all`."""

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        """Return once every message is acknowledged; keeps the order of messages of one key.

        Raises:
            PublishError: transient; some may have been published.
        """


class Relay:
    """Moves messages from the outbox to Kafka, at least once, in order per key."""

    def __init__(self, *, url: str, schema: str, publisher: Publisher, bell: Bell) -> None:
        """Relay one schema's outbox; `bell` rings when something was put."""
        self._url = url
        self._schema = schema
        self._publisher = publisher
        self._bell = bell

    async def run(self) -> None:
        """Relay until cancelled; takes its turn by an advisory lock if others do the same."""
        while True:
            try:
                with database_errors():
                    await self._relay_with_lock()
            except TransientError as error:
                log.warning("relay.waiting", **error.log_fields())
            await asyncio.sleep(PAUSE_AFTER_FAILURE_S)

    async def _relay_with_lock(self) -> None:
        connection = await asyncpg.connect(
            self._url, timeout=10.0, command_timeout=30.0, server_settings={"search_path": self._schema}
        )
        try:
            await self._take_turn(connection)
            while True:
                if not await self.relay_once(connection):
                    await self._bell.wait(POLL_S)
        finally:
            connection.terminate()

    async def _take_turn(self, connection: Connection) -> None:
        # The server frees the lock of a relay that dies with its connection.
        while not await connection.fetchval(
            "SELECT pg_try_advisory_lock(hashtext('relay ' || $1))", self._schema
        ):
            log.debug("relay.standing-by")
            await asyncio.sleep(POLL_S)

    async def relay_once(self, connection: Connection) -> int:
        """Publish the oldest messages, forget them, and return how many there were.

        Raises:
            PublishError: transient; everything that was not forgotten is published again.
        """
        rows: list[Mapping[str, Any]] = await connection.fetch(QUERIES["next_batch"], BATCH)
        if not rows:
            return 0
        await self._publisher.publish(
            [Outgoing(row["topic"], row["key"], headers_of(row["headers"]), row["value"]) for row in rows]
        )
        await connection.execute(QUERIES["published"], [row["id"] for row in rows])
        return len(rows)
