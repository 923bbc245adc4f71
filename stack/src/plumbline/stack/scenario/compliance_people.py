"""What people do in the compliance play, in Procore, in QuickBooks and at compliance's edge."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from plumbline.stack.scenario.compliance_cast import Job
from plumbline.stack.scenario.handing_in import Paper
from plumbline.stack.scenario.observing import SEEN_WITHIN_S
from plumbline.stack.scenario.operators import Operators

BOOKS_PAUSE_S = 0.3
"""Between looks into QuickBooks."""


@dataclass(frozen=True, slots=True)
class Invoice:
    """A subcontractor's invoice in Procore."""

    job: Job
    requisition_id: str

    @property
    def payable(self) -> str:
        """What compliance calls it."""
        return f"payable/{self.job.company['id']}/{self.job.project['id']}/requisition/{self.requisition_id}"

    @property
    def note(self) -> str:
        """How the private note of its bill begins."""
        return f"plumbline:bill/{self.job.company['id']}/{self.job.project['id']}/{self.requisition_id}#"


@dataclass(frozen=True, slots=True)
class People:
    """Everybody in the play."""

    control: httpx.AsyncClient
    """The sandbox's control API."""
    operators: Operators

    async def bill(self, job: Job, *, line: int, cents: int) -> Invoice:
        """Bill work on a line of the contract, to be reviewed."""
        amount = f"{cents // 100}.{cents % 100:02}"
        work = {"line_item_id": job.commitment["lines"][line], "work_completed_this_period": amount}
        body = {"commitment_id": job.commitment["id"], "status": "under_review", "items": [work]}
        made = await self._procore("POST", "requisitions", body)
        return Invoice(job, made["id"])

    async def approve(self, invoice: Invoice) -> None:
        """Approve an invoice."""
        await self._procore("PATCH", f"requisitions/{invoice.requisition_id}", {"status": "approved"})

    async def empty_state(self, job: Job) -> None:
        """Take the state out of a project's address."""
        await self._procore("PATCH", f"projects/{job.project['id']}", {"state_code": None})

    async def file(self, job: Job, papers: Sequence[Paper]) -> None:
        """File papers with the commitment, as its compliance documents in Procore."""
        for paper in papers:
            file = {"name": paper.name, "content": (await paper.pdf()).hex()}
            body = {"commitment_id": job.commitment["id"], "name": paper.title, "attachments": [file]}
            await self._procore("POST", "compliance_documents", body)

    async def waive(self, invoice: Invoice, paper: Paper, kind: str) -> str:
        """Hand a waiver in with an invoice in Procore; return its id there."""
        body = {
            "project_id": invoice.job.project["id"],
            "invoice_id": invoice.requisition_id,
            "type": kind,
            "status": "complete",
            "pdf": (await paper.pdf()).hex(),
        }
        made = await self._procore("POST", "papers/lien_waiver", body)
        return str(made["id"])

    async def upload(self, job: Job, papers: Sequence[Paper], *, pause_s: float = 0) -> dict[str, bytes]:
        """Upload papers that came by mail, each so long after the one before it; return them by their names."""
        about = {"project": job.project["id"], "vendor": job.commitment["vendor_id"]}
        mailed: dict[str, bytes] = {}
        for paper in papers:
            await asyncio.sleep(pause_s if mailed else 0)
            mailed[paper.name] = await paper.pdf()
            await self.operators.upload(job.connection, mailed[paper.name], file_name=paper.name, **about)
        return mailed

    async def pay(self, invoice: Invoice) -> None:
        """Pay an invoice's bill in QuickBooks."""
        job = invoice.job
        [bill] = await self.bills(invoice)
        link = {"TxnId": bill["Id"], "TxnType": "Bill"}
        bank = {"BankAccountRef": {"value": job.project["quickbooks"]["accounts"]["Checking"]}}
        body = {
            "VendorRef": {"value": job.vendor_in_books},
            "PayType": "Check",
            "CheckPayment": bank,
            "TotalAmt": bill["TotalAmt"],
            "Line": [{"Amount": bill["TotalAmt"], "LinkedTxn": [link]}],
        }
        _told(await self.control.post(f"/control/quickbooks/{job.realm}/BillPayment", json=body))

    async def bills(self, invoice: Invoice) -> list[dict[str, Any]]:
        """Return the bills that QuickBooks holds of an invoice, waiting until there is one; none if it never comes."""
        for _ in range(int(SEEN_WITHIN_S / BOOKS_PAUSE_S)):
            rows = _told(await self.control.get(f"/control/quickbooks/{invoice.job.realm}/Bill"))
            if found := [row for row in rows if str(row.get("PrivateNote", "")).startswith(invoice.note)]:
                return found
            await asyncio.sleep(BOOKS_PAUSE_S)
        return []

    async def _procore(self, method: str, resource: str, body: Mapping[str, Any]) -> Any:
        return _told(await self.control.request(method, f"/control/procore/{resource}", json=dict(body)))


def _told(answer: httpx.Response) -> Any:
    if answer.is_error:
        raise RuntimeError(f"the sandbox refused {answer.request.url}: {answer.text}")
    return answer.json()
