"""Procore, through one client per connection: its directory, and the papers in it."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import partial
from urllib.parse import urlsplit

from typing_extensions import override

from plumbline.common.clock import Clock
from plumbline.compliance.ports.intake import Found, PaperSource, Reading, Shelf
from plumbline.compliance.ports.surroundings import Directory, Firm, Place
from plumbline.compliance.service.intake import MAX_PAPER_BYTES, too_large
from plumbline.procore import ProcoreClient, ProcoreFileTooLargeError
from plumbline.procore.client import COMMITMENT_PATHS
from plumbline.procore.connected import Clients, Memory, unless_invisible
from plumbline.procore.models import Attachment
from plumbline.procore.papers import Folder, LienWaiver
from plumbline.procore.rates import LONGEST_WAIT
from plumbline.procore.subcontracting import Commitment, Requisition

BILLED_WITHIN = timedelta(days=120)
"""Requisitions that were billed longer ago are not looked through: each one costs a call of Procore's hourly budget."""

OTHERS_SHARE = 0.5
"""Of the calls that Procore allows, so many are left to others: ingest and mapper, whose work is payments."""

CANCELLED = "cancelled"
"""The status of a waiver that is void; whatever its file says, it is listed as if it had none."""

SIGNED_LATER = frozenset({"draft", "awaiting_signature"})
"""Statuses of a waiver that somebody is about to sign."""


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
    async def shelves(self, connection: str, project_id: str) -> Sequence[Shelf]:
        client = self._clients[connection]
        commitments = [
            _of_commitment(client, project_id, of_type, commitment)
            for of_type in COMMITMENT_PATHS
            for commitment in await client.commitments(project_id, of_type=of_type)
        ]
        billed_from = self._clock.now().date() - BILLED_WITHIN
        requisitions = [
            _of_requisition(client, project_id, requisition)
            for requisition in await client.requisitions(project_id)
            if _is_recent(requisition, billed_from)
        ]
        return [*commitments, *requisitions, *await self._folders(client, project_id)]

    @override
    def pause(self, connection: str) -> timedelta:
        rate = self._clients[connection].rate
        if rate is None or rate.remaining >= rate.limit * OTHERS_SHARE:
            return timedelta(0)
        return min(max(rate.reset_at - self._clock.now(), timedelta(0)), LONGEST_WAIT)

    @override
    async def content(self, connection: str, found: Found) -> bytes:
        try:
            file = await self._clients[connection].download(found.url, max_bytes=MAX_PAPER_BYTES)
        except ProcoreFileTooLargeError as error:
            raise too_large(found.file_name) from error
        return file.content

    async def _folders(self, client: ProcoreClient, project_id: str) -> Sequence[Shelf]:
        root = await client.folder(project_id)
        mine = [one.id for one in root.folders if one.name.casefold() == self._folder.casefold()]
        shelves = []
        for folder_id in mine[:1]:
            said = await client.newest_document(project_id, folder_id)
            shelves.append(
                Shelf(
                    place=f"folders/{folder_id}",
                    version=f"{said.changed_at} {said.count}",
                    changed_at=said.changed_at,
                    read=partial(_in_folder, client, project_id, folder_id),
                )
            )
        return shelves


def _of_commitment(client: ProcoreClient, project_id: str, of_type: str, commitment: Commitment) -> Shelf:
    vendor_id = str(commitment.vendor.id) if commitment.vendor else None

    async def read() -> Reading:
        papers = await client.compliance_documents(project_id, commitment.id, of_type=of_type)
        found = [
            _attached(file, f"compliance-documents/{paper.id}", vendor_id=vendor_id)
            for paper in papers
            for file in paper.attachments
        ]
        return Reading([one for one in found if one is not None])

    return Shelf(
        place=f"commitments/{commitment.id}",
        version=str(commitment.updated_at),
        changed_at=commitment.updated_at,
        read=read,
    )


def _of_requisition(client: ProcoreClient, project_id: str, requisition: Requisition) -> Shelf:
    vendor_id = str(requisition.vendor_id) if requisition.vendor_id else None
    payable = f"payable/{client.company_id}/{project_id}/requisition/{requisition.id}"

    async def read() -> Reading:
        waivers = await client.lien_waivers(project_id, requisition.id)
        place = f"requisitions/{requisition.id}"
        attached = [
            _attached(file, place, vendor_id=vendor_id, payable=payable) for file in requisition.attachments
        ]
        signed = [_waiver(waiver, vendor_id=vendor_id, payable=payable) for waiver in waivers]
        return Reading(
            [one for one in (*attached, *signed) if one is not None],
            is_awaited=any(waiver.status in SIGNED_LATER for waiver in waivers),
        )

    files = ",".join(sorted(str(file.id) for file in requisition.attachments))
    return Shelf(
        place=f"requisitions/{requisition.id}",
        version=f"{requisition.updated_at} {files}",
        changed_at=requisition.updated_at,
        read=read,
    )


async def _in_folder(client: ProcoreClient, project_id: str, folder_id: int) -> Reading:
    """Read the folder for papers; those in a folder of a vendor's name are that vendor's."""
    folder = await client.folder(project_id, folder_id)
    papers = [*_files(folder, vendor_id=None)]
    vendors = {vendor.name.casefold(): str(vendor.id) for vendor in await client.vendors(project_id)}
    for below in folder.folders:
        if not below.is_deleted:
            inside = await client.folder(project_id, below.id)
            papers += _files(inside, vendor_id=vendors.get(below.name.casefold()))
    return Reading(papers)


def _waiver(waiver: LienWaiver, *, vendor_id: str | None, payable: str) -> Found | None:
    if not waiver.pdf_url or waiver.status == CANCELLED:
        return None
    return Found(
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


def _files(folder: Folder, *, vendor_id: str | None) -> Iterator[Found]:
    for file in folder.files:
        version = file.newest
        if file.is_deleted or version is None or version.url is None:
            continue
        yield Found(
            record=f"files/{file.id}",
            fingerprint=str(version.id),
            file_name=file.name,
            url=version.url,
            vendor_id=vendor_id,
        )


def _is_recent(requisition: Requisition, billed_from: date) -> bool:
    billed_on = requisition.billing_date or requisition.requisition_end
    return billed_on is None or billed_on >= billed_from
