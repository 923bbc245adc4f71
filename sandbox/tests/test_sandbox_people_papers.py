"""What people hand in through Procore: files on invoices, papers of commitments, and where a project is."""

from __future__ import annotations

from typing import Any

from sandbox_commitments import BILLS, place, seeded
from sandbox_rules import rule
from sandbox_site import Body, Site

PDF = b"%PDF-1.7 a waiver"
ATTACHED = "Procore reference, Requisitions v1.1: attachments"
DOCUMENTS = "Procore reference, Commitment Compliance Documents"
ADDRESS = "Procore reference, Projects"


def file(name: str, content: bytes = PDF) -> Body:
    return {"name": name, "content": content.hex()}


async def fetched(site: Site, url: str) -> bytes:
    """Follow an attachment's address to the storage service, which must not get the token."""
    sent_on = await site.lab.procore.get(url, headers=await site.headers())
    assert sent_on.status_code == 302
    return bytes((await site.lab.storage.get(sent_on.headers["location"])).content)


@rule("What people attach to a subcontractor's invoice stands with it, in order, to be fetched.", ATTACHED)
async def test_people_attach_files_to_an_invoice(site: Site) -> None:
    contract = seeded(site, "SC-001")
    body: dict[str, Any] = {"commitment_id": contract["id"], "attachments": [file("waiver.pdf")]}
    made = await site.person("POST", "requisitions", body)
    await site.person("PATCH", f"requisitions/{made['id']}", {"attachments": [file("better.pdf", b"%PDF-2")]})
    found = (await site.get(f"{BILLS}/{made['id']}", **place(site)))["attachments"]
    assert [(row["name"], row["content_type"]) for row in found] == [
        ("waiver.pdf", "application/pdf"),
        ("better.pdf", "application/pdf"),
    ]
    assert [await fetched(site, row["url"]) for row in found] == [PDF, b"%PDF-2"]


@rule("A compliance document that people file is listed with its files.", DOCUMENTS)
async def test_people_file_papers_of_a_commitment(site: Site) -> None:
    contract = seeded(site, "SC-001")
    body = {"commitment_id": contract["id"], "type": "w9", "name": "W-9", "attachments": [file("w9.pdf")]}
    made = await site.person("POST", "compliance_documents", body)
    path = f"{site.project}/work_order_contracts/{contract['id']}/compliance_documents"
    [found] = [row for row in await site.get(path) if str(row["id"]) == made["id"]]
    assert (found["type"], found["status"], [f["name"] for f in found["attachments"]]) == (
        "w9",
        "not_compliant",
        ["w9.pdf"],
    )


@rule("Every part of a project's address may be null, and is emptied by null.", ADDRESS, inferred=True)
async def test_project_need_not_say_where_it_is(site: Site) -> None:
    await site.person("PATCH", f"projects/{site.project_id}", {"state_code": None})
    told = await site.get(f"/rest/v1.0/projects/{site.project_id}", company_id=site.company["id"])
    assert (told["state_code"], told["city"]) == (None, "Austin")


async def test_file_that_is_no_hexadecimal_is_refused_and_nothing_is_made(site: Site) -> None:
    contract = seeded(site, "SC-001")
    before = await site.get(BILLS, **place(site))
    body = {"commitment_id": contract["id"], "attachments": [{"name": "a.pdf", "content": "no"}]}
    assert (await site.lab.control.post("/control/procore/requisitions", json=body)).status_code == 400
    assert await site.get(BILLS, **place(site)) == before
