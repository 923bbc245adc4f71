"""Vault's HTTP API, as far as its set-up needs it."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx

PATIENCE_S = 60.0
"""How long Vault may take to come up, and to be active after it was unsealed."""

_TIMEOUT_S = PATIENCE_S  # an answer to `init` that comes too late would be lost with the only key in it
_PAUSE_S = 0.3
_TRUST = "Vault's certificate is not trusted: let PLUMBLINE_VAULT_CA_FILE name its authority"


class VaultSetupError(Exception):
    """Vault refused a step of its set-up, or does not answer; the message says which, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultAddress:
    """Where Vault is, and how to know it."""

    url: str
    ca_file: Path | None = None
    """Whose authorities are trusted instead of the public ones."""
    namespace: str | None = None
    """Where the mounts and roles are, in Vault Enterprise."""

    def opened(self, token: str = "") -> VaultApi:
        """Return a client, to be used as a context."""
        trusted = ssl.create_default_context(cafile=str(self.ca_file)) if self.ca_file else True
        headers = {"X-Vault-Namespace": self.namespace} if self.namespace else {}
        client = httpx.AsyncClient(
            base_url=f"{self.url}/v1/", headers=headers, verify=trusted, trust_env=False, timeout=_TIMEOUT_S
        )
        return VaultApi(client, token)


class VaultApi:
    """Calls Vault under whatever token is set; every method raises `VaultSetupError`."""

    def __init__(self, client: httpx.AsyncClient, token: str) -> None:
        self._client = client
        self.token = token

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def read(self, path: str) -> dict[str, Any]:
        """Return the answer to a GET."""
        told: dict[str, Any] = (await self._answered("GET", path, None)).json()
        return told

    async def found(self, path: str, *, method: str = "GET") -> dict[str, Any] | None:
        """Return the answer to a GET or LIST; None where nothing is (404)."""
        answer = await self._asked(method, path, None, {})
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        told: dict[str, Any] = self._accepted(path, answer).json()
        return told

    async def listed(self, path: str) -> list[str]:
        """Return the keys under a path."""
        found = await self.found(path, method="LIST")
        keys: list[str] = found["data"]["keys"] if found else []
        return keys

    async def write(self, path: str, *, wrapped_for: int = 0, **fields: object) -> dict[str, Any]:
        """Return the answer to a POST; with `wrapped_for` (seconds), a wrapping token for it under `wrap_info`."""
        headers = {"X-Vault-Wrap-TTL": str(wrapped_for)} if wrapped_for else {}
        answer = self._accepted(path, await self._asked("POST", path, fields, headers))
        told: dict[str, Any] = answer.json() if answer.content else {}
        return told

    async def delete(self, path: str) -> None:
        """Delete what is at a path."""
        await self._answered("DELETE", path, None)

    async def answers(self) -> None:
        """Wait until Vault answers at all, sealed or not."""
        await self._until("does not answer", lambda _: True)

    async def unseal(self, key: str) -> None:
        """Unseal with the one key, and wait until Vault is active."""
        if (await self.read("sys/seal-status"))["sealed"]:
            await self.write("sys/unseal", key=key)
        await self._until("is not active", lambda status: status == httpx.codes.OK)

    async def administrator(self, key: str) -> str:
        """Make a root token from the unseal key (Vault docs, `generate-root`); whoever asks revokes it."""
        await self.delete("sys/generate-root/attempt")
        begun = await self.write("sys/generate-root/attempt")
        done = await self.write("sys/generate-root/update", key=key, nonce=begun["nonce"])
        encoded = done["encoded_token"]
        sealed = base64.b64decode(encoded + "=" * (-len(encoded) % 4))
        return bytes(a ^ b for a, b in zip(sealed, begun["otp"].encode(), strict=True)).decode()

    async def _answered(self, method: str, path: str, fields: dict[str, object] | None) -> httpx.Response:
        return self._accepted(path, await self._asked(method, path, fields, {}))

    async def _asked(
        self, method: str, path: str, fields: dict[str, object] | None, headers: dict[str, str]
    ) -> httpx.Response:
        token = {"X-Vault-Token": self.token} if self.token else {}
        try:
            return await self._client.request(method, path, json=fields, headers={**token, **headers})
        except httpx.TransportError as error:
            raise VaultSetupError(f"Vault does not answer: {error!r}") from error

    @staticmethod
    def _accepted(path: str, answer: httpx.Response) -> httpx.Response:
        if answer.is_success:
            return answer
        raise VaultSetupError(f"Vault refused {path} ({answer.status_code}): {answer.text.strip()}")

    async def _until(self, complaint: str, well: Callable[[int], bool]) -> None:
        last = "nothing"
        try:
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    try:
                        answer = await self._client.get("sys/health")
                    except httpx.TransportError as error:
                        last = repr(error)
                        if "CERTIFICATE_VERIFY_FAILED" in last:
                            raise VaultSetupError(f"{_TRUST} ({error})") from error
                    else:
                        if well(answer.status_code):
                            return
                        last = f"{answer.status_code} {answer.text.strip()}"
                    await asyncio.sleep(_PAUSE_S)
        except TimeoutError:
            raise VaultSetupError(
                f"Vault {complaint} within {PATIENCE_S:.0f} s; it said last: {last}"
            ) from None
