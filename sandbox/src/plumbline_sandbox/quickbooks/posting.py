"""What each transaction posts: debits and credits by account, in home currency.

Pure: everything here reads bodies and returns figures.

The books are kept on accrual, as QuickBooks keeps them whatever a report shows. No document lists
which transaction posts where; what is here is double entry as every bookkeeper does it, and
Intuit's hints: an item's income account (Item), Undeposited Funds and receivables (Payment),
payables (Bill). Costs of goods from stock and gains of exchange rates are not reckoned.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal, Protocol

from plumbline_sandbox.quickbooks import wire
from plumbline_sandbox.quickbooks.store import text_of
from plumbline_sandbox.quickbooks.wire import Body

Entry = Mapping[str, Decimal]
"""What one transaction adds to accounts, by their ids: debits are positive, credits negative; the sum is zero."""

Role = Literal["receivable", "payable", "undeposited", "sales-tax", "discounts"]
"""What a company's own accounts are for, where a transaction names none."""

ROLES: Mapping[Role, tuple[str, frozenset[str]]] = {
    "receivable": ("AccountType", frozenset({"Accounts Receivable"})),
    "payable": ("AccountType", frozenset({"Accounts Payable"})),
    "undeposited": ("AccountSubType", frozenset({"UndepositedFunds"})),
    "sales-tax": ("AccountSubType", frozenset({"GlobalTaxPayable", "SalesTaxPayable"})),
    "discounts": ("AccountSubType", frozenset({"DiscountsRefundsGiven"})),
}
"""By which property, and which of its values, the account of a role is known."""

UNPOSTED = frozenset({"linked", "unlinked", "sent", "renamed"})
"""Changes that move no money: what was posted stays on the accounts it was posted to."""

Leg = tuple[str, Decimal]

_ONE = Decimal(1)


class Chart(Protocol):
    """The company as postings look it up."""

    def get(self, entity: str, entity_id: str | None) -> Body | None:
        """Return the present body of an entity, or None."""

    def account_for(self, role: Role) -> str:
        """Return the id of the company's account of this role."""


def entry(chart: Chart, entity: str, body: Body) -> Entry:
    """Return what a transaction posts; nothing for what is none, or moves no money."""
    legs = _LEGS.get(entity)
    if legs is None:
        return {}
    sums: dict[str, Decimal] = {}
    for account_id, amount in _at_home(legs(chart, body), _rate(chart, body)):
        sums[account_id] = sums[account_id] + amount if account_id in sums else amount
    return {account_id: amount for account_id, amount in sums.items() if amount}


def _at_home(legs: Iterable[Leg], rate: Decimal) -> Iterable[Leg]:
    """Return the legs in home currency; the last takes what rounding leaves."""
    if rate is _ONE:
        return legs
    converted = [(to, (amount * rate).quantize(wire.CENT, ROUND_HALF_UP)) for to, amount in legs]
    rest = sum((amount for _, amount in converted), Decimal(0))
    return [*converted, (converted[-1][0], -rest)]


def _rate(chart: Chart, body: Body) -> Decimal:
    """Return the rate of a transaction; one that is sent where there is one currency only is not heeded."""
    rate = body.get("ExchangeRate", _ONE)
    if rate == _ONE:
        return _ONE
    preferences = chart.get("Preferences", "1") or {}
    many = preferences.get("CurrencyPrefs", {}).get("MultiCurrencyEnabled") is True
    return Decimal(rate) if many else _ONE


def _invoice(chart: Chart, body: Body) -> Iterator[Leg]:
    """The customer owes it, but for the deposit taken on the form."""
    deposit = body["Deposit"]
    yield chart.account_for("receivable"), body["TotalAmt"] - deposit
    if deposit:
        yield _money_account(chart, body), deposit
    yield from _earned(chart, body)


def _credit_memo(chart: Chart, body: Body) -> Iterator[Leg]:
    yield chart.account_for("receivable"), -body["TotalAmt"]
    yield from _reversed(_earned(chart, body))


def _sales_receipt(chart: Chart, body: Body) -> Iterator[Leg]:
    yield _money_account(chart, body), body["TotalAmt"]
    yield from _earned(chart, body)


def _refund_receipt(chart: Chart, body: Body) -> Iterator[Leg]:
    yield _money_account(chart, body), -body["TotalAmt"]
    yield from _reversed(_earned(chart, body))


def _payment(chart: Chart, body: Body) -> Iterator[Leg]:
    """All of it lowers receivables, applied or not."""
    yield text_of(body, "ARAccountRef") or chart.account_for("receivable"), -body["TotalAmt"]
    yield _money_account(chart, body), body["TotalAmt"]


def _bill(chart: Chart, body: Body) -> Iterator[Leg]:
    yield _payable(chart, body), -body["TotalAmt"]
    yield from _spent(chart, body)


