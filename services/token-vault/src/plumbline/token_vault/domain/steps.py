"""What is to be done next with a grant: rest, wait, renew, or leave it to a person."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from plumbline.token_vault.domain.grants import Cause, HeldGrant
from plumbline.token_vault.domain.news import next_reminder_at
from plumbline.token_vault.policy import Policy

COOLDOWN = timedelta(minutes=1)
"""The unit of these."""

PAUSES = (0, 1, 5, 15, 30)
"""How many cooldowns after a refusal the next token is asked for: the first at once, its successors in a row later …

… and the one after these never: a scope or an account is gone, and more tokens would be refused as well. A provider
that refuses good tokens for three quarters of an hour, in an incident of its own, is outlived.
"""

TRUSTED_AFTER = 10
"""A token that was accepted for as many cooldowns was good: its refusal begins a new row."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The newest version that a partner refused, and when the first report of it came."""

    version: int
    at: datetime
    was_good: bool = False
    """Whether the partner took it before."""


@dataclass(frozen=True, slots=True)
class Rest:
    """All is well until then."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Await:
    """A call is due and must not be made yet."""

    until: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Renew:
    """Ask for a new token; `in_vain` tokens in a row were refused before it."""

    in_vain: int = 0


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Every new token was refused: stop asking, and have a person look."""


@dataclass(frozen=True, slots=True)
class Reconnect:
    """The grant is dead."""


Step = Rest | Await | Renew | GiveUp | Reconnect


def is_revoked(held: HeldGrant, refusal: Refusal | None) -> bool:
    """Say whether the newest access token may be handed out no more."""
    if held.cause is Cause.DISCONNECTED:
        return True
    if refusal is None or not refusal.version >= held.version > 0:
        return False
    # A version cannot be refused before it was issued: one that was is of a store that was restored since.
    return held.issued_at is None or refusal.at >= held.issued_at


def next_step(
    held: HeldGrant,
    *,
    refusal: Refusal | None,
    policy: Policy,
    now: datetime,
    cooldown: timedelta = COOLDOWN,
) -> Step:
    """Return what to do now."""
    if held.cause is not None:
        return Reconnect()
    revoked = is_revoked(held, refusal)
    if not revoked and (due_at := renewal_at(held, policy)) is not None and now < due_at:
        reminder = next_reminder_at(held.ends_at, now=now, days=policy.grants.remind_before_end_days)
        return Rest(due_at if reminder is None else min(due_at, reminder))
    if held.intent is not None and now < held.intent.until:
        return Await(held.intent.until, "a call of another replica may still be answered")
    if refusal is None or not revoked or held.issued_at is None:
        return Renew()
    if refusal.at >= held.issued_at + TRUSTED_AFTER * cooldown:
        return Renew(in_vain=1)
    if refusal.was_good:  # no row of tokens in vain: a cooldown after the one before, and never given up
        held = replace(held, in_vain=min(held.in_vain, 1))
    return _succeeding(held, refusal, cooldown=cooldown, now=now)


def renewal_at(held: HeldGrant, policy: Policy) -> datetime | None:
    """Return when the grant is to be renewed; None if its newest token was never asked for.

    By the share of its token's life, the same for every replica and every look, spread over accounts and
    versions; at the latest when the grant has reached its maximum age, however long its token lives.
    """
    if held.issued_at is None or held.expires_at is None:
        return None
    digest = hashlib.sha256(f"{held.account} {held.version}".encode()).digest()
    chance = int.from_bytes(digest[:4]) / 2**32
    access = policy.access
    share = access.renew_from + (access.renew_until - access.renew_from) * chance
    by_share = held.issued_at + (held.expires_at - held.issued_at) * share
    return min(by_share, held.issued_at + policy.grants.maximum_age)


def _succeeding(held: HeldGrant, refusal: Refusal, *, cooldown: timedelta, now: datetime) -> Step:
    """Say when a token gets a successor that was refused about as soon as it came."""
    if held.in_vain >= len(PAUSES):
        return GiveUp()
    ready_at = refusal.at + PAUSES[held.in_vain] * cooldown
    if now < ready_at:
        return Await(ready_at, "the partner refuses new tokens as well; the next one is asked for later")
    return Renew(held.in_vain + 1)
