"""What is done again and again outlives its failures, waits longer after each, and shows how many there were."""

import asyncio
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from plumbline.common import repeating
from plumbline.common.errors import TransientError
from plumbline.common.repeating import PAUSE_MAX, repeat

EVERY = timedelta(seconds=5)


class Script:
    """Does what it is told, step by step, and stops at the end; notes each pause and what was shown then."""

    def __init__(self, *steps: Exception | None) -> None:
        self.steps = [*steps]
        self.stop = asyncio.Event()
        self.pauses: list[float] = []
        self.shown: list[float | None] = []

    async def step(self) -> None:
        error = self.steps.pop(0)
        if not self.steps:
            self.stop.set()
        if error is not None:
            raise error

    async def pause(self, stop: asyncio.Event, pause_s: float) -> None:
        self.pauses.append(pause_s)
        self.shown.append(REGISTRY.get_sample_value("plumbline_loop_failures", {"loop": "script"}))


async def played(script: Script, monkeypatch: pytest.MonkeyPatch, *, every: timedelta = EVERY) -> Script:
    monkeypatch.setattr(repeating, "pause", script.pause)
    await repeat("script", script.step, every=every, stop=script.stop)
    return script


async def test_a_step_that_fails_is_taken_again_later_each_time_until_it_succeeds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    script = await played(
        Script(None, KeyError("unforeseen"), TransientError("away"), RecursionError(), None), monkeypatch
    )

    assert script.pauses == [5, 10, 20, 40, 5]
    assert script.shown == [0, 1, 2, 3, 0]


@pytest.mark.parametrize("every", [EVERY, timedelta(hours=1)])
async def test_no_pause_is_longer_than_five_minutes_or_the_loops_own(
    every: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = await played(Script(*[ValueError()] * 40), monkeypatch, every=every)

    assert max(script.pauses) == max(every, PAUSE_MAX).total_seconds()


async def test_a_loop_that_is_cancelled_ends() -> None:
    async def forever() -> None:
        await asyncio.sleep(3600)

    running = asyncio.create_task(repeat("script", forever, every=EVERY, stop=asyncio.Event()))
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
