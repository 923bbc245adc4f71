"""The cases of the crash sweep: every point with every end, fate and retrier, and what else a case's seed decides."""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import combinations, product
from typing import Any, NamedTuple

from typing_extensions import override


class Point(StrEnum):
    """Where a life of the writer is struck, in the order in which a write passes them."""

    POLLED = "polled"
    """A batch came from Kafka; nothing is stored."""
    STORING = "storing"
    """The wish is stored, but not committed."""
    STORED = "stored"
    """Wishes and marks are committed; the offset is not."""
    CLAIMED = "claimed"
    """The row is leased."""
    TOKEN = "token"
    """The access token was read."""
    TURN = "turn"
    """The realm's turn under its limits was taken."""
    OPENING = "opening"
    """The write is stored, but not committed."""
    OPENED = "opened"
    """The write is committed; nothing was sent."""
    HALF_SENT = "half-sent"
    """QuickBooks has the head of the request."""
    SENT = "sent"
    """QuickBooks has the whole request."""
    ANSWERED = "answered"
    """QuickBooks has committed: the head of its answer is here."""
    READ = "read"
    """The whole answer is here."""
    CONFIRMING = "confirming"
    """The write's end is stored, but not committed."""
    CONFIRMED = "confirmed"
    """The write's end is committed."""
    TELLING = "telling"
    """The result is in the outbox, but not committed."""
    TOLD = "told"
    """The result is in the outbox, and the row is finished."""
    PRODUCED = "produced"
    """Kafka has acknowledged the result; the outbox still holds it."""


class End(StrEnum):
    """What happens at the point."""

    KILL = "SIGKILL"
    TERM = "SIGTERM"
    EXCEPTION = "exception"
    CANCELLATION = "cancellation"
    STALL = "stall"
    """The process stands still until its lease is over and another has done the work; then it goes on."""


class Fate(StrEnum):
    """What becomes of the write's first request at QuickBooks."""

    OK = "ok"
    LOST_BEFORE = "lost before commit"
    LOST_AFTER = "lost after commit"
    THROTTLED = "429"
    UNAVAILABLE = "503"
    FAILED_AFTER = "500 after commit"
    TIMEOUT = "timeout"
    TRUNCATED = "truncated"
    FAULT = "200 with Fault"


class Retrier(StrEnum):
    """Who goes on afterwards, and what QuickBooks remembers then."""

    SAME = "same process"
    """The process itself if it lives, else its next life."""
    OTHER = "another replica"
    FORGOTTEN = "QuickBooks forgot the request id"
    """The same process, and no request id is known any more."""


class Step(StrEnum):
    """What a revision of the record asks for."""

    CREATE = "create"
    UPDATE = "update"
    SEND = "send"
    PAY = "pay"
    """Paid; or, of a credit, used up by the payment of something larger."""
    UNPAY = "unpay"
    """Its payment is taken back: that of an invoice is voided, that of a bill deleted."""
    VOID = "void"
    DELETE = "delete"
    RENEW = "renew"
    """Wanted again after it was ended: another document."""
    ATTACH = "attach"
    REPLACE = "replace"
    """Another file in the place of the one that is attached."""
    DETACH = "detach"


class Subject(StrEnum):
    """What the life of a case is about; payments and attachments come in as it goes on."""

    INVOICE = "invoice"
    CREDIT_MEMO = "credit-memo"
    BILL = "bill"
    VENDOR_CREDIT = "vendor-credit"


class Course(NamedTuple):
    """The course of a life."""

    subject: Subject
    steps: tuple[Step, ...]


LIVES = (
    Course(Subject.INVOICE, (Step.CREATE, Step.UPDATE, Step.SEND)),
    Course(Subject.INVOICE, (Step.CREATE, Step.UPDATE, Step.PAY)),
    Course(Subject.INVOICE, (Step.CREATE, Step.UPDATE, Step.VOID)),
    Course(Subject.INVOICE, (Step.CREATE, Step.VOID, Step.RENEW)),
    Course(Subject.INVOICE, (Step.CREATE, Step.PAY, Step.UNPAY)),
    Course(Subject.INVOICE, (Step.CREATE, Step.ATTACH, Step.REPLACE)),
    Course(Subject.CREDIT_MEMO, (Step.CREATE, Step.UPDATE, Step.SEND)),
    Course(Subject.CREDIT_MEMO, (Step.CREATE, Step.UPDATE, Step.PAY)),
    Course(Subject.CREDIT_MEMO, (Step.CREATE, Step.DELETE, Step.RENEW)),
    Course(Subject.BILL, (Step.CREATE, Step.UPDATE, Step.PAY)),
    Course(Subject.BILL, (Step.CREATE, Step.PAY, Step.UNPAY)),
    Course(Subject.BILL, (Step.CREATE, Step.UPDATE, Step.DELETE)),
    Course(Subject.BILL, (Step.CREATE, Step.ATTACH, Step.DETACH)),
    Course(Subject.VENDOR_CREDIT, (Step.CREATE, Step.UPDATE, Step.PAY)),
    Course(Subject.VENDOR_CREDIT, (Step.CREATE, Step.DELETE, Step.RENEW)),
)
"""The lives of a record. Every step of a life meets the case's point, end, fate and retrier anew."""

CHANGING = frozenset({Step.UPDATE, Step.VOID, Step.DELETE, Step.UNPAY, Step.REPLACE, Step.DETACH})
"""Steps whose first write changes or ends a document that is there."""

