"""`plumbline safe`: papers as folders, read and decided upon by somebody for a reason."""

from __future__ import annotations

import getpass
import mimetypes
import os
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.table import Table

from plumbline.stack.cli.asking import DEFAULT_STATE, State, address_of, ask, ask_bytes, send_bytes
from plumbline.stack.cli.console import wide_console

SERVICE = "compliance"
"""Who keeps them."""

REKEY_MAX_S = 600.0
"""Longest wait for all keys to be wrapped anew; what was done when it ends is done."""

_DOCUMENT = re.compile(r"[0-9a-f]{64}")

Connection = Annotated[str, typer.Argument(help="The connection whose papers they are.")]
Paper = Annotated[
    str, typer.Argument(help="A paper: its path as `plumbline safe ls` shows it, or its keyed hash.")
]
Project = Annotated[str, typer.Argument(help="Procore's id of the project.")]
Why = Annotated[str, typer.Option("--why", help="The reason, for the access log.")]
Who = Annotated[
    str,
    typer.Option(
        "--who",
        default_factory=getpass.getuser,
        help="Who you are, for the access log; your login if not given.",
    ),
]
Hours = Annotated[float, typer.Option("--hours", help="So long is it good.")]

app = typer.Typer(no_args_is_help=True, help="The safe: papers, who read them, and how long they are kept.")


@app.command("ls")
def list_papers(
    connection: Connection,
    path: Annotated[str, typer.Argument(help="A folder; the root if not given.")] = "",
    state: State = DEFAULT_STATE,
) -> None:
    """Show what is in a folder of the safe. This reads no paper."""
    found = _folder(state, connection, path)
    table = Table("name", "bytes", "stored", "")
    for name in found["folders"]:
        table.add_row(f"{name}/", "", "", "")
    for paper in found["papers"]:
        notes = [
            "held" if paper["is_held"] else "",
            f"quarantine: {paper['quarantine']}" if paper["quarantine"] else "",
        ]
        table.add_row(
            paper["name"],
            f"{paper['size_bytes']:,}",
            paper["stored_at"][:16].replace("T", " "),
            ", ".join(filter(None, notes)),
        )
    console = wide_console()
    console.print(table, markup=False, highlight=False)
    if not found["is_whole"]:
        console.print("There is more than this; narrow it down by project, kind and period.")


@app.command()
def get(
    connection: Connection,
    paper: Paper,
    *,
    why: Why,
    to: Annotated[
        Path | None, typer.Option("--to", help="Where to put it; its own name if not given.")
    ] = None,
    who: Who,
    state: State = DEFAULT_STATE,
) -> None:
    """Bring a paper out of the safe, in clear, into a file that only you can read. The access log has it."""
    document = _document(state, connection, paper)
    content = ask_bytes(state, SERVICE, _at(connection, document), params={"who": who, "why": why})
    file = to or Path(document if _DOCUMENT.fullmatch(paper) else paper.rstrip("/").rpartition("/")[2])
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        typer.echo(f"{file} cannot be written: {error.strerror}. Name another file with --to.", err=True)
        raise typer.Exit(1) from error
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(content)
    typer.echo(f"{file}: {len(content):,} bytes, in clear. Delete it when you are done.")


@app.command()
def put(
    connection: Connection,
    file: Annotated[Path, typer.Argument(help="The file.", exists=True, dir_okay=False)],
    *,
    why: Why,
    kind: Annotated[str, typer.Option(help="What it is, as `rules show kinds` names it.")] = "unknown",
    company: Annotated[str, typer.Option(help="Procore's id of the company.")] = "",
    project: Annotated[str, typer.Option(help="Number and name of the project.")] = "",
    vendor: Annotated[str, typer.Option(help="Procore's id of the vendor.")] = "",
    period: Annotated[str, typer.Option(help="The billing period or week, such as 2026-11.")] = "",
    who: Who,
    state: State = DEFAULT_STATE,
) -> None:
    """Keep a file in the safe as it is. It is not scanned, checked or dispatched: hand papers in for that."""
    media_type, _ = mimetypes.guess_type(file.name)
    about = {
        "connection": connection,
        "kind": kind,
        "company_id": company,
        "project": project,
        "vendor": vendor,
        "period": period,
        "file_name": file.name,
        "media_type": media_type or "application/octet-stream",
        "who": who,
        "why": why,
    }
    given = {name: value for name, value in about.items() if value}
    stored = send_bytes(state, SERVICE, "/safe/papers", params=given, content=file.read_bytes())
    word = "is in the safe" if stored["is_new"] else "was in the safe already"
    typer.echo(f"{file.name} {word}: {stored['document']}")


