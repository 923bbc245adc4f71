"""`plumbline papers`: sheets that we print and keep."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from plumbline.stack.cli.asking import DEFAULT_STATE, State, ask
from plumbline.stack.cli.safe import Who, Why

SERVICE = "compliance"
"""Who prints them."""

PRINT_MAX_S = 60.0
"""Longest wait for a sheet: the press may be busy for half a minute."""

app = typer.Typer(no_args_is_help=True, help="Papers: print a sheet in a firm's look, and keep it.")


@app.callback()
def papers() -> None:
    """Papers: print a sheet in a firm's look, and keep it."""


@app.command("print")
def print_sheet(
    kind: Annotated[
        str, typer.Argument(help="daily_report, timesheet, waiver, wh347_data_sheet or dispatch_sheet.")
    ],
    *,
    connection: Annotated[str, typer.Option(help="Whose company.")],
    project: Annotated[str, typer.Option(help="Procore's id of the project.")],
    data: Annotated[Path, typer.Option(help="JSON of the kind's data.", exists=True, dir_okay=False)],
    why: Why,
    who: Who,
    firm: Annotated[
        str | None, typer.Option(help="Whose look, by its folder's name; ours if left out.")
    ] = None,
    vendor: Annotated[str | None, typer.Option(help="Procore's id of the vendor.")] = None,
    payable: Annotated[str | None, typer.Option(help="The payable that it belongs to.")] = None,
    day: Annotated[str, typer.Option(help="The sheet's date: 2026-11-03; today if left out.")] = "",
    state: State = DEFAULT_STATE,
) -> None:
    """Print a sheet and keep it in the safe; it is read, checked and dispatched like any other paper."""
    try:
        said = json.loads(data.read_text(encoding="utf-8"))
    except ValueError as error:
        raise typer.BadParameter(f"{data} is no JSON: {error}") from error
    order = {
        "kind": kind,
        "firm": firm,
        "project_id": project,
        "vendor_id": vendor,
        "payable": payable,
        "data": said,
        "day": day or f"{datetime.now(UTC):%Y-%m-%d}",
        "who": who,
        "why": why,
    }
    kept = ask(state, SERVICE, f"/sheets/{connection}", method="POST", body=order, timeout_s=PRINT_MAX_S)
    typer.echo(f"{kind} is printed and kept: {kept['document']}")
