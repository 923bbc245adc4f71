"""The one document of a grant, and every way in which it changes.

Clocks order nothing here: calls are numbered, and the answer of a later call is never overwritten by that of
an earlier one. Every function gives a whole new document, to be stored by check-and-set on the one it was made of.
"""

import base64
import hashlib
import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import SecretStr

from plumbline.common.secrets.grants import Grant
from plumbline.common.secrets.tokens import LiveToken

SEEDS_KEPT = 20
"""How many supplied grants are remembered, so that an old file cannot bring an old grant back."""


class State(StrEnum):
    """What people are told of a grant."""

    LIVE = "live"
    RENEWING = "renewing"
    """A call is under way, or is about to be made for a grant that was supplied just now."""
    UNCERTAIN = "uncertain"
    """A call was made whose answer may be lost, and with it the newest refresh token."""
    DEAD = "dead"
    """No call will help: a person must connect the account again."""
    EXPIRING = "expiring"
    """It works, and its end is near: a person should connect the account again."""


class Cause(StrEnum):
    """Why a grant is dead."""

    REFUSED = "refused"
    """The provider refused it: revoked, or disconnected by the customer."""
    EXPIRED = "expired"
    """The provider refused it at its announced end."""
    ANSWER_LOST = "answer-lost"
    """An answer was lost, and the value known before it was refused: the loss that nobody can prevent."""
    REFUSED_ANEW = "refused-anew"
    """Every new access token was refused as well: the scope or the account is gone, not the token."""
    DISCONNECTED = "disconnected"
    """A person ended it."""


@dataclass(frozen=True, slots=True)
class Intent:
    """A call in flight: nobody else may call before `until`, the call's hard deadline.

    `number` counts the calls of the account. `in_vain` is how many tokens in a row were refused right before
    the one that is asked for.
    """

    number: int
    until: datetime
    in_vain: int = 0


@dataclass(frozen=True, slots=True)
class HeldGrant:
    """The one grant document of an account: the grant, its newest answer, and the intent to renew it.

    `document_version` is what the next write must replace. `version` counts access tokens, and goes on
    counting over reconnections. `calls` counts calls, `answered` is the call whose answer is held. `seeds` are
    the digests of the grants that were supplied, newest last.
    """

    account: str
    app: str
    document_version: int = 0
    version: int = 0
    access_token: SecretStr | None = None
    refresh_token: SecretStr | None = None
    issued_at: datetime | None = None
    """When the newest access token was asked for; None while the present grant has not proven itself."""
    expires_at: datetime | None = None
    refreshed_at: datetime | None = None
    """Since when the refresh token has its present value."""
    ends_at: datetime | None = None
    """When the grant ends unless it is used, or whatever is done: the sooner of both."""
    calls: int = 0
    answered: int = 0
    intent: Intent | None = None
    uncertain: bool = False
    """Whether an answer may have been lost since the last one that is held."""
    in_vain: int = 0
    """How many tokens in a row were refused right before the newest one."""
    cause: Cause | None = None
    """Why it is dead; None of a grant that lives."""
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

    def is_uncertain(self, now: datetime) -> bool:
        """Say whether an answer may be lost. Without a refresh token none that is lost is missed."""
        overdue = self.intent is not None and now >= self.intent.until and self.refresh_token is not None
        return self.uncertain or overdue

    def state(self, now: datetime, *, near: timedelta) -> State:
        """Return what people are told; a grant that ends within `near` is about to expire."""
        if self.cause is not None:
            return State.DEAD
        if self.is_uncertain(now):
            return State.UNCERTAIN
        if self.intent is not None or self.issued_at is None:
            return State.RENEWING
        if self.ends_at is not None and self.ends_at - now <= near:
            return State.EXPIRING
        return State.LIVE


@dataclass(frozen=True, slots=True)
class App:
    """A client registered with a provider."""

    client_id: str
    client_secret: SecretStr


