"""Translation: what QuickBooks should hold because of one owner invoice, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from plumbline.common.connections import ConnectionConfig, Policies
from plumbline.common.contracts.ledger import (
    CreditMemoState,
    Desired,
    DesiredCreditMemo,
    DesiredInvoice,
    DesiredPayment,
    InvoiceLine,
    InvoiceState,
)
from plumbline.mapper.domain.amounts import CHANGE_ORDER, DEFAULT, RETAINAGE, billed_lines, dollars, tax_cents
from plumbline.mapper.domain.errors import MissingDateError, NothingToBillError, NumberTemplateError
from plumbline.mapper.domain.links import Link, Links, project_source, vendor_source
from plumbline.mapper.domain.target import Target
from plumbline.procore.models import ContractPayment, PaymentApplication, PrimeContract, Project

MAX_REFERENCE_CHARS = 21
"""QuickBooks' limit on a payment's reference number (Intuit, Payment reference)."""


MAX_NUMBER_CHARS = 200
"""What a command can carry; qb-writer shortens to what QuickBooks takes, and keeps it unique."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One ledger record as it should be, and the records that must be in QuickBooks before it."""

    record: str
    desired: Desired
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Translation:
    """What QuickBooks should hold, and the reasons in words."""

    wanted: tuple[Wanted, ...]
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that a translation looks at."""

    target: Target
    connection: ConnectionConfig
    invoice: PaymentApplication
    contract: PrimeContract
    project: Project
    links: Links
    state: InvoiceState
    """What the status map makes of the status."""
    payments: tuple[ContractPayment, ...]
    """Payments on the contract, of this invoice or of others; none where statuses tell what is paid."""
    settled_on: date
    """When it was paid, if no payment tells."""


def link_sources(project_id: str, contract: PrimeContract, invoice: PaymentApplication) -> tuple[str, ...]:
    """Return everything whose links a translation may need."""
    codes = {row.wbs_code.flat_code for row in invoice.g703 if row.wbs_code and row.wbs_code.flat_code}
    owner = (vendor_source(contract.vendor.id),) if contract.vendor else ()
    return (project_source(project_id), *owner, CHANGE_ORDER, DEFAULT, RETAINAGE, *sorted(codes))


def translate(facts: Facts) -> Translation:
    """Return what QuickBooks should hold for an owner invoice that is to be billed.

    Total: the payment due plus tax, to the cent. Recording a payment is a ledger record of its
    own, which needs the invoice. A total below zero, such as of deductive change orders, is a credit memo.

    Raises:
        MappingError: needs a person; says what is wrong or missing.
    """
    lines, line_reasons = _lines(facts)
    total_cents = sum(line.amount_cents for line in lines) + tax_cents(facts.invoice)
    if total_cents == 0:
        raise NothingToBillError("the total is $0.00; QuickBooks takes invoices above zero only")
    customer = facts.links.customer(facts.target.project_id, facts.contract)
    if total_cents < 0:
        return _credit(facts, lines, customer, line_reasons)
    state, state_reasons = _state(facts, total_cents)
    invoice = DesiredInvoice(
        state=state,
        number=_number(facts),
        customer_id=customer.quickbooks_id,
        issued_on=_issued_on(facts.invoice),
        memo=_memo(facts.invoice),
        lines=lines,
        tax_cents=tax_cents(facts.invoice),
        total_cents=total_cents,
    )
    wanted = (Wanted(facts.target.ledger_record("invoice"), invoice), *_payment(facts, invoice))
    total = f"billed {dollars(total_cents)}, of which tax {dollars(invoice.tax_cents)}"
    return Translation(wanted, (*state_reasons, f"link: {customer.told()}", *line_reasons, total))


def _credit(
    facts: Facts, lines: tuple[InvoiceLine, ...], customer: Link, line_reasons: Sequence[str]
) -> Translation:
    """Return the credit memo of an owner invoice below zero: the same lines, credited instead of billed."""
    total_cents = -sum(line.amount_cents for line in lines) - tax_cents(facts.invoice)
    state, state_reasons = _state(facts, 0)
    memo = DesiredCreditMemo(
        state=CreditMemoState.SENT if state is InvoiceState.SENT else CreditMemoState.OPEN,
        number=_number(facts),
        customer_id=customer.quickbooks_id,
        issued_on=_issued_on(facts.invoice),
        memo=_memo(facts.invoice),
        lines=tuple(line.model_copy(update={"amount_cents": -line.amount_cents}) for line in lines),
        tax_cents=-tax_cents(facts.invoice),
        total_cents=total_cents,
    )
    total = f"credited {dollars(total_cents)}, for the total is below zero, of which tax {dollars(memo.tax_cents)}"
    why = (*state_reasons, f"link: {customer.told()}", *line_reasons, total)
    return Translation((Wanted(facts.target.ledger_record("credit-memo"), memo),), why)


def _lines(facts: Facts) -> tuple[tuple[InvoiceLine, ...], list[str]]:
    billed = billed_lines(facts.invoice, retainage=facts.connection.policies.retainage)
    items = [facts.links.item(line.items) for line in billed]
    tag = facts.links.class_of(facts.target.project_id)
    lines = tuple(
        InvoiceLine(
            description=line.description,
            amount_cents=line.amount_cents,
            item_id=item.quickbooks_id,
            class_id=tag and tag.quickbooks_id,
        )
        for line, item in zip(billed, items, strict=True)
    )
    used = [*dict.fromkeys(items), *([tag] if tag else [])]
    return lines, [_retainage_reason(facts.connection.policies), *(f"link: {link.told()}" for link in used)]


def _retainage_reason(policies: Policies) -> str:
    if policies.retainage == "net":
        return "policy retainage net: each line is net of its retainage"
    return "policy retainage line: lines are gross, all retainage is one line"


def _state(facts: Facts, total_cents: int) -> tuple[InvoiceState, list[str]]:
    mine = paid_by(facts.payments, facts.invoice) if total_cents else ()
    paid = sum((payment.amount for payment in mine), Decimal(0))
    if mine and paid * 100 >= total_cents:
        return InvoiceState.PAID, [f"{len(mine)} contract payments over ${paid:,} cover it: paid"]
    if facts.state is InvoiceState.OPEN and facts.connection.policies.send == "on_approval":
        return InvoiceState.SENT, ["policy send on_approval: open becomes sent"]
    return facts.state, []


def paid_by(payments: Sequence[ContractPayment], invoice: PaymentApplication) -> tuple[ContractPayment, ...]:
    """Return the payments that name an invoice of the same contract; one without a number has none."""
    return tuple(
        payment
        for payment in payments
        if payment.invoice_number is not None and payment.invoice_number == invoice.invoice_number
    )


def _payment(facts: Facts, invoice: DesiredInvoice) -> tuple[Wanted, ...]:
    policies = facts.connection.policies
    if invoice.state is not InvoiceState.PAID or policies.payment == "verify":
        return ()
    assert policies.deposit_account_id is not None, "connections.yaml is refused without it"
    days = [p.paid_on for p in paid_by(facts.payments, facts.invoice) if p.paid_on is not None]
    paid = facts.target.ledger_record("invoice")
    payment = DesiredPayment(
        invoice=paid,
        customer_id=invoice.customer_id,
        received_on=max(days, default=facts.settled_on),
        deposit_account_id=policies.deposit_account_id,
        reference=invoice.number[:MAX_REFERENCE_CHARS],
    )
    return (Wanted(facts.target.ledger_record("payment"), payment, needs=(paid,)),)


def _number(facts: Facts) -> str:
    template = facts.connection.policies.number
    names = {
        "project_number": facts.project.project_number or facts.target.project_id,
        "contract_number": facts.contract.number or str(facts.contract.id),
        "invoice_number": facts.invoice.invoice_number or str(facts.invoice.number or facts.invoice.id),
    }
    try:
        return " ".join(template.format_map(names).split())[:MAX_NUMBER_CHARS]
    except (KeyError, ValueError, IndexError, AttributeError) as error:
        raise NumberTemplateError(
            f"connection {facts.connection.name}: the policy `number: {template}` is no template of "
            f"{', '.join(names)}; correct connections.yaml and restart"
        ) from error


def _issued_on(invoice: PaymentApplication) -> date:
    day = invoice.billing_date or invoice.period_end
    if day is None:
        raise MissingDateError(
            "the invoice has neither a billing date nor an end of its period; set one in Procore"
        )
    return day


def _memo(invoice: PaymentApplication) -> str:
    title = f"{invoice.contract.title}: " if invoice.contract.title else ""
    name = f"owner invoice {invoice.invoice_number or invoice.number or invoice.id}"
    period = (
        f", {invoice.period_start} to {invoice.period_end}"
        if invoice.period_start and invoice.period_end
        else ""
    )
    return f"{title}{name}{period}"[:1000]
