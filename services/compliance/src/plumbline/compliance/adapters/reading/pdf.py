"""A PDF's text, runs and form, read in this process; files of strangers belong in `IsolatedReader`.

pypdf turns what would fill the memory into an error of its own, so it comes first. Where it refuses, or warns that it
left something out, pypdfium2 reads, which is the more forgiving: a clause that was left out is one that nobody checks.
"""

import io
import math
from collections.abc import Sequence
from typing import Any

import pypdf
from pypdf.generic import DictionaryObject, PdfObject

from plumbline.compliance.adapters.reading.appearances import shows_what_it_holds
from plumbline.compliance.adapters.reading.clean import clean, points
from plumbline.compliance.adapters.reading.failures import FAILURES
from plumbline.compliance.adapters.reading.objects import at
from plumbline.compliance.adapters.reading.pdfium import read_by_pdfium
from plumbline.compliance.adapters.reading.pypdf_warnings import warnings_are_refusals
from plumbline.compliance.adapters.reading.refusals import refused
from plumbline.compliance.adapters.reading.structure import structure_of
from plumbline.compliance.adapters.reading.type_style import BOLD_WEIGHT, HIDDEN_MODES, is_bold_name
from plumbline.compliance.adapters.reading.xfa import form_of
from plumbline.compliance.domain.content import FormField, Page, PaperContent, Run, Structure
from plumbline.compliance.ports.reading import RefusedPaperError

MAX_PAGES = 200
_FORCE_BOLD = 1 << 18
"""Bit 19 of a font descriptor's flags (PDF 32000-1, table 123)."""

Matrix = Sequence[float]
"""a, b, c, d, e, f, as PDF writes it."""


def read_pdf(content: bytes, *, max_pages: int = MAX_PAGES) -> PaperContent:
    """Return what stands in a PDF.

    Raises:
        RefusedPaperError: needs a person; it is encrypted, has more pages than are read, or cannot be read.
    """
    structure = structure_of(content, max_pages=max_pages)
    try:
        paper = _read_by_pypdf(content, structure, max_pages)
    except RefusedPaperError:
        raise
    except FAILURES:
        paper = read_by_pdfium(content, structure, max_pages)
    if structure.has_other_appearance:
        paper = _with_appearances(paper, content)
    return _with_xfa(paper, content) if structure.has_unread_xfa else paper


def _with_appearances(paper: PaperContent, content: bytes) -> PaperContent:
    """Compare what a form shows with what was read; one that cannot be compared counts as showing something else."""
    try:
        has_other = not shows_what_it_holds(content, paper.fields)
    except FAILURES:
        return paper
    structure = paper.structure.model_copy(update={"has_other_appearance": has_other})
    return paper.model_copy(update={"structure": structure})


def _with_xfa(paper: PaperContent, content: bytes) -> PaperContent:
    """Compare an XFA form with what was read; one that cannot be compared stays unread."""
    try:
        form = form_of(content)
    except FAILURES:
        return paper
    structure = paper.structure
    actions = {*structure.actions, *(["sends what is filled in"] if form.sends else [])}
    found = {
        "has_unread_xfa": not form.says_no_more_than(paper.fields),
        "has_javascript": structure.has_javascript or form.has_script,
        "actions": tuple(sorted(actions)),
    }
    return paper.model_copy(update={"structure": structure.model_copy(update=found)})


def _read_by_pypdf(content: bytes, structure: Structure, max_pages: int) -> PaperContent:
    with warnings_are_refusals():
        reader = pypdf.PdfReader(io.BytesIO(content))
        if reader.is_encrypted:
            raise refused("encrypted")
        if len(reader.pages) > max_pages:
            raise refused("too-many-pages")
        hidden = _Hidden()
        pages = tuple(_page(number, page, hidden) for number, page in enumerate(reader.pages, start=1))
        return PaperContent(
            media_type="application/pdf",
            title=_title(reader),
            pages=pages,
            fields=_fields(reader),
            structure=structure.model_copy(
                update={
                    "page_count": len(pages),
                    "has_hidden_text": structure.has_hidden_text or hidden.was_seen,
                }
            ),
            read_by="pypdf",
        )


def _title(reader: pypdf.PdfReader) -> str:
    information = reader.metadata
    return clean(str((information and information.title) or ""))


def _page(number: int, page: pypdf.PageObject, hidden: "_Hidden") -> Page:
    runs: list[Run] = []

    def see(text: str, current: Matrix, of_text: Matrix, font: DictionaryObject | None, size: float) -> None:
        if not text.strip():
            return
        _, _, c, d, x, y = _product(of_text, current)
        runs.append(
            Run(
                text=clean(text),
                page=number,
                x=points(x),
                y=points(y),
                points=points(abs(size) * math.hypot(c, d)),
                is_bold=font is not None and _is_bold(font),
            )
        )

    text = page.extract_text(visitor_text=see, visitor_operand_before=hidden.see)
    return Page(number=number, text=clean(text), runs=tuple(runs))


class _Hidden:
    """Sees whether a page shows text in a mode that draws nothing."""

    was_seen = False

    def see(self, operator: bytes, operands: Sequence[Any], _current: Matrix, _of_text: Matrix) -> None:
        if operator == b"Tr" and operands and operands[0] in HIDDEN_MODES:
            self.was_seen = True


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


def _is_bold(font: DictionaryObject) -> bool:
    if is_bold_name(str(at(font, "/BaseFont"))):
        return True
    descriptor = _descriptor(font)
    flags, weight = at(descriptor, "/Flags"), at(descriptor, "/FontWeight")
    return (isinstance(flags, int) and bool(flags & _FORCE_BOLD)) or (
        isinstance(weight, int | float) and weight >= BOLD_WEIGHT
    )


def _descriptor(font: DictionaryObject) -> Any:
    """A composite font keeps its descriptor with its one descendant."""
    match at(font, "/DescendantFonts"):
        case [PdfObject() as only, *_]:
            return at(only.get_object(), "/FontDescriptor")
        case _:
            return at(font, "/FontDescriptor")


def _fields(reader: pypdf.PdfReader) -> tuple[FormField, ...]:
    """The fields that hold a value of their own; those that only group others have no type."""
    return tuple(
        FormField(name=clean(name), value=clean(_value(field)))
        for name, field in (reader.get_fields() or {}).items()
        if field.get("/FT") in {"/Tx", "/Btn", "/Ch"}
    )


def _value(field: DictionaryObject) -> str:
    match at(field, "/V"):
        case None:
            return "Off" if field.get("/FT") == "/Btn" else ""
        case list() as chosen:
            return "\n".join(str(item) for item in chosen)
        case value if field.get("/FT") == "/Btn":
            return str(value).removeprefix("/")
        case value:
            return str(value)
