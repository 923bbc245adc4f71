"""The writer against the sandbox's QuickBooks and a real PostgreSQL: one effect, whatever happens."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from writer_lab import CONNECTION, REALM, WriterLab

from plumbline.common.clock import SystemClock
from plumbline.common.contracts.ledger import InvoiceState
from plumbline.common.database import Pool, borrowed, transaction
from plumbline.common.reconciling.store import resume
from plumbline.common.testing.figures import figure
from plumbline.qb_writer.adapters.differences import DriftTable
from plumbline.qb_writer.domain.records import Beginning

pytest_plugins = ["writer_fixtures"]


async def test_open_invoice_is_created_once_with_its_amounts(lab: WriterLab) -> None:
    await lab.command(lab.wish(), 1)
    await lab.work_until_quiet()
    [invoice] = lab.invoices()
    assert (invoice["TotalAmt"], invoice["Balance"], invoice["DocNumber"]) == (1208.75, 1208.75, "P100-INV-1")
    assert invoice["PrivateNote"] == "plumbline:invoice/1/2/1#1"
    assert lab.mails() == 0


async def test_command_seen_twice_changes_nothing(lab: WriterLab) -> None:
    await lab.command(lab.wish(), 1)
    await lab.work_until_quiet()
    calls = len(list(lab.world.journal.since(0)))
    await lab.command(lab.wish(), 1)
    await lab.work_until_quiet()
    assert len(list(lab.world.journal.since(0))) == calls


async def test_older_version_is_dropped(lab: WriterLab) -> None:
    await lab.command(lab.wish(cents=200_000), 2)
    await lab.command(lab.wish(cents=100_000), 1)
    await lab.work_until_quiet()
    assert [i["TotalAmt"] for i in lab.invoices()] == [1958.25]


@pytest.mark.parametrize(
    ("fault", "args"),
    [
        ("lose-answer", {}),
        ("lose-request", {}),
        ("status-after-commit", {"status": 500}),
        ("status", {"status": 503}),
        ("html", {}),
        ("throttle", {"retry_after": 1}),
        ("refuse-token", {}),
        ("refuse-token", {"after_commit": True}),
    ],
)
async def test_fault_on_create_leaves_one_invoice(lab: WriterLab, fault: str, args: dict[str, Any]) -> None:
    lab.fault(fault, **args)
    await lab.command(lab.wish(), 1)
    await lab.work_until_quiet()
    assert lab.world.faults.totals == {fault: 1}
    assert [i["TotalAmt"] for i in lab.invoices()] == [1208.75]
    assert await lab.parked() == {}


async def test_correction_while_create_is_unknown_ends_in_one_invoice(lab: WriterLab) -> None:
    lab.world.quickbooks.configure(REALM, duplicate_check=False)
    lab.fault("lose-answer")
    await lab.command(lab.wish(), 1)
    await lab.loop.work_off()
    await lab.command(lab.wish(cents=300_000), 2)
    await lab.work_until_quiet()
    assert [i["TotalAmt"] for i in lab.invoices()] == [2958.25]


async def test_record_is_compared_with_the_books_while_its_write_is_open(lab: WriterLab) -> None:
    lab.fault("lose-answer")
    await lab.command(lab.wish(), 1)
    await lab.loop.work_off()

    always = Beginning(date.min, datetime.min.replace(tzinfo=UTC), None)
    roll = await DriftTable(lab.pool).pairs(REALM, always, after="", limit=10)

    [pair] = roll.pairs
    assert pair.record.open_write is not None
    assert pair.record.open_write.sent_at is not None
    await lab.work_until_quiet()
    assert len(lab.invoices()) == 1


async def test_forgotten_request_id_is_covered_by_the_look_up(lab: WriterLab) -> None:
    lab.world.quickbooks.configure(REALM, duplicate_check=False, requestid_ttl_s=0)
    lab.fault("lose-answer")
    await lab.command(lab.wish(), 1)
    await lab.work_until_quiet()
    assert len(lab.invoices()) == 1


async def test_lagging_index_is_covered_by_the_request_id(lab: WriterLab) -> None:
    lab.world.quickbooks.configure(REALM, duplicate_check=False, index_lag_s=60)
    lab.fault("lose-answer")
    await lab.command(lab.wish(), 1)
    await lab.work_until_quiet()
    assert len(lab.invoices()) == 1


async def test_forgotten_request_id_and_lagging_index_together_are_covered_by_the_check_for_duplicates(
    lab: WriterLab,
) -> None:
    lab.configure(requestid_ttl_s=0, index_lag_s=60)
    lab.fault("lose-answer")
    await lab.want(lab.wish())
    assert await lab.parked() == {}
    assert len(lab.invoices()) == 1


async def test_sent_mails_once_even_when_the_answer_is_lost(lab: WriterLab) -> None:
    await lab.command(lab.wish(), 1)
    await lab.work_until_quiet()
    lab.fault("lose-answer")
    await lab.command(lab.wish(InvoiceState.SENT), 2)
    await lab.work_until_quiet()
    assert [i["EmailStatus"] for i in lab.invoices()] == ["EmailSent"]
    assert lab.mails() == 1


async def test_customer_without_email_parks_in_words_and_keeps_the_invoice(lab: WriterLab) -> None:
    await lab.command(lab.wish(InvoiceState.SENT, customer="Mute"), 1)
    await lab.work_until_quiet()
    assert await lab.parked() == {"invoice/1/2/1": "customer-has-no-email"}
    assert len(lab.invoices()) == 1
    assert lab.mails() == 0


async def test_number_taken_by_a_stranger_parks_and_resumes_once_it_is_free(lab: WriterLab) -> None:
    line = {
        "Amount": 10,
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": {"value": lab.items["Services"]}},
    }
    stranger = lab.world.quickbooks.person(
        REALM,
        "Invoice",
        {"CustomerRef": {"value": lab.customers["Mute"]}, "DocNumber": "p100-inv-1", "Line": [line]},
    )
    await lab.command(lab.wish(), 1)
    await lab.work_until_quiet()
    assert await lab.parked() == {"invoice/1/2/1": "invoice-already-exists"}
    stranger_id = stranger["Id"]
    lab.world.quickbooks.person(REALM, "Invoice", {"Id": stranger_id, "DocNumber": "OLD-1"})
    async with transaction(lab.pool) as connection:
        await resume(connection, keys=[f"{REALM}/invoice/1/2/1"], cause="operator 1", now=SystemClock().now())
    await lab.work_until_quiet()
    assert await lab.parked() == {}
    assert sorted(i["DocNumber"] for i in lab.invoices()) == ["OLD-1", "P100-INV-1"]


async def test_number_taken_by_a_stranger_is_given_up_for_another_one_from_its_source(lab: WriterLab) -> None:
    lab.person("Invoice", lab.stranger("P100-INV-1"))
    await lab.want(lab.wish())
    assert await lab.parked() == {"invoice/1/2/1": "invoice-already-exists"}
    await lab.want(lab.wish().model_copy(update={"number": "P100-INV-1A"}), 2)
    assert await lab.parked() == {}
    assert lab.only(lab.wish())["DocNumber"] == "P100-INV-1A"
    lab.person("Invoice", {"Id": lab.invoices()[0]["Id"]}, "delete")
    await lab.want(lab.wish(), name="2")
    assert sorted(invoice["DocNumber"] for invoice in lab.held("Invoice")) == ["P100-INV-1", "P100-INV-1A"]


async def test_write_refused_only_when_it_is_settled_resumes_with_another_write(lab: WriterLab) -> None:
    closed = {"Message": "Closed", "Detail": "Closed", "code": "6210", "element": ""}
    lab.fault("lose-request")
    lab.fault("status", status=400, body={"Fault": {"Error": [closed], "type": "ValidationFault"}})
    await lab.command(lab.wish(), 1)
    await lab.work_until_quiet()
    assert await lab.parked() == {"invoice/1/2/1": "quickbooks-6210"}
    await lab.resume("invoice/1/2/1")
    assert await lab.parked() == {}
    assert [i["TotalAmt"] for i in lab.invoices()] == [1208.75]


async def test_skipped_states_make_an_invoice_and_its_payment_and_no_mail(lab: WriterLab) -> None:
    await lab.command(lab.payment(), 1, name="1")
    await lab.command(lab.wish(InvoiceState.PAID), 1)
    await lab.work_until_quiet()
    [invoice] = lab.invoices()
    [payment] = lab.payments()
    assert (invoice["Balance"], payment["TotalAmt"]) == (0, 1208.75)
    assert lab.mails() == 0


async def test_payment_whose_answer_was_lost_is_made_once(lab: WriterLab) -> None:
    await lab.command(lab.wish(InvoiceState.PAID), 1)
    await lab.work_until_quiet(2)
    lab.world.quickbooks.configure(REALM, requestid_ttl_s=0)
    lab.fault("lose-answer")
    await lab.command(lab.payment(), 1)
    await lab.work_until_quiet()
    assert [p["TotalAmt"] for p in lab.payments()] == [1208.75]
    assert [i["Balance"] for i in lab.invoices()] == [0]


async def test_paid_by_the_bookkeeper_is_seen_and_not_paid_again(lab: WriterLab) -> None:
    await lab.command(lab.wish(InvoiceState.PAID), 1)
    await lab.work_until_quiet(2)
    [invoice] = lab.invoices()
    lab.world.quickbooks.person(
        REALM,
        "Payment",
        {
            "CustomerRef": invoice["CustomerRef"],
            "TotalAmt": invoice["TotalAmt"],
            "Line": [
                {"Amount": invoice["TotalAmt"], "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]}
            ],
        },
    )
    await lab.next_look()
    record = await lab.ledger.load(f"{REALM}/invoice/1/2/1")
    assert record is not None
    assert record.observed.state == "paid"
    assert len(lab.payments()) == 1


async def test_void_of_an_unsent_unpaid_invoice_then_a_new_incarnation(lab: WriterLab) -> None:
    await lab.command(lab.wish(), 1)
    await lab.work_until_quiet()
    await lab.command(lab.wish(InvoiceState.VOID), 2)
    await lab.work_until_quiet()
    assert [i["TotalAmt"] for i in lab.invoices()] == [0]
    await lab.command(lab.wish(), 3)
    await lab.work_until_quiet()
    assert sorted(i["TotalAmt"] for i in lab.invoices()) == [0, 1208.75]
    assert len({i["DocNumber"] for i in lab.invoices()}) == 2


async def test_void_of_a_mailed_invoice_asks_a_person(lab: WriterLab) -> None:
    await lab.command(lab.wish(InvoiceState.SENT), 1)
    await lab.work_until_quiet()
    await lab.command(lab.wish(InvoiceState.VOID), 2)
    await lab.work_until_quiet()
    assert await lab.parked() == {"invoice/1/2/1": "void-needs-a-person"}


async def test_edit_by_a_person_is_never_overwritten_in_silence(lab: WriterLab) -> None:
    await lab.command(lab.wish(), 1)
    await lab.work_until_quiet()
    [invoice] = lab.invoices()
    lab.world.quickbooks.person(REALM, "Invoice", {"Id": invoice["Id"], "TxnDate": "2026-01-01"})
    await lab.command(lab.wish(cents=999_900), 2)
    await lab.work_until_quiet()
    assert await lab.parked() == {"invoice/1/2/1": "changed-in-quickbooks"}
    assert [i["TxnDate"] for i in lab.invoices()] == ["2026-01-01"]


async def test_document_that_we_voided_and_a_person_brought_back_is_asked_about_and_not_made_twice(
    lab: WriterLab,
) -> None:
    await lab.want(lab.wish())
    await lab.want(lab.wish(InvoiceState.VOID), 2)
    lab.person("Invoice", {**lab.only(lab.wish()), "Line": lab.stranger("")["Line"]})
    await lab.look()
    assert await lab.parked() == {"invoice/1/2/1": "changed-in-quickbooks"}
    await lab.want(lab.wish(), 3)
    assert await lab.parked() == {"invoice/1/2/1": "changed-in-quickbooks"}
    assert len(lab.invoices()) == 1
    lab.person(
        "Invoice", {"Id": lab.invoices()[0]["Id"], "SyncToken": lab.invoices()[0]["SyncToken"]}, "void"
    )
    await lab.resume("invoice/1/2/1")
    assert await lab.parked() == {"invoice/1/2/1": "changed-in-quickbooks"}
    await lab.want(lab.wish(InvoiceState.VOID), 4)
    assert await lab.parked() == {}


async def test_edit_that_its_source_comes_to_agree_with_is_no_question_any_more(lab: WriterLab) -> None:
    await lab.want(lab.wish())
    body = lab.only(lab.wish())
    lines = [line for line in body["Line"] if line["DetailType"] == "SalesItemLineDetail"]
    lab.person("Invoice", {**body, "Line": [{**lines[0], "Amount": 990}, lines[1]]})
    await lab.look()
    assert await lab.parked() == {"invoice/1/2/1": "changed-in-quickbooks"}
    await lab.want(lab.wish(cents=99_000), 2)
    assert await lab.parked() == {}
    assert lab.commits()["Invoice updated"] == 0
    assert await lab.compare() == []
    await lab.want(lab.wish(cents=98_000), 3)
    assert lab.only(lab.wish())["TotalAmt"] == 938.25


async def test_back_and_forth_ends_where_it_should(lab: WriterLab) -> None:
    for version, cents in enumerate([100_000, 200_000, 100_000, 200_000], start=1):
        await lab.command(lab.wish(cents=cents), version)
        await lab.work_until_quiet()
    assert [i["TotalAmt"] for i in lab.invoices()] == [1958.25]


async def test_time_to_the_books_is_told_with_the_partners_part_and_our_own(lab: WriterLab) -> None:
    names = ("event_to_books_seconds", "partner_seconds", "own_seconds")
    before = {name: figure(f"{name}_sum", kind="invoice") for name in names}
    counted = figure("own_seconds_count", kind="invoice")
    await lab.command(lab.wish(), 1)
    await lab.work_until_quiet()
    took, partners, own = (figure(f"{name}_sum", kind="invoice") - before[name] for name in names)
    assert figure("own_seconds_count", kind="invoice") == counted + 1
    assert took > own > 0
    assert took == pytest.approx(partners + own)


async def test_invoice_that_lacks_only_its_payment_is_done_and_looked_at_again(lab: WriterLab) -> None:
    await lab.command(lab.wish(InvoiceState.PAID), 1)
    await lab.work_until_quiet(1)
    async with borrowed(lab.pool) as connection:
        row = await connection.fetchrow(
            "SELECT attempt, serving_since, due_at > worked_at AS again FROM work"
        )
    assert row is not None
    assert dict(row) == {"attempt": 0, "serving_since": None, "again": True}
    told = await lab.tell(f"{REALM}/invoice/1/2/1")
    assert told is not None
    assert told["story"][-1].endswith("balance $1,208.75; waiting for its payment to be seen there")


async def test_story_tells_versions_writes_and_state(lab: WriterLab) -> None:
    lab.fault("lose-answer")
    await lab.command(lab.wish(), 1)
    await lab.work_until_quiet()
    told = await lab.tell(f"{REALM}/invoice/1/2/1")
    assert told is not None
    story = "\n".join(told["story"])
    assert "asked for version 1: open, $1,208.75" in story
    assert "create as number P100-INV-1" in story
    assert "found by look-up" in story


TABLES = ("records", "writes", "numbers", "work", "connections", "happenings")


async def back_up(pool: Pool) -> None:
    async with borrowed(pool) as connection:
        for table in TABLES:
            await connection.execute(f"CREATE TABLE backup_{table} AS TABLE {table}")


async def restore(pool: Pool) -> None:
    async with transaction(pool) as connection:
        await connection.execute(f"TRUNCATE {', '.join(TABLES)}")
        for table in TABLES:
            await connection.execute(f"INSERT INTO {table} SELECT * FROM backup_{table}")


@pytest.mark.parametrize("remembers_s", [0, 3600])
async def test_restored_database_finds_the_invoice_that_it_forgot(lab: WriterLab, remembers_s: int) -> None:
    lab.world.quickbooks.configure(REALM, requestid_ttl_s=remembers_s)
    await back_up(lab.pool)
    for _ in range(2):
        await lab.command(lab.wish(), 1)
        await lab.work_until_quiet()
        await restore(lab.pool)
    assert [i["TotalAmt"] for i in lab.invoices()] == [1208.75]


async def test_restored_database_asks_about_the_invoice_that_it_forgot_if_it_changed_since(
    lab: WriterLab,
) -> None:
    await back_up(lab.pool)
    await lab.command(lab.wish(), 1)
    await lab.work_until_quiet()
    await restore(lab.pool)
    await lab.command(lab.wish(cents=200_000), 1)
    await lab.work_until_quiet()
    assert await lab.parked() == {"invoice/1/2/1": "invoice-already-exists"}
    assert [i["TotalAmt"] for i in lab.invoices()] == [1208.75]


@pytest.mark.parametrize(
    ("cents", "parked"), [(200_000, {}), (300_000, {"invoice/1/2/1": "changed-in-quickbooks"})]
)
async def test_restored_database_takes_its_own_forgotten_change_for_a_persons(
    lab: WriterLab, cents: int, parked: dict[str, str]
) -> None:
    await lab.command(lab.wish(), 1)
    await lab.work_until_quiet()
    await back_up(lab.pool)
    await lab.command(lab.wish(cents=200_000), 2)
    await lab.work_until_quiet()
    await restore(lab.pool)
    await lab.command(lab.wish(cents=cents), 1002)
    await lab.work_until_quiet()
    assert await lab.parked() == parked
    assert [i["TotalAmt"] for i in lab.invoices()] == [1958.25]


async def test_restored_database_neither_mails_nor_pays_a_second_time(lab: WriterLab) -> None:
    await lab.command(lab.wish(), 1)
    await lab.work_until_quiet()
    await back_up(lab.pool)
    await lab.command(lab.wish(InvoiceState.SENT), 2)
    await lab.command(lab.payment(), 1)
    await lab.work_until_quiet()
    await restore(lab.pool)
    await lab.command(lab.wish(InvoiceState.SENT), 2)
    await lab.command(lab.payment(), 1)
    await lab.work_until_quiet()
    assert (lab.mails(), len(lab.payments())) == (1, 1)
    assert await lab.parked() == {}


async def test_two_records_that_want_one_number_get_two(lab: WriterLab) -> None:
    lab.world.quickbooks.configure(REALM, duplicate_check=False)
    await lab.command(lab.wish(), 1, name="1")
    await lab.command(lab.wish(), 1, name="2")
    await lab.work_until_quiet()
    first, second = sorted(i["DocNumber"] for i in lab.invoices())
    assert first == "P100-INV-1"
    assert second.startswith("P100-INV-1~")


async def test_payment_waits_for_the_correction_of_its_invoice(lab: WriterLab) -> None:
    await lab.command(lab.wish(), 1)
    await lab.work_until_quiet()
    await lab.command(lab.payment(), 1)
    await lab.command(lab.wish(InvoiceState.PAID, cents=300_000), 2)
    await lab.work_until_quiet()
    assert [p["TotalAmt"] for p in lab.payments()] == [2958.25]
    assert [(i["TotalAmt"], i["Balance"]) for i in lab.invoices()] == [(2958.25, 0)]
    assert await lab.parked() == {}


async def test_record_follows_its_company_under_another_name(lab: WriterLab) -> None:
    await lab.want(lab.wish())
    await lab.move_to("former-name")
    await lab.want(lab.wish(cents=99_000), 2)
    assert (await lab.record("invoice/1/2/1")).connection == CONNECTION
