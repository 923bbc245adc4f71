"""`plumbline credentials` and `plumbline rotate`, against a token-vault that answers as the real one."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from typer.testing import CliRunner, Result

from plumbline.common.process import serving
from plumbline.stack.cli.credentials import words
from plumbline.stack.cli.main import app

HOOK, APP = "webhooks/procore/lone-star", "apps/quickbooks/1"
NOW = datetime.now(UTC)


def row(name: str, **facts: Any) -> dict[str, Any]:
    since = NOW - timedelta(days=12)
    return {
        "name": name,
        "kind": "webhook value",
        "version": 4,
        "since": since.isoformat(),
        "due_at": (since + timedelta(days=30)).isoformat(),
        "state": "live",
        "held_up": "",
        "ends_at": None,
        "rotates": "itself",
        "would": "makes a new value",
        **facts,
    }


@dataclass
class Vault:
    """token-vault's routes, which end a rotation as they are told."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    outcome: str | None = "done"
    detail: str = ""
    request: str = "r1"
    asked: list[tuple[str, Any]] = field(default_factory=list)

    def routes(self) -> list[Route]:
        return [
            Route("/metrics", self.metrics),
            Route("/credentials", self.table),
            Route("/credentials/{name:path}/rotation", self.rotation),
            Route("/credentials/{name:path}/rotate", self.rotate, methods=["POST"]),
        ]

    async def metrics(self, _: Request) -> Response:
        taken_at = (NOW - timedelta(days=3)).timestamp()
        return PlainTextResponse(f"# HELP\nplumbline_secret_id_taken_timestamp_seconds {taken_at}\n")

    async def table(self, _: Request) -> Response:
        return JSONResponse({"credentials": self.rows})

    async def rotation(self, _: Request) -> Response:
        return JSONResponse({"request": self.request, "outcome": self.outcome, "detail": self.detail})

    async def rotate(self, request: Request) -> Response:
        self.asked.append((request.path_params["name"], await request.json()))
        return JSONResponse({"name": "", "request": "r1"})


@pytest.fixture
def vault() -> Vault:
    supplied = row(APP, kind="client secret", rotates="a person", would="takes the new secret")
    return Vault([row(HOOK), supplied])


@pytest.fixture
async def state(vault: Vault, tmp_path: Path) -> AsyncIterator[Path]:
    (tmp_path / "token").write_text("let-me-in\n")
    async with serving(Starlette(routes=vault.routes()), host="127.0.0.1", port=0) as port:
        known = {
            "services": {"token-vault": f"http://127.0.0.1:{port}"},
            "operator_token_file": str(tmp_path / "token"),
        }
        (tmp_path / "addresses.json").write_text(json.dumps(known))
        yield tmp_path


async def plumbline(state: Path, *arguments: str, given: str | None = None) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, app, [*arguments, "--state", str(state)], input=given)


async def test_table_shows_age_due_date_and_what_holds_up(state: Path, vault: Vault) -> None:
    vault.rows[0] |= {"state": "version 5 is accepted too", "held_up": "Not accepted by ingest-2."}
    said = (await plumbline(state, "credentials")).output
    [line] = [line for line in said.splitlines() if HOOK in line]
    assert "12 d" in line
    assert f"{NOW + timedelta(days=18):%Y-%m-%d}" in line
    assert "Not accepted by ingest-2." in said
    [role] = [line for line in said.splitlines() if "roles/token-vault" in line]
    assert "secret id" in role
    assert "3 d" in role
    assert "37 d" in role


async def test_dry_run_says_what_would_be_done_and_asks_nothing(state: Path, vault: Vault) -> None:
    done = await plumbline(state, "rotate", "--all", "--dry-run")
    assert f"{HOOK}: makes a new value" in done.output
    assert f"{APP}: takes the new secret" in done.output
    assert "roles/token-vault: delivers a new secret id" in done.output
    assert vault.asked == []


async def test_everything_is_begun_but_what_needs_a_person(state: Path, vault: Vault) -> None:
    done = await plumbline(state, "rotate", "--all")
    assert vault.asked == [(HOOK, {})]
    assert f"{APP}: needs its new value: plumbline rotate {APP}" in done.output


async def test_value_comes_by_standard_input_and_is_shown_nowhere(state: Path, vault: Vault) -> None:
    done = await plumbline(state, "rotate", APP, given="the-new-secret\n")
    assert done.exit_code == 0
    assert vault.asked == [(APP, {"value": "the-new-secret"})]
    assert f"{APP}: version 4 is in force (live)." in done.output
    assert "the-new-secret" not in done.output


async def test_refused_value_ends_with_its_sentence(state: Path, vault: Vault) -> None:
    vault.outcome, vault.detail = "refused", "The provider does not know this secret."
    done = await plumbline(state, "rotate", APP, given="a-typo\n")
    assert done.exit_code == 1
    assert f"{APP}: The provider does not know this secret." in done.output


async def test_value_that_somebody_else_has_replaced_is_told(state: Path, vault: Vault) -> None:
    vault.request = "r2"
    done = await plumbline(state, "rotate", APP, given="the-new-secret\n")
    assert done.exit_code == 1
    assert "another value was given meanwhile" in done.output


async def test_unknown_credential_is_refused(state: Path, vault: Vault) -> None:
    done = await plumbline(state, "rotate", "apps/quickbooks/nobody")
    assert (done.exit_code, vault.asked) == (1, [])
    assert "There is no credential apps/quickbooks/nobody" in done.output


@pytest.mark.parametrize("arguments", [["rotate"], ["rotate", HOOK, "--all"]])
async def test_name_or_all_but_not_both(state: Path, vault: Vault, arguments: list[str]) -> None:
    done = await plumbline(state, *arguments)
    assert (done.exit_code, vault.asked) == (2, [])


async def test_role_is_rotated_by_the_bootstrap_which_says_why_it_cannot(
    state: Path, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    done = await plumbline(state, "rotate", "roles/token-vault")
    assert (done.exit_code, vault.asked) == (2, [])
    assert "No Docker engine answers" in done.output


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (119, "119 s"),
        (120, "2 min"),
        (7200, "2 h"),
        (86_400, "24 h"),
        (172_800, "2 d"),
        (-1, "over"),
    ],
)
def test_durations_are_said_by_their_largest_unit(seconds: int, said: str) -> None:
    assert words(timedelta(seconds=seconds)) == said
