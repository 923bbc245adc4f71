"""How the service refuses: the envelope, and each code once."""

from typing import Any

import pytest
from sandbox_books import Body, Books, codes, fault
from sandbox_rules import rule

ERRORS = "Intuit, Error codes"


@rule(
    "A refusal is HTTP 400 with Fault.Error[{Message, Detail, code, element}], type ValidationFault and time.",
    "Intuit, Handling common errors",
)
async def test_envelope(books: Books) -> None:
    answer = await books.post("Invoice", {"Line": [books.line(1)]})
    assert answer.status_code == 400
    assert set(answer.json()) == {"Fault", "time"}
    assert answer.json()["Fault"] == {
        "Error": [
            {
                "Message": "Required param missing, need to supply the required value for the API",
                "Detail": "Required parameter CustomerRef is missing in the request",
                "code": "2020",
                "element": "CustomerRef",
            }
        ],
        "type": "ValidationFault",
    }
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.headers["intuit_tid"]


@rule("Several troubles come in one answer.", "Captured: 2050 and 2020 together")
async def test_troubles_come_together(books: Books) -> None:
    refused = await books.refused("Invoice", {"DocNumber": "9" * 22})
    assert sorted(refused) == ["2020", "2020", "2050"]


@rule("A fault may arrive with HTTP 200.", "Captured answers", inferred=True)
async def test_fault_with_http_200(books: Books) -> None:
    books.lab.world.quickbooks.configure(books.realm_id, fault_status=200)
    answer = await books.post("Invoice", {})
    assert answer.status_code == 200
    assert answer.json()["Fault"]["Error"][0]["code"] == "2020"


BAD_FORMS: list[tuple[str, Body, str, str]] = [
    ("a customer that does not exist", {"CustomerRef": {"value": "99999"}}, "2500", ""),
    ("no line", {"Line": []}, "2020", "Line"),
    ("lines that are no list", {"Line": "x"}, "2010", "Line"),
    ("a reference of another shape", {"CustomerRef": "58"}, "2010", "CustomerRef"),
    ("an unknown property", {"Colour": "red"}, "2010", "Colour"),
    ("a number of 22 characters", {"DocNumber": "9" * 22}, "2050", "DocNumber"),
    ("a note of 4001 characters", {"PrivateNote": "x" * 4001}, "2050", "PrivateNote"),
    ("a memo of 1001 characters", {"CustomerMemo": {"value": "x" * 1001}}, "2050", "CustomerMemo"),
    ("a date in another format", {"TxnDate": "31.01.2026"}, "2060", "TxnDate"),
    ("a day that does not exist", {"DueDate": "2026-02-30"}, "2070", "DueDate"),
    ("an amount that is none", {"TxnTaxDetail": {"TotalTax": "much"}}, "2100", "TotalTax"),
    ("an unknown e-mail status", {"EmailStatus": "Maybe"}, "2170", "EmailStatus"),
    ("an address that is none", {"BillEmail": {"Address": "nobody"}}, "2210", "BillEmail"),
    ("a flag that is none", {"ApplyTaxAfterDiscount": "yes"}, "2230", "ApplyTaxAfterDiscount"),
]


@rule(
    "Each malformed property has its code: 2010, 2020, 2050, 2060, 2070, 2100, 2170, 2210, 2230, 2500.",
    ERRORS,
)
@pytest.mark.parametrize(
    ("what", "change", "code", "element"), BAD_FORMS, ids=[case[0] for case in BAD_FORMS]
)
async def test_malformed_property(books: Books, what: str, change: Body, code: str, element: str) -> None:
    refused = fault(await books.post("Invoice", {**books.form(1), **change}))
    assert (refused["code"], refused["element"]) == (code, element)


BAD_LINES: list[tuple[str, Body, str]] = [
    ("no type", {"DetailType": None}, "2020"),
    ("an unknown type", {"DetailType": "Barter"}, "2120"),
    ("no amount", {"Amount": None}, "2020"),
    ("an amount that is none", {"Amount": "ten"}, "2100"),
    ("an amount beyond the largest", {"Amount": 100_000_000_000}, "2140"),
    ("an unknown property", {"Colour": "red"}, "2010"),
]


@rule("Each malformed line has its code: 2010, 2020, 2100, 2120, 2140.", ERRORS)
@pytest.mark.parametrize(("what", "change", "code"), BAD_LINES, ids=[case[0] for case in BAD_LINES])
async def test_malformed_line(books: Books, what: str, change: Body, code: str) -> None:
    line = {name: value for name, value in {**books.line(1), **change}.items() if value is not None}
    assert await books.refused("Invoice", {**books.form(), "Line": [line]}) == [code]


@rule(
    "An amount that is not quantity times price is refused with 6070; rounding to the cent is fine.", ERRORS
)
async def test_amount_must_be_the_product(books: Books) -> None:
    off = books.line(100.01, Qty=3, UnitPrice=33.33)
    assert await books.refused("Invoice", {**books.form(), "Line": [off]}) == ["6070"]
    rounded = books.line(0.38, Qty=2.5, UnitPrice=0.15)
    assert (await books.write("Invoice", {**books.form(), "Line": [rounded]}))["TotalAmt"] == 0.38


@rule("A reference to a record that does not exist is 2500 in Intuit's words.", "Captured answer")
async def test_unknown_reference_in_words(books: Books) -> None:
    refused = fault(await books.post("Invoice", {**books.form(1), "CustomerRef": {"value": "540123582"}}))
    assert refused["Message"] == "Invalid Reference Id"
    assert refused["Detail"] == "Invalid Reference Id : Names element id 540123582 not found"


