"""Errors say what happens next, and the decide table turns them into verdicts."""

from datetime import timedelta

import pytest

from plumbline.common.errors import (
    NeedsHumanError,
    PermanentError,
    SuiteError,
    TransientError,
    WaitError,
)
from plumbline.common.reconciling.verdicts import (
    BACKOFF_MAX,
    BUG_ATTEMPTS,
    DEFAULT_WAIT,
    Park,
    Retry,
    Verdict,
    Wait,
    backoff,
    decide,
)

TEN_S = timedelta(seconds=10)
HALF = 0.5


class RateLimitedError(WaitError):
    """The far side asks for patience."""


class UndescribedError(TransientError):
    __doc__ = None


TABLE: list[tuple[Exception, int, Verdict]] = [
    (WaitError("slow"), 0, Wait(DEFAULT_WAIT, "wait: slow")),
    (WaitError("slow", retry_after=TEN_S), 9, Wait(TEN_S, "wait: slow")),
    (
        RateLimitedError("429", retry_after=TEN_S, holds_connection=True),
        0,
        Wait(TEN_S, "rate-limited: 429", holds_connection=True),
    ),
    (TransientError("reset"), 0, Retry(timedelta(milliseconds=100), "transient: reset")),
    (TransientError("reset"), 3, Retry(timedelta(milliseconds=800), "transient: reset")),
    (TransientError("reset"), 500, Retry(BACKOFF_MAX / 2, "transient: reset")),
    (TransientError("reset", retry_after=TEN_S), 0, Retry(TEN_S, "transient: reset")),
    (PermanentError("never"), 0, Park("permanent", "never")),
    (NeedsHumanError("link it", resumes_on="link:1"), 0, Park("needs-human", "link it", resumes_on="link:1")),
    (SuiteError("neither"), 0, Park("suite", "neither")),
    (KeyError("x"), 0, Retry(timedelta(milliseconds=100), "bug: KeyError")),
    (KeyError("x"), BUG_ATTEMPTS - 2, Retry(timedelta(milliseconds=200), "bug: KeyError")),
]


@pytest.mark.parametrize(("error", "attempt", "verdict"), TABLE)
def test_error_and_attempt_give_the_verdict_of_the_table(
    error: Exception, attempt: int, verdict: Verdict
) -> None:
    assert decide(error, attempt, chance=HALF) == verdict


def test_bug_parks_at_its_last_attempt_and_says_whose_fault_it_is() -> None:
    verdict = decide(ZeroDivisionError("oops"), BUG_ATTEMPTS - 1, chance=HALF)
    assert isinstance(verdict, Park)
    assert verdict.code == "bug"
    assert "ZeroDivisionError: oops" in verdict.reason


def test_transient_error_never_parks_however_often_it_comes() -> None:
    assert all(isinstance(decide(TransientError(), n, chance=1), Retry) for n in range(100))


def test_backoff_doubles_up_to_its_limit_and_jitter_reaches_down_to_nothing() -> None:
    longest = [backoff(n, chance=1) for n in range(40)]
    assert longest[1] == 2 * longest[0]
    assert longest == sorted(longest)
    assert longest[-1] == BACKOFF_MAX
    assert backoff(39, chance=0) == timedelta(0)


def test_code_is_the_class_name_in_kebab_case() -> None:
    assert RateLimitedError.code == "rate-limited"
    assert RateLimitedError("x", company="7").log_fields() == {
        "error": "rate-limited",
        "detail": "x",
        "company": "7",
    }


def test_detail_left_out_is_the_docstring_or_else_the_code() -> None:
    assert RateLimitedError().detail == "The far side asks for patience."
    assert UndescribedError().detail == "undescribed"
