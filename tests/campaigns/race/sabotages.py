"""Sabotages of the keeper: each takes out one thing that its promise rests on, and must be caught."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.campaigns.race.cases import Case


@dataclass(frozen=True, slots=True)
class Sabotage:
    """One thing taken out."""

    what: str
    """What is taken out, in words."""
    apply: Callable[[], None]
    symptom: str
    """What has to be found by the verdict, as a regular expression."""
    cases: Callable[[Case], bool]
    """Cases of the race that must catch it."""


SABOTAGES: Mapping[str, Sabotage] = {}
