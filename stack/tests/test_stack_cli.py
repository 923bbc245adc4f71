"""The operator's command, against services that answer and services that are away."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from typer.testing import CliRunner, Result

from plumbline.common.process import serving
from plumbline.stack.cli.main import app

PARKED = {"key": "7/42", "code": "missing-item", "reason": "Link it."}


class Far:
    """A service's operator routes."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    async def answer(self, request: Request) -> JSONResponse:
        path = request.url.path
        self.told.append((f"{request.method} {path}", request.headers["authorization"]))
        row = {"connection": "ohio", "unfinished": 3, "parked": 1, "held_until": None}
        company = {
            "connection": "ohio",
            "calls_per_min": 240,
            "reads": 1200,
            "app_reads": 3400,
            "app_reads_forecast": 5600,
            "app_reads_per_month": 500000,
        }
        answers: dict[str, object] = {
            "/limits": {"companies": [company]},
            "/status": {"connections": [row]},
            "/parked": {"parked": [PARKED]},
            "/records": {"keys": ["7/42"]},
            "/records/7/42": {"story": ["It was billed."], "work": {"waiting_for": "its invoice"}},
        }
        return JSONResponse(answers.get(path, {}))


@pytest.fixture
def far() -> Far:
    return Far()


@pytest.fixture
async def state(far: Far, tmp_path: Path) -> AsyncIterator[Path]:
    """Give the state folder of a stack whose mapper answers and whose other services do not."""
    web = Starlette(routes=[Route("/{path:path}", far.answer, methods=["GET", "POST"])])
    (tmp_path / "token").write_text("let-me-in\n")
    async with serving(web, host="127.0.0.1", port=0) as port:
        known = {
            "services": {"mapper": f"http://127.0.0.1:{port}", "qb-writer": "http://127.0.0.1:1"},
            "operator_token_file": str(tmp_path / "token"),
        }
        (tmp_path / "addresses.json").write_text(json.dumps(known))
        yield tmp_path


async def plumbline(state: Path, *arguments: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, app, [*arguments, "--state", str(state)])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["status"], "ohio                     3 to do, 1 parked"),
        (["parked"], "7/42  [mapper] missing-item\n    Link it."),
        (["trace", "42"], "mapper: 7/42\n  It was billed.\n  waits: its invoice"),
        (["resume", "7/42"], "resumed 7/42"),
    ],
)
async def test_services_that_are_away_are_named_and_hide_nothing(
    state: Path, arguments: list[str], said: str
) -> None:
    done = await plumbline(state, *arguments)
    assert said in done.stdout
    assert done.exit_code == 0
    if arguments[0] != "resume":  # which stops where it found the record
        assert "qb-writer does not answer" in done.stderr
        assert "token-vault does not answer" in done.stderr


async def test_status_shows_each_companys_pace_and_reads(state: Path) -> None:
    known = json.loads((state / "addresses.json").read_text())
    known["services"]["qb-writer"] = known["services"]["mapper"]
    (state / "addresses.json").write_text(json.dumps(known))
    assert (
        "qb-writer      ohio                     240 calls a minute at most; 1,200 reads this month, "
        "3,400 of its app (forecast 5,600 of 500,000)"
    ) in (await plumbline(state, "status")).stdout


async def test_resuming_shows_the_operator_token(state: Path, far: Far) -> None:
    await plumbline(state, "resume", "7/42")
    assert far.told[-1] == ("POST /parked/7/42/resume", "Bearer let-me-in")


async def test_record_that_nobody_knows_is_a_failure(state: Path) -> None:
    assert (await plumbline(state, "resume", "7/43")).exit_code == 1


async def test_command_without_a_stack_says_where_one_is_looked_for(tmp_path: Path) -> None:
    done = await plumbline(tmp_path, "status")
    assert done.exit_code == 2
    assert "addresses.json is not there" in done.stderr
