"""The month's reads: Intuit meters what an app reads, over all its companies, and blocks it when they are used up.

Writes are not metered (Intuit, Core and CorePlus calls). That the month is one of UTC is inferred.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from plumbline.common.errors import WaitError
from plumbline.common.reconciling.marks import Lane

NEARLY = Fraction(95, 100)
"""From this share of the budget on only live work reads."""

FIRST_FORECAST = timedelta(days=1)
"""The month's first hours say nothing of its end: what was read in them counts as a whole day's."""

LOOK_AGAIN = timedelta(minutes=15)
"""How long work waits that must not read now."""


class ReadsSavedError(WaitError):
    """The reads of this month are kept for more urgent work."""


class ReadsUsedUpError(WaitError):
    """The reads of this month are used up."""


@dataclass(frozen=True, slots=True)
class ReadBudget:
    """What one app has read in a month, and what it may."""

    per_month: int
    used: int
    at: datetime

    @property
    def forecast(self) -> int:
        """How many reads the month ends with, at the pace so far."""
        elapsed = max(self.at - self._begin, FIRST_FORECAST)
        return self.used + int(self.used * (self._end - self.at) / elapsed)

    @property
    def is_nearly_used_up(self) -> bool:
        """Whether what is left is for live work alone."""
        return self.used >= NEARLY * self.per_month

    def check(self, lane: Lane) -> None:
        """Refuse a read that must not be made now.

        Raises:
            ReadsUsedUpError: wait; nothing may be read in this month any more.
            ReadsSavedError: wait; work of this lane may not read now.
        """
        if self.used >= self.per_month:
            raise ReadsUsedUpError(
                f"All {self._of_month} are used up: {self._remedy}", retry_after=LOOK_AGAIN
            )
        if lane is not Lane.LIVE and self.is_nearly_used_up:
            raise ReadsSavedError(
                f"{self.used:,} of {self._of_month} are used, and the rest is kept for live work: {self._remedy}",
                retry_after=LOOK_AGAIN,
            )
        if lane is Lane.SWEEP and self.forecast > self.per_month:
            raise ReadsSavedError(
                f"The month would end with {self.forecast:,} of {self._of_month}: sweeps wait until it would not.",
                retry_after=LOOK_AGAIN,
            )

    @property
    def _of_month(self) -> str:
        return f"{self.per_month:,} reads of this month"

    @property
    def _remedy(self) -> str:
        return f"wait for {self._end:%d %B}, or raise PLUMBLINE_READS_PER_MONTH if Intuit's plan allows for more."

    @property
    def _begin(self) -> datetime:
        return self.at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)

    @property
    def _end(self) -> datetime:
        return (self._begin + timedelta(days=31)).replace(day=1)
