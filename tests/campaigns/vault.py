"""Vault that does not serve while people bill: nothing is lost or parked, ingest answers, and work goes on by itself.

`python -m tests.campaigns.vault [--hold-s 20] [--only sealed]`. A real Vault with a disk and a seal, the embedded
servers beside it, and a line between them that may be slow or dumb. In each trouble that stops Vault QuickBooks refuses the
token of one company, so that its next call needs a renewal, which needs Vault: another company each time, for a token that is
refused soon after the last one makes token-vault wait longer, whatever Vault does.

What must hold:

1. in each trouble, companies whose tokens are good are written to all the while, and the one whose is not is not;
2. once it is over, that one is written to again within `RESUMED_MAX_S`;
3. ingest answers every webhook with 2xx, and nothing is a dead letter, is parked, or is left unfinished;
4. every invoice is in the books once, to the cent, and was made once.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import select
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.console import Console

from plumbline.common.contracts.topics import DEAD_LETTERS
from plumbline.common.settings import secret_line
from plumbline.provision.topics import all_topics
from plumbline.provision.vault import role_files, set_up_sealed_vault
from plumbline.provision.vault_api import VaultAddress, VaultApi
from plumbline.stack.cli.console import wide_console
from plumbline.stack.concurrency import together
from plumbline.stack.lifetime import run_until_signal
from plumbline.stack.run_folder import run_folder
from plumbline.stack.runners.native import identity
from plumbline.stack.runners.services import Environment, RunningStack, running_services, shared_env
from plumbline.stack.runners.settings import StackSettings, way_env
from plumbline.stack.runners.state import empty_safe, write_operator_token
from plumbline.stack.scenario.configuring import DURATIONS
from plumbline.stack.scenario.performance import journal, progress_bar, until_quiet
from plumbline.stack.scenario.playing import Player
from plumbline.stack.scenario.results import read_topic
from plumbline.stack.scenario.stage import LocalStage, Setting, Stage, World, stage
from plumbline.stack.servers.embedded import start_embedded_postgres, start_mock_kafka
from plumbline.stack.servers.vault import SealedVaultServer, prepare_sealed_vault
from plumbline.stack.supervisor import Supervisor
from tests.campaigns.rolling import books_problems, steady
from tests.campaigns.vault_line import Line, line_to

STATE = Path(".plumbline/campaigns/vault")
"""What its processes wrote stays in `logs` there."""

RESUMED_MAX_S = 15.0
"""C4: so soon after Vault is back the writer writes again."""

PER_MINUTE = 90
"""Invoices begun."""

GRACE_S = 4.0
"""What a company was doing when its token was refused may still end."""

REST_S = 3.0
"""Between two troubles."""

SLOW_S = 0.4
"""Each way, of every part of a call."""

WATCHED_MAX_S = 60.0
"""Longer than any company may take to be written to again; then the campaign goes on, and has a finding."""


@dataclass(kw_only=True)
class Theatre:
    """The Vault that trouble is made for."""

    vault: SealedVaultServer
    supervisor: Supervisor
    line: Line
    keys: Path
    audit: int
    """Both ends of the pipe that is the only audit device."""
    is_drained: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def at(self) -> VaultAddress:
        """Where it is, past the line."""
        return VaultAddress(url=self.vault.url)

    async def unseal(self) -> None:
        """Unseal, and return once Vault is active."""
        async with self.at.opened() as api:
            await api.unseal(secret_line(self.keys / "unseal-key"))

    @asynccontextmanager
    async def administered(self) -> AsyncIterator[VaultApi]:
        """Give Vault's API under an administrator's token."""
        async with self.at.opened() as api:
            api.token = await api.administrator(secret_line(self.keys / "unseal-key"))
            yield api
            await api.write("auth/token/revoke-self")


@dataclass(frozen=True)
class Trouble:
    """How it begins and ends, and whether work that needs Vault stands still meanwhile."""

    begin: Callable[[Theatre], Awaitable[None]]
    end: Callable[[Theatre], Awaitable[None]]
    stops: bool = True


async def _seal(theatre: Theatre) -> None:
    async with theatre.at.opened() as api:
        api.token = await api.administrator(secret_line(theatre.keys / "unseal-key"))
        await api.write("sys/seal")


async def _stop(theatre: Theatre) -> None:
    theatre.supervisor.kill("vault")


async def _start(theatre: Theatre) -> None:
    await theatre.supervisor.ready("vault")
    await theatre.unseal()


async def _slow(theatre: Theatre) -> None:
    theatre.line.delay_s = SLOW_S


async def _hush(theatre: Theatre) -> None:
    theatre.line.hush()


async def _mend(theatre: Theatre) -> None:
    theatre.line.mend()


async def _revoke(theatre: Theatre) -> None:
    """Revoke every token of every process, as their end would."""
    async with theatre.administered() as api:
        own = (await api.read("auth/token/lookup-self"))["data"]["accessor"]
        for accessor in await api.listed("auth/token/accessors"):
            if accessor != own:
                await api.write("auth/token/revoke-accessor", accessor=accessor)


async def _nothing(_: Theatre) -> None:
    return


async def _block_audit(theatre: Theatre) -> None:
    theatre.is_drained.clear()
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(theatre.audit, b"\n" * select.PIPE_BUF)


async def _drain_audit(theatre: Theatre) -> None:
    theatre.is_drained.set()


TROUBLES: Mapping[str, Trouble] = {
    "sealed": Trouble(_seal, Theatre.unseal),
    "killed": Trouble(_stop, _start),
    "slow": Trouble(_slow, _mend, stops=False),
    "hanging": Trouble(_hush, _mend),
    "tokens ended": Trouble(_revoke, _nothing, stops=False),
    "audit blocked": Trouble(_block_audit, _drain_audit),
}
"""In the order in which they come."""


@dataclass(slots=True, kw_only=True)
class Act:
    """What one trouble did."""

    name: str
    company: str = ""
    """Whose token was refused; none's in a trouble that does not stop Vault."""
    kept: int = 0
    """Commits in the others, while it lasted."""
    stopped: int = 0
    """Commits in that one, meanwhile."""
    resumed_s: float | None = None
    """From its end to that company's first commit; None: none came."""


