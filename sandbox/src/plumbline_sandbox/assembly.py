"""One sandbox, put together: its world, what the seed made, and its applications."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from plumbline_sandbox.awslambda.app import build as build_lambda
from plumbline_sandbox.clock import Clock
from plumbline_sandbox.commandlog import CommandLog, UnusableDataError
from plumbline_sandbox.control import Control
from plumbline_sandbox.http import Request
from plumbline_sandbox.jira.app import build as build_jira
from plumbline_sandbox.journal import Journal
from plumbline_sandbox.payments.app import build as build_payments
from plumbline_sandbox.procore.app import build as build_procore
from plumbline_sandbox.quickbooks.app import build as build_quickbooks
from plumbline_sandbox.recording import Recording
from plumbline_sandbox.restoring import restore
from plumbline_sandbox.seed import seed
from plumbline_sandbox.server import LASTING, App
from plumbline_sandbox.slack.app import build as build_slack
from plumbline_sandbox.storage.app import build as build_storage
from plumbline_sandbox.world import World

PARTNERS: Mapping[str, Callable[[World], App]] = {
    "procore": build_procore,
    "quickbooks": build_quickbooks,
    "storage": build_storage,
    "slack": build_slack,
    "jira": build_jira,
    "payments": build_payments,
    "lambda": build_lambda,
}
"""How the application of each partner is made."""


class Sandbox:
    """A world with what the seed made in it, and an application for each partner and for control."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.seeded = seed(world)
        self.apps = {name: build(world) for name, build in PARTNERS.items()}
        self.control = Recording(world, Control(world, self.seeded).app())
        self.ports: Mapping[str, int] = {}
        """Where an earlier process served each application, if there was one."""

    async def play(self, scenario: Mapping[str, Any]) -> None:
        """Put a scenario in force as an order to the control API, so that it is written down.

        Raises:
            ValueError: It is malformed.
        """
        if not scenario:
            return
        facts = {"provider": "control"}
        order = Request("POST", "/control/scenario", body=json.dumps(scenario).encode(), facts=facts)
        answer = await self.control.order(order)
        if answer.status != 201:
            raise ValueError(json.loads(answer.body)["error"])


def fresh(seed_number: int) -> Sandbox:
    """Return a sandbox that keeps everything in memory."""
    sandbox = Sandbox(World(seed_number))
    sandbox.world.clock.tick()
    return sandbox


async def kept(log: CommandLog, seed_number: int | None) -> Sandbox:
    """Return the sandbox that a log tells of, or begin one; what happens from now on is written there.

    Raises:
        UnusableDataError: The data belongs to another seed, or cannot be read.
    """
    first: dict[str, Any] = next(log.items(), {}).get("began", {})
    if first and seed_number not in {None, first["seed"]}:
        raise UnusableDataError(f"{log.path} was begun with seed {first['seed']}")
    seed_number = first.get("seed", seed_number or 1)
    clock = Clock()
    journal = Journal(clock)
    if first:
        clock.hold(first["at_s"])
    else:
        log.began(seed=seed_number, at_s=clock.time())
    journal.keep = log.entry
    sandbox = Sandbox(World(seed_number, journal))
    if first:
        executors = {name: sandbox.apps[name] for name in LASTING} | {"control": sandbox.control}
        sandbox.ports = await restore(sandbox.world, log, executors)
    sandbox.world.log = log
    return sandbox
