"""Compliance of commitments, lien waivers and holds of Procore."""

from typing import Any

import pytest
from sandbox_rules import rule
from sandbox_site import Body, Site

CONTRACT = "Procore reference, Commitment Compliance"
DOCUMENTS = "Procore reference, Commitment Compliance Documents"
INVOICE = "Procore reference, Requisition Compliance Documents v2.0"
LIENS = "Procore reference, Lien Waivers"
SUBTIER = "Procore reference, Payments Subtier Waivers"
HOLDS = "Procore reference, Payment Readiness Manual Holds"

PDF = b"%PDF-1.7 signed"


def plumbing(site: Site) -> Body:
    """Return what the seed tells of the first subcontractor's commitment."""
    commitment: Body = site.company["commitments"][str(site.project_id)][0]
    assert commitment["vendor_id"] == site.company["subcontractors"][0]["id"]
    return commitment


def invoices(site: Site) -> list[int]:
    """Return the ids of the commitment's two requisitions."""
    return [int(row["id"]) for row in plumbing(site)["requisitions"]]


@pytest.fixture
def contract(site: Site) -> str:
    """The path of the first subcontractor's commitment."""
    return f"{site.project}/work_order_contracts/{plumbing(site)['id']}"


async def paper(site: Site, kind: str, **body: Any) -> str:
    body = {"project_id": site.project_id, "invoice_id": invoices(site)[0], **body}
    told = await site.lab.control.post(f"/control/procore/papers/{kind}", json=body)
    assert told.status_code == 201, told.text
    return str(told.json()["id"])


async def handle(site: Site, paper_id: str, **body: Any) -> int:
    return (await site.lab.control.patch(f"/control/procore/papers/{paper_id}", json=body)).status_code


@rule("A contract's compliance is set by hand; another status follows from its documents.", CONTRACT)
async def test_derived_status_follows_from_documents(site: Site, contract: str) -> None:
    told = await site.get(f"{contract}/compliance")
    assert (told["compliance_status"], told["derived_compliance_status"]) == ("not_required", "not_required")
    for status, derived in (("compliant", "compliant"), ("not_compliant", "not_compliant")):
        await site.post(f"{contract}/compliance_documents", {"attributes": {"name": "W-9", "status": status}})
        assert (await site.get(f"{contract}/compliance"))["derived_compliance_status"] == derived
    changed = await site.patch(f"{contract}/compliance", {"compliance_status": "compliant"})
    assert (changed["compliance_status"], changed["derived_compliance_status"]) == (
        "compliant",
        "not_compliant",
    )
    refused = await site.call("PATCH", f"{contract}/compliance", {"insurance_status": "expired"})
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["insurance_status"])


@rule("The insurances of the contract's vendor, of company and project, make the derived status.", CONTRACT)
async def test_derived_status_of_insurances(site: Site, contract: str) -> None:
    vendor_id = int(site.company["subcontractors"][0]["id"])
    mine = {"name": "A", "status": "compliant", "expiration_date": "2026-12-31"}
    await site.post(f"{site.own}/vendors/{vendor_id}/insurances", {"insurance": mine})
    told = await site.get(f"{contract}/compliance")
    assert [(i["level"], i["name"], i["expires_at"]) for i in told["insurance_documents"]] == [
        ("company", "A", "2026-12-31T00:00:00Z")
    ]
    assert told["derived_insurance_status"] == "compliant"
    expired = {"name": "B", "status": "expired", "vendor_id": vendor_id}
    await site.post(f"{site.project}/insurances", {"insurance": expired})
    told = await site.get(f"{contract}/compliance")
    assert told["derived_insurance_status"] == "not_compliant"
    assert [i["level"] for i in told["insurance_documents"]] == ["company", "project"]


