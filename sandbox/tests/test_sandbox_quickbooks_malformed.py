"""Whatever is sent, the service answers: it takes a value, or says what is wrong with it."""

from typing import Any

import pytest
from sandbox_books import Body, Books
from sandbox_rules import rule

from plumbline_sandbox.quickbooks.entities.registry import ENTITIES

ODD: list[Any] = [
    -1,
    1e30,
    "x",
    [],
    {},
    [[]],
    [{}],
    {"value": []},
    {"value": "999"},
    True,
    None,
    "2026-13-01",
]
FORMS = ("Invoice", "Estimate", "CreditMemo", "SalesReceipt", "RefundReceipt")
LISTS = ("Customer", "Item", "Account", "Class", "Department", "Term", "PaymentMethod", "TaxAgency")


def sound(books: Books, entity: str) -> Body:
    """Return a body that is accepted."""
    if entity in FORMS:
        return books.form(1, DepositToAccountRef={"value": books.accounts["Checking"]})
    income = {"IncomeAccountRef": {"value": books.accounts["Construction Income"]}}
    bodies: dict[str, Body] = {
        "Payment": books.money(1),
        "Item": {"Name": "New", **income},
        "Account": {"Name": "New", "AccountType": "Bank"},
        "Term": {"Name": "New", "DueDays": 1},
    }
    name = "DisplayName" if entity in {"Customer", "TaxAgency"} else "Name"
    return bodies.get(entity, {name: "New"})


@rule(
    "A malformed property is refused by a fault, never by a server error.",
    "Intuit, Error codes",
    inferred=True,
)
@pytest.mark.parametrize("entity", [*FORMS, "Payment", *LISTS])
async def test_odd_properties_are_answered(books: Books, entity: str) -> None:
    body = sound(books, entity)
    for name in sorted(ENTITIES[entity.lower()].writable | {"Id", "SyncToken", "sparse"}):
        for odd in ODD:
            answer = await books.post(entity, {**body, name: odd})
            assert answer.status_code in {200, 400}, (name, odd)


@pytest.mark.parametrize(
    "name",
    ["Id", "Description", "Amount", "DetailType", "SalesItemLineDetail", "GroupLineDetail", "LinkedTxn"],
)
async def test_odd_lines_are_answered_and_printed(books: Books, name: str) -> None:
    for odd in ODD:
        answer = await books.post("Invoice", {**books.form(), "Line": [{**books.line(1), name: odd}]})
        assert answer.status_code in {200, 400}, odd
        if answer.status_code == 200:
            made = answer.json()["Invoice"]
            assert (await books.get(f"/invoice/{made['Id']}/pdf")).status_code == 200


@pytest.mark.parametrize("name", ["ItemRef", "Qty", "UnitPrice", "TaxCodeRef", "ClassRef"])
async def test_odd_details_are_answered(books: Books, name: str) -> None:
    for odd in ODD:
        answer = await books.post("Invoice", {**books.form(), "Line": [books.line(1, **{name: odd})]})
        assert answer.status_code in {200, 400}, odd
