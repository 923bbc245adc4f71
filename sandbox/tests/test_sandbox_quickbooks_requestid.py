"""`requestid`: one operation, one effect, one answer."""

import asyncio
from collections.abc import Awaitable

import httpx
import pytest
from sandbox_books import Books, codes
from sandbox_rules import rule

BASICS = "Intuit, Basic field definitions, requestid"
OPEN = "Undocumented by Intuit; a switch of the realm"


def writes(books: Books) -> int:
    entries = books.lab.world.journal.since(0)
    return sum(e.kind == "commit" and e.facts["origin"] == "api" for e in entries)


@rule("A repeated requestid gets the first answer again, byte for byte, and nothing is executed.", BASICS)
async def test_repeated_requestid_replays_the_first_answer(books: Books) -> None:
    first = await books.post("Invoice", books.form(100), requestid="pl-1")
    later = await books.post("Invoice", books.form(100), requestid="pl-1")
    assert first.status_code == later.status_code == 200
    assert later.content == first.content
    assert writes(books) == 1


@rule("A requestid is unique per company over all entities and operations.", BASICS)
async def test_requestid_of_another_entity_replays_too(books: Books) -> None:
    made = await books.post("Invoice", books.form(100), requestid="pl-1")
    other = await books.post("Customer", {"DisplayName": "Somebody"}, requestid="pl-1")
    assert other.content == made.content


@rule("Another company does not know the requestid.", BASICS)
async def test_requestid_of_another_company_is_new(books: Books) -> None:
    neighbour = Books(books.lab, place=1)
    await books.post("Customer", {"DisplayName": "Somebody"}, requestid="pl-1")
    created = await neighbour.post("Customer", {"DisplayName": "Somebody else"}, requestid="pl-1")
    assert created.json()["Customer"]["DisplayName"] == "Somebody else"


@rule(
    "A replay has a trace id (intuit_tid) of its own.",
    "Intuit support asks for intuit_tid of each call",
    inferred=True,
)
async def test_replay_has_its_own_trace_id(books: Books) -> None:
    answers = [await books.post("Invoice", books.form(1), requestid="pl-1") for _ in range(2)]
    assert answers[0].headers["intuit_tid"] != answers[1].headers["intuit_tid"]


@rule("Fifty characters are the longest requestid; a longer one is refused with 2130.", BASICS)
async def test_requestid_of_51_characters_is_refused(books: Books) -> None:
    assert (await books.post("Invoice", books.form(1), requestid="x" * 50)).status_code == 200
    assert await books.refused("Invoice", books.form(1), requestid="x" * 51) == ["2130"]
    assert writes(books) == 1


@rule(
    "Without a requestid and without a number, a retry makes a second invoice.",
    "Intuit, Basic field definitions",
)
async def test_retry_without_requestid_makes_a_second_invoice(books: Books) -> None:
    one, two = [await books.invoice() for _ in range(2)]
    assert one["Id"] != two["Id"]


@rule("A refused request is remembered and refused again in the same words.", OPEN, inferred=True)
async def test_refusal_is_replayed(books: Books) -> None:
    first = await books.post("Invoice", {}, requestid="pl-1")
    later = await books.post("Invoice", books.form(100), requestid="pl-1")
    assert codes(first)
    assert later.content == first.content


@rule(
    "Where refusals are not remembered, the corrected request is executed, whatever HTTP status faults have.",
    OPEN,
    inferred=True,
)
@pytest.mark.parametrize("status", [400, 200])
async def test_refusal_can_be_forgotten(books: Books, status: int) -> None:
    configure(books, requestid_remembers_faults=False, fault_status=status)
    await books.post("Invoice", {}, requestid="pl-1")
    corrected = await books.post("Invoice", books.form(100), requestid="pl-1")
    assert corrected.json()["Invoice"]["TotalAmt"] == 100


@rule(
    "Another body under a known requestid gets the first answer, fault 600 or a new execution.",
    OPEN,
    inferred=True,
)
@pytest.mark.parametrize(("switch", "outcome"), [("replay", "first"), ("refuse", "600"), ("execute", "new")])
async def test_other_body_under_a_known_requestid(books: Books, switch: str, outcome: str) -> None:
    configure(books, requestid_mismatch=switch)
    first = await books.post("Invoice", books.form(100), requestid="pl-1")
    other = await books.post("Invoice", books.form(200), requestid="pl-1")
    assert seen(first, other) == outcome
    same = await books.post("Invoice", books.form(200 if outcome == "new" else 100), requestid="pl-1")
    assert seen(first if outcome != "new" else other, same) == "first"


@rule(
    "A requestid still under way waits for the one answer, gets fault 600, or is executed too.",
    OPEN,
    inferred=True,
)
@pytest.mark.parametrize(("switch", "outcome"), [("wait", "first"), ("refuse", "600"), ("execute", "new")])
async def test_requestid_in_flight(books: Books, switch: str, outcome: str) -> None:
    configure(books, requestid_in_flight=switch, work_s=60)
    posts: list[Awaitable[httpx.Response]] = [
        books.post("Invoice", books.form(1), requestid="pl-1") for _ in range(2)
    ]
    both = asyncio.gather(*posts)
    for _ in range(20):
        await asyncio.sleep(0)
    books.lab.world.clock.step(61)
    first, second = await both
    assert seen(first, second) == outcome


