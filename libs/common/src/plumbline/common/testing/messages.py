"""Builders of contracts: valid messages, of which a test names only what it is about."""

from datetime import date

from plumbline.common.contracts.ledger import (
    DesiredInvoice,
    DesiredPayment,
    InvoiceLine,
    InvoiceState,
    LedgerCommand,
    LedgerResult,
)
from plumbline.common.contracts.operations import (
    CredentialChanged,
    DeadLetter,
    RecordParked,
    RenewCredential,
)
from plumbline.common.contracts.procore import PAYMENT_APPLICATIONS, ProcoreChanged
from plumbline.common.contracts.quickbooks import QuickBooksChanged
from plumbline.common.testing.clock import DAWN


def procore_changed(event_id: str = "event-1", *, resource_id: str = "7001") -> ProcoreChanged:
    """Return a hint that an owner invoice was updated."""
    return ProcoreChanged(
        event_id=event_id,
        connection="texas",
        company_id="562949953421312",
        project_id="1001",
        resource=PAYMENT_APPLICATIONS,
        resource_id=resource_id,
        reason="update",
        occurred_at=DAWN,
        payload_version="v4.0",
    )


def quickbooks_changed(event_id: str = "event-1", *, entity: str = "invoice") -> QuickBooksChanged:
    """Return a hint that a document of the Texas realm was updated."""
    return QuickBooksChanged(
        event_id=event_id,
        connection="texas",
        realm="9130357992222806",
        entity=entity,
        entity_id="145",
        operation="update",
        occurred_at=DAWN,
        payload_form="cloudevents",
    )


def desired_invoice(
    amount_cents: int = 125_000, *, state: InvoiceState = InvoiceState.OPEN
) -> DesiredInvoice:
    """Return an invoice of one line."""
    line = InvoiceLine(description="Sitework", amount_cents=amount_cents, item_id="12")
    return DesiredInvoice(
        state=state,
        number="1001-3",
        customer_id="58",
        issued_on=date(2026, 2, 28),
        lines=(line,),
        total_cents=amount_cents,
    )


def desired_payment() -> DesiredPayment:
    """Return a payment of an invoice."""
    return DesiredPayment(
        invoice="invoice/562949953421312/1001/7001",
        customer_id="58",
        received_on=date(2026, 3, 1),
        deposit_account_id="35",
        reference="check 1482",
    )


def ledger_command(
    version: int = 1, *, desired: DesiredInvoice | DesiredPayment | None = None
) -> LedgerCommand:
    """Return a command about one invoice of the Texas realm."""
    return LedgerCommand(
        realm="9130357992222806",
        record="invoice/562949953421312/1001/7001",
        version=version,
        content_hash=f"sha256-{version}",
        connection="texas",
        source="562949953421312/1001/payment-applications/7001",
        provider_time=DAWN,
        desired=desired or desired_invoice(),
        why=("status_code 4 is `open` by the status map",),
    )


def ledger_result(version: int = 1) -> LedgerResult:
    """Return the result of that command."""
    return LedgerResult(
        realm="9130357992222806",
        record="invoice/562949953421312/1001/7001",
        version=version,
        connection="texas",
        source="562949953421312/1001/payment-applications/7001",
        kind="invoice",
        state="open",
        quickbooks_id="145",
        number="1001-3",
        total_cents=125_000,
        balance_cents=125_000,
        provider_time=DAWN,
        confirmed_at=DAWN,
        partner_ms=412,
    )


def record_parked() -> RecordParked:
    """Return the notice that an invoice waits for a customer link."""
    return RecordParked(
        service="mapper",
        record="562949953421312/1001/payment-applications/7001",
        connection="texas",
        change="parked",
        code="missing-billing-entity",
        reason="Link vendor 88 to a QuickBooks customer.",
        amount_cents=125_000,
        resumes_on="link:customer:texas:vendor:88",
        at=DAWN,
    )


def dead_letter() -> DeadLetter:
    """Return a message that could not be read."""
    return DeadLetter(
        service="mapper",
        reason="not-this-contract",
        detail="event_id: Field required",
        origin="procore.events.v1",
        partition=2,
        offset=41,
        headers={"ce_id": "event-1"},
        body_base64="e30=",
        at=DAWN,
    )


def renew_credential() -> RenewCredential:
    """Return the request to renew a token that was refused."""
    return RenewCredential(account="quickbooks/9130357992222806", refused_version=7, asked_by="qb-writer")


def credential_changed() -> CredentialChanged:
    """Return the news that a token was renewed."""
    return CredentialChanged(
        account="quickbooks/9130357992222806", change="renewed", version=8, expires_at=DAWN, at=DAWN
    )
