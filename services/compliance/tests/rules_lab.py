"""What the tests of the rules share: the shipped rules, and facts made from their bases."""

from functools import cache
from pathlib import Path
from typing import Any

from plumbline.compliance.adapters.cel import CelEngine
from plumbline.compliance.adapters.rule_files import read_book
from plumbline.compliance.domain.decision import Decision
from plumbline.compliance.domain.facts import DocumentFacts
from plumbline.compliance.domain.rules.deciding import decide
from plumbline.compliance.domain.rules.model import Book, Check, Vector
from plumbline.compliance.domain.rules.rule_set import RuleSet
from plumbline.compliance.domain.rules.vectors import facts_of

ROOT = Path(__file__).parents[3]
RULES = ROOT / "config" / "rules"


@cache
def shipped() -> Book:
    """Return the rules that are shipped."""
    book, problems = read_book(RULES)
    assert not problems
    return book


@cache
def rule_set() -> RuleSet:
    """Return them compiled."""
    return RuleSet(shipped(), CelEngine)


def facts(base: str, **change: Any) -> DocumentFacts:
    """Return the facts of a base with some of them changed; `__` stands for the dot of a path."""
    dotted = {path.replace("__", "."): value for path, value in change.items()}
    vector = Vector(rule="lab", case="lab", base=base, change=dotted, gives="nothing")
    return facts_of(vector, shipped().bases)


def decided(base: str, **change: Any) -> dict[str, Decision]:
    """Return what the shipped rules decide, by rule."""
    return {decision.rule: decision for decision in decide(facts(base, **change), rule_set())}


def check(**given: Any) -> Check:
    """Return a check, of which a test says what it is about."""
    default = {
        "id": "LAB-01",
        "title": "A check of the laboratory",
        "kinds": ["w9"],
        "holds": "w9.signed",
        "otherwise": "hold",
        "sentence": "It is not signed.",
        "source": {"law": "none", "mark": "I"},
        "from": "2000-01-01",
    }
    return Check.model_validate(default | given)
