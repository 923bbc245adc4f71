"""Storms as the campaign plays them, and what a play has shown."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from rich.console import Console

from plumbline.common.contracts.operations import RecordParked
from plumbline.common.contracts.topics import RECORDS_PARKED
from plumbline.stack.scenario.summary import percentile
from tests.campaigns.books import Books, Company
from tests.campaigns.crowd import Crowd
from tests.campaigns.histories import History, judged, owner
from tests.campaigns.servers import Place

GATE_S = 3.0
"""How long a company is left alone after a 429 without a time: a twentieth of production."""

ANSWER_MS, JITTER_MS = 300, 100
"""How long QuickBooks takes for an answer."""

ON_THE_WAY_S = (ANSWER_MS + JITTER_MS) / 1000 + 0.5
"""What is answered so soon after a refusal was on its way, or had its turn, when the refusal was read."""

FORBIDDEN = "403"
"""The storm that is for a person: each record waits until the company is connected again."""

STORMS: Mapping[str, Mapping[str, Any]] = {
    "429": {"name": "throttle", "args": {"retry_after": None}},
    "429 + Retry-After": {"name": "throttle", "args": {"retry_after": 4}},
    "500": {"name": "status", "args": {"status": 500}},
    "503": {"name": "status", "args": {"status": 503}},
    "401": {"name": "refuse-token"},
    FORBIDDEN: {"name": "status", "args": {"status": 403}},
}
"""What a company in a storm answers, before it does anything."""

WAITS_S = {"429": GATE_S, "429 + Retry-After": 4.0}
"""How long each kind of throttle asks to be left alone."""

SHARES = (0.1, 0.4, 1.0)
"""Of the requests, one phase after the other."""

WORSE_MAX = 0.10
"""How much slower the others may be in the storm than before it (C5)."""


@dataclass(slots=True)
class Play:
    """The companies, what was asked for in them, and when."""

    companies: Sequence[Company]
    storms: Mapping[str, str]
    """Kind of storm by realm; the others are calm."""
    histories: list[History] = field(default_factory=list)
    asked_at: dict[tuple[str, int], datetime] = field(default_factory=dict)
    """When each content of a record was asked for, by its name and total."""
    moments: dict[str, datetime] = field(default_factory=dict)
    """When each part of the play began."""
    hits: Counter[str] = field(default_factory=Counter)
    """How many requests met each kind of storm."""


@dataclass(slots=True)
class Report:
    """What the play showed."""

    wrongs: dict[str, Sequence[str]]
    """What is wrong with the books, by record."""
    parked: Counter[str]
    """Codes under which records were parked that should not have been."""
    latencies_ms: Mapping[str, Sequence[int]]
    """From asking to the commit in companies that were in no storm, by the part in which it was asked."""
    excess: Counter[str]
    """Requests too many: sent while a company had asked to be left alone, by kind of storm."""
    per_wait: Mapping[str, float]
    """Requests of a throttled company in the time that it asked to be left alone, where all were refused."""
    unmet: Sequence[str]
    """Kinds of storm that no request met."""

    @property
    def calm_ms(self) -> Sequence[int]:
        """The baseline."""
        return self.latencies_ms["calm"]

    @property
    def storm_ms(self) -> Sequence[int]:
        """The same while others were in a storm."""
        return [ms for part in map(part_of, SHARES) for ms in self.latencies_ms[part]]

    @property
    def worse(self) -> float:
        """By what share the 99th percentile was worse in the storm."""
        return _percentile(self.storm_ms, 99) / _percentile(self.calm_ms, 99) - 1

    @property
    def noise(self) -> float:
        """By what share the 99th percentiles of the baseline's own two halves differ: no storm tells them apart."""
        middle = len(self.calm_ms) // 2
        halves = sorted(_percentile(half, 99) for half in (self.calm_ms[:middle], self.calm_ms[middle:]))
        return halves[1] / halves[0] - 1

    @property
    def holds(self) -> bool:
        """Whether all that must hold does; of the others' latency, as far as this machine can tell."""
        found = self.wrongs or self.parked or self.excess or self.unmet
        return not found and self.worse <= WORSE_MAX + self.noise


def part_of(share: float) -> str:
    """Return what the part of the play is called in which the storm takes a share of the requests."""
    return f"{share:.0%}"


