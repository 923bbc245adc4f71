"""`plumbline credentials` and `plumbline rotate`: how old credentials are, and new values for them."""

from __future__ import annotations

import getpass
import sys
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from plumbline.stack.cli.asking import DEFAULT_STATE, SERVICES, AwayError, State, ask, ask_metric
from plumbline.stack.cli.console import wide_console
from plumbline.stack.cli.vault import prepare

SERVICE = "token-vault"
"""Who keeps them."""

FOLLOWED_S = 30.0
"""So long is a rotation watched before it is left to itself."""

LOOK_PAUSE_S = 0.3

PROCESSES = (*SERVICES, "ingest")
"""Who enters Vault."""

ROLES = "roles/"
"""What the names of their secret ids begin with."""

SECRET_ID = "secret id"  # noqa: S105  a kind

TAKEN_AT = "plumbline_secret_id_taken_timestamp_seconds"
"""The figure by which a process tells the age of its own."""

OLDEST, LIFE = timedelta(days=30), timedelta(days=40)
"""How old one may become, and when it ends."""

_NAME = typer.Argument(help="A credential, as `plumbline credentials` names it.")


def credentials(state: State = DEFAULT_STATE) -> None:
    """Show every credential: its version, its age, by when it is replaced, and what holds that up."""
    print_credentials(wide_console(), _rows(state), now=datetime.now(UTC))


def rotate(
    name: Annotated[str, _NAME] = "",
    state: State = DEFAULT_STATE,
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="Rotate every credential that needs no person.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")
    ] = False,
) -> None:
    """Replace a credential now. A value that only a person can bring is read from standard input, and not shown."""
    if bool(name) == everything:
        raise typer.BadParameter("name a credential, or say --all")
    chosen = [row for row in _rows(state) if everything or row["name"] == name]
    if not chosen:
        typer.echo(f"There is no credential {name}; `plumbline credentials` lists them all.", err=True)
        raise typer.Exit(1)
    if dry_run:
        for row in chosen:
            typer.echo(f"{row['name']}: {row['would'] or row['state']}")
        return
    if everything:
        _rotate_all(state, chosen)
    elif chosen[0]["kind"] == SECRET_ID:
        _rotate_roles(chosen)
    else:
        _rotate_one(state, chosen[0])


def print_credentials(console: Console, rows: Iterable[Mapping[str, Any]], *, now: datetime) -> None:
    """Print the table of credentials."""
    table = Table("credential", "kind", "version", "age", "due", "life left", "state")
    for row in rows:
        since, due_at, ends_at = (_moment(row[name]) for name in ("since", "due_at", "ends_at"))
        table.add_row(
            row["name"],
            row["kind"],
            str(row["version"]),
            "-" if since is None else words(now - since),
            "-"
            if due_at is None
            else f"[red]{due_at:%Y-%m-%d}[/]"
            if due_at <= now
            else f"{due_at:%Y-%m-%d}",
            "-" if ends_at is None else words(ends_at - now),
            "\n".join(filter(None, [row["state"], row["held_up"]])),
        )
    console.print(table)


def words(duration: timedelta) -> str:
    """Return a duration as people say it, to its largest unit."""
    seconds = duration.total_seconds()
    if seconds < 0:
        return "over"
    for unit_s, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * unit_s:
            return f"{seconds / unit_s:.0f} {unit}"
    return f"{seconds:.0f} s"


def _rotate_all(state: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    rows = list(rows)
    for row in rows:
        if row["kind"] == SECRET_ID:
            continue
        if row["rotates"] == "a person":
            typer.echo(f"{row['name']}: needs its new value: plumbline rotate {row['name']}")
        elif row["state"] == "missing":
            typer.echo(f"{row['name']}: {row['held_up']}")
        else:
            ask(state, SERVICE, f"/credentials/{row['name']}/rotate", method="POST", body={})
            typer.echo(f"{row['name']}: begun")
    typer.echo("`plumbline credentials` shows how far they are.")
    _rotate_roles([row for row in rows if row["kind"] == SECRET_ID])


def _rotate_roles(rows: Iterable[Mapping[str, Any]]) -> None:
    """Give processes new secret ids: an administrator's job, for no service may make them."""
    processes = [row["name"].removeprefix(ROLES) for row in rows]
    if processes:
        typer.echo(prepare(dry_run=False, rotate=processes))


def _rotate_one(state: Path, row: Mapping[str, Any]) -> None:
    name, body = row["name"], {}
    if row["rotates"] == "a person":
        body = {"value": _value(f"The new value of {name}: ")}
    opened = ask(state, SERVICE, f"/credentials/{name}/rotate", method="POST", body=body)["request"]
    until = time.monotonic() + FOLLOWED_S
    while time.monotonic() < until:
        said = ask(state, SERVICE, f"/credentials/{name}/rotation")
        if said["request"] != opened:
            typer.echo(f"{name}: another value was given meanwhile.", err=True)
            raise typer.Exit(1)
        if said["outcome"] is not None:
            break
        time.sleep(LOOK_PAUSE_S)
    _conclude(state, name, said)


def _conclude(state: Path, name: str, said: Mapping[str, Any]) -> None:
    if said["outcome"] == "refused":
        typer.echo(f"{name}: {said['detail']}", err=True)
        raise typer.Exit(1)
    row = next(row for row in _rows(state) if row["name"] == name)
    if said["outcome"] == "done":
        typer.echo(f"{name}: version {row['version']} is in force ({row['state']}).")
    else:
        why = row["held_up"] or row["state"]
        typer.echo(
            f"{name}: begun, and goes on by itself. {why}\n`plumbline credentials` shows how far it is."
        )


def _value(prompt: str) -> str:
    """Read a secret from standard input; a terminal does not show it."""
    return getpass.getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")


def _rows(state: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = ask(state, SERVICE, "/credentials")["credentials"]
    return [*rows, *(row for process in PROCESSES if (row := _role(state, process)) is not None)]


def _role(state: Path, process: str) -> dict[str, Any] | None:
    """Return the row of the secret id by which a process enters Vault; None where there is no Vault, or it is away."""
    try:
        taken_at = ask_metric(state, process, TAKEN_AT)
    except AwayError:
        return None
    if not taken_at:
        return None
    since = datetime.fromtimestamp(taken_at, UTC)
    return {
        "name": f"{ROLES}{process}",
        "kind": SECRET_ID,
        "version": "-",
        "since": since.isoformat(),
        "due_at": (since + OLDEST).isoformat(),
        "ends_at": (since + LIFE).isoformat(),
        "state": "live",
        "held_up": "",
        "rotates": "itself",
        "would": "delivers a new secret id, and destroys the former one once the process has entered by the new one",
    }


def _moment(said: str | None) -> datetime | None:
    return None if said is None else datetime.fromisoformat(said)
