"""The writer alone: commands on Kafka until the documents are in QuickBooks, under the limits of QuickBooks.

QuickBooks answers in 300 ms and refuses what is above 500 requests a minute or 10 a second in a company. The
embedded stack with the settings of production; no faults. The moments are the sandbox's own.
"""

import asyncio
import itertools
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer
from rich.progress import Progress

from benchmarks.backlog import arranged
from benchmarks.machine import FOLDER, report
from plumbline.common.contracts.cloudevents import outgoing
from plumbline.common.contracts.ledger import (
    Desired,
    DesiredInvoice,
    DesiredPayment,
    InvoiceLine,
    InvoiceState,
    LedgerCommand,
)
from plumbline.common.contracts.topics import LEDGER_COMMANDS
from plumbline.stack.lifetime import run_until_signal
from plumbline.stack.scenario.configuring import connection_name
from plumbline.stack.scenario.stage import LocalStage, Setting, stage

ANSWER_MS = 300
"""How long QuickBooks takes for an answer."""

STEADY = 600
"""Invoices of one company, for more than a minute."""

ROUND = 240
"""Invoices of each company where several are written at once: half a minute."""

ROUNDS = (2, 4, 8)
"""Companies that are written at once."""

LIVES = 20
"""Invoices that are created, corrected, sent and paid, one company's."""

RIVALS = 60
"""Invoices that the rival posts."""

TARGET_PER_MIN = 450
"""Invoices of one company that should be created in a minute."""

ROUND_MAX_S = 300.0
"""Longest wait for the last document of a round."""

ECHO_S = 6.0
"""How long QuickBooks' webhooks about the last change may be under way."""

TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class Books:
    """The companies of the sandbox, and what is asked for in them."""

    on: LocalStage
    producer: AIOKafkaProducer
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    seen: int = 0

    @property
    def realms(self) -> Sequence[dict[str, Any]]:
        """Every company, with its ids."""
        realms: Sequence[dict[str, Any]] = self.on.world.sandbox["quickbooks"]["realms"]
        return realms

    async def ask(self, realm: dict[str, Any], record: str, version: int, desired: Desired) -> None:
        """Publish a command, as the mapper does."""
        now = datetime.now(UTC)
        command = LedgerCommand(
            realm=realm["id"],
            record=record,
            version=version,
            content_hash=f"{record}-{version}",
            connection=connection_name(realm["name"]),
            source="1/2/payment-applications/3",
            needs=(desired.invoice,) if isinstance(desired, DesiredPayment) and desired.invoice else (),
            provider_time=now,
            desired=desired,
        )
        message = outgoing(LEDGER_COMMANDS, command.key, command, source="benchmark", at=now)
        headers = [(name, value.encode()) for name, value in message.headers.items()]
        await self.producer.send(message.topic, message.value, key=message.key.encode(), headers=headers)

    async def commits(self, wanted: int, change: str = "created", entity: str = "Invoice") -> list[Any]:
        """Wait for so many commits since the last ones, and return them."""
        found: list[Any] = []
        async with asyncio.timeout(ROUND_MAX_S):
            while len(found) < wanted:
                page = await self.journal(self.seen, "commit")
                self.seen = page["next"]
                ours = (e for e in page["entries"] if e.get("origin") == "api")
                found += [e for e in ours if (e["change"], e["entity"]) == (change, entity)]
                await asyncio.sleep(0.2)
        return found

    async def answers(self, since: int) -> list[Any]:
        """Return QuickBooks' answers from a place in the journal on."""
        found: list[Any] = []
        while True:
            page = await self.journal(since, "answer")
            if not page["entries"]:
                return [entry for entry in found if entry["provider"] == "quickbooks"]
            found += page["entries"]
            since = page["next"]

    async def journal(self, since: int, kind: str) -> Any:
        """Return a page of the journal."""
        answer = await self.on.control.get("/journal", params={"since": since, "kind": kind})
        return answer.raise_for_status().json()


def invoice(realm: dict[str, Any], number: int, state: InvoiceState, *, cents: int) -> DesiredInvoice:
    """Return an invoice of three lines."""
    [customer] = realm["customers"].values()
    work, held = realm["items"]["Progress billing"], realm["items"]["Retainage"]
    lines = (("Concrete", cents, work), ("Formwork", 20_000, work), ("Retainage held", -5_000, held))
    return DesiredInvoice(
        state=state,
        number=f"B-{number}",
        customer_id=customer,
        issued_on=date(2026, 10, 31),
        due_on=date(2026, 11, 30),
        lines=tuple(InvoiceLine(description=d, amount_cents=c, item_id=i) for d, c, i in lines),
        tax_cents=825,
        total_cents=cents + 20_000 - 5_000 + 825,
    )


