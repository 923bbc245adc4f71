"""The table of entity families. A new family is a module and a line here."""

from plumbline_sandbox.quickbooks.entities.account import Account
from plumbline_sandbox.quickbooks.entities.base import Entity
from plumbline_sandbox.quickbooks.entities.company import CompanyInfo, Preferences
from plumbline_sandbox.quickbooks.entities.credit_memo import CreditMemo
from plumbline_sandbox.quickbooks.entities.currency import EXCHANGE_RATES, CompanyCurrency
from plumbline_sandbox.quickbooks.entities.customer import Customer
from plumbline_sandbox.quickbooks.entities.estimate import Estimate
from plumbline_sandbox.quickbooks.entities.invoice import Invoice
from plumbline_sandbox.quickbooks.entities.item import Item
from plumbline_sandbox.quickbooks.entities.lists import Class, Department, PaymentMethod, Term
from plumbline_sandbox.quickbooks.entities.payment import Payment
from plumbline_sandbox.quickbooks.entities.receipts import RefundReceipt, SalesReceipt
from plumbline_sandbox.quickbooks.entities.tax import TaxAgency, TaxCode, TaxRate, TaxService

ENTITIES: dict[str, Entity] = {
    entity.name.lower(): entity
    for entity in (
        Account(),
        Class(),
        CompanyCurrency(),
        CompanyInfo(),
        CreditMemo(),
        Customer(),
        Department(),
        Estimate(),
        EXCHANGE_RATES,
        Invoice(),
        Item(),
        Payment(),
        PaymentMethod(),
        Preferences(),
        RefundReceipt(),
        SalesReceipt(),
        TaxAgency(),
        TaxCode(),
        TaxRate(),
        TaxService(),
        Term(),
    )
}
"""Every entity by its name in lower case, as paths and queries may write it."""
