"""Sheets that are printed on order: kept, decided and dispatched like any paper, and handed out with their tags."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

import httpx
import pytest
from papers_lab import COMPANY, CONNECTION, PAYABLE, PROJECT, VENDOR, Bench, FakeReader, FakeRecogniser, bench
from pydantic import SecretStr
from safe_lab import whole
from starlette.applications import Starlette
from templates_lab import FIRM, FOLDER, FORMS
from typer.testing import CliRunner
from typing_extensions import override

from plumbline.common.operator import operator_app
from plumbline.common.process import serving
from plumbline.common.testing.database import rows
from plumbline.compliance.adapters.printing import SheetPrinter
from plumbline.compliance.adapters.reading.isolation import IsolatedReader
from plumbline.compliance.adapters.rendering import Press
from plumbline.compliance.adapters.safe.links import LIFE_MAX
from plumbline.compliance.adapters.safe.opening import OpenSafe
from plumbline.compliance.adapters.tagging import tags_of
from plumbline.compliance.domain.content import PaperContent
from plumbline.compliance.domain.recognised import Recognised
from plumbline.compliance.domain.recognising.recognition import recognise
from plumbline.compliance.domain.statutory import Form
from plumbline.compliance.domain.tags import ROOM_BYTES
from plumbline.compliance.safe_routes import routes as safe_routes
from plumbline.compliance.sheet_routes import SHEETS_AT_ONCE, SheetRoutes
from plumbline.stack.cli.main import app as command
from plumbline.stack.runners.state import ADDRESSES_FILE

SAMPLES = {path.stem: json.loads(path.read_bytes()) for path in (FOLDER / "base" / "samples").glob("*.json")}
WEEK = SAMPLES["timesheet"][0]
WHY = {"who": "ana", "why": "a test"}
SIGNED = {"signature": "Ana Ruiz", "title": "President", "date": "November 3, 2026"}


@dataclass
class RealReader(FakeReader):
    """Reads PDFs as the service does; what is none, as the fake does."""

    reader: IsolatedReader | None = None

    @override
    async def read(self, content: bytes) -> PaperContent:
        if not content.startswith(b"%PDF"):
            return await super().read(content)
        assert self.reader is not None
        return await self.reader.read(content)


@dataclass
class RealRecogniser(FakeRecogniser):
    """Recognises what was read from a PDF as the service does."""

    @override
    def __call__(self, content: PaperContent, forms: Iterable[Form]) -> Recognised:
        return super().__call__(content, forms) if content.title in self.known else recognise(content, forms)


@dataclass
class Office:
    """A bench with a press, the safe's doors, and a client of both."""

    lab: Bench
    press: Press
    safe: OpenSafe
    sheets: SheetRoutes
    http: httpx.AsyncClient

    async def print(self, kind: str, data: dict[str, Any], **change: Any) -> httpx.Response:
        order = {
            "kind": kind, "project_id": PROJECT, "vendor_id": VENDOR, "data": data, "day": data.get("made_on", "2026-11-03"),
            **WHY, **change,
        }  # fmt: skip
        return await self.http.post(f"/sheets/{CONNECTION}", json=order)

    async def waiver(self, **change: Any) -> str:
        """Print a signed waiver, and work it."""
        data = {**SAMPLES["waiver"][0], **SIGNED, **change}
        answer = await self.print("waiver", data, payable=PAYABLE)
        assert answer.status_code == 201, answer.text
        await self.lab.settle()
        return str(answer.json()["document"])

    async def kept(self, document: str) -> bytes:
        return await self.lab.safe.get(CONNECTION, document, who="ana", why="to compare")

    async def through_doors(self, document: str) -> list[bytes]:
        """Bring a paper out by the operators' route, a link and the view."""
        one = f"/safe/papers/{CONNECTION}/{document}"
        made = await self.http.post(f"{one}/links", json=WHY)
        ways = [
            await self.http.get(one, params=WHY),
            await self.http.get(made.json()["path"]),
            (await self.seen(document))[2],
        ]
        assert [way.status_code for way in ways] == [200, 200, 200]
        return [way.content for way in ways]

    async def seen(self, document: str) -> tuple[dict[str, str], httpx.Response, httpx.Response]:
        """Return what the view lists of a paper, and how it answers HEAD and GET."""
        password = await self.safe.view_passwords.make(CONNECTION, who="ana", why="a test", life=LIFE_MAX)
        secret = base64.b64encode(f"ana:{password.get_secret_value()}".encode()).decode()
        [place] = await rows(self.lab.pool, "SELECT * FROM safe_places WHERE document = $1 LIMIT 1", document)
        path = quote(f"/view/{place['folder']}/{place['name']}")
        headers = {"authorization": f"Basic {secret}", "depth": "0"}
        found = await self.http.request("PROPFIND", path, headers=headers)
        names = ("getcontentlength", "getetag")
        listed = {
            name: next(ET.fromstring(found.content).iter(f"{{DAV:}}{name}")).text or "" for name in names
        }
        return (
            listed,
            await self.http.head(path, headers=headers),
            await self.http.get(path, headers=headers),
        )


