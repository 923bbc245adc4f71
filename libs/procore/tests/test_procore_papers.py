"""Papers in Procore, read from the sandbox; and files, whose store must not see the token."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from plumbline.common.http import partner_client
from plumbline.common.secrets.tokens import LiveToken
from plumbline.common.testing.clock import DAWN
from plumbline.common.testing.far_side import Play, Tokens, answering, far_side
from plumbline.procore import (
    ProcoreClient,
    ProcoreFileTooLargeError,
    ProcoreRefusedError,
    ProcoreUnavailableError,
)
from plumbline_sandbox.assembly import fresh
from plumbline_sandbox.laboratory import Laboratory
from plumbline_sandbox.people import ProcorePeople

PDF = b"%PDF-1.7 a waiver, signed"
LIMIT = 25 * 1024 * 1024


class OneToken:
    """The token of the sandbox's service account."""

    def __init__(self, value: str) -> None:
        self._token = LiveToken(SecretStr(value), 1, DAWN)

    async def live_token(self) -> LiveToken:
        return self._token

    async def replace(self, refused: LiveToken, *, was_good: bool = False) -> LiveToken:
        raise AssertionError("the sandbox refused its own token")


@dataclass
class Site:
    """A client over the sandbox's Procore and the storage service that it redirects to."""

    lab: Laboratory
    people: ProcorePeople
    procore: ProcoreClient

    @property
    def project(self) -> int:
        return int(self.lab.description["companies"][0]["projects"][0]["id"])

    @property
    def order(self) -> dict[str, Any]:
        """Return the first commitment with a requisition."""
        orders = self.lab.description["companies"][0]["commitments"][str(self.project)]
        return next(order for order in orders if order["requisitions"])

    @property
    def invoice(self) -> int:
        return int(self.order["requisitions"][0]["id"])

    def leaks(self) -> list[dict[str, Any]]:
        return [entry.facts for entry in self.lab.world.journal.since(0) if entry.kind == "leak"]


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    sandbox = fresh(1)
    async with Laboratory(sandbox=sandbox) as lab:
        http = httpx.AsyncClient(
            transport=httpx.ASGITransport(sandbox.apps["procore"]),
            mounts={"all://storage.example": httpx.ASGITransport(sandbox.apps["storage"])},
            base_url="http://sandbox.example",
        )
        async with http:
            token = OneToken(await lab.site_token())
            procore = ProcoreClient(http, token, company_id=lab.companies[0].company.id, deadline_s=5.0)
            yield Site(lab, ProcorePeople(lab.world), procore)


async def test_vendors_tell_their_trades(site: Site) -> None:
    vendors = await site.procore.vendors(site.project)
    one = await site.procore.vendor(vendors[0].id)

    assert {trade.name for vendor in vendors for trade in vendor.trades} >= {"HVAC", "Plumbing"}
    assert one == vendors[0]


async def test_a_commitments_papers_are_read_and_their_files_downloaded(site: Site) -> None:
    order = site.order
    attachment = {"name": "licence.pdf", "content": PDF.hex()}
    made = site.people.file({"commitment_id": order["id"], "type": "license", "attachments": [attachment]})

    commitments = await site.procore.commitments(site.project, of_type=order["type"])
    (paper,) = await site.procore.compliance_documents(site.project, int(order["id"]), of_type=order["type"])

    assert int(order["id"]) in {one.id for one in commitments}
    assert (str(paper.id), paper.type, paper.attachments[0].filename) == (
        made["id"],
        "license",
        "licence.pdf",
    )
    assert paper.attachments[0].url is not None
    file = await site.procore.download(paper.attachments[0].url, max_bytes=LIMIT)
    assert (file.content, file.content_type) == (PDF, "application/pdf")
    assert site.leaks() == []


