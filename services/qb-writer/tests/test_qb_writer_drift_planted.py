"""Every difference that people and refusals can plant in the books, of every kind of record: found, told, and closed.

Each is planted into books that agree, by a person in the sandbox's QuickBooks or by a wish that cannot be
fulfilled; it must be the only thing that is found. Then it is undone, and must close by itself.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from writer_lab import CONNECTION, REALM, WriterLab, writer_lab
from writer_wishes import (
    attachment,
    bill,
    credit_memo,
    one_of_each,
)

from plumbline.common.connections import Policies
from plumbline.common.contracts.ledger import (
    AttachmentState,
    Desired,
    InvoiceState,
    PayableState,
)
from plumbline.common.database import transaction
from plumbline.common.reconciling.marks import Mark
from plumbline.common.reconciling.store import mark
from plumbline.common.testing.database import rows
from plumbline.qb_writer.adapters.holdings import store
from plumbline.qb_writer.domain.holdings import held as known

Undo = Callable[[], Awaitable[None]]
Plant = Callable[[WriterLab], Awaitable[Undo]]

INVOICE, BARE, BILL = "invoice/1/2/1", "invoice/1/2/2", "bill/1/2/1"
MEMO, PAYMENT, CREDIT = "credit-memo/1/2/1", "payment/1/2/1", "vendor-credit/1/2/1"
CHECK, FILE = "bill-payment/1/2/1", "attachment/1/2/1"
TOTAL, BARE_TOTAL = 120_875, 130_875


@dataclass(frozen=True)
class Found:
    """What should be told of one difference."""

    code: str
    says: str
    off: int = 0
    stake: int = 0
    cause: str = "person"
    subject: str = ""


@dataclass(frozen=True)
class Planted:
    """One way in which the books come not to agree."""

    name: str
    plant: Plant
    found: tuple[Found, ...]
    subject: str = field(default="")


def bare(lab: WriterLab, state: InvoiceState = InvoiceState.OPEN) -> Desired:
    """Return an invoice that nothing was paid of."""
    return lab.wish(state, cents=135_050).model_copy(update={"number": "P100-INV-2"})


def held(lab: WriterLab, subject: str) -> dict[str, Any]:
    kind = subject.partition("/")[0].title().replace("-", "")
    entity = "Attachable" if kind == "Attachment" else kind
    note = f"plumbline:{subject}#1"
    (body,) = [b for b in lab.all(entity) if note in {b.get("PrivateNote"), b.get("Note")}]
    found: dict[str, Any] = {**body, "entity": entity}
    return found


def edit(subject: str, **changes: Any) -> Plant:
    """Change fields of a record's document, and set them back."""

    async def plant(lab: WriterLab) -> Undo:
        before = held(lab, subject)
        given = {name: value(lab, before) if callable(value) else value for name, value in changes.items()}
        lab.person(before["entity"], {"Id": before["Id"]} | given)

        async def undo() -> None:
            lab.person(before["entity"], {"Id": before["Id"]} | {name: before[name] for name in given})

        return undo

    return plant


def ended(subject: str, operation: str, taken_back: Callable[[WriterLab], Desired]) -> Plant:
    """Void or delete a record's document, which nobody can undo: the wish is taken back at its source."""

    async def plant(lab: WriterLab) -> Undo:
        body = held(lab, subject)
        lab.person(body["entity"], {"Id": body["Id"]}, operation)

        async def undo() -> None:
            await lab.want(taken_back(lab), 9, subject.rpartition("/")[2])

        return undo

    return plant


def added(entity: str, body: Callable[[WriterLab], dict[str, Any]], *, ending: str = "delete") -> Plant:
    """Make another document, and delete or void it."""

    async def plant(lab: WriterLab) -> Undo:
        made = lab.person(entity, body(lab))

        async def undo() -> None:
            lab.person(entity, {"Id": made["Id"]}, ending)

        return undo

    return plant


