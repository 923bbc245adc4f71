"""How long a comparison takes: 20,000 invoices that agree but for every hundredth, on the embedded PostgreSQL.

Beside the time it tells what a comparison costs others: memory, and how long it keeps the rest of the process waiting.
"""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from rich.progress import track

from benchmarks.machine import report
from plumbline.common.clock import SystemClock
from plumbline.common.connections import ConnectionConfig, ProcoreSide, QuickBooksSide
from plumbline.common.contracts.ledger import DesiredInvoice, InvoiceLine, InvoiceState, LedgerCommand
from plumbline.common.database import COMMON_MIGRATIONS, Pool, migrate, open_pool, transaction
from plumbline.common.listening import Bell
from plumbline.common.reconciling.loop import Reconciler
from plumbline.common.reconciling.marks import Lane, Mark
from plumbline.common.reconciling.store import BURST_PAUSE, WorkStore, mark
from plumbline.qb_writer.adapters.differences import DriftTable
from plumbline.qb_writer.adapters.holdings import QUERIES
from plumbline.qb_writer.adapters.ledger import Ledger
from plumbline.qb_writer.domain.documents import decoded, money
from plumbline.qb_writer.domain.records import Document, Operation, Record
from plumbline.qb_writer.domain.writes import after, compose
from plumbline.qb_writer.service import Comparer
from plumbline.qb_writer.service.comparing import key_of
from plumbline.stack.run_folder import run_folder
from plumbline.stack.servers.embedded import start_embedded_postgres
from plumbline.stack.supervisor import Supervisor

RECORDS = 20_000
"""Invoices of one company."""

LINES = 8
"""Lines of each."""

ROUNDS = 3
"""Comparisons: the first opens the differences, the others find them open."""

STRANGE = 100
"""Every so many invoices a person has raised one."""

BATCH = 500
"""Invoices stored in one transaction."""

REALM, CONNECTION = "9341453000000001", "lone-star"


def wish(number: int) -> LedgerCommand:
    """Return what one invoice should be."""
    lines = tuple(
        InvoiceLine(
            description=f"Schedule of values, item {line}", amount_cents=10_000 + line, item_id=str(line)
        )
        for line in range(1, LINES + 1)
    )
    desired = DesiredInvoice(
        state=InvoiceState.OPEN,
        number=f"P-{number}",
        customer_id=str(number % 50),
        issued_on=date(2026, 10, 31),
        lines=lines,
        total_cents=sum(line.amount_cents for line in lines),
    )
    return LedgerCommand(
        realm=REALM,
        record=f"invoice/1/2/{number}",
        version=1,
        content_hash=str(number),
        connection=CONNECTION,
        source=f"1/2/payment-applications/{number}",
        provider_time=None,
        desired=desired,
    )


def held(record: Record, body: bytes, number: int) -> Document:
    """Return the document that QuickBooks holds of an invoice."""
    sent = decoded(body)
    raised = 100 if number % STRANGE == 0 else 0
    total = money(record.desired.total_cents + raised) if record.desired.kind == "invoice" else money(0)
    changed = {"LastUpdatedTime": "2026-11-20T12:00:00+00:00"}
    return {
        **sent,
        "Id": str(number),
        "SyncToken": "0",
        "TotalAmt": total,
        "Balance": total,
        "MetaData": changed,
    }


async def stored(pool: Pool) -> None:
    """Fill the tables as if every invoice had been written and read back."""
    ledger, now = Ledger(pool), datetime.now(UTC)
    async with transaction(pool) as connection:
        await connection.execute(QUERIES["begin"], CONNECTION, date.min, now, None)
    for first in track(range(1, RECORDS + 1, BATCH), description="storing", transient=True):
        commands = [wish(number) for number in range(first, first + BATCH)]
        async with transaction(pool) as connection:
            await ledger.receive(connection, commands, now=now)
        records = [await ledger.load(command.key) for command in commands]
        async with transaction(pool) as connection:
            for number, record in enumerate(records, first):
                assert record is not None
                write = compose(record, Operation.CREATE, number=f"P-{number}", relations={}, send_to=None)
                done = after(record, write, decoded(write.body) | held(record, write.body, number), at=now)
                await ledger.keep(connection, replace(done, confirmed_at=now))


class Waits:
    """Tells how long other work had to wait for its turn at most."""

    def __init__(self) -> None:
        self.longest_ms = 0.0

    async def watch(self) -> None:
        """Watch until cancelled."""
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0)
            self.longest_ms = max(self.longest_ms, (time.perf_counter() - before) * 1000)
            await asyncio.sleep(0.001)


def comparing(pool: Pool) -> Reconciler:
    """Return a process that compares the company."""
    config = ConnectionConfig(
        name=CONNECTION,
        procore=ProcoreSide(account="procore/1", company_id="1", projects=("2",)),
        quickbooks=QuickBooksSide(realm=REALM),
    )
    comparer = Comparer(
        differences=DriftTable(pool),
        connections=lambda _: config,
        clock=SystemClock(),
        grace=timedelta(0),
        every=timedelta(hours=1),
    )
    store = WorkStore(pool, replica="bench", lease=timedelta(minutes=1), per_connection=8)
    return Reconciler(
        service="qb-writer",
        store=store,
        handler=comparer.compare,
        clock=SystemClock(),
        bell=Bell(),
        concurrency=1,
    )


def memory_mb() -> float:
    """Return what this process has in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


async def rounds(pool: Pool) -> AsyncIterator[tuple[object, ...]]:
    """Compare several times; give a row of the table for each."""
    for number in range(1, ROUNDS + 1):
        async with transaction(pool) as connection:
            due = Mark(key_of(REALM), CONNECTION, str(number), lane=Lane.SWEEP)
            await mark(connection, [due], now=datetime.now(UTC))
        waits, before_mb = Waits(), memory_mb()
        started, worked = time.perf_counter(), time.process_time()
        watching = asyncio.create_task(waits.watch())
        await comparing(pool).work_off()
        took_s, cpu_s = time.perf_counter() - started, time.process_time() - worked
        watching.cancel()
        yield (
            number,
            f"{took_s:.1f}",
            f"{cpu_s:.1f}",
            f"{cpu_s / RECORDS * 1e6:.0f}",
            f"{memory_mb() - before_mb:.0f}",
            f"{waits.longest_ms:.0f}",
            len(await DriftTable(pool).open(CONNECTION, limit=RECORDS)),
        )
        await asyncio.sleep(2 * BURST_PAUSE.total_seconds())  # it would not be due sooner


async def main() -> int:
    """Measure, and say whether every planted difference and nothing else was found."""
    with run_folder() as folder:
        async with Supervisor(folder / "logs") as supervisor:
            url = await start_embedded_postgres(supervisor, folder)
            await migrate(url, schema="qb_writer", packages=[*COMMON_MIGRATIONS, "plumbline.qb_writer"])
            async with open_pool(url, schema="qb_writer") as pool:
                await stored(pool)
                table = [row async for row in rounds(pool)]
    columns = [
        "round",
        "seconds",
        "CPU, s",
        "CPU µs a record",
        "more memory, MB",
        "others waited, ms",
        "differences",
    ]
    report("drift", f"A comparison of {RECORDS:,} invoices of {LINES} lines", columns, table)
    return 0 if all(row[-1] == RECORDS // STRANGE for row in table) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
