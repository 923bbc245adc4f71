"""Builders of contracts: valid messages, of which a test names only what it is about."""

from datetime import date

from plumbline.common.contracts.documents import (
    DispatchAcknowledged,
    DispatchHeld,
    DispatchTicket,
    DocumentDecided,
    DocumentExpiring,
    DocumentReceived,
    PayableChanged,
    Requirement,
    Said,
)
from plumbline.common.contracts.drift import LedgerDrift
from plumbline.common.contracts.ledger import (
    Application,
    AttachmentState,
    CreditMemoState,
    Desired,
    DesiredAttachment,
    DesiredBill,
    DesiredBillPayment,
    DesiredCreditMemo,
    DesiredInvoice,
    DesiredPayment,
    DesiredVendorCredit,
    ExpenseLine,
    InvoiceLine,
    InvoiceState,
    LedgerCommand,
    LedgerResult,
    PayableState,
)
from plumbline.common.contracts.operations import (
    CredentialChanged,
    DeadLetter,
    RecordParked,
    RenewCredential,
    SecretsReport,
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


def desired_credit_memo() -> DesiredCreditMemo:
    """Return a credit memo of one line."""
    return DesiredCreditMemo(
        state=CreditMemoState.OPEN,
        number="1001-4",
        customer_id="58",
        issued_on=date(2026, 2, 28),
        lines=(InvoiceLine(description="Back charge", amount_cents=5_000, item_id="12"),),
        total_cents=5_000,
    )


def desired_split_payment() -> DesiredPayment:
    """Return a payment over two invoices, one of them with a credit."""
    return DesiredPayment(
        customer_id="58",
        received_on=date(2026, 3, 1),
        deposit_account_id="35",
        total_cents=100_000,
        applied=(
            Application(record="invoice/562949953421312/1001/7001", amount_cents=60_000),
            Application(record="invoice/562949953421312/1001/7002", amount_cents=45_000),
        ),
        credits=(Application(record="credit-memo/562949953421312/1001/7003", amount_cents=5_000),),
        currency="USD",
    )


def desired_bill() -> DesiredBill:
    """Return a subcontractor's bill with its retainage held back."""
    return DesiredBill(
        state=PayableState.OPEN,
        number="SUB-17",
        vendor_id="56",
        issued_on=date(2026, 2, 28),
        lines=(
            ExpenseLine(description="Rough-in", amount_cents=200_000, account_id="7", customer_id="59"),
            ExpenseLine(description="Retainage held back", amount_cents=-20_000, account_id="44"),
        ),
        total_cents=180_000,
    )


def desired_vendor_credit() -> DesiredVendorCredit:
    """Return what a vendor owes back for an item."""
    return DesiredVendorCredit(
        state=PayableState.OPEN,
        number="SUB-17-C",
        vendor_id="56",
        issued_on=date(2026, 3, 1),
        lines=(ExpenseLine(description="Returned pipe", amount_cents=3_000, item_id="21"),),
        total_cents=3_000,
    )


def desired_bill_payment() -> DesiredBillPayment:
    """Return a check for a bill, less a credit."""
    return DesiredBillPayment(
        vendor_id="56",
        paid_on=date(2026, 3, 2),
        pay_type="check",
        account_id="36",
        reference="4711",
        total_cents=177_000,
        bills=(Application(record="bill/562949953421312/1001/88", amount_cents=180_000),),
        credits=(Application(record="vendor-credit/562949953421312/1001/89", amount_cents=3_000),),
    )


def desired_attachment() -> DesiredAttachment:
    """Return a PDF on an invoice."""
    return DesiredAttachment(
        state=AttachmentState.ATTACHED,
        owner="invoice/562949953421312/1001/7001",
        file_name="Pay application 3.pdf",
        content_type="application/pdf",
        sha256="0" * 64,
        size_bytes=48_211,
    )


def ledger_command(version: int = 1, *, desired: Desired | None = None) -> LedgerCommand:
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


def ledger_drift() -> LedgerDrift:
    """Return the news that somebody raised that invoice."""
    return LedgerDrift(
        realm="9130357992222806",
        connection="texas",
        subject="invoice/562949953421312/1001/7001",
        code="total",
        change="opened",
        cause="person",
        quickbooks_id="145",
        off_cents=5_000,
        stake_cents=5_000,
        sentence="Invoice 1001-3: its total is $1,300.00, and should be $1,250.00.",
        advice="Bookkeeper: set it back in QuickBooks, or make the change at its source.",
        since=DAWN,
        opened_at=DAWN,
        at=DAWN,
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


def secrets_report() -> SecretsReport:
    """Return a replica's report of what it accepts."""
    versions = {"webhooks/procore/ohio": 4, "webhooks/quickbooks/plumbline-app": 0}
    return SecretsReport(
        reporter="ingest-1", says="accepts", versions=versions, trouble="Vault is sealed", at=DAWN
    )


DOCUMENT = "5d" * 32
"""The keyed hash of the one paper."""

PAYABLE = "payable/562949953421312/1001/requisition/7001"
"""The payable that it belongs to."""


def document_expiring() -> DocumentExpiring:
    """Return the word that a certificate runs out in a week."""
    return DocumentExpiring(
        document=DOCUMENT,
        connection="texas",
        kind="coi.acord25",
        vendor_id="9001",
        expires_on=date(2026, 12, 7),
        days=7,
        sentence="The certificate of insurance runs out on Dec 7, 2026.",
        at=DAWN,
    )


def document_received() -> DocumentReceived:
    """Return the notice that a paper was stored."""
    return DocumentReceived(
        document=DOCUMENT,
        connection="texas",
        source="procore",
        source_record="procore/562949953421312/1001/lien-waivers/88/signed",
        file_name="lien_waiver-88.pdf",
        company_id="562949953421312",
        project_id="1001",
        vendor_id="501",
        payable=PAYABLE,
        at=DAWN,
    )


def document_decided() -> DocumentDecided:
    """Return what a paper is, and what the rules say of it."""
    return DocumentDecided(
        document=DOCUMENT,
        connection="texas",
        version=4,
        kind="lien_waiver.conditional_progress",
        state="dispatched",
        tags=("dispatch_ready", "us-tx", "hvac"),
        decisions=(Said(rule="TX-LW-07", outcome="pass", sentence="Amount, maker and payee: in order."),),
        rule_set="ab" * 32,
        inputs="cd" * 32,
        expires_on=date(2027, 5, 31),
        company_id="562949953421312",
        project_id="1001",
        vendor_id="501",
        payable=PAYABLE,
        at=DAWN,
    )


def dispatch_ticket() -> DispatchTicket:
    """Return an errand of a desk."""
    return DispatchTicket(
        ticket="ef" * 32,
        document=DOCUMENT,
        connection="texas",
        company_id="562949953421312",
        project_id="1001",
        kind="lien_waiver.conditional_progress",
        region="us-tx",
        trade="hvac",
        desk="hvac",
        file_name="lien_waiver-88.pdf",
        tags=("dispatch_ready", "us-tx", "hvac"),
        sentence="To the Texas HVAC desk; the vendor holds TACL/A/012345/C, class A, to 2027-05-31.",
        replaces="01" * 32,
        rule_set="ab" * 32,
        at=DAWN,
    )


def dispatch_held() -> DispatchHeld:
    """Return the notice that a paper goes to no desk."""
    return DispatchHeld(
        document=DOCUMENT,
        connection="texas",
        project_id=None,
        kind=None,
        code="no-region",
        sentence="Held, because Procore does not say in which state the project is.",
        rule_set="ab" * 32,
        at=DAWN,
    )


def dispatch_acknowledged() -> DispatchAcknowledged:
    """Return a desk's word that it has an errand."""
    return DispatchAcknowledged(
        ticket="ef" * 32, project_id="1001", desk="hvac", by="dispatcher Ana Ortiz", at=DAWN
    )


def payable_changed() -> PayableChanged:
    """Return what is owed and what it waits for."""
    return PayableChanged(
        payable=PAYABLE,
        connection="texas",
        version=2,
        payee="Lone Star Air LLC",
        vendor_id="501",
        project_id="1001",
        amount_cents=4_815_000,
        retention_cents=535_000,
        through_on=date(2026, 10, 31),
        state="held",
        requirements=(
            Requirement(
                code="lien-waiver",
                policy="block",
                state="missing",
                by_whom="Lone Star Air LLC",
                due_on=date(2026, 11, 10),
                sentence="A conditional waiver for $48,150.00 is missing.",
            ),
        ),
        sentence="Held: a conditional waiver is missing.",
        at=DAWN,
    )
