"""`plumbline-sandbox`: a Procore and a QuickBooks Online on one laptop."""

import argparse
import asyncio
import gc
import json
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import uvloop

from plumbline_sandbox.scenario import read_scenario
from plumbline_sandbox.serving import ORDER, serving


async def _run(arguments: argparse.Namespace, scenario: Mapping[str, Any]) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    async with serving(
        host=arguments.host,
        port=arguments.port,
        seed_number=arguments.seed,
        scenario=scenario,
        data=arguments.data,
    ) as addresses:
        # What is stored stays: looking for garbage in it again and again only makes answers wait.
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)
        sys.stdout.write(json.dumps(addresses) + "\n")
        sys.stdout.flush()
        await stopped.wait()


def _port(text: str) -> int:
    """Return the first of the ports, which all have to exist."""
    last = 65_536 - len(ORDER)
    if not text.isdecimal() or int(text) > last:
        raise argparse.ArgumentTypeError(f"a port from 0 to {last} is needed, for eight in a row are taken")
    return int(text)


def main() -> None:
    """Start the sandbox, print one JSON line that says where everything is, and stay up."""
    parser = argparse.ArgumentParser(prog="plumbline-sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=_port, default=0, help="first of eight ports; 0 picks free ones")
    parser.add_argument("--seed", type=int, help="two sandboxes of one seed have the same data; default 1")
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="keep Procore and QuickBooks in this directory"
    )
    parser.add_argument("--faults", type=Path, metavar="FILE", help="a scenario of faults, in JSON")
    arguments = parser.parse_args()
    try:
        scenario = read_scenario(arguments.faults) if arguments.faults else {}
        uvloop.run(_run(arguments, scenario))
    except (OSError, ValueError) as malformed:
        parser.error(str(malformed))


if __name__ == "__main__":
    main()
