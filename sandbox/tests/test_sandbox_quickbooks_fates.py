"""Every documented way in which a write to the books can go wrong: whether it was done, what is seen, what is noted.

What only a real connection shows (a reset, a half-close, silence, half of a body) is played in
`test_sandbox_wire`; here the same rules are in force without sockets, where each ends the connection.
"""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from sandbox_app import App
from sandbox_books import Books
from sandbox_rules import rule

from plumbline_sandbox.server import ConnectionCutError

AMBIGUOUS = (
    "Reported outcomes of writes: quickbooks-ruby 343, python-quickbooks 292, .NET SDK 373, clawbolt 1062"
)
SHAPES = "Captured answers of gateway and service; quickbooks-ruby 363"
UNKNOWN = "Intuit documents neither"


@dataclass(frozen=True)
class Fate:
    """One fault rule, and what becomes of a write that meets it."""

    name: str
    args: dict[str, Any] = field(default_factory=dict)
    done: bool = False
    status: int | None = None
    """None: the connection ends without an answer."""
    shape: str = ""
    """What the body has in it."""


FAULT = {"Fault": {"Error": [{"Message": "m", "Detail": "d", "code": "6000"}], "type": "ValidationFault"}}
HTML = {"headers": {"content-type": "text/html"}, "body": "<html>Bad gateway</html>"}
FATES = {
    "lost before the commit": Fate("lose-request"),
    "reset before the commit": Fate("lose-request", {"how": "reset"}),
    "half-closed before the commit": Fate("lose-request", {"how": "half-close"}),
    "lost after the commit": Fate("lose-answer", done=True),
    "reset after the commit": Fate("lose-answer", {"how": "reset"}, done=True),
    "half-closed after the commit": Fate("lose-answer", {"how": "half-close"}, done=True),
    "truncated": Fate("truncate", done=True),
    "500 before the commit": Fate("status", {"status": 500}, status=500),
    "503 before the commit": Fate("status", {"status": 503}, status=503),
    "500 after the commit": Fate("status-after-commit", {"status": 500}, done=True, status=500),
    "502 in HTML after the commit": Fate("status-after-commit", {"status": 502, **HTML}, True, 502, "<html>"),
    "504 after the commit": Fate("status-after-commit", {"status": 504}, done=True, status=504),
    "HTML page before the commit": Fate("html", {"status": 502}, status=502, shape="<html>"),
    "HTML page after the commit": Fate("html", {"status": 502, "after_commit": True}, True, 502, "<html>"),
    "404 in HTML": Fate("html", {"status": 404}, status=404, shape="<html>"),
    "401 before the commit": Fate("refuse-token", status=401, shape="AuthenticationFailed"),
    "401 after the commit": Fate("refuse-token", {"after_commit": True}, True, 401, "AuthenticationFailed"),
    "429": Fate("throttle", status=429, shape="<Error code"),
    "429 after the commit": Fate("throttle", {"after_commit": True}, True, 429, "<Error code"),
    "redirect": Fate(
        "status", {"status": 307, "headers": {"location": "https://elsewhere.example/"}}, status=307
    ),
    "200 with a fault": Fate("status", {"status": 200, "body": FAULT}, status=200, shape='"Fault"'),
    "200 with a fault after the commit": Fate(
        "status-after-commit", {"status": 200, "body": FAULT}, True, 200, '"Fault"'
    ),
    "204 without a body after the commit": Fate(
        "status-after-commit", {"status": 204}, done=True, status=204
    ),
}


async def break_(books: Books, fate: Fate, **schedule: Any) -> None:
    order = {"name": fate.name, "match": {"entity": "invoice"}, "args": fate.args, "times": 1, **schedule}
    assert (await books.lab.control.post("/control/faults", json=order)).status_code == 201


async def attempt(books: Books, requestid: str = "r-1") -> httpx.Response | None:
    """Create an invoice; None when the connection ends."""
    try:
        return await books.post("Invoice", books.form(100, DocNumber="F-1"), requestid=requestid)
    except ConnectionCutError:
        return None


def invoices(books: Books) -> int:
    shown = books.lab.world.quickbooks.dump(books.realm_id, "Invoice")
    return sum(invoice.get("DocNumber") == "F-1" for invoice in shown)


def lines(books: Books, kind: str) -> list[dict[str, Any]]:
    return [e.facts for e in books.lab.world.journal.since(0, kind) if e.facts.get("origin") != "seed"]


@rule(
    "A write may be done or not whatever the answer says, and whether there is one; the journal tells.",
    AMBIGUOUS,
)
@pytest.mark.parametrize("name", FATES)
async def test_fate_of_a_write(books: Books, name: str) -> None:
    fate = FATES[name]
    await break_(books, fate)
    answer = await attempt(books)
    assert (answer.status_code if answer else None) == fate.status
    assert answer is None or fate.shape in answer.text
    assert invoices(books) == fate.done
    (played,) = lines(books, "fault")
    assert (played["name"], played["target"]["requestid"]) == (fate.name, "r-1")
    told = lines(books, "answer" if fate.status else "bytes-lost")[-1]
    assert told["committed"] == fate.done
    assert len(lines(books, "commit")) == fate.done


@rule(
    "After any of it the same bytes under the same requestid have one effect.",
    "Intuit, Basic field definitions, requestid",
)
@pytest.mark.parametrize("name", FATES)
async def test_repetition_after_a_fate(books: Books, name: str) -> None:
    await break_(books, FATES[name])
    await attempt(books)
    again = await attempt(books)
    assert again is not None
    assert (again.status_code, again.json()["Invoice"]["DocNumber"]) == (200, "F-1")
    assert invoices(books) == 1


