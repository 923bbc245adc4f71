"""Findings: how one paper stands for a payable, and which of several counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, timedelta, tzinfo
from typing import Literal

from plumbline.compliance.domain.document import IN_ORDER
from plumbline.compliance.domain.gate.money import InBooks, Settlement
from plumbline.compliance.domain.gate.overrides import Override
from plumbline.compliance.domain.gate.payable import Billed, day
from plumbline.compliance.domain.gate.policy import Code, Term, Terms
from plumbline.compliance.domain.on_file import PaperOnFile

TOLD_DAYS = 30
"""So long before a paper runs out, its requirement says so."""

CALLED: Mapping[str, str] = {
    "w9": "Form W-9",
    "certificate": "certificate of insurance",
    "licence": "trade licence",
    "names": "one name on W-9, certificate and in the directory",
    "lien-waiver": "conditional lien waiver",
    "prior-waiver": "unconditional waiver of an earlier payment",
    "unconditional-waiver": "unconditional lien waiver",
    "payroll": "certified payroll",
}
"""What people call it."""

_BEING_READ = frozenset({"received", "scanned", "extracted", "needs_review"})

GONE = frozenset({"superseded", "destroyed"})
"""States of papers that count for nothing, whatever they said."""

Standing = Literal["met", "in_review", "wrong", "expired", "missing"]
"""How a requirement stands, from best to worst."""

RANK: Mapping[Standing, int] = {"met": 0, "in_review": 1, "wrong": 2, "expired": 3, "missing": 4}
"""The standings by how good they are, the best lowest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """All that a judgement looks at."""

    billed: Billed
    terms: Terms
    papers: Sequence[PaperOnFile]
    """Those of the vendor, and those that belong to this payable."""
    overrides: Sequence[Override] = ()
    settlement: Settlement | None = None
    in_books: InBooks | None = None
    prior: Sequence[str] = ()
    """Numbers of earlier invoices of the commitment that were paid, and whose unconditional waiver is missing."""
    trade: str | None = None
    """What the vendor does on this project; None if nobody says, or several are said."""
    legal_name: str | None = None
    """The vendor's legal name where our sheet of the vendor gives one: the directory may know a trade name."""
    today: date
    zone: tzinfo = UTC
    """In which the company reckons days."""

    @property
    def is_settled(self) -> bool:
        """Whether the bank says that exactly what is due has arrived."""
        return self.settlement is not None and self.settlement.settles(self.billed)


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found about one requirement."""

    standing: Standing
    sentence: str
    paper: PaperOnFile | None = None
    due_on: date | None = None
    is_ours: bool = False
    """Whether the next step is our own, not the vendor's."""


def stands(case: Case, code: Code, paper: PaperOnFile) -> Finding:
    """Say how one paper of the right kind stands."""
    called, ends = CALLED[code], paper.expires_on
    if paper.state in GONE:
        return Finding("missing", "", paper)
    if paper.withdrawn_at is not None:
        on = day(paper.withdrawn_at.astimezone(case.zone).date())
        told = f"The {called} ({paper.file_name}) was withdrawn in Procore on {on}; {case.billed.payee} sends another."
        return Finding("missing", told, paper)
    if paper.state == "expired" or (ends is not None and ends < case.today):
        on = f" on {day(ends)}" if ends else ""
        return Finding(
            "expired",
            f"The {called} ({paper.file_name}) ran out{on}; {case.billed.payee} sends a new one.",
            paper,
        )
    if paper.state in _BEING_READ:
        return Finding(
            "in_review", f"{paper.file_name} has come in and is still being looked at.", paper, is_ours=True
        )
    if paper.state not in IN_ORDER:
        why = " ".join(paper.blocking) or "it was refused."
        return Finding("wrong", f"The {called} ({paper.file_name}) will not do: {why}", paper)
    return Finding("met", f"The {called} is on file{_ending(case, ends)}.", paper)


def counts(paper: PaperOnFile) -> bool:
    """Say whether a paper is in order, and still there."""
    return paper.state in IN_ORDER and paper.withdrawn_at is None


def best(case: Case, code: Code, due_on: date | None, found: Sequence[Finding]) -> Finding:
    """Return the finding that counts: that of the newest of the papers that stand best."""
    kept = [one for one in found if one.sentence]
    if kept:
        first = min(kept, key=lambda one: (RANK[one.standing], *_newness(one)))
        return replace(first, due_on=due_on)
    told = f"{case.billed.payee} has sent no {CALLED[code]}{told_by(case, due_on)}."
    return Finding("missing", told, due_on=due_on)


def told_by(case: Case, due_on: date | None) -> str:
    """Return the end of a sentence about what is missing: by when it is due, or was."""
    return f"; it {'was' if due_on < case.today else 'is'} due by {day(due_on)}" if due_on else ""


def _newness(finding: Finding) -> tuple[float, str]:
    if finding.paper is None:
        return 0.0, ""
    at, document = age(finding.paper)
    return -at, document


def age(paper: PaperOnFile) -> tuple[float, str]:
    """Return that by which papers are in order of time, the oldest first."""
    return paper.received_at.timestamp(), paper.document


def _ending(case: Case, ends: date | None) -> str:
    if ends is None:
        return ""
    through_on = case.billed.through_on
    if through_on is not None and ends < through_on:
        return f", but runs out on {day(ends)}, before the end of what is billed ({day(through_on)})"
    if ends <= case.today + timedelta(days=TOLD_DAYS):
        return f", but runs out on {day(ends)}"
    return f", good until {day(ends)}"


def due(start: date | None, term: Term) -> date | None:
    """Return the day by which something is due that is asked for so long after a start."""
    return start + timedelta(days=term.days) if start else None
