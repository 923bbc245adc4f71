"""HashiCorp Vault as the secret store: KV version 2, entered by an AppRole.

hvac blocks, so every call goes through a thread, under hvac's own timeout; no error of hvac or of
requests passes this module's wall.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

import hvac
import hvac.exceptions
import requests
from pydantic import SecretStr

from plumbline.common.secrets.port import (
    SecretDocument,
    SecretStoreRefusedError,
    SecretStoreUnavailableError,
    StaleSecretError,
)

MOUNT = "plumbline"
"""Where the KV engine is mounted."""

TIMEOUT_S = 5.0
"""Longest wait for a connection to Vault, and then for its next byte."""

_STALE = "check-and-set"
"""In the sentence of Vault's 400 for a version that is not the present one (Vault docs, KV v2)."""


class VaultSecretStore:
    """A `SecretStore` in Vault. Logs in when first needed, and again when its token has expired."""

    def __init__(self, client: hvac.Client, *, role_id_file: Path, secret_id_file: Path) -> None:
        """Use `client`, entering by the ids in the files, which are read at every login."""
        self._client = client
        self._role_id_file = role_id_file
        self._secret_id_file = secret_id_file
        self._entering = Lock()

    async def read(self, path: str) -> SecretDocument | None:
        """See `SecretStore`. A deleted document is none."""
        return await asyncio.to_thread(self._read, path)

    async def write(self, path: str, values: Mapping[str, str], *, expected_version: int | None) -> int:
        """See `SecretStore`."""
        if expected_version is None:
            return await asyncio.to_thread(self._write_over, path, dict(values))
        return await asyncio.to_thread(self._write, path, dict(values), expected_version)

    def _read(self, path: str) -> SecretDocument | None:
        def call() -> Any:
            return self._client.secrets.kv.v2.read_secret_version(
                path, mount_point=MOUNT, raise_on_deleted_version=True
            )

        try:
            with _store_errors(path):
                data = self._entered(call)["data"]
                values = {name: SecretStr(value) for name, value in data["data"].items()}
                return SecretDocument(version=data["metadata"]["version"], values=values)
        except hvac.exceptions.InvalidPath:
            return None

    def _write(self, path: str, values: dict[str, str], expected_version: int) -> int:
        def call() -> Any:
            return self._client.secrets.kv.v2.create_or_update_secret(
                path, values, cas=expected_version, mount_point=MOUNT
            )

        with _store_errors(path):
            version: int = self._entered(call)["data"]["version"]
        return version

    def _write_over(self, path: str, values: dict[str, str]) -> int:
        # The mount demands check-and-set of every write, so that none can forget it.
        while True:
            present = self._read(path)
            try:
                return self._write(path, values, present.version if present else 0)
            except StaleSecretError:
                continue

    def _entered(self, call: Callable[[], Any]) -> Any:
        """Make a call; if Vault forbids it, the token may be too old: enter and make it again."""
        token = self._client.token
        if token:
            try:
                return call()
            except hvac.exceptions.Forbidden:
                pass
        self._enter(instead_of=token)
        return call()

    def _enter(self, *, instead_of: str | None) -> None:
        with self._entering:
            if self._client.token != instead_of:
                return  # another thread has entered meanwhile
            role_id, secret_id = _line(self._role_id_file), _line(self._secret_id_file)
            try:
                self._client.auth.approle.login(role_id=role_id, secret_id=secret_id)
            except hvac.exceptions.InvalidRequest as error:
                raise SecretStoreRefusedError(f"Vault's AppRole login failed: {_said(error)}") from None


@contextmanager
def open_vault(url: str, *, role_id_file: Path, secret_id_file: Path) -> Iterator[VaultSecretStore]:
    """Open the store at `url`; nothing is called before the first read or write."""
    with requests.Session() as session:
        session.trust_env = False  # no ambient proxy may see a token
        client = hvac.Client(url, token="", timeout=TIMEOUT_S, allow_redirects=False, session=session)
        yield VaultSecretStore(client, role_id_file=role_id_file, secret_id_file=secret_id_file)


@contextmanager
def _store_errors(path: str) -> Iterator[None]:
    # Not chained: hvac's errors carry the whole answer.
    try:
        yield
    except hvac.exceptions.InvalidPath:
        raise
    except hvac.exceptions.InvalidRequest as error:
        if _STALE in str(error):
            raise StaleSecretError(f"{path} is at another version", path=path) from None
        raise SecretStoreRefusedError(f"Vault refused {path}: {_said(error)}", path=path) from None
    except (hvac.exceptions.Forbidden, hvac.exceptions.Unauthorized):
        raise SecretStoreRefusedError(f"Vault's policy forbids {path}", path=path) from None
    except (hvac.exceptions.VaultError, requests.RequestException) as error:
        raise SecretStoreUnavailableError(f"Vault does not serve: {_said(error)}", path=path) from None
    except (KeyError, TypeError) as error:
        # A standby that redirects, or a proxy's page: hvac returns what it could not read.
        raise SecretStoreUnavailableError("Vault's answer is not a document", path=path) from error


def _line(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SecretStoreRefusedError(f"{path} cannot be read: {error.strerror}") from error


def _said(error: Exception) -> str:
    if isinstance(error, hvac.exceptions.VaultError) and error.errors:
        return "; ".join(map(str, error.errors))
    return type(error).__name__
