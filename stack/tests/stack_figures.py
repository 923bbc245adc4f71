"""The shipped Prometheus rules and Grafana dashboards, as tests read them."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from prometheus_client.metrics import MetricWrapperBase

from plumbline.common import metrics

DEPLOY = Path(__file__).parents[2] / "deploy"
PROMETHEUS = DEPLOY / "prometheus"
DATASOURCES = DEPLOY / "grafana" / "datasources" / "prometheus.yml"

_SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}
_OF_PROCESSES = ("process_cpu_seconds_total", "process_resident_memory_bytes")
_OF_PROMETHEUS = ("up", "ALERTS")
_NAME = re.compile(r"\b(?:plumbline_\w+|process_\w+|up|ALERTS)\b")


@dataclass(frozen=True)
class Alert:
    """One alert of `rules.yml`."""

    name: str
    expr: str
    severity: str
    summary: str
    runbook: str


def alerts() -> list[Alert]:
    """Return every alert, in the order of the file."""
    return [
        Alert(
            rule["alert"],
            rule["expr"],
            rule["labels"]["severity"],
            rule["annotations"]["summary"],
            rule["annotations"]["runbook"],
        )
        for group in read(PROMETHEUS / "rules.yml")["groups"]
        for rule in group["rules"]
    ]


def dashboards() -> dict[str, dict[str, Any]]:
    """Return every dashboard, by its file's name."""
    return {
        path.name: json.loads(path.read_text()) for path in (DEPLOY / "grafana" / "dashboards").glob("*.json")
    }


def panels(dashboard: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the panels that show something."""
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def panel_expressions() -> Iterator[tuple[str, str]]:
    """Give `board: panel` and expression of everything that dashboards ask for, with their variables filled in."""
    for name, dashboard in dashboards().items():
        for panel in panels(dashboard):
            for target in panel["targets"]:
                yield f"{name}: {panel['title']}", _filled(target["expr"], dashboard)


def named(expression: str) -> set[str]:
    """Return the names of series in an expression."""
    return set(_NAME.findall(expression))


def registered() -> dict[str, set[str]]:
    """Return the names of the series of each metric in the register, by the metric's name there."""
    found = {}
    for constant, metric in vars(metrics).items():
        if isinstance(metric, MetricWrapperBase):
            (family,) = metric.describe()
            found[constant] = {f"{family.name}{suffix}" for suffix in _SUFFIXES[family.type]}
    return found


def known() -> set[str]:
    """Return every name that an expression may use."""
    return set().union(*registered().values(), _OF_PROCESSES, _OF_PROMETHEUS)


def read(path: Path) -> Any:
    """Return what a YAML file says."""
    return yaml.safe_load(path.read_text())


def _filled(expression: str, dashboard: dict[str, Any]) -> str:
    for variable in dashboard["templating"]["list"]:
        expression = expression.replace(f"${variable['name']}", variable["allValue"])
    return expression.replace("$__rate_interval", "15s")
