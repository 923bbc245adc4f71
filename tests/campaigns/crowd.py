"""Many records at once, worked by two replicas that share one database."""

import asyncio
import contextlib
import zlib
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Self

from plumbline.common.contracts.cloudevents import Outgoing
from plumbline.common.testing.waiting import eventually
from tests.campaigns.evidence import unfinished, unpublished
from tests.campaigns.link import Message
from tests.campaigns.lives import Kafka, Life
from tests.campaigns.servers import Pace, Place

REPLICAS = ("a", "b")
"""Each reads its own partitions."""

PACE = Pace(lease_margin_s=15.0)
"""Nobody dies here, and records of one company wait for their turn: leases are as long as in production."""

LOOK_S = 0.5
"""Between two looks at the tables."""


class Crowd:
    """The replicas at work, as a context; each has a half of the keys."""

    def __init__(self, place: Place, *, log: str) -> None:
        """Work in a place."""
        self._place = place
        self._log = log
        self._partitions = [Kafka() for _ in REPLICAS]
        self._lives: list[Life] = []
        self.deaths = 0
        """How many lives ended by themselves, and were followed by another, as a supervisor does it."""

    async def __aenter__(self) -> Self:
        """Begin."""
        self._lives = [
            self._place.live(replica, kafka, log=self._log)
            for replica, kafka in zip(REPLICAS, self._partitions, strict=True)
        ]
        return self

    def keep_alive(self) -> None:
        """Begin another life for each that has ended."""
        for n, (life, kafka) in enumerate(zip(self._lives, self._partitions, strict=True)):
            if life.ended.is_set():
                self.deaths += 1
                self._lives[n] = self._place.live(life.replica, kafka, log=self._log)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""
        await self._place.end_lives()

    def ask(self, commands: Iterable[Outgoing]) -> None:
        """Publish commands, each to its key's partition."""
        for command in commands:
            self._of(command.key).commands.append(command)
        for life in self._lives:
            life.poll()

    async def until_at_rest(self, max_s: float) -> None:
        """Wait until there is nothing to do but what waits for a person, or for so long; the verdict tells which."""
        with contextlib.suppress(TimeoutError):
            await eventually(self._is_at_rest, within_s=max_s)

    @property
    def published(self) -> list[Message]:
        """Everything that was published so far; of each replica in order."""
        return [message for kafka in self._partitions for message in kafka.published]

    def results(self, key: str) -> list[dict[str, Any]]:
        """Return the results published about a record, in order."""
        return [result for kafka in self._partitions for result in kafka.results(key)]

    def _of(self, key: str) -> Kafka:
        return self._partitions[zlib.crc32(key.encode()) % len(self._partitions)]

    async def _is_at_rest(self) -> bool:
        self.keep_alive()
        if not all(kafka.is_read for kafka in self._partitions):
            return False
        await asyncio.sleep(LOOK_S)
        pool = self._place.pool
        return all(row["is_parked"] for row in await unfinished(pool)) and not await unpublished(pool)