INDEX_LAG_S = 60.0
"""How far QuickBooks' index lags in some cases: longer than the case lasts."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What the sandbox is told to do to one write."""

    rule: Mapping[str, Any] | None = None
    """A rule of its fault engine, without its match."""
    switches: Mapping[str, Any] = field(default_factory=dict)
    """Switches of the company, for as long as the write is not done."""


@dataclass(frozen=True, slots=True)
class Case:
    """One case. Its number and the seed decide everything else about it."""

    seed: int
    number: int
    point: Point
    end: End
    fate: Fate
    retrier: Retrier

    @override
    def __str__(self) -> str:
        """Say which case it is, as a failure names it."""
        return (
            f"case {self.number}, seed {self.seed}: {self.end} at {self.point}, {self.fate}, {self.retrier}"
        )

    def rng(self, what: str) -> random.Random:
        """Return the case's own random numbers for one of its decisions."""
        return random.Random(f"{self.seed}/{self.number}/{what}")

    @property
    def course(self) -> Course:
        """The record's life."""
        return self.rng("life").choice(LIVES)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps of that life."""
        return self.course.steps

    @property
    def is_overtaken(self) -> bool:
        """Whether the second revision comes while the first is struck, instead of after it."""
        return self.rng("overtaken").random() < 0.2

    @property
    def switches(self) -> dict[str, Any]:
        """QuickBooks' switches for the case's company.

        Most companies do not check for duplicate numbers, so that a document made twice shows. The
        index lags only where request ids are remembered, and never for uploads, which know none: nobody
        can close both at once.
        """
        rng = self.rng("switches")
        lags = may_lag(self.course) and self.retrier is not Retrier.FORGOTTEN and rng.random() < 0.3
        return {"duplicate_check": rng.random() < 0.2, "index_lag_s": INDEX_LAG_S if lags else 0.0}

    def trouble(self, step: Step, *, deadline_s: float) -> Trouble:
        """Return what brings about the fate of a step's first request.

        Args:
            step: what is written.
            deadline_s: how long the writer waits for an answer.
        """
        rng = self.rng(f"fate {step}")
        broken = {"how": rng.choice(("cut", "reset", "half-close"))}
        match self.fate:
            case Fate.OK:
                return Trouble()
            case Fate.LOST_BEFORE:
                return _rule("lose-request", **broken)
            case Fate.LOST_AFTER:
                return _rule("lose-answer", **broken)
            case Fate.THROTTLED:
                return _rule("throttle", retry_after=None)
            case Fate.UNAVAILABLE:
                return _rule("status", status=503)
            case Fate.FAILED_AFTER:
                return _rule("status-after-commit", status=500)
            case Fate.TIMEOUT:
                return rng.choice(_timeouts(deadline_s))
            case Fate.TRUNCATED:
                return _rule("truncate")
            case Fate.FAULT:
                return _rule("status", status=200, body=_fault(rng.choice(_codes(step))))


def may_lag(course: Course) -> bool:
    """Say whether request ids cover for a lagging index in every step of a life."""
    return Step.ATTACH not in course.steps


def _timeouts(deadline_s: float) -> tuple[Trouble, ...]:
    """Return the ways to let a request time out: never seen, committed long before the answer, or after it."""
    return (
        _rule("lose-request", how="silence"),
        _rule("lose-answer", how="silence"),
        _rule("delay", ms=(deadline_s + 0.1) * 1000),
        Trouble(switches={"work_s": deadline_s + 0.2}),
    )


def _rule(name: str, **args: Any) -> Trouble:
    return Trouble(rule={"name": name, "args": args, "times": 1})


def _codes(step: Step) -> tuple[int, ...]:
    # 10000 leaves the outcome open; 6210 is final and for a person; 5010 makes the writer read again.
    return (10000, 6210, 5010) if step in CHANGING else (10000, 6210)


def _fault(code: int) -> dict[str, Any]:
    error = {"Message": "Told by the campaign", "Detail": f"fault {code}", "code": str(code), "element": ""}
    return {"Fault": {"Error": [error], "type": "ValidationFault"}, "time": "2026-03-02T08:00:00.000-08:00"}


def all_cases(seed: int) -> list[Case]:
    """Return the whole sweep, in the order of its numbers."""
    every = product(Point, End, Fate, Retrier)
    played = [chosen for chosen in every if chosen[1] is not End.STALL or chosen[3] is Retrier.OTHER]
    return [Case(seed, number, *chosen) for number, chosen in enumerate(played, start=1)]


def sample(seed: int, size: int) -> list[Case]:
    """Return at least `size` cases among which every two of point, end, fate and retrier meet."""
    shuffled = all_cases(seed)
    random.Random(seed).shuffle(shuffled)
    unseen = {pair for case in shuffled for pair in _pairs(case)}
    chosen: list[Case] = []
    while unseen:
        best = max(shuffled, key=lambda case: len(unseen.intersection(_pairs(case))))
        unseen.difference_update(_pairs(best))
        chosen.append(best)
    left = (case for case in shuffled if case not in chosen)
    return [*chosen, *(case for case, _ in zip(left, range(size - len(chosen)), strict=False))]


def _pairs(case: Case) -> Iterable[tuple[StrEnum, ...]]:
    return combinations((case.point, case.end, case.fate, case.retrier), 2)
