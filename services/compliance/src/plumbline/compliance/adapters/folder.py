"""A watched folder: what people or machines put into it is taken in, and moved aside.

`FOLDER/CONNECTION/PROJECT/file.pdf`; files directly under a connection belong to no project yet. A file is
taken once it has stopped growing, and moved to `taken/`, or to `refused/` with a sentence beside it. It is
moved only after it is stored, so that a process that dies in between finds it again and stores nothing twice.
A file that fails in a way that nobody foresaw is tried again, and then moved to `refused/` as well: it holds up no other.
"""

import asyncio
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import structlog

from plumbline.common.clock import Clock
from plumbline.common.connections import ConnectionConfig, Connections
from plumbline.common.errors import TransientError
from plumbline.common.reconciling.verdicts import BUG_ATTEMPTS
from plumbline.common.repeating import repeat
from plumbline.compliance.domain.document import clean_name
from plumbline.compliance.ports.intake import Arrival
from plumbline.compliance.ports.reading import RefusedPaperError
from plumbline.compliance.service.intake import MAX_PAPER_BYTES, Intake, too_large

TAKEN, REFUSED = "taken", "refused"
"""Where files go."""

READ_ONLY = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
"""How files are opened. A link leads nowhere, and a pipe that took a file's place is not waited for."""

FILES_PER_LOOK = 100
"""Files taken by one look; the rest is the next one's."""

NAME_BYTES_KEPT = 200
"""Of a file's name when it is moved: with what is put before and behind it, it stays under the 255 of a file system."""

log = structlog.get_logger(__name__)

Look = tuple[int, int, int]
"""A file as it was: which one, its size, when it was written last."""


@dataclass(frozen=True, slots=True)
class _Lying:
    """A file that lies in the folder."""

    path: Path
    config: ConnectionConfig
    project_id: str | None
    look: Look


