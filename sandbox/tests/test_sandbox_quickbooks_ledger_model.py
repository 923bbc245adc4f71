"""Random work of every kind against a model of the ledger, which reckons each account from what was asked.

The model knows amounts in cents and double entry, and no body the sandbox made: what a transaction
posts is written down here a second time, and every account must have exactly that.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sandbox_books import Body
from sandbox_rules import rule

from plumbline_sandbox.blueprint import CustomerBlueprint, RealmBlueprint
from plumbline_sandbox.quickbooks.errors import FaultError
from plumbline_sandbox.quickbooks.seed import SeededRealm
from plumbline_sandbox.world import World

SEQUENCES = 500
STEPS = 16
REALM = "9341453000000001"

RECEIVABLE, PAYABLE, WAITING = "Accounts Receivable (A/R)", "Accounts Payable (A/P)", "Undeposited Funds"
INCOME = {"Services": "Construction Income", "Change order work": "Change Order Income"}
COSTS = ("Subcontractors", "Job Materials", "Fuel", "Retainage Payable")
BANKS = ("Checking", "Savings", "Petty Cash")
VOIDED = frozenset({"Invoice", "SalesReceipt", "Payment", "BillPayment"})

Legs = Counter[str]
"""Cents by account; debits are positive."""


@dataclass
class Made:
    """A transaction that stands: its type, what it should have posted, what it has of a payment's lines."""

    kind: str
    legs: Legs


def opposite(legs: Mapping[str, int]) -> Legs:
    return Counter({account: -cents for account, cents in legs.items()})


