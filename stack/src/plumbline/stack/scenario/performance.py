"""The performance: the scenario on a stage that is set, and the judgement of what came of it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from plumbline.stack.scenario.checking import judge, met_too_seldom, webhooks_taken
from plumbline.stack.scenario.configuring import connection_name
from plumbline.stack.scenario.operators import Operators
from plumbline.stack.scenario.plan import UNLINKED_PROJECT, planned
from plumbline.stack.scenario.playing import Player, fault_rules
from plumbline.stack.scenario.results import read_results
from plumbline.stack.scenario.stage import Stage
from plumbline.stack.scenario.summary import Summary

QUIET_S = 3.0
"""Nothing may be unfinished for so long before the play counts as over."""

SETTLING_MAX_S = 60.0
"""How long the suite may take to finish after the last step of the play."""

KILL_AFTER_S = 7.0
"""When in the play the first kill strikes …"""

KILL_PAUSE_S = 4.0
"""… and how long after it the next."""


async def perform(on: Stage, console: Console, *, kill: Sequence[str] = ()) -> Summary:
    """Play the sixty invoices, let the suite finish, and judge the books.

    Args:
        on: where to play.
        console: shows how far the play is.
        kill: what is killed in mid-play, one after the other.
    """
    names = on.world.realm_names
    invoices = planned(on.world.seed, names)
    player = Player(on.control, invoices)
    await player.begin(fault_rules(list(names)))
    unlinked = next(i for i in invoices if i.project["number"] == UNLINKED_PROJECT)
    with progress_bar(console) as progress:
        bar = progress.add_task("people bill, approve and pay", total=player.steps)
        playing = asyncio.create_task(player.play())
        strikes = [asyncio.create_task(strike(on, name, place)) for place, name in enumerate(kill)]
        resolved_by = asyncio.create_task(_resolve(on.operators, unlinked.project, names))
        while not playing.done():
            progress.update(bar, completed=player.steps_done)
            await asyncio.sleep(0.1)
        await asyncio.gather(playing, resolved_by, *strikes)
        progress.update(bar, completed=player.steps, description="letting the suite finish")
        await until_quiet(on.operators, on.control)
    parked = await on.operators.parked()
    books = {realm: (await on.control.get(f"/control/quickbooks/{realm}/Invoice")).json() for realm in names}
    mails = await journal(on.control, "mail")
    webhooks = webhooks_taken(await journal(on.control, "webhook-attempt"))
    faults = (await on.control.get("/control/faults")).json()["totals"]
    verdicts = judge(
        invoices,
        ids=player.ids,
        books=books,
        mails=mails,
        parked={key.rsplit("/", 1)[-1]: code for key, code in parked.items()},
    )
    results = await read_results(on.kafka)
    return Summary.of(
        verdicts,
        ids=player.ids,
        parked=parked,
        results=results,
        faults=faults,
        webhooks=webhooks,
        missing=met_too_seldom(faults, webhooks),
    )


async def journal(control: httpx.AsyncClient, kind: str, *, since: int = 0) -> list[dict[str, Any]]:
    """Return every entry of a kind after number `since`."""
    found: list[dict[str, Any]] = []
    while True:
        page = (
            (await control.get("/journal", params={"kind": kind, "since": since})).raise_for_status().json()
        )
        found += page["entries"]
        if not page["entries"]:
            return found
        since = page["next"]


async def _resolve(operators: Operators, project: Mapping[str, Any], names: Mapping[str, str]) -> None:
    """Wait until the unlinked customer is parked, then do what its sentence says."""
    connection = connection_name(names[project["quickbooks"]["realm"]])
    await operators.until_parked("missing-billing-entity")
    source, customer = f"vendor:{project['owner']['id']}", project["quickbooks"]["customer_id"]
    await operators.link(
        [{"connection": connection, "kind": "customer", "source": source, "quickbooks_id": customer}]
    )


async def strike(on: Stage, name: str, place: int) -> None:
    """Kill something in mid-play, each after the one before it."""
    await asyncio.sleep(KILL_AFTER_S + place * KILL_PAUSE_S)
    await on.kill(name)


async def until_quiet(operators: Operators, control: httpx.AsyncClient) -> None:
    """Wait until nothing is unfinished, and stays so; what is not by then is found by the check."""
    quiet_since: float | None = None
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SETTLING_MAX_S):
            while quiet_since is None or time.monotonic() - quiet_since < QUIET_S:
                pending = (await control.get("/control/webhooks/pending")).json()["pending"]
                busy = pending or await operators.unfinished()
                quiet_since = None if busy else quiet_since or time.monotonic()
                await asyncio.sleep(0.2)


def progress_bar(console: Console) -> Progress:
    """Return what shows how far a play is."""
    return Progress(TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console)