def copied(subject: str, **changes: Any) -> Plant:
    """Make a copy of a record's document, marker and all."""

    def body(lab: WriterLab) -> dict[str, Any]:
        own = {"Id", "SyncToken", "MetaData", "entity", "LinkedTxn", "Balance", "domain", "sparse"}
        return {name: value for name, value in held(lab, subject).items() if name not in own} | changes

    entity = subject.partition("/")[0].title().replace("-", "")
    return added(entity, body, ending="void")


def wished(
    wish: Callable[[WriterLab], Desired], name: str, mend: Callable[[WriterLab], Awaitable[None]]
) -> Plant:
    """Wish for what cannot be done as it stands, and mend what stands against it."""

    async def plant(lab: WriterLab) -> Undo:
        await lab.want(wish(lab), 2, name)

        async def undo() -> None:
            await mend(lab)

        return undo

    return plant


def first_line(**changes: Any) -> Callable[[WriterLab, dict[str, Any]], list[dict[str, Any]]]:
    """Change the first line of a document."""

    def lines(lab: WriterLab, before: dict[str, Any]) -> list[dict[str, Any]]:
        own = [line for line in before["Line"] if line["DetailType"] != "SubTotalLineDetail"]
        given = {name: value(lab, own[0]) if callable(value) else value for name, value in changes.items()}
        return [own[0] | given, *own[1:]]

    return lines


def to_other(entity: str) -> Callable[[WriterLab, dict[str, Any]], dict[str, str]]:
    """Refer to another customer or vendor than before."""

    def ref(lab: WriterLab, before: dict[str, Any]) -> dict[str, str]:
        others = [body["Id"] for body in lab.all(entity) if body["Id"] != before[f"{entity}Ref"]["value"]]
        return {"value": others[0]}

    return ref


def on_account(detail: str, name: str) -> Callable[[WriterLab, dict[str, Any]], dict[str, Any]]:
    """Book a line on another account or item."""

    def changed(lab: WriterLab, line: dict[str, Any]) -> dict[str, Any]:
        key, value = ("ItemRef", lab.items[name]) if "Sales" in detail else ("AccountRef", lab.accounts[name])
        return {**line[detail], key: {"value": value}}

    return changed


def linked(entity: str, body: Mapping[str, Any]) -> dict[str, str]:
    return {"TxnId": body["Id"], "TxnType": entity}


def account(name: str) -> Callable[[WriterLab, dict[str, Any]], dict[str, str]]:
    return lambda lab, _: {"value": lab.accounts[name]}


def strange_invoice(lab: WriterLab, **changes: Any) -> dict[str, Any]:
    detail = {"ItemRef": {"value": lab.items["Progress billing"]}}
    line = {"DetailType": "SalesItemLineDetail", "Amount": 777.5, "SalesItemLineDetail": detail}
    customer = {"value": lab.customers["Alamo"]}
    return {"CustomerRef": customer, "TxnDate": "2026-11-20", "Line": [line]} | changes


def strange_bill(lab: WriterLab, **changes: Any) -> dict[str, Any]:
    detail = {"AccountRef": {"value": lab.accounts["Subcontractors"]}}
    kind = "AccountBasedExpenseLineDetail"
    line = {"DetailType": kind, "Amount": 310, kind: detail}
    vendor = {"value": next(iter(lab.vendors.values()))}
    return {"VendorRef": vendor, "TxnDate": "2026-11-20", "Line": [line]} | changes


async def give_mute_an_address(lab: WriterLab) -> None:
    mute = next(body for body in lab.all("Customer") if body["DisplayName"] == "Mute")
    lab.person("Customer", {"Id": mute["Id"], "PrimaryEmailAddr": {"Address": "ap@mute.example"}})
    await lab.resume("invoice/1/2/3")


async def pay_the_bare_one(lab: WriterLab) -> None:
    link = {"TxnId": held(lab, BARE)["Id"], "TxnType": "Invoice"}
    lab.person(
        "Payment",
        {
            "CustomerRef": {"value": lab.customers["Alamo"]},
            "TotalAmt": BARE_TOTAL / 100,
            "Line": [{"Amount": BARE_TOTAL / 100, "LinkedTxn": [link]}],
        },
    )


