"""What QuickBooks tells of its documents: each record concerned takes one fresh look, and no other does."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from writer_lab import CONNECTION, REALM, WriterLab, writer_lab

from plumbline.common.clock import SystemClock
from plumbline.common.connections import Policies
from plumbline.common.contracts.ledger import InvoiceState
from plumbline.common.contracts.quickbooks import QuickBooksChanged
from plumbline.common.database import borrowed, transaction
from plumbline.common.edge import Received
from plumbline.common.reconciling.marks import Lane
from plumbline.common.testing.waiting import eventually
from plumbline.qb_writer.handlers import hearing

RECORD = "invoice/1/2/1"


@pytest.fixture
def policies() -> Policies:
    return Policies()


@pytest.fixture
async def lab(database_url: str, policies: Policies) -> AsyncIterator[WriterLab]:
    async with writer_lab(database_url, policies) as laboratory:
        yield laboratory


def told(
    quickbooks_id: str,
    event_id: str,
    *,
    entity: str = "invoice",
    operation: str = "update",
    realm: str = REALM,
) -> QuickBooksChanged:
    return QuickBooksChanged(
        event_id=event_id,
        connection=CONNECTION,
        realm=realm,
        entity=entity,
        entity_id=quickbooks_id,
        operation=operation,
        occurred_at=datetime.now(UTC),
        payload_form="cloudevents",
    )


async def hear(lab: WriterLab, *events: QuickBooksChanged) -> None:
    """Let the writer take a batch of events, and do nothing about them yet."""
    batch: Sequence[Received[QuickBooksChanged]] = [Received(event, event.event_id, None) for event in events]
    async with transaction(lab.pool) as connection:
        await hearing(lab.ledger, SystemClock())(connection, batch)


async def looks(lab: WriterLab, *events: QuickBooksChanged) -> int:
    """Return how many calls QuickBooks gets because of a batch of events."""
    before = lab.calls()
    await hear(lab, *events)
    await lab.work_until_quiet()
    return lab.calls() - before


async def work(lab: WriterLab, name: str = RECORD) -> dict[str, Any]:
    async with borrowed(lab.pool) as connection:
        row = await connection.fetchrow("SELECT * FROM work WHERE key = $1", f"{REALM}/{name}")
    assert row is not None
    return dict(row)


async def turn_at(lab: WriterLab) -> datetime:
    """Return when the writer takes its last turn: it has loaded its record by then."""
    async with borrowed(lab.pool) as connection:
        moment: datetime = await connection.fetchval("SELECT turn_at FROM governor")
    return moment


async def written(lab: WriterLab, state: InvoiceState = InvoiceState.OPEN) -> dict[str, Any]:
    """Return the invoice as QuickBooks holds it, once the writer is done with it."""
    await lab.command(lab.wish(state), 1)
    await lab.work_until_quiet(2)
    [invoice] = lab.invoices()
    return invoice


def pay(lab: WriterLab, invoice: dict[str, Any]) -> dict[str, Any]:
    """Enter a payment of the whole invoice, as a bookkeeper does."""
    link = {"TxnId": invoice["Id"], "TxnType": "Invoice"}
    line = {"Amount": invoice["TotalAmt"], "LinkedTxn": [link]}
    body = {"CustomerRef": invoice["CustomerRef"], "TotalAmt": invoice["TotalAmt"], "Line": [line]}
    return lab.person("Payment", body)


async def test_edit_by_a_person_is_seen_and_parked_without_any_news_from_procore(lab: WriterLab) -> None:
    invoice = await written(lab)
    lab.person("Invoice", {"Id": invoice["Id"], "TxnDate": "2026-01-01"})
    assert await looks(lab, told(invoice["Id"], "e1")) == 1
    assert await lab.parked() == {RECORD: "changed-in-quickbooks"}
    assert [i["TxnDate"] for i in lab.invoices()] == ["2026-01-01"]


@pytest.mark.parametrize("policies", [Policies(person_changed_it="overwrite")])
async def test_edit_by_a_person_is_overwritten_where_the_company_wants_that(lab: WriterLab) -> None:
    invoice = await written(lab)
    lab.person("Invoice", {"Id": invoice["Id"], "TxnDate": "2026-01-01"})
    await looks(lab, told(invoice["Id"], "e1"))
    assert await lab.parked() == {}
    assert [i["TxnDate"] for i in lab.invoices()] == ["2026-10-31"]
    assert await looks(lab, told(invoice["Id"], "our own update")) == 1
    assert [i["SyncToken"] for i in lab.invoices()] == ["2"]


@pytest.mark.parametrize("policies", [Policies(person_changed_it="accept")])
async def test_edit_by_a_person_is_left_where_the_company_wants_that(lab: WriterLab) -> None:
    invoice = await written(lab)
    lab.person("Invoice", {"Id": invoice["Id"], "TxnDate": "2026-01-01"})
    assert await looks(lab, told(invoice["Id"], "e1")) == 1
    assert await lab.parked() == {}
    assert [i["TxnDate"] for i in lab.invoices()] == ["2026-01-01"]


async def test_edit_that_a_person_takes_back_resumes_the_record(lab: WriterLab) -> None:
    invoice = await written(lab)
    lab.person("Invoice", {"Id": invoice["Id"], "TxnDate": "2026-01-01"})
    await looks(lab, told(invoice["Id"], "e1"))
    lab.person("Invoice", {"Id": invoice["Id"], "TxnDate": invoice["TxnDate"]})
    assert await looks(lab, told(invoice["Id"], "e2")) == 1
    assert await lab.parked() == {}


async def test_edit_is_asked_about_again_when_somebody_resumes_and_nothing_was_set_right(
    lab: WriterLab,
) -> None:
    invoice = await written(lab)
    lab.person("Invoice", {"Id": invoice["Id"], "TxnDate": "2026-01-01"})
    await looks(lab, told(invoice["Id"], "e1"))
    await lab.resume(RECORD)
    assert await lab.parked() == {RECORD: "changed-in-quickbooks"}


async def test_deletion_by_a_person_is_seen_and_parked(lab: WriterLab) -> None:
    invoice = await written(lab)
    lab.person("Invoice", {"Id": invoice["Id"]}, "delete")
    assert await looks(lab, told(invoice["Id"], "e1", operation="delete")) == 1
    assert await lab.parked() == {RECORD: "deleted-in-quickbooks"}


async def test_payment_by_the_bookkeeper_confirms_verify_at_once(lab: WriterLab) -> None:
    await lab.command(lab.wish(InvoiceState.PAID), 1)
    await lab.loop.work_off()
    [invoice] = lab.invoices()
    waiting = await work(lab)
    assert waiting["due_at"] > waiting["worked_at"]
    payment = pay(lab, invoice)
    await hear(
        lab, told(payment["Id"], "e1", entity="payment", operation="create"), told(invoice["Id"], "e2")
    )
    assert (await work(lab))["due_at"] < waiting["due_at"]
    await asyncio.sleep(0.06)  # a row that was worked on just now rests for 50 ms
    assert await lab.loop.work_off() == 1
    assert (await lab.record(RECORD)).observed.state == "paid"
    assert (await work(lab))["due_at"] is None  # and nobody looks for a payment any more


async def test_echo_of_our_own_update_costs_one_look_and_changes_nothing(lab: WriterLab) -> None:
    await written(lab)
    await lab.command(lab.wish(cents=300_000), 2)
    await lab.work_until_quiet()
    [invoice] = lab.invoices()
    assert await looks(lab, told(invoice["Id"], "e1")) == 1
    record = await lab.record(RECORD)
    assert (record.heard, record.looked, record.writes) == (1, 1, 2)
    assert [i["SyncToken"] for i in lab.invoices()] == ["1"]
    assert await lab.parked() == {}


@pytest.mark.parametrize(
    ("state", "operation"),
    [(InvoiceState.OPEN, "create"), (InvoiceState.SENT, "emailed"), (InvoiceState.VOID, "void")],
)
async def test_echo_that_tells_what_was_seen_costs_nothing(
    lab: WriterLab, state: InvoiceState, operation: str
) -> None:
    await written(lab)
    await lab.command(lab.wish(state), 2)
    await lab.work_until_quiet()
    [invoice] = lab.invoices()
    assert await looks(lab, told(invoice["Id"], "e1", operation=operation)) == 0
    assert await looks(lab, told(invoice["Id"], "e2")) == 1


async def test_mail_and_void_by_a_person_are_seen(lab: WriterLab) -> None:
    invoice = await written(lab)
    lab.person("Invoice", {"Id": invoice["Id"], "sendTo": "ap@alamo.example"}, "send")
    assert await looks(lab, told(invoice["Id"], "e1", operation="emailed")) == 1
    assert (await lab.record(RECORD)).observed.state == "sent"
    lab.person("Invoice", {"Id": invoice["Id"]}, "void")
    assert await looks(lab, told(invoice["Id"], "e2", operation="void")) == 1
    assert await lab.parked() == {RECORD: "changed-in-quickbooks"}


async def test_event_that_comes_again_costs_nothing(lab: WriterLab) -> None:
    invoice = await written(lab)
    event = told(invoice["Id"], "e1")
    assert await looks(lab, event) == 1
    assert await looks(lab, event) == 0
    assert await looks(lab, event, event) == 0
    assert (await lab.record(RECORD)).heard == 1


async def test_burst_of_events_is_one_look_and_a_later_one_another(lab: WriterLab) -> None:
    invoice = await written(lab)
    assert await looks(lab, *(told(invoice["Id"], f"e{n}") for n in range(5))) == 1
    assert await looks(lab, told(invoice["Id"], "later")) == 1


async def test_documents_that_no_record_owns_are_ignored(lab: WriterLab) -> None:
    invoice = await written(lab)
    strangers = (
        told("999", "e1"),
        told(invoice["Id"], "e2", entity="payment"),
        told(invoice["Id"], "e3", entity="customer"),
        told(invoice["Id"], "e4", realm="9341453000000002"),
    )
    before = await work(lab)
    assert await looks(lab, *strangers) == 0
    assert await work(lab) == before


async def test_mark_gives_way_to_live_work_and_names_its_cause(lab: WriterLab) -> None:
    invoice = await written(lab)
    await hear(lab, told(invoice["Id"], "e1", operation="emailed"))
    row = await work(lab)
    assert (row["lane"], row["causes"][-1]) == (Lane.REPAIR, "quickbooks emailed e1")
    await lab.command(lab.wish(cents=300_000), 2)
    assert (await work(lab))["lane"] == Lane.LIVE


async def test_event_of_a_write_whose_answer_was_lost_does_not_hasten_its_settling(lab: WriterLab) -> None:
    invoice = await written(lab)
    lab.fault("lose-answer")
    await lab.command(lab.wish(InvoiceState.SENT), 2)
    await lab.loop.work_off()
    await hear(lab, told(invoice["Id"], "e1", operation="emailed"))
    await lab.work_until_quiet()
    assert (lab.mails(), [i["EmailStatus"] for i in lab.invoices()]) == (1, ["EmailSent"])
    record = await lab.record(RECORD)
    assert (record.heard, record.looked) == (1, 1)


async def test_event_that_comes_during_a_look_is_looked_at_afterwards(lab: WriterLab) -> None:
    invoice = await written(lab)
    before = lab.calls()
    turn = await turn_at(lab)

    async def called() -> bool:
        return await turn_at(lab) != turn

    lab.world.latency.configure({"provider": "quickbooks", "ms": 1000})
    await hear(lab, told(invoice["Id"], "e1"))
    working = asyncio.create_task(lab.work_until_quiet())
    await eventually(called)
    await hear(lab, told(invoice["Id"], "e2"))
    await working
    record = await lab.record(RECORD)
    assert (lab.calls() - before, record.heard, record.looked) == (2, 2, 2)


async def test_hundred_events_are_stored_by_few_statements(lab: WriterLab) -> None:
    invoice = await written(lab)
    await hear(lab, *(told(str(n), f"e{n}") for n in range(200, 300)), told(invoice["Id"], "ours"))
    assert (await lab.record(RECORD)).heard == 1
