"""Serving the sandbox over HTTP: one port per provider, and one for control."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import uvicorn
from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from plumbline_sandbox.control import Control
from plumbline_sandbox.http import CONNECTION_EXTENSION
from plumbline_sandbox.procore.app import build as build_procore
from plumbline_sandbox.quickbooks.app import build as build_quickbooks
from plumbline_sandbox.seed import Seeded, seed
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
async def serving(*, host: str, port: int, seed_number: int) -> AsyncIterator[dict[str, Any]]:
    """Serve a fresh world until the end of the context; give what clients need to know.

    `port` is Procore's; QuickBooks has the next one, control the one after. 0 picks free ones.
    """
    world = World(seed_number)
    seeded = seed(world)
    apps = (build_procore(world), build_quickbooks(world), Control(world, seeded.description).app())
    sockets = [socket.create_server((host, port and port + place)) for place in range(len(apps))]
    servers = [_Server(_config(app)) for app in apps]
    urls = [f"http://{host}:{listener.getsockname()[1]}" for listener in sockets]
    # QuickBooks' discovery document names its own address by the request's Host header.
    tasks = [
        asyncio.create_task(server.serve(sockets=[listener]))
        for server, listener in zip(servers, sockets, strict=True)
    ]
    try:
        yield _addresses(seeded, *urls)
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
