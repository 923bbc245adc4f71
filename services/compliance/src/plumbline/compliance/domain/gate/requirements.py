"""Requirements: what a payable needs, whether it is there, and a sentence about each."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import combinations
from typing import Literal

from plumbline.common.contracts.documents import Requirement
from plumbline.compliance.domain.facts import Payable
from plumbline.compliance.domain.gate.money import InBooks, Settlement
from plumbline.compliance.domain.gate.overrides import Override, in_force
from plumbline.compliance.domain.gate.payable import Billed, day
from plumbline.compliance.domain.gate.policy import Code, Term, Terms
from plumbline.compliance.domain.names import similarity
from plumbline.compliance.domain.on_file import PaperOnFile

ALIKE = 0.9
"""Names that are less alike than this are for a person to compare (W9-07)."""

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

CONDITIONAL = "lien_waiver.conditional_"
"""How the kinds of waivers begin that count once the money arrives."""

UNCONDITIONAL = "lien_waiver.unconditional_"
"""How the kinds of waivers begin that count at once: kept in escrow until the money has arrived."""

_IN_ORDER = frozenset({"validated", "dispatch_ready", "dispatched", "acknowledged"})
_BEING_READ = frozenset({"received", "scanned", "extracted", "needs_review"})
_GONE = frozenset({"superseded", "destroyed"})

Standing = Literal["met", "in_review", "wrong", "expired", "missing"]
"""How a requirement stands, from best to worst."""

_RANK: Mapping[Standing, int] = {"met": 0, "in_review": 1, "wrong": 2, "expired": 3, "missing": 4}


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
    today: date

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


def concerns(paper: PaperOnFile, billed: Billed) -> bool:
    """Say whether a paper can speak for a payable: of another firm, payment or project's payroll it never does."""
    kind = paper.kind or ""
    if paper.vendor_id not in {None, billed.vendor_id}:
        return False
    if kind.startswith("lien_waiver."):
        return paper.payable in {None, billed.payable}
    return not kind.startswith("payroll.") or paper.project_id in {None, billed.project_id}


def payable_facts(billed: Billed, *, firm: str, is_settled: bool, open_invoices: int) -> Payable:
    """Return a payable as rules see it."""
    return Payable(
        amount_cents=billed.amount_cents,
        payee=billed.payee,
        maker=firm,
        through_on=billed.through_on,
        is_settled=is_settled,
        open_invoices=open_invoices,
        retention_cents=billed.retention_cents,
    )


def required(case: Case) -> Iterator[Requirement]:
    """Go through what a payable needs by its terms; each says how it stands, by whom it comes and by when."""
    for code, term in case.terms.asked():
        # Nobody may ask for an unconditional waiver before the money has arrived; afterwards it is all that is left.
        if (code == "unconditional-waiver") != case.is_settled:
            continue
        yield _requirement(case, code, term)


def _requirement(case: Case, code: Code, term: Term) -> Requirement:
    finding = _FIND[code](case, term)
    override = None
    if finding.standing != "met":
        override = in_force(case.overrides, case.billed, code, on=case.today)
    sentence = finding.sentence
    if override is not None:
        sentence = (
            f"{sentence} {override.by} lets it pass until {day(override.until)}, because: {override.reason}"
        )
    return Requirement(
        code=code,
        policy="block" if term.policy == "block" else "warn",
        state="overridden" if override else finding.standing,
        document=finding.paper.document if finding.paper else None,
        by_whom=case.terms.firm if finding.is_ours else case.billed.payee,
        due_on=None if finding.standing == "met" else finding.due_on,
        sentence=sentence,
    )


Find = Callable[[Case, Term], Finding]
"""Says how one requirement stands."""


def _of_kind(code: Code, kind: str) -> Find:
    """Return the search for a paper of one kind."""

    def find(case: Case, term: Term) -> Finding:
        found = [_paper(case, code, one) for one in case.papers if one.kind == kind]
        return _best(case, code, _due(case.billed.through_on, term), found)

    return find


def _conditional(case: Case, term: Term) -> Finding:
    """Find the waiver that this payment is made for."""
    wanted = f"{CONDITIONAL}{_stage(case.billed)}"
    found = []
    for one in case.papers:
        if one.kind == wanted:
            found.append(_checked(case, "lien-waiver", one))
        elif one.kind is not None and one.kind.startswith((CONDITIONAL, "lien_waiver.other")):
            told = f"{one.file_name} is not the one for this payment: a {_stage(case.billed)} conditional waiver is."
            found.append(Finding("wrong", told, one))
    return _best(case, "lien-waiver", _due(case.billed.through_on, term), found)


