"""What kind of paper a file is, and what it says: each value with how surely it was read and where it stood."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, SecretStr, SerializeAsAny

from plumbline.compliance.domain.content import Structure
from plumbline.compliance.domain.papers import Fields
from plumbline.compliance.domain.reading import Fact


class Place(Fact):
    """Where a value stood."""

    source: Literal["form", "text"]
    page: int | None = None
    at: str = ""
    """The form field's name, or the words beside which it was found."""


class Recognised(Fact):
    """A paper whose kind is known, or said to be unknown."""

    kind: str | None
    """A kind of `papers.FIELDS`; None where nothing tells it: a person says."""
    kind_confidence: float = Field(ge=0, le=1)
    why: str
    """What told the kind, in words: the form's title, its anchor phrases, its wording."""
    fields: SerializeAsAny[Fields] | None = None
    places: Mapping[str, Place] = Field(default_factory=dict)
    """By the name of the field; of a row `workers.0.gross_cents`."""
    file: Structure = Structure()
    """What is in its file besides what it says."""
    tax_number: SecretStr | None = Field(default=None, exclude=True)
    """A W-9's whole number, for the safe alone; never part of fields, events, logs or the database."""
