"""One child process: launched, ready, ended, without ever being left behind."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

READY_FD_VARIABLE = "PLUMBLINE_READY_FD"
"""Names the inherited pipe on which a service writes one line once it can work."""

Probe = Callable[[], Awaitable[bool]]
"""Asks from outside whether a server answers; for programs that know nothing of our ready pipe."""

_PROBE_INTERVAL_S = 0.02
_LOG_TAIL_LINES = 20
_LOG_TAIL_BYTES = 16_384
_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Account:
    """The user and group a child runs as; only root can choose them."""

    uid: int
    gid: int


@dataclass(frozen=True, kw_only=True)
class ProcessSpec:
    """What to run, and how to tell that it works.

    Without `probe` the program gets `PLUMBLINE_READY_FD` and must write one line there; the end of that pipe
    before a line means that it died. One that knows nothing of us may write that line to standard output:
    `announces_on_stdout`; nobody reads the pipe after it. `env` is added to our own environment. With
    `restart=False` its death ends the whole stack: what it held in memory is gone.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    account: Account | None = None
    probe: Probe | None = None
    announces_on_stdout: bool = False
    restart: bool = True
    stop_signal: signal.Signals = signal.SIGTERM
    orphan_signal: signal.Signals = signal.SIGKILL
    ready_timeout_s: float = 30.0
    grace_s: float = 10.0


class ProcessDiedError(Exception):
    """A process ended although it was needed; the message quotes the end of its log."""


class ProcessNotReadyError(Exception):
    """A process lives, but did not become ready in time; the message quotes the end of its log."""


def die_with_parent(sent: signal.Signals = signal.SIGTERM) -> None:
    """Have the kernel send this process `sent` when the thread that started it ends.

    Without a terminal, a killed `make` or `uv` would otherwise leave the whole stack running.
    """
    _libc.prctl(_PR_SET_PDEATHSIG, int(sent))


class Child:
    """One life of a process, in a session of its own: Ctrl-C reaches it only through `stop`."""

    def __init__(
        self, spec: ProcessSpec, process: asyncio.subprocess.Process, log: LogFile, ready_fd: int | None
    ) -> None:
        self._spec = spec
        self._process = process
        self._log = log
        self._ready_fd = ready_fd

    @classmethod
    async def launch(cls, spec: ProcessSpec, log_path: Path) -> Child:
        """Start `spec` with its output appended to `log_path`; it dies with this process, even by SIGKILL.

        Call it from a thread that lives as long as the child should: the kernel watches the thread.
        """
        log = LogFile(log_path)
        if spec.probe is not None:
            return cls(spec, await _spawn(spec, log, None), log, None)
        ours, theirs = os.pipe()
        try:
            return cls(spec, await _spawn(spec, log, theirs), log, ours)
        except BaseException:
            os.close(ours)
            raise
        finally:
            os.close(theirs)

    @property
    def pid(self) -> int:
        """Its process id, which is also that of its session and process group."""
        return self._process.pid

    async def ready(self) -> str:
        """Wait until it works; return the line it wrote, or `ready` after a probe.

        Raises:
            ProcessDiedError: it ended first.
            ProcessNotReadyError: `ready_timeout_s` passed.
        """
        try:
            async with asyncio.timeout(self._spec.ready_timeout_s):
                return await (self._probed(self._spec.probe) if self._spec.probe else self._announced())
        except TimeoutError:
            raise ProcessNotReadyError(
                f"{self._spec.name} was not ready after {self._spec.ready_timeout_s:g} s\n{self._log.tail()}"
            ) from None

    async def exited(self) -> int:
        """Wait for its end and return the exit status; negative is the signal that ended it."""
        return await self._process.wait()

    def died(self) -> ProcessDiedError:
        """Describe its end, which has already been waited for."""
        return ProcessDiedError(
            f"{self._spec.name} ended with status {self._process.returncode}\n{self._log.tail()}"
        )

    def kill(self) -> None:
        """SIGKILL it and all it started; does nothing to the dead."""
        if self._process.returncode is None:
            os.killpg(self.pid, signal.SIGKILL)

    async def stop(self) -> None:
        """Ask it to stop, and SIGKILL its process group after `grace_s`; returns when it is gone."""
        if self._process.returncode is None:
            self._process.send_signal(self._spec.stop_signal)
        try:
            async with asyncio.timeout(self._spec.grace_s):
                await self._process.wait()
        except TimeoutError:
            self.kill()
            await self._process.wait()
        self._close_ready_pipe()

    async def _probed(self, probe: Probe) -> str:
        while not await probe():
            if self._process.returncode is not None:
                raise self.died()
            await asyncio.sleep(_PROBE_INTERVAL_S)
        return "ready"

    async def _announced(self) -> str:
        if self._ready_fd is None:
            raise RuntimeError(f"{self._spec.name} was already waited for")
        fd, self._ready_fd = self._ready_fd, None
        line = await _read_line(fd)
        if not line.endswith(b"\n"):
            await self._process.wait()
            raise self.died()
        return line.decode().strip()

    def _close_ready_pipe(self) -> None:
        if self._ready_fd is not None:
            os.close(self._ready_fd)
            self._ready_fd = None


async def run_to_end(spec: ProcessSpec, log_path: Path) -> None:
    """Run `spec` once, to its end; it is stopped when the caller is cancelled.

    Raises:
        ProcessDiedError: its exit status was not 0.
    """
    child = await Child.launch(spec, log_path)
    try:
        if await child.exited() != 0:
            raise child.died()
    finally:
        await child.stop()


class LogFile:
    """The part of a log file that belongs to one life of a process."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._start = path.stat().st_size if path.exists() else 0

    def tail(self) -> str:
        """Return the last lines written in this life, indented, under the file's name."""
        with self.path.open("rb") as file:
            file.seek(max(self._start, self.path.stat().st_size - _LOG_TAIL_BYTES))
            lines = file.read().decode(errors="replace").splitlines()[-_LOG_TAIL_LINES:]
        return "\n".join([f"the end of {self.path}:", *(f"    {line}" for line in lines)])


async def _spawn(spec: ProcessSpec, log: LogFile, ready_fd: int | None) -> asyncio.subprocess.Process:
    env = {**os.environ, **spec.env}
    if ready_fd is not None:
        env[READY_FD_VARIABLE] = str(ready_fd)
    account = spec.account
    with log.path.open("ab") as output:
        return await asyncio.create_subprocess_exec(
            *spec.argv,
            env=env,
            cwd=spec.cwd,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=ready_fd if spec.announces_on_stdout else output,
            stderr=output,
            start_new_session=True,
            pass_fds=() if ready_fd is None else (ready_fd,),
            preexec_fn=_bind_to_us(spec.orphan_signal),
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )


def _bind_to_us(orphan_signal: signal.Signals) -> Callable[[], None]:
    """Return what the child does between fork and exec; after setuid, which would clear the death signal."""
    parent = os.getpid()

    def bind() -> None:
        die_with_parent(orphan_signal)
        if os.getppid() != parent:  # it died before the kernel was told to watch it
            os._exit(1)

    return bind


async def _read_line(fd: int) -> bytes:
    """Read one line from a pipe and close it."""
    reader = asyncio.StreamReader()
    pipe = os.fdopen(fd, "rb", buffering=0)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), pipe
    )
    try:
        return await reader.readline()
    finally:
        transport.close()
