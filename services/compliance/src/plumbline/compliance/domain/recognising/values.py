"""What is written on papers, as values: amounts, days, hours, marks. What cannot be read for certain is None."""

import re
from datetime import date
from decimal import Decimal

MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)

_MONTH = r"(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_YEAR = r"(?P<year>\d{4}|\d{2})(?!\d)"
_DAYS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?<![a-z\d]){_MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s*,?\s+{_YEAR}",
        rf"(?<![\d/.-])(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:day\s+of\s+)?{_MONTH},?\s+{_YEAR}",
        r"(?<![\d/.-])(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})(?![\d-])",
        rf"(?<![\d/.-])(?P<month>\d{{1,2}})(?P<mark>[/-])(?P<day>\d{{1,2}})(?P=mark){_YEAR}",
    )
)
"""Days as Americans write them: the month comes first where all are numbers, unless the year does."""

_MONEY = re.compile(
    r"\(?\s*(?:usd|us\$|\$)?\s*(?P<number>\d{1,3}(?:,\d{3})+|\d+)(?:\.(?P<cents>\d{2}))?\s*(?:usd|dollars)?\s*\)?"
)
_HOURS = re.compile(r"(?P<hours>\d{1,3})(?:\.(?P<part>\d{1,2}))?\s*(?:h|hr|hrs|hours)?\.?")
_CLOCK = re.compile(r"(?P<hours>\d{1,3})\s*(?::|h)\s*(?P<minutes>[0-5]\d)\s*(?:m|min)?")
_TIME = re.compile(r"(?P<hour>\d{1,2}):(?P<minute>[0-5]\d)\s*(?P<half>a\.?m\.?|p\.?m\.?)?")
_EMPTY = re.compile(r"[_.\s\u2013\u2014-]*|n/?a|none|tbd|to be determined|blank")
_YES = frozenset({"yes", "y", "x", "true", "on", "1", "\u2713", "\u2714", "\u2611", "\u2612", "[x]", "(x)"})
_NO = frozenset({"no", "n", "false", "off", "0", "\u2610", "[ ]", "[]", "( )"})


def is_blank(text: str) -> bool:
    """Say whether a place was left empty: only a line to write on, a dash, or words that say so."""
    return _EMPTY.fullmatch(text.strip().lower()) is not None


def written(text: str) -> str | None:
    """Return words without the line on which they were written."""
    said = " ".join(text.replace("_", " ").split()).strip(" ,;")
    return said or None


def cents(text: str) -> int | None:
    """Return an amount in cents."""
    found = _MONEY.fullmatch(text.replace("_", " ").strip().lower())
    if not found:
        return None
    number = found["number"].replace(",", "")
    return int(number) * 100 + int(found["cents"] or 0)


def days_in(text: str) -> list[date]:
    """Return every day that a text names, in its order."""
    found: dict[int, date] = {}
    for pattern in _DAYS:
        for one in pattern.finditer(text):
            day = _day(one)
            if day:
                found.setdefault(one.start(), day)
    return [found[start] for start in sorted(found)]


def without_days(text: str) -> str:
    """Return a text without the days that it names."""
    for pattern in _DAYS:
        text = pattern.sub(" ", text)
    return text


def day(text: str) -> date | None:
    """Return the day, where a text is nothing else."""
    said = text.replace("_", " ").strip(" \t,.;")
    for pattern in _DAYS:
        found = pattern.fullmatch(said)
        if found:
            return _day(found)
    return None


def _day(found: re.Match[str]) -> date | None:
    month = found["month"].lower()
    number = int(month) if month.isdigit() else [name[:3] for name in MONTHS].index(month[:3]) + 1
    year = int(found["year"])
    try:
        return date(year if year > 99 else 2000 + year, number, int(found["day"]))
    except ValueError:
        return None


def month(text: str) -> date | None:
    """Return the first day of a month that is written as `March 2024`, `Rev. 3-2024` or `01/2025`."""
    said = text.strip().lower()
    named = re.fullmatch(rf"{_MONTH}\s+(?P<year>\d{{4}})", said)
    if named:
        return date(int(named["year"]), [name[:3] for name in MONTHS].index(named["month"]) + 1, 1)
    numbers = re.fullmatch(r"(?P<month>0?[1-9]|1[0-2])[/-](?P<year>\d{4}|\d{2})", said)
    if not numbers:
        return None
    year = int(numbers["year"])
    return date(year if year > 99 else 2000 + year, int(numbers["month"]), 1)


def minutes(text: str) -> int | None:
    """Return hours, written as `46.5`, `46:30` or `46 h 30`, in minutes; parts of a minute are None."""
    said = text.strip().lower()
    clock = _CLOCK.fullmatch(said)
    if clock:
        return int(clock["hours"]) * 60 + int(clock["minutes"])
    hours = _HOURS.fullmatch(said)
    if not hours:
        return None
    total = Decimal(f"{hours['hours']}.{hours['part'] or 0}") * 60
    return int(total) if total == total.to_integral_value() else None


def time_of_day(text: str) -> int | None:
    """Return a time of day in minutes after midnight."""
    found = _TIME.fullmatch(text.strip().lower())
    if not found:
        return None
    hour, half = int(found["hour"]), (found["half"] or "").replace(".", "")
    if hour > (12 if half else 24):
        return None
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    return hour * 60 + int(found["minute"])


def clock(text: str) -> str | None:
    """Return a time of day as `HH:MM`."""
    if text.strip().lower() == "midnight":
        return "00:00"
    found = time_of_day(text)
    return None if found is None else f"{found // 60 % 24:02d}:{found % 60:02d}"


def whole(text: str) -> int | None:
    """Return a whole number, with or without `No.` before it."""
    found = re.fullmatch(r"(?:no\.?|number|#)?\s*(\d{1,9})", text.strip().lower())
    return int(found[1]) if found else None


def yes(text: str) -> bool | None:
    """Return what a mark or the word beside a question says."""
    said = text.strip().lower().rstrip(".")
    return True if said in _YES else False if said in _NO else None
