"""Procore's two rate limits, counted per app and company (Procore docs, rate limiting)."""

from collections import defaultdict
from dataclasses import dataclass

from plumbline_sandbox.clock import Clock
from plumbline_sandbox.limits import Limits, SlidingWindow

HOUR_S = 3600.0
"""Length of the hourly window."""

Key = tuple[str, str]
"""Client id and company."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How one caller stands towards the limit it is nearest to exceeding."""

    limit: int
    remaining: int
    resets_at_s: float

    def headers(self) -> dict[str, str]:
        """Return the three headers every answer carries."""
        return {
            "x-rate-limit-limit": str(self.limit),
            "x-rate-limit-remaining": str(self.remaining),
            "x-rate-limit-reset": str(int(self.resets_at_s) + 1),
        }


class Rates:
    """The windows of every caller."""

    def __init__(self, clock: Clock, limits: Limits) -> None:
        self._clock = clock
        self._limits = limits
        self._hourly: dict[Key, SlidingWindow] = defaultdict(lambda: SlidingWindow(HOUR_S))
        self._spike: dict[Key, SlidingWindow] = {}
        self._spike_window_s = 0

    def admit(self, key: Key) -> float | None:
        """Count a request, whatever becomes of it; or return the seconds to wait instead.

        A request that is throttled is not counted (inferred).
        """
        now_s = self._clock.time()
        standing = self.standing(key)
        if standing.remaining <= 0:
            return max(1.0, standing.resets_at_s - now_s)
        self._hourly[key].add(now_s)
        self._spike_of(key).add(now_s)
        return None

    def standing(self, key: Key) -> Standing:
        """Return the standing towards whichever limit has the least remaining; of two, the longer to last."""
        figures, now_s = self._limits.procore, self._clock.time()
        hourly = _standing(self._hourly[key], figures.hourly, now_s)
        spike = _standing(self._spike_of(key), figures.spike, now_s)
        return min(spike, hourly, key=lambda standing: (standing.remaining, -standing.resets_at_s))

    def _spike_of(self, key: Key) -> SlidingWindow:
        window_s = self._limits.procore.spike_window_s
        if window_s != self._spike_window_s:
            self._spike_window_s = window_s
            self._spike = {}
        window = self._spike.get(key)
        if window is None:
            window = self._spike[key] = SlidingWindow(window_s)
        return window


def _standing(window: SlidingWindow, limit: int, now_s: float) -> Standing:
    return Standing(limit, max(0, limit - window.count(now_s)), window.frees_at(now_s))
