"""Requirements: what a payable needs, whether it is there, and a sentence about each."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import combinations

from plumbline.common.contracts.documents import Requirement
from plumbline.compliance.domain.facts import Payable
from plumbline.compliance.domain.gate.findings import GONE, Case, Finding, age, best, counts, due, stands
from plumbline.compliance.domain.gate.licences import licence
from plumbline.compliance.domain.gate.overrides import in_force
from plumbline.compliance.domain.gate.payable import Billed, day
from plumbline.compliance.domain.gate.payrolls import PAYROLL, payroll
from plumbline.compliance.domain.gate.policy import Code, Term
from plumbline.compliance.domain.names import similarity
from plumbline.compliance.domain.on_file import PaperOnFile

ALIKE = 0.9
"""Names that are less alike than this are for a person to compare (W9-07)."""

CONDITIONAL = "lien_waiver.conditional_"
"""How the kinds of waivers begin that count once the money arrives."""

UNCONDITIONAL = "lien_waiver.unconditional_"
"""How the kinds of waivers begin that count at once: kept in escrow until the money has arrived."""


def concerns(paper: PaperOnFile, billed: Billed) -> bool:
    """Say whether a paper can speak for a payable: of another firm, payment or project's payroll it never does."""
    kind = paper.kind or ""
    if paper.vendor_id not in {None, billed.vendor_id}:
        return False
    if kind.startswith("lien_waiver."):
        return paper.payable in {None, billed.payable}
    return kind != PAYROLL or paper.project_id == billed.project_id


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
        found = [stands(case, code, one) for one in case.papers if one.kind == kind]
        return best(case, code, due(case.billed.through_on, term), found)

    return find


def _conditional(case: Case, term: Term) -> Finding:
    """Find the waiver that this payment is made for."""
    wanted = f"{CONDITIONAL}{_stage(case.billed)}"
    found = []
    for one in case.papers:
        if one.kind == wanted:
            found.append(_checked(case, "lien-waiver", one))
        elif (
            one.kind is not None
            and one.kind.startswith((CONDITIONAL, "lien_waiver.other"))
            and _is_there(one)
        ):
            told = f"{one.file_name} is not the one for this payment: a {_stage(case.billed)} conditional waiver is."
            found.append(Finding("wrong", told, one))
    return best(case, "lien-waiver", due(case.billed.through_on, term), found)


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
    return best(case, "unconditional-waiver", due(settled_on, term), found)


def _prior(case: Case, term: Term) -> Finding:
    if not case.prior:
        return Finding("met", "No unconditional waiver of an earlier payment is missing.")
    numbers = ", ".join(case.prior)
    told = (
        f"The money of invoice {numbers} has arrived, but its unconditional waiver is missing; "
        f"{case.billed.payee} sends it before the next payment."
    )
    return Finding("missing", told, due_on=due(case.billed.through_on, term))


def _names(case: Case, term: Term) -> Finding:
    """Compare the names on W-9 and certificate, and in the directory, each with each.

    Where our sheet gives the legal name, a paper may say that one or the directory's: both are the vendor's.
    """
    named = {"the directory": case.billed.payee}
    ours = [case.billed.payee, case.legal_name] if case.legal_name else []
    for kind, place in (("w9", "the W-9"), ("coi.acord25", "the certificate")):
        papers = [one for one in case.papers if one.kind == kind and counts(one)]
        if not papers:
            continue
        newest = max(papers, key=age)
        if newest.named is None:
            told = f"Nobody could read for certain which firm {place} names; a person looks at {newest.file_name}."
            return Finding("in_review", told, newest, is_ours=True)
        if not any(similarity(newest.named, one) >= ALIKE for one in ours):
            named[place] = newest.named
    for (one, this), (other, that) in combinations(named.items(), 2):
        if similarity(this, that) < ALIKE:
            told = (
                f"{_capital(one)} says {this}, {other} says {that}; a person says whether they are one firm."
            )
            return Finding("in_review", told, due_on=due(case.billed.through_on, term), is_ours=True)
    return Finding("met", "W-9, certificate and directory name one firm, as far as they are on file.")


_FIND: Mapping[Code, Find] = {
    "w9": _of_kind("w9", "w9"),
    "certificate": _of_kind("certificate", "coi.acord25"),
    "licence": licence,
    "payroll": payroll,
    "names": _names,
    "lien-waiver": _conditional,
    "prior-waiver": _prior,
    "unconditional-waiver": _unconditional,
}


def _checked(case: Case, code: Code, paper: PaperOnFile) -> Finding:
    """Say how a paper stands whose amounts count: it was checked against the payable as it is now, or not yet."""
    finding = stands(case, code, paper)
    if finding.standing == "met" and not _is_checked(case, paper):
        told = f"{paper.file_name} is being checked against the invoice as it is now."
        return replace(finding, standing="in_review", sentence=told, is_ours=True)
    return finding


def _is_there(paper: PaperOnFile) -> bool:
    return paper.state not in GONE and paper.withdrawn_at is None


def _is_checked(case: Case, paper: PaperOnFile) -> bool:
    seen, now = paper.checked_against, case.billed
    return (
        seen is not None
        and paper.payable == now.payable
        and (seen.amount_cents, seen.payee, seen.maker, seen.through_on)
        == (now.amount_cents, now.payee, case.terms.firm, now.through_on)
        and seen.is_settled == case.is_settled
    )


def _stage(billed: Billed) -> str:
    return "final" if billed.is_final else "progress"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