async def want_it_as_it_was(lab: WriterLab) -> None:
    await lab.want(lab.wish(), 3)


async def want_the_bill_as_it_was(lab: WriterLab) -> None:
    await lab.want(bill(lab), 3)


async def want_the_memo_as_it_was(lab: WriterLab) -> None:
    await lab.want(credit_memo(lab), 3)


async def want_the_owner(lab: WriterLab) -> None:
    await lab.want(lab.wish().model_copy(update={"number": "P100-INV-7"}), 1, "7")


async def taken_number(lab: WriterLab) -> Undo:
    """A person's invoice has the number that ours should have."""
    made = lab.person("Invoice", strange_invoice(lab, DocNumber="P100-INV-4"))
    await lab.want(lab.wish().model_copy(update={"number": "P100-INV-4"}), 1, "4")

    async def undo() -> None:
        lab.person("Invoice", {"Id": made["Id"]}, "delete")
        await lab.resume("invoice/1/2/4")

    return undo


LINES = "of its lines, "
PLANTED = [
    Planted(
        "invoice: an amount was raised",
        edit(BARE, Line=first_line(Amount=1400.5)),
        (
            Found("lines", f"{LINES}$1,400.50 (Concrete) is too much", stake=140_050),
            Found("total", "its total is $1,358.75, and should be $1,308.75", off=5_000, stake=5_000),
        ),
        BARE,
    ),
    Planted(
        "invoice: a line was booked on another item",
        edit(BARE, Line=first_line(SalesItemLineDetail=on_account("SalesItemLineDetail", "Retainage"))),
        (Found("lines", LINES, stake=135_050),),
        BARE,
    ),
    Planted(
        "invoice: a line was reworded",
        edit(BARE, Line=first_line(Description="Cement")),
        (Found("lines", "$1,350.50 (Cement", stake=135_050),),
        BARE,
    ),
    Planted(
        "invoice: its tax was raised",
        edit(BARE, TxnTaxDetail={"TotalTax": 9.25}),
        (Found("total", "its lines agree, so it is tax", off=100, stake=100),),
        BARE,
    ),
    Planted(
        "invoice: another customer",
        edit(BARE, CustomerRef=to_other("Customer")),
        (Found("customer", "(TX01 Depot), and should be", stake=BARE_TOTAL),),
        BARE,
    ),
    Planted(
        "invoice: another number",
        edit(BARE, DocNumber="MINE-7"),
        (Found("number", "its number is “MINE-7”, and should be “P100-INV-2”", stake=BARE_TOTAL),),
        BARE,
    ),
    Planted(
        "invoice: another day",
        edit(BARE, TxnDate="2026-12-01"),
        (Found("date", "its date is 2026-12-01, and should be 2026-10-31", stake=BARE_TOTAL),),
        BARE,
    ),
    Planted(
        "invoice: due on another day",
        edit(BARE, DueDate="2027-01-31"),
        (Found("due-date", "its due date is 2027-01-31", stake=BARE_TOTAL),),
        BARE,
    ),
    Planted(
        "invoice: our note was overwritten",
        edit(BARE, PrivateNote="call Bob"),
        (Found("note", "its note is “call Bob”, and should be “plumbline:", stake=BARE_TOTAL),),
        BARE,
    ),
    Planted(
        "invoice: voided",
        ended(BARE, "void", lambda lab: bare(lab, InvoiceState.VOID)),
        (Found("voided", "it was voided in QuickBooks", off=-BARE_TOTAL, stake=BARE_TOTAL),),
        BARE,
    ),
    Planted(
        "invoice: deleted",
        ended(BARE, "delete", lambda lab: bare(lab, InvoiceState.DELETED)),
        (Found("deleted", "it was deleted in QuickBooks", off=-BARE_TOTAL, stake=BARE_TOTAL),),
        BARE,
    ),
    Planted(
        "invoice: not mailed, for the customer has no address",
        wished(
            lambda lab: lab.wish(InvoiceState.SENT, customer="Mute").model_copy(update={"number": "P-3"}),
            "3",
            give_mute_an_address,
        ),
        (Found("not-sent", "it should have been mailed", stake=TOTAL, cause="parked"),),
        "invoice/1/2/3",
    ),
    Planted(
        "invoice: paid at its source, and not in QuickBooks",
        wished(lambda lab: bare(lab, InvoiceState.PAID), "2", pay_the_bare_one),
        (
            Found(
                "unpaid",
                "it should be paid, and $1,308.75 of it is open",
                stake=BARE_TOTAL,
                cause="payment-awaited",
            ),
        ),
        BARE,
    ),
    Planted(
        "invoice: not written, for a person's has its number",
        taken_number,
        (
            Found(
                "missing",
                "Invoice P100-INV-4: it should be in QuickBooks with $1,208.75, and is not",
                off=-TOTAL,
                stake=TOTAL,
                cause="parked",
            ),
            Found(
                "extra",
                "of $777.50: somebody entered it",
                off=77_750,
                stake=77_750,
                cause="not-ours",
                subject="*",
            ),
        ),
        "invoice/1/2/4",
    ),
    Planted(
        "invoice: to be voided, and paid in part",
        wished(lambda lab: lab.wish(InvoiceState.VOID), "1", want_it_as_it_was),
        (Found("not-voided", "it should be voided", off=TOTAL, stake=TOTAL, cause="parked"),),
        INVOICE,
    ),
    Planted(
        "invoice: corrected after it was paid in part",
        wished(lambda lab: lab.wish(cents=125_060), "1", want_it_as_it_was),
        (
            Found("lines", LINES, stake=125_060, cause="parked"),
            Found("total", "and should be $1,208.85", off=-10, stake=10, cause="parked"),
        ),
        INVOICE,
    ),
    Planted(
        "invoice: its message changed after it was paid in part",
        wished(lambda lab: lab.wish().model_copy(update={"memo": "thank you"}), "1", want_it_as_it_was),
        (Found("not-written", "what changed of it at its source", stake=TOTAL, cause="parked"),),
        INVOICE,
    ),
    Planted(
        "invoice: entered by hand",
        added("Invoice", strange_invoice),
        (Found("extra", "nothing at its source asks for it", off=77_750, stake=77_750, cause="not-ours"),),
    ),
    Planted(
        "invoice: a copy of ours",
        copied(INVOICE, DocNumber="COPY-1"),
        (Found("duplicate", f"our note of {INVOICE}", off=TOTAL, stake=TOTAL, cause="not-ours"),),
    ),
    Planted(
        "invoice: with a note of ours that nobody knows",
        added("Invoice", lambda lab: strange_invoice(lab, PrivateNote="plumbline:invoice/9/9/9#1")),
        (
            Found(
                "orphan", "invoice/9/9/9, which has no document", off=77_750, stake=77_750, cause="not-ours"
            ),
        ),
    ),
    Planted(
        "credit memo: another day",
        edit(MEMO, TxnDate="2026-12-01"),
        (Found("date", "Credit memo P100-CM-1: its date is 2026-12-01", stake=40_010),),
        MEMO,
    ),
    Planted(
        "credit memo: corrected after it was used",
        wished(lambda lab: credit_memo(lab, 50_010), "1", want_the_memo_as_it_was),
        (
            Found("lines", LINES, stake=50_010, cause="parked"),
            Found("total", "and should be $500.10", off=-10_000, stake=10_000, cause="parked"),
        ),
        MEMO,
    ),
    Planted(
        "credit memo: entered by hand",
        added("CreditMemo", strange_invoice),
        (Found("extra", "Credit memo", off=77_750, stake=77_750, cause="not-ours"),),
    ),
    Planted(
        "payment: into another account",
        edit(PAYMENT, DepositToAccountRef=account("Checking")),
        (Found("account", "Payment CHK 1207: its account is", stake=50_000),),
        PAYMENT,
    ),
    Planted(
        "payment: another reference",
        edit(PAYMENT, PaymentRefNum="CHK 9"),
        (Found("reference", "its reference is “CHK 9”, and should be “CHK 1207”", stake=50_000),),
        PAYMENT,
    ),
    Planted(
        "payment: a copy of ours",
        copied(PAYMENT, Line=[], TotalAmt=500),
        (Found("duplicate", f"our note of {PAYMENT}", off=50_000, stake=50_000, cause="not-ours"),),
    ),
    Planted(
        "bill: another vendor",
        edit("bill/1/2/2", VendorRef=to_other("Vendor")),
        (Found("vendor", "its vendor is", stake=90_000),),
        "bill/1/2/2",
    ),
    Planted(
        "bill: a line was booked on another account",
        edit(
            "bill/1/2/2",
            Line=first_line(
                AccountBasedExpenseLineDetail=on_account("AccountBasedExpenseLineDetail", "Retainage Payable")
            ),
        ),
        (Found("lines", LINES, stake=100_000),),
        "bill/1/2/2",
    ),
    Planted(
        "bill: due on another day",
        edit(BILL, DueDate="2027-01-31"),
        (Found("due-date", "Bill SUB-17: its due date is 2027-01-31", stake=180_000),),
        BILL,
    ),
    Planted(
        "bill: to be deleted, and paid in part",
        wished(lambda lab: bill(lab, state=PayableState.DELETED), "1", want_the_bill_as_it_was),
        (Found("not-deleted", "it should be deleted", off=180_000, stake=180_000, cause="parked"),),
        BILL,
    ),
    Planted(
        "bill: deleted",
        ended("bill/1/2/2", "delete", lambda lab: bill(lab, 100_000, "SUB-18", state=PayableState.DELETED)),
        (Found("deleted", "it was deleted", off=-90_000, stake=90_000),),
        "bill/1/2/2",
    ),
    Planted(
        "bill: entered by hand",
        added("Bill", strange_bill),
        (Found("extra", "Bill", off=31_000, stake=31_000, cause="not-ours"),),
    ),
    Planted(
        "vendor credit: another number",
        edit(CREDIT, DocNumber="X-1"),
        (Found("number", "its number is “X-1”", stake=30_025),),
        CREDIT,
    ),
    Planted(
        "vendor credit: entered by hand",
        added("VendorCredit", strange_bill),
        (Found("extra", "Vendor credit", off=31_000, stake=31_000, cause="not-ours"),),
    ),
    Planted(
        "bill payment: another check number",
        edit(CHECK, DocNumber="4712"),
        (Found("reference", "its reference is “4712”, and should be “4711”", stake=100_000),),
        CHECK,
    ),
    Planted(
        "bill payment: another day",
        edit(CHECK, TxnDate="2026-12-01"),
        (Found("date", "its date is 2026-12-01", stake=100_000),),
        CHECK,
    ),
    Planted(
        "attachment: renamed",
        edit(FILE, FileName="old.pdf"),
        (Found("file-name", "its file name is “old.pdf”"),),
        FILE,
    ),
    Planted(
        "attachment: hung on another invoice",
        edit(
            FILE,
            AttachableRef=lambda lab, _: [
                {"EntityRef": {"type": "Invoice", "value": held(lab, BARE)["Id"]}, "IncludeOnSend": True}
            ],
        ),
        (Found("place", "of its place, “"),),
        FILE,
    ),
    Planted(
        "attachment: waits for an invoice that is not there",
        wished(lambda lab: attachment(lab, owner="invoice/1/2/7"), "7", want_the_owner),
        (
            Found(
                "missing",
                "Attachment Pay application 3.pdf: it should be in QuickBooks, and is not; it waits for invoice/1/2/7",
                cause="not-written",
            ),
        ),
        "attachment/1/2/7",
    ),
]


