"""Business hours: how long something has waited, as the people count it who have to act on it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays
from pydantic import BaseModel, ConfigDict, field_validator, model_validator

SATURDAY = 5
"""The first day of the weekend, as `date.weekday` counts."""


@lru_cache
def _calendar(region: str) -> holidays.HolidayBase:
    country, _, part = region.partition("-")
    return holidays.country_holidays(country, subdiv=part or None)


class Hours(BaseModel):
    """When a company's people are at work: Monday to Friday, but for its region's holidays."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    time_zone: str = "America/New_York"
    """As the IANA database calls it."""
    opens: time = time(8)
    closes: time = time(17)
    holidays: str = "US"
    """A country, or a part of it: `US`, `US-TX`, `CA-ON` (ISO 3166-2)."""

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"there is no time zone `{name}`; write one such as America/Chicago") from error
        return name

    @field_validator("holidays")
    @classmethod
    def _has_a_calendar(cls, region: str) -> str:
        try:
            _calendar(region)
        except NotImplementedError as error:
            raise ValueError(f"no calendar of holidays is known for `{region}`: {error}") from error
        return region

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> "Hours":
        if self.opens >= self.closes:
            raise ValueError("`opens` must be before `closes`")
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The time zone."""
        return ZoneInfo(self.time_zone)

    def is_working_day(self, day: date) -> bool:
        """Say whether people are at work on a day."""
        return day.weekday() < SATURDAY and day not in _calendar(self.holidays)

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Return how much working time lies between two moments; none if the second is not later.

        Counted in time that passes: the hour that a change of the clocks leaves out or repeats is
        counted as it was lived through, should a company be at work in it.
        """
        open_times = (self._open_time(day) for day in self._days(start, end))
        return sum((max(timedelta(0), min(end, b) - max(start, a)) for a, b in open_times), timedelta(0))

    def _days(self, start: datetime, end: datetime) -> Iterator[date]:
        day, last = start.astimezone(self.zone).date(), end.astimezone(self.zone).date()
        while day <= last:
            if self.is_working_day(day):
                yield day
            day += timedelta(days=1)

    def _open_time(self, day: date) -> tuple[datetime, datetime]:
        opens, closes = (datetime.combine(day, at, self.zone) for at in (self.opens, self.closes))
        # Of two times in one zone Python subtracts what the clocks show, not what passes.
        return opens.astimezone(UTC), closes.astimezone(UTC)
