"""How much of Procore's budget is left, and how long it asks to be left alone."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx

LONGEST_WAIT = timedelta(hours=1)
"""Procore's longest window (Procore docs, Rate limiting); bounds what a wrong clock can ask for."""


DIGITS_MAX = 11
"""Longest number read from a header: as seconds since 1970 it is still a year that a date can hold."""


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
    limit, remaining, reset = (
        _number(headers, f"x-rate-limit-{name}") for name in ("limit", "remaining", "reset")
    )
    if limit is None or remaining is None or reset is None:
        return None
    return RateWindow(limit, remaining, datetime.fromtimestamp(reset, UTC))


def asked_wait(headers: httpx.Headers, now: datetime) -> timedelta | None:
    """Return the later of `X-Rate-Limit-Reset` and `Retry-After`; None if neither is there.

    Procore's pages disagree on which of the two counts (Rate limiting; Error reference): the later is
    right by both.
    """
    waits = []
    if (window := rate_window(headers)) is not None:
        waits.append(window.reset_at - now)
    if (seconds := _number(headers, "retry-after")) is not None:
        waits.append(timedelta(seconds=seconds))
    return min(max(*waits, timedelta(0)), LONGEST_WAIT) if waits else None


def _number(headers: httpx.Headers, name: str) -> int | None:
    text = headers.get(name, "")
    return int(text) if text.isdecimal() and len(text) <= DIGITS_MAX else None
