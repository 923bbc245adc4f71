"""A command that stays up ends in order at a signal."""

from __future__ import annotations

import asyncio
import signal
import sys

import pytest

STAYING = """
import asyncio
from plumbline.stack.lifetime import run_until_signal

async def stay():
    try:
        print("up", flush=True)
        await asyncio.sleep(60)
    finally:
        await asyncio.sleep(0.1)
        print("tidied", flush=True)

print(run_until_signal(stay()))
"""


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_signal_ends_the_work_after_its_tidying_even_when_repeated(sent: signal.Signals) -> None:
    process = await _python(STAYING)
    assert process.stdout is not None
    assert await process.stdout.readline() == b"up\n"
    process.send_signal(sent)
    process.send_signal(sent)
    assert await process.stdout.read() == b"tidied\nNone\n"
    assert await process.wait() == 0


async def test_finished_work_gives_its_result() -> None:
    code = "import asyncio; from plumbline.stack.lifetime import run_until_signal;"
    process = await _python(code + "print(run_until_signal(asyncio.sleep(0, 'done')))")
    assert process.stdout is not None
    assert await process.stdout.read() == b"done\n"
    assert await process.wait() == 0


async def _python(code: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
