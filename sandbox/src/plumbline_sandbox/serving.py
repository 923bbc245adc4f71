"""Serving the sandbox over HTTP: one port per provider, and one for control."""

import asyncio
import errno
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from plumbline_sandbox.announcing import announcement
from plumbline_sandbox.assembly import Sandbox, fresh, kept
from plumbline_sandbox.commandlog import CommandLog, UnkeptError
from plumbline_sandbox.http import CONNECTION_EXTENSION

ORDER = ("procore", "quickbooks", "control", "storage", "slack", "jira", "payments", "lambda")
"""Whose port comes after whose."""


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


class UnusableAddressError(ValueError):
    """There is nowhere to listen, and why."""


@asynccontextmanager
async def serving(
    *,
    host: str,
    port: int,
    seed_number: int | None,
    scenario: Mapping[str, Any],
    data: Path | None = None,
    lost: Callable[[UnkeptError], object] = lambda _: None,
) -> AsyncIterator[dict[str, Any]]:
    """Serve a world until the end of the context; give what clients need to know.

    Args:
        host: Address to listen on.
        port: Procore's; after it come QuickBooks, control, storage, Slack, Jira, payments and Lambda.
            0 picks free ones, with `data` those of the time before if they are still free.
        seed_number: What everything is made from; None is 1, or the seed of the data.
        scenario: What is to go wrong.
        data: Directory in which Procore and QuickBooks outlive the process; None: everything is
            in memory.
        lost: Is told when the data cannot be written any more.

    Raises:
        ValueError: The scenario is malformed, or the data or the address cannot be used.
    """
    log = CommandLog(data, lost) if data else None
    try:
        sandbox = await kept(log, seed_number) if log else fresh(seed_number or 1)
        with _sockets(host, port, sandbox.ports) as sockets:
            ports = {name: one.getsockname()[1] for name, one in sockets.items()}
            urls = {name: f"http://{_reached(host)}:{number}" for name, number in ports.items()}
            async with _listening(sandbox, sockets, ports, scenario):
                yield announcement(sandbox.world, sandbox.seeded, urls)
    finally:
        if log:
            log.close()


@asynccontextmanager
async def _listening(
    sandbox: Sandbox,
    sockets: Mapping[str, socket.socket],
    ports: dict[str, int],
    scenario: Mapping[str, Any],
) -> AsyncIterator[None]:
    """Serve each application on its socket."""
    world, apps = sandbox.world, {**sandbox.apps, "control": sandbox.control}
    world.storage.port = ports["storage"]
    world.ports = ports
    if world.log:
        world.log.started(ports=ports, at_s=world.clock.time())
    await sandbox.play(scenario)
    servers = {name: _Server(_config(apps[name])) for name in sockets}
    # QuickBooks' discovery document names its own address by the request's Host header.
    tasks = [asyncio.create_task(server.serve(sockets=[sockets[name]])) for name, server in servers.items()]
    try:
        yield
    finally:
        await world.aclose()
        for server in servers.values():
            server.should_exit = True
        await asyncio.gather(*tasks)


@contextmanager
def _sockets(host: str, port: int, before: Mapping[str, int]) -> Iterator[dict[str, socket.socket]]:
    """Open a socket for each application: at fixed ports, else where it was before, else anywhere."""
    with ExitStack() as opened:
        if port:
            yield _open(opened, host, {name: port + place for place, name in enumerate(ORDER)})
            return
        try:
            sockets = _open(opened, host, before)
        except UnusableAddressError:
            opened.close()
            sockets = _open(opened, host, {})
        yield sockets


def _reached(host: str) -> str:
    """Return the address by which this machine reaches who listens on a host; all of its addresses are none."""
    return "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104  told apart, not listened on


def _open(opened: ExitStack, host: str, ports: Mapping[str, int]) -> dict[str, socket.socket]:
    return {name: opened.enter_context(_socket(host, ports.get(name, 0))) for name in ORDER}


def _socket(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port))
    except OSError as refused:
        if refused.errno == errno.EADDRINUSE:
            raise UnusableAddressError(
                f"port {port} of {host} is taken: name another first port, or 0 for free ones"
            ) from refused
        raise UnusableAddressError(
            f"{host} cannot be listened on: {os.strerror(refused.errno or 0)}"
        ) from refused


def _config(app: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app, http=_Protocol, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1
    )
