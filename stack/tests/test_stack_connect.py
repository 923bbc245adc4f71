"""`plumbline connect` and `disconnect`, from the link to the end, with token-vault's own routes and the sandbox behind them."""

import asyncio
import json
import socket
import threading
import webbrowser
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from consent_lab import NAME, Desk, opened_desk
from pydantic import SecretStr
from typer.testing import CliRunner, Result

from plumbline.common.operator import operator_app
from plumbline.common.process import serving
from plumbline.stack.cli import connecting
from plumbline.stack.cli.callback import CallbackError, is_here, read_callback
from plumbline.stack.cli.main import app
from plumbline.token_vault.consent_routes import ConsentRoutes
from plumbline.token_vault.domain import Cause


@dataclass
class Office:
    """An operator's machine: a command, a browser, and a person who does as `does` says."""

    desk: Desk
    state: Path
    redirect_uri: str
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    does: Callable[[str], Coroutine[Any, Any, str]] | None = None
    """Takes the link, returns the address at which the browser ends; None: the person never comes."""
    pages: list[httpx.Response] = field(default_factory=list)
    threads: list[threading.Thread] = field(default_factory=list)

    def open(self, link: str) -> bool:
        """Be the browser."""
        if self.does is not None:
            self.threads.append(threading.Thread(target=self._browse, args=(link,)))
            self.threads[-1].start()
        return True

    def _browse(self, link: str) -> None:
        assert self.does is not None
        address = asyncio.run_coroutine_threadsafe(self.does(link), self.loop).result()
        self.pages.append(httpx.get(address, trust_env=False, timeout=30))

    async def connect(self, provider: str = "quickbooks", *options: str, typed: str = "") -> Result:
        """Run `plumbline connect`."""
        command = ["connect", NAME, provider, "--redirect-uri", self.redirect_uri, *options]
        return await self.run(command, typed)

    async def run(self, command: list[str], typed: str = "") -> Result:
        """Run the command, and wait for the browser."""
        arguments = [*command, "--state", str(self.state)]
        done = await asyncio.to_thread(CliRunner().invoke, app, arguments, input=typed)
        for thread in self.threads:
            await asyncio.to_thread(thread.join)
        return done


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@pytest.fixture
async def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    async with opened_desk() as desk:
        await desk.register("quickbooks")
        vault = operator_app(
            service="token-vault",
            token=SecretStr("let-me-in"),
            ready=lambda: None,
            routes=ConsentRoutes(desk.connecting, desk.disconnecting).routes(),
        )
        async with serving(vault, host="127.0.0.1", port=0) as port:
            (tmp_path / "token").write_text("let-me-in\n")
            known = {
                "services": {"token-vault": f"http://127.0.0.1:{port}"},
                "operator_token_file": str(tmp_path / "token"),
            }
            (tmp_path / "addresses.json").write_text(json.dumps(known))
            office = Office(desk, tmp_path, f"http://127.0.0.1:{free_port()}/callback")
            office.does = desk.agree
            monkeypatch.setattr(webbrowser, "open", office.open)
            yield office


async def test_link_is_opened_consent_comes_back_and_is_proven(office: Office) -> None:
    done = await office.connect()
    assert done.exit_code == 0, done.output
    assert "/connect/oauth2?client_id=" in done.stdout
    assert f"{office.desk.accounts['quickbooks']}: connected, and proven by one call" in done.stdout
    assert await office.desk.held() is not None
    page = office.pages[0]
    assert page.status_code == 200
    assert "<h1>Connected</h1>" in page.text
    assert '<html lang="en">' in page.text
    assert page.headers["referrer-policy"] == "no-referrer"


async def test_no_secret_is_printed(office: Office) -> None:
    done = await office.connect()
    held = await office.desk.held()
    assert held is not None
    assert held.access_token is not None
    assert held.refresh_token is not None
    known = office.desk.apps["quickbooks"].client_secret
    for secret in (known, held.access_token, held.refresh_token):
        assert secret.get_secret_value() not in done.output + office.pages[0].text


