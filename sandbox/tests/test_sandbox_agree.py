"""`GET /control/agree`: approved payment applications against invoices, to the cent."""

from __future__ import annotations

from typing import Any

import pytest
from sandbox_books import Books

from plumbline_sandbox.laboratory import Laboratory

RULE = "{project_number}-{invoice_number}"


class Sides:
    """Billing in Procore's first project, and what QuickBooks has of it."""

    def __init__(self, lab: Laboratory, books: Books) -> None:
        self.lab, self.books = lab, books
        self.company = lab.description["companies"][0]
        self.project = self.company["projects"][0]

    async def bill(self, number: str, amount: str, *, status: str = "approved", **more: Any) -> str:
        place = {"company_id": self.company["id"], "project_id": self.project["id"]}
        line = {"scheduled_value": "900000", "work_completed_this_period": amount, "retainage_percent": "10"}
        body = {**place, "prime_contract_id": self.project["prime_contract_id"], "lines": [line]}
        body |= {"invoice_number": number, "status": status, "tax": "0.05", **more}
        answer = await self.lab.control.post("/control/procore/payment_applications", json=body)
        made: str = answer.raise_for_status().json()["id"]
        return made

    async def book(self, number: str, amount: float, **params: str) -> dict[str, Any]:
        form = self.books.form(amount, DocNumber=f"{self.project['number']}-{number}")
        return await self.books.write("Invoice", form, **params)

    async def ask(self, **changes: str) -> Any:
        asked = {"company": self.company["id"], "realm": self.books.realm_id, "number": RULE, **changes}
        answer = await self.lab.control.get("/control/agree", params=asked)
        return answer.json()


@pytest.fixture
def sides(lab: Laboratory, books: Books) -> Sides:
    return Sides(lab, books)


async def test_both_agree_when_every_approved_application_has_its_invoice(sides: Sides) -> None:
    await sides.bill("1", "1000.01")  # less 10 % of retainage, plus tax
    await sides.bill("2", "500", status="draft")
    await sides.book("1", 900.06)
    told = await sides.ask()
    assert told == {
        "agrees": True,
        "matched": 1,
        "missing": [],
        "extra": [],
        "different": [],
        "doubled": [],
    }


async def test_missing_invoice_is_named_with_its_amount(sides: Sides) -> None:
    application = await sides.bill("1", "1000")
    told = await sides.ask()
    assert (told["agrees"], told["matched"]) == (False, 0)
    number = f"{sides.project['number']}-1"
    missing = {"number": number, "application": application, "project": sides.project["id"], "cents": 900_05}
    assert told["missing"] == [missing]


async def test_a_cent_is_a_difference(sides: Sides) -> None:
    application = await sides.bill("1", "1000")
    invoice = await sides.book("1", 900.04)
    (different,) = (await sides.ask())["different"]
    assert (different["application"], different["invoice"]) == (application, invoice["Id"])
    assert (different["cents"], different["quickbooks_cents"]) == (900_05, 900_04)


async def test_invoice_without_an_application_is_extra_unless_it_is_void(sides: Sides) -> None:
    invoice = await sides.book("7", 10)
    assert [extra["invoice"] for extra in (await sides.ask())["extra"]] == [invoice["Id"]]
    await sides.books.void("Invoice", invoice)
    assert (await sides.ask())["agrees"]


async def test_invoices_of_another_shape_do_not_count(sides: Sides) -> None:
    await sides.books.write("Invoice", sides.books.form(10, DocNumber="Fence"))
    assert (await sides.ask())["agrees"]
    assert "Fence" in {extra["number"] for extra in (await sides.ask(number="{invoice_number}"))["extra"]}


async def test_two_invoices_of_one_number_are_doubled(sides: Sides) -> None:
    await sides.bill("1", "1000")
    for _ in range(2):
        await sides.book("1", 900.05, include="allowduplicatedocnum")
    (doubled,) = (await sides.ask())["doubled"]
    assert len(doubled["invoices"]) == 2


async def test_only_the_projects_asked_for_count(sides: Sides) -> None:
    await sides.bill("1", "1000")
    other = sides.company["projects"][1]["id"]
    assert (await sides.ask(project=other))["agrees"]
    assert not (await sides.ask(project=f"{other},{sides.project['id']}"))["agrees"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"number": "{colour}"}, "not of colour"),
        ({"number": "same"}, "the number same"),
        ({"company": "1"}, "there is no 1"),
        ({"company": "Lone Star"}, "invalid literal"),
        ({"realm": "1"}, "there is no '1'"),
    ],
)
async def test_unusable_question_is_refused_with_the_reason(
    sides: Sides, changes: dict[str, str], said: str
) -> None:
    await sides.bill("1", "1")
    await sides.bill("2", "1")
    assert said in (await sides.ask(**changes))["error"]
