"""A PDF's text, runs and form, read by pypdfium2 where pypdf refuses.

PDFium ends its process on what it cannot take, so it may read strangers' files in a child alone.
"""

import io
import math

import pikepdf
import pypdfium2
import pypdfium2.raw as pdfium

from plumbline.compliance.adapters.reading.clean import clean, points
from plumbline.compliance.adapters.reading.failures import FAILURES
from plumbline.compliance.adapters.reading.refusals import refused
from plumbline.compliance.adapters.reading.type_style import BOLD_WEIGHT, HIDDEN_MODES, is_bold_name
from plumbline.compliance.domain.content import FormField, Page, PaperContent, Run, Structure
from plumbline.compliance.ports.reading import RefusedPaperError

_TEXT = (pdfium.FPDF_PAGEOBJ_TEXT,)


def read_by_pdfium(content: bytes, structure: Structure, max_pages: int) -> PaperContent:
    """Return what stands in a PDF.

    Raises:
        RefusedPaperError: needs a person; it has more pages than are read, or this reader refuses it as well.
    """
    try:
        with pypdfium2.PdfDocument(content) as document:
            if len(document) > max_pages:
                raise refused("too-many-pages")
            pages = tuple(_page(number, page) for number, page in enumerate(document, start=1))
            has_hidden_text = any(map(_has_hidden_text, document))
            title = document.get_metadata_value("Title")
    except RefusedPaperError:
        raise
    except FAILURES as error:
        raise refused("unreadable") from error
    return PaperContent(
        media_type="application/pdf",
        title=clean(title),
        pages=pages,
        fields=_fields(content),
        structure=structure.model_copy(update={"page_count": len(pages), "has_hidden_text": has_hidden_text}),
        read_by="pypdfium2",
    )


def _page(number: int, page: pypdfium2.PdfPage) -> Page:
    text = page.get_textpage()
    runs = (_run(number, thing) for thing in page.get_objects(filter=_TEXT, textpage=text))
    return Page(
        number=number,
        text=clean(text.get_text_bounded().replace("\r\n", "\n")),
        runs=tuple(run for run in runs if run.text.strip()),
    )


def _has_hidden_text(page: pypdfium2.PdfPage) -> bool:
    modes = (pdfium.FPDFTextObj_GetTextRenderMode(thing) for thing in page.get_objects(filter=_TEXT))
    return any(mode in HIDDEN_MODES for mode in modes)


def _run(number: int, thing: pypdfium2.PdfTextObj) -> Run:
    _, _, c, d, x, y = thing.get_matrix().get()
    font = thing.get_font()
    return Run(
        text=clean(thing.extract()),
        page=number,
        x=points(x),
        y=points(y),
        points=points(thing.get_font_size() * math.hypot(c, d)),
        is_bold=is_bold_name(font.get_base_name()) or font.get_weight() >= BOLD_WEIGHT,
    )


def _fields(content: bytes) -> tuple[FormField, ...]:
    """PDFium tells a form's values only by drawing it; pikepdf has them, if it can open the file."""
    try:
        with pikepdf.open(io.BytesIO(content)) as pdf:
            return tuple(
                FormField(
                    name=clean(field.fully_qualified_name),
                    value=clean(_value(field)),
                )
                for field in pdf.acroform.fields
            )
    except FAILURES:
        return ()


def _value(field: pikepdf.AcroFormField) -> str:
    if field.field_type == "/Btn":
        return str(field.value or "/Off").removeprefix("/")
    return field.value_as_string
