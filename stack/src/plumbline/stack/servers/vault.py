"""HashiCorp Vault in dev mode, built from its Go module.

Vault is under the Business Source License 1.1: it is built and run here, never distributed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from plumbline.stack.processes import ProcessSpec, run_to_end
from plumbline.stack.servers.cache import cached, require_tool
from plumbline.stack.servers.ports import free_port
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
