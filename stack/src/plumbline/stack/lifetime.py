"""The life of a command that stays up: until a signal, in order, and with nothing left behind."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

from plumbline.stack.processes import die_with_parent

T = TypeVar("T")

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run_until_signal(work: Coroutine[Any, Any, T]) -> T | None:
    """Run `work`; return its result, or None if a stop signal cancelled it.

    Further signals are ignored while it stops. If whoever started us ends, that counts as SIGTERM.
    """
    die_with_parent(signal.SIGTERM)
    return asyncio.run(_until_signal(work))


async def _until_signal(work: Coroutine[Any, Any, T]) -> T | None:
    task = asyncio.ensure_future(work)
    stopped = asyncio.Event()
    for number in _STOP_SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    waiting = asyncio.create_task(stopped.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if task.done():
        return task.result()
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled():
        return task.result()
    return None
