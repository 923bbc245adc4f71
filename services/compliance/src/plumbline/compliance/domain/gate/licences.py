"""Licences: of the trade that a vendor works in, in the state where the work is."""

from plumbline.compliance.domain.gate.findings import CALLED, Case, Finding, best, due, stands
from plumbline.compliance.domain.gate.policy import Term
from plumbline.compliance.domain.on_file import PaperOnFile
from plumbline.compliance.domain.papers import STATE_OF


def licence(case: Case, term: Term) -> Finding:
    """Find a licence of the trade and of the state in which the work is done."""
    found = [_fitting(case, one) for one in case.papers if one.kind == "licence"]
    return best(case, "licence", due(case.billed.through_on, term), found)


def _fitting(case: Case, paper: PaperOnFile) -> Finding:
    """Say how a licence stands: what is in order, but permits other work, will not do."""
    finding = stands(case, "licence", paper)
    if finding.standing not in {"met", "expired"}:
        return finding
    if unknown := _unknown(case, paper):
        return Finding("in_review", unknown, paper, is_ours=True)
    permits = STATE_OF.get((paper.authority or "").casefold())
    if (permits, paper.trade) == (case.billed.state, case.trade):
        return finding
    where = f"in {permits}" if permits else f"by {paper.authority}, no state's board"
    told = (
        f"The {CALLED['licence']} ({paper.file_name}) will not do: it is for {paper.trade} {where}, "
        f"the work is {case.trade} in {case.billed.state}."
    )
    return Finding("wrong", told, paper)


def _unknown(case: Case, paper: PaperOnFile) -> str:
    """Say what must be known before a licence can be held against the work; nothing if all is."""
    if case.trade is None:
        return (
            f"Nobody says which one trade {case.billed.payee} works in here, so {paper.file_name} may be for another; "
            "name its trade in config/projects.yaml."
        )
    if case.billed.state is None:
        return (
            f"Procore does not say in which state the project is, so {paper.file_name} may be for another; complete "
            "the project's address there."
        )
    if paper.trade is None or paper.authority is None:
        return f"Nobody could read for certain what {paper.file_name} permits, and whose it is; a person looks at it."
    return ""
