"""What an operator prepares in Vault once: the secret engine, and for each service a role and a policy.

No service can write policies; this runs with an administrator's token, which no service gets.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import httpx

from plumbline.common.secrets.vault import MOUNT
from plumbline.stack.runners.state import write_secret

_TIMEOUT_S = 10
_TOKEN_LIFE = "1h"  # noqa: S105  # a duration; services enter again by themselves


class VaultSetupError(Exception):
    """Vault refused a step of its set-up; the message says which, and why."""


@dataclass(frozen=True)
class AppRoleFiles:
    """The two files by which one service enters Vault."""

    role_id: Path
    secret_id: Path


async def set_up_vault(url: str, token: str, folder: Path) -> dict[str, AppRoleFiles]:
    """Prepare Vault for every service that has a policy, and return the files of each, by its module's name.

    Repeating it is harmless: it brings policies and roles up to date and gives each service a new secret id.

    Raises:
        VaultSetupError: Vault refused a step, or does not answer.
    """
    async with httpx.AsyncClient(base_url=f"{url}/v1/", trust_env=False, timeout=_TIMEOUT_S) as client:
        client.headers["X-Vault-Token"] = token
        vault = _Administrator(client)
        await vault.mount_secrets()
        await vault.enable_approle()
        return {name: await _give_role(vault, name, policy, folder) for name, policy in _policies().items()}


def _policies() -> dict[str, str]:
    """Return the policies in the files beside this module: name of a service's module → text."""
    files = (resources.files(__package__) / "policies").iterdir()
    return {file.name.removesuffix(".hcl"): file.read_text() for file in files if file.name.endswith(".hcl")}


async def _give_role(vault: _Administrator, name: str, policy: str, folder: Path) -> AppRoleFiles:
    role = f"{MOUNT}-{name.replace('_', '-')}"
    await vault.write(f"sys/policies/acl/{role}", policy=policy)
    await vault.write(f"auth/approle/role/{role}", token_policies=[role], token_ttl=_TOKEN_LIFE)
    role_id = (await vault.read(f"auth/approle/role/{role}/role-id"))["data"]["role_id"]
    secret_id = (await vault.write(f"auth/approle/role/{role}/secret-id"))["data"]["secret_id"]
    return AppRoleFiles(
        write_secret(folder / f"{name}.role-id", role_id),
        write_secret(folder / f"{name}.secret-id", secret_id),
    )


class _Administrator:
    """Vault's HTTP API under a token that may do everything."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

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
        try:
            response = await self._client.request(method, path, json=fields)
            response.raise_for_status()
        except httpx.HTTPStatusError as error:
            raise VaultSetupError(f"Vault refused {path}: {error.response.text.strip()}") from error
        except httpx.TransportError as error:
            raise VaultSetupError(f"Vault does not answer: {error!r}") from error
        answer: dict[str, Any] = response.json() if response.content else {}
        return answer
