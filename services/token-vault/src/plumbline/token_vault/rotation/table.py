"""The table of credentials: what an operator sees of each, without a value."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Rotates = Literal["itself", "a person"]
"""Who brings a new value."""


@dataclass(frozen=True, slots=True)
class Row:
    """One credential."""

    name: str
    kind: str
    """In a person's words: `client secret`."""
    version: int
    since: datetime | None
    """When the present value came; None where that is not known."""
    due_at: datetime | None
    """When it must have been replaced."""
    state: str
    """`live`, or how far its rotation is; of grants the states of a grant."""
    held_up: str = ""
    """What holds a rotation up, in a sentence."""
    ends_at: datetime | None = None
    """When the value ends by itself, as access tokens do."""
    rotates: Rotates = "itself"
    """Who brings the new value."""
    would: str = ""
    """What `rotate` does."""
