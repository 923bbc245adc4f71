"""Uploads, files, folders and downloads of Procore, with the storage service on another origin."""

import base64
import hashlib
from typing import Any
from urllib.parse import urlsplit

import pytest
from sandbox_rules import rule
from sandbox_site import Site

from plumbline_sandbox.laboratory import Laboratory

GUIDE = "Procore docs, Working with Direct File Uploads"
ACCESS = "Procore docs, Working with Secure File Access"
REFERENCE = "Procore reference, Project Folders and Files"
S3 = "Amazon S3 API reference, error responses"

PDF = b"%PDF-1.7\r\n--boundary?\r\n\x00\xff binary \n%%EOF"


async def instructions(site: Site, **more: str) -> Any:
    body = {"response_filename": "w9.pdf", "response_content_type": "application/pdf", **more}
    return await site.post(f"/rest/v1.1/projects/{site.project_id}/uploads", body)


async def segmented(site: Site, *parts: bytes) -> Any:
    rows = [
        {
            "size": len(part),
            "sha256": hashlib.sha256(part).hexdigest(),
            "md5": hashlib.md5(part).hexdigest(),
        }
        for part in parts
    ]
    return await site.post(f"/rest/v1.1/companies/{site.company_id}/uploads", {"segments": rows})


@rule("An upload is answered with a uuid, a URL of the storage service and the fields to post there.", GUIDE)
async def test_upload_is_instructions_for_another_origin(site: Site) -> None:
    told = await instructions(site)
    assert set(told) == {"uuid", "url", "fields"}
    assert len(told["uuid"]) == 26
    assert urlsplit(told["url"]).hostname != site.lab.procore.base_url.host
    assert told["fields"]["Content-Type"] == "application/pdf"
    assert told["fields"]["Content-Disposition"] == 'inline; filename="w9.pdf"'
    assert {"key", "policy", "x-amz-signature", "x-amz-algorithm", "x-amz-date", "x-amz-credential"} <= set(
        told["fields"]
    )


@rule("A whole upload needs `response_filename`.", "Procore reference, Create Project Upload")
async def test_upload_without_name_is_refused(site: Site) -> None:
    answer = await site.call("POST", f"/rest/v1.1/projects/{site.project_id}/uploads", {})
    assert answer.status_code == 400
    assert "response_filename" in answer.json()["errors"]


@rule("A file takes an upload by `upload_uuid` and can be downloaded byte for byte.", GUIDE)
async def test_file_takes_an_upload_and_gives_it_back(site: Site) -> None:
    uuid = await site.upload(PDF, "w9.pdf")
    file = await site.post(
        "/rest/v1.0/files",
        {"file": {"upload_uuid": uuid, "name": "W-9 2026.pdf"}},
        project_id=site.project_id,
    )
    assert (file["name"], file["size"], file["file_type"]) == ("W-9 2026.pdf", len(PDF), "pdf")
    redirect = await site.lab.procore.get(file["file_versions"][0]["url"], headers=await site.headers())
    stored = await site.lab.storage.get(redirect.headers["location"])
    assert stored.content == PDF
    assert stored.headers["content-type"] == "application/pdf"


@rule("A file's URL needs the bearer token and redirects to the storage service.", ACCESS)
async def test_download_redirects_to_another_origin(site: Site) -> None:
    uuid = await site.upload(PDF)
    file = await site.post("/rest/v1.0/files", {"file": {"upload_uuid": uuid}}, project_id=site.project_id)
    url = file["file_versions"][0]["url"]
    assert (await site.lab.procore.get(url)).status_code == 401
    redirect = await site.lab.procore.get(
        url, headers={"authorization": (await site.headers())["authorization"]}
    )
    assert redirect.status_code == 302
    assert urlsplit(redirect.headers["location"]).netloc != urlsplit(url).netloc


