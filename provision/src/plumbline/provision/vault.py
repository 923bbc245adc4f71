"""Vault: initialised and unsealed where it is ours to do, then brought to what `vault.toml` and `policies/` say.

No service can write policies; this runs with an administrator's token, which no service gets. What is as it should be
is left alone, so a second run changes nothing.
"""

from __future__ import annotations

import asyncio
import time
import tomllib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

from plumbline.common.connections import ConfigurationError
from plumbline.common.secrets.transit import MOUNT as TRANSIT
from plumbline.common.secrets.vault import MOUNT
from plumbline.common.settings import put_secret_line, secret_line
from plumbline.provision.changes import Changes
from plumbline.provision.secret_ids import (
    ROLE_ID_FILE,
    SECRET_ID_FILE,
    AppRoleFiles,
    Terms,
    destroy,
    done_with,
    in_use,
    secret_ids,
    supply,
)
from plumbline.provision.settings import Settings
from plumbline.provision.vault_api import VaultAddress, VaultApi, VaultSetupError

TAKEN_MAX_S = 60.0
"""How long a rotation waits for a process to take and use what was delivered."""

_LOOK_PAUSE_S = 0.5
_ENOUGH_DEVICES = (
    2  # Vault blocks every request while no audit device can be written (Vault docs, audit devices)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a run is asked for."""

    dry_run: bool = False
    rotate: frozenset[str] = frozenset()
    """Processes that get a new secret id whatever the age of theirs."""
    audit_file: str | None = None
    """Where Vault writes its audit log, on its own disk; None: its audit devices are left as they are."""


def policies() -> dict[str, str]:
    """Return the policies in the files beside this module: name of a process → text."""
    files = (resources.files(__package__) / "policies").iterdir()
    return {file.name.removesuffix(".hcl"): file.read_text() for file in files if file.name.endswith(".hcl")}


def role_of(process: str) -> str:
    """Return the name of a process's role, which is also that of its policy."""
    return f"{MOUNT}-{process}"


def role_files(folder: Path) -> dict[str, AppRoleFiles]:
    """Return the files of each process that has a policy, by its name."""
    return {
        name: AppRoleFiles(folder / name / ROLE_ID_FILE, folder / name / SECRET_ID_FILE)
        for name in sorted(policies())
    }


async def prepare_vault(settings: Settings, wishes: Wishes) -> Changes:
    """Do what the job `vault` does, on the Vault that the settings name.

    Raises:
        ConfigurationError: needs a person; the settings name no Vault, or a file that cannot be read.
        VaultSetupError: Vault refused a step, or does not answer.
    """
    if settings.vault_url is None:
        raise ConfigurationError("PLUMBLINE_VAULT_URL is not set, and this job needs it")
    at = VaultAddress(
        url=settings.vault_url, ca_file=settings.vault_ca_file, namespace=settings.vault_namespace
    )
    if settings.vault_token_file:
        return await set_up_vault(at, secret_line(settings.vault_token_file), settings.keys_dir, wishes)
    key_file = settings.keys_dir / "vault" / "unseal-key"
    return await set_up_sealed_vault(at, key_file, settings.keys_dir, wishes)


async def set_up_vault(at: VaultAddress, token: str, folder: Path, wishes: Wishes | None = None) -> Changes:
    """Prepare Vault for every process that has a policy, and deliver into `folder` what each needs to enter.

    Repeating it is harmless, and so is killing it: a run changes what is not as it should be, and nothing else.

    Raises:
        VaultSetupError: Vault refused a step, or does not answer.
    """
    wishes = wishes or Wishes()
    changes = Changes(dry_run=wishes.dry_run)
    async with at.opened(token) as vault:
        await _set_up(vault, folder, wishes, changes)
        await _note_root(vault, changes)
    return changes


async def set_up_sealed_vault(
    at: VaultAddress, unseal_key_file: Path, folder: Path, wishes: Wishes | None = None
) -> Changes:
    """Initialise Vault if it is new, unseal it if it is sealed, and prepare it as `set_up_vault` does.

    For a Vault on one machine, whose one unseal key lies in a file. The administrator's token is made from that key,
    used, and revoked.

    Raises:
        VaultSetupError: Vault refused a step, does not answer, or was initialised without this key.
    """
    wishes = wishes or Wishes()
    changes = Changes(dry_run=wishes.dry_run)
    async with at.opened() as vault:
        if await _open_up(vault, unseal_key_file, changes):
            async with _administering(vault, unseal_key_file):
                await _set_up(vault, folder, wishes, changes)
    return changes


async def _open_up(vault: VaultApi, unseal_key_file: Path, changes: Changes) -> bool:
    """Initialise and unseal, and say whether Vault is open now, which it is not in a dry run that found it closed."""
    await vault.answers()
    if not (await vault.read("sys/init"))["initialized"]:
        await changes.make("initialise Vault", partial(_initialise, vault, unseal_key_file))
    elif (await vault.read("sys/seal-status"))["sealed"]:
        await changes.make("unseal Vault", partial(_unseal, vault, unseal_key_file))
    if changes.dry_run and changes.told:
        changes.notes.append("what else there is to change, an open Vault tells")
        return False
    await _unseal(vault, unseal_key_file)
    return True


async def _initialise(vault: VaultApi, unseal_key_file: Path) -> None:
    made = await vault.write("sys/init", secret_shares=1, secret_threshold=1)
    put_secret_line(unseal_key_file, made["keys_base64"][0])
    vault.token = made["root_token"]
    await vault.unseal(made["keys_base64"][0])
    await vault.write("auth/token/revoke-self")
    vault.token = ""


async def _unseal(vault: VaultApi, unseal_key_file: Path) -> None:
    await vault.unseal(_kept(unseal_key_file))


@asynccontextmanager
async def _administering(vault: VaultApi, unseal_key_file: Path) -> AsyncIterator[None]:
    token = vault.token = await vault.administrator(_kept(unseal_key_file))
    try:
        yield
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


async def _set_up(vault: VaultApi, folder: Path, wishes: Wishes, changes: Changes) -> None:
    if unknown := wishes.rotate - set(policies()):
        raise VaultSetupError(
            f"no such process: {', '.join(sorted(unknown))}; there are {', '.join(policies())}"
        )
    wanted = _wanted()
    await _secrets(vault, wanted, changes)
    await _transit(vault, wanted["transit"], changes)
    if "approle/" not in (await vault.read("sys/auth"))["data"]:
        await changes.make(
            "let processes enter by AppRole", partial(vault.write, "sys/auth/approle", type="approle")
        )
    for name, files in role_files(folder).items():
        await _policy(vault, role_of(name), policies()[name], changes)
        await _role(vault, role_of(name), wanted["role"], changes)
        await supply(vault, role_of(name), files, _terms(wanted), changes, is_asked_for=name in wishes.rotate)
    await _audit(vault, wishes.audit_file, wanted["audit"]["second"], changes)
    if wishes.rotate and not wishes.dry_run:
        await _destroy_once_taken(vault, wishes.rotate, _terms(wanted), changes)


def _wanted() -> dict[str, Any]:
    return tomllib.loads((resources.files(__package__) / "vault.toml").read_text())


def _terms(wanted: Mapping[str, Any]) -> Terms:
    terms = wanted["secret_ids"]
    return Terms(
        uses=wanted["role"]["secret_id_num_uses"],
        renewed_after=timedelta(seconds=terms["renewed_after"]),
        wrapped_for=timedelta(seconds=terms["wrapped_for"]),
    )


async def _secrets(vault: VaultApi, wanted: Mapping[str, Any], changes: Changes) -> None:
    if f"{MOUNT}/" not in (await vault.read("sys/mounts"))["data"]:
        mount = partial(vault.write, f"sys/mounts/{MOUNT}", type="kv", options={"version": "2"})
        await changes.make(f"mount the secret engine at {MOUNT}/", mount)
    await _settle(vault, f"{MOUNT}/config", wanted["secrets"], changes)
    for path in await _access_copies(vault):
        await _settle(vault, path, wanted["access_copies"], changes)


async def _access_copies(vault: VaultApi) -> list[str]:
    grants = f"{MOUNT}/metadata/grants"
    if await vault.found(f"{MOUNT}/config") is None:
        return []  # a dry run before the first one
    return [
        f"{grants}/{provider}{account}access"
        for provider in await vault.listed(grants)
        for account in await vault.listed(f"{grants}/{provider}")
        if "access" in await vault.listed(f"{grants}/{provider}{account}")
    ]


async def _transit(vault: VaultApi, wanted: Mapping[str, Any], changes: Changes) -> None:
    if f"{TRANSIT}/" not in (await vault.read("sys/mounts"))["data"]:
        mount = partial(vault.write, f"sys/mounts/{TRANSIT}", type="transit")
        await changes.make(f"mount the transit engine at {TRANSIT}/", mount)
    period = {"auto_rotate_period": wanted["auto_rotate_period"]}
    for key in wanted["keys"]:
        path = f"{TRANSIT}/keys/{key}"
        found = await vault.found(path)
        if found is None:
            await changes.make(f"make transit key {key}", partial(vault.write, path, **period))
        elif _differing(found["data"], period):
            await changes.make(
                f"rotate transit key {key} by itself", partial(vault.write, f"{path}/config", **period)
            )


async def _policy(vault: VaultApi, name: str, text: str, changes: Changes) -> None:
    found = await vault.found(f"sys/policies/acl/{name}")
    if found is None or found["data"]["policy"] != text:
        doing = "write" if found is None else "bring up to date"
        await changes.make(
            f"{doing} policy {name}", partial(vault.write, f"sys/policies/acl/{name}", policy=text)
        )


async def _role(vault: VaultApi, name: str, wanted: Mapping[str, Any], changes: Changes) -> None:
    await _settle(vault, f"auth/approle/role/{name}", {**wanted, "token_policies": [name]}, changes)


async def _settle(vault: VaultApi, path: str, wanted: Mapping[str, Any], changes: Changes) -> None:
    """Set what is not as wanted at a path that answers with what was written there."""
    found = await vault.found(path)
    if wrong := _differing(found["data"] if found else {}, wanted):
        what = ", ".join(f"{name} = {value}" for name, value in wrong.items())
        await changes.make(f"set at {path}: {what}", partial(vault.write, path, **wrong))


def _differing(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in wanted.items() if found.get(name) != value}


async def _audit(vault: VaultApi, file: str | None, second: str, changes: Changes) -> None:
    devices = (await vault.read("sys/audit"))["data"]
    if len(devices) >= _ENOUGH_DEVICES:
        return
    if file is None:
        changes.notes.append(
            f"Vault has {len(devices)} audit devices: let PLUMBLINE_VAULT_AUDIT_FILE name a file on its disk for one, "
            "or make two of your own (while none can be written, Vault serves nobody)"
        )
        return
    for place, path in ((f"{MOUNT}-file", file), (f"{MOUNT}-{second}", second)):
        if f"{place}/" not in devices:
            enable = partial(vault.write, f"sys/audit/{place}", type="file", options={"file_path": path})
            await changes.make(f"write an audit log to {path}", enable)


async def _destroy_once_taken(vault: VaultApi, names: frozenset[str], terms: Terms, changes: Changes) -> None:
    """Wait until the new secret ids are in use, and destroy the former ones; those that are not stay valid."""
    ends_at = time.monotonic() + TAKEN_MAX_S
    waiting = set(names)
    while waiting and time.monotonic() < ends_at:
        await asyncio.sleep(_LOOK_PAUSE_S)
        for name in sorted(waiting):
            ids = await secret_ids(vault, role_of(name), uses=terms.uses)
            if (used := in_use(ids)) is not None and used == max(ids, key=lambda i: i.made_at):
                former = done_with(ids, terms, now=datetime.now(UTC))
                await destroy(vault, role_of(name), former, changes)
                waiting.discard(name)
    changes.notes += [
        f"{name} has not used its new secret id within {TAKEN_MAX_S:.0f} s, so the former one stays valid: see that it "
        "runs and that its folder of keys is the one delivered to; the next run destroys what is not needed any more"
        for name in sorted(waiting)
    ]


async def _note_root(vault: VaultApi, changes: Changes) -> None:
    itself = await vault.found("auth/token/lookup-self")
    if itself and "root" in itself["data"]["policies"]:
        changes.notes.append(
            "the token given is a root token: revoke it when you have done with it (`vault token revoke -self`)"
        )
