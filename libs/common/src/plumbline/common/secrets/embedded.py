"""The embedded secret store: sealed rows in PostgreSQL, for one machine without a Vault.

It keeps secrets out of dumps and logs. It does not keep services apart: whoever has the key file
reads everything. Settings refuse it in production.
"""

import base64
import binascii
import json
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

from plumbline.common.connections import ConfigurationError
from plumbline.common.database import (
    DatabaseUnavailableError,
    Pool,
    borrowed,
    load_queries,
    migrate,
    open_pool,
)
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

KEY_BYTES = 32
"""AES-256."""

NONCE_BYTES = 12
"""Random per document version, as GCM wants it; 2³² versions are safe under one key."""

POOL_SIZE = 2
"""Reads are cached by those who ask, so two connections are plenty."""

_QUERIES = load_queries(PACKAGE)


def make_key_file(path: Path) -> None:
    """Make a key file that only its owner can read; an existing one stays as it is."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "wb") as file:
        file.write(base64.b64encode(AESGCM.generate_key(KEY_BYTES * 8)) + b"\n")


def read_key_file(path: Path) -> bytes:
    """Return the key in a key file: 32 bytes in base64.

    Raises:
        ConfigurationError: needs a person; there is no such file, or it holds no key.
    """
    try:
        key = base64.b64decode(path.read_bytes().strip(), validate=True)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES:
        raise ConfigurationError(f"{path} does not hold {KEY_BYTES} bytes in base64")
    return key


async def migrate_embedded(url: str) -> list[str]:
    """Make or update the schema of the documents; safe to repeat. Raises what `migrate` raises."""
    return await migrate(url, schema=SCHEMA, packages=[PACKAGE])


class EmbeddedSecretStore:
    """A `SecretStore` of sealed rows. Only the newest version of a document is kept."""

    def __init__(self, pool: Pool, *, key: bytes) -> None:
        """Keep documents in `pool`'s schema, sealed with a key of 32 bytes."""
        self._pool = pool
        self._cipher = AESGCM(key)

    async def read(self, path: str) -> SecretDocument | None:
        """See `SecretStore`."""
        with _store_errors():
            async with borrowed(self._pool) as connection:
                row = await connection.fetchrow(_QUERIES["read_document"], path)
        if row is None:
            return None
        return SecretDocument(version=row["version"], values=self._open(path, row["sealed"]))

    async def write(self, path: str, values: Mapping[str, str], *, expected_version: int | None) -> int:
        """See `SecretStore`."""
        if expected_version is None:
            return await self._write_over(path, values)
        version = await self._write_next(path, values, expected_version)
        if version is None:
            raise StaleSecretError(f"{path} is not at version {expected_version}", path=path)
        return version

    async def _write_over(self, path: str, values: Mapping[str, str]) -> int:
        while True:
            present = await self.read(path)
            version = await self._write_next(path, values, present.version if present else 0)
            if version is not None:
                return version

    async def _write_next(self, path: str, values: Mapping[str, str], present: int) -> int | None:
        sealed = self._seal(path, values)
        with _store_errors():
            async with borrowed(self._pool) as connection:
                version: int | None = (
                    await connection.fetchval(_QUERIES["create_document"], path, sealed)
                    if present == 0
                    else await connection.fetchval(_QUERIES["replace_document"], path, sealed, present)
                )
        return version

    def _seal(self, path: str, values: Mapping[str, str]) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        # The path is authenticated: a row copied to another path does not open.
        return nonce + self._cipher.encrypt(nonce, json.dumps(dict(values)).encode(), path.encode())

    def _open(self, path: str, sealed: bytes) -> dict[str, SecretStr]:
        try:
            clear = self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], path.encode())
        except InvalidTag as error:
            raise SecretStoreRefusedError(f"{path} was sealed with another key", path=path) from error
        return {name: SecretStr(value) for name, value in json.loads(clear).items()}


@asynccontextmanager
async def open_embedded(url: str, *, key_file: Path) -> AsyncIterator[EmbeddedSecretStore]:
    """Open the store; its schema must have been migrated.

    Raises:
        ConfigurationError: needs a person; the key file is missing or holds no key.
        SecretStoreUnavailableError: wait; PostgreSQL does not answer.
    """
    key = read_key_file(key_file)
    async with AsyncExitStack() as stack:
        with _store_errors():
            pool = await stack.enter_async_context(open_pool(url, schema=SCHEMA, max_size=POOL_SIZE))
        yield EmbeddedSecretStore(pool, key=key)


@contextmanager
def _store_errors() -> Iterator[None]:
    try:
        yield
    except DatabaseUnavailableError as error:
        raise SecretStoreUnavailableError(error.detail) from error
