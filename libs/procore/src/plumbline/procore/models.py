"""Procore's financial records and projects, as far as Plumbline reads them.

A field that Plumbline needs and Procore leaves out makes a record unreadable; all others are optional.
Money and quantities are `Decimal`, read from Procore's decimal strings, never rounded.
"""

from datetime import date
from decimal import Decimal

from pydantic import Field

from plumbline.procore.record import Record, UtcDatetime


class Me(Record):
    """Whom an access token speaks for; the name only where a company was asked about."""

    id: int
    login: str
    name: str | None = None


class ContractRef(Record):
    """The contract that an invoice belongs to."""

    id: int
    type: str | None = None
    title: str | None = None


class Currency(Record):
    """The currency of a financial record; absent where the company uses one currency only."""

    currency_iso_code: str | None = None
    currency_exchange_rate: Decimal | None = None
    base_currency_iso_code: str | None = None


class G702(Record):
    """The certificate of a payment application: its totals.

    `current_payment_due` is net of retainage. `tax_applicable_to_this_payment` is None where Procore
    leaves it out.
    """

    current_payment_due: Decimal
    tax_applicable_to_this_payment: Decimal | None = None
    original_contract_sum: Decimal | None = None
    net_change_by_change_orders: Decimal | None = None
    contract_sum_to_date: Decimal | None = None
    total_completed_and_stored_to_date: Decimal | None = None
    completed_work_retainage_percent: Decimal | None = None
    completed_work_retainage_amount: Decimal | None = None
    stored_materials_retainage_percent: Decimal | None = None
    stored_materials_retainage_amount: Decimal | None = None
    total_retainage: Decimal | None = None
    total_earned_less_retainage: Decimal | None = None
    less_previous_certificates_for_payment: Decimal | None = None
    balance_to_finish_including_retainage: Decimal | None = None
    formatted_period: str | None = None
    positive_change_order_item_total: Decimal | None = None
    negative_change_order_item_total: Decimal | None = None
    positive_new_change_order_item_total: Decimal | None = None
    negative_new_change_order_item_total: Decimal | None = None
    positive_previous_change_order_item_total: Decimal | None = None
    negative_previous_change_order_item_total: Decimal | None = None


class CostCode(Record):
    """A cost code of one project; `standard_cost_code_id` is the key that is stable in the company."""

    id: int | None = None
    full_code: str | None = None
    name: str | None = None
    standard_cost_code_id: int | None = None


class WbsCode(Record):
    """A work breakdown code; its id is not the cost code's."""

    id: int | None = None
    flat_code: str | None = None
    description: str | None = None


class G703Row(Record):
    """One row of the schedule of values, as billed in this application.

    `origin_id` names the row's source line, not an ERP record. The amounts that make up a bill are
    required: a row without them is unreadable rather than zero.
    """

    id: int
    type: str | None = None
    item_number: int | None = None
    origin_type: str | None = None
    origin_id: int | None = None
    added_from_source: str | None = None
    added_from_source_id: int | None = None
    description_of_work: str | None = None
    description_override: str | None = None
    cost_code: CostCode | None = None
    wbs_code: WbsCode | None = None
    currency_configuration: Currency | None = None
    scheduled_value: Decimal | None = None
    scheduled_quantity: Decimal | None = None
    scheduled_unit_price: Decimal | None = None
    work_completed_from_previous_application: Decimal | None = None
    work_completed_from_previous_application_quantity: Decimal | None = None
    work_completed_this_period: Decimal
    work_completed_this_period_quantity: Decimal | None = None
    materials_presently_stored: Decimal
    total_completed_and_stored_to_date: Decimal | None = None
    total_completed_and_stored_to_date_percent: Decimal | None = None
    total_completed_and_stored_to_date_quantity: Decimal | None = None
    balance_to_finish: Decimal | None = None
    work_completed_retainage_currently_retained: Decimal | None = None
    work_completed_retainage_from_previous_application: Decimal | None = None
    work_completed_retainage_retained_this_period: Decimal
    work_completed_retainage_released_this_period: Decimal
    work_completed_retainage_percent_this_period: Decimal | None = None
    materials_stored_retainage_currently_retained: Decimal | None = None
    materials_stored_retainage_from_previous_application: Decimal | None = None
    materials_stored_retainage_retained_this_period: Decimal
    materials_stored_retainage_released_this_period: Decimal
    materials_stored_retainage_percent_this_period: Decimal | None = None
    total_retainage_currently_retained: Decimal | None = None
    total_retainage_from_previous_application: Decimal | None = None


