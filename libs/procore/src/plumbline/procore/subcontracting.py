"""What a project orders of others and is billed for: commitments, requisitions, vendors, billing periods.

People call a requisition a subcontractor invoice. The rules of `models` hold here too.
"""

from datetime import date
from decimal import Decimal

from plumbline.procore.models import Attachment, Currency, VendorRef, WbsCode
from plumbline.procore.record import Record, UtcDatetime


class BillingPeriodOfProject(Record):
    """The days that requisitions of one period bill for, and when they are due."""

    id: int
    start_date: date
    end_date: date
    due_date: date | None = None
    status: str | None = None
    """`open` or `closed`."""
    position: int | None = None


class Trade(Record):
    """What a company does."""

    name: str


class Vendor(Record):
    """A company of the directory."""

    id: int
    name: str
    company: str | None = None
    trade_name: str | None = None
    state_code: str | None = None
    city: str | None = None
    license_number: str | None = None
    email_address: str | None = None
    is_active: bool | None = None
    trades: tuple[Trade, ...] = ()
    origin_id: str | None = None
    updated_at: UtcDatetime | None = None


class Commitment(Record):
    """A work order contract (subcontract) or a purchase order contract."""

    id: int
    status: str
    number: str | None = None
    title: str | None = None
    vendor: VendorRef | None = None
    executed: bool | None = None
    retainage_percent: Decimal | None = None
    grand_total: Decimal | None = None
    origin_id: str | None = None
    deleted_at: UtcDatetime | None = None
    updated_at: UtcDatetime | None = None


class RequisitionSummary(Record):
    """The totals of a requisition; `current_payment_due` is net of retainage, `total_retainage` is all that is still held."""

    current_payment_due: Decimal
    total_retainage: Decimal
    tax_applicable_to_this_payment: Decimal | None = None
    total_completed_and_stored_to_date: Decimal | None = None
    contract_sum_to_date: Decimal | None = None
    balance_to_finish_including_retainage: Decimal | None = None


class RequisitionItem(Record):
    """One line: what is billed by this requisition, before (`gross`) and after (`net`) retainage."""

    id: int
    item_type: str | None = None
    description_of_work: str | None = None
    gross_amount: Decimal
    net_amount: Decimal
    wbs_code: WbsCode | None = None


class Requisition(Record):
    """A subcontractor's invoice.

    `status` is Procore's word: `draft`, `under_review`, `revise_and_resubmit`, `approved`,
    `approved_as_noted`, `pending_owner_approval` are documented. Its list carries no `items`.
    """

    id: int
    status: str
    commitment_id: int
    commitment_type: str
    """`WorkOrderContract` or `PurchaseOrderContract`."""
    vendor_id: int | None = None
    vendor_name: str | None = None
    contract_name: str | None = None
    number: int | None = None
    invoice_number: str | None = None
    final: bool = False
    period_id: int | None = None
    requisition_start: date | None = None
    requisition_end: date | None = None
    billing_date: date | None = None
    payment_date: date | None = None
    submitted_at: date | None = None
    origin_id: str | None = None
    summary: RequisitionSummary
    items: tuple[RequisitionItem, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    currency_configuration: Currency | None = None
    created_at: UtcDatetime | None = None
    updated_at: UtcDatetime | None = None
