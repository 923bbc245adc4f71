"""What every document for a customer does alike: lines, tax, number, references, e-mail, deletion."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from typing_extensions import override

from plumbline_sandbox.quickbooks import errors, wire
from plumbline_sandbox.quickbooks.checks import Checks, is_email
from plumbline_sandbox.quickbooks.entities.base import check_reference, named_references, voided_note
from plumbline_sandbox.quickbooks.entities.company import numbers_are_given_by_people
from plumbline_sandbox.quickbooks.entities.currency import at_home, form_currency
from plumbline_sandbox.quickbooks.entities.lines import LineReader, Lines, zeroed
from plumbline_sandbox.quickbooks.entities.tax import form_tax
from plumbline_sandbox.quickbooks.entities.transaction import Transaction, heading, refuse_closed
from plumbline_sandbox.quickbooks.errors import FaultError
from plumbline_sandbox.quickbooks.ledger import ZERO
from plumbline_sandbox.quickbooks.query.fields import Field
from plumbline_sandbox.quickbooks.realm import Call, Realm
from plumbline_sandbox.quickbooks.store import Family
from plumbline_sandbox.quickbooks.wire import Body

WRITABLE = frozenset(
    {"CustomerRef", "Line", "DocNumber", "TxnDate", "PrivateNote", "CustomerMemo", "PrintStatus"}
    | {"BillEmail", "BillEmailCc", "BillEmailBcc", "EmailStatus", "TxnTaxDetail", "ApplyTaxAfterDiscount"}
    | {"BillAddr", "ShipAddr", "ShipFromAddr", "ShipDate", "ShipMethodRef", "TrackingNum", "CustomField"}
    | {"ClassRef", "DepartmentRef", "SalesTermRef", "PaymentMethodRef", "PaymentRefNum", "ProjectRef"}
    | {"CurrencyRef", "ExchangeRate", "GlobalTaxCalculation", "TransactionLocationType", "TxnSource"}
    | {"TxnSubType"}
)
"""What a client may write on every form."""

IGNORED = frozenset(
    {"TotalAmt", "Balance", "HomeBalance", "HomeTotalAmt", "DeliveryInfo", "RecurDataRef"}
    | {"TaxExemptionRef", "FreeFormAddress"}
)
"""What the service reckons itself, and ignores in silence when it is sent."""

FIELDS = {
    "DocNumber": Field("DocNumber", sortable=True),
    "CustomerRef": Field("CustomerRef"),
    "ProjectRef": Field("ProjectRef"),
    "TxnDate": Field("TxnDate", "day", sortable=True),
    "TotalAmt": Field("TotalAmt", "number", sortable=True),
}
"""What queries may ask every form."""

REGISTER = "sales-forms"
"""All forms draw from one space of numbers (reported: an invoice collided with a credit memo)."""

LONGEST_MEMO = 1000
"""Longest CustomerMemo (Intuit, Invoice)."""

_EMAIL_STATUSES = frozenset({"NotSet", "NeedToSend", "EmailSent"})
_PRINT_STATUSES = frozenset({"NotSet", "NeedToPrint", "PrintComplete"})
_MONEY_ACCOUNTS = frozenset({"Bank", "Other Current Asset"})
_REFERENCES = {
    "CustomerRef": "Customer",
    "ClassRef": "Class",
    "DepartmentRef": "Department",
    "SalesTermRef": "Term",
    "PaymentMethodRef": "PaymentMethod",
}


def form_family(name: str) -> Family:
    """Return what the store must know about a form."""
    return Family(
        name, "transaction", REGISTER, lambda body: body.get("DocNumber"), ("DocNumber", "CustomerRef")
    )


@dataclass(frozen=True, slots=True)
class Draft:
    """A form while it is being built: what is wanted of it, and what it is about."""

    wanted: Body
    before: Body | None
    customer: Body | None
    day: date
    """TxnDate as it will be."""


class SalesForm(Transaction):
    """A document for a customer. Kinds of forms state what they need and add what is theirs."""

    needs: ClassVar[tuple[str, ...]] = ("Line", "CustomerRef")
    """Properties without which a form is refused (2020)."""
    prints = True

    @override
    def build(self, realm: Realm, wanted: Body, before: Body | None) -> Body:
        """Check the form and reckon its total."""
        checks = Checks(wanted)
        checks.required(*self.needs)
        references = named_references(realm, checks, _REFERENCES)
        lines = (
            LineReader(realm, checks, before).read(wanted["Line"]) if "Line" in wanted else Lines([], ZERO)
        )
        head = heading(realm, checks, before)
        customer = realm.get("Customer", references.get("CustomerRef", {}).get("value"))
        draft = Draft(wanted, before, customer, date.fromisoformat(head["TxnDate"]))
        body = {
            **_addresses(customer),
            **wanted,
            **head,
            **form_currency(realm, checks, customer, draft.day),
            **references,
            **_marks(checks),
            **_money(checks, form_tax(realm, checks, wanted, lines), lines),
            **self.own(realm, checks, draft),
            **_delivery(before),
            "Line": lines.body,
        }
        checks.done()
        number = {} if before or "DocNumber" in wanted else _number(realm)
        settled = {**body, **number, **self.settle(realm, before, body)}
        return {**settled, **at_home(realm, settled)}

    def own(self, realm: Realm, checks: Checks, draft: Draft) -> Body:
        """Return the properties of this kind of form; note what is wrong with them."""
        return {}

    def settle(self, realm: Realm, before: Body | None, body: Body) -> Body:
        """Return balance and links of a form in which everything is sound.

        Raises:
            FaultError: The service refuses what the change would do.
        """
        return {"Balance": ZERO}

    @override
    def send(self, realm: Realm, entity_id: str, call: Call) -> Body:
        """Mail the form to `sendTo`, or else to `BillEmail`. Every call mails."""
        before = self.read(realm, entity_id)
        to = call.send_to or before.get("BillEmail", {}).get("Address", "")
        check_recipient(realm, to)
        delivery = {"DeliveryType": "Email", "DeliveryTime": wire.stamp(realm.clock.now())}
        status = {"EmailStatus": "EmailSent"} if "EmailStatus" in before else {}
        sent = {**before, **status, "DeliveryInfo": delivery, "BillEmail": {"Address": to}}
        after = self._save(realm, before, sent, "sent", call)
        realm.mailed(self.name, after, to, call)
        return after


class VoidableForm(SalesForm):
    """A form that can be voided: its amounts become zero, its number and its customer stay."""

    @override
    def void(self, realm: Realm, sent: Body, call: Call) -> Body:
        """Set every amount to zero, drop the links and say so in the private note."""
        before = self.present(realm, sent)
        refuse_closed(realm, before)
        self.refuse_void(before)
        amounts: Body = {name: ZERO for name in ("TotalAmt", "Balance", "Deposit") if name in before}
        voided = {
            **before,
            **amounts,
            "TxnTaxDetail": {"TotalTax": ZERO},
            "Line": zeroed(before["Line"]),
        }
        voided |= {"LinkedTxn": [], "PrivateNote": voided_note(before)}
        return self._save(realm, before, {**voided, **at_home(realm, voided)}, "voided", call)

    def refuse_void(self, before: Body) -> None:
        """Refuse to void what other transactions hang on.

        Raises:
            FaultError: The service refuses.
        """


def deposit_account(realm: Realm, checks: Checks) -> str:
    """Return the id of the account money goes to or comes from: Undeposited Funds unless named (6430)."""
    account_id = check_reference(realm, checks, "DepositToAccountRef", "Account", "Accounts")
    if account_id is None:
        holder = realm.registers["accounts"].holder("Undeposited Funds")
        return holder[1] if holder else ""
    if realm.account_type(account_id) not in _MONEY_ACCOUNTS:
        checks.note(errors.wrong_account_type("DepositToAccountRef"))
    return account_id


def check_recipient(realm: Realm, to: str) -> None:
    """Refuse to send to nobody, to what is no address, or more than the company may in a day.

    Raises:
        FaultError: 6420, 2210, or 6000 (inferred).
    """
    most = realm.settings.mails_per_day
    if not to:
        raise FaultError(errors.email_needed())
    if not is_email(to):
        raise FaultError(errors.bad_email("sendTo", to))
    if most is not None and realm.mails_today() >= most:
        raise FaultError(errors.business(f"A company sends {most} e-mails a day at most."))


def _marks(checks: Checks) -> Body:
    _check_memo(checks)
    return {
        "EmailStatus": _email_status(checks),
        "PrintStatus": checks.choice("PrintStatus", _PRINT_STATUSES) or "NeedToPrint",
        "ApplyTaxAfterDiscount": checks.flag("ApplyTaxAfterDiscount") or False,
    }


def _check_memo(checks: Checks) -> None:
    memo = checks.reference("CustomerMemo") or ""
    if len(memo) > LONGEST_MEMO:
        checks.note(errors.bad_length("CustomerMemo", len(memo), LONGEST_MEMO))


def _email_status(checks: Checks) -> str:
    status = checks.choice("EmailStatus", _EMAIL_STATUSES) or "NotSet"
    for name in ("BillEmailCc", "BillEmailBcc"):
        checks.email(name)
    if checks.email("BillEmail") is None and status == "NeedToSend":
        checks.note(errors.missing("BillEmail"))
    return status


def _number(realm: Realm) -> Body:
    return {} if numbers_are_given_by_people(realm) else {"DocNumber": realm.next_number()}


def _money(checks: Checks, tax: Body, lines: Lines) -> Body:
    total = lines.total + tax["TotalTax"]
    if total < 0:
        checks.note(errors.business("Transaction amount must be 0 or greater."))
    return {"TxnTaxDetail": tax, "TotalAmt": total}


def _addresses(customer: Body | None) -> Body:
    return {name: customer[name] for name in ("BillAddr", "ShipAddr") if name in customer} if customer else {}


def _delivery(before: Body | None) -> Body:
    return {"DeliveryInfo": before["DeliveryInfo"]} if before and "DeliveryInfo" in before else {}