@rule("An unknown item is 2500, and so is a Category used as an item.", "Intuit, Item; reported")
async def test_items_must_exist_and_be_sold(books: Books) -> None:
    category = await books.write("Item", {"Name": "Work", "Type": "Category"})
    for item_id in ("99999", category["Id"]):
        form = {**books.form(), "Line": [books.line(1, ItemRef={"value": item_id})]}
        assert await books.refused("Invoice", form) == ["2500"]


@rule("A reference to something inactive is refused with 610.", ERRORS)
async def test_inactive_references_are_refused(books: Books) -> None:
    customer = await books.write("Customer", {"DisplayName": "Somebody"})
    await books.change("Customer", customer, Active=False)
    assert await books.refused("Invoice", {**books.form(1), "CustomerRef": {"value": customer["Id"]}}) == [
        "610"
    ]
    item = await books.read("Item", books.items["Progress billing"])
    await books.change("Item", item, Active=False)
    assert await books.refused("Invoice", books.form(1)) == ["610"]


@rule("A body that is no JSON object is refused with 2010.", ERRORS, inferred=True)
@pytest.mark.parametrize("body", [b"", b"[1]", b"<Invoice/>", b'{"a":NaN}', b"\xff"])
async def test_unreadable_body(books: Books, body: bytes) -> None:
    realm = books.lab.realms[0]
    answer = await books.lab.quickbooks.post(
        f"/v3/company/{realm.id}/invoice",
        content=body,
        headers={"authorization": f"Bearer {realm.access_token}"},
    )
    assert codes(answer) == ["2010"]


@rule("Reading an id that never was is 610; one that is no number is 2030.", ERRORS)
async def test_reading_what_is_not_there(books: Books) -> None:
    assert codes(await books.get("/invoice/999999")) == ["610"]
    assert codes(await books.get("/invoice/abc")) == ["2030"]


@rule("An operation or resource that does not exist is refused with 500 (unsupported operation).", ERRORS)
@pytest.mark.parametrize(
    ("method", "path", "params"),
    [
        ("POST", "/bartering", {}),
        ("POST", "/invoice", {"operation": "frobnicate"}),
        ("POST", "/customer", {"operation": "delete"}),
        ("POST", "/item", {"operation": "void"}),
        ("POST", "/customer/58/send", {}),
        ("GET", "/invoice/1/lines", {}),
        ("PUT", "/invoice/1", {}),
    ],
)
async def test_unsupported_operation(books: Books, method: str, path: str, params: dict[str, Any]) -> None:
    body: Any = {"Id": "58", "SyncToken": "0"} if method == "POST" else None
    assert codes(await books.lab.books(method, path, body, **params)) == ["500"]


@rule("Nothing dated in the closed books can be written, changed, voided or deleted (6210).", ERRORS)
async def test_closed_books(books: Books) -> None:
    made = await books.invoice(TxnDate="2026-01-31")
    payment = await books.write("Payment", books.money(1, TxnDate="2026-01-31"))
    books.lab.world.quickbooks.configure(books.realm_id, closed_until="2026-01-31")
    assert await books.refused("Invoice", books.form(1, TxnDate="2026-01-31")) == ["6210"]
    assert await books.refused("Invoice", {**made, "sparse": True, "TxnDate": "2026-02-01"}) == ["6210"]
    for entity, body in (("Invoice", made), ("Payment", payment)):
        assert await books.refused(entity, body, operation="delete") == ["6210"]
        assert await books.refused(entity, body, operation="void") == ["6210"]
    assert (await books.invoice(TxnDate="2026-02-01"))["TxnDate"] == "2026-02-01"


@rule("Books closed without a password answer 6200.", ERRORS, inferred=True)
async def test_closed_books_without_password(books: Books) -> None:
    books.lab.world.quickbooks.configure(
        books.realm_id, closed_until="2026-01-31", closed_with_password=False
    )
    assert await books.refused("Invoice", books.form(1, TxnDate="2026-01-31")) == ["6200"]


@rule("A lapsed subscription refuses everything with 6190, lost permission with 5020.", ERRORS)
@pytest.mark.parametrize(("standing", "code"), [("lapsed", "6190"), ("forbidden", "5020")])
async def test_company_that_does_not_serve(books: Books, standing: str, code: str) -> None:
    books.lab.world.quickbooks.configure(books.realm_id, standing=standing)
    assert await books.refused("Invoice", books.form(1)) == [code]
    assert codes(await books.get("/preferences")) == [code]
    assert codes(await books.lab.query("select * from Invoice")) == [code]


AWAY = [
    ("removed", "120", "AuthenticationFault"),
    ("moved", "130", "AuthenticationFault"),
    ("locked", "140", "AuthenticationFault"),
    ("maintenance", "150", "AuthenticationFault"),
    ("failing", "10000", "SystemFault"),
]


@rule(
    "Switch: a user removed is 120, another cluster 130, a locked company 140, maintenance 150, an error inside 10000.",
    "Intuit, Error codes; captured answers for 120, 130 and 10000",
    inferred=True,
)
@pytest.mark.parametrize(("standing", "code", "kind"), AWAY)
async def test_company_that_cannot_be_reached(books: Books, standing: str, code: str, kind: str) -> None:
    books.lab.world.quickbooks.configure(books.realm_id, standing=standing)
    for answer in (await books.post("Invoice", books.form(1)), await books.get("/preferences")):
        assert codes(answer) == [code]
        assert answer.json()["Fault"]["type"] == kind
    books.lab.world.quickbooks.configure(books.realm_id, standing="good")
    assert (await books.invoice(1))["SyncToken"] == "0"
