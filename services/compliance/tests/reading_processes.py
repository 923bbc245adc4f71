"""What tests of reading see of the processes that read."""

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path

from plumbline.compliance.adapters.reading.isolation import IsolatedReader
from plumbline.compliance.ports.reading import RefusedPaperError


def children(process: int) -> list[int]:
    """The processes that a process has started; none, if it is gone."""
    try:
        return [int(n) for n in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except FileNotFoundError:
        return []


def nurseries() -> list[int]:
    """The processes of this one in which files are read."""
    return [n for n in children(os.getpid()) if b"reading.nursery" in Path(f"/proc/{n}/cmdline").read_bytes()]


def limits_of(process: int) -> dict[str, tuple[str, str]]:
    """A process's limits, soft and hard."""
    rows = Path(f"/proc/{process}/limits").read_text().splitlines()[1:]
    return {row[:26].strip(): (row[26:47].strip(), row[47:68].strip()) for row in rows}


def open_files_of(process: int) -> list[str]:
    return sorted(str(file.readlink()).split(":")[0] for file in Path(f"/proc/{process}/fd").iterdir())


def told_of(process: int, what: str) -> str:
    """What the kernel tells of a process under a name such as `environ`."""
    return Path(f"/proc/{process}/{what}").read_text()


def lives(process: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{process}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


async def until(condition: Callable[[], object], *, within_s: float = 5.0) -> None:
    """Wait for what the kernel tells nobody about."""
    ends = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < ends, "it has not come to pass in time"
        await asyncio.sleep(0.005)


async def outcome(reader: IsolatedReader, content: bytes) -> str:
    """Who read a file, or why it was refused."""
    try:
        return (await reader.read(content)).read_by
    except RefusedPaperError as refusal:
        return refusal.reason