@dataclass(frozen=True)
class Outcome:
    """What came of a campaign."""

    acts: Sequence[Act]
    found: Sequence[str]
    """What does not hold, but for the times."""

    @property
    def late(self) -> list[str]:
        """Say which company was not written to again in time."""
        return [
            f"{act.name}: {act.company} was {_again(act)}"
            for act in self.acts
            if act.company and (act.resumed_s is None or act.resumed_s > RESUMED_MAX_S)
        ]


async def run_vault(names: Sequence[str], *, hold_s: float, state_dir: Path, console: Console) -> Outcome:
    """Play the troubles and judge what came of them."""
    setting = Setting(
        state_dir=state_dir,
        shipped=Path("config"),
        durations=DURATIONS,
    )
    theatres: list[Theatre] = []
    async with stage(setting, arrange=_roomy, run=lambda s, v: _running(s, v, theatres)) as on:
        return await _play(on, theatres[0], names, hold_s, console)


async def _roomy(control: httpx.AsyncClient, world: World) -> World:
    """Have Procore let us call as often as we like: its limits are another campaign's."""
    limits = {"procore": {"spike": 500, "hourly": 100_000}}
    (await control.post("/control/limits", json=limits)).raise_for_status()
    return world


async def _play(
    on: LocalStage, theatre: Theatre, names: Sequence[str], hold_s: float, console: Console
) -> Outcome:
    spread_s = len(names) * (hold_s + RESUMED_MAX_S) + hold_s
    count = round(spread_s / 60 * PER_MINUTE)
    invoices = steady(on.world.seed, on.world.realm_names, run=f"{int(time.time()):x}", count=count)
    player = Player(on.control, invoices, spread_s=spread_s)
    acts: list[Act] = []
    with progress_bar(console) as progress:
        bar = progress.add_task("people bill", total=player.steps)
        playing = asyncio.create_task(player.play())
        await _until_all_are_told_of(on)
        realms = itertools.cycle(on.world.realms)
        for name in names:
            realm = next(realms) if TROUBLES[name].stops else None
            progress.update(bar, completed=player.steps_done, description=f"Vault: {name}")
            acts.append(await _act(on, theatre, name, realm, hold_s))
            await asyncio.sleep(REST_S)
        progress.update(bar, description="letting people finish")
        await playing
        await until_quiet(on.operators, on.control)
    found = [
        *(problem for act in acts for problem in problems(act)),
        *await books_problems(on, invoices, player.ids, 0),
        *await _losses(on),
    ]
    return Outcome(acts, found)


