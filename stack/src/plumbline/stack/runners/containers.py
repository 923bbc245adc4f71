"""The containers: `docker compose` over the project's own file, told in sentences a person can act on."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typing_extensions import override

PROJECT = "plumbline"
"""What compose calls the whole."""

SANDBOX_CONTROL_URL = "http://127.0.0.1:8102"
"""Where the sandbox's control API is published."""

INGEST_URL = "http://ingest:8080"
"""Where the sandbox reaches ingest."""

SERVICES = ("token-vault", "qb-writer", "mapper", "compliance", "ingest", "ingest-hooks")
"""The containers of the suite, each of which may be scaled."""

NO_ENGINE = (
    "No Docker engine answers here (`docker info`). Start one, with compose v2, or run `make demo`, "
    "which needs Python alone."
)

_LOG_LINES = 15
_READY_MAX_S = 180
_LOOK_PAUSE_S = 0.2
_HTTP_PORT = "8080/tcp"
_TAKEN = re.compile(
    r"(?:127\.0\.0\.1|0\.0\.0\.0):(\d+).*?(?:already allocated|address already in use)", re.DOTALL
)
_COMPLAINT = re.compile(r"container (\S+) (?:is unhealthy|exited)")
_KAFKA_PORT = 19092
_VARIABLE_OF_PORT = {_KAFKA_PORT: "KAFKA_PORT", 9090: "PROMETHEUS_PORT", 3000: "GRAFANA_PORT"}


class ContainersError(Exception):
    """The containers could not be brought to where they were wanted; the message says why, and what to do."""


def kafka_address() -> str:
    """Return where Kafka is published on this machine."""
    return f"127.0.0.1:{os.environ.get('KAFKA_PORT') or _KAFKA_PORT}"


