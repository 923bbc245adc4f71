"""Ten thousand random documents, decided by the rules and by plain Python: both say the same of every one."""

from collections import Counter

from random_papers import documents
from rules_lab import rule_set, shipped
from rules_oracle import answers, way

from plumbline.compliance.domain.decision import Decision, Outcome
from plumbline.compliance.domain.rules.deciding import decide
from plumbline.compliance.domain.rules.model import Check

DOCUMENTS = 10_000
SEED = 2026


def told(decision: Decision) -> tuple[str, str]:
    """Return where a decision of a route sends a document."""
    return (decision.desk.region, decision.desk.trade) if decision.desk else ("held", decision.held)


def test_the_rules_agree_with_plain_python() -> None:
    checks = {rule.id for rule in rule_set().rules if isinstance(rule, Check)}
    seen: Counter[tuple[str, str]] = Counter()
    ways: Counter[tuple[str, str]] = Counter()
    for facts in documents(shipped(), number=DOCUMENTS, seed=SEED):
        decisions = decide(facts, rule_set())
        said = {one.rule: one.outcome.value for one in decisions if one.rule in checks}
        assert said == answers(facts), facts.model_dump_json()
        blocking = any(one.outcome.blocks for one in decisions if one.rule in checks)
        (route,) = (one for one in decisions if one.rule not in checks)
        assert told(route) == way(facts, blocking=blocking), facts.model_dump_json()
        seen.update(said.items())
        ways[told(route)] += 1
    _say_something(checks, seen, ways)


def _say_something(checks: set[str], seen: Counter[tuple[str, str]], ways: Counter[tuple[str, str]]) -> None:
    """Agreeing is worth something only where every check passed and failed, and every way was gone."""
    failing = {rule.id: rule.otherwise for rule in rule_set().rules if isinstance(rule, Check)}
    assert {check for check in checks if not seen[check, Outcome.IN_ORDER.value]} == set()
    assert {check for check in checks if not seen[check, failing[check].value]} == set()
    held = {"no-region", "checks", "office-only", "licence", "no-desk"}
    assert {("held", why) for why in held} <= set(ways)
    assert {("us-tx", "hvac"), ("us-tx", "plumbing"), ("us-oh", "plumbing")} <= set(ways)


def test_no_shipped_condition_is_ever_without_answer() -> None:
    """A blank is asked about before it is reckoned with: only what is not known is for a person."""
    reasons = (
        "is not known",
        "are not known",
        "was not found",
        "confidence",
        "could not be told",
        "says nothing",
    )
    for facts in documents(shipped(), number=1_000, seed=SEED + 1):
        for decision in decide(facts, rule_set()):
            if " cannot be " in decision.sentence:
                assert any(reason in decision.sentence for reason in reasons), decision.sentence
