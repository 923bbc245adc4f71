"""Procore, through one client per connection: its directory, and the papers in it."""

import hashlib
import json
from collections.abc import AsyncIterator
from datetime import date, timedelta
from urllib.parse import urlsplit

from typing_extensions import override

from plumbline.common.clock import Clock
from plumbline.compliance.ports.intake import Found, PaperSource
from plumbline.compliance.ports.surroundings import Directory, Firm, Place
from plumbline.compliance.service.intake import MAX_PAPER_BYTES, too_large
from plumbline.procore import ProcoreClient, ProcoreFileTooLargeError
from plumbline.procore.client import COMMITMENT_PATHS
from plumbline.procore.connected import Clients, Memory, unless_invisible
from plumbline.procore.models import Attachment
from plumbline.procore.papers import Folder
from plumbline.procore.subcontracting import Requisition

BILLED_WITHIN = timedelta(days=120)
"""Requisitions that were billed longer ago are not looked through: each one costs a call of Procore's hourly budget."""


class ProcoreDirectory(Directory):
    """Reads projects and vendors, and remembers them for a while."""

    def __init__(self, clients: Clients, *, remembered_s: float) -> None:
        """Read through these clients; an answer counts for `remembered_s` seconds."""
        self._clients = clients
        self._places = Memory[Place](remembered_s)
        self._firms = Memory[Firm](remembered_s)

    @override
    async def project(self, connection: str, project_id: str) -> Place | None:
        place = self._places.get((connection, project_id), lambda: self._place(connection, project_id))
        return await unless_invisible(place)

    @override
    async def vendor(self, connection: str, vendor_id: str) -> Firm | None:
        firm = self._firms.get((connection, vendor_id), lambda: self._firm(connection, vendor_id))
        return await unless_invisible(firm)

    async def _place(self, connection: str, project_id: str) -> Place:
        project = await self._clients[connection].project(project_id)
        return Place(
            number=project.project_number or "",
            name=project.name,
            state=project.state_code,
            county=project.county,
            city=project.city,
        )

    async def _firm(self, connection: str, vendor_id: str) -> Firm:
        vendor = await self._clients[connection].vendor(vendor_id)
        return Firm(vendor.name, tuple(trade.name for trade in vendor.trades))


class ProcorePapers(PaperSource):
    """Finds papers where Procore keeps them: on commitments, on requisitions, and in one folder of each project."""

    def __init__(self, clients: Clients, *, folder: str, clock: Clock) -> None:
        """Look through these clients; `folder` is the name of the folder of the Documents tool that is for papers."""
        self._clients = clients
        self._folder = folder
        self._clock = clock

    @override
    async def around(self, connection: str, project_id: str) -> str:
        client = self._clients[connection]
        project = await client.project(project_id)
        vendors = await client.vendors(project_id)
        said = [
            [project.name, project.project_number, project.state_code, project.county, project.city],
            *sorted([str(one.id), one.name, *sorted(trade.name for trade in one.trades)] for one in vendors),
        ]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()

    @override
    async def papers(self, connection: str, project_id: str) -> AsyncIterator[Found]:
        client = self._clients[connection]
        for of_type in COMMITMENT_PATHS:
            async for found in _of_commitments(client, project_id, of_type):
                yield found
        billed_from = self._clock.now().date() - BILLED_WITHIN
        for requisition in await client.requisitions(project_id):
            if _is_recent(requisition, billed_from):
                async for found in _of_requisition(client, project_id, requisition):
                    yield found
        async for found in self._of_folder(client, project_id):
            yield found

    @override
    async def content(self, connection: str, found: Found) -> bytes:
        try:
            file = await self._clients[connection].download(found.url, max_bytes=MAX_PAPER_BYTES)
        except ProcoreFileTooLargeError as error:
            raise too_large(found.file_name) from error
        return file.content

    async def _of_folder(self, client: ProcoreClient, project_id: str) -> AsyncIterator[Found]:
        """Give the files of the folder for papers; those in a folder of a vendor's name are that vendor's."""
        root = await client.folder(project_id)
        mine = [one for one in root.folders if one.name.casefold() == self._folder.casefold()]
        if not mine:
            return
        folder = await client.folder(project_id, mine[0].id)
        for found in _files(folder, vendor_id=None):
            yield found
        vendors = {vendor.name.casefold(): str(vendor.id) for vendor in await client.vendors(project_id)}
        for below in folder.folders:
            if below.is_deleted:
                continue
            inside = await client.folder(project_id, below.id)
            for found in _files(inside, vendor_id=vendors.get(below.name.casefold())):
                yield found


async def _of_commitments(client: ProcoreClient, project_id: str, of_type: str) -> AsyncIterator[Found]:
    for commitment in await client.commitments(project_id, of_type=of_type):
        vendor_id = str(commitment.vendor.id) if commitment.vendor else None
        papers = await client.compliance_documents(project_id, commitment.id, of_type=of_type)
        for paper in papers:
            for file in paper.attachments:
                if found := _attached(file, f"compliance-documents/{paper.id}", vendor_id=vendor_id):
                    yield found


async def _of_requisition(
    client: ProcoreClient, project_id: str, requisition: Requisition
) -> AsyncIterator[Found]:
    vendor_id = str(requisition.vendor_id) if requisition.vendor_id else None
    payable = f"payable/{client.company_id}/{project_id}/requisition/{requisition.id}"
    for file in requisition.attachments:
        place = f"requisitions/{requisition.id}"
        if found := _attached(file, place, vendor_id=vendor_id, payable=payable):
            yield found
    for waiver in await client.lien_waivers(project_id, requisition.id):
        if waiver.pdf_url:
            yield Found(
                record=f"lien-waivers/{waiver.id}",
                # A signed waiver is another file under the same id; the query of an address is new each time.
                fingerprint=f"{waiver.status} {urlsplit(waiver.pdf_url).path}",
                file_name=f"lien_waiver-{waiver.id}.pdf",
                url=waiver.pdf_url,
                vendor_id=vendor_id,
                payable=payable,
            )


def _attached(
    file: Attachment, place: str, *, vendor_id: str | None, payable: str | None = None
) -> Found | None:
    """Return an attached file; its id changes with its content."""
    if file.id is None or file.url is None:
        return None
    return Found(
        record=f"{place}/{file.id}",
        fingerprint=str(file.id),
        file_name=file.filename or file.name or f"{file.id}.pdf",
        url=file.url,
        vendor_id=vendor_id,
        payable=payable,
    )


def _files(folder: Folder, *, vendor_id: str | None) -> list[Found]:
    newest = [(file, file.newest) for file in folder.files if not file.is_deleted]
    return [
        Found(
            record=f"files/{file.id}",
            fingerprint=str(version.id),
            file_name=file.name,
            url=version.url,
            vendor_id=vendor_id,
        )
        for file, version in newest
        if version is not None and version.url is not None
    ]


def _is_recent(requisition: Requisition, billed_from: date) -> bool:
    billed_on = requisition.billing_date or requisition.requisition_end
    return billed_on is None or billed_on >= billed_from
