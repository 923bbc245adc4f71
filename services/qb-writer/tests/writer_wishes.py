"""A wish of every kind, for tests that treat them all alike."""

from datetime import date

from writer_lab import WriterLab

from plumbline.common.contracts.ledger import (
    Application,
    CreditMemoState,
    DesiredCreditMemo,
    DesiredPayment,
    InvoiceLine,
    PaymentState,
)


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