@rule("The storage service refuses a signed URL that comes with an Authorization header.", S3)
async def test_token_that_leaks_to_storage_is_refused_and_journalled(site: Site) -> None:
    uuid = await site.upload(PDF)
    file = await site.post("/rest/v1.0/files", {"file": {"upload_uuid": uuid}}, project_id=site.project_id)
    headers = await site.headers()
    redirect = await site.lab.procore.get(file["file_versions"][0]["url"], headers=headers)
    leaked = await site.lab.storage.get(redirect.headers["location"], headers=headers)
    assert leaked.status_code == 400
    assert "<Code>InvalidArgument</Code>" in leaked.text
    leaks = [entry for entry in site.lab.world.journal.since(0) if entry.kind == "leak"]
    assert [leak.facts["provider"] for leak in leaks] == ["storage"]
    assert headers["authorization"] not in str([entry.facts for entry in site.lab.world.journal.since(0)])


@rule("An access token in the post to the storage service results in an error.", GUIDE)
async def test_token_in_the_upload_is_refused(site: Site) -> None:
    told = await instructions(site)
    answer = await site.lab.storage.post(
        told["url"], data=told["fields"], files={"file": PDF}, headers=await site.headers()
    )
    assert answer.status_code == 400


@rule("The upload must begin within one hour of its instructions, or the storage service answers 403.", GUIDE)
async def test_instructions_expire_after_an_hour(site: Site) -> None:
    told = await instructions(site)
    site.lab.world.clock.step(3601)
    answer = await site.lab.storage.post(told["url"], data=told["fields"], files={"file": PDF})
    assert answer.status_code == 403
    assert "Policy expired" in answer.text


@rule("A posted field that differs from the policy is refused with 403.", S3)
@pytest.mark.parametrize("field", ["key", "Content-Type", "x-amz-signature"])
async def test_changed_field_is_refused(site: Site, field: str) -> None:
    told = await instructions(site)
    answer = await site.lab.storage.post(
        told["url"], data={**told["fields"], field: "other"}, files={"file": PDF}
    )
    assert answer.status_code == 403


@rule("A download URL that was altered or is older than an hour is refused with 403.", S3)
async def test_signed_url_is_good_for_one_object_and_one_hour(site: Site) -> None:
    uuid = await site.upload(PDF)
    file = await site.post("/rest/v1.0/files", {"file": {"upload_uuid": uuid}}, project_id=site.project_id)
    redirect = await site.lab.procore.get(file["file_versions"][0]["url"], headers=await site.headers())
    location = redirect.headers["location"]
    assert (await site.lab.storage.get(location.replace(uuid, uuid[::-1]))).status_code == 403
    assert (await site.lab.storage.get(location.split("?")[0])).status_code == 403
    site.lab.world.clock.step(3601)
    assert (await site.lab.storage.get(location)).status_code == 403


@rule(
    "Segments are put one by one with the headers given, and joined when their etags are sent in order.",
    GUIDE,
)
async def test_segmented_upload(site: Site) -> None:
    parts = (b"a" * 5_000_000, b"tail")
    told = await segmented(site, *parts)
    assert told["status"] == "ready"
    md5 = hashlib.md5(parts[1]).digest()
    assert told["segments"][1]["headers"]["content-md5"] == base64.b64encode(md5).decode()
    etags = []
    for segment, part in zip(told["segments"], parts, strict=True):
        put = await site.lab.storage.put(segment["url"], content=part, headers=segment["headers"])
        assert (put.status_code, put.content) == (200, b"")
        etags.append(put.headers["etag"].strip('"'))
    path = f"/rest/v1.1/companies/{site.company_id}/uploads/{told['uuid']}"
    wrong = await site.call("PATCH", path, {"segments": [{"etag": etag} for etag in reversed(etags)]})
    assert wrong.status_code == 422
    done = await site.patch(path, {"segments": [{"etag": etag} for etag in etags]})
    assert done["status"] == "complete"
    assert [segment["etag"] for segment in done["segments"]] == etags
    file = await site.post(f"{site.own}/files", {"file": {"upload_uuid": told["uuid"], "name": "plan.bin"}})
    assert file["size"] == 5_000_004


@rule("A segment has from 5 MB to 5 GB, but for the last.", GUIDE)
async def test_small_segment_is_refused_unless_it_is_the_last(site: Site) -> None:
    digest = hashlib.sha256(b"").hexdigest()
    rows = [{"size": 4_999_999, "sha256": digest}, {"size": 1, "sha256": digest}]
    path = f"/rest/v1.1/projects/{site.project_id}/uploads"
    assert (await site.call("POST", path, {"segments": rows})).status_code == 422
    assert (await site.call("POST", path, {"segments": rows[:1]})).status_code == 201
    assert (await site.call("POST", path, {"segments": [{"size": 5_000_000}]})).status_code == 400