@pytest.fixture
def policies() -> Policies:
    return Policies()


@pytest.fixture
async def agreeing(database_url: str, tmp_path: Path, policies: Policies) -> AsyncIterator[WriterLab]:
    """Books in which every kind is as it should be."""
    async with writer_lab(database_url, policies, files=tmp_path, governed=False) as lab:
        for desired in one_of_each(lab):
            await lab.want(desired)
        await lab.want(bare(lab), name="2")
        await lab.want(bill(lab, 100_000, "SUB-18"), name="2")
        await lab.look()
        yield lab


def told(rows: list[Mapping[str, Any]]) -> dict[tuple[str, str], Mapping[str, Any]]:
    return {(row["subject"], row["code"]): row for row in rows}


async def test_what_people_do_beside_our_documents_is_no_difference(agreeing: WriterLab) -> None:
    lab, alamo = agreeing, {"value": agreeing.customers["Alamo"]}
    invoice, bare_one, owed = held(lab, INVOICE), held(lab, BARE), held(lab, BILL)
    mute = {"value": lab.customers["Mute"]}
    vendor = {"value": next(iter(lab.vendors.values()))}
    await rows(lab.pool, "UPDATE beginnings SET from_day = '2026-10-01'")
    # They pay, attach and file what they like, bill others, and had books before us.
    lab.person(
        "Payment",
        {
            "CustomerRef": alamo,
            "TotalAmt": 10,
            "PrivateNote": "not by plumbline: by Bob",
            "Line": [{"Amount": 10, "LinkedTxn": [linked("Invoice", bare_one)]}],
        },
    )
    lab.person(
        "BillPayment",
        {
            "VendorRef": vendor,
            "TotalAmt": 10,
            "PayType": "Check",
            "CheckPayment": {"BankAccountRef": {"value": lab.accounts["Checking"]}},
            "Line": [{"Amount": 10, "LinkedTxn": [linked("Bill", owed)]}],
        },
    )
    lab.person(
        "Attachable",
        {
            "FileName": "plan.pdf",
            "AttachableRef": [{"EntityRef": {"type": "Invoice", "value": invoice["Id"]}}],
        },
    )
    lab.person("Invoice", strange_invoice(lab, CustomerRef=mute))
    lab.person("Invoice", strange_invoice(lab, TxnDate="2026-09-30", PrivateNote="not by plumbline: by Bob"))
    lab.person("Bill", strange_bill(lab, VendorRef={"value": list(lab.vendors.values())[1]}))
    lab.person("Invoice", {"Id": invoice["Id"], "CustomerMemo": {"value": "Thank you"}})
    await lab.look()
    assert await lab.compare() == []