@rule("Without a requestid the repetition of what was done meets its own number (6140).", AMBIGUOUS)
@pytest.mark.parametrize("name", [name for name, fate in FATES.items() if fate.done])
async def test_repetition_without_a_requestid(books: Books, name: str) -> None:
    await break_(books, FATES[name])
    await attempt(books, requestid="")
    again = await attempt(books, requestid="")
    assert again is not None
    assert again.json()["Fault"]["Error"][0]["code"] == "6140"
    assert invoices(books) == 1


PAIRS = list(itertools.combinations(("lose-answer", "status-after-commit", "delay", "truncate"), 2))


@pytest.mark.parametrize(("one", "other"), PAIRS)
async def test_fates_meet_on_one_write(books: Books, one: str, other: str) -> None:
    for name in (one, other):
        await break_(books, Fate(name, {"ms": 5} if name == "delay" else {}))
    answer = await attempt(books)
    assert invoices(books) == 1
    played = {line["name"] for line in lines(books, "fault")}
    lost = "lose-answer" in {one, other}
    # A lost answer has no body left to cut, an empty one none either.
    assert played == {one, other} - ({"truncate"} if lost or "status-after-commit" in {one, other} else set())
    assert (answer is None) == (lost or played == {"delay", "truncate"})


async def test_everything_at_once(books: Books) -> None:
    books.configure(index_lag_s=60, requestid_ttl_s=86_400, work_s=0.01, other_apps_per_minute=10)
    books.lab.world.latency.configure({"provider": "quickbooks", "p50_ms": 1, "p99_ms": 5})
    await break_(books, FATES["lost after the commit"], times=2)
    assert [await attempt(books) for _ in range(2)] == [None, None]
    found = await books.lab.query("select * from Invoice where DocNumber = 'F-1'")
    assert found.json()["QueryResponse"] == {}, "the index lags"
    told = await attempt(books)
    assert told is not None
    assert (told.status_code, invoices(books)) == (200, 1)
    assert [line["replay"] for line in lines(books, "bytes-lost")] == [False, True]
    assert {line["of"] for line in lines(books, "switch")} >= {"company", "latency"}


@rule("A write that takes longer than its client waits is done all the same.", AMBIGUOUS)
async def test_client_gives_up(books: Books) -> None:
    await break_(books, Fate("delay", {"ms": 60_000}))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(attempt(books), 0.1)
    assert invoices(books) == 1


@rule("Two attempts of one write that overlap have one effect under one requestid.", UNKNOWN, inferred=True)
async def test_attempts_overlap(books: Books) -> None:
    books.configure(work_s=0.05)
    answers = await asyncio.gather(attempt(books), attempt(books))
    first, second = (answer.content for answer in answers if answer is not None)
    assert first == second
    assert invoices(books) == 1


@rule(
    "Read-your-writes: a query finds a create after the lag only, a read by id at once.",
    ".NET SDK issue 366",
    inferred=True,
)
@pytest.mark.parametrize("lag_s", [0, 5, 60])
async def test_query_lags(books: Books, lag_s: int) -> None:
    books.lab.world.clock.scale(0)
    books.configure(index_lag_s=lag_s)
    made = await books.invoice(1, DocNumber="F-1")
    statement = "select * from Invoice where DocNumber = 'F-1'"

    async def found() -> bool:
        return bool((await books.lab.query(statement)).json()["QueryResponse"])

    assert (await books.read("Invoice", made["Id"]))["DocNumber"] == "F-1"
    assert await found() == (lag_s == 0)
    books.lab.world.clock.step(lag_s)
    assert await found()


async def test_every_switch_that_is_set_leaves_a_line(books: Books) -> None:
    control = books.lab.control
    orders = {
        "/control/limits": {"quickbooks": {"per_second": 5}},
        "/control/latency": {"provider": "quickbooks", "ms": 3},
        "/control/quickbooks/oauth": {"rotate_after_s": 0},
        f"/control/quickbooks/{books.realm_id}/settings": {"index_lag_s": 5},
    }
    before = len(lines(books, "switch"))
    for path, body in orders.items():
        assert (await control.post(path, json=body)).status_code == 200
    noted = lines(books, "switch")[before:]
    assert [line["of"] for line in noted] == ["limits", "latency", "oauth", "company"]
    assert [line["settings"] for line in noted] == list(orders.values())
    refused = await control.post("/control/quickbooks/oauth", json={"colour": "red"})
    assert (refused.status_code, len(lines(books, "switch"))) == (400, before + 4)


@rule(
    "Switch: the token endpoint refuses (invalid_grant), is slow, or fails, like any other path.",
    UNKNOWN,
    inferred=True,
)
@pytest.mark.parametrize(
    ("name", "args", "status"),
    [
        ("status", {"status": 400, "body": {"error": "invalid_grant"}}, 400),
        ("status-after-commit", {"status": 500}, 500),
        ("html", {"status": 502}, 502),
        ("throttle", {}, 429),
    ],
)
async def test_token_endpoint_fails(books: Books, name: str, args: dict[str, Any], status: int) -> None:
    app = App(books.lab)
    order = {"name": name, "match": {"path": "tokens/bearer"}, "times": 1, "args": args}
    assert (await books.lab.control.post("/control/faults", json=order)).status_code == 201
    refused = await app.refresh(app.realm.refresh_token)
    assert refused.status_code == status
    assert (await app.refresh(app.realm.refresh_token)).status_code == 200
