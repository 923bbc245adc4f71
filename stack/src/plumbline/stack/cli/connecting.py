"""`plumbline connect` and `plumbline disconnect`: getting a partner's consent, and giving it back."""

from __future__ import annotations

import getpass
import secrets
import sys
import webbrowser
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from plumbline.stack.cli.asking import DEFAULT_STATE, AwayError, RefusedError, State, ask
from plumbline.stack.cli.callback import (
    Callback,
    CallbackError,
    Consented,
    Shown,
    is_here,
    read_callback,
)
from plumbline.stack.cli.console import wide_console

SERVICE = "token-vault"
"""Who keeps grants."""

REDIRECT_URI = "http://localhost:8399/callback"
"""Where consents lead back to unless another address is registered for the app."""

WAIT_S = 600.0
"""A code lives ten minutes at both partners: so long a person may take."""

TRADE_S = 90.0
"""How long token-vault may take to trade a code, prove the grant and store it."""

MISSING_SCOPES, NOT_PROVEN, NOT_IN_TIME, STOPPED = 4, 5, 6, 130
"""Exit statuses of their own: the consent does not go far enough (HTTP's 403); connected, and nothing proves it yet;
nobody answered in time; Ctrl-C."""

NO_APP = "app-not-registered"
"""The refusal that is answered by giving the app's id and secret."""


def connect(
    connection: Annotated[str, typer.Argument(help="A connection of connections.yaml.")],
    provider: Annotated[str, typer.Argument(help="`procore` or `quickbooks`.")],
    state: State = DEFAULT_STATE,
    *,
    redirect_uri: Annotated[
        str, typer.Option(help="The redirect address that is registered for the app, to the letter.")
    ] = REDIRECT_URI,
    app: Annotated[str, typer.Option(help="The app's name here, if it is not the connection's own.")] = "",
    wait_s: Annotated[float, typer.Option(help="How long to wait for the person, in seconds.")] = WAIT_S,
    paste: Annotated[
        bool, typer.Option("--paste", help="Type in the address at which the browser ended.")
    ] = False,
    reconnect: Annotated[
        bool,
        typer.Option(
            "--reconnect", help="QuickBooks: Intuit's link for the company's administrator; then as --paste."
        ),
    ] = False,
    as_person: Annotated[
        bool, typer.Option("--as-person", help="Procore: act for a person instead of the app's own account.")
    ] = False,
) -> None:
    """Connect a company: open a link, wait for the person's consent, prove it by one call, go on with what waited."""
    seat = f"/connections/{connection}/{provider}"
    named = {"app_name": app} if app else {}
    console = wide_console()
    try:
        if provider == "procore" and not as_person:
            _say(console, _with_app(state, f"{seat}/service-account", named))
        else:
            consent = _Consent(state, seat, redirect_uri, named, console)
            if reconnect:
                consent.run_again()
            else:
                consent.run(paste=paste, wait_s=wait_s)
    except RefusedError as error:
        status = MISSING_SCOPES if error.refusal == "missing-scopes" else 1
        typer.echo(f"not connected: {error.refusal}", err=True)
        raise typer.Exit(status) from error
    except AwayError:
        typer.echo("not connected: token-vault-away. Run the command again once it is up.", err=True)
        raise
    except CallbackError as error:
        typer.echo(f"{error}\nnot connected: {error.code}", err=True)
        raise typer.Exit(1) from error
    except KeyboardInterrupt:
        typer.echo("\nStopped. Nothing was changed here; the link is worth nothing any more.", err=True)
        raise typer.Exit(STOPPED) from None


