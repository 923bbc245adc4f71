"""Tax numbers: their form, and what can be said against one without asking the IRS.

The only place where a whole number passes through; what comes out has its last four digits alone.
"""

import re
from typing import Annotated, Literal

from pydantic import StringConstraints
from stdnum.us import ein, itin, ssn

from plumbline.compliance.domain.reading import Fact

TaxNumberForm = Literal["ssn", "itin", "ein", "malformed"]
"""What the number in Part I of a W-9 is; an ITIN stands in the box for SSNs."""

LastFour = Annotated[str, StringConstraints(pattern=r"^\d{0,4}$")]
"""All of a tax number that may leave the vault."""

_NINE_DIGITS = re.compile(r"\d{3}-?\d{2}-?\d{4}|\d{2}-?\d{7}")
_SOCIAL_SECURITY = re.compile(r"(?<![\d-])\d{3}[- ]\d{2}[- ]\d{4}(?![\d-])")
_WHOLE = re.compile(r"(?<![\d-])(?:\d{3}[- ]\d{2}[- ]\d{4}|\d{2}-\d{7})(?![\d-])")


class TaxNumber(Fact):
    """What may be known of a tax number outside the vault."""

    form: TaxNumberForm
    issuer_rules_met: bool
    """Whether the issuer could have given out such a number (SSA POMS RM 10201.035 for SSNs)."""
    prefix_known: bool
    """Whether an EIN's prefix is in the published list, which grows; yes for the others."""
    last_four: LastFour


def tax_number(text: str, *, box: Literal["ssn", "ein"]) -> TaxNumber:
    """Return what may be known of the number that stands in a box of a W-9."""
    written = text.strip()
    digits = re.sub(r"\D", "", written)
    if not _NINE_DIGITS.fullmatch(written):
        return TaxNumber(form="malformed", issuer_rules_met=False, prefix_known=True, last_four=digits[-4:])
    last_four = digits[-4:]
    if box == "ein":
        known = ein.is_valid(digits)
        return TaxNumber(form="ein", issuer_rules_met=True, prefix_known=known, last_four=last_four)
    if itin.is_valid(digits):
        return TaxNumber(form="itin", issuer_rules_met=True, prefix_known=True, last_four=last_four)
    met = ssn.is_valid(digits)
    return TaxNumber(form="ssn", issuer_rules_met=met, prefix_known=True, last_four=last_four)


def social_security_numbers(text: str) -> int:
    """Return how many patterns of whole Social Security numbers stand in a text."""
    return len(_SOCIAL_SECURITY.findall(text))


def whole_tax_numbers(text: str) -> int:
    """Return how many patterns of whole tax numbers stand in a text that would leave the vault."""
    return len(_WHOLE.findall(text))


def masked(text: str) -> str:
    """Return a text in which of every pattern of a whole tax number the last four digits are left."""
    return _WHOLE.sub(lambda number: f"***{number[0][-4:]}", text)


def masked_social_security(text: str) -> str:
    """Return a text in which of every pattern of a Social Security number the last four digits are left."""
    return _SOCIAL_SECURITY.sub(lambda number: f"***{number[0][-4:]}", text)
