"""`plumbline containers up | down | logs | smoke`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from plumbline.stack.cli.console import victims, wide_console
from plumbline.stack.lifetime import run_until_signal
from plumbline.stack.runners.containers import (
    SANDBOX_CONTROL_URL,
    Containers,
    ContainersError,
    PublishedPorts,
)
from plumbline.stack.runners.state import IN_CONTAINERS, publish, unpublish
from plumbline.stack.scenario.operators import StuckError
from plumbline.stack.scenario.smoke import AlreadyPlayedError, run_smoke

app = typer.Typer(
    no_args_is_help=True, help="Every service in a container of its own, with the sandbox as the partners."
)

STATE = Path(".plumbline/containers")
"""Where the operator's keys and the addresses are kept."""


@app.command()
def up(
    pull: Annotated[
        Literal["missing", "never", "always"],
        typer.Option(help="Whether images are asked for at a registry."),
    ] = "missing",
) -> None:
    """Build, start, and return once every service is ready."""
    containers = Containers(Path.cwd())
    with _told():
        seconds = containers.up(pull=pull)
        containers.copy_operator_keys(STATE)
        publish(STATE, IN_CONTAINERS, (STATE / "operator-token").resolve())
        _tell_addresses(wide_console(), seconds)


@app.command()
def down(
    *, clean: Annotated[bool, typer.Option("--clean", help="Delete what they stored as well.")] = False
) -> None:
    """Stop and remove the containers."""
    with _told():
        Containers(Path.cwd()).down(clean=clean)
        unpublish(STATE)


@app.command()
def logs(services: Annotated[list[str] | None, typer.Argument(help="Only of these.")] = None) -> None:
    """Follow the logs until Ctrl-C."""
    with _told():
        Containers(Path.cwd()).logs(services or [])


@app.command()
def smoke(
    kill: Annotated[str, typer.Option(help="Killed in mid-play, comma-separated: mapper,kafka,vault")] = "",
) -> None:
    """Play the demo's scenario on the running containers; exit 0 only if the books agree."""
    with _told():
        agrees = run_until_signal(
            run_smoke(Containers(Path.cwd()), keys=STATE, console=wide_console(), kill=victims(kill))
        )
    raise typer.Exit(0 if agrees else 1)


def _tell_addresses(console: Console, seconds: float) -> None:
    console.print(f"Every service is ready, {seconds:.0f} s after its image was.")
    published = {**PublishedPorts(), "sandbox": SANDBOX_CONTROL_URL}
    for name, url in published.items():
        console.print(f"{name:14} {url}")
    console.print("`make smoke` plays the demo on them; `make logs` follows them; `make down` ends them.")


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (ContainersError, AlreadyPlayedError, StuckError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
