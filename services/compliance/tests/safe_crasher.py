"""Stores papers in a folder until it is killed, again and again: `python safe_crasher.py FOLDER URL ROUNDS SEED`.

Each round is a process of its own, forked from this one and ended by SIGKILL at a random moment.
"""

import asyncio
import os
import random
import signal
import sys
import time
from pathlib import Path

from safe_lab import ABOUT, whole

from plumbline.common.database import open_pool
from plumbline.common.secrets.data_keys import FileDataKeys
from plumbline.common.secrets.keyfile import KeyFile
from plumbline.common.testing.clock import FakeClock
from plumbline.compliance.adapters.safe.objects import FolderObjects

PAPER_BYTES_MAX = 3_000_000
LIFE_MAX_S = 0.06
READY = b"."


def content(number: int) -> bytes:
    """Return the paper of a number: its bytes follow from it."""
    return random.Random(number).randbytes(1 + number * 7919 % PAPER_BYTES_MAX)


async def _store(folder: Path, url: str, first: int, ready: int) -> None:
    async with open_pool(url, schema="compliance", max_size=2) as pool:
        keys = FileDataKeys(KeyFile(folder / "safe-key"))
        safe = whole(FolderObjects(folder / "papers"), keys, pool, FakeClock()).papers
        papers = [content(first + n) for n in range(8)]
        os.write(ready, READY)
        for paper in papers:
            await safe.put(paper, ABOUT)
        await asyncio.Event().wait()


def _round(folder: Path, url: str, first: int, moment_s: float) -> None:
    told, ready = os.pipe()
    child = os.fork()
    if child == 0:
        asyncio.run(_store(folder, url, first, ready))
    os.close(ready)
    os.read(told, 1)
    os.close(told)
    time.sleep(moment_s)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def main() -> None:
    """Kill as many processes as asked for."""
    folder, url, rounds, seed = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    moments = random.Random(seed)
    for number in range(rounds):
        _round(folder, url, 1000 * seed + 4 * number, moments.uniform(0, LIFE_MAX_S))


if __name__ == "__main__":
    main()
