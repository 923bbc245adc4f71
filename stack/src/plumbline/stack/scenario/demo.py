"""The demo: sandbox and suite as processes of their own, the scenario, the check, the summary."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from plumbline.stack.runners.ways import Way
from plumbline.stack.scenario.playing import arranged
from plumbline.stack.scenario.scenarios import SCENARIOS, Name
from plumbline.stack.scenario.stage import LocalStage, Setting, stage


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What the user asked for."""

    state_dir: Path
    shipped: Path
    """Folder of the shipped configuration."""
    way: Way = "embedded"
    scenario: Name = "invoices"
    kill: Sequence[str] = ()
    keep: bool = False


async def run_demo(options: DemoOptions, console: Console) -> bool:
    """Play the demo and say whether the books agree."""
    started, scenario = time.monotonic(), SCENARIOS[options.scenario]
    setting = Setting(
        state_dir=options.state_dir,
        shipped=options.shipped,
        way=options.way,
        durations=scenario.durations,
        unlinked=scenario.unlinked,
    )
    shortened = _shortened(scenario.durations)
    console.print(f"Starting the sandbox and the suite; durations shortened for the demo: {shortened}")
    async with stage(setting, arrange=arranged) as on:
        console.print(f"The suite is up after {time.monotonic() - started:.1f} s")
        played = await scenario.play(on, console, options.kill, started)
        (options.state_dir / "summary.json").write_text(json.dumps(dict(played.told), indent=2) + "\n")
        if options.keep:
            await _keep(console, on)
        return played.agrees


async def _keep(console: Console, on: LocalStage) -> None:
    console.print("\nLeft running (Ctrl-C stops everything):")
    for name, url in {**on.addresses, "sandbox": on.world.sandbox["control_url"]}.items():
        console.print(f"  {name:14} {url}")
    await on.supervisor.watch()


def _shortened(durations: Mapping[str, str]) -> str:
    return ", ".join(
        f"{name.removeprefix('PLUMBLINE_').lower()}={value}" for name, value in durations.items()
    )
