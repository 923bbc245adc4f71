"""How a firm's sheets look: its name, logo and colours, what they leave out, and its own fields.

Ours is the ground; a firm's changes it, a project's changes the firm's.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from plumbline.compliance.domain.reading import Fact
from plumbline.compliance.domain.templates.kinds import KINDS
from plumbline.compliance.domain.templates.sheet import LicenceLine, Words

Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-f]{6}$")]
"""As `#0b5cad`."""

FieldName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,40}$")]


class CustomField(Fact):
    """A field of the firm's own."""

    name: FieldName
    label: Words
    required: bool = False
    example: Words = ""
    """What is filled in when a template is tried."""


class Look(Fact):
    """A look, whole."""

    name: Words
    """The firm, as its letterhead has it."""
    lines: Annotated[tuple[Words, ...], Field(max_length=4)] = ()
    """Address, telephone, web."""
    logo: str | None = Field(default=None, pattern=r"^[a-z0-9][a-z0-9._-]*\.svg$")
    """An SVG file in the firm's folder."""
    logo_says: Words = ""
    """The logo in words, for who cannot see it."""
    accent: Colour
    ink: Colour
    paper: Literal["us-letter", "a4"]
    licences: tuple[LicenceLine, ...] = ()
    """The firm's own licences, printed where the sheet's data names none."""
    sections: dict[str, dict[str, bool]]
    """By kind, whether a section is printed; it is if nothing is said."""
    fields: dict[str, tuple[CustomField, ...]]
    """By kind."""
    signers: dict[str, tuple[Words, ...]]
    """By kind, the roles that sign where the sheet's data names none."""

    @model_validator(mode="after")
    def _names_what_is_there(self) -> Self:
        for what in (self.sections, self.fields, self.signers):
            if unknown := sorted(what.keys() - KINDS.keys()):
                raise ValueError(f"there is no kind {unknown[0]}; there are {', '.join(KINDS)}")
        for kind, sections in self.sections.items():
            if unknown := sorted(sections.keys() - KINDS[kind].sections):
                known = ", ".join(sorted(KINDS[kind].sections)) or "none"
                raise ValueError(f"{kind} has no section {unknown[0]} that can be left out; it has {known}")
        if self.logo and not self.logo_says:
            raise ValueError("`logo_says` is missing: say the logo in words for who cannot see it")
        return self


class Dated(Fact):
    """A version of something, and the days on which it applies."""

    version: int = Field(ge=1)
    since: date
    until: date | None = None
    """The first day on which it applies no more."""

    def applies(self, day: date) -> bool:
        """Say whether it does on a day."""
        return self.since <= day and (self.until is None or day < self.until)


class LookVersion(Dated):
    """What a version of a look changes in the one beneath it."""

    look: dict[str, Any]


def laid(*changes: Mapping[str, Any]) -> dict[str, Any]:
    """Lay looks over each other, the ground first: mappings are merged, all else is replaced."""
    whole: dict[str, Any] = {}
    for change in changes:
        whole = _merged(whole, change)
    return whole


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        merged[key] = (
            _merged(under, value) if isinstance(under, Mapping) and isinstance(value, Mapping) else value
        )
    return merged
