"""The table of what QuickBooks holds: never older than what was seen, in whatever order it was read."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from reading_lab import changes_seen, known
from writer_lab import CONNECTION, REALM, WriterLab

from plumbline.common.clock import SystemClock
from plumbline.common.contracts.quickbooks import QuickBooksChanged
from plumbline.common.database import borrowed, transaction
from plumbline.common.edge import Received
from plumbline.qb_writer.adapters.holdings import HeldDocuments
from plumbline.qb_writer.domain.holdings import Held, held, newest
from plumbline.qb_writer.domain.kinds import KINDS
from plumbline.qb_writer.handlers import hearing

pytest_plugins = ["writer_fixtures"]

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
INVOICE: dict[str, Any] = {
    "Id": "145",
    "SyncToken": "3",
    "DocNumber": "TX01-1",
    "TxnDate": "2026-10-31",
    "CustomerRef": {"value": "58"},
    "PrivateNote": "by hand",
    "TotalAmt": 1234,
    "Balance": 234,
    "MetaData": {"LastUpdatedTime": "2026-11-29T04:00:00-08:00"},
}
STUB = {"Id": "145", "status": "Deleted", "MetaData": {"LastUpdatedTime": "2026-11-29T05:00:00-08:00"}}
THERE = held(REALM, "Invoice", INVOICE)
GONE = held(REALM, "Invoice", STUB)


async def take(lab: WriterLab, *documents: Held) -> None:
    async with transaction(lab.pool) as connection:
        await HeldDocuments(lab.pool).take(connection, documents, now=SystemClock().now())


async def row(lab: WriterLab) -> dict[str, Any]:
    async with borrowed(lab.pool) as connection:
        found = await connection.fetchrow("SELECT * FROM documents")
    assert found is not None
    return dict(found)


def test_document_is_described_by_what_it_says() -> None:
    assert (
        Held(
            realm=REALM,
            entity="Invoice",
            quickbooks_id="145",
            sync_token=3,
            number="TX01-1",
            party="58",
            note="by hand",
            dated_on=datetime(2026, 10, 31, tzinfo=UTC).date(),
            total_cents=123_400,
            balance_cents=23_400,
            changed_at=NOON,
            body=THERE.body,
        )
        == THERE
    )
    assert THERE.body is not None
    assert '"DocNumber":"TX01-1"' in THERE.body
    assert Held(REALM, "Invoice", "145", is_deleted=True, changed_at=NOON + timedelta(hours=1)) == GONE


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_document_of_a_shape_we_do_not_know_is_held_all_the_same(kind: Any) -> None:
    strange = {"TxnDate": "yesterday", "DocNumber": 7, "MetaData": None, kind.note: "half \ud800, no \0"}
    odd = held(REALM, kind.entity, {"Id": "1", "SyncToken": "0", **strange})
    assert (odd.sync_token, odd.number, odd.party, odd.changed_at, odd.dated_on) == (
        0,
        None,
        None,
        None,
        None,
    )
    assert odd.note == "half , no "
    assert odd.total_cents in {None, 0}
    assert kind.name == "attachment" or odd.total_cents is None


def test_of_several_versions_the_newest_counts_and_nothing_comes_after_an_end() -> None:
    older, newer = replace(THERE, sync_token=2), replace(THERE, sync_token=10)
    other = replace(THERE, quickbooks_id="9")
    assert newest([newer, other, older]) == [newer, other]
    assert newest([GONE, newer]) == [GONE]
    assert newest([newer, GONE]) == [GONE]


async def test_older_document_is_not_taken_and_versions_are_numbers(lab: WriterLab) -> None:
    await take(lab, replace(THERE, sync_token=10))
    await take(lab, replace(THERE, sync_token=9, number="old"))
    assert ((await row(lab))["sync_token"], (await row(lab))["number"]) == (10, "TX01-1")


async def test_same_version_refreshes(lab: WriterLab) -> None:
    await take(lab, THERE)
    first = await row(lab)
    await take(lab, replace(THERE, balance_cents=0))
    second = await row(lab)
    assert (first["balance_cents"], second["balance_cents"]) == (23_400, 0)
    assert second["seen_at"] > first["seen_at"]


async def test_deletion_always_wins_and_keeps_what_was_said_last(lab: WriterLab) -> None:
    await take(lab, THERE)
    await take(lab, GONE)
    await take(lab, replace(THERE, sync_token=99))
    last = await row(lab)
    assert (last["is_deleted"], last["number"], last["sync_token"]) == (True, "TX01-1", 3)
    assert last["changed_at"] == NOON + timedelta(hours=1)


async def test_deletion_of_what_was_never_seen_is_kept(lab: WriterLab) -> None:
    await take(lab, GONE)
    await take(lab, THERE)
    assert await known(lab) == {}
    assert (await row(lab))["is_deleted"] is True


async def test_unseen_are_those_that_count_and_were_not_seen_since(lab: WriterLab) -> None:
    holdings = HeldDocuments(lab.pool)
    await take(lab, THERE, replace(THERE, quickbooks_id="7"), replace(GONE, quickbooks_id="8"))
    began_at = await holdings.database_time()
    await take(lab, THERE)
    assert await holdings.unseen(REALM, "Invoice", since=began_at, limit=5) == ["7"]
    assert await holdings.unseen(REALM, "Bill", since=began_at, limit=5) == []


async def test_reading_and_webhook_that_tell_of_one_change_cost_one_look(hurried: WriterLab) -> None:
    await hurried.want(hurried.wish())
    await hurried.look()
    for told_first in ("reading", "webhook"):
        hurried.world.clock.step(2)
        [invoice] = hurried.invoices()
        hurried.person("Invoice", {"Id": invoice["Id"], "TxnDate": f"2026-01-0{len(told_first)}"})
        [invoice] = hurried.invoices()
        before, heard = hurried.calls(), await changes_seen(hurried)
        if told_first == "reading":
            await hurried.look()
        await tell(hurried, invoice, told_first)
        if told_first == "webhook":
            await hurried.look()
        assert hurried.calls() - before == 2  # the look at the books, and the one at the invoice
        assert await changes_seen(hurried) == heard + 1


async def test_webhook_of_a_later_change_is_heard_though_a_reading_told_of_an_earlier_one(
    hurried: WriterLab,
) -> None:
    await hurried.want(hurried.wish())
    await hurried.look()
    [invoice] = hurried.invoices()
    hurried.world.clock.step(2)
    hurried.person("Invoice", {"Id": invoice["Id"], "TxnDate": "2026-01-01"})
    await hurried.look()
    hurried.world.clock.step(2)
    hurried.person("Invoice", {"Id": invoice["Id"], "TxnDate": invoice["TxnDate"]})
    assert await hurried.parked() == {"invoice/1/2/1": "changed-in-quickbooks"}
    [invoice] = hurried.invoices()
    await tell(hurried, invoice, "e2")
    assert await hurried.parked() == {}


async def tell(lab: WriterLab, invoice: dict[str, Any], event_id: str) -> None:
    """Let the webhook of an invoice's last change come, with the fraction of a second that Intuit's have."""
    changed_at = datetime.fromisoformat(invoice["MetaData"]["LastUpdatedTime"])
    event = QuickBooksChanged(
        event_id=event_id,
        connection=CONNECTION,
        realm=REALM,
        entity="invoice",
        entity_id=invoice["Id"],
        operation="update",
        occurred_at=changed_at + timedelta(milliseconds=179),
        payload_form="cloudevents",
    )
    async with transaction(lab.pool) as connection:
        await hearing(lab.ledger, SystemClock())(connection, [Received(event, event_id, None)])
    await lab.work_until_quiet()
