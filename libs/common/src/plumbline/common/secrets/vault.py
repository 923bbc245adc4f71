"""HashiCorp Vault as the secret store: KV version 2, entered by an AppRole."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import hvac
import hvac.exceptions
import requests
import structlog
from pydantic import SecretStr

from plumbline.common.secrets.port import (
    SecretDocument,
    SecretStoreUnavailableError,
    StaleSecretError,
)
from plumbline.common.secrets.vault_calls import CALL_MAX_S, TIMEOUT_S, Vault
from plumbline.common.secrets.vault_session import VaultSession

MOUNT = "plumbline"
"""Where the KV engine is mounted."""

THREADS = 4
"""Of our own: those of the loop resolve names for everybody, and a Vault that hangs must not use them up."""

TENDED_EVERY_S = 5.0
"""How often the token's age is looked at, and whether a new secret id was delivered."""

_STALE = "check-and-set"
"""In the sentence of Vault's 400 for a version that is not the present one (Vault docs, KV v2)."""

log = structlog.get_logger(__name__)


class VaultSecretStore:
    """A `SecretStore` in Vault. Logs in when first needed."""

    def __init__(self, vault: Vault) -> None:
        """Keep documents in `vault`, which what else a process asks of Vault goes through as well."""
        self.vault = vault

    async def read(self, path: str) -> SecretDocument | None:
        """See `SecretStore`. A deleted document is none."""
        document, _ = await self.vault.threaded(path, lambda: self._read(path))
        return document

    async def write(self, path: str, values: Mapping[str, str], *, expected_version: int | None) -> int:
        """See `SecretStore`."""
        if expected_version is None:
            return await self.vault.threaded(path, lambda: self._write_over(path, dict(values)))
        return await self.vault.threaded(path, lambda: self._write(path, dict(values), expected_version))

    async def tend(self) -> None:
        """Keep the way in open. Raises what `Vault.tend` raises."""
        await self.vault.tend()

    def _read(self, path: str) -> tuple[SecretDocument | None, int]:
        """Return the document and the version that a write must replace, which a deleted one has as well."""

        def call(client: hvac.Client) -> Any:
            return client.secrets.kv.v2.read_secret_version(
                path, mount_point=MOUNT, raise_on_deleted_version=False
            )

        with self._errors(path):
            try:
                data = self.vault.session.call(call)["data"]
            except hvac.exceptions.InvalidPath:
                return None, 0
            version: int = data["metadata"]["version"]
            if data["data"] is None:
                return None, version
            values = {name: SecretStr(value) for name, value in data["data"].items()}
        return SecretDocument(version=version, values=values), version

    def _write(self, path: str, values: dict[str, str], expected_version: int) -> int:
        def call(client: hvac.Client) -> Any:
            return client.secrets.kv.v2.create_or_update_secret(
                path, values, cas=expected_version, mount_point=MOUNT
            )

        with self._errors(path):
            version: int = self.vault.session.call(call)["data"]["version"]
        return version

    def _write_over(self, path: str, values: dict[str, str]) -> int:
        # The mount demands check-and-set of every write, so that none can forget it.
        ends_at = time.monotonic() + CALL_MAX_S
        while True:
            _, present = self._read(path)
            try:
                return self._write(path, values, present)
            except StaleSecretError:
                if time.monotonic() > ends_at:  # nobody waits any more, and what is there now is newer
                    raise

    @contextmanager
    def _errors(self, path: str) -> Iterator[None]:
        with self.vault.errors(path):
            try:
                yield
            except hvac.exceptions.InvalidRequest as error:
                if _STALE not in str(error):
                    raise
                raise StaleSecretError(f"{path} is at another version", path=path) from None


@asynccontextmanager
async def open_vault(
    url: str,
    *,
    role_id_file: Path,
    secret_id_file: Path,
    ca_file: Path | None = None,
    namespace: str | None = None,
    tended_every_s: float = TENDED_EVERY_S,
) -> AsyncIterator[VaultSecretStore]:
    """Open the store at `url` until the end of the context; nothing is called before the first read or write.

    Args:
        url: its address.
        role_id_file: who we are, as AppRole has it.
        secret_id_file: by what we prove it; see `delivery` for how a new one comes.
        ca_file: whose authorities are trusted instead of the public ones.
        namespace: where the mount and the role are, in Vault Enterprise.
        tended_every_s: how often the way in is looked after.
    """
    threads = ThreadPoolExecutor(THREADS, thread_name_prefix="vault")
    with requests.Session() as session:
        session.trust_env = False  # no ambient proxy may see a token
        session.verify = str(ca_file) if ca_file else True
        client = hvac.Client(
            url, token="", timeout=TIMEOUT_S, allow_redirects=False, session=session, namespace=namespace
        )
        way_in = VaultSession(client, role_id_file=role_id_file, secret_id_file=secret_id_file)
        store = VaultSecretStore(Vault(client, way_in, threads))
        tending = asyncio.create_task(_tend_on(store, tended_every_s), name="tending of Vault's token")
        try:
            yield store
        finally:
            tending.cancel()
            threads.shutdown(wait=False, cancel_futures=True)


async def _tend_on(store: VaultSecretStore, every_s: float) -> None:
    while True:
        await asyncio.sleep(every_s)
        try:
            await store.tend()
        except SecretStoreUnavailableError as error:
            log.warning("vault.not-tended", **error.log_fields())
