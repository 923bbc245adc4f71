"""`POST /batch`: independent items, faults per item, request ids per item."""

import asyncio
from typing import Any

import httpx
import pytest
from sandbox_books import Body, codes
from sandbox_payables import Payables
from sandbox_rules import rule

BATCH = "Intuit, Batch"
BASICS = "Intuit, Basic field definitions, requestid"


def vendor(name: str, b_id: str = "b1") -> Body:
    return {"bId": b_id, "operation": "create", "Vendor": {"DisplayName": name}}


async def batch(payables: Payables, *items: Body, **params: str) -> httpx.Response:
    return await payables.post("batch", {"BatchItemRequest": list(items)}, **params)


async def answered(payables: Payables, *items: Body, **params: str) -> dict[str, Body]:
    """Return the entries of the answer by their bId."""
    answer = await batch(payables, *items, **params)
    assert answer.status_code == 200, answer.text
    entries = answer.json()["BatchItemResponse"]
    assert len(entries) == len(items)
    return {entry["bId"]: entry for entry in entries}


def code(entry: Body) -> str:
    first: str = entry["Fault"]["Error"][0]["code"]
    return first


def created(payables: Payables) -> int:
    entries = payables.lab.world.journal.since(0, {"commit"})
    return sum(entry.facts["origin"] == "api" for entry in entries)


