"""Boxes that are ticked, signatures, and what a notary puts below them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from plumbline.compliance.domain.recognising.cells import plain
from plumbline.compliance.domain.recognising.values import days_in, is_blank

_BOX = re.compile(r"(\[\s*[xX\u2713\u2714]?\s*\]|[\u2610\u2611\u2612]|\(\s*[xX]\s*\)|\(\s\))\s*")
_TICKED = re.compile(r"[xX\u2713\u2714\u2611\u2612]")
_SIGNING = re.compile(
    r"/s/|^\s*s/|(?:electronically|digitally|docu)\s*-?signed\s*by\s*:?|signature on file\s*:?", re.IGNORECASE
)

_SWORN = re.compile(
    r"\b(?:sworn|subscribed|acknowledged)\b[^.]{0,60}?\bbefore me\b(?P<after>.{0,160})",
    re.IGNORECASE | re.DOTALL,
)
_AFTER_JURAT = re.compile(
    r"\b(?:my commission|commission expires|received|recorded|filed|printed)\b", re.IGNORECASE
)
_ON = re.compile(r"^[,\s]*(?:in and for[^,.]{0,40},?\s*)?(?:on|this|dated)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Box:
    """A box that is printed before some words."""

    is_ticked: bool
    words: str


def boxes(text: str) -> Iterator[Box]:
    """Give every box of a text with the words that follow it."""
    parts = _BOX.split(text)
    for mark, words in zip(parts[1::2], parts[2::2], strict=True):
        yield Box(_TICKED.search(mark) is not None, plain(words.split("\n")[0]))


def signer(text: str) -> str | None:
    """Return who signed, without what says that it is a signature; None where nobody did."""
    said = " ".join(_SIGNING.sub(" ", text.replace("_", " ")).split()).strip(" ,;:")
    return None if is_blank(said) else said


@dataclass(frozen=True, slots=True)
class Notary:
    """What a notary's block says."""

    is_there: bool
    sworn_on: date | None


def notary(text: str) -> Notary:
    """Return what the notary's block says: without a day it is only printed, not filled in."""
    text = " ".join(text.split())
    found = _SWORN.search(text)
    is_there = found is not None and "notary public" in text.lower()
    if not found or not is_there:
        return Notary(is_there=is_there, sworn_on=None)
    after = _AFTER_JURAT.split(found["after"])[0]
    before, _, behind = (
        re.split(r"(notary public)", after, maxsplit=1, flags=re.IGNORECASE)
        if re.search("notary public", after, re.IGNORECASE)
        else (after, "", "")
    )
    days = set(days_in(before)) or (set(days_in(behind)) if _ON.search(behind) else set())
    return Notary(is_there=True, sworn_on=days.pop() if len(days) == 1 else None)
