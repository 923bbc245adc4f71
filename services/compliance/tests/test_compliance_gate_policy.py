"""The file of policies: what counts where, and what is refused when it is read."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from plumbline.common.connections import ConfigurationError, load_connections
from plumbline.compliance.adapters.gate.files import load_gate
from plumbline.compliance.domain.gate.policy import GatePolicy

CONFIG = Path(__file__).parents[3] / "config"
EAST = "lone-star-east"
PROJECT = "562949953508594"
SUPPLIER = "562949953509029"


def shipped() -> dict[str, Any]:
    said: dict[str, Any] = yaml.safe_load((CONFIG / "gate.yaml").read_text())
    return said


def read(tmp_path: Path, said: Any) -> GatePolicy:
    (tmp_path / "gate.yaml").write_text(yaml.safe_dump(said))
    return load_gate(tmp_path, load_connections(CONFIG))


def test_the_shipped_file_is_read_and_a_bare_off_is_off() -> None:
    policy = load_gate(CONFIG, load_connections(CONFIG))
    terms = policy.terms(EAST, project_id=PROJECT, vendor_id="1")
    assert terms.papers["payroll"].policy == "off"
    assert "payroll" not in dict(terms.asked())
    assert (terms.bills, terms.firm) == ("on_approval", "Lone Star Builders")


def test_the_narrowest_place_counts_field_by_field(tmp_path: Path) -> None:
    said = shipped()
    east = said["connections"][EAST]
    east["papers"] = {"licence": {"policy": "block"}}
    east["projects"] = {PROJECT: {"papers": {"licence": {"days": 3}, "payroll": {"policy": "block"}}}}
    policy = read(tmp_path, said)

    def term(project_id: str, vendor_id: str, code: Any) -> tuple[str, int]:
        found = policy.terms(EAST, project_id=project_id, vendor_id=vendor_id).papers[code]
        return found.policy, found.days

    assert term("other", "1", "licence") == ("block", 0)
    assert term(PROJECT, "1", "licence") == ("block", 3)
    assert term(PROJECT, SUPPLIER, "licence") == ("off", 3)  # the vendor's word, the project's days
    assert term(PROJECT, "1", "payroll") == ("block", 7)
    assert policy.terms(EAST, project_id=PROJECT, vendor_id=SUPPLIER).bills == "never"


def without(said: dict[str, Any], *path: str) -> dict[str, Any]:
    place = said
    for name in path[:-1]:
        place = place[name]
    del place[path[-1]]
    return said


def with_(said: dict[str, Any], value: Any, *path: str) -> dict[str, Any]:
    place = said
    for name in path[:-1]:
        place = place.setdefault(name, {})
    place[path[-1]] = value
    return said


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        (without(shipped(), "papers", "w9"), "w9 must be decided for everybody"),
        (without(shipped(), "connections", "lone-star-west"), "lone-star-west is not there"),
        (with_(shipped(), {"firm": "A"}, "connections", "nowhere"), "no such connection"),
        (with_(shipped(), {}, "connections", EAST, "projects", "1"), "no such project"),
        (without(shipped(), "connections", EAST, "books"), "names no accounts"),
        (with_(shipped(), "on_release", "bills"), "names no accounts"),
        (
            with_(shipped(), "on_release", "connections", "buckeye-south", "vendors", "9", "bills"),
            "names no accounts",
        ),
        (
            with_(shipped(), {"policy": "block", "days": 1}, "papers", "unconditional-waiver"),
            "cannot block: nobody may ask for it before the money has arrived",
        ),
        (
            with_(
                shipped(),
                {"policy": "block"},
                *("connections", EAST, "vendors", "9", "papers", "unconditional-waiver"),
            ),
            f"connections.{EAST}.vendors.9.papers.unconditional-waiver cannot block",
        ),
        (with_(shipped(), {"policy": "perhaps", "days": 1}, "papers", "w9"), "papers.w9.policy"),
        (with_(shipped(), {"policy": "block", "days": 1}, "papers", "horoscope"), "papers.horoscope"),
        (with_(shipped(), 1, "nonsense"), "nonsense"),
        ("no mapping", "gate.yaml"),
    ],
)
def test_a_wrong_file_is_refused_with_the_place(tmp_path: Path, said: Any, complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint.replace(".", r"\.")):
        read(tmp_path, said)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_gate(tmp_path, load_connections(CONFIG))
