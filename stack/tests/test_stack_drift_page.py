"""`plumbline drift`, as a controller reads it and as a script asks for it."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from stack_asked import answering, asked
from starlette.requests import Request
from starlette.responses import JSONResponse
from typer.testing import Result

SHORT = {
    "realm": "934",
    "subject": "invoice/1/2/7",
    "code": "total",
    "sentence": "Invoice P-7: its total is $12.00, and should be $1,262.50.",
    "advice": "Bookkeeper: set it back in QuickBooks, or make the change at its source.",
    "off_cents": -125_050,
    "stake_cents": 125_050,
    "age_hours": 26.5,
}
DIFFERS = {
    "connection": "texas",
    "realm": "934",
    "ended_at": "2026-11-30T20:05:00+00:00",
    "complete_since": "2026-11-01T00:00:00+00:00",
    "live_from": "2026-10-01",
    "records": 1204,
    "time_zone": "America/Chicago",
    "open": 2,
    "stake_cents": 125_150,
    "off_cents": -125_050,
    "differences": [SHORT],
}
AGREES = DIFFERS | {
    "connection": "ohio",
    "open": 0,
    "stake_cents": 0,
    "off_cents": 0,
    "differences": [],
    "complete_since": None,
}


class Writer:
    """The writer's operator routes."""

    def __init__(self) -> None:
        self.says: list[dict[str, Any]] = [DIFFERS, AGREES]
        self.told: list[str] = []
        self.replayed = ["934/invoice/1/2/7"]

    async def answer(self, request: Request) -> JSONResponse:
        body = (await request.body()).decode()
        self.told.append(f"{request.method} {request.url.path} {body}".rstrip())
        if request.method == "POST":
            return JSONResponse({"replayed": self.replayed})
        only = request.query_params.get("connection")
        if only == "nowhere":
            return JSONResponse({"error": "unknown-connection", "detail": "nowhere was not compared."}, 404)
        return JSONResponse({"connections": [c for c in self.says if only in {None, c["connection"]}]})


@pytest.fixture
def writer() -> Writer:
    return Writer()


@pytest.fixture
async def state(writer: Writer, tmp_path: Path) -> AsyncIterator[Path]:
    async with answering(tmp_path, "qb-writer", writer.answer) as state:
        yield state


async def drift(state: Path, *arguments: str) -> Result:
    return await asked(state, "drift", *arguments)


def words(printed: str) -> str:
    """Return what a table says, whatever its lines were broken at: column by column."""
    rows = [line.split("│") for line in printed.splitlines() if "│" in line]
    return " ".join(
        " ".join(cell.strip() for cell in column if cell.strip()) for column in zip(*rows, strict=True)
    )


async def test_page_says_what_is_wrong_how_much_since_when_and_who_does_what(state: Path) -> None:
    done = await drift(state)
    assert (
        "texas: 2 differences, $1,251.50 at stake; in all QuickBooks says $1,250.50 too little" in done.stdout
    )
    assert "(1,204 records, compared Mon 30 Nov 14:05 CST)" in done.stdout
    said = words(done.stdout)
    for part in (SHORT["sentence"], SHORT["advice"], "invoice/1/2/7", "-$1,250.50", "26.5"):
        assert str(part) in said
    assert "… and 1 more, of less money." in done.stdout
    assert done.exit_code == 0


async def test_company_that_agrees_says_so_and_what_cannot_be_told_yet(state: Path) -> None:
    done = await drift(state, "ohio")
    assert "ohio: QuickBooks agrees" in done.stdout
    assert "still being read" in done.stdout
    assert "texas" not in done.stdout


@pytest.mark.parametrize(("arguments", "status"), [(["--check"], 3), (["ohio", "--check"], 0), ([], 0)])
async def test_check_tells_by_its_exit_status(state: Path, arguments: list[str], status: int) -> None:
    assert (await drift(state, *arguments)).exit_code == status


async def test_json_is_what_the_service_says(state: Path, writer: Writer) -> None:
    assert json.loads((await drift(state, "--json")).stdout) == writer.says


@pytest.mark.parametrize("key", ["invoice/1/2/7", "934/invoice/1/2/7"])
async def test_repair_asks_for_the_record_by_its_whole_key(state: Path, writer: Writer, key: str) -> None:
    done = await drift(state, "--repair", key)
    assert writer.told[-1] == 'POST /replay ["934/invoice/1/2/7"]'
    assert "looked at anew" in done.stdout


async def test_repair_of_what_no_record_owns_is_refused_with_what_to_do(state: Path, writer: Writer) -> None:
    writer.replayed = []
    done = await drift(state, "--repair", "quickbooks/Invoice/7")
    assert (done.exit_code, "set right in QuickBooks by hand" in done.output) == (1, True)


async def test_company_that_is_only_observed_is_not_said_to_agree(state: Path, writer: Writer) -> None:
    writer.says = [AGREES | {"live_from": None}]
    said = (await drift(state)).stdout
    assert "ohio: only observed" in said
    assert "`plumbline plan` compares" in said
    assert "agrees" not in said


async def test_nothing_compared_yet_is_no_agreement(state: Path, writer: Writer) -> None:
    writer.says = []
    assert "No company was compared yet" in (await drift(state)).stdout


async def test_connection_that_nobody_knows_is_a_failure(state: Path) -> None:
    done = await drift(state, "nowhere")
    assert (done.exit_code, done.stderr.strip()) == (
        1,
        "qb-writer: nowhere was not compared. [unknown-connection]",
    )
