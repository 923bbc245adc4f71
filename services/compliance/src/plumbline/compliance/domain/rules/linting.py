"""What is wrong with rules, told before they decide about anything: each with a stable code and a sentence."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from pydantic import ValidationError

from plumbline.compliance.domain.decision import Decision, Outcome
from plumbline.compliance.domain.facts import DocumentFacts
from plumbline.compliance.domain.papers import FIELDS
from plumbline.compliance.domain.rules.deciding import decide
from plumbline.compliance.domain.rules.model import Book, Check, Dated, Route, Rule, Vector
from plumbline.compliance.domain.rules.predicate import (
    ConditionError,
    Engine,
    Language,
    UndecidedError,
    UnknownFactError,
)
from plumbline.compliance.domain.rules.rule_set import TABLE, RuleSet, sort_of, urgency, vocabulary
from plumbline.compliance.domain.rules.sentences import asked
from plumbline.compliance.domain.rules.vectors import NOTHING, facts_of, given_by
from plumbline.compliance.domain.statutory import text_hash
from plumbline.compliance.domain.vocabulary import MINIMUM_CONFIDENCE, NAMES, ROW_NAMES


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with the rules."""

    code: str
    where: str
    """The rule, table, form or vector."""
    sentence: str

    def told(self) -> str:
        """Return it in one line."""
        return f"{self.code}: {self.where}: {self.sentence}"


def lint(book: Book, language: Language) -> tuple[Problem, ...]:
    """Return everything that is wrong with a book; vectors are tried only when nothing else is."""
    engine = language(vocabulary(book.tables))
    rules: tuple[Rule, ...] = (*book.checks, *book.routes)
    problems = [problem for rule in rules for problem in _of_rule(rule, engine, book)]
    problems += _doubled(rules)
    problems += _unreachable(rules, engine)
    problems += _without_default(book.routes)
    problems += _of_tables(book)
    problems += _of_forms(book)
    problems += _untried(book)
    return tuple(problems or _of_vectors(book, language))


def _of_rule(rule: Rule, engine: Engine, book: Book) -> Iterator[Problem]:
    for glob in rule.kinds:
        if not any(rule.model_copy(update={"kinds": (glob,)}).is_about(kind) for kind in FIELDS):
            yield Problem(
                "unknown-kind", rule.id, f"no kind of paper is called {glob}; see `rules show kinds`"
            )
    conditions = {"when": rule.when} | ({"holds": rule.holds} if isinstance(rule, Check) else {})
    names = set(asked(rule.sentence))
    for name, condition in conditions.items():
        if condition:
            try:
                names |= engine.predicate(condition).asks
            except UnknownFactError as error:
                yield Problem("unknown-field", rule.id, f"`{name}` {error}; see `rules show facts`")
            except ConditionError as error:
                yield Problem("type-error", rule.id, f"`{name}`: {error}")
    yield from _unknown_names(rule, names, book)
    if isinstance(rule, Route) and bool(rule.desk) == bool(rule.held):
        yield Problem("no-way", rule.id, "a route has either a desk or a code for why it holds")


def _unknown_names(rule: Rule, names: Iterable[str], book: Book) -> Iterator[Problem]:
    """Find names that some paper of the rule has no fact for."""
    tables = {TABLE + table.name for table in book.tables}
    each = getattr(rule, "each", None)
    of_rows = ROW_NAMES[each].keys() if each else set()
    for name in sorted(set(names) - tables - of_rows):
        lacking = [kind for kind in FIELDS if rule.is_about(kind) and name not in NAMES[kind]]
        if lacking:
            yield Problem(
                "unknown-field", rule.id, f"{name} is no fact of {lacking[0]}; see `rules show facts`"
            )


def _overlap(one: Dated, other: Dated) -> bool:
    return (one.until is None or other.since < one.until) and (other.until is None or one.since < other.until)


def _doubled(rules: Iterable[Rule]) -> Iterator[Problem]:
    for one, other in combinations(rules, 2):
        if one.id == other.id and _overlap(one, other):
            yield Problem("duplicate-id", one.id, "two rules of this id hold on one day; give one another id")


def _unreachable(rules: Iterable[Rule], engine: Engine) -> Iterator[Problem]:
    for rule in rules:
        if rule.until is not None and rule.until <= rule.since:
            yield Problem("unreachable-rule", rule.id, "its dates never hold: `until` is not after `from`")
        elif _never(rule, engine):
            yield Problem("unreachable-rule", rule.id, "its `when` asks for nothing and is never true")
    routes = sorted((rule for rule in rules if isinstance(rule, Route)), key=urgency)
    for place, rule in enumerate(routes):
        above = next((one for one in routes[:place] if _shadows(one, rule)), None)
        if above is not None:
            yield Problem(
                "unreachable-rule", rule.id, f"{above.id} comes before it and takes all that it takes"
            )


