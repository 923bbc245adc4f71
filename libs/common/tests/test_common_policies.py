"""Policies of a company as `connections.yaml` says them."""

from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from plumbline.common.connections import ConfigurationError, Policies, load_connections
from plumbline.common.contracts.ledger import RecordKind

KINDS: tuple[RecordKind, ...] = get_args(RecordKind)


def loaded(folder: Path, person_changed_it: Any) -> Policies:
    section = {
        "procore": {"account": "procore/1", "company_id": "1", "projects": ["2"]},
        "quickbooks": {"realm": "3"},
        "policies": {"person_changed_it": person_changed_it},
    }
    (folder / "connections.yaml").write_text(yaml.safe_dump({"connections": {"one": section}}), "utf-8")
    [connection] = load_connections(folder)
    return connection.policies


def test_a_persons_change_is_held_where_nothing_is_said() -> None:
    assert {Policies().when_changed(kind) for kind in KINDS} == {"hold"}


def test_one_word_is_for_all_kinds(tmp_path: Path) -> None:
    policies = loaded(tmp_path, "accept")
    assert {policies.when_changed(kind) for kind in KINDS} == {"accept"}


def test_kinds_have_a_word_each_and_what_is_left_out_is_held(tmp_path: Path) -> None:
    policies = loaded(tmp_path, {"payment": "accept", "credit-memo": "overwrite", "invoice": "hold"})
    said = {kind: policies.when_changed(kind) for kind in KINDS if policies.when_changed(kind) != "hold"}
    assert said == {"payment": "accept", "credit-memo": "overwrite"}


@pytest.mark.parametrize("wrong", ["ask", {"invoice": "ask"}, {"invoyce": "hold"}, ["accept"], None])
def test_what_is_no_policy_is_refused_with_its_place(tmp_path: Path, wrong: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"connections\.yaml: .* policies\.person_changed_it"):
        loaded(tmp_path, wrong)
