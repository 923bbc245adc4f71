"""Fifty clients at once: nothing is lost, nothing comes twice, and the journal is one order of all of it."""

import asyncio
import itertools

from plumbline_sandbox.laboratory import Laboratory

CLIENTS = 50
EACH = 10


async def test_fifty_clients_lose_nothing_and_the_journal_orders_it_totally(lab: Laboratory) -> None:
    roomy = {"quickbooks": {"per_second": 10**6, "per_minute": 10**6, "in_flight": 10**6}}
    assert (await lab.control.post("/control/limits", json=roomy)).is_success
    books = lab.description["companies"][0]["projects"][0]["quickbooks"]
    before = lab.world.journal.last

    async def client(name: int) -> list[str]:
        return [await one(f"{name}-{number}") for number in range(EACH)]

    async def one(key: str) -> str:
        detail = {"ItemRef": {"value": books["items"]["Services"]}}
        line = {"Amount": 1.25, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
        body = {"CustomerRef": {"value": books["customer_id"]}, "Line": [line]}
        # Everybody asks twice at once under one request id: one effect.
        twice = await asyncio.gather(*(lab.books("POST", "/invoice", body, requestid=key) for _ in range(2)))
        (made,) = {answer.json()["Invoice"]["Id"] for answer in twice}
        return str(made)

    told = await asyncio.gather(*(client(name) for name in range(CLIENTS)))
    made = [invoice for ids in told for invoice in ids]
    assert len(set(made)) == CLIENTS * EACH
    entries = list(lab.world.journal.since(before))
    assert [entry.seq for entry in entries] == list(range(before + 1, before + 1 + len(entries)))
    assert all(one.at <= next_one.at for one, next_one in itertools.pairwise(entries))
    commits = [e.facts["id"] for e in entries if e.kind == "commit" and e.facts["entity"] == "Invoice"]
    assert sorted(commits) == sorted(made)
    answers = [e for e in entries if e.kind == "answer"]
    assert len(answers) == 2 * CLIENTS * EACH
    assert sum(e.facts["committed"] for e in answers) == CLIENTS * EACH