@rule("A segment whose bytes are not those announced is refused by the storage service.", S3)
async def test_other_bytes_than_announced_are_refused(site: Site) -> None:
    segment = (await segmented(site, b"announced"))["segments"][0]
    other = await site.lab.storage.put(segment["url"], content=b"different", headers=segment["headers"])
    assert (other.status_code, "XAmzContentSHA256Mismatch" in other.text) == (400, True)
    unsigned = await site.lab.storage.put(segment["url"], content=b"announced")
    assert (unsigned.status_code, "SignatureDoesNotMatch" in unsigned.text) == (403, True)


@rule("An upload can be used by its creator only, once it is complete.", GUIDE)
async def test_upload_of_another_or_without_bytes_is_refused(site: Site, lab: Laboratory) -> None:
    other = Site(lab, place=1)
    colleagues, foreign = await site.upload(PDF), await other.upload(PDF)
    person, app = lab.world.procore.person, lab.companies[0].app
    site._token, _ = lab.world.procore.grants.issue(app, person, refreshable=False)
    empty = (await instructions(site))["uuid"]
    for uuid in (colleagues, foreign, empty, "0" * 26):
        answer = await site.call(
            "POST", "/rest/v1.0/files", {"file": {"upload_uuid": uuid}}, project_id=site.project_id
        )
        assert answer.status_code == 422
        assert answer.json()["errors"] == {"upload_uuid": ["is invalid"]}


@rule("An upload that no record takes within a week is deleted.", GUIDE)
async def test_upload_is_forgotten_after_a_week(site: Site) -> None:
    uuid = await site.upload(PDF)
    site.lab.world.clock.step(7 * 86400)
    site._token = None
    answer = await site.call(
        "POST", "/rest/v1.0/files", {"file": {"upload_uuid": uuid}}, project_id=site.project_id
    )
    assert answer.status_code == 422


@rule(
    "The old way works still: the file itself in a multipart form with `file[name]` and `file[data]`.",
    REFERENCE,
)
async def test_file_in_a_form(site: Site) -> None:
    form = {"file[name]": (None, "scan.pdf"), "file[data]": ("s.pdf", PDF, "application/pdf")}
    answer = await site.call("POST", "/rest/v1.0/files", form=form, project_id=site.project_id)
    assert answer.status_code == 201, answer.text
    file = answer.json()
    assert (file["name"], file["size"]) == ("scan.pdf", len(PDF))
    redirect = await site.lab.procore.get(file["file_versions"][0]["url"], headers=await site.headers())
    assert (await site.lab.storage.get(redirect.headers["location"])).content == PDF


@rule("A file has a `legacy_id` besides its id; ids of stored files are of a third kind.", REFERENCE)
async def test_file_has_three_kinds_of_ids(site: Site) -> None:
    uuid = await site.upload(PDF)
    file = await site.post("/rest/v1.0/files", {"file": {"upload_uuid": uuid}}, project_id=site.project_id)
    version = file["file_versions"][0]
    assert len({file["id"], file["legacy_id"], version["id"], version["prostore_file"]["id"]}) == 4


@rule("A folder's listing holds its children; the children of nested folders are left out.", REFERENCE)
async def test_folders_are_listed_one_level_deep(site: Site) -> None:
    scope = {"project_id": site.project_id}
    outer = await site.post("/rest/v1.0/folders", {"folder": {"name": "Liens"}}, **scope)
    inner = {"folder": {"name": "2026", "parent_id": outer["id"]}}
    inner = await site.post("/rest/v1.0/folders", inner, **scope)
    uuid = await site.upload(PDF)
    file = {"file": {"upload_uuid": uuid, "parent_id": inner["id"], "name": "w.pdf"}}
    file = await site.post("/rest/v1.0/files", file, **scope)
    root = await site.get("/rest/v1.0/folders", **scope)
    assert [(f["name"], f["folders"], f["has_children"]) for f in root["folders"]] == [("Liens", [], True)]
    shown = await site.get(f"/rest/v1.0/folders/{inner['id']}", **scope)
    assert [f["name_with_path"] for f in shown["files"]] == ["Liens/2026/w.pdf"]
    bare = await site.get(f"/rest/v1.0/folders/{inner['id']}", exclude_files="true", **scope)
    assert "files" not in bare
    assert file["id"] == shown["files"][0]["id"]


