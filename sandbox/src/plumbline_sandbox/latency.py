"""How long each provider takes to answer."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Pace:
    """An answer time: `ms` plus or minus up to `jitter_ms`, evenly spread."""

    ms: float = 0.0
    jitter_ms: float = 0.0


class Latency:
    """The answer times in force, per provider; zero unless configured."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._paces: dict[str, Pace] = {}

    def configure(self, body: Mapping[str, Any]) -> None:
        """Set one provider's pace: `{"provider": "quickbooks", "ms": 40, "jitter_ms": 20}`.

        Raises:
            ValueError: The provider is unknown or a figure is no number.
        """
        provider = body.get("provider")
        if provider not in {"procore", "quickbooks"}:
            raise ValueError(f"unknown provider {provider!r}")
        self._paces[provider] = Pace(float(body.get("ms", 0)), float(body.get("jitter_ms", 0)))

    def draw_s(self, provider: str) -> float:
        """Return how many seconds the next answer of this provider takes."""
        pace = self._paces.get(provider)
        if pace is None:
            return 0.0
        return max(0.0, pace.ms + self._rng.uniform(-pace.jitter_ms, pace.jitter_ms)) / 1000