@dataclass(frozen=True, slots=True)
class Round:
    """What writing in several companies at once took."""

    realms: int
    per_min: float
    """Invoices of one company in a minute."""
    writer_ms: float
    """Processor time of the writer for one invoice."""
    database_ms: float
    """The same of PostgreSQL."""
    busy: float
    """Share of all cores in use, by whatever."""


async def written(books: Books, realms: Sequence[dict[str, Any]], each: int) -> Round:
    """Write so many invoices in each company at once."""
    processes = {name: books.on.supervisor.pid(name) for name in ("qb-writer", "postgres")}
    with spent(processes) as took:
        for _ in range(each):
            for realm in realms:
                number = next(books.numbers)
                await books.ask(
                    realm,
                    f"invoice/1/2/{number}",
                    1,
                    invoice(realm, number, InvoiceState.OPEN, cents=125_050),
                )
        made = await books.commits(each * len(realms))
    rates = [_per_minute([e["at"] for e in made if e["realm"] == realm["id"]]) for realm in realms]
    return Round(
        realms=len(realms),
        per_min=sum(rates) / len(rates),
        writer_ms=took["qb-writer"] * 1000 / len(made),
        database_ms=took["postgres"] * 1000 / len(made),
        busy=took["busy"],
    )


def _per_minute(moments: Sequence[str]) -> float:
    first, *_, last = (datetime.fromisoformat(moment) for moment in moments)
    return (len(moments) - 1) / (last - first).total_seconds() * 60


@contextmanager
def spent(processes: dict[str, int]) -> Iterator[dict[str, float]]:
    """Measure seconds of processor time, of processes with their children, and the share of all cores in use."""
    took: dict[str, float] = {}
    before, (busy, total) = {name: _ticks(pid) for name, pid in processes.items()}, _cores()
    yield took
    took |= {name: (_ticks(pid) - before[name]) / TICKS_PER_S for name, pid in processes.items()}
    busy_after, total_after = _cores()
    took["busy"] = (busy_after - busy) / (total_after - total)


def _ticks(pid: int) -> int:
    """Return what a process, its present children and its past ones have used."""
    used = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = stat.read_text(encoding="utf-8").rpartition(")")
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended meanwhile
        fields = rest.split()
        if int(name.split(" ", 1)[0]) == pid:
            used += sum(map(int, fields[11:15]))
        elif int(fields[1]) == pid:
            used += sum(map(int, fields[11:13]))
    return used


def _cores() -> tuple[int, int]:
    """Return how many ticks all cores were in use, and how many there were."""
    ticks = [int(n) for n in Path("/proc/stat").read_text(encoding="utf-8").splitlines()[0].split()[1:9]]
    return sum(ticks) - ticks[3] - ticks[4], sum(ticks)


async def lived(books: Books, realm: dict[str, Any]) -> Counter[str]:
    """Live whole lives of invoices; return how many calls they took in all, by what they were for."""
    since = books.seen
    numbers = [next(books.numbers) for _ in range(LIVES)]
    steps = (
        (InvoiceState.OPEN, 125_050, "created"),
        (InvoiceState.OPEN, 99_900, "updated"),
        (InvoiceState.SENT, 99_900, "sent"),
        (InvoiceState.PAID, 99_900, ""),
    )
    for version, (state, cents, change) in enumerate(steps, start=1):
        for n in numbers:
            await books.ask(realm, f"invoice/1/2/{n}", version, invoice(realm, n, state, cents=cents))
            if state is InvoiceState.PAID:
                await books.ask(realm, f"payment/1/2/{n}", 1, _payment(realm, n))
        await (books.commits(LIVES, change) if change else books.commits(LIVES, entity="Payment"))
    await asyncio.sleep(ECHO_S)
    async with asyncio.timeout(ROUND_MAX_S):
        while await books.on.operators.unfinished():  # noqa: ASYNC110  another process tells
            await asyncio.sleep(0.2)
    answers = [a for a in await books.answers(since) if a["realm"] == realm["id"]]
    return Counter("writes" if answer["method"] == "POST" else "reads" for answer in answers)


