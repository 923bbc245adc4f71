"""Deposits: money put into a bank account, new or out of Undeposited Funds."""

from decimal import Decimal
from typing import Any, ClassVar

from typing_extensions import override

from plumbline_sandbox.quickbooks import errors
from plumbline_sandbox.quickbooks.checks import Checks
from plumbline_sandbox.quickbooks.entities.base import check_reference, named_reference
from plumbline_sandbox.quickbooks.entities.transaction import (
    LineIds,
    Transaction,
    check_account,
    check_control,
    heading,
    listed,
    take,
)
from plumbline_sandbox.quickbooks.ledger import ZERO
from plumbline_sandbox.quickbooks.query.fields import Field
from plumbline_sandbox.quickbooks.realm import Call, Realm
from plumbline_sandbox.quickbooks.store import Family, text_of
from plumbline_sandbox.quickbooks.wire import Body

_BANKS = frozenset({"Bank", "Other Current Asset"})
_LINKED = ("Payment", "SalesReceipt")
"""What can be put from Undeposited Funds into the bank here, of all that Intuit lists."""

_PARTIES = frozenset({"Customer", "Vendor", "Employee"})
_LINE = frozenset(
    {"Id", "LineNum", "Description", "Amount", "DetailType", "DepositLineDetail", "LinkedTxn", "ProjectRef"}
    | {"CustomField"}
)
_DETAIL = frozenset(
    {"AccountRef", "Entity", "PaymentMethodRef", "CheckNum", "TxnType", "ClassRef", "TaxCodeRef"}
    | {"TaxApplicableOn"}
)


class Deposit(Transaction):
    """Intuit, Deposit. A line is new money on an account, or a payment that waited to be deposited."""

    family = Family("Deposit", "transaction", indexed=("DocNumber",))
    writable: ClassVar[frozenset[str]] = frozenset(
        {"DepositToAccountRef", "Line", "CashBack", "DocNumber", "TxnDate", "PrivateNote", "DepartmentRef"}
        | {"CurrencyRef", "ExchangeRate", "TxnTaxDetail", "GlobalTaxCalculation", "TxnSource"}
        | {"TransactionLocationType"}
    )
    ignored: ClassVar[frozenset[str]] = frozenset(
        {"TotalAmt", "HomeTotalAmt", "RecurDataRef", "LinkedTxn", "TxnStatus"}
    )
    fields: ClassVar = {
        "DocNumber": Field("DocNumber", sortable=True),
        "DepositToAccountRef": Field("DepositToAccountRef"),
        "TxnDate": Field("TxnDate", "day", sortable=True),
        "TotalAmt": Field("TotalAmt", "number", sortable=True),
    }

    @override
    def build(self, realm: Realm, wanted: Body, before: Body | None) -> Body:
        """Check the lines; the total is their sum less the cash taken back."""
        checks = Checks(wanted)
        checks.required("DepositToAccountRef", "Line")
        form = heading(realm, checks, before)
        account = check_account(realm, checks, "DepositToAccountRef", _BANKS)
        if wanted.get("Line") == []:
            checks.note(errors.missing("Line"))
        reader = _LineReader(realm, checks, before)
        lines = [reader.read(line) for line in listed(checks, "Line", wanted.get("Line", []))]
        back = _cash_back(realm, checks, wanted.get("CashBack"))
        total = sum((line["Amount"] for line in lines), ZERO) - back.get("CashBack", {}).get("Amount", ZERO)
        if total < 0:
            checks.note(errors.business("Transaction amount must be 0 or greater."))
        checks.done()
        return {**wanted, **form, **back, "DepositToAccountRef": account, "Line": lines, "TotalAmt": total}

    @override
    def committed(self, realm: Realm, before: Body | None, after: Body, call: Call) -> None:
        """Mark what was deposited, and free what no longer is; both raise its SyncToken."""
        old, new = deposited(before), deposited(after)
        for kind, txn_id in old ^ new:
            _link(realm, kind, txn_id, after["Id"] if (kind, txn_id) in new else None, call)

    @override
    def removed(self, realm: Realm, before: Body, call: Call) -> None:
        """Free what was deposited."""
        for kind, txn_id in deposited(before):
            _link(realm, kind, txn_id, None, call)


