"""The operators' routes that only qb-writer has."""

import uuid
from collections import Counter, defaultdict
from datetime import date

from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from plumbline.common.clock import Clock
from plumbline.common.connections import Connections
from plumbline.common.database import Pool, transaction
from plumbline.common.errors import SuiteError, TransientError, WaitError
from plumbline.common.operator import answer, refusal
from plumbline.qb_writer.adapters.ledger import Ledger
from plumbline.qb_writer.adapters.reads import Reads, RealmLimits
from plumbline.qb_writer.domain.foretelling import Foretold, Outcome
from plumbline.qb_writer.domain.refusals import named
from plumbline.qb_writer.service import Foreseer, GoingLive, UnknownConnectionError

REPLAYED_MAX = 1_000
"""Records that one request may name."""

_KEYS = TypeAdapter(list[str])

ROWS_SHOWN = 500
"""How many records of one outcome an answer lists; all are counted."""


class ConnectionRoutes:
    """Operators' routes over connections and going live."""

    def __init__(self, going_live: GoingLive, *, clock: Clock) -> None:
        """Serve the use case."""
        self._going_live = going_live
        self._clock = clock

    def routes(self) -> list[BaseRoute]:
        """Return the routes, to be mounted at the root."""
        return [
            Route("/connections/{name}/plan", self.plan),
            Route("/connections/{name}/go-live", self.go_live, methods=["POST"]),
        ]

    async def plan(self, request: Request) -> Response:
        """`GET /connections/{name}/plan?from=DATE`: what going live from a day on would do; today if none is named."""
        name = request.path_params["name"]
        try:
            from_day = self._day(request.query_params.get("from"))
            totals: defaultdict[Outcome, Counter[str]] = defaultdict(Counter)
            shown: defaultdict[Outcome, list[Foretold]] = defaultdict(list)
            async for foretold in self._going_live.foretell(name, from_day=from_day):
                totals[foretold.outcome].update(records=1, amount_cents=foretold.amount_cents or 0)
                if len(shown[foretold.outcome]) < ROWS_SHOWN:
                    shown[foretold.outcome].append(foretold)
            beginning = await self._going_live.beginning(name)
        except (ValueError, SuiteError) as error:
            return _refused(error)
        return answer(
            {
                "connection": name,
                "live_from": beginning.from_day if beginning is not None else None,
                "from": from_day,
                "totals": {outcome: totals[outcome] for outcome in Outcome},
                "records": [row for outcome in Outcome for row in shown[outcome]],
            }
        )

    async def go_live(self, request: Request) -> Response:
        """`POST /connections/{name}/go-live` with `{"from": DATE}`: begin to write. May be repeated."""
        name = request.path_params["name"]
        try:
            from_day = date.fromisoformat((await request.json()).get("from") or "")
            records = await self._going_live.begin(name, from_day=from_day)
        except (ValueError, SuiteError) as error:
            return _refused(error)
        return answer({"connection": name, "from": from_day, "records": records})

    def _day(self, said: str | None) -> date:
        return date.fromisoformat(said) if said else self._clock.now().date()


def _refused(error: ValueError | SuiteError) -> Response:
    match error:
        case UnknownConnectionError():
            return refusal(404, error.code, error.detail)
        case WaitError():
            return refusal(409, error.code, error.detail)
        case SuiteError():
            return refusal(422, error.code, error.detail)
        case _:
            return refusal(422, "not-a-day", f"{error}. Write the day as 2026-11-01.")


class RecordTools:
    """Operators' routes over single records: what would be done, doing it again, mailing it again."""

    def __init__(self, *, pool: Pool, ledger: Ledger, foreseer: Foreseer, clock: Clock) -> None:
        """Serve what `ledger` keeps in `pool`."""
        self._pool = pool
        self._ledger = ledger
        self._foreseer = foreseer
        self._clock = clock

    def routes(self) -> list[BaseRoute]:
        """Return the routes, to be mounted at the root."""
        return [
            Route("/connections/{name}/records", self.of_connection),
            Route("/next/{key:path}", self.next),
            Route("/replay", self.replay, methods=["POST"]),
            Route("/resend/{key:path}", self.resend, methods=["POST"]),
        ]

    async def of_connection(self, request: Request) -> Response:
        """`GET /connections/{name}/records`: the keys of a connection's records."""
        return answer({"keys": await self._ledger.keys_of(request.path_params["name"])})

    async def next(self, request: Request) -> Response:
        """`GET /next/{key}`: what would be done with a record after a fresh look; nothing is done."""
        key = request.path_params["key"]
        try:
            foreseen = await self._foreseer.foresee(key)
        except TransientError as error:
            return refusal(503, error.code, error.detail)
        except SuiteError as error:
            return refusal(422, error.code, error.detail)
        return _unknown(key) if foreseen is None else answer(foreseen)

    async def replay(self, request: Request) -> Response:
        """`POST /replay` with a list of keys: have each compared with QuickBooks once more, and set right if need be."""
        try:
            keys = _KEYS.validate_json(await request.body())
        except ValidationError:
            return refusal(422, "not-keys", "Send a list of records' keys.")
        if len(keys) > REPLAYED_MAX:
            return refusal(422, "too-many", f"Send at most {REPLAYED_MAX} keys at a time.")
        async with transaction(self._pool) as connection:
            replayed = await self._ledger.look_again(
                connection, keys, cause=f"operator replays {uuid.uuid4()}", now=self._clock.now()
            )
        return answer({"replayed": replayed})

    async def resend(self, request: Request) -> Response:
        """`POST /resend/{key}`: have QuickBooks mail a document once more."""
        key = request.path_params["key"]
        record = await self._ledger.load(key)
        if record is None:
            return _unknown(key)
        if not (record.observed.exists and record.observed.mailed):
            return refusal(
                409, "not-mailed", f"{named(record)} was never mailed. It is mailed once its status says so."
            )
        async with transaction(self._pool) as connection:
            await self._ledger.ask_for_mail(connection, record, now=self._clock.now())
        return answer({"resends": key})


class LimitRoutes:
    """Operators' routes over what QuickBooks lets us call."""

    def __init__(self, reads: Reads, connections: Connections) -> None:
        """Tell of the realms by the names of their connections."""
        self._reads = reads
        self._connections = connections

    def routes(self) -> list[BaseRoute]:
        """Return the routes, to be mounted at the root."""
        return [Route("/limits", self.show)]

    async def show(self, _: Request) -> Response:
        """`GET /limits`: the pace of each company, its reads of this month, and those of its app."""
        return answer({"companies": [self._company(limits) for limits in await self._reads.look()]})

    def _company(self, limits: RealmLimits) -> dict[str, str | int]:
        connection = self._connections.of_realm(limits.realm)
        return {
            "realm": limits.realm,
            "connection": connection.name if connection is not None else limits.realm,
            "app": limits.app,
            "calls_per_min": round(limits.calls_per_min),
            "reads": limits.reads,
            "app_reads": limits.budget.used,
            "app_reads_forecast": limits.budget.forecast,
            "app_reads_per_month": limits.budget.per_month,
        }


def _unknown(key: str) -> Response:
    return refusal(404, "unknown-record", f"Nothing is known of {key} here.")
