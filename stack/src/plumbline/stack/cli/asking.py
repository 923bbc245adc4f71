"""Asking the services' operator routes, wherever a stack runs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from plumbline.stack.runners.containers import PublishedPorts
from plumbline.stack.runners.state import ADDRESSES_FILE, IN_CONTAINERS

State = Annotated[Path, typer.Option("--state", help="State folder of the running stack.")]
Json = Annotated[bool, typer.Option("--json", help="Print what the service says.")]
DEFAULT_STATE = Path(".plumbline/demo")
SERVICES = ("mapper", "qb-writer", "compliance", "token-vault", "ingest-hooks")
"""Services that keep records."""

TRANSFER_MAX_S = 120.0
"""Longest wait for a paper on its way."""


class RefusedError(typer.Exit):
    """A service refuses: a stable code, and a sentence that has been said."""

    def __init__(self, refusal: str, detail: str) -> None:
        """Exit 1, unless somebody knows better by the code."""
        super().__init__(1)
        self.refusal = refusal
        self.detail = detail


class AwayError(typer.Exit):
    """A service does not answer, or its database does not; that has been said."""


def given(**named: str | None) -> dict[str, str]:
    """Return what was given of optional parameters."""
    return {name: value for name, value in named.items() if value is not None}


def each(rows: Sequence[Mapping[str, Any]], *, as_json: bool) -> Iterator[Mapping[str, Any]]:
    """Give the rows of a list to be shown, or print all of it as JSON and give none; an empty list says that it is."""
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    if not rows:
        typer.echo("There is none.")
    yield from rows


def ask_all(state: Path, path: str, *, of: Sequence[str] = SERVICES) -> Iterator[tuple[str, Any]]:
    """Ask every service that keeps records, or those named; one that is away hides nothing of the others."""
    for service in of:
        try:
            said = ask(state, service, path)
        except AwayError:
            continue
        yield service, said


def ask(
    state: Path, service: str, path: str, *, method: str = "GET", body: Any = None, timeout_s: float = 10.0
) -> Any:
    """Ask one service; say why if it does not answer as it should.

    Raises:
        AwayError: the service or its database is away.
        RefusedError: the service refuses; its sentence has been said.
        typer.Exit: no stack runs here.
    """
    return _answered(state, service, path, method=method, body=body, timeout_s=timeout_s).json()


def ask_metric(state: Path, service: str, name: str) -> float | None:
    """Return a figure of one service that has no labels; None if it has none of that name. Raises what `ask` raises."""
    lines = _answered(state, service, "/metrics").text.splitlines()
    return next((float(line.split()[1]) for line in lines if line.startswith(f"{name} ")), None)


def ask_bytes(state: Path, service: str, path: str, *, params: Mapping[str, str]) -> bytes:
    """Return what one service sends as it is. Raises what `ask` raises."""
    return _answered(state, service, path, params=params, timeout_s=TRANSFER_MAX_S).content


def send_bytes(state: Path, service: str, path: str, *, params: Mapping[str, str], content: bytes) -> Any:
    """Send one service something as it is. Raises what `ask` raises."""
    answer = _answered(
        state, service, path, method="POST", params=params, content=content, timeout_s=TRANSFER_MAX_S
    )
    return answer.json()


def address_of(state: Path, service: str) -> str:
    """Return the address of one service, as this machine reaches it. Raises what `ask` raises."""
    services, _ = _known(state)
    try:
        return services[service]
    except KeyError as error:
        raise _away(service) from error


def _answered(
    state: Path,
    service: str,
    path: str,
    *,
    method: str = "GET",
    body: Any = None,
    content: bytes | None = None,
    params: Mapping[str, str] | None = None,
    timeout_s: float = 10.0,
) -> httpx.Response:
    services, token = _known(state)
    try:
        answer = httpx.request(
            method,
            f"{services[service]}{path}",
            json=body,
            content=content,
            params=params,
            headers={"authorization": f"Bearer {token}"},
            timeout=timeout_s,
            trust_env=False,
        )
    except (httpx.TransportError, KeyError) as error:  # KeyError: a container that is down has no port
        raise _away(service) from error
    if answer.is_error:
        raise _refused(service, answer)
    return answer


def _refused(service: str, answer: httpx.Response) -> typer.Exit:
    try:
        said = answer.json()
        code, detail = said["error"], said["detail"]
    except (ValueError, KeyError, TypeError):  # no refusal of ours: a bug, or a proxy in between
        code, detail = f"status {answer.status_code}", "It failed, and its log says why."
    typer.echo(f"{service}: {detail} [{code}]", err=True)
    return AwayError(code=1) if answer.status_code == 503 else RefusedError(code, detail)


def _known(state: Path) -> tuple[Mapping[str, str], str]:
    """Return the services' addresses, and the operators' token."""
    file = state / ADDRESSES_FILE
    if not file.exists():
        typer.echo(
            f"No stack is running here ({file} is not there). `make demo KEEP=1` leaves one running; containers are asked with `--state .plumbline/containers`.",
            err=True,
        )
        raise typer.Exit(2)
    known = json.loads(file.read_text())
    services = PublishedPorts() if known["services"] == IN_CONTAINERS else known["services"]
    return services, Path(known["operator_token_file"]).read_text().strip()


def _away(service: str) -> AwayError:
    typer.echo(f"{service} does not answer; its log says why. Try again once it is up.", err=True)
    return AwayError(code=2)
