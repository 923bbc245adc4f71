"""The nursery: a warm process of which every life of a service is forked.

Run as `python -m tests.campaigns.nursery FD`. On that socket come orders, each with the life's end of
its line. A forked life has everything imported and begins to work within milliseconds.
"""

import gc
import json
import os
import signal
import socket
import ssl
import sys
from importlib import import_module
from typing import Any
from unittest.mock import patch

from plumbline.stack.processes import die_with_parent
from tests.campaigns import life
from tests.campaigns.link import LONGEST
from tests.campaigns.race import life as race_life

LIVES = {"writer": life.live, "race": race_life.live}
"""What an order may ask for."""

NICENESS = 5
"""Lives yield to the sandbox and to PostgreSQL: a sandbox without a processor would look like a slow QuickBooks."""

LAZY = (
    "anyio._backends._asyncio",
    "httpcore",
    "uvicorn.lifespan.off",
    "uvicorn.protocols.http.auto",
    "uvicorn.protocols.websockets.auto",
)
"""What libraries would import only once they are used, in every life anew."""


def main() -> None:
    """Fork a life for every order until nobody orders any more."""
    die_with_parent(signal.SIGKILL)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries them
    os.nice(NICENESS)
    for name in LAZY:
        import_module(name)
    _load_authorities_once()
    gc.collect()
    gc.freeze()  # what is here already is shared by all lives, and stays so
    with socket.socket(fileno=int(sys.argv[1])) as orders:
        while (order := _next(orders)) is not None:
            _fork(*order)


def _load_authorities_once() -> None:
    """Share one TLS context: every HTTP client makes one, which takes longer than all else in a life's start."""
    context = ssl.create_default_context()
    patch.object(ssl, "create_default_context", return_value=context).start()


def _next(orders: socket.socket) -> tuple[dict[str, Any], int] | None:
    packet, ends, _, _ = socket.recv_fds(orders, LONGEST, 1)
    return (json.loads(packet), ends[0]) if packet else None


def _fork(order: dict[str, Any], end: int) -> None:
    if os.fork() == 0:
        die_with_parent(signal.SIGKILL)
        with socket.socket(fileno=end) as line:
            LIVES[order["life"]](order, line)
    os.close(end)


if __name__ == "__main__":
    main()
