"""The operators' routes: who may ask, and what they are told."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any, NoReturn

import httpx
import pytest
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from plumbline.common.database import Pool
from plumbline.common.operator import BODY_BYTES_MAX, RecordRoutes, operator_app
from plumbline.common.reconciling.marks import Mark
from plumbline.common.reconciling.verdicts import Park
from plumbline.common.testing.clock import FakeClock
from plumbline.common.testing.crashing import Doom, DoomedPool, Fate
from plumbline.common.testing.database import keys_where, marked, service_pool
from plumbline.common.testing.figures import figure
from plumbline.common.testing.reconciling import Scripted, reconciler, work_store

KEY = "7/1001/payment-applications/42"


async def tell(key: str) -> Mapping[str, Any] | None:
    return {"story": ["It was billed."]} if key == KEY else None


def client_of(
    pool: Pool, clock: FakeClock, *, token: str | None = "right", ready: str | None = None
) -> httpx.AsyncClient:
    records = RecordRoutes(pool=pool, clock=clock, tell=tell)
    app = operator_app(
        service="mapper", token=SecretStr("right"), ready=lambda: ready, routes=records.routes()
    )
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://operator", headers=headers)


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with service_pool(database_url) as pool:
        yield pool


@pytest.fixture
async def clock(pool: Pool) -> FakeClock:
    """Give the clock of a service with one parked record and one that is due."""
    clock = FakeClock()
    await marked(pool, clock, Mark(KEY, "ohio", "e1"))
    parks = Park("missing", "Link it.", amount_cents=125_000, resumes_on="link:88")
    await reconciler(work_store(pool), Scripted(parks), clock).work_off()
    await marked(pool, clock, Mark("7/1001/payment-applications/43", "texas", "e2"))
    return clock


class Untouched:
    """A pool that nobody may use."""

    def acquire(self, *, timeout: float | None = None) -> NoReturn:
        raise AssertionError("the database was asked")


@pytest.mark.parametrize("token", [None, "", "wrong", "right "])
@pytest.mark.parametrize("path", ["/records", f"/records/{KEY}", "/parked", "/status", "/nowhere"])
async def test_nobody_without_the_token_learns_anything(path: str, token: str | None) -> None:
    async with client_of(Untouched(), FakeClock(), token=token) as client:
        answer = await client.get(path)
    assert answer.status_code == 401
    assert answer.json()["error"] == "not-an-operator"


async def test_nobody_without_the_token_resumes_anything(pool: Pool, clock: FakeClock) -> None:
    async with client_of(pool, clock, token="wrong") as client:
        assert (await client.post(f"/parked/{KEY}/resume")).status_code == 401
    assert await keys_where(pool, "parked_at IS NOT NULL") == [KEY]


async def test_health_and_metrics_need_no_token() -> None:
    async with client_of(Untouched(), FakeClock(), token=None) as client:
        answers = [(await client.get(p)).status_code for p in ("/health/live", "/health/ready", "/metrics")]
    assert answers == [200, 200, 200]


async def test_service_that_is_not_ready_says_why() -> None:
    async with client_of(Untouched(), FakeClock(), ready="starting") as client:
        answer = await client.get("/health/ready")
        assert (answer.status_code, answer.text) == (503, "starting\n")
        assert figure("ready", service="mapper") == 0
    async with client_of(Untouched(), FakeClock()):
        assert figure("ready", service="mapper") == 1


def echoing(pause_s: float = 0.0) -> httpx.AsyncClient:
    """Return a client of two routes that say how much they were sent, after a while; one bounds that by itself."""

    async def size(request: Request) -> Response:
        body = await request.body()
        await asyncio.sleep(pause_s)
        return PlainTextResponse(str(len(body)))

    app = operator_app(
        service="mapper",
        token=SecretStr("right"),
        ready=lambda: None,
        routes=[Route(path, size, methods=["POST"]) for path in ("/size", "/papers/size")],
        self_bounded=("/papers/",),
    )
    headers = {"Authorization": "Bearer right"}
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://operator", headers=headers)


async def sent_in(*chunks: bytes, pause_s: float = 0.0) -> AsyncIterator[bytes]:
    for chunk in chunks:
        await asyncio.sleep(pause_s)
        yield chunk


async def test_body_that_is_too_large_is_read_no_further() -> None:
    half = b" " * (BODY_BYTES_MAX // 2)
    sent: list[bytes] = []

    async def endless() -> AsyncIterator[bytes]:
        while len(sent) < 10:
            sent.append(half)
            yield half

    async with echoing() as client:
        fits = await client.post("/size", content=sent_in(half, half))
        large = await client.post("/size", content=endless())
        own = await client.post("/papers/size", content=sent_in(half, half, b" "))
    assert (fits.status_code, fits.text) == (200, str(BODY_BYTES_MAX))
    assert (large.status_code, large.json()["error"]) == (413, "too-large")
    assert len(sent) == 3
    assert (own.status_code, own.text) == (200, str(BODY_BYTES_MAX + 1))


async def test_body_that_comes_too_slowly_is_refused_and_a_slow_answer_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("plumbline.common.operator.BODY_WITHIN_S", 0.1)
    async with echoing(pause_s=0.3) as client:
        slow = await client.post("/size", content=sent_in(b"a", b"b", pause_s=0.08))
        own = await client.post("/papers/size", content=sent_in(b"a", b"b", pause_s=0.08))
        working = await client.post("/size", content=b"ab")
    assert (slow.status_code, slow.json()["error"]) == (408, "too-slow")
    assert [(one.status_code, one.text) for one in (own, working)] == [(200, "2"), (200, "2")]


async def test_record_is_shown_with_its_work_and_its_story(pool: Pool, clock: FakeClock) -> None:
    async with client_of(pool, clock) as client:
        shown = (await client.get(f"/records/{KEY}")).json()
        unknown = await client.get("/records/nobody")
    assert (shown["key"], shown["story"], shown["work"]["announced_code"]) == (
        KEY,
        ["It was billed."],
        "missing",
    )
    assert (unknown.status_code, unknown.json()["error"]) == (404, "unknown-record")


async def test_records_are_found_by_a_part_of_their_key(pool: Pool, clock: FakeClock) -> None:
    async with client_of(pool, clock) as client:
        assert (await client.get("/records", params={"find": "applications/43"})).json() == {
            "keys": ["7/1001/payment-applications/43"]
        }
        assert (await client.get("/records", params={"find": "%"})).json() == {"keys": []}


async def test_parked_records_are_listed_with_their_reason_and_money(pool: Pool, clock: FakeClock) -> None:
    async with client_of(pool, clock) as client:
        (parked,) = (await client.get("/parked")).json()["parked"]
    assert (parked["key"], parked["code"], parked["reason"]) == (KEY, "missing", "Link it.")
    assert (parked["amount_cents"], parked["resumes_on"]) == (125_000, "link:88")


async def test_parked_record_is_resumed_once(pool: Pool, clock: FakeClock) -> None:
    async with client_of(pool, clock) as client:
        first = await client.post(f"/parked/{KEY}/resume")
        second = await client.post(f"/parked/{KEY}/resume")
    assert (first.status_code, first.json()) == (200, {"resumed": [KEY]})
    assert (second.status_code, second.json()["error"]) == (404, "not-parked")
    assert KEY in await keys_where(pool, "due_at IS NOT NULL")


async def test_status_counts_the_work_of_each_connection(pool: Pool, clock: FakeClock) -> None:
    async with client_of(pool, clock) as client:
        found = (await client.get("/status")).json()["connections"]
    assert [(c["connection"], c["unfinished"], c["parked"]) for c in found] == [
        ("ohio", 0, 1),
        ("texas", 1, 0),
    ]


async def test_absent_database_is_503_and_not_a_crash(pool: Pool, clock: FakeClock) -> None:
    away = DoomedPool(pool, Doom(1, Fate.NOT_SENT, kills_process=False))
    async with client_of(away, clock) as client:
        answer = await client.get("/status")
    assert (answer.status_code, answer.json()["error"]) == (503, "database-unavailable")
