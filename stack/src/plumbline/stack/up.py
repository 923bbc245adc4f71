"""`plumbline up`: a sandbox and the suite, left running until a signal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console

from plumbline.stack.runners.settings import StackSettings
from plumbline.stack.runners.ways import STACKS, Way
from plumbline.stack.scenario.configuring import partners, write_configuration
from plumbline.stack.servers.sandbox import sandbox_spec
from plumbline.stack.supervisor import Supervisor

_CONTROL_TIMEOUT_S = 10


async def run_up(way: Way, *, state_dir: Path, status_map: Path, console: Console) -> None:
    """Start sandbox and suite, print where they are, and stay until cancelled.

    Raises:
        MissingToolError: a tool of the native servers is not installed.
        ProcessDiedError, ProcessNotReadyError: something did not start, or died for good.
    """
    async with Supervisor(state_dir / "logs") as supervisor:
        sandbox = json.loads(await supervisor.start(sandbox_spec()))
        settings = await _configured(sandbox, state_dir=state_dir, status_map=status_map)
        async with STACKS[way](settings, supervisor) as stack:
            for name, url in {**stack.addresses, "sandbox": sandbox["control_url"]}.items():
                console.print(f"{name:14} {url}")
            console.print(f"Logs are in {supervisor.log_dir}. Ctrl-C stops everything.")
            await supervisor.watch()


async def _configured(sandbox: Mapping[str, Any], *, state_dir: Path, status_map: Path) -> StackSettings:
    """Write the configuration that fits a sandbox, and return the settings that name it."""
    url = sandbox["control_url"]
    async with httpx.AsyncClient(base_url=url, timeout=_CONTROL_TIMEOUT_S, trust_env=False) as control:
        seed = (await control.get("/control/seed")).raise_for_status().json()
    config = state_dir / "config"
    write_configuration(config, status_map=status_map, sandbox=sandbox, seed=seed)
    return StackSettings(
        state_dir=state_dir, config_dir=config, partners=partners(sandbox), grants=config / "grants.yaml"
    )
