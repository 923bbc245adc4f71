"""The smoke test: the demo's invoices and papers for two desks on containers that are up, judged as in the demo."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from rich.console import Console
from typing_extensions import override

from plumbline.common.settings import secret_line
from plumbline.provision.principals import DESKS, OPERATOR
from plumbline.stack.runners.containers import (
    INGEST_URL,
    SANDBOX_CONTROL_URL,
    Containers,
    ContainersError,
    PublishedPorts,
    kafka_address,
)
from plumbline.stack.scenario.compliance import perform_dispatch
from plumbline.stack.scenario.configuring import links
from plumbline.stack.scenario.performance import perform
from plumbline.stack.scenario.plan import STRANGER_NUMBER, UNLINKED_PROJECT
from plumbline.stack.scenario.playing import Player, arranged, fault_rules
from plumbline.stack.scenario.results import KafkaAccess
from plumbline.stack.scenario.stage import (
    BEGINNING,
    CONTROL_TIMEOUT_S,
    Stage,
    World,
    hook_books,
    operators_of,
    until_hooked,
)
from plumbline.stack.scenario.summary import print_summary
from plumbline.stack.scenario.timeline import print_timeline

BACK_WITHIN_S = 90.0
"""How long the sandbox may take to come back after its kill; on a busy machine more than 20 s were seen."""


class AlreadyPlayedError(Exception):
    """These containers hold the scenario's invoices already; the message says how to get fresh ones."""


async def run_smoke(
    containers: Containers, *, keys: Path, console: Console, kill: Sequence[str] = ()
) -> bool:
    """Play the scenario on running containers, and say whether the books agree and every paper came to its desk.

    Args:
        containers: what is up.
        keys: folder for the keys of operators and desks.
        console: shows how far the play is, and the summaries.
        kill: services that are killed in mid-play, one after the other, servers among them.

    Raises:
        AlreadyPlayedError: it was played on these containers before.
        ContainersError: they are not up.
    """
    # While Kafka is killed its clients would say so 75 times a second; what does not come is told by the play.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    started = time.monotonic()
    async with stage_on_containers(containers, keys) as on:
        dispatching = asyncio.create_task(perform_dispatch(on))
        try:
            summary = await perform(on, console, kill=kill)
            papers = await dispatching
        finally:
            dispatching.cancel()
        seconds = time.monotonic() - started
        print_timeline(console, papers, seconds=seconds)
        print_summary(console, summary.took(seconds))
        return summary.agrees and papers.agrees


@asynccontextmanager
async def stage_on_containers(containers: Containers, keys: Path) -> AsyncIterator[Stage]:
    """Set the demo's stage on running containers: arranged, linked and subscribed.

    Raises:
        AlreadyPlayedError: it was set on these containers before.
        ContainersError: they are not up.
        TimeoutError: the projects' webhooks were not subscribed in time.
    """
    async with entered(containers, keys) as on:
        await _refuse_twice(on.control, on.world)
        # The scene is set as a former installation left it, so nobody may look meanwhile.
        await asyncio.to_thread(containers.stop, "ingest-hooks")
        await arranged(on.control, on.world)
        await asyncio.to_thread(containers.start, "ingest-hooks")
        await on.operators.link(links(on.world.seed, on.world.realm_names, unlinked=UNLINKED_PROJECT))
        await on.operators.go_live(on.world.connections, from_day=BEGINNING)
        await until_hooked(on.operators, on.world)
        await hook_books(on.control, on.world, ingest=INGEST_URL)
        yield on


@asynccontextmanager
async def entered(containers: Containers, keys: Path) -> AsyncIterator[Stage]:
    """Come to running containers as an operator, and change nothing.

    Raises:
        ContainersError: they are not up.
    """
    await asyncio.to_thread(containers.copy_operator_keys, keys)
    await asyncio.to_thread(containers.copy_keys, DESKS, keys / DESKS)
    addresses = PublishedPorts()
    if absent := [service for service in addresses if service not in addresses]:
        raise ContainersError(f"Not up: {', '.join(absent)}. `make up` starts them, or says why it cannot.")
    gate = _Gate()
    async with (
        httpx.AsyncClient(base_url=SANDBOX_CONTROL_URL, timeout=CONTROL_TIMEOUT_S, transport=gate) as control,
        operators_of(addresses, secret_line(keys / "operator-token")) as operators,
    ):
        world = await _world(control)
        yield Stage(
            world=world,
            control=control,
            operators=operators,
            kafka=kafka_as(OPERATOR, keys),
            desks=kafka_as(DESKS, keys / DESKS),
            addresses=addresses,
            kill=_crashing(containers, gate, world),
            shipped=containers.root / "config",
        )


def kafka_as(user: str, keys: Path) -> KafkaAccess:
    """Return how the containers' Kafka is entered from this machine as the user whose keys lie in a folder."""
    return KafkaAccess(
        bootstrap=kafka_address(), username=user, password=secret_line(keys / "kafka-password")
    )


async def _world(control: httpx.AsyncClient) -> World:
    sandbox = (await control.get("/control/addresses")).raise_for_status().json()
    seed = (await control.get("/control/seed")).raise_for_status().json()
    return World(sandbox=sandbox, seed=seed)


async def _refuse_twice(control: httpx.AsyncClient, world: World) -> None:
    for realm in world.realm_names:
        held = (await control.get(f"/control/quickbooks/{realm}/Invoice")).raise_for_status().json()
        if any(invoice.get("DocNumber") == STRANGER_NUMBER for invoice in held):
            raise AlreadyPlayedError(
                "The scenario was played on these containers before. `make down CLEAN=1 && make up` gives fresh ones."
            )


class _Gate(httpx.AsyncHTTPTransport):
    """Holds back what people do while the sandbox is killed: they are not part of what is tried."""

    def __init__(self) -> None:
        super().__init__(trust_env=False)
        self._open = asyncio.Event()
        self._open.set()
        self._inside = 0

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await self._open.wait()
        self._inside += 1
        try:
            response = await super().handle_async_request(request)
            await response.aread()
            return response
        finally:
            self._inside -= 1

    @asynccontextmanager
    async def closed(self) -> AsyncIterator[None]:
        """Let nobody through until the end of the context, once those inside are out."""
        self._open.clear()
        while self._inside:  # noqa: ASYNC110  requests end by themselves
            await asyncio.sleep(0.01)
        try:
            yield
        finally:
            self._open.set()


def _crashing(containers: Containers, gate: _Gate, world: World) -> Callable[[str], Awaitable[None]]:
    """Return what crashes every replica of a service; a Vault that comes back sealed is unsealed by its job."""

    async def crash(service: str) -> None:
        for name in await asyncio.to_thread(containers.names, service):
            await asyncio.to_thread(containers.crash, name)

    async def kill(service: str) -> None:
        if service == "sandbox":
            async with gate.closed():
                await crash(service)
                await _break_again(list(world.realm_names))
            return
        await crash(service)
        if service == "vault":
            await asyncio.to_thread(containers.start, "provision-vault")

    return kill


async def _break_again(realms: Sequence[str]) -> None:
    """Once the sandbox is back, put in force the faults that it does not keep."""
    async with httpx.AsyncClient(base_url=SANDBOX_CONTROL_URL, trust_env=False) as client:
        async with asyncio.timeout(BACK_WITHIN_S):
            while not await _is_up(client):  # noqa: ASYNC110  another process tells
                await asyncio.sleep(0.1)
        await Player(client, ()).begin(fault_rules(realms))


async def _is_up(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/control/health")).is_success
    except httpx.TransportError:
        return False
