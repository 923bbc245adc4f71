"""What people are told of a grant: each change once, however often it is looked at."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from plumbline.token_vault.domain.grants import Cause, HeldGrant, State
from plumbline.token_vault.policy import GrantPolicy

Change = Literal["renewed", "uncertain", "dead", "expiring", "recovered"]
"""As `credentials.events.v1` has it."""

_AGAIN = "Connect the account again (`plumbline connect`)"
_OR_RESUME = f"{_AGAIN}; or mend it at the provider and resume this record, which tries the grant once more."

_SENTENCES = {
    Cause.REFUSED: f"The provider refused the grant for good: it was revoked there. {_OR_RESUME}",
    Cause.EXPIRED: f"The grant has reached its end, and the provider refused it. {_AGAIN}.",
    Cause.ANSWER_LOST: "The answer to a renewal was lost, and the refresh token known before it was refused. "
    f"{_AGAIN}.",
    Cause.REFUSED_ANEW: "Every new access token was refused as well: a scope, a permission or the account is gone. "
    f"{_OR_RESUME}",
    Cause.DISCONNECTED: f"The account was disconnected by a person. {_AGAIN} if it is to be used.",
}


@dataclass(frozen=True, slots=True)
class Known:
    """What the world was told last of an account."""

    state: State | None = None
    version: int = 0
    reminded_days: int | None = None
    """The last reminder, by its days before the end; None while the end is far."""


@dataclass(frozen=True, slots=True)
class News:
    """What is to be told now, each with a sentence for a person, and what is known then."""

    changes: tuple[tuple[Change, str], ...]
    known: Known


def news(known: Known, held: HeldGrant, *, now: datetime, policy: GrantPolicy) -> News | None:
    """Return what there is to tell; None if the world knows it all.

    Args:
        known: what was told last.
        held: the grant.
        now: the present moment.
        policy: when to remind.
    """
    state = held.state(now, near=policy.near_its_end)
    reminder = None if state is State.DEAD else _reminder(held.ends_at, now, policy.remind_before_end_days)
    changes = [*_turn(known, held, state, reminder), *_nearing(known, held, reminder)]
    told = Known(known.state if state is State.RENEWING else state, held.version, reminder)
    return None if told == known else News(tuple(changes), told)


def why_dead(held: HeldGrant) -> str:
    """Return the cause of a grant's death, and what a person can do."""
    assert held.cause is not None
    return f"{held.cause}: {_SENTENCES[held.cause]}"


def next_reminder_at(ends_at: datetime | None, *, now: datetime, days: Sequence[int]) -> datetime | None:
    """Return when the next reminder of an end is due; None if none will be."""
    moments = [] if ends_at is None else [ends_at - timedelta(days=n) for n in days]
    return min((moment for moment in moments if moment > now), default=None)


def _turn(known: Known, held: HeldGrant, state: State, reminder: int | None) -> list[tuple[Change, str]]:
    if held.cause is not None:
        return [] if known.state is State.DEAD else [("dead", why_dead(held))]
    if state is State.UNCERTAIN:
        sentence = (
            "The answer to a renewal may be lost; the refresh token known before it is tried once more."
        )
        return [] if known.state is State.UNCERTAIN else [("uncertain", sentence)]
    if held.version <= known.version:
        return []
    far_again = known.reminded_days is not None and reminder is None
    if known.state in {State.DEAD, State.UNCERTAIN} or far_again:
        return [("recovered", "The grant works again." if not far_again else "The grant's end is far again.")]
    return [("renewed", "")]


def _nearing(known: Known, held: HeldGrant, reminder: int | None) -> list[tuple[Change, str]]:
    if reminder is None or (known.reminded_days is not None and reminder >= known.reminded_days):
        return []
    assert held.ends_at is not None
    return [
        (
            "expiring",
            f"The grant ends on {held.ends_at:%d %B %Y} (UTC). Connect the account again before that day.",
        )
    ]


def _reminder(ends_at: datetime | None, now: datetime, days: Sequence[int]) -> int | None:
    if ends_at is None:
        return None
    return min((n for n in days if ends_at - now <= timedelta(days=n)), default=None)
