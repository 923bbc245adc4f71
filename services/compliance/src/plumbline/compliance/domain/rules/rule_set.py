"""A rule set: all rules compiled, sorted by the papers they are about, under one hash."""

import hashlib
import json
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from plumbline.compliance.domain.facts import DocumentFacts
from plumbline.compliance.domain.learning import Learner, bound
from plumbline.compliance.domain.rules.model import Book, Check, Route, Table, Value
from plumbline.compliance.domain.rules.predicate import Engine, Language, Predicate
from plumbline.compliance.domain.rules.sentences import asked
from plumbline.compliance.domain.statutory import Form
from plumbline.compliance.domain.vocabulary import MINIMUM_CONFIDENCE, ROWS, Sort, all_names

TABLE = "table."
"""Begins the name of a dated table."""

CERTAIN = 1.0
"""The confidence of what a form field says by itself."""

_TABLE_SORTS: Mapping[str, Sort] = {
    "int": Sort.WHOLE,
    "float": Sort.DECIMAL,
    "date": Sort.DAY,
    "tuple": Sort.WHOLES,
    "dict": Sort.WHOLE_BY_NAME,
}


@dataclass(frozen=True, slots=True)
class CompiledCheck:
    """A check and its conditions."""

    rule: Check
    when: Predicate | None
    holds: Predicate


@dataclass(frozen=True, slots=True)
class CompiledRoute:
    """A route and its condition."""

    rule: Route
    when: Predicate | None


@dataclass(frozen=True, slots=True)
class FittingRules:
    """What there is to ask about one document, and about all that are alike to the rules."""

    checks: tuple[CompiledCheck, ...]
    groups: Mapping[str, tuple[CompiledRoute, ...]]
    """Routes by their group, the most urgent first."""
    figures: Mapping[str, Any]
    """The tables that are asked for, by their names, as they stand on the document's day."""
    silent: tuple[str, ...]
    """Those that say nothing for it."""
    minimum_confidence: float
    learner: Learner
    asked: frozenset[str]
    """The names in the conditions of checks that are asked of the paper."""
    asked_of_rows: Mapping[str, frozenset[str]]
    """The names in the conditions of checks that are asked of each of its rows."""
    asked_by_routes: frozenset[str]


Likeness = tuple[str, int, str | None, str | None]
"""Kind, season, state and trade: no rule fits one document and not another that is alike in them."""


