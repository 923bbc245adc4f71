"""Sabotages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Sabotage:
    apply: Callable[[], None]


SABOTAGES: Mapping[str, Sabotage] = {}
