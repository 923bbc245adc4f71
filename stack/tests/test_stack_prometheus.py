"""A real Prometheus: its own tool checks configuration and rules, and it finds every figure on a stack that works."""

from __future__ import annotations

import asyncio
import io
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import yaml
from rich.console import Console
from stack_figures import PROMETHEUS, alerts, named, panel_expressions, read

from plumbline.stack.processes import ProcessSpec
from plumbline.stack.scenario.configuring import DURATIONS
from plumbline.stack.scenario.performance import perform
from plumbline.stack.scenario.plan import UNLINKED_PROJECT
from plumbline.stack.scenario.playing import arranged
from plumbline.stack.scenario.stage import Setting, stage
from plumbline.stack.servers.ports import free_port
from plumbline.stack.supervisor import Supervisor

pytestmark = [
    pytest.mark.connected,
    pytest.mark.skipif(
        shutil.which("prometheus") is None or shutil.which("promtool") is None,
        reason="Prometheus is not installed (Debian: prometheus); alerts and dashboards were not tried on it",
    ),
]

EVERY_S = 1


@pytest.mark.parametrize(
    "check", ["check config prometheus.yml", "check rules rules.yml", "test rules rules_test.yml"]
)
def test_promtool_is_content(check: str) -> None:
    done = subprocess.run(
        ["promtool", *check.split()], cwd=PROMETHEUS, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


class Prometheus:
    """A server that runs, asked by its HTTP API."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._started = time.time()

    async def over_the_play(self, expression: str) -> list[Any]:
        """Return the series that an expression had at any time since the start."""
        asked = {"query": expression, "start": self._started, "end": time.time(), "step": EVERY_S}
        found: list[Any] = (await self.get("query_range", **asked))["result"]
        return found

    async def get(self, path: str, **asked: object) -> Any:
        answer = await self._http.get(f"/api/v1/{path}", params={k: str(v) for k, v in asked.items()})
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]


@asynccontextmanager
async def prometheus(
    supervisor: Supervisor, folder: Path, addresses: Mapping[str, str]
) -> AsyncIterator[Prometheus]:
    """Run Prometheus with the shipped rules and configuration, but for where the services are and how often."""
    config = read(PROMETHEUS / "prometheus.yml")
    config["global"] = {"scrape_interval": f"{EVERY_S}s", "evaluation_interval": f"{EVERY_S}s"}
    config["rule_files"] = [str(PROMETHEUS / "rules.yml")]
    (job,) = config["scrape_configs"]
    (discovery,) = job.pop("dns_sd_configs")
    job["static_configs"] = [
        {"targets": [urlsplit(addresses[name]).netloc], "labels": {"__meta_dns_name": name}}
        for name in discovery["names"]
    ]
    file, port = folder / "prometheus.yml", free_port()
    file.write_text(yaml.safe_dump(config))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http:

        async def answers() -> bool:
            try:
                return (await http.get("/-/ready")).status_code == httpx.codes.OK
            except httpx.TransportError:
                return False

        argv = [
            "prometheus",
            f"--config.file={file}",
            f"--storage.tsdb.path={folder / 'prometheus-data'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ]
        await supervisor.start(ProcessSpec(name="prometheus", argv=argv, probe=answers))
        yield Prometheus(http)


async def test_every_panel_shows_something_and_every_alert_is_evaluated(tmp_path: Path) -> None:
    setting = Setting(
        state_dir=tmp_path,
        shipped=PROMETHEUS.parents[1] / "config",
        durations=DURATIONS,
        unlinked=UNLINKED_PROJECT,
    )
    async with (
        stage(setting, arrange=arranged) as on,
        prometheus(on.supervisor, tmp_path, on.addresses) as server,
    ):
        await perform(on, Console(file=io.StringIO()))
        await asyncio.sleep(2 * EVERY_S)
        empty = [place for place, expr in panel_expressions() if not await server.over_the_play(expr)]
        assert empty == []
        rules = [rule for group in (await server.get("rules"))["groups"] for rule in group["rules"]]
        assert {rule["name"]: rule["health"] for rule in rules} == {alert.name: "ok" for alert in alerts()}
        names = set().union(*(named(alert.expr) for alert in alerts()))
        assert [name for name in sorted(names) if not await server.over_the_play(name)] == []
        assert await server.over_the_play('ALERTS{severity="page", alertstate="firing"}') == []
