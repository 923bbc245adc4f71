"""The campaign of storms: QuickBooks throttles and fails for some companies, and the others must not notice.

`python -m tests.campaigns.storm [--seed N] [--realms N] [--scale X]`. People bill in every company at the same
pace all the while: in calm, then while half of the companies are in a storm that takes a tenth, then two fifths,
then all of their requests, and after it.
"""

import argparse
import asyncio
import random
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from rich.console import Console
from rich.progress import Progress

from plumbline.common.contracts.ledger import DesiredInvoice
from plumbline.common.contracts.operations import RenewCredential
from plumbline.common.contracts.topics import CREDENTIALS_COMMANDS
from plumbline.common.database import transaction
from plumbline.common.reconciling.store import resume
from plumbline.stack.lifetime import run_until_signal
from tests.campaigns.books import Books, Company
from tests.campaigns.cases import Course, Step, Subject
from tests.campaigns.crowd import Crowd
from tests.campaigns.evidence import unfinished
from tests.campaigns.histories import History
from tests.campaigns.record import Record
from tests.campaigns.servers import Pace, Place, keep_log, running_servers
from tests.campaigns.weather import (
    ANSWER_MS,
    FORBIDDEN,
    GATE_S,
    JITTER_MS,
    SHARES,
    STORMS,
    Play,
    Report,
    part_of,
    reported,
    told,
)

REALMS = 24
"""Half of them are in a storm, two in each kind."""

PACE = Pace(
    call_deadline_s=3.0,
    settle_s=4.0,
    send_within_s=2.0,
    lease_margin_s=15.0,
    gate_wait_s=GATE_S,
    token_cooldown_s=GATE_S,
)
"""The writer's durations."""

POOL_SIZE = 12
"""Connections of a life to PostgreSQL, as in production."""

CALM_S, PHASE_S, AFTER_S = 60.0, 20.0, 10.0
"""How long people bill before the storm, in each phase of it, and after it."""

EVERY_S = 2.0
"""In each company somebody bills so often."""

CORRECTED = 0.3
"""Share of the invoices that are corrected a moment later."""

REST_MAX_S = 600.0
"""How long all may take to come to rest; a failing record is tried again at most five minutes apart."""

LOOK_S = 0.05
"""Between looks for requests for a newer token."""


async def bill(play: Play, crowd: Crowd, rng: random.Random, seconds: float) -> None:
    """Bill in every company for so long."""
    async with asyncio.TaskGroup() as people:
        for company in play.companies:
            people.create_task(_person(play, crowd, company, random.Random(rng.random()), seconds))


async def _person(play: Play, crowd: Crowd, company: Company, rng: random.Random, seconds: float) -> None:
    await asyncio.sleep(rng.random() * EVERY_S)
    for _ in range(round(seconds / EVERY_S)):
        steps = (Step.CREATE, Step.UPDATE) if rng.random() < CORRECTED else (Step.CREATE,)
        course = Course(Subject.INVOICE, steps)
        history = History(Record.of(company, str(len(play.histories) + 1), course, rng))
        play.histories.append(history)
        for revision in history.record.revisions:
            billed = revision.desired
            if isinstance(billed, DesiredInvoice):
                play.asked_at[revision.wishes[0].record, billed.total_cents] = datetime.now(UTC)
            crowd.ask(history.record.commands(revision))
            await asyncio.sleep(EVERY_S / len(steps))


async def founded(books: Books, place: Place, realms: int) -> Play:
    """Found the companies; every second one will be in a storm."""
    companies = []
    for n in range(realms):
        companies.append(await books.found(f"Company {n}", duplicate_check=False))
        await place.admit(companies[-1])
    kinds = list(STORMS)
    storms = {c.realm: kinds[n % len(kinds)] for n, c in enumerate(companies[1::2])}
    return Play(companies, storms)


