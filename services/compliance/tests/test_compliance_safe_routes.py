"""The safe over HTTP: who may do what, what is refused how, and what is written down."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from safe_lab import ABOUT, CONNECTION, CONTENT, Lab, opened_lab

from plumbline.common.operator import operator_app
from plumbline.common.testing.database import rows
from plumbline.compliance.adapters.safe.objects import memory_objects
from plumbline.compliance.bounds import BODY_BYTES_MAX, PUTS_AT_ONCE, READS_AT_ONCE
from plumbline.compliance.safe_routes import SELF_GUARDED, routes

REASON = {"who": "ana", "why": "month end"}


@dataclasses.dataclass
class Desk:
    """A safe, and a client of its operators' routes."""

    lab: Lab
    operator: httpx.AsyncClient
    stranger: httpx.AsyncClient

    async def put(self, *, kind: str = ABOUT.kind) -> str:
        stored = await self.lab.safe.put(CONTENT, dataclasses.replace(ABOUT, kind=kind))
        return f"/safe/papers/{CONNECTION}/{stored.document}"


@pytest.fixture
async def desk(database_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    """Give the routes as compliance serves them."""
    async with opened_lab(database_url, memory_objects(), tmp_path) as lab:
        app = operator_app(
            service="compliance",
            token=SecretStr("right"),
            ready=lambda: None,
            routes=routes(lab.whole, {CONNECTION}),
            self_guarded=SELF_GUARDED,
        )
        transport = httpx.ASGITransport(app)
        bearer = {"authorization": "Bearer right"}
        async with (
            httpx.AsyncClient(transport=transport, base_url="http://safe", headers=bearer) as operator,
            httpx.AsyncClient(transport=transport, base_url="http://safe") as stranger,
        ):
            yield Desk(lab, operator, stranger)


async def test_paper_is_put_listed_read_and_its_readers_are_told(desk: Desk) -> None:
    about = {
        "connection": CONNECTION,
        "kind": "w9",
        "company_id": "4001",
        "project": "1001",
        "period": "2026",
        "file_name": "Form W-9.pdf",
    }
    put = await desk.operator.post("/safe/papers", params=about | REASON, content=CONTENT)
    assert (put.status_code, put.json()["is_new"]) == (201, True)
    again = await desk.operator.post("/safe/papers", params=about | REASON, content=CONTENT)
    assert (again.status_code, again.json()["is_new"]) == (200, False)
    asked = {"connection": CONNECTION, "path": "/4001/1001/w9/2026/"}
    [listed] = (await desk.operator.get("/safe/folder", params=asked)).json()["papers"]
    assert listed["document"] == put.json()["document"]
    one = f"/safe/papers/{CONNECTION}/{listed['document']}"
    got = await desk.operator.get(one, params={"who": "bo", "why": "audit"})
    assert got.content == CONTENT
    assert got.headers["content-disposition"] == "attachment; filename*=UTF-8''Form%20W-9.pdf"
    assert got.headers["cache-control"] == "private, no-store"
    told = (await desk.operator.get(f"{one}/accesses")).json()["accesses"]
    assert [(row["action"], row["who"]) for row in told] == [("read", "bo"), ("put", "ana"), ("put", "ana")]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/safe/folder?connection=x"),
        ("POST", "/safe/papers"),
        ("POST", "/safe/view-passwords"),
        ("POST", "/safe/rekey"),
        ("GET", f"/safe/papers/{CONNECTION}/00"),
    ],
)
async def test_stranger_reaches_no_operators_route(desk: Desk, method: str, path: str) -> None:
    assert (await desk.stranger.request(method, path)).status_code == 401


@pytest.mark.parametrize("asked", [{}, {"who": "ana"}, {"who": " ", "why": "x"}, {"who": "ana", "why": ""}])
async def test_nobody_reads_without_a_name_and_a_reason(desk: Desk, asked: dict[str, str]) -> None:
    one = await desk.put()
    refused = await desk.operator.get(one, params=asked)
    assert (refused.status_code, refused.json()["error"]) == (422, "not-understood")
    assert await rows(desk.lab.pool, "SELECT 1 FROM safe_accesses") == []


