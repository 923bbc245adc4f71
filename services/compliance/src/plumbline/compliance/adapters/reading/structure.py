"""What a PDF has in it besides what people see, found by opening its objects and running nothing of it.

Source: PDF 32000-1:2008, 7.5 (file structure), 7.7 (document structure), 12.6 (actions), 12.7 (forms).
"""

import io
from collections.abc import Iterator
from typing import Any

import pikepdf

from plumbline.compliance.adapters.reading.actions import Actions
from plumbline.compliance.adapters.reading.failures import FAILURES
from plumbline.compliance.adapters.reading.layers import Layers
from plumbline.compliance.adapters.reading.media import leading_bytes
from plumbline.compliance.adapters.reading.refusals import refused
from plumbline.compliance.domain.content import Structure
from plumbline.compliance.ports.reading import RefusedPaperError

_END = b"%%EOF"
_MARKUP = frozenset(
    ("/FreeText", "/Text", "/Stamp", "/Ink", "/Redact", "/StrikeOut", "/Caret", "/Square", "/Polygon")
)
"""Annotations that add words or hide some (PDF 32000-1, table 169)."""

_HARMLESS_WARNING = "reported number of objects"
"""Many programs count a file's objects wrongly; pikepdf takes in all of them nevertheless."""


def structure_of(content: bytes, *, max_pages: int) -> Structure:
    """Open a PDF's objects, and return what is in it.

    A file that pikepdf cannot open, or not without mending it, may still be read by others: of that it is told that
    not all was seen. An XFA form counts as unread, and a form as showing something else, until it was compared with what
    is read.

    Raises:
        RefusedPaperError: needs a person; it is encrypted, or has more pages than are read.
    """
    surroundings = Structure(
        page_count=0,
        leading_bytes=max(leading_bytes(content), 0),
        trailing_bytes=_trailing_bytes(content),
    )
    try:
        with pikepdf.open(io.BytesIO(content)) as pdf:
            if pdf.is_encrypted:
                raise refused("encrypted")
            # What it says itself: its readers count, but of a file of millions that takes long.
            if pdf.Root.Pages.get("/Count", 0) > max_pages:
                raise refused("too-many-pages")
            found = {"page_count": len(pdf.pages), **_inside(pdf)}
            return surroundings.model_copy(update={**found, "has_unseen_parts": _was_mended(pdf)})
    except pikepdf.PasswordError as error:
        raise refused("encrypted") from error
    except RefusedPaperError:
        raise
    except FAILURES:
        return surroundings.model_copy(update={"has_unseen_parts": True})


def _was_mended(pdf: pikepdf.Pdf) -> bool:
    """Return whether pikepdf had to guess at a part: what it took for nothing may be something to another program."""
    return not all(_HARMLESS_WARNING in str(warning) for warning in pdf.get_warnings())


def _inside(pdf: pikepdf.Pdf) -> dict[str, Any]:
    keys, kinds, types, actions = set[str](), set[str](), set[str](), Actions()
    for dictionary in _dictionaries(pdf):
        keys.update(dictionary.keys())
        kinds.add(str(dictionary.get("/S", "")))
        types.add(str(dictionary.get("/Type", "")))
        if "/Rect" in dictionary:
            types.add(str(dictionary.get("/Subtype", "")))
        actions.see(dictionary)
    layers = Layers(pdf)
    return {
        "has_javascript": bool({"/JavaScript", "/JS"} & (keys | kinds)),
        "has_launch": "/Launch" in kinds,
        "actions": tuple(sorted(actions.seen)),
        "has_embedded_files": bool({"/EmbeddedFiles", "/EF"} & keys),
        "has_unread_xfa": "/XFA" in keys,
        "has_markup": bool(_MARKUP & types),
        "has_hidden_text": not (layers.all_are_on and "/OCMD" not in types) and layers.hide_text(),
        "has_other_appearance": "/FT" in keys or "/Widget" in types,
        "is_signed": "/Sig" in types or "/ByteRange" in keys,
    }


def _dictionaries(pdf: pikepdf.Pdf) -> Iterator[pikepdf.Dictionary]:
    """Every dictionary of a file once, however deep it is nested; the trailer is no object, and may hold some."""
    for indirect in (pdf.trailer, *pdf.objects):
        waiting: list[Any] = [indirect]
        while waiting:
            thing = waiting.pop()
            if isinstance(thing, pikepdf.Stream):
                thing = thing.stream_dict
            if isinstance(thing, pikepdf.Dictionary):
                yield thing
                children = list(thing.as_dict().values())
            elif isinstance(thing, pikepdf.Array):
                children = list(thing.as_list())
            else:
                continue
            waiting += [child for child in children if not getattr(child, "is_indirect", False)]


def _trailing_bytes(content: bytes) -> int:
    end = content.rfind(_END)
    return len(content[end + len(_END) :].strip(b"\0\t\n\f\r ")) if end >= 0 else 0
