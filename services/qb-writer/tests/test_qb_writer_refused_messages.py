"""What must not be written, played from the outside: Kafka's bytes in, QuickBooks' books and a person's sentence out.

The table is the README's: a stable code, a sentence that says what to do, nothing written, nothing lost, and
exactly one document once the cause is mended.
"""

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import pytest
from faststream.kafka import KafkaBroker
from writer_lab import WriterLab
from writer_wishes import applied, bill, bill_payment, credit_memo, payment, vendor_credit

from plumbline.common.clock import SystemClock
from plumbline.common.contracts.ledger import Desired, LedgerCommand
from plumbline.common.contracts.operations import DeadLetter
from plumbline.common.contracts.topics import DEAD_LETTERS, LEDGER_COMMANDS
from plumbline.common.database import borrowed
from plumbline.common.edge import Edge
from plumbline.common.settings import KafkaSettings
from plumbline.common.testing.intake import FakeBroker, raw_record
from plumbline.qb_writer.domain.kinds import kind_of
from plumbline.qb_writer.handlers import recording

pytest_plugins = ["writer_fixtures"]

Make = Callable[[WriterLab], Desired]
Act = Callable[[WriterLab], Any]


class Kafka:
    """The topic of commands, and the service's own edge behind it."""

    def __init__(self, lab: WriterLab) -> None:
        self.lab = lab
        self.broker = FakeBroker()
        edge = Edge(
            service="qb-writer",
            broker=cast("KafkaBroker", self.broker),
            pool=lab.pool,
            clock=SystemClock(),
            settings=KafkaSettings(bootstrap="nowhere:1"),
            replica="writer-1",
        )
        edge.subscribe(LEDGER_COMMANDS, LedgerCommand, recording(lab.ledger, SystemClock()))

    async def deliver(self, *values: bytes) -> None:
        """Deliver one batch, and work until quiet."""
        batch = [raw_record(LEDGER_COMMANDS.name, value, offset=n) for n, value in enumerate(values)]
        await self.broker.deliver(LEDGER_COMMANDS.name, batch)
        await self.lab.work_until_quiet()

    async def dead_letters(self) -> list[DeadLetter]:
        """Return what was set aside, oldest first."""
        async with borrowed(self.lab.pool) as connection:
            rows = await connection.fetch(
                "SELECT value FROM outbox WHERE topic = $1 ORDER BY id", DEAD_LETTERS.name
            )
        return [DeadLetter.model_validate_json(row["value"]) for row in rows]


def said(lab: WriterLab, desired: Desired, version: int = 1, name: str = "1") -> bytes:
    return lab.message(desired, version, name).model_dump_json().encode()


def invoice(lab: WriterLab) -> Desired:
    return lab.wish()


def money(lab: WriterLab) -> Desired:
    return payment(lab, 50_000)


def check(lab: WriterLab) -> Desired:
    return bill_payment(lab, 1_000, applied(bill_needed=1_000))


# -- what is no command at all ----------------------------------------------------------------


def amount(name: str, value: str) -> Callable[[bytes], bytes]:
    """Put something else in the place of an amount, as somebody's own JSON writer may."""

    def spoil(good: bytes) -> bytes:
        return re.sub(rf'"{name}":-?\d+', f'"{name}":{value}', good.decode(), count=1).encode()

    return spoil


def text(name: str, value: Any) -> Callable[[bytes], bytes]:
    """Put another value under a name of what is desired."""

    def spoil(good: bytes) -> bytes:
        command = json.loads(good)
        command["desired"][name] = value
        return json.dumps(command).encode()

    return spoil


BOTH = {"description": "Pipe", "amount_cents": 180_000, "account_id": "1", "item_id": "1"}
NO_AMOUNTS = (
    "NaN",
    "Infinity",
    "-Infinity",
    "1e400",
    "12.5",
    "0.005",
    '"12.50"',
    "1e-9",
    str(10**30),
    "null",
)

