"""The life of a service process: start, say ready, run, drain on SIGTERM, end.

Order of the end: stop taking work, let what is in hand finish, stop Kafka, stop HTTP.
"""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager

import structlog
import uvicorn
from faststream.kafka import KafkaBroker
from starlette.types import ASGIApp
from typing_extensions import override

from plumbline.common.settings import ServiceSettings

DRAIN_S = 15.0
"""How long work in hand may take to end after SIGTERM; a supervisor kills after 20 s."""

MAX_HTTP_CONNECTIONS = 2048
"""Connections beyond these are answered 503 at once, so that memory stays flat in a flood."""

log = structlog.get_logger(__name__)

Loop = Callable[[asyncio.Event], Awaitable[None]]
"""Works until the event is set, then finishes what it has in hand."""


class _Server(uvicorn.Server):
    """uvicorn, without its own signal handlers: the process has one place for them."""

    @override
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serving(app: ASGIApp, *, host: str, port: int) -> AsyncIterator[int]:
    """Serve HTTP until the end of the context; gives the port."""
    listener = socket.create_server((host, port), reuse_port=False)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        limit_concurrency=MAX_HTTP_CONNECTIONS,
        timeout_graceful_shutdown=5,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]), name="http")
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        await task


class Process:
    """Runs a service until SIGTERM or SIGINT."""

    def __init__(self, settings: ServiceSettings) -> None:
        """Run a service by its settings."""
        self._settings = settings
        self._stop = asyncio.Event()
        self._waiting_for: str | None = "waiting for Kafka"

    def not_ready(self) -> str | None:
        """Say why the service is not ready, or None if it is."""
        return self._waiting_for

    async def run(self, *, app: ASGIApp, broker: KafkaBroker | None, loops: Sequence[Loop]) -> None:
        """Serve, consume and loop until told to stop. A loop that fails ends the process.

        Args:
            app: the HTTP side, served from the first moment, so that health can be asked.
            broker: Kafka, with its subscribers declared; None if the service uses none.
            loops: what else runs.
        """
        running = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            running.add_signal_handler(number, self._stop.set)
        async with serving(app, host=self._settings.http_host, port=self._settings.http_port) as port:
            try:
                if broker is None or await self._unless_stopped(broker.start()):
                    await self._work(port, loops)
            finally:
                if broker is not None:
                    await broker.stop()
        log.info("process.ended")

    async def _work(self, port: int, loops: Sequence[Loop]) -> None:
        tasks = [asyncio.create_task(self._guarded(loop)) for loop in loops]
        self._say_ready(port)
        await self._stop.wait()
        self._waiting_for = "stopping"
        done, late = await asyncio.wait(tasks, timeout=DRAIN_S) if tasks else (set(), set())
        for task in late:
            task.cancel()
        results = await asyncio.gather(*done, *late, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                raise result

    async def _guarded(self, loop: Loop) -> None:
        try:
            await loop(self._stop)
        finally:
            self._stop.set()

    async def _unless_stopped(self, starting: Awaitable[object]) -> bool:
        """Start, unless told to stop first: joining a consumer group does not heed SIGTERM."""
        task = asyncio.ensure_future(starting)
        stopped = asyncio.create_task(self._stop.wait())
        await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if task.done():
            await task
            return True
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        return False

    def _say_ready(self, port: int) -> None:
        self._waiting_for = None
        log.info("process.ready", port=port, pid=os.getpid())
        if self._settings.ready_fd is not None:
            with open(self._settings.ready_fd, "wb", closefd=True) as pipe:  # noqa: PTH123  a descriptor, not a path
                pipe.write(b"ready\n")
