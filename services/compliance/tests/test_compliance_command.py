"""The command: what a person sees of the rules."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from rules_lab import ROOT, RULES, facts

from plumbline.common.connections import ConfigurationError
from plumbline.compliance.rules_command import explain, lint_rules, read_facts, show


def run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "plumbline.compliance", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def wrong_waiver(tmp_path: Path) -> Path:
    path = tmp_path / "facts.json"
    path.write_text(facts("tx-conditional-progress", fields__amount_cents=4815001).model_dump_json())
    return path


def test_each_decision_is_explained_in_a_sentence(wrong_waiver: Path) -> None:
    told = run("rules", "explain", str(wrong_waiver))
    assert told.returncode == 0
    lines = told.stdout.splitlines()
    assert "hold   TX-LW-07: The waiver is for a check of $48,150.01 from Brazos Builders LLC" in told.stdout
    assert "hold   held-checks: Held, because 1 of its checks must be settled first." in lines
    assert lines[-1].startswith("rule set ")


def test_plain_values_may_be_written_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "facts.json"
    plain = {
        "document": "0" * 64,
        "kind": "licence",
        "fields": {"expires_on": "2026-11-04"},
        "received_on": "2026-11-05",
        "as_of": "2026-11-05",
    }
    path.write_text(json.dumps(plain))
    assert "hold   LIC-01: The licence expired on 2026-11-04." in explain(RULES, path)


def test_lint_ends_with_one_when_something_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "wrong.yaml").write_text("rulez: []\n")
    told = run("rules", "--rules", str(tmp_path), "lint")
    assert told.returncode == 1
    assert told.stdout.startswith("unknown-field: wrong.yaml: `rulez` is none of bases, checks, forms,")


def test_lint_says_the_rule_set_when_nothing_is_wrong() -> None:
    text, is_usable = lint_rules(RULES)
    assert is_usable
    assert "nothing wrong; rule set " in text


def test_rules_facts_and_kinds_are_shown() -> None:
    assert "TX-LW-06: Payment before an unconditional waiver; else hold; Tex. Prop. Code §53.283 [F]" in show(
        RULES, "rules"
    )
    assert "waiver.amount_cents (whole number)" in show(RULES, "facts").splitlines()
    assert "worker.earned_cents (whole number), with `each: workers`" in show(RULES, "facts").splitlines()
    assert "lien_waiver.other" in show(RULES, "kinds").splitlines()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "is no JSON"),
        ('{"kind": "w8", "fields": {}}', "unknown; known are"),
        ('{"kind": "w9", "fields": {"nothing": 1}}', "nothing"),
    ],
)
def test_facts_that_are_none_are_refused_with_what_is_wrong(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "facts.json"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=problem):
        read_facts(path)


def test_a_file_that_is_not_there_ends_in_a_sentence(tmp_path: Path) -> None:
    told = run("rules", "explain", str(tmp_path / "nothing.json"))
    assert told.returncode == 1
    assert told.stderr.startswith("configuration: ")
    assert "cannot be read" in told.stderr
