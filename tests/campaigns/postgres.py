"""The campaign against PostgreSQL: it is killed a hundred times in the middle of work, and nothing comes of it.

`python -m tests.campaigns.postgres [--seed N] [--kills N]`. Two replicas work on many records at once, so that
every kill meets transactions before, in and after their commit. What was committed is there afterwards, whether
anybody heard of it or not.
"""

import argparse
import asyncio
import logging
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import Progress

from plumbline.common.database import borrowed
from plumbline.stack.lifetime import run_until_signal
from tests.campaigns.crash_sweep import progress_bar
from tests.campaigns.crowd import PACE, Crowd
from tests.campaigns.evidence import gather
from tests.campaigns.record import Record
from tests.campaigns.servers import POOL_SIZE, Place, Servers, keep_log, running_servers
from tests.campaigns.silence import records_of
from tests.campaigns.verdict import judge

KILLS = 100
"""As many as C3 asks for."""

RECORDS_OF_ONE_KILL = 3
"""New records before each kill; those of before are still at work on their later steps."""

WORKED_MAX_S = 0.8
"""A kill comes so long after new work at most."""

REST_MAX_S = 360.0
"""How long all of it may take to come to rest after the last kill: who failed often waits up to five minutes."""

CONNECTIONS_MAX = 2 * (POOL_SIZE + 2 + 2) + 4
"""Two lives' pools, listeners, relays and secret stores, and the campaign's own two pools."""

LEAK_LOOK_S = 10.0
"""So long after all is at rest, connections must be back to what they were."""


@dataclass(slots=True)
class Outcome:
    """What the campaign found."""

    kills: int = 0
    deaths: int = 0
    findings: dict[str, Sequence[str]] = field(default_factory=dict)


async def play(servers: Servers, place: Place, kills: int, seed: int, progress: Progress) -> Outcome:
    """Give work and kill, again and again; then judge every record."""
    rng = random.Random(seed)
    outcome = Outcome()
    records = await records_of(servers.books, place, kills * RECORDS_OF_ONE_KILL, seed)
    bar = progress.add_task("kills", total=kills, failed=0)
    async with Crowd(place, log="postgres") as crowd:
        for n in range(kills):
            new, former, eldest = (
                records[max(0, m * RECORDS_OF_ONE_KILL) : (m + 1) * RECORDS_OF_ONE_KILL]
                for m in (n, n - 1, n - 2)
            )
            for step, those in enumerate((new, former, eldest)):
                crowd.ask(command for r in those for command in r.commands(r.revisions[step]))
            await asyncio.sleep(rng.uniform(0, WORKED_MAX_S))
            servers.supervisor.kill("postgres")
            await servers.supervisor.ready("postgres")
            outcome.kills += 1
            crowd.keep_alive()
            progress.advance(bar)
        for step, those in ((1, records[-3:]), (2, records[-6:])):
            crowd.ask(command for r in those for command in r.commands(r.revisions[step]))
        await crowd.until_at_rest(REST_MAX_S)
        outcome.deaths = crowd.deaths
        outcome.findings |= await leaks(place)
        await judge_all(outcome, servers, place, crowd, records)
    return outcome


async def leaks(place: Place) -> dict[str, Sequence[str]]:
    """Return what is wrong with the number of connections once all is at rest."""
    await asyncio.sleep(LEAK_LOOK_S)
    async with borrowed(place.pool) as connection:
        opened = await connection.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    return (
        {}
        if opened <= CONNECTIONS_MAX
        else {"connections": [f"{opened} are open, {CONNECTIONS_MAX} at most"]}
    )


async def judge_all(
    outcome: Outcome, servers: Servers, place: Place, crowd: Crowd, records: Sequence[Record]
) -> None:
    """Judge every record; all but its last version may have been overtaken."""
    for record in records:
        evidence = await gather(place.pool, servers.books, record, crowd.results)
        optional = frozenset(revision.version for revision in record.revisions[:-1])
        if findings := judge(record, evidence, optional=optional):
            outcome.findings[record.company.realm] = findings


async def campaign(kills: int, seed: int, console: Console) -> Outcome:
    """Run the servers and play."""
    async with running_servers() as servers, servers.place("crowd", PACE) as place:
        with progress_bar(console) as progress:
            outcome = await play(servers, place, kills, seed, progress)
        if outcome.findings:
            keep_log(servers, "postgres")
        return outcome


def main() -> int:
    """Play what the command line asks for; return 1 if a record failed."""
    parser = argparse.ArgumentParser(prog="postgres", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="decides everything that is left to chance")
    parser.add_argument("--kills", type=int, default=KILLS, help="how often PostgreSQL is killed")
    asked = parser.parse_args()
    logging.getLogger("asyncpg").setLevel(
        logging.CRITICAL
    )  # our own pool tells of every kill that it notices
    console = Console()
    outcome = run_until_signal(campaign(asked.kills, asked.seed, console))
    if outcome is None:
        return 1
    for key, findings in outcome.findings.items():
        console.print(
            f"FAILED {key}, seed {asked.seed}: {'; '.join(findings)}", highlight=False, markup=False
        )
    records, failed = asked.kills * RECORDS_OF_ONE_KILL, len(outcome.findings)
    console.print(
        f"{outcome.kills} kills, {outcome.deaths} of the writer's own, {records} records, {failed} failed, seed {asked.seed}",
        highlight=False,
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
