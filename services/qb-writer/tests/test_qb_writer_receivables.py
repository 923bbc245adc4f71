"""Payments received and credit memos, against the sandbox: over several invoices, with credits, unlinked, taken back."""

import pytest
from writer_lab import WriterLab
from writer_wishes import applied, credit_memo, payment

from plumbline.common.connections import Policies
from plumbline.common.contracts.ledger import (
    Application,
    CreditMemoState,
    DesiredInvoice,
    InvoiceState,
    PaymentState,
)

pytest_plugins = ["writer_fixtures"]


async def billed(lab: WriterLab, *cents: int) -> list[str]:
    """Bill so many invoices, named 1, 2 and so on; return their QuickBooks ids."""
    ids = []
    for place, amount in enumerate(cents, start=1):
        wish = lab.wish(cents=amount + 5_000 - 825).model_copy(update={"number": f"INV-{place}"})
        await lab.want(wish, name=str(place))
        ids.append(str((await lab.record(f"invoice/1/2/{place}")).observed.quickbooks_id))
    return ids


def balances(lab: WriterLab) -> dict[str, float]:
    return {invoice["DocNumber"]: invoice["Balance"] for invoice in lab.invoices()}


def applications(lab: WriterLab, wish: object) -> dict[str, float]:
    (body,) = lab.held("Payment")
    return {line["LinkedTxn"][0]["TxnId"]: line["Amount"] for line in body["Line"]}


async def test_payment_goes_to_several_invoices_to_the_cent_and_the_rest_stays_unapplied(
    hurried: WriterLab,
) -> None:
    one, two = await billed(hurried, 100_010, 50_007)
    wish = payment(hurried, 150_020, applied(invoice_1=100_010, invoice_2=20_003))
    await hurried.want(wish)
    body = hurried.only(wish)
    assert (body["TotalAmt"], body["UnappliedAmt"], body["PaymentRefNum"]) == (1500.20, 300.07, "CHK 1207")
    assert applications(hurried, wish) == {one: 1000.10, two: 200.03}
    assert balances(hurried) == {"INV-1": 0, "INV-2": 300.04}


async def test_what_a_payment_moves_is_read_and_told_though_quickbooks_says_nothing(
    hurried: WriterLab,
) -> None:
    await billed(hurried, 30_000)
    await hurried.want(credit_memo(hurried, 10_000))
    wish = payment(hurried, 20_000, applied(invoice_1=30_000), applied(credit_memo_1=10_000))
    for version, state, shown in ((1, PaymentState.RECORDED, "paid"), (2, PaymentState.VOID, "open")):
        await hurried.want(wish.model_copy(update={"state": state}), version)
        for name in ("invoice/1/2/1", "credit-memo/1/2/1"):
            record = await hurried.record(name)
            assert (record.told, record.observed.balance_cents == 0) == ((1, shown), shown == "paid")


async def test_payment_of_nothing_yet_is_applied_and_unlinked_by_later_versions(hurried: WriterLab) -> None:
    one, two = await billed(hurried, 30_000, 40_000)
    await hurried.want(payment(hurried, 60_000))
    assert hurried.only(payment(hurried, 0))["UnappliedAmt"] == 600
    await hurried.want(payment(hurried, 60_000, applied(invoice_1=30_000, invoice_2=25_000)), 2)
    assert balances(hurried) == {"INV-1": 0, "INV-2": 150}
    await hurried.want(payment(hurried, 60_000, applied(invoice_2=40_000)), 3)
    assert balances(hurried) == {"INV-1": 300, "INV-2": 0}
    assert applications(hurried, None) == {two: 400}
    await hurried.want(payment(hurried, 60_000), 4)
    assert balances(hurried) == {"INV-1": 300, "INV-2": 400}
    assert hurried.only(payment(hurried, 0))["UnappliedAmt"] == 600
    assert one != two
    assert hurried.commits()["Payment created"] == 1


async def test_credit_pays_an_invoice_without_money(hurried: WriterLab) -> None:
    await billed(hurried, 100_000)
    await hurried.want(credit_memo(hurried, 40_010))
    wish = payment(hurried, 0, applied(invoice_1=40_010), applied(credit_memo_1=40_010))
    await hurried.want(wish)
    assert hurried.only(wish)["TotalAmt"] == 0
    assert balances(hurried) == {"INV-1": 599.90}
    assert hurried.only(credit_memo(hurried))["Balance"] == 0