@rule("`unique_name` makes a free name of one that is taken; without it a taken name is an error.", REFERENCE)
async def test_taken_name(site: Site) -> None:
    uuid = await site.upload(PDF)
    scope = {"project_id": site.project_id}
    file = {"upload_uuid": uuid, "name": "a.pdf"}
    await site.post("/rest/v1.0/files", {"file": file}, **scope)
    taken = await site.call("POST", "/rest/v1.0/files", {"file": file}, **scope)
    assert (taken.status_code, taken.json()["errors"]) == (422, {"name": ["has already been taken"]})
    renamed = await site.post("/rest/v1.0/files", {"file": {**file, "unique_name": True}}, **scope)
    assert renamed["name"] == "a (1).pdf"


@rule("New content makes a new version; the latest alone is shown on demand.", REFERENCE)
async def test_versions(site: Site) -> None:
    scope = {"project_id": site.project_id}
    file = await site.post("/rest/v1.0/files", {"file": {"upload_uuid": await site.upload(PDF)}}, **scope)
    path = f"/rest/v1.0/files/{file['id']}"
    await site.patch(path, {"file": {"upload_uuid": await site.upload(b"second")}}, **scope)
    third = {
        "file_version": {"file_id": file["id"], "upload_uuid": await site.upload(b"3"), "notes": "signed"}
    }
    third = await site.post("/rest/v1.0/file_versions", third, **scope)
    shown = await site.get(path, **scope)
    assert [(v["number"], v["size"]) for v in shown["file_versions"]] == [(1, len(PDF)), (2, 6), (3, 1)]
    latest = await site.get(path, show_latest_version_only="true", **scope)
    assert [v["id"] for v in latest["file_versions"]] == [third["id"]]
    assert (await site.get(f"/rest/v1.0/file_versions/{third['id']}", **scope))["file_id"] == file["id"]


@rule("Changing what another has checked out is a 409 with errors, error_type and the file.", REFERENCE)
async def test_checked_out_file_is_a_conflict(site: Site) -> None:
    scope = {"project_id": site.project_id}
    file = await site.post("/rest/v1.0/files", {"file": {"upload_uuid": await site.upload(PDF)}}, **scope)
    path = f"/rest/v1.0/files/{file['id']}"
    await site.patch(path, {"file": {"checked_out_until": "2026-12-24T00:00:00Z"}}, **scope)
    person, grants = site.lab.world.procore.person, site.lab.world.procore.grants
    token, _ = grants.issue(next(iter(grants.apps.values())), person, refreshable=False)
    conflict = await site.lab.procore.patch(
        path,
        json={"file": {"name": "x.pdf"}},
        params=scope,
        headers={**await site.headers(), "authorization": f"Bearer {token}"},
    )
    assert conflict.status_code == 409
    assert set(conflict.json()) == {"errors", "error_type", "file"}
    assert conflict.json()["file"]["id"] == file["id"]


@rule("A deleted file goes to the recycle bin.", "Procore reference, Delete project File")
async def test_deleted_file_leaves_the_listing(site: Site) -> None:
    scope = {"project_id": site.project_id}
    file = await site.post("/rest/v1.0/files", {"file": {"upload_uuid": await site.upload(PDF)}}, **scope)
    path = f"/rest/v1.0/files/{file['id']}"
    assert (await site.call("DELETE", path, **scope)).status_code == 200
    assert (await site.get("/rest/v1.0/folders", **scope))["files"] == []
    assert (await site.get(path, **scope))["is_deleted"] is True
    assert (await site.call("DELETE", path, **scope)).status_code == 404


