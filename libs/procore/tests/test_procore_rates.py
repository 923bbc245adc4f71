"""Procore's rate headers: epoch seconds in one, seconds from now in the other (Rate limiting; Error reference)."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plumbline.common.testing.clock import DAWN
from plumbline.procore import RateWindow
from plumbline.procore.rates import LONGEST_WAIT, asked_wait, rate_window

NOW_S = int(DAWN.timestamp())


def told(
    *, reset: object = None, retry_after: object = None, limit: object = 25, remaining: object = 0
) -> httpx.Headers:
    window = {
        "X-Rate-Limit-Limit": limit,
        "X-Rate-Limit-Remaining": remaining,
        "X-Rate-Limit-Reset": reset,
        "Retry-After": retry_after,
    }
    said = {name.encode(): str(value).encode() for name, value in window.items() if value is not None}
    return httpx.Headers(said)


def test_window_is_read_with_its_reset_as_seconds_since_1970() -> None:
    assert rate_window(told(reset=1484786897, limit=600, remaining=589)) == RateWindow(
        limit=600, remaining=589, reset_at=datetime(2017, 1, 19, 0, 48, 17, tzinfo=UTC)
    )


@pytest.mark.parametrize("wrong", [None, "", "soon", "-1", "1.5", "1e3", "²", "9" * 20, "9" * 5000])
def test_window_with_a_header_missing_or_absurd_is_none(wrong: str | None) -> None:
    assert rate_window(told(reset=wrong)) is None
    assert rate_window(told(reset=NOW_S, limit=wrong)) is None
    assert rate_window(told(reset=NOW_S, remaining=wrong)) is None


@pytest.mark.parametrize(
    ("reset", "retry_after", "wait_s"),
    [
        (NOW_S + 7, None, 7),
        (None, 30, 30),
        (NOW_S + 7, 30, 30),  # the pages disagree on which counts: the later is right by both
        (NOW_S + 40, 30, 40),
        (NOW_S - 5, None, 0),  # past already, by our clock
        (NOW_S - 5, 3, 3),
        (NOW_S + 86_400, None, 3600),
        (None, 86_400, 3600),
        ("soon", 30, 30),
        (NOW_S + 7, "Mon, 02 Mar 2026 08:00:30 GMT", 7),
    ],
)
def test_wait_is_the_later_of_the_two_and_at_most_an_hour(
    reset: object, retry_after: object, wait_s: int
) -> None:
    assert asked_wait(told(reset=reset, retry_after=retry_after), DAWN) == timedelta(seconds=wait_s)


def test_without_either_header_no_wait_is_asked_for() -> None:
    assert asked_wait(told(), DAWN) is None


@given(st.text(max_size=40), st.text("0123456789", max_size=40))
def test_no_header_breaks_the_reader(one: str, other: str) -> None:
    for reset, retry_after in ((one, other), (other, one), (other, other)):
        said = {"x-rate-limit-limit": "1", "x-rate-limit-remaining": "1"}
        said |= {"x-rate-limit-reset": reset, "retry-after": retry_after}
        wait = asked_wait(httpx.Headers([(n.encode(), t.encode()) for n, t in said.items()]), DAWN)
        assert wait is None or timedelta(0) <= wait <= LONGEST_WAIT
