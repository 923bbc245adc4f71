"""A PDF's text, runs and form, read by pypdf in this process; hostile ones belong in `IsolatedReader`.

pypdf is the reader that turns what would fill the memory into an error of its own, so it comes first.
"""

import io
import math
from collections.abc import Sequence
from typing import Any

import pypdf
from pypdf.errors import PyPdfError
from pypdf.generic import ArrayObject, DictionaryObject

from plumbline.compliance.adapters.reading.structure import structure_of
from plumbline.compliance.domain.content import FormField, Page, PaperContent, Run

MAX_PAGES = 200
_BOLD_NAMES = ("bold", "black", "heavy", "demi")
_BOLD_WEIGHT = 600
_FORCE_BOLD = 1 << 18
"""Bit 19 of a font descriptor's flags (PDF 32000-1, table 123)."""

Matrix = Sequence[float]
"""a, b, c, d, e, f, as PDF writes it."""


def read_pdf(content: bytes, *, max_pages: int = MAX_PAGES) -> PaperContent:
    """Return what stands in a PDF.

    Raises:
        RefusedPaperError: needs a person; it is encrypted, or has more pages than are read.
    """
    structure = structure_of(content, max_pages=max_pages)
    reader = pypdf.PdfReader(io.BytesIO(content))
    pages = tuple(_page(number, page) for number, page in enumerate(reader.pages, start=1))
    return PaperContent(
        media_type="application/pdf",
        title=_title(reader),
        pages=pages,
        fields=_fields(reader),
        structure=structure.model_copy(update={"page_count": len(pages)}),
        read_by="pypdf",
    )


def _title(reader: pypdf.PdfReader) -> str:
    try:
        return str((reader.metadata and reader.metadata.title) or "")
    except (PyPdfError, ValueError, TypeError, AttributeError):
        return ""


def _page(number: int, page: pypdf.PageObject) -> Page:
    runs: list[Run] = []

    def see(
        text: str, current: Matrix, text_matrix: Matrix, font: DictionaryObject | None, size: float
    ) -> None:
        if not text.strip():
            return
        _, _, c, d, x, y = _product(text_matrix, current)
        points = abs(size) * math.hypot(c, d)
        runs.append(
            Run(
                text=text,
                page=number,
                x=round(x, 2),
                y=round(y, 2),
                points=round(points, 2),
                is_bold=_is_bold(font),
            )
        )

    text = page.extract_text(visitor_text=see)
    return Page(number=number, text=text, runs=tuple(runs))


def _product(first: Matrix, second: Matrix) -> tuple[float, ...]:
    a, b, c, d, e, f = first
    p, q, r, s, t, u = second
    return (
        a * p + b * r,
        a * q + b * s,
        c * p + d * r,
        c * q + d * s,
        e * p + f * r + t,
        e * q + f * s + u,
    )


def _is_bold(font: DictionaryObject | None) -> bool:
    if font is None:
        return False
    name = str(font.get("/BaseFont", "")).lower()
    if any(bold in name for bold in _BOLD_NAMES):
        return True
    descriptor = _descriptor(font)
    flags, weight = (descriptor.get(key, 0) for key in ("/Flags", "/FontWeight"))
    return bool(isinstance(flags, int) and flags & _FORCE_BOLD) or (
        isinstance(weight, int | float) and weight >= _BOLD_WEIGHT
    )


def _descriptor(font: DictionaryObject) -> DictionaryObject:
    """A composite font keeps its descriptor with its one descendant."""
    descendants = font.get("/DescendantFonts")
    descendants = descendants.get_object() if descendants is not None else None
    if isinstance(descendants, ArrayObject) and descendants:
        font = descendants[0].get_object()
    descriptor = font.get("/FontDescriptor") if isinstance(font, DictionaryObject) else None
    descriptor = descriptor.get_object() if descriptor is not None else None
    return descriptor if isinstance(descriptor, DictionaryObject) else DictionaryObject()


def _fields(reader: pypdf.PdfReader) -> tuple[FormField, ...]:
    """The fields that hold a value of their own; those that only group others have no type."""
    return tuple(
        FormField(name=name, value=_value(field))
        for name, field in (reader.get_fields() or {}).items()
        if field.get("/FT") in {"/Tx", "/Btn", "/Ch"}
    )


def _value(field: Any) -> str:
    value = field.get("/V")
    value = value.get_object() if hasattr(value, "get_object") else value
    if isinstance(value, list):
        return "\n".join(str(item) for item in value)
    if field.get("/FT") == "/Btn":
        return str(value or "/Off").removeprefix("/")
    return "" if value is None else str(value)