async def test_stranger_at_the_callback_is_turned_away_and_the_wait_goes_on(office: Office) -> None:
    strangers: list[httpx.Response] = []

    async def after_a_stranger(link: str) -> str:
        for query in ("code=stolen&state=guessed&realmId=1", "code=stolen"):
            async with httpx.AsyncClient(trust_env=False) as stranger:
                strangers.append(await stranger.get(f"{office.redirect_uri}?{query}"))
        async with httpx.AsyncClient(trust_env=False) as stranger:
            other_path = office.redirect_uri.replace("callback", "favicon.ico")
            strangers.append(await stranger.get(other_path))
        return await office.desk.agree(link)

    office.does = after_a_stranger
    done = await office.connect()
    assert [answer.status_code for answer in strangers] == [400, 400, 404]
    assert "state-mismatch" in done.stderr
    assert done.exit_code == 0
    assert office.desk.token_calls() == ["ok"]


async def test_person_who_refuses_changes_nothing(office: Office) -> None:
    office.does = lambda link: office.desk.agree(link, decision="cancel")
    done = await office.connect()
    assert done.exit_code == 1
    assert "not connected: access-denied" in done.stderr
    assert "did not agree" in office.pages[0].text
    assert await office.desk.held() is None


async def test_missing_scopes_have_an_exit_status_of_their_own(office: Office) -> None:
    office.does = lambda link: office.desk.agree(link, scope="com.intuit.quickbooks.payment")
    done = await office.connect()
    assert done.exit_code == 4
    assert "missing scopes: com.intuit.quickbooks.accounting" in done.stderr
    assert "missing scopes: com.intuit.quickbooks.accounting" in office.pages[0].text


async def test_other_company_is_refused_in_a_sentence(office: Office) -> None:
    other = office.desk.lab.realms[1].id
    office.does = lambda link: office.desk.agree(link, realmId=other)
    done = await office.connect()
    assert (done.exit_code, "not connected: wrong-company" in done.stderr) == (1, True)
    assert other in office.pages[0].text


async def test_api_that_is_away_leaves_a_connection_that_is_not_proven(office: Office) -> None:
    await office.desk.trouble("status", match={"path": "/v3/company"})
    done = await office.connect()
    assert done.exit_code == 5
    assert "had no answer" in done.stdout
    assert "<h1>Connected</h1>" in office.pages[0].text


async def test_nobody_comes_in_time(office: Office) -> None:
    office.does = None
    done = await office.connect("quickbooks", "--wait-s", "0.2")
    assert done.exit_code == 6
    assert "not-in-time" in done.stderr
    assert "--redirect-uri" in done.stderr


async def test_port_that_is_taken_is_said(office: Office) -> None:
    with socket.create_server(("127.0.0.1", int(office.redirect_uri.rpartition(":")[2].split("/")[0]))):
        done = await office.connect()
    assert done.exit_code == 1
    assert "another program" in done.stderr


async def test_interrupted_wait_ends_without_a_trace_of_calls(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: str) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(webbrowser, "open", interrupt)
    done = await office.connect()
    assert done.exit_code == 130
    assert "Nothing was changed" in done.stderr


