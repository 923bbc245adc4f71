"""The shipped rules: what they say of their vectors, and that a decision can be made again."""

import itertools
import json
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from rules_lab import ROOT, RULES, check, decided, facts, rule_set, shipped

from plumbline.common.connections import ConfigurationError
from plumbline.compliance.adapters.cel import CelEngine
from plumbline.compliance.adapters.rule_files import load_rule_set, read_book
from plumbline.compliance.domain.decision import Outcome
from plumbline.compliance.domain.papers import FIELDS
from plumbline.compliance.domain.rules.deciding import NOT_KNOWN, decide
from plumbline.compliance.domain.rules.linting import lint
from plumbline.compliance.domain.rules.model import Book, Vector
from plumbline.compliance.domain.rules.rule_set import RuleSet, book_hash
from plumbline.compliance.domain.rules.vectors import facts_of, given_by

NAMED = [
    *(f"TX-LW-{number:02}" for number in range(1, 10)),
    *(f"W9-{number:02}" for number in range(1, 9)),
    *(f"COI-{number:02}" for number in range(1, 7)),
    *(f"WH-{number:02}" for number in range(1, 10)),
    *("OH-NOF-01", "OH-NOF-03", "OH-LA-01", "OH-LA-03", "OH-LA-04", "OH-NOC-01", "OH-LW-03"),
    *("TX-PL-01", "TX-HVAC-01", "TX-HVAC-03", "OH-OCILB-01", "AHJ-01", "TR-01", "TR-03"),
]
"""Checks that other parts of the project name."""


def test_the_shipped_rules_have_nothing_wrong() -> None:
    assert [problem.told() for problem in lint(shipped(), CelEngine)] == []


@pytest.mark.parametrize("vector", shipped().vectors, ids=lambda vector: f"{vector.rule}: {vector.case}")
def test_a_vector_gives_what_it_says(vector: Vector) -> None:
    decisions = decide(facts_of(vector, shipped().bases), rule_set())
    assert given_by(vector.rule, decisions) == vector.gives


def test_every_check_that_is_named_elsewhere_is_there() -> None:
    assert set(NAMED) <= {rule.id for rule in rule_set().rules}


def test_every_kind_of_paper_has_a_base_and_checks() -> None:
    kinds = {base["kind"] for base in shipped().bases.values()}
    assert kinds == set(FIELDS)
    assert all(any(one.is_about(kind) for one in shipped().checks) for kind in FIELDS)


@pytest.mark.parametrize("base", sorted(shipped().bases.keys() - {"tx-other-waiver"}))
def test_a_paper_in_order_passes_every_check(base: str) -> None:
    outcomes = {one.rule: one.outcome for one in decided(base).values() if not one.rule.startswith("held-")}
    assert set(outcomes.values()) == {Outcome.IN_ORDER}, outcomes


@pytest.mark.parametrize("base", shipped().bases)
def test_every_sentence_can_be_read(base: str) -> None:
    for decision in decided(base, project__state=None, payable=None).values():
        assert decision.sentence.endswith(".")
        assert not {"{", "}", "None"} & set(decision.sentence.split())


def test_the_sentence_of_a_wrong_amount_says_both_amounts() -> None:
    decision = decided("tx-conditional-progress", fields__amount_cents=4815001)["TX-LW-07"]
    assert decision.sentence == (
        "The waiver is for a check of $48,150.01 from Brazos Builders LLC to Lone Star Air, L.L.C.; to be paid is "
        "$48,150.00 from Brazos Builders LLC to Lone Star Air LLC."
    )


def test_a_check_of_each_row_tells_of_the_first_and_counts_the_others() -> None:
    wrong = facts("payroll").fields.model_dump(mode="json")["workers"][0] | {
        "net_cents": {"value": 1, "confidence": 1}
    }
    lines = [
        wrong | {name: {"value": value, "confidence": 1} for name, value in number.items()}
        for number in ({"entry": n, "identifier": f"123{n}"} for n in (1, 2, 3))
    ]
    decision = decided("payroll", fields__workers=lines)["WH-05"]
    assert decision.outcome is Outcome.REJECT
    assert decision.sentence == (
        "Lee Park: $2,952.57 earned in the week, $2,952.57 of it on this project, less $612.57 is not $0.01. "
        "So it is 2 more times."
    )


def test_what_was_not_read_is_for_a_person() -> None:
    decision = decided("w9", fields__signed={"value": True, "confidence": 0.5})["W9-06"]
    assert decision.outcome is Outcome.REVIEW
    assert decision.sentence == (
        "Signature and date cannot be checked: the w9's signed was read with confidence 0.50, 0.85 is asked for."
    )


def test_a_paper_does_not_move_its_region() -> None:
    """The address in the paper says Austin, Procore says Ohio: no Texas desk gets it."""
    decisions = decided("tx-conditional-progress", project__state="OH").values()
    assert [one.desk for one in decisions if one.desk] == []
    assert not [one.rule for one in decisions if one.rule.startswith("TX-")]


