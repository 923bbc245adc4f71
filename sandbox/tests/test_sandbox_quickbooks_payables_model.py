"""Random sequences of bills, credits and payments against a small model of what is owed.

The model knows totals and applications in cents, and nothing else: every balance is reckoned anew.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sandbox_books import Body
from sandbox_rules import rule

from plumbline_sandbox.blueprint import RealmBlueprint
from plumbline_sandbox.quickbooks.errors import FaultError
from plumbline_sandbox.world import World

SEQUENCES = 600
STEPS = 20
REALM = "9341453000000001"
VENDORS = ("one", "two")

Target = tuple[str, str]


@dataclass
class Form:
    """A bill, a vendor credit, or a journal entry that is either; `payments` in order of linking."""

    side: str
    vendor: str
    total: int
    payments: list[str] = field(default_factory=list)


@dataclass
class Money:
    """A bill payment: what went out, and what each transaction got or gave."""

    vendor: str
    total: int
    lines: list[tuple[Target, int]]

    def to(self, target: Target) -> int:
        return sum(amount for to, amount in self.lines if to == target)


class Model:
    """What should be."""

    def __init__(self) -> None:
        self.forms: dict[Target, Form] = {}
        self.money: dict[str, Money] = {}

    def open(self, target: Target) -> int:
        return self.forms[target].total - sum(money.to(target) for money in self.money.values())

    def side(self, money: Money, side: str) -> int:
        return sum(amount for to, amount in money.lines if self.forms[to].side == side)

    def left(self, money: Money) -> int:
        """Return what of a payment's own money settles nothing."""
        return money.total - self.side(money, "owed") + self.side(money, "credit")

    def refuses(self, money: Money, payment_id: str = "") -> bool:
        had = self.money.get(payment_id, Money("", 0, []))
        targets = {to for to, _ in money.lines}
        if any(self.forms[to].vendor != money.vendor or not self.forms[to].total for to in targets):
            return True
        if any(money.to(to) > self.open(to) + had.to(to) for to in targets):
            return True
        return not 0 <= self.left(money) <= money.total

    def put(self, payment_id: str, money: Money) -> None:
        had = self.money.get(payment_id, Money("", 0, []))
        for to in dict.fromkeys(to for to, _ in [*had.lines, *money.lines]):
            if had.to(to) != money.to(to):
                linked = self.forms[to].payments
                linked[:] = [other for other in linked if other != payment_id]
                linked += [payment_id] if money.to(to) else []
        self.money[payment_id] = money

    def limit(self, target: Target, most: int) -> None:
        """Leave the payments of a bill so much in all, the older ones theirs first."""
        for payment_id in list(self.forms[target].payments):
            money = self.money[payment_id]
            mine = min(money.to(target), most)
            most -= mine
            if mine != money.to(target):
                self.put(payment_id, self.cut(money, target, mine))

    def cut(self, money: Money, target: Target, most: int) -> Money:
        """Return the payment with so much for a bill; credits that pay nothing then are given back."""
        amounts = {to: money.to(to) for to, _ in money.lines}
        amounts[target] = most
        paid_for = sum(amount for to, amount in amounts.items() if self.forms[to].side == "owed")
        for to in [to for to in amounts if self.forms[to].side == "credit"]:
            amounts[to] = min(amounts[to], paid_for)
            paid_for -= amounts[to]
        return Money(money.vendor, money.total, [(to, amount) for to, amount in amounts.items() if amount])

    def owed(self, vendor: str) -> int:
        signs = {"owed": 1, "credit": -1}
        forms = [(self.open(to), form) for to, form in self.forms.items() if form.vendor == vendor]
        open_ = sum(signs[form.side] * amount for amount, form in forms)
        return open_ - sum(self.left(m) for m in self.money.values() if m.vendor == vendor)