@app.command()
def hold(
    connection: Connection,
    paper: Paper,
    *,
    why: Why,
    who: Who,
    state: State = DEFAULT_STATE,
) -> None:
    """Put a paper under a legal hold: nothing destroys it until it is released."""
    _decide(state, connection, paper, "hold", who=who, why=why)
    typer.echo(f"{paper} is held: {why}")


@app.command()
def release(
    connection: Connection,
    paper: Paper,
    *,
    why: Why,
    who: Who,
    state: State = DEFAULT_STATE,
) -> None:
    """Lift a paper's legal hold."""
    _decide(state, connection, paper, "release", who=who, why=why)
    typer.echo(f"{paper} is held no more; its kind's time counts again.")


@app.command()
def destroy(
    connection: Connection,
    paper: Paper,
    *,
    why: Why,
    who: Who,
    state: State = DEFAULT_STATE,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Destroy a paper's key, and so every copy of it. There is no way back."""
    if not yes:
        typer.confirm(f"Nobody will be able to read {paper} any more. Destroy it?", abort=True)
    _decide(state, connection, paper, "destroy", who=who, why=why)
    typer.echo(f"{paper} is destroyed.")


@app.command()
def spoiled(connection: Connection, state: State = DEFAULT_STATE) -> None:
    """Show the papers of which the store holds something else than what was put there, and their objects' names."""
    said = ask(state, SERVICE, f"/safe/spoiled/{quote(connection, safe='')}")["spoiled"]
    if not said:
        typer.echo("There is none.")
    for row in said:
        typer.echo(f"{row['document']}  {row['kind']}, {row['file_name']}, found {row['spoiled_at'][:16]}")
        typer.echo(f"  {row['object']}")


@app.command()
def projects(connection: Connection, state: State = DEFAULT_STATE) -> None:
    """Show every project that has papers, and when it was completed: what the time of many papers counts from."""
    table = Table("id", "project", "papers", "completed", "said by", "because")
    for row in ask(state, SERVICE, f"/safe/projects/{quote(connection, safe='')}")["projects"]:
        table.add_row(
            row["project_id"],
            row["project"],
            f"{row['papers']:,}",
            row["completed_on"] or "",
            row["said_by"] or "",
            row["why"] or "",
        )
    wide_console().print(table, markup=False, highlight=False)


@app.command()
def complete(
    connection: Connection,
    project: Project,
    *,
    on: Annotated[datetime, typer.Option("--on", formats=["%Y-%m-%d"], help="The day.")],
    why: Why,
    who: Who,
    state: State = DEFAULT_STATE,
) -> None:
    """Say when a project was completed: from then on the time of its papers counts, and ends."""
    said = _say_completed(state, connection, project, f"{on:%Y-%m-%d}", who=who, why=why)
    typer.echo(f"Project {project} was completed on {said['completed_on']}; the time of its papers counts.")
    typer.echo(
        f"The coming night destroys {said['due']:,} of them. `plumbline safe reopen` takes it back until then."
        if said["due"]
        else "The coming night destroys none of them."
    )


@app.command()
def reopen(
    connection: Connection, project: Project, *, why: Why, who: Who, state: State = DEFAULT_STATE
) -> None:
    """Say that a project is not completed: the time of its papers counts no more. What was destroyed stays so."""
    _say_completed(state, connection, project, None, who=who, why=why)
    typer.echo(f"Project {project} is open; its papers are kept.")


@app.command()
def rekey(state: State = DEFAULT_STATE) -> None:
    """Wrap the key of every paper anew: with a new key of the key file, or by the newest version of Vault's.

    No paper is read or written. Run it once more if it was cut off.
    """
    said = ask(state, SERVICE, "/safe/rekey", method="POST", timeout_s=REKEY_MAX_S)
    typer.echo(f"{said['rewrapped']:,} keys were wrapped anew.")
    if said["former_keys"]:
        typer.echo("The former key of the key file still opens what was being stored meanwhile; run")
        typer.echo("`plumbline safe rekey` once more in ten minutes, and it goes.")
    else:
        typer.echo(
            "No former key is left in a key file. Vault's former versions go by `min_decryption_version`."
        )


@app.command()
def link(
    connection: Connection,
    paper: Paper,
    *,
    why: Why,
    hours: Hours = 24,
    uses: Annotated[int, typer.Option("--uses", help="So often may it be followed.")] = 1,
    who: Who,
    state: State = DEFAULT_STATE,
    revoke: Annotated[bool, typer.Option("--revoke", help="Revoke every link to it instead.")] = False,
) -> None:
    """Make a link to a paper, for somebody without an operator's token; it is shown this once."""
    if revoke:
        revoked = _decide(state, connection, paper, "links/revoke", who=who, why=why)["revoked"]
        typer.echo(f"Links to {paper} that lead nowhere now: {revoked}.")
        return
    made = _decide(state, connection, paper, "links", who=who, why=why, hours=hours, uses=uses)
    typer.echo(f"{address_of(state, SERVICE)}{made['path']}")
    typer.echo(
        f"Good for {hours:g} h, and for {uses} download{'s' if uses > 1 else ''}; each is in the access log.",
        err=True,
    )


@app.command()
def readers(connection: Connection, paper: Paper, state: State = DEFAULT_STATE) -> None:
    """Show who touched a paper, when and why."""
    document = _document(state, connection, paper)
    table = Table("when", "what", "who", "why")
    for row in ask(state, SERVICE, f"{_at(connection, document)}/accesses")["accesses"]:
        table.add_row(row["at"][:19].replace("T", " "), row["action"], row["who"], row["why"])
    wide_console().print(table, markup=False, highlight=False)


@app.command("mount-view")
def mount_view(
    connection: Connection,
    *,
    why: Why,
    hours: Hours = 8,
    who: Who,
    state: State = DEFAULT_STATE,
) -> None:
    """Make a password for the view of all papers as folders, and say how to open it; it is shown this once.

    Nothing is copied: a client fetches a paper, in clear, when it opens it, and the access log has that.
    """
    asked = {"connection": connection, "who": who, "why": why, "hours": hours}
    made = ask(state, SERVICE, "/safe/view-passwords", method="POST", body=asked)
    url = f"{address_of(state, SERVICE)}/view/"
    host = url.partition("://")[2]
    typer.echo(f"address   {url}\nname      {who}\npassword  {made['password']}   (for {hours:g} h)\n")
    for system, way in (
        ("GNOME Files, KDE Dolphin", f"open dav://{host} (dolphin: webdav://{host})"),
        ("macOS Finder", f"Go > Connect to Server > {url}"),
        ("Linux, as a folder", f"sudo mount -t davfs -o ro {url} /mnt"),
        (
            "rclone",
            f"rclone lsf -R --webdav-url {url} --webdav-user {who} --webdav-pass $(rclone obscure -) :webdav:",
        ),
        ("one paper", f"curl -u {who} -O {url}FOLDER/PAPER"),
    ):
        typer.echo(f"{system:26}{way}")


def _decide(state: Path, connection: str, paper: str, verb: str, **asked: str | float) -> Mapping[str, Any]:
    document = _document(state, connection, paper)
    said: Mapping[str, Any] = ask(
        state, SERVICE, f"{_at(connection, document)}/{verb}", method="POST", body=asked
    )
    return said


def _say_completed(
    state: Path, connection: str, project: str, on: str | None, *, who: str, why: str
) -> Mapping[str, Any]:
    path = f"/safe/projects/{quote(connection, safe='')}/{quote(project, safe='')}/completion"
    body = {"completed_on": on, "who": who, "why": why}
    said: Mapping[str, Any] = ask(state, SERVICE, path, method="POST", body=body)
    return said


def _document(state: Path, connection: str, paper: str) -> str:
    """Return the keyed hash of a paper that is named by its path, or by that hash."""
    if _DOCUMENT.fullmatch(paper):
        return paper
    folder, _, name = paper.strip("/").rpartition("/")
    for shown in _folder(state, connection, folder)["papers"]:
        if shown["name"] == name:
            return str(shown["document"])
    typer.echo(
        f"There is no paper {paper}; `plumbline safe ls {connection} {folder}` shows what there is.", err=True
    )
    raise typer.Exit(1)


def _folder(state: Path, connection: str, path: str) -> Mapping[str, Any]:
    said: Mapping[str, Any] = ask(
        state, SERVICE, f"/safe/folder?connection={quote(connection, safe='')}&path={quote(path, safe='')}"
    )
    return said


def _at(connection: str, document: str) -> str:
    return f"/safe/papers/{quote(connection, safe='')}/{document}"
