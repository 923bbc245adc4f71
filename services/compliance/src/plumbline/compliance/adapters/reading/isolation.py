"""Reads each file in a process of its own, so that a file can spoil nothing but the reading of itself."""

import asyncio
import json
import os
import signal
import socket
import sys
from contextlib import ExitStack
from dataclasses import asdict
from types import TracebackType
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError
from typing_extensions import override

from plumbline.compliance.adapters.reading.limits import Limits
from plumbline.compliance.adapters.reading.refusals import Reason, refused
from plumbline.compliance.domain.content import PaperContent
from plumbline.compliance.ports.reading import Reader, ReaderUnavailableError

_NURSERY = "plumbline.compliance.adapters.reading.nursery"
_PIECE_BYTES = 256 * 1024
_STARTS_WITHIN_S = 20.0
_ENDS_WITHIN_S = 5.0


class _Answer(BaseModel):
    """What a child says. It may be lying: it read a stranger's file."""

    model_config = ConfigDict(extra="forbid")

    content: PaperContent | None = None
    reason: Reason | None = None


class IsolatedReader(Reader):
    """Reads at most `limits.places` files at once, each in a child of the nursery.

    A context: outside of it no process is left. Cancelling a `read` kills its child.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        """Read within limits."""
        self._limits = limits or Limits()
        self._places = asyncio.Semaphore(self._limits.places)
        self._starting = asyncio.Lock()
        self._nursery: _Nursery | None = None

    async def __aenter__(self) -> Self:
        """Start the nursery at once, so that the first file does not wait for it."""
        await self._living()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the nursery, and with it every child."""
        if self._nursery is not None:
            await self._nursery.end()

    @override
    async def read(self, content: bytes) -> PaperContent:
        if len(content) > self._limits.content_bytes:
            raise refused("too-large")
        async with self._places:
            said = await self._ask(content)
        try:
            answer = await asyncio.to_thread(_Answer.model_validate_json, said)
        except ValidationError:
            raise refused("unreadable") from None  # it quotes the answer
        if answer.content is None:
            raise refused(answer.reason or "unreadable")
        return answer.content

    async def _ask(self, content: bytes) -> bytes:
        """Return what a child says of a file; nothing, if the file was the end of it."""
        nursery, child = await self._child()
        try:
            async with asyncio.timeout(self._limits.wall_s):
                said = await child.answer(content, most_bytes=self._limits.answer_bytes)
        except OSError:
            said = b""
        finally:
            await child.end()
        if not said and not nursery.lives:
            raise ReaderUnavailableError  # the file may not have been to blame
        return said

    async def _child(self) -> tuple["_Nursery", "_Child"]:
        """Return a new child; a nursery that gives none is replaced, once."""
        for _ in range(2):
            nursery = await self._living()
            try:
                return nursery, await nursery.child()
            except OSError:
                await nursery.end()
        raise ReaderUnavailableError

    async def _living(self) -> "_Nursery":
        async with self._starting:
            if self._nursery is not None and not self._nursery.lives:
                await self._nursery.end()
                self._nursery = None
            if self._nursery is None:
                self._nursery = await _Nursery.start(self._limits)
            return self._nursery


class _Nursery:
    """The process whose children read."""

    def __init__(self, process: asyncio.subprocess.Process, control: socket.socket) -> None:
        self._process = process
        self._control = control

    @classmethod
    async def start(cls, limits: Limits) -> Self:
        """Raises `ReaderUnavailableError` if the machine starts no process."""
        with ExitStack() as stack:
            ours, theirs = map(stack.enter_context, socket.socketpair())
            ours.settimeout(0)
            try:
                process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    *("-I", "-m", _NURSERY, str(theirs.fileno()), json.dumps(asdict(limits))),
                    pass_fds=[theirs.fileno()],
                    env={},  # ours has secrets, or says where they are
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=asyncio.subprocess.DEVNULL,
                )
            except OSError as error:
                raise ReaderUnavailableError from error
            stack.pop_all()
        theirs.close()
        return cls(process, ours)

    @property
    def lives(self) -> bool:
        try:
            return self._control.recv(1, socket.MSG_PEEK) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False

    async def child(self) -> "_Child":
        """Raises OSError if it gives none."""
        ours, theirs = socket.socketpair()
        ours.settimeout(0)
        with ExitStack() as stack:
            stack.enter_context(ours)
            with theirs:
                socket.send_fds(self._control, [b"\0"], [theirs.fileno()])
            async with asyncio.timeout(_STARTS_WITHIN_S):
                await _readable(ours.fileno())
            _, handles, _, _ = socket.recv_fds(ours, 1, 1)
            if not handles:
                raise ConnectionError
            stack.pop_all()
        return _Child(ours, handles[0])

    async def end(self) -> None:
        """End it and its children; any number of times."""
        self._control.close()
        try:
            async with asyncio.timeout(_ENDS_WITHIN_S):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


class _Child:
    """The process that reads one file."""

    def __init__(self, paper: socket.socket, handle: int) -> None:
        self._paper = paper
        self._handle = handle

    async def answer(self, content: bytes, *, most_bytes: int) -> bytes:
        """Raises OSError if it dies before it has taken the file, or says more than it may."""
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(self._paper, content)
        self._paper.shutdown(socket.SHUT_WR)
        answer = bytearray()
        while piece := await loop.sock_recv(self._paper, _PIECE_BYTES):
            answer += piece
            if len(answer) > most_bytes:
                raise ConnectionError
        return bytes(answer)

    async def end(self) -> None:
        """Kill it unless it has ended, and wait until what it used is free again."""
        try:
            signal.pidfd_send_signal(self._handle, signal.SIGKILL)
            await _readable(self._handle)
        except ProcessLookupError:
            pass
        finally:
            os.close(self._handle)
            self._paper.close()


async def _readable(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    seen = asyncio.Event()
    loop.add_reader(descriptor, seen.set)
    try:
        await seen.wait()
    finally:
        loop.remove_reader(descriptor)
