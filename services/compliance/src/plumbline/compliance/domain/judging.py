"""What a paper's decisions come to: its state, its desk, its tags, and when to look at it again."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from plumbline.compliance.domain.decision import Decision, Desk, Outcome
from plumbline.compliance.domain.on_file import State

WARNED_DAYS = (30, 7, 0)
"""So many days before its last day it is told that a paper will end."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What decisions come to."""

    state: State
    """What the checks say: `invalid`, `needs_review`, `held` or `validated`."""
    desk: Desk | None = None
    """Where it goes, if its checks are in order and a route says where."""
    sentence: str = ""
    """Why there, or why nowhere."""
    held: str | None = None
    """The stable code of why it goes nowhere."""


def judged(decisions: Sequence[Decision]) -> Judgement:
    """Return what decisions come to.

    The state is what the checks say. A paper in order that its route holds stays `validated`: nothing is
    wrong with the paper, and `held` tells why no desk has it.
    """
    state = _state([one.outcome for one in decisions if not is_way(one)])
    way = next((one for one in decisions if is_way(one)), None)
    if way is None:
        return Judgement(state)
    if state == "validated" and way.desk is not None:
        return Judgement(state, way.desk, way.sentence)
    return Judgement(state, None, way.sentence, way.held or "checks")


def is_way(decision: Decision) -> bool:
    """Say whether it says where a paper goes, or why nowhere, and nothing of the paper itself."""
    return decision.desk is not None or bool(decision.held)


def _state(outcomes: Sequence[Outcome]) -> State:
    if Outcome.REJECT in outcomes:
        return "invalid"
    # A person can act on a review today; a hold may come to its end meanwhile.
    if Outcome.REVIEW in outcomes:
        return "needs_review"
    return "held" if Outcome.HOLD in outcomes else "validated"


def blocking(decisions: Sequence[Decision]) -> tuple[str, ...]:
    """Return the sentences of the checks that keep a paper from counting."""
    return tuple(one.sentence for one in decisions if one.outcome.blocks and not is_way(one))


def tags_of(judgement: Judgement, *, expires_on: date | None, today: date, is_late: bool) -> tuple[str, ...]:
    """Return a paper's tags; they are told with it, and never read from a paper.

    Args:
        judgement: what its decisions come to.
        expires_on: its last day.
        today: the present day.
        is_late: whether its desk has not acknowledged it in time.
    """
    tags = []
    if judgement.desk:
        tags += ["dispatch_ready", judgement.desk.region, judgement.desk.trade]
    if (days := _warned(expires_on, today)) is not None:
        tags.append(f"expires-in-{days}-days")
    if is_late:
        tags.append("unacknowledged")
    return tuple(tags)


def _warned(expires_on: date | None, today: date) -> int | None:
    if expires_on is None or expires_on < today:
        return None
    left = (expires_on - today).days
    return min((days for days in WARNED_DAYS if left <= days), default=None)


def next_day(expires_on: date | None, today: date) -> date | None:
    """Return the next day on which the calendar alone changes what is told of a paper; None without one."""
    if expires_on is None:
        return None
    days = [expires_on - timedelta(days=days) for days in WARNED_DAYS] + [expires_on + timedelta(days=1)]
    return min((day for day in days if day > today), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """One errand: a paper at a desk."""

    ticket: str
    desk: Desk
    sentence: str
    rule_set: str
    replaces: str | None = None
    is_acknowledged: bool = False
    is_late: bool = False
    """Whether its desk has had it longer than it may without a word."""


def ticket_of(document: str, rule_set: str, desk: Desk, *, turn: int) -> str:
    """Return the id of an errand: the same for the same paper, rules and desk, however often it is reckoned.

    `turn` counts the errands that were withdrawn from the desk before, so that a paper that comes back
    there is an errand of its own.
    """
    parts = json.dumps([document, rule_set, desk.region, desk.trade, desk.desk, turn])
    return hashlib.sha256(parts.encode()).hexdigest()
