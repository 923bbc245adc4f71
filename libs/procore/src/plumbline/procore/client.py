"""The calls of Procore's REST API that Plumbline makes, each typed.

Paths and versions follow Procore's OpenAPI: owner invoices and contracts are v1.0 (bare bodies, integer
ids), webhook subscriptions v2.0 (`data` envelope, string ids).
"""

from collections.abc import Sequence
from datetime import date
from urllib.parse import quote

import httpx
from pydantic import SecretStr

from plumbline.common.clock import Clock, SystemClock
from plumbline.common.secrets.tokens import TokenSource
from plumbline.procore.answers import read
from plumbline.procore.hooks import Delivery, Enveloped, Hook, Trigger
from plumbline.procore.models import (
    ContractPayment,
    Me,
    PaymentApplication,
    PaymentApplicationSummary,
    PrimeContract,
    Project,
)
from plumbline.procore.papers import (
    ComplianceDocument,
    Document,
    Downloaded,
    Folder,
    Insurance,
    LienWaiver,
    NewestDocument,
)
from plumbline.procore.rates import RateWindow
from plumbline.procore.subcontracting import BillingPeriodOfProject, Commitment, Requisition, Vendor
from plumbline.procore.transport import Transport

V1_PAGE_ROWS = 500
"""Rows asked for per page of a v1.0 list; Procore advises at most 2,000 (Procore docs, Pagination)."""

V2_PAGE_ROWS = 100
"""Rows per page of a v2.0 list: the most Procore gives (Procore docs, REST v2 announcement)."""

COMMITMENT_PATHS = {
    "WorkOrderContract": "/rest/v1.0/work_order_contracts",
    "PurchaseOrderContract": "/rest/v1.0/purchase_order_contracts",
}
"""Where the commitments of each type stand; a requisition names the type of its own."""

RecordId = int | str
"""An id of Procore's, above 32 bits at times: v1.0 gives integers, v2.0 and webhooks give texts."""


def _part(record_id: RecordId) -> str:
    """Return an id as one part of a path, whatever stands in it."""
    return quote(str(record_id), safe="")