@dataclass(frozen=True, slots=True)
class Consent:
    """What a consent flow was begun with. `state` tells its callback from a stranger's; both are random."""

    redirect_uri: str
    state: SecretStr
    verifier: SecretStr
    """PKCE's (RFC 7636); goes to providers that know PKCE."""
    reconnects: str | None = None
    """The company to connect again by the provider's own link for that, which carries no state; QuickBooks has one."""

    @property
    def challenge(self) -> str:
        """The verifier's digest, by method S256."""
        digest = hashlib.sha256(self.verifier.get_secret_value().encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class FirstGrant:
    """A grant as an operator supplies it. Client credentials have no refresh token."""

    account: str
    app: str
    refresh_token: SecretStr | None = None

    @property
    def seed(self) -> str:
        """What tells two supplied grants apart without showing them."""
        return _seed(self.account, self.app, self.refresh_token)


def slug(account: str) -> str:
    """Return an account as the name of a connection: lower case, digits and hyphens, 63 at most."""
    return re.sub(r"[^a-z0-9]+", "-", account.lower()).strip("-")[:63]


def intending(held: HeldGrant, *, until: datetime, in_vain: int) -> HeldGrant:
    """Return the document that announces a call. One that takes over an open intent may follow a lost answer."""
    lost = held.intent is not None and held.refresh_token is not None
    call = held.calls + 1
    intent = Intent(call, until, in_vain)
    return replace(held, calls=call, intent=intent, uncertain=held.uncertain or lost)


def not_called(held: HeldGrant, *, asked: HeldGrant) -> HeldGrant | None:
    """Return the document after a call that had no effect; None if it is about another call by now."""
    return None if held.intent != asked.intent else replace(held, intent=None)


def refused(held: HeldGrant, *, asked: HeldGrant, now: datetime) -> HeldGrant | None:
    """Return the document after the provider refused the grant; None if it is about another call by now."""
    if held.intent != asked.intent:
        return None
    if held.uncertain:
        return dead(held, Cause.ANSWER_LOST)
    ended = held.ends_at is not None and now >= held.ends_at
    return dead(held, Cause.EXPIRED if ended else Cause.REFUSED)


def dead(held: HeldGrant, cause: Cause) -> HeldGrant:
    """Return the document of a grant that only a person can replace."""
    return replace(held, cause=cause, intent=None, uncertain=False)


def disconnected(held: HeldGrant) -> HeldGrant:
    """Return the document after a person ended the grant; an answer that is still under way comes too late."""
    ended = dead(held, Cause.DISCONNECTED)
    return replace(ended, access_token=None, refresh_token=None, answered=held.calls)


def revived(held: HeldGrant) -> HeldGrant | None:
    """Return the document of a dead grant that a person wants tried once more; None if that would be no use."""
    if held.cause in {None, Cause.DISCONNECTED}:
        return None
    lost = held.cause is Cause.ANSWER_LOST
    return replace(held, cause=None, issued_at=None, in_vain=0, uncertain=lost)


def answered(held: HeldGrant, *, asked: HeldGrant, grant: Grant) -> HeldGrant | None:
    """Return the document with a call's answer in it; None if the answer is not to be stored.

    It is not if it is there already, if a later call has answered, or if a person has supplied or ended
    the grant meanwhile. It is if the grant was taken for dead meanwhile: the answer proves that it is not.

    Args:
        held: the document as it is now, which may be another than at the time of the call.
        asked: the document with the intent of the call.
        grant: the whole answer.
    """
    assert asked.intent is not None
    call = asked.intent.number
    if call <= held.answered:
        return None
    later = held.intent is not None and held.intent.number > call
    return replace(
        _with(held, grant),
        answered=call,
        intent=held.intent if later else None,
        in_vain=asked.intent.in_vain,
    )


def connected(held: HeldGrant | None, *, account: str, app: str, grant: Grant) -> HeldGrant:
    """Return the document after a person connected the account, dead or not, with the grant that this gave."""
    base = held or HeldGrant(account=account, app=app)
    seed = _seed(account, app, grant.refresh_token)
    return replace(
        _with(base, grant),
        app=app,
        refresh_token=grant.refresh_token,
        refreshed_at=grant.created_at,
        ends_at=grant.ends_at,
        answered=base.calls,
        intent=None,
        in_vain=0,
        seeds=(*base.seeds, seed)[-SEEDS_KEPT:],
    )


def supplied(held: HeldGrant | None, first: FirstGrant) -> HeldGrant | None:
    """Return the document after an operator supplied a grant; None if that grant was supplied before.

    A grant has been renewed since it was supplied, so supplying it again must not bring it back.
    """
    base = held or HeldGrant(account=first.account, app=first.app)
    if first.seed in base.seeds:
        return None
    return replace(
        base,
        app=first.app,
        refresh_token=first.refresh_token,
        # Ends the life of the old token as far as renewing goes; its copy is served until the new one is there.
        issued_at=None,
        refreshed_at=None,
        ends_at=None,
        answered=base.calls,
        intent=None,
        uncertain=False,
        in_vain=0,
        cause=None,
        seeds=(*base.seeds, first.seed)[-SEEDS_KEPT:],
    )


def _with(held: HeldGrant, grant: Grant) -> HeldGrant:
    # A provider that leaves the refresh token out means that it has not changed (RFC 6749 §6).
    newest = grant.refresh_token or held.refresh_token
    return replace(
        held,
        version=held.version + 1,
        access_token=grant.access_token,
        refresh_token=newest,
        issued_at=grant.created_at,
        expires_at=grant.expires_at,
        refreshed_at=held.refreshed_at if newest == held.refresh_token else grant.created_at,
        ends_at=grant.ends_at or held.ends_at,
        uncertain=False,
        cause=None,
    )


def _seed(account: str, app: str, refresh_token: SecretStr | None) -> str:
    value = refresh_token.get_secret_value() if refresh_token else app
    return hashlib.sha256(f"{account} {value}".encode()).hexdigest()[:32]
