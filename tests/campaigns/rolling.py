"""Rolling restarts under steady traffic, judged by the sandbox's journal, the topics and the books.

`make up`, then `make campaign CAMPAIGN=rolling OPTIONS="--minutes 2.5"`.

What must hold (numbers as in the summary):

1. every record that was billed is in QuickBooks once, and was created, corrected, paid and mailed once;
2. every webhook that was answered 2xx is in `procore.events.v1`;
3. everything in the topics was taken, and nothing is left unfinished;
4. every amount is equal to the cent;
5. every service that was told to stop drained in time, and ended without an error.
"""

from __future__ import annotations

import asyncio
import itertools
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from plumbline.common.contracts.procore import ProcoreChanged
from plumbline.common.contracts.topics import LEDGER_COMMANDS, PROCORE_EVENTS
from plumbline.stack.cli.console import wide_console
from plumbline.stack.cli.containers import STATE as KEYS
from plumbline.stack.lifetime import run_until_signal
from plumbline.stack.runners.containers import SERVICES, Containers
from plumbline.stack.scenario.checking import judge
from plumbline.stack.scenario.performance import journal, progress_bar, until_quiet
from plumbline.stack.scenario.plan import (
    CORRECTION,
    END_OF_CODE,
    MUTE_PROJECT,
    TEXAS_LIVES,
    UNLINKED_PROJECT,
    PlannedInvoice,
    schedule,
)
from plumbline.stack.scenario.playing import Player
from plumbline.stack.scenario.results import committed_lag, read_topic
from plumbline.stack.scenario.smoke import entered, kafka_as
from plumbline.stack.scenario.stage import Stage
from plumbline.stack.scenario.summary import percentile

FAULTS: tuple[dict[str, Any], ...] = (
    {"name": "lose-answer", "match": {"provider": "quickbooks", "operation": "write"}, "every": 25},
    {
        "name": "status",
        "match": {"provider": "quickbooks", "operation": "write"},
        "every": 31,
        "args": {"status": 503},
    },
    {"name": "webhook-repeat", "probability": 0.3, "seed": 1, "args": {"max": 3}},
    {"name": "webhook-shuffle", "probability": 0.3, "seed": 2, "args": {"window_ms": 400}},
)
"""What goes wrong besides, all the while."""

DRAIN_MAX_S = 20
"""How long a service may take to end after SIGTERM; then the engine kills it."""

READERS = {"mapper": PROCORE_EVENTS, "qb-writer": LEDGER_COMMANDS}
"""Which topic each service must have taken whole."""

OUR_NOTE = "plumbline:"
"""What the private note of everything that the suite creates begins with."""


@dataclass(frozen=True, kw_only=True)
class RollingOptions:
    """How long, how often, how much."""

    duration_s: float
    every_s: float = 15.0
    per_minute: int = 60
    """Invoices begun."""
    replicas: Mapping[str, int] = field(default_factory=lambda: {"mapper": 2, "qb-writer": 2})


@dataclass(frozen=True, slots=True)
class Restart:
    """One restart of one container."""

    container: str
    drained_s: float
    exit_code: int

    @property
    def problem(self) -> str | None:
        """What was wrong with it; None if it ended in time and without an error."""
        return (
            f"{self.container} ended with {self.exit_code} after {self.drained_s:.1f} s"
            if self.exit_code
            else None
        )


def steady(
    seed: Mapping[str, Any], realm_names: Mapping[str, str], *, run: str, count: int
) -> list[PlannedInvoice]:
    """Return invoices for a stream without end: none needs a person, every third that stays open is corrected.

    Args:
        seed: the sandbox's description of its world.
        realm_names: the name of each QuickBooks company, by its realm id.
        run: told apart from other runs by it, in every invoice's number.
        count: how many.
    """
    sites = [
        (company, project)
        for company in seed["companies"]
        for project in company["projects"]
        if project["number"] not in {UNLINKED_PROJECT, MUTE_PROJECT}
    ]
    return [
        _steady(*sites[place % len(sites)], realm_names, f"{run}-{place + 1}", place)
        for place in range(count)
    ]


