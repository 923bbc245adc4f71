"""How alike two names of a firm or person are."""

import re

from rapidfuzz import fuzz

_FORMS = {
    "incorporated": "inc",
    "inc": "inc",
    "corporation": "corp",
    "corp": "corp",
    "company": "co",
    "co": "co",
    "limited": "ltd",
    "ltd": "ltd",
    "llc": "llc",
    "llp": "llp",
    "lp": "lp",
    "pllc": "pllc",
}
"""Legal forms as people write them, and how they are compared."""

_WRITTEN_OUT = {
    "professional limited liability company": "pllc",
    "limited liability company": "llc",
    "limited liability partnership": "llp",
    "limited partnership": "lp",
}
"""Forms of several words, the longest first."""

_WORD = re.compile(r"[a-z0-9]+")

OTHER_FORM_AT_MOST = 0.85
"""What two names of different legal form reach at most: they are different firms, however alike they look."""


def similarity(one: str, other: str) -> float:
    """Return how alike two names are, from 0 to 1; order, case and punctuation do not count.

    Names that give different legal forms are never nearly alike; a form that one leaves out costs little.
    """
    (one_words, one_form), (other_words, other_form) = _parts(one), _parts(other)
    if not one_words or not other_words:
        return 0.0
    alike = fuzz.token_sort_ratio(" ".join(one_words), " ".join(other_words)) / 100
    if one_form and other_form and one_form != other_form:
        return min(alike, OTHER_FORM_AT_MOST)
    return round(alike, 4)


def _parts(name: str) -> tuple[list[str], str]:
    """Return a name's words without its legal form, and that form."""
    text = name.lower().replace("&", " and ").replace(".", "").replace("'", "")
    said = " ".join(_WORD.findall(text))
    for form, short in _WRITTEN_OUT.items():
        said = re.sub(rf"(?: an?(?: [a-z]+)?)? {form}$", f" {short}", said)
    words = [_FORMS.get(word, word) for word in said.split()]
    if len(words) > 2 and words[-2] == words[-1]:  # "X, LLC, a Texas limited liability company"
        words.pop()
    if len(words) > 1 and words[-1] in _FORMS:
        return words[:-1], _FORMS[words[-1]]
    return words, ""


def folded(text: str | None) -> str:
    """Return a text as texts are compared that only case and spaces may part."""
    return " ".join((text or "").casefold().split())
