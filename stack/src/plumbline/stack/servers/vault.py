"""HashiCorp Vault, built from its Go module: in dev mode, or as it is operated, with a disk and a seal.

Vault is under the Business Source License 1.1: it is built and run here, never distributed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from plumbline.stack.processes import ProcessSpec, run_to_end
from plumbline.stack.servers.cache import cached, require_tool
from plumbline.stack.servers.ports import accepts_connections, free_port
from plumbline.stack.servers.probes import vault_answers

VAULT_VERSION = "1.21.2"
"""The version that `recipes/vault-1.21.2/go.mod` names."""

_BUILD_ENV = {"GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly", "CGO_ENABLED": "0"}
_STAMP = f"-s -w -X github.com/hashicorp/vault/version.fullVersion={VAULT_VERSION}"
_BUILD_ARGUMENTS = ["build", "-trimpath", "-tags", "minimal", "-ldflags", _STAMP, "-o", "vault"]


@dataclass(frozen=True)
class VaultServer:
    """A dev-mode Vault, ready to be run by a supervisor. It is unsealed and keeps everything in memory."""

    binary: Path
    home: Path
    port: int
    root_token: str

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def spec(self, name: str = "vault") -> ProcessSpec:
        """Describe the server as a process; its secrets die with it, so it is not restarted."""
        return ProcessSpec(
            name=name,
            argv=[str(self.binary), "server", "-dev", "-dev-no-store-token"],
            env={
                "HOME": str(self.home),
                "VAULT_DEV_LISTEN_ADDRESS": f"127.0.0.1:{self.port}",
                # By environment: everybody may read a command line.
                "VAULT_DEV_ROOT_TOKEN_ID": self.root_token,
            },
            probe=self._answers,
            restart=False,
        )

    async def _answers(self) -> bool:
        return await vault_answers(self.url)


@dataclass(frozen=True)
class SealedVaultServer:
    """A Vault with its data on disk, sealed whenever it starts, as `provision vault` opens it."""

    binary: Path
    home: Path
    port: int
    cluster_port: int
    certificate: tuple[Path, Path] | None = None
    """The files of its certificate and of that one's key; None: it speaks plain HTTP."""

    @property
    def url(self) -> str:
        """Its address."""
        return f"{'https' if self.certificate else 'http'}://127.0.0.1:{self.port}"

    def spec(self, name: str = "vault") -> ProcessSpec:
        """Describe the server as a process."""
        return ProcessSpec(
            name=name,
            argv=[str(self.binary), "server", f"-config={self._config()}"],
            env={"HOME": str(self.home)},
            probe=self._listens,
        )

    async def _listens(self) -> bool:
        return accepts_connections("127.0.0.1", self.port)

    def _config(self) -> Path:
        listener: dict[str, object] = {"address": f"127.0.0.1:{self.port}", "tls_disable": True}
        if self.certificate:
            certificate, key = map(str, self.certificate)
            listener |= {"tls_disable": False, "tls_cert_file": certificate, "tls_key_file": key}
        data = self.home / "vault-data"
        data.mkdir(exist_ok=True)
        config = {
            "storage": {"raft": {"path": str(data), "node_id": "vault"}},
            "listener": {"tcp": listener},
            "disable_mlock": True,
            "api_addr": self.url,
            "cluster_addr": f"http://127.0.0.1:{self.cluster_port}",
        }
        path = self.home / "vault.json"
        path.write_text(json.dumps(config))
        return path


async def prepare_sealed_vault(
    folder: Path, *, certificate: tuple[Path, Path] | None = None
) -> SealedVaultServer:
    """Build Vault if it is not in the cache, and choose its port. Raises what `prepare_vault` raises."""
    built = await cached(f"vault-{VAULT_VERSION}", _build)
    return SealedVaultServer(built / "vault", folder, free_port(), free_port(), certificate)


async def prepare_vault(folder: Path, *, root_token: str) -> VaultServer:
    """Build Vault if it is not in the cache (five minutes), and choose its port.

    Raises:
        MissingToolError: Go is not installed.
        ProcessDiedError: the build failed.
    """
    built = await cached(f"vault-{VAULT_VERSION}", _build)
    return VaultServer(built / "vault", folder, free_port(), root_token)


async def _build(folder: Path, log_path: Path) -> None:
    go = require_tool("go", "golang-go, or https://go.dev/dl")
    argv = [go, *_BUILD_ARGUMENTS, "github.com/hashicorp/vault"]
    await run_to_end(ProcessSpec(name="go-build", argv=argv, env=_BUILD_ENV, cwd=folder), log_path)
