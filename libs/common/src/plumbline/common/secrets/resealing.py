"""Another key for the embedded secret store, while everything goes on.

The store comes to know the new key, then the key file has both, then every document is sealed anew, then the store
forgets the old key and the file drops it. Each step may be cut off and done again: a key is in the file before anything
is sealed with it, and seals nothing any more before it leaves the file.
"""

from dataclasses import dataclass
from datetime import datetime

import asyncpg

from plumbline.common.database import borrowed, transaction
from plumbline.common.secrets.embedded import QUERIES, EmbeddedSecretStore, seal, store_errors, unseal
from plumbline.common.secrets.keyfile import KeyFile, new_key
from plumbline.common.secrets.port import SecretStoreRefusedError

SEALED_AT_ONCE = 50
"""Documents that one transaction seals anew: others write between two."""


@dataclass(frozen=True, slots=True)
class PresentKey:
    """The newest key of the file, and how far it has replaced those before it."""

    number: int
    since: datetime
    documents: int
    unsealed: int
    """How many of them it does not seal yet."""
    former: int
    """How many keys are in the file beside it."""

    @property
    def is_alone(self) -> bool:
        """Whether nothing is left of the keys before it."""
        return self.unsealed == 0 and self.former == 0


class KeyRotation:
    """Rotates the key of an embedded store. Every method raises `SecretStoreUnavailableError` (wait)."""

    def __init__(self, store: EmbeddedSecretStore, key_file: KeyFile) -> None:
        """Rotate the key in `key_file`, by which `store` is sealed."""
        self._store = store
        self._file = key_file

    async def present(self) -> PresentKey:
        """Return how far things are."""
        self._file.again()
        with store_errors():
            async with borrowed(self._store.pool) as connection:
                await connection.execute(QUERIES["know_first_key"], self._file.newest.id)
                row = await connection.fetchrow(QUERIES["describe_key"], self._file.newest.id)
        if row is None:
            raise SecretStoreRefusedError(
                "the key file is not this store's: its newest key was never known here"
            )
        return PresentKey(
            number=row["number"],
            since=row["made_at"],
            documents=row["documents"],
            unsealed=row["unsealed"],
            former=len(self._file.keys) - 1,
        )

    async def begin(self, *, replacing: int, now: datetime) -> None:
        """Let a new key seal from here on, unless one has followed that number already.

        Raises:
            KeyFileBusyError: transient; another process changes the file just now.
        """
        with self._file.changing():
            if (await self.present()).number > replacing:
                return
            key = new_key()
            # Known first: whoever finds it in the file may seal with it.
            with store_errors():
                async with borrowed(self._store.pool) as connection:
                    await connection.execute(QUERIES["know_key"], key.id, now)
            self._file.replace(key, *self._file.keys)

    async def reseal(self) -> int:
        """Seal some documents with the newest key, and return how many there were to do."""
        key = self._file.newest
        with store_errors():
            async with transaction(self._store.pool) as connection:
                rows = await connection.fetch(QUERIES["sealed_otherwise"], key.id, SEALED_AT_ONCE)
                for row in rows:
                    path, opening = row["path"], self._store.opening(row["key_id"])
                    sealed = seal(path, unseal(path, row["sealed"], opening), key)
                    # One that was written meanwhile is not touched: it is looked at again.
                    await connection.execute(
                        QUERIES["reseal_document"], path, sealed, key.id, row["version"], row["key_id"]
                    )
        return len(rows)

    async def drop_former(self) -> bool:
        """Forget the keys before the newest; False if one still seals something.

        Raises:
            KeyFileBusyError: transient; another process changes the file just now.
        """
        with self._file.changing():
            newest = self._file.newest
            with store_errors():
                async with borrowed(self._store.pool) as connection:
                    known = [row["id"] for row in await connection.fetch(QUERIES["known_keys"])]
                    for key_id in known:
                        if key_id == newest.id:
                            continue
                        try:
                            if await connection.fetchval(QUERIES["forget_key"], key_id) is None:
                                return False
                        except asyncpg.ForeignKeyViolationError:
                            return False
            self._file.replace(newest)
        return True