async def played(play: Play, crowd: Crowd, books: Books, *, scale: float, seed: int) -> None:
    """Let people bill before, in and after the storm."""
    parts = [("calm", 0.0, CALM_S), *((part_of(share), share, PHASE_S) for share in SHARES)]
    rng = random.Random(seed)
    with Progress() as progress:
        bar = progress.add_task("", total=len(parts) + 1)
        for name, share, seconds in [*parts, ("after", 0.0, AFTER_S)]:
            progress.update(bar, description=f"storm: {name:5}")
            play.moments[name] = datetime.now(UTC)
            async with raging(play, books, share=share, seed=seed):
                await bill(play, crowd, rng, seconds * scale)
            progress.advance(bar)
    play.moments["end"] = datetime.now(UTC)


@asynccontextmanager
async def raging(play: Play, books: Books, *, share: float, seed: int) -> AsyncIterator[None]:
    """Let the storm take a share of the requests until the end of the context."""
    if not share:
        yield
        return
    rules = {
        realm: await books.storm(realm, STORMS[kind], share=share, seed=seed)
        for realm, kind in play.storms.items()
    }
    yield
    for realm, rule in rules.items():
        play.hits[play.storms[realm]] += await books.hits(rule)
    await books.withdraw_all()


async def renewing(play: Play, crowd: Crowd, place: Place) -> None:
    """Be token-vault: give a newer token to whoever asks for one."""
    companies = {f"quickbooks/{c.realm}": c for c in play.companies}
    newest = dict.fromkeys(companies, 1)
    read = 0
    while True:
        published = crowd.published
        for message in published[read:]:
            if message["topic"] == CREDENTIALS_COMMANDS.name:
                request = RenewCredential.model_validate_json(message["value"])
                if request.refused_version == newest[request.account]:
                    newest[request.account] += 1
                    await place.admit(companies[request.account], version=newest[request.account])
        read = len(published)
        await asyncio.sleep(LOOK_S)


async def brought_to_rest(play: Play, crowd: Crowd, place: Place) -> None:
    """Wait until all is done, and connect the companies again whose records wait for that."""
    forbidden = {realm for realm, kind in play.storms.items() if kind == FORBIDDEN}
    async with asyncio.timeout(2 * REST_MAX_S):
        while True:
            await crowd.until_at_rest(REST_MAX_S)
            parked = [row["key"] for row in await unfinished(place.pool) if row["is_parked"]]
            mine = [key for key in parked if key.partition("/")[0] in forbidden]
            if not mine:
                return
            async with transaction(place.pool) as connection:
                await resume(connection, keys=mine, cause="connected again", now=datetime.now(UTC))


async def campaign(realms: int, seed: int, scale: float, console: Console) -> Report:
    """Play and judge."""
    async with running_servers() as servers, servers.place("crowd", PACE, pool_size=POOL_SIZE) as place:
        await servers.books.slow(ms=ANSWER_MS, jitter_ms=JITTER_MS)
        play = await founded(servers.books, place, realms)
        async with Crowd(place, log="storm") as crowd:
            renewal = asyncio.create_task(renewing(play, crowd, place))
            await played(play, crowd, servers.books, scale=scale, seed=seed)
            console.print(f"{len(play.histories)} invoices are asked for; letting the writer finish")
            await brought_to_rest(play, crowd, place)
            renewal.cancel()
        report = await reported(play, crowd, servers.books, place)
        if not report.holds:
            keep_log(servers, "storm")
        return report


def main() -> int:
    """Play what the command line asks for; return 1 if something does not hold."""
    parser = argparse.ArgumentParser(prog="storm", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="decides everything that is left to chance")
    parser.add_argument("--realms", type=int, default=REALMS, help="how many companies")
    parser.add_argument("--scale", type=float, default=1.0, help="how long each part lasts, times the usual")
    asked = parser.parse_args()
    console = Console()
    report = run_until_signal(campaign(asked.realms, asked.seed, asked.scale, console))
    if report is None:
        return 1
    told(report, console)
    console.print(
        f"{asked.realms} realms, {asked.realms // 2} in storms: {len(report.wrongs)} records wrong, "
        f"{sum(report.excess.values())} requests too many, {sum(report.parked.values())} parked for what passes, "
        f"p99 of the others {report.worse:+.1%}, seed {asked.seed}",
        highlight=False,
    )
    return 0 if report.holds else 1


if __name__ == "__main__":
    sys.exit(main())
