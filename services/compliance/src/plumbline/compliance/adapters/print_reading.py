"""What stands in a PDF that we printed, as its readers find it: read back before it leaves."""

import pypdfium2

from plumbline.compliance.adapters.reading.pdfium import read_by_pdfium
from plumbline.compliance.domain.content import Structure
from plumbline.compliance.domain.templates.proof import Print

MAX_PAGES = 200


def read_print(content: bytes) -> Print:
    """Return the text of a PDF, in which type it is set, and its keywords."""
    with pypdfium2.PdfDocument(content) as document:
        keywords = document.get_metadata_value("Keywords")
        pages = len(document)
    return Print(keywords=keywords, content=read_by_pdfium(content, Structure(page_count=pages), MAX_PAGES))
