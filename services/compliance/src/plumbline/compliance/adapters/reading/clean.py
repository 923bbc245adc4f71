"""What readers find, made fit for JSON and PostgreSQL."""

import math

_UNFIT = dict.fromkeys([0, *range(0xD800, 0xE000)], "\N{REPLACEMENT CHARACTER}")
"""NUL, and halves of characters."""


def clean(text: str) -> str:
    """Return a text with what no database takes marked as unreadable."""
    return text.translate(_UNFIT)


def points(value: float) -> float:
    """Return a length that is a number, in hundredths: a file may give any."""
    return round(value, 2) if math.isfinite(value) else 0.0
