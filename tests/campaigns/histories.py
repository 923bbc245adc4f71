"""The campaign of histories: commands come several times, late and in any order, and the newest counts.

`python -m tests.campaigns.histories [--seed N] [--histories N]`. A history is one invoice with one to five
versions, each delivered one to five times among those of all others; what must come of it is told by a model
that knows nothing but the history.
"""

import argparse
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from plumbline.common.contracts.cloudevents import Outgoing
from plumbline.common.contracts.ledger import InvoiceState
from plumbline.stack.lifetime import run_until_signal
from tests.campaigns.asked import amount
from tests.campaigns.books import Books, Company
from tests.campaigns.cases import Course, Step, Subject
from tests.campaigns.crowd import PACE, Crowd
from tests.campaigns.evidence import unfinished, unpublished
from tests.campaigns.record import Record
from tests.campaigns.servers import Place, keep_log, running_servers
from tests.campaigns.verdict import cents, owner_of

HISTORIES = 10_000
"""As many as C11 asks for."""

OF_ONE_COMPANY = 50
"""Histories of one company: a hundred of the writer's turns there are half a minute."""

VERSIONS_MAX, DELIVERIES_MAX = 5, 5
"""How long a history is, and how often each version comes, at most."""

REST_MAX_S = 1800.0
"""How long all of it may take."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class History:
    """What was asked for, version by version."""

    record: Record

    @classmethod
    def of(cls, company: Company, number: int, rng: random.Random) -> "History":
        """Return a history: contents change, and it is mailed or voided and renewed on the way.

        What was mailed is never voided: that is a person's to decide.
        """
        steps = [Step.CREATE]
        mailable = rng.random() < 0.5
        while len(steps) < rng.randint(1, VERSIONS_MAX):
            after_void = steps[-1] is Step.VOID
            closing = Step.RENEW if after_void else Step.SEND if mailable else Step.VOID
            steps.append(closing if after_void or rng.random() < 0.4 else Step.UPDATE)
        return cls(Record.of(company, str(number), Course(Subject.INVOICE, tuple(steps)), rng))

    def deliveries(self, rng: random.Random) -> Iterator[Outgoing]:
        """Give every command as often as it comes, in the order of versions."""
        for revision in self.record.revisions:
            [command] = self.record.commands(revision)
            yield from [command] * rng.randint(1, DELIVERIES_MAX)

    def wrongs(self, held: Sequence[Row], mails: int, created: int, results: Sequence[Row]) -> Iterator[str]:
        """Say what differs from the model: the newest version counts, once, and nothing else does.

        Args:
            held: the record's documents in the books.
            mails: how often they were mailed.
            created: how many were created.
            results: what was told of the record.
        """
        last = self.record.revisions[-1]
        wanted = 0 if last.step is Step.VOID else 1
        counting = [i for i in held if "voided" not in i["PrivateNote"].lower()]
        if len(counting) != wanted:
            yield f"{len(counting)} invoices count, must be {wanted}"
        totals = [cents(i["TotalAmt"]) for i in counting]
        asked = amount(self.record, last.desired)
        if wanted and totals != [asked]:
            yield f"totals are {totals}, must be {asked}"
        was_sent = any(r.desired.state is InvoiceState.SENT for r in self.record.revisions)
        if mails > 1 or (last.desired.state is InvoiceState.SENT and mails != 1) or (mails and not was_sent):
            yield f"mailed {mails} times"
        renewed = sum(revision.step is Step.RENEW for revision in self.record.revisions)
        if created > 1 + renewed:
            yield f"created {created} times"
        versions = [result["version"] for result in results]
        if versions != sorted(versions) or versions[-1:] != [last.version]:
            yield f"results of versions {versions}, must end with {last.version}"


def generated(companies: Sequence[Company], number: int, seed: int) -> list[History]:
    """Return so many histories, spread over the companies."""
    return [
        History.of(companies[n % len(companies)], n + 1, random.Random(f"{seed}/{n + 1}"))
        for n in range(number)
    ]


def shuffled(histories: Sequence[History], seed: int) -> list[Outgoing]:
    """Return every delivery of every history, in no order at all."""
    rng = random.Random(seed)
    deliveries = [command for history in histories for command in history.deliveries(rng)]
    rng.shuffle(deliveries)
    return deliveries


async def judged(
    histories: Sequence[History], crowd: Crowd, books: Books, place: Place
) -> dict[str, Sequence[str]]:
    """Return what is wrong, by record."""
    wrongs: defaultdict[str, list[str]] = defaultdict(list)
    for row in await unfinished(place.pool):
        wrongs[row["key"]].append(f"is unfinished: {row['announced_reason'] or row['waiting_for']}")
    if waiting := await unpublished(place.pool):
        wrongs["outbox"].append(f"{waiting} messages wait")
    by_company: defaultdict[str, list[History]] = defaultdict(list)
    for history in histories:
        by_company[history.record.company.realm].append(history)
    for realm, mine in by_company.items():
        held = by_marker(await books.held(realm, "Invoice"))
        journal = await books.journal(realm)
        created = Counter(owner(e) for e in journal if e["kind"] == "commit" and e.get("change") == "created")
        by_id = {str(i["Id"]): owner_name for owner_name, documents in held.items() for i in documents}
        mails = Counter(by_id.get(str(e["id"]), "") for e in journal if e["kind"] == "mail")
        for history in mine:
            name = history.record.subject
            told = crowd.results(history.record.key(name))
            found = list(history.wrongs(held.get(name, []), mails[name], created[name], told))
            if found:
                wrongs[history.record.key(name)] += found
        books.forget(realm)
    return dict(wrongs)


def owner(entry: Row) -> str:
    """Return the record that a document's marker names."""
    return owner_of(str(entry.get("private_note", entry.get("PrivateNote", ""))))


