"""The stage: a sandbox and the suite, configured for each other, linked, and subscribed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import httpx

from plumbline.common.settings import secret_line
from plumbline.stack.runners.services import RunningStack
from plumbline.stack.runners.settings import StackSettings
from plumbline.stack.runners.ways import STACKS, Way
from plumbline.stack.scenario.configuring import connection_name, links, partners, write_configuration
from plumbline.stack.scenario.operators import Operators
from plumbline.stack.scenario.results import KafkaAccess
from plumbline.stack.servers.sandbox import sandbox_spec
from plumbline.stack.supervisor import Supervisor

HOOKED_MAX_S = 60.0
"""How long the subscription of every project may take."""

BEGINNING = date(2020, 1, 1)
"""The companies on the stage are live from before their first invoice on."""

CONTROL_TIMEOUT_S = 20.0
"""For the sandbox's own API."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What the stage is built from."""

    state_dir: Path
    shipped: Path
    """Folder of the shipped configuration: status map, rules."""
    way: Way = "embedded"
    durations: Mapping[str, str] = field(default_factory=dict)
    """Settings that are shortened; empty: as in production."""
    unlinked: str = ""
    """Number of the project whose customer is not linked."""


@dataclass(frozen=True, kw_only=True)
class World:
    """What the sandbox says of itself: its addresses and credentials, and the ids in it."""

    sandbox: Mapping[str, Any]
    seed: Mapping[str, Any]

    @property
    def realm_names(self) -> dict[str, str]:
        """The name of each QuickBooks company, by its realm id."""
        return {realm["id"]: realm["name"] for realm in self.sandbox["quickbooks"]["realms"]}

    @property
    def connections(self) -> list[str]:
        """The names of the connections, as they are configured for it."""
        return [connection_name(self.realm_names[realm]) for realm in self.realms]

    @property
    def realms(self) -> list[str]:
        """The ids of the QuickBooks companies that projects are billed in, in the sandbox's order."""
        served = {p["quickbooks"]["realm"] for company in self.seed["companies"] for p in company["projects"]}
        return [realm for realm in self.realm_names if realm in served]

    @property
    def projects(self) -> int:
        """How many projects there are."""
        return sum(len(company["projects"]) for company in self.seed["companies"])


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A stage that is set."""

    world: World
    control: httpx.AsyncClient
    """The sandbox's control API."""
    operators: Operators
    kafka: KafkaAccess
    """How operators enter it."""
    desks: KafkaAccess
    """How the desks of trades enter it."""
    addresses: Mapping[str, str]
    """Service name → base URL."""
    kill: Callable[[str], Awaitable[None]]
    """Ends something at once, as a crash would; it comes up again."""
    shipped: Path
    """Folder of the shipped configuration."""
    rotate_roles: Callable[[], Awaitable[object]] | None = None
    """Gives every process a new way into Vault; None where there is no Vault, or it is not ours to do."""


@dataclass(frozen=True, kw_only=True)
class LocalStage(Stage):
    """A stage of processes of our own."""

    supervisor: Supervisor


Arrange = Callable[[httpx.AsyncClient, World], Awaitable[World]]
"""Changes the sandbox before the suite is configured for it."""


RunStack = Callable[[StackSettings, Supervisor], AbstractAsyncContextManager[RunningStack]]
"""Runs the suite until the end of the context."""


async def as_it_is(_: httpx.AsyncClient, world: World) -> World:
    """Change nothing."""
    return world


