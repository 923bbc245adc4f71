"""Purchase orders: what is asked of a vendor. They move no money and close when a bill answers them."""

from datetime import date
from typing import ClassVar

from typing_extensions import override

from plumbline_sandbox.quickbooks import errors
from plumbline_sandbox.quickbooks.checks import Checks
from plumbline_sandbox.quickbooks.entities.base import named_references
from plumbline_sandbox.quickbooks.entities.bill import PAYABLE
from plumbline_sandbox.quickbooks.entities.currency import form_currency
from plumbline_sandbox.quickbooks.entities.expense_lines import ExpenseReader, taxed_total
from plumbline_sandbox.quickbooks.entities.lines import Lines
from plumbline_sandbox.quickbooks.entities.sales_form import check_recipient
from plumbline_sandbox.quickbooks.entities.transaction import (
    Transaction,
    check_account,
    heading,
)
from plumbline_sandbox.quickbooks.errors import FaultError
from plumbline_sandbox.quickbooks.ledger import ZERO
from plumbline_sandbox.quickbooks.query.fields import Field
from plumbline_sandbox.quickbooks.realm import Call, Realm
from plumbline_sandbox.quickbooks.store import Family, text_of
from plumbline_sandbox.quickbooks.wire import Body

_REFERENCES = {"VendorRef": "Vendor", "ShipTo": "Customer", "ClassRef": "Class", "SalesTermRef": "Term"}
_STATUSES = frozenset({"Open", "Closed"})
_EMAIL_STATUSES = frozenset({"NotSet", "NeedToSend", "EmailSent"})


class PurchaseOrder(Transaction):
    """Intuit, PurchaseOrder. Bills link to it; it posts nothing."""

    prints = True

    family = Family(
        "PurchaseOrder",
        "transaction",
        "purchase-orders",
        lambda body: body.get("DocNumber"),
        ("DocNumber", "VendorRef"),
    )
    writable: ClassVar[frozenset[str]] = frozenset(
        {"VendorRef", "Line", "APAccountRef", "DocNumber", "TxnDate", "DueDate", "PrivateNote", "Memo"}
        | {"POStatus", "POEmail", "EmailStatus", "ShipTo", "ShipAddr", "VendorAddr", "ShipMethodRef"}
        | {"ClassRef", "SalesTermRef", "CustomField", "CurrencyRef", "ExchangeRate", "TxnTaxDetail"}
        | {"GlobalTaxCalculation", "TransactionLocationType", "DepartmentRef"}
    )
    ignored: ClassVar[frozenset[str]] = frozenset({"TotalAmt", "LinkedTxn", "RecurDataRef"})
    fields: ClassVar = {
        "DocNumber": Field("DocNumber", sortable=True),
        "VendorRef": Field("VendorRef"),
        "POStatus": Field("POStatus"),
        "TxnDate": Field("TxnDate", "day", sortable=True),
        "DueDate": Field("DueDate", "day", sortable=True),
        "TotalAmt": Field("TotalAmt", "number", sortable=True),
    }

    @override
    def build(self, realm: Realm, wanted: Body, before: Body | None) -> Body:
        """Check the form; number it if the client does not."""
        checks = Checks(wanted)
        checks.required("VendorRef", "Line", "APAccountRef")
        form = heading(realm, checks, before)
        references = named_references(realm, checks, _REFERENCES)
        vendor = realm.get("Vendor", text_of(references, "VendorRef"))
        form |= form_currency(realm, checks, vendor, date.fromisoformat(form["TxnDate"]))
        account = check_account(realm, checks, "APAccountRef", PAYABLE)
        reader = ExpenseReader(realm, checks, before)
        read = reader.read(wanted["Line"]) if "Line" in wanted else Lines([], ZERO)
        money = taxed_total(checks, wanted, read)
        form |= self._form(checks)
        checks.done()
        if before is None and "DocNumber" not in wanted:
            form["DocNumber"] = realm.next_number(self.family.register)
        body = {**wanted, **form, **money, **references, "APAccountRef": account, "Line": read.body}
        return {**body, "LinkedTxn": (before or {}).get("LinkedTxn", [])}

    @override
    def refuse_dependents(self, realm: Realm, before: Body) -> None:
        """Refuse while a bill is linked (Intuit, PurchaseOrder: unlink first)."""
        if before["LinkedTxn"]:
            raise FaultError(errors.has_dependents("Unlink the linked transactions before deleting."))

    @override
    def send(self, realm: Realm, entity_id: str, call: Call) -> Body:
        """Mail the order to `sendTo`, or else to `POEmail`. Every call mails."""
        before = self.read(realm, entity_id)
        to = call.send_to or before.get("POEmail", {}).get("Address", "")
        check_recipient(realm, to)
        sent = {**before, "EmailStatus": "EmailSent", "POEmail": {"Address": to}}
        after = self._save(realm, before, sent, "sent", call)
        realm.mailed(self.name, after, to, call)
        return after

    @staticmethod
    def _form(checks: Checks) -> Body:
        checks.text("Memo", longest=4000)
        checks.email("POEmail")
        due = checks.day("DueDate")
        return {
            "POStatus": checks.choice("POStatus", _STATUSES) or "Open",
            "EmailStatus": checks.choice("EmailStatus", _EMAIL_STATUSES) or "NotSet",
            **({"DueDate": due.isoformat()} if due else {}),
        }
