"""The commands."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from plumbline.provision.kafka import KafkaSetupError
from plumbline.provision.vault_api import VaultSetupError
from plumbline.stack.cli import containers, papers, payables, safe, vault
from plumbline.stack.cli.asking import DEFAULT_STATE, State, ask, ask_all
from plumbline.stack.cli.beginning import print_plan
from plumbline.stack.cli.connecting import connect, disconnect
from plumbline.stack.cli.console import victims, wide_console
from plumbline.stack.cli.credentials import credentials, rotate
from plumbline.stack.cli.drift import drift
from plumbline.stack.cli.foreseen import print_foreseen
from plumbline.stack.lifetime import run_until_signal
from plumbline.stack.processes import ProcessDiedError, ProcessNotReadyError
from plumbline.stack.runners.ways import Way
from plumbline.stack.scenario.demo import DemoOptions, run_demo
from plumbline.stack.scenario.operators import StuckError
from plumbline.stack.scenario.scenarios import Name
from plumbline.stack.servers.cache import MissingToolError
from plumbline.stack.up import run_up

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Plumbline keeps Procore and QuickBooks true to each other.",
)

app.add_typer(containers.app, name="containers")
app.add_typer(vault.app, name="vault")
app.add_typer(safe.app, name="safe")
app.add_typer(papers.app, name="papers")
app.add_typer(payables.app, name="payables")

app.command("drift")(drift)
app.command("connect")(connect)
app.command("disconnect")(disconnect)

app.command("credentials")(credentials)

app.command("rotate")(rotate)

NO_RECORDS = ("books/", "drift/")
"""What the keys of work begin with that is no record of the books."""

REPLAYED_AT_ONCE = 500
"""Records that one request names."""


@app.command()
def demo(
    kill: Annotated[
        str, typer.Option(help="Services to SIGKILL in mid-play, comma-separated: mapper,qb-writer")
    ] = "",
    shipped: Annotated[
        Path, typer.Option("--config", help="Folder of the status map, the rules and the like.")
    ] = Path("config"),
    scenario: Annotated[Name, typer.Option(help="What is played.")] = "invoices",
    state: State = DEFAULT_STATE,
    on: Annotated[
        Way, typer.Option("--on", help="Which servers: from PyPI alone, or the real ones.")
    ] = "embedded",
    *,
    keep: Annotated[bool, typer.Option("--keep", help="Leave everything running afterwards.")] = False,
) -> None:
    """Play a scenario: sixty invoices with faults, the rotation of every credential, or papers before money; exit 0 only if all agrees."""
    options = DemoOptions(
        state_dir=state.resolve(),
        shipped=shipped,
        way=on,
        scenario=scenario,
        kill=victims(kill),
        keep=keep,
    )
    try:
        agrees = run_until_signal(run_demo(options, wide_console()))
    except (
        MissingToolError,
        KafkaSetupError,
        VaultSetupError,
        ProcessDiedError,
        ProcessNotReadyError,
    ) as error:
        typer.echo(f"The stack did not come up: {error}", err=True)
        raise typer.Exit(2) from error
    except StuckError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    raise typer.Exit(0 if agrees else 1)


@app.command()
def up(
    on: Annotated[Way, typer.Option("--on", help="Which servers: from PyPI alone, or the real ones.")],
    shipped: Annotated[
        Path, typer.Option("--config", help="Folder of the status map, the rules and the like.")
    ] = Path("config"),
    state: Annotated[
        Path | None, typer.Option("--state", help="State folder; .plumbline/WAY if not given.")
    ] = None,
) -> None:
    """Run a sandbox and the suite, print where they are, and stay up until a signal."""
    state_dir = (state or Path(".plumbline") / on).resolve()
    try:
        run_until_signal(run_up(on, state_dir=state_dir, shipped=shipped, console=wide_console()))
    except (
        MissingToolError,
        KafkaSetupError,
        VaultSetupError,
        ProcessDiedError,
        ProcessNotReadyError,
    ) as error:
        typer.echo(f"The stack did not stay up: {error}", err=True)
        raise typer.Exit(2) from error


@app.command(
    add_help_option=False, context_settings={"allow_extra_args": True, "ignore_unknown_options": True}
)
def sandbox(context: typer.Context) -> None:
    """Run the sandbox alone: print one JSON line, then stay up (--seed, --port, --data, --faults; see its --help)."""
    command = [sys.executable, "-m", "plumbline_sandbox", *context.args]
    os.execv(sys.executable, command)  # noqa: S606  becomes the sandbox


@app.command()
def status(state: State = DEFAULT_STATE) -> None:
    """Show what there is to do, per service and connection, and what QuickBooks lets us call."""
    for service, said in ask_all(state, "/status"):
        for row in said["connections"]:
            until = row["held_until"] and datetime.fromisoformat(row["held_until"])
            held = f", held: {row['held_why']}" if until and until > datetime.now(UTC) else ""
            typer.echo(
                f"{service:14} {row['connection']:24} {row['unfinished']} to do, {row['parked']} parked{held}"
            )
    for service, said in ask_all(state, "/limits", of=("qb-writer",)):
        for row in said["companies"]:
            typer.echo(
                f"{service:14} {row['connection']:24} {row['calls_per_min']} calls a minute at most; "
                f"{row['reads']:,} reads this month, {row['app_reads']:,} of its app "
                f"(forecast {row['app_reads_forecast']:,} of {row['app_reads_per_month']:,})"
            )


@app.command()
def parked(state: State = DEFAULT_STATE) -> None:
    """List what waits for a person, and why."""
    for service, said in ask_all(state, "/parked"):
        for row in said["parked"]:
            typer.echo(f"{row['key']}  [{service}] {row['code']}\n    {row['reason']}")


@app.command()
def resume(key: str, state: State = DEFAULT_STATE) -> None:
    """Try a parked record again now."""
    for service, said in ask_all(state, "/parked"):
        if key in {row["key"] for row in said["parked"]}:
            ask(state, service, f"/parked/{key}/resume", method="POST")
            typer.echo(f"resumed {key}")
            return
    typer.echo(f"{key} is not parked; `plumbline parked` lists what is.", err=True)
    raise typer.Exit(1)


@app.command()
def link(connection: str, kind: str, source: str, quickbooks_id: str, state: State = DEFAULT_STATE) -> None:
    """Link something in Procore to a QuickBooks customer, item or class; waiting records go on."""
    body = [{"connection": connection, "kind": kind, "source": source, "quickbooks_id": quickbooks_id}]
    resumed = ask(state, "mapper", "/links", method="POST", body=body)["resumed"]
    typer.echo(f"linked; {len(resumed)} records go on" if resumed else "linked")


FromDay = Annotated[
    str, typer.Option("--from", metavar="DATE", help="First day whose documents are written: 2026-11-01.")
]


@app.command()
def plan(
    connection: str,
    from_day: FromDay = "",
    state: State = DEFAULT_STATE,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Show what going live would do: what is made, what is linked with what is there, what is left; writes nothing."""
    said = ask(state, "qb-writer", f"/connections/{connection}/plan?from={from_day}")
    if as_json:
        typer.echo(json.dumps(said, indent=2))
    else:
        print_plan(wide_console(), said)


