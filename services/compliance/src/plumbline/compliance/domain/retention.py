"""How long each kind of paper is kept, as data: whole years after an event."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Event = Literal["received", "project_completed"]
"""What the years count from. A project that nobody has said to be completed keeps its papers."""


class RetentionClass(BaseModel):
    """Kinds of paper that are kept alike."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    kinds: tuple[str, ...] = Field(min_length=1)
    """Kinds, families as `lien_waiver.*`, or `*`."""
    years: Annotated[int, Field(ge=1)] | Literal["never"]
    """Whole years; `never`: until somebody destroys it by name."""
    after: Event
    source: str
    """The law that asks for it, or who decided."""

    def until(self, today: date) -> date | None:
        """Return the last day of an event whose time is over today; None: it never is."""
        return None if self.years == "never" else _years_before(today, self.years)


class Retention(BaseModel):
    """Every class; the last takes every kind that no other names."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    classes: tuple[RetentionClass, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _is_unambiguous(self) -> Self:
        kinds = [kind for one in self.classes for kind in one.kinds]
        if twice := {kind for kind in kinds if kinds.count(kind) > 1}:
            raise ValueError(f"in more than one class: {', '.join(sorted(twice))}")
        if self.classes[-1].kinds != ("*",):
            raise ValueError("the last class takes the rest: kinds: ['*']")
        return self

    def of(self, kind: str) -> RetentionClass:
        """Return the class of a kind: by its name, else its family, else the last."""
        family = f"{kind.partition('.')[0]}.*"
        for wanted in (kind, family):
            for one in self.classes:
                if wanted in one.kinds:
                    return one
        return self.classes[-1]


class Due(BaseModel):
    """A paper whose time is over."""

    model_config = ConfigDict(frozen=True)

    connection: str
    document: str
    kind: str
    project_id: str | None = None
    retention_class: str
    because: str
    """A sentence: which class, which years, since when."""


def sentence(one: RetentionClass, counted_from: date) -> str:
    """Say why a paper's time is over."""
    what = "it was received" if one.after == "received" else "its project was completed"
    return f"{one.name}: kept for {one.years} years after {what} on {counted_from:%Y-%m-%d}"


def _years_before(day: date, years: int) -> date:
    """A 29 February counts as the 28th where there is none: a paper is kept a day longer, never shorter."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def unknown_kinds(retention: Retention, known: Sequence[str]) -> Sequence[str]:
    """Return what a file names as kinds that no paper is of: a typing error there would let papers be kept otherwise."""
    families = {f"{kind.partition('.')[0]}.*" for kind in known}
    named = [kind for one in retention.classes for kind in one.kinds]
    return [kind for kind in named if kind not in {*known, *families, "*"}]
