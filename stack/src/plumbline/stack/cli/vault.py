"""`plumbline vault bootstrap`, and the rotation of the secret ids by which processes enter Vault."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from plumbline.common.connections import ConfigurationError
from plumbline.provision.settings import Settings
from plumbline.provision.vault import Wishes, prepare_vault
from plumbline.provision.vault_api import VaultSetupError
from plumbline.stack.runners.containers import Containers, ContainersError

JOB = "provision-vault"
"""The container that prepares the containers' Vault, which nothing on this machine reaches."""

app = typer.Typer(no_args_is_help=True, help="Vault: what the suite needs in it.")


@app.callback()
def vault() -> None:
    """Vault: what the suite needs in it."""


@app.command()
def bootstrap(
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")
    ] = False,
) -> None:
    """Bring policies, roles, engines and audit devices to what the files say; deliver the secret ids that are due.

    Works on the Vault of PLUMBLINE_VAULT_URL, as whoever's token PLUMBLINE_VAULT_TOKEN_FILE names, and delivers into
    PLUMBLINE_KEYS_DIR; where no address is set, on the one of `make up`.
    """
    typer.echo(prepare(dry_run=dry_run))


def prepare(*, dry_run: bool, rotate: Sequence[str] = ()) -> str:
    """Prepare Vault, give the processes of `rotate` new secret ids, and return what was changed, a line each.

    Raises:
        typer.Exit: it was not possible; a sentence has been said.
    """
    settings = Settings()
    try:
        if settings.vault_url is None:
            return Containers(Path.cwd()).run(JOB, arguments(dry_run=dry_run, rotate=rotate))
        wishes = Wishes(dry_run=dry_run, rotate=frozenset(rotate), audit_file=settings.vault_audit_file)
        return str(asyncio.run(prepare_vault(settings, wishes)))
    except (ConfigurationError, ContainersError, VaultSetupError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error


def arguments(*, dry_run: bool, rotate: Sequence[str]) -> list[str]:
    """Return what the job is told in its container."""
    asked = [part for process in rotate for part in ("--rotate", process)]
    return ["plumbline.provision", "vault", *(["--dry-run"] if dry_run else []), *asked]
