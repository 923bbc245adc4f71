"""Binding facts to the names under which rules ask for them, for one document at a time.

What was not found in a paper, or not surely, is unknown and tells why; a place that is empty is blank.
What Procore and we do not know is unknown too, but `NAME.given` may be asked of it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from plumbline.compliance.domain.facts import DocumentFacts, HeldLicence, RequiredCover
from plumbline.compliance.domain.papers import Coverage
from plumbline.compliance.domain.people import people
from plumbline.compliance.domain.reading import Fact, Read
from plumbline.compliance.domain.vocabulary import (
    DERIVED,
    GIVEN,
    GROUPS,
    ROWS,
    Cover,
    Derived,
    Sort,
    all_names,
    label,
)


@dataclass(slots=True)
class Known:
    """Facts under their names; `unknown` tells why others are not there to be asked for."""

    values: dict[str, Any] = field(default_factory=dict)
    unknown: dict[str, str] = field(default_factory=dict)

    def why_unknown(self, names: Iterable[str]) -> Iterable[str]:
        """Return the reasons, in words, why some names cannot be asked for."""
        reasons = (f"{label(name)} {self.unknown[name]}" for name in names if name in self.unknown)
        return dict.fromkeys(reasons)


class Learner:
    """Binds the facts that some rules ask for, and no others."""

    def __init__(self, wanted: Iterable[str]) -> None:
        """Prepare for the names that will be asked for; a derived one needs what it is reckoned from."""
        names = {name.removesuffix(GIVEN) for name in wanted} - set(GROUPS)
        self._derived = [(name, DERIVED[name]) for name in DERIVED if name in names]
        names |= {name for _, one in self._derived for name in one.inputs}
        self._derived_of_rows = {
            word: [found for found in self._derived if found[0].startswith(word + ".")]
            for word, _ in ROWS.values()
        }
        self._by_word: dict[str, list[tuple[str, str]]] = {}
        for name in sorted(names - DERIVED.keys()):
            word, _, attribute = name.partition(".")
            self._by_word.setdefault(word, []).append((name, attribute))

    def learn(self, facts: DocumentFacts, minimum: float) -> Known:
        """Return what is known of a document."""
        known = Known()
        known.values.update(
            {
                "document.kind": facts.kind,
                "document.kind_confidence": facts.kind_confidence,
                "document.received_on": facts.received_on.toordinal(),
                "document.as_of": facts.as_of.toordinal(),
            }
        )
        self._take_paper(known, facts.fields.word, facts.fields, minimum)
        self._take_paper(known, "wording", getattr(facts.fields, "wording", None), minimum)
        self._take_around(known, "file", facts.file)
        self._take_around(known, "project", facts.project)
        self._take_around(known, "vendor", facts.vendor)
        self._take_group(known, "payable", facts.payable)
        self._take_group(known, "last_payroll", facts.vendor.last_payroll)
        self._take_group(known, "on_file", on_file(facts))
        self._derive(known, self._derived)
        return known

    def learn_row(self, known: Known, word: str, row: Fact, minimum: float) -> Known:
        """Return what is known of a document and one of its rows."""
        both = Known(dict(known.values), dict(known.unknown))
        self._take_paper(both, word, row, minimum)
        self._derive(both, self._derived_of_rows[word])
        return both

    def _take_paper(self, known: Known, word: str, said: Fact | None, minimum: float) -> None:
        """Take what was read: what was not found, or not surely, is unknown."""
        for name, attribute in self._by_word.get(word, ()):
            value = getattr(said, attribute, None)
            why = _doubt(name, value, minimum)
            if why is not None:
                known.unknown[name] = known.unknown[name + GIVEN] = why
            else:
                _take_or_blank(known, name, value.value if isinstance(value, Read) else value)

    def _take_around(self, known: Known, word: str, said: Fact) -> None:
        """Take what Procore and we say: what is not known can be asked about, its value cannot."""
        for name, attribute in self._by_word.get(word, ()):
            value = getattr(said, attribute)
            if value is None:
                known.unknown[name] = "is not known"
                known.values[name + GIVEN] = False
            else:
                _take(known, name, value)

    def _take_group(self, known: Known, word: str, said: Fact | None) -> None:
        """Take what there may be none of: then all of it is blank."""
        known.values[word + GIVEN] = said is not None
        for name, attribute in self._by_word.get(word, ()):
            _take_or_blank(known, name, getattr(said, attribute, None))

    def _derive(self, known: Known, derived: Iterable[tuple[str, Derived]]) -> None:
        for name, one in derived:
            why = next((known.unknown[given] for given in one.inputs if given in known.unknown), None)
            if why is not None:
                known.unknown[name] = known.unknown[name + GIVEN] = why
                continue
            given = {**one.blanks, **known.values} if one.blanks else known.values
            known.values[name + GIVEN] = given.keys() >= set(one.inputs)
            if known.values[name + GIVEN]:
                known.values[name] = one.reckon(*(given[name] for name in one.inputs))


_NOT_SHOWN = Read[bool](value=False, confidence=1)

_BLANKS: Mapping[Sort, Any] = {Sort.TEXT: "", Sort.YES: False, Sort.TEXTS: [], Sort.WHOLES: []}
"""What a blank is where rules can tell it by itself; any other blank has no value."""

_SORT_OF: Mapping[str, Sort] = all_names()


def _doubt(name: str, value: Any, minimum: float) -> str | None:
    """Return why what was read of a paper cannot be decided upon; None if it can."""
    if value is None:
        return "was not found"
    if not isinstance(value, Read):
        return None
    if value.confidence < minimum:
        return f"was read with confidence {value.confidence:.2f}, {minimum:.2f} is asked for"
    return "could not be told" if value.value is None and _SORT_OF[name] is Sort.YES else None


def _take(known: Known, name: str, value: Any) -> None:
    known.values[name] = bound(value)
    known.values[name + GIVEN] = value != ""


def _take_or_blank(known: Known, name: str, value: Any) -> None:
    if value is not None:
        _take(known, name, value)
        return
    sort = _SORT_OF[name]
    if sort in _BLANKS:
        known.values[name] = _BLANKS[sort]
    known.values[name + GIVEN] = False


def bound(value: Any) -> Any:
    """Return a value as rules see it: a day as its number."""
    if isinstance(value, date):
        return value.toordinal()
    return list(value) if isinstance(value, tuple) else value


def rows(facts: DocumentFacts, each: str) -> Sequence[Fact] | None:
    """Return the rows that a rule is asked for each of; None if they are not known."""
    if each == "covers":
        return covers(facts)
    if each == "people":
        workers = getattr(facts.fields, "workers", None)
        return None if workers is None else people(workers)
    found: Sequence[Fact] | None = getattr(facts.fields, each)
    return found


def covers(facts: DocumentFacts) -> tuple[Cover, ...] | None:
    """Return what the contract asks for, each beside the certificate's rows of that kind."""
    coverages = getattr(facts.fields, "coverages", None)
    if facts.project.required_covers is None or coverages is None:
        return None
    return tuple(
        cover
        for asked in facts.project.required_covers
        for cover in _covers(asked, [one for one in coverages if one.kind and one.kind.value == asked.kind])
    )


def _covers(asked: RequiredCover, shown: Sequence[Coverage]) -> Sequence[Cover]:
    """Return what is asked for beside each row of its kind: where there are several, all must do."""
    return [_cover(asked, one) for one in shown] or [
        Cover(kind=asked.kind, required_cents=asked.limit_cents, is_shown=_NOT_SHOWN)
    ]


def _cover(asked: RequiredCover, shown: Coverage) -> Cover:
    confidence = shown.kind.confidence if shown.kind else 0
    return Cover(
        kind=asked.kind,
        required_cents=asked.limit_cents,
        is_shown=Read[bool](value=True, confidence=confidence),
        effective_on=shown.effective_on,
        expires_on=shown.expires_on,
        limit_cents=shown.limit_cents,
    )


def on_file(facts: DocumentFacts) -> HeldLicence | None:
    """Return the vendor's licence for the project's state and trade: of several the one that lasts longest."""
    fitting = [
        one
        for one in facts.vendor.licences
        if one.state == facts.project.state and one.trade == facts.project.trade
    ]
    return max(fitting, key=lambda one: (one.expires_on, one.number), default=None)
