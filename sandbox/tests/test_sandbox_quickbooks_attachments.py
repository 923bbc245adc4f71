"""Attachments: notes and files on transactions, uploaded, linked, fetched and deleted."""

import base64
import json
from typing import Any

import httpx
import pytest
from sandbox_books import Body, codes
from sandbox_payables import Payables
from sandbox_rules import rule

from plumbline_sandbox.quickbooks.uploads import MOST_BYTES

ATTACHABLE = "Intuit, Attachable"
UPLOAD = "Intuit, Attachable, upload"
BOUNDARY = "-----plumb-line"
PDF = b"%PDF-1.4\r\n\x00\xff\r\n--not a boundary\r\n%%EOF"


def part(name: str, content: bytes, *headers: str, filename: str | None = None) -> bytes:
    disposition = f'Content-Disposition: form-data; name="{name}"'
    disposition += f'; filename="{filename}"' if filename else ""
    head = "\r\n".join([disposition, *headers])
    return f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode() + content + b"\r\n"


def metadata(number: str = "01", **more: Any) -> bytes:
    return part(f"file_metadata_{number}", json.dumps(more).encode(), "Content-Type: application/json")


def file(number: str = "01", content: bytes = PDF, *headers: str, name: str | None = "lien.pdf") -> bytes:
    headers = headers or ("Content-Type: application/pdf",)
    return part(f"file_content_{number}", content, *headers, filename=name)


def on(kind: str, body: Body, **more: Any) -> Body:
    return {"AttachableRef": [{"EntityRef": {"type": kind, "value": body["Id"]}, **more}]}


async def upload(payables: Payables, *parts: bytes, **params: str) -> httpx.Response:
    realm = payables.lab.realms[payables.place]
    return await payables.lab.quickbooks.post(
        f"/v3/company/{realm.id}/upload",
        content=b"".join(parts) + f"--{BOUNDARY}--\r\n".encode(),
        params=params,
        headers={
            "authorization": f"Bearer {realm.access_token}",
            "content-type": f"multipart/form-data; boundary={BOUNDARY}",
        },
    )


async def uploaded(payables: Payables, *parts: bytes) -> Body:
    answer = await upload(payables, *parts)
    assert answer.status_code == 200, answer.text
    (entry,) = answer.json()["AttachableResponse"]
    attachable: Body = entry["Attachable"]
    return attachable


async def fetched(payables: Payables, link: str) -> httpx.Response:
    return await payables.lab.quickbooks.get(link)


async def test_journal_tells_whose_file_came_and_how_large_it_is(payables: Payables) -> None:
    start = payables.lab.world.journal.last
    made = await uploaded(payables, metadata(Note="of 7"), file())
    told = [entry.facts for entry in payables.lab.world.journal.since(start, {"commit"})]
    assert [(f["id"], f["note"], f["size_bytes"]) for f in told] == [(made["Id"], "of 7", len(PDF))]


@rule("A note alone is an attachable; without a note or a file name it is refused (2020).", ATTACHABLE)
async def test_note_alone(payables: Payables) -> None:
    bill = await payables.bill(1)
    note = {"Note": "Lien waiver is missing.", **on("Bill", bill, IncludeOnSend="false")}
    made = await payables.write("Attachable", note)
    assert made["AttachableRef"] == [
        {"EntityRef": {"type": "Bill", "value": bill["Id"]}, "IncludeOnSend": False}
    ]
    assert not {"TempDownloadUri", "FileAccessUri", "Size"} & made.keys()
    assert await payables.refused("Attachable", on("Bill", bill)) == ["2020"]


@rule("An attachable hangs on an entity that exists, of a type that exists (2500, 2170).", ATTACHABLE)
async def test_attachable_hangs_on_something(payables: Payables) -> None:
    note = {"Note": "x"}
    assert await payables.refused("Attachable", {**note, **on("Bill", {"Id": "9999"})}) == ["2500"]
    assert await payables.refused("Attachable", {**note, **on("Letter", {"Id": "1"})}) == ["2170"]
    assert await payables.refused("Attachable", {**note, "AttachableRef": [{}]}) == ["2020"]
    assert (await payables.write("Attachable", note))["Note"] == "x"