def _vendor_credit(chart: Chart, body: Body) -> Iterator[Leg]:
    yield _payable(chart, body), body["TotalAmt"]
    yield from _reversed(_spent(chart, body))


def _bill_payment(chart: Chart, body: Body) -> Iterator[Leg]:
    paid_from = text_of(body, "CheckPayment.BankAccountRef") or text_of(
        body, "CreditCardPayment.CCAccountRef"
    )
    yield _payable(chart, body), body["TotalAmt"]
    yield paid_from or "", -body["TotalAmt"]


def _purchase(chart: Chart, body: Body) -> Iterator[Leg]:
    """Money goes out, or comes back to the card if it is a credit."""
    legs = [(text_of(body, "AccountRef") or "", -body["TotalAmt"]), *_spent(chart, body)]
    return _reversed(legs) if body.get("Credit") else iter(legs)


def _deposit(chart: Chart, body: Body) -> Iterator[Leg]:
    """The bank gets the lines less the cash taken back; what waited leaves Undeposited Funds."""
    yield text_of(body, "DepositToAccountRef") or "", body["TotalAmt"]
    if back := body.get("CashBack"):
        yield text_of(back, "AccountRef") or "", back["Amount"]
    for line in body["Line"]:
        links = line.get("LinkedTxn")
        if links:
            waited = chart.get(links[0]["TxnType"], links[0]["TxnId"]) or {}
            yield _money_account(chart, waited), -line["Amount"]
        else:
            yield text_of(line, "DepositLineDetail.AccountRef") or "", -line["Amount"]


def _transfer(_: Chart, body: Body) -> Iterator[Leg]:
    yield text_of(body, "ToAccountRef") or "", body["Amount"]
    yield text_of(body, "FromAccountRef") or "", -body["Amount"]


def _journal_entry(_: Chart, body: Body) -> Iterator[Leg]:
    for line in body["Line"]:
        if detail := line.get("JournalEntryLineDetail"):
            sign = 1 if detail["PostingType"] == "Debit" else -1
            yield text_of(detail, "AccountRef") or "", sign * line["Amount"]


def _earned(chart: Chart, body: Body) -> Iterator[Leg]:
    """Return the credits of a sales form: income by item, sales tax; discounts are debits."""
    yield from _sold(chart, body["Line"])
    if tax := body["TxnTaxDetail"]["TotalTax"]:
        yield chart.account_for("sales-tax"), -tax


def _sold(chart: Chart, lines: Iterable[Body]) -> Iterator[Leg]:
    for line in lines:
        kind = line["DetailType"]
        if kind == "SalesItemLineDetail":
            item = chart.get("Item", line["SalesItemLineDetail"]["ItemRef"]["value"]) or {}
            yield item["IncomeAccountRef"]["value"], -line["Amount"]
        elif kind == "GroupLineDetail":
            yield from _sold(chart, line["GroupLineDetail"]["Line"])
        elif kind == "DiscountLineDetail":
            named = text_of(line, "DiscountLineDetail.DiscountAccountRef")
            yield named or chart.account_for("discounts"), line["Amount"]


def _spent(chart: Chart, body: Body) -> Iterator[Leg]:
    """Return the debits of a purchase: accounts, or expense accounts of items; tax on top of them."""
    for line in body["Line"]:
        if line["DetailType"] == "AccountBasedExpenseLineDetail":
            yield text_of(line, "AccountBasedExpenseLineDetail.AccountRef") or "", line["Amount"]
        else:
            item = chart.get("Item", text_of(line, "ItemBasedExpenseLineDetail.ItemRef")) or {}
            yield text_of(item, "ExpenseAccountRef") or "", line["Amount"]
    if tax := body.get("TxnTaxDetail", {}).get("TotalTax"):
        yield chart.account_for("sales-tax"), tax


def _money_account(chart: Chart, body: Body) -> str:
    return text_of(body, "DepositToAccountRef") or chart.account_for("undeposited")


def _payable(chart: Chart, body: Body) -> str:
    return text_of(body, "APAccountRef") or chart.account_for("payable")


def _reversed(legs: Iterable[Leg]) -> Iterator[Leg]:
    return ((account_id, -amount) for account_id, amount in legs)


_LEGS: Mapping[str, Callable[[Chart, Body], Iterator[Leg]]] = {
    "Bill": _bill,
    "BillPayment": _bill_payment,
    "CreditMemo": _credit_memo,
    "Deposit": _deposit,
    "Invoice": _invoice,
    "JournalEntry": _journal_entry,
    "Payment": _payment,
    "Purchase": _purchase,
    "RefundReceipt": _refund_receipt,
    "SalesReceipt": _sales_receipt,
    "Transfer": _transfer,
    "VendorCredit": _vendor_credit,
}
