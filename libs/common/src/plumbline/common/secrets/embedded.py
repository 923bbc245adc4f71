"""The embedded secret store: sealed rows in PostgreSQL, for one machine without a Vault.

It keeps secrets out of dumps and logs. It does not keep services apart: whoever has the key file
reads everything. Settings refuse it in production.
"""

import json
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import asyncpg
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

from plumbline.common.database import (
    DatabaseUnavailableError,
    Pool,
    borrowed,
    load_queries,
    migrate,
    open_pool,
)
from plumbline.common.secrets.keyfile import Key, KeyFile, Keys
from plumbline.common.secrets.port import (
    SecretDocument,
    SecretStoreRefusedError,
    SecretStoreUnavailableError,
    StaleSecretError,
)

SCHEMA = "secrets"
"""The schema of the documents."""

PACKAGE = "plumbline.common.secrets"
"""Where its migrations and queries are."""

NONCE_BYTES = 12
"""Random per document version, as GCM wants it; 2³² versions are safe under one key."""

POOL_SIZE = 2
"""Reads are cached by those who ask, so two connections are plenty."""

SEALINGS_MAX = 3
"""How often a write is sealed anew before it is refused: the key may be rotated while it is on its way."""

QUERIES = load_queries(PACKAGE)
"""The SQL of the documents and of the keys that seal them."""


async def migrate_embedded(url: str) -> list[str]:
    """Make or update the schema of the documents; safe to repeat. Raises what `migrate` raises."""
    return await migrate(url, schema=SCHEMA, packages=[PACKAGE])


def seal(path: str, clear: bytes, key: Key) -> bytes:
    """Return a document as its row holds it."""
    nonce = os.urandom(NONCE_BYTES)
    # The path is authenticated: a row copied to another path does not open.
    return nonce + AESGCM(key.value).encrypt(nonce, clear, path.encode())


def unseal(path: str, sealed: bytes, keys: tuple[Key, ...]) -> bytes:
    """Return what a row holds, opened with whichever of the keys has sealed it.

    Raises:
        SecretStoreRefusedError: wait; none of them has.
    """
    for key in keys:
        try:
            return AESGCM(key.value).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], path.encode())
        except InvalidTag:
            continue
    raise SecretStoreRefusedError(f"{path} was sealed with another key", path=path)


class EmbeddedSecretStore:
    """A `SecretStore` of sealed rows. Only the newest version of a document is kept.

    The keys may be rotated at any time: a row that names an unknown key, and a write with one that is not to be used
    any more, make it read the key file again.
    """

    def __init__(self, pool: Pool, *, keys: Keys) -> None:
        """Keep documents in `pool`'s schema, sealed with the newest of `keys`."""
        self.pool = pool
        self.keys = keys

    async def read(self, path: str) -> SecretDocument | None:
        """See `SecretStore`."""
        with store_errors():
            async with borrowed(self.pool) as connection:
                row = await connection.fetchrow(QUERIES["read_document"], path)
        if row is None:
            return None
        clear = unseal(path, row["sealed"], self.opening(row["key_id"]))
        values = {name: SecretStr(value) for name, value in json.loads(clear).items()}
        return SecretDocument(version=row["version"], values=values)

    async def write(self, path: str, values: Mapping[str, str], *, expected_version: int | None) -> int:
        """See `SecretStore`."""
        if expected_version is None:
            return await self._write_over(path, values)
        version = await self._write_next(path, values, expected_version)
        if version is None:
            raise StaleSecretError(f"{path} is not at version {expected_version}", path=path)
        return version

    def opening(self, key_id: str | None) -> tuple[Key, ...]:
        """Return the keys that may open a row which names this one, read again if it is not known."""
        found = self.keys.find(key_id)
        if not found:
            self.keys.again()
            found = self.keys.find(key_id)
        return found

    async def _write_over(self, path: str, values: Mapping[str, str]) -> int:
        while True:
            present = await self.read(path)
            version = await self._write_next(path, values, present.version if present else 0)
            if version is not None:
                return version

    async def _write_next(self, path: str, values: Mapping[str, str], present: int) -> int | None:
        clear = json.dumps(dict(values)).encode()
        for _ in range(SEALINGS_MAX):
            try:
                return await self._write_sealed(path, clear, present)
            except asyncpg.ForeignKeyViolationError:
                await self._know_keys()
        raise SecretStoreRefusedError("the store does not know the newest key of the key file", path=path)

    async def _write_sealed(self, path: str, clear: bytes, present: int) -> int | None:
        key = self.keys.newest
        sealed = seal(path, clear, key)
        with store_errors():
            async with borrowed(self.pool) as connection:
                version: int | None = (
                    await connection.fetchval(QUERIES["create_document"], path, sealed, key.id)
                    if present == 0
                    else await connection.fetchval(QUERIES["replace_document"], path, sealed, key.id, present)
                )
        return version

    async def _know_keys(self) -> None:
        """Take note of the keys that are to be used: the store is new, or they were rotated meanwhile."""
        self.keys.again()
        with store_errors():
            async with borrowed(self.pool) as connection:
                await connection.execute(QUERIES["know_first_key"], self.keys.newest.id)


@asynccontextmanager
async def open_embedded(url: str, *, key_file: Path) -> AsyncIterator[EmbeddedSecretStore]:
    """Open the store; its schema must have been migrated.

    Raises:
        ConfigurationError: needs a person; the key file is missing or holds no key.
        SecretStoreUnavailableError: wait; PostgreSQL does not answer.
    """
    keys = KeyFile(key_file)
    async with AsyncExitStack() as stack:
        with store_errors():
            pool = await stack.enter_async_context(open_pool(url, schema=SCHEMA, max_size=POOL_SIZE))
        yield EmbeddedSecretStore(pool, keys=keys)


@contextmanager
def store_errors() -> Iterator[None]:
    """Turn the database's absence into the store's."""
    try:
        yield
    except DatabaseUnavailableError as error:
        raise SecretStoreUnavailableError(error.detail) from error
