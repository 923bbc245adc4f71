"""Intuit's webhooks: what is told to whom, how it is signed, and when it is tried again."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from sandbox_app import App
from sandbox_books import Books
from sandbox_listener import Listener, Received
from sandbox_rules import rule

from plumbline_sandbox.laboratory import Laboratory
from plumbline_sandbox.quickbooks.webhooks.events import signature

WEBHOOKS = "Intuit, Webhooks"
PAYLOAD = "Intuit, Upcoming change to webhooks payload structure (November 2025)"
PRACTICES = "Intuit, Webhooks, best practices"
WEBINAR = "Intuit, webhooks webinar of February 2025"
CAPTURED = "Captured notifications in ballerina-platform/asyncapi-triggers"


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    async with Listener() as made:
        yield made


async def subscribe(lab: Laboratory, listener: Listener, *, place: int = 0, **more: Any) -> dict[str, Any]:
    body = {"client_id": lab.realms[place].client_id, "url": listener.url, "aggregate_s": 0, **more}
    answer = await lab.control.post("/control/quickbooks/webhooks", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def until(condition: Callable[[], Any]) -> None:
    """Return when a condition holds."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 -- nothing tells of what is waited for
            await asyncio.sleep(0.01)


async def settled(lab: Laboratory) -> None:
    """Return when nothing waits to be delivered."""
    await until(lambda: not lab.world.quickbooks.webhooks.pending())


def types(received: list[Received]) -> list[str]:
    """Return what happened, in the order in which it was told."""
    return [event["type"] for post in received for event in post.events]


def attempts(lab: Laboratory) -> list[dict[str, Any]]:
    return [entry.facts for entry in lab.world.journal.since(0, "webhook-attempt")]


@rule("A notification is an array of CloudEvents that names the entity, its company and the change.", PAYLOAD)
async def test_cloud_events(books: Books, listener: Listener) -> None:
    await subscribe(books.lab, listener)
    invoice = await books.invoice(10)
    (event,) = (await listener.wait(1))[0].events
    assert event["specversion"] == "1.0"
    assert event["type"] == "qbo.invoice.created.v1"
    assert (event["intuitentityid"], event["intuitaccountid"]) == (invoice["Id"], books.realm_id)
    assert event["datacontenttype"] == "application/json"
    assert event["source"].startswith("intuit.")
    assert event["data"] == {}
    assert set(event) == {
        *("specversion", "id", "source", "type", "datacontenttype", "time"),
        *("intuitentityid", "intuitaccountid", "data"),
    }


@rule("Times of CloudEvents have nine digits after the second.", CAPTURED)
async def test_time(books: Books, listener: Listener) -> None:
    await subscribe(books.lab, listener)
    await books.invoice(10)
    time = (await listener.wait(1))[0].events[0]["time"]
    assert time.endswith("Z")
    assert len(time.partition(".")[2]) == 10


@rule("Types end in created, updated, deleted, void, emailed.", PAYLOAD)
async def test_types(books: Books, listener: Listener) -> None:
    await subscribe(books.lab, listener, entities=["Invoice"])
    invoice = await books.invoice(10, BillEmail={"Address": "ap@example.com"})
    invoice = await books.change("Invoice", invoice, PrivateNote="changed")
    invoice = (await books.send("Invoice", invoice["Id"])).json()["Invoice"]
    await books.void("Invoice", invoice)
    await books.delete("Invoice", await books.invoice(20))
    await settled(books.lab)
    told = [name.split(".")[2] for name in types(listener.received)]
    assert told == ["created", "updated", "emailed", "void", "created", "deleted"]


@rule("Whatever a write changes is told: a payment's invoice too.", WEBHOOKS, inferred=True)
async def test_linked_entities(books: Books, listener: Listener) -> None:
    invoice = await books.invoice(10)
    await subscribe(books.lab, listener, entities=["Invoice", "Payment"])
    await books.pay(invoice, 10)
    await settled(books.lab)
    assert sorted(types(listener.received)) == ["qbo.invoice.updated.v1", "qbo.payment.created.v1"]


