"""One record in hand, and how its work may end."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from plumbline.common.database import Connection
from plumbline.common.http import PartnerTime
from plumbline.common.reconciling.loop import Claim
from plumbline.common.reconciling.verdicts import Effect, Park
from plumbline.qb_writer.domain.holdings import Held
from plumbline.qb_writer.domain.kind import Related
from plumbline.qb_writer.domain.kinds import AnyKind, kind_of
from plumbline.qb_writer.domain.records import Beginning, Document, Record
from plumbline.qb_writer.domain.refusals import stake_cents
from plumbline.qb_writer.domain.writes import observing
from plumbline.qb_writer.ports import Books, Records


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


@dataclass(slots=True)
class Work:
    """One record in hand."""

    claim: Claim
    record: Record
    beginning: Beginning | None
    """When its company went live; None: it has not."""
    relations: dict[str, Related]
    books: Books
    records: Records
    spent: PartnerTime
    twins: Sequence[Held] | None = None
    """What QuickBooks holds under its number; None: nobody has compared."""

    @property
    def kind(self) -> AnyKind:
        """The record's kind."""
        return kind_of(self.record.desired)

    def accounted(self) -> Record:
        """Return the record with the partner time spent so far, counted once."""
        self.record = replace(self.record, partner_ms=self.record.partner_ms + self.spent.ms)
        self.spent.seconds = 0.0
        return self.record

    async def look(self) -> None:
        """Read the record's own document."""
        seen = self.record.observed
        document = await self.read(seen.quickbooks_id or "")
        self.record = self.record.seeing(observing(self.kind, seen, document))

    async def read(self, quickbooks_id: str) -> Document | None:
        """Return a document of the record's kind."""
        return await self.books.read(self.kind.path(), quickbooks_id)

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
