"""What changed in the books, as QuickBooks tells it: against the sandbox, and in the shapes that were recorded."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from typing_extensions import override

from plumbline.common.http import partner_client
from plumbline.common.secrets.tokens import LiveToken
from plumbline.common.testing.clock import DAWN
from plumbline.common.testing.far_side import Heard, Tokens, answering, far_side
from plumbline.quickbooks.changes import CHANGES_MAX, LOOK_BACK, changed_at
from plumbline.quickbooks.client import ROWS_MAX, QuickBooksClient
from plumbline.quickbooks.errors import (
    QuickBooksFaultError,
    QuickBooksUnavailableError,
    QuickBooksUnreadableError,
)
from plumbline_sandbox.blueprint import CustomerBlueprint, RealmBlueprint
from plumbline_sandbox.laboratory import Laboratory
from plumbline_sandbox.world import World

REALM = "9341453000099999"
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
TIME = "2026-11-29T04:54:25.476-08:00"
ASKED_AT = datetime(2026, 11, 29, 12, 54, 25, 476000, UTC)


class OneToken(Tokens):
    """The token of the realm that these tests found."""

    @override
    async def live_token(self) -> LiveToken:
        return LiveToken(SecretStr("access"), 1, DAWN)


async def no_turn() -> None:
    """Let everybody through."""


@dataclass
class Company:
    """A realm of the sandbox, and a bookkeeper in it."""

    client: QuickBooksClient
    world: World
    customer: str
    item: str

    def bill(self, number: str) -> dict[str, Any]:
        detail = {"ItemRef": {"value": self.item}}
        line = {"DetailType": "SalesItemLineDetail", "Amount": 10, "SalesItemLineDetail": detail}
        body = {"CustomerRef": {"value": self.customer}, "DocNumber": number, "Line": [line]}
        return self.world.quickbooks.person(REALM, "Invoice", body)

    def person(self, body: dict[str, Any], operation: str = "") -> None:
        self.world.quickbooks.person(REALM, "Invoice", body, operation)


@pytest.fixture
async def company() -> AsyncIterator[Company]:
    async with Laboratory() as lab:
        lab.world.limits.configure({"quickbooks": {"per_second": 10**6, "per_minute": 10**6}})
        seeded = lab.world.quickbooks.seed(
            RealmBlueprint(
                id=REALM,
                name="Brazos",
                client_id="c",
                client_secret="s",
                access_token="access",
                refresh_token="refresh",
                customers=(CustomerBlueprint("Alamo", "ap@alamo.example", ()),),
            )
        )
        client = QuickBooksClient(lab.quickbooks, OneToken(), realm_id=REALM, deadline_s=5.0, turn=no_turn)
        yield Company(client, lab.world, seeded.customers["Alamo"], seeded.items["Services"])


@pytest.mark.parametrize("apart", [True, False])
async def test_changes_and_deletions_are_told_wherever_the_stubs_stand(company: Company, apart: bool) -> None:
    company.world.quickbooks.configure(REALM, cdc_stubs_apart=apart)
    kept, gone = company.bill("I-1"), company.bill("I-2")
    company.person({"Id": gone["Id"]}, "delete")
    since = company.world.clock.now() - timedelta(hours=1)
    told = await company.client.changes(["Invoice", "Bill"], since)
    assert [(c.entity, c.document["Id"], c.is_deleted) for c in told.found] == [
        ("Invoice", kept["Id"], False),
        ("Invoice", gone["Id"], True),
    ]
    assert told.is_whole
    assert abs(told.answered_at - company.world.clock.now()) < timedelta(seconds=5)
    assert abs(changed_at(told.found[0].document) - company.world.clock.now()) < timedelta(seconds=5)


async def test_nothing_is_told_where_nothing_has_changed(company: Company) -> None:
    company.world.clock.step(600)
    told = await company.client.changes(["Invoice"], company.world.clock.now() - timedelta(minutes=5))
    assert (told.found, told.is_whole) == ((), True)


async def test_as_many_changes_as_fit_count_as_cut_off(company: Company) -> None:
    since = company.world.clock.now() - timedelta(hours=1)
    for n in range(CHANGES_MAX - 1):
        company.bill(f"I-{n}")
    assert (await company.client.changes(["Invoice"], since)).is_whole
    company.bill("one more")
    told = await company.client.changes(["Invoice"], since)
    assert (len(told.found), told.is_whole) == (CHANGES_MAX, False)


async def test_changes_of_longer_ago_than_can_be_told_are_refused(company: Company) -> None:
    with pytest.raises(QuickBooksFaultError):
        await company.client.changes(
            ["Invoice"], company.world.clock.now() - LOOK_BACK - timedelta(minutes=1)
        )


async def test_rows_come_by_their_last_change_and_strictly_after_a_moment(company: Company) -> None:
    old = company.bill("old")
    company.world.clock.step(10)
    new = company.bill("new")
    company.world.clock.step(10)
    company.person({"Id": old["Id"], "TxnDate": "2026-01-01"})
    rows = await company.client.changed_after("Invoice", None)
    assert [row["Id"] for row in rows.documents] == [new["Id"], old["Id"]]
    assert abs(rows.answered_at - company.world.clock.now()) < timedelta(seconds=5)
    later = await company.client.changed_after("Invoice", changed_at(rows.documents[0]))
    assert [row["Id"] for row in later.documents] == [old["Id"]]
    assert (await company.client.changed_after("Bill", None)).documents == ()


async def test_rows_of_one_moment_are_counted_and_read_from_any_place_on(company: Company) -> None:
    made = [company.bill(f"I-{n}") for n in range(ROWS_MAX + 2)]
    moment = changed_at(made[0])
    assert await company.client.count_changed_at("Invoice", moment) == ROWS_MAX + 2
    first = await company.client.changed_at("Invoice", moment, start=1)
    last = await company.client.changed_at("Invoice", moment, start=ROWS_MAX + 1)
    assert (len(first.documents), len(last.documents)) == (ROWS_MAX, 2)
    assert {row["Id"] for row in (*first.documents, *last.documents)} == {one["Id"] for one in made}


Call = Callable[[QuickBooksClient], Any]


async def answered(body: object, call: Call) -> tuple[Any, list[Heard]]:
    async with (
        far_side(answering(200, json.dumps(body).encode())) as (url, heard),
        partner_client(url) as http,
    ):
        client = QuickBooksClient(http, Tokens(), realm_id="77", deadline_s=10, turn=no_turn)
        return await call(client), heard


def looking(client: QuickBooksClient) -> Any:
    return client.changes(["Invoice", "BillPayment"], LONG_AGO)


def paging(client: QuickBooksClient) -> Any:
    return client.changed_after("Invoice", None)


def counting(client: QuickBooksClient) -> Any:
    return client.count_changed_at("Invoice", LONG_AGO)


async def test_look_asks_for_the_entities_by_their_names_since_a_moment_with_its_offset() -> None:
    _, (request,) = await answered({"CDCResponse": [{"QueryResponse": [{}]}], "time": TIME}, looking)
    sent = httpx.URL(request.target)
    assert (request.method, sent.path) == ("GET", "/v3/company/77/cdc")
    assert sent.params["entities"] == "Invoice,BillPayment"
    assert sent.params["changedSince"] == "2026-01-01T00:00:00+00:00"


async def test_recorded_answer_tells_the_living_and_the_stub_in_an_element_of_its_own() -> None:
    # Shape: recorded answers to change data capture; Intuit's sample has both in one element.
    living = {"Id": "5", "SyncToken": "1", "TotalAmt": 10.10}
    stub = {
        "domain": "QBO",
        "status": "Deleted",
        "Id": "39",
        "MetaData": {"LastUpdatedTime": "2026-11-29T04:00:00-08:00"},
    }
    elements = [
        {"Invoice": [living], "startPosition": 1, "maxResults": 1},
        {"Invoice": [stub]},
        {"BillPayment": []},
    ]
    told, _ = await answered({"CDCResponse": [{"QueryResponse": elements}], "time": TIME}, looking)
    assert [(c.document["Id"], c.is_deleted) for c in told.found] == [("5", False), ("39", True)]
    assert changed_at(told.found[1].document) == datetime(2026, 11, 29, 12, tzinfo=UTC)
    assert told.answered_at == ASKED_AT


@pytest.mark.parametrize(
    ("body", "call"),
    [
        ({"time": TIME}, looking),
        ({"CDCResponse": {}, "time": TIME}, looking),
        ({"CDCResponse": [{}], "time": TIME}, looking),
        ({"CDCResponse": [{"QueryResponse": [{"Invoice": {}}]}], "time": TIME}, looking),
        ({"CDCResponse": [{"QueryResponse": [{"Invoice": ["5"]}]}], "time": TIME}, looking),
        ({"CDCResponse": [{"QueryResponse": [{}]}]}, looking),
        ({"CDCResponse": [{"QueryResponse": [{}]}], "time": 1730024394085}, looking),
        ({"CDCResponse": [{"QueryResponse": [{}]}], "time": "2026-11-29T04:54:25"}, looking),
        ({"QueryResponse": [], "time": TIME}, paging),
        ({"QueryResponse": {"Invoice": {}}, "time": TIME}, paging),
        ({"QueryResponse": {}}, paging),
        ({"QueryResponse": {}}, counting),
        ({"QueryResponse": {"totalCount": "7"}}, counting),
    ],
)
async def test_nothing_of_another_shape_passes_for_no_changes(body: object, call: Call) -> None:
    with pytest.raises(QuickBooksUnreadableError):
        await answered(body, call)


async def test_half_an_answer_is_none() -> None:
    async with (
        far_side(answering(200, b'{"CDCResponse": [{"QueryRes')) as (url, _),
        partner_client(url) as http,
    ):
        client = QuickBooksClient(http, Tokens(), realm_id="77", deadline_s=10, turn=no_turn)
        with pytest.raises(QuickBooksUnavailableError):
            await looking(client)


def test_object_that_does_not_say_when_it_changed_is_unreadable() -> None:
    with pytest.raises(QuickBooksUnreadableError):
        changed_at({"Id": "5"})
