"""`plumbline payables`: what is owed to subcontractors, what it waits for, and what people say about it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import urlencode

import typer
from rich.table import Table

from plumbline.stack.cli.asking import DEFAULT_STATE, Json, State, ask, each, given
from plumbline.stack.cli.console import dollars, wide_console

SERVICE = "compliance"
"""Who judges payables."""

app = typer.Typer(
    no_args_is_help=True,
    help="What is owed to subcontractors: what may be paid, what is missing, from whom, by when.",
)

Key = Annotated[str, typer.Argument(help="payable/COMPANY/PROJECT/requisition/ID, as `ls` shows it.")]


@app.command("ls")
def list_payables(
    in_state: Annotated[
        str | None, typer.Option("--in", help="draft, held, approved, released, paid or void.")
    ] = None,
    connection: Annotated[str | None, typer.Option(help="Only of this connection.")] = None,
    state: State = DEFAULT_STATE,
    *,
    as_json: Json = False,
) -> None:
    """List payables, the most money first, each with a sentence."""
    said = ask(state, SERVICE, f"/payables?{urlencode(given(state=in_state, connection=connection))}")[
        "payables"
    ]
    for row in each(said, as_json=as_json):
        typer.echo(row["payable"])
        typer.echo(f"  {row['state']}  {row['payee']}  {dollars(row['amount_cents'])}")
        typer.echo(f"  {row['sentence']}")


@app.command()
def show(key: Key, state: State = DEFAULT_STATE, *, as_json: Json = False) -> None:
    """Tell the story of a payable, what it needs, and what is in escrow."""
    said = ask(state, SERVICE, f"/payables/{key}")
    if as_json:
        typer.echo(json.dumps(said, indent=2))
        return
    for sentence in said["story"]:
        typer.echo(sentence)
    _print_requirements(said["requirements"])
    for row in said["escrow"]:
        until = f"was set free {_minute(row['released_at'])}" if row["released_at"] else "nobody reads it yet"
        typer.echo(f"In escrow since {_minute(row['since'])}: {row['document']}; {until}.")


@app.command()
def outlook(
    connection: Annotated[str, typer.Argument(help="Whose company.")],
    project: Annotated[str, typer.Argument(help="Procore's id of the project.")],
    vendor: Annotated[str, typer.Argument(help="Procore's id of the vendor.")],
    state: State = DEFAULT_STATE,
    *,
    as_json: Json = False,
) -> None:
    """Show what a vendor's next invoice will need, before it is submitted."""
    query = urlencode({"connection": connection, "project": project, "vendor": vendor})
    said = ask(state, SERVICE, f"/gate/outlook?{query}", timeout_s=60.0)
    if as_json:
        typer.echo(json.dumps(said, indent=2))
        return
    through = f", billed through {said['billed_through']}" if said["billed_through"] else ""
    typer.echo(f"The next invoice of {said['vendor']}{through}, needs:")
    _print_requirements(said["requirements"])


@app.command()
def override(
    code: Annotated[str, typer.Argument(help="What is let pass: w9, certificate, lien-waiver, …")],
    *,
    reason: Annotated[str, typer.Option(help="Why; an auditor will read it.")],
    by: Annotated[str, typer.Option(help="Who answers for it.")],
    until: Annotated[str, typer.Option(help="The last day on which it counts: 2026-12-31.")],
    payable: Annotated[str | None, typer.Option(help="Of this payable alone.")] = None,
    connection: Annotated[
        str | None, typer.Option(help="With --vendor: of all of a vendor's payables.")
    ] = None,
    vendor: Annotated[str | None, typer.Option(help="Procore's id of the vendor.")] = None,
    project: Annotated[
        str | None, typer.Option(help="Of the vendor's payables on this project alone.")
    ] = None,
    state: State = DEFAULT_STATE,
) -> None:
    """Let something pass, for a reason and for a while."""
    body = {
        "payable": payable,
        "connection": connection,
        "vendor_id": vendor,
        "project_id": project,
        "code": code,
        "reason": reason,
        "by": by,
        "until": until,
    }
    said = ask(state, SERVICE, "/gate/overrides", method="POST", body=body)
    typer.echo(f"{said['override']['id']}: {code} is let pass until {until}. Judged anew: {_keys(said)}.")


@app.command()
def overrides(
    connection: Annotated[str | None, typer.Option(help="Only of this connection.")] = None,
    state: State = DEFAULT_STATE,
    *,
    as_json: Json = False,
) -> None:
    """List what people let pass and did not take back: of what, until when, who, and why."""
    said = ask(state, SERVICE, f"/gate/overrides?{urlencode(given(connection=connection))}")["overrides"]
    for row in each(said, as_json=as_json):
        project = f" on project {row['project_id']}" if row["project_id"] else ""
        whose = row["payable"] or f"vendor {row['vendor_id']} of {row['connection']}{project}"
        typer.echo(row["id"])
        typer.echo(f"  {row['code']}  {whose}  until {row['until']}")
        typer.echo(f"  {row['by']}: {row['reason']}")


@app.command()
def withdraw(
    override_id: Annotated[str, typer.Argument(help="As `overrides` lists it.")],
    by: Annotated[str, typer.Option(help="Who takes it back.")],
    state: State = DEFAULT_STATE,
) -> None:
    """Let something pass no more."""
    said = ask(state, SERVICE, f"/gate/overrides/{override_id}/withdraw", method="POST", body={"by": by})
    typer.echo(f"It counts no more. Judged anew: {_keys(said)}.")


@app.command()
def settle(
    key: Key,
    reference: Annotated[str, typer.Option(help="The bank's own reference.")],
    on: Annotated[str, typer.Option(help="The day on which the money arrived: 2026-11-25.")],
    cents: Annotated[int, typer.Option(help="How much arrived, in cents.")],
    state: State = DEFAULT_STATE,
) -> None:
    """Tell the bank's word that the money has arrived; the same word again changes nothing."""
    body = {"reference": reference, "settled_on": on, "amount_cents": cents}
    said = ask(state, SERVICE, f"/payables/{key}/settlement", method="POST", body=body)
    typer.echo(f"{dollars(said['amount_cents'])} arrived on {said['settled_on']} ({said['reference']}).")


def _print_requirements(requirements: Sequence[Mapping[str, Any]]) -> None:
    table = Table("needs", "asked", "stands", "by", "due", pad_edge=False)
    table.add_column("in words", overflow="fold")
    for one in requirements:
        due = one["due_on"] or ""
        table.add_row(one["code"], one["policy"], one["state"], one["by_whom"], due, one["sentence"])
    wide_console().print(table, markup=False, highlight=False)


def _minute(moment: str) -> str:
    return f"{moment[:16].replace('T', ' ')} UTC"


def _keys(said: Mapping[str, Any]) -> str:
    return ", ".join(said["payables"]) or "nothing yet"
