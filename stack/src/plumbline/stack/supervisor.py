"""Keeps a set of processes running, and leaves none of them behind."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import TracebackType
from typing import Self

from plumbline.stack.concurrency import together
from plumbline.stack.keeper import Keeper
from plumbline.stack.processes import ProcessSpec, run_to_end


class Supervisor:
    """Starts processes in order, restarts what was killed, and stops all in the reverse order.

    Use it as an async context manager: leaving it, also by cancellation or an error, stops every process.
    Each has its own log, `<log_dir>/<name>.log`. Should this process itself be killed, the kernel ends them.
    """

    def __init__(self, log_dir: Path) -> None:
        self.log_dir = log_dir
        self._keepers: dict[str, Keeper] = {}
        self._groups: list[list[Keeper]] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Stop every process, the last started first; harmless when repeated."""
        for group in reversed(self._groups):
            await asyncio.gather(*(keeper.stop() for keeper in group))

    async def start(self, spec: ProcessSpec) -> str:
        """Start a process and wait until it is ready; return what it announced.

        Raises:
            ProcessDiedError: it ended before it was ready; it is not restarted.
            ProcessNotReadyError: it took longer than `ready_timeout_s`.
        """
        return (await self.start_together(spec))[0]

    async def start_together(self, *specs: ProcessSpec) -> list[str]:
        """Start processes that do not need one another, and later stop them together.

        Raises:
            ProcessDiedError: one ended before it was ready.
            ProcessNotReadyError: one took longer than `ready_timeout_s`.
        """
        group = [Keeper(spec, self._log_path(spec)) for spec in specs]
        names = [spec.name for spec in specs]
        if len({*self._keepers, *names}) < len(self._keepers) + len(names):
            raise ValueError(f"each process needs a name of its own: {names}")
        self._keepers |= zip(names, group, strict=True)
        self._groups.append(group)
        return await together(*(keeper.start() for keeper in group))

    async def run(self, spec: ProcessSpec) -> None:
        """Run a process that does one thing and ends, such as a migration.

        Raises:
            ProcessDiedError: its exit status was not 0.
        """
        await run_to_end(spec, self._log_path(spec))

    async def watch(self) -> None:
        """Wait for as long as the stack is whole; only an error or a cancellation ends it.

        Raises:
            ProcessDiedError: a process that cannot be restarted is gone.
        """
        lives = [keeper.keeping for keeper in self._keepers.values()]
        ended, _ = await asyncio.wait(lives, return_when=asyncio.FIRST_COMPLETED)
        for life in ended:
            life.result()

    def kill(self, name: str) -> None:
        """SIGKILL a process, as a crash would; it is restarted if its spec says so."""
        self._keepers[name].kill()

    async def ready(self, name: str) -> None:
        """Wait until a process is up; at once if it is."""
        await self._keepers[name].ready()

    def pid(self, name: str) -> int:
        """Return the process id of the present life."""
        return self._keepers[name].pid

    def restarts(self, name: str) -> int:
        """Count the lives after the first."""
        return self._keepers[name].restarts

    def _log_path(self, spec: ProcessSpec) -> Path:
        return self.log_dir / f"{spec.name}.log"
