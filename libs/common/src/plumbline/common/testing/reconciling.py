"""A reconciler for tests, whose handler ends as it is told."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from plumbline.common.clock import Clock
from plumbline.common.database import Pool
from plumbline.common.listening import Bell
from plumbline.common.reconciling.loop import Claim, Handler, Reconciler
from plumbline.common.reconciling.store import WorkStore
from plumbline.common.reconciling.verdicts import Done, Verdict
from plumbline.common.testing.waiting import eventually

LEASE = timedelta(seconds=30)
"""Longer than any test: leases run out only by `expire_leases`."""


class Scripted:
    """A handler that ends as it is told, then `Done`, and keeps the claims that it was given."""

    def __init__(self, *endings: Verdict | Exception) -> None:
        """End the n-th piece of work with the n-th verdict or error."""
        self.endings = list(endings)
        self.seen: list[Claim] = []

    async def __call__(self, claim: Claim) -> Verdict:
        """See `Handler`."""
        self.seen.append(claim)
        ending = self.endings.pop(0) if self.endings else Done()
        if isinstance(ending, Exception):
            raise ending
        return ending


def work_store(pool: Pool, replica: str = "r1", *, per_connection: int = 1000) -> WorkStore:
    """Return the work table as one replica sees it."""
    return WorkStore(pool, replica=replica, lease=LEASE, per_connection=per_connection)


def reconciler(
    store: WorkStore, handler: Handler, clock: Clock, *, concurrency: int = 4, bell: Bell | None = None
) -> Reconciler:
    """Return the loop of a service called `mapper`."""
    return Reconciler(
        service="mapper",
        store=store,
        handler=handler,
        clock=clock,
        bell=bell or Bell(),
        concurrency=concurrency,
    )


async def run_until(loop: Reconciler, bell: Bell, condition: Callable[[], Awaitable[object]]) -> None:
    """Run a loop until a condition holds, and stop it in order."""
    stop = asyncio.Event()
    running = asyncio.create_task(loop.run(stop))
    try:
        await eventually(condition)
    finally:
        stop.set()
        bell.ring()
        await running
