"""What operators ask for: what would be done next, doing it over, mailing again."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from writer_lab import CONNECTION, REALM, WriterLab

from plumbline.common.clock import SystemClock
from plumbline.common.connections import Policies
from plumbline.common.contracts.ledger import InvoiceState
from plumbline.qb_writer.routes import RecordTools
from plumbline.qb_writer.service import Foreseer

pytest_plugins = ["writer_fixtures"]

KEY = f"{REALM}/invoice/1/2/1"


@pytest.fixture
async def http(hurried: WriterLab) -> AsyncIterator[httpx.AsyncClient]:
    tools = RecordTools(
        pool=hurried.pool,
        ledger=hurried.ledger,
        foreseer=Foreseer(records=hurried.ledger, viewer=hurried.viewer),
        clock=SystemClock(),
    )
    transport = httpx.ASGITransport(Starlette(routes=tools.routes()))
    async with httpx.AsyncClient(transport=transport, base_url="http://qb-writer") as client:
        yield client


async def foreseen(http: httpx.AsyncClient, key: str = KEY) -> tuple[str, str]:
    said = (await http.get(f"/next/{key}")).raise_for_status().json()
    assert said["would_write"] == (said["step"] not in {"ask", "wait", "nothing"})
    return said["step"], said["why"]


def edit(lab: WriterLab, **fields: Any) -> dict[str, Any]:
    (held,) = lab.held("Invoice")
    return lab.person("Invoice", {"Id": held["Id"], "SyncToken": held["SyncToken"], "sparse": True, **fields})


async def test_next_step_is_foreseen_and_nothing_is_done(hurried: WriterLab, http: httpx.AsyncClient) -> None:
    await hurried.command(hurried.wish(), 1)
    assert await foreseen(http) == ("create", "open, $1,208.75")
    assert hurried.held("Invoice") == []
    await hurried.work_until_quiet()
    assert await foreseen(http) == ("nothing", "QuickBooks holds what it should")

    await hurried.command(hurried.wish(cents=200_000), 2)
    assert await foreseen(http) == ("update", "lines, total: open, $1,958.25")
    await hurried.work_until_quiet()
    commits = hurried.commits()

    await hurried.command(hurried.wish(InvoiceState.SENT, cents=200_000), 3)
    assert (await foreseen(http))[0] == "send"
    await hurried.command(hurried.wish(InvoiceState.PAID, cents=200_000), 4)
    assert await foreseen(http) == ("wait", "its payment is still to be seen in QuickBooks")
    await hurried.command(hurried.wish(InvoiceState.VOID, cents=200_000), 5)
    assert (await foreseen(http))[0] == "void"
    assert hurried.commits() == commits
    assert (await hurried.record("invoice/1/2/1")).observed.state == "open"


async def test_what_a_person_changed_is_foreseen_as_a_question_though_nobody_told(
    hurried: WriterLab, http: httpx.AsyncClient
) -> None:
    await hurried.want(hurried.wish())
    edit(hurried, DueDate="2027-01-31")
    step, why = await foreseen(http)
    assert (step, why.partition(":")[0]) == ("ask", "changed-in-quickbooks")
    assert await hurried.parked() == {}


async def test_wish_that_cannot_be_is_foreseen_with_its_code(
    hurried: WriterLab, http: httpx.AsyncClient
) -> None:
    await hurried.command(hurried.wish().model_copy(update={"total_cents": 1}), 1)
    step, why = await foreseen(http)
    assert (step, why.partition(":")[0]) == ("ask", "total-does-not-add-up")


async def test_open_write_is_foreseen_as_one_to_be_settled(
    hurried: WriterLab, http: httpx.AsyncClient
) -> None:
    hurried.fault("lose-answer", path="/invoice")
    await hurried.command(hurried.wish(), 1)
    await hurried.loop.work_off()
    assert (await foreseen(http))[0] == "settle"
    await hurried.work_until_quiet()
    assert len(hurried.held("Invoice")) == 1


async def test_stranger_is_unknown_and_a_quickbooks_that_is_away_is_told(
    hurried: WriterLab, http: httpx.AsyncClient
) -> None:
    assert (await http.get(f"/next/{REALM}/invoice/9")).status_code == httpx.codes.NOT_FOUND
    assert (await http.post(f"/resend/{REALM}/invoice/9")).status_code == httpx.codes.NOT_FOUND
    await hurried.want(hurried.wish())
    hurried.world.faults.add({"name": "status", "match": {"provider": "quickbooks"}, "args": {"status": 503}})
    said = await http.get(f"/next/{KEY}")
    assert (said.status_code, said.json()["error"]) == (503, "quick-books-unavailable")


@pytest.mark.parametrize("policies", [Policies(person_changed_it="overwrite")])
async def test_replay_looks_again_and_sets_right_what_nobody_told_of(
    hurried: WriterLab, http: httpx.AsyncClient
) -> None:
    await hurried.want(hurried.wish())
    edit(hurried, DueDate="2027-01-31")
    await hurried.work_until_quiet()
    assert hurried.held("Invoice")[0]["DueDate"] == "2027-01-31"
    assert (await http.get(f"/connections/{CONNECTION}/records")).json() == {"keys": [KEY]}
    assert (await foreseen(http)) == ("update", "due date: open, $1,208.75")
    for _ in range(2):
        said = await http.post("/replay", json=[KEY, f"{REALM}/invoice/9"])
        assert said.json() == {"replayed": [KEY]}
        await hurried.work_until_quiet()
    assert hurried.held("Invoice")[0]["DueDate"] == "2026-11-30"
    assert sum(hurried.commits().values()) == 2, hurried.commits()
    assert (await http.post("/replay", content=b"{")).json()["error"] == "not-keys"
    assert (await http.post("/replay", json=["k"] * 1_001)).json()["error"] == "too-many"


async def test_document_is_mailed_again_once_for_each_time_that_somebody_asks(
    hurried: WriterLab, http: httpx.AsyncClient
) -> None:
    await hurried.want(hurried.wish())
    refused = await http.post(f"/resend/{KEY}")
    assert (refused.status_code, refused.json()["error"]) == (409, "not-mailed")
    await hurried.want(hurried.wish(InvoiceState.SENT), 2)
    assert hurried.mails() == 1
    for _ in range(2):
        assert (await http.post(f"/resend/{KEY}")).status_code == httpx.codes.OK
    assert (await foreseen(http))[0] == "send"
    await hurried.work_until_quiet()
    assert hurried.mails() == 2
    await hurried.want(hurried.wish(InvoiceState.SENT, cents=300_000), 3)
    assert hurried.mails() == 2
    await http.post(f"/resend/{KEY}")
    await hurried.work_until_quiet()
    assert hurried.mails() == 3


async def test_mail_that_was_asked_for_again_and_came_through_unheard_is_seen_by_its_time(
    hurried: WriterLab, http: httpx.AsyncClient
) -> None:
    await hurried.want(hurried.wish(InvoiceState.SENT))
    hurried.world.clock.step(60)
    hurried.fault("lose-answer", path="/send")
    await http.post(f"/resend/{KEY}")
    await hurried.work_until_quiet()
    assert hurried.mails() == 2
    assert await hurried.parked() == {}


async def test_mail_that_was_asked_for_again_and_may_be_lost_is_never_sent_a_second_time_unasked(
    hurried: WriterLab, http: httpx.AsyncClient
) -> None:
    await hurried.want(hurried.wish(InvoiceState.SENT))
    hurried.fault("lose-request", path="/send")
    await http.post(f"/resend/{KEY}")
    await hurried.work_until_quiet()
    assert hurried.mails() == 1
    assert await hurried.parked() == {"invoice/1/2/1": "mail-unknown"}
    await hurried.resume("invoice/1/2/1")
    assert hurried.mails() == 1
    await http.post(f"/resend/{KEY}")
    await hurried.work_until_quiet()
    assert hurried.mails() == 2
    assert await hurried.parked() == {}