@rule("A deleted folder goes to the recycle bin.", "Procore reference, Delete Project Folder")
async def test_deleted_folder_leaves_the_listing(site: Site) -> None:
    scope = {"project_id": site.project_id}
    outer = await site.post("/rest/v1.0/folders", {"folder": {"name": "Bids"}}, **scope)
    path = f"/rest/v1.0/folders/{outer['id']}"
    await site.delete(path, status=200, **scope)
    assert (await site.get("/rest/v1.0/folders", **scope))["folders"] == []
    await site.refused(404, "DELETE", path, **scope)
    again = await site.post("/rest/v1.0/folders", {"folder": {"name": "Bids"}}, **scope)
    assert again["id"] != outer["id"]
    own = await site.post(f"{site.own}/folders", {"folder": {"name": "Forms"}})
    await site.delete(f"{site.own}/folders/{own['id']}", status=200)
    assert (await site.get(f"{site.own}/folders"))["folders"] == []


@rule(
    "A deleted folder takes along what is in it.", "Procore reference, Delete Project Folder", inferred=True
)
async def test_deleted_folder_takes_its_contents_along(site: Site) -> None:
    scope = {"project_id": site.project_id}
    outer = await site.post("/rest/v1.0/folders", {"folder": {"name": "Bids"}}, **scope)
    inner = {"name": "May", "parent_id": outer["id"]}
    inner = await site.post("/rest/v1.0/folders", {"folder": inner}, **scope)
    values = {"upload_uuid": await site.upload(PDF), "parent_id": inner["id"]}
    file = await site.post("/rest/v1.0/files", {"file": values}, **scope)
    await site.delete(f"/rest/v1.0/folders/{outer['id']}", status=200, **scope)
    assert (await site.get(f"/rest/v1.0/files/{file['id']}", **scope))["is_deleted"] is True
    assert (await site.get(f"/rest/v1.0/folders/{inner['id']}", **scope))["is_deleted"] is True


@rule("Files of a project and of the company are apart.", "Procore reference, Company Folders and Files")
async def test_company_files_are_apart(site: Site, lab: Laboratory) -> None:
    uuid = await site.upload(PDF)
    file = await site.post(f"{site.own}/files", {"file": {"upload_uuid": uuid}})
    assert [f["id"] for f in (await site.get(f"{site.own}/folders"))["files"]] == [file["id"]]
    assert (await site.get("/rest/v1.0/folders", project_id=site.project_id))["files"] == []
    other = Site(lab, place=1)
    assert (await other.get(f"{other.own}/folders"))["files"] == []
    assert (await other.call("GET", f"{other.own}/files/{file['id']}")).status_code == 404
    stolen = await lab.procore.get(file["file_versions"][0]["url"], headers=await other.headers())
    assert stolen.status_code == 404


async def test_malformed_form_is_refused(site: Site) -> None:
    headers = {**await site.headers(), "content-type": "multipart/form-data"}
    answer = await site.lab.procore.post(
        "/rest/v1.0/files", content=b"x", params={"project_id": site.project_id}, headers=headers
    )
    assert answer.status_code == 400


async def test_lost_answer_of_the_storage_service_has_stored_the_object(site: Site) -> None:
    site.lab.world.faults.add(
        {"name": "status-after-commit", "match": {"provider": "storage"}, "args": {"status": 500}, "times": 1}
    )
    told = await instructions(site)
    answer = await site.lab.storage.post(told["url"], data=told["fields"], files={"file": PDF})
    assert answer.status_code == 500
    await site.post("/rest/v1.0/files", {"file": {"upload_uuid": told["uuid"]}}, project_id=site.project_id)


@rule(
    "Files are attached to an owner invoice in a multipart form as `attachments[]`, and are shown with it.",
    "Procore reference, Update Payment Application (Owner Invoice)",
)
async def test_attachments_of_a_payment_application(site: Site) -> None:
    project = site.company["projects"][0]
    billed = await site.lab.control.post(
        "/control/procore/payment_applications", json={"prime_contract_id": project["prime_contract_id"]}
    )
    application = billed.json()["id"]
    path = f"/rest/v1.0/prime_contracts/{project['prime_contract_id']}/payment_applications/{application}"
    form = [
        ("project_id", (None, str(site.project_id))),
        ("payment_application[invoice_number]", (None, "A-1")),
        ("attachments[]", ("waiver.pdf", PDF, "application/pdf")),
        ("attachments[]", ("photo.jpg", b"\xff\xd8", "image/jpeg")),
    ]
    answer = await site.call("PATCH", path, form=form)
    assert answer.status_code == 200, answer.text
    assert answer.json()["invoice_number"] == "A-1"
    shown = await site.get(f"/rest/v1.0/payment_applications/{application}", project_id=site.project_id)
    assert [(a["filename"], a["content_type"]) for a in shown["attachments"]] == [
        ("waiver.pdf", "application/pdf"),
        ("photo.jpg", "image/jpeg"),
    ]
    redirect = await site.lab.procore.get(shown["attachments"][0]["url"], headers=await site.headers())
    assert (await site.lab.storage.get(redirect.headers["location"])).content == PDF


