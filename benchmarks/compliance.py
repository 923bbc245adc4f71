"""How long papers take: the shipped rules against the same checks in plain Python, over the same documents; printing; intake.

Each part of the service that is measured is a function that gives rows of the table: `rules` here,
`printing`, `intake`. The process and its children are held to one core.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from cel_expr_python import cel

from benchmarks.intake import TARGET_S, intake, p99_s
from benchmarks.machine import report
from benchmarks.printing import TARGET_PAGES_PER_S, pages_per_s, printing
from plumbline.compliance.adapters.rule_files import load_rule_set, read_book
from plumbline.compliance.domain.facts import DocumentFacts
from plumbline.compliance.domain.rules.deciding import decide
from plumbline.compliance.domain.rules.rule_set import CompiledCheck, RuleSet
from plumbline.compliance.domain.rules.vectors import facts_of

ROOT = Path(__file__).parents[1]
RULES = ROOT / "config" / "rules"

ROUNDS = 50
"""Times that all documents are gone through; the quickest counts, for what else runs on the machine only adds."""

TARGET_US = 2.0
"""What a rule may take."""

COLUMNS = ("part", "what", "µs each", "of them", "note")


def us_each(work: Callable[[], int]) -> tuple[float, int]:
    """Return the least processor time of one of what a call does, in µs, and how many a call does."""
    number = work()
    times = []
    for _ in range(ROUNDS):
        began = time.process_time()
        work()
        times.append((time.process_time() - began) / number * 1e6)
    return min(times), number


def rules() -> Iterator[tuple[object, ...]]:
    """Measure conditions alone, whole decisions, and plain Python over every vector's document."""
    answers = plain_answers()
    rule_set = load_rule_set(RULES)
    book, _ = read_book(RULES)
    documents = [facts_of(vector, book.bases) for vector in book.vectors]
    conditions = [one for facts in documents for one in ready(facts, rule_set)]
    alone, number = us_each(lambda: asked(conditions))
    yield "rules", "one condition in CEL", f"{alone:.2f}", number, f"target ≤ {TARGET_US}"
    empty, number = us_each(lambda: called_for_nothing(len(conditions)))
    yield "rules", "a call of CEL that asks for nothing", f"{empty:.2f}", number, "the floor of a condition"
    decided, number = us_each(lambda: sum(len(decide(facts, rule_set)) for facts in documents))
    yield "rules", "one decision, with digest and sentence", f"{decided:.2f}", number, ""
    plain, number = us_each(lambda: sum(len(answers(facts)) for facts in documents))
    yield "rules", "one check in plain Python", f"{plain:.2f}", number, "no digest, no sentence"
    whole, number = us_each(lambda: sum(bool(decide(facts, rule_set)) for facts in documents))
    yield "rules", "one document through all rules", f"{whole:.0f}", number, f"{len(rule_set.rules)} rules"


def plain_answers() -> Callable[[DocumentFacts], dict[str, str]]:
    """Return the checks in plain Python: the oracle of the service's tests."""
    path = ROOT / "services" / "compliance" / "tests" / "rules_oracle.py"
    spec = spec_from_file_location("rules_oracle", path)
    assert spec is not None
    assert spec.loader is not None
    oracle = module_from_spec(spec)
    spec.loader.exec_module(oracle)
    answers: Callable[[DocumentFacts], dict[str, str]] = oracle.answers
    return answers


Condition = tuple[CompiledCheck, object]


def ready(facts: DocumentFacts, rule_set: RuleSet) -> list[Condition]:
    """Return the conditions that may be asked of a document, each with its facts made ready."""
    fitting = rule_set.fitting(facts)
    known = {**fitting.learner.learn(facts, fitting.minimum_confidence).values, **fitting.figures}
    values = {name: value for name, value in known.items() if name in fitting.asked}
    made = rule_set.engine.facts(values)
    return [(one, made) for one in fitting.checks if not one.rule.each and one.holds.asks <= values.keys()]


def asked(conditions: Sequence[Condition]) -> int:
    """Ask every condition; return how many there were."""
    for one, made in conditions:
        one.holds.holds(made)
    return len(conditions)


def called_for_nothing(times: int) -> int:
    """Call CEL for the answer `true`: what its binding takes before a fact is asked for."""
    bare = cel.NewEnv(variables={})
    always, nothing = bare.compile("true"), bare.Activation({})
    for _ in range(times):
        always.eval(nothing).value()
    return times


def main() -> int:
    """Measure on one core, and say whether the targets are met."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    of_rules, of_printing, of_intake = list(rules()), list(printing()), list(intake())
    report("compliance", "Papers", COLUMNS, [*of_rules, *of_printing, *of_intake])
    is_met = (
        float(str(of_rules[0][2])) <= TARGET_US
        and pages_per_s(of_printing[0]) >= TARGET_PAGES_PER_S
        and p99_s(of_intake[0]) <= TARGET_S
    )
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
