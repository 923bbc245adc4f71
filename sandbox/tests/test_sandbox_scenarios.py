"""Scenario files: what is written down comes into force."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from plumbline_sandbox.laboratory import Laboratory
from plumbline_sandbox.scenario import read_scenario

SCENARIOS = sorted((Path(__file__).parents[1] / "scenarios").glob("*.json"))


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
async def test_scenario_of_the_repository_comes_into_force(lab: Laboratory, path: Path) -> None:
    scenario = read_scenario(path)
    assert scenario["about"]
    answer = await lab.control.post("/control/scenario", json=scenario)
    assert answer.status_code == 201, answer.text
    rules = (await lab.control.get("/control/faults")).json()["rules"]
    assert [rule["name"] for rule in rules] == [rule["name"] for rule in scenario["faults"]]


async def test_every_part_of_a_scenario_comes_into_force(lab: Laboratory) -> None:
    scenario = {
        "about": "All parts.",
        "faults": [{"name": "status", "match": {"path": "/preferences"}}],
        "latency": [{"provider": "procore", "ms": 5}],
        "limits": {"quickbooks": {"per_second": 3}},
        "quickbooks": {"oauth": {"grace_s": 60}, "companies": {"closed_until": "2020-12-31"}},
    }
    assert (await lab.control.post("/control/scenario", json=scenario)).status_code == 201
    assert (await lab.books("GET", "/preferences")).status_code == 503
    assert lab.world.latency.draw_s("procore") == 0.005
    assert lab.world.limits.quickbooks.per_second == 3
    assert lab.world.quickbooks.authority.settings.grace_s == 60
    for realm in lab.realms:
        closed = lab.world.quickbooks.realm(realm.id).settings.closed_until
        assert closed is not None
        assert closed.isoformat() == "2020-12-31"


@pytest.mark.parametrize(
    "scenario",
    [
        {"fault": []},
        {"faults": [{"name": "nonsense"}]},
        {"limits": {"sage": {}}},
        {"quickbooks": {"oauth": {"gracious": 1}}},
        {"quickbooks": {"companies": {"color": "red"}}},
        {"quickbooks": {"realms": {}}},
        {"faults": {"name": "status"}},
        [],
    ],
)
async def test_malformed_scenario_is_refused(lab: Laboratory, scenario: Any) -> None:
    assert (await lab.control.post("/control/scenario", json=scenario)).status_code == 400


async def test_command_loads_a_scenario(tmp_path: Path) -> None:
    path = tmp_path / "scenario.json"
    path.write_text(json.dumps({"faults": [{"name": "nonsense"}]}), encoding="utf-8")
    command = (sys.executable, "-m", "plumbline_sandbox", "--faults", str(path))
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    _, said = await process.communicate()
    assert process.returncode == 2
    assert b"unknown fault 'nonsense'" in said
