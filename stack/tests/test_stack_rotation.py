"""The scenario of rotation: what counts as noticed, and what shows too little."""

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.console import Console

from plumbline.stack.scenario.rotation_table import Rotated, RotationSummary, print_rotation

BEGUN = datetime(2026, 11, 30, 12, tzinfo=UTC)
DONE = BEGUN + timedelta(seconds=10)
HOOK = Rotated("webhooks/procore/lone-star", 1, 2, BEGUN, DONE)
APP = Rotated("apps/procore/8", 1, 2, BEGUN, DONE, account=frozenset({"8", "client-of-8"}))
KEY = Rotated("keys/embedded", 1, 2, BEGUN, DONE)


def entry(kind: str, second: int, **facts: Any) -> dict[str, Any]:
    at = (BEGUN + timedelta(seconds=second)).isoformat()
    return {"kind": kind, "at": at, "provider": "procore", "status": 200, **facts}


def delivery(second: int, **facts: Any) -> dict[str, Any]:
    url = "http://127.0.0.1:1/webhooks/procore/lone-star"
    return entry("webhook-attempt", second, **{"url": url, "status": 202, **facts})


CALM = [delivery(-1), delivery(5), delivery(6), delivery(11)]


def test_calls_are_counted_before_while_and_after() -> None:
    [line] = RotationSummary.of([HOOK], CALM, []).lines
    assert (line.before, line.meanwhile, line.after, line.refused) == (1, 2, 1, 0)


def test_everything_goes_by_the_key_of_the_store_and_an_app_is_known_by_its_ids() -> None:
    entries = [
        *CALM,
        entry("answer", 3, company="8"),
        entry("answer", 3, company="9"),
        entry("answer", 3, provider="quickbooks", realm="8"),
        entry("token", 4, account="client-of-8", outcome="granted"),
    ]
    app, key = RotationSummary.of([KEY, APP], entries, []).lines
    assert (app.calls, key.calls) == (2, 8)


@pytest.mark.parametrize(
    "refused",
    [
        delivery(5, status=401),
        entry("answer", 99, status=401, company="none of ours"),
        entry("answer", -5, status=403),
        entry("token", 5, status=400, outcome="refused"),
    ],
)
def test_one_refusal_anywhere_in_the_play_is_noticed(refused: dict[str, Any]) -> None:
    assert RotationSummary.of([HOOK], CALM, []).agrees
    summary = RotationSummary.of([HOOK], [*CALM, refused], [])
    assert not summary.agrees
    assert summary.problems[0].startswith("refused: ")


@pytest.mark.parametrize("entries", [CALM[:2], [delivery(-3), delivery(-2), delivery(-1)], []])
def test_rotation_by_which_hardly_anything_went_shows_nothing(entries: list[dict[str, Any]]) -> None:
    assert not RotationSummary.of([HOOK], entries, []).agrees


def test_nothing_rotated_is_no_success() -> None:
    assert not RotationSummary.of([], CALM, []).agrees


def test_table_names_every_credential_and_the_refusals() -> None:
    out = io.StringIO()
    summary = RotationSummary.of([HOOK, KEY], [*CALM, delivery(5, status=401)], [])
    print_rotation(Console(file=out, width=120), summary, seconds=61.0)
    said = out.getvalue()
    assert "webhooks/procore/lone-star" in said
    assert "1 → 2" in said
    assert "refused: 1" in said
    assert "The rotation was noticed." in said
