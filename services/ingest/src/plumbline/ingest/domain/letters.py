"""Dead letters of webhooks: what they are called, and what is kept beside the body."""

import hashlib
from collections.abc import Iterable

KEPT_HEADERS = frozenset(
    {"content-encoding", "content-length", "content-type", "traceparent", "user-agent", "x-request-id"}
    | {"intuit-created-time", "intuit-notification-schema-version", "intuit-t-id"}
)
"""Headers that tell how a body came. A list of what is kept: no header that proves the sender can slip in."""

MAX_HEADER_CHARS = 1000
"""So much of a header is kept."""

MAX_KEPT_BYTES = 512 * 1024
"""So much of a body is kept: in base64 it has to fit into a message of Kafka's 1 MB."""


def letter_id(addressee: str, body: bytes) -> str:
    """Return the id of a dead letter: the same for the same body, however often it is delivered."""
    return hashlib.sha256(addressee.encode() + b"\x00" + body).hexdigest()[:32]


def kept_headers(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return what a dead letter keeps of a request's headers, whose names are in lower case."""
    named = ((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)
    return {name: value[:MAX_HEADER_CHARS] for name, value in named if name in KEPT_HEADERS}