UNREADABLE: dict[str, tuple[Make, Callable[[bytes], bytes], str]] = {
    **{
        f"{name} of {value}": (invoice, amount(name, value), name)
        for name in ("amount_cents", "tax_cents", "total_cents")
        for value in NO_AMOUNTS
    },
    "bill of half a cent": (bill, amount("total_cents", "0.5"), "total_cents"),
    "payment that is no number": (money, amount("total_cents", "NaN"), "total_cents"),
    "reference of 22 characters": (money, text("reference", "C" * 22), "reference"),
    "check number of 22 characters": (check, text("reference", "4" * 22), "reference"),
    "currency that is none": (invoice, text("currency", "dollars"), "currency"),
    "30th of February": (invoice, text("issued_on", "2026-02-30"), "issued_on"),
    "account and item at once": (bill, text("lines", [BOTH]), "lines"),
    "kind that nobody knows": (invoice, text("kind", "estimate"), "desired"),
    "half a message": (invoice, lambda good: good[: len(good) // 2], "JSON"),
    "nothing": (invoice, lambda _: b"", "JSON"),
}


async def test_message_that_says_no_amount_becomes_a_dead_letter_and_delays_nobody(
    hurried: WriterLab,
) -> None:
    hurried.configure(duplicate_check=False)
    kafka = Kafka(hurried)
    for place, (what, (make, spoil, field_name)) in enumerate(UNREADABLE.items()):
        name = str(place)
        good = said(hurried, make(hurried), 1, name)
        bad = spoil(good)
        assert bad != good, what
        before, after = (said(hurried, credit_memo(hurried), 1, f"{place}-{n}") for n in (1, 2))
        known = len(hurried.held("CreditMemo"))
        await kafka.deliver(before, bad, after)
        letter = (await kafka.dead_letters())[-1]
        assert (letter.reason, letter.origin, letter.offset) == (
            "not-this-contract",
            LEDGER_COMMANDS.name,
            1,
        ), what
        assert field_name in letter.detail, what
        assert base64.b64decode(letter.body_base64) == bad, what
        assert len(hurried.held("CreditMemo")) == known + 2, what
        assert await hurried.ledger.load(f"9341453000000001/{make(hurried).kind}/1/2/{name}") is None, what
    assert len(await kafka.dead_letters()) == len(UNREADABLE)
    assert hurried.held("Invoice") == []


async def test_corrected_message_is_written_once_after_its_dead_letter(hurried: WriterLab) -> None:
    kafka = Kafka(hurried)
    good = said(hurried, invoice(hurried))
    await kafka.deliver(amount("total_cents", "NaN")(good))
    await kafka.deliver(good, good)
    assert len(await kafka.dead_letters()) == 1
    assert hurried.only(invoice(hurried))["TotalAmt"] == 1208.75
    assert hurried.commits() == {"Invoice created": 1}


# -- what is refused by us or by QuickBooks ---------------------------------------------------


def nothing(_: WriterLab) -> None:
    """Let everything be as it is."""


def other(make: Make, **changes: Any) -> Make:
    """Return the same wish with other fields, checked as a message is."""

    def changed(lab: WriterLab) -> Desired:
        wish = make(lab)
        return type(wish).model_validate({**wish.model_dump(), **changes})

    return changed


def on_account(account_id: str) -> Make:
    """Return a bill with a line on this account."""

    def changed(lab: WriterLab) -> Desired:
        line = {"description": "Pipe", "amount_cents": 180_000, "account_id": account_id}
        return other(bill, lines=[line])(lab)

    return changed


def switched(**settings: Any) -> Act:
    """Change a switch of the company."""
    return lambda lab: lab.configure(**settings)


def active(name: str, *, is_active: bool) -> Act:
    """Let a bookkeeper make an account inactive, or active again."""
    return lambda lab: lab.person("Account", {"Id": lab.accounts[name], "Active": is_active})


@dataclass(frozen=True)
class Refused:
    """One refusal: what is asked, what stands against it, what people read, and how it is mended."""

    wish: Make
    code: str
    says: str
    against: Act = nothing
    mended: Act | None = None
    """What a person does before resuming; None: a corrected version comes."""
    corrected: Make | None = None
    """That version; None: the plain wish of the kind."""


PLAIN: dict[str, Make] = {
    "invoice": invoice,
    "credit-memo": credit_memo,
    "payment": money,
    "bill": bill,
    "vendor-credit": vendor_credit,
}

IN_EUR = r"is in EUR, but {} \d+ is kept in USD\. Correct the currency at its source or the link"
ADD_UP = r"come to \$[\d,.]+, and the total says \$[\d,.]+; correct them at their source"
CLOSED = r"QuickBooks {}\b.*Open the books for its date, or date it later at its source, then resume"
LINK = r"Correct the link with `plumbline link`, then resume"
NEXT_YEAR = {"issued_on": "2027-01-15", "due_on": "2027-02-15"}
CLOSE, OPEN = switched(closed_until="2026-12-31"), switched(closed_until=None)

TABLE: dict[str, Refused] = {
    "invoice in another currency": Refused(
        other(invoice, currency="EUR"), "currency-differs", IN_EUR.format("customer")
    ),
    "credit memo in another currency": Refused(
        other(credit_memo, currency="EUR"), "currency-differs", IN_EUR.format("customer")
    ),
    "payment in another currency": Refused(
        other(money, currency="EUR"), "currency-differs", IN_EUR.format("customer")
    ),
    "bill in another currency": Refused(
        other(bill, currency="EUR"), "currency-differs", IN_EUR.format("vendor")
    ),
    "invoice of another total": Refused(other(invoice, total_cents=1), "total-does-not-add-up", ADD_UP),
    "credit memo of another total": Refused(
        other(credit_memo, total_cents=1), "total-does-not-add-up", ADD_UP
    ),
    "bill of another total": Refused(other(bill, total_cents=1), "total-does-not-add-up", ADD_UP),
    "vendor credit of another total": Refused(
        other(vendor_credit, total_cents=1), "total-does-not-add-up", ADD_UP
    ),
    "payment that goes to more than came in": Refused(
        lambda lab: payment(lab, 9, applied(invoice_9=10)),
        "total-does-not-add-up",
        r"correct the amounts at their source",
    ),
    "invoice in a closed period": Refused(
        invoice, "quickbooks-6210", CLOSED.format(6210), against=CLOSE, mended=OPEN
    ),
    "invoice in a closed period, dated later": Refused(
        invoice,
        "quickbooks-6210",
        CLOSED.format(6210),
        against=CLOSE,
        corrected=other(invoice, **NEXT_YEAR),
    ),
    "bill in a closed period": Refused(
        bill, "quickbooks-6210", CLOSED.format(6210), against=CLOSE, mended=OPEN
    ),
    "vendor credit in a closed period": Refused(
        vendor_credit, "quickbooks-6210", CLOSED.format(6210), against=CLOSE, mended=OPEN
    ),
    "credit memo in a closed period": Refused(
        credit_memo, "quickbooks-6210", CLOSED.format(6210), against=CLOSE, mended=OPEN
    ),
    "payment in a closed period": Refused(
        money, "quickbooks-6210", CLOSED.format(6210), against=CLOSE, mended=OPEN
    ),
    "line on an unknown account": Refused(on_account("99999"), "unknown-account", LINK),
    "line on an inactive account": Refused(
        bill,
        "unknown-account",
        LINK,
        against=active("Subcontractors", is_active=False),
        mended=active("Subcontractors", is_active=True),
    ),
    "deposit to an unknown account": Refused(
        other(money, deposit_account_id="99999"), "unknown-account", LINK
    ),
    "unknown customer": Refused(other(invoice, customer_id="99999"), "unknown-customer", LINK),
    "unknown vendor": Refused(other(bill, vendor_id="99999"), "unknown-vendor", LINK),
    "company that lets us in no more": Refused(
        bill,
        "missing-scopes",
        r"Connect the company again, then resume",
        against=switched(standing="forbidden"),
        mended=switched(standing="good"),
    ),
    "company that has removed our user": Refused(
        invoice,
        "missing-scopes",
        r"Connect the company again, then resume",
        against=switched(standing="removed"),
        mended=switched(standing="good"),
    ),
}


@pytest.mark.parametrize("what", TABLE)
async def test_refusal_has_its_code_and_sentence_loses_nothing_and_ends_in_one_document(
    hurried: WriterLab, what: str
) -> None:
    row, kafka = TABLE[what], Kafka(hurried)
    row.against(hurried)
    wish = row.wish(hurried)
    name = f"{wish.kind}/1/2/1"
    await kafka.deliver(said(hurried, wish))
    assert await hurried.parked() == {name: row.code}
    assert re.search(row.says, await hurried.reason(name)), await hurried.reason(name)
    assert hurried.commits() == {}
    assert hurried.held(kind_of(wish).entity) == []
    assert (await hurried.record(name)).desired == wish
    if row.mended is not None:
        row.mended(hurried)
        await hurried.resume(name)
    else:
        wish = (row.corrected or PLAIN[wish.kind])(hurried)
        await kafka.deliver(said(hurried, wish, 2))
    assert await hurried.parked() == {}
    assert hurried.commits() == {f"{kind_of(wish).entity} created": 1}
    assert hurried.only(wish)
    assert await kafka.dead_letters() == []


@pytest.mark.parametrize("standing", ["lapsed", "moved", "locked", "maintenance"])
async def test_closed_company_parks_nothing_and_gets_each_record_once_when_it_opens(
    hurried: WriterLab, standing: str
) -> None:
    kafka = Kafka(hurried)
    hurried.configure(standing=standing)
    wishes = [make(hurried) for make in PLAIN.values()]
    await kafka.deliver(*(said(hurried, wish) for wish in wishes))
    assert await hurried.parked() == {}
    assert hurried.commits() == {}
    async with borrowed(hurried.pool) as connection:
        assert await connection.fetchval("SELECT held_until > now() + interval '50 seconds' FROM connections")
        waiting = await connection.fetchval("SELECT count(*) FROM work WHERE due_at IS NOT NULL")
    assert waiting == len(wishes)
    hurried.configure(standing="good")
    async with borrowed(hurried.pool) as connection:
        await connection.execute("UPDATE connections SET held_until = now()")
        await connection.execute("UPDATE work SET due_at = now() WHERE due_at IS NOT NULL")
    await hurried.work_until_quiet()
    assert hurried.commits() == {f"{kind_of(wish).entity} created": 1 for wish in wishes}


@pytest.mark.parametrize(("make", "shown"), [(invoice, "P100-INV-00000~"), (bill, "P100-INV-00000~")])
async def test_number_of_22_characters_is_written_under_one_that_says_so(
    hurried: WriterLab, make: Make, shown: str
) -> None:
    kafka = Kafka(hurried)
    await kafka.deliver(said(hurried, other(make, number="P100-INV-0000000000001")(hurried)))
    number = hurried.only(make(hurried))["DocNumber"]
    assert (len(number), number[:15]) == (21, shown)
    record = await hurried.record(f"{make(hurried).kind}/1/2/1")
    assert record.observed.number == number
    assert await hurried.parked() == {}
