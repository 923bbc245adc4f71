"""Bills: what a vendor wants to be paid, which purchase orders it answers, which payments it got."""

from datetime import date
from decimal import Decimal
from typing import ClassVar

from typing_extensions import override

from plumbline_sandbox.quickbooks import errors, ledger, payables
from plumbline_sandbox.quickbooks.checks import Checks
from plumbline_sandbox.quickbooks.entities.base import named_references
from plumbline_sandbox.quickbooks.entities.currency import form_currency
from plumbline_sandbox.quickbooks.entities.expense_lines import ExpenseReader, taxed_total
from plumbline_sandbox.quickbooks.entities.lines import Lines
from plumbline_sandbox.quickbooks.entities.lists import due_date
from plumbline_sandbox.quickbooks.entities.settling import cut, payments_of
from plumbline_sandbox.quickbooks.entities.transaction import (
    Transaction,
    check_account,
    heading,
    listed,
)
from plumbline_sandbox.quickbooks.errors import FaultError
from plumbline_sandbox.quickbooks.ledger import ZERO
from plumbline_sandbox.quickbooks.query.fields import Field
from plumbline_sandbox.quickbooks.realm import Call, Realm
from plumbline_sandbox.quickbooks.store import Family, text_of
from plumbline_sandbox.quickbooks.wire import Body

PAYABLE = frozenset({"Accounts Payable"})
"""Account types of APAccountRef."""


class Payable(Transaction):
    """What bills and vendor credits do alike: a vendor, expense lines, a balance that payments move."""

    @override
    def build(self, realm: Realm, wanted: Body, before: Body | None) -> Body:
        """Check the form, reckon total and balance; what payments took stays taken as far as it goes."""
        checks = Checks(wanted)
        checks.required("VendorRef", "Line")
        form = heading(realm, checks, before)
        references = named_references(realm, checks, {"VendorRef": "Vendor", "DepartmentRef": "Department"})
        vendor = realm.get("Vendor", text_of(references, "VendorRef"))
        form |= form_currency(realm, checks, vendor, date.fromisoformat(form["TxnDate"]))
        account = payables_account(realm, checks)
        reader = ExpenseReader(realm, checks, before)
        read = reader.read(wanted["Line"]) if "Line" in wanted else Lines([], ZERO)
        money = taxed_total(checks, wanted, read)
        more = self.details(realm, checks, wanted, form)
        checks.done()
        body = {**wanted, **references, **form, **money, **more, "Line": read.body}
        body["APAccountRef"] = account
        return {**body, **self._payments(realm, before, body)}

    def details(self, realm: Realm, checks: Checks, wanted: Body, form: Body) -> Body:
        """Check what only this type has; return it, own links among it."""
        return {}

    @override
    def committed(self, realm: Realm, before: Body | None, after: Body, call: Call) -> None:
        """Give back to payments what an update took from under them."""
        if before is None:
            return
        target = (self.name, after["Id"])
        payments = payments_of(realm, before)
        kept = payables.granted(target, payments, payables.settled(after)) if after["LinkedTxn"] else {}
        for payment in payments:
            mine = kept.get(payment["Id"], ZERO)
            if mine != ledger.applications(payment)[target]:
                cut(realm, payment, target, mine, call)

    @override
    def refuse_dependents(self, realm: Realm, before: Body) -> None:
        """Refuse while a bill payment is linked (Intuit, Bill: unlink first)."""
        if payables.payments_of(before):
            raise FaultError(errors.has_dependents("Unlink the linked transactions before deleting."))

    def _payments(self, realm: Realm, before: Body | None, body: Body) -> Body:
        """Return balance and links. Another vendor unlinks all payments (inferred, as with invoices)."""
        own = body.get("LinkedTxn", [])
        total: Decimal = body["TotalAmt"]
        if before is None or text_of(before, "VendorRef") != text_of(body, "VendorRef"):
            return {"LinkedTxn": own, "Balance": total}
        target = (self.name, before["Id"])
        taken = min(payables.settled(before), total)
        kept = payables.granted(target, payments_of(realm, before), taken)
        links = [
            link for link in before["LinkedTxn"] if payables.is_payment_link(link) and kept[link["TxnId"]]
        ]
        return {"LinkedTxn": own + links, "Balance": total - taken}


