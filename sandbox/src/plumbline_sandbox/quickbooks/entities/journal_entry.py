"""Journal entries: debits and credits on any accounts, in balance."""

from collections import defaultdict
from decimal import Decimal
from typing import Any, ClassVar

from typing_extensions import override

from plumbline_sandbox.quickbooks import errors, ledger, payables
from plumbline_sandbox.quickbooks.checks import Checks
from plumbline_sandbox.quickbooks.entities.base import check_reference, named_reference, named_references
from plumbline_sandbox.quickbooks.entities.transaction import (
    LineIds,
    Transaction,
    check_control,
    check_party,
    heading,
    listed,
    take,
)
from plumbline_sandbox.quickbooks.errors import FaultError
from plumbline_sandbox.quickbooks.ledger import ZERO
from plumbline_sandbox.quickbooks.query.fields import Field
from plumbline_sandbox.quickbooks.realm import Call, Realm
from plumbline_sandbox.quickbooks.store import Family
from plumbline_sandbox.quickbooks.wire import Body

_LINE = frozenset(
    {"Id", "LineNum", "Description", "Amount", "DetailType", "JournalEntryLineDetail", "ProjectRef"}
    | {"DescriptionLineDetail", "LinkedTxn", "CustomField"}
)
_DETAIL = frozenset(
    {"PostingType", "AccountRef", "Entity", "ClassRef", "DepartmentRef", "TaxCodeRef", "TaxApplicableOn"}
    | {"TaxAmount", "TaxInclusiveAmt", "BillableStatus", "JournalCodeRef"}
)
_POSTED = frozenset({"Amount", "JournalEntryLineDetail"})
"""What a line that only describes does not have."""

_POSTINGS = frozenset({"Debit", "Credit"})
_PARTIES = frozenset({"Customer", "Vendor", "Employee"})


class JournalEntry(Transaction):
    """Intuit, JournalEntry. `TotalAmt` is always zero; ids of lines start at 0."""

    family = Family(
        "JournalEntry",
        "transaction",
        "journal-entries",
        lambda body: body.get("DocNumber"),
        ("DocNumber",),
    )
    writable: ClassVar[frozenset[str]] = frozenset(
        {"Line", "DocNumber", "TxnDate", "PrivateNote", "Adjustment", "CurrencyRef", "ExchangeRate"}
        | {"TxnTaxDetail", "GlobalTaxCalculation", "TaxRateRef", "TransactionLocationType"}
    )
    ignored: ClassVar[frozenset[str]] = frozenset({"TotalAmt", "HomeTotalAmt", "RecurDataRef", "LinkedTxn"})
    fields: ClassVar = {
        "DocNumber": Field("DocNumber", sortable=True),
        "TxnDate": Field("TxnDate", "day", sortable=True),
    }

    @override
    def build(self, realm: Realm, wanted: Body, before: Body | None) -> Body:
        """Check the lines and that debits equal credits."""
        checks = Checks(wanted)
        checks.required("Line")
        form = heading(realm, checks, before)
        adjustment = checks.flag("Adjustment")
        lines = self._lines(realm, checks, wanted.get("Line", []), before)
        checks.done()
        _check_balance(checks, lines)
        checks.done()
        body = {"TxnTaxDetail": {}, **wanted, **form, "Adjustment": adjustment or False, "Line": lines}
        return {**body, "TotalAmt": ZERO, "LinkedTxn": (before or {}).get("LinkedTxn", [])}

    @override
    def admit(self, realm: Realm, before: Body | None, built: Body, call: Call) -> None:
        """Refuse a taken number, and to take from bill payments what they have settled (inferred)."""
        super().admit(realm, before, built, call)
        if before is None or not before["LinkedTxn"]:
            return
        old, new = (ledger.journal_owed(body, realm.account_type) for body in (before, built))
        if _sums(old) != _sums(new):
            text = "The amounts of vendors cannot be changed while bill payments are linked to this entry."
            raise FaultError(errors.business(text))

    @override
    def refuse_dependents(self, realm: Realm, before: Body) -> None:
        """Refuse while a bill payment is linked."""
        if payables.payments_of(before):
            raise FaultError(errors.has_dependents("Unlink the linked transactions before deleting."))

    @staticmethod
    def _lines(realm: Realm, checks: Checks, sent: Any, before: Body | None) -> list[Body]:
        ids = LineIds(before, first=0)
        return [_line(realm, checks, line, ids) for line in listed(checks, "Line", sent)]


