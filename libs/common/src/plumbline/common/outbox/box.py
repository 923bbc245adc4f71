"""Putting messages into the outbox, inside the caller's transaction."""

from collections.abc import Sequence

from plumbline.common.contracts.cloudevents import Outgoing
from plumbline.common.database import Connection, load_queries
from plumbline.common.errors import PermanentError

QUERIES = load_queries("plumbline.common.outbox")
"""The outbox's SQL."""

MAX_BYTES = 900_000
"""Kafka takes a message up to 1 MiB, headers and framing included; no larger one is put."""

_SEPARATOR = "\x1f"


class MessageTooLargeError(PermanentError):
    """A message is larger than Kafka takes; it would block all that were put after it."""


async def put(connection: Connection, messages: Sequence[Outgoing]) -> None:
    """Keep messages until they are published: they exist if and only if the transaction commits.

    The caller holds the lock of the record they tell of, which makes their order the order of
    decisions. They are published at least once.

    Raises:
        MessageTooLargeError: permanent; nothing was put.
    """
    if not messages:
        return
    for message in messages:
        if len(message.value) > MAX_BYTES:
            raise MessageTooLargeError(
                f"{message.key} would be {len(message.value)} bytes on {message.topic}."
            )
    await connection.execute(
        QUERIES["put"],
        [m.topic for m in messages],
        [m.key for m in messages],
        [_SEPARATOR.join(part for pair in m.headers.items() for part in pair) for m in messages],
        [m.value for m in messages],
    )
    await connection.execute(QUERIES["notify"])


def headers_of(flat: Sequence[str]) -> dict[str, str]:
    """Return stored headers as a mapping."""
    return dict(zip(flat[0::2], flat[1::2], strict=True))
