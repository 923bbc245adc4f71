"""From facts and rules to decisions: pure, and the same bytes for the same facts and rules.

Nothing is guessed. Where a rule asks for what was not read, or not surely, its decision is that a
person looks; so it is where a condition comes to no answer.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from plumbline.compliance.domain.decision import Decision, Desk, Outcome
from plumbline.compliance.domain.facts import DocumentFacts
from plumbline.compliance.domain.learning import Known, rows
from plumbline.compliance.domain.reading import Fact
from plumbline.compliance.domain.rules.model import Check, Rule
from plumbline.compliance.domain.rules.predicate import Predicate, UndecidedError
from plumbline.compliance.domain.rules.rule_set import (
    EACH_WORDS,
    CompiledCheck,
    CompiledRoute,
    RuleSet,
)
from plumbline.compliance.domain.rules.sentences import filled

SEVERITY = tuple(Outcome)
"""Outcomes from the mildest to the most severe."""

NOT_KNOWN = "not-known"
"""Why a document is held whose route hangs on what is not known."""


def decide(facts: DocumentFacts, rule_set: RuleSet) -> tuple[Decision, ...]:
    """Return what the rules say of a document: its checks, then one decision for each group of routes."""
    return tuple(_Deciding(facts, rule_set).all())


@dataclass(frozen=True, slots=True)
class _View:
    """Facts as a person and as the rule language see them."""

    known: Known
    ready: Any


@dataclass(frozen=True, slots=True)
class _Answer:
    outcome: Outcome
    sentence: str


class _Deciding:
    """One document being decided about."""

    def __init__(self, facts: DocumentFacts, rule_set: RuleSet) -> None:
        self._facts = facts
        self._rule_set = rule_set
        self._rules = rule_set.fitting(facts)
        self._inputs = facts.digest()
        known = self._rules.learner.learn(facts, self._rules.minimum_confidence)
        known.values.update(self._rules.figures)
        known.unknown.update(dict.fromkeys(self._rules.silent, f"says nothing for {facts.as_of}"))
        self._paper = self._view(known, self._rules.asked)
        self._rows: dict[str, tuple[_View, ...] | None] = {}

    def all(self) -> Iterator[Decision]:
        """Return every decision, checks first: routes may ask how many of them block."""
        checks = [decision for one in self._rules.checks if (decision := self._checked(one))]
        yield from checks
        known = self._paper.known
        known.values["checks.blocking"] = sum(decision.outcome.blocks for decision in checks)
        view = self._view(known, self._rules.asked_by_routes)
        for routes in self._rules.groups.values():
            yield from self._routed(routes, view)

    def _view(self, known: Known, asked: frozenset[str]) -> _View:
        """Make what is asked for ready for the rule language: each name more would cost as much as a condition."""
        values = {name: known.values[name] for name in asked if name in known.values}
        return _View(known, self._rule_set.engine.facts(values))

    def _checked(self, one: CompiledCheck) -> Decision | None:
        rule = one.rule
        answer = self._each_answer(one, rule.each) if rule.each else self._answer(one, self._paper)
        return self._decision(rule, self._looked_at(rule, answer)) if answer else None

    def _looked_at(self, rule: Check, answer: _Answer) -> _Answer:
        """Return an answer that asks for a look as a warning once the look was had.

        Only of rules that never ask for more than a look: what would hold or reject is not waved through.
        """
        if answer.outcome is not Outcome.REVIEW or rule.otherwise is not Outcome.REVIEW:
            return answer
        if looked_at(rule.id, answer.sentence) not in self._facts.accepted:
            return answer
        return _Answer(Outcome.WARN, f"{answer.sentence} A person has looked at it and accepts it.")

    def _answer(self, one: CompiledCheck, view: _View) -> _Answer | None:
        """Return what a check says; None if it does not apply."""
        rule = one.rule
        doubt = _doubt(one.when, view)
        if doubt:
            return _Answer(Outcome.REVIEW, f"{rule.title} cannot be checked: {doubt}.")
        try:
            if one.when and not one.when.holds(view.ready):
                return None
            doubt = _doubt(one.holds, view)
            if doubt:
                return _Answer(Outcome.REVIEW, f"{rule.title} cannot be checked: {doubt}.")
            if one.holds.holds(view.ready):
                return _Answer(Outcome.IN_ORDER, f"{rule.title}: in order.")
        except UndecidedError as error:
            return _Answer(Outcome.REVIEW, f"{rule.title} cannot be checked: {error}.")
        return _Answer(rule.otherwise, self._sentence(rule, view))

    def _each_answer(self, one: CompiledCheck, each: str) -> _Answer | None:
        """Return the most severe of what a check says of each row, with the first such row's sentence."""
        views = self._views_of(each)
        if views is None:
            return _Answer(Outcome.REVIEW, f"{one.rule.title} cannot be checked: the {each} are not known.")
        answers = [answer for view in views if (answer := self._answer(one, view))]
        if not answers:
            return None
        worst = max(answers, key=lambda answer: SEVERITY.index(answer.outcome))
        others = sum(answer.outcome is not Outcome.IN_ORDER for answer in answers) - 1
        return (
            _Answer(worst.outcome, f"{worst.sentence} So it is {others} more times.") if others > 0 else worst
        )

    def _views_of(self, each: str) -> tuple[_View, ...] | None:
        if each not in self._rows:
            found = rows(self._facts, each)
            self._rows[each] = None if found is None else tuple(self._row_view(each, row) for row in found)
        return self._rows[each]

    def _row_view(self, each: str, row: Fact) -> _View:
        known = self._rules.learner.learn_row(
            self._paper.known, EACH_WORDS[each], row, self._rules.minimum_confidence
        )
        return self._view(known, self._rules.asked_of_rows[each])

    def _routed(self, routes: Iterable[CompiledRoute], view: _View) -> Iterator[Decision]:
        """Give the decision of the first route that applies; one that cannot be told holds the document."""
        for one in routes:
            decision = self._way(one, view)
            if decision:
                yield decision
                return

    def _way(self, one: CompiledRoute, view: _View) -> Decision | None:
        """Return what a route decides; None if it does not apply."""
        rule = one.rule
        doubt = _doubt(one.when, view)
        try:
            if not doubt and one.when and not one.when.holds(view.ready):
                return None
        except UndecidedError as error:
            doubt = str(error)
        if doubt:
            answer = _Answer(Outcome.REVIEW, f"{rule.title} cannot be told: {doubt}.")
            return self._decision(rule, answer, held=NOT_KNOWN)
        answer = _Answer(Outcome.IN_ORDER if rule.desk else Outcome.HOLD, self._sentence(rule, view))
        return self._decision(rule, answer, desk=rule.desk, held=rule.held)

    def _sentence(self, rule: Rule, view: _View) -> str:
        return filled(rule.sentence, view.known, self._rule_set.sorts)

    def _decision(self, rule: Rule, answer: _Answer, *, desk: Desk | None = None, held: str = "") -> Decision:
        return Decision(
            rule=rule.id,
            outcome=answer.outcome,
            sentence=answer.sentence,
            rule_set=self._rule_set.hash,
            inputs=self._inputs,
            desk=desk,
            held=held,
        )


def looked_at(rule: str, sentence: str) -> str:
    """Return what a person accepts who accepts a rule: what it says of the paper as it stands, and nothing else."""
    return f"{rule}: {sentence}"


def _doubt(condition: Predicate | None, view: _View) -> str:
    """Return, in words, what keeps a condition from being asked; nothing if nothing does."""
    unknown = view.known.unknown
    if condition is None or condition.asks.isdisjoint(unknown):
        return ""
    return " and ".join(view.known.why_unknown(sorted(condition.asks)))
