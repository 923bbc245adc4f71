"""The shape of rule files: checks, routes, dated tables and the vectors that try them."""

from collections.abc import Mapping
from datetime import date
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal

from pydantic import Field, StrictFloat, StrictInt, StringConstraints

from plumbline.compliance.domain.decision import Desk, Outcome
from plumbline.compliance.domain.facts import DocumentFacts
from plumbline.compliance.domain.reading import Fact
from plumbline.compliance.domain.statutory import Form

RuleId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{1,60}$")]


class Source(Fact):
    """Where a rule is from, and how sure that is."""

    law: str
    """Statute and section, document, or agreement."""
    mark: Literal["F", "M", "I", "U"]
    """F: read in a source. M: measured. I: our inference or advice. U: known, not yet confirmed."""
    read_in: str = ""
    """Where the law was read, if not in the legislature's own text."""
    note: str = ""


class Dated(Fact):
    """Something that holds for a time."""

    since: date = Field(alias="from")
    """The first day on which it holds."""
    until: date | None = None
    """The first day on which it holds no more; None while it holds."""

    def holds_on(self, day: date) -> bool:
        """Say whether it holds on a day."""
        return self.since <= day and (self.until is None or day < self.until)


class Rule(Dated):
    """What checks and routes have in common."""

    id: RuleId
    title: str
    kinds: tuple[str, ...] = Field(min_length=1)
    """Kinds of paper it is about; `*` stands for any part: `lien_waiver.*`."""
    states: tuple[str, ...] = ()
    """States of the project; empty: all, and those that are not known."""
    trades: tuple[str, ...] = ()
    """Trades of the project; empty: all, and those that are not known."""
    when: str = ""
    """The condition under which it applies; empty: always."""
    sentence: str
    """What a person reads; facts stand in braces."""
    source: Source

    def is_about(self, kind: str) -> bool:
        """Say whether it is about a kind of paper."""
        return any(fnmatchcase(kind, glob) for glob in self.kinds)

    def fits(self, facts: DocumentFacts) -> bool:
        """Say whether it is about a document and its project on the day that is asked for."""
        return (
            self.holds_on(facts.as_of)
            and self.is_about(facts.kind)
            and (not self.states or facts.project.state in self.states)
            and (not self.trades or facts.project.trade in self.trades)
        )


class Check(Rule):
    """Something that must be true of a paper."""

    each: Literal["workers", "people", "coverages", "insurers", "covers"] | None = None
    """What it is asked for each of; None: the paper."""
    holds: str
    """What must be true."""
    otherwise: Literal[Outcome.WARN, Outcome.REVIEW, Outcome.HOLD, Outcome.REJECT]
    """What comes of it if it is not."""


class Route(Rule):
    """Where a document goes; of a group only the first that applies counts, the highest priority first."""

    group: str
    priority: int
    desk: Desk | None = None
    """None: it is held."""
    held: str = Field(default="", pattern=r"^[a-z-]*$")
    """The stable code of why it is held."""


Value = StrictInt | StrictFloat | date | tuple[StrictInt, ...] | dict[str, StrictInt]


class Row(Dated):
    """A value of a table for a time."""

    value: Value
    source: Source


class Table(Fact):
    """A figure that laws and agreements change, with the days on which it holds."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    rows: tuple[Row, ...] = Field(min_length=1)

    def value_on(self, day: date) -> Value | None:
        """Return the value on a day; None if there is none."""
        return next((row.value for row in self.rows if row.holds_on(day)), None)


class Vector(Fact):
    """A case that tries a rule."""

    rule: RuleId
    case: str
    base: str
    """The facts it starts from."""
    change: dict[str, Any] = Field(default_factory=dict)
    """What is other, by its dotted path."""
    gives: Literal["pass", "warn", "review", "hold", "reject", "nothing"]
    """What the rule must say; `nothing` where it does not apply."""


class Book(Fact):
    """All rule files together, as they were read."""

    checks: tuple[Check, ...] = ()
    routes: tuple[Route, ...] = ()
    tables: tuple[Table, ...] = ()
    forms: tuple[Form, ...] = ()
    bases: Mapping[str, Any] = Field(default_factory=dict)
    vectors: tuple[Vector, ...] = ()
