"""Free TCP ports on loopback."""

from __future__ import annotations

import random
import socket

_LOWEST, _HIGHEST = 20_000, 32_767
"""Below Linux's ephemeral range (32768 and up), so that no outgoing connection takes a port we wait for."""


def free_port() -> int:
    """Return a port that nobody listens on now; the caller binds it soon, and fails loudly if it lost the race."""
    while True:
        port = random.randint(_LOWEST, _HIGHEST)  # noqa: S311  # not a secret
        if _is_free(port):
            return port


def accepts_connections(host: str, port: int) -> bool:
    """Tell whether somebody listens there; waits at most a second."""
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


def _is_free(port: int) -> bool:
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
