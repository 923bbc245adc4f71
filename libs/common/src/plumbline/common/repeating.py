"""What is done again and again beside the work of a service: it outlives its own failures, and tells of them."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from plumbline.common.clock import pause
from plumbline.common.errors import SuiteError
from plumbline.common.metrics import LOOP_FAILURES

PAUSE_MAX = timedelta(minutes=5)
"""However often a loop failed in a row, it is tried again within this time, or its own pause if that is longer."""

log = structlog.get_logger(__name__)


async def repeat(
    name: str, step: Callable[[], Awaitable[object]], *, every: timedelta, stop: asyncio.Event
) -> None:
    """Take a step every so often until told to stop, whatever comes of it; a loop of the process.

    A step that fails is told of and taken again, after twice the pause at each failure in a row.

    Args:
        name: what the loop is called in metrics and logs.
        step: what is done; safe to repeat after any failure.
        every: the pause after a step.
        stop: set when the process ends.
    """
    failures = 0
    while not stop.is_set():
        try:
            await step()
            failures = 0
        except SuiteError as error:
            failures += 1
            log.warning("loop.failed", loop=name, in_a_row=failures, **error.log_fields())
        except Exception:  # whatever it is, the next step may do better, and the process has other work
            failures += 1
            log.exception("loop.failed", loop=name, in_a_row=failures)
        LOOP_FAILURES.labels(name).set(failures)
        await pause(stop, min(every * 2 ** min(failures, 20), max(every, PAUSE_MAX)).total_seconds())
