"""The demo: sandbox and suite as processes of their own, the scenario, the check, the summary."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from plumbline.stack.runners.services import RunningStack
from plumbline.stack.runners.ways import Way
from plumbline.stack.scenario.checking import judge, met_too_seldom
from plumbline.stack.scenario.configuring import DURATIONS, connection_name
from plumbline.stack.scenario.operators import Operators
from plumbline.stack.scenario.plan import UNLINKED_PROJECT, planned
from plumbline.stack.scenario.playing import Player, arranged, fault_rules
from plumbline.stack.scenario.results import read_results
from plumbline.stack.scenario.stage import Setting, Stage, stage
from plumbline.stack.scenario.summary import Summary, print_summary

QUIET_S = 3.0
"""Nothing may be unfinished for so long before the play counts as over."""

SETTLING_MAX_S = 60.0
"""How long the suite may take to finish after the last step of the play."""

KILL_AFTER_S = 7.0
"""When in the play `KILL=service` strikes."""


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
    async with stage(setting, arrange=arranged) as set_stage:
        console.print(f"The suite is up after {time.monotonic() - started:.1f} s")
        summary = await _play(options, console, set_stage)
        summary = summary.took(time.monotonic() - started)
        print_summary(console, summary)
        _write(options.state_dir / "summary.json", summary.as_json())
        if options.keep:
            await _keep(console, set_stage)
        return summary.agrees


async def _play(options: DemoOptions, console: Console, on: Stage) -> Summary:
    names = on.world.realm_names
    invoices = planned(on.world.seed, names)
    player = Player(on.control, invoices)
    await player.begin(fault_rules(list(names)))
    unlinked = next(i for i in invoices if i.project["number"] == UNLINKED_PROJECT)
    with _progress(console) as progress:
        bar = progress.add_task("people bill, approve and pay", total=player.steps)
        playing = asyncio.create_task(player.play())
        extras = [asyncio.create_task(_kill(options.kill, on.stack))] if options.kill else []
        resolved_by = asyncio.create_task(_resolve(on.operators, unlinked.project, names))
        while not playing.done():
            progress.update(bar, completed=player.steps_done)
            await asyncio.sleep(0.1)
        await asyncio.gather(playing, resolved_by, *extras)
        progress.update(bar, completed=player.steps, description="letting the suite finish")
        await _until_quiet(on.operators, on.control)
    parked = await on.operators.parked()
    books = {realm: (await on.control.get(f"/control/quickbooks/{realm}/Invoice")).json() for realm in names}
    mails = await _journal(on.control, "mail")
    attempts = await _journal(on.control, "webhook-attempt")
    faults = (await on.control.get("/control/faults")).json()["totals"]
    verdicts = judge(
        invoices,
        ids=player.ids,
        books=books,
        mails=mails,
        parked={key.rsplit("/", 1)[-1]: code for key, code in parked.items()},
    )
    results = await read_results(on.stack.kafka)
    return Summary.of(
        verdicts,
        ids=player.ids,
        parked=parked,
        results=results,
        faults=faults,
        missing=met_too_seldom(faults, attempts),
    )


async def _journal(control: httpx.AsyncClient, kind: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = (await control.get("/journal", params={"kind": kind})).json()["entries"]
    return entries


async def _resolve(operators: Operators, project: Mapping[str, Any], names: Mapping[str, str]) -> None:
    """Wait until the unlinked customer is parked, then do what its sentence says."""
    connection = connection_name(names[project["quickbooks"]["realm"]])
    await operators.until_parked("missing-billing-entity")
    source, customer = f"vendor:{project['owner']['id']}", project["quickbooks"]["customer_id"]
    await operators.link(
        [{"connection": connection, "kind": "customer", "source": source, "quickbooks_id": customer}]
    )


async def _kill(service: str, stack: RunningStack) -> None:
    await asyncio.sleep(KILL_AFTER_S)
    stack.supervisor.kill(service)


async def _until_quiet(operators: Operators, control: httpx.AsyncClient) -> None:
    """Wait until nothing is unfinished, and stays so; what is not by then is found by the check."""
    quiet_since: float | None = None
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SETTLING_MAX_S):
            while quiet_since is None or time.monotonic() - quiet_since < QUIET_S:
                pending = (await control.get("/control/webhooks/pending")).json()["pending"]
                busy = pending or await operators.unfinished()
                quiet_since = None if busy else quiet_since or time.monotonic()
                await asyncio.sleep(0.2)


async def _keep(console: Console, on: Stage) -> None:
    console.print("\nLeft running (Ctrl-C stops everything):")
    for name, url in {**on.stack.addresses, "sandbox": on.world.sandbox["control_url"]}.items():
        console.print(f"  {name:14} {url}")
    await on.stack.supervisor.watch()


def _shortened() -> str:
    return ", ".join(
        f"{name.removeprefix('PLUMBLINE_').lower()}={value}" for name, value in DURATIONS.items()
    )


def _progress(console: Console) -> Progress:
    return Progress(TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console)


def _write(path: Path, document: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
