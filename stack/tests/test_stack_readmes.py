"""The services' READMEs: what they tell to set is enough to start, and what they name is there."""

from __future__ import annotations

import re
import sys
from importlib import import_module
from pathlib import Path

import httpx
import pytest
from stack_pages import MORE, ROOT, SETTINGS

from plumbline.common.errors import SuiteError
from plumbline.common.settings import KafkaSettings
from plumbline.stack.concurrency import together
from plumbline.stack.processes import ProcessSpec
from plumbline.stack.runners.settings import way_env
from plumbline.stack.servers.ports import free_port
from plumbline.stack.supervisor import Supervisor

NOT_HERE = ("_KAFKA_USERNAME", "_KAFKA_PASSWORD_FILE", "_DATABASE_PASSWORD_FILE")
"""What the servers of this test do not ask for."""


def text_of(service: str) -> str:
    return (ROOT / "services" / service / "README.md").read_text(encoding="utf-8")


def alone(service: str) -> list[str]:
    """Return the lines of `Run it alone`."""
    return text_of(service).partition("## Run it alone")[2].partition("\n## ")[0].splitlines()


def exported(service: str) -> dict[str, str]:
    pairs = (pair for line in alone(service) if line.startswith("export ") for pair in line.split()[1:])
    return dict(pair.split("=", 1) for pair in pairs)


def commands(service: str) -> list[list[str]]:
    return [line.split()[1:] for line in alone(service) if line.startswith("python -m ")]


@pytest.mark.parametrize("service", SETTINGS)
def test_what_is_set_is_a_setting(service: str) -> None:
    classes = [SETTINGS[service], *([MORE[service]] if service in MORE else [])]
    own = {f"PLUMBLINE_{name.upper()}" for cls in classes for name in cls.model_fields}
    kafka = {f"PLUMBLINE_KAFKA_{name.upper()}" for name in KafkaSettings.model_fields}
    assert exported(service).keys() <= own | kafka


async def test_what_is_set_is_enough_to_start(tmp_path: Path, database_url: str, mock_kafka: str) -> None:
    (tmp_path / "operator-token").write_text("token\n")
    here = {
        "PLUMBLINE_CONFIG_DIR": str(ROOT / "config"),
        "PLUMBLINE_OPERATOR_TOKEN_FILE": str(tmp_path / "operator-token"),
        "PLUMBLINE_KAFKA_BOOTSTRAP": mock_kafka,
        "PLUMBLINE_DATABASE_URL": database_url,
        "PLUMBLINE_VAULT_URL": "http://127.0.0.1:1",
        "PLUMBLINE_SAFE_URL": tmp_path.as_uri(),
    }
    patience = {name: value for name, value in way_env("embedded").items() if "_KAFKA_" in name}
    processes, migrations, urls = [], [], []
    for service in SETTINGS:
        told = {name: value for name, value in exported(service).items() if not name.endswith(NOT_HERE)}
        env = {**told, **{name: value for name, value in here.items() if name in told}, **patience}
        for command in commands(service):
            port = free_port()
            urls.append(f"http://127.0.0.1:{port}/health/ready")
            argv, name = [sys.executable, *command], "-".join(command[1:])
            processes.append(ProcessSpec(name=name, argv=argv, env={**env, "PLUMBLINE_HTTP_PORT": str(port)}))
        migrate = [sys.executable, *commands(service)[-1][:-1], "migrate"]
        migrations.append(ProcessSpec(name=f"{service}-migrate", argv=migrate, env=env))
    async with Supervisor(tmp_path / "logs") as supervisor:
        await together(*(supervisor.run(migration) for migration in migrations))
        await supervisor.start_together(*processes)
        async with httpx.AsyncClient(trust_env=False) as http:
            assert [(await http.get(url)).text for url in urls] == ["ready\n"] * 6


@pytest.mark.parametrize("service", SETTINGS)
def test_what_parks_is_named_as_the_code_names_it(service: str) -> None:
    table = text_of(service).partition("| parked | means |")[2].partition("\n\n")[0]
    named = [code for row in table.splitlines()[2:] for code in re.findall(r"`([^`<]+)`", row.split("|")[1])]
    source = "".join(path.read_text() for path in (ROOT / "services" / service / "src").rglob("*.py"))
    import_module(f"plumbline.{service.replace('-', '_')}.app")
    codes = {error.code for error in _family(SuiteError)}
    assert named
    assert [code for code in named if code not in codes and f'"{code}"' not in source] == []


def _family(error: type[SuiteError]) -> set[type[SuiteError]]:
    return {error}.union(*(_family(child) for child in error.__subclasses__()))