@rule("A batch creates, updates, deletes and queries; each answer carries the bId of its item.", BATCH)
async def test_batch_does_all_operations(payables: Payables) -> None:
    doomed, kept = await payables.bill(1), await payables.bill(2, DocNumber="K")
    entries = await answered(
        payables,
        vendor("Smith Family Store", "bid1"),
        {"bId": "bid2", "operation": "delete", "Bill": {"Id": doomed["Id"], "SyncToken": "0"}},
        {
            "bId": "bid3",
            "operation": "update",
            "Bill": {"Id": kept["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "x"},
        },
        {"bId": "bid4", "Query": "select * from Term where Name = 'Net 30'"},
    )
    assert entries["bid1"]["Vendor"]["SyncToken"] == "0"
    assert entries["bid2"]["Bill"] == {"status": "Deleted", "domain": "QBO", "Id": doomed["Id"]}
    assert (entries["bid3"]["Bill"]["PrivateNote"], entries["bid3"]["Bill"]["DocNumber"]) == ("x", "K")
    assert entries["bid4"]["QueryResponse"]["Term"][0]["DueDays"] == 30
    assert "time" in (await batch(payables, vendor("Another"))).json()


@rule(
    "Items are independent: a refused one is a Fault in an answer with HTTP 200, the others are done.", BATCH
)
async def test_items_fail_alone(payables: Payables) -> None:
    bill = await payables.bill(1)
    await payables.change("Bill", bill, PrivateNote="newer")
    stale = {"Id": bill["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "x"}
    gone = {"Id": "129", "SyncToken": "0"}
    entries = await answered(
        payables,
        vendor(next(iter(payables.vendors)), "taken"),
        {"bId": "gone", "operation": "delete", "Invoice": {**gone, "Id": "99999"}},
        {"bId": "stale", "operation": "update", "Bill": stale},
        {"bId": "query", "Query": "select nonsense"},
        vendor("Fine", "good"),
    )
    assert {b_id: code(entries[b_id]) for b_id in ("taken", "gone", "stale", "query")} == {
        "taken": "6240",
        "gone": "610",
        "stale": "5010",
        "query": "4000",
    }
    assert entries["good"]["Vendor"]["DisplayName"] == "Fine"


@rule("Execution order is not promised: answers do not come in the order of the items.", BATCH)
async def test_items_come_in_another_order(payables: Payables) -> None:
    items = [vendor(f"Vendor {number}", f"b{number}") for number in range(12)]
    answer = await batch(payables, *items)
    order = [entry["bId"] for entry in answer.json()["BatchItemResponse"]]
    assert sorted(order) == sorted(item["bId"] for item in items)
    assert order != [item["bId"] for item in items]
    ids = [int(entry["Vendor"]["Id"]) for entry in answer.json()["BatchItemResponse"]]
    assert ids == sorted(ids), "answers come in the order of execution"


@rule("A batch takes 30 items; with more it is refused as a whole (1040).", BATCH)
async def test_batch_takes_thirty(payables: Payables) -> None:
    items = [vendor(f"Vendor {number}", f"b{number}") for number in range(31)]
    assert codes(await batch(payables, *items)) == ["1040"]
    assert created(payables) == 0
    assert len(await answered(payables, *items[:30])) == 30


@rule("A batch without items, or that is no list of items, is refused as a whole.", BATCH, inferred=True)
async def test_batch_that_makes_no_sense(payables: Payables) -> None:
    assert await payables.refused("batch", {}) == ["2020"]
    assert await payables.refused("batch", {"BatchItemRequest": []}) == ["2020"]
    assert await payables.refused("batch", {"BatchItemRequest": ["x"]}) == ["2010"]
    assert await payables.refused("batch", []) == ["2010"]


@rule(
    "An item without an operation, without an entity, or of an unknown one is refused alone.",
    BATCH,
    inferred=True,
)
async def test_items_that_make_no_sense(payables: Payables) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"Vendor": {"DisplayName": "A"}}, "2020"),
        ({"operation": "create"}, "2010"),
        ({"operation": "create", "Vendor": {"DisplayName": "A"}, "Bill": {}}, "2010"),
        ({"operation": "create", "Vendor": "A"}, "2010"),
        ({"operation": "create", "Letter": {}}, "500"),
        ({"operation": "burn", "Vendor": {}}, "500"),
    ]
    items = [{"bId": f"b{place}", **item} for place, (item, _) in enumerate(cases)]
    entries = await answered(payables, *items, {"bId": "ok", **vendor("Fine", "ok")})
    assert [code(entries[f"b{place}"]) for place in range(len(cases))] == [wanted for _, wanted in cases]
    assert "Vendor" in entries["ok"]


@rule("optionsData holds what include holds in a single call.", "PHP SDK, Batch.php", inferred=True)
async def test_options_of_an_item(payables: Payables) -> None:
    await payables.bill(1, DocNumber="7")
    bill = {"bId": "b1", "operation": "create", "Bill": payables.bill_form(1, DocNumber="7")}
    assert code((await answered(payables, bill))["b1"]) == "6140"
    waived = {**bill, "optionsData": "allowduplicatedocnum"}
    assert (await answered(payables, waived))["b1"]["Bill"]["DocNumber"] == "7"
    check = await payables.check(5)
    handle = {"Id": check["Id"], "SyncToken": "0", "sparse": True}
    void = {"bId": "b2", "operation": "update", "optionsData": "void", "BillPayment": handle}
    assert (await answered(payables, void))["b2"]["BillPayment"]["TotalAmt"] == 0


@rule("With requestid and bId both as before, an item is answered as before and not executed again.", BASICS)
async def test_repeated_batch_is_replayed(payables: Payables) -> None:
    bill = {"bId": "b1", "operation": "create", "Bill": payables.bill_form(1)}
    first = await answered(payables, bill, vendor("Acme", "b2"), requestid="r-1")
    again = await answered(payables, vendor("Acme", "b2"), bill, requestid="r-1")
    assert again == first
    assert created(payables) == 2


@rule("An item with another bId, or of a batch with another requestid, counts as new.", BASICS)
async def test_item_with_another_id_is_new(payables: Payables) -> None:
    bill = {"operation": "create", "Bill": payables.bill_form(1)}
    ids = set()
    for requestid, b_id in (("r-1", "b1"), ("r-1", "b2"), ("r-2", "b1")):
        entries = await answered(payables, {"bId": b_id, **bill}, requestid=requestid)
        ids.add(entries[b_id]["Bill"]["Id"])
    assert len(ids) == 3


@rule("A repeated batch of which an item is new executes that item only.", BASICS, inferred=True)
async def test_grown_batch_executes_the_rest(payables: Payables) -> None:
    bill = {"bId": "b1", "operation": "create", "Bill": payables.bill_form(1)}
    await answered(payables, bill, requestid="r-1")
    answer = await batch(payables, bill, {**bill, "bId": "b2"}, requestid="r-1")
    assert answer.status_code == 200
    assert created(payables) == 2


@rule(
    "requestid and bId are joined against 50 characters; more is refused with 6000 per item.",
    "Java SDK, issue 180",
)
async def test_joined_request_id_has_a_longest(payables: Payables) -> None:
    entries = await answered(payables, vendor("Acme", "b" * 18), requestid="r" * 32)
    assert "Vendor" in entries["b" * 18]
    entries = await answered(payables, vendor("Beta", "b" * 36), requestid="r" * 32)
    (trouble,) = entries["b" * 36]["Fault"]["Error"]
    assert trouble["code"] == "6000"
    assert "more than 50 characters in the request_id field" in trouble["Detail"]
    assert "which is 68 characters" in trouble["Detail"]


@rule("A batch that is repeated while the first still runs has one effect.", BASICS, inferred=True)
async def test_batches_at_once_have_one_effect(payables: Payables) -> None:
    payables.lab.world.quickbooks.configure(payables.realm_id, work_s=0.01)
    bill = {"bId": "b1", "operation": "create", "Bill": payables.bill_form(1)}
    first, second = await asyncio.gather(*(answered(payables, bill, requestid="r-1") for _ in range(2)))
    assert first == second
    assert created(payables) == 1


@rule("Without requestid nothing is remembered.", BASICS)
async def test_batch_without_request_id(payables: Payables) -> None:
    bill = {"bId": "b1", "operation": "create", "Bill": payables.bill_form(1)}
    first, second = [await answered(payables, bill) for _ in range(2)]
    assert first["b1"]["Bill"]["Id"] != second["b1"]["Bill"]["Id"]


@rule("Queries of a batch are never replayed.", BASICS, inferred=True)
async def test_query_of_a_repeated_batch_is_fresh(payables: Payables) -> None:
    query = {"bId": "b1", "Query": "select count(*) from Bill"}
    before = (await answered(payables, query, requestid="r-1"))["b1"]["QueryResponse"]["totalCount"]
    await payables.bill(1)
    after = (await answered(payables, query, requestid="r-1"))["b1"]["QueryResponse"]["totalCount"]
    assert after == before + 1


@rule("Batches have a limit of their own: 40 a minute.", "Intuit, API call limits and throttles")
async def test_batches_have_their_own_limit(payables: Payables) -> None:
    query = {"bId": "b1", "Query": "select count(*) from Bill"}
    for _ in range(40):
        assert (await batch(payables, query)).status_code == 200
    assert (await batch(payables, query)).status_code == 429
    assert (await payables.get(f"/vendor/{payables.vendor}")).status_code == 200
    payables.lab.world.clock.step(61)
    assert (await batch(payables, query)).status_code == 200


@rule("A batch whose answer is lost was done; the same batch again finds it done.", BASICS)
async def test_lost_batch_is_found_done(payables: Payables) -> None:
    fault = {"name": "status-after-commit", "times": 1, "match": {"path": "batch"}}
    payables.lab.world.faults.add(fault)
    bill = {"bId": "b1", "operation": "create", "Bill": payables.bill_form(1)}
    assert (await batch(payables, bill, requestid="r-1")).status_code == 500
    assert "Bill" in (await answered(payables, bill, requestid="r-1"))["b1"]
    assert created(payables) == 1


@rule(
    "A batch asks for change data too: CDCQuery with Entities and ChangedSince.",
    "Java SDK, BatchItemRequest; XSD",
)
async def test_batch_asks_what_changed(payables: Payables) -> None:
    since = payables.lab.world.clock.now().isoformat()
    payables.lab.world.clock.step(1)
    made = await payables.bill(1)
    asked = {"Entities": "Bill,Vendor", "ChangedSince": since}
    entries = await answered(
        payables,
        {"bId": "new", "CDCQuery": asked},
        {"bId": "old", "CDCQuery": {**asked, "ChangedSince": "2020-01-01"}},
        {"bId": "odd", "CDCQuery": "Bill"},
        {"bId": "none", "CDCQuery": {}},
    )
    ((part,),) = (response["QueryResponse"] for response in entries["new"]["CDCResponse"])
    assert [bill["Id"] for bill in part["Bill"]] == [made["Id"]]
    assert [code(entries[b_id]) for b_id in ("old", "odd", "none")] == ["500", "2010", "2020"]


@rule(
    "A batch mails forms by operation send, and voids by operation void.",
    "Intuit, XSD, OperationEnum",
    inferred=True,
)
async def test_batch_sends_and_voids(payables: Payables) -> None:
    mailed = await payables.invoice(1, BillEmail={"Address": "ap@example.com"})
    doomed = await payables.invoice(2)
    entries = await answered(
        payables,
        {"bId": "send", "operation": "send", "Invoice": {"Id": mailed["Id"]}},
        {"bId": "void", "operation": "void", "Invoice": {"Id": doomed["Id"], "SyncToken": "0"}},
        {"bId": "bill", "operation": "send", "Bill": {"Id": "1"}},
    )
    assert entries["send"]["Invoice"]["EmailStatus"] == "EmailSent"
    assert entries["void"]["Invoice"]["TotalAmt"] == 0
    assert code(entries["bill"]) == "500"


@rule(
    "The option for a taken number is spelled allowduplicatedocnum or allowduplicatedocnumber.",
    "PHP SDK, Batch.php",
    inferred=True,
)
@pytest.mark.parametrize("option", ["allowduplicatedocnum", "allowduplicatedocnumber"])
async def test_spellings_of_the_option(payables: Payables, option: str) -> None:
    await payables.invoice(1, DocNumber="N-1")
    item = {"bId": "1", "operation": "create", "Invoice": payables.form(1, DocNumber="N-1")}
    assert code((await answered(payables, item))["1"]) == "6140"
    assert (await answered(payables, {**item, "optionsData": option}))["1"]["Invoice"]["DocNumber"] == "N-1"


@rule(
    "An answer to a batch holds 1000 objects; what its queries find beyond is left out.", BATCH, inferred=True
)
async def test_objects_of_a_batch(payables: Payables) -> None:
    for number in range(600):
        await payables.write("Class", {"Name": f"Class {number}"})
    query = "select * from Class maxresults 1000"
    entries = await answered(
        payables, vendor("One more"), *({"bId": str(place), "Query": query} for place in range(3))
    )
    found = [len(e["QueryResponse"].get("Class", [])) for e in entries.values() if "QueryResponse" in e]
    assert sorted(found) == [0, 999 - 604, 604]


@rule("Switch: how many items a batch takes.", BATCH, inferred=True)
@pytest.mark.parametrize("most", [10, 50])
async def test_largest_batch_is_a_switch(payables: Payables, most: int) -> None:
    payables.lab.world.quickbooks.configure(payables.realm_id, batch_most_items=most)
    items = [vendor(f"Vendor {number}", f"b{number}") for number in range(most + 1)]
    assert codes(await batch(payables, *items)) == ["1040"]
    assert len(await answered(payables, *items[:most])) == most


@rule(
    "Switch: a repeated item gets 6000, an unexpected error, instead of its first answer.",
    "quickbooks-ruby, pull request 344 (2016)",
    inferred=True,
)
async def test_repeated_batch_may_fail(payables: Payables) -> None:
    payables.configure(batch_replay="unexpected")
    first = await answered(payables, vendor("Once"), requestid="r-1")
    later = await answered(payables, vendor("Once"), requestid="r-1")
    assert first["b1"]["Vendor"]["DisplayName"] == "Once"
    (error,) = later["b1"]["Fault"]["Error"]
    assert error["code"] == "6000"
    assert "An unexpected error occurred while accessing or saving your data" in error["Detail"]
    assert created(payables) == 1


@rule("requestid and bId together: 68 characters are refused in the captured words.", "Java SDK, issue 180")
async def test_words_of_the_joined_length(payables: Payables) -> None:
    entries = await answered(payables, vendor("Long", "b" * 36), requestid="r" * 32)
    (error,) = entries["b" * 36]["Fault"]["Error"]
    assert error["code"] == "6000"
    assert "cannot enter more than 50 characters in the request_id field" in error["Detail"]
    assert "which is 68 characters" in error["Detail"]
    fitting = await answered(payables, vendor("Fits", "b" * 10), requestid="r" * 36)
    assert "Vendor" in fitting["b" * 10]