async def test_ends_that_were_asked_for_are_no_differences(agreeing: WriterLab) -> None:
    lab = agreeing
    await lab.want(bare(lab, InvoiceState.VOID), 2, "2")
    await lab.want(bill(lab, 100_000, "SUB-18", state=PayableState.DELETED), 2, "2")
    await lab.want(attachment(lab, state=AttachmentState.DELETED), 2)
    await lab.look()
    assert (await lab.parked(), await lab.compare()) == ({}, [])


async def test_invoice_that_was_voided_and_counts_again_is_found(agreeing: WriterLab) -> None:
    lab, before = agreeing, held(agreeing, BARE)
    await lab.want(bare(lab, InvoiceState.VOID), 2, "2")
    lab.person("Invoice", {"Id": before["Id"], "Line": before["Line"], "PrivateNote": "counts again"})
    await lab.look()
    (row,) = await lab.compare()
    assert (row["subject"], row["code"], row["cause"]) == (BARE, "not-voided", "person")
    assert row["off_cents"] > 0


async def test_edit_that_nobody_told_of_is_found_and_repair_has_it_looked_at(agreeing: WriterLab) -> None:
    lab, before = agreeing, held(agreeing, BARE)
    edited = lab.person("Invoice", {"Id": before["Id"], "DueDate": "2027-01-31"})
    async with transaction(lab.pool) as connection:
        await store(connection, [known(REALM, "Invoice", edited)])
    (row,) = await lab.compare()
    assert (row["code"], row["cause"]) == ("due-date", "untold")
    assert "plumbline drift --repair" in row["advice"]
    async with transaction(lab.pool) as connection:
        due = Mark(f"{REALM}/{BARE}", CONNECTION, "operator")
        await lab.ledger.hear(connection, await mark(connection, [due], now=datetime.now(UTC)))
    await lab.work_until_quiet()
    (row,) = await lab.compare()
    assert (row["code"], row["cause"]) == ("due-date", "person")


