"""Each image holds its member and what that declares, nothing less and nothing more, and needs no shell, no root, no disk."""

from __future__ import annotations

import json
import subprocess
import tomllib

import pytest

from tests.containers.running import ROOT, docker

pytestmark = pytest.mark.containers

MODULES = {
    "ingest": "plumbline.ingest",
    "mapper": "plumbline.mapper",
    "compliance": "plumbline.compliance",
    "qb-writer": "plumbline.qb_writer",
    "token-vault": "plumbline.token_vault",
    "provision": "plumbline.provision",
    "sandbox": "plumbline_sandbox",
}

SIZE_MAX_MB = {"compliance": 500}
"""With Python itself; of those not named 300. Compliance brings readers and a writer of PDF."""

IMPORT_ALL = """
import importlib, importlib.metadata, json, pkgutil, sys
top = importlib.import_module(sys.argv[1])
for found in pkgutil.walk_packages(top.__path__, top.__name__ + "."):
    if not found.name.endswith("__main__"):
        importlib.import_module(found.name)
ours = sorted(d.name for d in importlib.metadata.distributions() if d.name.startswith("plumbline"))
print(json.dumps({"ours": ours, "modules": sorted(m for m in sys.modules if m.startswith(top.__name__))}))
"""

VERSIONS = """
import importlib.metadata as m, json, re, sys
found = m.distributions(path=[p for p in sys.path if p.startswith("/app")])
print(json.dumps([(re.sub(r"[-_.]+", "-", d.name).lower(), d.version) for d in found]))
"""

BELONG = {
    "ingest": {"plumbline-ingest", "plumbline-common", "plumbline-procore"},
    "mapper": {"plumbline-mapper", "plumbline-common", "plumbline-procore"},
    "compliance": {"plumbline-compliance", "plumbline-common", "plumbline-procore"},
    "qb-writer": {"plumbline-qb-writer", "plumbline-common", "plumbline-quickbooks"},
    "token-vault": {"plumbline-token-vault", "plumbline-common", "plumbline-procore", "plumbline-quickbooks"},
    "provision": {"plumbline-provision", "plumbline-common"},
    "sandbox": {"plumbline-sandbox"},
}


def image(member: str) -> str:
    return f"plumbline/{member}:0.1.0"


def alone(member: str, *arguments: str, entrypoint: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run an image with nothing: no network, no disk to write on, no capabilities, nobody's user."""
    shut = [
        "--network",
        "none",
        "--read-only",
        "--cap-drop",
        "ALL",
        "--security-opt",
        "no-new-privileges:true",
    ]
    start = ["--entrypoint", entrypoint] if entrypoint else []
    return subprocess.run(
        ["docker", "run", "--rm", "--pull", "never", *shut, *start, image(member), *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize("member", MODULES)
def test_image_holds_all_that_its_member_imports(member: str) -> None:
    done = alone(member, "-c", IMPORT_ALL, MODULES[member], entrypoint="python")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert set(told["ours"]) == BELONG[member]
    assert len(told["modules"]) > 1


@pytest.mark.parametrize("member", MODULES)
def test_image_holds_the_versions_of_the_lock(member: str) -> None:
    lock = tomllib.loads((ROOT / "uv.lock").read_text())
    locked = {(package["name"], package["version"]) for package in lock["package"] if "version" in package}
    done = alone(member, "-c", VERSIONS, entrypoint="python")
    held = {(name, version) for name, version in json.loads(done.stdout) if not name.startswith("plumbline")}
    assert len(held) > 3
    assert held <= locked


@pytest.mark.parametrize("member", MODULES)
def test_image_has_no_tools_of_making(member: str) -> None:
    absent = "import importlib.util as u, sys; sys.exit(str([m for m in ('pytest','mypy','ruff','uv','hypothesis') if u.find_spec(m)] or 0))"
    done = alone(member, "-c", absent, entrypoint="python")
    assert done.stderr.strip() in {"", "0"}, done.stderr


@pytest.mark.parametrize("member", MODULES)
def test_image_is_labelled_small_and_nobodys(member: str) -> None:
    (told,) = json.loads(docker("image", "inspect", image(member)))
    labels = told["Config"]["Labels"]
    assert labels["org.opencontainers.image.title"] == f"plumbline-{member}"
    assert {"org.opencontainers.image.version", "org.opencontainers.image.licenses"} <= labels.keys()
    assert told["Config"]["User"] == "10001:10001"
    assert told["Size"] / 1e6 < SIZE_MAX_MB.get(member, 300)


@pytest.mark.parametrize("member", ["ingest", "mapper", "compliance", "qb-writer", "token-vault"])
def test_service_without_settings_says_which_it_needs(member: str) -> None:
    done = alone(member, MODULES[member], "hooks" if member == "ingest" else "run")
    assert done.returncode == 1
    assert "settings: PLUMBLINE_CONFIG_DIR: Field required" in done.stderr
    assert "Traceback" not in done.stderr
