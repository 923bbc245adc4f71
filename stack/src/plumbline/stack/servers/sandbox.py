"""The sandbox as a process: a Procore and a QuickBooks Online on this machine."""

from __future__ import annotations

import sys

from plumbline.stack.processes import ProcessSpec

SANDBOX_COMMAND = (sys.executable, "-m", "plumbline_sandbox")
"""How the sandbox is started; it shares no code with the suite."""


def sandbox_spec(*arguments: str) -> ProcessSpec:
    """Describe a sandbox; it announces one JSON line of addresses and first credentials.

    It is not restarted: what it knows is in its memory.
    """
    return ProcessSpec(
        name="sandbox", argv=[*SANDBOX_COMMAND, *arguments], announces_on_stdout=True, restart=False
    )