async def test_a_waiver_of_a_requisition_is_read(site: Site) -> None:
    body = {"project_id": site.project, "invoice_id": site.invoice, "pdf": PDF.hex()}
    made = site.people.paper("lien_waiver", body)

    (waiver,) = await site.procore.lien_waivers(site.project, site.invoice)

    assert (str(waiver.id), waiver.type, waiver.status) == (
        made["id"],
        "conditional_progress",
        "awaiting_signature",
    )
    assert waiver.pdf_url is not None
    assert (await site.procore.download(waiver.pdf_url, max_bytes=LIMIT)).content == PDF


async def test_insurances_of_project_and_company_are_read(site: Site) -> None:
    vendor = (await site.procore.vendors(site.project))[0].id
    place = f"/rest/v1.0/companies/{site.lab.companies[0].company.id}/vendors/{vendor}/insurances"
    body = {"insurance": {"name": "Gulf Casualty", "insurance_type": "auto", "expiration_date": "2027-05-31"}}
    (await site.lab.site("POST", place, body)).raise_for_status()

    (one,) = await site.procore.insurances(None)

    assert (one.vendor_id, one.insurance_provider, str(one.expiration_date)) == (
        vendor,
        "Gulf Casualty",
        "2027-05-31",
    )
    assert await site.procore.insurances(site.project) == []


async def test_files_of_a_folder_are_listed(site: Site) -> None:
    places = {"project_id": site.project}
    body = {"folder": {"name": "Compliance"}}
    made = (await site.lab.site("POST", "/rest/v1.0/folders", body, **places)).raise_for_status().json()
    token = await site.lab.site_token()
    answer = await site.lab.procore.post(
        "/rest/v1.0/files",
        params=places,
        headers={
            "authorization": f"Bearer {token}",
            "procore-company-id": str(site.lab.companies[0].company.id),
        },
        data={"file[parent_id]": str(made["id"]), "file[name]": "w9.pdf"},
        files={"file[data]": ("w9.pdf", PDF, "application/pdf")},
    )
    answer.raise_for_status()

    root = await site.procore.folder(site.project)
    folder = await site.procore.folder(site.project, made["id"])

    assert "Compliance" in {one.name for one in root.folders}
    (file,) = folder.files
    assert (file.name, file.newest and file.newest.number) == ("w9.pdf", 1)
    assert file.newest is not None
    assert file.newest.url is not None
    assert (await site.procore.download(file.newest.url, max_bytes=LIMIT)).content == PDF
    newest = await site.procore.newest_document(site.project, made["id"])
    assert (newest.changed_at, newest.count) == (file.updated_at, 2)  # the folder itself, and the file


async def test_an_unknown_folder_has_no_newest_document(site: Site) -> None:
    newest = await site.procore.newest_document(site.project, 1)

    assert (newest.changed_at, newest.count) == (None, 0)


async def test_a_file_larger_than_the_limit_is_not_read_to_its_end(site: Site) -> None:
    body = {"project_id": site.project, "invoice_id": site.invoice, "pdf": (PDF * 100).hex()}
    site.people.paper("lien_waiver", body)
    (waiver,) = await site.procore.lien_waivers(site.project, site.invoice)
    assert waiver.pdf_url is not None

    with pytest.raises(ProcoreFileTooLargeError, match="more than 1000 bytes"):
        await site.procore.download(waiver.pdf_url, max_bytes=1000)


async def download(url: str, address: str, *, deadline_s: float = 20.0) -> bytes:
    async with asyncio.timeout(25), partner_client(url) as http:
        client = ProcoreClient(http, Tokens(), company_id=4001, deadline_s=deadline_s)
        return (await client.download(address, max_bytes=LIMIT)).content


async def test_the_token_goes_to_procores_origin_alone() -> None:
    async with far_side(answering(200, PDF)) as (store, fetched):
        moved = answering(302, b"", location=f"{store}/pro-core.com/key?X-Amz-Signature=1")
        async with far_side(moved) as (url, heard):
            assert await download(url, f"{url}/api/v5/files/key?sig=1") == PDF

    assert heard[0].headers["authorization"] == "Bearer access-1"
    assert fetched[0].target == "/pro-core.com/key?X-Amz-Signature=1"
    assert not {"authorization", "procore-company-id"} & set(fetched[0].headers)