async def test_hold_keeps_a_paper_until_its_release(desk: Desk) -> None:
    one = await desk.put()
    assert (await desk.operator.post(f"{one}/hold", json={"who": "counsel", "why": "case 12"})).is_success
    refused = await desk.operator.post(f"{one}/destroy", json=REASON)
    assert (refused.status_code, refused.json()["error"]) == (409, "held-document")
    assert "case 12" in refused.json()["detail"]
    assert (await desk.operator.post(f"{one}/release", json=REASON)).is_success
    assert (await desk.operator.post(f"{one}/destroy", json=REASON)).is_success
    gone = await desk.operator.get(one, params=REASON)
    assert (gone.status_code, gone.json()["error"]) == (404, "unknown-document")


async def test_quarantine_is_a_refusal_with_its_reason(desk: Desk) -> None:
    one = await desk.put()
    assert (await desk.operator.post(f"{one}/quarantine", json={"who": "ana", "reason": "Eicar"})).is_success
    refused = await desk.operator.get(one, params=REASON)
    assert (refused.status_code, refused.json()["error"]) == (409, "quarantined-document")
    looked = await desk.operator.get(one, params={"who": "ana", "why": "quarantine"})
    assert looked.content == CONTENT
    assert (await desk.operator.post(f"{one}/quarantine", json={"who": "ana"})).is_success
    assert (await desk.operator.get(one, params=REASON)).content == CONTENT


async def test_link_is_followed_by_a_stranger_once_and_heads_do_not_use_it_up(desk: Desk) -> None:
    one = await desk.put()
    made = (await desk.operator.post(f"{one}/links", json=REASON)).json()
    assert (await desk.stranger.head(made["path"])).status_code == 405
    followed = await desk.stranger.get(made["path"])
    assert followed.content == CONTENT
    refused = await desk.stranger.get(made["path"])
    assert (refused.status_code, refused.json()["error"]) == (403, "way-refused")


async def test_revoked_link_is_refused(desk: Desk) -> None:
    one = await desk.put()
    made = (await desk.operator.post(f"{one}/links", json=REASON | {"uses": 5, "hours": 1})).json()
    assert (await desk.operator.post(f"{one}/links/revoke", json=REASON)).json() == {"revoked": 1}
    assert (await desk.stranger.get(made["path"])).status_code == 403


@pytest.mark.parametrize("wide", [{"uses": 0}, {"hours": 0}, {"hours": 24 * 31}, {"uses": 2000}, {"ever": 1}])
async def test_link_too_wide_is_refused(desk: Desk, wide: dict[str, Any]) -> None:
    one = await desk.put()
    assert (await desk.operator.post(f"{one}/links", json=REASON | wide)).status_code == 422


async def test_what_the_night_destroys_is_told_before(desk: Desk) -> None:
    await desk.put(kind="w9")
    assert (await desk.operator.get("/safe/due")).json() == {"due": []}
    desk.lab.clock.advance(timedelta(days=4 * 366))
    [due] = (await desk.operator.get("/safe/due")).json()["due"]
    assert due["because"].startswith("tax-papers: kept for 4 years")


async def test_scrub_and_rewrapping_are_done_when_asked_for(desk: Desk) -> None:
    await desk.put()
    scrubbed = (await desk.operator.post("/safe/scrub")).json()
    assert (scrubbed["checked"], scrubbed["spoiled"]) == (1, [])
    rekeyed = (await desk.operator.post("/safe/rekey")).json()
    assert rekeyed == {"rewrapped": 2, "former_keys": 1}  # the paper's key, and the connection's
    assert (await desk.operator.post("/safe/rekey")).json() == {"rewrapped": 0, "former_keys": 1}


async def test_nothing_is_kept_and_no_view_opened_of_a_connection_that_is_not_there(desk: Desk) -> None:
    asked = {"connection": "nowhere", "who": "ana", "why": "a slip"}
    put = await desk.operator.post("/safe/papers", params=asked, content=CONTENT)
    view = await desk.operator.post("/safe/view-passwords", json=asked)
    assert [(one.status_code, one.json()["error"]) for one in (put, view)] == [
        (404, "unknown-connection")
    ] * 2
    assert await rows(desk.lab.pool, "SELECT 1 FROM safe_papers WHERE connection = 'nowhere'") == []


