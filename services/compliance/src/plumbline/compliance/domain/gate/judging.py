"""The judgement: from everything that is known of a payable to its state, and when to look again.

It is a function of facts alone: papers, money and overrides may come in any order. In order of weight:

- the bank, or else QuickBooks, says that it is paid → `paid`
- Procore has deleted it → `void`; has not approved it → `draft`
- something that blocks is unmet, or what we see cannot be right → `held`
- its bill is to stand in QuickBooks and does not yet → `approved`
- else → `released`: it may be paid
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from plumbline.common.contracts.documents import Requirement
from plumbline.compliance.domain.gate.findings import CALLED, TOLD_DAYS, Case
from plumbline.compliance.domain.gate.payable import State, day, dollars
from plumbline.compliance.domain.gate.requirements import required

SETTLED_STATES = frozenset({"met", "overridden"})
"""States of a requirement that hold nothing."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """How a payable stands."""

    state: State
    requirements: tuple[Requirement, ...]
    sentence: str
    changes_on: date | None
    """The first day on which it may stand otherwise though nothing happens."""

    @property
    def owes_waiver(self) -> bool:
        """Whether the money has arrived and the unconditional waiver has not."""
        return any(
            one.code == "unconditional-waiver" and one.state not in SETTLED_STATES
            for one in self.requirements
        )


def judge(case: Case) -> Judgement:
    """Say how a payable stands on a day."""
    requirements = tuple(required(case))
    state = _state(case, requirements)
    return Judgement(
        state, requirements, _sentence(case, state, requirements), _changes_on(case, requirements)
    )


def unmet_blocks(requirements: Sequence[Requirement]) -> tuple[Requirement, ...]:
    """Return what is unmet and holds the money."""
    return tuple(one for one in requirements if one.policy == "block" and one.state not in SETTLED_STATES)


def _state(case: Case, requirements: Sequence[Requirement]) -> State:
    if case.is_settled or _is_paid_in_books(case):
        return "paid"
    if case.billed.is_withdrawn:
        return "void"
    if not case.billed.is_approved:
        return "draft"
    if unmet_blocks(requirements) or any(_doubts(case)):
        return "held"
    return "approved" if _awaits_bill(case) else "released"


def _is_paid_in_books(case: Case) -> bool:
    shown = case.in_books
    return shown is not None and shown.state == "paid" and shown.shows(case.billed)


def _awaits_bill(case: Case) -> bool:
    """Say whether its bill is to stand in QuickBooks, and does not; nobody bills what is nothing."""
    wanted = case.terms.bills != "never" and case.billed.amount_cents > 0
    return wanted and not (case.in_books is not None and case.in_books.shows(case.billed))


def _sentence(case: Case, state: State, requirements: Sequence[Requirement]) -> str:
    billed = case.billed
    due = dollars(billed.amount_cents)
    lacks = _lacks(unmet_blocks(requirements))
    match state:
        case "paid":
            return _paid(case, due)
        case "void":
            return f"Void: {billed.title} was deleted in Procore."
        case "draft":
            needs = f" Before it can be paid it needs: {lacks}." if lacks else " Nothing is missing."
            return f"Not to be paid yet: Procore says `{billed.status}`.{needs}"
        case "held":
            return f"Do not pay {due} to {billed.payee}: {'; '.join(_holding(case, lacks))}."
        case "approved":
            return (
                f"Nothing holds {due} to {billed.payee}; it may be paid once its bill stands in QuickBooks."
            )
        case "released":
            return f"{_open(case, due)} may be paid to {billed.payee}."


def _open(case: Case, due: str) -> str:
    """Return what is still to be paid: QuickBooks may show that a part was."""
    shown = case.in_books
    if shown is None or not shown.shows(case.billed) or shown.balance_cents == case.billed.amount_cents:
        return due
    return f"{dollars(shown.balance_cents)} of {due}"


def _paid(case: Case, due: str) -> str:
    told = case.settlement
    if told is not None and case.is_settled:
        return f"Paid: the bank says that {due} arrived on {day(told.settled_on)} ({told.reference})."
    return (
        f"QuickBooks shows {due} as paid, but the bank has not said that the money arrived; "
        "unconditional waivers stay in escrow until it does."
    )


def _holding(case: Case, lacks: str) -> Iterator[str]:
    yield from _doubts(case)
    if lacks:
        yield f"it lacks {lacks}"


def _doubts(case: Case) -> Iterator[str]:
    """Say what cannot be right; nobody pays before that is cleared up."""
    if case.billed.trouble:
        yield case.billed.trouble
    if case.settlement is not None:
        sent = dollars(case.settlement.amount_cents)
        yield f"the bank says that {sent} arrived ({case.settlement.reference}), which is another amount"
    shown = case.in_books
    if shown is not None and shown.state == "paid" and not shown.shows(case.billed):
        yield f"QuickBooks shows {dollars(shown.total_cents)} as paid, which is another amount"


def _lacks(unmet: Sequence[Requirement]) -> str:
    return ", ".join(f"{CALLED[one.code]} ({one.state.replace('_', ' ')})" for one in unmet)


def _changes_on(case: Case, requirements: Sequence[Requirement]) -> date | None:
    days: list[date] = []
    for paper in case.papers:
        if paper.expires_on is not None:
            days += (paper.expires_on - timedelta(days=TOLD_DAYS), paper.expires_on + timedelta(days=1))
    days += (one.until + timedelta(days=1) for one in case.overrides)
    days += (one.due_on + timedelta(days=1) for one in requirements if one.due_on is not None)
    return min((one for one in days if one > case.today), default=None)
