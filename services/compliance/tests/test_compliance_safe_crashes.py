"""The safe is killed: at every step it takes, and really, at random moments."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import safe_crasher
from safe_lab import ABOUT, CONNECTION, CONTENT, Lab, opened_lab
from typing_extensions import override

from plumbline.common.errors import TransientError
from plumbline.common.testing.clock import FakeClock
from plumbline.common.testing.crashing import Doom, DoomedPool, Fate, KilledError
from plumbline.common.testing.database import rows
from plumbline.compliance.adapters.safe.objects import FolderObjects, Objects, memory_objects
from plumbline.compliance.adapters.safe.papers import PaperSafe
from plumbline.compliance.adapters.safe.rounds import ORPHAN_AGE
from plumbline.compliance.domain.envelope import HEADER_BYTES, TAG_BYTES
from plumbline.compliance.ports.safe import SafeUnavailableError, UnknownDocumentError

ROUNDS = int(os.environ.get("PLUMBLINE_TEST_SAFE_KILLS", "30"))
"""Processes killed; the suite's own are few."""


class DoomedObjects(Objects):
    """Objects whose every call is a step."""

    def __init__(self, real: Objects, doom: Doom) -> None:
        super().__init__(real._store)
        self._real = real
        self._doom = doom

    @override
    async def put(self, name: str, content: bytes) -> None:
        await self._step("put object", lambda: self._real.put(name, content))

    @override
    async def delete(self, name: str) -> None:
        await self._step("delete object", lambda: self._real.delete(name))

    async def _step(self, name: str, act: Callable[[], Awaitable[None]]) -> None:
        await self._doom.step(name, act, error=SafeUnavailableError())


@pytest.fixture
async def lab(database_url: str, tmp_path: Path) -> AsyncIterator[Lab]:
    """Give a safe in memory, by today's clock: the store's own times are today's."""
    clock = FakeClock(datetime.now(UTC))
    async with opened_lab(database_url, memory_objects(), tmp_path, clock=clock) as opened:
        yield opened


Act = Callable[[PaperSafe], Awaitable[object]]


def storing(paper: bytes) -> Act:
    return lambda safe: safe.put(paper, ABOUT)


def destroying(document: str) -> Act:
    return lambda safe: safe.destroy(CONNECTION, document, who="ana", why="test")


async def doomed(lab: Lab, doom: Doom, act: Act) -> None:
    safe = lab.again(objects=DoomedObjects(lab.objects, doom), pool=DoomedPool(lab.pool, doom))
    try:
        await act(safe)
    except (KilledError, TransientError):
        return


@pytest.mark.parametrize("fate", Fate)
@pytest.mark.parametrize("kills_process", [True, False])
async def test_put_that_ends_at_any_step_leaves_nothing_or_the_whole(
    lab: Lab, fate: Fate, kills_process: bool
) -> None:
    count = Doom.none()
    await doomed(lab, count, storing(CONTENT))
    assert count.count >= 6
    for at in range(1, count.count + 1):
        paper = CONTENT + bytes([at])
        doom = Doom(at=at, fate=fate, kills_process=kills_process)
        await doomed(lab, doom, storing(paper))
        await _every_indexed_paper_opens(lab)
        stored = await lab.safe.put(paper, ABOUT)
        assert await lab.safe.get(CONNECTION, stored.document, who="ana", why="test") == paper
    await _scrub_leaves_what_is_indexed(lab)


@pytest.mark.parametrize("fate", Fate)
async def test_destruction_that_ends_at_any_step_is_none_or_the_whole(lab: Lab, fate: Fate) -> None:
    first = await lab.safe.put(CONTENT, ABOUT)
    count = Doom.none()
    await doomed(lab, count, destroying(first.document))
    for at in range(1, count.count + 1):
        document = (await lab.safe.put(CONTENT + bytes([at]), ABOUT)).document
        doom = Doom(at=at, fate=fate)
        await doomed(lab, doom, destroying(document))
        await _every_indexed_paper_opens(lab)
        await lab.safe.destroy(CONNECTION, document, who="ana", why="test")
        with pytest.raises(UnknownDocumentError):
            await lab.safe.get(CONNECTION, document, who="ana", why="test")
    assert await lab.stored() == []


async def test_processes_killed_at_random_moments_leave_nothing_or_the_whole(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plumbline.compliance.adapters.safe.rounds.ORPHANS_MAX", ROUNDS)
    clock = FakeClock(datetime.now(UTC))
    async with opened_lab(database_url, FolderObjects(tmp_path / "papers"), tmp_path, clock=clock) as lab:
        await _run_crasher(tmp_path, database_url)
        papers = await rows(lab.pool, "SELECT document, size_bytes FROM safe_papers")
        await _every_indexed_paper_opens(lab)
        sizes = {row["document"]: row["size_bytes"] for row in papers}
        objects = await lab.stored()
        expected = {len(safe_crasher.content(n)) for n in range(1000, 1000 + 4 * ROUNDS + 8)}
        for item in objects:
            size = len(await lab.objects.get(item.name)) - HEADER_BYTES - TAG_BYTES
            assert size in expected  # whole, whether or not it came into the index
        unfinished = _unfinished(tmp_path)
        told = f"{ROUNDS} killed: {len(sizes)} papers, {len(objects) - len(sizes)} orphans, {len(unfinished)} unfinished"
        sys.stdout.write(f"{told}\n")
        assert len(objects) - len(sizes) + len(unfinished) >= ROUNDS // 10  # it was killed in mid-write
        await _scrub_leaves_what_is_indexed(lab)
        assert not _unfinished(tmp_path)


def _unfinished(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*#*") if path.is_file()]


async def _run_crasher(folder: Path, url: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, safe_crasher.__file__, str(folder), url, str(ROUNDS), "1"
    )
    assert await asyncio.wait_for(process.wait(), 30 + ROUNDS) == 0


async def _every_indexed_paper_opens(lab: Lab) -> None:
    for row in await rows(lab.pool, "SELECT * FROM safe_papers WHERE destroyed_at IS NULL"):
        assert len(await lab.safe.opened(row)) == row["size_bytes"]


async def _scrub_leaves_what_is_indexed(lab: Lab) -> None:
    lab.clock.advance(ORPHAN_AGE + timedelta(minutes=1))
    found = await lab.whole.rounds.scrub(10_000)
    assert (found.spoiled, found.orphans_left) == ((), 0)
    indexed = await rows(lab.pool, "SELECT 1 FROM safe_papers WHERE destroyed_at IS NULL")
    assert len(await lab.stored()) == len(indexed) == found.checked
    await _every_indexed_paper_opens(lab)