async def test_document_that_is_not_known_yet_is_neither_missed_nor_forgotten(agreeing: WriterLab) -> None:
    lab = agreeing
    lab.person("Invoice", {"Id": held(lab, BARE)["Id"], "DocNumber": "MINE-7"})
    await lab.look()
    assert [row["code"] for row in await lab.compare()] == ["number"]
    await rows(lab.pool, "UPDATE horizons SET complete_since = NULL")
    await rows(lab.pool, "DELETE FROM documents WHERE entity = 'Invoice'")
    assert [row["code"] for row in await lab.compare()] == ["number"]
    await rows(lab.pool, "UPDATE horizons SET complete_since = now()")
    assert {(row["subject"], row["code"]) for row in await lab.compare()} == {
        (INVOICE, "deleted"),
        (BARE, "deleted"),
    }


async def test_document_that_is_known_older_than_the_writer_saw_it_says_nothing(agreeing: WriterLab) -> None:
    lab, before = agreeing, held(agreeing, BARE)
    (old,) = await rows(lab.pool, "SELECT * FROM documents WHERE quickbooks_id = $1", before["Id"])
    lab.person("Invoice", {"Id": before["Id"], "DocNumber": "MINE-7"})
    await lab.look()
    assert [row["code"] for row in await lab.compare()] == ["number"]
    await rows(
        lab.pool,
        "UPDATE documents SET sync_token = $2, body = $3 WHERE quickbooks_id = $1",
        *(old[name] for name in ("quickbooks_id", "sync_token", "body")),
    )
    assert [row["code"] for row in await lab.compare()] == ["number"]


