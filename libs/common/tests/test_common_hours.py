"""Working time between two moments: nights, weekends, holidays, and both days on which clocks change."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from plumbline.common.hours import Hours

TEXAS = Hours(time_zone="America/Chicago", holidays="US-TX")
CHICAGO = ZoneInfo("America/Chicago")
ROUND_THE_CLOCK = Hours(
    time_zone="America/Chicago", opens=time(0), closes=time(23, 59, 59, 999_999), holidays="US"
)
NIGHT_SHIFT = Hours(time_zone="Asia/Amman", opens=time(0), closes=time(4))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CHICAGO)


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2026-03-03 09:00", "2026-03-03 10:30", 1.5),
        ("2026-03-03 16:30", "2026-03-04 08:15", 0.75),  # a night
        ("2026-03-03 05:00", "2026-03-03 23:00", 9),  # before opening and after closing
        ("2026-03-03 18:00", "2026-03-03 23:00", 0),
        ("2026-03-06 16:00", "2026-03-09 09:00", 2),  # a weekend, in which the clocks go forward
        ("2026-10-30 16:00", "2026-11-02 09:00", 2),  # a weekend, in which they go back
        ("2026-03-07 09:00", "2026-03-08 16:00", 0),  # Saturday to Sunday
        ("2026-07-02 16:00", "2026-07-06 09:00", 2),  # Friday is Independence Day, for the 4th is a Saturday
        ("2026-11-25 16:00", "2026-11-30 08:30", 1.5),  # Thanksgiving, and in Texas the Friday after it
        ("2026-12-23 16:00", "2026-12-28 09:00", 2),  # Christmas Eve is none in most states
        ("2026-03-04 09:00", "2026-03-03 09:00", 0),  # the wrong way round
    ],
)
def test_working_time_leaves_out_when_nobody_is_there(start: str, end: str, hours: float) -> None:
    assert TEXAS.between(at(start), at(end)) == timedelta(hours=hours)


def test_holiday_of_one_state_is_a_working_day_in_another() -> None:
    ohio = Hours(time_zone="America/New_York", holidays="US-OH")
    assert not TEXAS.is_working_day(date(2026, 3, 2))  # Texas Independence Day
    assert ohio.is_working_day(date(2026, 3, 2))


def test_opening_follows_the_clocks_of_the_place_and_not_utc() -> None:
    opening = [datetime(2026, 3, day, hour, tzinfo=UTC) for day, hour in ((6, 14), (9, 13))]
    for moment in opening:
        assert TEXAS.between(moment - timedelta(hours=3), moment) == timedelta(0)
        assert TEXAS.between(moment, moment + timedelta(minutes=1)) == timedelta(minutes=1)


@pytest.mark.parametrize(("day", "hours"), [(date(2021, 3, 26), 3), (date(2021, 10, 29), 5)])
def test_hour_that_the_clocks_skip_or_repeat_is_counted_as_it_passed(day: date, hours: int) -> None:
    # Jordan's clocks changed on Fridays, at midnight and at one.
    start = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=6)
    assert NIGHT_SHIFT.between(start, start + timedelta(hours=12)) == timedelta(hours=hours)


@given(
    st.datetimes(min_value=datetime(2024, 1, 1), max_value=datetime(2028, 1, 1)),
    st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=40)),
    st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=40)),
)
def test_parts_add_up_and_are_never_longer_than_what_passed(
    start: datetime, one: timedelta, two: timedelta
) -> None:
    first, middle = start.replace(tzinfo=UTC), start.replace(tzinfo=UTC) + one
    last = middle + two
    for hours in (TEXAS, ROUND_THE_CLOCK):
        parts = hours.between(first, middle), hours.between(middle, last)
        assert sum(parts, timedelta(0)) == hours.between(first, last)
        assert timedelta(0) <= parts[0] <= one


@pytest.mark.parametrize(
    ("section", "sentence"),
    [
        ({"time_zone": "Texas"}, "no time zone `Texas`"),
        ({"time_zone": "/etc/passwd"}, "no time zone"),
        ({"holidays": "XX"}, "no calendar of holidays is known for `XX`"),
        ({"holidays": "US-XX"}, "no calendar of holidays is known for `US-XX`"),
        ({"opens": "17:00", "closes": "08:00"}, "`opens` must be before `closes`"),
        ({"weekends": True}, "Extra inputs"),
    ],
)
def test_hours_that_cannot_be_are_refused_in_words(section: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        Hours.model_validate(section)