@asynccontextmanager
async def stage(
    setting: Setting, *, arrange: Arrange = as_it_is, run: RunStack | None = None
) -> AsyncIterator[LocalStage]:
    """Set the stage and keep it until the end of the context.

    Args:
        setting: what it is built from.
        arrange: changes the sandbox before.
        run: runs the suite; as the setting's way does, if not given.

    Raises:
        ProcessDiedError, ProcessNotReadyError: something did not start, or died for good.
        MissingToolError: a tool of the native servers is not installed.
        TimeoutError: the projects' webhooks were not subscribed in time.
    """
    async with (
        Supervisor(setting.state_dir / "logs") as supervisor,
        running_sandbox(supervisor) as (control, found),
    ):
        world = await arrange(control, found)
        async with (
            (run or STACKS[setting.way])(stack_settings(setting, world), supervisor) as stack,
            operators_of(stack.addresses, secret_line(stack.operator_token_file)) as operators,
        ):
            await operators.link(links(world.seed, world.realm_names, unlinked=setting.unlinked))
            await operators.go_live(world.connections, from_day=BEGINNING)
            await until_hooked(operators, world)
            await hook_books(control, world, ingest=stack.addresses["ingest"])
            yield LocalStage(
                world=world,
                control=control,
                operators=operators,
                kafka=KafkaAccess(bootstrap=stack.kafka),
                desks=KafkaAccess(bootstrap=stack.kafka),
                addresses=stack.addresses,
                kill=killing(supervisor),
                shipped=setting.shipped,
                rotate_roles=stack.rotate_roles,
                supervisor=supervisor,
            )


async def until_hooked(operators: Operators, world: World) -> None:
    """Wait until every project's webhooks are subscribed.

    Raises:
        TimeoutError: they were not in time.
    """
    async with asyncio.timeout(HOOKED_MAX_S):
        while await operators.hooked() < world.projects:  # noqa: ASYNC110  another process tells
            await asyncio.sleep(0.1)


async def hook_books(control: httpx.AsyncClient, world: World, *, ingest: str) -> None:
    """Enter ingest as the endpoint of every app that a connection names, as a developer does in Intuit's portal.

    The last app is told in the older form, the others by CloudEvents.

    Args:
        control: the sandbox's control API.
        world: whose apps.
        ingest: where the sandbox reaches ingest.
    """
    realms = [realm for realm in world.sandbox["quickbooks"]["realms"] if realm["id"] in world.realms]
    for realm in realms:
        body = {
            "client_id": realm["client_id"],
            "url": f"{ingest}/webhooks/quickbooks/{realm['id']}",
            "format": "legacy" if realm is realms[-1] else "cloudevents",
        }
        (await control.post("/control/quickbooks/webhooks", json=body)).raise_for_status()


def killing(supervisor: Supervisor) -> Callable[[str], Awaitable[None]]:
    """Return what kills a process of a supervisor."""

    async def kill(name: str) -> None:
        supervisor.kill(name)

    return kill


@asynccontextmanager
async def running_sandbox(supervisor: Supervisor) -> AsyncIterator[tuple[httpx.AsyncClient, World]]:
    """Run a sandbox under the supervisor; give its control API and what it says of itself."""
    sandbox = json.loads(await supervisor.start(sandbox_spec()))
    async with httpx.AsyncClient(
        base_url=sandbox["control_url"], timeout=CONTROL_TIMEOUT_S, trust_env=False
    ) as control:
        seed = (await control.get("/control/seed")).raise_for_status().json()
        yield control, World(sandbox=sandbox, seed=seed)


def stack_settings(setting: Setting, world: World) -> StackSettings:
    """Write the configuration that fits a sandbox, and return the settings that name it."""
    config = setting.state_dir / "config"
    write_configuration(config, shipped=setting.shipped, sandbox=world.sandbox, seed=world.seed)
    return StackSettings(
        state_dir=setting.state_dir,
        config_dir=config,
        partners=partners(world.sandbox),
        durations=setting.durations,
        grants=config / "grants.yaml",
    )


@asynccontextmanager
async def operators_of(addresses: Mapping[str, str], token: str) -> AsyncIterator[Operators]:
    """Speak to the services at `addresses` as an operator."""
    headers = {"authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(headers=headers, timeout=10, trust_env=False) as http:
        yield Operators(http, addresses)
