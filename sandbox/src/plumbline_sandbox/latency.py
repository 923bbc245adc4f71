"""How long each provider takes to answer."""

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from plumbline_sandbox.journal import Journal

PROVIDERS = frozenset({"procore", "quickbooks", "storage", "slack", "jira", "payments", "lambda"})
"""Everyone whose pace may be set."""

_Z99 = 2.3263
"""The 99th percentile of the standard normal distribution."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How answer times are spread: evenly around `ms`, or lognormal if `p50_ms` is given."""

    ms: float = 0.0
    jitter_ms: float = 0.0
    """Answers take `ms` plus or minus up to so much."""
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    """The lognormal spread: half of all answers take `p50_ms` or less, and 99 of 100 `p99_ms` or less."""
    stall_ms: float = 0.0
    stall_share: float = 0.0
    """This share of the answers takes `stall_ms` more."""

    def draw_ms(self, rng: random.Random) -> float:
        """Return one answer time."""
        if self.p50_ms:
            drawn = rng.lognormvariate(math.log(self.p50_ms), math.log(self.p99_ms / self.p50_ms) / _Z99)
        else:
            drawn = max(0.0, self.ms + rng.uniform(-self.jitter_ms, self.jitter_ms))
        return drawn + (self.stall_ms if self.stall_share and rng.random() < self.stall_share else 0.0)


class Latency:
    """The answer times in force, per provider; zero unless configured."""

    def __init__(self, rng: random.Random, journal: Journal) -> None:
        self._rng = rng
        self._journal = journal
        self._paces: dict[str, Pace] = {}

    def configure(self, body: Mapping[str, Any]) -> None:
        """Set one provider's pace: `{"provider": "quickbooks", "ms": 40, "jitter_ms": 20}`; see `Pace`.

        Raises:
            ValueError: The provider or a figure is unknown, or a figure is no number or makes no sense.
        """
        figures = dict(body)
        provider = figures.pop("provider", None)
        if provider not in PROVIDERS:
            raise ValueError(f"unknown provider {provider!r}")
        if unknown := set(figures) - {field.name for field in fields(Pace)}:
            raise ValueError(f"unknown figures: {', '.join(sorted(unknown))}")
        pace = Pace(**{name: float(figure) for name, figure in figures.items()})
        if pace.p99_ms < pace.p50_ms:
            raise ValueError("p99_ms must not be less than p50_ms")
        self._paces[provider] = pace
        self._journal.write("switch", of="latency", settings=dict(body))

    def draw_s(self, provider: str) -> float:
        """Return how many seconds the next answer of this provider takes."""
        pace = self._paces.get(provider)
        return pace.draw_ms(self._rng) / 1000 if pace else 0.0