class ProcoreClient:
    """Reads and subscribes within one company; safe to use from many tasks.

    Every method raises what `Transport.call` raises, and `ProcoreUnreadableError` (permanent) for an
    answer of another shape than documented.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        tokens: TokenSource,
        *,
        company_id: RecordId,
        deadline_s: float,
        clock: Clock | None = None,
    ) -> None:
        """Speak for one company.

        Args:
            http: a `partner_client` whose base URL is Procore's API host; the caller closes it.
            tokens: access tokens of the account that the company's connection names.
            company_id: sent as `Procore-Company-Id` with every call.
            deadline_s: absolute limit of one call, in seconds; a list makes one call per page.
            clock: what rate windows are compared with; the machine's if left out.
        """
        self._company_id = company_id
        self._transport = Transport(
            http, tokens, company_id=company_id, deadline_s=deadline_s, clock=clock or SystemClock()
        )

    @property
    def company_id(self) -> RecordId:
        """The company that it speaks for."""
        return self._company_id

    @property
    def rate(self) -> RateWindow | None:
        """The rate window that the last answer told; None before the first one."""
        return self._transport.rate

    async def me(self) -> Me:
        """Return whom the access token speaks for in this company."""
        return read(Me, await self._transport.call("GET", "/rest/v1.0/me"))

    async def projects(self) -> list[Project]:
        """Return every project of the company that the account may see."""
        pages = self._transport.pages(
            "/rest/v1.0/projects", {"company_id": self._company_id}, page_rows=V1_PAGE_ROWS
        )
        return [project async for page in pages for project in read(list[Project], page)]

    async def project(self, project_id: RecordId) -> Project:
        """Return one project."""
        answer = await self._transport.call(
            "GET", f"/rest/v1.0/projects/{_part(project_id)}", params={"company_id": self._company_id}
        )
        return read(Project, answer)

    async def prime_contract(self, project_id: RecordId, contract_id: RecordId) -> PrimeContract:
        """Return one prime contract; its `vendor` is the owner."""
        answer = await self._transport.call(
            "GET", f"/rest/v1.0/prime_contract/{_part(contract_id)}", params={"project_id": project_id}
        )
        return read(PrimeContract, answer)

    async def prime_contracts(self, project_id: RecordId) -> list[PrimeContract]:
        """Return the prime contracts of a project; an empty list may also mean no permission."""
        pages = self._transport.pages(
            "/rest/v1.0/prime_contracts", {"project_id": project_id}, page_rows=V1_PAGE_ROWS
        )
        return [contract async for page in pages for contract in read(list[PrimeContract], page)]

    async def payment_application(self, project_id: RecordId, application_id: RecordId) -> PaymentApplication:
        """Return one owner invoice with its schedule of values."""
        answer = await self._transport.call(
            "GET",
            f"/rest/v1.0/payment_applications/{_part(application_id)}",
            params={"project_id": project_id},
        )
        return read(PaymentApplication, answer)

    async def payment_applications(
        self, project_id: RecordId, prime_contract_id: RecordId
    ) -> list[PaymentApplicationSummary]:
        """Return the owner invoices of one prime contract; Procore offers no filter by time or status."""
        pages = self._transport.pages(
            f"/rest/v1.0/prime_contracts/{_part(prime_contract_id)}/payment_applications",
            {"project_id": project_id},
            page_rows=V1_PAGE_ROWS,
        )
        return [row async for page in pages for row in read(list[PaymentApplicationSummary], page)]

    async def contract_payments(self, project_id: RecordId, contract_id: RecordId) -> list[ContractPayment]:
        """Return the payments recorded on one contract."""
        pages = self._transport.pages(
            "/rest/v1.0/contract_payments",
            {"project_id": project_id, "contract_id": contract_id},
            page_rows=V1_PAGE_ROWS,
        )
        return [payment async for page in pages for payment in read(list[ContractPayment], page)]

    async def contract_payment(self, project_id: RecordId, payment_id: RecordId) -> ContractPayment:
        """Return one payment."""
        answer = await self._transport.call(
            "GET", f"/rest/v1.0/contract_payments/{_part(payment_id)}", params={"project_id": project_id}
        )
        return read(ContractPayment, answer)

    async def requisitions(self, project_id: RecordId) -> list[Requisition]:
        """Return the subcontractor invoices of a project, without their lines (v1.1).

        No webhook tells of them. An empty list may also mean no permission.
        """
        pages = self._transport.pages(
            "/rest/v1.1/requisitions", {"project_id": project_id}, page_rows=V1_PAGE_ROWS
        )
        return [row async for page in pages for row in read(list[Requisition], page)]

    async def requisition(self, project_id: RecordId, requisition_id: RecordId) -> Requisition:
        """Return one subcontractor invoice with its lines."""
        answer = await self._transport.call(
            "GET",
            f"/rest/v1.1/requisitions/{_part(requisition_id)}",
            params={"project_id": project_id, "view": "items"},
        )
        return read(Requisition, answer)

    async def commitment(self, project_id: RecordId, commitment_id: RecordId, *, of_type: str) -> Commitment:
        """Return one commitment; `of_type` is a key of `COMMITMENT_PATHS`."""
        path = f"{COMMITMENT_PATHS[of_type]}/{_part(commitment_id)}"
        return read(Commitment, await self._transport.call("GET", path, params={"project_id": project_id}))

    async def vendor(self, vendor_id: RecordId) -> Vendor:
        """Return one company of the directory."""
        answer = await self._transport.call(
            "GET", f"/rest/v1.0/vendors/{_part(vendor_id)}", params={"company_id": self._company_id}
        )
        return read(Vendor, answer)

    async def billing_periods(self, project_id: RecordId) -> list[BillingPeriodOfProject]:
        """Return a project's billing periods, in Procore's order."""
        path = f"/rest/v1.0/projects/{_part(project_id)}/billing_periods"
        pages = self._transport.pages(path, {}, page_rows=V1_PAGE_ROWS)
        return [row async for page in pages for row in read(list[BillingPeriodOfProject], page)]

    async def vendors(self, project_id: RecordId) -> list[Vendor]:
        """Return the companies that were added to a project."""
        pages = self._transport.pages(
            f"/rest/v1.0/projects/{_part(project_id)}/vendors", {}, page_rows=V1_PAGE_ROWS
        )
        return [row async for page in pages for row in read(list[Vendor], page)]

    async def commitments(self, project_id: RecordId, *, of_type: str) -> list[Commitment]:
        """Return the commitments of a project; `of_type` is a key of `COMMITMENT_PATHS`."""
        pages = self._transport.pages(
            COMMITMENT_PATHS[of_type], {"project_id": project_id}, page_rows=V1_PAGE_ROWS
        )
        return [row async for page in pages for row in read(list[Commitment], page)]

    async def compliance_documents(
        self, project_id: RecordId, commitment_id: RecordId, *, of_type: str
    ) -> list[ComplianceDocument]:
        """Return the papers of a commitment; `of_type` is a key of `COMMITMENT_PATHS`."""
        kind = COMMITMENT_PATHS[of_type].rpartition("/")[2]
        path = f"/rest/v1.0/projects/{_part(project_id)}/{kind}/{_part(commitment_id)}/compliance_documents"
        pages = self._transport.pages(path, {}, page_rows=V1_PAGE_ROWS)
        return [row async for page in pages for row in read(list[ComplianceDocument], page)]

    async def lien_waivers(self, project_id: RecordId, requisition_id: RecordId) -> list[LienWaiver]:
        """Return the waivers that Procore made for one requisition (the reference documents no pages)."""
        path = f"/rest/v1.0/projects/{_part(project_id)}/lien_waivers"
        answer = await self._transport.call("GET", path, params={"invoice_id": requisition_id})
        return read(list[LienWaiver], answer)

    async def insurances(self, project_id: RecordId | None) -> list[Insurance]:
        """Return the insurances of a project, or those of the whole company."""
        place = (
            f"companies/{_part(self._company_id)}" if project_id is None else f"projects/{_part(project_id)}"
        )
        pages = self._transport.pages(f"/rest/v1.0/{place}/insurances", {}, page_rows=V1_PAGE_ROWS)
        return [row async for page in pages for row in read(list[Insurance], page)]

    async def folder(self, project_id: RecordId, folder_id: RecordId | None = None) -> Folder:
        """Return a folder of a project's Documents tool; its root if none is named."""
        path = "/rest/v1.0/folders" if folder_id is None else f"/rest/v1.0/folders/{_part(folder_id)}"
        return read(Folder, await self._transport.call("GET", path, params={"project_id": project_id}))

    async def newest_document(self, project_id: RecordId, folder_id: RecordId) -> NewestDocument:
        """Tell by one call whether anything changed in a folder, at any depth down to 100.

        Procore reference, Project Folder and File index: sorted by the time of the last change, and asked for one row.
        """
        path = f"/rest/v1.0/projects/{_part(project_id)}/documents"
        params = {"filters[folder_id]": folder_id, "sort": "-updated_at", "page": 1, "per_page": 1}
        answer = await self._transport.call("GET", path, params=params)
        newest = read(list[Document], answer)
        total = answer.headers.get("total", "")
        return NewestDocument(
            newest[0].updated_at if newest else None, int(total) if total.isdecimal() else None
        )

    async def download(self, url: str, *, max_bytes: int) -> Downloaded:
        """Return the file behind a URL that a record of Procore's shows.

        Procore's own address wants the token, and redirects to a storage service that must not get it (Procore
        docs, Secure file access tips): the token goes to Procore's origin alone.

        Raises:
            ProcoreFileTooLargeError: permanent; it has more than `max_bytes`.
            ProcoreRefusedError: permanent; it redirects from HTTPS to plain HTTP, or without end.
        """
        answer = await self._transport.download(url, max_bytes=max_bytes)
        return Downloaded(answer.body, answer.headers.get("content-type", "application/octet-stream"))

    async def hooks(self, project_id: RecordId, namespace: str) -> list[Hook]:
        """Return the project's webhook subscriptions in our namespace."""
        pages = self._transport.pages(
            self._hooks_path(project_id), {"namespace": namespace}, page_rows=V2_PAGE_ROWS
        )
        return [hook async for page in pages for hook in read(Enveloped[list[Hook]], page).data]

    async def create_hook(
        self,
        project_id: RecordId,
        *,
        namespace: str,
        destination_url: str,
        authorization: SecretStr,
        payload_version: str,
    ) -> Hook:
        """Subscribe the project. Not idempotent: list the hooks before trying again.

        Args:
            project_id: whose events are delivered; financial resources exist at project scope only.
            namespace: `[a-z0-9-]+`, one for the whole integration.
            destination_url: HTTPS and public.
            authorization: the `Authorization` header of every delivery, scheme included; Procore shows
                it masked ever after.
            payload_version: such as `v4.0`.
        """
        body = {
            "namespace": namespace,
            "destination_url": destination_url,
            "destination_headers": {"Authorization": authorization.get_secret_value()},
            "payload_version": payload_version,
        }
        answer = await self._transport.call("POST", self._hooks_path(project_id), json=body)
        return read(Enveloped[Hook], answer).data

    async def update_hook(
        self,
        project_id: RecordId,
        hook_id: RecordId,
        *,
        destination_url: str | None = None,
        authorization: SecretStr | None = None,
        status: str | None = None,
    ) -> Hook:
        """Change what is given and leave the rest; `status` is `active` or `disabled` (delivery paused)."""
        secret = None if authorization is None else {"Authorization": authorization.get_secret_value()}
        wanted = {"destination_url": destination_url, "destination_headers": secret, "status": status}
        body = {name: value for name, value in wanted.items() if value is not None}
        answer = await self._transport.call(
            "PATCH", f"{self._hooks_path(project_id)}/{_part(hook_id)}", json=body
        )
        return read(Enveloped[Hook], answer).data

    async def delete_hook(self, project_id: RecordId, hook_id: RecordId) -> None:
        """Remove a subscription and its triggers."""
        await self._transport.call("DELETE", f"{self._hooks_path(project_id)}/{_part(hook_id)}")

    async def triggers(self, project_id: RecordId, hook_id: RecordId) -> list[Trigger]:
        """Return what a hook listens to."""
        path = f"{self._hooks_path(project_id)}/{_part(hook_id)}/triggers"
        pages = self._transport.pages(path, {}, page_rows=V2_PAGE_ROWS)
        return [trigger async for page in pages for trigger in read(Enveloped[list[Trigger]], page).data]

    async def create_trigger(
        self, project_id: RecordId, hook_id: RecordId, *, resource_name: str, event_type: str
    ) -> Trigger:
        """Make a hook listen to one kind of change; resource names are exact, such as `Payment Applications`."""
        path = f"{self._hooks_path(project_id)}/{_part(hook_id)}/triggers"
        body = {"resource_name": resource_name, "event_type": event_type}
        return read(Enveloped[Trigger], await self._transport.call("POST", path, json=body)).data

    async def create_triggers(
        self, project_id: RecordId, hook_id: RecordId, wanted: Sequence[tuple[str, str]]
    ) -> bool:
        """Make a hook listen to many kinds of change by one call; return whether Procore set all of them.

        One that is there already counts as not set, so look at `triggers` before you believe a False.

        Args:
            project_id: whose hook.
            hook_id: the hook.
            wanted: exact resource names with event types, 500 at most (Procore docs, Webhooks API). The
                body is an array of them, as the OpenAPI of May 2026 has it; a later rendering shows one object.
        """
        path = f"{self._hooks_path(project_id)}/{_part(hook_id)}/triggers/bulk"
        body = [{"resource_name": name, "event_type": event_type} for name, event_type in wanted]
        # Only the status is read: 201 for all, 207 for some. The shape of the body is documented for v1.0 alone.
        return (await self._transport.call("POST", path, json=body)).status != 207

    async def deliveries(
        self, project_id: RecordId, hook_id: RecordId, *, status: str, since: date | None = None
    ) -> list[Delivery]:
        """Return a hook's deliveries of one fate: `discarded` tells what has to be replayed.

        Which of a delivery's times `since` is compared with is not documented: leave a margin.
        """
        path = f"{self._hooks_path(project_id)}/{_part(hook_id)}/deliveries"
        start = {} if since is None else {"filter[start]": since.isoformat()}
        pages = self._transport.pages(path, {"filter[status]": status, **start}, page_rows=V2_PAGE_ROWS)
        return [delivery async for page in pages for delivery in read(Enveloped[list[Delivery]], page).data]

    def _hooks_path(self, project_id: RecordId) -> str:
        return f"/rest/v2.0/companies/{_part(self._company_id)}/projects/{_part(project_id)}/webhooks/hooks"
