"""Identity: request ids, document numbers and the marker that says a document is ours."""

import base64
import hashlib
import re
import uuid
from collections.abc import Iterator

NUMBER_MAX = 21
"""Longest `DocNumber` (Intuit, Invoice reference)."""

_NAMESPACE = uuid.UUID("6f0f9c1e-6f0a-5c0b-8f5e-3a1f5f9b7d11")
_TAIL_LENGTH = 6
_MARKER = re.compile(r"plumbline:(?P<record>.+)#\d+")


def request_id(*, realm: str, record: str, incarnation: int, number: int, body: bytes) -> str:
    """Return the `requestid` of a write: 36 characters, the same for every try of the same bytes.

    QuickBooks answers a repeated id with its first answer and does nothing (Intuit, Basic field
    definitions). A new write has a new number, so that A → B → A ends in A again and a
    remembered fault does not outlive its cause.
    """
    digest = hashlib.sha256(body).hexdigest()
    return str(uuid.uuid5(_NAMESPACE, f"{realm}\n{record}\n{incarnation}\n{number}\n{digest}"))


def marker(record: str, incarnation: int) -> str:
    """Return the private note that says whose document it is."""
    return f"plumbline:{record}#{incarnation}"


def marked(note: str) -> str | None:
    """Return the record whose marker a note carries, if any; that of a voided document carries more words."""
    found = _MARKER.search(note)
    return found["record"] if found else None


def number_candidates(wanted: str, *, record: str, incarnation: int) -> Iterator[str]:
    """Give the document numbers to try, best first.

    The wanted one if it fits and this is the first incarnation; then the same with its tail
    replaced by `~` and six characters of a hash, which says that it was changed.
    """
    if len(wanted) <= NUMBER_MAX and incarnation == 1:
        yield wanted
    digest = hashlib.sha256(f"{record}#{incarnation}".encode()).digest()
    tail = base64.b32encode(digest).decode()[:_TAIL_LENGTH]
    yield f"{wanted[: NUMBER_MAX - _TAIL_LENGTH - 1]}~{tail}"