@app.command()
def go_live(connection: str, from_day: FromDay, state: State = DEFAULT_STATE) -> None:
    """Begin to write to a company. What is from before that day is linked or left, never made. See `plan` first."""
    path = f"/connections/{connection}/go-live"
    said = ask(state, "qb-writer", path, method="POST", body={"from": from_day})
    typer.echo(f"{connection} is live from {said['from']} on; {said['records']} records go on.")


@app.command()
def resend(record: str, state: State = DEFAULT_STATE) -> None:
    """Have QuickBooks mail a document once more: give its record's key, or a part of it."""
    ask(state, "qb-writer", f"/resend/{_one(state, record)}", method="POST")
    typer.echo(f"{record} is mailed once more; `plumbline trace {record}` tells when.")


@app.command()
def replay(
    record: Annotated[str, typer.Argument(help="A record's key, or a part of it.")] = "",
    connection: Annotated[str, typer.Option(help="Every record of a connection instead.")] = "",
    state: State = DEFAULT_STATE,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")
    ] = False,
) -> None:
    """Compare records with QuickBooks once more, and set right what differs. Costs a metered call for each."""
    if bool(record) == bool(connection):
        raise typer.BadParameter("name a record, or a connection by --connection")
    path = f"/connections/{connection}/records" if connection else f"/records?find={record}"
    keys = [key for key in ask(state, "qb-writer", path)["keys"] if not key.startswith(NO_RECORDS)]
    if not keys:
        typer.echo(f"Nothing is known of {record or connection}.", err=True)
        raise typer.Exit(1)
    if dry_run:
        foreseen = (ask(state, "qb-writer", f"/next/{key}") for key in keys)
        print_foreseen(wide_console(), foreseen, total=len(keys))
        return
    for first in range(0, len(keys), REPLAYED_AT_ONCE):
        ask(state, "qb-writer", "/replay", method="POST", body=keys[first : first + REPLAYED_AT_ONCE])
    typer.echo(f"{len(keys)} records are compared once more; `plumbline status` tells how far that is.")


@app.command()
def trace(record: str, state: State = DEFAULT_STATE) -> None:
    """Tell a record's whole story: give its key, or a part of it such as Procore's id."""
    told = False
    for service, found in ask_all(state, f"/records?find={record}"):
        for key in found["keys"]:
            said = ask(state, service, f"/records/{key}")
            typer.echo(f"\n{service}: {key}")
            for sentence in said.get("story", []):
                typer.echo(f"  {sentence}")
            work = said["work"] or {}
            if work.get("parked_at"):
                typer.echo(f"  waits for a person: {work['announced_reason']}")
            elif work.get("waiting_for"):
                typer.echo(f"  waits: {work['waiting_for']}")
            told = True
    if not told:
        typer.echo(f"Nothing is known of {record}.", err=True)
        raise typer.Exit(1)


def _one(state: Path, record: str) -> str:
    """Return the key of the one record of qb-writer that a person means."""
    keys: list[str] = ask(state, "qb-writer", f"/records?find={record}")["keys"]
    if record in keys:
        return record
    if len(keys) != 1:
        which = "\n  ".join(keys)
        typer.echo(f"Which one? {len(keys)} records have {record} in their keys.\n  {which}", err=True)
        raise typer.Exit(1)
    return keys[0]


def main() -> None:
    """Run the command line."""
    app()
