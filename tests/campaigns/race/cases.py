"""The cases of the race: whose token, how many ask, how many keep, and what goes wrong while it is renewed."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from typing_extensions import override

DEADLINE_S = 5.0
"""When a renewal is over, whatever became of it; 30 s in production."""


class Vendor(StrEnum):
    """Whose grant it is, and so what its refresh value is worth."""

    SERVICE_ACCOUNT = "procore service account"
    """Client credentials: nothing to lose."""
    PERSON = "procore person"
    """A refresh value that any call burns."""
    QUICKBOOKS = "quickbooks"
    """A refresh value that rolls; the former one holds for a while."""


class Cause(StrEnum):
    """Why a token is needed."""

    AGE = "expired"
    REFUSED = "refused"
    """The partner refused it to every caller."""


class Queue(StrEnum):
    """What keeps the keepers apart."""

    SHARED = "one work table"
    """The service as it ships: leases and fences of the table, and then the document."""
    NONE = "no common table"
    """Replicas whose leases have run out: the document alone."""


class Point(StrEnum):
    """Steps of a renewal, in their order."""

    INTENDING = "before the intent"
    INTENDED = "after the intent"
    SENT = "when the request is out"
    ANSWERED = "when the provider has committed"
    READ = "after the answer"
    STORING = "before storing"
    STORED = "after storing"
    LENDING = "before lending"
    LENT = "after lending"


class Deed(StrEnum):
    """What happens at a point."""

    KILL = "killed"
    STALL = "stands still past the deadline"
    CONFLICT = "the document is written by somebody else"
    AWAY = "the store is away"
    SIBLING = "a sibling has rotated the grant already"


@dataclass(frozen=True, slots=True)
class Trouble:
    """What goes wrong: a rule of the sandbox for the token call, a deed at a point, both, or nothing."""

    name: str
    rule: dict[str, Any] | None = None
    deed: Deed | None = None
    point: Point | None = None
    loses: bool = False
    """Whether the provider may have committed a call whose answer nobody stored."""
    overtakes: bool = False
    """Whether a second call may be made although no answer was lost: the first caller seemed dead."""
    of: Sequence[Vendor] = tuple(Vendor)


def _rule(name: str, **args: Any) -> dict[str, Any]:
    return {"name": name, "args": args, "times": 1}


SLOW = _rule("delay", ms=500)
"""An answer that takes its time, and less than the deadline."""

LATE = _rule("delay", ms=DEADLINE_S * 1500)
"""An answer that comes when the call is over."""

TROUBLES: Sequence[Trouble] = (
    Trouble("nothing"),
    Trouble("slow provider", SLOW),
    Trouble("answer after the deadline", LATE, loses=True),
    Trouble("request lost", _rule("lose-request", how="reset")),
    Trouble("answer lost", _rule("lose-answer", how="reset"), loses=True),
    Trouble("half an answer", _rule("truncate"), loses=True),
    Trouble("500 after the commit", _rule("status-after-commit", status=500), loses=True),
    Trouble("503", _rule("status", status=503)),
    Trouble("429", _rule("throttle", retry_after=1)),
    Trouble("web page", _rule("html")),
    *(
        Trouble(
            f"killed {point}",
            SLOW if point is Point.SENT else None,
            Deed.KILL,
            point,
            loses=point in {Point.SENT, Point.ANSWERED, Point.READ, Point.STORING},
        )
        for point in Point
    ),
    Trouble("stands still after the intent", None, Deed.STALL, Point.INTENDED, overtakes=True),
    # Its own deadline takes the answer from it as soon as it goes on.
    Trouble("stands still after the answer", None, Deed.STALL, Point.READ, loses=True),
    Trouble("conflict at the intent", None, Deed.CONFLICT, Point.INTENDING),
    Trouble("conflict at storing", None, Deed.CONFLICT, Point.STORING),
    Trouble("store away at the intent", None, Deed.AWAY, Point.INTENDING),
    Trouble("store away at storing", None, Deed.AWAY, Point.STORING),
    Trouble("store away at lending", None, Deed.AWAY, Point.LENDING),
    Trouble("sibling has rotated", None, Deed.SIBLING, Point.SENT, of=(Vendor.PERSON, Vendor.QUICKBOOKS)),
)
"""Everything that goes wrong, one thing at a time; half of the cases of each are for the document alone."""

CALLERS = (1, 10, 200)
"""Callers in each process."""

PROCESSES_MAX = 8


@dataclass(frozen=True, slots=True)
class Case:
    """One expiry of one token."""

    seed: int
    number: int
    vendor: Vendor
    trouble: Trouble
    cause: Cause
    queue: Queue
    callers: int
    processes: int

    @property
    def may_die(self) -> bool:
        """Whether the grant may be lost: an answer was, and the vendor forgives nothing."""
        return self.vendor is Vendor.PERSON and self.trouble.loses

    @property
    def databases(self) -> int:
        """How many databases it takes: one, or one for each process."""
        return 1 if self.queue is Queue.SHARED else self.processes

    @property
    def patience_s(self) -> float:
        """How long a caller waits for a token; less where the wait may be in vain, and all of it is waited."""
        return 12.0 if self.may_die else 40.0

    @override
    def __str__(self) -> str:
        """Say in words what it is."""
        return (
            f"case {self.number} of seed {self.seed}: {self.vendor}, {self.cause}, {self.trouble.name}; "
            f"{self.callers} callers in each of {self.processes} processes, {self.queue}"
        )


def case_of(seed: int, number: int) -> Case:
    """Return a case: troubles and vendors come in turn, the rest by chance."""
    rng = random.Random(f"{seed} {number}")
    pairs = [(trouble, vendor) for trouble in TROUBLES for vendor in trouble.of]
    trouble, vendor = pairs[(number * 37 + seed) % len(pairs)]
    # Where replicas share nothing but the document, another may lend what this one has stored.
    queues = [Queue.SHARED] if trouble.point in {Point.LENDING, Point.LENT} else list(Queue)
    return Case(
        seed=seed,
        number=number,
        vendor=vendor,
        trouble=trouble,
        cause=rng.choice(list(Cause)),
        queue=rng.choice(queues),
        callers=rng.choice(CALLERS),
        processes=rng.randint(1, PROCESSES_MAX),
    )
