"""The records of a case: what each of its revisions asks the writer for, and so what the books must show then."""

import hashlib
import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from types import MappingProxyType

from plumbline.common.contracts.cloudevents import Outgoing, outgoing
from plumbline.common.contracts.ledger import (
    Application,
    AttachmentState,
    CreditMemoState,
    Desired,
    DesiredAttachment,
    DesiredBill,
    DesiredBillPayment,
    DesiredCreditMemo,
    DesiredInvoice,
    DesiredPayment,
    DesiredVendorCredit,
    ExpenseLine,
    InvoiceLine,
    InvoiceState,
    LedgerCommand,
    PayableState,
    PaymentState,
)
from plumbline.common.contracts.topics import LEDGER_COMMANDS
from tests.campaigns.books import Company
from tests.campaigns.cases import Course, Step, Subject

ENTITIES: Mapping[str, str] = MappingProxyType(
    {
        "invoice": "Invoice",
        "credit-memo": "CreditMemo",
        "payment": "Payment",
        "bill": "Bill",
        "vendor-credit": "VendorCredit",
        "bill-payment": "BillPayment",
        "attachment": "Attachable",
    }
)
"""What QuickBooks calls each kind of record."""

FILES = (b"%PDF-1.7 pay application", b"%PDF-1.7 pay application, corrected")
"""What is attached, and what replaces it."""

DAY, DUE, PAID_ON = date(2026, 10, 31), date(2026, 11, 30), date(2026, 11, 15)

CENTS = range(1_00, 99_999_99)
"""Totals are drawn from these, no two of a life alike: an amount in the journal tells whose it is."""

_CONTENT = frozenset({Step.CREATE, Step.UPDATE, Step.RENEW})
"""Steps that ask for another content of the subject."""

_STATES: Mapping[Step, str] = MappingProxyType({Step.SEND: "sent", Step.VOID: "void", Step.DELETE: "deleted"})
"""Steps that ask for the same content in another state."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One version of one ledger record."""

    record: str
    version: int
    desired: Desired

    @property
    def is_end(self) -> bool:
        """Whether it takes the record back."""
        return self.desired.state in {"void", "deleted"}


@dataclass(frozen=True, slots=True)
class Revision:
    """What one step of the life asks for, of one record or several."""

    version: int
    """Which step it is, counted from 1."""
    step: Step
    wishes: tuple[Wish, ...]

    @property
    def desired(self) -> Desired:
        """What is asked of the record that the step is about."""
        return self.wishes[0].desired


@dataclass(frozen=True, slots=True)
class Record:
    """The subject of a case, and the records that its life brings with it."""

    company: Company
    name: str
    revisions: tuple[Revision, ...]

    @classmethod
    def of(cls, company: Company, name: str, course: Course, rng: random.Random) -> "Record":
        """Return the record whose life takes this course."""
        life = _Life(company, name, course.subject, rng, iter(rng.sample(CENTS, 2 * len(course.steps))))
        revisions = (
            Revision(number, step, tuple(life.wishes(step)))
            for number, step in enumerate(course.steps, start=1)
        )
        return cls(company, name, tuple(revisions))

    @property
    def subject(self) -> str:
        """The ledger record that its life is about."""
        return self.revisions[0].wishes[0].record

    @property
    def newest(self) -> dict[str, Wish]:
        """What is asked of each ledger record in the end."""
        return {wish.record: wish for revision in self.revisions for wish in revision.wishes}

    @property
    def entities(self) -> frozenset[str]:
        """Which families of documents its life makes."""
        return frozenset(ENTITIES[wish.desired.kind] for wish in self.newest.values())

    def key(self, record: str) -> str:
        """Return a ledger record's key in the writer."""
        return f"{self.company.realm}/{record}"

    def commands(self, revision: Revision, *, changed_at: datetime | None = None) -> list[Outgoing]:
        """Return what the records' owners publish for a revision, whose change was made now or then."""
        return [self._command(wish, changed_at or datetime.now(UTC)) for wish in revision.wishes]

    def _command(self, wish: Wish, changed_at: datetime) -> Outgoing:
        command = LedgerCommand(
            realm=self.company.realm,
            record=wish.record,
            version=wish.version,
            content_hash=f"content-{wish.version}",
            connection=f"campaign-{self.company.realm}",
            source=f"1/2/{self.name}",
            provider_time=changed_at,
            desired=wish.desired,
            why=("asked by a campaign",),
        )
        return outgoing(LEDGER_COMMANDS, command.key, command, source="campaign", at=changed_at)


