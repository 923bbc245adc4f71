"""The campaign of silence: QuickBooks commits, and nobody is told. Nothing may be made twice, or stay unknown.

`python -m tests.campaigns.silence [--seed N] [--trials N]`. A trial is one write of any kind whose first answer
never comes, or tells nothing: the connection is cut, reset, half closed, silent after the first byte, silent at
all; or half of the answer comes, an error, a page in HTML, a fault that leaves everything open.
"""

import argparse
import asyncio
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from rich.console import Console

from plumbline.common.database import borrowed
from plumbline.stack.lifetime import run_until_signal
from tests.campaigns.books import Books
from tests.campaigns.cases import INDEX_LAG_S, LIVES, Course, Trouble, may_lag
from tests.campaigns.crowd import PACE, Crowd
from tests.campaigns.evidence import gather
from tests.campaigns.record import Record
from tests.campaigns.servers import Place, keep_log, running_servers
from tests.campaigns.verdict import judge

STEPS = 3
"""Trials of one record: each step of its life is one."""

TRIALS = 3000
"""By the rule of three, none of 3,000 failing says with 95 % confidence that fewer than one in 1,000 would."""

AT_ONCE = 32
"""Calls of the control API at the same time."""

WAVE_MAX_S = 300.0
"""How long the same step of all records may take to come to rest: C6 allows five minutes."""


def _silence(name: str, **args: Any) -> Trouble:
    return Trouble(rule={"name": name, "times": 1, "args": args})


UNEXPECTED = {"Message": "m", "Detail": "An unexpected error occurred", "code": "10000", "element": ""}

SILENCES = (
    _silence("lose-answer", how="cut"),
    _silence("lose-answer", how="reset"),
    _silence("lose-answer", how="half-close"),
    _silence("lose-answer", how="silence"),
    _silence("delay", ms=60_000),
    _silence("truncate"),
    _silence("status-after-commit", status=500),
    _silence("status-after-commit", status=502, headers={"content-type": "text/html"}, body="<html>"),
    _silence("status-after-commit", status=200, body='{"Invoice": {"Id": "1'),
    _silence("status-after-commit", status=200, body={"Fault": {"Error": [UNEXPECTED]}}),
)
"""The manners of silence; the delay is ended by QuickBooks itself, long after its caller has gone."""


@dataclass(slots=True)
class Outcome:
    """What a campaign of silence found."""

    trials: int = 0
    findings: dict[str, Sequence[str]] | None = None
    longest: timedelta = timedelta(0)
    """The longest time from storing a write to knowing its outcome."""


def switches(course: Course, rng: random.Random) -> dict[str, Any]:
    """Return a company's switches: either the index lags or request ids are forgotten, or neither."""
    memories: tuple[dict[str, Any], ...] = ({"requestid_ttl_s": 0}, {})
    if may_lag(course):
        memories = ({"index_lag_s": INDEX_LAG_S}, *memories)
    return {"duplicate_check": rng.random() < 0.2, **rng.choice(memories)}


async def records_of(books: Books, place: Place, number: int, seed: int) -> list[Record]:
    """Found a company for each record, and let the writer in."""
    places = asyncio.Semaphore(AT_ONCE)

    async def one(n: int) -> Record:
        rng = random.Random(f"{seed}/{n}")
        course = rng.choice(LIVES)
        async with places:
            company = await books.found(f"Record {n}", **switches(course, rng))
            await place.admit(company)
        return Record.of(company, str(n), course, rng)

    return list(await asyncio.gather(*(one(n) for n in range(1, number + 1))))


async def wave(crowd: Crowd, books: Books, records: Sequence[Record], step: int, seed: int) -> int:
    """Ask for the same step of every record, each write met by silence; return how many were."""
    places = asyncio.Semaphore(AT_ONCE)

    async def silent(record: Record) -> str:
        rng = random.Random(f"{seed}/{record.name}/{step}")
        async with places:
            return await books.begin(record.company.realm, rng.choice(SILENCES)) or ""

    rules = await asyncio.gather(*(silent(record) for record in records))
    crowd.ask(command for record in records for command in record.commands(record.revisions[step]))
    await crowd.until_at_rest(WAVE_MAX_S)
    met = await books.hits(*rules)
    await books.withdraw_all()
    return met


async def longest_doubt(place: Place) -> timedelta:
    """Return the longest time that any write was open."""
    async with borrowed(place.pool) as connection:
        doubt: timedelta = await connection.fetchval("SELECT max(closed_at - opened_at) FROM writes")
        return doubt


async def campaign(trials: int, seed: int, console: Console) -> Outcome:
    """Play the trials and judge every record."""
    outcome = Outcome(findings={})
    async with running_servers() as servers, servers.place("crowd", PACE) as place:
        records = await records_of(servers.books, place, -(-trials // STEPS), seed)
        console.print(f"{len(records)} companies are founded", highlight=False)
        async with Crowd(place, log="silence") as crowd:
            for step in range(STEPS):
                outcome.trials += await wave(crowd, servers.books, records, step, seed)
                console.print(
                    f"step {step + 1}: {outcome.trials} writes were met by silence", highlight=False
                )
        outcome.longest = await longest_doubt(place)
        for record in records:
            evidence = await gather(place.pool, servers.books, record, crowd.results)
            if findings := judge(record, evidence):
                assert outcome.findings is not None
                outcome.findings[record.company.realm] = findings
        if outcome.findings:
            keep_log(servers, "silence")
    return outcome


def main() -> int:
    """Play what the command line asks for; return 1 if a record failed."""
    parser = argparse.ArgumentParser(prog="silence", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="decides everything that is left to chance")
    parser.add_argument(
        "--trials", type=int, default=TRIALS, help="how many writes are met by silence, at least"
    )
    asked = parser.parse_args()
    console = Console()
    outcome = run_until_signal(campaign(asked.trials, asked.seed, console))
    if outcome is None or outcome.findings is None:
        return 1
    for key, findings in outcome.findings.items():
        console.print(
            f"FAILED {key}, seed {asked.seed}: {'; '.join(findings)}", highlight=False, markup=False
        )
    failed = len(outcome.findings)
    console.print(
        f"longest doubt {outcome.longest.total_seconds():.1f} s, seed {asked.seed}", highlight=False
    )
    console.print(f"{outcome.trials} trials, {failed} records failed", highlight=False)
    return 1 if failed or outcome.trials < asked.trials else 0


if __name__ == "__main__":
    sys.exit(main())
