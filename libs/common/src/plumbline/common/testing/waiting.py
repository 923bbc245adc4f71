"""Waiting for what another task or process does."""

import asyncio
from collections.abc import Awaitable, Callable

POLL_S = 0.005
"""Between two looks."""


async def eventually(condition: Callable[[], Awaitable[object]], *, within_s: float = 15.0) -> None:
    """Return as soon as the condition holds.

    Raises:
        TimeoutError: it did not in time; far more time than it should take.
    """
    async with asyncio.timeout(within_s):
        while not await condition():  # noqa: ASYNC110  what is waited for sends no event
            await asyncio.sleep(POLL_S)
