"""The general ledger of one company: what every transaction posted, and the balance of every account."""

from collections import defaultdict
from decimal import Decimal

from plumbline_sandbox.quickbooks.posting import Entry

Source = tuple[str, str]
"""Type and id of the transaction that posted an entry."""


class GeneralLedger:
    """Balances by account id, debits positive. Their sum is zero as long as every entry's is."""

    def __init__(self) -> None:
        self._balances: defaultdict[str, Decimal] = defaultdict(Decimal)
        self._entries: dict[Source, Entry] = {}

    def post(self, source: Source, entry: Entry) -> None:
        """Replace what a transaction posted; an empty entry takes it off the books."""
        for account_id, amount in self._entries.pop(source, {}).items():
            self._balances[account_id] -= amount
        for account_id, amount in entry.items():
            self._balances[account_id] += amount
        if entry:
            self._entries[source] = entry

    def balance(self, account_id: str) -> Decimal:
        """Return the balance of an account."""
        return self._balances.get(account_id, Decimal(0))

    def balances(self) -> dict[str, Decimal]:
        """Return the balance of every account that anything was ever posted to."""
        return dict(self._balances)

    def entry(self, source: Source) -> Entry:
        """Return what a transaction posted."""
        return self._entries.get(source, {})