async def test_document_of_a_shape_that_nobody_knows_hides_no_other(agreeing: WriterLab) -> None:
    lab = agreeing
    lab.person("Invoice", {"Id": held(lab, INVOICE)["Id"], "DueDate": "2027-01-31"})
    await lab.look()
    await rows(
        lab.pool,
        'UPDATE documents SET body = \'{"Id": "1"}\' WHERE quickbooks_id = $1',
        held(lab, BARE)["Id"],
    )
    found = told(await lab.compare())
    assert set(found) == {(INVOICE, "due-date"), (BARE, "unreadable")}
    assert "report it" in found[BARE, "unreadable"]["advice"]


class TestAccepting:
    """Where the company lets stand what people do."""

    @pytest.fixture
    def policies(self) -> Policies:
        return Policies(person_changed_it="accept")

    async def test_accepted_edits_and_ends_are_no_differences_and_unwritten_wishes_are(
        self, agreeing: WriterLab
    ) -> None:
        lab = agreeing
        lab.person("Invoice", {"Id": held(lab, INVOICE)["Id"], "DueDate": "2027-01-31"})
        lab.person("Bill", {"Id": held(lab, "bill/1/2/2")["Id"]}, "delete")
        await lab.look()
        assert await lab.compare() == []
        await lab.want(lab.wish(cents=125_060), 2)
        assert {row["code"] for row in await lab.compare()} == {"lines", "total", "due-date"}


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.name)
async def test_planted_difference_is_the_only_one_found_and_closes_once_it_is_undone(
    agreeing: WriterLab, planted: Planted
) -> None:
    assert await agreeing.compare() == []
    undo = await planted.plant(agreeing)
    await agreeing.look()
    rows = await agreeing.compare()
    assert sorted(row["code"] for row in rows) == sorted(found.code for found in planted.found)
    for expected in planted.found:
        (row,) = [row for row in rows if row["code"] == expected.code]
        assert expected.says in row["sentence"]
        assert (row["off_cents"], row["stake_cents"]) == (expected.off, expected.stake)
        assert row["cause"] == expected.cause
        assert row["advice"]
        if planted.subject and not expected.subject:
            assert row["subject"] == planted.subject
        else:
            assert row["subject"].startswith("quickbooks/")
    await undo()
    await agreeing.look()
    assert [dict(row) for row in await agreeing.compare()] == []
