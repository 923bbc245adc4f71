"""What was asked of the sandbox, kept in a file, so that it can be asked again.

The sandbox is deterministic: the same requests at the same moments make the same state. So a data
directory holds one file with every request that may have changed something, and every entry of
the journal, in the order in which they took effect.

A line is a JSON array of what belongs together. It is written by one system call before anything
in it is answered: what a client was told has left the process and survives its death. Nothing is
forced to the disk before the sandbox stops, so a power cut may take the last moments. A line that
broke off was never answered; it is cut away.
"""

import asyncio
import base64
import errno
import fcntl
import json
import os
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

from plumbline_sandbox.http import Answer, Request
from plumbline_sandbox.journal import Entry

FILE = "sandbox.log"
"""The one file of a data directory."""

CHANGELESS = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing unless their answer says so."""

Item: TypeAlias = dict[str, Any]
"""One of: `began`, `started`, `entry`, `asked`."""


class UnusableDataError(ValueError):
    """The data directory cannot be used, and why."""


class UnkeptError(Exception):
    """Something could not be written down any more: the sandbox must stop."""


class CommandLog:
    """The file of one data directory, locked for this process.

    Args:
        directory: Made if it is not there.
        lost: Is told once when something cannot be written; nothing ever will be again.

    Raises:
        UnusableDataError: It cannot be opened, another process has it, or a line other than the
            last is broken.
        UnkeptError: In later calls: it cannot be written.
    """

    def __init__(self, directory: Path, lost: Callable[[UnkeptError], object] = lambda _: None) -> None:
        self.path = directory / FILE
        self._lost = lost
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as refused:
            raise UnusableDataError(f"{directory} cannot keep data: {refused.strerror}") from refused
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as taken:
            os.close(self._file)
            raise UnusableDataError(f"{directory} is in use by another sandbox") from taken
        self._waiting: list[bytes] = []
        self._cut()

    def items(self) -> Iterator[Item]:
        """Return what was written by earlier processes, in order.

        Raises:
            UnusableDataError: A line is broken.
        """
        with self.path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    yield from json.loads(line)
                except ValueError as broken:
                    raise UnusableDataError(f"{self.path}, line {number} is broken") from broken

    def began(self, *, seed: int, at_s: float) -> None:
        """Write the first item: from which seed, and at which moment, everything was made."""
        self._put({"began": {"seed": seed, "at_s": at_s}})

    def started(self, *, ports: dict[str, int], at_s: float) -> None:
        """Write that a process has begun to serve, and where each of its applications is."""
        self._put({"started": {"ports": ports, "at_s": at_s, "real_s": time.time()}})

    def entry(self, entry: Entry) -> None:
        """Write an entry of the journal."""
        self._put({"entry": entry.as_json()})

    def asked(self, request: Request, answer: Answer, at_s: float) -> None:
        """Write a request that was executed at this moment, unless it cannot have changed anything."""
        if answer.replay or (request.method in CHANGELESS and not answer.committed):
            return
        self._put(
            {
                "asked": {
                    "provider": request.facts["provider"],
                    "method": request.method,
                    "path": request.path,
                    "query": request.query,
                    "headers": request.headers,
                    **_body(request.body),
                },
                "at_s": at_s,
                "real_s": time.time(),
                "status": answer.status,
                "crc": zlib.crc32(answer.body),
            }
        )

    def flush(self) -> None:
        """Write out what waits; to be called before anything of it is answered."""
        if self._waiting:
            line = b"[" + b",".join(self._waiting) + b"]\n"
            self._waiting.clear()
            self._write(line)

    def close(self) -> None:
        """Write out what waits, force it to the disk, and let others have the file."""
        self.flush()
        if self._file >= 0:
            os.fsync(self._file)
            os.close(self._file)
            self._file = -1

    def _put(self, item: Item) -> None:
        if not self._waiting:
            # What one turn of the event loop does becomes visible to others only after it.
            asyncio.get_running_loop().call_soon(self.flush)
        self._waiting.append(json.dumps(item, separators=(",", ":"), ensure_ascii=False).encode())

    def _write(self, line: bytes) -> None:
        if self._file < 0:
            raise UnkeptError(f"{self.path} could not be written before")
        try:
            if os.write(self._file, line) != len(line):
                raise OSError(errno.ENOSPC, "there is no room for a whole line")
        except OSError as refused:
            # After a hole nothing may follow: the state on disk must be one that was true.
            os.close(self._file)
            self._file = -1
            unkept = UnkeptError(
                f"{self.path} cannot be written any more ({refused.strerror}), so the sandbox stops. All that "
                "it answered is kept: make room, and start it again"
            )
            self._lost(unkept)
            raise unkept from refused

    def _cut(self) -> None:
        """Cut away a last line without an end."""
        with self.path.open("rb") as lines:
            size = lines.seek(0, os.SEEK_END)
            whole = size
            while whole and not _ends_line(lines.fileno(), whole):
                whole = _last_end(lines.fileno(), whole)
        if whole != size:
            os.ftruncate(self._file, whole)


def request_of(asked: Item) -> Request:
    """Return the request that `asked` wrote down."""
    body = base64.b64decode(asked["base64"]) if "base64" in asked else asked["body"].encode()
    facts = {"provider": asked["provider"], "method": asked["method"], "path": asked["path"]}
    return Request(asked["method"], asked["path"], asked["query"], asked["headers"], body, facts)


def _body(body: bytes) -> Item:
    try:
        return {"body": body.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(body).decode()}


def _ends_line(file: int, at: int) -> bool:
    return os.pread(file, 1, at - 1) == b"\n"


def _last_end(file: int, before: int, block: int = 1 << 16) -> int:
    """Return the place after the last line end in the block before a place, or where the block begins."""
    start = max(0, before - block)
    return start + os.pread(file, before - start, start).rfind(b"\n") + 1
