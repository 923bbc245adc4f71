"""QuickBooks' records of the purchase side: vendors, their bills and credits, and what pays them."""

from datetime import date
from decimal import Decimal

from plumbline.quickbooks.models import Email, LinkedTxn, MetaData, PaymentLine, Ref, Transaction
from plumbline.quickbooks.record import Record


class ExpenseDetail(Record):
    """What a line buys: on an account, or through an item."""

    account_ref: Ref | None = None
    item_ref: Ref | None = None
    customer_ref: Ref | None = None
    class_ref: Ref | None = None
    billable_status: str | None = None
    tax_code_ref: Ref | None = None
    qty: Decimal | None = None
    unit_price: Decimal | None = None


class ExpenseLine(Record):
    """A line of a bill or vendor credit."""

    id: str | None = None
    line_num: int | None = None
    detail_type: str
    amount: Decimal | None = None
    description: str | None = None
    account_based_expense_line_detail: ExpenseDetail | None = None
    item_based_expense_line_detail: ExpenseDetail | None = None
    linked_txn: tuple[LinkedTxn, ...] = ()

    @property
    def detail(self) -> ExpenseDetail:
        """What it buys, in whichever form it says so."""
        return (
            self.account_based_expense_line_detail or self.item_based_expense_line_detail or ExpenseDetail()
        )


class Bill(Transaction):
    """A bill as QuickBooks holds it; `balance` is what bill payments have left of it."""

    vendor_ref: Ref
    balance: Decimal
    doc_number: str | None = None
    due_date: date | None = None
    ap_account_ref: Ref | None = None
    sales_term_ref: Ref | None = None
    line: tuple[ExpenseLine, ...] = ()
    linked_txn: tuple[LinkedTxn, ...] = ()


class VendorCredit(Transaction):
    """A vendor credit; `balance` is what bill payments have not used of it."""

    vendor_ref: Ref
    balance: Decimal | None = None
    doc_number: str | None = None
    ap_account_ref: Ref | None = None
    line: tuple[ExpenseLine, ...] = ()
    linked_txn: tuple[LinkedTxn, ...] = ()


class CheckPayment(Record):
    """A check: which bank account it is drawn on."""

    bank_account_ref: Ref | None = None
    print_status: str | None = None


class CardPayment(Record):
    """A card: whose account it is."""

    cc_account_ref: Ref | None = None


class BillPayment(Transaction):
    """A payment of bills, with money and with what it uses of vendor credits."""

    vendor_ref: Ref
    pay_type: str
    doc_number: str | None = None
    check_payment: CheckPayment | None = None
    credit_card_payment: CardPayment | None = None
    line: tuple[PaymentLine, ...] = ()

    @property
    def account_id(self) -> str | None:
        """The account that the money comes from."""
        check, card = self.check_payment, self.credit_card_payment
        account = check.bank_account_ref if check else card.cc_account_ref if card else None
        return account.value if account else None


class Vendor(Record):
    """A vendor, such as a subcontractor."""

    id: str
    sync_token: str
    display_name: str
    active: bool = True
    primary_email_addr: Email | None = None
    currency_ref: Ref | None = None
    balance: Decimal | None = None
    meta_data: MetaData | None = None
