"""`plumbline drift`: the page that a controller reads. Where the books are not as they should be, and who does what."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table

from plumbline.stack.cli.asking import DEFAULT_STATE, State, ask
from plumbline.stack.cli.console import dollars, wide_console

SERVICE = "qb-writer"
"""Who compares."""

OPEN = 3
"""The exit status of `--check` where something is open."""


def drift(
    connection: Annotated[str | None, typer.Argument(help="Only of this connection.")] = None,
    repair: Annotated[
        str | None, typer.Option(metavar="KEY", help="Have this record looked at and worked anew.")
    ] = None,
    state: State = DEFAULT_STATE,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print what the service says.")] = False,
    check: Annotated[bool, typer.Option("--check", help=f"Exit {OPEN} if anything is open.")] = False,
) -> None:
    """Show where QuickBooks is not as it should be: what is wrong, the money, since when, and who does what."""
    said = ask(state, SERVICE, f"/drift?connection={connection}" if connection else "/drift")["connections"]
    if repair is not None:
        _repair(state, said, repair)
        return
    if as_json:
        typer.echo(json.dumps(said, indent=2))
    else:
        _print(said)
    if check and any(company["open"] for company in said):
        raise typer.Exit(OPEN)


def _repair(state: Path, said: Iterable[Mapping[str, Any]], wanted: str) -> None:
    keys = (f"{row['realm']}/{row['subject']}" for company in said for row in company["differences"])
    key = next((key for key in keys if wanted in {key, key.partition("/")[2]}), wanted)
    if not ask(state, SERVICE, "/replay", method="POST", body=[key])["replayed"]:
        typer.echo(
            f"No record is called {key}. What no record owns is set right in QuickBooks by hand.", err=True
        )
        raise typer.Exit(1)
    typer.echo(f"{key} is looked at anew; what is mended by that closes with the next comparison.")


def _print(said: list[Mapping[str, Any]]) -> None:
    console = wide_console()
    if not said:
        console.print("No company was compared yet; qb-writer does so within minutes of its start.")
    for company in said:
        _print_company(console, company)


def _print_company(console: Console, company: Mapping[str, Any]) -> None:
    ended_at = datetime.fromisoformat(company["ended_at"]).astimezone(ZoneInfo(company["time_zone"]))
    compared = f"{company['records']:,} records, compared {ended_at:%a %d %b %H:%M %Z}"
    console.print(f"\n[bold]{company['connection']}[/]: {_balance(company)} ({compared})", highlight=False)
    if company["live_from"] is None:
        console.print("It is not live: nothing is written, so nothing can differ. `plumbline plan` compares.")
    elif company["complete_since"] is None:
        console.print("Its books are still being read: nobody can say yet what is missing from them.")
    if not company["differences"]:
        return
    table = Table("record", "what is wrong", "who does what", pad_edge=False)
    table.add_column("off by", justify="right")
    table.add_column("at stake", justify="right")
    table.add_column("business hours", justify="right")
    for row in company["differences"]:
        off, stake = dollars(row["off_cents"]), dollars(row["stake_cents"])
        table.add_row(
            f"{row['subject']}\n{row['code']}",
            row["sentence"],
            row["advice"],
            off if row["off_cents"] else "",
            stake,
            f"{row['age_hours']:,.1f}",
        )
    console.print(table, markup=False, highlight=False)
    left = company["open"] - len(company["differences"])
    if left:
        console.print(f"… and {left:,} more, of less money.")


def _balance(company: Mapping[str, Any]) -> str:
    if not company["open"]:
        return "only observed" if company["live_from"] is None else "QuickBooks agrees"
    off = company["off_cents"]
    word = "too much" if off > 0 else "too little"
    total = f"; in all QuickBooks says {dollars(abs(off))} {word}" if off else ""
    things = "difference" if company["open"] == 1 else "differences"
    return f"{company['open']:,} {things}, {dollars(company['stake_cents'])} at stake{total}"
