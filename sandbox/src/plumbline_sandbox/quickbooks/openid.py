"""OpenID Connect: who gave the consent, and the signed token that says so.

Intuit, "OpenID Connect": the claims a client may read follow the scopes it asked for. Id tokens
are signed with RS256; the sandbox makes its own key, so that nothing secret stands in the source.
"""

import base64
import hashlib
import json
import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

ISSUER = "https://oauth.platform.intuit.com/op/v1"
"""The issuer named in id tokens and discovery."""

KEY_ID = "OPENPLUMBLINE1"
"""Name of the one signing key."""

SCOPES = frozenset({"openid", "profile", "email", "phone", "address"})
"""The scopes of OpenID Connect."""

_EXPONENT = 65537
_PRIME_BITS = 1024
# DER of "SHA-256 digest follows" (RFC 8017, section 9.2, note 1).
_SHA256_PREFIX = bytes.fromhex("3031300d060960864801650304020105000420")
_SMALL_PRIMES = tuple(n for n in range(3, 2000, 2) if all(n % d for d in range(3, math.isqrt(n) + 1, 2)))


def person_of(realm: str, scope: str) -> dict[str, Any]:
    """Return what userinfo tells of the person who connected a company, by the scopes of the grant."""
    told: dict[str, Any] = {"sub": hashlib.sha256(f"user of {realm}".encode()).hexdigest()[:36]}
    claims: dict[str, dict[str, Any]] = {
        "profile": {"givenName": "Casey", "familyName": "Controller"},
        "email": {"email": "controller@example.com", "emailVerified": True},
        "phone": {"phoneNumber": "+1 5125550100", "phoneNumberVerified": False},
        "address": {
            "address": {
                "streetAddress": "1 Congress Avenue",
                "locality": "Austin",
                "region": "TX",
                "postalCode": "78701",
                "country": "US",
            }
        },
    }
    for name in scope.split():
        told |= claims.get(name, {})
    return told


@dataclass(frozen=True, slots=True)
class _Key:
    modulus: int
    secret: int

    @property
    def size(self) -> int:
        """Length of a signature in bytes."""
        return (self.modulus.bit_length() + 7) // 8


class Signer:
    """Signs id tokens. The key is made on first use, which takes about a second."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng

    @cached_property
    def _key(self) -> _Key:
        while True:
            one, other = self._prime(), self._prime()
            totient = (one - 1) * (other - 1)
            if one != other and math.gcd(_EXPONENT, totient) == 1:
                return _Key(one * other, pow(_EXPONENT, -1, totient))

    def jwks(self) -> dict[str, Any]:
        """Return the public key as a JSON Web Key Set."""
        size = (_EXPONENT.bit_length() + 7) // 8
        numbers = {
            "n": _coded(self._key.modulus.to_bytes(self._key.size)),
            "e": _coded(_EXPONENT.to_bytes(size)),
        }
        return {"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": KEY_ID, **numbers}]}

    def token(self, claims: Mapping[str, Any]) -> str:
        """Return the claims as a signed JSON Web Token."""
        head = {"kid": KEY_ID, "alg": "RS256"}
        signed = ".".join(_coded(json.dumps(part, separators=(",", ":")).encode()) for part in (head, claims))
        return f"{signed}.{_coded(self._sign(signed.encode()))}"

    def _sign(self, message: bytes) -> bytes:
        """Return the signature of RFC 8017, section 8.2 (RSASSA-PKCS1-v1_5)."""
        digest = _SHA256_PREFIX + hashlib.sha256(message).digest()
        padded = b"\x00\x01" + b"\xff" * (self._key.size - len(digest) - 3) + b"\x00" + digest
        return pow(int.from_bytes(padded), self._key.secret, self._key.modulus).to_bytes(self._key.size)

    def _prime(self) -> int:
        while True:
            # The two highest bits are set, so that the product of two has twice their length.
            number = self._rng.getrandbits(_PRIME_BITS) | (0b11 << (_PRIME_BITS - 2)) | 1
            if all(number % small for small in _SMALL_PRIMES) and self._probably_prime(number):
                return number

    def _probably_prime(self, number: int) -> bool:
        """Run eight rounds of Miller and Rabin's test."""
        twos = ((number - 1) & -(number - 1)).bit_length() - 1
        odd = (number - 1) >> twos
        return all(self._passes(number, odd, twos) for _ in range(8))

    def _passes(self, number: int, odd: int, twos: int) -> bool:
        power = pow(self._rng.randrange(2, number - 1), odd, number)
        if power in {1, number - 1}:
            return True
        for _ in range(twos - 1):
            power = power * power % number
            if power == number - 1:
                return True
        return False


def _coded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