@rule(
    "The index lists folders and files of all levels, by type, folder, bin, file type and text.",
    "Procore reference, Project Folder and File index",
)
async def test_index_of_folders_and_files(site: Site) -> None:
    folder = await site.post("/rest/v1.0/folders", {"folder": {"name": "Pay"}}, project_id=site.project_id)
    for name in ("b.pdf", "a.txt"):
        file = {"name": name, "parent_id": folder["id"], "upload_uuid": await site.upload(b"x", name)}
        made = await site.post("/rest/v1.0/files", {"file": file}, project_id=site.project_id)
    path = f"{site.project}/documents"

    async def names(**asked: str) -> list[str]:
        filters = {f"filter_{name}": value for name, value in asked.items()}
        return [row["name"] for row in await site.get(path, sort="name", **filters)]

    assert await names() == ["Pay", "a.txt", "b.pdf"]
    assert await names(document_type="folder") == ["Pay"]
    assert await names(document_type="file", file_type="pdf") == ["b.pdf"]
    assert await names(folder_id=str(folder["id"]), search="A.") == ["a.txt"]
    below = {"folder": {"name": "Below", "parent_id": folder["id"]}}
    below = await site.post("/rest/v1.0/folders", below, project_id=site.project_id)
    assert await names(folder_id=str(folder["id"])) == ["Below", "Pay", "a.txt", "b.pdf"]
    assert await names(folder_id=str(below["id"])) == ["Below"]
    await site.delete(f"/rest/v1.0/folders/{below['id']}", status=200, project_id=site.project_id)
    await site.delete(f"/rest/v1.0/files/{made['id']}", status=200, project_id=site.project_id)
    assert await names(is_in_recycle_bin="false") == ["Pay", "b.pdf"]
    assert await names(is_in_recycle_bin="true") == ["Below", "a.txt"]
    assert await site.get(f"{site.own}/documents") == []
    page = await site.call("GET", path, per_page="2", sort="-name")
    assert (page.headers["total"], page.json()[0]["document_type"]) == ("4", "file")


@rule("A folder is renamed and moved; into itself it is not.", "Procore reference, Update Project Folder")
async def test_folder_is_renamed_and_moved(site: Site) -> None:
    async def made(name: str, **more: Any) -> int:
        body = {"folder": {"name": name, **more}}
        folder = await site.post("/rest/v1.0/folders", body, project_id=site.project_id)
        return int(folder["id"])

    outer = await made("Pay")
    inner = await made("2026", parent_id=outer)
    other = await made("Archive")
    place = {"project_id": site.project_id}
    renamed = await site.patch(f"/rest/v1.0/folders/{outer}", {"folder": {"name": "Payment"}}, **place)
    assert (renamed["name"], renamed["parent_id"]) == ("Payment", site.project_id)
    moved = await site.patch(f"/rest/v1.0/folders/{inner}", {"folder": {"parent_id": other}}, **place)
    assert moved["name_with_path"] == "Archive/2026"
    for parent in (other, inner, 1):
        body = {"folder": {"parent_id": parent}}
        await site.refused(422, "PATCH", f"/rest/v1.0/folders/{other}", body, **place)
    await site.refused(422, "PATCH", f"/rest/v1.0/folders/{other}", {"folder": {"name": "Payment"}}, **place)
    await site.refused(404, "PATCH", "/rest/v1.0/folders/1", {"folder": {}}, **place)
    assert [change["action"] for change in site.commits("folder")] == [*["created"] * 3, "updated", "updated"]
