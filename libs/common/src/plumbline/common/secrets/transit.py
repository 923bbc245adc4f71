"""Vault's transit engine as the keeper of data keys: the keys that wrap them never leave Vault."""

import base64
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import hvac
import hvac.exceptions

from plumbline.common.secrets.data_keys import DataKey, Purpose, SpoiledKeyError
from plumbline.common.secrets.vault_calls import Vault

MOUNT = "plumbline-transit"
"""Where the transit engine is mounted."""

_SPOILED = ("message authentication failed", "invalid ciphertext", "illegal base64")
"""In the sentences of Vault's 400 for a wrapped key that it cannot have made (Vault docs, Transit, decrypt)."""


class VaultDataKeys:
    """`DataKeys` of the transit keys that are named as their purposes."""

    def __init__(self, vault: Vault) -> None:
        """Ask `vault`."""
        self._vault = vault

    async def make(self, purpose: Purpose) -> DataKey:
        """See `DataKeys`."""
        data = await self._ask(
            f"datakey/plaintext/{purpose}",
            lambda transit: transit.generate_data_key(purpose, "plaintext", bits=256, mount_point=MOUNT),
        )
        return DataKey(base64.b64decode(data["plaintext"]), data["ciphertext"])

    async def unwrap(self, purpose: Purpose, wrapped: str) -> bytes:
        """See `DataKeys`."""
        data = await self._ask(
            f"decrypt/{purpose}",
            lambda transit: transit.decrypt_data(purpose, ciphertext=wrapped, mount_point=MOUNT),
        )
        return base64.b64decode(data["plaintext"])

    async def rewrap(self, purpose: Purpose, wrapped: str) -> str:
        """See `DataKeys`."""
        data = await self._ask(
            f"rewrap/{purpose}",
            lambda transit: transit.rewrap_data(purpose, ciphertext=wrapped, mount_point=MOUNT),
        )
        return str(data["ciphertext"])

    async def renew(self) -> None:
        """See `DataKeys`: Vault renews its keys every 30 days."""

    async def is_settled(self, after: timedelta) -> bool:
        """See `DataKeys`: Vault's former versions are retired in Vault, by `min_decryption_version`."""
        del after
        return False

    async def retire(self) -> None:
        """See `is_settled`."""

    async def former(self) -> int:
        """See `is_settled`."""
        return 0

    async def _ask(self, path: str, action: Callable[[Any], Mapping[str, Any]]) -> Mapping[str, str]:
        def call() -> Mapping[str, str]:
            with self._vault.errors(f"{MOUNT}/{path}"), _spoiled():
                answer = self._vault.session.call(lambda client: action(client.secrets.transit))
                data: Mapping[str, str] = answer["data"]
                return data

        return await self._vault.threaded(f"{MOUNT}/{path}", call)


@contextmanager
def _spoiled() -> Iterator[None]:
    try:
        yield
    except hvac.exceptions.InvalidRequest as error:
        if not any(sentence in str(error) for sentence in _SPOILED):
            raise
        raise SpoiledKeyError from None