class Sequence:
    """Two vendors, and random work on what they are owed."""

    def __init__(self, world: World, number: int, accounts: dict[str, str]) -> None:
        self.world = world
        self.rng = random.Random(number)
        self.accounts = accounts
        self.names = {name: self.do("Vendor", {"DisplayName": f"{name} {number}"})["Id"] for name in VENDORS}
        self.model = Model()
        self.payable_before = self.payable()

    def run(self) -> None:
        acts = [self.bill, self.credit, self.journal, self.pay, self.pay, self.pay, self.repay, self.reissue]
        acts += [self.rebill, self.rebill, self.move, self.delete, self.void, self.unpay]
        start = [self.bill, self.bill, self.credit, self.journal]
        for act in start + self.rng.choices(acts, k=STEPS):
            act()
            self.check()

    def do(self, entity: str, body: Body, operation: str = "") -> Body:
        return self.world.quickbooks.person(REALM, entity, body, operation)

    def must(self, entity: str, body: Body, operation: str = "", *, refuse: bool) -> Body | None:
        """Act, and see that it is refused or done as the model says."""
        done, fault = None, None
        try:
            done = self.do(entity, body, operation)
        except FaultError as refused:
            fault = refused
        assert (fault is not None) == refuse, f"{entity} {operation} {body}: {fault or 'was done'}"
        return done

    def bill(self) -> None:
        self.make("Bill", "owed")

    def credit(self) -> None:
        self.make("VendorCredit", "credit")

    def make(self, kind: str, side: str) -> None:
        total, vendor = self.some_total(side), self.somebody()
        made = self.do(kind, {**self.lines(total), "VendorRef": {"value": self.names[vendor]}})
        self.model.forms[kind, made["Id"]] = Form(side, vendor, total)

    def journal(self) -> None:
        side, vendor, total = self.rng.choice(["owed", "credit"]), self.somebody(), 1_234
        party = {"Entity": {"Type": "Vendor", "EntityRef": {"value": self.names[vendor]}}}
        payable, cost = ("Credit", "Debit") if side == "owed" else ("Debit", "Credit")
        sides: tuple[tuple[str, str, Body], ...] = (
            (payable, "Accounts Payable (A/P)", party),
            (cost, "Fuel", {}),
        )
        lines = [
            {
                "DetailType": "JournalEntryLineDetail",
                "Amount": total / 100,
                "JournalEntryLineDetail": {
                    "PostingType": posting,
                    "AccountRef": {"value": self.accounts[account]},
                    **who,
                },
            }
            for posting, account, who in sides
        ]
        made = self.do("JournalEntry", {"Line": lines})
        self.model.forms["JournalEntry", made["Id"]] = Form(side, vendor, total)

    def pay(self) -> None:
        money = self.some_money()
        if made := self.must("BillPayment", self.payment(money), refuse=self.model.refuses(money)):
            self.model.put(made["Id"], money)

    def repay(self) -> None:
        if payment_id := self.any(self.model.money):
            money = self.some_money()
            body = {**self.payment(money), "Id": payment_id}
            if self.must("BillPayment", body, refuse=self.model.refuses(money, payment_id)):
                self.model.put(payment_id, money)

    def reissue(self) -> None:
        """Pay the same by another method, as far as chance has it."""
        if payment_id := self.any(self.model.money):
            body = {**self.payment(self.model.money[payment_id]), "Id": payment_id}
            assert self.must("BillPayment", body, refuse=False)

    def rebill(self) -> None:
        if (target := self.any(self.model.forms)) and target[0] != "JournalEntry":
            form = self.model.forms[target]
            total = self.some_total(form.side)
            used = form.total - self.model.open(target)
            refuse = form.side == "credit" and total < used
            if self.must(target[0], {"Id": target[1], **self.lines(total)}, refuse=refuse):
                form.total = total
                if form.side == "owed":
                    self.model.limit(target, total)

    def move(self) -> None:
        if (target := self.any(self.model.forms)) and target[0] != "JournalEntry":
            form, vendor = self.model.forms[target], self.rng.choice(VENDORS)
            moved = vendor != form.vendor
            refuse = moved and form.side == "credit" and bool(form.payments)
            body = {"Id": target[1], "VendorRef": {"value": self.names[vendor]}}
            if self.must(target[0], body, refuse=refuse):
                form.vendor = vendor
                if moved:
                    self.model.limit(target, 0)

    def delete(self) -> None:
        if target := self.any(self.model.forms):
            refuse = bool(self.model.forms[target].payments)
            if self.must(target[0], {"Id": target[1]}, "delete", refuse=refuse):
                del self.model.forms[target]

    def void(self) -> None:
        if payment_id := self.any(self.model.money):
            self.do("BillPayment", {"Id": payment_id}, "void")
            self.model.put(payment_id, Money(self.model.money[payment_id].vendor, 0, []))

    def unpay(self) -> None:
        if payment_id := self.any(self.model.money):
            self.do("BillPayment", {"Id": payment_id}, "delete")
            self.model.put(payment_id, Money("", 0, []))
            del self.model.money[payment_id]

    def some_money(self) -> Money:
        """Return a payment that is sound more often than not."""
        vendor = self.somebody()
        forms = self.model.forms
        own = [to for to in forms if forms[to].vendor == vendor or self.rng.random() < 0.05]
        # Bills come first, so that there is something for the credits to pay.
        own.sort(key=lambda to: (forms[to].side != "owed", self.rng.random()))
        lines: list[tuple[Target, int]] = []
        for target in own[: self.rng.choice([0, 1, 2, 3, 4])]:
            most = max(self.model.open(target), 1)
            lines.append((target, self.rng.choice([most, most, self.rng.randrange(1, most + 1), most + 1])))
        needed = -self.model.left(Money(vendor, 0, lines))
        total = max(self.rng.choice([needed, needed, needed + 100, self.rng.randrange(5_000)]), 0)
        return Money(vendor, total, lines)

    def some_total(self, side: str) -> int:
        """Return a total; credits are small, so that bills can take them."""
        return self.rng.randrange(20_000 if side == "owed" else 3_000)

    def somebody(self) -> str:
        return self.rng.choice([VENDORS[0], VENDORS[0], VENDORS[0], VENDORS[1]])

    def any(self, among: Any) -> Any:
        return self.rng.choice(list(among)) if among else None

    def lines(self, total: int) -> Body:
        """Return two lines, the second negative."""
        detail = {"AccountRef": {"value": self.accounts["Subcontractors"]}}
        kind = "AccountBasedExpenseLineDetail"
        return {
            "Line": [
                {"DetailType": kind, "Amount": amount / 100, kind: detail}
                for amount in (total + 1_000, -1_000)
            ]
        }

    def payment(self, money: Money) -> Body:
        lines = [
            {"Amount": amount / 100, "LinkedTxn": [{"TxnType": kind, "TxnId": txn_id}]}
            for (kind, txn_id), amount in money.lines
        ]
        card = self.rng.random() < 0.3
        paid = {"CreditCardPayment": {"CCAccountRef": {"value": self.accounts["Company Card"]}}}
        if not card:
            paid = {"CheckPayment": {"BankAccountRef": {"value": self.accounts["Checking"]}}}
        return {
            "VendorRef": {"value": self.names[money.vendor]},
            "TotalAmt": money.total / 100,
            "PayType": "CreditCard" if card else "Check",
            "Line": lines,
            **paid,
        }

    def check(self) -> None:
        """See that every balance, link and line is what the model says."""
        realm, model = self.world.quickbooks.realm(REALM), self.model
        for target, form in model.forms.items():
            body = realm.get(*target) or {}
            if target[0] != "JournalEntry":
                assert body["Balance"] * 100 == model.open(target), (target, body)
            kinds = {i: (realm.get("BillPayment", i) or {})["PayType"] for i in form.payments}
            assert sorted(body["LinkedTxn"], key=str) == sorted(
                ({"TxnId": i, "TxnType": f"BillPayment{kind}"} for i, kind in kinds.items()), key=str
            ), target
        for payment_id, money in model.money.items():
            body = realm.get("BillPayment", payment_id) or {}
            shown = [
                ((li["LinkedTxn"][0]["TxnType"], li["LinkedTxn"][0]["TxnId"]), li["Amount"] * 100)
                for li in body["Line"]
            ]
            assert (body["TotalAmt"] * 100, shown) == (money.total, money.lines), body
        for name, vendor_id in self.names.items():
            assert realm.owed[vendor_id] * 100 == model.owed(name), name
        owed = sum(model.owed(name) for name in self.names)
        assert (self.payable_before - self.payable()) * 100 == owed
        assert sum(realm.general_ledger.balances().values()) == 0

    def payable(self) -> Decimal:
        """Return the balance of the account on which debts to vendors stand; debts are negative."""
        realm = self.world.quickbooks.realm(REALM)
        return realm.general_ledger.balance(realm.account_for("payable"))


@rule(
    "Balances of bills, credits, vendors and payables agree with what payments settle, whatever is done in whatever order.",
    "Intuit, Bill, VendorCredit, BillPayment, JournalEntry",
)
def test_random_payables_agree_with_the_model() -> None:
    world = World(1)
    blueprint = RealmBlueprint(REALM, "Books", "id", "secret", "access", "refresh", ())
    accounts = world.quickbooks.seed(blueprint).accounts
    for number in range(SEQUENCES):
        Sequence(world, number, accounts).run()