class _LineReader:
    """Reads the lines of one deposit and notes what is wrong with them."""

    def __init__(self, realm: Realm, checks: Checks, before: Body | None) -> None:
        self._realm = realm
        self._checks = checks
        self._ids = LineIds(before)
        self._mine = deposited(before)
        self._seen: set[tuple[str, str]] = set()

    def read(self, sent: Body) -> Body:
        """Return one line as it will be stored."""
        checks = Checks(sent)
        for name in sent.keys() - _LINE:
            checks.note(errors.bad_property(name))
        checks.required("Amount")
        amount = checks.money("Amount") or ZERO
        links = listed(checks, "LinkedTxn", sent.get("LinkedTxn", []))
        read: Body = {**sent, "Id": self._ids.of(sent), "Amount": amount}
        if links:
            read.pop("DepositLineDetail", None)
            read["LinkedTxn"] = [self._linked(checks, links[0], amount)]
        else:
            checks.required("DetailType")
            read["DepositLineDetail"] = self._detail(checks, sent.get("DepositLineDetail"))
        take(self._checks, checks)
        return read

    def _linked(self, checks: Checks, link: Body, amount: Decimal) -> Body:
        kind, txn_id = str(link.get("TxnType")), str(link.get("TxnId"))
        body = self._realm.get(kind, txn_id) if kind in _LINKED and kind in self._realm.stores else None
        if kind not in _LINKED or (kind, txn_id) in self._seen:
            checks.note(errors.cannot_link(txn_id))
        elif body is None:
            checks.note(errors.not_found("LinkedTxn"))
        else:
            self._check_waiting(checks, kind, body, amount)
        self._seen.add((kind, txn_id))
        return {"TxnId": txn_id, "TxnType": kind}

    def _check_waiting(self, checks: Checks, kind: str, body: Body, amount: Decimal) -> None:
        """Refuse what is not in Undeposited Funds, is deposited already, or is another amount."""
        account = self._realm.get("Account", text_of(body, "DepositToAccountRef")) or {}
        if account.get("AccountSubType") != "UndepositedFunds":
            checks.note(errors.cannot_link(body["Id"]))
        elif is_deposited(body) and (kind, body["Id"]) not in self._mine:
            checks.note(errors.deposited())
        elif amount != body["TotalAmt"]:
            text = f"The amount {amount} of the line is not the amount {body['TotalAmt']} that waits."
            checks.note(errors.business(text))

    def _detail(self, of_line: Checks, sent: Any) -> Body:
        if not isinstance(sent, dict):
            name = "DepositLineDetail"
            of_line.note(errors.missing(name) if sent is None else errors.bad_property(name))
            return {}
        checks = Checks(sent)
        for name in sent.keys() - _DETAIL:
            checks.note(errors.bad_property(name))
        checks.required("AccountRef")
        account_id = check_reference(self._realm, checks, "AccountRef", "Account", "Accounts")
        party = self._party(checks, sent.get("Entity"))
        detail = {**sent, **party}
        if account_id is not None:
            detail["AccountRef"] = named_reference(self._realm, "Account", account_id)
            check_control(checks, self._realm.account_type(account_id), party.get("Entity", {}).get("type"))
        take(of_line, checks)
        return detail

    def _party(self, checks: Checks, sent: Any) -> Body:
        """Read `Entity`, here a reference that tells its type: `{"type": "Customer", "value": …}`."""
        if sent is None:
            return {}
        kind = str(sent.get("type", "")).capitalize() if isinstance(sent, dict) else ""
        if kind not in _PARTIES:
            checks.note(errors.bad_property("Entity"))
            return {}
        party_id = check_reference(self._realm, checks, "Entity", kind, "Names")
        return {"Entity": {**named_reference(self._realm, kind, party_id), "type": kind}} if party_id else {}


def deposited(body: Body | None) -> set[tuple[str, str]]:
    """Return type and id of what a deposit took out of Undeposited Funds."""
    lines = (body or {}).get("Line", ())
    return {(link["TxnType"], link["TxnId"]) for line in lines for link in line.get("LinkedTxn", ())}


def is_deposited(body: Body) -> bool:
    """Tell whether a payment or sales receipt is in a deposit."""
    return any(link["TxnType"] == "Deposit" for link in body.get("LinkedTxn", ()))


def _link(realm: Realm, kind: str, txn_id: str, deposit_id: str | None, call: Call) -> None:
    body = realm.get(kind, txn_id)
    assert body is not None
    links = [link for link in body.get("LinkedTxn", ()) if link["TxnType"] != "Deposit"]
    if deposit_id is not None:
        links.append({"TxnId": deposit_id, "TxnType": "Deposit"})
    realm.commit(kind, {**body, "LinkedTxn": links}, change="linked", call=call)


def _cash_back(realm: Realm, checks: Checks, sent: Any) -> Body:
    """Return `CashBack`, if any: an amount that goes to another account instead of the bank."""
    if sent is None:
        return {}
    if not isinstance(sent, dict):
        checks.note(errors.bad_property("CashBack"))
        return {}
    inner = Checks(sent)
    inner.required("AccountRef", "Amount")
    account_id = check_reference(realm, inner, "AccountRef", "Account", "Accounts")
    amount = inner.money("Amount") or ZERO
    if amount < 0:
        inner.note(errors.bad_amount("Amount", amount))
    take(checks, inner)
    if account_id is None:
        return {}
    return {
        "CashBack": {**sent, "AccountRef": named_reference(realm, "Account", account_id), "Amount": amount}
    }
