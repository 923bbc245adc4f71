"""The cache of built servers."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from plumbline.stack.processes import ProcessDiedError
from plumbline.stack.servers.cache import MissingToolError, cached, require_tool

RECIPE = "kafka-4.3.1"


class Builds:
    """Counts builds; the first `failures` of them break."""

    def __init__(self, failures: int = 0) -> None:
        self.count = 0
        self._failures = failures

    async def __call__(self, folder: Path, log_path: Path) -> None:
        self.count += 1
        await asyncio.sleep(0.01)
        (folder / f"result-{self.count}").touch()
        if self.count <= self._failures:
            raise ProcessDiedError("no network")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "plumbline"


async def test_recipe_is_built_once_beside_its_files(cache: Path) -> None:
    build = Builds()
    folder = await cached(RECIPE, build)
    assert await cached(RECIPE, build) == folder
    assert build.count == 1
    assert folder.parent == cache
    assert {file.name for file in folder.iterdir()} == {"pom.xml", "result-1"}


async def test_two_builders_at_once_build_once() -> None:
    build = Builds()
    first, second = await asyncio.gather(cached(RECIPE, build), cached(RECIPE, build))
    assert first == second
    assert build.count == 1


async def test_broken_build_is_begun_anew() -> None:
    build = Builds(failures=1)
    with pytest.raises(ProcessDiedError):
        await cached(RECIPE, build)
    folder = await cached(RECIPE, build)
    assert not (folder / "result-1").exists()
    assert (folder / "result-2").exists()


def test_missing_tool_says_how_to_get_it() -> None:
    with pytest.raises(MissingToolError, match="apt install plumb-bob"):
        require_tool("no-such-program", "plumb-bob")
