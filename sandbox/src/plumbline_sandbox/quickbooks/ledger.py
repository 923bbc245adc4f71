"""Arithmetic of receivables: what an invoice still owes, what a payment has left, who owes what.

Open balances of customers and vendors are sums of what each transaction adds to them.

Pure: everything here takes bodies and returns figures.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from plumbline_sandbox.quickbooks.store import text_of
from plumbline_sandbox.quickbooks.wire import Body

ZERO = Decimal(0)
"""No money."""


Target = tuple[str, str]
"""Type and id of what a payment pays, or takes from."""

Applied = dict[Target, Decimal]
"""How much of a payment goes to which transaction."""


@dataclass(frozen=True, slots=True)
class Owed:
    """What one transaction adds to the open balance of a customer (owed to us) or vendor (owed by us)."""

    name_id: str
    amount: Decimal


def owed(entity: str, body: Body, account_type: Callable[[str], str]) -> list[Owed]:
    """Return the parts of a transaction in the balances of customers and vendors.

    Args:
        entity: Its type.
        body: The transaction.
        account_type: Tells the type of an account by its id.
    """
    if entity in _PARTS:
        party, amount, sign = _PARTS[entity]
        return [Owed(text_of(body, party) or "", sign * body[amount])]
    if entity == "JournalEntry":
        return journal_owed(body, account_type)
    return _deposit_owed(body, account_type) if entity == "Deposit" else []


def journal_owed(entry: Body, account_type: Callable[[str], str]) -> list[Owed]:
    """Return what a journal entry's lines on receivable and payable accounts add to balances."""
    found = []
    for line in entry["Line"]:
        detail = line.get("JournalEntryLineDetail", {})
        side = _INCREASING.get(account_type(text_of(detail, "AccountRef") or ""))
        if side is not None:
            party = text_of(detail, "Entity.EntityRef") or ""
            found.append(Owed(party, line["Amount"] if detail["PostingType"] == side else -line["Amount"]))
    return found


def _deposit_owed(deposit: Body, account_type: Callable[[str], str]) -> list[Owed]:
    """Money from a customer lowers what the customer owes; money from a vendor raises what we owe."""
    found = []
    for line in deposit["Line"]:
        detail = line.get("DepositLineDetail", {})
        side = _INCREASING.get(account_type(text_of(detail, "AccountRef") or ""))
        if side is not None:
            amount = line["Amount"] if side == "Credit" else -line["Amount"]
            found.append(Owed(text_of(detail, "Entity") or "", amount))
    return found


_PARTS = {
    "Invoice": ("CustomerRef", "Balance", 1),
    "CreditMemo": ("CustomerRef", "Balance", -1),
    "Payment": ("CustomerRef", "UnappliedAmt", -1),
    "Bill": ("VendorRef", "TotalAmt", 1),
    "VendorCredit": ("VendorRef", "TotalAmt", -1),
    "BillPayment": ("VendorRef", "TotalAmt", -1),
}
"""Whose balance a transaction moves, by which of its amounts, and in which direction."""

_INCREASING = {"Accounts Receivable": "Debit", "Accounts Payable": "Credit"}


def balance(invoice: Body, applied: Decimal) -> Decimal:
    """Return what is open on an invoice of which so much has been paid."""
    open_amount: Decimal = invoice["TotalAmt"] - invoice.get("Deposit", ZERO) - applied
    return open_amount


def paid(invoice: Body) -> Decimal:
    """Return how much payments have taken off this invoice."""
    return balance(invoice, ZERO) - Decimal(invoice["Balance"])


def applications(payment: Body | None) -> Applied:
    """Return how much of a payment goes to which transaction; what it takes from credit memos too."""
    amounts: defaultdict[Target, Decimal] = defaultdict(Decimal)
    for line in (payment or {}).get("Line", ()):
        for link in line["LinkedTxn"]:
            amounts[link["TxnType"], link["TxnId"]] += line["Amount"]
    return dict(amounts)


def unapplied(total: Decimal, applied: Applied) -> Decimal:
    """Return what is left of the money received; credits pay before it does."""
    return total - sum((-amount if is_credit(to) else amount for to, amount in applied.items()), ZERO)


def is_credit(target: Target) -> bool:
    """Tell whether a payment takes from this transaction instead of paying it."""
    return target[0] == "CreditMemo"


def linked_payments(body: Body) -> list[str]:
    """Return the ids of the payments that are linked to a form, in order of application."""
    return [link["TxnId"] for link in body["LinkedTxn"] if link["TxnType"] == "Payment"]


def relinked(form: Body, payment_id: str, *, before: Decimal, after: Decimal) -> Body:
    """Return the form as it is when this payment's part in it changes."""
    others = [link for link in form["LinkedTxn"] if link["TxnId"] != payment_id]
    mine = [{"TxnId": payment_id, "TxnType": "Payment"}] if after else []
    open_amount = form["Balance"] + before - after
    changed = {**form, "Balance": open_amount, "LinkedTxn": others + mine}
    return {**changed, "RemainingCredit": open_amount} if "RemainingCredit" in form else changed


def with_at_most(payment: Body, target: Target, most: Decimal) -> Body:
    """Return the payment with at most so much of it applied to this invoice."""
    lines = lines_with_at_most(payment, target, most, is_credit)
    left = unapplied(payment["TotalAmt"], applications({"Line": lines}))
    return {**payment, "Line": lines, "UnappliedAmt": left}


def lines_with_at_most(
    payment: Body, target: Target, most: Decimal, gives: Callable[[Target], bool]
) -> list[Body]:
    """Return the lines of a payment with at most so much of it applied to this invoice or bill.

    Credits that then have nothing left to pay are given back, the last one first.

    Args:
        payment: The payment.
        target: The invoice or bill.
        most: What it can take.
        gives: Tells whether a payment takes from a transaction instead of paying it.
    """
    applied = applications(payment)
    limits = {**applied, target: min(applied.get(target, ZERO), most)}
    paid_for = sum((amount for to, amount in limits.items() if not gives(to)), ZERO)
    for credit in [to for to in limits if gives(to)]:
        limits[credit] = min(limits[credit], paid_for)
        paid_for -= limits[credit]
    return _limited(payment["Line"], limits)


def _limited(lines: list[Body], limits: Applied) -> list[Body]:
    left = dict(limits)
    kept = []
    for line in lines:
        (link,) = line["LinkedTxn"]
        amount = min(line["Amount"], left[link["TxnType"], link["TxnId"]])
        left[link["TxnType"], link["TxnId"]] -= amount
        if amount:
            kept.append({**line, "Amount": amount})
    return kept
