"""The scenarios that the demo can play, by name."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from rich.console import Console

from plumbline.stack.scenario import compliance, configuring, rotation
from plumbline.stack.scenario.performance import perform
from plumbline.stack.scenario.plan import UNLINKED_PROJECT
from plumbline.stack.scenario.rotation_table import print_rotation
from plumbline.stack.scenario.stage import Stage
from plumbline.stack.scenario.summary import print_summary
from plumbline.stack.scenario.timeline import print_timeline

Name = Literal["invoices", "rotation", "compliance"]
"""What can be played."""


@dataclass(frozen=True, slots=True)
class Played:
    """How a play ended; what people read of it has been printed."""

    agrees: bool
    told: Mapping[str, Any]
    """What `summary.json` has."""


Play = Callable[[Stage, Console, Sequence[str], float], Awaitable[Played]]
"""Plays on a stage, with what is killed in mid-play and when everything began (monotonic seconds)."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One play, and what its stage is like."""

    play: Play
    durations: Mapping[str, str]
    """Settings that are shortened; printed."""
    unlinked: str = ""
    """Number of the project whose customer is not linked at first."""


async def _invoices(on: Stage, console: Console, kill: Sequence[str], started: float) -> Played:
    summary = (await perform(on, console, kill=kill)).took(time.monotonic() - started)
    print_summary(console, summary)
    return Played(summary.agrees, summary.as_json())


async def _rotation(on: Stage, console: Console, kill: Sequence[str], started: float) -> Played:
    summary = await rotation.perform_rotation(on, console, kill=kill)
    seconds = time.monotonic() - started
    print_rotation(console, summary, seconds=seconds)
    return Played(summary.agrees, {**summary.as_json(), "seconds": round(seconds, 1)})


async def _compliance(on: Stage, console: Console, kill: Sequence[str], started: float) -> Played:
    summary = await compliance.perform_compliance(on, console, kill=kill)
    seconds = time.monotonic() - started
    print_timeline(console, summary, seconds=seconds)
    return Played(summary.agrees, {**summary.as_json(), "seconds": round(seconds, 1)})


SCENARIOS: Mapping[Name, Scenario] = {
    "invoices": Scenario(_invoices, configuring.DURATIONS, unlinked=UNLINKED_PROJECT),
    "rotation": Scenario(_rotation, rotation.DURATIONS),
    "compliance": Scenario(_compliance, compliance.DURATIONS),
}
"""Every scenario."""
