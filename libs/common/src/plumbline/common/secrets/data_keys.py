"""Data keys: made and opened by whoever keeps the key that seals them, used and forgotten by whoever asks.

With a key file the keeper is this process, for one machine without a Vault.
"""

import asyncio
import base64
import binascii
import os
import time
from dataclasses import dataclass, field
from datetime import timedelta
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

    async def renew(self) -> None:
        """Let a new version wrap from here on, where the keeper makes none by itself; not while a former one is there."""

    async def is_settled(self, after: timedelta) -> bool:
        """Say whether the newest version has been wrapping for so long, beside a former one that can be retired."""

    async def retire(self) -> None:
        """Forget every former version: what they wrapped opens no more. For a keeper that does not do it by itself."""

    async def former(self) -> int:
        """Return how many former versions wait to be retired by `retire`."""


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
        await asyncio.to_thread(self._keys.again)  # another process may have renewed it
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

    async def renew(self) -> None:
        """See `DataKeys`. Raises what `rotate_key_file` raises."""
        await asyncio.to_thread(rotate_key_file, self._keys.path, unless_begun=True)
        await asyncio.to_thread(self._keys.again)

    async def is_settled(self, after: timedelta) -> bool:
        """See `DataKeys`: the file was written last when its newest key came."""
        written_at = await asyncio.to_thread(lambda: self._keys.path.stat().st_mtime)
        return await self.former() > 0 and written_at < time.time() - after.total_seconds()

    async def retire(self) -> None:
        """See `DataKeys`. Raises what `rotate_key_file` raises."""
        await asyncio.to_thread(_retire_former, self._keys)

    async def former(self) -> int:
        """See `DataKeys`."""
        await asyncio.to_thread(self._keys.again)
        return len(self._keys.keys) - 1

    def _opening(self, key_id: str) -> tuple[Key, ...]:
        found = self._keys.find(key_id)
        if not found:
            self._keys.again()
            found = self._keys.find(key_id)
        return found


def _retire_former(file: KeyFile) -> None:
    newest = file.newest
    with file.changing():
        if file.newest == newest:  # else somebody has begun another rotation
            file.replace(newest)


def rotate_key_file(path: Path, *, unless_begun: bool = False) -> None:
    """Let a new key of the file wrap from here on; what the former ones wrapped goes on opening.

    Args:
        path: the file. A process that has it open finds the new key when it next makes a data key.
        unless_begun: change nothing while a former key is still in the file.

    Raises:
        KeyFileBusyError: transient; another process changes the file just now.
    """
    file = KeyFile(path)
    with file.changing():
        if not (unless_begun and len(file.keys) > 1):
            file.replace(new_key(), *file.keys)


def _wrap(key: Key, purpose: Purpose, clear: bytes) -> str:
    nonce = os.urandom(NONCE_BYTES)
    sealed = nonce + AESGCM(key.value).encrypt(nonce, clear, purpose.encode())
    return f"{WRAPPED_IN_FILE}:{key.id}:{base64.b64encode(sealed).decode()}"
