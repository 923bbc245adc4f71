"""The edge: commands become stored wishes, and both commands and events of the books become due records."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from plumbline.common.clock import Clock
from plumbline.common.contracts.ledger import LedgerCommand
from plumbline.common.contracts.quickbooks import QuickBooksChanged
from plumbline.common.contracts.topics import QUICKBOOKS_EVENTS
from plumbline.common.database import Connection
from plumbline.common.edge import Received, Record
from plumbline.common.errors import SuiteError, WaitError
from plumbline.common.metrics import MESSAGES_READ
from plumbline.common.operator import answer, refusal
from plumbline.common.reconciling.marks import Lane, Mark
from plumbline.common.reconciling.store import mark
from plumbline.qb_writer.adapters.ledger import SERVICE, Ledger
from plumbline.qb_writer.domain.foretelling import Foretold, Outcome
from plumbline.qb_writer.service import GoingLive, UnknownConnectionError


def recording(ledger: Ledger, clock: Clock) -> Record[LedgerCommand]:
    """Return the edge of `ledger.commands.v1`."""

    async def on_commands(connection: Connection, batch: Sequence[Received[LedgerCommand]]) -> None:
        now = clock.now()
        await mark(connection, [_mark(received) for received in batch], now=now)
        await ledger.receive(connection, [received.message for received in batch], now=now)

    return on_commands


def hearing(ledger: Ledger, clock: Clock) -> Record[QuickBooksChanged]:
    """Return the edge of `quickbooks.events.v1`.

    An event says that a document changed, and not what it says now: its record is due, and the document
    is read once. Nothing tells the echo of an update of ours from somebody else's, so these looks
    give way to live work. Documents that no record owns are left to the drift comparison.
    """

    async def on_events(connection: Connection, batch: Sequence[Received[QuickBooksChanged]]) -> None:
        owned = await ledger.owners(connection, [received.message for received in batch])
        marks = [_hint(event, key, owner) for event, key, owner in owned]
        await ledger.hear(connection, await mark(connection, marks, now=clock.now()))
        MESSAGES_READ.labels(SERVICE, QUICKBOOKS_EVENTS.name, "ignored").inc(len(batch) - len(owned))

    return on_events


ROWS_SHOWN = 500
"""How many records of one outcome an answer lists; all are counted."""


class BeginningRoutes:
    """Operators' routes over going live."""

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
            from_day = self._day((await request.json()).get("from"))
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


def _mark(received: Received[LedgerCommand]) -> Mark:
    command = received.message
    return Mark(
        key=command.key,
        connection=command.connection,
        cause=f"version {command.version}",
        provider_time=command.provider_time,
        traceparent=received.traceparent,
    )


def _hint(event: QuickBooksChanged, key: str, connection: str) -> Mark:
    return Mark(
        key=key,
        connection=connection,
        cause=f"quickbooks {event.operation} {event.event_id}",
        lane=Lane.REPAIR,
    )
