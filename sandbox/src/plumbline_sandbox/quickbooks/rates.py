"""QuickBooks Online's limits: which request is one too many.

Intuit, "API call limits and throttles". All refusals look alike (429, code 3001); the journal's
answer line tells by `limit` which figure was exceeded. A refused request is not counted (inferred).
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

from plumbline_sandbox.clock import Clock
from plumbline_sandbox.limits import Limits, SlidingWindow
from plumbline_sandbox.quickbooks.oauth import Grant

MINUTE_S = 60
"""Window of every limit but the burst's and the month's."""

BURST_S = 1
"""Window of the burst limit."""

_App = tuple[str, str]


class ThrottledError(Exception):
    """The request exceeds the limit of this name in `QuickBooksLimits`."""

    def __init__(self, limit: str) -> None:
        super().__init__(limit)
        self.limit = limit


def _windows(length_s: float) -> Callable[[], SlidingWindow]:
    return lambda: SlidingWindow(length_s)


class Rates:
    """Counts the requests of every realm and app."""

    def __init__(self, clock: Clock, limits: Limits) -> None:
        self._clock = clock
        self._limits = limits
        self._realm: defaultdict[str, SlidingWindow] = defaultdict(_windows(MINUTE_S))
        self._burst: defaultdict[_App, SlidingWindow] = defaultdict(_windows(BURST_S))
        self._app: defaultdict[str, SlidingWindow] = defaultdict(_windows(MINUTE_S))
        self._batches: defaultdict[_App, SlidingWindow] = defaultdict(_windows(MINUTE_S))
        self._realm_batches: defaultdict[str, SlidingWindow] = defaultdict(_windows(MINUTE_S))
        self._core_plus: Counter[tuple[str, str]] = Counter()
        self._open: Counter[_App] = Counter()

    def admit(self, grant: Grant, *, items: int, metered: bool, taken: int) -> Callable[[], None]:
        """Count a request; return what ends its time in flight, to be called once.

        Args:
            grant: Whose it is.
            items: As how many requests a batch counts in the realm's minute; 0 if it is no batch.
            metered: Whether it counts as CorePlus: it reads.
            taken: How much of the realm's minute other apps use up.

        Raises:
            ThrottledError: It is one too many, and was not counted.
        """
        app = (grant.realm, grant.client_id)
        now_s = self._clock.time()
        weight = max(items, 1)
        windows = list(self._applying(grant, batch=items > 0, taken=taken + weight - 1))
        for name, window, most in windows:
            if window.count(now_s) >= most:
                raise ThrottledError(name)
        if self._open[app] >= self._limits.quickbooks.in_flight:
            raise ThrottledError("in_flight")
        if metered:
            self._meter(grant.client_id)
        for name, window, _ in windows:
            window.add(now_s, weight if name == "per_minute" else 1)
        self._open[app] += 1
        return lambda: self._open.subtract((app,))

    def _applying(self, grant: Grant, *, batch: bool, taken: int) -> Iterator[tuple[str, SlidingWindow, int]]:
        figures, realm, app = self._limits.quickbooks, grant.realm, (grant.realm, grant.client_id)
        yield "per_second", self._burst[app], figures.per_second
        yield "per_minute", self._realm[realm], figures.per_minute - taken
        if figures.app_per_minute:
            yield "app_per_minute", self._app[grant.client_id], figures.app_per_minute
        if batch:
            yield "batch_per_minute", self._batches[app], figures.batch_per_minute
            yield "batch_per_minute_realm", self._realm_batches[realm], figures.batch_per_minute_realm

    def _meter(self, client_id: str) -> None:
        """Count against the month's quota; the month is UTC's (inferred)."""
        month = f"{self._clock.now():%Y-%m}"
        if self._core_plus[client_id, month] >= self._limits.quickbooks.core_plus_per_month:
            raise ThrottledError("core_plus_per_month")
        self._core_plus[client_id, month] += 1