@rule("Payments, accounts and change orders are told of; a voided payment under void.", WEBHOOKS)
async def test_types_of_other_entities(books: Books, listener: Listener) -> None:
    books.configure(construction_pack=True)
    estimate = await books.write("Estimate", books.form(1, ProjectRef={"value": "7"}))
    await subscribe(books.lab, listener, entities=["Payment", "Customer", "ChangeOrder", "Account"])
    payment = await books.write("Payment", books.money(5))
    await books.void("Payment", payment)
    link = [{"TxnId": estimate["Id"], "TxnType": "Estimate"}]
    await books.write("ChangeOrder", books.form(1, ProjectRef={"value": "7"}, LinkedTxn=link))
    await books.write("Account", {"Name": "New", "AccountType": "Bank"})
    await settled(books.lab)
    assert types(listener.received) == [
        "qbo.payment.created.v1",
        "qbo.payment.void.v1",
        "qbo.changeorder.created.v1",
        "qbo.account.created.v1",
    ]


@rule("What people do in the user interface is told like what apps do.", WEBHOOKS)
async def test_changes_by_people(lab: Laboratory, listener: Listener) -> None:
    await subscribe(lab, listener)
    path = f"/control/quickbooks/{lab.realms[0].id}/Customer"
    assert (await lab.control.post(path, json={"DisplayName": "By hand"})).status_code == 201
    assert types(await listener.wait(1)) == ["qbo.customer.created.v1"]


@rule("intuit-signature is the base64 of the HMAC-SHA256 of the raw body under the verifier token.", WEBHOOKS)
async def test_signature(books: Books, listener: Listener) -> None:
    token = (await subscribe(books.lab, listener))["verifier_token"]
    await books.invoice(10)
    (post,) = await listener.wait(1)
    digest = hmac.new(token.encode(), post.body, hashlib.sha256).digest()
    assert post.headers["intuit-signature"] == base64.b64encode(digest).decode()


def test_signature_of_a_known_body() -> None:
    assert signature("verify_me", b'{"stuff":"5"}') == "nfPLN16u3vMvv08ghDs+dOkLuirEVDy5wAeG/lmM2OA="


@rule("Notifications come with intuit-t-id, intuit-created-time and a schema version.", WEBHOOKS)
async def test_headers(books: Books, listener: Listener) -> None:
    await subscribe(books.lab, listener, content_type="application/cloudevents+json")
    await books.invoice(10)
    headers = (await listener.wait(1))[0].headers
    assert headers["intuit-notification-schema-version"] == "0.1"
    assert headers["user-agent"] == "intuit_notification_server/0.1"
    assert headers["intuit-t-id"]
    assert headers["intuit-created-time"].endswith("+0000")
    assert headers["content-type"] == "application/cloudevents+json"


@rule("The older form groups changes by realm: eventNotifications, dataChangeEvent, entities.", WEBHOOKS)
async def test_older_form(books: Books, listener: Listener) -> None:
    await subscribe(books.lab, listener, format="legacy", entities=["Invoice"], aggregate_s=10)
    invoice = await books.invoice(10)
    await books.void("Invoice", invoice)
    await asyncio.sleep(0)
    books.lab.world.clock.step(10)
    (post,) = await listener.wait(1)
    (notification,) = json.loads(post.body)["eventNotifications"]
    assert notification["realmId"] == books.realm_id
    created, voided = notification["dataChangeEvent"]["entities"]
    assert (created["name"], created["id"], created["operation"]) == ("Invoice", invoice["Id"], "Create")
    assert voided["operation"] == "Void"
    assert set(created) == {"name", "id", "operation", "lastUpdated"}
    assert created["lastUpdated"].endswith("Z")


@rule("A merge names the entity that is gone.", WEBHOOKS)
@pytest.mark.parametrize("form", ["cloudevents", "legacy"])
async def test_merge(lab: Laboratory, listener: Listener, form: str) -> None:
    to = await subscribe(lab, listener, format=form)
    merge = {"entity": "Customer", "id": "58", "operation": "Merge", "deleted_id": "59"}
    body = {"client_id": to["client_id"], "realm": lab.realms[0].id, **merge}
    assert (await lab.control.post("/control/quickbooks/webhooks/test", json=body)).status_code == 202
    told = json.loads((await listener.wait(1))[0].body)
    if form == "legacy":
        assert told["eventNotifications"][0]["dataChangeEvent"]["entities"][0]["deletedId"] == "59"
    else:
        assert (told[0]["type"], told[0]["data"]) == ("qbo.customer.merged.v1", {"deletedId": "59"})


