"""Payables, papers and terms for tests of the gate; a test names only what it is about."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from typing_extensions import override

from plumbline.compliance.domain.facts import Payable
from plumbline.compliance.domain.gate.findings import Case
from plumbline.compliance.domain.gate.money import InBooks, Settlement
from plumbline.compliance.domain.gate.overrides import Override
from plumbline.compliance.domain.gate.payable import Billed, BilledLine
from plumbline.compliance.domain.gate.policy import Code, Term, Terms
from plumbline.compliance.domain.gate.requirements import payable_facts
from plumbline.compliance.domain.on_file import PaperOnFile
from plumbline.compliance.ports.documents import Papers

TODAY = date(2026, 11, 30)
PAYABLE = "payable/4001/1001/requisition/7001"
FIRM = "Lone Star Builders"
PAYEE = "Hill Country Plumbing"

ASKED: dict[Code, Term] = {
    "w9": Term(policy="block", days=0),
    "certificate": Term(policy="block", days=0),
    "licence": Term(policy="warn", days=0),
    "names": Term(policy="block", days=0),
    "lien-waiver": Term(policy="block", days=10),
    "prior-waiver": Term(policy="block", days=10),
    "unconditional-waiver": Term(policy="warn", days=10),
    "payroll": Term(policy="off", days=7),
}


def billed(**changes: Any) -> Billed:
    """Return an approved invoice of $20,704.50."""
    standard: dict[str, Any] = {
        "payable": PAYABLE,
        "connection": "texas",
        "company_id": "4001",
        "project_id": "1001",
        "vendor_id": "88",
        "commitment_id": "500",
        "commitment_type": "WorkOrderContract",
        "contract": "SC-001 Plumbing",
        "payee": PAYEE,
        "number": "1",
        "status": "approved",
        "is_final": False,
        "amount_cents": 2070450,
        "retention_cents": 230050,
        "starts_on": date(2026, 10, 1),
        "through_on": date(2026, 10, 31),
        "billed_on": date(2026, 11, 5),
        "due_on": date(2026, 12, 5),
        "lines": (BilledLine(description="Underground", amount_cents=2300500),),
        "state": "TX",
    }
    return Billed(**{**standard, **changes})


def terms(*, bills: str = "never", **asked: str) -> Terms:
    """Return terms; `lien_waiver="off"` changes what is asked of one kind."""
    said = {code.replace("_", "-"): policy for code, policy in asked.items()}
    papers = {
        code: term.model_copy(update={"policy": said.get(code, term.policy)}) for code, term in ASKED.items()
    }
    return Terms.model_validate({"firm": FIRM, "bills": bills, "papers": papers})


def seen(of: Billed | None = None, *, is_settled: bool = False) -> Payable:
    """Return a payable as rules see it."""
    return payable_facts(of or billed(), firm=FIRM, is_settled=is_settled, open_invoices=0)


def paper(kind: str, state: str = "validated", **changes: Any) -> PaperOnFile:
    """Return a paper on file, in order unless said otherwise."""
    standard: dict[str, Any] = {
        "document": f"{kind}-1",
        "kind": kind,
        "state": state,
        "file_name": f"{kind}.pdf",
        "received_at": datetime(2026, 11, 20, 15, tzinfo=UTC),
        "named": PAYEE,
        "project_id": "1001",
        "authority": "tsbpe" if kind == "licence" else None,
        "trade": "plumbing" if kind == "licence" else None,
        "payable": PAYABLE if kind.startswith("lien_waiver.") else None,
        "checked_against": seen() if kind.startswith("lien_waiver.") else None,
    }
    return PaperOnFile(**{**standard, **changes})


W9 = paper("w9")
CERTIFICATE = paper("coi.acord25", expires_on=date(2027, 6, 30))
LICENCE = paper("licence", expires_on=date(2027, 6, 30))
CONDITIONAL = paper("lien_waiver.conditional_progress")
UNCONDITIONAL = paper("lien_waiver.unconditional_progress", checked_against=seen(is_settled=True))
EVERYTHING = (W9, CERTIFICATE, LICENCE, CONDITIONAL)

SETTLED = Settlement(reference="ACH 4711", settled_on=date(2026, 11, 25), amount_cents=2070450)


def in_books(state: str = "open", *, total_cents: int = 2070450, version: int = 1) -> InBooks:
    """Return how QuickBooks shows the bill."""
    return InBooks.model_validate(
        {
            "version": version,
            "state": state,
            "total_cents": total_cents,
            "balance_cents": 0 if state == "paid" else total_cents,
            "number": "SC-001-1-1001",
            "confirmed_at": datetime(2026, 11, 26, tzinfo=UTC),
        }
    )


def let_pass(code: str, *, until: date = TODAY + timedelta(days=7), **changes: Any) -> Override:
    """Return an override for the payable."""
    standard: dict[str, Any] = {
        "id": "00000000-0000-0000-0000-000000000001",
        "connection": "texas",
        "payable": PAYABLE,
        "project_id": None,
        "vendor_id": None,
        "code": code,
        "reason": "the owner has seen the original",
        "by": "Dana",
        "until": until,
    }
    return Override.model_validate({**standard, **changes})


def case(*papers: PaperOnFile, **changes: Any) -> Case:
    """Return a case of the standard invoice under the standard terms, today."""
    standard: dict[str, Any] = {
        "billed": billed(),
        "terms": terms(),
        "papers": papers,
        "trade": "plumbing",
        "today": TODAY,
    }
    return Case(**{**standard, **changes})


@dataclass(slots=True)
class FakePapers(Papers):
    """Papers as tests put them on file."""

    by_vendor: dict[tuple[str, str], list[PaperOnFile]] = field(default_factory=dict)
    by_payable: dict[str, list[PaperOnFile]] = field(default_factory=dict)

    @override
    async def of_vendor(self, connection: str, vendor_id: str) -> Sequence[PaperOnFile]:
        return self.by_vendor.get((connection, vendor_id), [])

    @override
    async def of_payable(self, payable: str) -> Sequence[PaperOnFile]:
        return self.by_payable.get(payable, [])