class Sequence:
    """One customer, one vendor, and random work on them in a company of their own."""

    def __init__(self, world: World, number: int, lists: SeededRealm, books: Counter[str]) -> None:
        self.world, self.rng, self.lists, self.books = world, random.Random(number), lists, books
        self.customer = self.do("Customer", {"DisplayName": f"Customer {number}"})["Id"]
        self.vendor = self.do("Vendor", {"DisplayName": f"Vendor {number}"})["Id"]
        self.made: dict[str, Made] = {}
        self.kinds: dict[str, Callable[[], tuple[Body, Legs]]] = {
            "Invoice": self.invoice,
            "CreditMemo": self.credit_memo,
            "SalesReceipt": self.sales_receipt,
            "RefundReceipt": self.refund_receipt,
            "Payment": self.payment,
            "Bill": self.bill,
            "VendorCredit": self.vendor_credit,
            "BillPayment": self.bill_payment,
            "Purchase": self.purchase,
            "Deposit": self.deposit,
            "JournalEntry": self.entry,
            "Transfer": self.transfer,
        }

    def run(self) -> None:
        acts = [self.create, self.create, self.create, self.update, self.update, self.void, self.delete]
        for _ in range(STEPS):
            self.rng.choice(acts)()
            self.check()

    def do(self, entity: str, body: Body, operation: str = "") -> Body:
        return self.world.quickbooks.person(REALM, entity, body, operation)

    def create(self) -> None:
        kind = self.rng.choice(list(self.kinds))
        body, legs = self.kinds[kind]()
        self.keep(kind, self.do(kind, body)["Id"], legs)

    def update(self) -> None:
        """Change a transaction; what is deposited, or used by a payment, cannot change."""
        if txn_id := self.any():
            kind = self.made[txn_id].kind
            body, legs = self.kinds[kind]()
            refusal = self.attempt(kind, {**body, "Id": txn_id})
            assert refusal in {"", "6540", "6000"}, refusal
            if not refusal:
                self.keep(kind, txn_id, legs)

    def void(self) -> None:
        if txn_id := self.any():
            kind = self.made[txn_id].kind
            refusal = self.attempt(kind, {"Id": txn_id}, "void")
            assert refusal in ({"", "6540"} if kind in VOIDED else {"500"}), refusal
            if not refusal:
                self.keep(kind, txn_id, Counter())

    def delete(self) -> None:
        """Delete a transaction; what others are linked to cannot go."""
        if txn_id := self.any():
            kind = self.made[txn_id].kind
            refusal = self.attempt(kind, {"Id": txn_id}, "delete")
            assert refusal in {"", "6540", "800"}, refusal
            if not refusal:
                self.keep(kind, txn_id, Counter())
                del self.made[txn_id]

    def attempt(self, kind: str, body: Body, operation: str = "") -> str:
        """Try something; return the code with which it is refused, or nothing."""
        try:
            self.do(kind, body, operation)
        except FaultError as refused:
            return refused.codes[0]
        return ""

    def keep(self, kind: str, txn_id: str, legs: Legs) -> None:
        self.books.subtract(self.made[txn_id].legs if txn_id in self.made else {})
        self.books.update(legs)
        self.made[txn_id] = Made(kind, legs)

    def any(self) -> str | None:
        return self.rng.choice(list(self.made)) if self.made else None

    def cents(self) -> int:
        return self.rng.randrange(1, 50_000)

    def ref(self, account: str) -> Body:
        return {"value": self.lists.accounts[account]}

    def some_bank(self) -> tuple[str, Body]:
        bank = self.rng.choice(BANKS)
        return bank, self.ref(bank)

    def sold(self) -> tuple[Body, Legs, int]:
        """Return lines, discount and tax of a sales form, its credits, and its total."""
        lines, legs, total = [], Counter[str](), 0
        for _ in range(self.rng.randrange(1, 4)):
            item, cents = self.rng.choice(list(INCOME)), self.cents()
            lines.append(
                {
                    "DetailType": "SalesItemLineDetail",
                    "Amount": cents / 100,
                    "SalesItemLineDetail": {"ItemRef": {"value": self.lists.items[item]}},
                }
            )
            legs[INCOME[item]] -= cents
            total += cents
        if self.rng.random() < 0.3:
            cents = self.rng.randrange(total)
            lines.append(
                {
                    "DetailType": "DiscountLineDetail",
                    "Amount": cents / 100,
                    "DiscountLineDetail": {"PercentBased": False},
                }
            )
            legs["Discounts Given"] += cents
            total -= cents
        tax = self.rng.choice([0, 0, 825])
        legs["Sales Tax Payable"] -= tax
        form = {
            "CustomerRef": {"value": self.customer},
            "Line": lines,
            "TxnTaxDetail": {"TotalTax": tax / 100},
        }
        return form, legs, total + tax

    def spent(self) -> tuple[list[Body], Legs, int]:
        """Return lines of a purchase, the last perhaps negative, its debits, and its total."""
        lines, legs, total = [], Counter[str](), 0
        amounts = [self.cents() for _ in range(self.rng.randrange(1, 4))]
        if self.rng.random() < 0.3:
            amounts.append(-self.rng.randrange(sum(amounts)))
        for cents in amounts:
            account = self.rng.choice(COSTS)
            lines.append(
                {
                    "DetailType": "AccountBasedExpenseLineDetail",
                    "Amount": cents / 100,
                    "AccountBasedExpenseLineDetail": {"AccountRef": self.ref(account)},
                }
            )
            legs[account] += cents
            total += cents
        return lines, legs, total

    def invoice(self) -> tuple[Body, Legs]:
        form, legs, total = self.sold()
        deposit = self.rng.choice([0, 0, self.rng.randrange(total)])
        bank, reference = self.some_bank()
        legs.update({RECEIVABLE: total - deposit})
        legs.update({bank: deposit})
        return {**form, "Deposit": deposit / 100, "DepositToAccountRef": reference}, legs

    def credit_memo(self) -> tuple[Body, Legs]:
        form, legs, total = self.sold()
        legs.update({RECEIVABLE: total})
        return form, opposite(legs)

    def sales_receipt(self) -> tuple[Body, Legs]:
        form, legs, total = self.sold()
        bank, reference = self.some_bank()
        legs.update({bank: total})
        return {**form, "DepositToAccountRef": reference}, legs

    def refund_receipt(self) -> tuple[Body, Legs]:
        form, legs = self.sales_receipt()
        return form, opposite(legs)

    def payment(self) -> tuple[Body, Legs]:
        """Pay an invoice that is open as far as the money goes, or nothing."""
        cents = self.cents()
        lines = []
        if (invoice := self.some_of("Invoice", "Balance")) and self.rng.random() < 0.7:
            part = min(cents, invoice[1])
            link = {"TxnId": invoice[0], "TxnType": "Invoice"}
            lines = [{"Amount": part / 100, "LinkedTxn": [link]}] if part else []
        bank, reference = self.rng.choice([(WAITING, self.ref(WAITING)), self.some_bank()])
        body = {
            "CustomerRef": {"value": self.customer},
            "TotalAmt": cents / 100,
            "Line": lines,
            "DepositToAccountRef": reference,
        }
        return body, Counter({RECEIVABLE: -cents, bank: cents})

    def bill(self) -> tuple[Body, Legs]:
        lines, legs, total = self.spent()
        legs.subtract({PAYABLE: total})
        return {"VendorRef": {"value": self.vendor}, "Line": lines}, legs

    def vendor_credit(self) -> tuple[Body, Legs]:
        form, legs = self.bill()
        return form, opposite(legs)

    def bill_payment(self) -> tuple[Body, Legs]:
        cents = self.cents()
        lines = []
        if (bill := self.some_of("Bill", "Balance")) and self.rng.random() < 0.7:
            part = min(cents, bill[1])
            lines = (
                [{"Amount": part / 100, "LinkedTxn": [{"TxnId": bill[0], "TxnType": "Bill"}]}] if part else []
            )
        form = {"VendorRef": {"value": self.vendor}, "TotalAmt": cents / 100, "Line": lines}
        if self.rng.random() < 0.4:
            card = {"CreditCardPayment": {"CCAccountRef": self.ref("Company Card")}, "PayType": "CreditCard"}
            return {**form, **card}, Counter({PAYABLE: cents, "Company Card": -cents})
        bank, reference = self.some_bank()
        check = {"CheckPayment": {"BankAccountRef": reference}, "PayType": "Check"}
        return {**form, **check}, Counter({PAYABLE: cents, bank: -cents})

    def purchase(self) -> tuple[Body, Legs]:
        lines, legs, total = self.spent()
        if self.rng.random() < 0.5:
            bank, reference = self.some_bank()
            legs.subtract({bank: total})
            return {"PaymentType": "Cash", "AccountRef": reference, "Credit": False, "Line": lines}, legs
        legs.subtract({"Company Card": total})
        back = self.rng.random() < 0.3
        form = {"PaymentType": "CreditCard", "AccountRef": self.ref("Company Card"), "Line": lines}
        return {**form, "Credit": back}, opposite(legs) if back else legs

    def deposit(self) -> tuple[Body, Legs]:
        """Bank new money, and what waits if something does; some cash comes back."""
        cents, legs = self.cents(), Counter[str]()
        lines: list[Body] = [
            {
                "Amount": cents / 100,
                "DetailType": "DepositLineDetail",
                "DepositLineDetail": {"AccountRef": self.ref("Interest Earned")},
            }
        ]
        legs["Interest Earned"] -= cents
        if waiting := self.waiting():
            txn_id, amount = waiting
            lines.append({"Amount": amount / 100, "LinkedTxn": [{"TxnId": txn_id, "TxnType": "Payment"}]})
            legs[WAITING] -= amount
            cents += amount
        back = self.rng.choice([0, self.rng.randrange(1, cents + 1)])
        bank, reference = self.some_bank()
        legs[bank] += cents - back
        legs["Petty Cash"] += back
        returned = {"CashBack": {"AccountRef": self.ref("Petty Cash"), "Amount": back / 100}}
        return {"DepositToAccountRef": reference, "Line": lines, **returned}, legs

    def entry(self) -> tuple[Body, Legs]:
        cents = self.cents()
        customer = {"Entity": {"Type": "Customer", "EntityRef": {"value": self.customer}}}
        vendor = {"Entity": {"Type": "Vendor", "EntityRef": {"value": self.vendor}}}
        debit, credit = self.rng.choice(
            [
                (("Insurance", {}), ("Prepaid Insurance", {})),
                ((RECEIVABLE, customer), ("Construction Income", {})),
                (("Fuel", {}), (PAYABLE, vendor)),
            ]
        )
        lines = [
            {
                "DetailType": "JournalEntryLineDetail",
                "Amount": cents / 100,
                "JournalEntryLineDetail": {"PostingType": side, "AccountRef": self.ref(account), **party},
            }
            for side, (account, party) in (("Debit", debit), ("Credit", credit))
        ]
        return {"Line": lines}, Counter({debit[0]: cents, credit[0]: -cents})

    def transfer(self) -> tuple[Body, Legs]:
        cents, (source, target) = self.cents(), self.rng.sample(BANKS, 2)
        body = {"FromAccountRef": self.ref(source), "ToAccountRef": self.ref(target), "Amount": cents / 100}
        return body, Counter({source: -cents, target: cents})

    def some_of(self, kind: str, open_: str) -> tuple[str, int] | None:
        """Return a transaction of this kind, and how many cents of it are open."""
        found = [txn_id for txn_id, made in self.made.items() if made.kind == kind]
        if not found:
            return None
        txn_id = self.rng.choice(found)
        body = self.world.quickbooks.realm(REALM).get(kind, txn_id) or {}
        return txn_id, max(int(body[open_] * 100), 0)

    def waiting(self) -> tuple[str, int] | None:
        """Return a payment that waits to be banked, and its cents."""
        realm = self.world.quickbooks.realm(REALM)
        for txn_id, made in self.made.items():
            body = realm.get("Payment", txn_id) if made.kind == "Payment" else None
            if body and made.legs[WAITING] and not body.get("LinkedTxn"):
                return txn_id, made.legs[WAITING]
        return None

    def check(self) -> None:
        """See that every account has what the model says, and that names owe what the accounts say."""
        realm = self.world.quickbooks.realm(REALM)
        ledger = realm.general_ledger
        for account, cents in self.books.items():
            assert ledger.balance(self.lists.accounts[account]) * 100 == cents, account
        assert sum(ledger.balances().values()) == 0


def owed(world: World, entity: str) -> int:
    """Return what all customers or all vendors owe or are owed, in cents."""
    realm = world.quickbooks.realm(REALM)
    return sum(int(realm.owed[body["Id"]] * 100) for body in realm.stores[entity].all())


@rule(
    "Every account has what transactions post to it, and the sum over all accounts is zero, whatever is done in whatever order.",
    "Double entry",
)
def test_random_work_agrees_with_the_ledgers_model() -> None:
    world = World(1)
    blueprint = RealmBlueprint(
        REALM, "Books", "id", "secret", "access", "refresh", (CustomerBlueprint("A", None, ()),)
    )
    lists = world.quickbooks.seed(blueprint)
    books: Counter[str] = Counter(dict.fromkeys(lists.accounts, 0))
    done: Counter[str] = Counter()
    for number in range(SEQUENCES):
        sequence = Sequence(world, number, lists, books)
        sequence.run()
        done.update(made.kind for made in sequence.made.values())
        if number % 50 == 0:
            assert owed(world, "Customer") == books[RECEIVABLE]
            assert owed(world, "Vendor") == -books[PAYABLE]
    assert len(done) == len(sequence.kinds)