class RuleSet:
    """Everything that decides about papers; two sets that decide alike by their text have one hash."""

    def __init__(self, book: Book, language: Language) -> None:
        """Compile a book that was linted.

        Raises:
            ConditionError: a condition is wrong; linting would have said so.
        """
        self._book = book
        self.sorts = vocabulary(book.tables)
        self.engine: Engine = language(self.sorts)
        checks = [self._check(rule) for rule in sorted(book.checks, key=lambda one: (one.id, one.since))]
        routes = [
            CompiledRoute(rule, self._condition(rule.when)) for rule in sorted(book.routes, key=urgency)
        ]
        self._checks, self._routes = tuple(checks), tuple(routes)
        self._states = frozenset(state for rule in self.rules for state in rule.states)
        self._trades = frozenset(trade for rule in self.rules for trade in rule.trades)
        dated = [*self.rules, *(row for table in book.tables for row in table.rows)]
        self._turns = sorted({day for one in dated for day in (one.since, one.until) if day})
        self._fitting: dict[Likeness, FittingRules] = {}

    @cached_property
    def hash(self) -> str:
        """Return the SHA-256 of all rules, tables and forms; the order in files and comments change nothing."""
        return book_hash(self._book)

    def to_json(self) -> str:
        """Return the rules as they are kept, to decide by them once more: without the vectors that try them."""
        return self._book.model_copy(update={"vectors": (), "bases": {}}).model_dump_json(by_alias=True)

    @classmethod
    def from_json(cls, text: str, language: Language) -> "RuleSet":
        """Return the rules that were kept so."""
        return cls(Book.model_validate_json(text), language)

    def fitting(self, facts: DocumentFacts) -> FittingRules:
        """Return what there is to ask about a document; found out once for all that are alike.

        As many are kept as there are kinds, days on which a rule or table changes, and states and trades that rules name.
        """
        likeness = self._likeness(facts)
        if likeness not in self._fitting:
            self._fitting[likeness] = self._found_fitting(facts)
        return self._fitting[likeness]

    @property
    def forms(self) -> tuple[Form, ...]:
        """Return the forms of papers whose words are given."""
        return self._book.forms

    def minimum_confidence(self, day: date) -> float:
        """Return how surely a value must have been read to be decided upon; without a row none is sure enough."""
        table = next((one for one in self._book.tables if one.name == MINIMUM_CONFIDENCE), None)
        value = table.value_on(day) if table else None
        return value if isinstance(value, float) else CERTAIN

    @property
    def rules(self) -> tuple[Check | Route, ...]:
        """Return every rule, checks by their id and then routes by their urgency."""
        checks = sorted(self._book.checks, key=lambda one: (one.id, one.since))
        return (*checks, *sorted(self._book.routes, key=urgency))

    @property
    def tables(self) -> tuple[Table, ...]:
        """Return the dated tables."""
        return self._book.tables

    def _check(self, rule: Check) -> CompiledCheck:
        return CompiledCheck(rule, self._condition(rule.when), self.engine.predicate(rule.holds))

    def _condition(self, text: str) -> Predicate | None:
        return self.engine.predicate(text) if text else None

    def _likeness(self, facts: DocumentFacts) -> Likeness:
        state, trade = facts.project.state, facts.project.trade
        return (
            facts.kind,
            bisect_right(self._turns, facts.as_of),
            state if state in self._states else None,
            trade if trade in self._trades else None,
        )

    def _found_fitting(self, facts: DocumentFacts) -> FittingRules:
        checks = tuple(one for one in self._checks if one.rule.fits(facts))
        ways = tuple(one for one in self._routes if one.rule.fits(facts))
        about: tuple[CompiledCheck | CompiledRoute, ...] = (*checks, *ways)
        wanted = {name for one in about for name in names_of(one)}
        values = {
            TABLE + table.name: table.value_on(facts.as_of)
            for table in self._book.tables
            if TABLE + table.name in wanted
        }
        return FittingRules(
            checks=checks,
            groups={way.rule.group: tuple(w for w in ways if w.rule.group == way.rule.group) for way in ways},
            figures={name: bound(value) for name, value in values.items() if value is not None},
            silent=tuple(name for name, value in values.items() if value is None),
            minimum_confidence=self.minimum_confidence(facts.as_of),
            learner=Learner(wanted),
            asked=_asked([one for one in checks if not one.rule.each]),
            asked_of_rows={each: _asked([one for one in checks if one.rule.each == each]) for each in ROWS},
            asked_by_routes=_asked(ways),
        )


def names_of(one: CompiledCheck | CompiledRoute) -> frozenset[str]:
    """Return every name that a rule asks for or says."""
    return _asked([one]) | frozenset(asked(one.rule.sentence))


def _asked(rules: Sequence[CompiledCheck | CompiledRoute]) -> frozenset[str]:
    """Return every name in the conditions of rules."""
    conditions = [one.when for one in rules] + [one.holds for one in rules if isinstance(one, CompiledCheck)]
    return frozenset(name for condition in conditions if condition for name in condition.asks)


def urgency(rule: Route) -> tuple[str, int, str]:
    """Return the order in which the routes of a group are asked."""
    return rule.group, -rule.priority, rule.id


def vocabulary(tables: tuple[Table, ...]) -> dict[str, Sort]:
    """Return all names that rules may ask for, those of the tables included."""
    return all_names() | {TABLE + table.name: sort_of(table.rows[0].value) for table in tables}


def sort_of(value: Value) -> Sort:
    """Return the sort of a table's value."""
    return _TABLE_SORTS[type(value).__name__]


def book_hash(book: Book) -> str:
    """Return the SHA-256 over the canonical form of a book: JSON with sorted keys, rules sorted by their id."""
    parts = {
        "checks": sorted(_canonical(rule) for rule in book.checks),
        "routes": sorted(_canonical(rule) for rule in book.routes),
        "tables": sorted(_canonical(table) for table in book.tables),
        "forms": sorted(_canonical(form) for form in book.forms),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _canonical(one: Check | Route | Table | Form) -> str:
    return json.dumps(one.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)


EACH_WORDS: Mapping[str, str] = {each: word for each, (word, _) in ROWS.items()}
"""The word for one row."""