@rule("Category is one of seven (2170); FileName takes 1000 characters, Note 2000 (2050).", ATTACHABLE)
async def test_texts_of_an_attachable(payables: Payables) -> None:
    assert (await payables.write("Attachable", {"Note": "x", "Category": "Receipt"}))["Category"] == "Receipt"
    assert await payables.refused("Attachable", {"Note": "x", "Category": "receipt"}) == ["2170"]
    assert await payables.refused("Attachable", {"Note": "x" * 2001}) == ["2050"]
    assert await payables.refused("Attachable", {"FileName": "x" * 1001}) == ["2050"]


@rule("An upload answers AttachableResponse with the attachable, its size, and where to fetch it.", UPLOAD)
async def test_upload_with_metadata(payables: Payables) -> None:
    bill = await payables.bill(1)
    told = {
        "FileName": "waiver.pdf",
        "ContentType": "application/pdf",
        **on("Bill", bill, IncludeOnSend=True),
    }
    made = await uploaded(payables, metadata(**told), file())
    assert (made["FileName"], made["ContentType"], made["Size"]) == (
        "waiver.pdf",
        "application/pdf",
        len(PDF),
    )
    assert (made["SyncToken"], made["AttachableRef"][0]["IncludeOnSend"]) == ("0", True)
    assert made["FileAccessUri"].endswith(f"/download/{made['Id']}")
    got = await fetched(payables, made["TempDownloadUri"])
    assert (got.content, got.headers["content-type"]) == (PDF, "application/pdf")


@rule("Without metadata the system makes them of the file part.", UPLOAD)
async def test_upload_without_metadata(payables: Payables) -> None:
    made = await uploaded(payables, file())
    assert (made["FileName"], made["ContentType"]) == ("lien.pdf", "application/pdf")
    assert "AttachableRef" not in made


@rule(
    "A file part may be base64 by Content-Transfer-Encoding, or raw bytes.",
    "python-quickbooks, node-quickbooks",
)
async def test_upload_in_base64(payables: Payables) -> None:
    coded = base64.encodebytes(PDF)
    headers = ("Content-Type: application/pdf", "Content-Transfer-Encoding: base64")
    made = await uploaded(payables, metadata(FileName="a.pdf"), file("01", coded, *headers, name=None))
    assert made["Size"] == len(PDF)
    assert (await fetched(payables, made["TempDownloadUri"])).content == PDF


@rule(
    "One request takes several files; parts belong together by number, and an entry can be a Fault.", UPLOAD
)
async def test_upload_of_several_files(payables: Payables) -> None:
    answer = await upload(
        payables,
        file("02", b"two", "Content-Type: text/plain", name="two.txt"),
        metadata("01", **on("Bill", {"Id": "9999"})),
        file("01"),
        metadata("02", FileName="second.txt"),
    )
    good, bad = answer.json()["AttachableResponse"]
    assert (answer.status_code, good["Attachable"]["FileName"]) == (200, "second.txt")
    assert bad["Fault"]["Error"][0]["code"] == "2500"
    assert len(await payables.found("select * from Attachable")) == 1


@rule(
    "A whole upload takes 100 MB; a larger one is refused with 6030.",
    "Intuit, Attachable, business rules; error codes",
)
async def test_upload_has_a_largest_size(payables: Payables) -> None:
    assert codes(await upload(payables, file("01", bytes(MOST_BYTES)))) == ["6030"]


@rule(
    "Only approved file types are taken; the code of the refusal is inferred.",
    "Intuit, Attachable, approved file types",
    inferred=True,
)
async def test_upload_of_a_program(payables: Payables) -> None:
    (entry,) = (await upload(payables, file(name="setup.exe"))).json()["AttachableResponse"]
    assert entry["Fault"]["Error"][0]["code"] == "6000"


@rule(
    "A form without a file, without a name for it, or with unreadable metadata is refused.",
    UPLOAD,
    inferred=True,
)
async def test_upload_that_makes_no_sense(payables: Payables) -> None:
    assert codes(await upload(payables, metadata(FileName="a.pdf"))) == ["2020"]
    broken = part("file_metadata_01", b"{", "Content-Type: application/json")
    for parts, code in (((file(name=None),), "2020"), ((broken, file()), "2010")):
        (entry,) = (await upload(payables, *parts)).json()["AttachableResponse"]
        assert entry["Fault"]["Error"][0]["code"] == code
    assert await payables.refused("upload", {}) == ["2010"]


