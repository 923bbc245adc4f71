"""Who is in the compliance play: the jobs it is about, and the papers that each firm hands in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from plumbline.stack.scenario.configuring import connection_name
from plumbline.stack.scenario.handing_in import Paper, dollars, labelled, spoken, statutory
from plumbline.stack.scenario.stage import World

GOOD_FOR = timedelta(days=400)
"""Licences and insurance end so long after the play."""

THROUGH = date(2026, 11, 30)
"""The last day of the billing period that is billed for: the seed's second."""


@dataclass(frozen=True, slots=True)
class Job:
    """One subcontractor's work on one project."""

    company: Mapping[str, Any]
    connection: str
    project: Mapping[str, Any]
    commitment: Mapping[str, Any]
    vendor: str

    @property
    def realm(self) -> str:
        """The QuickBooks company in which it is paid."""
        return str(self.project["quickbooks"]["realm"])

    @property
    def firm(self) -> str:
        """The contractor, who pays."""
        return str(self.company["name"])

    @property
    def vendor_in_books(self) -> str:
        """The subcontractor's id in QuickBooks."""
        return str(self.project["quickbooks"]["vendors"][self.vendor])


def job_of(world: World, number: str, trade: str) -> Job:
    """Return the job of the subcontractor of a trade on the project of this number."""
    company, project = next(
        (company, project)
        for company in world.seed["companies"]
        for project in company["projects"]
        if project["number"] == number
    )
    vendor = next(v for v in company["subcontractors"] if v["trade"] == trade)
    commitments = company["commitments"][project["id"]]
    return Job(
        company=company,
        connection=connection_name(world.realm_names[project["quickbooks"]["realm"]]),
        project=project,
        commitment=next(c for c in commitments if c["vendor_id"] == vendor["id"]),
        vendor=vendor["name"],
    )


def texas_licence(job: Job, today: date) -> Paper:
    """Return an air-conditioning contractor's licence."""
    values: dict[str, str | date] = {
        "License number": "TACL/A/024681/C",
        "License type": "Air Conditioning and Refrigeration Contractor",
        "License class": "A",
        "Licensee": job.vendor,
        "Expiration date": today + GOOD_FOR,
        "Verified on": today,
        "Verified by": "TDLR licence search",
    }
    return labelled("tacl-licence.pdf", "Texas Department of Licensing and Regulation", values)


def ohio_licence(job: Job, today: date) -> Paper:
    """Return a commercial plumber's licence."""
    values: dict[str, str | date] = {
        "License number": "PL.45678",
        "License type": "Commercial Contractor",
        "Trade": "Plumbing",
        "Licensee": job.vendor,
        "Expiration date": today + GOOD_FOR,
        "Verified on": today,
        "Verified by": "Ohio eLicense",
    }
    return labelled("ocilb-licence.pdf", "Ohio Construction Industry Licensing Board", values)


def certificate(job: Job, today: date) -> Paper:
    """Return a certificate of insurance."""
    begins, ends = date(today.year, 1, 1), today + GOOD_FOR
    term = f"{begins:%m/%d/%Y}\t{ends:%m/%d/%Y}"
    return labelled(
        "certificate.pdf",
        "Certificate of Liability Insurance",
        {"Producer": "Pecan Insurance Agency", "Insured": job.vendor},
        also=[
            "Insurer A: Great Plains Casualty 12345",
            "Type of insurance\tAddl\tSubr\tPolicy number\tEffective\tExpires\tLimits",
            f"Commercial general liability\tGL-100200\t{term}\teach occurrence $1,000,000",
            f"Workers compensation\tWC-300400\t{term}\tE.L. each accident $1,000,000",
            "Description of operations: all work of the insured",
            f"Certificate holder: {job.firm}",
            "ACORD 25 (2016/03)",
        ],
    )


def w9(job: Job, today: date) -> Paper:
    """Return a taxpayer's form, with the number that everybody takes for an example."""
    return labelled(
        "w9.pdf",
        "Request for Taxpayer Identification Number and Certification",
        {
            "Line 1 name": job.vendor,
            "LLC tax classification": "S",
            "Employer identification number": "12-3456789",
            "Signature": "/s/ Ana Ruiz",
            "Date signed": today,
        },
        also=[
            "Form W-9 (Rev. March 2024)",
            "Federal tax classification:",
            "[ ] Individual",
            "[ ] C corporation",
            "[ ] S corporation",
            "[ ] Partnership",
            "[ ] Trust",
            "[X] LLC",
            "[ ] Other",
            "Exempt payee code: none. Under penalties of perjury, I certify that I am not subject to backup withholding.",
        ],
    )


def notice_of_furnishing(job: Job, today: date) -> Paper:
    """Return an Ohio subcontractor's notice that it works for somebody else than the owner."""
    values: dict[str, str | date] = {
        "Claimant": job.vendor,
        "Owner": job.project["owner"]["name"],
        "Under contract with": job.firm,
        "First furnished on": today - timedelta(days=10),
        "Notice of commencement recorded on": today - timedelta(days=120),
        "Served on": today - timedelta(days=3),
        "Served on owner's designee": "yes",
        "Served on original contractor": "yes",
    }
    also = [f"ORC 1311.05: {job.vendor} has furnished labor and materials to the original contractor."]
    return labelled("notice-of-furnishing.pdf", "Notice of Furnishing", values, also=also)


@dataclass(frozen=True, slots=True)
class Mail:
    """What a subcontractor mails so that the desk of its trade has it."""

    project: str
    """Its number."""
    trade: str
    region: str
    papers: Callable[[Job, date], list[Paper]]
    saying: str
    """What it is, after "mails"."""


OHIO_MAIL = Mail(
    project="OH01",
    trade="Plumbing",
    region="us-oh",
    papers=lambda job, today: [
        ohio_licence(job, today),
        certificate(job, today),
        notice_of_furnishing(job, today),
    ],
    saying="its OCILB licence, its certificate of insurance and a notice of furnishing",
)

TEXAS_MAIL = Mail(
    project="TX01",
    trade="HVAC",
    region="us-tx",
    papers=lambda job, today: [texas_licence(job, today), certificate(job, today)],
    saying="its TDLR licence and its certificate of insurance",
)


@dataclass(frozen=True, slots=True)
class Waivers:
    """The waivers that a Texas subcontractor hands in for one payment."""

    job: Job
    forms: Path
    """The folder of statutory forms."""
    amount_cents: int
    signed_on: date

    def conditional(self, name: str, *, amount_cents: int | None = None) -> Paper:
        """Return the waiver that counts once the money arrives; of another amount, if somebody got it wrong."""
        cents = self.amount_cents if amount_cents is None else amount_cents
        return statutory(name, self.forms / "tx-53-284-b.yaml", self._values(cents))

    def unconditional(self, name: str) -> Paper:
        """Return the waiver that counts at once, and so may be asked for only after the money has arrived."""
        return statutory(name, self.forms / "tx-53-284-c.yaml", self._values(self.amount_cents))

    def _values(self, cents: int) -> dict[str, str]:
        job = self.job
        return {
            "project": job.project["name"],
            "job_number": job.project["number"],
            "maker": job.firm,
            "amount": dollars(cents),
            "payee": job.vendor,
            "owner": job.project["owner"]["name"],
            "location": "Austin, Travis County, Texas 78701",
            "extent": f"Ductwork through {spoken(THROUGH)}",
            "contracted_with": job.firm,
            "date": spoken(self.signed_on),
            "company": job.vendor,
            "signature": "/s/ Ana Ruiz",
            "title": "President",
        }
