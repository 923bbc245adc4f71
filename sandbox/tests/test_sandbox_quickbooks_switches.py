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


@pytest.mark.parametrize("settings", [{"duplicate_check": "perhaps"}, {"standing": "fine"}, {"color": "red"}])
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
