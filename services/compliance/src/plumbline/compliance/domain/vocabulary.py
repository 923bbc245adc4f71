"""The words in which rules ask: every fact by its name, with its sort, bound for one document.

A name is a word and a field, `waiver.amount_cents`. `NAME.given` asks whether there is a value. Days
are day numbers, so that 21 days later is `+ 21`. What a rule language cannot reckon (names that are
alike, wages, the wording of a form) is reckoned here and asked for like any other fact, so that the
digest of a decision's inputs covers it.
"""

import re
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Literal, Union, get_args, get_origin

from plumbline.compliance.domain.content import Structure
from plumbline.compliance.domain.facts import (
    HeldLicence,
    LastPayroll,
    Payable,
    Project,
    Vendor,
)
from plumbline.compliance.domain.names import similarity
from plumbline.compliance.domain.ohio_days import counted_for_act, counted_for_filing
from plumbline.compliance.domain.papers import FIELDS, Cents, Coverage, Day, Fields, Insurer, Worker, Yes
from plumbline.compliance.domain.people import Person
from plumbline.compliance.domain.reading import Fact, Read
from plumbline.compliance.domain.statutory import Wording
from plumbline.compliance.domain.wages import least_earned_cents


class Sort(StrEnum):
    """What a fact is."""

    TEXT = "text"
    WHOLE = "whole number"
    DECIMAL = "decimal number"
    YES = "yes or no"
    DAY = "day"
    TEXTS = "list of texts"
    WHOLES = "list of whole numbers"
    WHOLE_BY_NAME = "whole numbers by name"


_SORTS: Mapping[object, Sort] = {
    str: Sort.TEXT,
    int: Sort.WHOLE,
    float: Sort.DECIMAL,
    bool: Sort.YES,
    date: Sort.DAY,
    tuple[int, ...]: Sort.WHOLES,
    dict[str, int]: Sort.WHOLE_BY_NAME,
}

GIVEN = ".given"
"""Ends the name of the fact that another is known and not blank."""

MINIMUM_CONFIDENCE = "minimum_confidence"
"""The table that says how surely a value must have been read to be decided upon."""


class Cover(Fact):
    """One insurance that the contract asks for, beside what the certificate says of it."""

    kind: str
    required_cents: int
    is_shown: Yes
    effective_on: Day = Read[date](value=None, confidence=1)
    expires_on: Day = Read[date](value=None, confidence=1)
    limit_cents: Cents = Read[int](value=None, confidence=1)


@dataclass(frozen=True, slots=True)
class Derived:
    """A fact that follows from others: unknown when one of them is, blank when one of them is."""

    sort: Sort
    inputs: tuple[str, ...]
    reckon: Callable[..., Any]
    blanks: Mapping[str, Any] = field(default_factory=dict)
    """What a blank of some inputs counts as, where it does not make the fact blank."""


def _later(one: int, other: int) -> int:
    return max(one, other)


def _six_years_after(day: int) -> int:
    start = date.fromordinal(day)
    is_leap_day = (start.month, start.day) == (2, 29)
    return start.replace(year=start.year + 6, day=28 if is_leap_day else start.day).toordinal()


def _while_working(today: int, starts: int, ends: int) -> int:
    """Return the present day, before the work its first day, and after it its last."""
    return min(max(today, starts), ends)


def _is_among_counties(named: str, county: str) -> bool:
    """Say whether a county is one of those that are named, however it is written; some improvements lie in several."""
    names = {
        re.sub(r"\bcount(?:y|ies)\b", "", name.casefold()).strip(" .") for name in _COUNTIES.split(named)
    }
    return re.sub(r"\bcounty\b", "", county.casefold()).strip() in names - {""}


_COUNTIES = re.compile(r",|;|&|/|\band\b", re.IGNORECASE)


def _is_one_number(one: str, other: str) -> bool:
    """Say whether two licence numbers are one, however it is spelt: TACL/A/012345/C is TACLA12345C."""
    return _spelt_out(one) == _spelt_out(other)


def _spelt_out(number: str) -> list[str]:
    return [
        part.lstrip("0") for part in re.findall(r"[a-z]+|[0-9]+", re.sub(r"[^a-z0-9]", "", number.lower()))
    ]


def _best(name: str, *others: str) -> float:
    return max(similarity(name, other) for other in others)