class Bill(Payable):
    """Intuit, Bill. There is no void; `Balance` is what payments have left."""

    family = Family(
        "Bill", "transaction", "bills", lambda body: body.get("DocNumber"), ("DocNumber", "VendorRef")
    )
    writable: ClassVar[frozenset[str]] = frozenset(
        {
            "VendorRef",
            "Line",
            "DocNumber",
            "TxnDate",
            "DueDate",
            "PrivateNote",
            "APAccountRef",
            "SalesTermRef",
        }
        | {"DepartmentRef", "CurrencyRef", "ExchangeRate", "TxnTaxDetail", "GlobalTaxCalculation"}
        | {"LinkedTxn", "TransactionLocationType", "IncludeInAnnualTPAR", "VendorAddr"}
    )
    ignored: ClassVar[frozenset[str]] = frozenset(
        {"TotalAmt", "Balance", "HomeBalance", "HomeTotalAmt", "RecurDataRef", "ReplyEmail", "RemitToAddr"}
    )
    fields: ClassVar = {
        "DocNumber": Field("DocNumber", sortable=True),
        "VendorRef": Field("VendorRef", sortable=True),
        "APAccountRef": Field("APAccountRef", sortable=True),
        "SalesTermRef": Field("SalesTermRef", sortable=True),
        "TxnDate": Field("TxnDate", "day", sortable=True),
        "DueDate": Field("DueDate", "day", sortable=True),
        "TotalAmt": Field("TotalAmt", "number", sortable=True),
        "Balance": Field("Balance", "number"),
    }

    @override
    def details(self, realm: Realm, checks: Checks, wanted: Body, form: Body) -> Body:
        """Return due date and the purchase orders this bill answers."""
        due = checks.day("DueDate")
        references = named_references(realm, checks, {"SalesTermRef": "Term"})
        term = realm.get("Term", text_of(references, "SalesTermRef"))
        orders = self._orders(realm, checks, wanted)
        return {
            **references,
            "DueDate": (due or due_date(term, date.fromisoformat(form["TxnDate"]))).isoformat(),
            "LinkedTxn": orders,
        }

    @override
    def committed(self, realm: Realm, before: Body | None, after: Body, call: Call) -> None:
        """Move payments and purchase orders along."""
        super().committed(realm, before, after, call)
        self._answer_orders(realm, before, after, call)

    @override
    def removed(self, realm: Realm, before: Body, call: Call) -> None:
        """Open the purchase orders again."""
        self._answer_orders(realm, before, {**before, "LinkedTxn": []}, call)

    @staticmethod
    def _orders(realm: Realm, checks: Checks, wanted: Body) -> list[Body]:
        """Return the links to purchase orders of the same vendor; links to payments are read-only."""
        links = []
        for link in listed(checks, "LinkedTxn", wanted.get("LinkedTxn", [])):
            if link.get("TxnType") in payables.PAYMENT_LINKS.values():
                continue
            order_id = str(link.get("TxnId"))
            order = realm.get("PurchaseOrder", order_id) if link.get("TxnType") == "PurchaseOrder" else None
            if order is None or text_of(order, "VendorRef") != text_of(wanted, "VendorRef"):
                checks.note(errors.cannot_link(order_id))
            links.append({"TxnId": order_id, "TxnType": "PurchaseOrder"})
        return links

    @staticmethod
    def _answer_orders(realm: Realm, before: Body | None, after: Body, call: Call) -> None:
        """Link and close the orders that were added, unlink and open those that were dropped (inferred)."""
        old, new = _order_ids(before or {}), _order_ids(after)
        for order_id in old ^ new:
            order = realm.get("PurchaseOrder", order_id)
            assert order is not None
            links = [link for link in order.get("LinkedTxn", ()) if link["TxnId"] != after["Id"]]
            if order_id in new:
                links.append({"TxnId": after["Id"], "TxnType": "Bill"})
            status = "Closed" if links else "Open"
            body = {**order, "LinkedTxn": links, "POStatus": status}
            realm.commit("PurchaseOrder", body, change="linked", call=call)


def payables_account(realm: Realm, checks: Checks) -> Body | None:
    """Return APAccountRef as sent (6430 if it is of another type), or the company's own."""
    sent = check_account(realm, checks, "APAccountRef", PAYABLE)
    if sent is not None or checks.troubles:
        return sent
    accounts = realm.stores["Account"].all()
    own = next((a for a in accounts if a["AccountType"] in PAYABLE and a["Active"]), None)
    if own is None:
        checks.note(errors.missing("APAccountRef"))
        return None
    return {"value": own["Id"], "name": own["Name"]}


def _order_ids(bill: Body) -> set[str]:
    return {link["TxnId"] for link in bill.get("LinkedTxn", ()) if link["TxnType"] == "PurchaseOrder"}
