"""Tags on the PDFs that we made: dc:subject and pdf:Keywords in XMP, and Keywords in Info (ISO 32000-1 §14.3).

Both are predefined, so the claim of PDF/A stays true without an extension schema. A tag on a paper is a copy
of what our database says, for people and their archives; nothing is ever routed by it. A paper that was
received or signed is never written again: its bytes are evidence.
"""

import io
from collections.abc import Mapping, Sequence

import pikepdf

from plumbline.common.errors import PermanentError
from plumbline.compliance.domain.tags import ROOM_BYTES, Tags
from plumbline.compliance.domain.templates.template import MADE_BY


class NotOursError(PermanentError):
    """A paper that we did not make, or that was signed or changed since, is not written again; its tags stay with us."""


_TRIES = 5
"""A copy's size is met by the second, unless a number in its cross-references has a digit more."""

_PACKET_END = b"<?xpacket end="


def untagged(printed: bytes) -> bytes:
    """Return a sheet as it is kept: written as copies are, so that they differ in their tags alone.

    Raises:
        NotOursError: it does not bear our mark.
    """
    return tag(printed, Tags(), made_by_us=True)


def tagged_copy(kept: bytes, tags: Tags) -> bytes:
    """Return a copy of an `untagged` sheet, with its tags and `ROOM_BYTES` more than it; the same ones, the same bytes.

    Raises:
        NotOursError: it was not kept by us as it is.
    """
    wanted, padding = len(kept) + ROOM_BYTES, 0
    for _ in range(_TRIES):
        copy = tag(kept, tags, made_by_us=True, padding_bytes=padding)
        if len(copy) == wanted:
            return copy
        padding += wanted - len(copy)
    raise NotOursError


def tag(content: bytes, tags: Tags, *, made_by_us: bool, padding_bytes: int = 0) -> bytes:
    """Return a PDF of ours with its tags, in place of those it had; the same PDF and tags give the same bytes.

    Args:
        content: the PDF.
        tags: what it is to say.
        made_by_us: whether our own record says that we made it. Its mark alone proves nothing: anybody can set it.
        padding_bytes: spaces at the end of the XMP packet, where they say nothing.

    Raises:
        NotOursError: it is not ours, by our record or by its mark.
    """
    if not made_by_us:
        raise NotOursError
    try:
        with pikepdf.open(io.BytesIO(content)) as pdf:
            return _tagged(pdf, tags, padding_bytes)
    except pikepdf.PdfError as error:
        raise NotOursError from error


def _tagged(pdf: pikepdf.Pdf, tags: Tags, padding_bytes: int) -> bytes:
    mark = _mark(str(pdf.docinfo.get("/Keywords", "")))
    if not mark or _is_signed(pdf):
        raise NotOursError
    keywords = [*mark, *tags.words()]
    with pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as metadata:
        metadata["dc:subject"] = keywords
        metadata["pdf:Keywords"] = ", ".join(keywords)
    pdf.docinfo["/Keywords"] = ", ".join(keywords)
    packet, end, rest = pdf.Root.Metadata.read_bytes().rpartition(_PACKET_END)
    pdf.Root.Metadata.write(packet + b" " * padding_bytes + end + rest)
    out = io.BytesIO()
    pdf.save(
        out,
        deterministic_id=True,
        object_stream_mode=pikepdf.ObjectStreamMode.preserve,
        fix_metadata_version=False,  # it stays the same, and to say so would lose the padding
    )
    return out.getvalue()


def tags_of(content: bytes) -> Mapping[str, Sequence[str]]:
    """Return the words of a PDF by where they stand: `dc:subject`, `pdf:Keywords`, `Info`; for people, never to route by."""
    with pikepdf.open(io.BytesIO(content)) as pdf, pdf.open_metadata() as metadata:
        return {
            "dc:subject": tuple(sorted(map(str, metadata.get("dc:subject", ())))),  # an unordered bag
            "pdf:Keywords": _split(str(metadata.get("pdf:Keywords", ""))),
            "Info": _split(str(pdf.docinfo.get("/Keywords", ""))),
        }


def _mark(keywords: str) -> tuple[str, ...]:
    """Return our mark, without tags of an earlier time; nothing if there is none."""
    words = _split(keywords)
    return tuple(word for word in words if not Tags.is_word(word)) if words[:1] == (MADE_BY,) else ()


def _split(keywords: str) -> tuple[str, ...]:
    return tuple(word for word in keywords.split(", ") if word)


def _is_signed(pdf: pikepdf.Pdf) -> bool:
    """Say whether a signature covers it: writing it anew would break that."""
    form = pdf.Root.get("/AcroForm")
    return form is not None and bool(int(form.get("/SigFlags", 0)))