class BillingPeriod(Record):
    """The days a payment application bills for."""

    start_date: date | None = None
    end_date: date | None = None


class Attachment(Record):
    """A file attached to a record; its URL wants Procore's token."""

    id: int | None = None
    url: str | None = None
    filename: str | None = None
    name: str | None = None


class PaymentApplicationHead(Record):
    """What the list and the single view of a payment application (owner invoice) have in common.

    `status` is Procore's word, of any value: `draft`, `under_review`, `revise_and_resubmit`, `approved`
    are documented. `status_code` is the brief's dialect (4 to 7), which no Procore schema has: only
    companies that speak it send it.
    """

    id: int
    status: str
    status_code: int | None = None
    contract: ContractRef
    invoice_number: str | None = None
    number: int | None = None
    billing_date: date | None = None
    period_id: int | None = None
    period_start: date | None = None
    period_end: date | None = None
    billing_period: BillingPeriod | None = None
    formatted_contract_company: str | None = None
    percent_complete: str | None = None
    total_amount_paid: Decimal | None = None
    total_amount_accrued_this_period: Decimal | None = None
    description_type: str | None = None
    origin_id: str | None = None
    origin_data: str | None = None
    currency_configuration: Currency | None = None


class PaymentApplication(PaymentApplicationHead):
    """A payment application with its certificate (G702) and schedule of values (G703).

    The single view carries no `updated_at`. Rows of a change order appear in `g703` about a minute
    after the change order's approval, so an early read may lack them.
    """

    g702: G702
    g703: tuple[G703Row, ...]
    attachments: tuple[Attachment, ...] = ()


class PaymentApplicationSummary(PaymentApplicationHead):
    """A row of the list: no schedule of values, but the times that tell a change."""

    g702: G702 | None = None
    created_at: UtcDatetime | None = None
    updated_at: UtcDatetime | None = None


class VendorRef(Record):
    """A company of the directory; on a prime contract it is the owner, who is billed."""

    id: int
    name: str | None = None
    company: str | None = None


class PrimeContract(Record):
    """The contract with the owner. Its status is in title case: `Approved`, `Out For Signature`."""

    id: int
    status: str
    number: str | None = None
    title: str | None = None
    vendor: VendorRef | None = None
    executed: bool | None = None
    accounting_method: str | None = None
    retainage_percent: Decimal | None = None
    grand_total: Decimal | None = None
    revised_contract_amount: Decimal | None = None
    origin_id: str | None = None
    origin_code: str | None = None
    origin_data: str | None = None
    deleted_at: UtcDatetime | None = None
    created_at: UtcDatetime | None = None
    updated_at: UtcDatetime | None = None
    currency_configuration: Currency | None = None


class ContractPayment(Record):
    """A payment received on a prime contract, or issued on a commitment.

    `paid_on` is Procore's `date`; `draw_request_number` the number of the invoice that was paid.
    """

    id: int
    amount: Decimal
    contract_id: int | None = None
    project_id: int | None = None
    paid_on: date | None = Field(default=None, validation_alias="date")
    status: str | None = None
    check_number: str | None = None
    payment_method: str | None = None
    payment_number: int | None = None
    invoice_number: str | None = None
    draw_request_number: int | None = None
    requisition_id: int | None = None
    external_payment_id: str | None = None
    date_payment_initiated: UtcDatetime | None = None
    date_payment_settled: UtcDatetime | None = None
    notes: str | None = None
    origin_id: str | None = None
    origin_code: str | None = None
    origin_data: str | None = None
    created_at: UtcDatetime | None = None
    updated_at: UtcDatetime | None = None


class Project(Record):
    """A project; every field of its address may be empty."""

    id: int
    name: str
    active: bool | None = None
    project_number: str | None = None
    accounting_project_number: str | None = None
    address: str | None = None
    city: str | None = None
    county: str | None = None
    state_code: str | None = None
    zip: str | None = None
    country_code: str | None = None
    time_zone: str | None = None
    origin_id: str | None = None
    created_at: UtcDatetime | None = None
    updated_at: UtcDatetime | None = None