class WatchedFolder:
    """Takes in what lies in a folder. Several replicas may watch the same one."""

    def __init__(
        self, folder: Path, *, connections: Connections, intake: Intake, clock: Clock, every: timedelta
    ) -> None:
        """Watch `folder`; a file that is the same after `every` has stopped growing."""
        self._folder = folder
        self._connections = connections
        self._intake = intake
        self._clock = clock
        self._every = every
        self._seen: Mapping[Path, Look] = {}
        self._failures: dict[Path, int] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Watch until told to stop: a loop of the process."""
        await repeat("watched-folder", self.look, every=self._every, stop=stop)

    async def look(self) -> int:
        """Take in every file that is as it was at the look before; return how many.

        Raises:
            SafeUnavailableError, DatabaseUnavailableError: nothing more is taken before they are back.
            Exception: what failed in a way that nobody foresaw, after every other file was taken.
        """
        lying = await asyncio.to_thread(lambda: [*self._lying()])
        settled = [one for one in lying if self._seen.get(one.path) == one.look][:FILES_PER_LOOK]
        self._seen = {one.path: one.look for one in lying}
        self._failures = {path: times for path, times in self._failures.items() if path in self._seen}
        failed: dict[_Lying, Exception] = {}
        for one in settled:
            try:
                await self._take(one)
            except OSError as error:  # of this file; it holds up no other
                log.warning("folder.file-waiting", file=clean_name(one.path.name), error=error.strerror)
            except TransientError:
                raise
            except Exception as error:
                log.exception("folder.file-failed", file=clean_name(one.path.name))
                failed[one] = error
        await self._judge(failed, is_all=len(failed) == len(settled) > 1)
        return len(settled)

    async def _judge(self, failed: Mapping[_Lying, Exception], *, is_all: bool) -> None:
        """Move aside what failed often enough, and raise the first failure.

        Where all of several files fail at once, it is none of theirs.
        """
        for one, error in failed.items():
            times = self._failures.get(one.path, 0) + (not is_all)
            self._failures[one.path] = times
            if times >= BUG_ATTEMPTS:
                await asyncio.to_thread(self._aside, one, REFUSED, _unforeseen(error))
        for error in failed.values():
            raise error

    def _lying(self) -> Iterator[_Lying]:
        for config in self._connections:
            place = self._folder / config.name
            if place.is_symlink():
                continue
            yield from _files(place, config, None)
            for project_id in config.procore.projects:
                yield from _files(place / project_id, config, project_id)

    async def _take(self, lying: _Lying) -> None:
        try:
            content = await asyncio.to_thread(_read, lying)
            if content is None:
                return  # it has changed since, or another replica has moved it
            arrival = _arrival(lying, content)
            receipt = await self._intake.take(arrival)
        except RefusedPaperError as refused:
            await asyncio.to_thread(self._aside, lying, REFUSED, refused.detail)
            return
        # The same bytes from the same place are a file that was taken before its mover died.
        is_ours = receipt.is_new or receipt.earlier == arrival.source_record
        sentence = f"The very same file is here already, from {receipt.earlier}; nothing was kept twice."
        where, said = (TAKEN, None) if is_ours else (REFUSED, sentence)
        await asyncio.to_thread(self._aside, lying, where, said)

    def _aside(self, lying: _Lying, where: str, sentence: str | None) -> None:
        """Move a file aside, if it is still the one that was read."""
        stamp = self._clock.now().strftime("%Y%m%dT%H%M%S")
        name = os.fsdecode(os.fsencode(lying.path.name)[-NAME_BYTES_KEPT:])
        target = self._folder / where / lying.path.parent.relative_to(self._folder) / f"{stamp}-{name}"
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            if _look(lying.path) != lying.look:
                return
            if sentence is not None:
                with target.with_name(f"{target.name}.txt").open("x", encoding="utf-8") as said:
                    said.write(sentence + "\n")
            lying.path.rename(target)
        except FileNotFoundError:
            return  # another replica has moved it


def _files(folder: Path, config: ConnectionConfig, project_id: str | None) -> Iterator[_Lying]:
    try:
        paths = [] if folder.is_symlink() or not folder.is_dir() else sorted(folder.iterdir())
    except OSError as error:  # of this folder; it holds up no other
        log.warning("folder.unreadable", folder=str(folder), error=error.strerror)
        return
    for path in paths:
        look = _look(path)
        if look is not None and not path.name.startswith("."):
            yield _Lying(path, config, project_id, look)


def _look(path: Path) -> Look | None:
    """Return a plain file as it is; None for anything else: a link could lead anywhere."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return None
    return (status.st_ino, status.st_size, status.st_mtime_ns) if stat.S_ISREG(status.st_mode) else None


def _read(lying: _Lying) -> bytes | None:
    """Return a file's bytes if it is still the one that was looked at.

    Raises:
        RefusedPaperError: needs a person; it is too large, or may not be read.
    """
    if lying.look[1] > MAX_PAPER_BYTES:
        raise too_large(lying.path.name)
    try:
        with os.fdopen(os.open(lying.path, READ_ONLY), "rb") as file:
            content = file.read(MAX_PAPER_BYTES + 1)
    except PermissionError:
        raise RefusedPaperError(
            "not-readable", "The file may not be read; let the service's user read it, and put it in again."
        ) from None
    except OSError:
        return None
    return content if _look(lying.path) == lying.look else None


def _unforeseen(error: Exception) -> str:
    return (
        f"This file could not be taken in {BUG_ATTEMPTS} times, in a way that nobody foresaw "
        f"({type(error).__name__}); nothing of it was kept. The log of compliance says more. Print it to a new PDF and put "
        "that in, or put it in again once the fault is repaired."
    )


def _arrival(lying: _Lying, content: bytes) -> Arrival:
    file_name = clean_name(lying.path.name)
    return Arrival(
        connection=lying.config.name,
        source="folder",
        source_record=f"folder/{lying.project_id or '-'}/{file_name}",
        file_name=file_name,
        content=content,
        company_id=lying.config.procore.company_id,
        project_id=lying.project_id,
    )