class _Consent:
    """One consent, from the link to its end."""

    def __init__(
        self, state: Path, seat: str, redirect_uri: str, named: Mapping[str, Any], console: Console
    ) -> None:
        self._state = state
        self._seat = seat
        self._redirect_uri = redirect_uri
        self._one_time = secrets.token_urlsafe(32)
        self._asked = {
            **named,
            "redirect_uri": redirect_uri,
            "state": self._one_time,
            "verifier": secrets.token_urlsafe(48),
        }
        self._console = console
        self._end: typer.Exit | CallbackError | None = None

    def run(self, *, paste: bool, wait_s: float) -> None:
        """Ask for consent and see it through."""
        link = self._link()
        typer.echo(f"Open this link as somebody who may connect the company:\n\n{link}\n")
        if paste or not is_here(self._redirect_uri):
            self._pasted(state=self._one_time)
        else:
            self._awaited(link, wait_s)

    def run_again(self) -> None:
        """Have a company connected again by the provider's own link, which names this company and carries no state."""
        link = self._link(reconnects=True)
        typer.echo(f"Have an administrator of the company open this link:\n\n{link}\n")
        self._pasted(state=None)

    def _link(self, **how: bool) -> str:
        return str(_with_app(self._state, f"{self._seat}/consent", {**self._asked, **how})["link"])

    def _pasted(self, *, state: str | None) -> None:
        typer.echo(
            f"The browser ends at {self._redirect_uri}, whether there is a page or not. "
            "Paste the whole address from its address bar:"
        )
        self._trade(read_callback(sys.stdin.readline(), state=state))

    def _awaited(self, link: str, wait_s: float) -> None:
        try:
            callback = Callback(self._redirect_uri, self._finish)
        except OSError as error:
            typer.echo(
                f"Nobody can listen at {self._redirect_uri} ({error.strerror}): another program does. End it, or use --paste.",
                err=True,
            )
            raise typer.Exit(1) from error
        with callback, self._console.status("") as status:
            webbrowser.open(link)

            def tell(left_s: float) -> None:
                status.update(
                    f"Waiting for the browser, {left_s // 60:.0f}:{left_s % 60:02.0f} left; Ctrl-C stops"
                )

            came = callback.wait(within_s=wait_s, tell=tell)
        if not came:
            typer.echo(
                f"Nobody came back to {self._redirect_uri} in time. If the browser showed an error about the redirect address, "
                "register this one for the app, to the letter, or name its own by --redirect-uri.\nnot connected: not-in-time",
                err=True,
            )
            raise typer.Exit(NOT_IN_TIME)
        if self._end is not None:
            raise self._end

    def _finish(self, address: str) -> Shown:
        """Take what a browser came with, and say on its page how that ended."""
        try:
            consented = read_callback(address, state=self._one_time)
        except CallbackError as error:
            if error.code == "state-mismatch":
                typer.echo(f"{error} (state-mismatch)", err=True)
                raise
            self._end = error
            return Shown("Not connected", str(error))
        try:
            self._trade(consented)
        except RefusedError as error:
            self._end = error
            return Shown("Not connected", error.detail)
        except AwayError as error:
            self._end = error
            return Shown("Not connected", "token-vault did not answer. Run the command again once it is up.")
        except typer.Exit as error:
            self._end = error
        return Shown("Connected", "Plumbline may now work with this company.")

    def _trade(self, consented: Consented) -> None:
        body = {**self._asked, "code": consented.code, "realm": consented.realm}
        _say(
            self._console,
            ask(self._state, SERVICE, f"{self._seat}/code", method="POST", body=body, timeout_s=TRADE_S),
        )


def _with_app(state: Path, path: str, body: Mapping[str, Any]) -> Any:
    """Ask token-vault; where it knows no such app, read the app's id and secret and ask once more."""
    try:
        return ask(state, SERVICE, path, method="POST", body=dict(body), timeout_s=TRADE_S)
    except RefusedError as error:
        if error.refusal != NO_APP:
            raise
    app = {"client_id": _line("Client id: "), "client_secret": _line("Client secret: ", hidden=True)}
    return ask(state, SERVICE, path, method="POST", body={**body, "app": app}, timeout_s=TRADE_S)


def _line(prompt: str, *, hidden: bool = False) -> str:
    """Read a line of standard input; secrets enter by no other way, and are not shown."""
    if sys.stdin.isatty():
        line = getpass.getpass(prompt) if hidden else input(prompt)
    else:
        line = sys.stdin.readline()
    if not line.strip():
        typer.echo(
            "Nothing was typed in. Give the client id and then the client secret, a line each.", err=True
        )
        raise typer.Exit(1)
    return line.strip()


def _say(console: Console, said: Mapping[str, Any]) -> None:
    console.print(f"{said['account']}: {said['detail']}", highlight=False, markup=False, soft_wrap=True)
    if said["code"] != "connected":
        raise typer.Exit(NOT_PROVEN)


def disconnect(
    account: Annotated[
        str,
        typer.Argument(help="`quickbooks/<realm>` or `procore/<app>`, as `plumbline credentials` has it."),
    ],
    state: State = DEFAULT_STATE,
) -> None:
    """End a grant at the provider, for good. Nothing is written to that company until it is connected again."""
    typer.echo(f"This ends the grant of {account} at the provider. Type the account's name to go on:")
    if sys.stdin.readline().strip() != account:
        typer.echo("That is not its name. Nothing was changed.", err=True)
        raise typer.Exit(1)
    said = ask(state, SERVICE, f"/accounts/{account}/disconnect", method="POST", timeout_s=TRADE_S)
    typer.echo(f"{account}: disconnected; {said['done']}. `plumbline connect` connects it again.")