def _percentile(took_ms: Sequence[int], percent: int) -> int:
    found = percentile(took_ms, percent)
    assert found is not None, "nothing was written"
    return found


async def reported(play: Play, crowd: Crowd, books: Books, place: Place) -> Report:
    """Read the journal, the books and what was published."""
    answers = await books.answers()
    latencies = await calm_latencies(play, books)
    published = (m for m in crowd.published if m["topic"] == RECORDS_PARKED.name)
    notices = [RecordParked.model_validate_json(m["value"]) for m in published]
    parked = Counter(
        f"{play.storms.get(n.record.partition('/')[0], 'calm')}: {n.code}"
        for n in notices
        if n.change == "parked"
    )
    parked.pop(f"{FORBIDDEN}: missing-scopes", None)
    return Report(
        wrongs=await judged(play.histories, crowd, books, place),
        parked=parked,
        latencies_ms=latencies,
        excess=excess_of(play, answers),
        per_wait=requests_per_wait(play, answers),
        unmet=[kind for kind in STORMS if not play.hits[kind]],
    )


async def calm_latencies(play: Play, books: Books) -> dict[str, list[int]]:
    """Return the milliseconds from asking to the commit, by the part of the play in which it was asked."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    begins = [*pairwise(play.moments.items())]
    for company in (c for c in play.companies if c.realm not in play.storms):
        for entry in await books.journal(company.realm):
            if entry["kind"] == "commit" and entry.get("origin") == "api":
                asked = play.asked_at[owner(entry), entry["total_cents"]]
                [part] = [name for (name, begin), (_, end) in begins if begin <= asked < end]
                found[part].append((_moment(entry) - asked) // timedelta(milliseconds=1))
    return found


def excess_of(play: Play, answers: Mapping[str, Sequence[Mapping[str, Any]]]) -> Counter[str]:
    """Count the requests that came while a company had asked to be left alone."""
    found: Counter[str] = Counter()
    for realm, kind in play.storms.items():
        if kind not in WAITS_S:
            continue
        moments = [(_moment(answer), answer["status"]) for answer in answers.get(realm, ())]
        for refused in (moment for moment, status in moments if status == 429):
            begin = refused + timedelta(seconds=ON_THE_WAY_S)
            end = refused + timedelta(seconds=WAITS_S[kind])
            found[kind] += sum(begin < moment < end for moment, _ in moments)
    return +found


def requests_per_wait(play: Play, answers: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, float]:
    """Return how many requests a company got in each wait while it refused all, by kind of throttle."""
    found: dict[str, float] = {}
    for kind, wait_s in WAITS_S.items():
        # The first wait is left out: what was on its way when the storm became whole comes in it.
        begin = play.moments[part_of(SHARES[-1])] + timedelta(seconds=wait_s)
        waits = (play.moments["after"] - begin).total_seconds() / wait_s
        realms = [realm for realm, storm in play.storms.items() if storm == kind]
        moments = [_moment(answer) for realm in realms for answer in answers.get(realm, ())]
        found[kind] = sum(begin <= m < play.moments["after"] for m in moments) / len(realms) / waits
    return found


def _moment(entry: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(entry["at"])


def told(report: Report, console: Console) -> None:
    """Print what was found."""
    for key, found in report.wrongs.items():
        console.print(f"FAILED {key}: {'; '.join(found)}", highlight=False, markup=False)
    for what, times in report.parked.items():
        console.print(f"FAILED {times} records were parked: {what}", highlight=False, markup=False)
    for kind in report.unmet:
        console.print(f"FAILED no request met the storm {kind}", highlight=False)
    for kind, per_wait in report.per_wait.items():
        console.print(
            f"{kind}: {per_wait:.2f} requests in each wait while all are refused, "
            f"{report.excess[kind]} in a wait in all",
            highlight=False,
        )
    for part, took in report.latencies_ms.items():
        p50, p99 = (_percentile(took, percent) for percent in (50, 99))
        console.print(
            f"others, {part:5}: {len(took)} writes, p50 {p50:.0f} ms, p99 {p99:.0f} ms", highlight=False
        )
    console.print(
        f"p99 in the storm {report.worse:+.1%} (at most {WORSE_MAX:.0%}, and what the baseline's own halves "
        f"differ by: {report.noise:.1%})",
        highlight=False,
    )
