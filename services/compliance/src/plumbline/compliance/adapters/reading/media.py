"""What a file is by what stands in it; its name and what its sender called it are not believed."""

import csv
import io
import zipfile
from typing import Literal, get_args

import puremagic

from plumbline.compliance.adapters.reading.refusals import refused

MediaType = Literal["application/pdf", "image/png", "image/jpeg", "text/csv"]
TAKEN = frozenset[str](get_args(MediaType))

PDF = b"%PDF-"
HEADER_WITHIN_BYTES = 1024
"""Readers of PDF look for its header in so many bytes, so a file may begin with something else."""

_CERTAIN = 0.5
"""From here on puremagic's confidence rests on more than the two or three letters that a table may begin with."""
_SAMPLED_BYTES = 64 * 1024
_SAMPLED_ROWS = 50


def check_name(file_name: str) -> None:
    """Refuse the name of a file that stands for another one.

    Synchronised folders show what was not fetched yet as `NAME.cloud` (folders as `NAME.cloudf`).

    Raises:
        RefusedPaperError: needs a person; it is such a name.
    """
    if file_name.lower().endswith((".cloud", ".cloudf")):
        raise refused("placeholder")


def media_type_of(content: bytes) -> MediaType:
    """Return which of the types that are taken a file is.

    Raises:
        RefusedPaperError: needs a person; it is of none of them, of two at once, or empty.
    """
    if not content:
        raise refused("empty")
    types = _types_of(content)
    match sorted(types):
        case ["application/pdf" | "image/png" | "image/jpeg" | "text/csv" as taken]:
            return taken
        case [_, _, *_] if types & TAKEN:
            raise refused("two-types")
        case _:
            raise refused("unknown-type")


def leading_bytes(content: bytes) -> int:
    """Return how much stands before a PDF's header; -1: there is none where readers look."""
    return content.find(PDF, 0, HEADER_WITHIN_BYTES + len(PDF))


def _types_of(content: bytes) -> set[str]:
    types = _types_by_first_bytes(content)
    if leading_bytes(content) >= 0:
        types.add("application/pdf")
    # An archive is found by its end, so any other file may stand before it.
    if zipfile.is_zipfile(io.BytesIO(content)):
        types.add("application/zip")
    return types


def _types_by_first_bytes(content: bytes) -> set[str]:
    """One type: of several names for the same first bytes the best guess."""
    try:
        match = puremagic.magic_string(content)[0]
    except (puremagic.PureError, ValueError):
        match = None
    if (match is None or match.confidence < _CERTAIN) and _is_table(content[:_SAMPLED_BYTES]):
        return {"text/csv"}
    return set() if match is None else {match.mime_type or match.extension}


def _is_table(sample: bytes) -> bool:
    """Return whether the first rows are of one width, and wider than one."""
    try:
        text = text_of(sample)
    except UnicodeError:
        return False
    if any(character < " " and character not in "\r\n\t" for character in text):
        return False
    lines = text.splitlines()[:-1][:_SAMPLED_ROWS] or [text]
    delimiter = max(",;\t", key=lines[0].count)
    widths = {len(row) for row in csv.reader(lines, delimiter=delimiter) if row}
    begins_with = text.lstrip()[:1]  # nothing: there are only blanks
    return len(widths) == 1 and widths.pop() > 1 and begins_with not in {"", *"<{[%"}


def text_of(content: bytes) -> str:
    """Return a table's text; spreadsheets write UTF-8, or the Western code page of Windows.

    Raises:
        UnicodeError: permanent; it is neither.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252")