@rule(
    "A requestid is forgotten after its time; the same request then makes a second invoice.",
    OPEN,
    inferred=True,
)
async def test_forgotten_requestid_executes_again(books: Books) -> None:
    configure(books, requestid_ttl_s=600)
    books.lab.world.clock.scale(0)
    first = await books.post("Invoice", books.form(1), requestid="pl-1")
    books.lab.world.clock.step(599)
    assert seen(first, await books.post("Invoice", books.form(1), requestid="pl-1")) == "first"
    books.lab.world.clock.step(1)
    assert seen(first, await books.post("Invoice", books.form(1), requestid="pl-1")) == "new"


@rule(
    "A delete honours the requestid: its repetition answers as before although the invoice is gone.", BASICS
)
async def test_delete_replays(books: Books) -> None:
    made = await books.invoice()
    handle = {"Id": made["Id"], "SyncToken": "0"}
    answers = [await books.post("Invoice", handle, operation="delete", requestid="pl-1") for _ in range(2)]
    assert answers[0].content == answers[1].content
    assert answers[1].json()["Invoice"]["status"] == "Deleted"


@rule("Sending honours no requestid: a repeated send mails twice.", OPEN, inferred=True)
async def test_send_does_not_heed_a_requestid(books: Books) -> None:
    made = await books.invoice(BillEmail={"Address": "ap@owner.example"})
    for _ in range(2):
        await books.send("Invoice", made["Id"], requestid="pl-1")
    assert sum(e.kind == "mail" for e in books.lab.world.journal.since(0)) == 2


@rule("Sending honours the requestid where the switch says so.", OPEN, inferred=True)
async def test_send_can_heed_a_requestid(books: Books) -> None:
    configure(books, requestid_operations=["write", "send"])
    made = await books.invoice(BillEmail={"Address": "ap@owner.example"})
    for _ in range(2):
        await books.send("Invoice", made["Id"], requestid="pl-1")
    assert sum(e.kind == "mail" for e in books.lab.world.journal.since(0)) == 1


@rule(
    "A replay may find its token refused: the gateway answers before the memory is asked.",
    "Intuit, OAuth 2.0",
    inferred=True,
)
async def test_replay_still_needs_a_token(books: Books) -> None:
    await books.post("Invoice", books.form(1), requestid="pl-1")
    again = await books.lab.quickbooks.post(
        f"/v3/company/{books.realm_id}/invoice", params={"requestid": "pl-1"}, json=books.form(1)
    )
    assert again.status_code == 401


def seen(first: httpx.Response, other: httpx.Response) -> str:
    """Say what the other answer is, compared with the first."""
    if "Fault" in other.json():
        return codes(other)[0]
    return "first" if other.content == first.content else "new"


def configure(books: Books, **settings: object) -> None:
    books.lab.world.quickbooks.configure(books.realm_id, **settings)


@rule(
    "No header makes a request one of a kind: neither Idempotency-Key nor Request-Id means anything.",
    BASICS,
)
@pytest.mark.parametrize("header", ["idempotency_key", "idempotency-key", "request-id", "requestid"])
async def test_headers_mean_nothing(books: Books, header: str) -> None:
    realm = books.lab.realms[0]
    answers = [
        await books.lab.quickbooks.post(
            f"/v3/company/{realm.id}/invoice",
            json=books.form(100),
            headers={"authorization": f"Bearer {realm.access_token}", header: "same"},
        )
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json()["Invoice"]["Id"] != answers[1].json()["Invoice"]["Id"]


@rule("An update honours the requestid: its repetition is not stale.", BASICS)
async def test_update_replays(books: Books) -> None:
    made = await books.invoice()
    change = {"Id": made["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "x"}
    first, later = [await books.post("Invoice", change, requestid="pl-1") for _ in range(2)]
    assert first.content == later.content
    assert (await books.read("Invoice", made["Id"]))["SyncToken"] == "1"


@rule("Switch: a void honours the requestid, or its repetition is stale.", OPEN, inferred=True)
@pytest.mark.parametrize("heeded", [True, False])
async def test_void_may_replay(books: Books, *, heeded: bool) -> None:
    books.configure(requestid_operations=["write", "void"] if heeded else ["write"])
    made = await books.invoice()
    handle = {"Id": made["Id"], "SyncToken": "0"}
    first, later = [await books.post("Invoice", handle, operation="void", requestid="pl-1") for _ in range(2)]
    assert first.status_code == 200
    assert (later.content == first.content) == heeded
    assert heeded or codes(later) == ["5010"]


@rule("Switch: no requestid is remembered.", OPEN, inferred=True)
async def test_nothing_is_remembered(books: Books) -> None:
    books.configure(requestid_ttl_s=0)
    ids = {
        (await books.post("Invoice", books.form(1), requestid="pl-1")).json()["Invoice"]["Id"]
        for _ in range(2)
    }
    assert len(ids) == 2


@rule("Switch: a requestid is remembered for a minute, or a day.", OPEN, inferred=True)
@pytest.mark.parametrize("seconds", [60, 86_400])
async def test_requestid_is_remembered_for_a_while(books: Books, seconds: int) -> None:
    books.configure(requestid_ttl_s=seconds)
    realm = books.lab.world.quickbooks.realm(books.realm_id)
    books.lab.world.clock.scale(0)
    assert (await books.post("Customer", {"DisplayName": "Once"}, requestid="pl-1")).status_code == 200
    books.lab.world.clock.step(seconds - 1)
    assert realm.requests.knows("pl-1", realm.settings)
    books.lab.world.clock.step(1)
    assert not realm.requests.knows("pl-1", realm.settings)
