"""Serving the sandbox over HTTP: one port per provider, and one for control."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import uvicorn
from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from plumbline_sandbox.awslambda.app import build as build_lambda
from plumbline_sandbox.control import Control
from plumbline_sandbox.http import CONNECTION_EXTENSION
from plumbline_sandbox.jira.app import build as build_jira
from plumbline_sandbox.payments.app import build as build_payments
from plumbline_sandbox.procore.app import build as build_procore
from plumbline_sandbox.quickbooks.app import build as build_quickbooks
from plumbline_sandbox.scenario import play
from plumbline_sandbox.seed import Seeded, seed
from plumbline_sandbox.slack.app import build as build_slack
from plumbline_sandbox.storage.app import build as build_storage
from plumbline_sandbox.world import World


class _Protocol(HttpToolsProtocol):
    """Lends the open connection to the application, so that it can be cut."""

    @override
    def on_headers_complete(self) -> None:
        """Add the transport to the request's scope before the application sees it."""
        extensions: dict[str, Any] = {CONNECTION_EXTENSION: self.transport}
        self.scope["extensions"] = extensions
        super().on_headers_complete()


class _Server(uvicorn.Server):
    @override
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the process."""
        yield


@asynccontextmanager
async def serving(
    *, host: str, port: int, seed_number: int, scenario: Mapping[str, Any]
) -> AsyncIterator[dict[str, Any]]:
    """Serve a fresh world until the end of the context; give what clients need to know.

    `port` is Procore's; after it come QuickBooks, control, storage, Slack, Jira, payments and Lambda.
    0 picks free ones.

    Raises:
        ValueError: The scenario is malformed.
    """
    world = World(seed_number)
    seeded = seed(world)
    play(world, scenario)
    control = Control(world, seeded.description).app()
    partners = [
        build(world) for build in (build_storage, build_slack, build_jira, build_payments, build_lambda)
    ]
    apps = (build_procore(world), build_quickbooks(world), control, *partners)
    sockets = [socket.create_server((host, port and port + place)) for place in range(len(apps))]
    world.storage.port = sockets[3].getsockname()[1]
    servers = [_Server(_config(app)) for app in apps]
    urls = [f"http://{host}:{listener.getsockname()[1]}" for listener in sockets]
    # QuickBooks' discovery document names its own address by the request's Host header.
    tasks = [
        asyncio.create_task(server.serve(sockets=[listener]))
        for server, listener in zip(servers, sockets, strict=True)
    ]
    try:
        yield _addresses(seeded, *urls[:3]) | _partners(world, *urls[3:])
    finally:
        await world.aclose()
        for server in servers:
            server.should_exit = True
        await asyncio.gather(*tasks)


def _config(app: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app, http=_Protocol, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1
    )


def _addresses(seeded: Seeded, procore_url: str, quickbooks_url: str, control_url: str) -> dict[str, Any]:
    return {
        "procore": {
            "url": procore_url,
            "login_url": procore_url,
            "companies": [
                {
                    "id": str(c.company.id),
                    "name": c.company.name,
                    "client_id": c.app.client_id,
                    "client_secret": c.app.client_secret,
                }
                for c in seeded.companies
            ],
        },
        "quickbooks": {
            "url": quickbooks_url,
            "oauth_url": quickbooks_url,
            "discovery_url": f"{quickbooks_url}/.well-known/openid_configuration",
            "realms": [
                {
                    "id": r.id,
                    "name": r.name,
                    "client_id": r.client_id,
                    "client_secret": r.client_secret,
                    "access_token": r.access_token,
                    "refresh_token": r.refresh_token,
                }
                for r in seeded.realms
            ],
        },
        "control_url": control_url,
        "journal_url": f"{control_url}/journal",
    }


def _partners(
    world: World, storage_url: str, slack_url: str, jira_url: str, payments_url: str, lambda_url: str
) -> dict[str, Any]:
    slack, jira, payments = world.slack, world.jira, world.payments
    return {
        "storage": {"url": storage_url},
        "slack": {
            "url": slack_url,
            "api_url": f"{slack_url}/api/",
            "bot_token": slack.bot_token,
            "signing_secret": slack.signing_secret,
            "channels": [
                {"id": c.id, "name": c.name, "webhook_url": f"{slack_url}{c.hook_path}"}
                for c in slack.channels.values()
            ],
        },
        "jira": {
            "url": jira_url,
            "email": jira.email,
            "api_token": jira.api_token,
            "projects": list(jira.projects),
        },
        "payments": {
            "url": payments_url,
            "organization_id": payments.organization_id,
            "api_key": payments.api_key,
            "webhook_key": payments.webhook_key,
            "internal_account_id": next(iter(payments.internal_accounts)),
        },
        "lambda": {"url": lambda_url, "runtime_api": lambda_url.removeprefix("http://")},
    }
