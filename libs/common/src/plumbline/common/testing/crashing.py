"""Death at the n-th step: database statements and calls that fail exactly where a test says.

A test first runs a piece of work with `Doom.none()`, which only counts the steps, and then
once for every step, every fate and both kinds of end. What survives is what was durable.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeVar

from asyncpg.exceptions import ConnectionDoesNotExistError

from plumbline.common.database import Connection, Pool

T = TypeVar("T")


class Fate(Enum):
    """What becomes of the step at which it ends."""

    NOT_SENT = "not sent"
    """The far side never saw it."""
    ANSWER_LOST = "answer lost"
    """The far side did it, a commit included; nobody heard."""


class KilledError(BaseException):
    """The process is dead, as after `kill -9`: not an `Exception`, so that no handler of ours sees it."""


@dataclass(slots=True)
class Doom:
    """Counts steps, and at step `at` ends the process, or only the connection that took the step."""

    at: int = 0
    """Steps are counted from 1; at 0 nothing ever happens."""
    fate: Fate = Fate.NOT_SENT
    kills_process: bool = True
    count: int = field(default=0, init=False)
    names: list[str] = field(default_factory=list, init=False)
    """Every step that was taken, for the message of a failing test."""
    dead: bool = field(default=False, init=False)

    @classmethod
    def none(cls) -> "Doom":
        """Return one that only counts."""
        return cls()

    async def step(
        self,
        name: str,
        act: Callable[[], Awaitable[T]],
        *,
        error: Exception,
        cut: Callable[[], object] = lambda: None,
    ) -> T:
        """Take a step, unless it is the fatal one.

        Args:
            name: what the step is.
            act: takes it.
            error: what a live process sees when only the connection ends.
            cut: ends the connection.

        Raises:
            KilledError: the process is dead; every later step of it raises this too.
        """
        if self.dead:
            raise KilledError
        self.count += 1
        self.names.append(name)
        if self.count != self.at:
            return await act()
        if self.fate is Fate.ANSWER_LOST:
            await act()
        self.dead = self.kills_process
        cut()
        raise KilledError if self.kills_process else error


class DoomedConnection:
    """A `Connection` whose every statement, `BEGIN` and `COMMIT` included, is a step."""

    def __init__(self, real: Any, doom: Doom) -> None:
        """Wrap an asyncpg connection."""
        self._real = real
        self._doom = doom
        self._is_cut = False

    async def execute(self, query: str, *args: object) -> str:
        """See `Connection`."""
        return str(await self._step(query, lambda: self._real.execute(query, *args)))

    async def fetch(self, query: str, *args: object) -> list[Mapping[str, Any]]:
        """See `Connection`."""
        return list(await self._step(query, lambda: self._real.fetch(query, *args)))

    async def fetchrow(self, query: str, *args: object) -> Mapping[str, Any] | None:
        """See `Connection`."""
        row: Mapping[str, Any] | None = await self._step(query, lambda: self._real.fetchrow(query, *args))
        return row

    async def fetchval(self, query: str, *args: object) -> Any:
        """See `Connection`."""
        return await self._step(query, lambda: self._real.fetchval(query, *args))

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """See `Connection`."""
        await self.execute("BEGIN")
        try:
            yield
        except BaseException:
            if not self._is_cut:
                await self.execute("ROLLBACK")
            raise
        await self.execute("COMMIT")

    async def _step(self, query: str, act: Callable[[], Awaitable[Any]]) -> Any:
        name = query.removeprefix("-- ").splitlines()[0][:60]
        lost = ConnectionDoesNotExistError("connection was closed in the middle of operation")
        return await self._doom.step(name, act, error=lost, cut=self._cut)

    def _cut(self) -> None:
        self._is_cut = True
        self._real.terminate()


class DoomedPool:
    """A `Pool` that lends doomed connections."""

    def __init__(self, real: Pool, doom: Doom) -> None:
        """Lend the connections of `real`."""
        self._real = real
        self._doom = doom

    @asynccontextmanager
    async def acquire(self, *, timeout: float | None = None) -> AsyncIterator[Connection]:
        """See `Pool`."""
        async with self._real.acquire(timeout=timeout) as connection:
            yield DoomedConnection(connection, self._doom)
