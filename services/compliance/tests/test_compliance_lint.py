"""What linting finds: each fault under its code, and nothing in rules that are right."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from rules_lab import RULES, shipped

from plumbline.compliance.adapters.cel import CelEngine
from plumbline.compliance.adapters.rule_files import lint_folder
from plumbline.compliance.domain.rules.linting import lint
from plumbline.compliance.domain.rules.model import Book

SOURCE = {"law": "none", "mark": "I"}

CHECK: dict[str, Any] = {
    "id": "LAB-01",
    "title": "Signature",
    "kinds": ["w9"],
    "holds": "w9.signed",
    "otherwise": "hold",
    "sentence": "It is signed: {w9.signed}.",
    "source": SOURCE,
    "from": "2000-01-01",
}

DEFAULT: dict[str, Any] = {
    "id": "lab-rest",
    "title": "The rest",
    "group": "lab",
    "priority": 0,
    "kinds": ["*"],
    "held": "no-desk",
    "sentence": "Held.",
    "source": SOURCE,
    "from": "2000-01-01",
}

TABLE: dict[str, Any] = {
    "name": "minimum_confidence",
    "title": "Sure",
    "rows": [{"from": "2000-01-01", "value": 0.85, "source": SOURCE}],
}

VECTORS: list[dict[str, Any]] = [
    {"rule": "LAB-01", "case": "signed", "base": "w9", "gives": "pass"},
    {"rule": "LAB-01", "case": "not", "base": "w9", "change": {"fields.signed": False}, "gives": "hold"},
]

REST_VECTOR = {"rule": "lab-rest", "case": "anything", "base": "w9", "gives": "hold"}


def book(**parts: Any) -> Book:
    default = {
        "checks": [CHECK],
        "tables": [TABLE],
        "vectors": VECTORS,
        "bases": {"w9": shipped().bases["w9"]},
    }
    return Book.model_validate(default | parts)


def route(**given: Any) -> dict[str, Any]:
    return DEFAULT | given


def codes(of: Book) -> set[tuple[str, str]]:
    return {(problem.code, problem.where) for problem in lint(of, CelEngine)}


def test_a_right_book_has_nothing_wrong() -> None:
    assert codes(book()) == set()
    assert codes(book(routes=[DEFAULT], vectors=[*VECTORS, REST_VECTOR])) == set()


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("unknown-field", {"holds": "w9.signatur"}),
        ("unknown-field", {"when": "table.no_such == 1"}),
        ("unknown-field", {"holds": "waiver.signed"}),
        ("unknown-field", {"sentence": "It says {w9.everything}."}),
        ("unknown-field", {"kinds": ["w9", "permit"]}),
        ("unknown-field", {"kinds": ["payroll.wh347"], "holds": "worker.is_apprentice", "sentence": "No."}),
        ("type-error", {"holds": "w9.signed == 'yes'"}),
        ("type-error", {"holds": "w9.boxes_ticked + 1"}),
        ("type-error", {"holds": "w9.signed &&"}),
        ("type-error", {"when": "w9.name"}),
        ("type-error", {"holds": "w9.name_match >= 1"}),
        ("unknown-kind", {"kinds": ["w9", "w8.*"]}),
        ("unreachable-rule", {"when": "false"}),
        ("unreachable-rule", {"when": "1 > 2"}),
        ("unreachable-rule", {"until": "2000-01-01"}),
    ],
)
def test_a_fault_of_a_check_is_found(code: str, change: dict[str, Any]) -> None:
    assert (code, "LAB-01") in codes(book(checks=[CHECK | change]))


def test_the_sentence_names_the_fact_that_nobody_knows() -> None:
    (problem,) = lint(book(checks=[CHECK | {"holds": "w9.signatur"}]), CelEngine)
    assert problem.told() == (
        "unknown-field: LAB-01: `holds` asks for w9.signatur, which is no fact; see `rules show facts`"
    )


def test_an_id_may_be_used_again_once_the_first_rule_has_ended() -> None:
    ended, follows = CHECK | {"until": "2026-01-01"}, CHECK | {"from": "2026-01-01"}
    overlapping = CHECK | {"from": "2025-12-31"}
    assert codes(book(checks=[ended, follows])) == set()
    assert codes(book(checks=[ended, overlapping])) == {("duplicate-id", "LAB-01")}


@pytest.mark.parametrize("lacking", ["pass", "hold"])
def test_a_rule_that_was_not_tried_both_ways_is_found(lacking: str) -> None:
    tried = [vector for vector in VECTORS if vector["gives"] != lacking]
    assert codes(book(vectors=tried)) == {("no-vectors", "LAB-01")}


def test_a_vector_that_gives_something_else_is_found() -> None:
    lies = {"rule": "LAB-01", "case": "signed", "base": "w9", "gives": "warn"}
    assert codes(book(vectors=[*VECTORS, lies])) == {("wrong-vector", 'LAB-01, "signed"')}


@pytest.mark.parametrize(
    ("vector", "code"),
    [
        ({"rule": "LAB-02", "case": "none", "base": "w9", "gives": "pass"}, "unknown-rule"),
        ({"rule": "LAB-01", "case": "none", "base": "w8", "gives": "pass"}, "wrong-vector"),
        (
            {"rule": "LAB-01", "case": "none", "base": "w9", "change": {"fields.sined": 1}, "gives": "pass"},
            "wrong-vector",
        ),
    ],
)
def test_a_vector_that_tries_nothing_is_found(vector: dict[str, Any], code: str) -> None:
    assert code in {found for found, _ in codes(book(vectors=[*VECTORS, vector]))}


@pytest.mark.parametrize(
    "below",
    [
        route(id="lab-below", priority=1, states=["TX"], held="below"),
        route(id="lab-below", priority=1, kinds=["w9"], held="below"),
        route(id="lab-below", priority=1, when="document.kind == 'w9'", held="below"),
        route(id="lab-below", priority=1, until="2030-01-01", held="below"),
    ],
)
def test_a_route_below_one_that_takes_all_is_found(below: dict[str, Any]) -> None:
    above = route(id="lab-above", priority=2)
    assert ("unreachable-rule", "lab-below") in codes(book(routes=[above, below]))


@pytest.mark.parametrize(
    "above",
    [
        route(id="lab-above", priority=2, states=["TX"]),
        route(id="lab-above", priority=2, trades=["hvac"]),
        route(id="lab-above", priority=2, kinds=["lien_waiver.*"]),
        route(id="lab-above", priority=2, when="project.state.given"),
        route(id="lab-above", priority=2, until="2030-01-01"),
        route(id="lab-above", priority=2, group="another"),
        {**route(id="lab-above", priority=2), "from": "2001-01-01"},
    ],
)
def test_a_route_below_one_that_leaves_some_is_reachable(above: dict[str, Any]) -> None:
    assert ("unreachable-rule", "lab-rest") not in codes(book(routes=[above, DEFAULT]))


@pytest.mark.parametrize(
    "only",
    [
        route(states=["TX"]),
        route(trades=["hvac"]),
        route(kinds=["w9"]),
        route(when="project.state.given"),
        route(until="2030-01-01"),
    ],
)
def test_a_group_without_a_rest_is_found(only: dict[str, Any]) -> None:
    assert ("missing-default", "lab") in codes(book(routes=[only]))


@pytest.mark.parametrize(
    "way", [{"held": ""}, {"desk": {"region": "us-tx", "trade": "hvac", "desk": "hvac"}}]
)
def test_a_route_leads_to_a_desk_or_says_why_not(way: dict[str, Any]) -> None:
    assert ("no-way", "lab-rest") in codes(book(routes=[route(**way)]))


def test_tables_that_say_two_things_are_found() -> None:
    row = {"from": "2000-01-01", "value": 1, "source": SOURCE}
    later = {"from": "2001-01-01", "value": 2, "source": SOURCE}
    twice = {"name": "lab", "title": "Lab", "rows": [row, later]}
    mixed = {"name": "lab", "title": "Lab", "rows": [row | {"until": "2001-01-01"}, later | {"value": 2.5}]}
    assert ("ambiguous-table", "lab") in codes(book(tables=[TABLE, twice]))
    assert ("type-error", "lab") in codes(book(tables=[TABLE, mixed]))
    assert ("duplicate-id", "minimum_confidence") in codes(book(tables=[TABLE, TABLE]))
    assert ("missing-table", "minimum_confidence") in codes(book(tables=[]))


def test_a_form_whose_words_changed_is_found() -> None:
    form = shipped().forms[0]
    changed = form.model_copy(
        update={"text": form.text.replace("waives", "gives up").replace("release", "waive")}
    )
    assert codes(book(forms=[form])) == set()
    assert codes(book(forms=[changed])) == {("changed-form", form.id)}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("checks: [{id: LAB-01, holdz: x}]", ("unknown-field", "LAB-01")),
        ("checks: [{id: LAB-01}]", ("wrong-value", "LAB-01")),
        ("rulez: []", ("unknown-field", "wrong.yaml")),
        ("checks: [", ("unreadable-file", "wrong.yaml")),
        ("- a list", ("unreadable-file", "wrong.yaml")),
        ("bases: {w9: {}}", ("duplicate-id", "wrong.yaml")),
    ],
)
def test_a_fault_of_a_file_names_what_is_wrong(tmp_path: Path, text: str, problem: tuple[str, str]) -> None:
    shutil.copytree(RULES, tmp_path / "rules")
    (tmp_path / "rules" / "wrong.yaml").write_text(text)
    assert problem in {(found.code, found.where) for found in lint_folder(tmp_path / "rules")}


def test_an_empty_folder_is_no_rule_set(tmp_path: Path) -> None:
    assert [problem.code for problem in lint_folder(tmp_path)] == ["unreadable-file"]