async def test_address_can_be_pasted_where_no_browser_reaches_this_machine(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.redirect_uri = "https://plumbline.example/callback"
    office.does = None
    asked: list[str] = []
    link_of = office.desk.connecting.link

    async def noted(*seat: Any) -> str:
        asked.append(await link_of(*seat))
        return asked[-1]

    monkeypatch.setattr(office.desk.connecting, "link", noted)

    class Person:
        """Reads the link off the screen, agrees elsewhere, and types in where that browser ended."""

        def isatty(self) -> bool:
            return False

        def readline(self) -> str:
            address = asyncio.run_coroutine_threadsafe(office.desk.agree(asked[0]), office.loop).result()
            return f"{address}\n"

    monkeypatch.setattr(connecting, "sys", SimpleNamespace(stdin=Person()))
    done = await office.connect()
    assert done.exit_code == 0, done.output
    assert "Paste the whole address" in done.stdout
    assert await office.desk.held() is not None


async def test_pasted_address_of_another_request_is_refused(office: Office) -> None:
    done = await office.connect("quickbooks", "--paste", typed="http://localhost/?code=c&state=other\n")
    assert (done.exit_code, "not connected: state-mismatch" in done.stderr) == (1, True)
    assert office.desk.token_calls() == []


async def test_vault_that_is_away_is_said_with_what_to_do(office: Office) -> None:
    known = json.loads((office.state / "addresses.json").read_text())
    known["services"]["token-vault"] = "http://127.0.0.1:1"
    (office.state / "addresses.json").write_text(json.dumps(known))
    done = await office.connect()
    assert done.exit_code == 2
    assert "not connected: token-vault-away" in done.stderr


async def test_service_account_is_proven_with_what_is_typed_in(office: Office) -> None:
    known = office.desk.apps["procore"]
    typed = f"{known.client_id}\n{known.client_secret.get_secret_value()}\n"
    done = await office.connect("procore", typed=typed)
    assert done.exit_code == 0, done.output
    assert "procore/suite: connected, and proven by one call" in done.stdout
    assert known.client_secret.get_secret_value() not in done.output
    again = await office.connect("procore")
    assert again.exit_code == 0
    wrong = await office.connect("procore", "--app", "procore/other", typed="nobody\nwrong\n")
    assert (wrong.exit_code, "app-refused" in wrong.stderr) == (1, True)


async def test_person_at_procore_agrees_in_the_browser(office: Office) -> None:
    await office.desk.register("procore")
    done = await office.connect("procore", "--as-person")
    assert done.exit_code == 0, done.output
    held = await office.desk.held("procore")
    assert held is not None
    assert held.refresh_token is not None


async def test_account_is_disconnected_once_its_name_was_typed_again(office: Office) -> None:
    await office.connect()
    account = office.desk.accounts["quickbooks"]
    done = await office.run(["disconnect", account], "yes\n")
    held = await office.desk.held()
    assert held is not None
    assert (done.exit_code, held.cause) == (1, None)
    done = await office.run(["disconnect", account], f"{account}\n")
    held = await office.desk.held()
    assert held is not None
    assert (done.exit_code, held.cause) == (0, Cause.DISCONNECTED)
    assert "revoked at the provider" in done.stdout


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("state=right&error=access_denied", "access-denied"),
        ("state=right&error=invalid_scope", "consent-refused"),
        ("state=right", "no-code"),
        ("state=wrong&code=c", "state-mismatch"),
        ("code=c", "state-mismatch"),
        ("state=r%C3%ADght&code=c", "state-mismatch"),
    ],
)
def test_address_that_brings_no_code_of_ours_says_why(query: str, code: str) -> None:
    with pytest.raises(CallbackError) as caught:
        read_callback(f"http://localhost:8399/callback?{query}", state="right")
    assert caught.value.code == code


def test_only_addresses_of_this_machine_are_listened_at() -> None:
    assert is_here("http://localhost:8399/callback")
    assert is_here("http://127.0.0.1:8399/")
    assert not is_here("https://localhost/callback")
    assert not is_here("https://plumbline.example/callback")
    assert not is_here("urn:ietf:wg:oauth:2.0:oob")


async def test_administrator_elsewhere_connects_the_company_again(office: Office) -> None:
    app_id = office.desk.apps["quickbooks"].client_id
    known = {"client_id": app_id, "redirect_uris": [office.redirect_uri]}
    await office.desk.lab.control.post("/control/quickbooks/apps", json=known)
    link = f"http://sandbox.example/app/connect/oauth2/request?appId={app_id}&realmId={office.desk.realm}&mode=reconnect"
    address = await office.desk.agree(link)
    done = await office.connect("quickbooks", "--reconnect", typed=f"{address}\n")
    assert done.exit_code == 0, done.output
    assert link in done.stdout
    assert await office.desk.held() is not None
