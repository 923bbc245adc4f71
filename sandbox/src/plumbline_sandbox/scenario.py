"""Scenario files: what is to go wrong, written down.

A scenario is one JSON object, each part of it what the control API takes:

    {
      "about": "A sentence for people.",
      "faults": [{"name": "lose-answer", "match": {"provider": "quickbooks"}, "every": 5}],
      "latency": [{"provider": "quickbooks", "p50_ms": 300, "p99_ms": 3000}],
      "limits": {"quickbooks": {"per_second": 5}},
      "quickbooks": {"oauth": {"race_window_s": 5}, "companies": {"index_lag_s": 5}}
    }
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from plumbline_sandbox.world import World

_PARTS = frozenset({"about", "faults", "latency", "limits", "quickbooks"})
_QUICKBOOKS_PARTS = frozenset({"oauth", "companies"})


def read_scenario(path: Path) -> dict[str, Any]:
    """Return the scenario in a file.

    Raises:
        ValueError: It cannot be read, or holds no JSON object.
    """
    try:
        scenario = json.loads(path.read_text(encoding="utf-8"))
    except OSError as refused:
        raise ValueError(f"the scenario {path} cannot be read: {refused.strerror}") from refused
    except ValueError as broken:
        raise ValueError(f"the scenario {path} is no JSON: {broken}") from broken
    if not isinstance(scenario, dict):
        raise ValueError(f"the scenario {path} is no JSON object")  # noqa: TRY004 -- it is the writer's mistake
    return scenario


def play(world: World, scenario: Mapping[str, Any]) -> None:
    """Put all that a scenario says in force, beside what is in force already.

    The switches of `companies` go to every company there is.

    Raises:
        ValueError: A part, or something in it, is unknown or malformed; what came before it is in force.
    """
    _know(scenario, _PARTS)
    for rule in _objects(scenario, "faults"):
        world.faults.add(rule)
    for pace in _objects(scenario, "latency"):
        world.latency.configure(pace)
    world.limits.configure(_object(scenario, "limits"))
    quickbooks = _object(scenario, "quickbooks")
    _know(quickbooks, _QUICKBOOKS_PARTS)
    world.quickbooks.configure_oauth(**_object(quickbooks, "oauth"))
    for realm in world.quickbooks.company_names():
        world.quickbooks.configure(realm, **_object(quickbooks, "companies"))


def _know(parts: Mapping[str, Any], known: frozenset[str]) -> None:
    if unknown := set(parts) - known:
        raise ValueError(f"unknown parts: {', '.join(sorted(unknown))}; known: {', '.join(sorted(known))}")


def _object(parts: Mapping[str, Any], name: str) -> dict[str, Any]:
    part = parts.get(name, {})
    if not isinstance(part, dict):
        raise ValueError(f"{name} must be an object")  # noqa: TRY004 -- it is the writer's mistake
    return part


def _objects(parts: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    part = parts.get(name, [])
    if not isinstance(part, list) or not all(isinstance(one, dict) for one in part):
        raise ValueError(f"{name} must be a list of objects")
    return part
