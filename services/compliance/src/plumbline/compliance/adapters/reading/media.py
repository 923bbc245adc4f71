"""What a file is by what stands in it; its name and what its sender called it are not believed."""

import csv
import io
import zipfile
from typing import Literal

import puremagic

from plumbline.compliance.ports import RefusedPaperError

MediaType = Literal["application/pdf", "image/png", "image/jpeg", "text/csv"]

HEADER_WITHIN_BYTES = 1024
"""Readers of PDF look for its header in so many bytes, so a file may begin with something else."""

_CERTAIN = 0.5
"""From here on puremagic's confidence rests on more than a few bytes that a table may begin with as well."""
_SAMPLED_CHARACTERS = 64 * 1024
_SAMPLED_ROWS = 50
_SEND = "Send a PDF, a PNG or JPEG picture, or a CSV table."


def check_name(file_name: str) -> None:
    """Refuse the name of a file that stands for another one.

    Synchronised folders show files that were not fetched yet as `NAME.cloud` (folders as `NAME.cloudf`).

    Raises:
        RefusedPaperError: needs a person; it is such a name.
    """
    if file_name.lower().endswith((".cloud", ".cloudf")):
        raise RefusedPaperError(
            "placeholder",
            "The file stands for one that was not downloaded. Open it in its folder, and send what was downloaded.",
        )


def media_type_of(content: bytes) -> MediaType:
    """Return which of the types that are taken a file is.

    Raises:
        RefusedPaperError: needs a person; it is of none of them, of two at once, or empty.
    """
    if not content:
        raise RefusedPaperError("empty", "The file is empty. Send it again.")
    seen = _seen(content)
    is_pdf = b"%PDF-" in content[: HEADER_WITHIN_BYTES + len(b"%PDF-")]
    is_picture = bool(seen & {"image/png", "image/jpeg"})
    is_archive = zipfile.is_zipfile(io.BytesIO(content))
    if (is_pdf and (is_archive or (seen and "application/pdf" not in seen))) or (is_picture and is_archive):
        raise RefusedPaperError(
            "two-types",
            "The file is of two types at once, so two programs would show two papers. Print it to a new PDF, and send that.",
        )
    if is_pdf:
        return "application/pdf"
    if is_picture:
        return "image/png" if "image/png" in seen else "image/jpeg"
    if not seen and not is_archive and _is_table(content):
        return "text/csv"
    raise RefusedPaperError("unknown-type", f"The file is of no type that is taken. {_SEND}")


def _seen(content: bytes) -> set[str]:
    try:
        matches = puremagic.magic_string(content)
    except (puremagic.PureError, ValueError):
        return set()
    if matches and matches[0].confidence < _CERTAIN and _is_table(content):
        return set()
    return {match.mime_type or match.extension for match in matches}


def _is_table(content: bytes) -> bool:
    """Return whether the first rows are of one width, and wider than one."""
    try:
        sample = text_of(content[: 4 * _SAMPLED_CHARACTERS])[:_SAMPLED_CHARACTERS]
    except UnicodeError:
        return False
    if not sample.isprintable() and any(ord(c) < ord(" ") and c not in "\r\n\t" for c in sample):
        return False
    lines = sample.splitlines()[:_SAMPLED_ROWS]
    widths = {len(row) for row in csv.reader(lines, delimiter=_delimiter(lines[0] if lines else "")) if row}
    return len(widths) == 1 and widths.pop() > 1 and sample.lstrip()[:1] not in set("<{[%")


def _delimiter(line: str) -> str:
    return max(",;\t", key=line.count)


def text_of(content: bytes) -> str:
    """Return a table's text; spreadsheets write UTF-8, or the Western code page of Windows.

    Raises:
        UnicodeError: permanent; it is neither.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252")
