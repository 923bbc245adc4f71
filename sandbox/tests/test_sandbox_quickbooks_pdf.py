"""Forms as PDF: bytes that are a PDF file, as its own table says."""

import re

import pytest
from sandbox_books import Books, codes
from sandbox_rules import rule

from plumbline_sandbox.quickbooks.pdf import ROWS_PER_PAGE, document

PDF = "Intuit, Invoice, Estimate, CreditMemo, SalesReceipt, RefundReceipt, Payment: get as PDF"


def objects(raw: bytes) -> dict[int, bytes]:
    """Read a PDF by its table of offsets, as a reader does; give every object by its number."""
    assert raw.startswith(b"%PDF-1.")
    assert raw.endswith(b"%%EOF\n")
    start = int(raw.rsplit(b"startxref\n", 1)[1].split()[0])
    head, *rows = raw[start:].split(b"trailer")[0].splitlines()
    assert head == b"xref"
    offsets = {n: int(row.split()[0]) for n, row in enumerate(rows[1:]) if row.split()[2] == b"n"}
    found = {}
    for number, offset in offsets.items():
        assert raw[offset:].startswith(b"%d 0 obj\n" % number)
        found[number] = raw[offset:].split(b" 0 obj\n", 1)[1].split(b"\nendobj", 1)[0]
    assert b"/Size %d" % (len(found) + 1) in raw[start:]
    return found


def texts(raw: bytes) -> list[str]:
    """Return what the pages show, after checking that each stream is as long as it says."""
    shown: list[str] = []
    for content in objects(raw).values():
        if match := re.fullmatch(rb"<</Length (\d+)>>\nstream\n(.*)\nendstream", content, re.DOTALL):
            assert int(match[1]) == len(match[2])
            shown += [text.decode("cp1252") for text in re.findall(rb"Td \((.*)\) Tj", match[2])]
    return shown


@rule("GET /{entity}/{id}/pdf answers the form as application/pdf.", PDF)
@pytest.mark.parametrize("entity", ["Invoice", "Estimate", "CreditMemo", "SalesReceipt", "RefundReceipt"])
async def test_form_as_pdf(books: Books, entity: str) -> None:
    account = {"DepositToAccountRef": {"value": books.accounts["Checking"]}}
    made = await books.write(entity, books.form(1234.5, **(account if entity == "RefundReceipt" else {})))
    answer = await books.get(f"/{entity.lower()}/{made['Id']}/pdf")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    shown = texts(answer.content)
    assert f"{entity} {made['DocNumber']}" in shown
    assert "1,234.50" in shown
    assert made["CustomerRef"]["name"] in shown


@rule("A payment has a PDF too.", PDF)
async def test_payment_as_pdf(books: Books) -> None:
    invoice = await books.invoice(100)
    payment = await books.pay(invoice, 40)
    shown = texts((await books.get(f"/payment/{payment['Id']}/pdf")).content)
    assert f"Invoice {invoice['Id']}" in shown
    assert "40.00" in shown


@rule("There is no PDF of a name (500), nor of a form that is not there (610).", PDF, inferred=True)
async def test_no_pdf(books: Books) -> None:
    assert codes(await books.get(f"/customer/{books.customer}/pdf")) == ["500"]
    assert codes(await books.get("/invoice/999999/pdf")) == ["610"]


async def test_text_of_any_kind_stays_text(books: Books) -> None:
    text = "Kanäle (50 %) \\ für 北京\n) Tj"
    made = await books.write("Invoice", {**books.form(), "Line": [{**books.line(1), "Description": text}]})
    shown = texts((await books.get(f"/invoice/{made['Id']}/pdf")).content)
    assert "Progress billing Kanäle \\(50 %\\) \\\\ für ?? \\) Tj" in shown


def test_long_document_has_pages() -> None:
    raw = document([(f"row {n}", "") for n in range(2 * ROWS_PER_PAGE + 1)])
    assert sum(b"/Type/Page/" in content for content in objects(raw).values()) == 3
    assert len(texts(raw)) == 2 * ROWS_PER_PAGE + 1
