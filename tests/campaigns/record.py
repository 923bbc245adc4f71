"""A record of a case: what each of its revisions asks the writer for, and what the books must show then."""

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime

from plumbline.common.contracts.cloudevents import Outgoing, outgoing
from plumbline.common.contracts.ledger import (
    DesiredInvoice,
    DesiredPayment,
    InvoiceLine,
    InvoiceState,
    LedgerCommand,
)
from plumbline.common.contracts.topics import LEDGER_COMMANDS
from tests.campaigns.books import Company
from tests.campaigns.cases import Step

STATES = {
    Step.CREATE: InvoiceState.OPEN,
    Step.UPDATE: InvoiceState.OPEN,
    Step.SEND: InvoiceState.SENT,
    Step.PAY: InvoiceState.PAID,
    Step.VOID: InvoiceState.VOID,
    Step.RENEW: InvoiceState.OPEN,
}
"""The invoice's state after each step."""

CHANGING = frozenset({Step.CREATE, Step.UPDATE, Step.RENEW})
"""Steps that ask for another content than the revision before."""


@dataclass(frozen=True, slots=True)
class Revision:
    """One version of the invoice."""

    version: int
    step: Step
    desired: DesiredInvoice


@dataclass(frozen=True, slots=True)
class Record:
    """One invoice and, if its life asks for it, the payment of it."""

    company: Company
    name: str
    revisions: tuple[Revision, ...]

    @classmethod
    def of(cls, company: Company, name: str, steps: tuple[Step, ...], rng: random.Random) -> "Record":
        """Return the record whose life has these steps, with amounts that no two of its contents share."""
        totals = rng.sample(range(1_00, 99_999_99), len(steps))
        revisions: list[Revision] = []
        for version, (step, cents) in enumerate(zip(steps, totals, strict=True), start=1):
            if step not in CHANGING:
                desired = revisions[-1].desired.model_copy(update={"state": STATES[step]})
            else:
                desired = _invoice(company, name, cents, rng)
            revisions.append(Revision(version, step, desired))
        return cls(company, name, tuple(revisions))

    @property
    def key(self) -> str:
        """The invoice's key in the writer."""
        return f"{self.company.realm}/{self.invoice}"

    @property
    def invoice(self) -> str:
        """The invoice's record."""
        return f"invoice/1/2/{self.name}"

    @property
    def payment(self) -> str:
        """The payment's record."""
        return f"payment/1/2/{self.name}"

    @property
    def is_paid(self) -> bool:
        """Whether its life ends with a payment."""
        return self.revisions[-1].step is Step.PAY

    def commands(self, revision: Revision) -> list[Outgoing]:
        """Return what the mapper publishes for a revision."""
        commands = [self._command(self.invoice, revision.version, revision.desired)]
        if revision.step is Step.PAY:
            payment = DesiredPayment(
                invoice=self.invoice,
                customer_id=self.company.customer_id,
                received_on=date(2026, 11, 15),
                deposit_account_id=self.company.accounts["Undeposited Funds"],
            )
            commands.append(self._command(self.payment, 1, payment))
        return commands

    def _command(self, record: str, version: int, desired: DesiredInvoice | DesiredPayment) -> Outgoing:
        now = datetime.now(UTC)
        command = LedgerCommand(
            realm=self.company.realm,
            record=record,
            version=version,
            content_hash=f"content-{version}",
            connection=f"campaign-{self.company.realm}",
            source=f"1/2/payment-applications/{self.name}",
            needs=(self.invoice,) if isinstance(desired, DesiredPayment) else (),
            provider_time=now,
            desired=desired,
            why=("asked by a campaign",),
        )
        return outgoing(LEDGER_COMMANDS, command.key, command, source="campaign", at=now)


def _invoice(company: Company, name: str, cents: int, rng: random.Random) -> DesiredInvoice:
    tax, retained = rng.randrange(cents // 10), rng.randrange(cents // 10)
    work = [("Concrete", cents - tax + retained), ("Retainage held", -retained)]
    items = {"Concrete": "Progress billing", "Retainage held": "Retainage"}
    return DesiredInvoice(
        state=InvoiceState.OPEN,
        number=f"C-{name}",
        customer_id=company.customer_id,
        issued_on=date(2026, 10, 31),
        due_on=date(2026, 11, 30),
        lines=tuple(
            InvoiceLine(description=what, amount_cents=amount, item_id=company.items[items[what]])
            for what, amount in work
        ),
        tax_cents=tax,
        total_cents=cents,
    )
