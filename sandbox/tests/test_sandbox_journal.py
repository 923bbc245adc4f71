"""The journal: one order, filters, and readers that wait."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sandbox_books import Books

from plumbline_sandbox import watching
from plumbline_sandbox.laboratory import Laboratory


async def read(lab: Laboratory, **asked: str) -> tuple[list[dict[str, Any]], int]:
    answer = (await lab.control.get("/journal", params=asked)).raise_for_status().json()
    return answer["entries"], answer["next"]


async def test_numbers_have_no_gaps_and_next_goes_on_after_the_last(lab: Laboratory, books: Books) -> None:
    await books.invoice()
    entries, reached = await read(lab)
    assert [entry["seq"] for entry in entries] == [*range(1, reached + 1)]
    await books.invoice()
    later, _ = await read(lab, since=str(reached))
    assert [(entry["seq"], entry["kind"]) for entry in later] == [
        (reached + 1, "commit"),
        (reached + 2, "answer"),
    ]


async def test_kinds_and_facts_select_entries(lab: Laboratory, books: Books) -> None:
    _, start = await read(lab)
    invoice = await books.invoice(BillEmail={"Address": "ap@example.com"})
    assert (await books.send("Invoice", invoice["Id"])).status_code == 200
    await Books(lab, place=1).invoice()
    entries, _ = await read(lab, since=str(start), kind="commit,mail", realm=books.realm_id)
    assert [(entry["kind"], entry.get("change")) for entry in entries] == [
        ("commit", "created"),
        ("commit", "sent"),
        ("mail", None),
    ]
    entries, _ = await read(lab, since=str(start), realm=books.realm_id, change="sent")
    assert [entry["id"] for entry in entries] == [invoice["Id"]]


async def test_company_selects_what_happened_in_procore(lab: Laboratory) -> None:
    for place in (0, 1):
        company = str(lab.companies[place].company.id)
        await lab.site("GET", "/rest/v1.0/projects", place=place, company_id=company)
    company = str(lab.companies[1].company.id)
    entries, _ = await read(lab, kind="answer", company=company)
    assert [entry["path"] for entry in entries] == ["/rest/v1.0/projects"]


async def test_next_passes_over_what_was_looked_at_in_vain(lab: Laboratory, books: Books) -> None:
    await books.invoice()
    entries, reached = await read(lab, kind="mail")
    assert (entries, reached) == ([], lab.world.journal.last)


async def test_long_journal_comes_in_pages(lab: Laboratory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "JOURNAL_PAGE", 7)
    reached, seen = 0, []
    while page := (await read(lab, since=str(reached)))[0]:
        seen += [entry["seq"] for entry in page]
        reached = page[-1]["seq"]
        assert len(page) <= 7
    assert seen == [*range(1, lab.world.journal.last + 1)]


async def test_waiting_reader_is_told_of_the_next_matching_entry(lab: Laboratory, books: Books) -> None:
    since = str(lab.world.journal.last)
    waiting = asyncio.create_task(read(lab, since=since, kind="mail", wait_s="30"))
    await asyncio.sleep(0)
    invoice = await books.invoice(BillEmail={"Address": "ap@example.com"})
    assert not waiting.done()
    await books.send("Invoice", invoice["Id"])
    entries, _ = await asyncio.wait_for(waiting, 5)
    assert [entry["id"] for entry in entries] == [invoice["Id"]]


async def test_reader_who_waited_in_vain_gets_nothing_and_goes_on(lab: Laboratory) -> None:
    last = lab.world.journal.last
    assert await read(lab, since=str(last), wait_s="0.01") == ([], last)


@pytest.mark.parametrize("asked", [{"since": "yesterday"}, {"wait_s": "long"}])
async def test_unreadable_figure_is_refused(lab: Laboratory, asked: dict[str, str]) -> None:
    assert (await lab.control.get("/journal", params=asked)).status_code == 400