def _steady(
    company: Mapping[str, Any],
    project: Mapping[str, Any],
    realm_names: Mapping[str, str],
    number: str,
    place: int,
) -> PlannedInvoice:
    codes: tuple[int, ...] = TEXAS_LIVES[place % len(TEXAS_LIVES)] if company["brief_statuses"] else ()
    if codes:
        end = END_OF_CODE[codes[-1]]
    else:
        end = "sent" if realm_names[project["quickbooks"]["realm"]].endswith("South") else "open"
    return PlannedInvoice(
        company_id=company["id"],
        project=project,
        number=number,
        lines=schedule(2 * (place % 5)),
        tax=Decimal(2000 + place).scaleb(-2),
        codes=codes,
        paid=False,
        end=end,
        correction=CORRECTION if end == "open" and place % 3 == 0 else Decimal(0),
    )


async def run_rolling(
    containers: Containers, *, keys: Path, options: RollingOptions, console: Console
) -> bool:
    """Restart every service in turn while people bill, and say whether all that must hold did.

    The containers are up; whatever was played on them before does not matter. They are left at one replica each.

    Raises:
        ContainersError: the containers are not up, or a service did not come up again.
    """
    for service, replicas in options.replicas.items():
        await asyncio.to_thread(containers.scale, service, replicas)
    try:
        async with entered(containers, keys) as on:
            problems = await _roll(on, containers, options, console)
    finally:
        for service in options.replicas:
            await asyncio.to_thread(containers.scale, service, 1)
    for problem in problems:
        console.print(f"[red]{problem}[/]")
    console.print("[green]All holds.[/]" if not problems else f"[red]{len(problems)} things do not hold.[/]")
    return not problems


async def _roll(on: Stage, containers: Containers, options: RollingOptions, console: Console) -> list[str]:
    names = on.world.realm_names
    count = max(1, round(options.duration_s / 60 * options.per_minute))
    invoices = steady(on.world.seed, names, run=f"{int(time.time()):x}", count=count)
    began = (await on.control.get("/journal", params={"kind": "none"})).json()["next"]
    player = Player(on.control, invoices, spread_s=options.duration_s)
    await on.control.delete("/control/faults")
    await player.begin(FAULTS)
    restarts: list[Restart] = []
    with progress_bar(console) as progress:
        bar = progress.add_task("people bill while each service is restarted", total=player.steps)
        rolling = asyncio.create_task(_restart_in_turn(containers, options, restarts))
        playing = asyncio.create_task(player.play())
        while not (playing.done() and rolling.done()):
            progress.update(bar, completed=player.steps_done)
            await asyncio.sleep(0.2)
        await asyncio.gather(playing, rolling)
        progress.update(bar, completed=player.steps, description="letting the suite finish")
        await until_quiet(on.operators, on.control)
    await on.control.delete("/control/faults")
    _tell(console, invoices, restarts, options)
    return [
        *(restart.problem for restart in restarts if restart.problem),
        *await books_problems(on, invoices, player.ids, began),
        *await _topic_problems(on, containers, console, began),
    ]


async def _restart_in_turn(containers: Containers, options: RollingOptions, restarts: list[Restart]) -> None:
    """Restart the next container each `every_s`, by SIGTERM, and see it ready again before the one after."""
    turns = itertools.cycle(
        [name for service in SERVICES for name in await asyncio.to_thread(containers.names, service)]
    )
    ends_at = time.monotonic() + options.duration_s
    while (began := time.monotonic()) + options.every_s <= ends_at:
        restarts.append(await asyncio.to_thread(_restart, containers, next(turns)))
        await asyncio.sleep(max(0.0, options.every_s - (time.monotonic() - began)))


def _restart(containers: Containers, container: str) -> Restart:
    began = time.monotonic()
    exit_code = containers.end(container, patience_s=DRAIN_MAX_S)
    drained_s = time.monotonic() - began
    containers.begin(container)
    return Restart(container, drained_s, exit_code)


