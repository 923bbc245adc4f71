"""A file is what stands in it, whatever it is called."""

import io
import time
import zipfile
from pathlib import Path

import pytest
from hostile_papers import harmless

from plumbline.compliance.adapters.reading.content import PAGE_CHARS_MAX, read_content
from plumbline.compliance.adapters.reading.media import check_name, media_type_of
from plumbline.compliance.adapters.reading.refusals import REASONS, Reason, refused
from plumbline.compliance.domain.recognising.recognition import recognise
from plumbline.compliance.ports.reading import RefusedPaperError

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(40)
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01" + bytes(40)


def archive(**files: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for name, content in files.items():
            packed.writestr(name.replace("_", "/"), content)
    return out.getvalue()


DOCX = archive(**{"[Content_Types].xml": "<Types/>", "word_document.xml": "<w/>"})

TAKEN = {
    "pdf": (harmless(), "application/pdf"),
    "junk, then pdf": (b"scanned by nobody\n" * 50 + harmless(), "application/pdf"),
    "pdf header in the last place where readers look": (b"j" * 1024 + harmless(), "application/pdf"),
    "png": (PNG, "image/png"),
    "jpeg": (JPEG, "image/jpeg"),
    "csv": (b"worker,hours\nAna,8\nBo,7.5\n", "text/csv"),
    "csv of a spreadsheet": ("\ufeffworker;hours\r\nJosé;8\r\n".encode(), "text/csv"),
    "csv of old Windows": ("worker;hours\r\nJosé;8\r\n".encode("cp1252"), "text/csv"),
    "csv with quotes": (b'"Air, Lone Star",8\n"Bo ""B"" Diaz",7\n', "text/csv"),
    "csv that begins like a program": (b"MZ,hours\nAna,8\n", "text/csv"),
    "csv of one line": (b"worker,hours", "text/csv"),
    "csv longer than what is looked at": (b"worker,hours\n" + b"Ana Maria,8\n" * 20_000, "text/csv"),
}

REFUSED = {
    "nothing": (b"", "empty"),
    "blanks in two columns": (b" \t \n\t\n", "unknown-type"),
    "noise": (bytes(range(256)) * 10, "unknown-type"),
    "plain text": (b"Dear all,\nthe waiver, signed, is here.\nBest\n", "unknown-type"),
    "html, called pdf": (b"<!DOCTYPE html><html><body>a,b</body></html>", "unknown-type"),
    "html of two columns": (b"<html>,x\n<b>,y\n", "unknown-type"),
    "json": (b'{"a": 1, "b": 2}\n{"a": 1, "b": 2}\n', "unknown-type"),
    "word": (DOCX, "unknown-type"),
    "old word": (bytes.fromhex("D0CF11E0A1B11AE1") + bytes(600), "unknown-type"),
    "program": (b"\x7fELF\x02\x01\x01" + bytes(60), "unknown-type"),
    "tiff": (b"II*\x00" + bytes(100), "unknown-type"),
    "pdf header too far in": (b"j" * 1025 + harmless(), "unknown-type"),
    "pdf and archive": (harmless() + archive(a="b"), "two-types"),
    "archive and pdf": (archive(a="b") + harmless(), "two-types"),
    "picture and archive": (PNG + DOCX, "two-types"),
    "picture and pdf": (JPEG + harmless(), "two-types"),
    "html and pdf": (b"<html><script>x</script>" + harmless(), "two-types"),
    "mail and pdf": (b"From: me\n" + harmless(), "two-types"),
    "gif and pdf": (b"GIF89a" + harmless(), "two-types"),
    "table and archive": (b"a,b\n1,2\n" + archive(a="b"), "unknown-type"),
}


@pytest.mark.parametrize("name", TAKEN)
def test_type_that_is_taken(name: str) -> None:
    content, media_type = TAKEN[name]
    assert media_type_of(content) == media_type


@pytest.mark.parametrize("name", REFUSED)
def test_file_that_is_refused(name: str) -> None:
    content, reason = REFUSED[name]
    with pytest.raises(RefusedPaperError) as refusal:
        media_type_of(content)
    assert refusal.value.reason == reason


@pytest.mark.parametrize("name", ["waiver.pdf.cloud", "Pecan Street.cloudf", "WAIVER.PDF.CLOUD"])
def test_placeholder_of_a_synchronised_folder_is_refused_by_its_name(name: str) -> None:
    with pytest.raises(RefusedPaperError, match="Open it in its folder") as refusal:
        check_name(name)
    assert refusal.value.reason == "placeholder"
    check_name("cloud.pdf")


def test_table_is_one_page_of_text() -> None:
    paper = read_content("worker;hours\r\nJosé;8\r\n".encode("cp1252"))
    assert (paper.media_type, paper.text, paper.read_by) == ("text/csv", "worker;hours\r\nJosé;8\r\n", "csv")


def test_table_in_no_known_encoding_is_refused() -> None:
    with pytest.raises(RefusedPaperError) as refusal:
        read_content(b"worker,hours\nAna,8\n" * 10_000 + b"\x81,\x8d\n")
    assert refusal.value.reason == "unreadable"


@pytest.mark.parametrize("row", [b"1,1\n", b"a" * 99 + b",1\n"])
def test_table_longer_than_any_paper_is_refused_and_one_that_is_not_takes_moments(row: bytes) -> None:
    most = PAGE_CHARS_MAX // len(row)
    with pytest.raises(RefusedPaperError) as refusal:
        read_content(row * (most + 1))
    assert refusal.value.reason == "too-much-inside"
    paper, began = read_content(row * most), time.process_time()
    recognise(paper, ())
    assert time.process_time() - began < 5  # of 100,000 lines, which once took minutes


def test_picture_is_for_a_person() -> None:
    paper = read_content(PNG)
    assert (paper.media_type, paper.text, paper.read_by, paper.structure.page_count) == (
        "image/png",
        "",
        "none",
        1,
    )


@pytest.mark.parametrize("reason", REASONS)
def test_refusal_tells_its_sender_what_to_do(reason: Reason) -> None:
    refusal = refused(reason)
    assert refusal.reason == reason
    assert any(what in refusal.detail for what in ("Send", "send", "Open it"))


def test_every_refusal_is_in_the_readme() -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text()
    assert [reason for reason in REASONS if f"\n| `{reason}` |" not in readme] == []
