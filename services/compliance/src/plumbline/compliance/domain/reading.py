"""What was read from a paper, and how surely."""

from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

T = TypeVar("T")


class Fact(BaseModel):
    """Base of everything that rules may ask about: immutable, and nothing that nobody named."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Read(Fact, Generic[T]):
    """One value as a reader found it.

    A place that was seen and is empty is read as None, or as empty text. What was not found at all
    is no `Read`: a rule that asks for it is decided by a person.
    """

    value: T | None
    confidence: float = Field(ge=0, le=1)


def value_of(read: Read[T] | None) -> T | None:
    """Return what was read, however surely; None for a blank, and for what was not found."""
    return read.value if read is not None else None