@rule("Changes are gathered: one notification holds up to 100 events, in the order they happened.", WEBINAR)
async def test_gathering(books: Books, listener: Listener) -> None:
    await subscribe(books.lab, listener, entities=["Customer"], aggregate_s=60)
    made = [(await books.write("Customer", {"DisplayName": f"C{n}"}))["Id"] for n in range(103)]
    await asyncio.sleep(0)
    books.lab.world.clock.step(60)
    await listener.wait(1)
    await asyncio.sleep(0.05)
    books.lab.world.clock.step(60)
    first, second = await listener.wait(2)
    assert [event["intuitentityid"] for event in first.events] == made[:100]
    assert [event["intuitentityid"] for event in second.events] == made[100:]


@rule("Notifications are sent one realm at a time.", PRACTICES)
async def test_one_realm_at_a_time(lab: Laboratory, listener: Listener) -> None:
    await App(lab).connect(place=1)
    await subscribe(lab, listener, aggregate_s=60)
    await _touch_in_turn(lab)
    for count in (1, 2):
        lab.world.clock.step(60)
        await listener.wait(count)
        await asyncio.sleep(0.05)
    realms = [[event["intuitaccountid"] for event in post.events] for post in listener.received]
    assert realms == [[lab.realms[0].id] * 2, [lab.realms[1].id] * 2]


@rule("Switch: one notification tells of several realms.", "Events carry intuitaccountid each", inferred=True)
async def test_mixed_realms(lab: Laboratory, listener: Listener) -> None:
    await App(lab).connect(place=1)
    await subscribe(lab, listener, aggregate_s=60, mixes_realms=True)
    await _touch_in_turn(lab)
    lab.world.clock.step(60)
    (post,) = await listener.wait(1)
    first, second = lab.realms[0].id, lab.realms[1].id
    assert [event["intuitaccountid"] for event in post.events] == [first, second, first, second]


async def _touch_in_turn(lab: Laboratory) -> None:
    for name in ("A", "B"):
        for place in (0, 1):
            await lab.books("POST", "/customer", {"DisplayName": name}, place=place)
    await asyncio.sleep(0)


@rule("An app hears only of companies that are connected to it.", WEBHOOKS)
async def test_companies_of_the_app(lab: Laboratory, listener: Listener) -> None:
    await subscribe(lab, listener)
    await lab.books("POST", "/customer", {"DisplayName": "Elsewhere"}, place=1)
    await lab.books("POST", "/customer", {"DisplayName": "Here"})
    await settled(lab)
    assert [e["intuitaccountid"] for e in listener.received[0].events] == [lab.realms[0].id]
    await App(lab).revoke(lab.realms[0].refresh_token)
    path = f"/control/quickbooks/{lab.realms[0].id}/Customer"
    await lab.control.post(path, json={"DisplayName": "Later"})
    assert len(await listener.quiet()) == 1


@rule("An app hears only of the entities it has chosen, and some entities have no webhooks.", WEBHOOKS)
async def test_chosen_entities(books: Books, listener: Listener) -> None:
    await subscribe(books.lab, listener, entities=["Payment"])
    await books.pay(await books.invoice(10), 10)
    await settled(books.lab)
    assert types(listener.received) == ["qbo.payment.created.v1"]
    company = (await books.get(f"/companyinfo/{books.realm_id}")).json()["CompanyInfo"]
    await subscribe(books.lab, listener)
    await books.change("CompanyInfo", company, LegalName="Renamed")
    assert len(await listener.quiet()) == 1


