"""Forms as PDF: plain pages that every reader opens, written without a library.

ISO 32000-1: a file is numbered objects, a table of their byte offsets, and a trailer that leads to
both. The text is in Helvetica, which readers bring along, in Windows' Latin encoding.
"""

from collections.abc import Iterator
from decimal import Decimal

from plumbline_sandbox.quickbooks.wire import Body

CONTENT_TYPE = "application/pdf"
"""What the answer is."""

ROWS_PER_PAGE = 48
"""How many lines of text fit on a page."""

_PAGE = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Resources<</Font<</F 3 0 R>>>>/Contents {} 0 R>>"
_FONT = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"

Row = tuple[str, str]
"""A text at the left margin, and one at the right."""


def form(company: str, entity: str, body: Body) -> bytes:
    """Return a form or a payment as the customer gets it."""
    return document([(company, ""), (f"{entity} {body.get('DocNumber', '')}".strip(), ""), *_rows(body)])


def document(rows: list[Row]) -> bytes:
    """Return these rows on as many pages of US letter as they need."""
    pages = [rows[start : start + ROWS_PER_PAGE] for start in range(0, len(rows), ROWS_PER_PAGE)]
    numbers = [4 + 2 * place for place in range(len(pages))]
    kids = " ".join(f"{number} 0 R" for number in numbers)
    objects = ["<</Type/Catalog/Pages 2 0 R>>", f"<</Type/Pages/Kids[{kids}]/Count {len(pages)}>>", _FONT]
    for number, page in zip(numbers, pages, strict=True):
        content = "\n".join(_drawn(page))
        objects += [_PAGE.format(number + 1), f"<</Length {len(content)}>>\nstream\n{content}\nendstream"]
    return _file([text.encode("cp1252", "replace") for text in objects])


def _file(objects: list[bytes]) -> bytes:
    # The comment of high bytes tells programs that move files that this is no text.
    parts = [b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"]
    offsets: list[int] = []
    for number, content in enumerate(objects, start=1):
        offsets.append(sum(map(len, parts)))
        parts.append(b"%d 0 obj\n%b\nendobj\n" % (number, content))
    size = len(objects) + 1
    entries = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    parts.append(
        b"xref\n0 %d\n0000000000 65535 f \n%btrailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
        % (size, entries, size, sum(map(len, parts)))
    )
    return b"".join(parts)


def _drawn(rows: list[Row]) -> Iterator[str]:
    for place, (left, right) in enumerate(rows):
        y = 740 - 14 * place
        for x, text in ((56, left), (470, right)):
            if text:
                yield f"BT /F 10 Tf {x} {y} Td ({_escaped(text)}) Tj ET"


def _escaped(text: str) -> str:
    shown = "".join(sign if sign.isprintable() else " " for sign in text)
    return shown.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")


def _rows(body: Body) -> Iterator[Row]:
    for label, name in (("Date", "TxnDate"), ("Due", "DueDate"), ("Reference", "PaymentRefNum")):
        if name in body:
            yield f"{label}: {body[name]}", ""
    if "CustomerRef" in body:
        yield str(body["CustomerRef"].get("name", "")), ""
    yield "", ""
    for line in body.get("Line", ()):
        yield _described(line), _money(line.get("Amount"))
    yield "", ""
    for label, amount in _amounts(body):
        yield label, _money(amount)


def _described(line: Body) -> str:
    if line.get("DetailType") == "SubTotalLineDetail":
        return "Subtotal"
    if links := line.get("LinkedTxn"):
        return f"{links[0]['TxnType']} {links[0]['TxnId']}"
    detail = line.get("SalesItemLineDetail", {})
    item = detail.get("ItemRef", {}).get("name", "")
    return " ".join(text for text in (item, line.get("Description", "")) if text)[:80]


def _amounts(body: Body) -> Iterator[tuple[str, Decimal]]:
    if "TxnTaxDetail" in body:
        yield "Tax", body["TxnTaxDetail"]["TotalTax"]
    for label, name in (("Total", "TotalAmt"), ("Balance due", "Balance"), ("Unapplied", "UnappliedAmt")):
        if name in body:
            yield label, body[name]


def _money(amount: Decimal | None) -> str:
    return "" if amount is None else f"{amount:,.2f}"
