"""How much of Procore's budget is left, and how long it asks to be left alone."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx

LONGEST_WAIT = timedelta(hours=1)
"""Procore's longest window (Procore docs, Rate limiting); bounds what a wrong clock can ask for."""


@dataclass(frozen=True, slots=True)
class RateWindow:
    """The limit that the account is nearest to, as the last answer told it.

    Procore shows either the hourly or the 10 s window, whichever is nearer, so two answers in a row
    may describe different windows and `remaining` may rise.
    """

    limit: int
    remaining: int
    reset_at: datetime


def rate_window(headers: httpx.Headers) -> RateWindow | None:
    """Return what the headers tell, or None where they are missing or no numbers."""
    numbers = [headers.get(f"x-rate-limit-{name}", "") for name in ("limit", "remaining", "reset")]
    if not all(number.isdecimal() for number in numbers):
        return None
    limit, remaining, reset = map(int, numbers)
    return RateWindow(limit, remaining, datetime.fromtimestamp(reset, UTC))


def asked_wait(headers: httpx.Headers, now: datetime) -> timedelta | None:
    """Return the later of `X-Rate-Limit-Reset` and `Retry-After`; None if neither is there.

    Procore's pages disagree on which of the two counts (Rate limiting; Error reference): the later is
    right by both.
    """
    waits = []
    if (window := rate_window(headers)) is not None:
        waits.append(window.reset_at - now)
    if (seconds := headers.get("retry-after", "")).isdecimal():
        waits.append(timedelta(seconds=int(seconds)))
    return min(max(*waits, timedelta(0)), LONGEST_WAIT) if waits else None
