"""What any rule language must do that stands behind `Predicate`: put another engine into ENGINES to try it."""

import time
from typing import Any

import pytest

from plumbline.compliance.adapters.cel import CelEngine
from plumbline.compliance.domain.rules.predicate import (
    ConditionError,
    Engine,
    Language,
    UndecidedError,
    UnknownFactError,
)
from plumbline.compliance.domain.vocabulary import Sort

VOCABULARY = {
    "a.text": Sort.TEXT,
    "a.number": Sort.WHOLE,
    "a.number.given": Sort.YES,
    "a.day": Sort.DAY,
    "a.share": Sort.DECIMAL,
    "a.yes": Sort.YES,
    "a.names": Sort.TEXTS,
    "a.days": Sort.WHOLES,
    "table.by_class": Sort.WHOLE_BY_NAME,
}

VALUES = {
    "a.text": "TACL/A/012345/C",
    "a.number": 42,
    "a.number.given": True,
    "a.day": 739_000,
    "a.share": 0.9,
    "a.yes": True,
    "a.names": ["austin", "travis"],
    "a.days": [14, 18, 20],
    "table.by_class": {"family": 60, "other": 75},
}

ENGINES: list[Language] = [CelEngine]


@pytest.fixture(params=ENGINES, ids=["cel-expr-python"])
def engine(request: pytest.FixtureRequest) -> Engine:
    made: Engine = request.param(VOCABULARY)
    return made


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("a.yes", True),
        ("!a.yes", False),
        ("a.number == 42", True),
        ("a.number != 42", False),
        ("a.day + 21 >= 739021", True),
        ("a.day + 21 > 739021", False),
        ("a.share >= 0.9", True),
        ("a.share > 0.9", False),
        ("a.text == ''", False),
        ("a.text.matches('^TACL[ /-]*[AB][ /-]*[0-9]{3,8}[ /-]*[ERC]$')", True),
        ("a.text.matches('^[0-9]+$')", False),
        ("a.text in ['x', 'y']", False),
        ("'travis' in a.names", True),
        ("size(a.names) == 2", True),
        ("18 in a.days", True),
        ("a.number in a.days", False),
        ("a.days[0] == 14", True),
        ("table.by_class['family'] == 60", True),
        ("(a.number > 40 ? a.number - 40 : 0) == 2", True),
        ("a.number * 3 / 2 == 63", True),
        ("a.yes && a.number == 41 || a.text != ''", True),
        ("a.names.exists(name, name == 'austin')", True),
    ],
)
def test_a_condition_holds_or_does_not(engine: Engine, condition: str, *, holds: bool) -> None:
    assert engine.predicate(condition).holds(engine.facts(VALUES)) is holds


@pytest.mark.parametrize(
    "condition",
    [
        "a.number > 3",
        "a.day == a.number",
        "a.number / (a.number - 42) == 1",
        "table.by_class['oil'] == 120",
        "a.days[7] == 1",
        "a.number * 9223372036854775807 > 1",
    ],
)
def test_a_condition_without_answer_is_undecided(engine: Engine, condition: str) -> None:
    blank = {name: value for name, value in VALUES.items() if name != "a.number"}
    values = blank if condition in {"a.number > 3", "a.day == a.number"} else VALUES
    with pytest.raises(UndecidedError):
        engine.predicate(condition).holds(engine.facts(values))


def test_a_guard_keeps_a_condition_from_the_blank_behind_it(engine: Engine) -> None:
    facts = engine.facts({"a.number.given": False, "a.yes": False})
    assert not engine.predicate("a.number.given && a.number > 3").holds(facts)
    assert engine.predicate("!a.number.given || a.number > 3").holds(facts)
    assert engine.predicate("(a.number.given ? a.number : 0) == 0").holds(facts)
    assert not engine.predicate("a.number > 3 && a.yes").holds(facts)


@pytest.mark.parametrize("condition", ["a.nothing", "b.text == ''", "nothing"])
def test_a_fact_that_nobody_knows_is_refused_before_it_is_asked(engine: Engine, condition: str) -> None:
    with pytest.raises(UnknownFactError, match="no fact"):
        engine.predicate(condition)


@pytest.mark.parametrize(
    "condition",
    [
        "",
        "a.yes &&",
        "a.text == 1",
        "a.share >= 1",
        "a.number",
        "a.yes + 1",
        "a.text.given",
        "'x' in a.days",
        "a.number.matches('1')",
    ],
)
def test_what_does_not_fit_is_refused_before_it_is_asked(engine: Engine, condition: str) -> None:
    with pytest.raises(ConditionError):
        engine.predicate(condition)


@pytest.mark.parametrize(
    ("condition", "asks"),
    [
        ("a.number.given && a.number > 3", {"a.number.given", "a.number"}),
        ("a.text.matches('a.yes')", {"a.text"}),
        ("a.names.exists(one, one == a.text)", {"a.names", "a.text"}),
        ("table.by_class[a.text] == 1", {"table.by_class", "a.text"}),
        ("true", set()),
    ],
)
def test_a_condition_tells_what_it_asks_for(engine: Engine, condition: str, asks: set[str]) -> None:
    assert engine.predicate(condition).asks == asks


def test_a_condition_without_end_is_ended(engine: Engine) -> None:
    many = "[" + ",".join("1" for _ in range(60)) + "]"
    condition = "a.days.all(w, " + f"{many}.all(x, {many}.all(y, {many}.all(z, w + x + y + z > 0))))"
    began = time.monotonic()
    with pytest.raises(UndecidedError):
        engine.predicate(condition).holds(engine.facts(VALUES))
    assert time.monotonic() - began < 2


def test_one_predicate_serves_many_facts(engine: Engine) -> None:
    predicate: Any = engine.predicate("a.number == 42")
    answers = [predicate.holds(engine.facts({"a.number": number})) for number in (41, 42, 43)]
    assert answers == [False, True, False]
