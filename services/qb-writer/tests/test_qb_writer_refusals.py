"""What is not written: refused with a stable code and a sentence, before any call where the wish itself shows it."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError
from writer_lab import WriterLab
from writer_wishes import (
    applied,
    attachment,
    bill,
    bill_payment,
    credit_memo,
    payment,
    vendor_credit,
)

from plumbline.common.contracts.ledger import Desired, DesiredPayment, InvoiceState
from plumbline.common.database import borrowed
from plumbline.common.testing.messages import desired_payment

pytest_plugins = ["writer_fixtures"]

Make = Callable[[WriterLab], Desired]


def changed(make: Make, **changes: Any) -> Make:
    """Return the same wish with other fields, checked as a message is."""

    def other(lab: WriterLab) -> Desired:
        wish = make(lab)
        return type(wish).model_validate({**wish.model_dump(), **changes})

    return other


def with_line(make: Make, cents: int, total: int) -> Make:
    def other(lab: WriterLab) -> Desired:
        said = make(lab).model_dump()
        said["lines"] = [{**said["lines"][0], "amount_cents": cents}]
        return type(make(lab)).model_validate({**said, "total_cents": total, "tax_cents": 0})

    return other


def open_invoice(lab: WriterLab) -> Desired:
    return lab.wish()


UNSOUND: dict[str, tuple[Make, str]] = {
    "invoice of another total": (changed(open_invoice, total_cents=1), "total-does-not-add-up"),
    "invoice below zero": (with_line(open_invoice, -5, -5), "negative-total"),
    "invoice too large": (with_line(open_invoice, 10**13, 10**13), "amount-out-of-range"),
    "credit memo of another total": (changed(credit_memo, total_cents=1), "total-does-not-add-up"),
    "credit memo below zero": (with_line(credit_memo, -5, -5), "negative-total"),
    "bill of another total": (changed(bill, total_cents=1), "total-does-not-add-up"),
    "bill below zero": (with_line(bill, -5, -5), "negative-total"),
    "bill too large": (with_line(bill, -(10**13), 10**13), "amount-out-of-range"),
    "vendor credit of another total": (changed(vendor_credit, total_cents=1), "total-does-not-add-up"),
    "payment of less than it applies": (
        lambda lab: payment(lab, 9, applied(invoice_1=10)),
        "total-does-not-add-up",
    ),
    "payment that credits more than it pays": (
        lambda lab: payment(lab, 100, applied(invoice_1=10), applied(credit_memo_1=11)),
        "total-does-not-add-up",
    ),
    "payment that names an invoice twice": (
        lambda lab: payment(lab, 100, (*applied(invoice_1=10), *applied(invoice_1=20))),
        "applied-twice",
    ),
    "bill payment of another total": (
        lambda lab: bill_payment(lab, 99, applied(bill_1=100)),
        "total-does-not-add-up",
    ),
    "bill payment that names a credit twice": (
        lambda lab: bill_payment(
            lab, 80, applied(bill_1=100), (*applied(vendor_credit_1=10), *applied(vendor_credit_1=10))
        ),
        "applied-twice",
    ),
    "file too large": (changed(attachment, size_bytes=10**9), "file-too-large"),
}


async def test_wish_that_cannot_be_is_parked_before_any_call_with_a_sentence(hurried: WriterLab) -> None:
    for place, (name, (make, code)) in enumerate(UNSOUND.items()):
        wish = make(hurried)
        await hurried.want(wish, name=str(place))
        key = f"{wish.kind}/1/2/{place}"
        assert (await hurried.parked())[key] == code, name
        assert re.search(r" is not written: .+\.$", await hurried.reason(key)), name
    assert hurried.calls() == 0


async def test_corrected_wish_goes_on_by_itself(hurried: WriterLab) -> None:
    await hurried.want(changed(open_invoice, total_cents=1)(hurried))
    assert await hurried.parked() == {"invoice/1/2/1": "total-does-not-add-up"}
    await hurried.want(hurried.wish(), 2)
    assert await hurried.parked() == {}
    assert len(hurried.held("Invoice")) == 1


async def test_unsound_wish_can_be_taken_back(hurried: WriterLab) -> None:
    await hurried.want(hurried.wish())
    await hurried.want(changed(open_invoice, total_cents=1)(hurried), 2)
    await hurried.want(changed(open_invoice, total_cents=1, state=InvoiceState.VOID)(hurried), 3)
    assert await hurried.parked() == {}
    assert hurried.only(hurried.wish())["TotalAmt"] == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"invoice": None},
        {"total_cents": 100},
        {"applied": [{"record": "invoice/1", "amount_cents": 1}]},
        {"invoice": None, "total_cents": -1},
        {"invoice": None, "total_cents": 1, "applied": [{"record": "invoice/1", "amount_cents": 0}]},
    ],
)
def test_payment_that_says_two_things_or_nothing_is_no_command(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        DesiredPayment.model_validate({**desired_payment().model_dump(), **changes})


@pytest.mark.parametrize("currency", ["EUR", "CAD"])
async def test_currency_that_is_not_the_partys_is_refused_before_anything_is_posted(
    hurried: WriterLab, currency: str
) -> None:
    for make in (open_invoice, credit_memo, bill, vendor_credit):
        wish = changed(make, currency=currency)(hurried)
        await hurried.want(wish)
        assert (await hurried.parked())[f"{wish.kind}/1/2/1"] == "currency-differs"
        assert f"is in {currency}" in await hurried.reason(f"{wish.kind}/1/2/1")
        assert "is kept in USD" in await hurried.reason(f"{wish.kind}/1/2/1")
    assert hurried.commits() == {}


async def test_currency_of_the_customer_is_written_where_there_are_several(hurried: WriterLab) -> None:
    many = {"MultiCurrencyEnabled": True, "HomeCurrency": {"value": "USD"}}
    hurried.person("Preferences", {"Id": "1", "CurrencyPrefs": many})
    hurried.person("CompanyCurrency", {"Code": "CAD"})
    canadian = hurried.person("Customer", {"DisplayName": "Maple", "CurrencyRef": {"value": "CAD"}})
    await hurried.want(changed(open_invoice, customer_id=canadian["Id"], currency="USD")(hurried))
    assert await hurried.parked() == {"invoice/1/2/1": "currency-differs"}
    await hurried.want(changed(open_invoice, customer_id=canadian["Id"])(hurried), 2)
    assert await hurried.parked() == {"invoice/1/2/1": "unknown-currency"}
    await hurried.want(changed(open_invoice, customer_id=canadian["Id"], currency="CAD")(hurried), 3)
    body = hurried.only(hurried.wish())
    assert (body["CurrencyRef"]["value"], body["TotalAmt"]) == ("CAD", 1208.75)
    assert await hurried.parked() == {}


async def test_closed_period_parks_and_goes_on_once_the_books_are_open(hurried: WriterLab) -> None:
    hurried.configure(closed_until="2026-12-31")
    await hurried.want(hurried.wish())
    assert await hurried.parked() == {"invoice/1/2/1": "quickbooks-6210"}
    assert "Open the books for its date" in await hurried.reason("invoice/1/2/1")
    assert hurried.held("Invoice") == []
    hurried.configure(closed_until=None)
    await hurried.resume("invoice/1/2/1")
    # The fault of the first write is remembered under its id; the second has another.
    assert len(hurried.held("Invoice")) == 1
    assert (await hurried.record("invoice/1/2/1")).writes == 2


async def test_closed_period_keeps_what_is_there_from_being_changed_or_ended(hurried: WriterLab) -> None:
    await hurried.want(hurried.wish())
    hurried.configure(closed_until="2026-12-31")
    for version, wish in enumerate([hurried.wish(cents=200_000), hurried.wish(InvoiceState.VOID)], start=2):
        await hurried.want(wish, version)
        assert await hurried.parked() == {"invoice/1/2/1": "quickbooks-6210"}
    assert hurried.only(hurried.wish())["TotalAmt"] == 1208.75


UNKNOWN: list[tuple[Make, str]] = [
    (changed(open_invoice, customer_id="99999"), "unknown-customer"),
    (changed(credit_memo, customer_id="99999"), "unknown-customer"),
    (lambda lab: changed(lambda _: payment(lab, 5), customer_id="99999")(lab), "unknown-customer"),
    (
        lambda lab: changed(lambda _: payment(lab, 5), deposit_account_id="99999")(lab),
        "unknown-account",
    ),
    (changed(bill, vendor_id="99999"), "unknown-vendor"),
    (changed(vendor_credit, vendor_id="99999"), "unknown-vendor"),
]


async def test_unknown_customers_vendors_and_accounts_are_told_apart(hurried: WriterLab) -> None:
    for place, (make, code) in enumerate(UNKNOWN):
        wish = make(hurried)
        await hurried.want(wish, name=str(place))
        assert (await hurried.parked())[f"{wish.kind}/1/2/{place}"] == code
    assert hurried.commits() == {}


async def test_unknown_and_inactive_items_and_accounts_of_lines_are_told_apart(hurried: WriterLab) -> None:
    def line(wish: Desired, **changes: Any) -> Desired:
        said = wish.model_dump()
        said["lines"] = [{**said["lines"][0], **changes}, *said["lines"][1:]]
        return type(wish).model_validate(said)

    hurried.person("Item", {"Id": hurried.items["Services"], "Active": False})
    cases = [
        (line(hurried.wish(), item_id="99999"), "unknown-item"),
        (line(hurried.wish(), item_id=hurried.items["Services"]), "unknown-item"),
        (line(bill(hurried), account_id="99999"), "unknown-account"),
        (line(bill(hurried), account_id=None, item_id="99999"), "unknown-item"),
    ]
    for place, (wish, code) in enumerate(cases):
        await hurried.want(wish, name=str(place))
        assert (await hurried.parked())[f"{wish.kind}/1/2/{place}"] == code
    assert hurried.commits() == {}


async def test_lapsed_company_waits_as_a_whole_and_loses_nothing(hurried: WriterLab) -> None:
    await hurried.want(hurried.wish(InvoiceState.PAID))
    hurried.configure(standing="lapsed")
    await hurried.want(bill(hurried))  # a write is refused
    await release(hurried)
    await hurried.work_until_quiet(1)  # a read is refused
    assert await hurried.parked() == {}
    assert await held_for(hurried) > timedelta(minutes=14)
    hurried.configure(standing="good")
    await release(hurried)
    await hurried.work_until_quiet(2)
    assert len(hurried.held("Bill")) == 1


async def test_company_that_lets_us_in_no_more_parks_writes_and_reads_alike(hurried: WriterLab) -> None:
    await hurried.want(hurried.wish(InvoiceState.PAID))
    hurried.configure(standing="forbidden")
    await hurried.command(bill(hurried), 1)
    await hurried.next_look()
    assert await hurried.parked() == {"bill/1/2/1": "missing-scopes", "invoice/1/2/1": "missing-scopes"}
    assert "Connect the company again" in await hurried.reason("invoice/1/2/1")
    hurried.configure(standing="good")
    await hurried.resume("bill/1/2/1")
    assert len(hurried.held("Bill")) == 1


async def release(lab: WriterLab) -> None:
    """Let the time pass for which the connection is held."""
    async with borrowed(lab.pool) as connection:
        await connection.execute("UPDATE connections SET held_until = now() - interval '1 second'")
        await connection.execute("UPDATE work SET due_at = now() WHERE due_at IS NOT NULL")


async def held_for(lab: WriterLab) -> timedelta:
    async with borrowed(lab.pool) as connection:
        until: datetime = await connection.fetchval("SELECT held_until FROM connections")
    return until - datetime.now(UTC)
