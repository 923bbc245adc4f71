"""Invoices: totals, numbering, links to payments, void, delete and send."""

from datetime import date, timedelta
from decimal import Decimal
from typing import ClassVar

from typing_extensions import override

from plumbline_sandbox.quickbooks import errors, ledger, wire
from plumbline_sandbox.quickbooks.checks import Checks, is_email
from plumbline_sandbox.quickbooks.entities import lines
from plumbline_sandbox.quickbooks.entities.base import (
    CURRENCY,
    Entity,
    check_open_books,
    check_reference,
    deleted,
    named_reference,
    voided_note,
)
from plumbline_sandbox.quickbooks.entities.company import numbers_are_given_by_people
from plumbline_sandbox.quickbooks.entities.lines import LineReader, Lines
from plumbline_sandbox.quickbooks.errors import FaultError
from plumbline_sandbox.quickbooks.ledger import ZERO
from plumbline_sandbox.quickbooks.query.fields import Field
from plumbline_sandbox.quickbooks.realm import Call, Realm
from plumbline_sandbox.quickbooks.store import Family, text_of
from plumbline_sandbox.quickbooks.wire import Body

LONGEST_NUMBER = 21
"""Longest DocNumber (Intuit, Invoice)."""

_EMAIL_STATUSES = frozenset({"NotSet", "NeedToSend", "EmailSent"})
_PRINT_STATUSES = frozenset({"NotSet", "NeedToPrint", "PrintComplete"})
# `LinkedTxn` can be written for estimates and time activities only, and there are none yet.
_LINKS = frozenset({"LinkedTxn"})


