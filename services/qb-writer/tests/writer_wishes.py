"""A wish of every kind, for tests that treat them all alike."""

from datetime import date

from writer_lab import WriterLab

from plumbline.common.contracts.ledger import (
    Application,
    AttachmentState,
    CreditMemoState,
    Desired,
    DesiredAttachment,
    DesiredBill,
    DesiredBillPayment,
    DesiredCreditMemo,
    DesiredPayment,
    DesiredVendorCredit,
    ExpenseLine,
    InvoiceLine,
    PayableState,
    PaymentState,
)
from plumbline.qb_writer.domain.kinds import kind_of
from plumbline.qb_writer.domain.plan import Aim

PDF = b"%PDF-1.7 pay application 3\r\n\x00\xff"


def credit_memo(
    lab: WriterLab, cents: int = 40_010, state: CreditMemoState = CreditMemoState.OPEN
) -> DesiredCreditMemo:
    line = InvoiceLine(description="Back charge", amount_cents=cents, item_id=lab.items["Progress billing"])
    return DesiredCreditMemo(
        state=state,
        number="P100-CM-1",
        customer_id=lab.customers["Alamo"],
        issued_on=date(2026, 11, 1),
        lines=(line,),
        total_cents=cents,
    )


def applied(**cents: int) -> tuple[Application, ...]:
    """Apply so much to each record, whose name is written with underscores: `invoice_1=100`."""
    return tuple(
        Application(record=f"{kind.replace('_', '-')}/1/2/{number}", amount_cents=amount)
        for name, amount in cents.items()
        for kind, _, number in [name.rpartition("_")]
    )


def payment(
    lab: WriterLab,
    total: int,
    to: tuple[Application, ...] = (),
    credits_used: tuple[Application, ...] = (),
    state: PaymentState = PaymentState.RECORDED,
) -> DesiredPayment:
    return DesiredPayment(
        state=state,
        customer_id=lab.customers["Alamo"],
        received_on=date(2026, 11, 15),
        deposit_account_id=lab.accounts["Undeposited Funds"],
        reference="CHK 1207",
        total_cents=total,
        applied=to,
        credits=credits_used,
    )


def bill(
    lab: WriterLab,
    cents: int = 200_000,
    number: str = "SUB-17",
    vendor: int = 0,
    state: PayableState = PayableState.OPEN,
) -> DesiredBill:
    retained = cents // 10
    return DesiredBill(
        state=state,
        number=number,
        vendor_id=list(lab.vendors.values())[vendor],
        issued_on=date(2026, 10, 31),
        due_on=date(2026, 11, 30),
        lines=(
            ExpenseLine(
                description="Plumbing rough-in",
                amount_cents=cents,
                account_id=lab.accounts["Subcontractors"],
                customer_id=lab.customers["TX01 Depot"],
            ),
            ExpenseLine(
                description="Retainage held back",
                amount_cents=-retained,
                account_id=lab.accounts["Retainage Payable"],
            ),
        ),
        total_cents=cents - retained,
    )


def vendor_credit(
    lab: WriterLab, cents: int = 30_025, state: PayableState = PayableState.OPEN
) -> DesiredVendorCredit:
    line = ExpenseLine(
        description="Returned pipe", amount_cents=cents, account_id=lab.accounts["Subcontractors"]
    )
    return DesiredVendorCredit(
        state=state,
        number="SUB-17-C",
        vendor_id=next(iter(lab.vendors.values())),
        issued_on=date(2026, 11, 2),
        lines=(line,),
        total_cents=cents,
    )


def bill_payment(
    lab: WriterLab,
    total: int,
    to: tuple[Application, ...],
    credits_used: tuple[Application, ...] = (),
    state: PaymentState = PaymentState.RECORDED,
) -> DesiredBillPayment:
    return DesiredBillPayment(
        state=state,
        vendor_id=next(iter(lab.vendors.values())),
        paid_on=date(2026, 11, 20),
        pay_type="check",
        account_id=lab.accounts["Checking"],
        reference="4711",
        total_cents=total,
        bills=to,
        credits=credits_used,
    )


def attachment(
    lab: WriterLab,
    content: bytes = PDF,
    owner: str = "invoice/1/2/1",
    state: AttachmentState = AttachmentState.ATTACHED,
) -> DesiredAttachment:
    return DesiredAttachment(
        state=state,
        owner=owner,
        file_name="Pay application 3.pdf",
        content_type="application/pdf",
        sha256=lab.file(content),
        size_bytes=len(content),
        goes_with_mail=True,
    )


def one_of_each(lab: WriterLab) -> list[Desired]:
    """Return a wish of every kind, in an order in which each finds what it refers to."""
    return [
        lab.wish(),
        credit_memo(lab),
        payment(lab, 50_000, applied(invoice_1=90_010), applied(credit_memo_1=40_010)),
        bill(lab),
        vendor_credit(lab),
        bill_payment(lab, 100_000, applied(bill_1=130_025), applied(vendor_credit_1=30_025)),
        attachment(lab),
    ]


def ended(desired: Desired, aim: Aim) -> Desired | None:
    """Return the same wish, taken back in this manner; None if its kind cannot be."""
    states = [state for state, meant in kind_of(desired).aims.items() if meant is aim]
    return desired.model_copy(update={"state": states[0]}) if states else None
