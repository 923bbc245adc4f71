"""What stands in a PDF that we printed, as its readers find it: read back before it leaves."""

import ctypes
from collections.abc import Iterator

import pypdfium2
import pypdfium2.raw as pdfium

from plumbline.compliance.domain.templates.proof import Print, Type


def read_print(content: bytes) -> Print:
    """Return the text of a PDF, and in which type each stretch of it is set."""
    document = pypdfium2.PdfDocument(content)
    try:
        pages = [page.get_textpage() for page in document]
        return Print(
            keywords=document.get_metadata_value("Keywords"),
            text="\n".join(page.get_text_range() for page in pages),
            types=tuple(found for page in pages for found in _types(page)),
        )
    finally:
        document.close()


def _types(page: pypdfium2.PdfTextPage) -> Iterator[Type]:
    """Walk along a page's characters; what is set alike is one stretch."""
    name, flags = ctypes.create_string_buffer(128), ctypes.c_int()
    run, last = "", None
    for place in range(page.count_chars()):
        letter = chr(pdfium.FPDFText_GetUnicode(page, place))
        if letter.isspace() or pdfium.FPDFText_IsGenerated(page, place) == 1:
            run += " "
            continue
        pdfium.FPDFText_GetFontInfo(page, place, name, len(name), flags)
        found = (round(pdfium.FPDFText_GetFontSize(page, place), 2), b"Bold" in name.value)
        if last is not None and found != last:
            yield Type(text=run, points=last[0], is_bold=last[1])
            run = ""
        run, last = run + letter, found
    if last is not None:
        yield Type(text=run, points=last[0], is_bold=last[1])
