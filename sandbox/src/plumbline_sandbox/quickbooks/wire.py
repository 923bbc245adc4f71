"""Bytes and texts of QuickBooks Online: JSON with exact money, timestamps, envelopes.

Money is `Decimal` inside. On the wire it is a JSON number, as in the real service; amounts below
2**53 cents survive that trip exactly.
"""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

Body = dict[str, Any]
"""One entity or request as parsed JSON: money is `Decimal`, everything else plain JSON."""

PACIFIC = timezone(timedelta(hours=-8))
"""Offset of every timestamp answered; Intuit's samples show Pacific time. Daylight saving is left out."""

CENT = Decimal("0.01")
"""Smallest amount the ledger holds."""


def parse(raw: bytes) -> Any:
    """Return the JSON value in these bytes, fractions as `Decimal`.

    Raises:
        ValueError: The bytes are no JSON, or hold NaN or Infinity.
    """
    return json.loads(raw, parse_float=Decimal, parse_constant=_refuse_constant)


def dump(value: Any) -> bytes:
    """Return compact JSON in UTF-8."""
    return json.dumps(value, default=_number, separators=(",", ":"), ensure_ascii=False).encode()


def plain(value: Any) -> Any:
    """Return the same value as a client would see it after parsing (no `Decimal` left)."""
    return json.loads(dump(value))


def stamp(moment: datetime) -> str:
    """Return the moment as MetaData shows it: seconds, Pacific offset."""
    return moment.astimezone(PACIFIC).isoformat(timespec="seconds")


def envelope(content: Body, moment: datetime) -> bytes:
    """Return an answer body: the content and the service's `time` beside it."""
    return dump({**content, "time": moment.astimezone(PACIFIC).isoformat(timespec="milliseconds")})


def today(moment: datetime) -> date:
    """Return the company's date at this moment."""
    return moment.astimezone(PACIFIC).date()


def moment_of(text: str) -> datetime | None:
    """Return the aware moment a client wrote (a bare date or time means UTC), or None if it is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def cents(amount: Decimal) -> int:
    """Return the amount in whole cents."""
    return int(amount.scaleb(2).to_integral_value())


def _number(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value) or 0
    raise TypeError(f"no JSON for {type(value).__name__}")


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")
