"""The services as processes: what is run, with which environment, in which order."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from plumbline.stack.concurrency import together
from plumbline.stack.processes import ProcessSpec
from plumbline.stack.runners.settings import StackSettings
from plumbline.stack.runners.state import published
from plumbline.stack.servers.ports import free_port
from plumbline.stack.supervisor import Supervisor

_GRACE_S = 20.0  # a service lets what it has in hand finish for up to 15 s


@dataclass(frozen=True)
class Service:
    """One service process; a module can have several."""

    name: str
    module: str
    command: str = "run"


SERVICES = (
    Service("token-vault", "plumbline.token_vault"),
    Service("qb-writer", "plumbline.qb_writer"),
    Service("mapper", "plumbline.mapper"),
    Service("compliance", "plumbline.compliance"),
    Service("ingest", "plumbline.ingest"),
    Service("ingest-hooks", "plumbline.ingest", "hooks"),
)
"""Every process of the suite."""


@dataclass(frozen=True, kw_only=True)
class Environment:
    """What the services are told: the same for all, and what is each one's own."""

    shared: Mapping[str, str]
    of_service: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def of(self, service: str) -> dict[str, str]:
        """Return the whole environment of a service's process."""
        return {**self.shared, **self.of_service.get(service, {})}


@dataclass(frozen=True, kw_only=True)
class RunningStack:
    """A stack that is up."""

    supervisor: Supervisor
    addresses: Mapping[str, str]
    """Service name → base URL."""
    operator_token_file: Path
    database_url: str
    kafka: str
    rotate_roles: Callable[[], Awaitable[object]] | None = None
    """Gives every process a new secret id, as an administrator of Vault does; None where there is no Vault."""


@asynccontextmanager
async def running_services(
    supervisor: Supervisor,
    settings: StackSettings,
    environment: Environment,
    *,
    rotate_roles: Callable[[], Awaitable[object]] | None = None,
) -> AsyncIterator[RunningStack]:
    """Start the services on servers that are up, and publish where they are until the end of the context.

    Raises:
        ProcessDiedError, ProcessNotReadyError: a step failed; the message quotes its log.
    """
    shared = environment.shared
    token_file = Path(shared["PLUMBLINE_OPERATOR_TOKEN_FILE"])
    addresses = await _start_services(supervisor, settings, environment)
    with published(settings.state_dir, addresses, token_file):
        yield RunningStack(
            supervisor=supervisor,
            addresses=addresses,
            operator_token_file=token_file,
            database_url=shared["PLUMBLINE_DATABASE_URL"],
            kafka=shared["PLUMBLINE_KAFKA_BOOTSTRAP"],
            rotate_roles=rotate_roles,
        )


async def _start_services(
    supervisor: Supervisor, settings: StackSettings, environment: Environment
) -> Mapping[str, str]:
    """Migrate every schema, import the first grants, start every service; return name → base URL."""
    ports = {service.name: free_port() for service in SERVICES}
    public = {"PLUMBLINE_PUBLIC_URL": f"http://127.0.0.1:{ports['ingest']}"}
    environment = replace(environment, shared={**environment.shared, **public})
    modules = dict.fromkeys(service.module for service in SERVICES)
    await together(*(supervisor.run(_step(environment, module, "migrate")) for module in modules))
    if settings.grants is not None:
        await supervisor.run(_step(environment, "plumbline.token_vault", "import", str(settings.grants)))
    await supervisor.start_together(
        *(_spec(service, environment, ports[service.name]) for service in SERVICES)
    )
    return {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}


def shared_env(
    settings: StackSettings, *, kafka: str, database_url: str, operator_token_file: Path
) -> dict[str, str]:
    """Return what every service is told on every way of running."""
    return {
        **settings.partners.env(),
        **settings.durations,
        "PLUMBLINE_CONFIG_DIR": str(settings.config_dir),
        "PLUMBLINE_KAFKA_BOOTSTRAP": kafka,
        "PLUMBLINE_DATABASE_URL": database_url,
        "PLUMBLINE_OPERATOR_TOKEN_FILE": str(operator_token_file),
        "PLUMBLINE_HTTP_HOST": "127.0.0.1",
    }


def _step(environment: Environment, module: str, *arguments: str) -> ProcessSpec:
    service = module.rpartition(".")[2].replace("_", "-")
    name = f"{service}-{arguments[0]}"
    env = {**environment.of(service), "PLUMBLINE_REPLICA": name}
    return ProcessSpec(name=name, argv=[sys.executable, "-m", module, *arguments], env=env)


def _spec(service: Service, environment: Environment, port: int) -> ProcessSpec:
    own = {"PLUMBLINE_REPLICA": f"{service.name}-1", "PLUMBLINE_HTTP_PORT": str(port)}
    return ProcessSpec(
        name=service.name,
        argv=[sys.executable, "-m", service.module, service.command],
        env={**environment.of(service.name), **own},
        grace_s=_GRACE_S,
    )
