"""One paper's life: where it came from, how far it is, what was read, and what a person said of it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal, TypeVar

from pydantic import Field

from plumbline.compliance.domain.decision import Decision
from plumbline.compliance.domain.facts import Payable
from plumbline.compliance.domain.on_file import State
from plumbline.compliance.domain.papers import (
    FIELDS,
    W9,
    Certificate,
    Fields,
    Invoice,
    Licence,
    LienWaiver,
    NoticeOfCommencement,
    Payroll,
    Permit,
    Timesheet,
)
from plumbline.compliance.domain.reading import Fact, Read, value_of
from plumbline.compliance.domain.recognised import Recognised
from plumbline.compliance.domain.rules.vectors import read_for_certain
from plumbline.compliance.domain.tax_numbers import masked

T = TypeVar("T")

IN_ORDER: tuple[State, ...] = ("validated", "dispatch_ready", "dispatched", "acknowledged")
"""States of a paper whose checks have all passed; where it goes is another question."""

AT_REST: tuple[State, ...] = ("expired", "superseded", "withdrawn", "quarantined", "destroyed")
"""States that news around a paper does not change."""

Source = Literal["procore", "upload", "folder", "made"]
"""Where a paper came from; `made`: by ourselves."""

PREFIX = "document/"
"""Begins the keys of documents among the records."""

SURE = 0.9
"""From here on a value was read surely enough to be compared with another."""

NAME_CHARS_MAX = 120
"""Longest file name that is kept."""


class Review(Fact):
    """What a person said of a paper; kept apart from what was read, and counted as certain."""

    at: datetime
    by: str = Field(min_length=1, max_length=200)
    why: str = Field(min_length=1, max_length=1000)
    kind: str | None = None
    fields: Mapping[str, Any] = Field(default_factory=dict)
    """Values by the names of the kind's fields; what is left out stays as it was read."""
    accepts: tuple[str, ...] = ()
    """Rules that asked for a person's look, and had it."""
    looked_at: tuple[str, ...] = ()
    """What these rules said then, as `looked_at` of decisions gives it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One paper, as far as it is."""

    connection: str
    document: str
    source: Source
    source_record: str
    file_name: str
    received_at: datetime
    company_id: str | None = None
    project_id: str | None = None
    vendor_id: str | None = None
    payable: str | None = None
    state: State = "received"
    version: int = 0
    """Rises with each change that is told."""
    scanned_by: str | None = None
    recognised: Recognised | None = None
    fingerprint: str = ""
    """Of its text; see `likeness`."""
    near_duplicate_of: str | None = None
    """An earlier paper of its vendor that says nearly the same; told to people, and decides nothing."""
    problem: tuple[str, str] | None = None
    """Why a person must look, where no rule says so: a stable code, and a sentence."""
    reviews: tuple[Review, ...] = ()
    decisions: tuple[Decision, ...] = ()
    rule_set: str = ""
    inputs: str = ""
    kind: str | None = None
    subject: str | None = None
    """What it is about: a newer paper of one kind, vendor and subject takes the place of an older one."""
    tags: tuple[str, ...] = ()
    held: str | None = None
    """The stable code of why it goes to no desk."""
    expires_on: date | None = None
    superseded_by: str | None = None
    withdrawn_at: datetime | None = None
    """When it was seen that Procore lists it no more: it counts again once it is listed, or comes another way."""
    checked_against: Payable | None = None
    """Its payable as it stood at the last decision, also where that said nothing new: money rests on it."""
    outlived: bool = False
    """Whether it was in order until its time was over, and was destroyed then: what was paid upon it stays paid."""

    @property
    def key(self) -> str:
        """The key of its record."""
        return key_of(self.connection, self.document)

    @property
    def known(self) -> "Known | None":
        """What is known of it, people's words included."""
        return known_of(self.recognised, self.reviews)

    def told(self) -> tuple[object, ...]:
        """Return all that others are told; two that are equal are no news."""
        said = [(one.rule, one.outcome, one.sentence, one.desk, one.held) for one in self.decisions]
        known = self.kind, self.expires_on, self.problem, self.checked_against
        return self.state, self.tags, *known, tuple(said)

    def after(self, **changes: Any) -> "Document":
        """Return it changed, with the next version if that is news to others.

        A decision that says nothing new leaves the one that counts, with the rules and facts it rests on.
        """
        changed = replace(self, **changes)
        if changed.told() == self.told():
            return replace(changed, decisions=self.decisions, rule_set=self.rule_set, inputs=self.inputs)
        return replace(changed, version=self.version + 1)

    def erased(self, *, outlives: bool) -> "Document":
        """Return what stays once its paper was destroyed: what kind it was, when it came, where it belonged.

        A place in Procore is made of ids. Any other is a path that ends in a file name, and names tell of people.
        """
        return self.after(
            state="destroyed",
            file_name="",
            source_record=self.source_record if self.source == "procore" else self.source,
            recognised=None,
            fingerprint="",
            near_duplicate_of=None,
            problem=None,
            reviews=(),
            decisions=(),
            subject=None,
            tags=(),
            held=None,
            expires_on=None,
            checked_against=None,
            outlived=outlives and self.state in IN_ORDER and self.withdrawn_at is None,
        )


