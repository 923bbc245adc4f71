"""What people do in QuickBooks is seen though no webhook tells of it, and what QuickBooks holds is known."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from reading_lab import changes_seen, horizon, known, truth
from writer_lab import REALM, WriterLab
from writer_wishes import applied, bill, bill_payment, credit_memo, one_of_each, payment

from plumbline.common.clock import SystemClock
from plumbline.common.connections import Policies
from plumbline.common.contracts.ledger import Desired, InvoiceState
from plumbline.common.database import borrowed
from plumbline.qb_writer.domain.kinds import KINDS, kind_of

pytest_plugins = ["writer_fixtures"]

ACCEPT = Policies(person_changed_it="accept")


async def one_of_each_is_there(lab: WriterLab) -> list[tuple[Desired, dict[str, Any]]]:
    """Have the writer write one document of each kind, and follow the books until nothing is news."""
    wishes = one_of_each(lab)
    for desired in wishes:
        await lab.want(desired)
    await lab.look()
    return [(desired, lab.only(desired)) for desired in wishes]


def name_of(desired: Desired) -> str:
    return f"{desired.kind}/1/2/1"


async def test_first_reading_knows_all_that_is_there_whoever_made_it(hurried: WriterLab) -> None:
    await one_of_each_is_there(hurried)
    stranger = hurried.person("Invoice", hurried.stranger("by hand", cents=7_77))
    await hurried.look()
    assert await known(hurried) == truth(hurried)
    assert {entity for entity, _ in truth(hurried)} == {kind.entity for kind in KINDS.values()}
    row = (await known(hurried))["Invoice", stranger["Id"]]
    assert (row.number, row.total_cents, row.balance_cents) == ("by hand", 777, 777)


async def test_edits_by_people_are_noticed_in_every_kind(hurried: WriterLab) -> None:
    there = await one_of_each_is_there(hurried)
    for desired, document in there:
        kind = kind_of(desired)
        hurried.person(kind.entity, {"Id": document["Id"], kind.note: "what a person wrote"})
    await hurried.look()
    assert await hurried.parked() == {name_of(desired): "changed-in-quickbooks" for desired, _ in there}
    assert await known(hurried) == truth(hurried)


@pytest.mark.parametrize("policies", [Policies(), ACCEPT], ids=["hold", "accept"])
async def test_deletions_by_people_are_noticed_in_every_kind(hurried: WriterLab, policies: Policies) -> None:
    there = await one_of_each_is_there(hurried)
    for desired, document in reversed(there):
        hurried.person(kind_of(desired).entity, {"Id": document["Id"]}, "delete")
    await hurried.look()
    asked = {} if policies == ACCEPT else {name_of(desired): "deleted-in-quickbooks" for desired, _ in there}
    assert await hurried.parked() == asked
    assert await known(hurried) == truth(hurried) == {}
    if policies == ACCEPT:
        states = [(await hurried.record(name_of(desired))).observed.state for desired, _ in there]
        assert states == ["deleted"] * len(there)
        assert await hurried.look() == 1


@pytest.mark.parametrize("policies", [Policies(), ACCEPT], ids=["hold", "accept"])
async def test_voids_by_people_are_noticed_in_every_kind_that_has_them(
    hurried: WriterLab, policies: Policies
) -> None:
    voidable = [
        (desired, document)
        for desired, document in await one_of_each_is_there(hurried)
        if kind_of(desired).void is not None
    ]
    for desired, document in reversed(voidable):
        hurried.person(kind_of(desired).entity, {"Id": document["Id"]}, "void")
    await hurried.look()
    voided = {name_of(desired): "changed-in-quickbooks" for desired, _ in voidable}
    assert len(voided) == 3
    assert (await hurried.parked()) == ({} if policies == ACCEPT else voided)
    assert await known(hurried) == truth(hurried)


@pytest.mark.parametrize("policies", [Policies(person_changed_it={"invoice": "accept"})])
async def test_what_may_be_is_said_for_each_kind_and_the_others_are_held(hurried: WriterLab) -> None:
    there = {desired.kind: document for desired, document in await one_of_each_is_there(hurried)}
    hurried.person("Payment", {"Id": there["payment"]["Id"]}, "void")
    hurried.person("Invoice", {"Id": there["invoice"]["Id"]}, "void")
    await hurried.look()
    assert await hurried.parked() == {"payment/1/2/1": "changed-in-quickbooks"}
    assert (await hurried.record("invoice/1/2/1")).observed.state == "void"


@pytest.mark.parametrize("policies", [ACCEPT])
async def test_void_that_was_accepted_stays_so_whatever_is_wished_and_is_told_once(
    hurried: WriterLab,
) -> None:
    await hurried.want(hurried.wish())
    [invoice] = hurried.invoices()
    hurried.person("Invoice", {"Id": invoice["Id"]}, "void")
    await hurried.look()
    await hurried.want(hurried.wish(cents=300_000), 2)
    await hurried.want(hurried.wish(InvoiceState.VOID, cents=300_000), 3)
    assert [i["TotalAmt"] for i in hurried.invoices()] == [0]
    async with borrowed(hurried.pool) as connection:
        told = await connection.fetchval("SELECT told_state FROM records")
    assert told == "void"
    assert (await hurried.record("invoice/1/2/1")).writes == 1


@pytest.mark.parametrize("policies", [Policies(person_changed_it="overwrite")])
async def test_overwriting_is_for_edits_and_asks_about_what_was_voided(hurried: WriterLab) -> None:
    await hurried.want(hurried.wish())
    [invoice] = hurried.invoices()
    hurried.person("Invoice", {"Id": invoice["Id"], "TxnDate": "2026-01-01"})
    await hurried.look()
    assert [i["TxnDate"] for i in hurried.invoices()] == ["2026-10-31"]
    hurried.person("Invoice", {"Id": invoice["Id"]}, "void")
    await hurried.look()
    assert await hurried.parked() == {"invoice/1/2/1": "changed-in-quickbooks"}


async def test_payments_by_people_are_noticed_on_what_they_pay(hurried: WriterLab) -> None:
    await hurried.want(hurried.wish(InvoiceState.OPEN))
    await hurried.want(bill(hurried))
    await hurried.look()
    [invoice], [owed] = hurried.invoices(), hurried.held("Bill")
    paid = {"TotalAmt": invoice["TotalAmt"], "CustomerRef": invoice["CustomerRef"]}
    link = [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]
    hurried.person("Payment", {**paid, "Line": [{"Amount": invoice["TotalAmt"], "LinkedTxn": link}]})
    hurried.person(
        "BillPayment",
        {
            "VendorRef": owed["VendorRef"],
            "TotalAmt": 100,
            "PayType": "Check",
            "CheckPayment": {"BankAccountRef": {"value": hurried.accounts["Checking"]}},
            "Line": [{"Amount": 100, "LinkedTxn": [{"TxnId": owed["Id"], "TxnType": "Bill"}]}],
        },
    )
    await hurried.look()
    assert (await hurried.record("invoice/1/2/1")).observed.state == "paid"
    assert (await hurried.record("bill/1/2/1")).observed.balance_cents == 170_000
    assert await known(hurried) == truth(hurried)


async def test_echoes_of_our_own_writes_mark_nothing(hurried: WriterLab) -> None:
    await one_of_each_is_there(hurried)
    seen = await changes_seen(hurried)
    await hurried.want(hurried.wish().model_copy(update={"memo": "changed"}), 2)
    await hurried.want(credit_memo(hurried).model_copy(update={"memo": "changed"}), 2)
    await hurried.want(hurried.wish().model_copy(update={"number": "P100-INV-2"}), name="2")
    await hurried.want(hurried.wish(InvoiceState.VOID).model_copy(update={"number": "P100-INV-2"}), 2, "2")
    assert await hurried.look() == 1
    assert await changes_seen(hurried) == seen
    assert await known(hurried) == truth(hurried)


async def test_what_a_payment_of_ours_moves_is_no_news_to_its_documents(hurried: WriterLab) -> None:
    await hurried.want(hurried.wish())
    await hurried.want(credit_memo(hurried))
    await hurried.look()
    await hurried.want(payment(hurried, 0, applied(invoice_1=40_010), applied(credit_memo_1=40_010)))
    assert await hurried.look() == 1
    assert await known(hurried) == truth(hurried)
    assert (await hurried.record("credit-memo/1/2/1")).observed.balance_cents == 0


async def test_writer_keeps_what_it_sees_without_any_reading(hurried: WriterLab) -> None:
    for desired in one_of_each(hurried):
        await hurried.want(desired)
    rows = await known(hurried)
    for desired in one_of_each(hurried):
        document = hurried.only(desired)
        assert rows[kind_of(desired).entity, document["Id"]].note.startswith(f"plumbline:{name_of(desired)}")
    taken_back = bill_payment(hurried, 100_000, applied(bill_1=130_025), applied(vendor_credit_1=30_025))
    states = {state.value: state for state in kind_of(taken_back).aims}
    await hurried.want(taken_back.model_copy(update={"state": states["deleted"]}), 2)
    assert ("BillPayment", hurried_id(rows, "BillPayment")) not in await known(hurried)


def hurried_id(rows: Mapping[tuple[str, str], Any], entity: str) -> str:
    [found] = [quickbooks_id for of, quickbooks_id in rows if of == entity]
    return found


async def test_watermark_is_quickbooks_own_time_and_moves_with_each_look(hurried: WriterLab) -> None:
    hurried.world.clock.step(-7_200)
    await hurried.look()
    first = await horizon(hurried)
    assert first.watermark is not None
    assert abs(first.watermark - hurried.world.clock.now()) < timedelta(minutes=1)
    assert first.complete_since is not None
    assert abs(first.complete_since - SystemClock().now()) < timedelta(minutes=1)
    hurried.world.clock.step(60)
    await hurried.look()
    second = await horizon(hurried)
    assert second.watermark is not None
    assert second.watermark - first.watermark >= timedelta(seconds=60)
    assert abs(second.watermark - hurried.world.clock.now()) < timedelta(minutes=1)
    assert second.complete_since == first.complete_since


async def test_look_that_fails_moves_nothing_and_the_next_one_begins_where_it_stood(
    hurried: WriterLab,
) -> None:
    await hurried.want(hurried.wish())
    await hurried.look()
    before = await horizon(hurried)
    [invoice] = hurried.invoices()
    hurried.person("Invoice", {"Id": invoice["Id"], "TxnDate": "2026-01-01"})
    hurried.world.faults.add(
        {"name": "html", "match": {"provider": "quickbooks", "path": "/cdc"}, "times": 1}
    )
    hurried.world.clock.step(1200)
    await hurried.look_once()
    assert await horizon(hurried) == before
    await hurried.look()
    assert await hurried.parked() == {"invoice/1/2/1": "changed-in-quickbooks"}


@pytest.mark.parametrize(
    ("standing", "code"), [("forbidden", "missing-scopes"), ("removed", "missing-scopes")]
)
async def test_company_that_cannot_be_entered_is_told_and_followed_again_when_it_can(
    hurried: WriterLab, standing: str, code: str
) -> None:
    hurried.configure(standing=standing)
    await hurried.look()
    assert await hurried.parked() == {f"books/{REALM}": code}
    hurried.configure(standing="good")
    await hurried.look()
    assert await hurried.parked() == {}
    assert (await horizon(hurried)).watermark is not None


async def test_company_that_pauses_holds_the_reading_and_parks_nothing(hurried: WriterLab) -> None:
    hurried.configure(standing="lapsed")
    await hurried.look_once()
    assert await hurried.parked() == {}
    async with borrowed(hurried.pool) as connection:
        until: datetime = await connection.fetchval("SELECT held_until FROM connections")
    assert until > SystemClock().now() + timedelta(minutes=10)


async def test_realm_that_is_configured_no_more_is_left_alone(hurried: WriterLab) -> None:
    calls = await hurried.look(realm="9341453000000009")
    assert calls == 0
    async with borrowed(hurried.pool) as connection:
        assert await connection.fetchval("SELECT count(*) FROM work WHERE due_at IS NOT NULL") == 0


async def test_story_tells_how_far_the_books_are_read(hurried: WriterLab) -> None:
    before = await hurried.tell(f"books/{REALM}")
    await hurried.look()
    after = await hurried.tell(f"books/{REALM}")
    assert before is not None
    assert after is not None
    assert before["story"][0].startswith("not read in full yet")
    assert after["story"][0].startswith("read in full at 20")
