"""Rate limits: the figures in force, and the sliding windows they are counted in."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from plumbline_sandbox.journal import Journal


@dataclass(frozen=True, slots=True)
class QuickBooksLimits:
    """Intuit, "API call limits and throttles" and "Builder tier API limits"."""

    per_minute: int = 500
    """Requests per realm, of all apps together."""
    per_second: int = 10
    """Requests per realm and app."""
    in_flight: int = 10
    """Requests per realm and app at a time: the wording of 2016, kept because it was never withdrawn."""
    batch_per_minute: int = 40
    """Batch requests per realm and app."""
    batch_per_minute_realm: int = 120
    """Batch requests per realm, of all apps together."""
    batch_items_count: int = 0
    """Whether (1) each item of a batch counts as a request of the realm's minute; undocumented."""
    core_plus_per_month: int = 500_000
    """Reads, queries, change data and reports per app and calendar month; writes are not metered."""
    app_per_minute: int = 0
    """Requests per app over all realms; 0 = no such limit. Intuit documents none today."""
    request_s: int = 120
    """Real seconds after which a request is ended, whole or not; that the gateway answers 504 then is inferred."""


@dataclass(frozen=True, slots=True)
class ProcoreLimits:
    """Requests per app and company (Procore docs, rate limiting: hourly and spike together)."""

    hourly: int = 3600
    spike: int = 25
    spike_window_s: int = 10


@dataclass(frozen=True, slots=True)
class SlackLimits:
    """Messages per channel: one a second, with bursts allowed (that bursts level out in a minute is inferred)."""

    per_channel_per_minute: int = 60


class Limits:
    """The figures all providers count against; replaceable while the sandbox runs."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.quickbooks = QuickBooksLimits()
        self.procore = ProcoreLimits()
        self.slack = SlackLimits()

    def configure(self, body: Mapping[str, Any]) -> None:
        """Replace the figures that are named; `{"procore": {"spike": 1000}}`.

        Raises:
            ValueError: An unknown provider or figure, or a figure that is no whole number.
        """
        try:
            quickbooks = replace(self.quickbooks, **_whole(body.get("quickbooks", {})))
            procore = replace(self.procore, **_whole(body.get("procore", {})))
            slack = replace(self.slack, **_whole(body.get("slack", {})))
        except (TypeError, AttributeError) as malformed:
            raise ValueError(f"malformed limits: {malformed}") from malformed
        if unknown := set(body) - {"quickbooks", "procore", "slack"}:
            raise ValueError(f"unknown providers: {', '.join(sorted(unknown))}")
        self.quickbooks, self.procore, self.slack = quickbooks, procore, slack
        if body:
            self._journal.write("switch", of="limits", settings=dict(body))

    def longest_request_s(self, provider: str) -> float:
        """Return after how many real seconds this provider ends a request; Procore documents no figure."""
        return self.quickbooks.request_s if provider == "quickbooks" else float("inf")


def _whole(figures: Mapping[str, Any]) -> dict[str, int]:
    return {name: int(figure) for name, figure in figures.items()}


class SlidingWindow:
    """The moments of the requests of the last `length_s` seconds, in sandbox time.

    It knows no maximum: that is asked of `Limits` at every request, so that a changed limit
    counts at once.
    """

    def __init__(self, length_s: float) -> None:
        self._length_s = length_s
        self._moments: deque[float] = deque()

    def count(self, now_s: float) -> int:
        """Return how many requests lie inside the window that ends now."""
        moments = self._moments
        while moments and (moments[0] <= now_s - self._length_s or moments[0] > now_s):
            moments.popleft()  # a moment in the future means that the clock was set back
        return len(moments)

    def add(self, now_s: float, weight: int = 1) -> None:
        """Count one request, or one that weighs as much as several."""
        self._moments.extend([now_s] * weight)

    def frees_at(self, now_s: float) -> float:
        """Return when the oldest counted request leaves the window, in seconds since 1970."""
        return (self._moments[0] if self.count(now_s) else now_s) + self._length_s