def _never(rule: Rule, engine: Engine) -> bool:
    try:
        condition = engine.predicate(rule.when or "true")
        return not condition.asks and not condition.holds(engine.facts({}))
    except (ConditionError, UndecidedError):
        return False


def _shadows(above: Route, below: Route) -> bool:
    """Say whether all that one route takes is taken by another, as far as their text shows."""
    return (
        above.group == below.group
        and (not above.when or above.when == below.when)
        and all(above.is_about(kind) for kind in FIELDS if below.is_about(kind))
        and _covers(above.states, below.states)
        and _covers(above.trades, below.trades)
        and above.since <= below.since
        and (above.until is None or (below.until is not None and below.until <= above.until))
    )


def _covers(above: tuple[str, ...], below: tuple[str, ...]) -> bool:
    return not above or (bool(below) and set(below) <= set(above))


def _without_default(routes: Iterable[Route]) -> Iterator[Problem]:
    groups = sorted({route.group for route in routes})
    for group in groups:
        if not any(_is_default(route) for route in routes if route.group == group):
            yield Problem(
                "missing-default",
                group,
                "no route takes what the others leave; add one for all kinds, without states, trades, `when` "
                "and end",
            )


def _is_default(route: Route) -> bool:
    narrows = route.states or route.trades or route.when or route.until
    return not narrows and all(route.is_about(kind) for kind in FIELDS)


def _of_tables(book: Book) -> Iterator[Problem]:
    if MINIMUM_CONFIDENCE not in {table.name for table in book.tables}:
        yield Problem("missing-table", MINIMUM_CONFIDENCE, "without it nothing that was read is sure enough")
    for table in book.tables:
        if len({sort_of(row.value) for row in table.rows}) > 1:
            yield Problem("type-error", table.name, "its rows have values of different types")
        if any(_overlap(one, other) for one, other in combinations(table.rows, 2)):
            yield Problem("ambiguous-table", table.name, "two of its rows hold on one day")
    names = [table.name for table in book.tables]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Problem("duplicate-id", name, "there are two tables of this name")


def _of_forms(book: Book) -> Iterator[Problem]:
    for form in book.forms:
        if form.kind not in FIELDS:
            yield Problem("unknown-kind", form.id, f"no kind of paper is called {form.kind}")
        if text_hash(form.text) != form.sha256:
            yield Problem(
                "changed-form",
                form.id,
                f"its text has hash {text_hash(form.text)}; have counsel confirm the change, then write the hash",
            )
        for name in sorted(set(asked(form.text)) ^ form.blanks.keys()):
            yield Problem("unknown-field", form.id, f"blank {name} stands in its text or in its list alone")


def _untried(book: Book) -> Iterator[Problem]:
    """Find rules without a vector that passes and one that does not, and vectors without a rule."""
    rules: Mapping[str, Rule] = {rule.id: rule for rule in (*book.checks, *book.routes)}
    for identity, rule in rules.items():
        given = {vector.gives for vector in book.vectors if vector.rule == identity}
        lacking = _needed(rule) - given
        if lacking:
            yield Problem("no-vectors", identity, f"no vector gives {' or '.join(sorted(lacking))}")
    for vector in book.vectors:
        if vector.rule not in rules:
            yield Problem("unknown-rule", vector.rule, f'vector "{vector.case}" tries no rule')


def _needed(rule: Rule) -> set[str]:
    """Return what the vectors of a rule must show: that it takes and that it fails, or leaves to others."""
    match rule:
        case Check(otherwise=otherwise):
            return {Outcome.IN_ORDER.value, otherwise.value}
        case Route(desk=None):
            return {Outcome.HOLD.value}
        case _:
            return {Outcome.IN_ORDER.value, NOTHING}


def _of_vectors(book: Book, language: Language) -> Iterator[Problem]:
    rule_set = RuleSet(book, language)
    for vector in book.vectors:
        where = f'{vector.rule}, "{vector.case}"'
        problem = _tried(vector, book, lambda facts: decide(facts, rule_set))
        if problem:
            yield Problem("wrong-vector", where, problem)


def _tried(vector: Vector, book: Book, decided: Callable[[DocumentFacts], tuple[Decision, ...]]) -> str:
    """Return what is wrong with a vector; nothing if it gives what it says."""
    try:
        facts = facts_of(vector, book.bases)
    except KeyError as error:
        return f"there is no base called {error}"
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        return f"these are no facts: {'.'.join(map(str, first['loc']))}: {first['msg']}"
    decisions = decided(facts)
    given = given_by(vector.rule, decisions)
    said = next((one.sentence for one in decisions if one.rule == vector.rule), "")
    return "" if given == vector.gives else f"gives {given}, not {vector.gives}. {said}"
