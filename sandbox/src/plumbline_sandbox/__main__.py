"""`plumbline-sandbox`: a Procore and a QuickBooks Online on one laptop."""

import argparse
import asyncio
import gc
import json
import logging
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import uvloop

from plumbline_sandbox.commandlog import UnkeptError
from plumbline_sandbox.scenario import read_scenario
from plumbline_sandbox.serving import ORDER, serving


async def _run(arguments: argparse.Namespace, scenario: Mapping[str, Any]) -> None:
    """Serve until a signal comes, or until nothing can be kept any more.

    Raises:
        UnkeptError: The data directory cannot be written.
    """
    stopped: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, _settle, stopped, None)
    async with serving(
        host=arguments.host,
        port=arguments.port,
        seed_number=arguments.seed,
        scenario=scenario,
        data=arguments.data,
        lost=lambda unkept: _settle(stopped, unkept),
    ) as addresses:
        # What is stored stays: looking for garbage in it again and again only makes answers wait.
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)
        sys.stdout.write(json.dumps(addresses) + "\n")
        sys.stdout.flush()
        await stopped


def _settle(stopped: asyncio.Future[None], why: UnkeptError | None) -> None:
    if not stopped.done():
        if why:
            stopped.set_exception(why)
        else:
            stopped.set_result(None)


def _is_a_bug(record: logging.LogRecord) -> bool:
    """Tell whether the server's log says more than that a request was open at the end, or was not kept."""
    error = record.exc_info[1] if record.exc_info else None
    return not (isinstance(error, asyncio.CancelledError | UnkeptError) or "graceful shutdown" in record.msg)


def _port(text: str) -> int:
    """Return the first of the ports, which all have to exist."""
    last = 65_536 - len(ORDER)
    if not text.isdecimal() or int(text) > last:
        raise argparse.ArgumentTypeError(f"a port from 0 to {last} is needed, for eight in a row are taken")
    return int(text)


def main() -> None:
    """Start the sandbox, print one JSON line that says where everything is, and stay up."""
    parser = argparse.ArgumentParser(
        prog="plumbline-sandbox",
        description="A Procore and a QuickBooks Online on one laptop, with faults. Prints one JSON line that says "
        "where everything is and with which credentials, and stays up until Ctrl-C.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; default 127.0.0.1")
    parser.add_argument("--port", type=_port, default=0, help="first of eight ports; default 0: free ones")
    parser.add_argument("--seed", type=int, help="two sandboxes of one seed have the same data; default 1")
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="keep Procore and QuickBooks in this directory; default: in memory",
    )
    parser.add_argument(
        "--faults", type=Path, metavar="FILE", help="what is to go wrong, in JSON (sandbox/FAULTS.md)"
    )
    arguments = parser.parse_args()
    for name in ("uvicorn.error", "asyncio"):
        logging.getLogger(name).addFilter(_is_a_bug)
    try:
        scenario = read_scenario(arguments.faults) if arguments.faults else {}
        uvloop.run(_run(arguments, scenario))
    except ValueError as unusable:
        parser.exit(2, f"{parser.prog}: {unusable}\n")
    except UnkeptError as unkept:
        parser.exit(1, f"{parser.prog}: {unkept}\n")


if __name__ == "__main__":
    main()
