"""`plumbline payables`, as a project accountant uses it."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from stack_asked import answering, asked
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from typer.testing import Result

KEY = "payable/4001/1001/requisition/7001"
WAIVER = {
    "code": "lien-waiver",
    "policy": "block",
    "state": "missing",
    "by_whom": "Hill Country",
    "due_on": "2026-11-10",
    "sentence": "Hill Country has sent none.",
}
HELD = {
    "payable": KEY,
    "state": "held",
    "payee": "Hill Country",
    "amount_cents": 2070450,
    "sentence": "Do not pay.",
    "requirements": [WAIVER],
    "story": ["Invoice 1, $20,704.50.", "Do not pay."],
    "escrow": [{"document": "ab" * 32, "since": "2026-11-20T10:00:01.5Z", "released_at": None}],
}
OVERRIDES = [
    {
        "id": "id-1",
        "connection": "texas",
        "payable": None,
        "project_id": "1001",
        "vendor_id": "88",
        "code": "w9",
        "reason": "seen the original",
        "by": "Dana",
        "until": "2026-12-05",
    },
    {
        "id": "id-2",
        "connection": "texas",
        "payable": KEY,
        "project_id": None,
        "vendor_id": None,
        "code": "lien-waiver",
        "reason": "the owner pays it",
        "by": "Robin",
        "until": "2026-12-06",
    },
]


class Compliance:
    """Compliance's operator routes."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, Any]] = []
        self.payables = [HELD]
        self.fails = False

    async def answer(self, request: Request) -> Response:
        if self.fails:
            return PlainTextResponse("Internal Server Error", 500)
        body = await request.body()
        target = f"{request.url.path}?{request.url.query}".rstrip("?")
        self.told.append((request.method, target, json.loads(body) if body else None))
        match request.method, request.url.path:
            case "GET", "/payables":
                return JSONResponse({"payables": self.payables})
            case "GET", "/gate/overrides":
                return JSONResponse({"overrides": OVERRIDES})
            case "GET", "/gate/outlook":
                return JSONResponse(
                    {"vendor": "Hill Country", "billed_through": "2026-11-30", "requirements": [WAIVER]}
                )
            case "GET", _:
                return JSONResponse(HELD)
            case "POST", path if path.endswith("/settlement"):
                return JSONResponse(json.loads(body))
            case "POST", path if path.endswith("/withdraw"):
                return JSONResponse({"payables": [KEY]})
            case _ if json.loads(body)["reason"] == "short":
                detail = {"error": "override-needs-a-reason", "detail": "say why"}
                return JSONResponse(detail, 409)
            case _:
                return JSONResponse({"override": {"id": "id-1"}, "payables": [KEY]})


@pytest.fixture
def compliance() -> Compliance:
    return Compliance()


@pytest.fixture
async def state(compliance: Compliance, tmp_path: Path) -> AsyncIterator[Path]:
    async with answering(tmp_path, "compliance", compliance.answer) as state:
        yield state


async def payables(state: Path, *arguments: str) -> Result:
    return await asked(state, "payables", *arguments)


async def test_what_is_held_is_listed_with_the_money(state: Path, compliance: Compliance) -> None:
    done = await payables(state, "ls", "--in", "held", "--connection", "texas")
    assert "$20,704.50" in done.stdout
    assert compliance.told == [("GET", "/payables?state=held&connection=texas", None)]


async def test_one_is_told_with_what_it_needs_and_what_is_in_escrow(state: Path) -> None:
    done = await payables(state, "show", KEY)
    assert done.stdout.startswith("Invoice 1, $20,704.50.\nDo not pay.\n")
    assert "lien-waiver" in done.stdout
    assert f"In escrow since 2026-11-20 10:00 UTC: {'ab' * 32}; nobody reads it yet." in done.stdout


async def test_what_people_let_pass_is_listed_with_what_takes_it_back(state: Path) -> None:
    done = await payables(state, "overrides", "--connection", "texas")
    assert done.stdout == (
        "id-1\n"
        "  w9  vendor 88 of texas on project 1001  until 2026-12-05\n"
        "  Dana: seen the original\n"
        "id-2\n"
        f"  lien-waiver  {KEY}  until 2026-12-06\n"
        "  Robin: the owner pays it\n"
    )


async def test_an_empty_list_is_said_so(state: Path, compliance: Compliance) -> None:
    compliance.payables = []
    assert (await payables(state, "ls")).stdout == "There is none.\n"


async def test_what_fails_without_a_sentence_of_ours_is_said_in_one(
    state: Path, compliance: Compliance
) -> None:
    compliance.fails = True
    done = await payables(state, "ls")
    assert (done.exit_code, done.stderr) == (1, "compliance: It failed, and its log says why. [status 500]\n")


async def test_the_outlook_is_asked_for_a_vendor_on_a_project(state: Path, compliance: Compliance) -> None:
    done = await payables(state, "outlook", "texas", "1001", "88")
    assert "The next invoice of Hill Country, billed through 2026-11-30, needs:" in done.stdout
    assert compliance.told[0][1] == "/gate/outlook?connection=texas&project=1001&vendor=88"


async def test_words_of_people_and_the_bank_are_passed_on(state: Path, compliance: Compliance) -> None:
    said = ["--reason", "seen the original", "--by", "Dana", "--until", "2026-12-05"]
    passed = await payables(state, "override", "w9", *said, "--payable", KEY)
    back = await payables(state, "withdraw", "id-1", "--by", "Robin")
    money = ["--reference", "ACH 1", "--on", "2026-11-25", "--cents", "2070450"]
    settled = await payables(state, "settle", KEY, *money)
    refused = await payables(
        state, "override", "w9", "--reason", "short", "--by", "D", "--until", "2026-12-05", "--payable", KEY
    )

    assert "w9 is let pass until 2026-12-05" in passed.stdout
    assert back.exit_code == 0
    assert settled.stdout == "$20,704.50 arrived on 2026-11-25 (ACH 1).\n"
    assert (refused.exit_code, "say why [override-needs-a-reason]" in refused.output) == (1, True)
    assert compliance.told[2][2] == {
        "reference": "ACH 1",
        "settled_on": "2026-11-25",
        "amount_cents": 2070450,
    }
