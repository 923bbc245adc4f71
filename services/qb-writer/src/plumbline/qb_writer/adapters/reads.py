"""The month's reads as the tables count them, looked at every few seconds."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from plumbline.common.database import Pool, borrowed
from plumbline.common.measuring import keep_looking
from plumbline.common.metrics import GOVERNOR_PACE, READS_FORECAST, READS_PER_MONTH, READS_USED
from plumbline.common.reconciling.marks import Lane
from plumbline.qb_writer.adapters.governor import FULL_PER_MIN, REGAINED_PER_WAIT
from plumbline.qb_writer.adapters.ledger import QUERIES
from plumbline.qb_writer.domain.reads import ReadBudget


@dataclass(frozen=True, slots=True)
class RealmLimits:
    """How fast a realm may be called, and what was read of it in this month."""

    realm: str
    app: str
    calls_per_min: float
    reads: int
    budget: ReadBudget
    """Of its app."""


class Reads:
    """The budget of every app, as of a moment ago; before the first look nothing is refused.

    It is passed, at most, by what is read between two looks.

    A read is counted with its turn, in its realm's row: counts of one row per app would make every
    realm wait for the others.
    """

    def __init__(self, *, pool: Pool, app_of: Callable[[str], str], per_month: int) -> None:
        """Watch the turns in the schema of `pool`.

        Args:
            pool: the service's pool.
            app_of: the Intuit app that reads a realm.
            per_month: how many reads each app has.
        """
        self._pool = pool
        self._app_of = app_of
        self._per_month = per_month
        self._budgets: dict[str, ReadBudget] = {}

    def check(self, realm: str, lane: Lane) -> None:
        """Refuse a read that must not be made now.

        Raises:
            ReadsUsedUpError: wait; the app may read nothing in this month any more.
            ReadsSavedError: wait; work of this lane may not read now.
        """
        budget = self._budgets.get(self._app_of(realm))
        if budget is not None:
            budget.check(lane)

    async def run(self, stop: asyncio.Event) -> None:
        """Look until `stop` is set."""
        await keep_looking(self.look, stop, waiting="reads.waiting")

    async def look(self) -> Sequence[RealmLimits]:
        """Take in what the tables say now, show it as figures, and return it by realm.

        Raises:
            DatabaseUnavailableError: transient; no figure was changed.
        """
        async with borrowed(self._pool) as connection:
            rows = await connection.fetch(QUERIES["limits"], FULL_PER_MIN, REGAINED_PER_WAIT)
        used: Counter[str] = Counter()
        for row in rows:
            used[self._app_of(row["realm"])] += row["reads"]
        self._budgets = {app: ReadBudget(self._per_month, used[app], rows[0]["at"]) for app in used}
        limits = [self._limits(row["realm"], row["calls_per_min"], row["reads"]) for row in rows]
        self._show(limits)
        return limits

    def _limits(self, realm: str, calls_per_min: float, reads: int) -> RealmLimits:
        app = self._app_of(realm)
        return RealmLimits(realm, app, calls_per_min, reads, self._budgets[app])

    def _show(self, limits: Sequence[RealmLimits]) -> None:
        for limit in limits:
            GOVERNOR_PACE.labels(limit.realm).set(limit.calls_per_min)
        for app, budget in self._budgets.items():
            READS_USED.labels(app).set(budget.used)
            READS_FORECAST.labels(app).set(budget.forecast)
            READS_PER_MONTH.labels(app).set(budget.per_month)