async def test_payment_of_more_than_is_open_is_asked_about_and_not_written(hurried: WriterLab) -> None:
    (invoice,) = await billed(hurried, 100_000)
    line = {"Amount": 900, "LinkedTxn": [{"TxnId": invoice, "TxnType": "Invoice"}]}
    person = hurried.person(
        "Payment",
        {"CustomerRef": {"value": hurried.customers["Alamo"]}, "TotalAmt": 900, "Line": [line]},
    )
    await hurried.want(payment(hurried, 100_000, applied(invoice_1=100_000)))
    assert await hurried.parked() == {"payment/1/2/1": "more-than-is-open"}
    assert hurried.held("Payment") == []
    hurried.person("Payment", {"Id": person["Id"]}, "delete")
    await hurried.resume("payment/1/2/1")
    assert balances(hurried) == {"INV-1": 0}


async def test_corrected_payment_counts_what_it_has_applied_itself_as_open(hurried: WriterLab) -> None:
    await billed(hurried, 100_000)
    await hurried.want(payment(hurried, 100_000, applied(invoice_1=90_000)))
    await hurried.want(payment(hurried, 100_000, applied(invoice_1=100_000)), 2)
    assert balances(hurried) == {"INV-1": 0}
    assert await hurried.parked() == {}


async def test_payment_waits_for_its_invoices_and_is_woken_by_them(hurried: WriterLab) -> None:
    await hurried.command(payment(hurried, 50_000, applied(invoice_1=30_000, invoice_2=20_000)), 1)
    await hurried.loop.work_off()
    assert hurried.held("Payment") == []
    await billed(hurried, 30_000, 20_000)
    assert balances(hurried) == {"INV-1": 0, "INV-2": 0}


async def test_invoice_can_be_deleted_once_its_payment_is_unlinked(hurried: WriterLab) -> None:
    await billed(hurried, 30_000, 40_000)
    await hurried.want(payment(hurried, 60_000, applied(invoice_1=30_000, invoice_2=30_000)))
    record = await hurried.record("invoice/1/2/1")
    assert isinstance(record.desired, DesiredInvoice)
    gone = record.desired.model_copy(update={"state": InvoiceState.DELETED})
    await hurried.want(gone, 2)
    assert await hurried.parked() == {"invoice/1/2/1": "delete-needs-a-person"}
    await hurried.want(payment(hurried, 60_000, applied(invoice_2=30_000)), 2)
    # The payment's write has woken the invoice whose money it gave back.
    assert await hurried.parked() == {}
    assert balances(hurried) == {"INV-2": 100}


async def test_paid_invoice_waits_again_when_its_payment_is_taken_back(hurried: WriterLab) -> None:
    await hurried.want(hurried.wish(InvoiceState.PAID))
    await hurried.want(hurried.payment())
    assert (await hurried.record("invoice/1/2/1")).observed.state == "paid"
    void = hurried.payment().model_copy(update={"state": PaymentState.VOID})
    await hurried.command(void, 2)
    await hurried.work_until_quiet(3)
    assert (await hurried.record("invoice/1/2/1")).observed.state == "open"
    assert [p["TotalAmt"] for p in hurried.payments()] == [0]


async def test_payment_of_another_record_on_the_same_day_is_not_taken_for_ours(hurried: WriterLab) -> None:
    await hurried.want(payment(hurried, 60_000), name="11")
    await hurried.want(payment(hurried, 60_000), name="1")
    notes = sorted(body["PrivateNote"] for body in hurried.held("Payment"))
    assert notes == ["plumbline:payment/1/2/1#1", "plumbline:payment/1/2/11#1"]


async def test_nothing_is_paid_of_an_invoice_that_is_to_be_voided(hurried: WriterLab) -> None:
    await billed(hurried, 30_000)
    record = await hurried.record("invoice/1/2/1")
    hurried.configure(closed_until="2026-12-31")
    await hurried.want(record.desired.model_copy(update={"state": InvoiceState.VOID}), 2)
    hurried.configure(closed_until=None)
    await hurried.command(payment(hurried, 30_000, applied(invoice_1=30_000)), 1)
    await hurried.work_until_quiet(3)
    assert hurried.held("Payment") == []
    await hurried.resume("invoice/1/2/1")
    assert [invoice["TotalAmt"] for invoice in hurried.invoices()] == [0]


async def test_payment_that_is_deposited_is_a_persons(hurried: WriterLab) -> None:
    await hurried.want(payment(hurried, 60_000))
    paid = hurried.only(payment(hurried, 0))
    line = {"Amount": 600, "LinkedTxn": [{"TxnId": paid["Id"], "TxnType": "Payment", "TxnLineId": "0"}]}
    checking = {"value": hurried.accounts["Checking"]}
    hurried.person("Deposit", {"DepositToAccountRef": checking, "Line": [line]})
    await hurried.want(payment(hurried, 60_000, state=PaymentState.VOID), 2)
    assert await hurried.parked() == {"payment/1/2/1": "quickbooks-6540"}
    assert hurried.only(payment(hurried, 0))["TotalAmt"] == 600


