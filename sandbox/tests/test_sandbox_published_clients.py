"""Published clients, unmodified, in environments of their own: they cannot tell the sandbox from the real thing."""

import asyncio
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

CLIENTS = Path(__file__).parents[1] / "clients"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "plumbline"
PATIENCE_S = 600

pytestmark = pytest.mark.published


@pytest.fixture(scope="module")
def sandbox() -> Iterator[str]:
    """Run a sandbox and give its one line of JSON."""
    command = [sys.executable, "-m", "plumbline_sandbox"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline()
        process.terminate()


def environment(name: str, recipe: Path) -> tuple[Path, bool]:
    """Return the cached folder of one environment, and whether it has to be filled."""
    digest = hashlib.sha256(recipe.read_bytes()).hexdigest()[:12]
    folder = CACHE / f"{name}-clients-{digest}"
    return folder, not (folder / "ready").exists()


async def output_of(*command: str, cwd: Path, **env: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=cwd,
        env={**os.environ, **env},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(PATIENCE_S):
        said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


async def must(*command: str, cwd: Path, **env: str) -> str:
    code, said = await output_of(*command, cwd=cwd, **env)
    assert code == 0, said
    return said


async def python_environment() -> str:
    folder, is_new = environment("python", CLIENTS / "python" / "requirements.txt")
    python = str(folder / "bin" / "python")
    if is_new:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        await must(sys.executable, "-m", "venv", str(folder), cwd=folder)
        recipe = str(CLIENTS / "python" / "requirements.txt")
        await must(python, "-m", "pip", "install", "-q", "-r", recipe, cwd=folder)
        (folder / "ready").touch()
    return python


async def node_environment() -> Path:
    folder, is_new = environment("node", CLIENTS / "node" / "package-lock.json")
    if is_new:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(CLIENTS / "node" / name, folder)
        await must("npm", "ci", "--no-audit", "--no-fund", cwd=folder)
        (folder / "ready").touch()
    # Node looks for packages beside the file that imports them.
    for script in (CLIENTS / "node").glob("*.mjs"):
        shutil.copy(script, folder)
    return folder


@pytest.mark.parametrize(
    "check",
    [
        "check_intuit_oauth.py",
        "check_python_quickbooks.py",
        "check_propycore.py",
        "check_slack_sdk.py",
        "check_jira.py",
        "check_modern_treasury.py",
        "check_awslambdaric.py",
    ],
)
async def test_python_client(sandbox: str, check: str) -> None:
    python = await python_environment()
    options = ["-q", "-p", "no:cacheprovider", "-c", "/dev/null", "--rootdir", ".", "--confcutdir", "."]
    said = await must(python, "-B", "-m", "pytest", *options, check, cwd=CLIENTS / "python", SANDBOX=sandbox)
    assert " passed" in said


@pytest.mark.skipif(shutil.which("npm") is None, reason="Node.js with npm is not installed")
@pytest.mark.parametrize(
    "check", ["intuit-oauth.test.mjs", "node-quickbooks.test.mjs", "procore-js-sdk.test.mjs"]
)
async def test_javascript_client(sandbox: str, check: str) -> None:
    folder = await node_environment()
    said = await must("node", "--test", check, cwd=folder, SANDBOX=sandbox)
    assert "# fail 0" in said
