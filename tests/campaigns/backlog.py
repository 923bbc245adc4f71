"""The campaign of the backlog: QuickBooks takes ten seconds for an answer, and far more is asked than it can take.

`python -m tests.campaigns.backlog [--commands N]`. All durations are a tenth of the real ones. The writer goes on
reading and storing what it is told while its work is slow; its memory stays what it was; and the figure of its oldest
unfinished change, which people are woken by, is right. Kafka is played here: what a broker does with a
consumer that is slow to poll is not; that it polls in time is.
"""

import argparse
import asyncio
import contextlib
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
from rich.console import Console
from rich.progress import Progress
from typing_extensions import override

from plumbline.common.contracts.cloudevents import Outgoing
from plumbline.common.contracts.topics import LEDGER_RESULTS
from plumbline.common.measuring import EVERY_S
from plumbline.stack.lifetime import run_until_signal
from plumbline.stack.servers.ports import free_port
from tests.campaigns.asked import amount
from tests.campaigns.books import Books, Company
from tests.campaigns.cases import Course, Step, Subject
from tests.campaigns.crash_sweep import progress_bar
from tests.campaigns.lives import BATCH, Kafka, Life
from tests.campaigns.record import Record
from tests.campaigns.servers import Pace, keep_log, running_servers
from tests.campaigns.verdict import cents, owner_of

COMMANDS = 200_000
"""C15 asks for a million, which takes five times as long."""

COMPANIES = 20
"""All of them together get slower answers than the writer has places for."""

ANSWER_S, REQUEST_S = 1.0, 12.0
"""A tenth of the ten seconds of C15, and of the 120 after which QuickBooks ends a request."""

PACE = Pace(call_deadline_s=6.0, settle_s=13.0, send_within_s=1.0, lease_margin_s=1.5, gate_wait_s=6.0)
"""A tenth of the writer's own durations."""

SPREAD = timedelta(seconds=60)
"""The changes behind the commands were made within so long before the campaign, one after the other."""

LOOK_S = 2.0
"""Between two looks at memory and figures."""

WARM = 0.1
"""From this share of the commands on, memory is measured."""

GROWTH_MAX_MB = 48.0
"""How much more memory it may have at any time after that."""

GAP_MAX_S = 30.0
"""Longest time between two batches; Kafka takes a member for dead that has not polled for 300 s."""

WRONG_MAX_S = 5.0
"""How far the age of the oldest unfinished change may be from the truth, when it is read from the tables …"""

READ_MAX_S = 2 * EVERY_S
"""… and how old a reading may be."""

COURSE = Course(Subject.INVOICE, (Step.CREATE,))


class Backlog(Kafka):
    """A topic of any length, whose commands are made up as they are polled; one invoice each."""

    def __init__(self, companies: Sequence[Company], length: int) -> None:
        """Ask for so many invoices, in turn of each company."""
        super().__init__()
        self.companies = companies
        self.length = length
        self.began = datetime.now(UTC) - SPREAD

    @property
    @override
    def end(self) -> int:
        return self.length

    @override
    def batch(self, offset: int) -> Sequence[Outgoing]:
        return [self._command(n) for n in range(offset, min(offset + BATCH, self.length))]

    def changed_at(self, number: int) -> datetime:
        """Return when the change behind a command was made."""
        return self.began + number / self.length * SPREAD

    def _command(self, number: int) -> Outgoing:
        record = self.record(number)
        [command] = record.commands(record.revisions[0], changed_at=self.changed_at(number))
        return command

    def record(self, number: int) -> Record:
        """Return the invoice that a command asks for."""
        company = self.companies[number % len(self.companies)]
        return Record.of(company, str(number), COURSE, random.Random(number))

    def told(self) -> set[int]:
        """Return the commands whose results were published."""
        keys = (m["key"] for m in self.published if m["topic"] == LEDGER_RESULTS.name)
        return {int(key.rpartition("/")[2]) for key in keys}


@dataclass(slots=True)
class Watch:
    """What is seen of a life while it takes the backlog."""

    topic: Backlog
    life: Life
    http: httpx.AsyncClient
    compared: int = 0
    """How many figures were held against the truth."""
    warm_mb: float = 0.0
    most_mb: float = 0.0
    gap_s: float = 0.0
    """The longest time between two batches."""
    wrong_s: float = 0.0
    """The farthest that a figure was from the truth."""
    findings: list[str] = field(default_factory=list)

    async def follow(self, progress: Progress) -> None:
        """Look until everything is taken, and once more."""
        bar = progress.add_task("commands taken", total=self.topic.end, failed=0)
        gaps = asyncio.create_task(self._time_gaps())
        try:
            while not self.topic.is_read and not self.life.ended.is_set():
                await asyncio.sleep(LOOK_S)
                await self._look()
                progress.update(bar, completed=self.topic.taken, failed=len(self.findings))
            await self._look()
        finally:
            gaps.cancel()

    async def _time_gaps(self) -> None:
        taken, since_s = 0, time.monotonic()
        while not self.topic.is_read:
            self.topic.changed.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.topic.changed.wait(), LOOK_S)
            self.gap_s = max(self.gap_s, time.monotonic() - since_s)
            if self.topic.taken > taken:
                taken, since_s = self.topic.taken, time.monotonic()

    async def _look(self) -> None:
        if self.life.ended.is_set():
            self.findings.append("the writer ended by itself")
            return
        now_mb = self.life.resident_mb()
        if self.topic.taken >= WARM * self.topic.end:
            self.warm_mb = self.warm_mb or now_mb
            self.most_mb = max(self.most_mb, now_mb)
        taken, told = self.topic.taken, self.topic.told()
        figures = (await self.http.get("/metrics")).text
        read_at = float(_figure(figures, "plumbline_backlog_read_timestamp_seconds") or 0)
        if read_at:
            if time.time() - read_at > READ_MAX_S:
                self.findings.append(f"figures are {time.time() - read_at:.0f} s old")
            self._compare(figures, read_at, taken, told)

    def _compare(self, figures: str, read_at: float, taken: int, told: set[int]) -> None:
        companies = self.topic.companies
        for place, company in enumerate(companies):
            first = next((n for n in range(place, taken, len(companies)) if n not in told), None)
            said = _figure(figures, "plumbline_work_unfinished_seconds", f"campaign-{company.realm}")
            if first is not None and said is not None:
                self.compared += 1
                true_s = read_at - self.topic.changed_at(first).timestamp()
                self.wrong_s = max(self.wrong_s, abs(said - true_s))


