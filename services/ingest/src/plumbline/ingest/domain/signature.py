"""Who is believed: the sender whose signature over the very bytes of the body is Intuit's for this app.

`intuit-signature` is the base64 of the body's HMAC-SHA256 under the app's verifier token (Intuit docs, Webhooks).
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence

from pydantic import SecretStr

from plumbline.ingest.domain.authorization import ACCEPTED_AT_ONCE

_DECOY = 36 * b"-"


def shown_digest(header: bytes) -> bytes | None:
    """Return the digest that a signature's header shows; None if it cannot be a signature."""
    try:
        digest = base64.b64decode(header, validate=True)
    except binascii.Error:
        return None
    return digest if len(digest) == hashlib.sha256().digest_size else None


def is_signed(body: bytes, digest: bytes, verifier_tokens: Sequence[SecretStr]) -> bool:
    """Tell whether a digest is the body's under one of the accepted tokens; none are for an unknown app.

    It is the same work however many are accepted, so the time of an answer tells nothing.
    """
    found = False
    for place in range(ACCEPTED_AT_ONCE):
        is_real = place < len(verifier_tokens)
        token = verifier_tokens[place].get_secret_value().encode() if is_real else _DECOY
        found |= hmac.compare_digest(hmac.digest(token, body, hashlib.sha256), digest) and is_real
    return found
