"""Sabotages."""
from dataclasses import dataclass
from collections.abc import Callable, Mapping

@dataclass(frozen=True)
class Sabotage:
    apply: Callable[[], None]

SABOTAGES: Mapping[str, Sabotage] = {}
