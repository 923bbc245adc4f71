"""Servers that take minutes to fetch or build, kept outside the checkout under a hash of their recipe."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import hashlib
import logging
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from importlib import resources
from pathlib import Path

Build = Callable[[Path, Path], Awaitable[None]]
"""Builds inside a folder that holds the recipe's files; the second path is where to log."""

_LOCK_INTERVAL_S = 0.2
_log = logging.getLogger(__name__)


class MissingToolError(Exception):
    """A program that only the machine's owner can install is not there; the message says how to get it."""


def require_tool(name: str, package: str) -> str:
    """Return the path of a program.

    Raises:
        MissingToolError: it is not on the PATH.
    """
    found = shutil.which(name)
    if found is None:
        raise MissingToolError(
            f"`{name}` is needed and not there: install it (on Debian: apt install {package})"
        )
    return found


async def cached(name: str, build: Build) -> Path:
    """Return the folder of `recipes/<name>` as built, building it first if this very recipe never was.

    Two callers at once build once. A build that was cut short is begun anew, never taken for a whole one.
    """
    recipe = _recipe(name)
    folder = _cache_dir() / f"{name}-{_digest(recipe)}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    async with _locked(folder.with_name(f"{folder.name}.lock")):
        if not folder.exists():
            await _build(folder, recipe, build)
    return folder


async def _build(folder: Path, recipe: dict[str, bytes], build: Build) -> None:
    log_path = folder.with_name(f"{folder.name}.log")
    _log.warning("building %s once; progress is in %s", folder.name, log_path)
    unfinished = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    for file_name, content in recipe.items():
        (unfinished / file_name).write_bytes(content)
    await build(unfinished, log_path)
    unfinished.rename(folder)


def _cache_dir() -> Path:
    """Follow the XDG base directory specification."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "plumbline"


def _recipe(name: str) -> dict[str, bytes]:
    folder = resources.files(__package__) / "recipes" / name
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir(), key=lambda file: file.name)}


def _digest(recipe: dict[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, content in recipe.items():
        digest.update(f"{name}:{len(content)}:".encode() + content)
    return digest.hexdigest()[:12]


@contextlib.asynccontextmanager
async def _locked(path: Path) -> AsyncIterator[None]:
    with path.open("wb") as file:
        while not _try_lock(file.fileno()):  # noqa: ASYNC110  # another process holds it: nobody here could set an event
            await asyncio.sleep(_LOCK_INTERVAL_S)
        yield


def _try_lock(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
