"""`plumbline papers`, as people at the review queue use it."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from stack_asked import answering, asked
from starlette.requests import Request
from starlette.responses import JSONResponse
from typer.testing import Result

DOCUMENT = "ab" * 32
WORDS = {"rule": "TX-LW-02-words", "outcome": "review", "sentence": "One word is not the form's."}
PAPER = {
    "document": DOCUMENT,
    "file_name": "waiver.pdf",
    "kind": "lien_waiver.conditional_progress",
    "state": "needs_review",
    "received_at": "2026-11-30T05:00:00+00:00",
    "problem": None,
    "decisions": json.dumps([{"rule": "TX-LW-01", "outcome": "pass", "sentence": "In order."}, WORDS]),
}
UNKNOWN = {**PAPER, "kind": None, "problem": "Nothing tells what kind of paper it is.", "decisions": "[]"}
REFUSED = {
    "connection": "texas",
    "source_record": "folder/texas/1/a.docx",
    "code": "unknown-type",
    "sentence": "Send it as a PDF.",
    "found_at": "2026-11-30T05:00:00+00:00",
}


class Compliance:
    """Compliance's operator routes."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, bytes]] = []
        self.equal = True

    async def answer(self, request: Request) -> JSONResponse:
        target = f"{request.url.path}?{request.url.query}".rstrip("?")
        self.told.append((request.method, target, await request.body()))
        path = request.url.path
        known: dict[str, Any] = {
            "/papers": {"papers": [PAPER, UNKNOWN]},
            "/papers/refused": {"refused": [REFUSED]},
            f"/papers/{DOCUMENT}": {"story": ["It came from Procore.", "One word is not the form's."]},
            f"/papers/{DOCUMENT}/decisions": {
                "decisions": [{"version": 1, "sentence": "It comes out the same.", "equal": self.equal}]
            },
            f"/papers/{DOCUMENT}/acknowledge": {"ticket": "cd" * 32},
        }
        if path == "/papers/nobodys":
            return JSONResponse(
                {"error": "unknown-connection", "detail": "There is no such connection."}, 404
            )
        return JSONResponse(known.get(path, {"document": DOCUMENT}))


@pytest.fixture
def compliance() -> Compliance:
    return Compliance()


@pytest.fixture
async def state(compliance: Compliance, tmp_path: Path) -> AsyncIterator[Path]:
    async with answering(tmp_path, "compliance", compliance.answer) as state:
        yield state


async def run(state: Path, *arguments: str) -> Result:
    return await asked(state, "papers", *arguments)


async def test_the_list_says_what_stands_in_the_way_of_each(state: Path, compliance: Compliance) -> None:
    told = await run(state, "ls", "--in", "needs_review", "--connection", "texas")
    assert told.exit_code == 0
    assert "One word is not the form's." in told.output
    assert "In order." not in told.output
    assert "Nothing tells what kind of paper it is." in told.output
    assert compliance.told == [("GET", "/papers?state=needs_review&connection=texas", b"")]


async def test_the_story_is_told_in_sentences(state: Path) -> None:
    told = await run(state, "show", DOCUMENT)
    assert told.output.splitlines() == ["It came from Procore.", "One word is not the form's."]


async def test_a_file_is_handed_in_as_it_is(state: Path, compliance: Compliance, tmp_path: Path) -> None:
    file = tmp_path / "a waiver.pdf"
    file.write_bytes(b"%PDF-1.7 \xff")
    told = await run(state, "upload", str(file), "--connection", "texas", "--project", "1", "--vendor", "9")
    assert told.exit_code == 0
    assert DOCUMENT in told.output
    sent = ("POST", "/papers/texas?file_name=a+waiver.pdf&project=1&vendor=9", b"%PDF-1.7 \xff")
    assert compliance.told == [sent]


async def test_what_is_refused_is_said_with_its_sentence(state: Path, tmp_path: Path) -> None:
    file = tmp_path / "waiver.pdf"
    file.write_bytes(b"%PDF")
    told = await run(state, "upload", str(file), "--connection", "nobodys")
    assert told.exit_code == 1
    assert "compliance: There is no such connection. [unknown-connection]" in told.output


async def test_a_persons_word_goes_out_whole(state: Path, compliance: Compliance) -> None:
    given = (
        "--by",
        "ana",
        "--why",
        "the original",
        "--kind",
        "w9",
        "--field",
        "name=Lone Star = Air",
        "--accept",
        "W9-07",
    )
    told = await run(state, "review", DOCUMENT, *given)
    assert told.exit_code == 0
    ((method, path, body),) = compliance.told
    assert (method, path) == ("POST", f"/papers/{DOCUMENT}/review")
    said = json.loads(body)
    assert (said["by"], said["kind"], said["accepts"]) == ("ana", "w9", ["W9-07"])
    assert said["fields"] == {"name": "Lone Star = Air"}


async def test_a_field_without_a_value_is_not_sent(state: Path, compliance: Compliance) -> None:
    told = await run(state, "review", DOCUMENT, "--by", "ana", "--why", "x", "--field", "name")
    assert told.exit_code == 2
    assert "NAME=VALUE" in told.output
    assert compliance.told == []


async def test_a_sheet_is_printed_from_its_data(state: Path, compliance: Compliance, tmp_path: Path) -> None:
    data = tmp_path / "data.json"
    data.write_text('{"notes": "dry"}')
    where = (
        "--connection",
        "texas",
        "--project",
        "1",
        "--day",
        "2026-11-30",
        "--who",
        "ana",
        "--why",
        "weekly",
    )
    told = await run(state, "print", "daily_report", "--data", str(data), *where)
    assert told.exit_code == 0
    ((method, path, body),) = compliance.told
    assert (method, path) == ("POST", "/sheets/texas")
    assert json.loads(body)["data"] == {"notes": "dry"}
    data.write_text("{")
    assert (await run(state, "print", "daily_report", "--data", str(data), *where)).exit_code == 2


async def test_a_desk_is_acknowledged_for_and_refusals_are_listed(state: Path) -> None:
    assert "cdcdcdcdcdcd is acknowledged by ana" in (await run(state, "ack", DOCUMENT, "--by", "ana")).output
    assert "Send it as a PDF." in (await run(state, "refused", "--connection", "texas")).output


@pytest.mark.parametrize(("equal", "code"), [(True, 0), (False, 1)])
async def test_a_replay_that_comes_out_other_ends_with_1(
    state: Path, compliance: Compliance, *, equal: bool, code: int
) -> None:
    compliance.equal = equal
    assert (await run(state, "replay", DOCUMENT)).exit_code == code
