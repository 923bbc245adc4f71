"""Transfers: money moved between two asset accounts."""

from typing import ClassVar

from typing_extensions import override

from plumbline_sandbox.quickbooks import errors
from plumbline_sandbox.quickbooks.checks import Checks
from plumbline_sandbox.quickbooks.entities.account import CLASSIFICATIONS
from plumbline_sandbox.quickbooks.entities.transaction import Transaction, check_account, heading
from plumbline_sandbox.quickbooks.query.fields import Field
from plumbline_sandbox.quickbooks.realm import Realm
from plumbline_sandbox.quickbooks.store import Family
from plumbline_sandbox.quickbooks.wire import Body

_ASSETS = frozenset(kind for kind, side in CLASSIFICATIONS.items() if side == "Asset")


class Transfer(Transaction):
    """Intuit, Transfer."""

    family = Family("Transfer", "transaction")
    writable: ClassVar[frozenset[str]] = frozenset(
        {"FromAccountRef", "ToAccountRef", "Amount", "TxnDate", "PrivateNote", "CurrencyRef", "ExchangeRate"}
        | {"TransactionLocationType", "DepartmentRef"}
    )
    ignored: ClassVar[frozenset[str]] = frozenset({"RecurDataRef"})
    fields: ClassVar = {
        "TxnDate": Field("TxnDate", "day", sortable=True),
        "Amount": Field("Amount", "number", sortable=True),
    }

    @override
    def build(self, realm: Realm, wanted: Body, before: Body | None) -> Body:
        """Check amount and accounts."""
        checks = Checks(wanted)
        checks.required("FromAccountRef", "ToAccountRef", "Amount")
        form = heading(realm, checks, before)
        accounts = {
            name: check_account(realm, checks, name, _ASSETS) for name in ("FromAccountRef", "ToAccountRef")
        }
        amount = checks.money("Amount")
        if amount is not None and amount < 0:
            checks.note(errors.bad_amount("Amount", amount))
        if accounts["FromAccountRef"] is not None and accounts["FromAccountRef"] == accounts["ToAccountRef"]:
            checks.note(errors.business("The accounts of a transfer must be different."))
        checks.done()
        return {**wanted, **form, **accounts, "Amount": amount}