async def _act(on: Stage, theatre: Theatre, name: str, realm: str | None, hold_s: float) -> Act:
    trouble, act = TROUBLES[name], Act(name=name)
    await trouble.begin(theatre)
    if realm is not None:
        act.company = on.world.realm_names[realm]
        match = {"provider": "quickbooks", "realm": realm, "path": "/v3/company/"}
        rule = {"name": "refuse-token", "match": match, "times": 1}
        (await on.control.post("/control/faults", json=rule)).raise_for_status()
    await asyncio.sleep(GRACE_S)
    since = await _now(on)
    await asyncio.sleep(hold_s - GRACE_S)
    held = await _commits(on, since)
    act.stopped = held.count(realm or "")
    act.kept = len(held) - act.stopped
    since = await _now(on)
    await trouble.end(theatre)
    ended_at = time.monotonic()
    while realm and act.resumed_s is None and time.monotonic() < ended_at + WATCHED_MAX_S:
        if realm in await _commits(on, since):
            act.resumed_s = time.monotonic() - ended_at
        await asyncio.sleep(0.1)
    return act


async def _until_all_are_told_of(on: Stage) -> None:
    """Wait until every company was written to, and was told of it: then ingest knows every secret that it needs."""
    realms = set(on.world.realms)
    while not (realms <= set(await _commits(on, 0)) and realms <= await _told_of(on)):  # noqa: ASYNC110  another process tells
        await asyncio.sleep(0.2)


async def _told_of(on: Stage) -> set[str]:
    attempts = await journal(on.control, "webhook-attempt")
    return {
        a["url"].rpartition("/")[2] for a in attempts if a["provider"] == "quickbooks" and a["status"] == 200
    }


async def _now(on: Stage) -> int:
    """Return the number of the journal's newest entry."""
    found: int = (await on.control.get("/journal", params={"kind": "none"})).json()["next"]
    return found


async def _commits(on: Stage, since: int) -> list[str]:
    """Return the company of each commit of ours since then."""
    commits = await journal(on.control, "commit", since=since)
    return [c["realm"] for c in commits if c["provider"] == "quickbooks"]


def problems(act: Act) -> list[str]:
    """Say what a trouble did that it must not."""
    found = []
    if not act.kept:
        found.append(f"{act.name}: companies with good tokens were not written to")
    if act.stopped:
        found.append(f"{act.name}: {act.stopped} commits under a token that needed Vault: it did not bite")
    return found


async def _losses(on: Stage) -> list[str]:
    attempts = await journal(on.control, "webhook-attempt")
    turned_away = [a for a in attempts if a["status"] is None or not 200 <= a["status"] < 300]
    dead = await read_topic(on.kafka, DEAD_LETTERS)
    parked = await on.operators.parked()
    unfinished = await on.operators.unfinished()
    return [
        *(f"ingest answered a webhook with {a['status']}" for a in turned_away),
        *(f"a dead letter: {value[:200]!r}" for value in dead),
        *(f"{key} is parked: {code}" for key, code in parked.items()),
        *([f"{unfinished} records are unfinished"] if unfinished else []),
    ]