def test_a_document_is_asked_its_own_rules_whatever_was_asked_before() -> None:
    lab = [
        check(id="LAB-TX", states=["TX"]),
        check(id="LAB-HVAC", trades=["hvac"]),
        check(id="LAB-OLD", until="2026-11-15"),
        check(id="LAB-NEW", **{"from": "2026-11-15"}),
        check(id="LAB-PERMIT", kinds=["permit"], holds="permit.number != ''"),
    ]
    rules = RuleSet(Book(checks=tuple(lab)), CelEngine)
    unlike = itertools.product(("TX", "OH", None), ("hvac", "plumbing", None), ("2026-11-14", "2026-11-15"))
    for state, trade, day in unlike:
        one = facts("w9", project__state=state, project__trade=trade, as_of=day)
        said = {decision.rule for decision in decide(one, rules)}
        about = {"LAB-TX": state == "TX", "LAB-HVAC": trade == "hvac"}
        assert said == {name for name, is_about in about.items() if is_about} | {
            "LAB-OLD" if day < "2026-11-15" else "LAB-NEW"
        }
        assert {decision.rule for decision in decide(facts("permit", as_of=day), rules)} >= {"LAB-PERMIT"}


def test_an_hvac_paper_in_texas_goes_to_the_topic_of_its_region() -> None:
    desk = decided("permit")["tx-hvac"].desk
    assert desk is not None
    assert (desk.topic, desk.trade) == ("dispatch.us-tx.v1", "hvac")


def test_an_ohio_plumbers_package_goes_to_the_topic_of_its_region() -> None:
    desk = decided("oh-conditional-progress")["oh-plumbing"].desk
    assert desk is not None
    assert (desk.topic, desk.trade) == ("dispatch.us-oh.v1", "plumbing")


def test_no_region_is_held_with_its_reason() -> None:
    decision = decided("permit", project__state=None)["held-no-region"]
    assert (decision.outcome, decision.held) == (Outcome.HOLD, "no-region")
    assert "Procore does not say in which state" in decision.sentence


def test_a_route_that_hangs_on_what_is_not_known_holds_the_document() -> None:
    licence = {"vendor__licences.0.acr_class": "B", "project__cooling_tons": None}
    decision = decided("permit", **licence)["tx-hvac-class-b"]
    assert (decision.outcome, decision.held, decision.desk) == (Outcome.REVIEW, NOT_KNOWN, None)


@pytest.mark.parametrize("base", shipped().bases)
def test_a_decision_can_be_made_again_byte_for_byte(base: str) -> None:
    first = b"\n".join(one.model_dump_json().encode() for one in decide(facts(base), rule_set()))
    again = RuleSet(shipped(), CelEngine)
    back = facts(base).model_validate_json(facts(base).model_dump_json())
    second = b"\n".join(one.model_dump_json().encode() for one in decide(back, again))
    assert first == second
    assert rule_set().hash.encode() in first


def test_another_process_decides_in_the_same_bytes() -> None:
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); from rules_lab import *; "
        "[print(one.model_dump_json()) for one in decide(facts('tx-conditional-progress'), rule_set())]"
    )
    command = [sys.executable, "-c", script, str(Path(__file__).parent)]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60).stdout
    here = decide(facts("tx-conditional-progress"), rule_set())
    assert told.splitlines() == [one.model_dump_json() for one in here]


def test_the_hash_does_not_hang_on_order_comments_or_files(tmp_path: Path) -> None:
    for path in RULES.rglob("*.yaml"):
        said = yaml.safe_load(path.read_text())
        shuffled = {part: _shuffled(said[part]) for part in reversed(list(said))}
        target = tmp_path / f"{random.Random(str(path)).randrange(10**6)}-{path.parent.name}-{path.name}"
        target.write_text("# another comment\n" + yaml.safe_dump(shuffled, sort_keys=False))
    assert load_rule_set(tmp_path).hash == rule_set().hash


def _shuffled(part: object) -> object:
    if not isinstance(part, list):
        return part
    rules = [dict(reversed(one.items())) for one in part]
    random.Random(7).shuffle(rules)
    return rules


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("value: 21,", "value: 22,"),
        ("otherwise: reject", "otherwise: warn"),
        ("waives rights unconditionally", "waives rights"),
        ("from: 2012-01-01", "from: 2012-01-02"),
    ],
)
def test_the_hash_changes_with_what_is_decided(tmp_path: Path, before: str, after: str) -> None:
    shutil.copytree(RULES, tmp_path / "rules")
    path = next(path for path in sorted((tmp_path / "rules").rglob("*.yaml")) if before in path.read_text())
    path.write_text(path.read_text().replace(before, after, 1))
    book, _ = read_book(tmp_path / "rules")
    assert book_hash(book) != rule_set().hash


def test_the_digest_changes_with_any_fact() -> None:
    base = facts("tx-conditional-progress")
    assert base.digest() != facts("tx-conditional-progress", fields__amount_cents=4815001).digest()
    assert base.digest() != facts("tx-conditional-progress", as_of="2026-11-06").digest()
    turned = json.loads(base.model_dump_json())
    assert base.digest() == type(base).model_validate(dict(reversed(turned.items()))).digest()


def test_rules_with_something_wrong_are_not_used(tmp_path: Path) -> None:
    (tmp_path / "wrong.yaml").write_text("checks: [{id: LAB-01}]\n")
    with pytest.raises(ConfigurationError, match="LAB-01"):
        load_rule_set(tmp_path)