async def test_folder_that_is_not_there_is_unknown(desk: Desk) -> None:
    refused = await desk.operator.get("/safe/folder", params={"connection": CONNECTION, "path": "no/where"})
    assert (refused.status_code, refused.json()["error"]) == (404, "unknown-document")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/safe/folder?connection=x&path=%00"),
        ("GET", f"/safe/papers/{CONNECTION}/%00?who=ana&why=x"),
        ("GET", f"/safe/papers/{CONNECTION}/00?who=ana&why=a%00b"),
        ("POST", f"/safe/papers?connection={CONNECTION}&who=ana&why=x&file_name=a%00.pdf"),
        ("POST", f"/safe/view-passwords/revoke?connection={CONNECTION}&who=%00"),
        ("GET", f"/safe/projects/{CONNECTION}%00"),
        ("GET", "/link/%00"),
        ("GET", "/view/a%00b"),
    ],
)
async def test_address_with_a_nul_is_refused(desk: Desk, method: str, path: str) -> None:
    refused = await desk.operator.request(method, path, content=b"x" if method == "POST" else None)
    assert (refused.status_code, refused.json()["error"]) == (400, "not-text")


@pytest.mark.parametrize("verb", ["hold", "release", "destroy", "quarantine", "links", "links/revoke"])
async def test_reasons_that_are_too_long_or_no_text_are_refused(desk: Desk, verb: str) -> None:
    one = await desk.put()
    large = await desk.operator.post(f"{one}/{verb}", content=b" " * (BODY_BYTES_MAX + 1))
    assert (large.status_code, large.json()["error"]) == (413, "too-large")
    nul = await desk.operator.post(f"{one}/{verb}", json={"who": "a\0", "why": "x", "reason": "x"})
    assert (nul.status_code, nul.json()["error"]) == (422, "not-understood")
    assert await rows(desk.lab.pool, "SELECT 1 FROM safe_accesses") == []


async def test_paper_that_is_sent_too_slowly_is_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def drip() -> AsyncIterator[bytes]:
        yield b"%PDF"
        await asyncio.sleep(5)
        yield b"-1.7"

    monkeypatch.setattr("plumbline.compliance.bounds.SENT_WITHIN_S", 0.05)
    refused = await desk.operator.post(
        "/safe/papers", params={"connection": CONNECTION} | REASON, content=drip()
    )
    assert (refused.status_code, refused.json()["error"]) == (408, "too-slow")
    assert await desk.lab.stored() == []


async def test_so_many_papers_come_in_and_out_at_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plumbline.compliance.bounds.WAIT_S", 0.05)
    one = await desk.put()
    going_on = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        await going_on.wait()
        yield CONTENT

    put = {"connection": CONNECTION} | REASON
    sent = [
        asyncio.create_task(desk.operator.post("/safe/papers", params=put, content=slowly()))
        for _ in range(PUTS_AT_ONCE)
    ]
    await asyncio.sleep(0.05)
    busy = await desk.operator.post("/safe/papers", params=put, content=CONTENT)
    assert (busy.status_code, busy.json()["error"]) == (503, "busy")
    going_on.set()
    assert {(await task).status_code for task in sent} <= {200, 201}
    assert (await desk.operator.post("/safe/papers", params=put, content=CONTENT)).status_code == 200
    monkeypatch.setattr(desk.lab.whole.outgoing._safe, "opened", _never)
    asked = [asyncio.create_task(desk.operator.get(one, params=REASON)) for _ in range(READS_AT_ONCE)]
    await asyncio.sleep(0.2)
    busy = await desk.operator.get(one, params=REASON)
    assert (busy.status_code, busy.json()["error"]) == (503, "busy")
    for task in asked:
        task.cancel()


async def _never(_: object) -> bytes:
    await asyncio.Event().wait()
    return b""