@asynccontextmanager
async def opened(lab: Bench, press: Press) -> AsyncIterator[Office]:
    safe = whole(lab.safe._objects, lab.safe._keys, lab.pool, lab.clock)
    printer = SheetPrinter(FOLDER, press, tuple(FORMS.values()))
    sheets = SheetRoutes(connections=lab.connections, printer=printer, intake=lab.intake, safe=safe.papers)
    app = Starlette(routes=[*sheets.routes(), *safe_routes(safe, {one.name for one in lab.connections})])
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://compliance.test") as http:
        yield Office(lab, press, safe, sheets, http)


@pytest.fixture
async def office(database_url: str, tmp_path: Path) -> AsyncIterator[Office]:
    async with bench(database_url, tmp_path) as lab, Press() as press, opened(lab, press) as made:
        lab.recogniser = RealRecogniser()
        lab.recogniser.teach("licence", "licence-tx-hvac")
        yield made


async def test_a_printed_waiver_reaches_its_desk_and_leaves_with_its_tags(office: Office) -> None:
    async with IsolatedReader() as reader:
        office.lab.reader = RealReader(reader=reader)
        await office.lab.take("licence")
        await office.lab.settle()
        document = await office.waiver()

    paper = await office.lab.document(document)
    assert (paper.source, paper.kind, paper.state, paper.payable) == (
        "made", "lien_waiver.conditional_progress", "dispatched", PAYABLE,
    )  # fmt: skip
    [ticket] = [one for one in await office.lab.tickets() if one.document == document]
    kept = await office.kept(document)
    copies = await office.through_doors(document)
    assert {len(copy) for copy in copies} == {len(kept) + ROOM_BYTES}
    assert copies[0] == copies[1] == copies[2] != kept
    said = tags_of(copies[0])
    tags = (
        "region:us-tx", "trade:hvac", "kind:lien_waiver.conditional_progress", f"ticket:{ticket.ticket}", "dispatch_ready",
    )  # fmt: skip
    assert tuple(said["Info"][-5:]) == tuple(said["pdf:Keywords"][-5:]) == tags
    assert set(tags) < set(said["dc:subject"])
    assert not set(tags) & set(tags_of(kept)["Info"])
    # What is kept is still what its id says: the safe compares both whenever it opens a paper.
    assert (await office.safe.rounds.scrub(10)).spoiled == ()
    logged = await rows(
        office.lab.pool,
        "SELECT who, why FROM safe_accesses WHERE document = $1 AND action = 'print'",
        document,
    )
    assert [dict(row) for row in logged] == [WHY]


async def recognised(office: Office, document: str) -> None:
    """Let a paper be read by people, as it is once its loop has scanned and recognised it."""
    await office.lab.safe.scanned(CONNECTION, document, found=None, who="compliance")
    await rows(office.lab.pool, "UPDATE documents SET state = 'extracted' WHERE document = $1", document)


