"""A short-lived folder with a short path, swept by the next start if its owner was killed."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

_PREFIX = "plumbline-run-"
_LOCK = "lock"


@contextlib.contextmanager
def run_folder() -> Iterator[Path]:
    """Yield a new folder under the system's temporary folder, and delete it afterwards.

    Short, because the path of a Unix socket may have about 100 characters; outside the checkout, because a
    server that refuses root must be able to reach it. A killed owner's folder is removed by the next call.
    """
    sweep()
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    folder.chmod(0o711)  # another user may pass through to what is given to it, and list nothing
    with _locked(folder):
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def sweep() -> None:
    """Delete this user's run folders whose owners are gone."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
            continue
        if _abandoned(folder / _LOCK):
            shutil.rmtree(folder, ignore_errors=True)


def _abandoned(lock: Path) -> bool:
    """Tell whether nobody holds the lock; the kernel releases it with its owner's last breath."""
    try:
        with lock.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (FileNotFoundError, BlockingIOError):  # not yet locked, or in use
        return False
    return True


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[IO[bytes]]:
    with (folder / f"{_LOCK}.new").open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        Path(file.name).rename(folder / _LOCK)  # under its name it is always held
        yield file