@rule(
    "GET /download/{id} answers a link in plain text, good for fifteen minutes.",
    "Intuit, Attachable, download",
)
async def test_download_link_expires(payables: Payables) -> None:
    made = await uploaded(payables, file())
    answer = await payables.get(f"/download/{made['Id']}")
    assert answer.headers["content-type"].startswith("text/plain")
    link = answer.text
    payables.lab.world.clock.step(14 * 60)
    assert (await fetched(payables, link)).content == PDF
    payables.lab.world.clock.step(2 * 60)
    expired = await fetched(payables, link)
    assert (expired.status_code, b"AccessDenied" in expired.content) == (403, True)
    fresh = (await payables.get(f"/download/{made['Id']}")).text
    assert (await fetched(payables, fresh)).content == PDF


@rule("A link needs no token and opens one file only.", "Intuit, Attachable, download", inferred=True)
async def test_link_opens_one_file(payables: Payables) -> None:
    first = await uploaded(payables, file())
    second = await uploaded(payables, file("01", b"two"))
    swapped = first["TempDownloadUri"].replace(f"/{first['Id']}/", f"/{second['Id']}/")
    assert (await fetched(payables, swapped)).status_code == 403
    for nowhere in ("/attachments/1/1/a.pdf", "/attachments/", "/attachments/1"):
        assert (await fetched(payables, nowhere)).status_code == 403


@rule(
    "There is no link to a note (610), nor to what is not there.",
    "Follows from Intuit, Attachable",
    inferred=True,
)
async def test_note_has_no_link(payables: Payables) -> None:
    note = await payables.write("Attachable", {"Note": "x"})
    assert codes(await payables.get(f"/download/{note['Id']}")) == ["610"]
    assert codes(await payables.get("/download/9999")) == ["610"]


@rule("Attachables are asked for by AttachableRef.EntityRef.Type and .value.", "Intuit, Attachable, query")
async def test_attachables_of_a_bill(payables: Payables) -> None:
    bill, other = await payables.bill(1), await payables.bill(2)
    both = {"AttachableRef": on("Bill", other)["AttachableRef"] + on("Bill", bill)["AttachableRef"]}
    made = await uploaded(payables, metadata(**both), file())
    await payables.write("Attachable", {"Note": "elsewhere", **on("Bill", other)})
    statement = (
        "select * from attachable where AttachableRef.EntityRef.Type = 'bill' "
        f"and AttachableRef.EntityRef.value = '{bill['Id']}'"
    )
    (found,) = await payables.found(statement)
    assert found["Id"] == made["Id"]
    assert (await fetched(payables, found["TempDownloadUri"])).content == PDF


@rule(
    "An update changes note and references; the file stays, and cannot be written this way.",
    "Intuit, Attachable, full update",
)
async def test_update_keeps_the_file(payables: Payables) -> None:
    bill = await payables.bill(1)
    made = await uploaded(payables, file())
    changed = await payables.write(
        "Attachable", {**made, "Note": "see page 2", "Size": 1, **on("Bill", bill)}
    )
    assert (changed["SyncToken"], changed["Note"], changed["Size"]) == ("1", "see page 2", len(PDF))
    assert (await fetched(payables, changed["TempDownloadUri"])).content == PDF
    stale = {"Id": made["Id"], "SyncToken": "0", "Note": "old"}
    assert await payables.refused("Attachable", stale) == ["5010"]


@rule("A deleted attachable is gone, and its file with it.", "Intuit, Attachable, delete")
async def test_delete_of_an_attachable(payables: Payables) -> None:
    made = await uploaded(payables, file())
    gone = await payables.write("Attachable", made, operation="delete")
    assert gone == {"status": "Deleted", "domain": "QBO", "Id": made["Id"]}
    assert codes(await payables.get(f"/attachable/{made['Id']}")) == ["610"]
    assert (await fetched(payables, made["TempDownloadUri"])).status_code == 403


@rule(
    "Whether an upload honours requestid is not documented: a switch of the realm.",
    "Undocumented by Intuit",
    inferred=True,
)
@pytest.mark.parametrize(("operations", "files"), [(["write"], 2), (["write", "upload"], 1)])
async def test_requestid_of_an_upload(payables: Payables, operations: list[str], files: int) -> None:
    payables.lab.world.quickbooks.configure(payables.realm_id, requestid_operations=operations)
    answers = [await upload(payables, file(), requestid="u-1") for _ in range(2)]
    assert len({a.json()["AttachableResponse"][0]["Attachable"]["Id"] for a in answers}) == files
