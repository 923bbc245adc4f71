"""What strangers may do to the doors by which papers come in: forms, and files that are laid into the watched folder."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from papers_lab import CONNECTION, PROJECT, Bench, bench
from starlette.applications import Starlette

from plumbline.common.testing.database import rows
from plumbline.compliance.adapters.folder import FILES_PER_LOOK, WatchedFolder
from plumbline.compliance.routes import PaperRoutes

WAIVER = b"waiver"


@pytest.fixture
async def lab(database_url: str, tmp_path: Path) -> AsyncIterator[Bench]:
    async with bench(database_url, tmp_path) as made:
        yield made


@pytest.fixture
def inbox(lab: Bench, tmp_path: Path) -> Path:
    place = tmp_path / "inbox" / CONNECTION / PROJECT
    place.mkdir(parents=True)
    return place


def watched(lab: Bench, inbox: Path) -> WatchedFolder:
    return WatchedFolder(
        inbox.parents[1],
        connections=lab.connections,
        intake=lab.intake,
        clock=lab.clock,
        every=timedelta(seconds=5),
    )


def files(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def replace_by_link(folder: Path, elsewhere: Path) -> None:
    shutil.rmtree(folder)
    folder.symlink_to(elsewhere, target_is_directory=True)


async def look_twice(lab: Bench, inbox: Path) -> None:
    folder = watched(lab, inbox)
    async with asyncio.timeout(10):
        for _ in range(2):
            await folder.look()


async def taken(lab: Bench) -> list[str]:
    return [row["file_name"] for row in await rows(lab.pool, "SELECT file_name FROM documents")]


@pytest.mark.parametrize("suffix", [".pdf", ".exe"], ids=["taken", "refused"])
async def test_a_name_as_long_as_can_be_is_moved_aside_and_holds_up_no_other(
    lab: Bench, inbox: Path, suffix: str
) -> None:
    (inbox / f"{'a' * (255 - len(suffix))}{suffix}").write_bytes(b"MZ" if suffix == ".exe" else b"licence")
    (inbox / "b.pdf").write_bytes(WAIVER)

    await look_twice(lab, inbox)

    assert "b.pdf" in await taken(lab)
    assert files(inbox) == []


async def test_a_file_that_cannot_be_moved_holds_up_no_other(
    lab: Bench, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (inbox / "a.pdf").write_bytes(b"licence")
    (inbox / "b.pdf").write_bytes(WAIVER)
    rename = Path.rename

    def unmoved(path: Path, target: Path) -> Path:
        if path.name == "a.pdf":
            raise PermissionError(13, "Permission denied")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", unmoved)
    await look_twice(lab, inbox)

    assert files(inbox) == ["a.pdf"]
    assert sorted(await taken(lab)) == ["a.pdf", "b.pdf"]


async def test_a_linked_folder_leads_nowhere(lab: Bench, inbox: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / PROJECT).mkdir(parents=True)
    for place in (elsewhere, elsewhere / PROJECT):
        (place / "private.pdf").write_bytes(WAIVER)

    for linked in (inbox, inbox.parent):
        replace_by_link(linked, elsewhere)
        await look_twice(lab, inbox)

    assert await taken(lab) == []
    assert len(list(elsewhere.rglob("private.pdf"))) == 2


async def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(
    lab: Bench, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (inbox / "a.pdf").write_bytes(b"licence")
    (inbox / "b.pdf").write_bytes(WAIVER)
    opened = os.open

    def swapped(path: Path, flags: int) -> int:
        if path.name == "a.pdf":
            path.unlink()
            os.mkfifo(path)
            assert flags & os.O_NONBLOCK  # or this test would hang
        return opened(path, flags)

    monkeypatch.setattr(os, "open", swapped)
    await look_twice(lab, inbox)

    assert await taken(lab) == ["b.pdf"]


async def test_files_that_may_not_be_read_are_moved_aside_and_starve_no_other(
    lab: Bench, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(FILES_PER_LOOK):
        (inbox / f"a{number}.pdf").write_bytes(b"private")
    (inbox / "b.pdf").write_bytes(WAIVER)
    opened = os.open

    def forbidden(path: Path, flags: int) -> int:
        if path.name.startswith("a"):
            raise PermissionError(13, "Permission denied")
        return opened(path, flags)

    monkeypatch.setattr(os, "open", forbidden)
    folder = watched(lab, inbox)
    for _ in range(3):
        await folder.look()

    assert await taken(lab) == ["b.pdf"]
    sentences = {path.read_text() for path in (inbox.parents[1] / "refused").rglob("*.txt")}
    assert len(sentences) == 1
    assert "may not be read" in sentences.pop()


async def test_a_form_lies_in_clear_on_no_disk(
    lab: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reviewing = lab.reviewing
    app = Starlette(
        routes=PaperRoutes(connections=lab.connections, intake=lab.intake, reviewing=reviewing).routes()
    )
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "no such folder"))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://compliance.test"
    ) as http:
        form = {"file": ("scan.pdf", WAIVER * 500_000, "application/pdf")}
        answer = await http.post(f"/papers/{CONNECTION}", files=form)

    assert answer.status_code == 201
