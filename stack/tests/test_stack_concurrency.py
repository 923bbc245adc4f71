"""Several things at once, failing as one."""

from __future__ import annotations

import asyncio

import pytest

from plumbline.stack.concurrency import together


async def _after(delay_s: float, result: str) -> str:
    await asyncio.sleep(delay_s)
    return result


async def test_results_come_in_order_of_the_arguments() -> None:
    assert await together(_after(0.01, "slow"), _after(0, "quick")) == ["slow", "quick"]


async def test_first_error_is_raised_alone_after_the_others_have_ended() -> None:
    ended = asyncio.Event()

    async def other() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    async def failing() -> None:
        await asyncio.sleep(0)
        raise LookupError("the first")

    with pytest.raises(LookupError, match="the first"):
        await together(other(), failing())
    assert ended.is_set()
