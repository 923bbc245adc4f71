"""One process over all its lives."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from plumbline.stack.processes import Child, ProcessDiedError, ProcessNotReadyError, ProcessSpec

_FIRST_DELAY_S = 0.05  # a killed service is back at once
_LAST_DELAY_S = 5.0  # one that cannot start does not fill its log


class Keeper:
    """Restarts one process whenever it ends, with a delay that doubles for as long as it does not get ready."""

    def __init__(self, spec: ProcessSpec, log_path: Path) -> None:
        self._spec = spec
        self._log_path = log_path
        self._child: Child | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._up = asyncio.Event()
        self.restarts = 0

    async def start(self) -> str:
        """Begin the first life and return what it announced; see `Child.ready` for the errors."""
        announced = await self._live()
        self._keeping = asyncio.create_task(self._keep())
        return announced

    async def stop(self) -> None:
        """End the present life, if any, and begin no other."""
        if self._keeping is not None:
            self._keeping.cancel()
            with contextlib.suppress(asyncio.CancelledError, ProcessDiedError):
                await self._keeping
        if self._child is not None:
            await self._child.stop()

    async def ready(self) -> None:
        """Wait until the process is up."""
        await self._up.wait()

    def kill(self) -> None:
        """SIGKILL the present life; `ready` waits for the next one from here on."""
        self._up.clear()
        self._alive().kill()

    @property
    def keeping(self) -> asyncio.Task[None]:
        """The task that restarts it; ends only when the process is gone for good, with the error that says why."""
        if self._keeping is None:
            raise RuntimeError(f"{self._spec.name} was never started")
        return self._keeping

    @property
    def pid(self) -> int:
        """The process id of the present life."""
        return self._alive().pid

    def _alive(self) -> Child:
        if self._child is None:
            raise RuntimeError(f"{self._spec.name} was never started")
        return self._child

    async def _live(self) -> str:
        self._child = await Child.launch(self._spec, self._log_path)
        announced = await self._child.ready()
        self._up.set()
        return announced

    async def _keep(self) -> None:
        while True:
            await self._alive().exited()
            self._up.clear()
            if not self._spec.restart:
                raise self._alive().died()
            await self._live_again()

    async def _live_again(self) -> None:
        delay_s = _FIRST_DELAY_S
        while True:
            await asyncio.sleep(delay_s)
            self.restarts += 1
            try:
                await self._live()
            except (ProcessDiedError, ProcessNotReadyError):
                await self._alive().stop()
                delay_s = min(2 * delay_s, _LAST_DELAY_S)
            else:
                return
