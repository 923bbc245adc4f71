"""Links, view passwords and folders: ways to papers, each with an end, none wider than it was made."""

import asyncio
import base64
import dataclasses
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from safe_lab import ABOUT, CONNECTION, CONTENT, OTHER, Lab, opened_lab

from plumbline.common.testing.database import rows
from plumbline.compliance.adapters.safe.links import WayRefusedError, WayTooWideError
from plumbline.compliance.adapters.safe.objects import memory_objects
from plumbline.compliance.domain.layout import NAME_CHARS, file_name, folders, safe_name
from plumbline.compliance.ports.safe import QUARANTINE, QuarantinedDocumentError, UnknownDocumentError

HOUR = timedelta(hours=1)


@pytest.fixture
async def lab(database_url: str, tmp_path: Path) -> AsyncIterator[Lab]:
    """Give a safe in memory."""
    async with opened_lab(database_url, memory_objects(), tmp_path) as opened:
        yield opened


async def linked(lab: Lab, *, uses: int = 2, life: timedelta = HOUR) -> tuple[str, str]:
    document = (await lab.safe.put(CONTENT, ABOUT)).document
    token = await lab.whole.links.make(
        CONNECTION, document, who="ana", why="for the lender", life=life, uses=uses
    )
    return document, token.get_secret_value()


async def test_link_leads_to_its_paper_so_often_and_each_read_is_written_down(lab: Lab) -> None:
    document, token = await linked(lab)
    for _ in range(2):
        found = await lab.whole.links.follow(token)
        assert (found.content, found.file_name) == (CONTENT, "waiver.pdf")
    with pytest.raises(WayRefusedError):
        await lab.whole.links.follow(token)
    logged = await rows(lab.pool, "SELECT document, action, who, why FROM safe_accesses ORDER BY id")
    assert [row["action"] for row in logged] == ["link", "read", "read"]
    assert {row["document"] for row in logged} == {document}
    assert {row["why"] for row in logged} == {"for the lender"}
    assert logged[1]["who"].startswith("link ")
    assert logged[1]["who"].endswith(" of ana")


async def test_link_that_is_followed_by_many_at_once_is_used_no_more_often(lab: Lab) -> None:
    _, token = await linked(lab, uses=3)
    followed = await asyncio.gather(
        *(lab.whole.links.follow(token) for _ in range(8)), return_exceptions=True
    )
    assert [type(one) for one in followed].count(WayRefusedError) == 5


async def test_link_ends_with_its_life(lab: Lab) -> None:
    _, token = await linked(lab)
    lab.clock.advance(HOUR - timedelta(seconds=1))
    assert (await lab.whole.links.follow(token)).content == CONTENT
    lab.clock.advance(timedelta(seconds=1))
    with pytest.raises(WayRefusedError):
        await lab.whole.links.follow(token)


async def test_revoked_links_lead_nowhere(lab: Lab) -> None:
    document, token = await linked(lab)
    assert await lab.whole.links.revoke(CONNECTION, document, who="bo", why="sent to the wrong person") == 1
    with pytest.raises(WayRefusedError):
        await lab.whole.links.follow(token)


async def test_link_to_a_destroyed_paper_does_not_open_the_same_file_that_came_again(lab: Lab) -> None:
    document, token = await linked(lab)
    await lab.safe.destroy(CONNECTION, document, who="ana", why="sent to the wrong firm")
    assert (await lab.safe.put(CONTENT, ABOUT)).is_new
    with pytest.raises(WayRefusedError):
        await lab.whole.links.follow(token)


async def test_link_cannot_be_made_from_what_the_index_knows(lab: Lab) -> None:
    _, token = await linked(lab)
    [row] = await rows(lab.pool, "SELECT id FROM safe_links")
    assert base64.urlsafe_b64decode(token)[:16] == row["id"]
    forged = base64.urlsafe_b64encode(row["id"] + bytes(32)).decode().rstrip("=")
    for wrong in (forged, token[:-2] + "AA", token[:20], "", "!" * 64, "A" * 64, token + "\n"):
        with pytest.raises(WayRefusedError):
            await lab.whole.links.follow(wrong)
    assert (await lab.whole.links.follow(token)).content == CONTENT