def _unconditional(case: Case, term: Term) -> Finding:
    """Find the waiver that is owed once the money has arrived."""
    settled_on = case.settlement.settled_on if case.settlement else None
    wanted = f"{UNCONDITIONAL}{_stage(case.billed)}"
    found = [
        # What was settled for good is not asked for again because its papers' time is over.
        Finding("met", "The unconditional lien waiver was on file until its time was over.", one)
        if one.outlived
        else _checked(case, "unconditional-waiver", one)
        for one in case.papers
        if one.kind == wanted
    ]
    return _best(case, "unconditional-waiver", _due(settled_on, term), found)


def _prior(case: Case, term: Term) -> Finding:
    if not case.prior:
        return Finding("met", "No unconditional waiver of an earlier payment is missing.")
    numbers = ", ".join(case.prior)
    told = (
        f"The money of invoice {numbers} has arrived, but its unconditional waiver is missing; "
        f"{case.billed.payee} sends it before the next payment."
    )
    return Finding("missing", told, due_on=_due(case.billed.through_on, term))


def _names(case: Case, term: Term) -> Finding:
    """Compare the names on W-9 and certificate, and in the directory, each with each."""
    named = {"the directory": case.billed.payee}
    for kind, place in (("w9", "the W-9"), ("coi.acord25", "the certificate")):
        papers = [one for one in case.papers if one.kind == kind and one.state in _IN_ORDER]
        if not papers:
            continue
        newest = max(papers, key=_age)
        if newest.named is None:
            told = f"Nobody could read for certain which firm {place} names; a person looks at {newest.file_name}."
            return Finding("in_review", told, newest, is_ours=True)
        named[place] = newest.named
    for (one, this), (other, that) in combinations(named.items(), 2):
        if similarity(this, that) < ALIKE:
            told = (
                f"{_capital(one)} says {this}, {other} says {that}; a person says whether they are one firm."
            )
            return Finding("in_review", told, due_on=_due(case.billed.through_on, term), is_ours=True)
    return Finding("met", "W-9, certificate and directory name one firm, as far as they are on file.")


_FIND: Mapping[Code, Find] = {
    "w9": _of_kind("w9", "w9"),
    "certificate": _of_kind("certificate", "coi.acord25"),
    "licence": _of_kind("licence", "licence"),
    "payroll": _of_kind("payroll", "payroll.wh347"),
    "names": _names,
    "lien-waiver": _conditional,
    "prior-waiver": _prior,
    "unconditional-waiver": _unconditional,
}


def _paper(case: Case, code: Code, paper: PaperOnFile) -> Finding:
    """Say how one paper of the right kind stands."""
    called, ends = CALLED[code], paper.expires_on
    if paper.state in _GONE:
        return Finding("missing", "", paper)
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
    if paper.state not in _IN_ORDER:
        why = " ".join(paper.blocking) or "it was refused."
        return Finding("wrong", f"The {called} ({paper.file_name}) will not do: {why}", paper)
    return Finding("met", f"The {called} is on file{_ending(case, ends)}.", paper)


def _checked(case: Case, code: Code, paper: PaperOnFile) -> Finding:
    """Say how a paper stands whose amounts count: it was checked against the payable as it is now, or not yet."""
    finding = _paper(case, code, paper)
    if finding.standing == "met" and not _is_checked(case, paper):
        told = f"{paper.file_name} is being checked against the invoice as it is now."
        return replace(finding, standing="in_review", sentence=told, is_ours=True)
    return finding


def _is_checked(case: Case, paper: PaperOnFile) -> bool:
    seen, now = paper.checked_against, case.billed
    return (
        seen is not None
        and paper.payable == now.payable
        and (seen.amount_cents, seen.payee, seen.maker, seen.through_on)
        == (now.amount_cents, now.payee, case.terms.firm, now.through_on)
        and seen.is_settled == case.is_settled
    )


def _best(case: Case, code: Code, due_on: date | None, found: Sequence[Finding]) -> Finding:
    kept = [one for one in found if one.standing != "missing"]
    if kept:
        best = min(kept, key=lambda one: (_RANK[one.standing], *_newness(one)))
        return replace(best, due_on=due_on)
    by = f"; it {'was' if due_on < case.today else 'is'} due by {day(due_on)}" if due_on else ""
    return Finding("missing", f"{case.billed.payee} has sent no {CALLED[code]}{by}.", due_on=due_on)


def _newness(finding: Finding) -> tuple[float, str]:
    if finding.paper is None:
        return 0.0, ""
    at, document = _age(finding.paper)
    return -at, document


def _age(paper: PaperOnFile) -> tuple[float, str]:
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


def _due(start: date | None, term: Term) -> date | None:
    return start + timedelta(days=term.days) if start else None


def _stage(billed: Billed) -> str:
    return "final" if billed.is_final else "progress"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
