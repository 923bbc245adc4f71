"""The table of entity families. A new family is a module and a line here."""

from plumbline_sandbox.quickbooks.entities.account import Account
from plumbline_sandbox.quickbooks.entities.base import Entity
from plumbline_sandbox.quickbooks.entities.company import CompanyInfo, Preferences
from plumbline_sandbox.quickbooks.entities.customer import Customer
from plumbline_sandbox.quickbooks.entities.invoice import Invoice
from plumbline_sandbox.quickbooks.entities.item import Item
from plumbline_sandbox.quickbooks.entities.payment import Payment

ENTITIES: dict[str, Entity] = {
    entity.name.lower(): entity
    for entity in (Account(), CompanyInfo(), Customer(), Invoice(), Item(), Payment(), Preferences())
}
"""Every entity by its name in lower case, as paths and queries may write it."""
