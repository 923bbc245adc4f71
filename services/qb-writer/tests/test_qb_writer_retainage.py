"""Retainage as lines: held back from what is billed, released later, on both sides of the books."""

from datetime import date

from writer_lab import WriterLab
from writer_wishes import bill

from plumbline.common.contracts.ledger import (
    DesiredBill,
    DesiredInvoice,
    ExpenseLine,
    InvoiceLine,
    InvoiceState,
)

pytest_plugins = ["writer_fixtures"]


def invoice(lab: WriterLab, number: str, *, work: int, retained: int) -> DesiredInvoice:
    """Bill work; what is held back of it is negative, what is released is positive."""
    lines = {"Progress billing": work, "Retainage": retained}
    return DesiredInvoice(
        state=InvoiceState.OPEN,
        number=number,
        customer_id=lab.customers["Alamo"],
        issued_on=date(2026, 10, 31),
        lines=tuple(
            InvoiceLine(description=item, amount_cents=cents, item_id=lab.items[item])
            for item, cents in lines.items()
            if cents
        ),
        total_cents=work + retained,
    )


def on_item(lab: WriterLab, item: str) -> float:
    """Return what all invoices have booked on an item."""
    return sum(
        float(line["Amount"])
        for body in lab.held("Invoice")
        for line in body["Line"]
        if line.get("SalesItemLineDetail", {}).get("ItemRef", {}).get("value") == lab.items[item]
    )


async def test_retainage_of_invoices_is_held_on_its_item_and_released_by_a_later_invoice(
    hurried: WriterLab,
) -> None:
    await hurried.want(invoice(hurried, "1", work=1_000_00, retained=-100_00), name="1")
    await hurried.want(invoice(hurried, "2", work=2_500_50, retained=-250_05), name="2")
    assert [body["TotalAmt"] for body in hurried.held("Invoice")] == [900, 2250.45]
    assert (on_item(hurried, "Progress billing"), on_item(hurried, "Retainage")) == (3500.50, -350.05)

    await hurried.want(invoice(hurried, "3", work=0, retained=350_05), name="3")
    assert [body["TotalAmt"] for body in hurried.held("Invoice")] == [900, 2250.45, 350.05]
    assert on_item(hurried, "Retainage") == 0
    (item,) = [i for i in hurried.all("Item") if i["Name"] == "Retainage"]
    (account,) = [a for a in hurried.all("Account") if a["Id"] == item["IncomeAccountRef"]["value"]]
    assert (account["AccountType"], account["AccountSubType"]) == ("Other Current Asset", "Retainage")


async def test_retainage_of_bills_is_held_on_its_account_and_released_by_a_later_bill(
    hurried: WriterLab,
) -> None:
    await hurried.want(bill(hurried, 200_000), name="1")
    release = ExpenseLine(
        description="Retainage released",
        amount_cents=20_000,
        account_id=hurried.accounts["Retainage Payable"],
    )
    later = bill(hurried, 0, number="SUB-18").model_copy(update={"lines": (release,), "total_cents": 20_000})
    await hurried.want(DesiredBill.model_validate(later.model_dump()), name="2")
    assert [body["TotalAmt"] for body in hurried.held("Bill")] == [1800, 200]
    retained = [
        line["Amount"]
        for body in hurried.held("Bill")
        for line in body["Line"]
        if line["AccountBasedExpenseLineDetail"]["AccountRef"]["value"]
        == hurried.accounts["Retainage Payable"]
    ]
    assert retained == [-200, 200]


async def test_more_retainage_than_work_makes_no_invoice(hurried: WriterLab) -> None:
    await hurried.want(invoice(hurried, "1", work=100_00, retained=-250_00))
    assert await hurried.parked() == {"invoice/1/2/1": "negative-total"}
    assert "ask for a credit memo" in await hurried.reason("invoice/1/2/1")
    assert hurried.calls() == 0
