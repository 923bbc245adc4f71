"""A desk that compares: records that were never written, documents that somebody made, and no QuickBooks behind it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import simplejson

from plumbline.common.connections import ConnectionConfig, ProcoreSide, QuickBooksSide
from plumbline.common.contracts.drift import LedgerDrift
from plumbline.common.database import Pool, transaction
from plumbline.common.hours import Hours
from plumbline.common.reconciling.loop import Reconciler
from plumbline.common.reconciling.marks import Lane, Mark
from plumbline.common.reconciling.store import mark
from plumbline.common.testing.clock import FakeClock
from plumbline.common.testing.database import rows
from plumbline.common.testing.messages import ledger_command
from plumbline.common.testing.reconciling import reconciler, work_store
from plumbline.qb_writer.adapters.differences import DriftTable
from plumbline.qb_writer.adapters.holdings import store
from plumbline.qb_writer.adapters.ledger import Ledger
from plumbline.qb_writer.domain.holdings import Held
from plumbline.qb_writer.service import Comparer
from plumbline.qb_writer.service.comparing import key_of

REALM = ledger_command().realm
CONNECTION = ledger_command().connection
TEXAS = Hours(time_zone="America/Chicago", holidays="US-TX")


def config() -> ConnectionConfig:
    return ConnectionConfig(
        name=CONNECTION,
        procore=ProcoreSide(account="procore/1", company_id="1", projects=("2",)),
        quickbooks=QuickBooksSide(realm=REALM),
        hours=TEXAS,
    )


@dataclass
class Desk:
    """What outlives every process."""

    pool: Pool
    clock: FakeClock = field(default_factory=FakeClock)
    grace: timedelta = timedelta(0)
    configured: bool = True

    def life(
        self, pool: Pool | None = None, *, replica: str = "r1", table: DriftTable | None = None
    ) -> Reconciler:
        """Return a process that compares."""
        own = pool or self.pool
        comparer = Comparer(
            differences=table or DriftTable(own),
            connections=lambda realm: config() if self.configured and realm == REALM else None,
            clock=self.clock,
            grace=self.grace,
            every=timedelta(minutes=5),
        )
        return reconciler(work_store(own, replica), comparer.compare, self.clock)

    async def due(self) -> None:
        cause = f"test {self.clock.advance(timedelta(seconds=1))}"
        async with transaction(self.pool) as connection:
            due = Mark(key_of(REALM), CONNECTION, cause, lane=Lane.SWEEP)
            await mark(connection, [due], now=self.clock.now())

    async def compare(self) -> list[Mapping[str, Any]]:
        await self.due()
        await self.life().work_off()
        return await DriftTable(self.pool).open(CONNECTION, limit=10_000)

    async def want(self, names: Iterable[str]) -> None:
        """Store wishes that nobody writes."""
        commands = [ledger_command().model_copy(update={"record": f"invoice/1/2/{name}"}) for name in names]
        async with transaction(self.pool) as connection:
            await Ledger(self.pool).receive(connection, commands, now=self.clock.now())

    async def hold(self, *documents: Held) -> None:
        async with transaction(self.pool) as connection:
            await store(connection, documents)

    async def news(self) -> Counter[tuple[str, str]]:
        """Return how often each subject was told to have changed in which way."""
        sent = await rows(self.pool, "SELECT value FROM outbox WHERE topic = 'ledger.drift.v1' ORDER BY id")
        told = [LedgerDrift.model_validate_json(row["value"]) for row in sent]
        return Counter((said.subject, said.change) for said in told)


def made_by_hand(quickbooks_id: str, **changes: Any) -> Held:
    """Return an invoice that somebody entered for a customer of ours."""
    body: dict[str, Any] = {
        "Id": quickbooks_id,
        "SyncToken": "0",
        "TxnDate": "2026-02-20",
        "CustomerRef": {"value": "58"},
        "TotalAmt": 10,
        "Balance": 10,
        "Line": [],
    }
    body |= changes
    return Held(
        realm=REALM,
        entity="Invoice",
        quickbooks_id=quickbooks_id,
        sync_token=int(body["SyncToken"]),
        note=body.get("PrivateNote"),
        dated_on=date.fromisoformat(body["TxnDate"]),
        body=simplejson.dumps(body),
    )


def deleted(quickbooks_id: str) -> Held:
    return Held(REALM, "Invoice", quickbooks_id, is_deleted=True)


async def go_live(pool: Pool, from_day: date = date(2026, 1, 1)) -> None:
    """Let the company be written to, from a day on."""
    await rows(pool, "DELETE FROM beginnings")
    await rows(pool, "INSERT INTO beginnings VALUES ($1, $2, now(), NULL)", CONNECTION, from_day)