async def test_the_view_tells_size_and_version_of_the_copy_that_it_hands_out(office: Office) -> None:
    office.lab.scanner.finds = b"nothing of the kind"
    answer = await office.print("timesheet", WEEK)
    document = answer.json()["document"]
    await recognised(office, document)

    before, head, got = await office.seen(document)
    assert (
        int(before["getcontentlength"])
        == int(head.headers["content-length"])
        == len(got.content)
        == int(got.headers["content-length"])
    )
    assert before["getetag"] == head.headers["etag"] == got.headers["etag"] == f'"{document}-0"'
    await rows(
        office.lab.pool, "UPDATE documents SET kind = 'timesheet', version = 1 WHERE document = $1", document
    )
    after, _, changed = await office.seen(document)

    assert after["getetag"] == changed.headers["etag"] == f'"{document}-1"'
    assert int(after["getcontentlength"]) == len(changed.content) == len(got.content)
    assert "kind:timesheet" in tags_of(changed.content)["Info"]


async def test_a_received_paper_leaves_byte_for_byte_even_if_it_says_that_it_is_ours(office: Office) -> None:
    printed = (await office.print("timesheet", WEEK)).json()["document"]
    await recognised(office, printed)
    copy = (await office.through_doors(printed))[0]
    receipt = await office.lab.take("came back", content=copy)  # a copy of ours, that somebody sends in again
    await recognised(office, receipt.document)

    assert receipt.document != printed
    assert await office.through_doors(receipt.document) == [copy, copy, copy]
    listed, head, _ = await office.seen(receipt.document)
    assert listed == {"getcontentlength": str(len(copy)), "getetag": f'"{receipt.document}"'}
    assert head.headers["content-length"] == str(len(copy))


async def test_the_same_order_twice_is_one_document(office: Office) -> None:
    order = "daily_report", SAMPLES["daily_report"][0]
    first, again = await office.print(*order), await office.print(*order)
    async with Press() as other, opened(office.lab, other) as replica:
        elsewhere = await replica.print(*order)

    assert [one.status_code for one in (first, again, elsewhere)] == [201, 200, 200]
    assert first.json() == again.json() == elsewhere.json()
    assert len(await rows(office.lab.pool, "SELECT 1 FROM documents")) == 1
    assert len(await office.lab.told("documents.received.v1")) == 1


@pytest.mark.parametrize("after", ["print", "keep"])
async def test_killed_between_printing_and_taking_in_the_order_is_repeated(
    office: Office, after: str
) -> None:
    class Killed(BaseException):
        pass

    async def dies(*_: object, **__: object) -> None:
        raise Killed

    target, method = (
        (office.lab.safe, "put") if after == "print" else (office.sheets._intake._inbox, "receive")
    )
    office.sheets._intake._safe = office.lab.safe
    setattr(target, method, dies)
    with pytest.raises(Killed):
        await office.print("timesheet", WEEK)
    delattr(target, method)
    assert await rows(office.lab.pool, "SELECT 1 FROM documents") == []

    answer = await office.print("timesheet", WEEK)

    assert answer.status_code == 201
    assert len(await rows(office.lab.pool, "SELECT 1 FROM safe_papers")) == 1


REFUSED: list[tuple[str, dict[str, Any], dict[str, str], int, str, str]] = [
    ("wedding_card", WEEK, {}, 422, "unknown-sheet", "timesheet"),
    ("../timesheet", WEEK, {}, 422, "unknown-sheet", "timesheet"),
    ("timesheet", {**WEEK, "rate_cents": -1}, {}, 422, "unfit-sheet", "rate_cents"),
    ("timesheet", {**WEEK, "pay": 1}, {}, 422, "unfit-sheet", "pay"),
    ("timesheet", {**WEEK, "days": WEEK["days"][:6]}, {}, 422, "unfit-sheet", "days"),
    ("timesheet", WEEK, {"day": "2026-11-10"}, 422, "unfit-sheet", "made_on"),
    ("timesheet", WEEK, {"day": "yesterday"}, 422, "unfit-order", "day"),
    ("timesheet", WEEK, {"firm": "../../etc"}, 422, "unfit-order", "firm"),
    ("timesheet", WEEK, {"firm": "nobody"}, 422, "unknown-firm", "firm"),
    ("timesheet", WEEK, {"why": " "}, 422, "unfit-order", "why"),
    ("timesheet", WEEK, {"project_id": "9999"}, 422, "unknown-place", "9999"),
    ("timesheet", WEEK, {"payable": "payable/1/1/requisition/1"}, 422, "unknown-place", "payable"),
    ("daily_report", SAMPLES["daily_report"][0], {"firm": FIRM}, 422, "unfit-sheet", "must be filled in"),
    ("waiver", {**SAMPLES["waiver"][0], "extent": "releases all claims"}, {}, 422, "unfit-waiver", "53.284"),
    ("timesheet", {**WEEK, "employee": "x" * 1_100_000}, {}, 413, "too-large", "at most"),
]  # fmt: skip


