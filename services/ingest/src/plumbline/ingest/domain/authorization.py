"""Who is believed: the sender that shows the `Authorization` header its hook was given.

Procore signs nothing; this header is all that proves a delivery (Procore docs, Webhooks).
"""

import hashlib
import hmac
from collections.abc import Sequence

from pydantic import SecretStr

ACCEPTED_AT_ONCE = 3
"""The present value, the one that is to follow it, and the one before it."""

_DECOY = b"bearer " + 43 * b"-"


def is_the_sender(shown: bytes, accepted: Sequence[SecretStr]) -> bool:
    """Tell whether a header value is one of those accepted; none are for an unknown connection.

    It is the same work whatever is shown and however many are accepted, so the time of an answer
    tells nothing.
    """
    digest = _digest(shown)
    found = False
    for place in range(ACCEPTED_AT_ONCE):
        is_real = place < len(accepted)
        expected = accepted[place].get_secret_value().encode() if is_real else _DECOY
        found |= hmac.compare_digest(_digest(expected), digest) and is_real
    return found


def _digest(value: bytes) -> bytes:
    scheme, space, credentials = value.partition(b" ")
    # `Bearer` and `bearer` are one scheme (RFC 9110, 11.1), and a vendor may send what it likes best.
    return hashlib.sha256(scheme.lower() + space + credentials if space else value).digest()
