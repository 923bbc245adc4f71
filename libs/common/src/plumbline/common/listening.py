"""LISTEN: being woken by a commit, in this process or another."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import asyncpg

from plumbline.common.database import database_errors

RECONNECT_PAUSE_S = 0.5
"""Between attempts to listen again; meanwhile the loops' own polling carries on."""


class Bell:
    """Rings when a commit asked for attention, and can be rung by hand."""

    def __init__(self) -> None:
        """Start silent."""
        self._event = asyncio.Event()

    def ring(self) -> None:
        """Wake whoever waits, or the next one to wait."""
        self._event.set()

    async def wait(self, timeout_s: float) -> None:
        """Wait for a ring, or for the time to pass; clears the bell."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._event.wait()
        self._event.clear()


@contextlib.asynccontextmanager
async def listening(url: str, bells: dict[str, Bell]) -> AsyncIterator[None]:
    """Ring each bell whenever its channel is notified, until the end of the context.

    A lost connection is made again; every bell rings then, for a notice may have been missed.
    """
    task = asyncio.create_task(_listen_for_ever(url, bells), name="listen")
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _listen_for_ever(url: str, bells: dict[str, Bell]) -> None:
    while True:
        with contextlib.suppress(Exception):
            await _listen(url, bells)
        await asyncio.sleep(RECONNECT_PAUSE_S)


async def _listen(url: str, bells: dict[str, Bell]) -> None:
    with database_errors():
        connection = await asyncpg.connect(url, timeout=10.0)
    closed = asyncio.Event()
    try:
        connection.add_termination_listener(lambda _: closed.set())
        for channel, bell in bells.items():
            await connection.add_listener(channel, lambda *_, bell=bell: bell.ring())
            bell.ring()
        await closed.wait()
    finally:
        connection.terminate()
