"""What a stack is told before it starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Partners:
    """Where Procore and QuickBooks are: the real ones, or a sandbox."""

    procore_url: str = "https://api.procore.com"
    procore_login_url: str = "https://login.procore.com"
    quickbooks_url: str = "https://quickbooks.api.intuit.com"
    quickbooks_discovery_url: str = "https://developer.api.intuit.com/.well-known/openid_configuration"

    def env(self) -> dict[str, str]:
        """Return them as the services read them."""
        return {
            "PLUMBLINE_PROCORE_URL": self.procore_url,
            "PLUMBLINE_PROCORE_LOGIN_URL": self.procore_login_url,
            "PLUMBLINE_QUICKBOOKS_URL": self.quickbooks_url,
            "PLUMBLINE_QUICKBOOKS_DISCOVERY_URL": self.quickbooks_discovery_url,
        }


@dataclass(frozen=True, kw_only=True)
class StackSettings:
    """One stack: its partners, its configuration, and the folder that is its own."""

    state_dir: Path
    """Logs, addresses and key files; two stacks at once need two."""
    config_dir: Path
    """Holds `connections.yaml` and `status-map.yaml`."""
    partners: Partners
    durations: Mapping[str, str] = field(default_factory=dict)
    """Settings that shorten what a demo or a test would wait for, as the services read them."""
    grants: Path | None = None
    """First grants, as `python -m plumbline.token_vault import` reads them."""


def way_env(way: str) -> Mapping[str, str]:
    """Return the settings of one way of running, from `<way>.env` beside this module."""
    lines = (resources.files(__package__) / f"{way}.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
