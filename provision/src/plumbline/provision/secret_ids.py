"""Secret ids of a process: made, delivered wrapped, found to be in use, and destroyed once the next one is.

All that is known of them is Vault's: its accessors say when each was made, and how many logins it has left, so that a
run needs no memory of the former one, and may be killed anywhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from plumbline.common.secrets.delivery import deliver, spent_file
from plumbline.common.settings import put_secret_line
from plumbline.provision.changes import Changes
from plumbline.provision.vault_api import VaultApi

ROLE_ID_FILE = "vault-role-id"
SECRET_ID_FILE = "vault-secret-id"  # noqa: S105  # a name


@dataclass(frozen=True)
class AppRoleFiles:
    """The two files by which one process enters Vault."""

    role_id: Path
    secret_id: Path


@dataclass(frozen=True, slots=True)
class SecretId:
    """One secret id, as its accessor tells of it."""

    accessor: str
    made_at: datetime
    ends_at: datetime | None
    """None: never, as the earliest versions of this job made them."""
    is_used: bool

    def age(self, now: datetime) -> timedelta:
        """Return how old it is."""
        return now - self.made_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """When a new one is made, and how long its delivery opens."""

    uses: int
    renewed_after: timedelta
    wrapped_for: timedelta


def in_use(ids: list[SecretId]) -> SecretId | None:
    """Return the newest one that was used."""
    return max((i for i in ids if i.is_used and i.ends_at is not None), key=lambda i: i.made_at, default=None)


def why_new(
    ids: list[SecretId], terms: Terms, *, now: datetime, is_lost: bool, is_asked_for: bool
) -> str | None:
    """Return why a new secret id has to be made; None if there is no reason.

    Args:
        ids: those of the role.
        terms: when they grow old.
        now: the present.
        is_lost: the process's folder holds none, and no delivery that opens.
        is_asked_for: a person wants a new one.
    """
    if is_asked_for:
        return "rotation was asked for"
    if is_lost:
        return "the process has none"
    used = in_use(ids)
    if any(is_under_way(i, terms, now=now) for i in ids if used is None or i.made_at > used.made_at):
        return None
    if used is None:
        return "none that ends is in use"
    if used.age(now) >= terms.renewed_after:
        return f"the present one is {used.age(now).days} days old"
    return None


def is_under_way(secret_id: SecretId, terms: Terms, *, now: datetime) -> bool:
    """Say whether its delivery may still be opened, or has been and was not used yet."""
    return not secret_id.is_used and secret_id.age(now) < terms.wrapped_for


def done_with(ids: list[SecretId], terms: Terms, *, now: datetime) -> list[SecretId]:
    """Return those that nobody needs: made before one that is in use, or never taken."""
    used = in_use(ids)
    return [
        i
        for i in ids
        if (used is not None and i.made_at < used.made_at)
        or (not i.is_used and i.ends_at is not None and not is_under_way(i, terms, now=now))
    ]


async def secret_ids(vault: VaultApi, role: str, *, uses: int) -> list[SecretId]:
    """Return the secret ids of a role, of which each began with so many uses; none if there is no such role."""
    found: list[SecretId] = []
    if await vault.found(f"auth/approle/role/{role}") is None:
        return found  # a dry run before the first one
    for accessor in await vault.listed(f"auth/approle/role/{role}/secret-id"):
        told = await vault.write(
            f"auth/approle/role/{role}/secret-id-accessor/lookup", secret_id_accessor=accessor
        )
        found.append(_secret_id(accessor, told["data"], uses))
    return found


def _secret_id(accessor: str, told: dict[str, Any], uses: int) -> SecretId:
    ends_at = datetime.fromisoformat(told["expiration_time"])
    left = told["secret_id_num_uses"]
    return SecretId(
        accessor=accessor,
        made_at=datetime.fromisoformat(told["creation_time"]),
        ends_at=ends_at if ends_at.year > 1 else None,
        is_used=left < uses,  # 0 is `without end`, so nobody knows: it counts as used
    )


async def supply(
    vault: VaultApi, role: str, files: AppRoleFiles, terms: Terms, changes: Changes, *, is_asked_for: bool
) -> None:
    """Deliver a new secret id if one is needed, and destroy those that nobody needs any more."""
    now = datetime.now(UTC)
    ids = await secret_ids(vault, role, uses=terms.uses)
    is_lost = not files.role_id.exists() or spent_file(files.secret_id).exists()
    if why := why_new(ids, terms, now=now, is_lost=is_lost, is_asked_for=is_asked_for):
        await changes.make(
            f"deliver a new secret id to {files.secret_id.parent}: {why}",
            partial(_deliver, vault, role, files, terms),
        )
    if (used := in_use(ids)) is not None and used.ends_at is not None:
        changes.notes.append(
            f"{role}: its secret id is {used.age(now).days} days old and ends on {used.ends_at:%Y-%m-%d}"
        )
    await destroy(vault, role, done_with(ids, terms, now=now), changes)


async def destroy(vault: VaultApi, role: str, ids: Iterable[SecretId], changes: Changes) -> None:
    """Destroy secret ids of a role."""
    for secret_id in ids:
        await changes.make(
            f"destroy the secret id of {role} that was made {secret_id.made_at:%Y-%m-%d %H:%M}: a newer one is in use, or it was never taken",
            partial(_destroy, vault, role, secret_id.accessor),
        )


async def _deliver(vault: VaultApi, role: str, files: AppRoleFiles, terms: Terms) -> None:
    role_id = (await vault.read(f"auth/approle/role/{role}/role-id"))["data"]["role_id"]
    made = await vault.write(
        f"auth/approle/role/{role}/secret-id", wrapped_for=int(terms.wrapped_for.total_seconds())
    )
    deliver(files.secret_id, made["wrap_info"]["token"])
    # Last: a run that was killed before it finds none, and delivers again.
    put_secret_line(files.role_id, role_id)


async def _destroy(vault: VaultApi, role: str, accessor: str) -> None:
    await vault.write(f"auth/approle/role/{role}/secret-id-accessor/destroy", secret_id_accessor=accessor)
