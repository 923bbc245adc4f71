"""Going live: observed first, foretold by the record, linked with what people have made, and nothing made twice."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from writer_lab import CONNECTION, REALM, WriterLab, writer_lab

from plumbline.common.clock import SystemClock
from plumbline.common.connections import ConnectionConfig, Connections, Policies, ProcoreSide, QuickBooksSide
from plumbline.common.contracts.ledger import DesiredInvoice, InvoiceState
from plumbline.common.database import borrowed
from plumbline.qb_writer.domain.foretelling import Foretold, Outcome
from plumbline.qb_writer.ports import BooksUnreadError
from plumbline.qb_writer.routes import ConnectionRoutes
from plumbline.qb_writer.service import AlreadyLiveError, GoingLive, UnknownConnectionError

BEGINNING = date(2026, 11, 1)
OLD, NEW = date(2026, 9, 30), date(2026, 11, 20)


@pytest.fixture
async def observing(database_url: str, tmp_path: Path) -> AsyncIterator[WriterLab]:
    async with writer_lab(database_url, Policies(), files=tmp_path, governed=False, live=False) as lab:
        yield lab


def going_live(lab: WriterLab) -> GoingLive:
    connection = ConnectionConfig(
        name=CONNECTION,
        procore=ProcoreSide(account="procore/1", company_id="1", projects=("2",)),
        quickbooks=QuickBooksSide(realm=REALM),
    )
    return GoingLive(connections=Connections({CONNECTION: connection}), past=lab.past, clock=SystemClock())


def wish(lab: WriterLab, number: str, day: date, cents: int = 125_050, **fields: Any) -> DesiredInvoice:
    return lab.wish(cents=cents).model_copy(update={"number": number, "issued_on": day, **fields})


def by_hand(lab: WriterLab, number: str, cents: int, customer: str = "Alamo") -> dict[str, Any]:
    """Make an invoice as a bookkeeper does."""
    line = {
        "DetailType": "SalesItemLineDetail",
        "Amount": cents / 100,
        "SalesItemLineDetail": {"ItemRef": {"value": lab.items["Progress billing"]}},
    }
    body = {"CustomerRef": {"value": lab.customers[customer]}, "DocNumber": number, "Line": [line]}
    return lab.person("Invoice", body)


def numbered(lab: WriterLab, number: str) -> list[dict[str, Any]]:
    return [invoice for invoice in lab.invoices() if invoice["DocNumber"] == number]


async def foretold(lab: WriterLab, from_day: date = BEGINNING) -> dict[str, Foretold]:
    return {
        row.record.removeprefix("invoice/1/2/"): row
        async for row in going_live(lab).foretell(CONNECTION, from_day=from_day)
    }


async def go_live(lab: WriterLab) -> int:
    """Go live, which has the books read once more, and work until quiet."""
    records = await going_live(lab).begin(CONNECTION, from_day=BEGINNING)
    await lab.work_until_quiet()
    return records


async def test_company_that_is_only_observed_gets_no_call_at_all(observing: WriterLab) -> None:
    await observing.want(wish(observing, "1", NEW))
    await observing.want(wish(observing, "2", NEW, state=InvoiceState.VOID), name="2")
    assert observing.calls() == 0
    assert await observing.parked() == {}
    assert (await observing.record("invoice/1/2/1")).observed.state == "absent"


async def test_wish_that_cannot_be_parks_nobody_before_its_company_is_live(observing: WriterLab) -> None:
    await observing.want(wish(observing, "1", NEW, total_cents=1))
    assert await observing.parked() == {}
    await observing.look()
    await go_live(observing)
    assert await observing.parked() == {"invoice/1/2/1": "total-does-not-add-up"}


async def test_every_outcome_is_foretold_and_comes_true(observing: WriterLab) -> None:
    total = wish(observing, "", OLD).total_cents
    matching = by_hand(observing, "100", total)
    by_hand(observing, "101", total + 1)
    by_hand(observing, "102", total, customer="Mute")
    recent = by_hand(observing, "103", total)
    by_hand(observing, "104", total + 1)
    by_hand(observing, "999", 777_00)
    wishes = {
        "old-same": wish(observing, "100", OLD),
        "old-amount": wish(observing, "101", OLD),
        "old-customer": wish(observing, "102", OLD),
        "old-none": wish(observing, "150", OLD),
        "new-same": wish(observing, "103", NEW),
        "new-amount": wish(observing, "104", NEW),
        "new": wish(observing, "200", NEW),
        "new-alike": wish(observing, "201", NEW, 77_700 + 5_000 - 825),
        "new-void": wish(observing, "202", NEW, state=InvoiceState.VOID),
        "new-wrong": wish(observing, "203", NEW, total_cents=1),
    }
    for name, desired in wishes.items():
        await observing.want(desired, name=name)
    await observing.look()

    said = await foretold(observing)
    assert {name: row.outcome for name, row in said.items()} == {
        "old-same": Outcome.LINK,
        "old-amount": Outcome.LEAVE,
        "old-customer": Outcome.LEAVE,
        "old-none": Outcome.LEAVE,
        "new-same": Outcome.LINK,
        "new-amount": Outcome.TAKEN,
        "new": Outcome.CREATE,
        "new-alike": Outcome.CREATE,
        "new-void": Outcome.NOTHING,
        "new-wrong": Outcome.REFUSED,
    }
    assert (said["old-same"].twin, said["new-same"].twin) == (matching["Id"], recent["Id"])
    assert said["new-alike"].why == "QuickBooks has 999 of the same amount"
    # Many have the amount of `new`; three are named.
    assert said["new"].why == "QuickBooks has 100, 103 of the same amount"
    before = observing.invoices()
    assert await go_live(observing) == len(wishes)
    made = [invoice for invoice in observing.invoices() if invoice not in before]
    assert [invoice["DocNumber"] for invoice in made] == ["200", "201"]
    assert before == [invoice for invoice in observing.invoices() if invoice in before]
    assert await observing.parked() == {
        "invoice/1/2/new-amount": "number-is-taken",
        "invoice/1/2/new-wrong": "total-does-not-add-up",
    }
    assert "before the company went live" in await observing.reason("invoice/1/2/new-amount")
    linked = await observing.record("invoice/1/2/old-same")
    assert (linked.observed.quickbooks_id, linked.observed.linked) == (matching["Id"], True)


@pytest.mark.parametrize("many", [200, pytest.param(2_000, marks=pytest.mark.campaign)])
async def test_old_invoices_are_linked_however_many_and_none_is_made_again(
    observing: WriterLab, many: int
) -> None:
    total = wish(observing, "", OLD).total_cents
    for place in range(many):
        by_hand(observing, f"A-{place}", total)
        # QuickBooks finds numbers whatever the case of their letters.
        await observing.command(wish(observing, f"a-{place}", OLD), 1, name=str(place))
    await observing.look()
    before = observing.all("Invoice"), observing.calls()
    assert Counter(row.outcome for row in (await foretold(observing)).values()) == {Outcome.LINK: many}
    await go_live(observing)
    assert observing.all("Invoice") == before[0]
    # The books were read again, and that was all that was asked.
    assert observing.calls() <= before[1] + 20
    async with borrowed(observing.pool) as connection:
        linked = await connection.fetchval("SELECT count(DISTINCT quickbooks_id) FROM records WHERE linked")
    assert linked == many


async def test_payment_of_a_linked_invoice_is_recorded_once_its_day_is_one_that_is_written(
    observing: WriterLab,
) -> None:
    total = wish(observing, "", OLD).total_cents
    by_hand(observing, "100", total)
    await observing.want(wish(observing, "100", OLD))
    await observing.want(observing.payment().model_copy(update={"received_on": NEW}))
    await observing.want(observing.payment().model_copy(update={"received_on": OLD}), name="2")
    await observing.look()
    await go_live(observing)
    (payment,) = observing.held("Payment")
    assert payment["TxnDate"] == NEW.isoformat()
    (invoice,) = numbered(observing, "100")
    assert invoice["Balance"] == 0


async def test_linked_invoice_stays_as_people_made_it_whatever_changes_at_its_source(
    observing: WriterLab,
) -> None:
    total = wish(observing, "", OLD).total_cents
    by_hand(observing, "100", total)
    await observing.want(wish(observing, "100", OLD))
    await observing.look()
    await go_live(observing)
    (before,) = numbered(observing, "100")
    for version, changed in enumerate(
        (
            wish(observing, "100", OLD, 200_000),
            wish(observing, "100", OLD, state=InvoiceState.SENT),
            wish(observing, "100", NEW, state=InvoiceState.VOID),
            wish(observing, "100", NEW, state=InvoiceState.DELETED),
        ),
        start=2,
    ):
        await observing.want(changed, version)
    assert numbered(observing, "100") == [before]
    assert await observing.parked() == {}
    assert observing.commits() == Counter()


async def test_record_that_comes_after_the_beginning_is_written_at_once(observing: WriterLab) -> None:
    await observing.look()
    await go_live(observing)
    await observing.want(wish(observing, "300", NEW))
    assert [invoice["DocNumber"] for invoice in observing.held("Invoice")] == ["300"]


async def test_nothing_is_made_before_the_books_were_read_once_more(observing: WriterLab) -> None:
    await observing.want(wish(observing, "1", NEW))
    await observing.look()
    # Somebody is quicker than the company's beginning, after the reading.
    by_hand(observing, "1", wish(observing, "1", NEW).total_cents)
    await go_live(observing)
    assert observing.held("Invoice") == []
    assert (await observing.record("invoice/1/2/1")).observed.linked


async def test_beginning_is_refused_while_the_books_are_unread_or_moved_or_for_a_stranger(
    observing: WriterLab,
) -> None:
    with pytest.raises(BooksUnreadError, match="read for the first time"):
        await going_live(observing).begin(CONNECTION, from_day=BEGINNING)
    with pytest.raises(BooksUnreadError, match="read for the first time"):
        await foretold(observing)
    with pytest.raises(UnknownConnectionError, match="No connection is called nobody"):
        await going_live(observing).begin("nobody", from_day=BEGINNING)
    await observing.look()
    await observing.want(wish(observing, "1", NEW))
    assert await going_live(observing).begin(CONNECTION, from_day=BEGINNING) == 1
    first = await going_live(observing).beginning(CONNECTION)
    assert await going_live(observing).begin(CONNECTION, from_day=BEGINNING) == 1
    assert await going_live(observing).beginning(CONNECTION) == first
    with pytest.raises(AlreadyLiveError, match="is live, from 2026-11-01 on"):
        await going_live(observing).begin(CONNECTION, from_day=OLD)


async def test_document_of_ours_stays_ours_though_its_day_moves_before_the_beginning(
    observing: WriterLab,
) -> None:
    await observing.look()
    await go_live(observing)
    await observing.want(wish(observing, "1", BEGINNING))
    await observing.want(wish(observing, "1", OLD, cents=99_000), 2)
    (invoice,) = observing.invoices()
    assert (invoice["TxnDate"], invoice["TotalAmt"]) == (str(OLD), 948.25)
    await observing.want(wish(observing, "1", OLD, cents=99_000, state=InvoiceState.VOID), 3)
    (invoice,) = observing.invoices()
    assert invoice["TotalAmt"] == 0
    await observing.want(wish(observing, "1", OLD), 4)
    assert len(observing.invoices()) == 1


async def test_document_that_people_made_is_linked_to_one_record_and_another_of_its_number_asks(
    observing: WriterLab,
) -> None:
    by_hand(observing, "100", wish(observing, "", NEW).total_cents)
    for name in ("1", "2"):
        await observing.want(wish(observing, "100", NEW), name=name)
    await observing.look()
    await go_live(observing)
    ids = [(await observing.record(f"invoice/1/2/{name}")).observed.quickbooks_id for name in ("1", "2")]
    assert sorted(map(bool, ids)) == [False, True]
    assert list((await observing.parked()).values()) == ["no-number-left"]
    assert len(observing.invoices()) == 1


async def test_number_of_a_linked_document_is_given_to_no_other_record(observing: WriterLab) -> None:
    by_hand(observing, "100", wish(observing, "", NEW).total_cents)
    await observing.want(wish(observing, "100", NEW))
    await observing.look()
    await go_live(observing)
    await observing.want(wish(observing, "100", NEW), name="later")
    assert await observing.parked() == {}
    first, second = sorted(invoice["DocNumber"] for invoice in observing.invoices())
    assert (first, second[:4]) == ("100", "100~")


async def test_company_goes_live_from_no_day_that_nobody_has_named(observing: WriterLab) -> None:
    await observing.look()
    routes = ConnectionRoutes(going_live(observing), clock=SystemClock()).routes()
    transport = httpx.ASGITransport(Starlette(routes=routes))
    async with httpx.AsyncClient(transport=transport, base_url="http://qb-writer") as client:
        said = await client.post(f"/connections/{CONNECTION}/go-live", json={})
        assert (said.status_code, said.json()["error"]) == (422, "not-a-day")
        assert await observing.past.beginning(CONNECTION) is None
        said = await client.post(f"/connections/{CONNECTION}/go-live", json={"from": "2026-11-01"})
        assert said.status_code == 200
