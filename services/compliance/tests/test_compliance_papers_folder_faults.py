"""The watched folder under faults that nobody foresaw: a poisoned file goes aside, and the rest is taken all the same."""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from papers_lab import CONNECTION, PROJECT, Bench, FakeInspection, bench
from prometheus_client import REGISTRY
from typing_extensions import override

from plumbline.common.reconciling.verdicts import BUG_ATTEMPTS
from plumbline.common.testing.database import rows
from plumbline.compliance.adapters.folder import WatchedFolder
from plumbline.compliance.adapters.inbox import PostgresInbox
from plumbline.compliance.service.intake import Intake


class Poisoned(FakeInspection):
    """Stumbles over what says that it is poison."""

    @override
    def __call__(self, file_name: str, content: bytes) -> str:
        if content.startswith(b"poison"):
            raise RecursionError("maximum recursion depth exceeded")
        return super().__call__(file_name, content)


@pytest.fixture
async def lab(database_url: str, tmp_path: Path) -> AsyncIterator[Bench]:
    async with bench(database_url, tmp_path) as made:
        yield made


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    place = tmp_path / "inbox" / CONNECTION / PROJECT
    place.mkdir(parents=True)
    return place


@pytest.fixture
def folder(lab: Bench, inbox: Path) -> WatchedFolder:
    intake = Intake(inspect=Poisoned(), safe=lab.safe, inbox=PostgresInbox(lab.pool), clock=lab.clock)
    return WatchedFolder(
        inbox.parents[1],
        connections=lab.connections,
        intake=intake,
        clock=lab.clock,
        every=timedelta(milliseconds=5),
    )


def names_in(place: Path) -> list[str]:
    return sorted(path.name for path in place.iterdir())


def shown() -> float | None:
    return REGISTRY.get_sample_value("plumbline_loop_failures", {"loop": "watched-folder"})


async def taken(lab: Bench) -> list[str]:
    found = await rows(lab.pool, "SELECT file_name FROM documents ORDER BY file_name")
    return [row["file_name"] for row in found]


async def watch_until(folder: WatchedFolder, is_reached: str, inbox: Path) -> None:
    """Let the loop run until a file of a pattern lies somewhere in the folder."""
    stop = asyncio.Event()
    running = asyncio.create_task(folder.run(stop))
    async with asyncio.timeout(10):
        while not [*inbox.parents[1].glob(is_reached)]:
            assert not running.done()
            await asyncio.sleep(0.01)
    stop.set()
    await running


async def test_a_file_that_fails_unforeseen_goes_aside_with_a_sentence_and_the_loop_goes_on(
    lab: Bench, folder: WatchedFolder, inbox: Path
) -> None:
    (inbox / "a.pdf").write_bytes(b"poison")
    (inbox / "b.pdf").write_bytes(b"waiver")
    await watch_until(folder, "refused/*/*/*.txt", inbox)

    (told,) = (inbox.parents[1] / "refused").rglob("*.txt")
    assert "RecursionError" in told.read_text()
    assert await taken(lab) == ["b.pdf"]
    assert shown() == BUG_ATTEMPTS
    (inbox / "c.pdf").write_bytes(b"licence")
    await watch_until(folder, "taken/*/*/*c.pdf", inbox)
    assert shown() == 0


async def test_a_fault_that_hits_every_file_is_none_of_theirs(
    lab: Bench, folder: WatchedFolder, inbox: Path
) -> None:
    for name in ("a.pdf", "b.pdf"):
        (inbox / name).write_bytes(f"poison {name}".encode())
    await folder.look()
    for _ in range(BUG_ATTEMPTS + 1):
        with pytest.raises(RecursionError):
            await folder.look()

    assert names_in(inbox) == ["a.pdf", "b.pdf"]


async def test_names_and_files_of_no_good_hold_up_no_other(
    lab: Bench, folder: WatchedFolder, inbox: Path
) -> None:
    os.mkfifo(inbox / "a pipe.pdf")
    (inbox / os.fsdecode(b"caf\xe9 \xff.pdf")).write_bytes(b"certificate")
    (inbox / os.fsdecode(b"caf\xe9 \xff.exe")).write_bytes(b"MZ")
    (inbox / "vanishes.pdf").write_bytes(b"gone")
    (inbox / "b.pdf").write_bytes(b"waiver")
    async with asyncio.timeout(10):
        await folder.look()
        (inbox / "vanishes.pdf").unlink()
        await folder.look()

    assert names_in(inbox) == ["a pipe.pdf"]
    names = await taken(lab)
    assert len(names) == 2
    assert "b.pdf" in names
    (refused,) = (inbox.parents[1] / "refused").rglob("*.txt")
    assert "no type" in refused.read_text()


async def test_a_folder_that_may_not_be_read_holds_up_no_other(
    lab: Bench, folder: WatchedFolder, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (inbox / "a.pdf").write_bytes(b"licence")
    (inbox.parent / "b.pdf").write_bytes(b"waiver")
    listed = Path.iterdir

    def forbidden(path: Path) -> object:
        if path == inbox:
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(Path, "iterdir", forbidden)
    for _ in range(2):
        await folder.look()

    assert await taken(lab) == ["b.pdf"]