def _payment(realm: dict[str, Any], number: int) -> DesiredPayment:
    [customer] = realm["customers"].values()
    return DesiredPayment(
        invoice=f"invoice/1/2/{number}",
        customer_id=customer,
        received_on=date(2026, 11, 15),
        deposit_account_id=realm["accounts"]["Undeposited Funds"],
    )


async def rival(books: Books, realm: dict[str, Any]) -> tuple[float, float]:
    """Let the rival post; return its invoices in a minute, and its processor time for one in milliseconds."""
    [customer] = realm["customers"].values()
    line = {"Amount": 1250.50, "DetailType": "SalesItemLineDetail"}
    detail = {"SalesItemLineDetail": {"ItemRef": {"value": realm["items"]["Progress billing"]}}}
    bodies = [
        {"CustomerRef": {"value": customer}, "DocNumber": f"R-{n}", "Line": [line | detail] * 3}
        for n in range(RIVALS)
    ]
    token, file = FOLDER / "plain.token", FOLDER / "plain.json"
    token.write_text(realm["access_token"], encoding="utf-8")
    told = {
        "quickbooks_url": books.on.world.sandbox["quickbooks"]["url"],
        "realm": realm["id"],
        "token_file": str(token),
        "invoices": bodies,
    }
    file.write_text(json.dumps(told), encoding="utf-8")
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "benchmarks.plain", str(file), stdout=asyncio.subprocess.PIPE
        )
        said, _ = await process.communicate()
    finally:
        token.unlink()
        file.unlink()
    took = json.loads(said)
    return RIVALS / took["s"] * 60, took["cpu_s"] * 1000 / RIVALS


async def main() -> None:
    """Measure all of it in one run, and report."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    setting = Setting(state_dir=(FOLDER / "stack").resolve(), shipped=Path("config"))
    async with stage(setting, arrange=arranged) as on:
        body = {"provider": "quickbooks", "ms": ANSWER_MS, "jitter_ms": 0}
        (await on.control.post("/control/latency", json=body)).raise_for_status()
        async with AIOKafkaProducer(**on.kafka.client()) as producer:
            books = Books(on, producer)
            with Progress() as progress:
                bar = progress.add_task("one company", total=len(ROUNDS) + 3)
                rounds = [await written(books, books.realms[:1], STEADY)]
                for count in ROUNDS:
                    progress.update(bar, advance=1, description=f"{count} companies")
                    rounds.append(await written(books, books.realms[:count], ROUND))
                progress.update(bar, advance=1, description="whole lives")
                calls = await lived(books, books.realms[-1])
                progress.update(bar, advance=1, description="the rival")
                theirs = await rival(books, books.realms[-2])
                progress.update(bar, advance=1)
            refused = sum(answer["status"] == 429 for answer in await books.answers(0))
    told(rounds, calls, theirs, refused)


def told(rounds: Sequence[Round], calls: Counter[str], theirs: tuple[float, float], refused: int) -> None:
    """Report what was measured."""
    alone = rounds[0]
    rows: list[tuple[object, ...]] = [
        (
            f"plumbline, companies at once: {one.realms}",
            round(one.per_min),
            f"{one.per_min / alone.per_min:.0%}",
            f"{one.writer_ms:.1f}",
            f"{one.database_ms:.1f}",
            f"{one.busy:.0%}",
        )
        for one in rounds
    ]
    rows.append(("plain client: one by one", round(theirs[0]), "", f"{theirs[1]:.1f}", "", ""))
    most = rounds[-1]  # with much to do, rows are claimed and published many at a time
    per_core = 1000 / (alone.per_min / 60 * (most.writer_ms + most.database_ms))
    whole = sum(calls.values()) / LIVES
    report(
        "writer",
        f"Creating invoices, QuickBooks answers in {ANSWER_MS} ms and enforces its limits "
        f"(target: {TARGET_PER_MIN} a minute, {refused} refused for too many)\n"
        f"A whole life (created, corrected, sent, paid): {whole:.1f} calls, "
        f"{calls['writes'] / LIVES:.1f} writes and {calls['reads'] / LIVES:.1f} metered reads\n"
        f"Companies at full pace on one core, PostgreSQL included: {per_core:.0f}",
        ("", "a minute, of each", "of one alone", "CPU ms each", "… PostgreSQL", "cores in use"),
        rows,
        refused=refused,
        calls_of_a_life=dict(calls),
        companies_per_core=round(per_core, 1),
    )


if __name__ == "__main__":
    run_until_signal(main())
