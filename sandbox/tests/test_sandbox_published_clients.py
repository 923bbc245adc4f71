"""Published clients, unmodified, in environments of their own: they cannot tell the sandbox from the real thing."""

import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest
from sandbox_clients import CLIENTS, must, node_environment, python_environment

pytestmark = pytest.mark.published


@pytest.fixture(scope="module")
def sandbox() -> Iterator[str]:
    """Run a sandbox and give its one line of JSON."""
    command = [sys.executable, "-m", "plumbline_sandbox"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline()
        process.terminate()


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