@rule(
    "What is not acknowledged is tried again after 10 s, 20 s, 30 s, 5 min, 20 min, 2 h, 4 h, then every 6 h.",
    PRACTICES,
)
async def test_ladder(lab: Laboratory, listener: Listener) -> None:
    lab.world.clock.scale(0)
    await subscribe(lab, listener)
    pauses_s = [10, 20, 30, 300, 1200, 7200, 14400, 21600, 21600, 21600]
    listener.answers.extend([500] * len(pauses_s))
    await lab.books("POST", "/customer", {"DisplayName": "Someone"})
    await listener.wait(1)
    for count, pause_s in enumerate(pauses_s, start=1):
        await asyncio.sleep(0.02)
        lab.world.clock.step(pause_s - 1)
        await asyncio.sleep(0.02)
        assert len(listener.received) == count
        lab.world.clock.step(1)
        await listener.wait(count + 1)
    await settled(lab)
    assert [line["status"] for line in attempts(lab)] == [500] * len(pauses_s) + [200]
    assert [line["attempt"] for line in attempts(lab)] == list(range(1, len(pauses_s) + 2))
    assert len({post.body for post in listener.received}) == 1
    assert len({line["notification"] for line in attempts(lab)}) == 1


@rule("Later events are withheld until the first is acknowledged.", PRACTICES)
async def test_head_of_line(lab: Laboratory, listener: Listener) -> None:
    lab.world.clock.scale(0)
    await subscribe(lab, listener)
    listener.answers.append(503)
    for name in ("A", "B", "C"):
        await lab.books("POST", "/customer", {"DisplayName": name})
        await listener.wait(1)
    assert len(await listener.quiet()) == 1
    assert (await lab.control.get("/control/webhooks/pending")).json() == {"pending": 3}
    lab.world.clock.step(10)
    await listener.wait(3)
    assert listener.received[1].body == listener.received[0].body
    assert len(listener.received[2].events) == 2


@rule("Only HTTP 200 acknowledges.", PRACTICES, inferred=True)
@pytest.mark.parametrize("status", [204, 302, 400, 410])
async def test_acknowledgement(lab: Laboratory, listener: Listener, status: int) -> None:
    lab.world.clock.scale(0)
    await subscribe(lab, listener)
    listener.answers.append(status)
    await lab.books("POST", "/customer", {"DisplayName": "Someone"})
    await listener.wait(1)
    await asyncio.sleep(0.02)
    lab.world.clock.step(10)
    assert len(await listener.wait(2)) == 2


async def test_endpoint_that_is_not_there_is_tried_again(lab: Laboratory) -> None:
    lab.world.clock.scale(0)
    async with Listener() as gone:
        pass
    await subscribe(lab, gone)
    await lab.books("POST", "/customer", {"DisplayName": "Someone"})
    await until(lambda: attempts(lab))
    assert attempts(lab)[0]["status"] is None
    assert "Connect" in attempts(lab)[0]["error"]
    async with Listener() as back:
        await subscribe(lab, back)
        lab.world.clock.step(10)
        assert types(await back.wait(1)) == ["qbo.customer.created.v1"]


@rule("An endpoint has three seconds to answer.", PRACTICES)
async def test_silent_endpoint(lab: Laboratory, listener: Listener) -> None:
    lab.world.clock.scale(0)
    await subscribe(lab, listener)
    listener.answers.append(None)
    await lab.books("POST", "/customer", {"DisplayName": "Someone"})
    await until(lambda: attempts(lab))
    assert "ReadTimeout" in attempts(lab)[0]["error"]


async def test_journal_names_the_changes_of_every_attempt(books: Books, listener: Listener) -> None:
    await subscribe(books.lab, listener, entities=["Invoice"])
    invoice = await books.invoice(10)
    await settled(books.lab)
    (line,) = attempts(books.lab)
    assert line["changes"] == [f"{books.realm_id} Invoice {invoice['Id']} Create"]
    assert line["events"] == [listener.received[0].events[0]["id"]]


@rule("An event may be told more than once, with the same id.", PRACTICES)
async def test_repeated_event(lab: Laboratory, listener: Listener) -> None:
    await lab.control.post("/control/faults", json={"name": "webhook-repeat", "args": {"max": 2}})
    await subscribe(lab, listener)
    await lab.books("POST", "/customer", {"DisplayName": "Someone"})
    await settled(lab)
    ids = [event["id"] for post in listener.received for event in post.events]
    assert len(ids) == 2
    assert len(set(ids)) == 1


