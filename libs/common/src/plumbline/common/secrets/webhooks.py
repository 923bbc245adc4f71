"""Webhook secrets: what a caller must show to be believed, several values of it during a rotation.

One document for each connection (Procore) or app (QuickBooks). token-vault alone writes it; ingest accepts every value
that is in it, and hooks are given the present one. Values are numbered, so that a process can say how far it has come
without showing anything.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from pydantic import SecretStr

from plumbline.common.clock import Clock
from plumbline.common.secrets.port import SecretDocument, SecretStore, SecretStoreUnavailableError

FRESH_FOR = timedelta(seconds=60)
"""What is known is looked at again when it is used after this time."""

RETRY_PAUSE = timedelta(seconds=5)
"""While the store is away, known secrets are served and it is asked this seldom."""

LOOK_PAUSE = timedelta(milliseconds=250)
"""For callers that show something unknown it is asked this seldom, and they wait for it: anybody may call."""

REFRESH_MAX_S = 1.0
"""So long does one caller wait for newer secrets where some are known: Intuit hears no answer after 3 s."""

log = structlog.get_logger(__name__)


def webhook_path(source: str, addressee: str) -> str:
    """Return where the secrets of webhooks are kept, which is also their name as a credential.

    Args:
        source: who sends them.
        addressee: the connection (Procore) or the app (QuickBooks) that they are sent to.
    """
    return f"webhooks/{source}/{addressee}"


@dataclass(frozen=True, slots=True)
class WebhookSecret:
    """The values of one webhook secret: the present one, and what is accepted beside it during a rotation."""

    current: SecretStr
    """What hooks are given."""
    number: int = 1
    """Counts the values; `next` is one more, `previous` one less."""
    since: datetime | None = None
    """When the present value was made; None for one from before ages were kept."""
    next: SecretStr | None = None
    """Accepted already, and given to no hook yet."""
    next_since: datetime | None = None
    previous: SecretStr | None = None
    """Accepted still."""
    previous_until: datetime | None = None
    """When it is to be dropped; None until every hook shows the present one."""

    @property
    def accepted(self) -> tuple[SecretStr, ...]:
        """Every accepted value, the present one first."""
        return tuple(value for value in (self.current, self.next, self.previous) if value is not None)

    @property
    def newest(self) -> int:
        """The number of the newest accepted value."""
        return self.number + (self.next is not None)


def secret_values(secret: WebhookSecret) -> dict[str, str]:
    """Return the document of a secret; the values are in clear in it."""
    values = {"current": secret.current.get_secret_value(), "number": str(secret.number)}
    for name, value in (("next", secret.next), ("previous", secret.previous)):
        if value is not None:
            values[name] = value.get_secret_value()
    moments = {
        "since": secret.since,
        "next_since": secret.next_since,
        "previous_until": secret.previous_until,
    }
    return values | {name: moment.isoformat() for name, moment in moments.items() if moment is not None}


def webhook_secret(document: SecretDocument) -> WebhookSecret:
    """Return what a document says; one that holds values alone is from before ages were kept."""
    values = document.values
    return WebhookSecret(
        current=values["current"],
        number=int(document.text("number")) if "number" in values else 1,
        since=_moment(values, "since"),
        next=values.get("next"),
        next_since=_moment(values, "next_since"),
        previous=values.get("previous"),
        previous_until=_moment(values, "previous_until"),
    )


def _moment(values: Mapping[str, SecretStr], name: str) -> datetime | None:
    return datetime.fromisoformat(values[name].get_secret_value()) if name in values else None


@dataclass(slots=True)
class _Known:
    secret: WebhookSecret | None
    read_at: datetime
    """When the last successful look began: it has seen everything that was stored before."""
    fresh_until: datetime
    failed_at: datetime | None = None
    """When the store last failed to answer, if it did not answer since."""
    looking: asyncio.Lock = field(default_factory=asyncio.Lock)


class WebhookSecrets:
    """Answers which secrets are accepted, from memory wherever it can.

    Keeps what it was asked for, so ask only about connections and apps that are configured.
    """

    def __init__(self, store: SecretStore, *, clock: Clock, fresh_for: timedelta = FRESH_FOR) -> None:
        """Read `store` at most once per `fresh_for` and addressee, unless told to look."""
        self._store = store
        self._clock = clock
        self._fresh_for = fresh_for
        self._known: dict[tuple[str, str], _Known] = {}
        self._first = asyncio.Lock()

    async def secret(self, source: str, addressee: str) -> WebhookSecret | None:
        """Return the secret; None if none is stored. While the store is away, what was read last goes on holding.

        Raises:
            SecretStoreUnavailableError: wait; the store is away and nothing was ever read.
        """
        key = (source, addressee)
        known = self._known.get(key)
        if known is None:
            return (await self._first_read(key)).secret
        if self._clock.now() >= known.fresh_until:
            await self._refresh(key, known)
        return known.secret

    async def looked_again(self, source: str, addressee: str) -> WebhookSecret | None:
        """Return the secret as the store has it now, for a caller that shows nothing of what is known.

        So no true sender is turned away because a value is newer than the last look, be it a moment ago. However many
        call, they share one look each quarter of a second, and wait for it.

        Raises:
            SecretStoreUnavailableError: wait; the store is away, so nobody can know who the caller is.
        """
        key = (source, addressee)
        known = self._known.get(key) or await self._first_read(key)
        came_at = self._clock.now()
        async with known.looking:
            now = self._clock.now()
            if known.failed_at is not None and now < known.failed_at + RETRY_PAUSE:
                raise SecretStoreUnavailableError("the secret store does not answer")
            if known.read_at < came_at:
                await asyncio.sleep(max(0.0, (known.read_at + LOOK_PAUSE - now).total_seconds()))
                await self._look(key, known)
        return known.secret

    async def look(self, source: str, addressee: str) -> WebhookSecret | None:
        """Return the secret as the store has it now.

        Raises:
            SecretStoreUnavailableError: wait; the store is away. What was read last goes on holding.
        """
        key = (source, addressee)
        known = self._known.get(key)
        if known is None:
            return (await self._first_read(key)).secret
        async with known.looking:
            await self._look(key, known)
        return known.secret

    def held(self, source: str, addressee: str) -> WebhookSecret | None:
        """Return the secret as it was last read; None if it never was."""
        known = self._known.get((source, addressee))
        return None if known is None else known.secret

    async def _first_read(self, key: tuple[str, str]) -> _Known:
        async with self._first:
            if (known := self._known.get(key)) is None:
                now = self._clock.now()
                known = self._known[key] = _Known(await self._read(key), now, now + self._fresh_for)
            return known

    async def _refresh(self, key: tuple[str, str], known: _Known) -> None:
        # Set first: while one caller asks, perhaps in vain, the others are served what is known.
        known.fresh_until = self._clock.now() + RETRY_PAUSE
        try:
            await self._look(key, known)
        except SecretStoreUnavailableError as error:
            log.warning("webhook-secrets.stale", source=key[0], addressee=key[1], **error.log_fields())

    async def _look(self, key: tuple[str, str], known: _Known) -> None:
        began_at = self._clock.now()
        try:
            async with asyncio.timeout(REFRESH_MAX_S):
                known.secret = await self._read(key)
        except (SecretStoreUnavailableError, TimeoutError) as error:
            known.failed_at = self._clock.now()
            if isinstance(error, TimeoutError):
                raise SecretStoreUnavailableError("the secret store does not answer") from error
            raise
        known.failed_at, known.read_at = None, began_at
        known.fresh_until = began_at + self._fresh_for

    async def _read(self, key: tuple[str, str]) -> WebhookSecret | None:
        document = await self._store.read(webhook_path(*key))
        return None if document is None else webhook_secret(document)
