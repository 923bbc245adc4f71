"""Published clients, unmodified, each kind in an environment of its own that is made once."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import sys
from pathlib import Path

CLIENTS = Path(__file__).parents[1] / "clients"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "plumbline"
PATIENCE_S = 600


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
    for file in (*(CLIENTS / "node").glob("*.mjs"), *CLIENTS.glob("*.json")):
        shutil.copy(file, folder)
    return folder
