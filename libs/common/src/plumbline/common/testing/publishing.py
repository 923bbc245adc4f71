"""A Kafka that only remembers, and that can be away."""

from collections.abc import Sequence
from functools import partial

from plumbline.common.contracts.cloudevents import Outgoing
from plumbline.common.outbox.relay import PublishError
from plumbline.common.testing.crashing import Doom


class RecordingPublisher:
    """A `Publisher` that keeps what it was given, in order.

    `away` refuses everything; `fails_after` lets so many messages of the next call through
    and then refuses, once: what a broken connection to Kafka looks like.
    """

    def __init__(self, doom: Doom | None = None) -> None:
        """Start with nothing published; with a `doom`, every message is a step of it."""
        self.published: list[Outgoing] = []
        self.away = False
        self.fails_after: int | None = None
        self.calls = 0
        self._doom = doom or Doom.none()

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        """See `Publisher`."""
        self.calls += 1
        if self.away:
            raise PublishError("Kafka was told to be away")
        passing, self.fails_after = self.fails_after, None
        for message in messages[:passing]:
            keep = partial(self._keep, message)
            await self._doom.step(f"publish {message.key}", keep, error=PublishError())
        if passing is not None:
            raise PublishError("Kafka went away in the middle")

    def values_of(self, key: str) -> list[bytes]:
        """Return the values published under a key, in order, repetitions included."""
        return [message.value for message in self.published if message.key == key]

    async def _keep(self, message: Outgoing) -> None:
        self.published.append(message)
