"""The sandbox's time: settable, steppable, scaled.

Everything that ages (tokens, request ids, retry ladders, rate windows) asks this clock, so that
a test can let a hundred days pass in a moment.

Time stands still within one turn of the event loop, so that all that one request does carries
one moment. That is what lets a recorded request be executed again to the byte.
"""

import asyncio
import time
from datetime import UTC, datetime

LONGEST_NAP_S = 3600.0
"""Longest real wait before a sleeper looks at the clock again; a bound, not a promise."""


class Clock:
    """Time that starts at the real one and runs as fast as it is told to."""

    def __init__(self) -> None:
        self._factor = 1.0
        self._anchor_s = time.time()
        self._anchored_at_s = time.monotonic()
        self._standing_s: float | None = None
        self._held = False
        self._changed = asyncio.Event()

    @property
    def factor(self) -> float:
        """How many sandbox seconds pass in one real second; 0 means that time stands still."""
        return self._factor

    @property
    def held(self) -> bool:
        """Whether time is held: what happened before is being executed again."""
        return self._held

    def time(self) -> float:
        """Return seconds since 1970 in UTC, as a float (for windows and comparisons)."""
        if self._standing_s is not None:
            return self._standing_s
        now_s = self._anchor_s + (time.monotonic() - self._anchored_at_s) * self._factor
        self._stand(now_s)
        return now_s

    def now(self) -> datetime:
        """Return the present moment, aware, UTC."""
        return datetime.fromtimestamp(self.time(), UTC)

    def set(self, at: datetime) -> None:
        """Jump to this moment, forwards or backwards; sleepers see it at once.

        Raises:
            ValueError: No calendar holds it; so with `step`.
        """
        self._move(at.timestamp())

    def step(self, seconds: float) -> None:
        """Jump by so many seconds (negative: back)."""
        self._move(self.time() + seconds)

    def scale(self, factor: float) -> None:
        """Run so many times as fast as real time from now on.

        Raises:
            ValueError: The factor is negative or no finite number.
        """
        if not 0 <= factor < float("inf"):
            raise ValueError("the clock runs forwards, at a finite speed")
        here = self.time()
        self._factor = factor
        self._move(here)

    def tick(self) -> None:
        """Let time go on within a turn of the event loop: another request begins."""
        if not self._held:
            self._standing_s = None

    def hold(self, at_s: float) -> None:
        """Stand at this moment until `release`; sleepers who ask meanwhile do not wait."""
        self._held = True
        self._move(at_s)

    def release(self, *, passed_s: float) -> None:
        """Run on as if so many real seconds had passed since the moment that is held."""
        here = self.time()
        self._held = False
        self._move(here + passed_s * self._factor)

    async def sleep(self, seconds: float) -> None:
        """Return when so many sandbox seconds have passed, by running or by a jump."""
        # Not by way of `datetime`: its microseconds may lie after the moment that a jump reaches.
        await self._reach(self.time() + seconds)

    async def sleep_until(self, moment: datetime) -> None:
        """Return when this moment is reached, by running or by a jump."""
        await self._reach(moment.timestamp())

    async def _reach(self, wanted_s: float) -> None:
        while not self._held and (left_s := wanted_s - self.time()) > 0:
            nap_s = left_s / self._factor if self._factor else LONGEST_NAP_S
            await self._nap(min(nap_s, LONGEST_NAP_S))

    async def _nap(self, real_s: float) -> None:
        try:
            async with asyncio.timeout(real_s):
                await self._changed.wait()
        except TimeoutError:
            return

    def _move(self, to_s: float) -> None:
        try:
            datetime.fromtimestamp(to_s, UTC)
        except (OverflowError, OSError) as beyond:
            raise ValueError("no calendar holds that moment") from beyond
        self._anchor_s = to_s
        self._anchored_at_s = time.monotonic()
        self._standing_s = None
        self._stand(to_s)
        # Sleepers hold the old event: they wake, and wait on the new one if they still must.
        self._changed.set()
        self._changed = asyncio.Event()

    def _stand(self, at_s: float) -> None:
        """Stand at this moment until the event loop turns; without one, time never stands."""
        if self._held:
            self._standing_s = at_s
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        self._standing_s = at_s
        loop.call_soon(self.tick)
