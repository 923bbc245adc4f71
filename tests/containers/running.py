"""What the tests of running containers share."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plumbline.common.settings import secret_line
from plumbline.stack.runners.containers import PROJECT, Containers

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Running:
    """The containers that are up, and the keys of each process."""

    containers: Containers
    keys: Path

    def key(self, owner: str, name: str) -> str:
        """Return one of a process's keys."""
        return secret_line(self.keys / owner / name)

    def inspected(self) -> list[dict[str, Any]]:
        """Return what the engine knows of every container."""
        found = docker("ps", "--all", "--quiet", "--filter", f"label=com.docker.compose.project={PROJECT}")
        told: list[dict[str, Any]] = json.loads(docker("inspect", *found.split()))
        return told

    def address(self, service: str, network: str) -> str:
        """Return the address of a service in one of the networks, which this machine reaches as their host."""
        for container in self.inspected():
            if container["Config"]["Labels"]["com.docker.compose.service"] == service:
                address: str = container["NetworkSettings"]["Networks"][f"{PROJECT}_{network}"]["IPAddress"]
                return address
        raise LookupError(service)


TRY_ALL = """
import socket, sys
for address in sys.argv[1:]:
    host, port = address.split(":")
    try:
        socket.create_connection((host, int(port)), 2).close()
    except OSError:
        continue
    print(address)
"""


def reached(running: Running, service: str, addresses: Sequence[str]) -> set[str]:
    """Return to which of the addresses a service's container can open a connection."""
    container = running.containers.names(service)[0]
    return set(docker("exec", container, "python", "-c", TRY_ALL, *addresses).split())


def docker(*arguments: str) -> str:
    """Run the engine's command; what it says is the error's text."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def service_of(container: Mapping[str, Any]) -> str:
    """Return the name of a container's service."""
    name: str = container["Config"]["Labels"]["com.docker.compose.service"]
    return name
