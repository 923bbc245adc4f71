"""`plumbline up`: a sandbox and the suite, left running until a signal."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from plumbline.stack.runners.ways import STACKS, Way
from plumbline.stack.scenario.stage import Setting, hook_books, running_sandbox, stack_settings
from plumbline.stack.supervisor import Supervisor


async def run_up(way: Way, *, state_dir: Path, shipped: Path, console: Console) -> None:
    """Start sandbox and suite, print where they are, and stay until cancelled.

    Raises:
        MissingToolError: a tool of the native servers is not installed.
        ProcessDiedError, ProcessNotReadyError: something did not start, or died for good.
    """
    setting = Setting(state_dir=state_dir, shipped=shipped, way=way)
    async with (
        Supervisor(state_dir / "logs") as supervisor,
        running_sandbox(supervisor) as (control, world),
        STACKS[way](stack_settings(setting, world), supervisor) as stack,
    ):
        await hook_books(control, world, ingest=stack.addresses["ingest"])
        for name, url in {**stack.addresses, "sandbox": world.sandbox["control_url"]}.items():
            console.print(f"{name:14} {url}")
        console.print(f"Logs are in {supervisor.log_dir}. Ctrl-C stops everything.")
        await supervisor.watch()
