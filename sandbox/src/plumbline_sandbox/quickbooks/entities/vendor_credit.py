"""Vendor credits: what a vendor owes back, until bill payments use it up."""

from typing import ClassVar

from typing_extensions import override

from plumbline_sandbox.quickbooks import errors, payables
from plumbline_sandbox.quickbooks.checks import Checks
from plumbline_sandbox.quickbooks.entities.bill import Payable
from plumbline_sandbox.quickbooks.errors import FaultError
from plumbline_sandbox.quickbooks.ledger import ZERO
from plumbline_sandbox.quickbooks.query.fields import Field
from plumbline_sandbox.quickbooks.realm import Call, Realm
from plumbline_sandbox.quickbooks.store import Family, text_of
from plumbline_sandbox.quickbooks.wire import Body


class VendorCredit(Payable):
    """Intuit, VendorCredit. `Balance` is what bill payments have not used."""

    family = Family(
        "VendorCredit",
        "transaction",
        "vendor-credits",
        lambda body: body.get("DocNumber"),
        ("DocNumber", "VendorRef"),
    )
    writable: ClassVar[frozenset[str]] = frozenset(
        {"VendorRef", "Line", "DocNumber", "TxnDate", "PrivateNote", "APAccountRef", "DepartmentRef"}
        | {"CurrencyRef", "ExchangeRate", "TxnTaxDetail", "GlobalTaxCalculation", "IncludeInAnnualTPAR"}
        | {"TransactionLocationType", "VendorAddr"}
    )
    # Written for ReimburseCharge only, and there are none here.
    ignored: ClassVar[frozenset[str]] = frozenset(
        {"TotalAmt", "Balance", "HomeBalance", "HomeTotalAmt", "RecurDataRef", "LinkedTxn"}
    )
    fields: ClassVar = {
        "DocNumber": Field("DocNumber", sortable=True),
        "VendorRef": Field("VendorRef"),
        "APAccountRef": Field("APAccountRef", sortable=True),
        "TxnDate": Field("TxnDate", "day", sortable=True),
        "TotalAmt": Field("TotalAmt", "number", sortable=True),
        "Balance": Field("Balance", "number", sortable=True),
    }

    @override
    def details(self, realm: Realm, checks: Checks, wanted: Body, form: Body) -> Body:
        return {"LinkedTxn": []}

    @override
    def admit(self, realm: Realm, before: Body | None, built: Body, call: Call) -> None:
        """Refuse a taken number, and to take from bill payments what they have used (inferred)."""
        super().admit(realm, before, built, call)
        used = payables.settled(before) if before else ZERO
        if before and (used > built["TotalAmt"] or (used and _vendor(before) != _vendor(built))):
            raise FaultError(
                errors.business("Bill payments have used more of this credit than would be left.")
            )


def _vendor(body: Body) -> str | None:
    return text_of(body, "VendorRef")
