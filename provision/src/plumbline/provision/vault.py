"""Vault: initialised and unsealed where it is ours to do, then the secret engine, and a role and a policy for each process.

No service can write policies; this runs with an administrator's token, which no service gets.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Self

import httpx

from plumbline.common.secrets.vault import MOUNT
from plumbline.provision.keys import put

PATIENCE_S = 60.0
"""How long Vault may take to come up, and to be active after it was unsealed."""

ROLE_ID_FILE = "vault-role-id"
SECRET_ID_FILE = "vault-secret-id"  # noqa: S105  # a name

_TIMEOUT_S = PATIENCE_S  # an answer to `init` that comes too late would be lost with the only key in it
_PAUSE_S = 0.3
_TOKEN_LIFE = "1h"  # noqa: S105  # a duration; services enter again by themselves


class VaultSetupError(Exception):
    """Vault refused a step of its set-up; the message says which, and why."""


@dataclass(frozen=True)
class AppRoleFiles:
    """The two files by which one process enters Vault."""

    role_id: Path
    secret_id: Path


async def set_up_vault(url: str, token: str, folder: Path) -> dict[str, AppRoleFiles]:
    """Prepare Vault for every process that has a policy, and return the files of each, by its name.

    Repeating it is harmless: it brings policies and roles up to date and gives each process a new secret id.

    Raises:
        VaultSetupError: Vault refused a step, or does not answer.
    """
    async with _opened(url) as vault:
        vault.token = token
        await vault.mount_secrets()
        await vault.enable_approle()
        return {name: await _give_role(vault, name, policy, folder) for name, policy in policies().items()}


async def set_up_sealed_vault(url: str, unseal_key_file: Path, folder: Path) -> dict[str, AppRoleFiles]:
    """Initialise Vault if it is new, unseal it if it is sealed, and prepare it as `set_up_vault` does.

    For a Vault on one machine, whose one unseal key lies in a file. The administrator's token is made from that key,
    used, and revoked.

    Raises:
        VaultSetupError: Vault refused a step, does not answer, or was initialised without this key.
    """
    async with _opened(url) as vault:
        await vault.answers()
        if not (await vault.read("sys/init"))["initialized"]:
            made = await vault.write("sys/init", secret_shares=1, secret_threshold=1)
            put(unseal_key_file, made["keys_base64"][0])
            vault.token = made["root_token"]
            await vault.unseal(made["keys_base64"][0])
            await vault.write("auth/token/revoke-self")
        key = _kept(unseal_key_file)
        await vault.unseal(key)
        token = await vault.administrator(key)
        try:
            return await set_up_vault(url, token, folder)
        finally:
            vault.token = token
            await vault.write("auth/token/revoke-self")


def _kept(unseal_key_file: Path) -> str:
    try:
        return unseal_key_file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise VaultSetupError(
            f"Vault was initialised, but its key cannot be read from {unseal_key_file} ({error.strerror}). "
            "Bring the key back, or delete Vault's data."
        ) from error


def policies() -> dict[str, str]:
    """Return the policies in the files beside this module: name of a process → text."""
    files = (resources.files(__package__) / "policies").iterdir()
    return {file.name.removesuffix(".hcl"): file.read_text() for file in files if file.name.endswith(".hcl")}


async def _give_role(vault: _Vault, name: str, policy: str, folder: Path) -> AppRoleFiles:
    role = f"{MOUNT}-{name}"
    await vault.write(f"sys/policies/acl/{role}", policy=policy)
    await vault.write(f"auth/approle/role/{role}", token_policies=[role], token_ttl=_TOKEN_LIFE)
    role_id = (await vault.read(f"auth/approle/role/{role}/role-id"))["data"]["role_id"]
    secret_id = (await vault.write(f"auth/approle/role/{role}/secret-id"))["data"]["secret_id"]
    files = AppRoleFiles(folder / name / ROLE_ID_FILE, folder / name / SECRET_ID_FILE)
    put(files.role_id, role_id)
    put(files.secret_id, secret_id)
    return files


class _Vault:
    """Vault's HTTP API, under whatever token is set."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self.token = ""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

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
        await self._call("DELETE", "sys/generate-root/attempt", None)
        begun = await self.write("sys/generate-root/attempt")
        done = await self.write("sys/generate-root/update", key=key, nonce=begun["nonce"])
        encoded = done["encoded_token"]
        sealed = base64.b64decode(encoded + "=" * (-len(encoded) % 4))
        return bytes(a ^ b for a, b in zip(sealed, begun["otp"].encode(), strict=True)).decode()

    async def mount_secrets(self) -> None:
        """Mount the KV engine, version 2; it demands check-and-set of every write, so that none can forget it."""
        if f"{MOUNT}/" not in (await self.read("sys/mounts"))["data"]:
            await self.write(f"sys/mounts/{MOUNT}", type="kv", options={"version": "2"})
        await self.write(f"{MOUNT}/config", cas_required=True)

    async def enable_approle(self) -> None:
        """Let services enter by role id and secret id."""
        if "approle/" not in (await self.read("sys/auth"))["data"]:
            await self.write("sys/auth/approle", type="approle")

    async def read(self, path: str) -> dict[str, Any]:
        return await self._call("GET", path, None)

    async def write(self, path: str, **fields: object) -> dict[str, Any]:
        return await self._call("POST", path, fields)

    async def _call(self, method: str, path: str, fields: dict[str, object] | None) -> dict[str, Any]:
        headers = {"X-Vault-Token": self.token} if self.token else {}
        try:
            response = await self._client.request(method, path, json=fields, headers=headers)
            response.raise_for_status()
        except httpx.HTTPStatusError as error:
            raise VaultSetupError(f"Vault refused {path}: {error.response.text.strip()}") from error
        except httpx.TransportError as error:
            raise VaultSetupError(f"Vault does not answer: {error!r}") from error
        answer: dict[str, Any] = response.json() if response.content else {}
        return answer

    async def _until(self, complaint: str, well: Callable[[int], bool]) -> None:
        last = "nothing"
        try:
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    try:
                        answer = await self._client.get("sys/health")
                    except httpx.TransportError as error:
                        last = repr(error)
                    else:
                        if well(answer.status_code):
                            return
                        last = f"{answer.status_code} {answer.text.strip()}"
                    await asyncio.sleep(_PAUSE_S)
        except TimeoutError:
            raise VaultSetupError(
                f"Vault {complaint} within {PATIENCE_S:.0f} s; it said last: {last}"
            ) from None


def _opened(url: str) -> _Vault:
    return _Vault(httpx.AsyncClient(base_url=f"{url}/v1/", trust_env=False, timeout=_TIMEOUT_S))