def _line(realm: Realm, checks: Checks, sent: Body, ids: LineIds) -> Body:
    inner = Checks(sent)
    for name in sent.keys() - _LINE:
        inner.note(errors.bad_property(name))
    read: Body = {**sent, "Id": ids.of(sent)}
    match sent.get("DetailType"):
        case "JournalEntryLineDetail":
            read["Amount"] = _amount(inner)
            read["JournalEntryLineDetail"] = _detail(realm, inner, sent.get("JournalEntryLineDetail"))
        case "DescriptionOnly":
            read = {name: value for name, value in read.items() if name not in _POSTED}
        case None:
            inner.note(errors.missing("DetailType"))
        case other:
            inner.note(errors.bad_type("DetailType", other))
    take(checks, inner)
    return read


def _amount(checks: Checks) -> Decimal:
    checks.required("Amount")
    amount = checks.money("Amount") or ZERO
    if amount < 0:
        # A journal entry has two sides instead of two signs (inferred).
        checks.note(errors.bad_amount("Amount", amount))
    return amount


def _detail(realm: Realm, of_line: Checks, sent: Any) -> Body:
    if not isinstance(sent, dict):
        name = "JournalEntryLineDetail"
        of_line.note(errors.missing(name) if sent is None else errors.bad_property(name))
        return {}
    checks = Checks(sent)
    for name in sent.keys() - _DETAIL:
        checks.note(errors.bad_property(name))
    checks.required("PostingType", "AccountRef")
    checks.choice("PostingType", _POSTINGS)
    account_id = check_reference(realm, checks, "AccountRef", "Account", "Accounts")
    party = _party(realm, checks, sent.get("Entity"))
    references = named_references(realm, checks, {"ClassRef": "Class", "DepartmentRef": "Department"})
    detail = {**sent, **references, **party}
    if account_id is not None:
        detail["AccountRef"] = named_reference(realm, "Account", account_id)
        check_control(checks, realm.account_type(account_id), party.get("Entity", {}).get("Type"))
    take(of_line, checks)
    return detail


def _party(realm: Realm, checks: Checks, sent: Any) -> Body:
    """Read `Entity`: `{"Type": "Vendor", "EntityRef": {"value": …}}`."""
    if sent is None:
        return {}
    if not isinstance(sent, dict) or sent.get("Type") not in _PARTIES:
        checks.note(errors.bad_property("Entity"))
        return {}
    inner = Checks(sent)
    inner.required("EntityRef")
    reference = check_party(realm, inner, "EntityRef", sent["Type"])
    take(checks, inner)
    return {"Entity": {"Type": sent["Type"], "EntityRef": reference}} if reference else {}


def _check_balance(checks: Checks, lines: list[Body]) -> None:
    sides: defaultdict[str, list[Decimal]] = defaultdict(list)
    for line in lines:
        if "JournalEntryLineDetail" in line:
            sides[line["JournalEntryLineDetail"]["PostingType"]].append(line["Amount"])
    if not (sides["Debit"] and sides["Credit"]):
        checks.note(errors.business("You must have at least one debit and one credit line."))
    elif sum(sides["Debit"]) != sum(sides["Credit"]):
        checks.note(errors.business("Please balance debits and credits."))


def _sums(parts: list[ledger.Owed]) -> dict[str, Decimal]:
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for part in parts:
        sums[part.name_id] += part.amount
    return dict(sums)
