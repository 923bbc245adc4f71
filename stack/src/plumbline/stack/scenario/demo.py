"""The demo: sandbox and suite as processes of their own, the scenario, the check, the summary."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from plumbline.stack.runners.ways import Way
from plumbline.stack.scenario.configuring import DURATIONS
from plumbline.stack.scenario.performance import perform
from plumbline.stack.scenario.plan import UNLINKED_PROJECT
from plumbline.stack.scenario.playing import arranged
from plumbline.stack.scenario.stage import LocalStage, Setting, stage
from plumbline.stack.scenario.summary import print_summary


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What the user asked for."""

    state_dir: Path
    status_map: Path
    way: Way = "embedded"
    kill: str | None = None
    keep: bool = False


async def run_demo(options: DemoOptions, console: Console) -> bool:
    """Play the demo and say whether the books agree."""
    started = time.monotonic()
    setting = Setting(
        state_dir=options.state_dir,
        status_map=options.status_map,
        way=options.way,
        durations=DURATIONS,
        unlinked=UNLINKED_PROJECT,
    )
    console.print(f"Starting the sandbox and the suite; durations shortened for the demo: {_shortened()}")
    async with stage(setting, arrange=arranged) as on:
        console.print(f"The suite is up after {time.monotonic() - started:.1f} s")
        summary = await perform(on, console, kill=[options.kill] if options.kill else [])
        summary = summary.took(time.monotonic() - started)
        print_summary(console, summary)
        (options.state_dir / "summary.json").write_text(json.dumps(summary.as_json(), indent=2) + "\n")
        if options.keep:
            await _keep(console, on)
        return summary.agrees


async def _keep(console: Console, on: LocalStage) -> None:
    console.print("\nLeft running (Ctrl-C stops everything):")
    for name, url in {**on.addresses, "sandbox": on.world.sandbox["control_url"]}.items():
        console.print(f"  {name:14} {url}")
    await on.supervisor.watch()


def _shortened() -> str:
    return ", ".join(
        f"{name.removeprefix('PLUMBLINE_').lower()}={value}" for name, value in DURATIONS.items()
    )
