"""Payments: what came in, which invoices it pays, what is left over."""

from decimal import Decimal
from typing import Any, ClassVar

from typing_extensions import override

from plumbline_sandbox.quickbooks import errors, ledger, wire
from plumbline_sandbox.quickbooks.checks import Checks
from plumbline_sandbox.quickbooks.entities.base import (
    CURRENCY,
    Entity,
    check_open_books,
    check_reference,
    deleted,
    named_reference,
    voided_note,
)
from plumbline_sandbox.quickbooks.entities.customer import family_of
from plumbline_sandbox.quickbooks.ledger import ZERO
from plumbline_sandbox.quickbooks.query.fields import Field
from plumbline_sandbox.quickbooks.realm import Call, Realm
from plumbline_sandbox.quickbooks.store import Family, text_of
from plumbline_sandbox.quickbooks.wire import Body

_DEPOSIT_TYPES = frozenset({"Bank", "Other Current Asset"})


class Payment(Entity):
    """Intuit, Payment. Lines link to invoices; the rest is `UnappliedAmt`."""

    family = Family("Payment", "transaction", indexed=("CustomerRef", "PaymentRefNum"))
    writable: ClassVar[frozenset[str]] = frozenset(
        {"CustomerRef", "TotalAmt", "Line", "TxnDate", "PrivateNote", "PaymentMethodRef", "PaymentRefNum"}
        | {"DepositToAccountRef", "ARAccountRef", "CurrencyRef", "ExchangeRate", "ProcessPayment"}
        | {"CreditCardPayment", "TxnSource", "TransactionLocationType", "ProjectRef"}
    )
    ignored: ClassVar[frozenset[str]] = frozenset(
        {"UnappliedAmt", "LinkedTxn", "TxnStatus", "TaxExemptionRef", "HomeTotalAmt"}
    )
    fields: ClassVar = {
        "TotalAmt": Field("TotalAmt", "number"),
        "CustomerRef": Field("CustomerRef"),
        "PaymentMethodRef": Field("PaymentMethodRef"),
        "PaymentRefNum": Field("PaymentRefNum"),
        "TxnDate": Field("TxnDate", "day", sortable=True),
    }

    @override
    def build(self, realm: Realm, wanted: Body, before: Body | None) -> Body:
        """Check the form, and that no invoice gets more than it is open for."""
        checks = Checks(wanted)
        checks.required("TotalAmt", "CustomerRef")
        total = self._total(checks)
        customer_id = check_reference(realm, checks, "CustomerRef", "Customer", "Names")
        form = self._form(realm, checks, wanted, before)
        lines = self._lines(realm, checks, wanted.get("Line", []), customer_id)
        checks.done()
        applied = {"Line": lines, "TotalAmt": total}
        self._check_amounts(realm, checks, applied, before)
        checks.done()
        used = sum(ledger.applications(applied).values(), ZERO)
        assert customer_id is not None
        customer = named_reference(realm, "Customer", customer_id)
        return {**wanted, **form, **applied, "CustomerRef": customer, "UnappliedAmt": total - used}

    @override
    def committed(self, realm: Realm, before: Body | None, after: Body, call: Call) -> None:
        """Move the balances of the invoices; a link raises their SyncToken too."""
        old, new = ledger.applications(before), ledger.applications(after)
        for invoice_id in {**old, **new}:
            self._relink(realm, invoice_id, after["Id"], (old, new), call)

    @override
    def delete(self, realm: Realm, sent: Body, call: Call) -> Body:
        """Delete the payment; its invoices are open again."""
        before = self.present(realm, sent)
        self._refuse_closed(realm, before)
        realm.delete(self.name, before, call)
        for invoice_id in (old := ledger.applications(before)):
            self._relink(realm, invoice_id, before["Id"], (old, {}), call)
        return deleted(self.name, before["Id"])

    @override
    def void(self, realm: Realm, sent: Body, call: Call) -> Body:
        """Set the amounts to zero and drop the lines; its invoices are open again."""
        before = self.present(realm, sent)
        self._refuse_closed(realm, before)
        nothing = {"TotalAmt": ZERO, "UnappliedAmt": ZERO, "Line": []}
        voided = {**before, **nothing, "PrivateNote": voided_note(before)}
        return self._save(realm, before, voided, "voided", call)

    @staticmethod
    def _relink(
        realm: Realm,
        invoice_id: str,
        payment_id: str,
        applied: tuple[dict[str, Decimal], dict[str, Decimal]],
        call: Call,
    ) -> None:
        old, new = (amounts.get(invoice_id, ZERO) for amounts in applied)
        if old == new:
            return
        invoice = realm.stores["Invoice"].get(invoice_id)
        assert invoice is not None
        relinked = ledger.relinked(invoice, payment_id, before=old, after=new)
        realm.commit("Invoice", relinked, change="linked", call=call)

    @staticmethod
    def _total(checks: Checks) -> Decimal:
        total = checks.money("TotalAmt")
        if total is not None and total < 0:
            checks.note(errors.bad_amount("TotalAmt", total))
        return total or ZERO

    def _form(self, realm: Realm, checks: Checks, wanted: Body, before: Body | None) -> Body:
        checks.text("PaymentRefNum", longest=21)
        checks.text("PrivateNote", longest=4000)
        txn_date = (checks.day("TxnDate") or wire.today(realm.clock.now())).isoformat()
        check_open_books(realm, checks, txn_date, (before or {}).get("TxnDate"))
        return {
            "TxnDate": txn_date,
            "CurrencyRef": CURRENCY,
            "ProcessPayment": checks.flag("ProcessPayment") or False,
            "DepositToAccountRef": self._deposit_account(realm, checks, wanted),
        }

    @staticmethod
    def _deposit_account(realm: Realm, checks: Checks, wanted: Body) -> Body:
        account_id = check_reference(realm, checks, "DepositToAccountRef", "Account", "Accounts")
        if account_id is None:
            return {"value": _undeposited_funds(realm)}
        if (realm.get("Account", account_id) or {})["AccountType"] not in _DEPOSIT_TYPES:
            checks.note(errors.wrong_account_type("DepositToAccountRef"))
        return {"value": account_id}

    def _lines(self, realm: Realm, checks: Checks, sent: Any, customer_id: str | None) -> list[Body]:
        if not isinstance(sent, list) or not all(isinstance(line, dict) for line in sent):
            checks.note(errors.bad_property("Line"))
            return []
        lines = [self._line(realm, checks, line, customer_id) for line in sent]
        return [line for line in lines if line is not None]

    def _line(self, realm: Realm, checks: Checks, sent: Body, customer_id: str | None) -> Body | None:
        of_line = Checks(sent)
        of_line.required("Amount", "LinkedTxn")
        amount = of_line.money("Amount") or ZERO
        if amount < 0:
            of_line.note(errors.bad_amount("Amount", amount))
        invoice = self._linked_invoice(realm, of_line, sent.get("LinkedTxn"), customer_id)
        for trouble in of_line.troubles:
            checks.note(trouble)
        if invoice is None or not amount:
            return None
        link = {"TxnId": invoice["Id"], "TxnType": "Invoice"}
        return {"Amount": amount, "LinkedTxn": [link], "LineEx": _line_extras(invoice)}

    @staticmethod
    def _linked_invoice(realm: Realm, checks: Checks, links: Any, customer_id: str | None) -> Body | None:
        if not isinstance(links, list) or len(links) != 1 or not isinstance(links[0], dict):
            checks.note(errors.bad_property("LinkedTxn"))
            return None
        txn_id = str(links[0].get("TxnId"))
        invoice = realm.get("Invoice", txn_id)
        if links[0].get("TxnType") != "Invoice":
            checks.note(errors.cannot_link(txn_id))
        elif invoice is None:
            checks.note(errors.not_found("LinkedTxn"))
        elif customer_id not in family_of(realm, text_of(invoice, "CustomerRef") or ""):
            # A parent pays for its jobs, never a stranger for another customer.
            checks.note(errors.cannot_link(txn_id))
        return invoice

    @staticmethod
    def _check_amounts(realm: Realm, checks: Checks, wanted: Body, before: Body | None) -> None:
        amounts, had = ledger.applications(wanted), ledger.applications(before)
        for invoice_id, amount in amounts.items():
            open_amount = (realm.get("Invoice", invoice_id) or {})["Balance"] + had.get(invoice_id, ZERO)
            if amount > open_amount:
                text = f"The amount {amount} is more than the open balance {open_amount} of the invoice."
                checks.note(errors.business(text))
        if sum(amounts.values(), ZERO) > wanted["TotalAmt"]:
            checks.note(errors.business("The amounts of the lines are more than the amount received."))

    @staticmethod
    def _refuse_closed(realm: Realm, body: Body) -> None:
        checks = Checks(body)
        check_open_books(realm, checks, body["TxnDate"])
        checks.done()


def _undeposited_funds(realm: Realm) -> str:
    holder = realm.registers["accounts"].holder("Undeposited Funds")
    return holder[1] if holder else ""


def _line_extras(invoice: Body) -> Body:
    """Return the name/value pairs that answers carry in payment lines, in their captured JSON form."""
    values = {"txnId": invoice["Id"], "txnOpenBalance": f"{invoice['Balance']:.2f}"}
    if "DocNumber" in invoice:
        values["txnReferenceNumber"] = invoice["DocNumber"]
    pairs = [
        {
            "name": "{http://schema.intuit.com/finance/v3}NameValue",
            "declaredType": "com.intuit.schema.finance.v3.NameValue",
            "scope": "javax.xml.bind.JAXBElement$GlobalScope",
            "value": {"Name": name, "Value": value},
            "nil": False,
            "globalScope": True,
            "typeSubstituted": False,
        }
        for name, value in values.items()
    ]
    return {"any": pairs}
