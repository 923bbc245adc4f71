"""When a time of Ohio law ends: what falls on a Sunday or a legal holiday may be done on the next day (ORC 1.14)."""

from datetime import date, timedelta

_MONDAY, _THURSDAY, _SATURDAY, _SUNDAY = 0, 3, 5, 6


def _nth(year: int, month: int, weekday: int, number: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))


def legal_holidays(year: int) -> frozenset[date]:
    """Return the days of ORC 1.14; one that falls on a Sunday is kept on the Monday after it."""
    last_of_may = date(year, 5, 31)
    days = [
        date(year, 1, 1),
        _nth(year, 1, _MONDAY, 3),
        _nth(year, 2, _MONDAY, 3),
        last_of_may - timedelta(days=last_of_may.weekday()),
        date(year, 6, 19),
        date(year, 7, 4),
        _nth(year, 9, _MONDAY, 1),
        _nth(year, 10, _MONDAY, 2),
        date(year, 11, 11),
        _nth(year, 11, _THURSDAY, 4),
        date(year, 12, 25),
    ]
    return frozenset(day + timedelta(days=day.weekday() == _SUNDAY) for day in days)


def counted_for_act(on: int) -> int:
    """Return the day as of which an act counts: the first of the Sundays and holidays right before it, else its own.

    So a time that ends on a Sunday is kept by what is done on the Monday.
    """
    return _counted(on, frozenset({_SUNDAY}))


def counted_for_filing(on: int) -> int:
    """Return the day as of which a filing counts; a recorder's office is closed on Saturdays too."""
    return _counted(on, frozenset({_SATURDAY, _SUNDAY}))


def _counted(on: int, closed: frozenset[int]) -> int:
    day = date.fromordinal(on)
    before = day - timedelta(days=1)
    while before.weekday() in closed or before in legal_holidays(before.year):
        day, before = before, before - timedelta(days=1)
    return day.toordinal()