DERIVED: Mapping[str, Derived] = {
    "waiver.maker_match": Derived(Sort.DECIMAL, ("waiver.maker", "payable.maker"), similarity),
    "waiver.payee_match": Derived(Sort.DECIMAL, ("waiver.payee", "payable.payee"), similarity),
    "w9.name_match": Derived(Sort.DECIMAL, ("w9.name", "vendor.legal_name"), similarity),
    "certificate.insured_match": Derived(
        Sort.DECIMAL, ("certificate.insured", "vendor.legal_name"), similarity
    ),
    "certificate.holder_match": Derived(
        Sort.DECIMAL, ("certificate.holder", "project.firm", "project.owner"), _best
    ),
    "project.covered_on": Derived(
        Sort.DAY, ("document.as_of", "project.work_starts_on", "project.work_ends_on"), _while_working
    ),
    "permit.names_on_file": Derived(Sort.YES, ("permit.licence_number", "on_file.number"), _is_one_number),
    "licence.holder_match": Derived(Sort.DECIMAL, ("licence.holder", "vendor.legal_name"), similarity),
    "licence.firm_match": Derived(Sort.DECIMAL, ("licence.firm", "vendor.legal_name"), similarity),
    "invoice.payee_match": Derived(Sort.DECIMAL, ("invoice.payee", "vendor.legal_name"), similarity),
    "commencement.is_in_county": Derived(
        Sort.YES, ("commencement.county", "project.county"), _is_among_counties
    ),
    "furnishing.counts_from_on": Derived(
        Sort.DAY, ("furnishing.first_furnished_on", "furnishing.commencement_recorded_on"), _later
    ),
    "affidavit.counted_on": Derived(Sort.DAY, ("affidavit.filed_on",), counted_for_filing),
    "affidavit.service_counted_on": Derived(Sort.DAY, ("affidavit.owner_served_on",), counted_for_act),
    "affidavit.posting_counted_on": Derived(Sort.DAY, ("affidavit.posted_on",), counted_for_act),
    "furnishing.service_counted_on": Derived(Sort.DAY, ("furnishing.served_on",), counted_for_act),
    "document.filing_counted_on": Derived(Sort.DAY, ("document.as_of",), counted_for_filing),
    "document.act_counted_on": Derived(Sort.DAY, ("document.as_of",), counted_for_act),
    "affidavit.ends_on": Derived(Sort.DAY, ("affidavit.filed_on",), _six_years_after),
    "timesheet.days_total_minutes": Derived(Sort.WHOLE, ("timesheet.days_minutes",), sum),
    "worker.days_total_minutes": Derived(Sort.WHOLE, ("worker.days_minutes",), sum),
    "worker.earned_cents": Derived(
        Sort.WHOLE,
        ("worker.total_minutes", "worker.overtime_minutes", "worker.base_cents", "worker.fringe_paid_cents"),
        least_earned_cents,
        {"worker.overtime_minutes": 0, "worker.fringe_paid_cents": 0},
    ),
}
"""Facts that are reckoned from others."""

ROWS: Mapping[str, tuple[str, type[Fact]]] = {
    "workers": ("worker", Worker),
    "people": ("person", Person),
    "coverages": ("coverage", Coverage),
    "insurers": ("insurer", Insurer),
    "covers": ("cover", Cover),
}
"""What a rule may be asked for each of, the word for one, and what is said of one."""

_AROUND: Mapping[str, type[Fact]] = {
    "file": Structure,
    "project": Project,
    "vendor": Vendor,
    "payable": Payable,
    "last_payroll": LastPayroll,
    "on_file": HeldLicence,
}
"""What is known around every paper."""

_DOCUMENT: Mapping[str, Sort] = {
    "document.kind": Sort.TEXT,
    "document.kind_confidence": Sort.DECIMAL,
    "document.received_on": Sort.DAY,
    "document.as_of": Sort.DAY,
    "checks.blocking": Sort.WHOLE,
}
"""The document itself; how many of its checks block it is known once they are decided."""

GROUPS = ("payable", "last_payroll", "on_file")
"""Words that may be absent as a whole: then `WORD.given` is no."""


def _sort(annotation: Any) -> Sort | None:
    """Return the sort of an annotation; None for what is no single fact."""
    if annotation in _SORTS:
        return _SORTS[annotation]
    if isinstance(annotation, type) and issubclass(annotation, Read):
        return _sort(annotation.__pydantic_generic_metadata__["args"][0])
    origin = get_origin(annotation)
    if origin is Literal:
        return Sort.TEXT
    if origin is tuple:
        return Sort.TEXTS if _sort(get_args(annotation)[0]) is Sort.TEXT else None
    if origin in {Union, types.UnionType}:
        return _sort(next(arg for arg in get_args(annotation) if arg is not type(None)))
    return _sort(get_args(annotation)[0]) if hasattr(annotation, "__metadata__") else None


def _said_by(word: str, model: type[Fact]) -> dict[str, Sort]:
    sorts = {f"{word}.{name}": _sort(info.annotation) for name, info in model.model_fields.items()}
    return {name: sort for name, sort in sorts.items() if sort is not None}


def _with_given(sorts: Mapping[str, Sort]) -> dict[str, Sort]:
    return {**sorts, **{name + GIVEN: Sort.YES for name in sorts}}


def _names_of(fields: type[Fields]) -> dict[str, Sort]:
    sorts = dict(_DOCUMENT)
    for word, model in (*_AROUND.items(), (fields.word, fields)):
        sorts |= _with_given(_said_by(word, model))
    if "wording" in fields.model_fields:
        sorts |= _said_by("wording", Wording)
    sorts |= _with_given(_derived(sorts))
    return sorts | {word + GIVEN: Sort.YES for word in GROUPS}


def _derived(sorts: Mapping[str, Sort]) -> dict[str, Sort]:
    return {name: one.sort for name, one in DERIVED.items() if set(one.inputs) <= set(sorts)}


NAMES: Mapping[str, Mapping[str, Sort]] = {kind: _names_of(fields) for kind, fields in FIELDS.items()}
"""The facts of each kind of paper and their sorts."""


def _row_names(word: str, model: type[Fact]) -> dict[str, Sort]:
    sorts = _said_by(word, model)
    return _with_given(sorts | _derived(sorts))


ROW_NAMES: Mapping[str, Mapping[str, Sort]] = {each: _row_names(*row) for each, row in ROWS.items()}
"""The facts of one of the rows that a rule may be asked for each of."""


def all_names() -> dict[str, Sort]:
    """Return every fact of every kind and row."""
    names: dict[str, Sort] = {}
    for sorts in (*NAMES.values(), *ROW_NAMES.values()):
        names |= sorts
    return names


def label(name: str) -> str:
    """Return a fact's name as people say it: `waiver.signed_on` is "the waiver's signed date"."""
    word, _, attribute = name.removesuffix(GIVEN).partition(".")
    for ending, said in (("_on", " date"), ("_cents", " amount"), ("_points", " type size")):
        if attribute.endswith(ending):
            attribute = attribute.removesuffix(ending) + said
    return f"the {word.replace('_', ' ')}'s {attribute.replace('_', ' ')}"
