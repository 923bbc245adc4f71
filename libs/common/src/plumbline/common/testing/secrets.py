"""A secret store in memory."""

import asyncio
from collections.abc import Mapping

from pydantic import SecretStr

from plumbline.common.secrets.port import SecretDocument, SecretStoreUnavailableError, StaleSecretError


class MemorySecretStore:
    """A `SecretStore` in memory; set `away` to have it refuse, `hangs` to have it say nothing."""

    def __init__(self) -> None:
        """Start empty."""
        self.documents: dict[str, SecretDocument] = {}
        self.away = False
        self.hangs = False
        self.reads = 0

    async def read(self, path: str) -> SecretDocument | None:
        """See `SecretStore`."""
        self.reads += 1
        if self.hangs:
            await asyncio.Event().wait()
        self._answer()
        return self.documents.get(path)

    async def write(self, path: str, values: Mapping[str, str], *, expected_version: int | None) -> int:
        """See `SecretStore`."""
        self._answer()
        present = self.documents[path].version if path in self.documents else 0
        if expected_version is not None and expected_version != present:
            raise StaleSecretError(f"{path} is at version {present}")
        sealed = {name: SecretStr(value) for name, value in values.items()}
        self.documents[path] = SecretDocument(version=present + 1, values=sealed)
        return present + 1

    def _answer(self) -> None:
        if self.away:
            raise SecretStoreUnavailableError("the store was told to be away")
