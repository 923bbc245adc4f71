"""Data keys: made and opened by whoever keeps the key that seals them, used and forgotten by whoever asks.

With a key file the keeper is this process, for one machine without a Vault.
"""

import base64
import binascii
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from plumbline.common.errors import NeedsHumanError
from plumbline.common.secrets.keyfile import KEY_BYTES, Key, KeyFile, new_key

Purpose = Literal["documents", "pii"]
"""What a data key seals, and the name of the key that seals it: one that is for papers opens no tax number."""

NONCE_BYTES = 12
"""Random per wrapping."""

WRAPPED_IN_FILE = "file"
"""What wrapped keys of a key file begin with; Vault's begin with `vault`."""


class SpoiledKeyError(NeedsHumanError):
    """A wrapped data key is not as it was made, or was wrapped by a key that is gone."""


@dataclass(frozen=True, slots=True)
class DataKey:
    """A new data key of 256 bits."""

    clear: bytes = field(repr=False)
    wrapped: str
    """What is stored: it says nothing without the key that wrapped it."""


class DataKeys(Protocol):
    """Makes and opens data keys.

    A wrapped key is text that ends in `:` and base64; what stands before says which version of which key wrapped it.
    Every method raises `SecretStoreUnavailableError` (wait) when the keeper is away.
    """

    async def make(self, purpose: Purpose) -> DataKey:
        """Return a new key, wrapped by the newest version."""

    async def unwrap(self, purpose: Purpose, wrapped: str) -> bytes:
        """Return a data key in clear.

        Raises:
            SpoiledKeyError: needs a person.
        """

    async def rewrap(self, purpose: Purpose, wrapped: str) -> str:
        """Return the same data key wrapped by the newest version. Raises what `unwrap` raises."""


def wrapper_of(wrapped: str) -> str:
    """Return which version of which key wrapped a data key: all that begin alike were wrapped by the same."""
    return wrapped.rpartition(":")[0] + ":"


class FileDataKeys:
    """`DataKeys` under the newest key of a key file."""

    def __init__(self, keys: KeyFile) -> None:
        """Wrap with the newest of `keys`, and unwrap with any."""
        self._keys = keys

    async def make(self, purpose: Purpose) -> DataKey:
        """See `DataKeys`."""
        clear = AESGCM.generate_key(KEY_BYTES * 8)
        return DataKey(clear, _wrap(self._keys.newest, purpose, clear))

    async def unwrap(self, purpose: Purpose, wrapped: str) -> bytes:
        """See `DataKeys`."""
        _, _, rest = wrapped.partition(":")
        key_id, _, sealed = rest.partition(":")
        for key in self._opening(key_id):
            try:
                raw = base64.b64decode(sealed, validate=True)
                return AESGCM(key.value).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], purpose.encode())
            except (InvalidTag, binascii.Error, ValueError):
                break
        raise SpoiledKeyError

    async def rewrap(self, purpose: Purpose, wrapped: str) -> str:
        """See `DataKeys`."""
        return _wrap(self._keys.newest, purpose, await self.unwrap(purpose, wrapped))

    def _opening(self, key_id: str) -> tuple[Key, ...]:
        found = self._keys.find(key_id)
        if not found:
            self._keys.again()
            found = self._keys.find(key_id)
        return found


def rotate_key_file(path: Path) -> None:
    """Let a new key of the file wrap from here on; what the former ones wrapped goes on opening.

    A process that has the file open goes on with the key it knows, until something that the new one wrapped makes it
    look, or it starts anew.

    Raises:
        KeyFileBusyError: transient; another process changes the file just now.
    """
    file = KeyFile(path)
    with file.changing():
        file.replace(new_key(), *file.keys)


def _wrap(key: Key, purpose: Purpose, clear: bytes) -> str:
    nonce = os.urandom(NONCE_BYTES)
    sealed = nonce + AESGCM(key.value).encrypt(nonce, clear, purpose.encode())
    return f"{WRAPPED_IN_FILE}:{key.id}:{base64.b64encode(sealed).decode()}"
