"""Whether two texts say the same, however they are laid out.

Forms show a value in the format that its field has: 9000 as $9,000.00, 2026-11-30 as 11/30/2026, 512447811 as 512-44-7811.
"""

import re
import unicodedata
from decimal import Decimal

from plumbline.compliance.domain.recognising.values import day

_FIGURE = re.compile(
    r"(?P<sign>-?)(?:US[$D]|\$)?(?P<whole>0|[1-9]\d{0,2}(?:,\d{3})+|[1-9]\d*)(?P<part>\.\d+)?", re.ASCII
)
_GROUPED = re.compile(
    r"\d{3}-?\d{2}-?\d{4}|\d{2}-?\d{7}|\d{5}-?\d{4}|(?:\(\d{3}\)|\d{3}-?)\d{3}-?\d{4}", re.ASCII
)
"""Numbers of persons and firms, ZIP codes, telephones: the formats that Acrobat has for digits."""


def says_the_same(shown: str, held: str) -> bool:
    """Return whether a text says what is held: word for word, or as one figure, one day or one number."""
    # qpdf draws a question mark for a letter that it cannot draw.
    words = {_squeezed(held), _squeezed(held).encode("ascii", "replace").decode()}
    return _squeezed(shown) in words or any(
        meaning(shown) is not None and meaning(shown) == meaning(held) for meaning in (_figure, _day, _digits)
    )


def _squeezed(text: str) -> str:
    """A text without its layout: combs show each character by itself, and ligatures two as one."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def _figure(text: str) -> Decimal | None:
    found = _FIGURE.fullmatch(_squeezed(text))
    return found and Decimal(found["sign"] + found["whole"].replace(",", "") + (found["part"] or ""))


def _day(text: str) -> object:
    return day(" ".join(text.split())) or day(_squeezed(text))


def _digits(text: str) -> str | None:
    squeezed = _squeezed(text)
    return re.sub(r"\D", "", squeezed) if _GROUPED.fullmatch(squeezed) else None
