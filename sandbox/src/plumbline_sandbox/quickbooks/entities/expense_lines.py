"""Lines that say what was bought: on bills, vendor credits, purchases and purchase orders.

Intuit, Bill: a line is booked on an account (AccountBasedExpenseLineDetail) or through an item
that has an expense account (ItemBasedExpenseLineDetail). The array is replaced as a whole on
every update; a line that is sent with an Id of the present body keeps it.
"""

from decimal import Decimal
from typing import Any

from plumbline_sandbox.quickbooks import errors, wire
from plumbline_sandbox.quickbooks.checks import Checks
from plumbline_sandbox.quickbooks.entities.base import check_reference, named_reference, named_references
from plumbline_sandbox.quickbooks.entities.item import UNSOLD
from plumbline_sandbox.quickbooks.entities.lines import PSEUDO_TAX_CODES, Lines
from plumbline_sandbox.quickbooks.entities.transaction import LineIds, listed, take
from plumbline_sandbox.quickbooks.ledger import ZERO
from plumbline_sandbox.quickbooks.realm import Realm
from plumbline_sandbox.quickbooks.store import text_of
from plumbline_sandbox.quickbooks.wire import Body

_LINE = frozenset(
    {"Id", "LineNum", "Description", "Amount", "DetailType", "ProjectRef", "LinkedTxn", "CustomField"}
    | {"AccountBasedExpenseLineDetail", "ItemBasedExpenseLineDetail", "Received"}
)
_COMMON = frozenset(
    {"CustomerRef", "BillableStatus", "ClassRef", "TaxCodeRef", "TaxInclusiveAmt", "MarkupInfo"}
)
_DETAILS = {
    "AccountBasedExpenseLineDetail": _COMMON | {"AccountRef", "TaxAmount"},
    "ItemBasedExpenseLineDetail": _COMMON
    | {"ItemRef", "Qty", "UnitPrice", "UOMRef", "PriceLevelRef", "ItemAccountRef", "InventorySiteRef"},
}
_REFERENCES = {"CustomerRef": "Customer", "ClassRef": "Class", "TaxCodeRef": "TaxCode"}
_BILLABLE = frozenset({"Billable", "NotBillable", "HasBeenBilled"})
_CONTROL_ACCOUNTS = frozenset({"Accounts Payable", "Accounts Receivable"})


class ExpenseReader:
    """Reads the `Line` array of one transaction and notes what is wrong with it."""

    def __init__(self, realm: Realm, checks: Checks, before: Body | None) -> None:
        self._realm = realm
        self._checks = checks
        self._ids = LineIds(before)

    def read(self, sent: Any) -> Lines:
        """Return the lines and their sum; at least one is required (2020)."""
        lines = listed(self._checks, "Line", sent)
        if sent == []:
            self._checks.note(errors.missing("Line"))
        read = [self._line(line, number) for number, line in enumerate(lines, start=1)]
        return Lines(read, sum((line["Amount"] for line in read), ZERO))

    def _line(self, sent: Body, number: int) -> Body:
        checks = Checks(sent)
        for name in sent.keys() - _LINE:
            checks.note(errors.bad_property(name))
        checks.required("Amount", "DetailType")
        amount = checks.money("Amount") or ZERO
        kind = sent.get("DetailType")
        head: Body = {**sent, "Id": self._ids.of(sent), "LineNum": number, "Amount": amount}
        if kind in _DETAILS:
            head[kind] = self._detail(checks, sent, kind, amount)
        elif kind is not None:
            checks.note(errors.bad_type("DetailType", kind))
        take(self._checks, checks)
        return head

    def _detail(self, of_line: Checks, line: Body, kind: str, amount: Decimal) -> Body:
        sent = line.get(kind)
        if not isinstance(sent, dict):
            of_line.note(errors.missing(kind) if sent is None else errors.bad_property(kind))
            return {}
        checks = Checks(sent)
        for name in sent.keys() - _DETAILS[kind]:
            checks.note(errors.bad_property(name))
        booked = self._account(checks) if kind.startswith("Account") else self._item(checks, amount)
        detail = {"TaxCodeRef": {"value": "NON"}, **sent, **booked, **self._billing(checks)}
        take(of_line, checks)
        return detail

    def _account(self, checks: Checks) -> Body:
        checks.required("AccountRef")
        account_id = check_reference(self._realm, checks, "AccountRef", "Account", "Accounts")
        if account_id is None:
            return {}
        if (self._realm.get("Account", account_id) or {})["AccountType"] in _CONTROL_ACCOUNTS:
            # Receivables and payables are moved by transactions of their own (inferred for this code).
            checks.note(errors.wrong_account_type("AccountRef"))
        return {"AccountRef": named_reference(self._realm, "Account", account_id)}

    def _item(self, checks: Checks, amount: Decimal) -> Body:
        checks.required("ItemRef")
        quantity, price = checks.number("Qty"), checks.number("UnitPrice")
        if quantity is not None and price is not None and (quantity * price).quantize(wire.CENT) != amount:
            checks.note(errors.bad_product(amount))
        item_id = check_reference(self._realm, checks, "ItemRef", "Item", "Items")
        if item_id is None:
            return {}
        item = self._realm.get("Item", item_id) or {}
        if item["Type"] in UNSOLD:
            checks.note(errors.bad_reference("Items", item_id, "ItemRef"))
        elif "ExpenseAccountRef" not in item:
            checks.note(errors.business("The item on this line has no expense account; it is not bought."))
        return {"ItemRef": named_reference(self._realm, "Item", item_id)}

    def _billing(self, checks: Checks) -> Body:
        status = checks.choice("BillableStatus", _BILLABLE) or "NotBillable"
        if status == "Billable":
            checks.required("CustomerRef")
        named = named_references(self._realm, checks, _REFERENCES)
        if text_of(named, "TaxCodeRef") in PSEUDO_TAX_CODES:
            named["TaxCodeRef"] = {"value": text_of(named, "TaxCodeRef")}
        return {**named, "BillableStatus": status}


def taxed_total(checks: Checks, wanted: Body, lines: Lines) -> Body:
    """Return `TotalAmt` (and the tax it holds, if any was sent); note 6000 for a negative one."""
    tax = wanted.get("TxnTaxDetail", {})
    if not isinstance(tax, dict):
        checks.note(errors.bad_property("TxnTaxDetail"))
        tax = {}
    of_tax = Checks(tax)
    total_tax = of_tax.money("TotalTax") or ZERO
    take(checks, of_tax)
    total = lines.total + total_tax
    if total < 0:
        checks.note(errors.business("Transaction amount must be 0 or greater."))
    return {"TotalAmt": total, **({"TxnTaxDetail": {**tax, "TotalTax": total_tax}} if tax else {})}