class Invoice(Entity):
    """Intuit, Invoice."""

    family = Family(
        "Invoice",
        "transaction",
        "sales-forms",
        lambda body: body.get("DocNumber"),
        ("DocNumber", "CustomerRef"),
    )
    writable: ClassVar[frozenset[str]] = frozenset(
        {"CustomerRef", "Line", "DocNumber", "TxnDate", "DueDate", "PrivateNote", "CustomerMemo"}
        | {"BillEmail", "BillEmailCc", "BillEmailBcc", "EmailStatus", "PrintStatus", "TxnTaxDetail"}
        | {"BillAddr", "ShipAddr", "ShipFromAddr", "ShipDate", "ShipMethodRef", "TrackingNum"}
        | {"SalesTermRef", "ClassRef", "DepartmentRef", "ProjectRef", "CurrencyRef", "ExchangeRate"}
        | {"Deposit", "DepositToAccountRef", "CustomField", "GlobalTaxCalculation", "TxnSource"}
        | {"ApplyTaxAfterDiscount", "AllowOnlineACHPayment", "AllowOnlineCreditCardPayment"}
        | {"TransactionLocationType", "TxnRetainageDetail", "PaymentRefNum", "PaymentMethodRef"}
    )
    ignored: ClassVar[frozenset[str]] = _LINKS | frozenset(
        {"TotalAmt", "Balance", "HomeBalance", "HomeTotalAmt", "DeliveryInfo", "InvoiceLink"}
        | {"RecurDataRef", "TaxExemptionRef", "FreeFormAddress", "AllowOnlinePayment", "AllowIPNPayment"}
        | {"EInvoiceStatus", "TxnApprovalInfo", "invoiceStatus", "callToAction", "RemitToRef"}
    )
    fields: ClassVar = {
        "DocNumber": Field("DocNumber", sortable=True),
        "CustomerRef": Field("CustomerRef"),
        "ProjectRef": Field("ProjectRef"),
        "SalesTermRef": Field("SalesTermRef"),
        "TxnDate": Field("TxnDate", "day", sortable=True),
        "DueDate": Field("DueDate", "day", sortable=True),
        "Balance": Field("Balance", "number", sortable=True),
        "TotalAmt": Field("TotalAmt", "number", sortable=True),
    }

    @override
    def build(self, realm: Realm, wanted: Body, before: Body | None) -> Body:
        """Check the form and reckon total, balance and due date."""
        checks = Checks(wanted)
        checks.required("Line", "CustomerRef")
        customer_id = check_reference(realm, checks, "CustomerRef", "Customer", "Names")
        reader = LineReader(realm, checks, before)
        read = reader.read(wanted["Line"]) if "Line" in wanted else Lines([], ZERO)
        form = self._form(realm, checks, wanted, before)
        money = self._money(checks, wanted, read)
        checks.done()
        assert customer_id is not None
        customer = named_reference(realm, "Customer", customer_id)
        body = {**self._addresses(realm, customer_id), **wanted, **form, **money}
        body.update({"CustomerRef": customer, "Line": read.body, **self._delivery(before)})
        return {**body, **self._payments(realm, before, body)}

    @override
    def admit(self, realm: Realm, before: Body | None, built: Body, call: Call) -> None:
        """Refuse a number that another form has (6140), unless checks are off or waived."""
        number = built.get("DocNumber")
        unchecked = not realm.settings.duplicate_check or "allowduplicatedocnum" in call.include
        if number is None or unchecked or (before and before.get("DocNumber") == number):
            return
        holder = realm.registers["sales-forms"].holder(number, but=before["Id"] if before else None)
        if holder:
            raise FaultError(errors.duplicate_number(number, *holder))

    @override
    def committed(self, realm: Realm, before: Body | None, after: Body, call: Call) -> None:
        """Give back to payments what an update or a void took from under them."""
        if before is None:
            return
        granted = _granted(realm, before, ledger.paid(after)) if after["LinkedTxn"] else {}
        for payment_id in ledger.linked_payments(before):
            payment = realm.stores["Payment"].get(payment_id)
            assert payment is not None
            mine = granted.get(payment_id, ZERO)
            if mine != ledger.applications(payment)[after["Id"]]:
                cut = ledger.with_at_most(payment, after["Id"], mine)
                realm.commit("Payment", cut, change="unlinked", call=call)

    @override
    def delete(self, realm: Realm, sent: Body, call: Call) -> Body:
        """Delete an invoice that no payment is linked to."""
        before = self.present(realm, sent)
        self._refuse_closed(realm, before)
        if ledger.linked_payments(before):
            raise FaultError(errors.has_dependents("Unlink the linked transactions before deleting."))
        realm.delete(self.name, before, call)
        return deleted(self.name, before["Id"])

    @override
    def void(self, realm: Realm, sent: Body, call: Call) -> Body:
        """Set every amount to zero and release the payments; number and customer stay."""
        before = self.present(realm, sent)
        self._refuse_closed(realm, before)
        nothing = {"TotalAmt": ZERO, "Balance": ZERO, "Deposit": ZERO, "TxnTaxDetail": {"TotalTax": ZERO}}
        voided = {**before, **nothing, "Line": lines.zeroed(before["Line"]), "LinkedTxn": []}
        return self._save(realm, before, {**voided, "PrivateNote": voided_note(before)}, "voided", call)

    @override
    def send(self, realm: Realm, entity_id: str, call: Call) -> Body:
        """Mail the invoice to `sendTo`, or else to `BillEmail`. Every call mails."""
        before = self.read(realm, entity_id)
        to = call.send_to or before.get("BillEmail", {}).get("Address", "")
        if not to:
            raise FaultError(errors.email_needed())
        if not is_email(to):
            raise FaultError(errors.bad_email("sendTo", to))
        delivery = {"DeliveryType": "Email", "DeliveryTime": wire.stamp(realm.clock.now())}
        sent = {"EmailStatus": "EmailSent", "DeliveryInfo": delivery, "BillEmail": {"Address": to}}
        after = self._save(realm, before, {**before, **sent}, "sent", call)
        realm.mailed(self.name, after, to, call)
        return after

    def _form(self, realm: Realm, checks: Checks, wanted: Body, before: Body | None) -> Body:
        checks.text("DocNumber", longest=LONGEST_NUMBER)
        checks.text("PrivateNote", longest=4000)
        self._check_memo(checks, wanted)
        txn_date = checks.day("TxnDate") or wire.today(realm.clock.now())
        check_open_books(realm, checks, txn_date.isoformat(), (before or {}).get("TxnDate"))
        return {
            "TxnDate": txn_date.isoformat(),
            "DueDate": self._due(realm, checks, txn_date).isoformat(),
            "EmailStatus": self._email_status(checks),
            "PrintStatus": checks.choice("PrintStatus", _PRINT_STATUSES) or "NeedToPrint",
            "ApplyTaxAfterDiscount": checks.flag("ApplyTaxAfterDiscount") or False,
            "CurrencyRef": CURRENCY,
            **self._number(realm, wanted, before),
        }

    @staticmethod
    def _check_memo(checks: Checks, wanted: Body) -> None:
        memo = wanted.get("CustomerMemo", {"value": ""})
        if not isinstance(memo, dict):
            checks.note(errors.bad_property("CustomerMemo"))
        elif len(str(memo.get("value", ""))) > 1000:
            checks.note(errors.bad_length("CustomerMemo", len(memo["value"]), 1000))

    @staticmethod
    def _due(realm: Realm, checks: Checks, txn_date: date) -> date:
        return checks.day("DueDate") or txn_date + timedelta(days=realm.settings.term_days)

    @staticmethod
    def _email_status(checks: Checks) -> str:
        status = checks.choice("EmailStatus", _EMAIL_STATUSES) or "NotSet"
        for name in ("BillEmailCc", "BillEmailBcc"):
            checks.email(name)
        if checks.email("BillEmail") is None and status == "NeedToSend":
            checks.note(errors.missing("BillEmail"))
        return status

    @staticmethod
    def _number(realm: Realm, wanted: Body, before: Body | None) -> Body:
        """Fill in a number on create if the company numbers its forms itself."""
        if before is not None or "DocNumber" in wanted or numbers_are_given_by_people(realm):
            return {}
        return {"DocNumber": realm.next_number()}

    @staticmethod
    def _money(checks: Checks, wanted: Body, read: Lines) -> Body:
        tax = wanted.get("TxnTaxDetail", {})
        if not isinstance(tax, dict):
            checks.note(errors.bad_property("TxnTaxDetail"))
            tax = {}
        of_tax = Checks(tax)
        total_tax = of_tax.money("TotalTax") or ZERO
        deposit = checks.money("Deposit") or ZERO
        total = read.total + total_tax
        for trouble in of_tax.troubles:
            checks.note(trouble)
        if total < 0:
            checks.note(errors.business("Transaction amount must be 0 or greater."))
        detail = {**tax, "TotalTax": total_tax}
        return {"TxnTaxDetail": detail, "TotalAmt": total, "Deposit": deposit}

    @staticmethod
    def _addresses(realm: Realm, customer_id: str) -> Body:
        customer = realm.get("Customer", customer_id) or {}
        return {name: customer[name] for name in ("BillAddr", "ShipAddr") if name in customer}

    @staticmethod
    def _delivery(before: Body | None) -> Body:
        return {"DeliveryInfo": before["DeliveryInfo"]} if before and "DeliveryInfo" in before else {}

    @staticmethod
    def _payments(realm: Realm, before: Body | None, body: Body) -> Body:
        """Return balance and links; what payments paid stays paid as far as the new total goes.

        Another customer unlinks all payments (reported for a move from a parent to its job).
        """
        if before is None or text_of(before, "CustomerRef") != text_of(body, "CustomerRef"):
            return {"LinkedTxn": [], "Balance": ledger.balance(body, ZERO)}
        applied = max(min(ledger.paid(before), ledger.balance(body, ZERO)), ZERO)
        granted = _granted(realm, before, applied)
        links = [link for link in before["LinkedTxn"] if granted.get(link["TxnId"])]
        return {"LinkedTxn": links, "Balance": ledger.balance(body, applied)}

    @staticmethod
    def _refuse_closed(realm: Realm, body: Body) -> None:
        checks = Checks(body)
        check_open_books(realm, checks, body["TxnDate"])
        checks.done()


def _granted(realm: Realm, invoice: Body, most: Decimal) -> dict[str, Decimal]:
    """Return how much of each linked payment an invoice can keep; older payments keep theirs first."""
    granted: dict[str, Decimal] = {}
    for payment_id in ledger.linked_payments(invoice):
        mine = ledger.applications(realm.get("Payment", payment_id))[invoice["Id"]]
        granted[payment_id] = min(mine, most - sum(granted.values(), ZERO))
    return granted