@rule("Events may come out of order; their time tells when they happened.", PRACTICES)
async def test_shuffled_events(lab: Laboratory, listener: Listener) -> None:
    match = {"provider": "quickbooks", "entity": "Customer"}
    shuffle = {"name": "webhook-shuffle", "match": match, "seed": 3, "args": {"window_ms": 60}}
    await lab.control.post("/control/faults", json=shuffle)
    await subscribe(lab, listener)
    made = []
    for number in range(8):
        answer = await lab.books("POST", "/customer", {"DisplayName": f"C{number}"})
        made.append(answer.json()["Customer"]["Id"])
        lab.world.clock.step(1)
    await settled(lab)
    events = [event for post in listener.received for event in post.events]
    told = [event["intuitentityid"] for event in events]
    assert sorted(told) == sorted(made)
    assert told != made
    by_time = sorted(events, key=lambda event: event["time"])
    assert [event["intuitentityid"] for event in by_time] == made


async def test_dropped_event_is_never_told(lab: Laboratory, listener: Listener) -> None:
    await lab.control.post(
        "/control/faults", json={"name": "webhook-drop", "match": {"operation": "Create"}, "times": 1}
    )
    await subscribe(lab, listener)
    for name in ("A", "B"):
        await lab.books("POST", "/customer", {"DisplayName": name})
    await settled(lab)
    assert len(types(listener.received)) == 1


async def test_garbage_is_signed_and_blocks_until_it_is_acknowledged(
    lab: Laboratory, listener: Listener
) -> None:
    lab.world.clock.scale(0)
    await lab.control.post("/control/faults", json={"name": "webhook-garbage", "times": 1})
    token = (await subscribe(lab, listener))["verifier_token"]
    listener.answers.append(400)
    await lab.books("POST", "/customer", {"DisplayName": "Someone"})
    (post,) = await listener.wait(1)
    assert post.headers["intuit-signature"] == signature(token, post.body)
    with pytest.raises(ValueError, match="Unterminated"):
        json.loads(post.body)
    assert len(await listener.quiet()) == 1
    lab.world.clock.step(10)
    assert (await listener.wait(3))[2].events[0]["type"] == "qbo.customer.created.v1"


@rule(
    "An app has one endpoint, and its verifier token stays when the endpoint is changed.",
    WEBHOOKS,
    inferred=True,
)
async def test_changed_endpoint(lab: Laboratory, listener: Listener) -> None:
    first = await subscribe(lab, listener)
    async with Listener() as other:
        second = await subscribe(lab, other)
        assert second["verifier_token"] == first["verifier_token"]
        assert len((await lab.control.get("/control/quickbooks/webhooks")).json()) == 1
        await lab.books("POST", "/customer", {"DisplayName": "Someone"})
        assert types(await other.wait(1)) == ["qbo.customer.created.v1"]
    assert listener.received == []


async def test_removed_endpoint_hears_nothing(lab: Laboratory, listener: Listener) -> None:
    to = await subscribe(lab, listener, aggregate_s=60)
    await lab.books("POST", "/customer", {"DisplayName": "Someone"})
    path = f"/control/quickbooks/webhooks/{to['client_id']}"
    assert (await lab.control.delete(path)).status_code == 204
    lab.world.clock.step(60)
    assert await listener.quiet() == []
    assert (await lab.control.delete(path)).status_code == 404


@pytest.mark.parametrize(
    "changes",
    [{"client_id": "nobody"}, {"format": "xml"}, {"entities": ["Attachable"]}, {"color": "red"}],
)
async def test_malformed_subscription_is_refused(lab: Laboratory, changes: dict[str, Any]) -> None:
    body = {"client_id": lab.realms[0].client_id, "url": "http://127.0.0.1:9/hook", **changes}
    assert (await lab.control.post("/control/quickbooks/webhooks", json=body)).status_code == 400
    assert (await lab.control.get("/control/quickbooks/webhooks")).json() == []