def by_marker(documents: Sequence[Row]) -> dict[str, list[Row]]:
    """Return documents by the record that they belong to."""
    found: defaultdict[str, list[Row]] = defaultdict(list)
    for document in documents:
        found[owner(document)].append(document)
    return dict(found)


async def campaign(number: int, seed: int, console: Console) -> dict[str, Sequence[str]]:
    """Deliver the histories and judge them."""
    async with running_servers() as servers, servers.place("crowd", PACE) as place:
        companies = []
        for n in range(-(-number // OF_ONE_COMPANY)):
            companies.append(await servers.books.found(f"Company {n}", duplicate_check=False))
            await place.admit(companies[-1])
        histories = generated(companies, number, seed)
        deliveries = shuffled(histories, seed)
        console.print(f"{number} histories of {len(companies)} companies, {len(deliveries)} deliveries")
        async with Crowd(place, log="histories") as crowd:
            crowd.ask(deliveries)
            await crowd.until_at_rest(REST_MAX_S)
        wrongs = await judged(histories, crowd, servers.books, place)
        if wrongs:
            keep_log(servers, "histories")
        return wrongs


def main() -> int:
    """Play what the command line asks for; return 1 if a history ended otherwise than the model says."""
    parser = argparse.ArgumentParser(prog="histories", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="decides everything that is left to chance")
    parser.add_argument("--histories", type=int, default=HISTORIES, help="how many")
    asked = parser.parse_args()
    console = Console()
    wrongs = run_until_signal(campaign(asked.histories, asked.seed, console))
    if wrongs is None:
        return 1
    for key, found in wrongs.items():
        console.print(f"FAILED {key}, seed {asked.seed}: {'; '.join(found)}", highlight=False, markup=False)
    console.print(f"{asked.histories} histories, {asked.histories - len(wrongs)} passed", highlight=False)
    return 1 if wrongs else 0


if __name__ == "__main__":
    sys.exit(main())
