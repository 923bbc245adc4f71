"""What a PDF has in it besides what people see, found by opening its objects and running nothing of it.

Source: PDF 32000-1:2008, 7.5 (file structure), 7.7 (document structure), 12.6 (actions), 12.7 (forms).
"""

import io
from collections.abc import Iterator
from itertools import chain
from typing import Any

import pikepdf

from plumbline.compliance.domain.content import Structure
from plumbline.compliance.ports import RefusedPaperError

HEADER_WITHIN_BYTES = 1024
"""Readers look for the header in so many bytes, so a file may begin with something else."""


def structure_of(content: bytes, *, max_pages: int) -> Structure:
    """Open a PDF's objects, and return what is in it.

    A file that pikepdf cannot open may still be read by others: of it only what surrounds it is known.

    Raises:
        RefusedPaperError: needs a person; it is encrypted, or has more pages than are read.
    """
    try:
        with pikepdf.open(io.BytesIO(content)) as pdf:
            if pdf.is_encrypted:
                raise _encrypted()
            return _structure(pdf, content, max_pages)
    except pikepdf.PasswordError as error:
        raise _encrypted() from error
    except (pikepdf.PdfError, RecursionError, ValueError, TypeError, KeyError, AttributeError):
        return Structure(page_count=0, **_surroundings(content))


def _structure(pdf: pikepdf.Pdf, content: bytes, max_pages: int) -> Structure:
    page_count = len(pdf.pages)
    if page_count > max_pages:
        raise RefusedPaperError(
            "too-many-pages",
            f"The file has {page_count} pages; at most {max_pages} are read. Send its parts as files of their own.",
        )
    actions, keys, types = set[str](), set[str](), set[str]()
    for dictionary in _dictionaries(pdf):
        keys.update(dictionary.keys())
        actions.add(str(dictionary.get("/S", "")))
        types.update(str(dictionary.get(key, "")) for key in ("/Type", "/FT") if "/V" in dictionary)
        types.update({"/Sig"} if str(dictionary.get("/Type", "")) == "/Sig" else ())
    return Structure(
        page_count=page_count,
        has_javascript="/JavaScript" in actions | keys or "/JS" in keys,
        has_launch="/Launch" in actions,
        has_open_action=_acts_when_opened(pdf.Root.get("/OpenAction")),
        has_embedded_files="/EmbeddedFiles" in keys or "/EF" in keys,
        has_xfa="/XFA" in keys,
        is_signed="/Sig" in types,
        **_surroundings(content),
    )


def _acts_when_opened(action: Any) -> bool:
    """Return whether opening does more than turn to a page."""
    return isinstance(action, pikepdf.Dictionary) and str(action.get("/S", "")) != "/GoTo"


def _dictionaries(pdf: pikepdf.Pdf) -> Iterator[pikepdf.Dictionary]:
    """Every dictionary of a file once, however it is nested."""
    for indirect in chain(pdf.objects, [pdf.trailer]):
        waiting: list[Any] = [indirect]
        while waiting:
            thing = waiting.pop()
            if isinstance(thing, pikepdf.Stream):
                thing = thing.stream_dict
            if isinstance(thing, pikepdf.Dictionary):
                yield thing
                children = [child for _, child in thing.items()]
            elif isinstance(thing, pikepdf.Array):
                children = list(thing)
            else:
                continue
            waiting += [child for child in children if not getattr(child, "is_indirect", False)]


def _surroundings(content: bytes) -> dict[str, int]:
    end = content.rfind(b"%%EOF")
    after = content[end + len(b"%%EOF") :].strip(b"\r\n\t \0") if end >= 0 else b""
    return {
        "leading_bytes": max(content.find(b"%PDF-", 0, HEADER_WITHIN_BYTES), 0),
        "trailing_bytes": len(after),
    }


def _encrypted() -> RefusedPaperError:
    return RefusedPaperError(
        "encrypted", "The file is encrypted. Save a copy without a password and send that."
    )
