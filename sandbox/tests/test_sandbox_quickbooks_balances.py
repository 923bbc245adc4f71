"""A thousand random sequences of bookkeeping against a small model of who owes what.

The model knows totals and applications, and nothing else: every balance is reckoned anew from them.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sandbox_books import Body
from sandbox_rules import rule

from plumbline_sandbox.blueprint import CustomerBlueprint, RealmBlueprint
from plumbline_sandbox.quickbooks.errors import FaultError
from plumbline_sandbox.world import World

SEQUENCES = 1_000
STEPS = 15
REALM = "9341453000000001"

Target = tuple[str, str]


@dataclass
class Form:
    """An invoice or a credit memo; `payments` in the order in which they were linked."""

    kind: str
    customer: str
    total: int
    deposit: int = 0
    payments: list[str] = field(default_factory=list)


@dataclass
class Money:
    """A payment: what came in, and in cents what of it goes where."""

    total: int
    lines: list[tuple[Target, int]]

    def to(self, target: Target) -> int:
        return sum(amount for to, amount in self.lines if to == target)

    def side(self, kind: str) -> int:
        return sum(amount for to, amount in self.lines if to[0] == kind)

    def unapplied(self) -> int:
        return self.total - self.side("Invoice") + self.side("CreditMemo")


class Model:
    """What should be, in cents."""

    def __init__(self) -> None:
        self.forms: dict[Target, Form] = {}
        self.money: dict[str, Money] = {}

    def applied(self, target: Target) -> int:
        return sum(money.to(target) for money in self.money.values())

    def open(self, target: Target) -> int:
        form = self.forms[target]
        return form.total - form.deposit - self.applied(target)

    def refuses(self, money: Money, payment_id: str | None = None) -> bool:
        """Tell whether a payment must be refused."""
        had = self.money.get(payment_id or "", Money(0, []))
        targets = {to for to, _ in money.lines}
        if any(money.to(to) > self.open(to) + had.to(to) for to in targets):
            return True
        return not 0 <= money.unapplied() <= money.total

    def put(self, payment_id: str, money: Money) -> None:
        had = self.money.get(payment_id, Money(0, []))
        for to in dict.fromkeys(to for to, _ in [*had.lines, *money.lines]):
            self._link(to, payment_id, had.to(to), money.to(to))
        self.money[payment_id] = money

    def remove(self, payment_id: str) -> None:
        self.put(payment_id, Money(0, []))
        del self.money[payment_id]

    def limit(self, target: Target, most: int) -> None:
        """Leave the payments of an invoice so much in all, the older ones theirs first."""
        for payment_id in list(self.forms[target].payments):
            money = self.money[payment_id]
            mine = min(money.to(target), most)
            most -= mine
            if mine != money.to(target):
                self._cut(payment_id, money, target, mine)

    def _cut(self, payment_id: str, money: Money, target: Target, most: int) -> None:
        paid_for = money.side("Invoice") - money.to(target) + most
        limits = {to: most if to == target else money.to(to) for to, _ in money.lines}
        for to, amount in list(limits.items()):
            if to[0] == "CreditMemo":
                limits[to] = min(amount, paid_for)
                paid_for -= limits[to]
        kept = []
        for to, amount in money.lines:
            left = min(amount, limits[to])
            limits[to] -= left
            if left:
                kept.append((to, left))
        cut = Money(money.total, kept)
        for to in dict.fromkeys(to for to, _ in money.lines):
            if to != target:
                self._link(to, payment_id, money.to(to), cut.to(to))
            elif not cut.to(to):
                self.forms[to].payments.remove(payment_id)
        self.money[payment_id] = cut

    def _link(self, to: Target, payment_id: str, before: int, after: int) -> None:
        if before != after:
            payments = self.forms[to].payments
            if payment_id in payments:
                payments.remove(payment_id)
            if after:
                payments.append(payment_id)

    def owed(self, customer: str) -> int:
        open_ = sum(
            self.open(to) if form.kind == "Invoice" else -self.open(to)
            for to, form in self.forms.items()
            if form.customer == customer
        )
        return open_ - (sum(m.unapplied() for m in self.money.values()) if customer == "parent" else 0)


class Sequence:
    """One customer with one job, and random work on them."""

    def __init__(self, world: World, number: int, item: str) -> None:
        self.world = world
        self.rng = random.Random(number)
        self.item = item
        parent = self.do("Customer", {"DisplayName": f"Customer {number}"})
        ref = {"value": parent["Id"]}
        job = self.do("Customer", {"DisplayName": f"Job {number}", "Job": True, "ParentRef": ref})
        self.names = {"parent": parent["Id"], "job": job["Id"]}
        self.model = Model()
        self.receivable_before = self.receivable()

    def run(self) -> None:
        acts = [self.bill, self.bill, self.credit, self.pay, self.pay, self.pay, self.repay, self.rebill]
        acts += [self.void_form, self.delete_form, self.void_payment, self.delete_payment, self.move]
        for _ in range(STEPS):
            self.rng.choice(acts)()
            self.check()

    def do(self, entity: str, body: Body, operation: str = "") -> Body:
        return self.world.quickbooks.person(REALM, entity, body, operation)

    def must(self, *, refuse: bool, entity: str, body: Body, operation: str = "") -> Body | None:
        """Act, and see that it is refused or done as the model says."""
        what = f"{entity} {operation or 'write'} {body}"
        done, fault = None, None
        try:
            done = self.do(entity, body, operation)
        except FaultError as refused:
            fault = refused
        assert (fault is not None) == refuse, f"{what}: {fault or 'was done'}"
        return done

    def bill(self) -> None:
        total, deposit = self.rng.randrange(0, 20_000), self.rng.choice([0, 0, 0, 500])
        customer = self.rng.choice(["parent", "job"])
        body = {**self.form(total, customer), "Deposit": deposit / 100}
        made = self.do("Invoice", body)
        self.model.forms["Invoice", made["Id"]] = Form("Invoice", customer, total, deposit)

    def credit(self) -> None:
        total, customer = self.rng.randrange(1, 10_000), self.rng.choice(["parent", "job"])
        made = self.do("CreditMemo", self.form(total, customer))
        self.model.forms["CreditMemo", made["Id"]] = Form("CreditMemo", customer, total)

    def pay(self) -> None:
        money = self.some_money()
        made = self.must(refuse=self.model.refuses(money), entity="Payment", body=self.payment(money))
        if made:
            self.model.put(made["Id"], money)

    def repay(self) -> None:
        if payment_id := self.any(self.model.money):
            money = self.some_money()
            body = {**self.payment(money), "Id": payment_id}
            if self.must(refuse=self.model.refuses(money, payment_id), entity="Payment", body=body):
                self.model.put(payment_id, money)

    def rebill(self) -> None:
        if target := self.any(self.model.forms):
            form, total = self.model.forms[target], self.rng.randrange(0, 20_000)
            refuse = form.kind == "CreditMemo" and total < self.model.applied(target)
            body = {"Id": target[1], "Line": self.form(total, form.customer)["Line"]}
            if self.must(refuse=refuse, entity=form.kind, body=body):
                form.total = total
                if form.kind == "Invoice":
                    self.model.limit(target, max(total - form.deposit, 0))

    def move(self) -> None:
        if target := self.any(self.model.forms):
            form = self.model.forms[target]
            customer = self.rng.choice(["parent", "job"])
            moved = customer != form.customer
            refuse = moved and form.kind == "CreditMemo" and bool(self.model.applied(target))
            body = {"Id": target[1], "CustomerRef": {"value": self.names[customer]}}
            if self.must(refuse=refuse, entity=form.kind, body=body):
                form.customer = customer
                if moved and form.kind == "Invoice":
                    self.model.limit(target, 0)

    def void_form(self) -> None:
        if target := self.any(self.model.forms):
            form = self.model.forms[target]
            refuse = form.kind == "CreditMemo"
            if self.must(refuse=refuse, entity=form.kind, body={"Id": target[1]}, operation="void"):
                form.total = form.deposit = 0
                self.model.limit(target, 0)

    def delete_form(self) -> None:
        if target := self.any(self.model.forms):
            refuse = bool(self.model.forms[target].payments)
            if self.must(refuse=refuse, entity=target[0], body={"Id": target[1]}, operation="delete"):
                del self.model.forms[target]

    def void_payment(self) -> None:
        if payment_id := self.any(self.model.money):
            self.do("Payment", {"Id": payment_id}, "void")
            self.model.put(payment_id, Money(0, []))

    def delete_payment(self) -> None:
        if payment_id := self.any(self.model.money):
            self.do("Payment", {"Id": payment_id}, "delete")
            self.model.remove(payment_id)

    def some_money(self) -> Money:
        """Return a payment that is sound more often than not."""
        lines: list[tuple[Target, int]] = []
        for target in self.rng.sample(
            list(self.model.forms), min(len(self.model.forms), self.rng.randrange(4))
        ):
            most = max(self.model.open(target), 1)
            lines.append((target, self.rng.choice([most, most, self.rng.randrange(1, most + 1), most + 1])))
        needed = Money(0, lines).unapplied()
        total = max(self.rng.choice([-needed, -needed + 100, -needed, self.rng.randrange(5_000)]), 0)
        return Money(total, lines)

    def any(self, among: Any) -> Any:
        return self.rng.choice(list(among)) if among else None

    def form(self, total: int, customer: str) -> Body:
        """Return a form of two lines, the second negative."""
        lines = [
            {
                "DetailType": "SalesItemLineDetail",
                "Amount": amount / 100,
                "SalesItemLineDetail": {"ItemRef": {"value": self.item}},
            }
            for amount in (total + 1_000, -1_000)
        ]
        return {"CustomerRef": {"value": self.names[customer]}, "Line": lines}

    def payment(self, money: Money) -> Body:
        lines = [
            {"Amount": amount / 100, "LinkedTxn": [{"TxnType": kind, "TxnId": txn_id}]}
            for (kind, txn_id), amount in money.lines
        ]
        return {
            "CustomerRef": {"value": self.names["parent"]},
            "TotalAmt": money.total / 100,
            "Line": lines,
        }

    def check(self) -> None:
        """See that every balance is what the model says."""
        realm, model = self.world.quickbooks.realm(REALM), self.model
        for target, form in model.forms.items():
            body = realm.get(*target)
            assert body is not None
            assert body["Balance"] * 100 == model.open(target), (target, body)
            links = [link["TxnId"] for link in body["LinkedTxn"]]
            assert links == form.payments, (target, body)
            if form.kind == "CreditMemo":
                assert body["RemainingCredit"] == body["Balance"]
        for payment_id, money in model.money.items():
            body = realm.get("Payment", payment_id)
            assert body is not None
            shown = [
                ((li["LinkedTxn"][0]["TxnType"], li["LinkedTxn"][0]["TxnId"]), li["Amount"] * 100)
                for li in body["Line"]
            ]
            assert (body["UnappliedAmt"] * 100, shown) == (money.unapplied(), money.lines), body
        for name, customer_id in self.names.items():
            assert realm.owed[customer_id] * 100 == model.owed(name), name
        owed = sum(model.owed(name) for name in self.names)
        assert (self.receivable() - self.receivable_before) * 100 == owed
        assert sum(realm.general_ledger.balances().values()) == 0

    def receivable(self) -> Decimal:
        """Return the balance of the account on which customers' debts stand."""
        realm = self.world.quickbooks.realm(REALM)
        return realm.general_ledger.balance(realm.account_for("receivable"))


@rule(
    "Balance, UnappliedAmt, RemainingCredit, customers' balances and receivables agree with the applications, whatever is done in whatever order.",
    "Intuit, Invoice, Payment, CreditMemo",
)
def test_random_bookkeeping_agrees_with_the_model() -> None:
    world = World(1)
    blueprint = RealmBlueprint(
        REALM, "Books", "id", "secret", "access", "refresh", (CustomerBlueprint("A", None, ()),)
    )
    item = world.quickbooks.seed(blueprint).items["Services"]
    for number in range(SEQUENCES):
        Sequence(world, number, item).run()
