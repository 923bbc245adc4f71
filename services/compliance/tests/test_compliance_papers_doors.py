"""The doors of compliance: uploads, people's words, desks that acknowledge, Procore's events, the watched folder."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from papers_lab import CANARY, COMPANY, CONNECTION, PAYABLE, PROJECT, VENDOR, Bench, bench
from starlette.applications import Starlette

from plumbline.common.contracts.documents import DispatchAcknowledged
from plumbline.common.contracts.procore import ProcoreChanged
from plumbline.common.database import transaction
from plumbline.common.edge import Received
from plumbline.common.testing.database import rows
from plumbline.compliance.adapters.cel import CelEngine
from plumbline.compliance.adapters.folder import WatchedFolder
from plumbline.compliance.bounds import BODY_BYTES_MAX
from plumbline.compliance.domain.rules.rule_set import RuleSet
from plumbline.compliance.handlers import acknowledging, recording
from plumbline.compliance.ports.surroundings import Firm
from plumbline.compliance.routes import UPLOADS_AT_ONCE, PaperRoutes

WAIVER = b"waiver"
PLACE = {"project": PROJECT, "vendor": VENDOR, "payable": PAYABLE, "file_name": "waiver.pdf"}


class Doors:
    """A bench with its doors."""

    def __init__(self, lab: Bench) -> None:
        self.lab = lab
        self.reviewing = lab.reviewing
        self.routes = PaperRoutes(connections=lab.connections, intake=lab.intake, reviewing=self.reviewing)
        app = Starlette(routes=self.routes.routes())
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://compliance.test")

    async def upload(self, content: bytes = WAIVER, **change: str) -> httpx.Response:
        return await self.http.post(f"/papers/{CONNECTION}", content=content, params={**PLACE, **change})

    async def review(self, document: str, **said: Any) -> httpx.Response:
        body = {"by": "Ana Ruiz", "why": "I read it", **said}
        return await self.http.post(f"/papers/{document}/review", json=body)

    async def acknowledged(self, ticket: str, by: str = "dispatcher") -> None:
        said = DispatchAcknowledged(
            ticket=ticket, project_id=PROJECT, desk="hvac", by=by, at=self.lab.clock.now()
        )
        async with transaction(self.lab.pool) as database:
            await acknowledging(self.lab.clock)(database, [Received(said, f"ack {ticket}", None)])


@pytest.fixture
async def doors(database_url: str, tmp_path: Path) -> AsyncIterator[Doors]:
    async with bench(database_url, tmp_path) as lab:
        lab.recogniser.teach("waiver", "tx-conditional-progress")
        lab.recogniser.teach("licence", "licence-tx-hvac")
        made = Doors(lab)
        async with made.http:
            yield made


async def test_an_upload_is_answered_once_it_is_stored_and_a_repeated_one_is_the_same(doors: Doors) -> None:
    first = await doors.upload()
    again = await doors.upload()
    elsewhere = await doors.upload(file_name="other.pdf")
    as_form = await doors.http.post(
        f"/papers/{CONNECTION}", files={"file": ("licence.pdf", b"licence", "application/pdf")}, params=PLACE
    )

    assert (first.status_code, again.status_code, again.json()) == (201, 200, first.json())
    assert (elsewhere.status_code, elsewhere.json()["error"]) == (409, "duplicate-document")
    assert elsewhere.json()["document"] == first.json()["document"]
    assert f"uploads/{PROJECT}/waiver.pdf" in elsewhere.json()["detail"]
    assert as_form.status_code == 201
    await doors.lab.settle()
    assert (await doors.lab.document(first.json()["document"])).vendor_id == VENDOR


@pytest.mark.parametrize(
    ("content", "change", "status", "code"),
    [
        (b"x" * (25 * 1024 * 1024 + 70_000), {}, 413, "too-large"),
        (b"MZ a program", {}, 415, "unknown-type"),
        (b"", {}, 422, "empty"),
        (WAIVER, {"project": "9999", "payable": ""}, 422, "unknown-place"),
        (WAIVER, {"payable": f"payable/{COMPANY}/9999/requisition/1"}, 422, "unknown-place"),
    ],
    ids=["large", "program", "empty", "project", "payable"],
)
async def test_an_upload_of_no_use_is_refused_with_a_stable_code(
    doors: Doors, content: bytes, change: dict[str, str], status: int, code: str
) -> None:
    answer = await doors.upload(content, **change)

    assert (answer.status_code, answer.json()["error"]) == (status, code)
    assert len(answer.json()["detail"]) > 20
    assert await rows(doors.lab.pool, "SELECT 1 FROM documents") == []


async def test_a_word_about_a_paper_is_read_no_further_than_a_word_goes(doors: Doors) -> None:
    document = (await doors.upload()).json()["document"]
    for verb in ("review", "acknowledge"):
        large = await doors.http.post(f"/papers/{document}/{verb}", content=b" " * (BODY_BYTES_MAX + 1))
        assert (large.status_code, large.json()["error"]) == (413, "too-large")


async def test_a_form_without_a_file_and_an_unknown_connection_are_refused(doors: Doors) -> None:
    boundary = {"content-type": "multipart/form-data"}
    malformed = await doors.http.post(f"/papers/{CONNECTION}", content=b"nothing", headers=boundary)
    empty = await doors.http.post(f"/papers/{CONNECTION}", files={"other": ("a", b"b")})
    nowhere = await doors.http.post("/papers/utah", content=WAIVER)

    assert [(one.status_code, one.json()["error"]) for one in (malformed, empty, nowhere)] == [
        (400, "not-an-upload"),
        (400, "not-an-upload"),
        (404, "unknown-connection"),
    ]


async def test_only_so_many_uploads_are_held_at_once(doors: Doors) -> None:
    places = [await doors.routes._places.acquire() for _ in range(UPLOADS_AT_ONCE)]
    busy = await doors.upload()
    doors.routes._places.release()

    assert len(places) == UPLOADS_AT_ONCE
    assert (busy.status_code, busy.json()["error"]) == (503, "busy")
    assert (await doors.upload()).status_code == 201


async def test_an_upload_while_the_safe_is_away_is_to_be_repeated(doors: Doors) -> None:
    doors.lab.safe.is_away = True
    refused = await doors.upload()
    doors.lab.safe.is_away = False

    assert (refused.status_code, refused.json()["error"]) == (503, "safe-unavailable")
    assert (await doors.upload()).status_code == 201


async def test_two_uploads_of_one_paper_at_one_moment_are_one_paper(doors: Doors) -> None:
    answers = await asyncio.gather(*(doors.upload() for _ in range(UPLOADS_AT_ONCE)))

    assert sorted(one.status_code for one in answers) == [200, 200, 200, 201]
    assert len(await doors.lab.told("documents.received.v1")) == 1


async def test_a_person_says_what_a_paper_is_and_it_goes_on(doors: Doors) -> None:
    document = (await doors.upload(b"licence", file_name="l.pdf")).json()["document"]
    unknown = (await doors.upload(b"a letter", file_name="letter.pdf")).json()["document"]
    await doors.lab.settle()
    listed = (await doors.http.get("/papers", params={"state": "needs_review"})).json()["papers"]
    assert [one["document"] for one in listed] == [unknown]

    known = doors.lab.recogniser.known["waiver"].fields
    assert known is not None
    fields = {
        name: read["value"]
        for name, read in known.model_dump(mode="json").items()
        if read is not None and name != "wording"
    }
    said = await doors.review(unknown, kind="lien_waiver.conditional_progress", fields=fields)
    await doors.lab.settle()

    assert said.status_code == 200
    after = await doors.lab.document(unknown)
    assert after.kind == "lien_waiver.conditional_progress"
    assert after.recognised is not None
    assert after.recognised.kind is None  # what was read stays what it was
    story = (await doors.http.get(f"/papers/{unknown}")).json()["story"]
    assert any("Ana Ruiz says: it is lien_waiver.conditional_progress" in one for one in story)
    assert (await doors.lab.document(document)).state == "dispatched"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({}, "says nothing"),
        ({"kind": "poem"}, "No paper is of kind poem"),
        ({"kind": "w9", "fields": {"name": CANARY}}, "whole tax number"),
        ({"fields": {"amount_cents": "much"}}, "amount_cents"),
        ({"fields": {"colour": "red"}}, "colour"),
        ({"accepts": ["TX-LW-07"]}, "cannot be accepted"),
        ({"project_id": "9999"}, "9999"),
        ({"payable": "payable/1/2/requisition/3"}, "payable/1/2/requisition/3 is none of"),
        ({"kind": "w9", "why": ""}, "why"),
    ],
)
async def test_a_word_that_cannot_be_is_refused_and_changes_nothing(
    doors: Doors, said: dict[str, Any], words: str
) -> None:
    document = (await doors.upload()).json()["document"]
    await doors.lab.settle()

    answer = await doors.review(document, **said)

    assert (answer.status_code, answer.json()["error"]) == (422, "unfit-review")
    assert words in answer.json()["detail"]
    assert await rows(doors.lab.pool, "SELECT 1 FROM reviews") == []


async def test_a_look_that_a_rule_asks_for_is_had_by_accepting_it(doors: Doors) -> None:
    doors.lab.recogniser.teach("w9", "w9", name="Another Name Entirely Inc")
    document = (await doors.upload(b"w9", payable="")).json()["document"]
    await doors.lab.settle()
    assert (await doors.lab.document(document)).state == "needs_review"

    said = await doors.review(document, accepts=["W9-07"])
    await doors.lab.settle()

    assert said.status_code == 200
    after = await doors.lab.document(document)
    assert after.state == "validated"
    (accepted,) = [one for one in after.decisions if one.rule == "W9-07"]
    assert accepted.outcome == "warn"
    assert accepted.sentence.endswith("A person has looked at it and accepts it.")


async def test_what_a_person_accepted_is_asked_for_again_once_it_is_something_else(doors: Doors) -> None:
    lab = doors.lab
    lab.recogniser.teach("w9", "w9", name="Another Name Entirely Inc")
    document = (await doors.upload(b"w9", payable="")).json()["document"]
    await lab.settle()
    early = await doors.review(document, accepts=["DOC-01"])  # it asks for no look
    await doors.review(document, accepts=["W9-07"])
    await lab.settle()
    assert (await lab.document(document)).state == "validated"

    lab.procore.firms[VENDOR] = Firm("A Third Name LLC", ())
    await doors.review(document, vendor_id=VENDOR)
    await lab.settle()

    assert (early.status_code, early.json()["error"]) == (422, "unfit-review")
    assert (await lab.document(document)).state == "needs_review"


async def test_desks_acknowledge_by_message_and_by_hand(doors: Doors) -> None:
    licence = (await doors.upload(b"licence", file_name="l.pdf", payable="")).json()["document"]
    waiver = (await doors.upload()).json()["document"]
    await doors.lab.settle()
    tickets = {one.document: one.ticket for one in await doors.lab.tickets()}

    await doors.acknowledged(tickets[waiver])
    await doors.acknowledged(tickets[waiver], by="somebody else")
    await doors.acknowledged("no such ticket")
    by_hand = [await doors.http.post(f"/papers/{licence}/acknowledge", json={"by": "Ben"}) for _ in range(2)]
    await doors.lab.settle()

    assert [one.json() for one in by_hand] == [{"ticket": tickets[licence]}] * 2
    assert {(await doors.lab.document(one)).state for one in (waiver, licence)} == {"acknowledged"}
    told = (await doors.http.get(f"/papers/{waiver}")).json()["tickets"]
    assert [one["acknowledged_by"] for one in told] == ["dispatcher"]
    assert len(await doors.lab.tickets()) == 2


async def test_a_word_for_a_ticket_that_was_taken_back_changes_nothing(doors: Doors) -> None:
    await doors.upload(b"licence", file_name="l.pdf", payable="")
    waiver = (await doors.upload()).json()["document"]
    await doors.lab.settle()
    (ticket,) = [one.ticket for one in await doors.lab.tickets() if one.document == waiver]
    doors.lab.payables.known.clear()
    await doors.review(waiver, fields={"signed": False})
    await doors.lab.settle()
    state = (await doors.lab.document(waiver)).state

    await doors.acknowledged(ticket)
    await doors.lab.settle()
    refused = await doors.http.post(f"/papers/{waiver}/acknowledge", json={"by": "Ben"})

    assert (await doors.lab.document(waiver)).state == state != "acknowledged"
    assert (refused.status_code, refused.json()["error"]) == (409, "no-ticket")


async def test_what_is_not_known_is_said_so(doors: Doors) -> None:
    shown = await doors.http.get("/papers/nothing")
    unreadable = await doors.http.post("/papers/nothing/acknowledge", content=b"[]")

    assert (shown.status_code, shown.json()["error"]) == (404, "unknown-paper")
    assert unreadable.status_code == 422


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("/papers?connection=nowhere", "unknown-connection"),
        ("/papers/refused?connection=nowhere", "unknown-connection"),
        ("/papers?state=lost", "unknown-state"),
    ],
)
async def test_a_list_of_nothing_that_there_is_looks_like_no_empty_list(
    doors: Doors, asked: str, code: str
) -> None:
    assert (await doors.http.get(asked)).json()["error"] == code


async def test_decisions_can_be_made_once_more_and_a_changed_fact_is_noticed(doors: Doors) -> None:
    document = (await doors.upload()).json()["document"]
    await doors.lab.settle()
    equal = (await doors.http.get(f"/papers/{document}/decisions")).json()["decisions"]

    await rows(doors.lab.pool, "UPDATE decisions SET facts = replace(facts, 'Lone Star', 'Lame Star')")
    changed = (await doors.http.get(f"/papers/{document}/decisions")).json()["decisions"]
    await rows(doors.lab.pool, "DELETE FROM rule_books")
    forgotten = (await doors.http.get(f"/papers/{document}/decisions")).json()["decisions"]

    assert [one["equal"] for one in equal] == [True]
    assert (changed[0]["equal"], forgotten[0]["equal"]) == (False, False)
    assert RuleSet.from_json(doors.lab.rules.to_json(), CelEngine).hash == doors.lab.rules.hash


async def test_the_story_says_what_was_read_from_where_and_what_was_decided(doors: Doors) -> None:
    document = (await doors.upload()).json()["document"]
    await doors.lab.settle()

    told = await doors.reviewing.tell(f"document/{CONNECTION}/{document}")

    assert told is not None
    story = "\n".join(told["story"])
    assert "waiver.pdf was uploaded (uploads/1001/waiver.pdf). Scanned by fake 1." in story
    assert "Read amount_cents: 4815000 (1.00)" in story
    assert "held-tx-hvac (hold)" in story
    assert await doors.reviewing.tell("document/texas/other") is None


@pytest.mark.parametrize(
    ("resource", "project", "marked"),
    [
        ("project-files", PROJECT, "sweep"),
        ("company-insurances", None, "sweep"),
        ("projects", PROJECT, "document"),
        ("company-vendors", None, "document"),
        ("payment-applications", PROJECT, None),
    ],
)
async def test_procores_events_make_due_what_they_may_have_changed(
    doors: Doors, resource: str, project: str | None, marked: str | None
) -> None:
    await doors.upload()
    await doors.lab.settle()
    event = ProcoreChanged(
        event_id="event-1",
        connection=CONNECTION,
        company_id=COMPANY,
        project_id=project,
        resource=resource,
        resource_id=VENDOR,
        reason="update",
        occurred_at=doors.lab.clock.now(),
        payload_version="v4.0",
    )
    record = recording(doors.lab.connections, doors.lab.clock, remembered=timedelta(seconds=10))
    for _ in range(2):  # delivered twice
        async with transaction(doors.lab.pool) as database:
            await record(database, [Received(event, event.event_id, None)])

    due = await rows(doors.lab.pool, "SELECT key FROM work WHERE causes @> '{webhook event-1}'")
    assert [row["key"].split("/")[0] for row in due] == ([marked] if marked else [])


# ---- the watched folder


@pytest.fixture
def inbox(doors: Doors, tmp_path: Path) -> Path:
    place = tmp_path / "inbox" / CONNECTION / PROJECT
    place.mkdir(parents=True)
    return place


def watched(doors: Doors, inbox: Path) -> WatchedFolder:
    return WatchedFolder(
        inbox.parents[1],
        connections=doors.lab.connections,
        intake=doors.lab.intake,
        clock=doors.lab.clock,
        every=timedelta(seconds=5),
    )


def lying(inbox: Path) -> dict[str, list[str]]:
    folder = inbox.parents[1]
    found: dict[str, list[str]] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            found.setdefault(path.relative_to(folder).parts[0], []).append(path.name.split("-", 1)[-1])
    return found


async def test_a_file_is_taken_once_it_has_stopped_growing(doors: Doors, inbox: Path) -> None:
    folder = watched(doors, inbox)
    (inbox / "waiver.pdf").write_bytes(b"wai")
    assert await folder.look() == 0
    (inbox / "waiver.pdf").write_bytes(WAIVER)
    assert await folder.look() == 0
    assert await folder.look() == 1
    assert await folder.look() == 0

    assert lying(inbox) == {"taken": ["waiver.pdf"]}
    (row,) = await rows(doors.lab.pool, "SELECT source, source_record, project_id FROM documents")
    assert tuple(row.values()) == ("folder", f"folder/{PROJECT}/waiver.pdf", PROJECT)


async def test_a_file_of_no_use_is_moved_aside_with_a_sentence(doors: Doors, inbox: Path) -> None:
    (inbox / "setup.exe").write_bytes(b"MZ a program")
    (inbox / ".hidden").write_bytes(b"MZ")
    (inbox / "link.pdf").symlink_to("/etc/hostname")
    folder = watched(doors, inbox)
    for _ in range(2):
        await folder.look()

    assert lying(inbox)["refused"] == ["setup.exe", "setup.exe.txt"]
    (sentence,) = (inbox.parents[1] / "refused").rglob("*.txt")
    assert "no type that is taken" in sentence.read_text()
    assert (inbox / "link.pdf").is_symlink()


async def test_the_same_bytes_from_elsewhere_are_refused_and_say_from_where(
    doors: Doors, inbox: Path
) -> None:
    await doors.upload()
    (inbox / "copy.pdf").write_bytes(WAIVER)
    folder = watched(doors, inbox)
    for _ in range(2):
        await folder.look()

    (sentence,) = (inbox.parents[1] / "refused").rglob("*.txt")
    assert f"uploads/{PROJECT}/waiver.pdf" in sentence.read_text()


async def test_a_process_that_dies_before_it_moves_a_file_loses_and_doubles_nothing(
    doors: Doors, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (inbox / "waiver.pdf").write_bytes(WAIVER)
    dying = watched(doors, inbox)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(dying, "_aside", killed)
    await dying.look()
    with pytest.raises(KeyboardInterrupt):
        await dying.look()
    assert lying(inbox) == {CONNECTION: ["waiver.pdf"]}

    again, other = watched(doors, inbox), watched(doors, inbox)
    for _ in range(2):
        await asyncio.gather(again.look(), other.look())

    assert lying(inbox) == {"taken": ["waiver.pdf"]}
    assert len(await doors.lab.told("documents.received.v1")) == 1


async def test_a_safe_that_is_away_leaves_the_file_where_it_is(doors: Doors, inbox: Path) -> None:
    (inbox / "waiver.pdf").write_bytes(WAIVER)
    folder = watched(doors, inbox)
    doors.lab.safe.is_away = True
    stop = asyncio.Event()
    await folder.look()
    running = asyncio.create_task(folder.run(stop))
    await asyncio.sleep(0.1)
    stop.set()
    await running
    assert lying(inbox) == {CONNECTION: ["waiver.pdf"]}

    doors.lab.safe.is_away = False
    await folder.look()
    assert lying(inbox) == {"taken": ["waiver.pdf"]}
