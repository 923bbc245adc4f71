"""Grants and what may be done with them: pure rules, no clock, no store."""

import hashlib
import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import SecretStr

from plumbline.common.secrets.grants import Grant
from plumbline.common.secrets.tokens import LiveToken

RENEW_FROM = 0.60
"""A token is renewed at the earliest after this share of its life …"""

RENEW_UNTIL = 0.75
"""… and at the latest after this one: a quarter of its life is left to survive an outage."""

SEEDS_KEPT = 20
"""How many imported grants are remembered, so that an old file cannot bring an old grant back."""


class Status(StrEnum):
    """What is known of a grant."""

    LIVE = "live"
    DEAD = "dead"
    """The provider refused it for good: the account must be connected again."""
    RECONNECTED = "reconnected"
    """A person supplied a new grant for a dead account; the first renewal proves it."""


@dataclass(frozen=True, slots=True)
class Intent:
    """A renewal in flight: nobody else may call before `until`, the call's hard deadline."""

    id: str
    until: datetime


@dataclass(frozen=True, slots=True)
class HeldGrant:
    """The one grant document of an account: the grant, its newest answer, and the intent to renew it.

    `document_version` is what the next write must replace. `version` counts access tokens, and goes on
    counting over reconnections. `seeds` are the digests of the grants that were imported, newest last.
    """

    account: str
    app: str
    document_version: int = 0
    status: Status = Status.LIVE
    version: int = 0
    access_token: SecretStr | None = None
    refresh_token: SecretStr | None = None
    issued_at: datetime | None = None
    expires_at: datetime | None = None
    intent: Intent | None = None
    seeds: tuple[str, ...] = field(default=(), repr=False)

    @property
    def provider(self) -> str:
        """The account's first word: `procore` or `quickbooks`."""
        return self.account.partition("/")[0]

    @property
    def live_token(self) -> LiveToken | None:
        """The newest access token, for the copy that services read; None before the first renewal."""
        if self.access_token is None or self.expires_at is None:
            return None
        return LiveToken(value=self.access_token, version=self.version, expires_at=self.expires_at)


@dataclass(frozen=True, slots=True)
class App:
    """A client registered with a provider."""

    client_id: str
    client_secret: SecretStr


@dataclass(frozen=True, slots=True)
class FirstGrant:
    """A grant as an operator supplies it. Client credentials have no refresh token."""

    account: str
    app: str
    refresh_token: SecretStr | None = None

    @property
    def seed(self) -> str:
        """What tells two supplied grants apart without showing them."""
        value = self.refresh_token.get_secret_value() if self.refresh_token else self.app
        return hashlib.sha256(f"{self.account} {value}".encode()).hexdigest()[:32]


def slug(account: str) -> str:
    """Return an account as the name of a connection: lower case, digits and hyphens, 63 at most."""
    return re.sub(r"[^a-z0-9]+", "-", account.lower()).strip("-")[:63]


def renewal_at(held: HeldGrant) -> datetime | None:
    """Return when the newest token is to be renewed; None if there is none yet.

    The same for every replica and every look, and spread over accounts and versions.
    """
    if held.issued_at is None or held.expires_at is None:
        return None
    digest = hashlib.sha256(f"{held.account} {held.version}".encode()).digest()
    chance = int.from_bytes(digest[:4]) / 2**32
    return held.issued_at + (held.expires_at - held.issued_at) * (
        RENEW_FROM + (RENEW_UNTIL - RENEW_FROM) * chance
    )


def renewal_due(held: HeldGrant, *, refused_version: int, now: datetime) -> bool:
    """Say whether to renew now: never renewed, refused as it stands, or old enough."""
    at = renewal_at(held)
    return at is None or refused_version >= held.version or now >= at


def waits_for_other(held: HeldGrant, *, now: datetime) -> timedelta | None:
    """Return how long somebody else's call may still take; None if nobody is calling."""
    if held.intent is None or now >= held.intent.until:
        return None
    return held.intent.until - now


def intending(held: HeldGrant, intent: Intent) -> HeldGrant:
    """Return the document that announces a call."""
    return replace(held, intent=intent)


def not_called(held: HeldGrant) -> HeldGrant:
    """Return the document after a call that cannot have had an effect."""
    return replace(held, intent=None)


def dead(held: HeldGrant) -> HeldGrant:
    """Return the document of a grant that the provider refused for good."""
    return replace(held, status=Status.DEAD, intent=None)


def answered(held: HeldGrant, *, asked: HeldGrant, grant: Grant) -> HeldGrant | None:
    """Return the document with a call's answer in it; None if the answer is not to be stored.

    It is not if it is there already, if a call that began later has answered, or if a person has
    supplied another grant meanwhile.

    Args:
        held: the document as it is now, which may be another than at the time of the call.
        asked: the document with the intent of the call.
        grant: the whole answer.
    """
    if held.seeds != asked.seeds or (held.issued_at is not None and held.issued_at >= grant.created_at):
        return None
    return replace(
        held,
        status=Status.LIVE,
        version=held.version + 1,
        access_token=grant.access_token,
        refresh_token=grant.refresh_token or held.refresh_token,
        issued_at=grant.created_at,
        expires_at=grant.expires_at,
        intent=None if held.intent == asked.intent else held.intent,
    )


def supplied(held: HeldGrant | None, first: FirstGrant) -> HeldGrant | None:
    """Return the document after an operator supplied a grant; None if that grant was supplied before.

    A grant has been renewed since it was supplied, so supplying it again must not bring it back.
    """
    if held is None:
        return HeldGrant(
            account=first.account, app=first.app, refresh_token=first.refresh_token, seeds=(first.seed,)
        )
    if first.seed in held.seeds:
        return None
    return replace(
        held,
        app=first.app,
        status=Status.RECONNECTED,
        refresh_token=first.refresh_token,
        # Ends the life of the old token as far as renewing goes; its copy is served until the new one is there.
        issued_at=None,
        intent=None,
        seeds=(*held.seeds, first.seed)[-SEEDS_KEPT:],
    )