async def test_link_that_is_altered_in_the_index_leads_to_no_other_paper(lab: Lab) -> None:
    _, token = await linked(lab)
    other = await lab.safe.put(CONTENT + b", of somebody else", ABOUT)
    await rows(lab.pool, "UPDATE safe_links SET document = $1", other.document)
    with pytest.raises(WayRefusedError):
        await lab.whole.links.follow(token)
    assert "read" not in {row["action"] for row in await rows(lab.pool, "SELECT action FROM safe_accesses")}


async def test_no_link_leads_into_quarantine_whatever_its_reason(lab: Lab) -> None:
    document, _ = await linked(lab)
    await lab.safe.quarantine(CONNECTION, document, reason="Eicar", who="compliance")
    with pytest.raises(WayTooWideError):
        await lab.whole.links.make(CONNECTION, document, who="ana", why=QUARANTINE, life=HOUR, uses=1)


async def test_no_link_is_made_to_what_may_not_be_read(lab: Lab) -> None:
    document, token = await linked(lab)
    await lab.safe.quarantine(CONNECTION, document, reason="Eicar", who="compliance")
    with pytest.raises(QuarantinedDocumentError):
        await lab.whole.links.make(CONNECTION, document, who="ana", why="x", life=HOUR, uses=1)
    with pytest.raises(QuarantinedDocumentError):
        await lab.whole.links.follow(token)
    with pytest.raises(UnknownDocumentError):
        await lab.whole.links.make(OTHER, document, who="ana", why="x", life=HOUR, uses=1)


@pytest.mark.parametrize(
    ("life", "uses"), [(timedelta(0), 1), (timedelta(days=31), 1), (HOUR, 0), (HOUR, 1001), (-HOUR, 1)]
)
async def test_links_too_wide_are_not_made(lab: Lab, life: timedelta, uses: int) -> None:
    with pytest.raises(WayTooWideError):
        await linked(lab, life=life, uses=uses)


async def test_view_password_lets_in_whom_it_was_made_for_and_ends(lab: Lab) -> None:
    made = await lab.whole.view_passwords.make(CONNECTION, who="ana", why="month end", life=HOUR)
    password = made.get_secret_value()
    viewer = await lab.whole.view_passwords.viewer("ana", password)
    assert (viewer.connection, viewer.why) == (CONNECTION, "month end")
    for who, given_password in (("bo", password), ("ana", password + "x"), ("ana", "")):
        with pytest.raises(WayRefusedError):
            await lab.whole.view_passwords.viewer(who, given_password)
    assert password not in str(await rows(lab.pool, "SELECT * FROM safe_view_passwords"))
    lab.clock.advance(HOUR)
    with pytest.raises(WayRefusedError):
        await lab.whole.view_passwords.viewer("ana", password)


async def test_revoked_password_lets_nobody_in(lab: Lab) -> None:
    made = await lab.whole.view_passwords.make(CONNECTION, who="ana", why="month end", life=HOUR)
    assert await lab.whole.view_passwords.revoke(CONNECTION, who="ana") == 1
    with pytest.raises(WayRefusedError):
        await lab.whole.view_passwords.viewer("ana", made.get_secret_value())


