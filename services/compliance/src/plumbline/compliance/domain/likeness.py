"""How alike the texts of two papers are, by fingerprints small enough to be kept with each.

A fingerprint is the least hashes of a text's shingles (a bottom-k sketch: Broder, 1997). The share of the least of
both texts' that are in both estimates the share of shingles that the texts have in common: exactly, up to a page.

All digits are one. Fingerprints are kept in clear, and a hash of the few digits of a tax number can be turned back.
"""

import hashlib
import re

from plumbline.compliance.domain.papers import Fields
from plumbline.compliance.domain.reading import Read
from plumbline.compliance.domain.statutory import words

ALIKE = 0.87
"""Above it two papers are one with another amount, month or signature. Two forms of one statute, filled in with the same
words, reach 0.80; one form filled in for two vendors 0.72."""

_SHINGLE_WORDS = 3
_FEWEST_WORDS = 20
"""A text of fewer words says too little to be compared: a stamp, the name of a scanner."""
_HASHES = 256
_DIGITS = 8
_ANY_DIGIT = re.compile(r"\d")


def fingerprint(text: str) -> str:
    """Return a text's fingerprint, at most 2048 hexadecimal digits; empty, if there is too little text."""
    written = words(_ANY_DIGIT.sub("0", text))
    if len(written) < _FEWEST_WORDS:
        return ""
    starts = range(len(written) - _SHINGLE_WORDS + 1)
    shingles = {" ".join(written[start : start + _SHINGLE_WORDS]) for start in starts}
    return "".join(sorted({_hash(shingle) for shingle in shingles})[:_HASHES])


def likeness(one: str, other: str) -> float:
    """Return how much two texts have in common by their fingerprints, from 0 to 1; without text: 0."""
    left, right = _hashes(one), _hashes(other)
    least = sorted(left | right)[:_HASHES]
    return sum(least_one in left and least_one in right for least_one in least) / len(least) if least else 0.0


def are_alike(one: str, other: str) -> bool:
    """Return whether two papers are near duplicates. A person is told of it; it decides nothing."""
    return likeness(one, other) >= ALIKE


def is_same_occasion(one: Fields, other: Fields) -> bool:
    """Return whether two papers of a kind may be of one occasion: an amount or day of theirs is the same, or neither has any.

    Next month's waiver is like this month's by nature; the same month's for another amount is worth a look.
    """
    both = [
        (before.value, after.value)
        for name in _OCCASION
        if isinstance(before := getattr(one, name, None), Read)
        and isinstance(after := getattr(other, name, None), Read)
    ]
    return not both or any(before == after for before, after in both)


_OCCASION = ("amount_cents", "through_on", "week_ends_on", "week_starts_on", "reported_on", "number")


def _hash(shingle: str) -> str:
    return hashlib.blake2b(shingle.encode(), digest_size=_DIGITS // 2).hexdigest()


def _hashes(of: str) -> set[str]:
    return {of[start : start + _DIGITS] for start in range(0, len(of), _DIGITS)}
