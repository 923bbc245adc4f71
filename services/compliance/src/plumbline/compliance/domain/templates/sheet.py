"""What every printed sheet says: the project, who has authority over it, and who signs.

Values are data, never markup: a template prints them as they are. Money is integer cents, time integer minutes.
"""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, ClassVar

from pydantic import Field, StringConstraints

from plumbline.compliance.domain.facts import State
from plumbline.compliance.domain.reading import Fact

Words = Annotated[str, StringConstraints(max_length=200)]
"""A line of text."""

Prose = Annotated[str, StringConstraints(max_length=4000)]
"""A paragraph or two."""


class Site(Fact):
    """The project, as its people know it."""

    name: Words
    number: Words
    address: Words = ""
    city: Words = ""
    county: Words = ""
    state: State | None = None
    owner: Words = ""
    contractor: Words = ""


class AuthorityLine(Fact):
    """An authority having jurisdiction, from the directory."""

    name: Words
    level: Words
    disciplines: tuple[Words, ...] = ()
    codes: tuple[Words, ...] = ()
    """Code editions in force, in words."""
    contact: Words = ""


class PermitLine(Fact):
    """A permit for the work."""

    number: Words
    kind: Words
    authority: Words
    issued_on: date | None = None
    expires_on: date | None = None
    status: Words = ""


class LicenceLine(Fact):
    """A licence under which work is done."""

    trade: Words
    holder: Words
    authority: Words
    number: Words
    expires_on: date | None = None


class Signature(Fact):
    """A place to sign, or a signature that was given."""

    role: Words
    name: Words = ""
    title: Words = ""
    signed_on: date | None = None


class Sheet(Fact):
    """Base of everything that is printed."""

    kind: ClassVar[str]
    """What templates call it."""
    sections: ClassVar[frozenset[str]]
    """What a firm or a project may leave out."""

    made_on: date
    """The date of the sheet; the same data gives the same bytes on any day."""
    site: Site
    authorities: Annotated[tuple[AuthorityLine, ...], Field(max_length=20)] = ()
    permits: Annotated[tuple[PermitLine, ...], Field(max_length=40)] = ()
    licences: Annotated[tuple[LicenceLine, ...], Field(max_length=40)] = ()
    signatures: Annotated[tuple[Signature, ...], Field(max_length=12)] = ()
    custom: dict[str, Words] = Field(default_factory=dict, max_length=40)
    """Values of the firm's own fields, by name."""

    def told(self) -> dict[str, Any]:
        """Return what a template is given, as JSON has it; sums are reckoned here, so that no sheet contradicts itself."""
        return self.model_dump(mode="json")

    def must_show(self) -> Sequence[str]:
        """Return what no template may leave out."""
        return (self.site.name, self.site.number)


BLOCKS = frozenset({"authorities", "permits", "licences", "custom", "signatures"})
"""Sections that every sheet but a waiver has."""
