"""The examples of docs/sandbox.md, run as they are printed, by the published clients that they name."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from sandbox_clients import node_environment, output_of, python_environment

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "sandbox.md").read_text(encoding="utf-8")
NEEDED = ("make", "curl", "jq", "npm")

pytestmark = [
    pytest.mark.published,
    pytest.mark.skipif(not all(map(shutil.which, NEEDED)), reason=f"the examples need {', '.join(NEEDED)}"),
]


def examples(language: str) -> list[str]:
    """Return the blocks of the page in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def like_a_clone(folder: Path) -> Path:
    """Return a folder in which `make` does what it does in the project, and examples may leave files."""
    (folder / "Makefile").write_text(f"%:\n\t@exec $(MAKE) --no-print-directory -C '{ROOT}' $@\n")
    return folder


async def test_every_example_runs_as_printed(tmp_path: Path) -> None:
    here = like_a_clone(tmp_path)
    start, ask, break_things = examples("sh")
    (python_example,), (javascript_example,) = examples("python"), examples("js")
    javascript = await node_environment() / "example-of-the-docs.mjs"
    javascript.write_text(javascript_example)
    clients = f"'{await python_environment()}' - <<'EOF'\n{python_example}EOF\nnode '{javascript}'\n"
    script = f"set -euo pipefail\ntrap 'kill %1; wait' EXIT\n{start}echo '== ask'\n{ask}echo '== clients'\n{clients}"
    script += f"echo '== break'\n{break_things}"
    # As in a shell of its own: a make that runs in another one says more than its user asked for.
    code, said = await output_of("bash", "-c", f"unset MAKEFLAGS MAKELEVEL MFLAGS\n{script}", cwd=here)
    assert code == 0, said
    _, asked, by_clients, broken = re.split(r"^== \w+$", said, flags=re.MULTILINE)
    assert asked.count('"DocNumber"') == 2
    assert sorted(by_clients.splitlines()) == ["", "12000", "12000.0", "Alamo Plaza Partners", "Depot Lofts"]
    assert '"name":"lose-answer"' in broken
    assert '"scale":1.0' in broken
    assert '"kind":"commit"' in broken
    assert '"agrees":true' in broken