async def test_paper_is_found_by_company_project_kind_and_period_and_by_its_state(lab: Lab) -> None:
    stored = await lab.safe.put(CONTENT, ABOUT)
    own = ("4001", "1001 Travis Tower", "lien_waiver.conditional_progress", "2026-11")
    name = f"waiver {stored.document[:12]}.pdf"
    for path in (own, ("tx", *own)):
        for depth in range(len(path)):
            folder = await lab.whole.views.folder(CONNECTION, path[:depth])
            assert folder is not None
            assert path[depth] in folder.folders
            assert not folder.papers
        folder = await lab.whole.views.folder(CONNECTION, path)
        assert folder is not None
        assert [(paper.name, paper.size_bytes) for paper in folder.papers] == [(name, len(CONTENT))]
        paper = await lab.whole.views.paper(CONNECTION, (*path, name))
        assert paper is not None
        assert paper.document == stored.document
    assert await lab.whole.views.folder(OTHER, own) is None
    assert await lab.whole.views.folder(CONNECTION, (*own[:3], "2026-1")) is None
    assert await rows(lab.pool, "SELECT 1 FROM safe_accesses") == []


async def test_paper_moves_when_it_is_known_better_and_leaves_when_it_is_destroyed(lab: Lab) -> None:
    stored = await lab.safe.put(CONTENT, dataclasses.replace(ABOUT, kind="unknown", project_state=None))
    before = await lab.whole.views.folder(CONNECTION, ("4001", "1001 Travis Tower"))
    await lab.safe.describe(CONNECTION, stored.document, ABOUT)
    after = await lab.whole.views.folder(CONNECTION, ("4001", "1001 Travis Tower"))
    assert before is not None
    assert after is not None
    assert (before.folders, after.folders) == (("unknown",), ("lien_waiver.conditional_progress",))
    await lab.safe.destroy(CONNECTION, stored.document, who="ana", why="test")
    root = await lab.whole.views.folder(CONNECTION, ())
    assert root is not None
    assert root.folders == ()


async def test_papers_of_one_name_are_told_apart(lab: Lab) -> None:
    for number in range(3):
        await lab.safe.put(CONTENT + bytes([number]), ABOUT)
    folder = await lab.whole.views.folder(CONNECTION, ("4001", "1001 Travis Tower", ABOUT.kind, ABOUT.period))
    assert folder is not None
    assert len({paper.name for paper in folder.papers}) == 3


@pytest.mark.parametrize(
    ("hostile", "safe"),
    [
        ("../../etc/passwd", "etc passwd"),
        ("..", "-"),
        ("", "-"),
        ("   ", "-"),
        ("a/b\\c", "a b c"),
        ("CON", "_CON"),
        ("lpt1.pdf", "_lpt1.pdf"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("a\x00b\nc", "a b c"),
        ("trailing. . .", "trailing"),
        ("a\uff0fb\uff0e\uff0e", "a b"),
        ("%2e%2e%2f", "2e 2e 2f"),
        ("~root", "root"),
        ("x" * 300, "x" * NAME_CHARS),
    ],
)
def test_hostile_names_are_made_safe(hostile: str, safe: str) -> None:
    assert safe_name(hostile) == safe


@given(st.text())
def test_every_name_is_one_part_of_a_path_and_stays_as_it_is(text: str) -> None:
    name = safe_name(text)
    assert name not in {"", ".", ".."}
    assert not set(name) & set('/\\:*?"<>|\x00\r\n')
    assert len(name) <= NAME_CHARS + 1
    assert safe_name(name) == name


def test_end_of_a_name_follows_from_the_content_alone() -> None:
    document = "0123456789abcdef" * 4
    told = [
        file_name(given, media_type="application/pdf", document=document)
        for given in ("waiver.pdf", "WAIVER.PDF", "waiver.pdf.exe", "waiver.cloud", ".pdf")
    ]
    assert told == [
        "waiver 0123456789ab.pdf",
        "WAIVER 0123456789ab.pdf",
        "waiver.pdf.exe 0123456789ab.pdf",
        "waiver.cloud 0123456789ab.pdf",
        "- 0123456789ab.pdf",
    ]


def test_state_that_is_none_makes_no_folder() -> None:
    for state in (None, "", "..", "Texas", "tx"):
        found = folders(state=state, company_id="1", project="p", kind="w9", period="")
        assert found == ("1/p/w9/-",)
