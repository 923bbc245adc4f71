"""The table of entity families. A new family is a module and a line here."""

from plumbline_sandbox.quickbooks.entities.account import Account
from plumbline_sandbox.quickbooks.entities.attachable import Attachable
from plumbline_sandbox.quickbooks.entities.base import Entity
from plumbline_sandbox.quickbooks.entities.bill import Bill
from plumbline_sandbox.quickbooks.entities.bill_payment import BillPayment
from plumbline_sandbox.quickbooks.entities.change_order import ChangeOrder
from plumbline_sandbox.quickbooks.entities.company import CompanyInfo, Preferences
from plumbline_sandbox.quickbooks.entities.credit_memo import CreditMemo
from plumbline_sandbox.quickbooks.entities.currency import EXCHANGE_RATES, CompanyCurrency
from plumbline_sandbox.quickbooks.entities.customer import Customer
from plumbline_sandbox.quickbooks.entities.deposit import Deposit
from plumbline_sandbox.quickbooks.entities.employee import Employee
from plumbline_sandbox.quickbooks.entities.estimate import Estimate
from plumbline_sandbox.quickbooks.entities.invoice import Invoice
from plumbline_sandbox.quickbooks.entities.item import Item
from plumbline_sandbox.quickbooks.entities.journal_entry import JournalEntry
from plumbline_sandbox.quickbooks.entities.lists import Class, Department, PaymentMethod, Term
from plumbline_sandbox.quickbooks.entities.payment import Payment
from plumbline_sandbox.quickbooks.entities.purchase import Purchase
from plumbline_sandbox.quickbooks.entities.purchase_order import PurchaseOrder
from plumbline_sandbox.quickbooks.entities.receipts import RefundReceipt, SalesReceipt
from plumbline_sandbox.quickbooks.entities.tax import TaxAgency, TaxCode, TaxRate, TaxService
from plumbline_sandbox.quickbooks.entities.time_activity import TimeActivity
from plumbline_sandbox.quickbooks.entities.transfer import Transfer
from plumbline_sandbox.quickbooks.entities.vendor import Vendor
from plumbline_sandbox.quickbooks.entities.vendor_credit import VendorCredit

ENTITIES: dict[str, Entity] = {
    entity.name.lower(): entity
    for entity in (
        Account(),
        Attachable(),
        Bill(),
        BillPayment(),
        ChangeOrder(),
        Class(),
        CompanyCurrency(),
        CompanyInfo(),
        CreditMemo(),
        Customer(),
        Department(),
        Deposit(),
        Employee(),
        Estimate(),
        EXCHANGE_RATES,
        Invoice(),
        Item(),
        JournalEntry(),
        Payment(),
        PaymentMethod(),
        Preferences(),
        Purchase(),
        PurchaseOrder(),
        RefundReceipt(),
        SalesReceipt(),
        TaxAgency(),
        TaxCode(),
        TaxRate(),
        TaxService(),
        Term(),
        TimeActivity(),
        Transfer(),
        Vendor(),
        VendorCredit(),
    )
}
"""Every entity by its name in lower case, as paths and queries may write it."""
