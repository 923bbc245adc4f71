"""The line between a life and its campaign: whole JSON messages, which outlive the one who wrote them."""

import json
import select
import socket
from typing import Any

LONGEST = 1 << 17
"""Longest message in bytes; a packet of the kernel's."""

Message = dict[str, Any]
"""`kind` says what it is about."""


def socket_pair() -> tuple[socket.socket, socket.socket]:
    """Return two ends that carry whole messages."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def send(end: socket.socket, kind: str, /, **facts: Any) -> None:
    """Send one message; blocks while the other end has too many to read.

    Raises:
        OSError: the other end is gone.
    """
    packet = json.dumps({"kind": kind, **facts}).encode()
    while True:
        try:
            end.send(packet)
        except BlockingIOError:
            select.select([], [end], [])
        else:
            return


def receive(end: socket.socket) -> Message | None:
    """Return the next message, or None if the other end is gone.

    Raises:
        BlockingIOError: there is none now, and the end does not block.
    """
    try:
        packet = end.recv(LONGEST)
    except ConnectionResetError:
        return None
    message: Message | None = json.loads(packet) if packet else None
    return message


def wait_for(end: socket.socket) -> Message | None:
    """Stand still until there is a message, and return it; None if the other end is gone."""
    select.select([end], [], [])  # a loop that watches an end makes it one that does not block
    return receive(end)