async def test_full_update_keeps_what_people_have_added(hurried: WriterLab) -> None:
    await hurried.want(payment(hurried, 60_000))
    await hurried.want(credit_memo(hurried))
    method = hurried.all("PaymentMethod")[0]["Id"]
    hurried.person(
        "Payment", {"Id": hurried.only(payment(hurried, 0))["Id"], "PaymentMethodRef": {"value": method}}
    )
    hurried.person(
        "CreditMemo",
        {"Id": hurried.only(credit_memo(hurried))["Id"], "CustomerMemo": {"value": "With our apologies"}},
    )
    await hurried.want(payment(hurried, 70_000), 2)
    await hurried.want(credit_memo(hurried, 50_000), 2)
    assert hurried.only(payment(hurried, 0))["TotalAmt"] == 700
    assert hurried.only(payment(hurried, 0))["PaymentMethodRef"]["value"] == method
    assert hurried.only(credit_memo(hurried))["TotalAmt"] == 500
    assert hurried.only(credit_memo(hurried))["CustomerMemo"] == {"value": "With our apologies"}


async def test_credit_memo_is_mailed_once_even_when_the_answer_is_lost(hurried: WriterLab) -> None:
    await hurried.want(credit_memo(hurried))
    hurried.fault("lose-answer", path="/send")
    await hurried.want(credit_memo(hurried, state=CreditMemoState.SENT), 2)
    assert hurried.only(credit_memo(hurried))["EmailStatus"] == "EmailSent"
    assert hurried.mails() == 1


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"total_cents": 50_000}, "changed-after-payment"),
        ({"state": CreditMemoState.DELETED}, "delete-needs-a-person"),
    ],
)
async def test_credit_that_is_used_is_neither_changed_nor_deleted(
    hurried: WriterLab, wish: dict[str, object], code: str
) -> None:
    await billed(hurried, 100_000)
    await hurried.want(credit_memo(hurried, 40_000))
    await hurried.want(payment(hurried, 0, applied(invoice_1=10_000), applied(credit_memo_1=10_000)))
    other = credit_memo(hurried, 50_000) if "total_cents" in wish else credit_memo(hurried, 40_000)
    await hurried.want(other.model_copy(update=wish), 2)
    assert await hurried.parked() == {"credit-memo/1/2/1": code}
    assert hurried.only(other)["TotalAmt"] == 400


async def test_number_of_a_credit_memo_is_another_than_that_of_an_invoice(hurried: WriterLab) -> None:
    # Reported: all sales forms draw from one space of numbers.
    await hurried.want(hurried.wish())
    await hurried.want(credit_memo(hurried).model_copy(update={"number": "p100-inv-1"}))
    number = hurried.only(credit_memo(hurried))["DocNumber"]
    assert number.startswith("p100-inv-1~")
    assert len(number) == len("p100-inv-1~") + 6


class TestOverwriting:
    """Where the company wants its books as Procore says, whatever people do in QuickBooks."""

    @pytest.fixture
    def policies(self) -> Policies:
        return Policies(person_changed_it="overwrite")

    async def test_every_field_of_ours_is_put_back_its_number_too(self, hurried: WriterLab) -> None:
        await hurried.want(hurried.wish())
        await hurried.want(credit_memo(hurried))
        for desired in (hurried.wish(), credit_memo(hurried)):
            entity = "Invoice" if desired.kind == "invoice" else "CreditMemo"
            body = hurried.only(desired)
            hurried.person(entity, {"Id": body["Id"], "DocNumber": "MINE-7", "TxnDate": "2026-01-01"})
            await hurried.want(desired.model_copy(update={"memo": "look again"}), 2)
            shown = hurried.only(desired)
            assert (shown["DocNumber"], shown["TxnDate"]) == (desired.number, desired.issued_on.isoformat())
        assert await hurried.parked() == {}


class TestAccepting:
    """Where the company lets people's edits stand until the source changes again."""

    @pytest.fixture
    def policies(self) -> Policies:
        return Policies(person_changed_it="accept")

    async def test_edit_stands_and_the_rest_goes_on(self, hurried: WriterLab) -> None:
        await hurried.want(hurried.wish())
        hurried.person("Invoice", {"Id": hurried.only(hurried.wish())["Id"], "TxnDate": "2026-01-01"})
        await hurried.want(hurried.wish(InvoiceState.SENT), 2)
        body = hurried.only(hurried.wish())
        assert (body["TxnDate"], body["EmailStatus"]) == ("2026-01-01", "EmailSent")
        assert await hurried.parked() == {}


async def test_application_names_its_record_as_the_ledger_does() -> None:
    assert applied(credit_memo_1=5) == (Application(record="credit-memo/1/2/1", amount_cents=5),)