@dataclass(frozen=True, slots=True)
class Containers:
    """One checkout's compose project, with the sandbox as the partners."""

    root: Path
    """Where `docker-compose.yml` is."""

    def up(self, *, pull: str = "missing") -> float:
        """Build what has changed, start everything, and return once every service is ready. Progress goes to stderr.

        Returns:
            Seconds from the end of building until all were ready.

        Raises:
            ContainersError: no engine, a port that is taken, an image that is not to be had, a service that fails.
        """
        _require_engine()
        self._told("build", "--quiet")
        built_at = time.monotonic()
        self._told("up", "--detach", "--wait", "--wait-timeout", str(_READY_MAX_S), "--pull", pull)
        return time.monotonic() - built_at

    def down(self, *, clean: bool = False) -> None:
        """Stop and remove the containers and their networks; with `clean`, what they stored as well.

        Raises:
            ContainersError: no engine, or it refused.
        """
        _require_engine()
        self._told("--profile", "*", "down", "--remove-orphans", *(["--volumes"] if clean else []))

    def logs(self, services: Sequence[str]) -> None:
        """Follow the logs until interrupted.

        Raises:
            ContainersError: no engine, or it refused.
        """
        _require_engine()
        self._told("logs", "--follow", "--tail", "100", *services)

    def scale(self, service: str, replicas: int) -> None:
        """Run so many replicas of a service, and return once they are ready.

        Raises:
            ContainersError: they did not become ready.
        """
        self._told(
            "up",
            "--detach",
            "--wait",
            "--no-recreate",
            "--no-deps",
            "--scale",
            f"{service}={replicas}",
            service,
        )

    def start(self, service: str) -> None:
        """Start a service that was stopped, or run a job once more, and wait for neither."""
        _docker("start", *self.names(service))

    def stop(self, service: str) -> None:
        """Stop a service in an orderly way."""
        _docker("stop", *self.names(service))

    def run(self, job: str, arguments: Sequence[str]) -> str:
        """Run a job once more with other arguments, and return what it said.

        Raises:
            ContainersError: no engine, no such containers, or the job failed; the message quotes it.
        """
        _require_engine()
        done = self._run("run", "--rm", "--no-deps", "--no-TTY", job, *arguments)
        if done.returncode:
            raise ContainersError(f"{job} failed:\n{_end(done.stderr)}")
        return done.stdout.strip()

    def names(self, service: str) -> list[str]:
        """Return the names of a service's containers, running or not, in order."""
        return sorted(c["Name"] for c in self._listed() if c["Service"] == service)

    def crash(self, container: str) -> None:
        """Kill a container with SIGKILL and start it again, as an engine does with one that crashed."""
        _docker("kill", "--signal", "KILL", container)
        _docker("start", container)

    def end(self, container: str, *, patience_s: int) -> int:
        """End a container by SIGTERM, or by SIGKILL when the patience is over, and return its exit code."""
        _docker("stop", "--time", str(patience_s), container)
        return int(_docker("inspect", "--format", "{{.State.ExitCode}}", container))

    def begin(self, container: str) -> None:
        """Start a container that has ended, and return once it is ready.

        Raises:
            ContainersError: it is not in time; the message quotes its last lines.
        """
        _docker("start", container)
        ends_at = time.monotonic() + _READY_MAX_S
        while time.monotonic() < ends_at:
            if _docker("inspect", "--format", "{{.State.Health.Status}}", container).strip() == "healthy":
                return
            time.sleep(_LOOK_PAUSE_S)
        said = _asked(["logs", "--tail", str(_LOG_LINES), container])
        raise ContainersError(
            f"{container} did not become ready. Its last lines:\n{said.stdout}{said.stderr}"
        )

    def copy_operator_keys(self, folder: Path) -> None:
        """Bring what people need to enter the services to this side, for their owner alone.

        Raises:
            ContainersError: there are no containers.
        """
        self.copy_keys("operator", folder)

    def copy_keys(self, owner: str, folder: Path) -> None:
        """Bring the keys of one process, or of the desks, to this side, for their owner alone; only to try what they open.

        Raises:
            ContainersError: there are no containers.
        """
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        holders = self.names("provision-keys")
        if not holders:
            raise ContainersError("No containers are up here. `make up` starts them.")
        _docker("cp", f"{holders[0]}:/keys/{owner}/.", str(folder))

    def unhealthy(self) -> list[str]:
        """Return the services that are not as they should be."""
        return sorted({c["Service"] for c in self._listed() if _is_ill(c)})

    def _told(self, *arguments: str) -> None:
        """Run compose with its progress shown; what goes wrong is raised in a sentence."""
        said: list[str] = []
        with subprocess.Popen(  # noqa: S603
            self._command(*arguments), cwd=self.root, stderr=subprocess.PIPE, text=True, errors="replace"
        ) as process:
            assert process.stderr is not None
            for line in process.stderr:
                sys.stderr.write(line)
                said.append(line)
        if process.returncode not in {0, -2, 130}:
            raise ContainersError(self._explained("".join(said)))

    def _listed(self) -> list[dict[str, Any]]:
        done = self._run("ps", "--all", "--format", "json")
        return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603
            self._command(*arguments), cwd=self.root, capture_output=True, text=True, check=False
        )

    def _command(self, *arguments: str) -> list[str]:
        return [_docker_path(), "compose", "--env-file", "deploy/sandbox.env", *arguments]

    def _explained(self, said: str) -> str:
        if taken := _TAKEN.search(said):
            port = int(taken[1])
            variable = _VARIABLE_OF_PORT.get(port)
            instead = f", or choose another by {variable}" if variable else ""
            return f"Port {port} on this machine is taken by something else. Free it{instead}, and run this again."
        if re.search(
            r"(?i)no such image|pull access denied|manifest unknown|failed to (?:resolve|solve).*not found",
            said,
        ):
            return (
                f"An image is missing, and it can neither be built nor pulled:\n{_end(said)}\n"
                "Name one that you have by its variable (KAFKA_IMAGE, POSTGRES_IMAGE, VAULT_IMAGE, PYTHON_IMAGE)."
            )
        if ill := sorted({*self.unhealthy(), *self._named_ill(said)}):
            logs = "\n".join(f"--- {name}\n{self._last_lines(name)}" for name in ill)
            return f"Not well: {', '.join(ill)}. Their last lines:\n{logs}"
        return f"docker compose failed:\n{_end(said)}"

    def _named_ill(self, said: str) -> list[str]:
        """Return the services of the containers that compose complains of; an unhealthy one may be starting again."""
        complained = set(_COMPLAINT.findall(said))
        return [c["Service"] for c in self._listed() if c["Name"] in complained]

    def _last_lines(self, service: str) -> str:
        done = self._run("logs", "--no-log-prefix", "--tail", str(_LOG_LINES), service)
        return (done.stdout + done.stderr).strip()


class PublishedPorts(Mapping[str, str]):
    """Base URL of each service, asked of the engine every time: a container that starts again may get another port."""

    @override
    def __getitem__(self, service: str) -> str:
        ours = f"label=com.docker.compose.project={PROJECT}"
        of_service = f"label=com.docker.compose.service={service}"
        ports = _docker("ps", "--filter", ours, "--filter", of_service, "--format", "{{.Ports}}")
        found = re.search(r"127\.0\.0\.1:(\d+)->" + re.escape(_HTTP_PORT), ports)
        if found is None:
            raise KeyError(service)
        return f"http://127.0.0.1:{found[1]}"

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(SERVICES)

    @override
    def __len__(self) -> int:
        return len(SERVICES)


def _is_ill(container: Mapping[str, Any]) -> bool:
    failed = container["State"] == "exited" and container["ExitCode"] != 0
    return bool(failed or container["State"] == "restarting" or container["Health"] == "unhealthy")


def _require_engine() -> None:
    checks = (["info"], ["compose", "version"])
    if shutil.which("docker") is None or any(_asked(check).returncode for check in checks):
        raise ContainersError(NO_ENGINE)


def _docker(*arguments: str) -> str:
    done = _asked(arguments)
    if done.returncode:
        raise ContainersError(f"docker {arguments[0]} failed: {_end(done.stderr)}")
    return done.stdout


def _asked(arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run([_docker_path(), *arguments], capture_output=True, text=True, check=False)  # noqa: S603


def _docker_path() -> str:
    return shutil.which("docker") or "docker"


def _end(said: str) -> str:
    return "\n".join(said.strip().splitlines()[-_LOG_LINES:])
