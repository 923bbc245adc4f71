"""QuickBooks' records, as far as Plumbline reads them.

Amounts are `Decimal`: answers are parsed without ever making a float. `sync_token` is kept as the text
that QuickBooks wants back. Fields follow Intuit's API reference; what Plumbline does not need is dropped.
"""

from datetime import date
from decimal import Decimal

from pydantic import AliasChoices, ConfigDict, Field

from plumbline.quickbooks.record import Record, UtcDatetime


class Ref(Record):
    """A reference to another object: its id, and its name at the time."""

    model_config = ConfigDict(alias_generator=None)

    value: str
    name: str | None = None


class MetaData(Record):
    """When an object was made and last changed."""

    create_time: UtcDatetime | None = None
    last_updated_time: UtcDatetime | None = None


class Email(Record):
    """An e-mail address, or several with commas between them."""

    address: str | None = None


class DeliveryInfo(Record):
    """How and when a document was sent; present only after a send."""

    delivery_type: str | None = None
    delivery_time: UtcDatetime | None = None


class LinkedTxn(Record):
    """A link to another transaction, such as the payment of an invoice."""

    txn_id: str
    txn_type: str
    txn_line_id: str | None = None


class SalesItemLineDetail(Record):
    """What a line sells."""

    item_ref: Ref | None = None
    class_ref: Ref | None = None
    tax_code_ref: Ref | None = None
    qty: Decimal | None = None
    unit_price: Decimal | None = None


class InvoiceLine(Record):
    """A line of an invoice; QuickBooks adds one of type `SubTotalLineDetail` by itself."""

    id: str | None = None
    line_num: int | None = None
    detail_type: str
    amount: Decimal | None = None
    description: str | None = None
    sales_item_line_detail: SalesItemLineDetail | None = None
    linked_txn: tuple[LinkedTxn, ...] = ()


class TxnTaxDetail(Record):
    """The tax of a transaction."""

    txn_tax_code_ref: Ref | None = None
    total_tax: Decimal | None = None


class Transaction(Record):
    """What every transaction has."""

    id: str
    sync_token: str
    total_amt: Decimal
    private_note: str | None = None
    txn_date: date | None = None
    currency_ref: Ref | None = None
    department_ref: Ref | None = None
    meta_data: MetaData | None = None

    @property
    def is_voided(self) -> bool:
        """Whether it was voided: nothing is left of its total, and QuickBooks noted it.

        A note that a person has changed afterwards hides the void; an invoice of zero with the word in
        its note passes for one.
        """
        return self.total_amt == 0 and "voided" in (self.private_note or "").lower()


class SalesForm(Transaction):
    """What is written to a customer, with lines and tax; it can be mailed."""

    customer_ref: Ref
    balance: Decimal
    doc_number: str | None = None
    email_status: str | None = None
    bill_email: Email | None = None
    delivery_info: DeliveryInfo | None = None
    class_ref: Ref | None = None
    customer_memo: Ref | None = None
    txn_tax_detail: TxnTaxDetail | None = None
    line: tuple[InvoiceLine, ...] = ()
    linked_txn: tuple[LinkedTxn, ...] = ()


class Invoice(SalesForm):
    """An invoice as QuickBooks holds it. Its status is not a field: see `balance` and `email_status`."""

    due_date: date | None = None
    deposit: Decimal | None = None


class CreditMemo(SalesForm):
    """A credit memo; `balance` is what payments have not used of it."""

    remaining_credit: Decimal | None = None


class PaymentLine(Record):
    """The part of a payment that is applied to the linked transactions, or that it takes from a credit."""

    amount: Decimal
    linked_txn: tuple[LinkedTxn, ...] = ()


class Payment(Transaction):
    """A payment received; what is not applied to invoices is `unapplied_amt`."""

    customer_ref: Ref
    unapplied_amt: Decimal | None = None
    payment_ref_num: str | None = None
    payment_method_ref: Ref | None = None
    deposit_to_account_ref: Ref | None = None
    line: tuple[PaymentLine, ...] = ()


class EntityRef(Record):
    """What an attachment hangs on."""

    model_config = ConfigDict(alias_generator=None)

    type: str | None = None
    value: str


class AttachableRef(Record):
    """One thing that an attachment hangs on, and whether it goes out with its mail."""

    entity_ref: EntityRef | None = None
    include_on_send: bool | None = None


class Attachable(Record):
    """A file or a note that hangs on transactions; `size` is in bytes."""

    id: str
    sync_token: str
    file_name: str | None = None
    note: str | None = None
    content_type: str | None = None
    size: int | None = None
    attachable_ref: tuple[AttachableRef, ...] = ()
    meta_data: MetaData | None = None


class Customer(Record):
    """A customer, or a sub-customer (`job`) that stands for a project."""

    id: str
    sync_token: str
    display_name: str
    active: bool = True
    fully_qualified_name: str | None = None
    company_name: str | None = None
    parent_ref: Ref | None = None
    job: bool | None = None
    bill_with_parent: bool | None = None
    primary_email_addr: Email | None = None
    currency_ref: Ref | None = None
    balance: Decimal | None = None
    meta_data: MetaData | None = None


class CompanyInfo(Record):
    """The company behind a realm."""

    id: str
    company_name: str
    legal_name: str | None = None
    country: str | None = None
    meta_data: MetaData | None = None


class SalesFormsPrefs(Record):
    """Preferences of sales forms; with custom numbers QuickBooks does not number by itself."""

    custom_txn_numbers: bool | None = Field(
        # Intuit's schema and its reference page spell it differently.
        default=None,
        validation_alias=AliasChoices("CustomTxnNumbers", "CustomTxnNumber"),
    )


class AccountingInfoPrefs(Record):
    """Preferences of accounting: class tracking, and the date up to which the books are closed."""

    class_tracking_per_txn: bool | None = None
    class_tracking_per_txn_line: bool | None = None
    book_close_date: date | None = None


class CurrencyPrefs(Record):
    """Preferences of currency."""

    multi_currency_enabled: bool | None = None
    home_currency: Ref | None = None


class TaxPrefs(Record):
    """Preferences of sales tax; with partner tax QuickBooks computes it (automated sales tax)."""

    using_sales_tax: bool | None = None
    partner_tax_enabled: bool | None = None


class Preferences(Record):
    """What the company has switched on, as far as it changes how we write."""

    id: str | None = None
    sync_token: str | None = None
    sales_forms_prefs: SalesFormsPrefs | None = None
    accounting_info_prefs: AccountingInfoPrefs | None = None
    currency_prefs: CurrencyPrefs | None = None
    tax_prefs: TaxPrefs | None = None
    meta_data: MetaData | None = None
