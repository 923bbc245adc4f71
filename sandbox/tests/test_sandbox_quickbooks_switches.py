"""Switches for what Intuit leaves open, or lets a company choose."""

import asyncio
from typing import Any

import pytest
from sandbox_app import App
from sandbox_books import Books, codes
from sandbox_rules import rule

from plumbline_sandbox.laboratory import Laboratory

NUMBERS = "Intuit, Invoice: DocNumber; captured answers"


async def switch(books: Books, **settings: Any) -> None:
    path = f"/control/quickbooks/{books.realm_id}/settings"
    assert (await books.lab.control.post(path, json=settings)).status_code == 200


@rule("A company refuses a taken document number (6140), or takes it.", NUMBERS)
async def test_taken_number(books: Books) -> None:
    await books.invoice(10, DocNumber="N-1")
    second = books.form(20, DocNumber="N-1")
    assert codes(await books.post("Invoice", second)) == ["6140"]
    await switch(books, duplicate_check=False)
    answer = (await books.post("Invoice", second)).json()
    assert answer["Invoice"]["DocNumber"] == "N-1"
    assert "Warnings" not in answer


@rule("Switch: a company takes a taken document number and warns.", NUMBERS, inferred=True)
async def test_warning_of_a_taken_number(books: Books) -> None:
    await switch(books, duplicate_check="warn")
    first = await books.invoice(10, DocNumber="N-1")
    answer = (await books.post("Invoice", books.form(20, DocNumber="N-1"))).json()
    assert answer["Invoice"]["DocNumber"] == "N-1"
    (warning,) = answer["Warnings"]["Warning"]
    assert warning["code"] == "6140"
    assert f"TxnId={first['Id']}" in warning["Detail"]


@rule(
    "Switch: numbering goes on from the number used last, prefix and all.",
    "Intuit community, thread 1533226",
    inferred=True,
)
async def test_numbers_follow_the_last(books: Books) -> None:
    await switch(books, numbers_follow_last=True)
    await books.invoice(1, DocNumber="PC-1042")
    assert (await books.invoice(1))["DocNumber"] == "PC-1043"
    assert (await books.write("Estimate", books.form(1)))["DocNumber"] == "PC-1044"
    assert codes(await books.post("Invoice", books.form(1, DocNumber="PC-1043"))) == ["6140"]
    await switch(books, numbers_follow_last=False)
    assert (await books.invoice(1))["DocNumber"].isdigit()


@rule(
    "Switch: a company of Intuit's own sandbox sends forty mails a day; the code (6000) is inferred.",
    "Intuit, Invoice, send",
    inferred=True,
)
async def test_mails_of_a_day(books: Books) -> None:
    await switch(books, mails_per_day=40)
    made = await books.invoice(1, BillEmail={"Address": "ap@example.com"})
    for _ in range(40):
        assert (await books.send("Invoice", made["Id"])).status_code == 200
    assert codes(await books.send("Invoice", made["Id"])) == ["6000"]
    assert sum(1 for _ in books.lab.world.journal.since(0, "mail")) == 40
    books.lab.world.quickbooks.person(
        books.realm_id, "Invoice", {"Id": made["Id"], "PrivateNote": "still writes"}
    )
    books.lab.world.clock.step(86_400)
    person = books.lab.world.quickbooks.person(books.realm_id, "Invoice", {"Id": made["Id"]}, "send")
    assert person["EmailStatus"] == "EmailSent"


@pytest.mark.parametrize(
    "settings",
    [{"duplicate_check": "perhaps"}, {"standing": "fine"}, {"gateway_401": "yaml"}, {"color": "red"}],
)
async def test_malformed_switch_is_refused(books: Books, settings: dict[str, Any]) -> None:
    path = f"/control/quickbooks/{books.realm_id}/settings"
    assert (await books.lab.control.post(path, json=settings)).status_code == 400


async def test_slow_token_endpoint_has_done_its_work_when_a_client_gives_up(lab: Laboratory) -> None:
    await lab.control.post("/control/quickbooks/oauth", json={"rotate_after_s": 0})
    delay = {"name": "delay", "match": {"path": "tokens/bearer"}, "times": 1, "args": {"ms": 60_000}}
    await lab.control.post("/control/faults", json=delay)
    app = App(lab)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(app.refresh(app.realm.refresh_token), 0.1)
    assert (await app.refresh(app.realm.refresh_token)).status_code == 400
