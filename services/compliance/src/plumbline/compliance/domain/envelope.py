"""A paper as its object holds it: a header, and the content sealed with AES-256-GCM under a key of its own.

The data key is not in there: its one wrapped copy is in the index. So rotating what wraps it reads no paper, and destroying
it destroys every copy of the object, those in versions and backups of the store included.
"""

import hashlib
import hmac
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MAGIC = b"PLBSAFE"
"""What every object begins with."""

VERSION = 1
"""Of the header."""

KEY_ID_BYTES, NONCE_BYTES, TAG_BYTES = 16, 12, 16
HEADER_BYTES = len(MAGIC) + 1 + KEY_ID_BYTES + NONCE_BYTES
"""Magic, version, key id, nonce."""


class SpoiledEnvelopeError(ValueError):
    """The bytes are not what was sealed under this key for this paper."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Which paper it is. It is authenticated: an object does not open in another's place.

    What a paper is about has no part in it, for that may become known later.
    """

    connection: str
    document: str
    key_id: bytes

    @property
    def object_name(self) -> str:
        """Where the object is in the store. Each key has an object of its own, so that two who store one paper at once never meet."""
        return f"papers/{self.document[:2]}/{self.document[2:4]}/{self.document}.{self.key_id.hex()}"


def seal(content: bytes, subject: Subject, *, key: bytes, nonce: bytes) -> bytes:
    """Return the object; the key must never have sealed anything else."""
    header = MAGIC + bytes([VERSION]) + subject.key_id + nonce
    return header + AESGCM(key).encrypt(nonce, content, _authenticated(header, subject))


def unseal(blob: bytes, subject: Subject, *, key: bytes) -> bytes:
    """Return the content.

    Raises:
        SpoiledEnvelopeError: it was changed, cut, or is another paper's.
    """
    header, sealed = blob[:HEADER_BYTES], blob[HEADER_BYTES:]
    expected = MAGIC + bytes([VERSION]) + subject.key_id
    if len(sealed) < TAG_BYTES or header[: len(expected)] != expected:
        raise SpoiledEnvelopeError
    try:
        return AESGCM(key).decrypt(header[len(expected) :], sealed, _authenticated(header, subject))
    except InvalidTag:
        raise SpoiledEnvelopeError from None


def keyed_hash(key: bytes, content: bytes) -> bytes:
    """Return HMAC-SHA-256: equal contents under two keys have nothing in common."""
    return hmac.digest(key, content, hashlib.sha256)


def _authenticated(header: bytes, subject: Subject) -> bytes:
    return header + f"|{subject.connection}|{subject.document}".encode()
