"""One record in hand, and how its work may end."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from plumbline.common.database import Connection
from plumbline.common.http import PartnerTime
from plumbline.common.reconciling.loop import Claim
from plumbline.common.reconciling.verdicts import Effect, Park
from plumbline.qb_writer.domain.records import Record
from plumbline.qb_writer.domain.refusals import stake_cents
from plumbline.qb_writer.ports import Records
from plumbline.qb_writer.service.seeing import View


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the writer waits for what."""

    settle: timedelta
    """From sending until an unknown outcome is looked up; longer than QuickBooks works on a request."""
    gate: timedelta
    """After a refusal at the gate that names no time."""
    payment: timedelta
    """Between looks for the bookkeeper's payment."""
    invoice: timedelta
    """Between looks for what a record refers to, such as a payment's invoice; its confirmation wakes it sooner."""


@dataclass(slots=True, kw_only=True)
class Work(View):
    """One record in hand."""

    claim: Claim
    records: Records
    spent: PartnerTime

    def accounted(self) -> Record:
        """Return the record with the partner time spent so far, counted once."""
        self.record = replace(self.record, partner_ms=self.record.partner_ms + self.spent.ms)
        self.spent.seconds = 0.0
        return self.record

    def keeping(self) -> Effect:
        """Return the effect of storing what was seen."""

        async def keep(connection: Connection) -> None:
            await self.records.keep(connection, self.accounted())

        return keep

    def park(self, code: str, reason: str) -> Park:
        """Return the verdict that a person must act, with the money that waits."""
        return Park(code, reason, amount_cents=stake_cents(self.record), store=self.keeping())


def until(moment: datetime, now: datetime) -> timedelta:
    """Return how long it is until a moment; nothing if it is over."""
    return max(timedelta(0), moment - now)