@rule("A compliance document has a type and a status, dates, and the files of its uploads.", DOCUMENTS)
async def test_compliance_document(site: Site, contract: str) -> None:
    attributes = {
        "name": "W-9 2026",
        "type": "w9",
        "status": "compliant",
        "effective_at": "2026-01-01T00:00:00Z",
        "upload_ids": [await site.upload(PDF, "w9.pdf")],
    }
    path = f"{contract}/compliance_documents"
    made = await site.post(path, {"attributes": attributes})
    assert (made["type"], made["status"], made["effective_at"]) == ("w9", "compliant", "2026-01-01T00:00:00Z")
    assert [a["filename"] for a in made["attachments"]] == ["w9.pdf"]
    redirect = await site.lab.procore.get(made["attachments"][0]["url"], headers=await site.headers())
    assert (await site.lab.storage.get(redirect.headers["location"])).content == PDF
    assert await site.get(path) == [made]
    assert await site.get(f"{path}/{made['id']}") == made


@rule("Types are bond, license, master_agreement, permit, safety, w9 and other.", DOCUMENTS)
async def test_document_types(site: Site, contract: str) -> None:
    path = f"{contract}/compliance_documents"
    for kind in ("bond", "license", "master_agreement", "permit", "safety", "w9", "other"):
        assert (await site.post(path, {"attributes": {"type": kind}}))["type"] == kind
    refused = await site.call("POST", path, {"attributes": {"type": "coi", "status": "expired"}})
    assert (refused.status_code, set(refused.json()["errors"])) == (422, {"type", "status"})


@rule("`attachment_ids` of a change are the attachments to keep.", DOCUMENTS)
async def test_attachments_are_kept_by_id(site: Site, contract: str) -> None:
    uuids = [await site.upload(PDF, name) for name in ("a.pdf", "b.pdf")]
    path = f"{contract}/compliance_documents"
    made = await site.post(path, {"attributes": {"name": "Bond", "upload_ids": uuids}})
    keep = [made["attachments"][1]["id"]]
    more = [await site.upload(PDF, "c.pdf")]
    changed = await site.patch(
        f"{path}/{made['id']}", {"attributes": {"attachment_ids": keep, "upload_ids": more}}
    )
    assert [a["filename"] for a in changed["attachments"]] == ["b.pdf", "c.pdf"]
    assert changed["name"] == "Bond"
    assert (await site.call("DELETE", f"{path}/{made['id']}")).status_code == 204
    assert await site.get(path) == []


async def test_contract_is_found_under_its_own_kind_only(site: Site, contract: str) -> None:
    other = contract.replace("work_order_contracts", "purchase_order_contracts")
    assert (await site.call("GET", f"{other}/compliance")).status_code == 404
    bad = await site.call("POST", f"{contract}/compliance_documents", {"attributes": {"upload_ids": ["x"]}})
    assert bad.status_code == 422
    assert await site.get(f"{contract}/compliance_documents") == []


@rule("Documents of an invoice need Procore Pay; ids are strings and the body is flat.", INVOICE)
async def test_documents_of_an_invoice(site: Site) -> None:
    base = f"{site.v2_project}/compliance/invoices/{invoices(site)[0]}"
    assert (await site.call("GET", f"{base}/documents")).status_code == 403
    site.lab.world.procore.paying_companies.add(site.company_id)
    await site.refused(404, "GET", f"{site.v2_project}/compliance/invoices/1/documents")
    await site.refused(404, "POST", f"{site.v2_project}/compliance/invoices/1/documents", {})
    file = await site.post(
        "/rest/v1.0/files", {"file": {"upload_uuid": await site.upload(PDF)}}, project_id=site.project_id
    )
    stored = str(file["file_versions"][0]["prostore_file"]["id"])
    body = {"name": "Waiver", "document_type": "lien_waiver", "prostore_file_ids": [stored]}
    made = (await site.post(f"{base}/documents", body))["data"]
    assert isinstance(made["id"], str)
    assert [f["data"]["id"] for f in made["compliance_document_prostore_files"]] == [stored]
    assert (await site.get(f"{base}/documents"))["data"] == [made]


