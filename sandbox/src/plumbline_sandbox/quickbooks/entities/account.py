"""The chart of accounts."""

from typing import ClassVar

from typing_extensions import override

from plumbline_sandbox.quickbooks import errors
from plumbline_sandbox.quickbooks.checks import Checks
from plumbline_sandbox.quickbooks.entities.base import CURRENCY, Entity
from plumbline_sandbox.quickbooks.errors import FaultError
from plumbline_sandbox.quickbooks.query.fields import Field
from plumbline_sandbox.quickbooks.realm import Realm
from plumbline_sandbox.quickbooks.store import Family
from plumbline_sandbox.quickbooks.wire import Body

CLASSIFICATIONS = {
    "Bank": "Asset",
    "Accounts Receivable": "Asset",
    "Other Current Asset": "Asset",
    "Fixed Asset": "Asset",
    "Other Asset": "Asset",
    "Accounts Payable": "Liability",
    "Credit Card": "Liability",
    "Other Current Liability": "Liability",
    "Long Term Liability": "Liability",
    "Equity": "Equity",
    "Income": "Revenue",
    "Other Income": "Revenue",
    "Cost of Goods Sold": "Expense",
    "Expense": "Expense",
    "Other Expense": "Expense",
}
"""Account type to `Classification`, which the service derives (Intuit, Account)."""

_SUBTYPE_OWNERS = {
    "UndepositedFunds": "Other Current Asset",
    "Retainage": "Other Current Asset",
    "Checking": "Bank",
    "AccountsReceivable": "Accounts Receivable",
    "SalesOfProductIncome": "Income",
    "ServiceFeeIncome": "Income",
    "GlobalTaxPayable": "Other Current Liability",
}


class Account(Entity):
    """Intuit, Account: a name and a type, or a subtype from which the type follows."""

    family = Family("Account", "account", "accounts", lambda body: body["Name"], ("Name",))
    writable: ClassVar[frozenset[str]] = frozenset(
        {"Name", "AccountType", "AccountSubType", "AcctNum", "Description", "Active", "SubAccount"}
        | {"ParentRef", "CurrencyRef", "TaxCodeRef", "TxnLocationType", "AccountAlias"}
    )
    ignored: ClassVar[frozenset[str]] = frozenset(
        {"FullyQualifiedName", "Classification", "CurrentBalance", "CurrentBalanceWithSubAccounts"}
    )
    fields: ClassVar = {
        "Name": Field("Name", sortable=True),
        "FullyQualifiedName": Field("FullyQualifiedName", sortable=True),
        "AccountType": Field("AccountType", sortable=True),
        "AccountSubType": Field("AccountSubType", sortable=True),
        "Classification": Field("Classification", sortable=True),
        "AcctNum": Field("AcctNum", sortable=True),
        "Active": Field("Active", "flag"),
    }
    lists_active_only = True

    @override
    def build(self, realm: Realm, wanted: Body, before: Body | None) -> Body:
        """Check name and type; derive the classification."""
        checks = Checks(wanted)
        checks.required("Name")
        name = checks.text("Name", longest=100) or ""
        if ":" in name or '"' in name:
            checks.note(errors.bad_string("Name"))
        kind = self._type(checks, wanted)
        active = checks.flag("Active")
        checks.done()
        holder = realm.registers["accounts"].holder(name, but=before["Id"] if before else None)
        if holder:
            raise FaultError(errors.duplicate_name(holder[1]))
        derived = {"AccountType": kind, "Classification": CLASSIFICATIONS[kind], "FullyQualifiedName": name}
        return {
            "SubAccount": False,
            "CurrencyRef": CURRENCY,
            **wanted,
            **derived,
            "Active": active is not False,
        }

    def _type(self, checks: Checks, wanted: Body) -> str:
        kind = wanted.get("AccountType") or _SUBTYPE_OWNERS.get(wanted.get("AccountSubType", ""))
        if kind is None:
            checks.required("AccountType")
        elif kind not in CLASSIFICATIONS:
            checks.note(errors.bad_choice("AccountType", kind))
        return str(kind)