async def books_problems(
    on: Stage, invoices: Sequence[PlannedInvoice], ids: Mapping[str, str], began: int
) -> list[str]:
    """Say where the books differ from what was billed, or got there by more effects than needed (1 and 4)."""
    realms = on.world.realm_names
    books = {realm: (await on.control.get(f"/control/quickbooks/{realm}/Invoice")).json() for realm in realms}
    parked = {key.rsplit("/", 1)[-1]: code for key, code in (await on.operators.parked()).items()}
    mails = await journal(on.control, "mail", since=began)
    commits = await journal(on.control, "commit", since=began)
    verdicts = judge(invoices, ids=ids, books=books, mails=mails, parked=parked)
    wrong = [f"{v.invoice.document_number} {v.problem}" for v in verdicts if v.problem]
    return wrong + _excess(invoices, ids, commits)


def _excess(
    invoices: Sequence[PlannedInvoice], ids: Mapping[str, str], commits: Sequence[Mapping[str, Any]]
) -> list[str]:
    """Name what was created in QuickBooks more or less often than once, by the journal: what was undone counts too."""
    created = Counter(
        (c["entity"], _record_of(c["private_note"]))
        for c in commits
        if c["provider"] == "quickbooks"
        and c["change"] == "created"
        and c.get("private_note", "").startswith(OUR_NOTE)
    )
    found = []
    for invoice in invoices:
        for entity, must in (("Invoice", 1), ("Payment", int(invoice.end == "paid"))):
            if (times := created[entity, ids[invoice.document_number]]) != must:
                found.append(f"{invoice.document_number}: {entity} created {times} times, must be {must}")
    return found


def _record_of(note: str) -> str:
    """Return Procore's id in a note of ours: `plumbline:kind/company/project/id#incarnation`."""
    return note.rpartition("#")[0].rsplit("/", 1)[-1]


async def _topic_problems(on: Stage, containers: Containers, console: Console, began: int) -> list[str]:
    """Name what was answered 2xx and is not in the topic (2), and what is there and was not taken or finished (3)."""
    attempts = await journal(on.control, "webhook-attempt", since=began)
    procore = [a for a in attempts if a["provider"] == "procore"]
    taken = {a["ulid"] for a in procore if a["status"] is not None and 200 <= a["status"] < 300}
    refused = sum(a["status"] is None or a["status"] >= 300 for a in procore)
    console.print(
        f"{len(taken)} webhooks answered 2xx; {refused} attempts met a service that was away, and came again"
    )
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for service, topic in READERS.items():
            keys = Path(folder) / service
            await asyncio.to_thread(containers.copy_keys, service, keys)
            reader = kafka_as(service, keys)
            if lag := await committed_lag(reader, topic, group=f"{service}.{topic.name}"):
                found.append(f"{service} left {lag} messages of {topic.name}")
            if topic is PROCORE_EVENTS:
                there = {
                    ProcoreChanged.model_validate_json(v).event_id for v in await read_topic(reader, topic)
                }
                found += [
                    f"webhook {lost} was answered 2xx and is not in {topic.name}"
                    for lost in sorted(taken - there)
                ]
    if unfinished := await on.operators.unfinished():
        found.append(f"{unfinished} records are unfinished")
    return found


def _tell(
    console: Console, invoices: Sequence[PlannedInvoice], restarts: Sequence[Restart], options: RollingOptions
) -> None:
    drained_ms = [round(restart.drained_s * 1000) for restart in restarts]
    console.print(
        f"{len(invoices)} invoices in {options.duration_s / 60:.1f} min, {len(restarts)} restarts "
        f"(one each {options.every_s:.0f} s, replicas {dict(options.replicas)})"
    )
    if drained_ms:
        console.print(f"SIGTERM to end: p50 {percentile(drained_ms, 50)} ms, slowest {max(drained_ms)} ms")


def main(
    minutes: Annotated[float, typer.Option(help="How long.")] = 10.0,
    every_s: Annotated[float, typer.Option(help="From one restart to the next.")] = 15.0,
    per_minute: Annotated[int, typer.Option(help="Invoices begun in a minute.")] = 60,
) -> None:
    """Restart every service in turn under steady traffic; exit 0 only if nothing was lost or came twice."""
    options = RollingOptions(duration_s=minutes * 60, every_s=every_s, per_minute=per_minute)
    containers = Containers(Path.cwd())
    holds = run_until_signal(run_rolling(containers, keys=KEYS, options=options, console=wide_console()))
    raise typer.Exit(0 if holds else 1)


if __name__ == "__main__":
    typer.run(main)
