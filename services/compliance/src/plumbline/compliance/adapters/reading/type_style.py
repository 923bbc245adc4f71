"""When type is bold, and when it is not drawn."""

BOLD_WEIGHT = 600
"""From semi-bold on, on the scale where 400 is regular and 700 bold."""

HIDDEN_MODES = frozenset((3, 7))
"""Ways to show text that draw nothing (PDF 32000-1, table 106)."""

_BOLD_NAMES = ("bold", "black", "heavy", "demi")


def is_bold_name(font_name: str) -> bool:
    """Return whether a font says that it is bold: `FBEIHM+DejaVuSans-Bold`."""
    name = font_name.lower()
    return any(bold in name for bold in _BOLD_NAMES)
