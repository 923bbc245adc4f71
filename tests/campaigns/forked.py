"""What every forked life has in common: its log, its environment, its sabotage, and how it ends."""

import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any, NoReturn, Protocol
from unittest.mock import patch

import uvloop

from plumbline.common import service
from plumbline.common.testing.intake import FakeBroker
from tests.campaigns.link import send


class Spoiling(Protocol):
    """A sabotage."""

    def apply(self) -> None:
        """Spoil this process."""


def live_and_end(
    order: Mapping[str, Any],
    line: socket.socket,
    sabotages: Mapping[str, Spoiling],
    begin: Callable[[], tuple[FakeBroker, Coroutine[Any, Any, None]]],
) -> NoReturn:
    """Live as ordered and end the process.

    Args:
        order: `env`, `log` (a file for standard error), `sabotage` (a name, or null).
        line: to the campaign, which is told of the birth.
        sabotages: by their names.
        begin: called in the life's environment; gives what stands in Kafka's place, and the life itself.
    """
    status = 1
    try:
        _write_to(Path(order["log"]))
        os.environ.update(order["env"])
        if order.get("sabotage"):
            sabotages[order["sabotage"]].apply()
        broker, life = begin()
        patch.object(service, "PatientBroker", lambda *_, **__: broker).start()
        send(line, "born", pid=os.getpid())
        uvloop.run(life)
        status = 0
    except BaseException:  # noqa: BLE001  the last frame of a process
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def _write_to(log: Path) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
