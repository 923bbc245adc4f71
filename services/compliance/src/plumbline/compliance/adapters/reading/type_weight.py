"""When type is bold."""

BOLD_WEIGHT = 600
"""From semi-bold on, on the scale where 400 is regular and 700 bold."""

_BOLD_NAMES = ("bold", "black", "heavy", "demi")


def is_bold_name(font_name: str) -> bool:
    """Return whether a font says that it is bold: `FBEIHM+DejaVuSans-Bold`."""
    name = font_name.lower()
    return any(bold in name for bold in _BOLD_NAMES)
