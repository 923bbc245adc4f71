"""Where people find a paper: folders by project's state, company, project, kind and period, as plain clients can show them."""

import re
import unicodedata
from collections.abc import Sequence

NAME_CHARS = 80
"""So long is a name at most: paths of five of them stay under every client's limit."""

DOCUMENT_CHARS = 12
"""So much of a paper's keyed hash makes its name unique."""

NOWHERE = "-"
"""The folder of what is not known."""

SUFFIXES = {
    "application/pdf": ".pdf",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "text/csv": ".csv",
}
"""The end of a name follows from what the content was found to be, never from what its sender called it."""

_FORBIDDEN = re.compile(r'[<>:"/\\|?*~%\x00-\x1f\x7f]+')
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
_STATE = re.compile(r"[A-Z]{2}")


def safe_name(text: str) -> str:
    """Return a name that is one part of a path on every system, and shows what it says.

    No separators, control or direction characters, no dots or blanks at its ends, no device of Windows.
    """
    plain = "".join(
        c
        for c in unicodedata.normalize("NFKC", text)
        if unicodedata.category(c) not in {"Cf", "Cs", "Co", "Cn"}
    )
    name = " ".join(_FORBIDDEN.sub(" ", plain).split())[:NAME_CHARS].strip(" .")
    if not name:
        return NOWHERE
    return f"_{name}" if _DEVICES.fullmatch(name) else name


def file_name(given: str, *, media_type: str, document: str) -> str:
    """Return a paper's name in its folders: the same at any time, and no other paper's."""
    suffix = SUFFIXES.get(media_type, ".bin")
    stem = given[: -len(suffix)] if given.lower().endswith(suffix) else given
    return f"{safe_name(stem)} {document[:DOCUMENT_CHARS]}{suffix}"


def folders(
    *, state: str | None, company_id: str | None, project: str, kind: str, period: str
) -> Sequence[str]:
    """Return the folders that a paper is in: under its company, and under its project's state as well where that is known."""
    own = "/".join(safe_name(part) for part in (company_id or "", project, kind, period))
    if state is None or not _STATE.fullmatch(state):
        return (own,)
    return (own, f"{state.lower()}/{own}")


def parts_of(path: str) -> Sequence[str]:
    """Return the parts of a path as clients write it: slashes at its ends and doubled ones do not count.

    No name has a NUL, and PostgreSQL takes none: a character that no name has either stands for it.
    """
    return [part for part in path.replace("\0", "?").split("/") if part]