async def test_an_address_that_is_not_procores_gets_no_token_at_all() -> None:
    async with far_side(answering(200, PDF)) as (elsewhere, heard), far_side(answering(200, b"")) as (url, _):
        assert await download(url, f"{elsewhere}/file") == PDF
    assert "authorization" not in heard[0].headers


async def test_a_refused_token_is_replaced_once_for_a_file_too() -> None:
    async with far_side(answering(401, b""), answering(200, PDF)) as (url, heard):
        assert await download(url, f"{url}/file") == PDF
    assert [one.headers["authorization"] for one in heard] == ["Bearer access-1", "Bearer access-2"]


async def test_a_redirect_without_end_is_refused() -> None:
    async with far_side(answering(302, b"", location="/again")) as (url, heard):
        with pytest.raises(ProcoreRefusedError, match="without end"):
            await download(url, f"{url}/file")
    assert len(heard) == 4


async def test_a_redirect_to_another_protocol_is_refused() -> None:
    async with far_side(answering(302, b"", location="ftp://store.example/file")) as (url, _):
        with pytest.raises(ProcoreRefusedError, match="to ftp"):
            await download(url, f"{url}/file")


@pytest.mark.parametrize(
    "address",
    [
        "http://store.example/file",
        "http://169.254.169.254/latest/meta-data",
        "https://127.0.0.1/file",
        "https://2130706433/file",
        "https://0x7f.1/file",
        "https://10.1./file",
        "https://[::1]/file",
        "https://xn--/file",
        "https://store.example\x00/file",
        "ftp://store.example/file",
        "file:///etc/passwd",
        "//127.0.0.1/file",
    ],
)
async def test_whoever_speaks_https_to_procore_is_led_to_no_place_inside(address: str) -> None:
    asked: list[str] = []

    def answered(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(302, headers=[(b"location", address.encode())])

    async with httpx.AsyncClient(
        transport=httpx.MockTransport(answered), base_url="https://api.procore.com"
    ) as http:
        client = ProcoreClient(http, Tokens(), company_id=4001, deadline_s=5.0)
        for first in (address, "https://api.procore.com/file"):
            with pytest.raises((ProcoreRefusedError, ProcoreUnavailableError)):
                await client.download(first, max_bytes=LIMIT)
    assert asked == ["https://api.procore.com/file"]


@pytest.mark.parametrize(
    ("address", "gets_it"),
    [
        ("https://storage.procore.com/file", True),
        ("https://API.procore.com:443/file", True),
        ("https://api.procore.com:8443/file", False),
        ("https://api.procore.com.evil.example/file", False),
        ("https://evil-procore.com/file", False),
        ("https://api.procore.com@evil.example/file", False),
        ("https://evil.example#.procore.com", False),
    ],
)
async def test_the_token_goes_to_names_of_procores_alone(address: str, gets_it: bool) -> None:
    asked: list[httpx.Request] = []

    def answered(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, content=PDF)

    async with httpx.AsyncClient(
        transport=httpx.MockTransport(answered), base_url="https://api.procore.com"
    ) as http:
        client = ProcoreClient(http, Tokens(), company_id=4001, deadline_s=5.0)
        await client.download(address, max_bytes=LIMIT)
    (request,) = asked
    assert (request.headers.get("authorization", "").startswith("Bearer")) == gets_it


async def never(writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def test_a_store_that_does_not_answer_meets_the_deadline() -> None:
    plays: list[Play] = [never]
    async with far_side(*plays) as (store, _), far_side(answering(302, b"", location=store)) as (url, _):
        with pytest.raises(ProcoreUnavailableError, match="no whole answer"):
            await download(url, f"{url}/file", deadline_s=0.2)