@rule("Lien waivers are listed by invoice, which must be named.", LIENS)
async def test_lien_waivers_of_an_invoice(site: Site) -> None:
    waiver = await paper(site, "lien_waiver", type="unconditional_final", pdf=PDF.hex())
    await paper(site, "lien_waiver", invoice_id=invoices(site)[1])
    path = f"{site.project}/lien_waivers"
    assert (await site.call("GET", path)).status_code == 400
    rows = await site.get(path, invoice_id=invoices(site)[0])
    assert [(str(r["id"]), r["type"], r["status"], r["locked"]) for r in rows] == [
        (waiver, "unconditional_final", "awaiting_signature", False)
    ]
    assert (rows[0]["sign_url"], rows[0]["iframe_sign_url"]) == ("", "")
    redirect = await site.lab.procore.get(rows[0]["pdf_url"], headers=await site.headers())
    assert (await site.lab.storage.get(redirect.headers["location"])).content == PDF


@rule(
    "A waiver is conditional or unconditional, of progress or final; draft to complete or cancelled.", LIENS
)
async def test_lien_waiver_is_signed(site: Site) -> None:
    waiver = await paper(site, "lien_waiver")
    assert await handle(site, waiver, status="complete", locked=True, waiver_date="2026-11-30") == 200
    (row,) = await site.get(f"{site.project}/lien_waivers", invoice_id=invoices(site)[0])
    assert (row["status"], row["locked"], row["waiver_date"]) == ("complete", True, "2026-11-30")
    assert await handle(site, waiver, status="signed") == 422
    assert await handle(site, waiver, type="partial") == 422


@rule("Waivers from below are listed by one requisition or several, and by type.", SUBTIER)
async def test_subtier_waivers(site: Site) -> None:
    one, other = invoices(site)
    first = await paper(site, "subtier_waiver", invoice_id=one, subtier_id=9)
    second = await paper(site, "subtier_waiver", invoice_id=other, type="unconditional")
    path = f"{site.project}/payments/subtier_waivers"
    both = await site.get(path, subtier_requisition_id=f"{one},{other}")
    assert [(str(r["id"]), r["status"], r["subtier_id"]) for r in both] == [
        (first, "not_submitted", 9),
        (second, "not_submitted", None),
    ]
    some = await site.get(path, subtier_requisition_id=f"{one},{other}", waiver_type="unconditional")
    assert [str(r["id"]) for r in some] == [second]


@rule("A hold on a payment is applied or released.", HOLDS)
async def test_manual_holds(site: Site) -> None:
    hold = await paper(site, "manual_hold", description="Insurance expired")
    path = f"{site.project}/payment_readiness/manual_holds"
    (row,) = await site.get(path, invoice_id=invoices(site)[0])
    assert (row["status"], row["description"], row["hold_type"]) == (
        "applied",
        "Insurance expired",
        "invoice",
    )
    assert await handle(site, hold, status="released") == 200
    assert [r["status"] for r in await site.get(path, invoice_id=invoices(site)[0])] == ["released"]


@rule("No webhook tells of waivers, holds or compliance.", "Procore webhook resources", inferred=True)
async def test_no_event_tells_of_papers(site: Site) -> None:
    for scope in ("company_id", "project_id"):
        rows = await site.get("/rest/v1.0/webhooks/resources", **{scope: getattr(site, scope)})
        names = " ".join(row["name"] for row in rows).lower()
        assert not any(word in names for word in ("waiver", "compliance", "hold"))


async def test_paper_hangs_on_a_requisition_of_its_project(site: Site) -> None:
    hold = await paper(site, "manual_hold")
    [row] = await site.get(f"{site.project}/payment_readiness/manual_holds", invoice_id=invoices(site)[0])
    assert (str(row["id"]), row["vendor_id"]) == (hold, int(plumbing(site)["vendor_id"]))
    elsewhere = site.company["commitments"][site.projects[1]["id"]][0]["requisitions"][0]["id"]
    for wrong in (1, int(elsewhere)):
        body = {"project_id": site.project_id, "invoice_id": wrong}
        told = await site.lab.control.post("/control/procore/papers/lien_waiver", json=body)
        assert (told.status_code, "invoice_id" in told.text) == (422, True)


async def test_unknown_kind_of_paper_is_refused(site: Site) -> None:
    body = {"project_id": site.project_id, "invoice_id": invoices(site)[0]}
    assert (await site.lab.control.post("/control/procore/papers/receipt", json=body)).status_code == 404
