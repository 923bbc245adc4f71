"""Kafka's side of an edge, without Kafka: batches delivered until they are taken."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from aiokafka import ConsumerRecord

from plumbline.common.contracts.cloudevents import Outgoing

Handler = Callable[[Any, Any], Awaitable[None]]
"""What FastStream calls with the decoded batch and the message."""


@dataclass(slots=True)
class FakeBroker:
    """Has the face of `KafkaBroker` that `Edge` uses: it keeps what subscribes.

    Like Kafka it forgets nothing that was not taken: `deliver` raises what the subscriber
    raised, and the caller delivers the same batch again.
    """

    handlers: dict[str, Handler] = field(default_factory=dict)
    options: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def subscriber(self, topic: str, **options: Any) -> Callable[[Handler], Handler]:
        """Keep the handler and options of a topic."""
        self.options[topic] = options

        def keep(handler: Handler) -> Handler:
            self.handlers[topic] = handler
            return handler

        return keep

    async def deliver(self, topic: str, batch: Sequence["ConsumerRecord[bytes, bytes]"]) -> None:
        """Hand a batch to the topic's subscriber."""
        await self.handlers[topic](None, SimpleNamespace(raw_message=tuple(batch)))


def consumed(message: Outgoing, *, offset: int, partition: int = 0) -> "ConsumerRecord[bytes, bytes]":
    """Return a message as a consumer gets it."""
    headers = [(name, value.encode()) for name, value in message.headers.items()]
    return raw_record(
        message.topic,
        message.value,
        key=message.key.encode(),
        headers=headers,
        offset=offset,
        partition=partition,
    )


def raw_record(
    topic: str,
    value: bytes | None,
    *,
    key: bytes | None = None,
    headers: Sequence[tuple[str, bytes]] = (),
    offset: int = 0,
    partition: int = 0,
) -> "ConsumerRecord[bytes, bytes]":
    """Return any record, however broken, as a consumer gets it."""
    return ConsumerRecord(
        topic=topic,
        partition=partition,
        offset=offset,
        timestamp=0,
        timestamp_type=0,
        key=key,
        value=value,
        checksum=None,
        serialized_key_size=len(key or b""),
        serialized_value_size=len(value or b""),
        headers=tuple(headers),
    )
