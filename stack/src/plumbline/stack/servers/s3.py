"""An S3-compatible store for tests: Versity's gateway over a folder, built from its Go module (Apache-2.0)."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from plumbline.stack.processes import ProcessSpec, run_to_end
from plumbline.stack.run_folder import run_folder
from plumbline.stack.servers.cache import cached, require_tool
from plumbline.stack.servers.ports import accepts_connections, free_port
from plumbline.stack.supervisor import Supervisor

VERSITYGW_VERSION = "1.8.0"
"""The version that `recipes/versitygw-1.8.0/go.mod` names."""

BUCKET = "papers"
"""The one bucket there is."""

URL_VARIABLE = "PLUMBLINE_TEST_S3_URL"
"""Set it to bring a store of your own: the endpoint; it needs a bucket `papers`."""

KEY_VARIABLES = ("PLUMBLINE_TEST_S3_ACCESS_KEY", "PLUMBLINE_TEST_S3_SECRET_KEY")
"""The access key of the given store."""

_MODULE = "github.com/versity/versitygw/cmd/versitygw"
_BUILD_ENV = {"GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly", "CGO_ENABLED": "0"}


@dataclass(frozen=True, kw_only=True)
class S3Address:
    """Where a store is, and how to enter it."""

    endpoint: str
    access_key: str
    secret_key: str = field(repr=False)


@dataclass(frozen=True)
class S3Server:
    """A gateway over a folder, ready to be run by a supervisor."""

    binary: Path
    home: Path
    port: int
    address: S3Address

    def spec(self, name: str = "s3") -> ProcessSpec:
        """Describe the server as a process."""
        return ProcessSpec(
            name=name,
            argv=[str(self.binary), "--port", f"127.0.0.1:{self.port}", "--quiet", "posix", self._folder()],
            # By environment: everybody may read a command line.
            env={
                "ROOT_ACCESS_KEY": self.address.access_key,
                "ROOT_SECRET_KEY": self.address.secret_key,
            },
            probe=self._listens,
        )

    async def _listens(self) -> bool:
        return accepts_connections("127.0.0.1", self.port)

    def _folder(self) -> str:
        data = self.home / "s3-data"
        (data / BUCKET).mkdir(parents=True, exist_ok=True)
        return str(data)


@contextlib.asynccontextmanager
async def real_s3(environ: Mapping[str, str]) -> AsyncIterator[S3Address]:
    """Give a store: the one that is named by URL, else a gateway of this machine, stopped and deleted afterwards.

    Raises:
        MissingToolError: no URL, and Go is not installed.
        ProcessDiedError, ProcessNotReadyError: it was not built, or did not start.
    """
    if URL_VARIABLE in environ:
        access_key, secret_key = (environ[name] for name in KEY_VARIABLES)
        yield S3Address(endpoint=environ[URL_VARIABLE], access_key=access_key, secret_key=secret_key)
        return
    with run_folder() as folder:
        async with Supervisor(folder / "logs") as supervisor:
            server = await prepare_s3(folder)
            await supervisor.start(server.spec())
            yield server.address


async def prepare_s3(folder: Path) -> S3Server:
    """Build the gateway if it is not in the cache (about a minute), and choose its port and keys.

    Raises:
        MissingToolError: Go is not installed.
        ProcessDiedError: the build failed.
    """
    built = await cached(f"versitygw-{VERSITYGW_VERSION}", _build)
    port = free_port()
    address = S3Address(
        endpoint=f"http://127.0.0.1:{port}",
        access_key=secrets.token_hex(8),
        secret_key=secrets.token_urlsafe(),
    )
    return S3Server(built / "versitygw", folder, port, address)


async def _build(folder: Path, log_path: Path) -> None:
    go = require_tool("go", "golang-go, or https://go.dev/dl")
    argv = [go, "build", "-trimpath", "-ldflags", "-s -w", "-o", "versitygw", _MODULE]
    await run_to_end(ProcessSpec(name="go-build", argv=argv, env=_BUILD_ENV, cwd=folder), log_path)
