"""Alerts and dashboards ask for what the services measure, and say what a person needs to know."""

from itertools import combinations
from typing import Any

import pytest
from stack_figures import (
    DATASOURCES,
    PROMETHEUS,
    alerts,
    dashboards,
    known,
    named,
    panel_expressions,
    panels,
    read,
    registered,
)

BOARDS = dashboards()


def asked_for() -> dict[str, str]:
    return dict(panel_expressions()) | {alert.name: alert.expr for alert in alerts()}


def test_every_expression_names_figures_of_the_register() -> None:
    unknown = {place: named(expr) - known() for place, expr in asked_for().items()}
    assert {place: names for place, names in unknown.items() if names} == {}
    assert all(named(expr) for expr in asked_for().values())


def test_every_figure_of_the_register_is_shown_or_alarmed() -> None:
    used = set().union(*map(named, asked_for().values()))
    assert [constant for constant, names in registered().items() if not names & used] == []


def test_every_alert_says_what_it_means_and_what_to_do() -> None:
    for alert in alerts():
        assert alert.severity in {"page", "ticket"}
        assert alert.summary.endswith("."), alert.name
        assert alert.runbook.endswith("."), alert.name


def test_every_alert_has_a_case_in_which_it_comes() -> None:
    cases = (PROMETHEUS / "rules_test.yml").read_text()
    assert [a.name for a in alerts() if f'ALERTS{{alertname="{a.name}"' not in cases] == []


def test_every_service_is_scraped() -> None:
    (job,) = read(PROMETHEUS / "prometheus.yml")["scrape_configs"]
    (discovery,) = job["dns_sd_configs"]
    compose = read(PROMETHEUS.parents[1] / "docker-compose.yml")["services"]
    measured = {name for name, service in compose.items() if "metrics" in service.get("networks", ())}
    assert set(discovery["names"]) == measured - {"prometheus"}
    assert str(discovery["port"]) == compose["mapper"]["environment"]["PLUMBLINE_HTTP_PORT"]


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_dashboard_is_whole(board: dict[str, Any]) -> None:
    shown = panels(board)
    sources = {target["datasource"]["uid"] for panel in shown for target in panel["targets"]}
    assert sources == {read(DATASOURCES)["datasources"][0]["uid"]}
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    assert [panel["title"] for panel in shown if not panel["description"].endswith(".")] == []
    assert [panel["title"] for panel in shown if not panel["fieldConfig"]["defaults"]["unit"]] == []


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_no_panel_lies_on_another(board: dict[str, Any]) -> None:
    places = {panel["title"]: panel["gridPos"] for panel in board["panels"]}
    assert [title for title, at in places.items() if at["x"] + at["w"] > 24] == []
    overlaps = [
        (one, other)
        for (one, a), (other, b) in combinations(places.items(), 2)
        if a["x"] < b["x"] + b["w"]
        and b["x"] < a["x"] + a["w"]
        and a["y"] < b["y"] + b["h"]
        and b["y"] < a["y"] + a["h"]
    ]
    assert overlaps == []
