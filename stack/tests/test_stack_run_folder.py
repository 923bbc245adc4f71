"""Run folders: deleted by their owner, or swept after it."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from plumbline.stack.run_folder import run_folder


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_folder_is_deleted_afterwards(temporary: Path) -> None:
    with run_folder() as folder:
        (folder / "data").write_text("x")
    assert list(temporary.iterdir()) == []


def test_folder_of_a_living_owner_is_left_alone(temporary: Path) -> None:
    with run_folder() as first, run_folder():
        assert first.is_dir()


def test_folder_of_a_killed_owner_is_swept(temporary: Path) -> None:
    stale = temporary / "plumbline-run-stale"
    stale.mkdir()
    (stale / "lock").touch()
    with run_folder():
        assert not stale.exists()


def test_folder_that_is_just_being_made_is_left_alone(temporary: Path) -> None:
    young = temporary / "plumbline-run-young"
    young.mkdir()
    with run_folder():
        assert young.is_dir()


def test_foreign_names_are_left_alone(temporary: Path) -> None:
    (temporary / "somebody" / "lock").parent.mkdir()
    (temporary / "somebody" / "lock").touch()
    with run_folder():
        assert (temporary / "somebody").is_dir()
