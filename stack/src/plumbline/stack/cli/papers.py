"""`plumbline papers`: what came in, how far it is and why, and what people say of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

import typer
from rich.table import Table

from plumbline.stack.cli.asking import DEFAULT_STATE, Json, State, ask, each, given, send_bytes
from plumbline.stack.cli.console import wide_console
from plumbline.stack.cli.safe import Who, Why

SERVICE = "compliance"
"""Who keeps papers."""

app = typer.Typer(
    no_args_is_help=True, help="Papers: what came in, how far each is and why, and what a person says of it."
)

Document = Annotated[str, typer.Argument(help="The paper's id, as `ls` shows it.")]
By = Annotated[str, typer.Option(help="Who says so.")]
Project = Annotated[str | None, typer.Option(help="Procore's id of the project that it is about.")]
Vendor = Annotated[str | None, typer.Option(help="Procore's id of the vendor that it is from or about.")]
Payable = Annotated[
    str | None, typer.Option(help="payable/COMPANY/PROJECT/requisition/ID that it belongs to.")
]


@app.command("ls")
def list_papers(
    in_state: Annotated[
        str | None, typer.Option("--in", help="needs_review, held, invalid, dispatched, quarantined, …")
    ] = None,
    connection: Annotated[str | None, typer.Option(help="Only of this connection.")] = None,
    held: Annotated[
        str | None, typer.Option(help="Kept from desks for this reason: no-region, licence, …")
    ] = None,
    state: State = DEFAULT_STATE,
    *,
    as_json: Json = False,
) -> None:
    """List papers, the newest first, each with what stands in its way."""
    query = urlencode(given(state=in_state, connection=connection, held=held))
    said = ask(state, SERVICE, f"/papers?{query}")["papers"]
    for row in each(said, as_json=as_json):
        typer.echo(row["document"])
        kind = row["kind"] or "of no known kind"
        typer.echo(f"  {row['state']}  {row['file_name']}  {kind}  received {row['received_at'][:16]}")
        if obstacle := _obstacle(row):
            typer.echo(f"  {obstacle}")


@app.command()
def show(document: Document, state: State = DEFAULT_STATE, *, as_json: Json = False) -> None:
    """Tell the story of a paper: what was read, from where, and what each rule says."""
    said = ask(state, SERVICE, f"/papers/{document}")
    if as_json:
        typer.echo(json.dumps(said, indent=2))
        return
    for sentence in said["story"]:
        typer.echo(sentence)


@app.command()
def upload(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="PDF, PNG, JPEG or CSV, up to 25 MB.")
    ],
    *,
    connection: Annotated[str, typer.Option(help="Whose company.")],
    project: Project = None,
    vendor: Vendor = None,
    payable: Payable = None,
    state: State = DEFAULT_STATE,
) -> None:
    """Hand a paper in. The same file again is the same paper."""
    params = given(file_name=file.name, project=project, vendor=vendor, payable=payable)
    said = send_bytes(state, SERVICE, f"/papers/{connection}", params=params, content=file.read_bytes())
    typer.echo(
        f"{said['document']}: received; `plumbline papers show {said['document']}` tells what becomes of it."
    )


@app.command("print")
def print_sheet(
    kind: Annotated[
        str, typer.Argument(help="daily_report, timesheet, waiver, wh347_data_sheet or dispatch_sheet.")
    ],
    *,
    connection: Annotated[str, typer.Option(help="Whose company.")],
    project: Annotated[str, typer.Option(help="Procore's id of the project.")],
    data: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="JSON; docs/templates.md says of what.")
    ],
    day: Annotated[
        str, typer.Option(help="Of which day it is: 2026-11-30. It chooses the template's version.")
    ],
    why: Why,
    who: Who,
    firm: Annotated[str | None, typer.Option(help="Whose look; Plumbline's own if left out.")] = None,
    vendor: Vendor = None,
    payable: Payable = None,
    state: State = DEFAULT_STATE,
) -> None:
    """Print a sheet from a template, and keep it like any other paper. The same data again is the same paper."""
    try:
        values = json.loads(data.read_text(encoding="utf-8"))
    except ValueError as error:
        typer.echo(f"{data} is no JSON: {error}", err=True)
        raise typer.Exit(2) from error
    body = {
        "kind": kind,
        "firm": firm,
        "project_id": project,
        "vendor_id": vendor,
        "payable": payable,
        "data": values,
        "day": day,
        "who": who,
        "why": why,
    }
    said = ask(state, SERVICE, f"/sheets/{connection}", method="POST", body=body, timeout_s=60.0)
    typer.echo(f"{said['document']}: printed and received; `plumbline safe get` brings it.")


@app.command()
def review(
    document: Document,
    *,
    by: By,
    why: Annotated[str, typer.Option(help="On what ground; an auditor will read it.")],
    kind: Annotated[
        str | None, typer.Option(help="What it is: w9, lien_waiver.conditional_progress, …")
    ] = None,
    field: Annotated[
        list[str] | None, typer.Option(help="NAME=VALUE as it stands in the paper; more than once for more.")
    ] = None,
    accept: Annotated[
        list[str] | None, typer.Option(help="A rule that asked for a look and had it: TX-LW-02-words.")
    ] = None,
    project: Project = None,
    vendor: Vendor = None,
    payable: Payable = None,
    state: State = DEFAULT_STATE,
) -> None:
    """Say what a paper is, what it says, or where it belongs; it is decided anew."""
    body = {
        "by": by,
        "why": why,
        "kind": kind,
        "fields": dict(_named(one) for one in field or ()),
        "accepts": accept or [],
        "project_id": project,
        "vendor_id": vendor,
        "payable": payable,
    }
    ask(state, SERVICE, f"/papers/{document}/review", method="POST", body=body)
    typer.echo(f"Kept; `plumbline papers show {document}` tells what becomes of it.")


@app.command()
def ack(document: Document, by: By, state: State = DEFAULT_STATE) -> None:
    """Acknowledge a paper for its desk; the same word again changes nothing."""
    said = ask(state, SERVICE, f"/papers/{document}/acknowledge", method="POST", body={"by": by})
    typer.echo(f"Ticket {said['ticket'][:12]} is acknowledged by {by}.")


@app.command()
def refused(
    connection: Annotated[str | None, typer.Option(help="Only of this connection.")] = None,
    state: State = DEFAULT_STATE,
    *,
    as_json: Json = False,
) -> None:
    """List what was found and not taken, and what its sender can do."""
    query = urlencode(given(connection=connection))
    said = ask(state, SERVICE, f"/papers/refused?{query}")["refused"]
    if as_json:
        typer.echo(json.dumps(said, indent=2))
        return
    table = Table("connection", "place", "code", "found", pad_edge=False)
    table.add_column("in words", overflow="fold")
    for row in said:
        table.add_row(
            row["connection"], row["source_record"], row["code"], row["found_at"][:16], row["sentence"]
        )
    wide_console().print(table, markup=False, highlight=False)


@app.command()
def replay(document: Document, state: State = DEFAULT_STATE) -> None:
    """Make every decision about a paper once more, from its facts and the rules of then; 1 if one comes out other."""
    said = ask(state, SERVICE, f"/papers/{document}/decisions", timeout_s=60.0)["decisions"]
    for one in said:
        typer.echo(f"{one['version']}: {one['sentence']}")
    if not all(one["equal"] for one in said):
        raise typer.Exit(1)


def _obstacle(row: Mapping[str, Any]) -> str:
    """Return what a person reads first: the problem, else the first decision that blocks."""
    if row["problem"]:
        return str(row["problem"])
    decisions = row["decisions"]
    said = json.loads(decisions) if isinstance(decisions, str) else decisions or []
    return next((one["sentence"] for one in said if one["outcome"] in {"reject", "review", "hold"}), "")


def _named(field: str) -> tuple[str, str]:
    name, equals, value = field.partition("=")
    if not equals:
        typer.echo(f"--field wants NAME=VALUE, not {field}.", err=True)
        raise typer.Exit(2)
    return name, value