async def test_an_order_that_cannot_be_printed_is_refused_and_nothing_is_kept(office: Office) -> None:
    for kind, data, change, status, code, says in REFUSED:
        answer = await office.print(kind, data, **change)

        assert (answer.status_code, answer.json()["error"]) == (status, code), answer.text
        assert says in answer.json()["detail"]
    assert await rows(office.lab.pool, "SELECT 1 FROM safe_papers") == []


async def test_what_is_no_order_is_refused(office: Office) -> None:
    for body in (b"", b"[]", b'{"kind": 1}', b"[" * 5000, b'"\\ud800"', b"\xff"):
        answer = await office.http.post(f"/sheets/{CONNECTION}", content=body)

        assert (answer.status_code, answer.json()["error"]) == (422, "unfit-order"), body


async def test_markup_in_data_is_printed_as_words(office: Office) -> None:
    hostile = '#panic("x") #read("/etc/passwd") \u202e</w:t> $ \\ ` "'
    answer = await office.print("timesheet", {**WEEK, "employee": hostile})

    assert answer.status_code == 201
    assert b"root:" not in await office.lab.safe.read(
        CONNECTION, answer.json()["document"], who="ana", why="quarantine"
    )


async def test_what_no_font_shows_is_refused_with_its_reason(office: Office) -> None:
    answer = await office.print("timesheet", {**WEEK, "employee": "Luis\x00Ortega"})

    assert (answer.status_code, answer.json()["error"]) == (409, "template-failed")
    assert "could not be displayed" in answer.json()["detail"]


async def test_only_so_many_sheets_wait_for_the_press(office: Office) -> None:
    for _ in range(SHEETS_AT_ONCE):
        await office.sheets._places.acquire()
    busy = await office.print("timesheet", WEEK)
    office.sheets._places.release()

    assert (busy.status_code, busy.json()["error"]) == (503, "busy")
    assert (await office.print("timesheet", WEEK)).status_code == 201
    assert (await rows(office.lab.pool, "SELECT company_id FROM documents"))[0]["company_id"] == COMPANY


async def test_the_command_prints_a_sheet_and_tells_its_document(office: Office, tmp_path: Path) -> None:
    file = tmp_path / "week.json"
    file.write_text(json.dumps(WEEK))
    token = tmp_path / "token"
    token.write_text("right")
    argv = [
        "papers", "print", "timesheet", "--connection", CONNECTION, "--project", PROJECT, "--data", str(file),
        "--day", WEEK["made_on"], "--who", "ana", "--why", "a test", "--state", str(tmp_path),
    ]  # fmt: skip
    app = operator_app(
        service="compliance", token=SecretStr("right"), ready=lambda: None, routes=office.sheets.routes()
    )
    async with serving(app, host="127.0.0.1", port=0) as port:
        known = {"services": {"compliance": f"http://127.0.0.1:{port}"}, "operator_token_file": str(token)}
        (tmp_path / ADDRESSES_FILE).write_text(json.dumps(known))
        printed = await asyncio.to_thread(CliRunner().invoke, command, argv)
        refused = await asyncio.to_thread(CliRunner().invoke, command, [*argv, "--firm", "nobody"])

    [row] = await rows(office.lab.pool, "SELECT document FROM documents")
    assert (printed.exit_code, row["document"] in printed.output) == (0, True), printed.output
    assert (refused.exit_code, "firm" in refused.output) == (1, True)