@dataclass(slots=True)
class _Life:
    """Makes up the wishes of a life, step by step."""

    company: Company
    name: str
    subject: Subject
    rng: random.Random
    totals: Iterator[int]
    newest: dict[str, Wish] = field(default_factory=dict)

    def wishes(self, step: Step) -> Iterator[Wish]:
        """Give what a step asks for."""
        for desired in self._asked(step):
            record = self._record(desired.kind)
            before = self.newest.get(record)
            self.newest[record] = Wish(record, before.version + 1 if before else 1, desired)
            yield self.newest[record]

    def _asked(self, step: Step) -> Iterable[Desired]:
        if step in _CONTENT:
            return [self._content(self.subject, next(self.totals))]
        if step in _STATES:
            return [self._again(self.subject, _STATES[step])]
        match step:
            case Step.PAY:
                return self._paying()
            case Step.UNPAY if self.subject is Subject.INVOICE:
                return [self._again("invoice", "open"), self._again("payment", "void")]
            case Step.UNPAY:
                return [self._again("bill-payment", "deleted")]
            case Step.DETACH:
                return [self._again("attachment", "deleted")]
            case _:
                return [self._attachment(FILES[step is Step.REPLACE])]

    def _record(self, kind: str) -> str:
        return f"{kind}/1/2/{self.name}"

    def _again(self, kind: str, state: str) -> Desired:
        desired = self.newest[self._record(kind)].desired
        return type(desired).model_validate({**desired.model_dump(), "state": state})

    def _content(self, kind: str, total: int) -> Desired:
        match kind:
            case Subject.INVOICE:
                return self._invoice(total)
            case Subject.CREDIT_MEMO:
                return self._credit_memo(total)
            case Subject.BILL:
                return self._bill(total)
            case _:
                return self._vendor_credit(total)

    def _paying(self) -> list[Desired]:
        """Pay the subject; a credit is used up by the payment of something larger."""
        record, desired = self._record(self.subject), self.newest[self._record(self.subject)].desired
        assert not isinstance(desired, DesiredPayment | DesiredAttachment)
        total = desired.total_cents
        if self.subject is Subject.INVOICE:
            return [self._again("invoice", "paid"), self._payment(record)]
        if self.subject is Subject.BILL:
            return [self._bill_payment(total, self._shares(bill=total))]
        money = next(self.totals)
        larger = total + money
        if self.subject is Subject.CREDIT_MEMO:
            to, used = self._shares(invoice=larger), self._shares(credit_memo=total)
            return [self._invoice(larger), self._payment(None, money, to, used)]
        to, used = self._shares(bill=larger), self._shares(vendor_credit=total)
        return [self._bill(larger), self._bill_payment(money, to, used)]

    def _shares(self, **cents: int) -> tuple[Application, ...]:
        return tuple(
            Application(record=self._record(kind.replace("_", "-")), amount_cents=amount)
            for kind, amount in cents.items()
        )

    def _invoice(self, total: int) -> DesiredInvoice:
        tax, lines = self._sold(total)
        return DesiredInvoice(
            state=InvoiceState.OPEN,
            number=f"C-{self.name}",
            customer_id=self.company.customer_id,
            issued_on=DAY,
            due_on=DUE,
            lines=lines,
            tax_cents=tax,
            total_cents=total,
        )

    def _credit_memo(self, total: int) -> DesiredCreditMemo:
        tax, lines = self._sold(total)
        return DesiredCreditMemo(
            state=CreditMemoState.OPEN,
            number=f"CM-{self.name}",
            customer_id=self.company.customer_id,
            issued_on=DAY,
            lines=lines,
            tax_cents=tax,
            total_cents=total,
        )

    def _sold(self, total: int) -> tuple[int, tuple[InvoiceLine, ...]]:
        tax, retained = self.rng.randrange(total // 10), self.rng.randrange(total // 10)
        items = self.company.items
        return tax, (
            InvoiceLine(
                description="Concrete",
                amount_cents=total - tax + retained,
                item_id=items["Progress billing"],
            ),
            InvoiceLine(description="Retainage held", amount_cents=-retained, item_id=items["Retainage"]),
        )

    def _bill(self, total: int) -> DesiredBill:
        return DesiredBill(
            state=PayableState.OPEN,
            number=f"B-{self.name}",
            vendor_id=self.company.vendor_id,
            issued_on=DAY,
            due_on=DUE,
            lines=self._bought(total),
            total_cents=total,
        )

    def _vendor_credit(self, total: int) -> DesiredVendorCredit:
        return DesiredVendorCredit(
            state=PayableState.OPEN,
            number=f"VC-{self.name}",
            vendor_id=self.company.vendor_id,
            issued_on=DAY,
            lines=self._bought(total),
            total_cents=total,
        )

    def _bought(self, total: int) -> tuple[ExpenseLine, ...]:
        retained = self.rng.randrange(total // 10)
        parts = (
            ("Rough-in", total + retained, "Subcontractors"),
            ("Retainage", -retained, "Retainage Payable"),
        )
        return tuple(
            ExpenseLine(description=what, amount_cents=amount, account_id=self.company.accounts[account])
            for what, amount, account in parts
        )

    def _payment(
        self,
        invoice: str | None,
        total: int | None = None,
        to: tuple[Application, ...] = (),
        used: tuple[Application, ...] = (),
    ) -> DesiredPayment:
        return DesiredPayment(
            invoice=invoice,
            customer_id=self.company.customer_id,
            received_on=PAID_ON,
            deposit_account_id=self.company.accounts["Undeposited Funds"],
            total_cents=total,
            applied=to,
            credits=used,
        )

    def _bill_payment(
        self, total: int, to: tuple[Application, ...], used: tuple[Application, ...] = ()
    ) -> DesiredBillPayment:
        return DesiredBillPayment(
            state=PaymentState.RECORDED,
            vendor_id=self.company.vendor_id,
            paid_on=PAID_ON,
            pay_type="check",
            account_id=self.company.accounts["Checking"],
            total_cents=total,
            bills=to,
            credits=used,
        )

    def _attachment(self, content: bytes) -> DesiredAttachment:
        return DesiredAttachment(
            state=AttachmentState.ATTACHED,
            owner=self._record(self.subject),
            file_name="Pay application.pdf",
            content_type="application/pdf",
            sha256=hashlib.sha256(content).hexdigest(),
            size_bytes=len(content),
        )