def _figure(figures: str, name: str, connection: str = "") -> float | None:
    labels = rf'[^}}]*connection="{connection}"' if connection else ""
    found = re.search(rf"^{name}\{{{labels}[^}}]*\}} (\S+)$", figures, re.MULTILINE)
    return float(found[1]) if found else None


async def judged(topic: Backlog, books: Books, told: set[int]) -> list[str]:
    """Say what is wrong in the books: each invoice is there once at most, as it was asked for; none that was told of lacks."""
    findings: list[str] = []
    seen: set[int] = set()
    for company in topic.companies:
        held = Counter(owner_of(i["PrivateNote"]) for i in await books.held(company.realm, "Invoice"))
        findings += [f"{name} was created {times} times" for name, times in held.items() if times > 1]
        for invoice in await books.held(company.realm, "Invoice"):
            number = int(owner_of(invoice["PrivateNote"]).rpartition("/")[2])
            seen.add(number)
            asked = amount(topic.record(number), topic.record(number).revisions[0].desired)
            if cents(invoice["TotalAmt"]) != asked:
                findings.append(f"invoice {number} says {invoice['TotalAmt']}, must be {asked} cents")
    findings += [f"invoice {number} was told of, and is not there" for number in sorted(told - seen)]
    return findings


async def campaign(commands: int, console: Console) -> tuple[Watch, list[str], float]:
    """Run the writer upon a backlog; return what was seen, what is wrong, and how long it took."""
    async with running_servers() as servers, servers.place("backlog", PACE) as place:
        await servers.books.set_limits(REQUEST_S)
        companies = [await servers.books.found(f"Company {n}") for n in range(COMPANIES)]
        for company in companies:
            await place.admit(company)
        await servers.books.answer_after(ANSWER_S)
        topic, port = Backlog(companies, commands), free_port()
        place.env = {**place.env, "PLUMBLINE_HTTP_PORT": str(port)}
        began_s = time.monotonic()
        life = place.live("a", topic, log="backlog")
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", timeout=30.0, trust_env=False
        ) as http:
            watch = Watch(topic, life, http)
            with progress_bar(console) as progress:
                await watch.follow(progress)
        took_s = time.monotonic() - began_s
        await place.end_lives()
        findings = [*watch.findings, *await judged(topic, servers.books, topic.told())]
        if place.unheeded:
            findings.append("the writer did not end in time after SIGTERM")
        findings += [
            f"{what} {found:.1f}, must be at most {most:g}"
            for what, found, most in (
                ("megabytes grown:", watch.most_mb - watch.warm_mb, GROWTH_MAX_MB),
                ("seconds between two batches:", watch.gap_s, GAP_MAX_S),
                ("seconds that the oldest unfinished change was wrong by:", watch.wrong_s, WRONG_MAX_S),
            )
            if found > most
        ]
        if not watch.compared or not topic.told():
            findings.append("no figure was compared, or nothing written")
        if findings:
            keep_log(servers, "backlog")
        return watch, findings, took_s


def main() -> int:
    """Play what the command line asks for; return 1 if something was found."""
    parser = argparse.ArgumentParser(prog="backlog", description=__doc__)
    parser.add_argument("--commands", type=int, default=COMMANDS, help="how many are asked at once")
    asked = parser.parse_args()
    console = Console()
    outcome = run_until_signal(campaign(asked.commands, console))
    if outcome is None:
        return 1
    watch, findings, took_s = outcome
    for finding in findings:
        console.print(f"FAILED {finding}", highlight=False, markup=False)
    console.print(
        f"memory {watch.warm_mb:.0f} MB, {watch.most_mb:.0f} at most; {watch.gap_s:.1f} s between two batches at most; "
        f"oldest unfinished change wrong by {watch.wrong_s:.1f} s at most, {watch.compared} figures compared",
        highlight=False,
    )
    written = len(watch.topic.told())
    console.print(
        f"{asked.commands} commands taken in {took_s:.0f} s, {written} written meanwhile, {len(findings)} findings",
        highlight=False,
    )
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
