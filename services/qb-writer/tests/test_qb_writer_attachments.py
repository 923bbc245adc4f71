"""Files on invoices and bills, against the sandbox: attached once, replaced, taken off."""

import hashlib

from writer_lab import WriterLab
from writer_wishes import PDF, attachment, bill

from plumbline.common.contracts.ledger import AttachmentState, InvoiceState
from plumbline.qb_writer.domain.soundness import FILE_BYTES_MAX

pytest_plugins = ["writer_fixtures"]

NAME = "attachment/1/2/1"


def uploads(lab: WriterLab) -> int:
    return lab.commits()["Attachable created"]


async def test_file_hangs_on_its_invoice_byte_for_byte(hurried: WriterLab) -> None:
    await hurried.want(hurried.wish())
    await hurried.want(attachment(hurried))
    body = hurried.only(attachment(hurried))
    invoice = hurried.only(hurried.wish())
    assert body["AttachableRef"] == [
        {"EntityRef": {"type": "Invoice", "value": invoice["Id"]}, "IncludeOnSend": True}
    ]
    assert (body["FileName"], body["ContentType"], body["Size"], body["Note"]) == (
        "Pay application 3.pdf",
        "application/pdf",
        len(PDF),
        "plumbline:attachment/1/2/1#1",
    )
    files = hurried.world.quickbooks.realm("9341453000000001").files
    assert files._contents[body["Id"]] == (PDF, "application/pdf")


async def test_file_waits_for_its_document_and_may_hang_on_a_bill(hurried: WriterLab) -> None:
    await hurried.command(attachment(hurried, owner="bill/1/2/1"), 1)
    await hurried.loop.work_off()
    assert uploads(hurried) == 0
    await hurried.want(bill(hurried))
    (ref,) = hurried.only(attachment(hurried))["AttachableRef"]
    assert ref["EntityRef"] == {"type": "Bill", "value": hurried.only(bill(hurried))["Id"]}


async def test_lost_answer_never_makes_a_second_upload(hurried: WriterLab) -> None:
    await hurried.want(hurried.wish())
    hurried.fault("lose-answer", times=3, path="/upload")
    await hurried.want(attachment(hurried))
    assert uploads(hurried) == 1
    assert await hurried.parked() == {}


async def test_file_of_the_same_name_that_a_person_attached_is_not_ours(hurried: WriterLab) -> None:
    await hurried.want(hurried.wish())
    ref = {"EntityRef": {"type": "Invoice", "value": hurried.only(hurried.wish())["Id"]}}
    hurried.person("Attachable", {"FileName": "Pay application 3.pdf", "AttachableRef": [ref]})
    hurried.fault("lose-request", path="/upload")
    await hurried.want(attachment(hurried))
    assert uploads(hurried) == 1
    assert hurried.only(attachment(hurried))["Size"] == len(PDF)


async def test_other_contents_replace_the_file(hurried: WriterLab) -> None:
    await hurried.want(hurried.wish())
    await hurried.want(attachment(hurried))
    await hurried.want(attachment(hurried, b"%PDF-1.7 corrected"), 2)
    body = hurried.only(attachment(hurried))
    assert (body["Size"], body["Note"]) == (len(b"%PDF-1.7 corrected"), "plumbline:attachment/1/2/1#2")
    await hurried.want(attachment(hurried, state=AttachmentState.DELETED), 3)
    assert hurried.held("Attachable") == []


async def test_invoice_goes_on_with_its_file_attached(hurried: WriterLab) -> None:
    await hurried.want(hurried.wish())
    await hurried.want(attachment(hurried))
    await hurried.want(hurried.wish(InvoiceState.SENT), 2)
    assert hurried.mails() == 1


async def test_file_goes_over_to_the_invoice_that_is_made_anew(hurried: WriterLab) -> None:
    await hurried.want(hurried.wish())
    await hurried.want(attachment(hurried))
    await hurried.want(hurried.wish(InvoiceState.VOID), 2)
    assert uploads(hurried) == 1
    await hurried.want(hurried.wish(), 3)
    (ref,) = hurried.only(attachment(hurried))["AttachableRef"]
    assert ref["EntityRef"]["value"] == (await hurried.record("invoice/1/2/1")).observed.quickbooks_id
    assert uploads(hurried) == 2


async def test_missing_or_altered_file_parks_before_anything_is_sent_and_goes_on_once_it_is_there(
    hurried: WriterLab,
) -> None:
    await hurried.want(hurried.wish())
    wish = attachment(hurried)
    assert hurried.files is not None
    path = hurried.files / wish.sha256[:2] / wish.sha256
    path.unlink()
    await hurried.want(wish)
    assert await hurried.parked() == {NAME: "file-missing"}
    path.write_bytes(PDF[::-1])
    await hurried.resume(NAME)
    assert await hurried.parked() == {NAME: "file-missing"}
    assert "is not what it was" in await hurried.reason(NAME)
    assert uploads(hurried) == 0
    path.write_bytes(PDF)
    await hurried.resume(NAME)
    assert hashlib.sha256(PDF).hexdigest() == wish.sha256
    assert uploads(hurried) == 1


async def test_file_that_is_too_large_is_refused_before_any_call(hurried: WriterLab) -> None:
    await hurried.want(hurried.wish())
    calls = hurried.calls()
    await hurried.want(attachment(hurried).model_copy(update={"size_bytes": FILE_BYTES_MAX + 1}))
    assert await hurried.parked() == {NAME: "file-too-large"}
    assert hurried.calls() == calls


async def test_file_type_that_quickbooks_does_not_take_is_a_persons(hurried: WriterLab) -> None:
    await hurried.want(hurried.wish())
    await hurried.want(attachment(hurried).model_copy(update={"file_name": "run.exe"}))
    assert await hurried.parked() == {NAME: "quickbooks-6000"}
    assert uploads(hurried) == 0
