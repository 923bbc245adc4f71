"""Webhook secrets: what a caller must show to be believed, two values of it during a rotation."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from pydantic import SecretStr

from plumbline.common.clock import Clock
from plumbline.common.secrets.port import SecretStore, SecretStoreUnavailableError

FRESH_FOR = timedelta(seconds=60)
"""A new secret is accepted within this time; a rotation waits longer before it uses it."""

RETRY_PAUSE = timedelta(seconds=5)
"""While the store is away, known secrets are served and it is asked this seldom."""

REFRESH_MAX_S = 1.0
"""So long does one caller wait for newer secrets where some are known: Intuit hears no answer after 3 s."""

log = structlog.get_logger(__name__)


def webhook_path(source: str, addressee: str) -> str:
    """Return where the secrets of webhooks are kept, as `current` and `previous`.

    Args:
        source: who sends them.
        addressee: the connection (Procore) or the app (QuickBooks) that they are sent to.
    """
    return f"webhooks/{source}/{addressee}"


@dataclass(slots=True)
class _Known:
    secrets: tuple[SecretStr, ...]
    fresh_until: datetime


class WebhookSecrets:
    """Answers which secrets are accepted, from memory wherever it can.

    Keeps what it was asked for, so ask only about connections and apps that are configured.
    """

    def __init__(self, store: SecretStore, *, clock: Clock, fresh_for: timedelta = FRESH_FOR) -> None:
        """Read `store` at most once per `fresh_for` and addressee."""
        self._store = store
        self._clock = clock
        self._fresh_for = fresh_for
        self._known: dict[tuple[str, str], _Known] = {}
        self._first = asyncio.Lock()

    async def accepted(self, source: str, addressee: str) -> tuple[SecretStr, ...]:
        """Return the accepted secrets, the one to use for new hooks first; none if none is stored.

        While the store is away, what was read last goes on being accepted.

        Raises:
            SecretStoreUnavailableError: wait; the store is away and nothing was ever read.
        """
        key = (source, addressee)
        known = self._known.get(key)
        if known is None:
            return await self._first_read(key)
        if self._clock.now() >= known.fresh_until:
            await self._refresh(key, known)
        return known.secrets

    async def _first_read(self, key: tuple[str, str]) -> tuple[SecretStr, ...]:
        async with self._first:
            if (known := self._known.get(key)) is None:
                secrets = await self._read(key)
                known = self._known[key] = _Known(secrets, self._clock.now() + self._fresh_for)
            return known.secrets

    async def _refresh(self, key: tuple[str, str], known: _Known) -> None:
        # Set first: while one caller asks, perhaps in vain, the others are served what is known.
        known.fresh_until = self._clock.now() + RETRY_PAUSE
        try:
            async with asyncio.timeout(REFRESH_MAX_S):
                known.secrets = await self._read(key)
        except (SecretStoreUnavailableError, TimeoutError) as error:
            log.warning("webhook-secrets.stale", source=key[0], addressee=key[1], error=repr(error))
        else:
            known.fresh_until = self._clock.now() + self._fresh_for

    async def _read(self, key: tuple[str, str]) -> tuple[SecretStr, ...]:
        document = await self._store.read(webhook_path(*key))
        if document is None:
            return ()
        return tuple(document.values[name] for name in ("current", "previous") if name in document.values)
