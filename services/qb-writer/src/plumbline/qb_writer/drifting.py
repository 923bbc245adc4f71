"""What operators and dashboards are told of differences: routes, and figures that are read every few seconds."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from plumbline.common.clock import Clock
from plumbline.common.hours import Hours
from plumbline.common.measuring import keep_looking
from plumbline.common.metrics import DRIFT_CENTS, DRIFT_DIFFERENCES, DRIFT_OLDEST_HOURS
from plumbline.common.operator import answer, refusal
from plumbline.qb_writer.adapters.differences import DriftTable

SHOWN = 500
"""So many differences of a connection one answer lists, those with the most money first."""

HoursOf = Callable[[str], Hours]
"""Finds the hours of a connection by its name."""


def _age_hours(since: datetime, now: datetime, hours: Hours) -> float:
    return round(hours.between(since, now) / timedelta(hours=1), 2)


class DriftRoutes:
    """Operators' routes over differences."""

    def __init__(self, *, table: DriftTable, clock: Clock, hours: HoursOf) -> None:
        """Tell what `table` holds, each age by the connection's `hours`."""
        self._table = table
        self._clock = clock
        self._hours = hours

    def routes(self) -> list[BaseRoute]:
        """Return the routes, to be mounted at the root."""
        return [Route("/drift", self.show)]

    async def show(self, request: Request) -> Response:
        """`GET /drift?connection=NAME`: every connection that was compared, and what is open of it."""
        only = request.query_params.get("connection")
        compared = await self._table.comparisons()
        totals = await self._table.totals()
        told = [await self._connection(row, totals) for row in compared if only in {None, row["connection"]}]
        if only is not None and not told:
            return refusal(404, "unknown-connection", f"{only} was not compared yet, or is no connection.")
        return answer({"connections": told})

    async def _connection(
        self, row: Mapping[str, Any], totals: list[Mapping[str, Any]]
    ) -> Mapping[str, object]:
        name, now = row["connection"], self._clock.now()
        hours = self._hours(name)
        shown = await self._table.open(name, limit=SHOWN)
        own = [total for total in totals if total["connection"] == name]
        return {
            **row,
            "open": sum(total["differences"] for total in own),
            "stake_cents": sum(total["stake_cents"] for total in own),
            "off_cents": sum(total["off_cents"] for total in own),
            "time_zone": hours.time_zone,
            "differences": [
                {**difference, "age_hours": _age_hours(difference["since"], now, hours)}
                for difference in shown
            ],
        }


class DriftFigures:
    """The figures of what is open. While the database is away they stay as they were last."""

    def __init__(self, *, table: DriftTable, clock: Clock, hours: HoursOf) -> None:
        """Read `table`; ages are counted by each connection's `hours`."""
        self._table = table
        self._clock = clock
        self._hours = hours

    async def run(self, stop: asyncio.Event) -> None:
        """Look until `stop` is set."""
        await keep_looking(self.look, stop)

    async def look(self) -> None:
        """Set every figure to what the table says now.

        Raises:
            DatabaseUnavailableError: transient; no figure was changed.
        """
        totals, compared = await self._table.totals(), await self._table.comparisons()
        for gauge in (DRIFT_DIFFERENCES, DRIFT_CENTS):
            gauge.clear()  # what has closed is in no row any more
        oldest: dict[str, datetime] = {}
        for row in totals:
            labels = row["connection"], row["code"]
            DRIFT_DIFFERENCES.labels(*labels).set(row["differences"])
            DRIFT_CENTS.labels(*labels).set(row["stake_cents"])
            name = row["connection"]
            oldest[name] = min(oldest.get(name, row["oldest_since"]), row["oldest_since"])
        now = self._clock.now()
        for name in {row["connection"] for row in compared} | oldest.keys():
            age = _age_hours(oldest[name], now, self._hours(name)) if name in oldest else 0.0
            DRIFT_OLDEST_HOURS.labels(name).set(age)