@dataclass(frozen=True, slots=True)
class Known:
    """A paper's kind and fields, as read and as said by people."""

    kind: str
    confidence: float
    fields: Fields


def key_of(connection: str, document: str) -> str:
    """Return the key of a document's record."""
    return f"{PREFIX}{connection}/{document}"


def known_of(recognised: Recognised | None, reviews: Sequence[Review]) -> Known | None:
    """Return what is known of a paper: what was read, with people's words over it; None without a kind.

    A person who names another kind starts from blank fields: those of one kind say nothing of another.

    Raises:
        pydantic.ValidationError: somebody's value is none for its field.
    """
    known = None
    if recognised is not None and recognised.kind is not None:
        fields = recognised.fields or FIELDS[recognised.kind]()
        known = Known(recognised.kind, recognised.kind_confidence, fields)
    for review in reviews:
        known = _reviewed(known, review)
    return known


def _reviewed(known: Known | None, review: Review) -> Known | None:
    kind = review.kind or (known.kind if known else None)
    if kind is None:
        return None
    before = known.fields if known and known.kind == kind else FIELDS[kind]()
    said = read_for_certain(FIELDS[kind], review.fields)
    fields = FIELDS[kind].model_validate({**before.model_dump(), **said})
    return Known(kind, 1.0 if review.kind or known is None else known.confidence, fields)


def expiry_of(fields: Fields) -> date | None:
    """Return the last day on which a paper is good; None for those that do not end."""
    match fields:
        case Licence() | Permit() | NoticeOfCommencement():
            return fields.expires_on.value if fields.expires_on else None
        case Certificate(coverages=coverages):
            ends = (one.expires_on.value for one in coverages or () if one.expires_on)
            return min((end for end in ends if end is not None), default=None)
        case _:
            return None


def subject_of(fields: Fields, *, payable: str | None, project_id: str | None) -> str | None:
    """Return what a paper is about among those of its kind and vendor; None where nothing takes its place."""
    if isinstance(fields, LienWaiver):
        return payable
    if isinstance(fields, Certificate):
        kinds = {str(kind) for one in fields.coverages or () if (kind := value_of(one.kind))}
        return "+".join(sorted(kinds)) or None
    names = _SUBJECTS.get(type(fields))
    if names is None:
        return None
    values = [value_of(getattr(fields, name)) for name in names]
    place = [project_id] if isinstance(fields, Payroll | Timesheet) else []
    return None if None in values else " ".join(str(one).casefold() for one in (fields.word, *place, *values))


_SUBJECTS: Mapping[type[Fields], tuple[str, ...]] = {
    W9: (),
    Licence: ("authority", "trade", "grade"),
    Permit: ("authority", "number"),
    Payroll: ("week_ends_on",),
    Timesheet: ("employee", "week_starts_on"),
}
"""The fields that tell what papers of a kind are about; a vendor has one W-9."""


def named_in(fields: Fields) -> str | None:
    """Return the firm that a paper names as its own; None where it names none, or not surely."""
    match fields:
        case W9():
            return sure(fields.name)
        case Certificate():
            return sure(fields.insured)
        case LienWaiver() | Invoice():
            return sure(fields.payee)
        case Licence():
            return sure(fields.holder)
        case _:
            return None


def sure(read: Read[T] | None) -> T | None:
    """Return what was read, if it was read surely enough for money to rest on it."""
    return read.value if read and read.confidence >= SURE else None


def clean_name(name: str) -> str:
    """Return a file name that can be stored and told: no path, no control characters, no whole tax number."""
    last = re.split(r"[/\\]", name)[-1]
    printable = "".join(char if char.isprintable() else "_" for char in last).strip(" .")
    return masked(printable)[-NAME_CHARS_MAX:] or "paper"