@asynccontextmanager
async def _running(
    settings: StackSettings, supervisor: Supervisor, theatres: list[Theatre]
) -> AsyncIterator[RunningStack]:
    """Run the suite on embedded servers and a real Vault; the theatre is put into the list."""
    token_file = write_operator_token(settings.state_dir)
    with run_folder() as folder:
        try:
            vault = await prepare_sealed_vault(folder)
            database_url, kafka, _ = await together(
                start_embedded_postgres(supervisor, folder),
                start_mock_kafka(supervisor, all_topics(settings.config_dir)),
                supervisor.start(vault.spec()),
            )
            async with _theatre(vault, supervisor, folder) as theatre:
                theatres.append(theatre)
                shared = shared_env(
                    settings, kafka=kafka, database_url=database_url, operator_token_file=token_file
                )
                of_vault = {
                    "PLUMBLINE_ENV": "native",
                    "PLUMBLINE_SECRETS": "vault",
                    "PLUMBLINE_VAULT_URL": f"http://127.0.0.1:{theatre.line.port}",
                }
                own = {name: identity(files) for name, files in role_files(theatre.keys).items()}
                own["compliance"] |= empty_safe(settings.state_dir)
                environment = Environment(
                    shared={**shared, **way_env("embedded"), **of_vault}, of_service=own
                )
                async with running_services(supervisor, settings, environment) as running:
                    yield running
        finally:
            await supervisor.stop()  # before their data goes


@asynccontextmanager
async def _theatre(vault: SealedVaultServer, supervisor: Supervisor, folder: Path) -> AsyncIterator[Theatre]:
    """Bootstrap Vault, and let a pipe that we read be its only audit device."""
    pipe = folder / "audit"
    os.mkfifo(pipe)
    audit = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
    async with line_to(vault.port) as line:
        theatre = Theatre(vault=vault, supervisor=supervisor, line=line, keys=folder / "keys", audit=audit)
        theatre.is_drained.set()
        draining = asyncio.create_task(_drain(theatre))
        try:
            await set_up_sealed_vault(theatre.at, theatre.keys / "unseal-key", theatre.keys)
            async with theatre.administered() as api:
                await api.write("sys/audit/only", type="file", options={"file_path": str(pipe)})
            yield theatre
        finally:
            draining.cancel()
            os.close(audit)


async def _drain(theatre: Theatre) -> None:
    while True:
        await theatre.is_drained.wait()
        try:
            os.read(theatre.audit, 65_536)
        except BlockingIOError:
            await asyncio.sleep(0.01)


def _told(console: Console, acts: Sequence[Act]) -> None:
    for act in acts:
        stopped = f"; {act.company}: {act.stopped}, {_again(act)}" if act.company else ""
        console.print(f"{act.name}: {act.kept} commits under good tokens{stopped}")


def _again(act: Act) -> str:
    if act.resumed_s is None:
        return f"not written to again within {WATCHED_MAX_S:.0f} s"
    return f"written to again after {act.resumed_s:.1f} s"


def main(
    hold_s: Annotated[float, typer.Option(help="How long each trouble lasts.")] = 20.0,
    only: Annotated[list[str] | None, typer.Option(help="Only this trouble; may be repeated.")] = None,
) -> None:
    """Trouble Vault while people bill; exit 0 only if nothing was lost and work went on in time."""
    console = wide_console()
    outcome = run_until_signal(
        run_vault(only or list(TROUBLES), hold_s=hold_s, state_dir=STATE.resolve(), console=console)
    )
    if outcome is None:
        raise typer.Exit(130)
    _told(console, outcome.acts)
    findings = [*outcome.found, *outcome.late]
    for finding in findings:
        console.print(f"[red]{finding}[/]")
    console.print(f"{len(outcome.acts)} troubles, {len(findings)} findings")
    raise typer.Exit(1 if findings else 0)


if __name__ == "__main__":
    typer.run(main)
