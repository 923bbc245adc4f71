"""The files in `config/` fit the sandbox as it comes: containers mount them as they are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from plumbline.common.connections import load_connections
from plumbline.stack.scenario.configuring import DURATIONS, write_configuration
from plumbline_sandbox.serving import serving

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "config"


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Path]:
    """Give the folder of a configuration made from what the sandbox tells."""
    async with serving(host="127.0.0.1", port=0, seed_number=1, scenario={}) as sandbox:
        async with httpx.AsyncClient(base_url=sandbox["control_url"], trust_env=False) as control:
            seed = (await control.get("/control/seed")).json()
        write_configuration(tmp_path, shipped=SHIPPED, sandbox=sandbox, seed=seed)
        yield tmp_path


async def test_connections_are_those_of_the_sandbox(made: Path) -> None:
    assert list(load_connections(SHIPPED)) == list(load_connections(made))


async def test_first_grants_are_those_of_the_sandbox(made: Path) -> None:
    assert _read(SHIPPED / "sandbox-grants.yaml") == _read(made / "grants.yaml")


async def test_demo_has_the_shipped_files_but_for_what_it_has_of_its_own(made: Path) -> None:
    shipped = {str(file.relative_to(SHIPPED)): file for file in SHIPPED.rglob("*") if file.is_file()}
    copies = {name for name, file in shipped.items() if _is_copy(made / name, file)}
    assert set(shipped) - copies == {"connections.yaml", "credentials.yaml", "links.csv", "sandbox-grants.yaml"}


async def test_files_that_name_projects_and_vendors_name_those_of_the_sandbox(made: Path) -> None:
    known = {project for one in load_connections(made) for project in one.procore.projects}
    assert set(_read(SHIPPED / "projects.yaml")["projects"]) <= known
    assert set(_read(SHIPPED / "gate.yaml")["connections"]) == {one.name for one in load_connections(made)}


def test_containers_against_the_sandbox_are_as_hurried_as_the_demo() -> None:
    lines = (ROOT / "deploy" / "sandbox.env").read_text().splitlines()
    told = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert {name: told.get(name) for name in DURATIONS} == DURATIONS


def _is_copy(file: Path, original: Path) -> bool:
    return file.is_file() and file.read_bytes() == original.read_bytes()


def _read(path: Path) -> Any:
    return yaml.safe_load(path.read_text())
