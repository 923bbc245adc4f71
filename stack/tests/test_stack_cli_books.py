"""The operator's commands about going live, doing over and mailing again, against qb-writer's answers."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from stack_asked import answering, asked
from starlette.requests import Request
from starlette.responses import JSONResponse

PLAN = {
    "connection": "ohio",
    "live_from": None,
    "from": "2026-11-01",
    "totals": {
        "create": {"records": 14, "amount_cents": 18_240_000},
        "link": {"records": 2_000, "amount_cents": 123_456_789_01},
        "leave": {},
        "number-is-taken": {"records": 1, "amount_cents": -5},
        "refused": {},
        "nothing": {},
    },
    "records": [
        {
            "record": "invoice/1/2/3",
            "outcome": "create",
            "amount_cents": 120_000,
            "day": "2026-11-20",
            "number": "1042-7",
            "twin": None,
            "why": "QuickBooks has 1007 of the same amount",
        },
        {
            "record": "payment/1/2/3",
            "outcome": "create",
            "amount_cents": None,
            "day": "2026-11-21",
            "number": None,
            "twin": None,
            "why": "",
        },
        {
            "record": "invoice/1/2/4",
            "outcome": "link",
            "amount_cents": 5,
            "day": "2026-09-30",
            "number": "1041-1",
            "twin": "88",
            "why": "",
        },
    ],
}
NEXT = {
    "7/invoice/1": {"step": "update", "record": "invoice/1", "why": "lines, total: open, $5.00"},
    "7/invoice/2": {"step": "nothing", "record": "invoice/2", "why": "QuickBooks holds what it should"},
    "7/invoice/12": {"step": "ask", "record": "invoice/12", "why": "more-than-is-open: See whether."},
}


class Writer:
    """qb-writer's operator routes."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Any]] = []
        self.found = [*NEXT, "books/7"]

    async def answer(self, request: Request) -> JSONResponse:
        path = request.url.path
        body = await request.body()
        if request.method == "POST":
            self.told.append((path, json.loads(body) if body else None))
        if path.startswith("/next/"):
            return JSONResponse(NEXT[path.removeprefix("/next/")])
        if path == "/connections/nobody/plan":
            said = {"error": "unknown-connection", "detail": "No connection is called nobody; ask."}
            return JSONResponse(said, status_code=404)
        return JSONResponse(
            {
                "/connections/ohio/plan": PLAN,
                "/connections/texas/plan": {**PLAN, "connection": "texas", "live_from": "2026-11-01"},
                "/connections/ohio/go-live": {"from": "2026-11-01", "records": 2_014},
                "/connections/ohio/records": {"keys": self.found},
                "/records": {"keys": [key for key in self.found if request.query_params["find"] in key]}
                if path == "/records"
                else {},
            }.get(path, {})
        )


@pytest.fixture
def writer() -> Writer:
    return Writer()


@pytest.fixture
async def state(writer: Writer, tmp_path: Path) -> AsyncIterator[Path]:
    async with answering(tmp_path, "qb-writer", writer.answer) as state:
        yield state


async def test_plan_counts_every_outcome_with_its_money_and_lists_records(state: Path) -> None:
    result = await asked(state, "plan", "ohio", "--from", "2026-11-01")
    lines = [" ".join(line.replace("│", " ").split()) for line in result.output.splitlines()]
    assert "ohio only observes: nothing is written to its QuickBooks company." in lines
    assert "make in QuickBooks 14 $182,400.00" in lines
    assert "link with what is there 2,000 $123,456,789.01" in lines
    assert "ask: the number is another document's 1 -$0.05" in lines
    assert any(
        line.startswith("create invoice 3 1042-7 2026-11-20 $1,200.00 QuickBooks has 1007") for line in lines
    )
    assert "link invoice 4 1041-1 2026-09-30 $0.05 transaction 88" in lines
    assert "To begin: plumbline go-live ohio --from 2026-11-01" in lines
    assert result.exit_code == 0


async def test_plan_of_a_company_that_is_live_says_so_and_no_more(state: Path) -> None:
    result = await asked(state, "plan", "texas")
    assert result.output == "texas is live, from 2026-11-01 on; `plumbline drift texas` compares its books.\n"


async def test_plan_as_json_is_what_the_service_said(state: Path) -> None:
    result = await asked(state, "plan", "ohio", "--json")
    assert json.loads(result.output) == PLAN


async def test_refusal_of_the_service_is_shown_and_is_a_failure(state: Path) -> None:
    result = await asked(state, "plan", "nobody")
    assert (result.exit_code, result.output) == (
        1,
        "qb-writer: No connection is called nobody; ask. [unknown-connection]\n",
    )


async def test_going_live_tells_the_day_and_how_many_go_on(state: Path, writer: Writer) -> None:
    result = await asked(state, "go-live", "ohio", "--from", "2026-11-01")
    assert result.output == "ohio is live from 2026-11-01 on; 2014 records go on.\n"
    assert writer.told == [("/connections/ohio/go-live", {"from": "2026-11-01"})]


async def test_going_live_needs_a_day(state: Path, writer: Writer) -> None:
    assert (await asked(state, "go-live", "ohio")).exit_code == 2
    assert writer.told == []


async def test_dry_replay_tells_what_would_change_and_asks_for_nothing(state: Path, writer: Writer) -> None:
    result = await asked(state, "replay", "--connection", "ohio", "--dry-run")
    assert "would update  invoice/1\n              lines, total: open, $5.00" in result.output
    assert "would ask     invoice/12" in result.output
    assert (
        "3 records: 1 would ask, 1 would update, 1 are as they should be. Nothing was written."
        in result.output
    )
    assert writer.told == []


async def test_replay_names_records_of_the_books_alone(state: Path, writer: Writer) -> None:
    result = await asked(state, "replay", "7")
    assert result.output.startswith("3 records are compared once more")
    assert writer.told == [("/replay", list(NEXT))]


@pytest.mark.parametrize("arguments", [[], ["7", "--connection", "ohio"]])
async def test_replay_needs_a_record_or_a_connection_and_not_both(state: Path, arguments: list[str]) -> None:
    assert (await asked(state, "replay", *arguments)).exit_code == 2


async def test_mailing_again_takes_the_one_record_that_is_meant(state: Path, writer: Writer) -> None:
    several = await asked(state, "resend", "invoice/1")
    assert several.exit_code == 1
    assert several.output.startswith("Which one? 2 records have invoice/1 in their keys.\n  7/invoice/1\n")
    assert (await asked(state, "resend", "7/invoice/1")).exit_code == 0
    assert (await asked(state, "resend", "invoice/2")).exit_code == 0
    assert [path for path, _ in writer.told] == ["/resend/7/invoice/1", "/resend/7/invoice/2"]
