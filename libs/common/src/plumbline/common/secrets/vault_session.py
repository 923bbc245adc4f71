"""A process's way into Vault: by AppRole, renewed before the token's end, and anew when it has ended."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import hvac
import hvac.exceptions
import structlog

from plumbline.common.metrics import SECRET_ID_TAKEN_AT
from plumbline.common.secrets.delivery import may_take, take_delivered
from plumbline.common.secrets.port import SecretStoreRefusedError

RENEWED_AT = 0.5
"""After this share of its life a token is renewed: an outage of the other half does not end it."""

WORN_AT = 0.5
"""A renewal that gives less than this share of the first life says that the token nears its last end: enter anew."""

DOUBT_AFTER_S = 60.0
"""A token that is older than this may have ended when Vault only says `permission denied`."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Lease:
    """How long a token lives, by our own monotonic clock."""

    entered_at: float
    renew_at: float
    life_s: float


class VaultSession:
    """Makes calls under a token that it takes care of. Its methods block, and are safe to call from many threads."""

    def __init__(self, client: hvac.Client, *, role_id_file: Path, secret_id_file: Path) -> None:
        """Enter by the ids in the files, which are read at every login."""
        self._client = client
        self._role_id_file = role_id_file
        self._secret_id_file = secret_id_file
        self._entering = Lock()
        self._lease: _Lease | None = None

    def call(self, action: Callable[[hvac.Client], Any]) -> Any:
        """Make a call; if Vault forbids it because the token has ended, enter and make it again."""
        token = self._client.token
        if token:
            try:
                return action(self._client)
            except hvac.exceptions.Forbidden as error:
                if not self._may_have_ended(error):
                    raise
        self._enter(instead_of=token)
        return action(self._client)

    def tend(self) -> None:
        """Take a secret id that was delivered, and renew a token that is half through; call it every few seconds."""
        token, lease = self._client.token, self._lease
        if may_take(self._secret_id_file):
            self._enter(instead_of=token)
        elif lease is not None and time.monotonic() >= lease.renew_at:
            self._renew(token, lease)

    def _may_have_ended(self, error: hvac.exceptions.Forbidden) -> bool:
        lease = self._lease
        if lease is None or "invalid token" in str(error):
            return True
        return time.monotonic() > lease.entered_at + DOUBT_AFTER_S

    def _renew(self, token: str, lease: _Lease) -> None:
        try:
            answer = self._client.auth.token.renew_self()
        except (hvac.exceptions.Forbidden, hvac.exceptions.InvalidRequest):
            self._enter(instead_of=token)
            return
        life_s = float(answer["auth"]["lease_duration"])
        if life_s < lease.life_s * WORN_AT:
            self._enter(instead_of=token)
        else:
            renew_at = time.monotonic() + life_s * RENEWED_AT
            self._lease = _Lease(lease.entered_at, renew_at, lease.life_s)

    def _enter(self, *, instead_of: str | None) -> None:
        with self._entering:
            if self._client.token != instead_of:
                return  # another thread has entered meanwhile
            take_delivered(self._client, self._secret_id_file)
            role_id, secret_id = _line(self._role_id_file), _line(self._secret_id_file)
            began = time.monotonic()
            try:
                answer = self._client.auth.approle.login(role_id=role_id, secret_id=secret_id)
            except hvac.exceptions.InvalidRequest:
                raise SecretStoreRefusedError(
                    f"Vault does not let this process in by the ids in {self._role_id_file} and {self._secret_id_file}: "
                    "they have ended, were destroyed, or are another Vault's. `plumbline vault bootstrap` says, and "
                    "delivers new ones"
                ) from None
            SECRET_ID_TAKEN_AT.set(self._secret_id_file.stat().st_mtime)
            life_s = float(answer["auth"]["lease_duration"])
            self._lease = _Lease(began, began + life_s * RENEWED_AT, life_s)
            log.info("vault.entered", life_s=life_s)


def _line(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SecretStoreRefusedError(
            f"{path} cannot be read: {error.strerror}. `plumbline vault bootstrap` delivers what is missing"
        ) from error
