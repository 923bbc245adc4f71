"""How a piece of work can end, and the one function that turns an error into such an end."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from plumbline.common.database import Connection
from plumbline.common.errors import PermanentError, SuiteError, TransientError, WaitError

Effect = Callable[[Connection], Awaitable[None]]
"""What to store in the very transaction that finishes the row; a lost fence rolls it back."""

BACKOFF_FIRST = timedelta(milliseconds=200)
"""The first retry comes within this time, the n-th within 2ⁿ⁻¹ times it."""

BACKOFF_MAX = timedelta(minutes=5)
"""No retry is later than this: a cured fault is noticed within five minutes."""

DEFAULT_WAIT = timedelta(seconds=5)
"""For a far side that asks for patience without saying how long."""

BUG_ATTEMPTS = 3
"""An error without a name is tried this often in all: a race may cure itself, a bug will not."""


@dataclass(frozen=True, slots=True)
class Done:
    """The row is true. `again_after` asks for another look later, news or not."""

    store: Effect | None = None
    again_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Retry:
    """It failed and may succeed later; counts as an attempt and spends the retry budget."""

    after: timedelta
    why: str


@dataclass(frozen=True, slots=True)
class Wait:
    """It is not time yet; no attempt is used. May hold everything of its connection."""

    after: timedelta
    why: str
    holds_connection: bool = False
    store: Effect | None = None


@dataclass(frozen=True, slots=True)
class Park:
    """A person must act: announced once, resumed by news, by `resumes_on`, or by an operator."""

    code: str
    reason: str
    amount_cents: int | None = None
    resumes_on: str | None = None
    store: Effect | None = None


Verdict = Done | Retry | Wait | Park


def backoff(attempt: int, *, chance: float) -> timedelta:
    """Return an exponential delay with full jitter: `chance` (0 to 1) of what the attempt allows."""
    return min(BACKOFF_MAX, BACKOFF_FIRST * (1 << min(attempt, 20))) * chance


def decide(error: Exception, attempt: int, *, chance: float) -> Verdict:
    """Turn an error into a verdict.

    Args:
        error: what the handler raised.
        attempt: failures before this one.
        chance: a random number from 0 to 1, for the jitter.
    """
    match error:
        case WaitError():
            after = error.retry_after or DEFAULT_WAIT
            return Wait(after, f"{error.code}: {error.detail}", holds_connection=error.holds_connection)
        case TransientError():
            after = max(error.retry_after or timedelta(0), backoff(attempt, chance=chance))
            return Retry(after, f"{error.code}: {error.detail}")
        case PermanentError():
            return Park(error.code, error.detail, resumes_on=error.resumes_on)
        case SuiteError():
            return Park(error.code, error.detail)
        case _ if attempt + 1 < BUG_ATTEMPTS:
            return Retry(backoff(attempt, chance=chance), f"bug: {type(error).__name__}")
        case _:
            return Park(
                "bug", f"Plumbline itself failed ({type(error).__name__}: {error}); see its log, then resume."
            )
